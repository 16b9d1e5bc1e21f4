/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/rtc/mc146818.c on the ISA bus: each paragraph of the MC146818A data sheet
 * a case; then lost ticks, reset and two clocks.  The clock runs by the
 * machine's time, which the test moves.
 */
#include "config.h"

#include <event2/event.h>

#include "hw/rtc/rtc-time.h"
#include "qmp/error.h"
#include "qmp/event.h"
#include "tests/lib/rig.h"

enum { SECONDS, SECONDS_ALARM, MINUTES, MINUTES_ALARM, HOURS, HOURS_ALARM, DAY_OF_WEEK, DATE,
       MONTH, YEAR, REG_A, REG_B, REG_C, REG_D, CENTURY = 0x32 };

#define MS G_GINT64_CONSTANT(1000000)
#define SECOND (1000 * MS)

typedef struct {
    Rig *rig;
    guint16 base;
    guint irq;
} Rtc;

static Rtc rtc_new(Rig *rig, const char *id, const char *base, const char *policy)
{
    g_autoptr(GError) error = NULL;

    rig_device(rig, "mc146818rtc", id, &error, "clock", "vm", "base", base, "lost_tick_policy",
               policy, NULL);
    g_assert_no_error(error);
    return (Rtc) { .rig = rig, .base = 0x70, .irq = 8 };
}

static Rtc rtc_at(Rig *rig, const char *base)
{
    return rtc_new(rig, "rtc", base, "discard");
}

static guint8 get(const Rtc *r, guint8 index)
{
    rig_out(r->rig, r->base, index, 1);
    return rig_in(r->rig, r->base + 1, 1);
}

static void set(const Rtc *r, guint8 index, guint8 value)
{
    rig_out(r->rig, r->base, index, 1);
    rig_out(r->rig, r->base + 1, value, 1);
}

static void pass(const Rtc *r, gint64 ns)
{
    clock_advance(r->rig->clock, clock_now(r->rig->clock, CLOCK_KIND_VIRTUAL) + ns);
}

static void assert_time(const Rtc *r, guint hour, guint minute, guint second)
{
    g_assert_cmphex(get(r, HOURS), ==, hour);
    g_assert_cmphex(get(r, MINUTES), ==, minute);
    g_assert_cmphex(get(r, SECONDS), ==, second);
}

static void assert_date(const Rtc *r, guint century, guint year, guint month, guint date,
                        guint weekday)
{
    g_assert_cmphex(get(r, CENTURY), ==, century);
    g_assert_cmphex(get(r, YEAR), ==, year);
    g_assert_cmphex(get(r, MONTH), ==, month);
    g_assert_cmphex(get(r, DATE), ==, date);
    g_assert_cmphex(get(r, DAY_OF_WEEK), ==, weekday);
}

#define assert_line(r, level) g_assert_cmpint(rig_irq_level((r)->rig, (r)->irq), ==, level)

/* ---- Address map ---- */

/* The index register is for writing, and has seven bits. */
static void test_address_map(void)
{
    g_autoptr(Rig) rig = rig_new();
    Rtc r = rtc_at(rig, "2024-01-01");

    g_assert_cmphex(rig_in(rig, 0x70, 1), ==, 0xff);
    for (guint i = 0x0e; i < 0x80; i++) {
        if (i != CENTURY) {
            g_assert_cmphex(get(&r, i), ==, 0x00);
            set(&r, i, i ^ 0xff);
        }
    }
    for (guint i = 0x0e; i < 0x80; i++) {
        if (i != CENTURY) {
            g_assert_cmphex(get(&r, i | 0x80), ==, i ^ 0xff);
        }
    }
}

/* ---- Time, calendar and alarm locations ---- */

static void test_bcd_24(void)
{
    g_autoptr(Rig) rig = rig_new();
    Rtc r = rtc_at(rig, "2024-02-29T23:59:58");

    assert_time(&r, 0x23, 0x59, 0x58);
    assert_date(&r, 0x20, 0x24, 0x02, 0x29, 5);         /* a Thursday */
    pass(&r, 2 * SECOND);
    assert_time(&r, 0x00, 0x00, 0x00);
    assert_date(&r, 0x20, 0x24, 0x03, 0x01, 6);
}

