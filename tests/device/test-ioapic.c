/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/intc/ioapic.c: the registers of the 82093AA's data sheet in its order, then
 * delivery by edge and level, the EOI register, reset, saved state, and two
 * devices.  Its interrupts arrive at the fake accelerator as messages.
 */
#include "config.h"

#include "hw/core/irq.h"
#include "qmp/error.h"
#include "tests/lib/rig.h"
#include "tests/lib/state-bytes.h"

#define BASE 0xfec00000u
#define OTHER_BASE 0xfec10000u

enum { IOREGSEL = 0x00, IOWIN = 0x10, EOIR = 0x40 };
enum { ID = 0, VER = 1, ARB = 2, REDTBL = 0x10 };

#define LEVEL 0x8000
#define MASKED 0x10000
#define REMOTE_IRR 0x4000

typedef struct {
    Rig *rig;
    Device *dev;
    guint64 base;
} Chip;

static Chip chip_new(Rig *rig, const char *id, guint64 base, const char *version)
{
    g_autofree char *address = g_strdup_printf("%" G_GUINT64_FORMAT, base);
    g_autoptr(GError) error = NULL;
    Chip chip = { .rig = rig, .base = base };

    chip.dev = rig_device(rig, "ioapic", id, &error, "base", address, "version", version, NULL);
    g_assert_no_error(error);
    rig_reset(rig);
    return chip;
}

static guint32 get(const Chip *c, guint reg)
{
    address_space_write(c->rig->memory, c->base + IOREGSEL, reg, 4);
    return address_space_read(c->rig->memory, c->base + IOWIN, 4);
}

static void set(const Chip *c, guint reg, guint32 value)
{
    address_space_write(c->rig->memory, c->base + IOREGSEL, reg, 4);
    address_space_write(c->rig->memory, c->base + IOWIN, value, 4);
}

/* Low word last, as drivers do: it unmasks. */
static void set_entry(const Chip *c, guint pin, guint32 low, guint8 dest)
{
    set(c, REDTBL + 2 * pin + 1, (guint32)dest << 24);
    set(c, REDTBL + 2 * pin, low);
}

static guint32 entry(const Chip *c, guint pin)
{
    return get(c, REDTBL + 2 * pin);
}

static void pin(const Chip *c, guint n, bool level)
{
    irq_set(gpio(&c->dev->object, "unnamed-gpio-in", n), level);
}

static void assert_sent(Rig *rig, guint count, guint64 address, guint32 data)
{
    g_assert_cmpuint(rig->accel->msis->len, ==, count);
    g_assert_cmphex(fake_accel_last_msi(rig->accel)->address, ==, address);
    g_assert_cmphex(fake_accel_last_msi(rig->accel)->data, ==, data);
}

/* 3.1 */
static void test_select(void)
{
    g_autoptr(Rig) rig = rig_new();
    Chip c = chip_new(rig, "a", BASE, "32");

    address_space_write(rig->memory, BASE + IOREGSEL, 0x12345612, 4);
    g_assert_cmphex(address_space_read(rig->memory, BASE + IOREGSEL, 4), ==, 0x12);
    address_space_write(rig->memory, BASE + IOREGSEL, VER, 1);
    g_assert_cmphex(address_space_read(rig->memory, BASE + IOWIN, 1), ==, 0x20);
    g_assert_cmphex(address_space_read(rig->memory, BASE + IOWIN + 2, 1), ==, 23);
    g_assert_cmphex(get(&c, 0x03), ==, 0);
    g_assert_cmphex(get(&c, 0x0f), ==, 0);
    g_assert_cmphex(get(&c, 0x40), ==, 0);
    g_assert_cmphex(get(&c, 0xff), ==, 0);
    set(&c, 0x40, ~0u);
    set(&c, 0xff, ~0u);
    g_assert_cmphex(address_space_read(rig->memory, BASE + 0x20, 4), ==, 0);
}

