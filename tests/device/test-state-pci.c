/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * State of PCI functions and of the chips of a PC, carried into a new process while they
 * are busy: tests/lib/carry.h.
 */
#include "config.h"

#include <string.h>

#include "hw/display/console.h"
#include "hw/machine/power.h"
#include "tests/lib/carry.h"
#include "tests/lib/e1000-driver.h"
#include "tests/lib/pc-chips.h"
#include "tests/lib/ramfb-driver.h"

#define MS G_GINT64_CONSTANT(1000000)

static void pass(Carry *c, gint64 ns)
{
    clock_advance(c->rig->clock, clock_now(c->rig->clock, CLOCK_KIND_VIRTUAL) + ns);
}

static void note_config(Carry *c, guint8 bus, guint8 devfn)
{
    for (guint reg = 0; reg < 0x100; reg += 4) {
        carry_note(c, "%x:%x register %x is %08x", bus, devfn, reg,
                   rig_pci_read(c->rig, bus, devfn, reg, 4));
    }
}

static void note_memory(Carry *c, guint64 address, guint n)
{
    for (guint i = 0; i < n; i += 4) {
        carry_note(c, "%x is %08x", (guint)address + i,
                   (guint32)address_space_read(c->rig->memory, address + i, 4));
    }
}

/* ---- Bridge, with a function behind it ---- */

enum { MEM = 0xe0000000u, DECODE = 7 };

static void bridge_make(Carry *c)
{
    rig_pci(c->rig);
    carry_device(c, "pci-bridge", "a", "bus", "pci.0", "addr", "5", "chassis_nr", "1");
    c->dev = carry_device(c, "pci-testdev", "t", "bus", "a", "addr", "3");
}

static void bridge_busy(Carry *c)
{
    rig_pci_write(c->rig, 0, 0x28, PCI_PRIMARY_BUS, 0x010100, 4);
    rig_pci_write(c->rig, 0, 0x28, PCI_IO_BASE, 0xc0c0, 2);
    rig_pci_write(c->rig, 0, 0x28, PCI_MEMORY_BASE, 0xe000e000, 4);
    rig_pci_write(c->rig, 0, 0x28, PCI_COMMAND, DECODE, 2);
    rig_pci_write(c->rig, 1, 0x18, PCI_BASE_ADDRESS_0, MEM, 4);
    rig_pci_write(c->rig, 1, 0x18, PCI_COMMAND, DECODE, 2);
    rig_pci_write(c->rig, 1, 0x18, PCI_INTERRUPT_LINE, 11, 1);
    address_space_write(c->rig->memory, MEM, 1, 1);
}

static void bridge_go_on(Carry *c)
{
    note_config(c, 0, 0x28);
    note_config(c, 1, 0x18);
    note_memory(c, MEM, 32);
}

/* ---- Watchdog ---- */

enum { DOG = 0xfe100000u };

static void dog_make(Carry *c)
{
    c->dev = carry_device(c, "i6300esb", "dog", "addr", "3");
}

static void dog_put(Carry *c, guint reg, guint32 value, guint size)
{
    address_space_write(c->rig->memory, DOG + 0x0c, 0x80, 1);
    address_space_write(c->rig->memory, DOG + 0x0c, 0x86, 1);
    address_space_write(c->rig->memory, DOG + reg, value, size);
}

static void dog_busy(Carry *c)
{
    rig_pci_write(c->rig, 0, 0x18, PCI_BASE_ADDRESS_0, DOG, 4);
    rig_pci_write(c->rig, 0, 0x18, PCI_COMMAND, PCI_COMMAND_MEMORY, 2);
    dog_put(c, 0, 1000, 4);
    dog_put(c, 4, 500, 4);
    rig_pci_write(c->rig, 0, 0x18, 0x68, 3, 1);
    pass(c, 700 * MS);
    address_space_write(c->rig->memory, DOG + 0x0c, 0x80, 1);  /* half of a sequence */
}

static void dog_go_on(Carry *c)
{
    note_config(c, 0, 0x18);
    carry_timers(c, 2);
    carry_note(c, "%u watchdogs", c->rig->watchdogs);
}

/* ---- i440FX, PIIX3, PIIX4_PM ---- */

enum { PM = 0xb000, SMB = 0xb100, APMC = 0xb2 };