static void test_binary(void)
{
    g_autoptr(Rig) rig = rig_new();
    Rtc r = rtc_at(rig, "1999-12-31T23:59:59");

    set(&r, REG_B, 0x06);
    assert_time(&r, 23, 59, 59);
    assert_date(&r, 19, 99, 12, 31, 6);
    pass(&r, SECOND);
    assert_time(&r, 0, 0, 0);
    assert_date(&r, 20, 0, 1, 1, 7);
}

/* Twelve hours: 12 before 1, and bit 7 after noon. */
static void test_12_hours(void)
{
    static const guint8 expect[24] = {
        0x12, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x10, 0x11,
        0x92, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x90, 0x91,
    };
    g_autoptr(Rig) rig = rig_new();
    Rtc r = rtc_at(rig, "2024-01-01");

    set(&r, REG_B, 0x00);
    for (guint hour = 0; hour < 24; hour++) {
        g_assert_cmphex(get(&r, HOURS), ==, expect[hour]);
        pass(&r, 3600 * SECOND);
    }
    for (guint hour = 0; hour < 24; hour++) {
        set(&r, REG_B, 0x00);
        set(&r, HOURS, expect[hour]);
        set(&r, REG_B, 0x06);
        g_assert_cmpuint(get(&r, HOURS), ==, hour);
    }
}

/* Each location can be set, alone or under SET. */
static void test_set_time(void)
{
    g_autoptr(Rig) rig = rig_new();
    Rtc r = rtc_at(rig, "2024-01-01T00:00:00");

    set(&r, REG_B, 0x82);
    set(&r, SECONDS, 0x30);
    set(&r, MINUTES, 0x15);
    set(&r, HOURS, 0x21);
    set(&r, DAY_OF_WEEK, 0x03);                         /* not what the date says */
    set(&r, DATE, 0x31);
    set(&r, MONTH, 0x12);
    set(&r, YEAR, 0x99);
    set(&r, CENTURY, 0x19);
    pass(&r, 10 * SECOND);                              /* stands still */
    assert_time(&r, 0x21, 0x15, 0x30);
    set(&r, REG_B, 0x02);
    assert_time(&r, 0x21, 0x15, 0x30);
    assert_date(&r, 0x19, 0x99, 0x12, 0x31, 3);
    pass(&r, 3 * 3600 * SECOND);
    assert_time(&r, 0x00, 0x15, 0x30);
    assert_date(&r, 0x20, 0x00, 0x01, 0x01, 4);         /* counts on from what was set */

    set(&r, MINUTES, 0x45);
    assert_time(&r, 0x00, 0x45, 0x30);
    pass(&r, SECOND);
    assert_time(&r, 0x00, 0x45, 0x31);
}

static void on_event(const QmpEvent *event, void *data)
{
    if (event) {
        g_assert_cmpstr(event->name, ==, "RTC_CHANGE");
        g_string_append_printf(data, "%s;", event->data);
    }
}

/* RTC_CHANGE says by how much the guest has moved its time since the start: the first
 * change at once, of those within a second after it the last. */
static void test_change_event(void)
{
    static const char expect[] =
        "{\"offset\": 3600, \"qom-path\": \"/machine/peripheral/rtc\"};"
        "{\"offset\": 0, \"qom-path\": \"/machine/peripheral/rtc\"};";
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GString) events = g_string_new(NULL);
    struct event_base *base = event_base_new();
    QmpEventQueue *queue = qmp_event_queue_new(base);
    Rtc r = rtc_at(rig, "2024-01-01T10:00:00");

    rig->env.events = queue;
    qmp_event_queue_add_sink(queue, on_event, events);
    pass(&r, 20 * SECOND);
    set(&r, HOURS, 0x11);
    set(&r, HOURS, 0x11);
    pass(&r, 100 * MS);
    set(&r, REG_B, 0x82);
    set(&r, HOURS, 0x10);
    set(&r, SECONDS, 0x15);
    set(&r, REG_B, 0x02);
    set(&r, REG_B, 0x12);
    set(&r, SECONDS, 0x20);
    qmp_event_queue_deliver(queue);
    for (guint turns = 0; turns < 4 && !strstr(events->str, "\"offset\": 0"); turns++) {
        event_base_loop(base, EVLOOP_ONCE);
        qmp_event_queue_deliver(queue);
    }
    g_assert_cmpstr(events->str, ==, expect);
    rig->env.events = NULL;
    qmp_event_queue_free(queue);
    event_base_free(base);
}