/* 3.2.1 to 3.2.3 */
static void test_id_version_arbitration(void)
{
    g_autoptr(Rig) rig = rig_new();
    Chip c = chip_new(rig, "a", BASE, "32");
    Chip old = chip_new(rig, "b", OTHER_BASE, "17");

    g_assert_cmphex(get(&c, VER), ==, 0x00170020);
    g_assert_cmphex(get(&old, VER), ==, 0x00170011);
    set(&c, VER, 0);
    g_assert_cmphex(get(&c, VER), ==, 0x00170020);
    g_assert_cmphex(get(&c, ID), ==, 0);
    set(&c, ID, 0xffffffff);
    g_assert_cmphex(get(&c, ID), ==, 0x0f000000);
    g_assert_cmphex(get(&c, ARB), ==, 0x0f000000);
    set(&c, ARB, 0);
    g_assert_cmphex(get(&c, ARB), ==, 0x0f000000);
    g_assert_cmphex(get(&old, ID), ==, 0);
}

/* 3.2.4 */
static void test_entry(void)
{
    g_autoptr(Rig) rig = rig_new();
    Chip c = chip_new(rig, "a", BASE, "32");

    for (guint n = 0; n < 24; n++) {
        g_assert_cmphex(entry(&c, n), ==, MASKED);
        g_assert_cmphex(get(&c, REDTBL + 2 * n + 1), ==, 0);
    }
    set(&c, REDTBL + 2 * 5, ~0u);
    g_assert_cmphex(entry(&c, 5), ==, 0x0001afff);     /* what is read only stays */
    set(&c, REDTBL + 2 * 5 + 1, ~0u);
    g_assert_cmphex(get(&c, REDTBL + 2 * 5 + 1), ==, 0xff000000);
    g_assert_cmphex(entry(&c, 5), ==, 0x0001afff);
    g_assert_cmphex(entry(&c, 4), ==, MASKED);
    g_assert_cmphex(entry(&c, 6), ==, MASKED);
}

static void test_edge(void)
{
    g_autoptr(Rig) rig = rig_new();
    Chip c = chip_new(rig, "a", BASE, "32");

    pin(&c, 4, true);                               /* masked: lost */
    set_entry(&c, 4, 0x34, 0x02);
    g_assert_cmpuint(rig->accel->msis->len, ==, 0);
    pin(&c, 4, false);
    pin(&c, 4, true);
    assert_sent(rig, 1, 0xfee02000, 0x4034);
    g_assert_cmphex(entry(&c, 4), ==, 0x34);        /* no Remote IRR, delivered */
    pin(&c, 4, false);
    pin(&c, 4, true);
    assert_sent(rig, 2, 0xfee02000, 0x4034);
}

/* Destination and delivery modes become the message's. */
static void test_modes(void)
{
    g_autoptr(Rig) rig = rig_new();
    Chip c = chip_new(rig, "a", BASE, "32");
    static const struct {
        guint32 low, data;
        guint64 address;
    } cases[] = {
        { 0x0041, 0x4041, 0xfeea5000 },             /* fixed, physical */
        { 0x0941, 0x4141, 0xfeea5004 },             /* lowest priority, logical */
        { 0x0200, 0x4200, 0xfeea5000 },             /* SMI */
        { 0x0400, 0x4400, 0xfeea5000 },             /* NMI */
        { 0x8400, 0x4400, 0xfeea5000 },             /* NMI is an edge always */
        { 0x0500, 0x4500, 0xfeea5000 },             /* INIT */
        { 0x0700, 0x4700, 0xfeea5000 },             /* ExtINT */
        { 0x2041, 0x4041, 0xfeea5000 },             /* polarity: a line is a line */
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        set_entry(&c, i + 3, cases[i].low, 0xa5);
        pin(&c, i + 3, true);
        assert_sent(rig, i + 1, cases[i].address, cases[i].data);
        g_assert_cmphex(entry(&c, i + 3), ==, cases[i].low);
    }
}

