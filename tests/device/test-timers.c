/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every device that has timers: each is asked for the shortest periods and times that
 * its registers can say, at the beginning of time and at its end.  A rig holds each
 * firing against the rules of hw/core/clock.h; this test checks that firing ends, and
 * that a second has no more firings than a host can handle.
 */
#include "config.h"

#include "tests/lib/pc-chips.h"

#define SECOND G_GINT64_CONSTANT(1000000000)
#define HPET 0xfed00000u
#define BAR 0xe0000000u

typedef struct {
    const char *driver;         /* NULL: what PcChips has */
    const char *property, *value;
    void (*program)(Rig *rig);
    guint most;                 /* firings in a second */
    void (*quiet)(Rig *rig);    /* what a reset does not end */
} Case;

/* ---- What is asked for ---- */

static void hpet(Rig *rig)
{
    address_space_write(rig->memory, HPET + 0x10, 1, 4);
    for (guint n = 0; n < 8; n++) {
        guint64 timer = HPET + 0x100 + 0x20 * n;

        /* Enabled, periodic, VAL_SET; every other one of 32 bits. */
        address_space_write(rig->memory, timer, 0x4c | (n % 2) << 8, 4);
        address_space_write(rig->memory, timer + 8, 0, 8);
        address_space_write(rig->memory, timer + 8, n + 1, 8);
    }
}

static void pit(Rig *rig)
{
    rig_out(rig, 0x43, 0x14, 1);
    rig_out(rig, 0x40, 2, 1);
}

static void pit_quiet(Rig *rig)
{
    rig_out(rig, 0x43, 0x10, 1);
}

/* 8192 Hz, updates, and an alarm each second. */
static void rtc(Rig *rig)
{
    static const guint8 writes[][2] = {
        { 1, 0xff }, { 3, 0xff }, { 5, 0xff }, { 10, 0x23 }, { 11, 0x72 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(writes); i++) {
        rig_out(rig, 0x70, writes[i][0], 1);
        rig_out(rig, 0x71, writes[i][1], 1);
    }
    rig_out(rig, 0x70, 12, 1);
    rig_in(rig, 0x71, 1);
}

/* A byte in loopback that nobody reads, at a speed without end. */
static void uart(Rig *rig)
{
    rig_out(rig, 0x3fc, 0x10, 1);
    rig_out(rig, 0x3fa, 0xc1, 1);
    rig_out(rig, 0x3f9, 0x0f, 1);
    rig_out(rig, 0x3f8, 0x55, 1);
}

static void ib700(Rig *rig)
{
    rig_out(rig, 0x443, 0x0f, 1);
}

/* A byte is in the output buffer, and is read. */
static void keyboard(Rig *rig)
{
    rig_out(rig, 0x64, 0xaa, 1);
    rig_in(rig, 0x60, 1);
}

static void map_bar(Rig *rig)
{
    rig_pci_write(rig, 0, PCI_DEVFN(3, 0), PCI_BASE_ADDRESS_0, BAR, 4);
    rig_pci_write(rig, 0, PCI_DEVFN(3, 0), PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_IO, 2);
}

/* Free running, without output, with preloads of 0. */
static void i6300esb(Rig *rig)
{
    map_bar(rig);
    for (guint preload = 0; preload < 8; preload += 4) {
        address_space_write(rig->memory, BAR + 0x0c, 0x80, 1);
        address_space_write(rig->memory, BAR + 0x0c, 0x86, 1);
        address_space_write(rig->memory, BAR + preload, 0, 4);
    }
    rig_pci_write(rig, 0, PCI_DEVFN(3, 0), 0x60, 0x24, 2);
    rig_pci_write(rig, 0, PCI_DEVFN(3, 0), 0x68, 0x06, 1);
}

/* A cause that stays, and the shortest throttle. */
static void e1000(Rig *rig)
{
    map_bar(rig);
    address_space_write(rig->memory, BAR + 0xc4, 1, 4);
    address_space_write(rig->memory, BAR + 0xd0, 0xffff, 4);
    address_space_write(rig->memory, BAR + 0xc8, 0xffff, 4);
}

/* The power management timer's turns. */
static void pm(Rig *rig)
{
    rig_out(rig, 0x602, 0x01, 2);
}

static const Case cases[] = {
    { "hpet", "timers", "8", hpet, 8 * 50001, NULL },
    { "isa-pit", NULL, NULL, pit, 2 * 20001, pit_quiet },
    { "mc146818rtc", "clock", "vm", rtc, 8192 + 2, NULL },
    { "mc146818rtc", "clock", "host", rtc, 8192 + 2, NULL },
    { "isa-serial", "baudbase", "4294967295", uart, 1, NULL },
    { "ib700", NULL, NULL, ib700, 1, NULL },
    { "i8042", "kbd-throttle", "on", keyboard, 1, NULL },
    { "i6300esb", "addr", "3", i6300esb, 1001, NULL },
    { "e1000", "addr", "3", e1000, 2, NULL },
    { NULL, NULL, NULL, pm, 1, NULL },
};

/* ---- How it is looked at ---- */

/* No timer is due forever, and none is set for what never comes. */
static void check_a_second(const Case *c, Rig *rig, gint64 to)
{
    rig->firings = 0;
    g_assert_true(clock_advance_some(rig->clock, to, c->most));
    g_assert_cmpuint(rig->firings, <=, c->most);
    g_assert_true(clock_deadline(rig->clock) == -1 || clock_deadline(rig->clock) > to);
    rig_deliver(rig);
}

static void check(const Case *c, Rig *rig)
{
    c->program(rig);
    check_a_second(c, rig, SECOND);
    rig_reset(rig);
    if (c->quiet) {
        c->quiet(rig);
    }
    clock_advance(rig->clock, clock_now(rig->clock, CLOCK_KIND_VIRTUAL) + SECOND);
    g_assert_cmpint(clock_deadline(rig->clock), ==, -1);
    clock_advance(rig->clock, CLOCK_NEVER - SECOND);
    c->program(rig);
    check_a_second(c, rig, CLOCK_NEVER - 1);
    clock_advance(rig->clock, CLOCK_NEVER);
    c->program(rig);
    g_assert_true(clock_advance_some(rig->clock, CLOCK_NEVER, c->most));
    g_assert_cmpint(clock_deadline(rig->clock), ==, -1);
}

static void test_chip(void)
{
    g_autoptr(PcChips) chips = pc_chips_new();

    pc_chips_write(chips, PC_CHIPS_PM, 0x40, 0x600 | 1, 4);
    pc_chips_write(chips, PC_CHIPS_PM, 0x80, 1, 1);
    check(&cases[G_N_ELEMENTS(cases) - 1], chips->rig);
}

static void test_device(gconstpointer data)
{
    const Case *c = data;
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;

    rig_device(rig, c->driver, "dev", &error, c->property, c->value, NULL);
    g_assert_no_error(error);
    rig_reset(rig);
    check(c, rig);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/timers/%u-%s", i,
                                                cases[i].driver ? cases[i].driver : "pm");

        if (cases[i].driver) {
            g_test_add_data_func(path, &cases[i], test_device);
        } else {
            g_test_add_func(path, test_chip);
        }
    }
    return g_test_run();
}
