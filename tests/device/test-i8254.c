/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/timer/i8254.c, i8254-counter.c and pcspk.c: programming, reading and the six
 * modes of the 8254's data sheet in its order, with the edges of OUT at their
 * exact times; then port 0x61, an HPET that takes the line, reset, saved state,
 * and two timers.
 */
#include "config.h"

#include "hw/core/irq.h"
#include "hw/timer/i8254.h"
#include "qmp/error.h"
#include "tests/lib/rig.h"
#include "tests/lib/state-bytes.h"

#define PIT 0x40
#define OTHER_PIT 0x140
#define PORT_61 0x61

enum { CONTROL = 3 };
enum { LSB = 0x10, MSB = 0x20, BOTH = 0x30, BCD = 0x01 };
enum { READ_BACK = 0xc0, NO_COUNT = 0x20, NO_STATUS = 0x10 };
#define MODE(n) ((n) << 1)
#define COUNTER(n) ((n) << 6)

typedef struct {
    Rig *rig;
    Device *dev;
    guint16 base;
    guint rises, falls;         /* of OUT 0 */
    gint64 rose, fell;          /* when it did last */
} Pit;

static gint64 now(const Pit *p)
{
    return clock_now(p->rig->clock, CLOCK_KIND_VIRTUAL);
}

static void on_line(void *opaque, guint n, bool level)
{
    Pit *p = opaque;

    if (level) {
        p->rises++;
        p->rose = now(p);
    } else {
        p->falls++;
        p->fell = now(p);
    }
}

static void pit_new(Pit *p, Rig *rig, const char *id, guint16 base)
{
    g_autofree char *iobase = g_strdup_printf("%u", base);
    g_autoptr(GError) error = NULL;
    Irq *line;

    *p = (Pit){ .rig = rig, .base = base };
    p->dev = rig_device(rig, "isa-pit", id, &error, "iobase", iobase, NULL);
    g_assert_no_error(error);
    rig_reset(rig);
    line = gpio(&p->dev->object, "unnamed-gpio-out", 0);
    g_assert_true(irq_observe(line, on_line, p));
    if (base == PIT) {
        irq_connect(line, gpio(&rig->isabus->object, "irq", 0), false);
    }
}

static void out(const Pit *p, guint port, guint8 value)
{
    rig_out(p->rig, p->base + port, value, 1);
}

static guint8 in(const Pit *p, guint port)
{
    return rig_in(p->rig, p->base + port, 1);
}

/* ns after which n pulses have been. */
static gint64 ticks(guint64 n)
{
    return (n * 1000000000 + I8254_HZ - 1) / I8254_HZ;
}

/* To where n pulses have been since `start`. */
static void to_tick(const Pit *p, gint64 start, guint64 n)
{
    clock_advance(p->rig->clock, start + ticks(n));
}

/* Control word and both bytes of a count; returns when. */
static gint64 program(const Pit *p, guint counter, guint8 mode, guint16 count)
{
    out(p, CONTROL, COUNTER(counter) | BOTH | mode);
    out(p, counter, count);
    out(p, counter, count >> 8);
    return now(p);
}

static guint16 count(const Pit *p, guint counter)
{
    guint8 low;

    out(p, CONTROL, COUNTER(counter));
    low = in(p, counter);
    return low | in(p, counter) << 8;
}

static guint8 status(const Pit *p, guint counter)
{
    out(p, CONTROL, READ_BACK | NO_COUNT | 2 << counter);
    return in(p, counter);
}

/* ---- Write and read operations ---- */

static void test_write(void)
{
    g_autoptr(Rig) rig = rig_new();
    Pit p;

    pit_new(&p, rig, "pit", PIT);
    out(&p, CONTROL, LSB | MODE(0));
    out(&p, 0, 0x34);
    g_assert_cmphex(in(&p, 0), ==, 0x34);
    g_assert_cmphex(status(&p, 0), ==, LSB | MODE(0));
    out(&p, CONTROL, COUNTER(1) | MSB | MODE(2));
    out(&p, 1, 0x12);
    g_assert_cmphex(in(&p, 1), ==, 0x12);
    program(&p, 2, MODE(4) | BCD, 0x9876);
    g_assert_cmphex(count(&p, 2), ==, 0x9876);
    g_assert_cmphex(in(&p, 2), ==, 0x76);           /* without latch, in turns, too */
    g_assert_cmphex(in(&p, 2), ==, 0x98);
    g_assert_cmphex(in(&p, CONTROL), ==, 0);
    out(&p, CONTROL, COUNTER(1) | BOTH | 0x0e);     /* mode 7 is mode 3 */
    g_assert_cmphex(status(&p, 1), ==, 0x80 | 0x40 | BOTH | MODE(3));
}