/* The timer's line 0 is pin 2's, with line 2 itself; the entry of pin 0 is nobody's. */
static void test_timer_line(void)
{
    g_autoptr(Rig) rig = rig_new();
    Chip c = chip_new(rig, "a", BASE, "32");

    set_entry(&c, 0, 0x30, 0);
    set_entry(&c, 2, 0x32, 0);
    pin(&c, 0, true);
    assert_sent(rig, 1, 0xfee00000, 0x4032);
    pin(&c, 2, true);
    assert_sent(rig, 2, 0xfee00000, 0x4032);
    pin(&c, 0, false);
    set_entry(&c, 0, LEVEL | 0x30, 0);
    set_entry(&c, 2, LEVEL | 0x32, 0);
    assert_sent(rig, 3, 0xfee00000, 0xc032);
    pin(&c, 0, true);
    pin(&c, 2, false);
    address_space_write(rig->memory, BASE + EOIR, 0x32, 4);
    assert_sent(rig, 4, 0xfee00000, 0xc032);
    pin(&c, 0, false);
    address_space_write(rig->memory, BASE + EOIR, 0x32, 4);
    g_assert_cmpuint(rig->accel->msis->len, ==, 4);
}

static void test_level(void)
{
    g_autoptr(Rig) rig = rig_new();
    Chip c = chip_new(rig, "a", BASE, "32");

    pin(&c, 9, true);
    g_assert_cmpuint(rig->accel->msis->len, ==, 0);
    set_entry(&c, 9, LEVEL | 0x51, 1);              /* asserted when it is unmasked */
    assert_sent(rig, 1, 0xfee01000, 0xc051);
    g_assert_cmphex(entry(&c, 9), ==, LEVEL | REMOTE_IRR | 0x51);
    pin(&c, 9, false);
    pin(&c, 9, true);                               /* not before its EOI */
    g_assert_cmpuint(rig->accel->msis->len, ==, 1);
    address_space_write(rig->memory, BASE + EOIR, 0x50, 4);     /* another one's */
    g_assert_cmpuint(rig->accel->msis->len, ==, 1);
    address_space_write(rig->memory, BASE + EOIR, 0x51, 4);
    assert_sent(rig, 2, 0xfee01000, 0xc051);        /* still asserted */
    pin(&c, 9, false);
    address_space_write(rig->memory, BASE + EOIR, 0x51, 4);
    g_assert_cmpuint(rig->accel->msis->len, ==, 2);
    g_assert_cmphex(entry(&c, 9), ==, LEVEL | 0x51);
    set_entry(&c, 9, LEVEL | MASKED | 0x51, 1);
    pin(&c, 9, true);
    g_assert_cmpuint(rig->accel->msis->len, ==, 2);
}

/* The 82093AA has no EOI register; drivers make the entry an edge for a moment. */
static void test_version_0x11(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;
    Chip c = chip_new(rig, "a", BASE, "17");

    set_entry(&c, 3, LEVEL | 0x61, 0);
    pin(&c, 3, true);
    pin(&c, 3, false);
    address_space_write(rig->memory, BASE + EOIR, 0x61, 4);
    g_assert_cmphex(entry(&c, 3), ==, LEVEL | REMOTE_IRR | 0x61);
    set_entry(&c, 3, MASKED | 0x61, 0);
    set_entry(&c, 3, LEVEL | 0x61, 0);
    g_assert_cmphex(entry(&c, 3), ==, LEVEL | 0x61);
    pin(&c, 3, true);
    g_assert_cmpuint(rig->accel->msis->len, ==, 2);
    g_assert_null(rig_device(rig, "ioapic", "bad", &error, "version", "18", NULL));
    g_assert_true(qmp_error_is(error, ERROR_REASON_INVALID_VALUE));
}

