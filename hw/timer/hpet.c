/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * High precision event timer, after Intel's "IA-PC HPET Specification", revision
 * 1.0a: section 2.3 registers, 2.2 interrupts and legacy replacement.
 *
 * The main counter counts the machine's clock in steps of 10 ns, so it stops with
 * the machine.
 *
 * Modelled: 3 to 32 timers of 64 bits with 32-bit mode, one-shot and periodic, edge
 * and level interrupts by lines, edges by messages (FSB), legacy replacement.
 * Different from the chip:
 *  - A comparator that is set to a value which the counter has just passed (by less
 *    than half of 32 bits) matches immediately, and not after the counter has
 *    wrapped: a guest that was too slow would otherwise wait for 43 seconds.
 *  - Periods that passed before the host handled the timer are one interrupt, and
 *    periodic interrupts of one timer are at least FASTEST_NS apart.  Its comparator
 *    reads as if none had been left out.  Not modelled: accesses of less than 32 bits.
 *
 * Made by recipes.
 */
#include "config.h"
#include "hw/timer/hpet.h"

#include "hw/acpi/acpi-device.h"
#include "hw/core/irq.h"
#include "hw/machine/machine.h"
#include "qmp/error.h"
#include "qom/qapi-objects-timer.h"
#include "qom/qapi-trace.h"

enum {                          /* 2.3.1 */
    GCAP_ID = 0x000,
    GEN_CONF = 0x010,
    GINTR_STA = 0x020,
    MAIN_CNT = 0x0f0,
    TIMERS = 0x100,             /* first timer; 0x20 bytes each: */
    TN_CONF = 0x00,
    TN_COMPARATOR = 0x08,
    TN_FSB_ROUTE = 0x10,
    TN_SIZE = 0x20,
    HPET_SIZE = 0x400,          /* 2.3: which cuts off timers 24 to 31 */
};

enum {                          /* 2.3.4 GCAP_ID */
    CAP_REVISION = 0x01,
    CAP_COUNT_SIZE = 1 << 13,   /* 64 bits */
    CAP_LEG_RT = 1 << 15,
    CAP_VENDOR_SHIFT = 16,
    CAP_PERIOD_SHIFT = 32,
    VENDOR = 0x8086,
    TICK_NS = 10,
    TICK_FS = TICK_NS * 1000000,
};

enum {                          /* 2.3.5 GEN_CONF */
    CONF_ENABLE = 1 << 0,
    CONF_LEG_RT = 1 << 1,
    CONF_WRITABLE = CONF_ENABLE | CONF_LEG_RT,
};

enum {                          /* 2.3.8 Tn_CONF */
    TN_LEVEL = 1 << 1,
    TN_INT_ENB = 1 << 2,
    TN_PERIODIC = 1 << 3,
    TN_PER_CAP = 1 << 4,
    TN_SIZE_CAP = 1 << 5,
    TN_VAL_SET = 1 << 6,
    TN_32MODE = 1 << 8,
    TN_ROUTE_SHIFT = 9,
    TN_ROUTE = 0x1f << TN_ROUTE_SHIFT,
    TN_FSB_EN = 1 << 14,
    TN_FSB_CAP = 1 << 15,
    TN_ROUTE_CAP_SHIFT = 32,
    TN_WRITABLE = TN_LEVEL | TN_INT_ENB | TN_PERIODIC | TN_VAL_SET | TN_32MODE | TN_ROUTE |
                  TN_FSB_EN,
};

enum {
    TIMERS_MAX = 32,
    N_LINES = 24,
    LEGACY_PIT = 0,             /* line of timer 0, or of the 8254 */
    LEGACY_RTC = 8,             /* line of timer 1, or of the real time clock */
    FASTEST_NS = 20000,
};

#define LATE_MAX G_MAXINT32     /* ticks */

#define MSI_ADDRESS_MASK 0xfff00000u    /* a message goes to a local APIC: */
#define MSI_ADDRESS 0xfee00000u

typedef struct Hpet Hpet;

/* The host timer that waits for one timer's match. */
typedef struct {
    Hpet *s;
    guint n;
    Timer *timer;
} Wait;