static void test_latch(void)
{
    g_autoptr(Rig) rig = rig_new();
    Pit p;
    gint64 start;

    pit_new(&p, rig, "pit", PIT);
    start = program(&p, 0, MODE(2), 0x1000);
    to_tick(&p, start, 0x10);
    out(&p, CONTROL, COUNTER(0));
    to_tick(&p, start, 0x20);
    out(&p, CONTROL, COUNTER(0));                   /* the first one stays */
    g_assert_cmphex(in(&p, 0), ==, 0xf0);
    to_tick(&p, start, 0x120);
    g_assert_cmphex(in(&p, 0), ==, 0x0f);
    g_assert_cmphex(in(&p, 0), ==, 0xe0);           /* and then the element itself */
    out(&p, CONTROL, COUNTER(0));
    program(&p, 0, MODE(2), 0x2000);                /* a control word drops a latch */
    g_assert_cmphex(in(&p, 0), ==, 0x00);
    g_assert_cmphex(in(&p, 0), ==, 0x20);
}

static void test_read_back(void)
{
    g_autoptr(Rig) rig = rig_new();
    Pit p;

    pit_new(&p, rig, "pit", PIT);
    program(&p, 0, MODE(0), 0x1234);
    program(&p, 1, MODE(2), 0x4321);
    out(&p, CONTROL, READ_BACK | 2 | 4);            /* counts and status of both */
    g_assert_cmphex(in(&p, 0), ==, BOTH | MODE(0));
    g_assert_cmphex(in(&p, 0), ==, 0x34);
    g_assert_cmphex(in(&p, 0), ==, 0x12);
    g_assert_cmphex(in(&p, 1), ==, 0x80 | BOTH | MODE(2));
    g_assert_cmphex(in(&p, 1), ==, 0x21);
    g_assert_cmphex(in(&p, 1), ==, 0x43);
    out(&p, CONTROL, READ_BACK | NO_STATUS | 2);
    g_assert_cmphex(in(&p, 0), ==, 0x34);
    g_assert_cmphex(in(&p, 0), ==, 0x12);
    out(&p, CONTROL, BOTH | MODE(1));
    g_assert_cmphex(status(&p, 0), ==, 0x80 | 0x40 | BOTH | MODE(1));
}

/* ---- Modes ---- */

static void test_mode_0(void)
{
    g_autoptr(Rig) rig = rig_new();
    Pit p;
    gint64 start;

    pit_new(&p, rig, "pit", PIT);
    start = program(&p, 0, MODE(0), 100);
    g_assert_false(rig_irq_level(rig, 0));
    to_tick(&p, start, 99);
    g_assert_cmpuint(count(&p, 0), ==, 1);
    g_assert_false(rig_irq_level(rig, 0));
    p.rises = 0;
    to_tick(&p, start, 1000);
    g_assert_cmpuint(p.rises, ==, 1);
    g_assert_cmpint(p.rose, ==, start + ticks(100));
    g_assert_cmphex(count(&p, 0), ==, (guint16)(100 - 1000));   /* it wraps and goes on */
    out(&p, 0, 50);                                 /* the first byte stops it */
    g_assert_false(rig_irq_level(rig, 0));
    to_tick(&p, start, 2000);
    g_assert_false(rig_irq_level(rig, 0));
    out(&p, 0, 0);
    start = now(&p);
    to_tick(&p, start, 50);
    g_assert_true(rig_irq_level(rig, 0));
    g_assert_cmpint(p.rose, ==, start + ticks(50));
}

