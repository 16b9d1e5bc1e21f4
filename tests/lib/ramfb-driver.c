/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See ramfb-driver.h.
 */
#include "config.h"
#include "tests/lib/ramfb-driver.h"

#include <string.h>
#include <sys/mman.h>

enum {
    PORT = 0x510, DMA_PORT = 0x514,
    DESCRIPTOR = 0x1000, BUFFER = 0x1100,
    DIRECTORY = 0x19, FIRST_FILE = 0x20, NAME_SIZE = 56,
    CONTROL_ERROR = 1, CONTROL_SELECT = 8, CONTROL_SKIP = 4, CONTROL_WRITE = 16,
};

void ramfb_bench_init(RamfbBench *b)
{
    g_autoptr(GError) error = NULL;
    MemoryRegion *region;

    b->rig = rig_new();
    b->ram = mmap(NULL, RAMFB_RAM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    g_assert_true(b->ram != MAP_FAILED);
    region = region_new_ram(&b->rig->machine->object, "bench-ram", b->ram, RAMFB_RAM);
    region_add(address_space_root(b->rig->memory), 0, region, 0);
    rig_device(b->rig, "fw_cfg_io", "f", &error, NULL);
    g_assert_no_error(error);
    rig_device(b->rig, "ramfb", "v", &error, NULL);
    g_assert_no_error(error);
    rig_reset(b->rig);
}

void ramfb_bench_done(RamfbBench *b)
{
    rig_free(b->rig);
    munmap(b->ram, RAMFB_RAM);
}

static guint32 read_be(Rig *rig, guint n)
{
    guint32 value = 0;

    while (n--) {
        value = value << 8 | rig_in(rig, PORT + 1, 1);
    }
    return value;
}

/* The file's number. */
static guint16 find(Rig *rig)
{
    guint32 n;

    rig_out(rig, PORT, DIRECTORY, 2);
    n = read_be(rig, 4);
    for (guint i = 0; i < n; i++) {
        char name[NAME_SIZE];

        read_be(rig, 8);
        for (guint j = 0; j < NAME_SIZE; j++) {
            name[j] = rig_in(rig, PORT + 1, 1);
        }
        if (g_str_equal(name, "etc/ramfb")) {
            return FIRST_FILE + i;
        }
    }
    g_assert_not_reached();
}

static bool transfer(RamfbBench *b, guint32 control, guint32 length)
{
    guint32 descriptor[] = { GUINT32_TO_BE(control), GUINT32_TO_BE(length), 0,
                             GUINT32_TO_BE(BUFFER) };

    memcpy(b->ram + DESCRIPTOR, descriptor, sizeof(descriptor));
    rig_out(b->rig, DMA_PORT + 4, GUINT32_SWAP_LE_BE(DESCRIPTOR), 4);
    memcpy(descriptor, b->ram + DESCRIPTOR, sizeof(descriptor[0]));
    return descriptor[0] == 0;
}

bool ramfb_write(RamfbBench *b, const guint8 *data, guint32 offset, guint32 length)
{
    g_assert_true(transfer(b, find(b->rig) << 16 | CONTROL_SELECT | CONTROL_SKIP, offset));
    memcpy(b->ram + BUFFER, data, length);
    return transfer(b, CONTROL_WRITE, length);
}

static void put(guint8 *to, guint64 value, guint n)
{
    for (guint i = n; i-- > 0; value >>= 8) {
        to[i] = value;
    }
}

bool ramfb_configure(RamfbBench *b, guint64 address, const char *fourcc, guint32 width,
                     guint32 height, guint32 stride)
{
    guint8 file[RAMFB_FILE_SIZE] = { 0 };

    put(file, address, 8);
    for (guint i = 0; i < 4; i++) {
        file[8 + i] = fourcc[3 - i];
    }
    put(file + 16, width, 4);
    put(file + 20, height, 4);
    put(file + 24, stride, 4);
    return ramfb_write(b, file, 0, sizeof(file));
}

guint8 ramfb_read(RamfbBench *b, guint32 offset)
{
    rig_out(b->rig, PORT, find(b->rig), 2);
    while (offset--) {
        rig_in(b->rig, PORT + 1, 1);
    }
    return rig_in(b->rig, PORT + 1, 1);
}