static PcChips *chips_of(Carry *c)
{
    return c->opaque;
}

static void chips_make(Carry *c)
{
    PcChips *chips = pc_chips_new();

    rig_free(c->rig);
    c->opaque = chips;
    c->rig = chips->rig;
    carry_memory(c, chips->ram, PC_CHIPS_RAM_SIZE);
}

static void chips_busy(Carry *c)
{
    PcChips *chips = chips_of(c);

    pc_chips_write(chips, PC_CHIPS_HOST, 0x59, 0x33, 1);
    pc_chips_write(chips, PC_CHIPS_HOST, 0x5b, 0x21, 1);
    pc_chips_write(chips, PC_CHIPS_PIIX3, 0x60, 0x0a, 1);
    pc_chips_write(chips, PC_CHIPS_PM, 0x40, PM | 1, 4);
    pc_chips_write(chips, PC_CHIPS_PM, 0x80, 1, 1);
    rig_out(c->rig, APMC, 0xf1, 1);
    rig_out(c->rig, PM + 2, 0x0101, 2);         /* the button, and the timer's turn */
    rig_out(c->rig, SMB + 4, 0x55, 1);
    machine_press_power_button(c->rig->machine);
    pass(c, 1234 * MS);
    rig_out(c->rig, 0xcf8, 0x80000860, 4);
}

static void chips_go_on(Carry *c)
{
    static const guint8 functions[] = { PC_CHIPS_HOST, PC_CHIPS_PIIX3, PC_CHIPS_PM };

    carry_note(c, "selected %x", rig_in(c->rig, 0xcfc, 4));
    carry_note(c, "SCI %d", chips_of(c)->irq_levels[9]);
    for (guint i = 0; i < 3 * 64; i++) {
        carry_note(c, "%x", pc_chips_read(chips_of(c), functions[i / 64], i % 64 * 4, 4));
    }
    for (guint i = 0; i < 12; i += 2) {
        carry_note(c, "PM %x is %x", i, rig_in(c->rig, PM + i, 2));
    }
    carry_note(c, "SMBus %x", rig_in(c->rig, SMB + 4, 1));
    rig_out(c->rig, PM, 0x0100, 2);
    carry_note(c, "SCI %d", chips_of(c)->irq_levels[9]);
    carry_timers(c, 2);
    carry_note(c, "SCI %d, status %x", chips_of(c)->irq_levels[9], rig_in(c->rig, PM, 2));
    note_memory(c, 0xc0000, 8);
}

static void chips_clear(Carry *c)
{
    pc_chips_free(chips_of(c));
    c->rig = NULL;
}

/* ---- e1000: a frame of which half was read, delayed interrupts ---- */

static E1000Driver *card_of(Carry *c)
{
    return ((E1000Bench *)c->opaque)->cards[0];
}

static void card_make(Carry *c)
{
    E1000Bench *b = e1000_bench_new();
    E1000Driver *d = e1000_driver_new(b, "mac", "52:54:00:12:34:56", NULL);

    rig_free(c->rig);
    c->opaque = b;
    c->rig = b->rig;
    carry_memory(c, b->host, 16 << 20);
    carry_memory(c, &b->next, sizeof(b->next));
    carry_memory(c, &d->rx_ring, sizeof(d->rx_ring));
    carry_memory(c, &d->tx_ring, sizeof(d->tx_ring));
    carry_memory(c, &d->rx_size, 4 * sizeof(d->rx_size));
}

static void card_busy(Carry *c)
{
    E1000Bench *b = c->opaque;
    E1000Driver *d = card_of(c);
    guint8 frame[64];
    guint64 half = e1000_bench_alloc(b, 40);

    e1000_driver_start(d, RCTL_BAM | RCTL_UPE);
    e1000_driver_write(d, REG_IMS, ICR_TXDW | ICR_RXT0);
    e1000_driver_write(d, REG_RDTR, 1000);
    e1000_driver_write(d, REG_RADV, 1500);
    e1000_driver_write(d, REG_MTA + 8, 0x12345678);
    memset(frame, 0xff, 6);
    memset(frame + 6, 0x5a, sizeof(frame) - 6);
    e1000_driver_net_send(d, frame, sizeof(frame));
    e1000_bench_turn(b);
    pass(c, 300000);
    memset(e1000_bench_ptr(b, half), 0x77, 40);
    e1000_driver_add(d, half, 40, 0, true);     /* not the end of the packet */
    e1000_bench_turn(b);
}