/* Counter 2, whose gate is port 0x61's. */
static void test_mode_1(void)
{
    g_autoptr(Rig) rig = rig_new();
    Pit p;
    gint64 start;

    pit_new(&p, rig, "pit", PIT);
    program(&p, 2, MODE(1), 10);
    g_assert_true(i8254_out(p.dev, 2));
    to_tick(&p, now(&p), 100);
    g_assert_true(i8254_out(p.dev, 2));
    g_assert_cmphex(status(&p, 2), ==, 0x80 | 0x40 | BOTH | MODE(1));
    i8254_set_gate(p.dev, 2, true);
    start = now(&p);
    g_assert_false(i8254_out(p.dev, 2));
    g_assert_cmphex(status(&p, 2), ==, BOTH | MODE(1));
    to_tick(&p, start, 9);
    g_assert_cmpuint(count(&p, 2), ==, 1);
    i8254_set_gate(p.dev, 2, false);                /* which changes nothing */
    i8254_set_gate(p.dev, 2, true);                 /* but this starts over */
    start = now(&p);
    to_tick(&p, start, 9);
    g_assert_false(i8254_out(p.dev, 2));
    to_tick(&p, start, 10);
    g_assert_true(i8254_out(p.dev, 2));
}

static void test_mode_2(void)
{
    g_autoptr(Rig) rig = rig_new();
    Pit p;
    gint64 start;

    pit_new(&p, rig, "pit", PIT);
    start = program(&p, 0, MODE(2), 1000);
    g_assert_true(rig_irq_level(rig, 0));
    p.rises = p.falls = 0;
    to_tick(&p, start, 999);
    g_assert_cmpuint(p.falls, ==, 1);
    g_assert_cmpuint(count(&p, 0), ==, 1);
    to_tick(&p, start, 5500);
    g_assert_cmpuint(p.rises, ==, 5);
    g_assert_cmpint(p.rose, ==, start + ticks(5000));
    g_assert_cmpint(p.fell, ==, start + ticks(4999));
    g_assert_cmpuint(count(&p, 0), ==, 500);
    out(&p, 0, 100);                                /* a new count waits for the end */
    out(&p, 0, 0);
    g_assert_cmphex(status(&p, 0) & 0x40, ==, 0x40);
    to_tick(&p, start, 5999);
    g_assert_cmpuint(count(&p, 0), ==, 1);
    p.rises = 0;
    to_tick(&p, start, 6250);
    g_assert_cmphex(status(&p, 0) & 0x40, ==, 0);
    g_assert_cmpuint(p.rises, ==, 3);               /* at 6000, 6100, 6200 */
    g_assert_cmpuint(count(&p, 0), ==, 50);
    out(&p, CONTROL, LSB | MODE(2));
    out(&p, 0, 1);                                  /* not a count; the lowest there is */
    start = now(&p);
    for (guint i = 0; i < 8; i++) {
        to_tick(&p, start, i);
        g_assert_cmpuint(in(&p, 0), ==, 2 - i % 2);
        g_assert_cmpint(i8254_out(p.dev, 0), ==, i % 2 == 0);
    }
}

/* The line shows edges every 50 us at most, in the right order; the counter and its
 * output read as if it showed all, and a slower count shows all again. */
static void fastest(guint8 mode)
{
    g_autoptr(Rig) rig = rig_new();
    Pit p;
    gint64 start;

    pit_new(&p, rig, "pit", PIT);
    start = program(&p, 0, mode, 2);
    p.rises = p.falls = 0;
    rig->firings = 0;
    clock_advance(rig->clock, start + 1000000000);
    g_assert_cmpuint(p.rises, <=, 20000);
    g_assert_cmpuint(p.rises, >=, 19000);
    g_assert_cmpuint(p.falls - p.rises, <=, 1);
    g_assert_cmpuint(rig->firings, <=, 40000);
    to_tick(&p, start, I8254_HZ + 11);
    g_assert_cmpuint(count(&p, 0), ==, mode == MODE(2) ? 1 : 2);
    g_assert_false(i8254_out(p.dev, 0));
    out(&p, 0, 1000 & 0xff);                        /* from the end of this period on */
    out(&p, 0, 1000 >> 8);
    start += ticks(I8254_HZ + 12);
    p.rises = 0;
    clock_advance(rig->clock, start + ticks(10400));
    g_assert_cmpuint(p.rises, >=, 10);
    g_assert_cmpuint(p.rises, <=, 11);
    g_assert_cmpint(ABS(p.rose - p.fell - ticks(mode == MODE(2) ? 1 : 500)), <=, 1);
}