/* Nonsense from the guest gives some time, and no fault. */
static void test_set_nonsense(void)
{
    g_autoptr(Rig) rig = rig_new();
    Rtc r = rtc_at(rig, "2024-01-01T00:00:00");

    for (guint i = 0; i < 10; i++) {
        set(&r, i, 0xff);
    }
    set(&r, CENTURY, 0xff);
    set(&r, REG_B, 0x76);
    set(&r, REG_A, 0x7f);
    set(&r, REG_A, 0x21);
    pass(&r, 5 * SECOND);
    for (guint i = 0; i < 0x80; i++) {
        get(&r, i);
    }
    set(&r, CENTURY, 0x00);
    set(&r, YEAR, 0x00);
    set(&r, MONTH, 0x00);
    pass(&r, 5 * SECOND);
    get(&r, YEAR);
}

/* The years count from base_year; 2000 stands for 0. */
static void test_base_year(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;
    Rtc r = { .rig = rig, .base = 0x70, .irq = 8 };

    rig_device(rig, "mc146818rtc", "rtc", &error, "base", "2024-05-06", "clock", "vm",
               "base_year", "1980", NULL);
    g_assert_no_error(error);
    assert_date(&r, 0x00, 0x44, 0x05, 0x06, 2);
}

/* ---- Register A ---- */

/* UIP rises 244 us before an update, and not under SET. */
static void test_uip(void)
{
    g_autoptr(Rig) rig = rig_new();
    Rtc r = rtc_at(rig, "2024-01-01T00:00:00");

    g_assert_cmphex(get(&r, REG_A), ==, 0x26);
    pass(&r, SECOND - 245000);
    g_assert_cmphex(get(&r, REG_A), ==, 0x26);
    pass(&r, 2000);
    g_assert_cmphex(get(&r, REG_A), ==, 0xa6);
    g_assert_cmphex(get(&r, SECONDS), ==, 0x00);
    set(&r, REG_B, 0x82);
    g_assert_cmphex(get(&r, REG_A), ==, 0x26);
    set(&r, REG_B, 0x02);
    pass(&r, 243000);
    g_assert_cmphex(get(&r, REG_A), ==, 0x26);
    g_assert_cmphex(get(&r, SECONDS), ==, 0x01);
    set(&r, REG_A, 0xff);                               /* UIP is for reading only */
    g_assert_cmphex(get(&r, REG_A), ==, 0x7f);
}

/* Eight ticks of 32768 Hz, in whole ns. */
static void test_uip_exact(void)
{
    g_autoptr(Rig) rig = rig_new();
    Rtc r = rtc_at(rig, "2024-01-01T00:00:00");

    pass(&r, SECOND - 244141);
    g_assert_cmphex(get(&r, REG_A), ==, 0x26);
    pass(&r, 1);
    g_assert_cmphex(get(&r, REG_A), ==, 0xa6);
    pass(&r, 244139);
    g_assert_cmphex(get(&r, REG_A), ==, 0xa6);
    pass(&r, 1);
    g_assert_cmphex(get(&r, REG_A), ==, 0x26);
}

