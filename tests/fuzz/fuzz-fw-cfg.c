/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: hw/nvram/ at its ports, with files that the guest may read, write
 * and have built.  Each four bytes of input are an access, a DMA descriptor, time
 * that passes, or a reset.
 */
#include "config.h"

#include <string.h>
#include <sys/mman.h>

#include "hw/nvram/fw-cfg.h"
#include "qom/qapi-objects-firmware.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/rig.h"

enum { PORT = 0x510, RAM = 4 << 20, DESCRIPTOR = 0x100 };

static void on_selected(void *opaque)
{
    fw_cfg_set_file(opaque, "built", g_bytes_new_static("contents", 8), NULL);
}

/* What the guest wrote lies in the file. */
static void on_written(void *opaque, const guint8 *data, guint32 offset, guint32 length)
{
    g_assert_cmpuint(offset, <=, 16);
    g_assert_cmpuint(length, <=, 16 - offset);
}

static const FwCfgFileOps built_ops = { .selected = on_selected };
static const FwCfgFileOps own_ops = { .written = on_written };

static void fill(FwCfg *s)
{
    fw_cfg_set_number(s, FW_CFG_RAM_SIZE, RAM, 8);
    fw_cfg_set_file_ops(s, "built", g_bytes_new_static("", 0), &built_ops, s, NULL);
    fw_cfg_set_file_ops(s, "own", g_bytes_new_static("0123456789abcdef", 16), &own_ops, NULL,
                        NULL);
    fw_cfg_set_file(s, "big", g_bytes_new_take(g_malloc0(3 << 20), 3 << 20), NULL);
}

/* Lengths and addresses near to what there is, and far from it. */
static void dma(Rig *rig, guint8 *ram, guint8 control, guint8 length, guint8 address)
{
    static const guint32 keys[] = { 0x00, 0x03, 0x19, 0x20, 0x21, 0x22, 0x4022, 0xffff };
    static const guint32 units[] = { 1, 1, 16, 1 << 10, 1 << 16, 1 << 20, 1 << 24, 0x1010101 };
    const guint32 words[] = {
        GUINT32_TO_BE(keys[control >> 5] << 16 | (control & 0x1f)),
        GUINT32_TO_BE(units[length >> 5] * (length & 0x1f)),
        GUINT32_TO_BE(address == 255 ? G_MAXUINT32 : 0),
        GUINT32_TO_BE((guint32)address << 15),
    };

    memcpy(ram + DESCRIPTOR, words, sizeof(words));
    rig_out(rig, PORT + 4, 0, 4);
    rig_out(rig, PORT + 8, GUINT32_TO_BE(address == 254 ? RAM - 8 : DESCRIPTOR), 4);
}

static void obey(Rig *rig, guint8 *ram, const uint8_t *c)
{
    switch (c[0] % 8) {
    case 0:
        rig_out(rig, PORT + c[1] % 12, c[2] | c[3] << 8, 1 << (c[0] >> 3) % 3);
        break;
    case 1:
        rig_in(rig, PORT + c[1] % 12, 1 << (c[0] >> 3) % 3);
        break;
    case 2:
        rig_out(rig, PORT, c[2] | c[3] << 8, 2);
        break;
    case 3:
        for (guint i = 0; i < c[1]; i++) {
            rig_in(rig, PORT + 1, 1);
        }
        break;
    case 4:
        clock_advance(rig->clock, clock_now(rig->clock, CLOCK_KIND_VIRTUAL) + c[1]);
        break;
    case 5:
        if (c[1] < 16) {
            rig_reset(rig);
        }
        break;
    default:
        dma(rig, ram, c[1], c[2], c[3]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    Rig *rig = rig_new();
    guint8 *ram = mmap(NULL, RAM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    MemoryRegion *region = region_new_ram(&rig->machine->object, "fuzz-ram", ram, RAM);
    Device *dev;

    region_add(address_space_root(rig->memory), 0, region, 0);
    dev = rig_device(rig, "fw_cfg_io", "a", &error, NULL);
    g_assert_no_error(error);
    fill(to_fw_cfg(dev));
    for (size_t i = 0; i + 4 <= size; i += 4) {
        obey(rig, ram, data + i);
    }
    rig_free(rig);
    munmap(ram, RAM);
    return 0;
}