struct Hpet {
    Device parent;
    guint64 gen_conf;
    guint64 status;             /* GINTR_STA */
    guint64 counter;            /* value while stopped; while it runs, see `offset` */
    guint64 offset;             /* its lead over the clock while it runs, in ticks */
    /* Timers. */
    guint64 config[TIMERS_MAX]; /* of TN_WRITABLE */
    guint64 comparator[TIMERS_MAX];
    guint64 period[TIMERS_MAX]; /* last value written, while periodic */
    guint64 fsb_route[TIMERS_MAX];
    guint64 match[TIMERS_MAX];  /* counter's value at the next match, if there is one: */
    bool armed[TIMERS_MAX];
    /* Wiring. */
    bool pit_level, rtc_level;  /* inputs */
    Machine *machine;
    Wait waits[TIMERS_MAX];     /* as many as there are timers */
    MachineListener *listener;
    MemoryRegion *region;
    Irq *lines[N_LINES];
    Irq *pit_enabled;
};

/* ---- The main counter ---- */

static guint64 clock_ticks(const Hpet *s)
{
    return clock_now(s->machine->clock, CLOCK_KIND_VIRTUAL) / TICK_NS;
}

static bool counts(const Hpet *s)
{
    return s->gen_conf & CONF_ENABLE;
}

static guint64 counter_at(const Hpet *s, guint64 ticks)
{
    return counts(s) ? ticks + s->offset : s->counter;
}

static guint64 counter_now(const Hpet *s)
{
    return counter_at(s, clock_ticks(s));
}

/* ---- Interrupts, 2.2 ---- */

static bool legacy(const Hpet *s)
{
    return s->gen_conf & CONF_LEG_RT;
}

/* The line of timer n; N_LINES if it has none. */
static guint line_of(const Hpet *s, guint n)
{
    guint route = (s->config[n] & TN_ROUTE) >> TN_ROUTE_SHIFT;

    if (legacy(s) && n < 2) {
        return n == 0 ? LEGACY_PIT : LEGACY_RTC;
    }
    return route < N_LINES && hpet_props(s)->hpet_intcap >> route & 1 ? route : N_LINES;
}

static bool drives_line(const Hpet *s, guint n)
{
    return counts(s) && (s->config[n] & TN_INT_ENB) && !(s->config[n] & TN_FSB_EN);
}

/* The only place that derives lines: timers with level interrupts hold theirs
 * while their status bit is set, and the legacy chips' lines pass through outside
 * legacy mode. */
static void update_irq(Hpet *s)
{
    guint32 high = 0;

    for (guint n = 0; n < hpet_props(s)->timers; n++) {
        if ((s->status >> n & 1) && drives_line(s, n) && line_of(s, n) < N_LINES) {
            high |= 1u << line_of(s, n);
        }
    }
    if (!legacy(s)) {
        high |= s->pit_level << LEGACY_PIT | s->rtc_level << LEGACY_RTC;
    }
    for (guint i = 0; i < N_LINES; i++) {
        irq_set(s->lines[i], high >> i & 1);
    }
    irq_set(s->pit_enabled, !legacy(s));
}

/* 2.3.9.2.4: the route's upper half is the address, the lower one the value.  Other
 * addresses are not written: only interrupt messages are sent. */
static void send_message(Hpet *s, guint n)
{
    const AccelOps *ops = accel_ops(s->machine->accel);
    const AccelMsi msi = {
        .address = s->fsb_route[n] >> 32,
        .data = s->fsb_route[n],
    };

    if (ops->msi_send && (msi.address & MSI_ADDRESS_MASK) == MSI_ADDRESS) {
        ops->msi_send(s->machine->accel, &msi);
    }
}

/* Timer n has matched. */
static void interrupt(Hpet *s, guint n)
{
    trace_hpet_interrupt(s, n);
    if (s->config[n] & TN_FSB_EN) {
        if (s->config[n] & TN_INT_ENB) {
            send_message(s, n);
        }
    } else if (s->config[n] & TN_LEVEL) {
        s->status |= G_GUINT64_CONSTANT(1) << n;
    } else if (drives_line(s, n) && line_of(s, n) < N_LINES) {
        irq_set(s->lines[line_of(s, n)], true);         /* an edge: update_irq() ends it */
    }
    update_irq(s);
}

/* ---- Timers ---- */

static bool is_32bit(const Hpet *s, guint n)
{
    return s->config[n] & TN_32MODE;
}