/* The first update comes half a second after the dividers leave their reset. */
static void test_divider_reset(void)
{
    g_autoptr(Rig) rig = rig_new();
    Rtc r = rtc_at(rig, "2024-01-01T00:00:10");

    pass(&r, 900 * MS);
    set(&r, REG_A, 0x60);
    pass(&r, 5 * SECOND);
    g_assert_cmphex(get(&r, SECONDS), ==, 0x10);
    set(&r, REG_A, 0x20);
    pass(&r, 499 * MS);
    g_assert_cmphex(get(&r, SECONDS), ==, 0x10);
    pass(&r, 2 * MS);
    g_assert_cmphex(get(&r, SECONDS), ==, 0x11);
}

/* ---- Register B and C: interrupts ---- */

/* Each rate of table 5 for two seconds, with the interrupt and without. */
static void test_periodic_rates(void)
{
    static const guint hertz[16] = { 0, 256, 128, 8192, 4096, 2048, 1024, 512, 256, 128, 64, 32,
                                     16, 8, 4, 2 };
    g_autoptr(Rig) rig = rig_new();
    Rtc r = rtc_at(rig, "2024-01-01T00:00:00");

    for (guint rs = 0; rs < 16; rs++) {
        guint n = 0;

        set(&r, REG_A, 0x20 | rs);
        set(&r, REG_B, 0x42);
        get(&r, REG_C);
        for (guint i = 0; i < 2 * 8192; i++) {
            pass(&r, SECOND / 8192 + 1);
            if (rig_irq_level(rig, 8)) {
                n++;
                g_assert_cmphex(get(&r, REG_C) & 0xc0, ==, 0xc0);
                assert_line(&r, false);
            }
        }
        g_assert_cmpint(ABS((int)n - (int)(2 * hertz[rs])), <=, 1);
    }
}

/* A new period has begun with the last interrupt, and ends at once if it is over; as
 * QEMU's, whose answers these are.  `wait` ms after an interrupt of the old rate. */
static void test_change_of_rate(void)
{
    static const struct {
        guint8 from, to;
        guint wait, next;       /* ms since that interrupt */
        guint8 flags;           /* at once */
    } cases[] = {
        { 0xf, 0xe, 100, 250, 0x00 }, { 0xe, 0xf, 100, 500, 0x00 },
        { 0xf, 0xe, 400, 650, 0xc0 }, { 0xf, 0xd, 450, 575, 0xc0 },
        { 0xe, 0xe, 100, 250, 0x00 }, { 0x0, 0xe, 100, 350, 0x00 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Rig) rig = rig_new();
        Rtc r = rtc_at(rig, "2024-01-01T00:00:00");

        set(&r, REG_B, 0x42);
        set(&r, REG_A, 0x20 | cases[i].from);
        pass(&r, 3 * SECOND);
        get(&r, REG_C);
        pass(&r, cases[i].wait * MS);
        set(&r, REG_A, 0x20 | cases[i].to);
        assert_line(&r, cases[i].flags != 0);
        g_assert_cmphex(get(&r, REG_C), ==, cases[i].flags);
        pass(&r, (cases[i].next - cases[i].wait) * MS - 40000);
        g_assert_cmphex(get(&r, REG_C) & 0x40, ==, 0x00);
        pass(&r, 40000);
        g_assert_cmphex(get(&r, REG_C) & 0xc0, ==, 0xc0);
    }
}

/* Rates and updates at the end of time. */
static void test_far(void)
{
    static const char *const clocks[] = { "vm", "rt", "host" };

    for (guint i = 0; i < G_N_ELEMENTS(clocks); i++) {
        g_autoptr(Rig) rig = rig_new();
        g_autoptr(GError) error = NULL;
        Rtc r = { .rig = rig, .base = 0x70, .irq = 8 };

        rig_device(rig, "mc146818rtc", "rtc", &error, "clock", clocks[i], NULL);
        g_assert_no_error(error);
        clock_advance(rig->clock, CLOCK_NEVER - 3 * SECOND);
        set(&r, REG_A, 0x23);
        set(&r, REG_B, 0x72);
        set(&r, SECONDS_ALARM, 0xff);
        set(&r, HOURS_ALARM, 0xff);
        rig->firings = 0;
        clock_advance(rig->clock, CLOCK_NEVER - 1);
        get(&r, REG_C);
        clock_advance(rig->clock, CLOCK_NEVER);
        g_assert_cmpuint(rig->firings, <=, 3 * 8192 + 4);
        g_assert_cmpint(clock_deadline(rig->clock), ==, -1);
        get(&r, SECONDS);
        get(&r, REG_A);
        set(&r, YEAR, 0x99);
        set(&r, REG_A, 0x60);
        set(&r, REG_A, 0x2f);
        g_assert_cmpint(clock_deadline(rig->clock), ==, -1);
    }
}

