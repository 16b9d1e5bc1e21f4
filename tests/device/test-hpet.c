/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/timer/hpet.c: each register paragraph of the HPET specification a case, then
 * one-shot and periodic timers of both widths, interrupts by lines and messages,
 * legacy replacement, late hosts, two devices.
 */
#include "config.h"

#include "hw/core/irq.h"
#include "qmp/error.h"
#include "tests/lib/rig.h"
#include "tests/lib/state-bytes.h"

#define BASE 0xfed00000u
#define INTCAP 0x000004
#define TICK 10                 /* ns */

enum { GCAP_ID = 0, GEN_CONF = 0x10, GINTR_STA = 0x20, MAIN_CNT = 0xf0 };
enum { CONF = 0x100, COMPARATOR = 0x108, FSB = 0x110 };
enum { LEVEL = 2, ENABLE = 4, PERIODIC = 8, VAL_SET = 0x40, MODE32 = 0x100, FSB_EN = 0x4000 };

#define ROUTE(n) ((n) << 9)

typedef struct {
    Rig *rig;
    Device *dev;
    guint64 base;
} Chip;

static Chip chip_at(Rig *rig, const char *id, guint64 base, const char *property,
                    const char *value)
{
    g_autofree char *address = g_strdup_printf("%" G_GUINT64_FORMAT, base);
    g_autoptr(GError) error = NULL;
    Chip c = { .rig = rig, .base = base };

    c.dev = rig_device(rig, "hpet", id, &error, "base", address, "hpet-intcap", "0xff0004",
                       property, value, NULL);
    g_assert_no_error(error);
    rig_reset(rig);
    return c;
}

static Chip chip_new(Rig *rig)
{
    return chip_at(rig, "hpet", BASE, NULL, NULL);
}

static guint64 get(const Chip *c, guint offset)
{
    return address_space_read(c->rig->memory, c->base + offset, 8);
}

static guint32 get32(const Chip *c, guint offset)
{
    return address_space_read(c->rig->memory, c->base + offset, 4);
}

static void set(const Chip *c, guint offset, guint64 value)
{
    address_space_write(c->rig->memory, c->base + offset, value, 8);
}

static void set32(const Chip *c, guint offset, guint32 value)
{
    address_space_write(c->rig->memory, c->base + offset, value, 4);
}

static guint tn(guint n, guint reg)
{
    return reg + 0x20 * n;
}

static void wait_ticks(const Chip *c, gint64 ticks)
{
    clock_advance(c->rig->clock,
                  clock_now(c->rig->clock, CLOCK_KIND_VIRTUAL) + ticks * TICK);
}

static Irq *line(const Chip *c, guint n)
{
    return gpio(&c->dev->object, "irq", n);
}

static bool level(const Chip *c, guint n)
{
    return irq_level(line(c, n));
}

/* Counts the rising edges of one line. */
static void count_edge(void *opaque, guint n, bool high)
{
    *(guint *)opaque += high;
}

static void watch(const Chip *c, guint n, guint *edges)
{
    g_autofree char *name = g_strdup_printf("watch-%p-%u", (void *)edges, n);

    gpio_in_new(&c->rig->machine->object, name, 1, count_edge, edges);
    irq_connect(line(c, n), gpio(&c->rig->machine->object, name, 0), false);
}

/* ---- Registers, 2.3 ---- */

/* 2.3.4: as QEMU's: 10 ns, Intel, three timers, 64 bits, legacy replacement. */
static void test_capabilities(void)
{
    g_autoptr(Rig) rig = rig_new();
    Chip c = chip_new(rig), many = chip_at(rig, "many", BASE + 0x1000, "timers", "32");

    g_assert_cmphex(get(&c, GCAP_ID), ==, 0x009896808086a201);
    set(&c, GCAP_ID, 0);
    g_assert_cmphex(get32(&c, GCAP_ID), ==, 0x8086a201);
    g_assert_cmphex(get32(&c, GCAP_ID + 4), ==, 0x00989680);
    g_assert_cmphex(get(&many, GCAP_ID) >> 8 & 0x1f, ==, 31);
    g_assert_cmphex(get(&c, 0x08), ==, 0);              /* reserved */
    g_assert_cmphex(get(&c, tn(3, CONF)), ==, 0);       /* no such timer */
    set(&c, tn(3, CONF), G_MAXUINT64);
    set(&many, tn(23, COMPARATOR), 5);                  /* the last within 1 KiB */
    g_assert_cmphex(get(&many, tn(23, COMPARATOR)), ==, 5);
    g_assert_cmphex(get32(&many, tn(24, CONF)), ==, 0xffffffff);
}