/* Ticks until the counter is where the comparator is. */
static guint64 ticks_to(const Hpet *s, guint n, guint64 counter)
{
    guint64 ticks = s->comparator[n] - counter;

    return is_32bit(s, n) ? (guint32)ticks : ticks;
}

/* Whether the counter passed it only a short while ago: with the first of two halves
 * written, a comparator may have a value that was passed long ago. */
static bool has_passed(const Hpet *s, guint n, guint64 counter)
{
    guint64 ticks = counter - s->comparator[n];

    return (is_32bit(s, n) ? (guint32)ticks : ticks) <= LATE_MAX;
}

/* Sets the host timer for timer n's match: the only place that does.  It reads the clock
 * only once: time between two reads would be missing from the wait. */
static void wait_for(Hpet *s, guint n)
{
    gint64 now = clock_ticks(s);
    gint64 ticks = s->match[n] - counter_at(s, now);

    if (counts(s) && s->armed[n]) {
        timer_set(s->waits[n].timer,
                  clock_add(now * TICK_NS, clock_multiply(MAX(ticks, 0), TICK_NS)));
    } else {
        timer_cancel(s->waits[n].timer);
    }
}

static void wait_for_all(Hpet *s)
{
    for (guint n = 0; n < hpet_props(s)->timers; n++) {
        wait_for(s, n);
    }
}

/* Sets timer n's next match to so many ticks from now.  Half the range of a 64-bit
 * counter is 2900 years: more than that counts as never, and differences of two
 * counters are smaller in either direction. */
static void match_in(Hpet *s, guint n, guint64 counter, guint64 ticks)
{
    s->match[n] = counter + ticks;
    s->armed[n] = ticks <= G_MAXINT64;
    wait_for(s, n);
}

/* After a change of timer n or of the counter; at_once: a comparator that the
 * counter has just passed matches now. */
static void arm(Hpet *s, guint n, bool at_once)
{
    guint64 counter = counter_now(s);
    bool late = at_once && has_passed(s, n, counter);

    match_in(s, n, counter, late ? 0 : ticks_to(s, n, counter));
}

static guint64 period_of(const Hpet *s, guint n)
{
    return is_32bit(s, n) ? (guint32)s->period[n] : s->period[n];
}

/* 2.3.9.2.2: a periodic timer's comparator moves on by its period with each match;
 * this many times since the last interrupt. */
static guint64 periods_passed(const Hpet *s, guint n, guint64 counter)
{
    guint64 late = counter - s->match[n];

    if (!counts(s) || !s->armed[n] || !(s->config[n] & TN_PERIODIC) || period_of(s, n) == 0 ||
        (gint64)late < 0) {
        return 0;
    }
    return late / period_of(s, n) + 1;
}

static guint64 comparator_now(const Hpet *s, guint n)
{
    guint64 value = s->comparator[n] +
                    periods_passed(s, n, counter_now(s)) * period_of(s, n);

    return is_32bit(s, n) ? (guint32)value : value;
}

static void next_period(Hpet *s, guint n, guint64 counter)
{
    guint64 period = period_of(s, n);

    s->comparator[n] = comparator_now(s, n);
    if (period == 0) {
        s->armed[n] = false;
    } else {
        match_in(s, n, counter, period - (counter - s->match[n]) % period);
    }
}

/* 2.3.9.2.1: a 32-bit timer matches again when the counter has wrapped. */
static void next_round(Hpet *s, guint n, guint64 counter)
{
    if (is_32bit(s, n)) {
        match_in(s, n, counter, (G_GUINT64_CONSTANT(1) << 32) - (guint32)(counter - s->match[n]));
    } else {
        s->armed[n] = false;
    }
}

/*
 * To be called before the period changes: accounts for periods that were left
 * out, at the old period.
 */
static void leave_out(Hpet *s, guint n)
{
    guint64 counter = counter_now(s);

    if (periods_passed(s, n, counter) > 1) {
        next_period(s, n, counter);
    }
}

static void on_timer(void *opaque, gint64 now)
{
    const Wait *wait = opaque;
    Hpet *s = wait->s;
    guint n = wait->n;
    guint64 counter = counter_now(s);

    if ((gint64)(counter - s->match[n]) < 0) {
        wait_for(s, n);
        return;
    }
    if (s->config[n] & TN_PERIODIC) {
        next_period(s, n, counter);
    } else {
        next_round(s, n, counter);
    }
    interrupt(s, n);
}