static void test_fastest(void)
{
    fastest(MODE(2));
    fastest(MODE(3));
}

/* ---- A late host ---- */

#define MS 1000000

/* As if the loop had not run meanwhile. */
static void jump(const Pit *p, gint64 to)
{
    clock_set(p->rig->clock, to);
}

/* The edges of a jump of so many ms with a count of 4772, 250 Hz. */
static guint edges_after(guint8 mode, guint ms)
{
    g_autoptr(Rig) rig = rig_new();
    Pit p;
    gint64 start;

    pit_new(&p, rig, "pit", PIT);
    start = program(&p, 0, mode, 4772);
    p.rises = p.falls = 0;
    jump(&p, start + (gint64)ms * MS);
    clock_advance(rig->clock, start + (gint64)ms * MS);
    g_assert_cmpuint(p.rises, <=, 1);               /* not all at once */
    clock_advance(rig->clock, start + (ms + 3) * (gint64)MS);
    return p.rises;
}

/* No tick is lost, and each has its fall; then they are in time again. */
static void late(guint8 mode)
{
    g_autoptr(Rig) rig = rig_new();
    Pit p;
    gint64 start, last = 0;

    pit_new(&p, rig, "pit", PIT);
    start = program(&p, 0, mode, 4772);
    p.rises = p.falls = 0;
    for (guint i = 1; i <= 20; i++) {
        jump(&p, start + i * 61 * MS);
        for (guint us = 0; us <= 2000; us += 10) {
            guint before = p.rises;

            clock_advance(rig->clock, start + i * 61 * MS + us * 1000);
            g_assert_cmpuint(p.rises - before, <=, 1);
            g_assert_true(p.rises == before || !last || p.rose - last >= 50000);
            last = p.rose;
        }
        g_assert_cmpuint(p.rises, ==, (now(&p) - start) / ticks(4772));
        g_assert_cmpuint(p.falls - p.rises, <=, 1);
    }
    p.rises = 0;
    start += ticks(4772 * 307);
    clock_advance(rig->clock, start);
    g_assert_cmpint(p.rose, ==, start);
    g_assert_cmpint(ABS(p.rose - p.fell - ticks(mode == MODE(2) ? 1 : 2386)), <=, 1);
}

static void test_late(void)
{
    late(MODE(2));
    late(MODE(3));
}

/* Of a long time, only the last tenth of a second is made up for. */
static void test_late_bound(void)
{
    for (guint8 mode = MODE(2); mode <= MODE(3); mode += MODE(1)) {
        g_assert_cmpuint(edges_after(mode, 98), ==, 25);
        g_assert_cmpuint(edges_after(mode, 1000), >=, 25);
        g_assert_cmpuint(edges_after(mode, 1000), <=, 27);
        g_assert_cmpuint(edges_after(mode, 3600000), >=, 25);
        g_assert_cmpuint(edges_after(mode, 3600000), <=, 27);
    }
}

/* A counter that is programmed, or gated, owes nothing of what it was before. */
static void test_late_change(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GByteArray) state = g_byte_array_new();
    Pit p;
    gint64 start;

    pit_new(&p, rig, "pit", PIT);
    start = program(&p, 0, MODE(2), 4772);
    jump(&p, start + 60 * MS);
    clock_advance(rig->clock, start + 60 * MS + 120000);
    g_assert_cmpuint(p.rises, >=, 2);
    start = program(&p, 0, MODE(0), 100);           /* one shot */
    p.rises = 0;
    clock_advance(rig->clock, start + 60 * MS);
    g_assert_cmpuint(p.rises, ==, 1);
    g_assert_cmpint(p.rose, ==, start + ticks(100));

    start = program(&p, 0, MODE(2), 4772);
    jump(&p, start + 62 * MS);
    out(&p, 0, 11932 & 0xff);                       /* 100 Hz, when this period ends */
    out(&p, 0, 11932 >> 8);
    p.rises = 0;
    to_tick(&p, start, 16 * 4772);
    g_assert_cmpuint(p.rises, ==, 1);
    g_assert_cmpint(p.rose, ==, start + ticks(16 * 4772));
    to_tick(&p, start, 16 * 4772 + 11932);
    g_assert_cmpuint(p.rises, ==, 2);

    jump(&p, start + 190 * MS);
    device_save(p.dev, state, NULL);
    g_assert_true(device_load(p.dev, state->data, state->len, NULL));
    p.rises = 0;
    clock_advance(rig->clock, start + 193 * MS);
    g_assert_cmpuint(p.rises, ==, 0);               /* the next one is at 194 ms */
    clock_advance(rig->clock, start + 195 * MS);
    g_assert_cmpuint(p.rises, ==, 1);
}

