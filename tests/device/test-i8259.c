/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/intc/i8259.c: command words and modes of the 8259A's data sheet, the edge
 * and level control register, and a cascade of two.
 */
#include "config.h"

#include "hw/core/irq.h"
#include "hw/intc/i8259.h"
#include "qmp/error.h"
#include "tests/lib/rig.h"
#include "tests/lib/state-bytes.h"

#define MASTER 0x20
#define SLAVE 0xa0
#define ELCR 0x4d0

enum {                          /* OCW2 */
    EOI = 0x20,
    SPECIFIC_EOI = 0x60,
    ROTATE_EOI = 0xa0,
    ROTATE_SPECIFIC_EOI = 0xe0,
    SET_PRIORITY = 0xc0,
    ROTATE_IN_AEOI = 0x80,
};

enum { READ_IRR = 0x0a, READ_ISR = 0x0b, POLL = 0x0c, SET_SMM = 0x68, CLEAR_SMM = 0x48 };

typedef struct {
    Rig *rig;
    Device *dev;
    guint16 base;
} Chip;

static Chip chip_new(Rig *rig, const char *id, guint16 base, bool master)
{
    g_autofree char *iobase = g_strdup_printf("%u", base);
    g_autofree char *elcr = g_strdup_printf("%u", ELCR + !master);
    g_autoptr(GError) error = NULL;
    Chip chip = { .rig = rig, .base = base };

    chip.dev = rig_device(rig, "isa-i8259", id, &error, "iobase", iobase, "elcr_addr", elcr,
                          "elcr_mask", master ? "248" : "222", "master", master ? "on" : "off",
                          NULL);
    g_assert_no_error(error);
    rig_reset(rig);
    return chip;
}

static void out(const Chip *c, guint odd, guint8 value)
{
    rig_out(c->rig, c->base + odd, value, 1);
}

static guint8 in(const Chip *c, guint odd)
{
    return rig_in(c->rig, c->base + odd, 1);
}

static void start(const Chip *c, guint8 icw1, guint8 icw4)
{
    out(c, 0, icw1);
    out(c, 1, c->base == MASTER ? 0x08 : 0x70);
    out(c, 1, c->base == MASTER ? 0x04 : 0x02);
    out(c, 1, icw4);
}

static Chip master_new(Rig *rig)
{
    Chip c = chip_new(rig, "master", MASTER, true);

    start(&c, 0x11, 0x01);
    return c;
}

static void line(const Chip *c, guint n, bool level)
{
    irq_set(gpio(&c->dev->object, "unnamed-gpio-in", n), level);
}

static void pulse(const Chip *c, guint n)
{
    line(c, n, true);
    line(c, n, false);
}

static bool output(const Chip *c)
{
    return irq_level(gpio(&c->dev->object, "unnamed-gpio-out", 0));
}

static guint8 irr(const Chip *c)
{
    out(c, 0, READ_IRR);
    return in(c, 0);
}

static guint8 isr(const Chip *c)
{
    out(c, 0, READ_ISR);
    return in(c, 0);
}

static guint8 poll(const Chip *c)
{
    out(c, 0, POLL);
    return in(c, 0);
}

static void assert_vector(const Chip *c, guint8 vector, guint input)
{
    guint ir;

    g_assert_cmphex(i8259_acknowledge(c->dev, &ir), ==, vector);
    g_assert_cmpuint(ir, ==, input);
}

/* Initialization command words 1 to 4 */
static void test_initialization(void)
{
    g_autoptr(Rig) rig = rig_new();
    Chip c = chip_new(rig, "master", MASTER, true);

    out(&c, 1, 0xff);
    g_assert_cmphex(in(&c, 1), ==, 0xff);
    line(&c, 3, true);
    out(&c, 0, 0x11);
    g_assert_cmphex(in(&c, 1), ==, 0);              /* IMR is cleared */
    g_assert_cmphex(in(&c, 0), ==, 0);              /* IRR is read, edges are forgotten */
    out(&c, 1, 0x2f);                               /* ICW2: only its upper bits count */
    pulse(&c, 1);
    g_assert_false(output(&c));                     /* not before it is initialized */
    out(&c, 1, 0x04);
    out(&c, 1, 0x01);
    g_assert_true(output(&c));
    out(&c, 1, 0x80);                               /* and now it is OCW1 again */
    g_assert_cmphex(in(&c, 1), ==, 0x80);
    assert_vector(&c, 0x29, 1);
}

