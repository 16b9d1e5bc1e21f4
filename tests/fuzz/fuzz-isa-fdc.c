/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: a floppy disk controller and the DMA controllers under a hostile driver, with the
 * change of media, resets of all kinds, and state that is saved and loaded.  After whatever
 * happened, a reset makes the controller answer again.
 *
 * Pairs of bytes: what to do, and a value.
 */
#include "config.h"

#include <event2/thread.h>
#include <stdlib.h>

#include "hw/block/disk.h"
#include "hw/machine/machine-aio.h"
#include "qmp/qapi-types-block.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/rig.h"

enum { IMAGE = 1474560, RAM_SIZE = 1 << 18, MAX_PAIRS = 512, VERSION = 0x10 };

/* Ports of the controllers, likely ones more often. */
static const guint16 ports[32] = {
    0x3f5, 0x3f5, 0x3f5, 0x3f5, 0x3f5, 0x3f5, 0x3f5, 0x3f5, 0x3f4, 0x3f2, 0x3f7, 0x3f0, 0x3f1,
    0x3f3, 0x04, 0x04, 0x05, 0x05, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x08, 0x09, 0x81, 0x87,
    0xc4, 0xd4, 0xd6, 0x8b,
};

static void poll_loop(Rig *rig)
{
    AioContext *aio = machine_aio(rig->machine, NULL, NULL);

    rig_unlock(rig);
    while (aio_poll(aio, true)) {
        continue;
    }
    rig_lock(rig);
}

static void make_node(Rig *rig, const char *name, bool read_only)
{
    BlockdevOptions options = {
        .driver = BLOCKDEV_DRIVER_NULL_CO, .node_name = (char *)name,
        .has_read_only = true, .read_only = read_only,
        .u.null_co = { .size = IMAGE, .read_zeroes = true },
    };
    BlockNode *node = block_node_new(rig->root, &options, NULL, NULL);

    fuzz_check(node && object_prepare(&node->object, NULL) && object_complete(&node->object, NULL));
}

static void removed(void *opaque)
{
}

static void change_medium(Rig *rig, bool read_only)
{
    Disk *disk = disk_find(rig->root, NULL, "a", NULL);

    disk_remove(disk, removed, NULL, NULL);
    poll_loop(rig);
    disk_insert(disk, block_node_find(rig->root, read_only ? "protected" : "disk", NULL), NULL);
}

/* What was saved is what it loads. */
static void save_and_load(Rig *rig, Device *fdc)
{
    g_autoptr(GByteArray) state = g_byte_array_new();

    machine_pause(rig->machine);
    fuzz_check(device_save(fdc, state, NULL));
    fuzz_check(device_load(fdc, state->data, state->len, NULL));
    fuzz_check(machine_run(rig->machine, NULL));
}

static void act(Rig *rig, Device *fdc, guint8 what, guint8 value)
{
    if (what < 0xa0) {
        rig_out(rig, ports[what & 31], value, 1);
    } else if (what < 0xe0) {
        rig_in(rig, ports[what & 31], 1);
    } else if (what < 0xf8) {
        poll_loop(rig);
    } else if (what < 0xfb) {
        change_medium(rig, value & 1);
    } else if (what < 0xfd) {
        save_and_load(rig, fdc);
    } else {
        poll_loop(rig);
        rig_reset(rig);
    }
}

static void assert_answers(Rig *rig)
{
    poll_loop(rig);
    rig_out(rig, 0x3f2, 0x00, 1);
    rig_out(rig, 0x3f2, 0x0c, 1);
    fuzz_check(rig_in(rig, 0x3f4, 1) == 0x80);
    rig_out(rig, 0x3f5, VERSION, 1);
    fuzz_check(rig_in(rig, 0x3f5, 1) == 0x90);
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    guint8 *ram = g_aligned_alloc0(1, RAM_SIZE, 4096);
    MemoryRegion *region;
    Device *fdc;
    Rig *rig;

    evthread_use_pthreads();
    rig = rig_new();
    region = region_new_ram(&rig->machine->object, "ram", ram, RAM_SIZE);
    region_add(address_space_root(rig->memory), 0, region, 0);
    rig_device(rig, "i8257", "dma1", NULL, "pageh-base", "-1", NULL);
    rig_device(rig, "i8257", "dma2", NULL, "base", "0xc0", "dshift", "1", "page-base", "0x88",
               "pageh-base", "-1", NULL);
    fdc = rig_device(rig, "isa-fdc", "fdc", NULL, NULL);
    make_node(rig, "disk", false);
    make_node(rig, "protected", true);
    fuzz_check(rig_device(rig, "floppy", "a", NULL, "drive", "disk", NULL) != NULL);
    fuzz_check(machine_run(rig->machine, NULL));
    for (gsize i = 0; i + 1 < MIN(size, 2 * MAX_PAIRS); i += 2) {
        act(rig, fdc, data[i], data[i + 1]);
    }
    assert_answers(rig);
    region_remove(address_space_root(rig->memory), region);
    rig_free(rig);
    g_aligned_free(ram);
    return 0;
}