/* PF is set without PIE, too, and then there is no interrupt. */
static void test_periodic_polled(void)
{
    g_autoptr(Rig) rig = rig_new();
    Rtc r = rtc_at(rig, "2024-01-01T00:00:00");

    set(&r, REG_A, 0x2f);
    get(&r, REG_C);
    pass(&r, 499 * MS);
    g_assert_cmphex(get(&r, REG_C), ==, 0x00);
    pass(&r, 2 * MS);
    assert_line(&r, false);
    g_assert_cmphex(get(&r, REG_C), ==, 0x40);
    g_assert_cmphex(get(&r, REG_C), ==, 0x00);
}

/* The update-ended interrupt; SET going high clears UIE. */
static void test_update_ended(void)
{
    g_autoptr(Rig) rig = rig_new();
    Rtc r = rtc_at(rig, "2024-01-01T00:00:00");

    set(&r, REG_A, 0x20);
    set(&r, REG_B, 0x12);
    pass(&r, 999 * MS);
    assert_line(&r, false);
    pass(&r, 1 * MS);
    assert_line(&r, true);
    g_assert_cmphex(get(&r, REG_C), ==, 0x90);
    assert_line(&r, false);
    pass(&r, SECOND);
    g_assert_cmphex(get(&r, REG_C), ==, 0x90);
    set(&r, REG_B, 0x92);
    g_assert_cmphex(get(&r, REG_B), ==, 0x82);
    pass(&r, 2 * SECOND);
    g_assert_cmphex(get(&r, REG_C), ==, 0x00);
    set(&r, REG_B, 0x02);
    pass(&r, SECOND);
    g_assert_cmphex(get(&r, REG_C), ==, 0x10);          /* polled */
    assert_line(&r, false);
}

/* Alarms by hour, minute and second, each of which may be don't care. */
static void test_alarm(void)
{
    static const struct {
        guint8 hour, minute, second;
        int expect;                                     /* seconds from 10:20:30, -1 never */
    } cases[] = {
        { 0x10, 0x20, 0x31, 1 }, { 0x10, 0x20, 0x30, 86400 }, { 0xc0, 0x21, 0x00, 30 },
        { 0xff, 0xff, 0x05, 35 }, { 0xff, 0xff, 0xff, 1 }, { 0x11, 0xc0, 0xc0, 2370 },
        { 0x23, 0x59, 0x59, 49169 }, { 0x10, 0x75, 0x00, -1 }, { 0x24, 0x00, 0x00, -1 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Rig) rig = rig_new();
        Rtc r = rtc_at(rig, "2024-01-01T10:20:30");
        int wait = cases[i].expect < 0 ? 2 * 86400 : cases[i].expect;

        set(&r, REG_A, 0x20);
        set(&r, SECONDS_ALARM, cases[i].second);
        set(&r, MINUTES_ALARM, cases[i].minute);
        set(&r, HOURS_ALARM, cases[i].hour);
        set(&r, REG_B, 0x22);
        pass(&r, wait * SECOND - MS);
        assert_line(&r, false);
        pass(&r, MS);
        assert_line(&r, cases[i].expect >= 0);
        g_assert_cmphex(get(&r, REG_C), ==, cases[i].expect >= 0 ? 0xb0 : 0x10);
    }
}