/* ---- Registers, 2.3 ---- */

static guint64 read_capabilities(const Hpet *s)
{
    return CAP_REVISION | (guint64)(hpet_props(s)->timers - 1) << 8 | CAP_COUNT_SIZE |
           CAP_LEG_RT | (guint64)VENDOR << CAP_VENDOR_SHIFT | (guint64)TICK_FS << CAP_PERIOD_SHIFT;
}

static guint64 read_tn_conf(const Hpet *s, guint n)
{
    return s->config[n] | TN_PER_CAP | TN_SIZE_CAP | (hpet_props(s)->msi ? TN_FSB_CAP : 0) |
           (guint64)hpet_props(s)->hpet_intcap << TN_ROUTE_CAP_SHIFT;
}

static guint64 read_timer(const Hpet *s, guint n, guint64 offset)
{
    if (n >= hpet_props(s)->timers) {
        return 0;
    }
    switch (offset) {
    case TN_CONF:
        return read_tn_conf(s, n);
    case TN_COMPARATOR:
        return comparator_now(s, n);
    case TN_FSB_ROUTE:
        return s->fsb_route[n];
    default:
        return 0;
    }
}

/* offset is a multiple of 8. */
static guint64 read_register(const Hpet *s, guint64 offset)
{
    if (offset >= TIMERS) {
        return read_timer(s, (offset - TIMERS) / TN_SIZE, offset % TN_SIZE);
    }
    switch (offset) {
    case GCAP_ID:
        return read_capabilities(s);
    case GEN_CONF:
        return s->gen_conf;
    case GINTR_STA:
        return s->status;
    case MAIN_CNT:
        return counter_now(s);
    default:
        return 0;
    }
}

static void write_gen_conf(Hpet *s, guint64 value)
{
    guint64 counter = counter_now(s);
    bool counted = counts(s);

    for (guint n = 0; !(value & CONF_ENABLE) && n < hpet_props(s)->timers; n++) {
        s->comparator[n] = comparator_now(s, n);
    }
    s->gen_conf = value & CONF_WRITABLE;
    if (!counted && counts(s)) {
        s->offset = counter - clock_ticks(s);
        for (guint n = 0; n < hpet_props(s)->timers; n++) {
            arm(s, n, false);
        }
    } else {
        s->counter = counter;
    }
    update_irq(s);
    wait_for_all(s);
}

/* 2.3.7: only while it is stopped. */
static void write_counter(Hpet *s, guint64 value)
{
    if (!counts(s)) {
        s->counter = value;
    }
}

/* An invalid route is not accepted. */
static guint64 valid_route(const Hpet *s, guint n, guint64 value)
{
    guint route = (value & TN_ROUTE) >> TN_ROUTE_SHIFT;

    if (hpet_props(s)->hpet_intcap >> route & 1) {
        return value;
    }
    return (value & ~(guint64)TN_ROUTE) | (s->config[n] & TN_ROUTE);
}

static void write_tn_conf(Hpet *s, guint n, guint64 value)
{
    guint64 old = s->config[n];

    value = valid_route(s, n, value) & TN_WRITABLE;
    if (!hpet_props(s)->msi) {
        value &= ~TN_FSB_EN;
    }
    if (!(value & TN_PERIODIC)) {
        value &= ~TN_VAL_SET;
    }
    if (!(value & TN_LEVEL)) {
        s->status &= ~(G_GUINT64_CONSTANT(1) << n);
    }
    if ((old ^ value) & (TN_PERIODIC | TN_32MODE)) {
        s->comparator[n] = comparator_now(s, n);
    }
    s->config[n] = value;
    if (is_32bit(s, n)) {
        s->comparator[n] = (guint32)s->comparator[n];
        s->period[n] = (guint32)s->period[n];
    }
    if ((old ^ value) & (TN_PERIODIC | TN_32MODE)) {
        arm(s, n, false);
    }
}

/* 2.3.9.2.2: for a periodic timer the value is the period, and after VAL_SET, which
 * is cleared by that, also the comparator.  mask: the written bits. */
