/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: virtio-balloon-device with a hostile driver
 * (tests/fuzz/virtio-fuzz.h).  The driver's RAM is the machine's, so pages are
 * really freed.  Action 11 sets the target size.
 */
#include "config.h"

#include "hw/virtio/virtio-balloon.h"
#include "qom/qapi-objects-virtio.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/virtio-fuzz.h"

static Device *make(Rig *rig, VirtioDriver *d)
{
    rig->machine->ram = d->region;
    rig->machine->ram_size = VIRTIO_DRIVER_RAM;
    return rig_device(rig, "virtio-balloon-device", "dev", NULL, "free-page-reporting", "on",
                      "guest-stats-polling-interval", "1", NULL);
}

static void set_target(Rig *rig, Device *dev, guint8 x)
{
    virtio_balloon_set_target(to_virtio_balloon(dev), (guint64)x << 16);
    virtio_balloon_actual(to_virtio_balloon(dev));
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    virtio_fuzz(&(VirtioFuzz){ .make = make, .act = set_target }, data, size);
    return 0;
}