static void test_reset(void)
{
    g_autoptr(Rig) rig = rig_new();
    Chip c = chip_new(rig);

    set(&c, GEN_CONF, 3);
    set(&c, CONF, ENABLE | LEVEL | PERIODIC | MODE32);
    set(&c, COMPARATOR, 1000);
    wait_ticks(&c, 5000);
    rig_reset(rig);
    g_assert_cmphex(get(&c, GEN_CONF), ==, 0);
    g_assert_cmphex(get(&c, GINTR_STA), ==, 0);
    g_assert_cmphex(get(&c, MAIN_CNT), ==, 0);
    g_assert_cmphex(get(&c, CONF), ==, 0x00ff000400000030);
    g_assert_cmphex(get(&c, COMPARATOR), ==, G_MAXUINT64);
    g_assert_cmphex(get(&c, FSB), ==, 0);
    g_assert_false(level(&c, 0));
    g_assert_true(irq_level(gpio(&c.dev->object, "unnamed-gpio-out", 0)));
}

/* 2.3.5, 2.3.7: the counter runs while it is enabled, and is written while it is not. */
static void test_counter(void)
{
    g_autoptr(Rig) rig = rig_new();
    Chip c = chip_new(rig);

    wait_ticks(&c, 100);
    g_assert_cmpuint(get(&c, MAIN_CNT), ==, 0);
    set(&c, MAIN_CNT, 0x1fffffff0);
    set(&c, GEN_CONF, 0xfffffffd);
    g_assert_cmphex(get(&c, GEN_CONF), ==, 1);
    wait_ticks(&c, 0x20);
    g_assert_cmphex(get(&c, MAIN_CNT), ==, 0x200000010);
    g_assert_cmphex(get32(&c, MAIN_CNT + 4), ==, 2);
    set(&c, MAIN_CNT, 0);                               /* not while it runs */
    g_assert_cmphex(get(&c, MAIN_CNT), ==, 0x200000010);
    set(&c, GEN_CONF, 0);
    wait_ticks(&c, 100);
    g_assert_cmphex(get(&c, MAIN_CNT), ==, 0x200000010);
    set32(&c, MAIN_CNT, 7);
    set32(&c, MAIN_CNT + 4, 1);
    g_assert_cmphex(get(&c, MAIN_CNT), ==, 0x100000007);
}

/* 2.3.8: what can be written, and routes only to lines that there are. */
static void test_tn_conf(void)
{
    g_autoptr(Rig) rig = rig_new();
    Chip c = chip_new(rig), msi = chip_at(rig, "msi", BASE + 0x1000, "msi", "on");

    set(&c, CONF, G_MAXUINT64 & ~(guint64)ROUTE(31));
    g_assert_cmphex(get(&c, CONF), ==, 0x00ff00040000017e);
    set(&c, CONF, ROUTE(16));
    g_assert_cmphex(get32(&c, CONF), ==, 0x30 | ROUTE(16));
    set(&c, CONF, ROUTE(3));                            /* not there */
    g_assert_cmphex(get32(&c, CONF), ==, 0x30 | ROUTE(16));
    set(&c, CONF, VAL_SET);                             /* of periodic timers alone */
    g_assert_cmphex(get32(&c, CONF) & VAL_SET, ==, 0);
    set(&msi, CONF, FSB_EN);
    g_assert_cmphex(get32(&msi, CONF), ==, 0xc030 | 0);
}

/* 2.3.9: both halves; only the lower one in 32-bit mode. */
static void test_comparator(void)
{
    g_autoptr(Rig) rig = rig_new();
    Chip c = chip_new(rig);

    set32(&c, COMPARATOR, 0x11111111);
    g_assert_cmphex(get(&c, COMPARATOR), ==, 0xffffffff11111111);
    set32(&c, COMPARATOR + 4, 0x22222222);
    g_assert_cmphex(get(&c, COMPARATOR), ==, 0x2222222211111111);
    set(&c, CONF, MODE32);
    g_assert_cmphex(get(&c, COMPARATOR), ==, 0x11111111);
    set(&c, COMPARATOR, 0x3333333344444444);
    g_assert_cmphex(get(&c, COMPARATOR), ==, 0x44444444);
}