static void card_go_on(Carry *c)
{
    E1000Bench *b = c->opaque;
    E1000Driver *d = card_of(c);
    guint8 frame[200] = { 0 };
    E1000Received received = { 0 };
    guint64 rest;
    gssize n;

    carry_note(c, "received %d", e1000_driver_receive(d, &received, frame));
    carry_note(c, "length %u, byte %x, line %d", received.length, frame[10],
               e1000_driver_line(d));
    carry_timers(c, 1);
    carry_note(c, "line %d, ICR %x", e1000_driver_line(d), e1000_driver_read(d, REG_ICR));
    rest = e1000_driver_send(d, "the rest of the frame: 0123456789", 32, TXD_RS);
    e1000_bench_turn(b);
    n = e1000_driver_net_receive(d, frame, sizeof(frame));
    carry_note(c, "sent %zd bytes, %x and %c, done %d", n, frame[0], frame[40],
               e1000_driver_done(d, rest));
    carry_note(c, "MTA %x, TDH %x, GPTC %x", e1000_driver_read(d, REG_MTA + 8),
               e1000_driver_read(d, REG_TDH), e1000_driver_read(d, 0x4080));
}

static void card_clear(Carry *c)
{
    e1000_bench_free(c->opaque);
    c->rig = NULL;
}

/* ---- VGA: half of a colour, an index without its data ---- */

enum { VGA_FRAMES = 0xe8000000u };

static void vga_make(Carry *c)
{
    c->dev = carry_device(c, "VGA", "v", "addr", "2", "romfile", "", "vgamem_mb", "1");
}

static void vga_put(Carry *c, guint16 port, guint8 index, guint8 value)
{
    rig_out(c->rig, port, value << 8 | index, 2);
}

static void vga_busy(Carry *c)
{
    rig_pci_write(c->rig, 0, 0x10, PCI_BASE_ADDRESS_0, VGA_FRAMES, 4);
    rig_pci_write(c->rig, 0, 0x10, PCI_COMMAND, DECODE, 2);
    rig_out(c->rig, 0x3c2, 0x67, 1);
    vga_put(c, 0x3c4, 2, 0x0f);
    vga_put(c, 0x3ce, 6, 0x05);
    vga_put(c, 0x3ce, 8, 0xff);
    vga_put(c, 0x3ce, 4, 2);
    vga_put(c, 0x3d4, 0x0c, 0x12);
    rig_out(c->rig, 0x1ce, 3, 2);
    rig_out(c->rig, 0x1cf, 16, 2);
    rig_out(c->rig, 0x3c8, 5, 1);
    rig_out(c->rig, 0x3c9, 1, 1);
    rig_out(c->rig, 0x3c9, 2, 1);
    rig_out(c->rig, 0x3c0, 0x31, 1);
}

static void vga_go_on(Carry *c)
{
    rig_out(c->rig, 0x3c0, 0x55, 1);            /* overscan */
    rig_out(c->rig, 0x3c9, 3, 1);
    rig_out(c->rig, 0x3c7, 5, 1);
    for (guint i = 0; i < 3; i++) {
        carry_note(c, "colour %x", rig_in(c->rig, 0x3c9, 1));
    }
    for (guint port = 0x3c0; port < 0x3da; port++) {
        carry_note(c, "%x: %x", port, rig_in(c->rig, port, 1));
    }
    carry_note(c, "DISPI %x", rig_in(c->rig, 0x1cf, 2));
    address_space_write(c->rig->memory, 0xa0000, 0x5a, 1);
    carry_note(c, "plane 2: %x",
               (guint)address_space_read(c->rig->memory, VGA_FRAMES + 2, 1));
}

/* ---- cirrus-vga: a blit with half of its source, and the hidden register half unlocked ---- */

static void cirrus_make(Carry *c)
{
    c->dev = carry_device(c, "cirrus-vga", "v", "addr", "2", "romfile", "");
}