/* A counter that is faster than the line is never behind. */
static void test_late_fast(void)
{
    g_autoptr(Rig) rig = rig_new();
    Pit p;
    gint64 start;

    pit_new(&p, rig, "pit", PIT);
    start = program(&p, 0, MODE(2), 20);
    p.rises = 0;
    jump(&p, start + 60 * MS);
    clock_advance(rig->clock, start + 61 * MS);
    g_assert_cmpuint(p.rises, <=, 21);
}

/* However far the clock is, OUT changes in time or not at all. */
static void test_far(void)
{
    g_autoptr(Rig) rig = rig_new();
    Pit p;

    pit_new(&p, rig, "pit", PIT);
    program(&p, 0, MODE(2), 1000);
    i8254_set_gate(p.dev, 0, false);
    clock_advance(rig->clock, CLOCK_NEVER - 2000000);
    i8254_set_gate(p.dev, 0, true);
    p.rises = 0;
    clock_advance(rig->clock, CLOCK_NEVER - 1);
    g_assert_cmpuint(p.rises, ==, 2);
    g_assert_cmpint(clock_deadline(rig->clock), ==, -1);
    program(&p, 0, MODE(3), 2);
    clock_advance(rig->clock, CLOCK_NEVER);
    g_assert_cmpint(clock_deadline(rig->clock), ==, -1);
}

static void test_mode_3(void)
{
    g_autoptr(Rig) rig = rig_new();
    Pit p;
    gint64 start;

    pit_new(&p, rig, "pit", PIT);
    start = program(&p, 0, MODE(3), 1000);
    g_assert_true(rig_irq_level(rig, 0));
    p.rises = p.falls = 0;
    to_tick(&p, start, 100);
    g_assert_cmpuint(count(&p, 0), ==, 800);        /* by two */
    to_tick(&p, start, 600);
    g_assert_cmpint(p.fell, ==, start + ticks(500));
    g_assert_cmpuint(count(&p, 0), ==, 800);
    to_tick(&p, start, 1000);
    g_assert_cmpint(p.rose, ==, start + ticks(1000));
    start = program(&p, 0, MODE(3), 7);             /* odd: four high, three low */
    g_assert_cmpuint(count(&p, 0), ==, 6);
    to_tick(&p, start, 4);
    g_assert_cmpint(p.fell, ==, start + ticks(4));
    g_assert_cmpuint(count(&p, 0), ==, 6);
    to_tick(&p, start, 7);
    g_assert_cmpint(p.rose, ==, start + ticks(7));
    start = program(&p, 0, MODE(3), 100);
    to_tick(&p, start, 20);
    out(&p, 0, 40);                                 /* waits for the end of the half */
    out(&p, 0, 0);
    to_tick(&p, start, 65);
    g_assert_cmpint(p.fell, ==, start + ticks(50));
    to_tick(&p, start, 70);
    g_assert_cmpint(p.rose, ==, start + ticks(70));
}

static void test_mode_4(void)
{
    g_autoptr(Rig) rig = rig_new();
    Pit p;
    gint64 start;

    pit_new(&p, rig, "pit", PIT);
    start = program(&p, 0, MODE(4), 10);
    g_assert_true(rig_irq_level(rig, 0));
    p.rises = p.falls = 0;
    to_tick(&p, start, 200000);
    g_assert_cmpuint(p.falls, ==, 1);
    g_assert_cmpuint(p.rises, ==, 1);
    g_assert_cmpint(p.fell, ==, start + ticks(10));
    g_assert_cmpint(p.rose, ==, start + ticks(11));
}