/* ICW1's SNGL and IC4 leave words out. */
static void test_short_initialization(void)
{
    g_autoptr(Rig) rig = rig_new();
    Chip c = chip_new(rig, "master", MASTER, true);

    out(&c, 0, 0x12);
    out(&c, 1, 0x40);
    out(&c, 1, 0x55);
    g_assert_cmphex(in(&c, 1), ==, 0x55);
    out(&c, 0, 0x13);
    out(&c, 1, 0x40);
    out(&c, 1, 0x03);                               /* ICW4: AEOI */
    out(&c, 1, 0xaa);
    g_assert_cmphex(in(&c, 1), ==, 0xaa);
    pulse(&c, 0);
    assert_vector(&c, 0x40, 0);
    g_assert_cmphex(isr(&c), ==, 0);
    out(&c, 0, 0x10);
    out(&c, 1, 0x40);
    out(&c, 1, 0x04);
    out(&c, 1, 0x66);
    g_assert_cmphex(in(&c, 1), ==, 0x66);
}

static void test_mask(void)
{
    g_autoptr(Rig) rig = rig_new();
    Chip c = master_new(rig);

    out(&c, 1, 0x10);
    pulse(&c, 4);
    g_assert_false(output(&c));
    g_assert_cmphex(irr(&c), ==, 0x10);             /* it waits */
    out(&c, 1, 0x00);
    g_assert_true(output(&c));
    out(&c, 1, 0xff);
    g_assert_false(output(&c));
    assert_vector(&c, 0x0f, 7);                     /* nobody asks: the default */
    g_assert_cmphex(isr(&c), ==, 0);
}

/* Fully nested mode: IR0 is the highest. */
static void test_nesting(void)
{
    g_autoptr(Rig) rig = rig_new();
    Chip c = master_new(rig);

    pulse(&c, 5);
    pulse(&c, 3);
    assert_vector(&c, 0x0b, 3);
    g_assert_cmphex(isr(&c), ==, 0x08);
    g_assert_cmphex(irr(&c), ==, 0x20);
    g_assert_false(output(&c));                     /* 5 is lower */
    pulse(&c, 3);
    g_assert_false(output(&c));                     /* and 3 itself waits */
    pulse(&c, 1);
    g_assert_true(output(&c));
    assert_vector(&c, 0x09, 1);
    g_assert_cmphex(isr(&c), ==, 0x0a);
    out(&c, 0, EOI);
    g_assert_cmphex(isr(&c), ==, 0x08);             /* the highest one ended */
    out(&c, 0, EOI);
    assert_vector(&c, 0x0b, 3);
    out(&c, 0, SPECIFIC_EOI | 5);                   /* not in service: nothing */
    g_assert_cmphex(isr(&c), ==, 0x08);
    out(&c, 0, SPECIFIC_EOI | 3);
    assert_vector(&c, 0x0d, 5);
    out(&c, 0, EOI);
    out(&c, 0, EOI);
    g_assert_cmphex(isr(&c), ==, 0);
}

static void test_rotation(void)
{
    g_autoptr(Rig) rig = rig_new();
    Chip c = master_new(rig);

    out(&c, 0, SET_PRIORITY | 4);                   /* IR5 is the highest now */
    for (guint i = 0; i < 8; i++) {
        pulse(&c, i);
    }
    assert_vector(&c, 0x0d, 5);
    out(&c, 0, ROTATE_EOI);                         /* IR5 is the lowest */
    assert_vector(&c, 0x0e, 6);
    out(&c, 0, ROTATE_SPECIFIC_EOI | 6);
    assert_vector(&c, 0x0f, 7);
    out(&c, 0, 0x40);                               /* no operation */
    out(&c, 0, EOI);
    assert_vector(&c, 0x08, 0);
    g_assert_false(output(&c));
    out(&c, 0, SPECIFIC_EOI | 0);
    assert_vector(&c, 0x09, 1);
}