static void cirrus_busy(Carry *c)
{
    static const struct {
        guint8 index, value;
    } blit[] = {
        { 0x05, 0x40 }, { 0x00, 0x12 }, { 0x01, 0xf7 }, { 0x0b, 0x20 }, { 0x09, 1 }, { 0x20, 11 },
        { 0x22, 2 }, { 0x24, 16 }, { 0x28, 0x40 }, { 0x30, 0x84 }, { 0x32, 0x0d }, { 0x31, 2 },
    };

    rig_pci_write(c->rig, 0, 0x10, PCI_BASE_ADDRESS_0, VGA_FRAMES, 4);
    rig_pci_write(c->rig, 0, 0x10, PCI_COMMAND, DECODE, 2);
    rig_out(c->rig, 0x3c2, 0x67, 1);
    vga_put(c, 0x3c4, 0x07, 0x01);
    vga_put(c, 0x3c4, 0x70, 0x21);              /* the cursor's place */
    vga_put(c, 0x3d4, 0x1b, 0x22);
    for (guint i = 0; i < G_N_ELEMENTS(blit); i++) {
        vga_put(c, 0x3ce, blit[i].index, blit[i].value);
    }
    for (guint i = 0; i < 3; i++) {
        address_space_write(c->rig->memory, VGA_FRAMES + (16 << 20), 0xa5 >> i, 1);
        rig_in(c->rig, 0x3c6, 1);
    }
    rig_out(c->rig, 0x3c4, 0xf0, 1);
}

static void cirrus_go_on(Carry *c)
{
    rig_in(c->rig, 0x3c6, 1);
    rig_out(c->rig, 0x3c6, 0xe1, 1);
    for (guint i = 0; i < 5; i++) {
        carry_note(c, "mask %x", rig_in(c->rig, 0x3c6, 1));
    }
    for (guint port = 0x3c4; port < 0x3d6; port++) {
        carry_note(c, "%x: %x", port, rig_in(c->rig, port, 1));
    }
    address_space_write(c->rig->memory, VGA_FRAMES, 0x81c3e7, 3);
    rig_out(c->rig, 0x3ce, 0x31, 1);
    carry_note(c, "status %x", rig_in(c->rig, 0x3cf, 1));
    note_memory(c, VGA_FRAMES + 0x60, 0x10);    /* what was drawn since then */
    address_space_write(c->rig->memory, 0xa0000, 0x5a, 1);
    note_memory(c, VGA_FRAMES + 0x4000, 4);     /* the bank */
}

/* ---- ramfb: where the frame buffer is ---- */

static void ramfb_make(Carry *c)
{
    RamfbBench *b = g_new(RamfbBench, 1);

    rig_free(c->rig);
    ramfb_bench_init(b);
    c->opaque = b;
    c->opaque_free = g_free;
    c->rig = b->rig;
    carry_memory(c, b->ram, RAMFB_RAM);
}

static void ramfb_busy(Carry *c)
{
    RamfbBench *b = c->opaque;

    memcpy(b->ram + 0x20000 + 4 * 64 * 3, "\x11\x22\x33", 3);
    g_assert_true(ramfb_configure(b, 0x20000, "XR24", 64, 48, 0));
}

static void ramfb_go_on(Carry *c)
{
    g_autoptr(Surface) surface = NULL;

    g_assert_true(surface_load(NULL));
    surface = console_draw(console_find(c->rig->root, "v", -1, NULL), NULL);
    carry_note(c, "%u by %u, %x", surface_width(surface), surface_height(surface),
               surface_row(surface, MIN(3, surface_height(surface) - 1))[0]);
    for (guint i = 0; i < RAMFB_FILE_SIZE; i++) {
        carry_note(c, "file %u: %x", i, ramfb_read(c->opaque, i));
    }
}

static void ramfb_clear(Carry *c)
{
    ramfb_bench_done(c->opaque);
    c->rig = NULL;
}

static const CarryCase cases[] = {
    { "pci-bridge", bridge_make, bridge_busy, bridge_go_on, NULL },
    { "i6300esb", dog_make, dog_busy, dog_go_on, NULL },
    { "pc-chips", chips_make, chips_busy, chips_go_on, chips_clear },
    { "e1000", card_make, card_busy, card_go_on, card_clear },
    { "vga", vga_make, vga_busy, vga_go_on, NULL },
    { "ramfb", ramfb_make, ramfb_busy, ramfb_go_on, ramfb_clear },
    { "cirrus-vga", cirrus_make, cirrus_busy, cirrus_go_on, NULL },
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    carry_add(cases, G_N_ELEMENTS(cases));
    return g_test_run();
}