/* AF without AIE is found by reading it; the alarm may lie in the past by then. */
static void test_alarm_polled(void)
{
    g_autoptr(Rig) rig = rig_new();
    Rtc r = rtc_at(rig, "2024-01-01T10:20:30");

    set(&r, REG_A, 0x20);
    set(&r, SECONDS_ALARM, 0x40);
    set(&r, MINUTES_ALARM, 0x20);
    set(&r, HOURS_ALARM, 0x10);
    get(&r, REG_C);
    pass(&r, 5 * SECOND);
    g_assert_cmphex(get(&r, REG_C), ==, 0x10);
    pass(&r, 100 * SECOND);
    g_assert_cmphex(get(&r, REG_C), ==, 0x30);
    pass(&r, 100 * SECOND);
    g_assert_cmphex(get(&r, REG_C), ==, 0x10);
}

/* A flag that is there already interrupts when it is enabled. */
static void test_late_enable(void)
{
    g_autoptr(Rig) rig = rig_new();
    Rtc r = rtc_at(rig, "2024-01-01T00:00:00");

    set(&r, REG_A, 0x20);
    pass(&r, SECOND);
    set(&r, REG_B, 0x12);
    assert_line(&r, true);
    set(&r, REG_B, 0x02);
    assert_line(&r, false);
}

/* C and D are for reading. */
static void test_read_only(void)
{
    g_autoptr(Rig) rig = rig_new();
    Rtc r = rtc_at(rig, "2024-01-01T00:00:00");

    set(&r, REG_A, 0x20);
    set(&r, REG_C, 0xff);
    set(&r, REG_D, 0x00);
    g_assert_cmphex(get(&r, REG_C), ==, 0x00);
    g_assert_cmphex(get(&r, REG_D), ==, 0x80);
    assert_line(&r, false);
}

/* ---- The rest ---- */

/* Ticks that nobody took are lost, or come with the next acknowledgements. */
static void test_lost_ticks(void)
{
    static const struct {
        const char *policy;
        guint expect;
    } cases[] = { { "discard", 1 }, { "slew", 8 } };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Rig) rig = rig_new();
        Rtc r = rtc_new(rig, "rtc", "2024-01-01T00:00:00", cases[i].policy);
        guint n = 0;

        set(&r, REG_A, 0x2d);                           /* 8 Hz */
        set(&r, REG_B, 0x42);
        get(&r, REG_C);
        pass(&r, SECOND + MS);
        while (rig_irq_level(rig, 8)) {
            get(&r, REG_C);
            n++;
        }
        g_assert_cmpuint(n, ==, cases[i].expect);
    }
}

/* RESET clears the enables and flags; time and memory stay. */
static void test_reset(void)
{
    g_autoptr(Rig) rig = rig_new();
    Rtc r = rtc_at(rig, "2024-01-01T00:00:00");

    set(&r, 0x40, 0x5a);
    set(&r, REG_A, 0x2d);
    set(&r, REG_B, 0x7e);
    pass(&r, 2 * SECOND);
    assert_line(&r, true);
    rig_reset(rig);
    assert_line(&r, false);
    g_assert_cmphex(get(&r, REG_B), ==, 0x06);
    g_assert_cmphex(get(&r, REG_A), ==, 0x2d);
    g_assert_cmphex(get(&r, REG_C), ==, 0x00);
    g_assert_cmphex(get(&r, SECONDS), ==, 2);
    g_assert_cmphex(get(&r, 0x40), ==, 0x5a);
    pass(&r, 2 * SECOND);
    assert_line(&r, false);
}

static void test_two(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;
    Rtc a = rtc_at(rig, "2024-01-01T00:00:00"), b = { .rig = rig, .base = 0x72, .irq = 9 };

    rig_device(rig, "mc146818rtc", "b", &error, "clock", "vm", "base", "1970-01-01T12:34:56",
               "iobase", "0x72", "irq", "9", NULL);
    g_assert_no_error(error);
    assert_time(&a, 0x00, 0x00, 0x00);
    assert_time(&b, 0x12, 0x34, 0x56);
    set(&b, REG_B, 0x12);
    pass(&a, SECOND);
    assert_line(&a, false);
    assert_line(&b, true);
    set(&a, MINUTES, 0x10);
    assert_time(&b, 0x12, 0x34, 0x57);
}