static void test_automatic_eoi(void)
{
    g_autoptr(Rig) rig = rig_new();
    Chip c = master_new(rig);

    start(&c, 0x11, 0x03);
    pulse(&c, 2);
    pulse(&c, 3);
    assert_vector(&c, 0x0a, 2);
    g_assert_cmphex(isr(&c), ==, 0);
    assert_vector(&c, 0x0b, 3);
    out(&c, 0, ROTATE_IN_AEOI);
    pulse(&c, 2);
    assert_vector(&c, 0x0a, 2);                     /* and 3 is the highest now */
    pulse(&c, 2);
    pulse(&c, 3);
    assert_vector(&c, 0x0b, 3);
    out(&c, 0, 0x00);                               /* no rotation any more */
    assert_vector(&c, 0x0a, 2);
    pulse(&c, 2);
    pulse(&c, 4);
    assert_vector(&c, 0x0c, 4);
}

static void test_special_mask(void)
{
    g_autoptr(Rig) rig = rig_new();
    Chip c = master_new(rig);

    pulse(&c, 2);
    assert_vector(&c, 0x0a, 2);
    pulse(&c, 6);
    g_assert_false(output(&c));
    out(&c, 1, 0x04);
    g_assert_false(output(&c));
    out(&c, 0, SET_SMM);
    g_assert_true(output(&c));                      /* lower ones come through */
    assert_vector(&c, 0x0e, 6);
    out(&c, 0, EOI);                                /* not that of a masked one */
    g_assert_cmphex(isr(&c), ==, 0x04);
    out(&c, 0, EOI);
    g_assert_cmphex(isr(&c), ==, 0x04);
    out(&c, 0, CLEAR_SMM);
    out(&c, 0, EOI);
    g_assert_cmphex(isr(&c), ==, 0);
}

static void test_poll(void)
{
    g_autoptr(Rig) rig = rig_new();
    Chip c = master_new(rig);

    g_assert_cmphex(poll(&c), ==, 0);
    pulse(&c, 6);
    pulse(&c, 4);
    g_assert_cmphex(poll(&c), ==, 0x84);
    g_assert_cmphex(isr(&c), ==, 0x10);
    g_assert_cmphex(poll(&c) & 0x80, ==, 0);        /* 6 has to wait */
    out(&c, 0, EOI);
    out(&c, 0, POLL);
    g_assert_cmphex(in(&c, 1), ==, 0x86);           /* at either port */
    g_assert_cmphex(in(&c, 1), ==, 0x00);           /* and once */
}

static void test_level(void)
{
    g_autoptr(Rig) rig = rig_new();
    Chip c = master_new(rig);
    Chip slave = chip_new(rig, "slave", SLAVE, false);

    start(&c, 0x11, 0x01);
    rig_out(rig, ELCR, 0xff, 1);
    rig_out(rig, ELCR + 1, 0xff, 1);
    g_assert_cmphex(rig_in(rig, ELCR, 1), ==, 0xf8);
    g_assert_cmphex(rig_in(rig, ELCR + 1, 1), ==, 0xde);
    line(&c, 5, true);
    assert_vector(&c, 0x0d, 5);
    g_assert_cmphex(irr(&c), ==, 0x20);             /* still asserted */
    out(&c, 0, EOI);
    g_assert_true(output(&c));
    line(&c, 5, false);
    g_assert_false(output(&c));
    g_assert_cmphex(irr(&c), ==, 0);
    line(&c, 5, true);
    rig_out(rig, ELCR, 0, 1);
    g_assert_false(output(&c));                     /* as an edge it was none */
    start(&c, 0x19, 0x01);                          /* LTIM: all are levels */
    g_assert_true(output(&c));
    line(&c, 5, false);
    g_assert_false(output(&c));
    g_assert_cmphex(irr(&slave), ==, 0);
}