static void test_mode_5(void)
{
    g_autoptr(Rig) rig = rig_new();
    Pit p;
    gint64 start;

    pit_new(&p, rig, "pit", PIT);
    program(&p, 2, MODE(5), 10);
    to_tick(&p, now(&p), 50);
    g_assert_true(i8254_out(p.dev, 2));
    i8254_set_gate(p.dev, 2, true);
    start = now(&p);
    to_tick(&p, start, 9);
    g_assert_true(i8254_out(p.dev, 2));
    to_tick(&p, start, 10);
    g_assert_false(i8254_out(p.dev, 2));
    to_tick(&p, start, 11);
    g_assert_true(i8254_out(p.dev, 2));
}

/* Modes 0 and 4 stand while the gate is low, 2 and 3 start over. */
static void test_gate(void)
{
    g_autoptr(Rig) rig = rig_new();
    Pit p;
    gint64 start;

    pit_new(&p, rig, "pit", PIT);
    program(&p, 2, MODE(0), 100);
    to_tick(&p, now(&p), 1000);
    g_assert_cmpuint(count(&p, 2), ==, 100);
    i8254_set_gate(p.dev, 2, true);
    start = now(&p);
    to_tick(&p, start, 60);
    i8254_set_gate(p.dev, 2, false);
    to_tick(&p, start, 600);
    g_assert_cmpuint(count(&p, 2), ==, 40);
    i8254_set_gate(p.dev, 2, true);
    start = now(&p);
    to_tick(&p, start, 39);
    g_assert_false(i8254_out(p.dev, 2));
    to_tick(&p, start, 41);
    g_assert_true(i8254_out(p.dev, 2));
    program(&p, 2, MODE(3), 100);
    to_tick(&p, now(&p), 60);
    g_assert_false(i8254_out(p.dev, 2));
    i8254_set_gate(p.dev, 2, false);
    g_assert_true(i8254_out(p.dev, 2));             /* at once */
    i8254_set_gate(p.dev, 2, true);
    g_assert_cmpuint(count(&p, 2), ==, 100);
}

static void test_bcd(void)
{
    g_autoptr(Rig) rig = rig_new();
    Pit p;
    gint64 start;

    pit_new(&p, rig, "pit", PIT);
    start = program(&p, 0, MODE(2) | BCD, 0x1000);
    p.rises = 0;
    to_tick(&p, start, 1);
    g_assert_cmphex(count(&p, 0), ==, 0x0999);
    to_tick(&p, start, 1000);
    g_assert_cmpuint(p.rises, ==, 1);
    start = program(&p, 0, MODE(0) | BCD, 0);       /* 10000 */
    to_tick(&p, start, 1);
    g_assert_cmphex(count(&p, 0), ==, 0x9999);
    to_tick(&p, start, 9999);
    g_assert_false(rig_irq_level(rig, 0));
    to_tick(&p, start, 10000);
    g_assert_true(rig_irq_level(rig, 0));
}

/* ---- Around it ---- */

static void test_port_61(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;
    gint64 start;
    Pit p;

    g_assert_null(rig_device(rig, "isa-pcspk", "early", &error, NULL));
    g_assert_true(qmp_error_is(error, ERROR_REASON_OBJECT_NOT_FOUND));
    g_clear_error(&error);
    pit_new(&p, rig, "pit", PIT);
    rig_device(rig, "isa-pcspk", "spk", &error, NULL);
    g_assert_no_error(error);
    rig_out(rig, PORT_61, 0xff, 1);
    g_assert_cmphex(rig_in(rig, PORT_61, 1) & 0xcf, ==, 0x03);
    rig_out(rig, PORT_61, 0x01, 1);
    start = program(&p, 2, MODE(0), 59659);         /* 50 ms: how kernels calibrate */
    g_assert_cmphex(rig_in(rig, PORT_61, 1) & 0x23, ==, 0x01);
    to_tick(&p, start, 59658);
    g_assert_cmphex(rig_in(rig, PORT_61, 1) & 0x20, ==, 0);
    to_tick(&p, start, 59659);
    g_assert_cmphex(rig_in(rig, PORT_61, 1) & 0x20, ==, 0x20);
    clock_advance(rig->clock, 15085 * 10000);
    g_assert_cmphex(rig_in(rig, PORT_61, 1) & 0x10, ==, 0);
    clock_advance(rig->clock, 15085 * 10001);
    g_assert_cmphex(rig_in(rig, PORT_61, 1) & 0x10, ==, 0x10);
    rig_reset(rig);
    g_assert_cmphex(rig_in(rig, PORT_61, 1) & 0xcf, ==, 0);
    device_unmake(p.dev);                           /* the port outlives it */
    rig_out(rig, PORT_61, 0x01, 1);
    rig_in(rig, PORT_61, 1);
}

