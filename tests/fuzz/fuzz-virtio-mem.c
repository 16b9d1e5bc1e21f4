/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: virtio-mem with a hostile driver (tests/fuzz/virtio-fuzz.h).  Its range is at 1 GiB.
 * Action 11 sets the requested size, in blocks.
 */
#include "config.h"

#include "hw/mem/device-memory.h"
#include "qmp/visit.h"
#include "qom/property.h"
#include "qom/qapi-objects-virtio-mem.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/virtio-fuzz.h"

#define BASE (G_GUINT64_CONSTANT(1) << 30)

enum { BLOCK = 0x100000, N_BLOCKS = 16 };

static Device *make(Rig *rig, VirtioDriver *d)
{
    device_memory_new(rig->machine, BASE, BASE, BASE, 0);
    rig_object(rig, "memory-backend-ram", "memory", NULL, "size", "16M", NULL);
    return rig_device(rig, "virtio-mem", "dev", NULL, "memdev", "memory", "block-size", "1M",
                      "requested-size", "5M", "prealloc", "on", NULL);
}

/* Sums and bits agree. */
static void check(Rig *rig, Device *dev)
{
    guint64 size = device_memory_plugged(device_memory_of(rig->machine));

    fuzz_check(size % BLOCK == 0 && size <= N_BLOCKS * BLOCK);
    fuzz_check(!size == object_may_delete(&dev->object, NULL) ||
                virtio_mem_props(dev)->requested_size);
}

static void set_requested(Rig *rig, Device *dev, guint8 x)
{
    const QmpInput input = { .ops = &qmp_value_input };
    g_autoptr(QmpValue) value = qmp_value_uint((guint64)x * BLOCK);
    bool done = object_property_set(&dev->object, "requested-size", &input, value, NULL);

    fuzz_check(done == (x <= N_BLOCKS));
    check(rig, dev);
}

static void clear(Rig *rig)
{
    device_memory_free(device_memory_of(rig->machine));
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    virtio_fuzz(&(VirtioFuzz){ .make = make, .act = set_requested, .clear = clear }, data, size);
    return 0;
}
