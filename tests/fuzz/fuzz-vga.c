/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: VGA.  Four bytes are an access to a port, a register with an index, DISPI,
 * the window or the registers in memory, a reset, a picture, or time that passes.
 */
#include "config.h"

#include "tests/fuzz/fuzz.h"
#include "tests/lib/vga-driver.h"

/* A picture takes as long as ten thousand accesses. */
enum { MAX_PICTURES = 4 };

static void look(Rig *rig)
{
    Console *console = console_find(rig->root, "v", -1, NULL);
    g_autoptr(Surface) surface = vga_picture(rig);
    ConsoleText text;

    g_assert_cmpuint(surface_width(surface), <=, VGA_MAX_WIDTH);
    g_assert_cmpuint(surface_height(surface), <=, VGA_MAX_HEIGHT);
    if (console_text(console, &text, NULL)) {
        for (guint y = 0; y < text.rows; y++) {
            g_free(console_text_line(&text, y));
        }
        console_text_clear(&text);
    }
}

static void access_memory(Rig *rig, guint64 address, guint8 what, guint8 value)
{
    guint size = 1 << (what & 3);

    if (what & 4) {
        address_space_write(rig->memory, address, value * 0x0101010101010101u, size);
    } else {
        address_space_read(rig->memory, address, size);
    }
}

static void step(Rig *rig, const guint8 *b, guint *pictures)
{
    static const guint16 indexed[] = { 0x3c4, 0x3ce, 0x3d4, 0x3b4 };
    guint16 word = b[1] << 8 | b[2];

    switch (b[0] >> 4) {
    case 0:
        rig_out(rig, 0x3b0 + b[1] % 0x30, b[3], 1 << b[0] % 3);
        break;
    case 1:
        rig_in(rig, 0x3b0 + b[1] % 0x30, 1 << b[0] % 3);
        break;
    case 2:
    case 3:
        rig_out(rig, indexed[b[0] & 3], b[3] << 8 | (b[1] & 0x1f), 2);
        break;
    case 4:
        vga_ar(rig, b[1] & 0x1f, b[3]);
        break;
    case 5:
    case 6:
        vga_dispi(rig, b[0] & 0x0f, word);
        break;
    case 7:
    case 8:
        access_memory(rig, VGA_WINDOW + (word << 1) + (b[0] & 1), b[0] & 7, b[3]);
        break;
    case 9:
        access_memory(rig, VGA_MMIO + (word & 0xfff), b[0] & 7, b[3]);
        break;
    case 10:
        access_memory(rig, VGA_FRAMES + word * 16, b[0] & 7, b[3]);
        break;
    case 11:
        rig_in(rig, 0x1ce + (b[1] & 3), 2);
        break;
    case 12:
        clock_advance(rig->clock, clock_now(rig->clock, CLOCK_KIND_VIRTUAL) + word * 1000);
        break;
    case 13:
        rig_pci_write(rig, 0, PCI_DEVFN(2, 0), PCI_COMMAND, b[1], 1);
        break;
    default:
        if ((*pictures)++ < MAX_PICTURES) {
            look(rig);
        }
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(Rig) rig = vga_rig_new("VGA");
    guint pictures = 0;

    for (size_t i = 0; i + 3 < size && i < 4000; i += 4) {
        step(rig, data + i, &pictures);
    }
    look(rig);
    return 0;
}
