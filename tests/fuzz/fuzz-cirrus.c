/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: cirrus-vga.  Four bytes are an access to a register with an index, a port, the
 * window, the memory or the source of a blit, registers in memory, a reset, or a picture.
 */
#include "config.h"

#include "tests/fuzz/fuzz.h"
#include "tests/lib/cirrus-driver.h"

/* Pictures and blits take as long as thousands of accesses. */
enum { MAX_PICTURES = 4, MAX_STARTS = 16 };

typedef struct {
    Rig *rig;
    guint pictures, starts;
} Fuzz;

static void look(Fuzz *f)
{
    if (f->pictures++ < MAX_PICTURES) {
        g_autoptr(Surface) surface = vga_picture(f->rig);

        g_assert_cmpuint(surface_width(surface), <=, VGA_MAX_WIDTH);
        g_assert_cmpuint(surface_height(surface), <=, VGA_MAX_HEIGHT);
    }
}

static void access_memory(Fuzz *f, guint64 address, guint8 what, guint8 value)
{
    guint size = 1 << (what & 3);

    if (what & 4) {
        address_space_write(f->rig->memory, address, value * 0x0101010101010101u, size);
    } else {
        address_space_read(f->rig->memory, address, size);
    }
}

/* A register of the blitter, or the start of a blit. */
static void blitter(Fuzz *f, guint8 index, guint8 value)
{
    if (index == 0x31 || index == 0x2a) {
        if (f->starts++ >= MAX_STARTS) {
            return;
        }
    }
    vga_gr(f->rig, index, value);
}

static void step(Fuzz *f, const guint8 *b)
{
    guint16 word = b[1] << 8 | b[2];
    Rig *rig = f->rig;

    switch (b[0] >> 4) {
    case 0:
        rig_out(rig, 0x3b0 + b[1] % 0x30, b[3], 1 << b[0] % 3);
        break;
    case 1:
        rig_in(rig, 0x3b0 + b[1] % 0x30, 1 << b[0] % 3);
        break;
    case 2:
        vga_sr(rig, b[1], b[3]);
        break;
    case 3:
        vga_cr(rig, b[1] & 0x3f, b[3]);
        break;
    case 4:
        blitter(f, b[1] & 0x3f, b[3]);
        break;
    case 5:
    case 6:
        blitter(f, 0x20 + b[1] % 0x16, b[3]);
        break;
    case 7:
        access_memory(f, VGA_WINDOW + (word << 1) + (b[0] & 1), b[0] & 7, b[3]);
        break;
    case 8:
        access_memory(f, VGA_MMIO + (word & 0xfff), b[0] & 7, b[3]);
        break;
    case 9:
        access_memory(f, VGA_FRAMES + word * 64 + (b[0] & 8 ? 63 : 0), b[0] & 7, b[3]);
        break;
    case 10:
    case 11:
        for (guint i = 0; i <= b[1]; i++) {
            access_memory(f, CIRRUS_SOURCE + i * 8, 7, b[3] + i);
        }
        break;
    case 12:
        rig_pci_write(rig, 0, PCI_DEVFN(2, 0), PCI_COMMAND, b[1], 1);
        break;
    case 13:
        blitter(f, 0x31, b[3] & 1 ? 2 : 0);
        break;
    default:
        look(f);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(Rig) rig = cirrus_rig_new();
    Fuzz f = { .rig = rig };

    for (size_t i = 0; i + 3 < size && i < 4000; i += 4) {
        step(&f, data + i);
    }
    f.pictures = 0;
    look(&f);
    return 0;
}