/* Cascade and special fully nested mode */
static void test_cascade(void)
{
    g_autoptr(Rig) rig = rig_new();
    Chip m = master_new(rig);
    Chip s = chip_new(rig, "slave", SLAVE, false);

    start(&m, 0x11, 0x11);                          /* SFNM */
    start(&s, 0x11, 0x01);
    irq_connect(gpio(&s.dev->object, "unnamed-gpio-out", 0),
                gpio(&m.dev->object, "unnamed-gpio-in", 2), false);
    pulse(&s, 4);
    g_assert_true(output(&m));
    assert_vector(&m, 0x0a, 2);
    assert_vector(&s, 0x74, 4);
    g_assert_false(output(&m));
    pulse(&s, 1);                                   /* higher in the same slave */
    g_assert_true(output(&m));
    assert_vector(&m, 0x0a, 2);
    assert_vector(&s, 0x71, 1);
    out(&s, 0, EOI);
    g_assert_cmphex(isr(&s), ==, 0x10);             /* not the slave's last: no EOI yet */
    out(&s, 0, EOI);
    g_assert_cmphex(isr(&s), ==, 0);
    out(&m, 0, EOI);
    g_assert_cmphex(isr(&m), ==, 0);
    start(&m, 0x11, 0x01);                          /* without SFNM it is locked out */
    start(&s, 0x11, 0x01);
    pulse(&s, 4);
    assert_vector(&m, 0x0a, 2);
    assert_vector(&s, 0x74, 4);
    pulse(&s, 1);
    g_assert_false(output(&m));
}

static void test_reset_and_state(void)
{
    g_autoptr(Rig) rig = rig_new();
    Chip c = master_new(rig);
    g_autoptr(GByteArray) state = g_byte_array_new();
    g_autoptr(GError) error = NULL;

    out(&c, 1, 0x02);
    out(&c, 0, SET_PRIORITY | 3);
    pulse(&c, 6);
    device_save(c.dev, state, NULL);
    rig_reset(rig);
    g_assert_false(output(&c));
    g_assert_cmphex(in(&c, 1), ==, 0);
    g_assert_true(device_load(c.dev, state->data, state->len, &error));
    g_assert_true(output(&c));
    g_assert_cmphex(in(&c, 1), ==, 0x02);
    pulse(&c, 0);
    assert_vector(&c, 0x0e, 6);                     /* priorities as they were */
    *state_bytes(state, "lowest") = 8;                           /* the lowest of eight inputs */
    g_assert_false(device_load(c.dev, state->data, state->len, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_INVALID_VALUE));
}

static void test_taken_ports(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;

    master_new(rig);
    g_assert_null(rig_device(rig, "isa-i8259", "b", &error, "iobase", "33", NULL));
    g_assert_true(qmp_error_is(error, ERROR_REASON_ADDRESS_IN_USE));
    g_clear_error(&error);
    g_assert_null(rig_device(rig, "isa-i8259", "c", &error, "iobase", "160", "elcr_addr", "1232",
                             NULL));
    g_assert_true(qmp_error_is(error, ERROR_REASON_ADDRESS_IN_USE));
    g_assert_cmphex(rig_in(rig, SLAVE, 1), ==, 0xff);   /* nothing of it is left */
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/i8259/initialization", test_initialization);
    g_test_add_func("/i8259/short-initialization", test_short_initialization);
    g_test_add_func("/i8259/mask", test_mask);
    g_test_add_func("/i8259/nesting", test_nesting);
    g_test_add_func("/i8259/rotation", test_rotation);
    g_test_add_func("/i8259/automatic-eoi", test_automatic_eoi);
    g_test_add_func("/i8259/special-mask", test_special_mask);
    g_test_add_func("/i8259/poll", test_poll);
    g_test_add_func("/i8259/level", test_level);
    g_test_add_func("/i8259/cascade", test_cascade);
    g_test_add_func("/i8259/reset-and-state", test_reset_and_state);
    g_test_add_func("/i8259/taken-ports", test_taken_ports);
    return g_test_run();
}