static void test_reset(void)
{
    g_autoptr(Rig) rig = rig_new();
    Chip c = chip_new(rig, "a", BASE, "32");

    set(&c, ID, 0x03000000);
    set_entry(&c, 7, LEVEL | 0x71, 9);
    pin(&c, 7, true);
    rig_reset(rig);
    g_assert_cmphex(address_space_read(rig->memory, BASE + IOREGSEL, 4), ==, 0);
    g_assert_cmphex(get(&c, ID), ==, 0);
    g_assert_cmphex(entry(&c, 7), ==, MASKED);
    g_assert_cmphex(get(&c, REDTBL + 15), ==, 0);
}

static void test_state(void)
{
    g_autoptr(Rig) rig = rig_new();
    Chip c = chip_new(rig, "a", BASE, "32");
    g_autoptr(GByteArray) state = g_byte_array_new();
    g_autoptr(GError) error = NULL;

    set_entry(&c, 2, LEVEL | 0x81, 4);
    pin(&c, 2, true);
    device_save(c.dev, state, NULL);
    rig_reset(rig);
    g_assert_true(device_load(c.dev, state->data, state->len, &error));
    g_assert_cmphex(entry(&c, 2), ==, LEVEL | REMOTE_IRR | 0x81);
    *state_bytes(state, "id") = 0x10;                        /* an id of five bits */
    g_assert_false(device_load(c.dev, state->data, state->len, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_INVALID_VALUE));
    g_assert_cmphex(entry(&c, 2), ==, LEVEL | REMOTE_IRR | 0x81);
}

static void test_two(void)
{
    g_autoptr(Rig) rig = rig_new();
    Chip a = chip_new(rig, "a", BASE, "32");
    Chip b = chip_new(rig, "b", OTHER_BASE, "32");

    set_entry(&a, 1, 0x21, 0);
    set_entry(&b, 1, 0x31, 1);
    pin(&b, 1, true);
    assert_sent(rig, 1, 0xfee01000, 0x4031);
    pin(&a, 1, true);
    assert_sent(rig, 2, 0xfee00000, 0x4021);
    device_unmake(b.dev);
    g_assert_cmphex(address_space_read(rig->memory, OTHER_BASE, 4), ==, 0xffffffff);
    pin(&a, 1, false);
    pin(&a, 1, true);
    g_assert_cmpuint(rig->accel->msis->len, ==, 3);
}

/* ---- With local APICs of the accelerator ---- */

static Chip split_chip(Rig *rig, const char *version)
{
    rig->accel->irqchip = ACCEL_IRQCHIP_SPLIT;
    return chip_new(rig, "a", BASE, version);
}

static void tell_eoi(Rig *rig, guint8 vector)
{
    const Accel *accel = &rig->accel->accel;

    rig_unlock(rig);
    accel->host->eoi(accel->host_opaque, vector);
    rig_lock(rig);
}

/* A pin's message is the route of its GSI, and goes by that. */
static void test_split_edge(void)
{
    g_autoptr(Rig) rig = rig_new();
    Chip c = split_chip(rig, "32");

    set_entry(&c, 4, MASKED | 0x34, 0x02);
    g_assert_false(rig->accel->pins[4].used);
    pin(&c, 4, true);                               /* masked: lost */
    g_assert_cmpuint(rig->accel->gsi_edges[4], ==, 0);
    pin(&c, 4, false);
    set_entry(&c, 4, 0x34, 0x02);
    for (guint i = 1; i < 4; i++) {
        pin(&c, 4, true);
        assert_sent(rig, i, 0xfee02000, 0x4034);
        g_assert_cmpuint(rig->accel->gsi_edges[4], ==, i);
        pin(&c, 4, false);
    }
    set_entry(&c, 4, 0x935, 0xff);
    pin(&c, 4, true);
    assert_sent(rig, 4, 0xfeeff004, 0x4135);
    set_entry(&c, 4, MASKED | 0x36, 0x02);
    g_assert_true(rig->accel->pins[4].used);        /* what was sent may be in service */
    g_assert_cmphex(rig->accel->pins[4].msi.data, ==, 0x4135);
    device_unmake(c.dev);
    g_assert_false(rig->accel->pins[4].used);
    tell_eoi(rig, 0x35);                            /* nobody listens any more */
}