static void write_comparator(Hpet *s, guint n, guint64 value, guint64 mask)
{
    bool periodic = s->config[n] & TN_PERIODIC;

    if (is_32bit(s, n)) {
        mask &= G_MAXUINT32;
    }
    if (periodic) {
        leave_out(s, n);
        s->period[n] = (s->period[n] & ~mask) | (value & mask);
    }
    if (!periodic || (s->config[n] & TN_VAL_SET)) {
        s->comparator[n] = (s->comparator[n] & ~mask) | (value & mask);
        s->config[n] &= ~(guint64)TN_VAL_SET;
        arm(s, n, true);
    }
}

static void write_timer(Hpet *s, guint n, guint64 offset, guint64 value, guint64 mask)
{
    if (n >= hpet_props(s)->timers) {
        return;
    }
    switch (offset) {
    case TN_CONF:
        write_tn_conf(s, n, (s->config[n] & ~mask) | (value & mask));
        break;
    case TN_COMPARATOR:
        write_comparator(s, n, value, mask);
        break;
    case TN_FSB_ROUTE:
        s->fsb_route[n] = (s->fsb_route[n] & ~mask) | (value & mask);
        break;
    default:
        break;
    }
    update_irq(s);
}

/* offset is a multiple of 8; mask: the written bits. */
static void write_register(Hpet *s, guint64 offset, guint64 value, guint64 mask)
{
    if (offset >= TIMERS) {
        write_timer(s, (offset - TIMERS) / TN_SIZE, offset % TN_SIZE, value, mask);
        return;
    }
    switch (offset) {
    case GEN_CONF:
        write_gen_conf(s, (s->gen_conf & ~mask) | (value & mask));
        break;
    case GINTR_STA:
        s->status &= ~(value & mask);   /* 2.3.6: ones clear */
        update_irq(s);
        break;
    case MAIN_CNT:
        write_counter(s, (s->counter & ~mask) | (value & mask));
        break;
    default:
        break;
    }
}

static const char *register_name(guint64 offset)
{
    static const TraceRegister names[] = {
        { GCAP_ID, "GCAP_ID" }, { GEN_CONF, "GEN_CONF" }, { GINTR_STA, "GINTR_STA" },
        { MAIN_CNT, "MAIN_CNT" }, { TIMERS + TN_CONF, "T0_CONF" },
        { TIMERS + TN_COMPARATOR, "T0_COMPARATOR" }, { TIMERS + TN_FSB_ROUTE, "T0_FSB_ROUTE" },
    };

    offset &= ~7u;
    return trace_register(names, G_N_ELEMENTS(names),
                          offset < TIMERS ? offset : TIMERS + offset % TN_SIZE, "?");
}

static guint64 hpet_read(void *opaque, guint64 offset, guint size)
{
    guint64 value = read_register(opaque, offset & ~7u) >> 8 * (offset & 7);

    if (trace_wanted(TRACE_HPET_RAM_READ)) {
        trace_hpet_ram_read(opaque, register_name(offset), offset, value);
    }
    return value;
}

static void hpet_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    guint shift = 8 * (offset & 7);
    guint64 mask = size == 8 ? G_MAXUINT64 : (guint64)G_MAXUINT32 << shift;

    if (trace_wanted(TRACE_HPET_RAM_WRITE)) {
        trace_hpet_ram_write(opaque, register_name(offset), offset, value);
    }
    write_register(opaque, offset & ~7u, value << shift, mask);
}

static const RegionOps hpet_ops = {
    .read = hpet_read,
    .write = hpet_write,
    .min_size = 4,
    .max_size = 8,
};

static const StateRow hpet_state[] = {
    STATE_FIELD(U64, Hpet, gen_conf, 0),
    STATE_FIELD(U64, Hpet, status, 0),
    STATE_FIELD(U64, Hpet, counter, 0),
    STATE_FIELD(U64, Hpet, offset, 0),
    STATE_ARRAY(U64, Hpet, config, 0),
    STATE_ARRAY(U64, Hpet, comparator, G_MAXUINT64),
    STATE_ARRAY(U64, Hpet, period, 0),
    STATE_ARRAY(U64, Hpet, fsb_route, 0),
    STATE_ARRAY(U64, Hpet, match, 0),
    STATE_ARRAY(BOOL, Hpet, armed, false),
    STATE_ROWS_END
};