/* ---- Timers ---- */

static void test_one_shot(void)
{
    g_autoptr(Rig) rig = rig_new();
    Chip c = chip_new(rig);
    guint edges = 0;

    watch(&c, 2, &edges);
    set(&c, CONF, ENABLE | ROUTE(2));
    set(&c, COMPARATOR, 1000);
    wait_ticks(&c, 5000);
    g_assert_cmpuint(edges, ==, 0);                     /* it stands */
    set(&c, GEN_CONF, 1);
    wait_ticks(&c, 999);
    g_assert_cmpuint(edges, ==, 0);
    wait_ticks(&c, 1);
    g_assert_cmpuint(edges, ==, 1);
    g_assert_false(level(&c, 2));                       /* an edge */
    g_assert_cmphex(get(&c, GINTR_STA), ==, 0);
    wait_ticks(&c, G_GINT64_CONSTANT(1) << 33);
    g_assert_cmpuint(edges, ==, 1);
    set(&c, COMPARATOR, get(&c, MAIN_CNT) + 10);
    wait_ticks(&c, 10);
    g_assert_cmpuint(edges, ==, 2);
    set(&c, COMPARATOR, get(&c, MAIN_CNT) - 10);        /* too late: at once */
    wait_ticks(&c, 1);
    g_assert_cmpuint(edges, ==, 3);
    set(&c, COMPARATOR, get(&c, MAIN_CNT) + 10);
    set(&c, GEN_CONF, 0);
    wait_ticks(&c, 100);
    g_assert_cmpuint(edges, ==, 3);
    set(&c, GEN_CONF, 1);
    wait_ticks(&c, 10);
    g_assert_cmpuint(edges, ==, 4);
}

/* Of 32 bits: again each time that the counter goes round. */
static void test_one_shot_32(void)
{
    g_autoptr(Rig) rig = rig_new();
    Chip c = chip_new(rig);
    guint edges = 0;

    watch(&c, 2, &edges);
    set(&c, MAIN_CNT, 0x5fffffff0);
    set(&c, CONF, ENABLE | ROUTE(2) | MODE32);
    set(&c, COMPARATOR, 0x10);
    set(&c, GEN_CONF, 1);
    wait_ticks(&c, 0x1f);
    g_assert_cmpuint(edges, ==, 0);
    wait_ticks(&c, 1);
    g_assert_cmpuint(edges, ==, 1);
    wait_ticks(&c, 0xffffffff);
    g_assert_cmpuint(edges, ==, 1);
    wait_ticks(&c, 1);
    g_assert_cmpuint(edges, ==, 2);
}

/* 2.3.9.2.2: VAL_SET makes the comparator take the value with the period. */
static void periodic(guint mode)
{
    g_autoptr(Rig) rig = rig_new();
    Chip c = chip_new(rig);
    guint edges = 0;

    watch(&c, 2, &edges);
    set(&c, CONF, ENABLE | ROUTE(2) | PERIODIC | VAL_SET | mode);
    set(&c, COMPARATOR, 5000);
    g_assert_cmphex(get(&c, CONF) & VAL_SET, ==, 0);    /* used up */
    set(&c, COMPARATOR, 10000);                         /* the period alone */
    g_assert_cmpuint(get(&c, COMPARATOR), ==, 5000);
    set(&c, GEN_CONF, 1);
    wait_ticks(&c, 5000);
    g_assert_cmpuint(edges, ==, 1);
    g_assert_cmpuint(get(&c, COMPARATOR), ==, 15000);
    wait_ticks(&c, 9999);
    g_assert_cmpuint(edges, ==, 1);
    wait_ticks(&c, 1);
    g_assert_cmpuint(edges, ==, 2);
    for (guint i = 0; i < 10; i++) {
        wait_ticks(&c, 10000);
    }
    g_assert_cmpuint(edges, ==, 12);
    set(&c, CONF, ENABLE | ROUTE(2) | PERIODIC | VAL_SET | mode);
    set(&c, COMPARATOR, get(&c, MAIN_CNT) + 100);
    wait_ticks(&c, 100);
    g_assert_cmpuint(edges, ==, 13);
}

static void test_periodic(void)
{
    periodic(0);
    periodic(MODE32);
}