static void test_split_level(void)
{
    g_autoptr(Rig) rig = rig_new();
    Chip c = split_chip(rig, "17");                 /* without EOI register, the CPUs tell */

    set_entry(&c, 9, LEVEL | 0x51, 1);
    set_entry(&c, 10, LEVEL | 0x51, 1);             /* two pins of one vector */
    pin(&c, 9, true);
    assert_sent(rig, 1, 0xfee01000, 0xc051);
    g_assert_cmphex(entry(&c, 9), ==, LEVEL | REMOTE_IRR | 0x51);
    pin(&c, 9, false);
    pin(&c, 9, true);
    g_assert_cmpuint(rig->accel->msis->len, ==, 1);
    tell_eoi(rig, 0x50);
    g_assert_cmpuint(rig->accel->msis->len, ==, 1);
    tell_eoi(rig, 0x51);                            /* still asserted: again */
    assert_sent(rig, 2, 0xfee01000, 0xc051);
    pin(&c, 10, true);
    assert_sent(rig, 3, 0xfee01000, 0xc051);
    pin(&c, 9, false);
    tell_eoi(rig, 0x51);
    g_assert_cmpuint(rig->accel->msis->len, ==, 4);
    g_assert_cmphex(entry(&c, 9), ==, LEVEL | 0x51);
    g_assert_cmphex(entry(&c, 10), ==, LEVEL | REMOTE_IRR | 0x51);
    set_entry(&c, 10, LEVEL | MASKED | 0x51, 1);
    tell_eoi(rig, 0x51);                            /* masked: no more of it */
    g_assert_cmpuint(rig->accel->msis->len, ==, 4);
    set_entry(&c, 10, LEVEL | 0x52, 1);             /* still asserted when it is unmasked */
    assert_sent(rig, 5, 0xfee01000, 0xc052);
}

static void test_split_state(void)
{
    g_autoptr(Rig) rig = rig_new();
    Chip c = split_chip(rig, "32");
    g_autoptr(GByteArray) state = g_byte_array_new();
    g_autoptr(GError) error = NULL;

    set_entry(&c, 2, LEVEL | 0x81, 4);
    pin(&c, 2, true);
    device_save(c.dev, state, NULL);
    rig_reset(rig);
    set_entry(&c, 2, 0x70, 4);
    g_assert_true(device_load(c.dev, state->data, state->len, &error));
    g_assert_cmphex(rig->accel->pins[2].msi.data, ==, 0xc081);
    tell_eoi(rig, 0x81);
    assert_sent(rig, 2, 0xfee04000, 0xc081);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ioapic/select", test_select);
    g_test_add_func("/ioapic/id-version-arbitration", test_id_version_arbitration);
    g_test_add_func("/ioapic/entry", test_entry);
    g_test_add_func("/ioapic/edge", test_edge);
    g_test_add_func("/ioapic/modes", test_modes);
    g_test_add_func("/ioapic/timer-line", test_timer_line);
    g_test_add_func("/ioapic/level", test_level);
    g_test_add_func("/ioapic/version-0x11", test_version_0x11);
    g_test_add_func("/ioapic/reset", test_reset);
    g_test_add_func("/ioapic/state", test_state);
    g_test_add_func("/ioapic/two", test_two);
    g_test_add_func("/ioapic/split-edge", test_split_edge);
    g_test_add_func("/ioapic/split-level", test_split_level);
    g_test_add_func("/ioapic/split-state", test_split_state);
    return g_test_run();
}