/* ---- Wiring and life ---- */

/* The 8254's line (0) or the real time clock's (1). */
static void on_legacy_line(void *opaque, guint n, bool level)
{
    Hpet *s = opaque;

    if (n == 0) {
        s->pit_level = level;
    } else {
        s->rtc_level = level;
    }
    if (s->region) {
        update_irq(s);
    }
}

/* Saves the counter's value for state without the offset. */
static void on_run(void *opaque, bool running)
{
    Hpet *s = opaque;

    if (!running) {
        s->counter = counter_now(s);
    }
}

static void hpet_init(Object *obj)
{
    gpio_out_new(obj, "irq", N_LINES);
    gpio_out_new(obj, "unnamed-gpio-out", 1);
    gpio_in_new(obj, "unnamed-gpio-in", 2, on_legacy_line, obj);
}

static bool hpet_realize(Device *dev, GError **error)
{
    Hpet *s = to_hpet(dev);

    s->machine = machine_of(dev);
    for (guint i = 0; i < N_LINES; i++) {
        s->lines[i] = gpio(&dev->object, "irq", i);
    }
    s->pit_enabled = gpio(&dev->object, "unnamed-gpio-out", 0);
    for (guint n = 0; n < hpet_props(s)->timers; n++) {
        s->waits[n] = (Wait){ .s = s, .n = n };
        s->waits[n].timer = timer_new(s->machine->clock, CLOCK_KIND_VIRTUAL, FASTEST_NS, on_timer,
                                      &s->waits[n]);
    }
    s->listener = machine_add_listener(s->machine, on_run, s);
    s->region = region_new_io(&dev->object, "hpet", &hpet_ops, s, HPET_SIZE);
    region_add(address_space_root(s->machine->memory), hpet_props(s)->base, s->region, 0);
    update_irq(s);
    return true;
}

static void hpet_unrealize(Device *dev)
{
    Hpet *s = to_hpet(dev);

    region_remove(address_space_root(s->machine->memory), s->region);
    region_free(s->region);
    s->region = NULL;
    machine_remove_listener(s->machine, s->listener);
    for (guint n = 0; n < hpet_props(s)->timers; n++) {
        g_clear_pointer(&s->waits[n].timer, timer_free);
    }
    for (guint i = 0; i < N_LINES; i++) {
        irq_set(s->lines[i], false);
    }
    irq_set(s->pit_enabled, false);
}

static void hpet_reset_enter(Device *dev)
{
    Hpet *s = to_hpet(dev);

    for (guint n = 0; n < hpet_props(s)->timers; n++) {
        timer_cancel(s->waits[n].timer);
    }
}

static void hpet_reset_hold(Device *dev)
{
    update_irq(to_hpet(dev));
}

/* Rejects bits that no write sets, and times that these timers cannot have. */
static bool state_ok(const Hpet *s)
{
    bool ok = !(s->gen_conf & ~(guint64)CONF_WRITABLE);

    for (guint n = 0; n < TIMERS_MAX; n++) {
        ok = ok && !(s->config[n] & ~(guint64)TN_WRITABLE);
        ok = ok && (n < hpet_props(s)->timers || !(s->status >> n & 1));
    }
    return ok && !(s->status >> 32);
}

static bool hpet_state_loaded(Device *dev, GError **error)
{
    Hpet *s = to_hpet(dev);

    if (!state_ok(s)) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "state of '%s' is not that of an HPET",
                      dev->object.name);
        return false;
    }
    if (!hpet_props(s)->hpet_offset_saved) {
        s->offset = s->counter - clock_ticks(s);
    }
    update_irq(s);
    wait_for_all(s);
    return true;
}

static void hpet_acpi(Device *dev, AcpiDevices *devices)
{
    devices->hpet = hpet_props(dev)->base;
}

const TypeInfo hpet_type = {
    .schema = &qmp_class_hpet,
    .size = sizeof(Hpet),
    .object = &(const ObjectOps){
        .init = hpet_init,
    },
    .device = &(const DeviceOps){
        .realize = hpet_realize,
        .unrealize = hpet_unrealize,
        .reset_enter = hpet_reset_enter,
        .reset_hold = hpet_reset_hold,
        .state = hpet_state,
        .state_loaded = hpet_state_loaded,
        .acpi = hpet_acpi,
    },
};