/* A comparator of 32 bits goes round with its period. */
static void test_periodic_round(void)
{
    g_autoptr(Rig) rig = rig_new();
    Chip c = chip_new(rig);
    guint edges = 0;

    watch(&c, 2, &edges);
    set(&c, MAIN_CNT, 0xffffff00);
    set(&c, CONF, ENABLE | ROUTE(2) | PERIODIC | VAL_SET | MODE32);
    set(&c, COMPARATOR, 0xffffff80);
    set(&c, COMPARATOR, 0x2000);
    set(&c, GEN_CONF, 1);
    wait_ticks(&c, 0x80);
    g_assert_cmpuint(edges, ==, 1);
    g_assert_cmphex(get(&c, COMPARATOR), ==, 0x1f80);
    wait_ticks(&c, 0x2000);
    g_assert_cmpuint(edges, ==, 2);
}

/* A period of nothing ends; one of a tick does not eat the host. */
static void test_periodic_fast(void)
{
    g_autoptr(Rig) rig = rig_new();
    Chip c = chip_new(rig);
    guint edges = 0;

    watch(&c, 2, &edges);
    set(&c, GEN_CONF, 1);
    set(&c, CONF, ENABLE | ROUTE(2) | PERIODIC | VAL_SET);
    set(&c, COMPARATOR, 0);
    wait_ticks(&c, 100000);
    g_assert_cmpuint(edges, <=, 1);
    edges = 0;
    set(&c, CONF, ENABLE | ROUTE(2) | PERIODIC | VAL_SET);
    set(&c, COMPARATOR, 1);
    wait_ticks(&c, 100000);                             /* a millisecond */
    g_assert_cmpuint(edges, >=, 40);
    g_assert_cmpuint(edges, <=, 51);
}

/* Its comparator reads as if no interrupt had been left out, also between them and
 * after the end of it. */
static void test_fast_comparator(void)
{
    g_autoptr(Rig) rig = rig_new();
    Chip c = chip_new(rig);

    set(&c, GEN_CONF, 1);
    set(&c, CONF, ENABLE | ROUTE(2) | PERIODIC | VAL_SET);
    set(&c, COMPARATOR, 100);
    set(&c, COMPARATOR, 10);
    wait_ticks(&c, 100);
    g_assert_cmpuint(get(&c, COMPARATOR), ==, 110);
    for (guint i = 0; i < 3; i++) {
        wait_ticks(&c, 777);
        g_assert_cmpuint(get(&c, COMPARATOR), ==, (get(&c, MAIN_CNT) + 10) / 10 * 10);
    }
    set(&c, COMPARATOR, 1000);                          /* after the match that comes next */
    g_assert_cmpuint(get(&c, COMPARATOR), ==, 2440);
    wait_ticks(&c, 2440 - 2431);
    g_assert_cmpuint(get(&c, COMPARATOR), ==, 3440);
    set(&c, COMPARATOR, 10);
    wait_ticks(&c, 20000);
    set(&c, GEN_CONF, 0);
    g_assert_cmpuint(get(&c, COMPARATOR), >, get(&c, MAIN_CNT));
    g_assert_cmpuint(get(&c, COMPARATOR), <=, get(&c, MAIN_CNT) + 10);
}

/* A period that no clock lives to see, and one that ends with the clock. */
static void test_periodic_long(void)
{
    static const guint64 periods[] = {
        G_GUINT64_CONSTANT(1) << 63, G_MAXUINT64, G_GUINT64_CONSTANT(0xfffffffe000001f4),
        G_MAXINT64, G_GUINT64_CONSTANT(1) << 60,
    };

    for (guint i = 0; i < G_N_ELEMENTS(periods); i++) {
        g_autoptr(Rig) rig = rig_new();
        Chip c = chip_new(rig);
        guint edges = 0;

        watch(&c, 2, &edges);
        set(&c, GEN_CONF, 1);
        set(&c, CONF, ENABLE | ROUTE(2) | PERIODIC | VAL_SET);
        set(&c, COMPARATOR, 1000);
        set(&c, COMPARATOR, periods[i]);
        wait_ticks(&c, 100000);
        g_assert_cmpuint(edges, ==, 1);
        g_assert_cmphex(get(&c, COMPARATOR), ==, 1000 + periods[i]);
        g_assert_cmpint(clock_deadline(rig->clock), ==, -1);
        clock_advance(rig->clock, CLOCK_NEVER);
        g_assert_cmpuint(edges, ==, 1);
        set(&c, COMPARATOR, 1);
        set(&c, CONF, ENABLE | ROUTE(2) | MODE32);
        g_assert_cmpint(clock_deadline(rig->clock), ==, -1);
    }
}