/* The guest's time goes on from where it was, on a host whose clock counts from another
 * start. */
static void test_moved(void)
{
    g_autoptr(Rig) a = rig_new(), b = rig_new();
    g_autoptr(GByteArray) state = g_byte_array_new();
    g_autoptr(GError) error = NULL;
    Device *from = rig_device(a, "mc146818rtc", "rtc", &error, "clock", "rt", "base",
                              "2024-02-29T23:59:50", NULL);
    Device *to = rig_device(b, "mc146818rtc", "rtc", &error, "clock", "rt", NULL);
    Rtc first = { .rig = a, .base = 0x70, .irq = 8 }, second = { .rig = b, .base = 0x70, .irq = 8 };

    g_assert_no_error(error);
    set(&first, SECONDS_ALARM, 0x00);
    set(&first, MINUTES_ALARM, 0xff);
    set(&first, HOURS_ALARM, 0xff);
    set(&first, REG_B, 0x22);
    pass(&first, 5500 * MS);
    pass(&second, 1000 * SECOND);
    g_assert_true(device_save(from, state, &error));
    g_assert_true(device_load(to, state->data, state->len, &error));
    assert_time(&second, 0x23, 0x59, 0x55);
    pass(&second, 4400 * MS);
    assert_line(&second, 0);
    pass(&second, 200 * MS);
    assert_line(&second, 1);
    assert_time(&second, 0x00, 0x00, 0x00);
    g_byte_array_set_size(state, 0);
    g_assert_true(device_save(to, state, &error));
    g_assert_true(device_load(from, state->data, state->len, &error));
    assert_time(&first, 0x00, 0x00, 0x00);
}

static void test_bad_properties(void)
{
    static const char *const bad[][2] = {
        { "base", "yesterday" }, { "base", "2023-02-29" }, { "base", "2024-01-01T24:00:00" },
        { "base", "2024-01-01 10:00:00" }, { "base", "" }, { "base", "2024-01-01T10:00" },
        { "lost_tick_policy", "delay" }, { "iobase", "0xffff" }, { "irq", "16" },
    };
    g_autoptr(Rig) rig = rig_new();

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(rig_device(rig, "mc146818rtc", "rtc", &error, bad[i][0], bad[i][1], NULL));
        g_assert_nonnull(error);
    }
}

/* Calendar arithmetic there and back, over centuries. */
static void test_calendar(void)
{
    RtcTime time;

    for (gint64 s = -70000000000; s < 250000000000; s += 86400 * 37 + 12345) {
        rtc_time_from_seconds(s, &time);
        g_assert_cmpint(rtc_time_to_seconds(&time), ==, s);
        g_assert_true(time.month >= 1 && time.month <= 12 && time.day >= 1 && time.day <= 31);
        g_assert_true(time.weekday >= 1 && time.weekday <= 7);
    }
    rtc_time_from_seconds(951782400, &time);            /* 2000-02-29, a Tuesday */
    g_assert_cmpint(time.year, ==, 2000);
    g_assert_cmpint(time.month, ==, 2);
    g_assert_cmpint(time.day, ==, 29);
    g_assert_cmpint(time.weekday, ==, 3);
}

#define CASE(name) { "/mc146818/" #name, test_##name }

static const struct {
    const char *path;
    void (*f)(void);
} test_cases[] = {
    CASE(address_map), CASE(bcd_24), CASE(binary), CASE(12_hours), CASE(set_time),
    CASE(change_event), CASE(set_nonsense), CASE(base_year), CASE(uip),
    CASE(uip_exact), CASE(divider_reset), CASE(periodic_rates), CASE(change_of_rate), CASE(far),
    CASE(periodic_polled), CASE(update_ended), CASE(alarm), CASE(alarm_polled),
    CASE(late_enable), CASE(read_only), CASE(lost_ticks), CASE(reset), CASE(two),
    CASE(moved), CASE(bad_properties), CASE(calendar),
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(test_cases); i++) {
        g_test_add_func(test_cases[i].path, test_cases[i].f);
    }
    return g_test_run();
}