/* An HPET in legacy mode has line 0 for itself. */
static void test_irq_control(void)
{
    g_autoptr(Rig) rig = rig_new();
    Pit p;
    gint64 start;
    Irq *control;

    pit_new(&p, rig, "pit", PIT);
    control = gpio(&p.dev->object, "unnamed-gpio-in", 0);
    irq_set(control, true);
    start = program(&p, 0, MODE(2), 100);
    irq_set(control, false);
    p.rises = 0;
    to_tick(&p, start, 1050);
    g_assert_cmpuint(p.rises, ==, 0);
    g_assert_cmpuint(count(&p, 0), ==, 50);         /* it counts all the same */
    irq_set(control, true);
    p.rises = 0;
    to_tick(&p, start, 1150);
    g_assert_cmpuint(p.rises, ==, 1);
}

static void test_reset_and_state(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GByteArray) state = g_byte_array_new();
    g_autoptr(GError) error = NULL;
    Pit p;
    gint64 start;

    pit_new(&p, rig, "pit", PIT);
    start = program(&p, 0, MODE(2), 1000);
    to_tick(&p, start, 300);
    device_save(p.dev, state, NULL);
    rig_reset(rig);
    g_assert_cmphex(status(&p, 0), ==, 0x80 | BOTH | MODE(3));
    g_assert_cmphex(count(&p, 0), ==, 0);
    g_assert_true(device_load(p.dev, state->data, state->len, &error));
    g_assert_cmpuint(count(&p, 0), ==, 700);
    p.rises = 0;
    to_tick(&p, start, 1000);
    g_assert_cmpuint(p.rises, ==, 1);
    *state_bytes(state, "counters[0]/mode") = 6;                           /* no such mode */
    g_assert_false(device_load(p.dev, state->data, state->len, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_INVALID_VALUE));
}

static void test_two(void)
{
    g_autoptr(Rig) rig = rig_new();
    Pit a, b;
    gint64 start;

    pit_new(&a, rig, "a", PIT);
    pit_new(&b, rig, "b", OTHER_PIT);
    start = program(&a, 0, MODE(2), 100);
    program(&b, 0, MODE(2), 300);
    a.rises = b.rises = 0;
    to_tick(&a, start, 950);
    g_assert_cmpuint(a.rises, ==, 9);
    g_assert_cmpuint(b.rises, ==, 3);
    device_unmake(b.dev);
    to_tick(&a, start, 1050);
    g_assert_cmpuint(a.rises, ==, 10);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/i8254/write", test_write);
    g_test_add_func("/i8254/latch", test_latch);
    g_test_add_func("/i8254/read-back", test_read_back);
    g_test_add_func("/i8254/mode-0", test_mode_0);
    g_test_add_func("/i8254/mode-1", test_mode_1);
    g_test_add_func("/i8254/mode-2", test_mode_2);
    g_test_add_func("/i8254/fastest", test_fastest);
    g_test_add_func("/i8254/late", test_late);
    g_test_add_func("/i8254/late-bound", test_late_bound);
    g_test_add_func("/i8254/late-change", test_late_change);
    g_test_add_func("/i8254/late-fast", test_late_fast);
    g_test_add_func("/i8254/far", test_far);
    g_test_add_func("/i8254/mode-3", test_mode_3);
    g_test_add_func("/i8254/mode-4", test_mode_4);
    g_test_add_func("/i8254/mode-5", test_mode_5);
    g_test_add_func("/i8254/gate", test_gate);
    g_test_add_func("/i8254/bcd", test_bcd);
    g_test_add_func("/i8254/port-61", test_port_61);
    g_test_add_func("/i8254/irq-control", test_irq_control);
    g_test_add_func("/i8254/reset-and-state", test_reset_and_state);
    g_test_add_func("/i8254/two", test_two);
    return g_test_run();
}