/* ---- Interrupts, 2.2 ---- */

/* Level: the status bit holds the line until it is cleared by writing 1. */
static void test_level(void)
{
    g_autoptr(Rig) rig = rig_new();
    Chip c = chip_new(rig);

    set(&c, tn(1, CONF), LEVEL | ROUTE(16));            /* not enabled: status alone */
    set(&c, tn(1, COMPARATOR), 10);
    set(&c, tn(2, CONF), LEVEL | ROUTE(16) | ENABLE);
    set(&c, tn(2, COMPARATOR), 20);
    set(&c, GEN_CONF, 1);
    wait_ticks(&c, 10);
    g_assert_cmphex(get(&c, GINTR_STA), ==, 2);
    g_assert_false(level(&c, 16));
    wait_ticks(&c, 10);
    g_assert_cmphex(get(&c, GINTR_STA), ==, 6);
    g_assert_true(level(&c, 16));
    set(&c, GINTR_STA, 2);
    g_assert_true(level(&c, 16));
    set(&c, tn(2, CONF), LEVEL | ROUTE(17) | ENABLE);   /* the line goes with the route */
    g_assert_false(level(&c, 16));
    g_assert_true(level(&c, 17));
    set(&c, GEN_CONF, 0);
    g_assert_false(level(&c, 17));
    set(&c, GEN_CONF, 1);
    g_assert_true(level(&c, 17));
    set(&c, GINTR_STA, 4);
    g_assert_false(level(&c, 17));
    g_assert_cmphex(get(&c, GINTR_STA), ==, 0);
}

/* 2.3.9.2.4: 32 bits of data to an address, if that is an interrupt. */
static void test_fsb(void)
{
    g_autoptr(Rig) rig = rig_new();
    Chip c = chip_at(rig, "hpet", BASE, "msi", "on");

    set(&c, FSB, 0xfee0100c00000041);
    g_assert_cmphex(get(&c, FSB), ==, 0xfee0100c00000041);
    set(&c, CONF, ENABLE | FSB_EN | ROUTE(2));
    set(&c, COMPARATOR, 10);
    set(&c, GEN_CONF, 1);
    wait_ticks(&c, 10);
    g_assert_cmpuint(rig->accel->msis->len, ==, 1);
    g_assert_cmphex(fake_accel_last_msi(rig->accel)->address, ==, 0xfee0100c);
    g_assert_cmphex(fake_accel_last_msi(rig->accel)->data, ==, 0x41);
    g_assert_false(level(&c, 2));
    set32(&c, FSB + 4, 0x00001000);                     /* RAM is none of its business */
    set(&c, COMPARATOR, get(&c, MAIN_CNT));
    wait_ticks(&c, 1);
    g_assert_cmpuint(rig->accel->msis->len, ==, 1);
    set32(&c, FSB + 4, 0xfee00000);
    set(&c, CONF, FSB_EN);                              /* not enabled */
    set(&c, COMPARATOR, get(&c, MAIN_CNT));
    wait_ticks(&c, 1);
    g_assert_cmpuint(rig->accel->msis->len, ==, 1);
}

/* Legacy replacement: timers 0 and 1 have lines 0 and 8, the old chips none. */
static void test_legacy(void)
{
    g_autoptr(Rig) rig = rig_new();
    Chip c = chip_new(rig);
    Irq *pit = gpio(&c.dev->object, "unnamed-gpio-in", 0);
    Irq *rtc = gpio(&c.dev->object, "unnamed-gpio-in", 1);
    guint edges[2] = { 0, 0 };

    watch(&c, 0, &edges[0]);
    watch(&c, 8, &edges[1]);
    irq_set(pit, true);
    irq_set(rtc, true);
    g_assert_true(level(&c, 0) && level(&c, 8));
    set(&c, GEN_CONF, 3);
    g_assert_false(level(&c, 0) || level(&c, 8));
    g_assert_false(irq_level(gpio(&c.dev->object, "unnamed-gpio-out", 0)));
    irq_set(pit, false);
    irq_set(pit, true);
    g_assert_false(level(&c, 0));
    edges[0] = edges[1] = 0;
    set(&c, CONF, ENABLE);
    set(&c, tn(1, CONF), ENABLE | ROUTE(2));            /* the route means nothing */
    set(&c, COMPARATOR, get(&c, MAIN_CNT) + 10);
    set(&c, tn(1, COMPARATOR), get(&c, MAIN_CNT) + 20);
    wait_ticks(&c, 10);
    g_assert_cmpuint(edges[0], ==, 1);
    g_assert_cmpuint(edges[1], ==, 0);
    wait_ticks(&c, 10);
    g_assert_cmpuint(edges[1], ==, 1);
    set(&c, GEN_CONF, 1);
    g_assert_true(level(&c, 0) && level(&c, 8));
    g_assert_true(irq_level(gpio(&c.dev->object, "unnamed-gpio-out", 0)));
}

