/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: virtio-rng-device with a hostile driver (tests/fuzz/virtio-fuzz.h).
 */
#include "config.h"

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/virtio-fuzz.h"

static Device *make(Rig *rig, VirtioDriver *d)
{
    return rig_device(rig, "virtio-rng-device", "dev", NULL, "max-bytes", "4096", "period", "50",
                      NULL);
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    virtio_fuzz(&(VirtioFuzz){ .make = make }, data, size);
    return 0;
}