/* ---- Machine ---- */

static void test_two(void)
{
    g_autoptr(Rig) rig = rig_new();
    Chip a = chip_new(rig), b = chip_at(rig, "b", BASE + 0x1000, NULL, NULL);
    guint edges[2] = { 0, 0 };

    watch(&a, 2, &edges[0]);
    watch(&b, 2, &edges[1]);
    set(&a, CONF, ENABLE | ROUTE(2));
    set(&b, CONF, ENABLE | ROUTE(2));
    set(&a, COMPARATOR, 10);
    set(&b, COMPARATOR, 20);
    set(&a, GEN_CONF, 1);
    set(&b, GEN_CONF, 1);
    wait_ticks(&a, 10);
    g_assert_cmpuint(edges[0], ==, 1);
    g_assert_cmpuint(edges[1], ==, 0);
    device_unmake(a.dev);
    wait_ticks(&b, 10);
    g_assert_cmpuint(edges[1], ==, 1);
    g_assert_cmphex(get32(&a, GCAP_ID), ==, 0xffffffff);
}

/* Saved and loaded: the counter goes on by the clock, or from where it stood. */
static void test_state(void)
{
    for (guint saved = 0; saved < 2; saved++) {
        g_autoptr(Rig) rig = rig_new();
        g_autoptr(GByteArray) state = g_byte_array_new();
        g_autoptr(GError) error = NULL;
        Chip c = chip_at(rig, "hpet", BASE, "hpet-offset-saved", saved ? "on" : "off");
        guint edges = 0;

        watch(&c, 2, &edges);
        set(&c, GEN_CONF, 1);
        set(&c, CONF, ENABLE | ROUTE(2));
        set(&c, COMPARATOR, 3000);
        wait_ticks(&c, 1000);
        rig->accel->resumed = rig->machine->running = true;
        machine_pause(rig->machine);
        device_save(c.dev, state, NULL);
        wait_ticks(&c, 500);
        g_assert_true(device_load(c.dev, state->data, state->len, &error));
        g_assert_cmpuint(get(&c, MAIN_CNT), ==, saved ? 1500 : 1000);
        wait_ticks(&c, saved ? 1499 : 1999);
        g_assert_cmpuint(edges, ==, 0);
        wait_ticks(&c, 1);
        g_assert_cmpuint(edges, ==, 1);
        state_bytes_fill(state, "gen_conf", 0xff);
        g_assert_false(device_load(c.dev, state->data, state->len, &error));
        g_assert_true(qmp_error_is(error, ERROR_REASON_INVALID_VALUE));
    }
}

static void test_properties(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;

    g_assert_null(rig_device(rig, "hpet", "a", &error, "timers", "2", NULL));
    g_assert_true(qmp_error_is(error, ERROR_REASON_OUT_OF_RANGE));
    g_clear_error(&error);
    g_assert_null(rig_device(rig, "hpet", "a", &error, "hpet-intcap", "0x1000000", NULL));
    g_assert_true(qmp_error_is(error, ERROR_REASON_OUT_OF_RANGE));
}

#define CASE(name) { "/hpet/" #name, test_##name }

static const struct {
    const char *path;
    void (*f)(void);
} test_cases[] = {
    CASE(capabilities), CASE(reset), CASE(counter), CASE(tn_conf), CASE(comparator),
    CASE(one_shot), CASE(one_shot_32), CASE(periodic), CASE(periodic_round),
    CASE(periodic_fast), CASE(fast_comparator), CASE(periodic_long), CASE(level), CASE(fsb), CASE(legacy), CASE(two), CASE(state),
    CASE(properties),
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(test_cases); i++) {
        g_test_add_func(test_cases[i].path, test_cases[i].f);
    }
    return g_test_run();
}
