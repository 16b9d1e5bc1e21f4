/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MC146818A real time clock plus RAM, after Motorola's data sheet "MC146818A
 * Advance Information", 1984: the address map, the time, calendar and alarm
 * locations, the dividers, registers A to D, the update cycle and the three
 * interrupts; with the century byte at 0x32 and 128 bytes of memory that PCs
 * have had since the AT.  Made by recipes and by device_add.
 *
 * Nothing ticks.  The clock's time plus a phase below one second is the dividers'
 * time, whose whole seconds plus an offset are the guest's time; registers are
 * computed when they are read.  catch_up() determines what happened since the
 * last access (periodic edges, updates, alarms); a timer runs only for enabled
 * interrupts.
 *
 * Not modelled: the square wave output, daylight saving (bit DSE is only
 * stored), the length of the update cycle (registers change instantly, 244 us
 * after UIP rises), the alternative time bases of 4 and 1 MHz.
 */
#include "config.h"
#include "hw/rtc/mc146818.h"

#include <string.h>

#include "hw/acpi/acpi-device.h"
#include "hw/isa/isa-bus.h"
#include "hw/machine/machine.h"
#include "hw/rtc/rtc-time.h"
#include "qmp/error.h"
#include "qmp/qapi-events.h"
#include "qom/env.h"
#include "qom/qapi-objects-device.h"
#include "qom/qapi-trace.h"

enum {                          /* address map */
    RTC_SECONDS = 0x00,
    RTC_SECONDS_ALARM = 0x01,
    RTC_MINUTES = 0x02,
    RTC_MINUTES_ALARM = 0x03,
    RTC_HOURS = 0x04,
    RTC_HOURS_ALARM = 0x05,
    RTC_DAY_OF_WEEK = 0x06,
    RTC_DATE = 0x07,
    RTC_MONTH = 0x08,
    RTC_YEAR = 0x09,
    RTC_A = 0x0a,
    RTC_B = 0x0b,
    RTC_C = 0x0c,
    RTC_D = 0x0d,
    RTC_CENTURY = 0x32,         /* PC/AT */
    RTC_SIZE = 0x80,
};

enum {                          /* register A */
    A_UIP = 0x80,
    A_DV_RESET = 0x60,          /* both: the dividers are held in reset */
    A_DV_32K = 0x20,
    A_RS = 0x0f,
    A_START = A_DV_32K | 6,     /* 1024 Hz, as firmware leaves it */
};

enum {                          /* register B */
    B_SET = 0x80,
    B_PIE = 0x40,
    B_AIE = 0x20,
    B_UIE = 0x10,
    B_SQWE = 0x08,
    B_DM = 0x04,                /* binary, else BCD */
    B_24H = 0x02,
    B_RESET_CLEARS = B_PIE | B_AIE | B_UIE | B_SQWE,
};

enum {                          /* register C; PF, AF, UF as PIE, AIE, UIE in B */
    C_IRQF = 0x80,
    C_PF = 0x40,
    C_AF = 0x20,
    C_UF = 0x10,
    C_FLAGS = C_PF | C_AF | C_UF,
};

#define D_VRT 0x80              /* the battery is good */
#define ALARM_ANY 0xc0          /* don't care, from here to 0xff */
#define HOURS_PM 0x80
#define NS G_GINT64_CONSTANT(1000000000)
#define HALF_SECOND (NS / 2)
#define TICKS 32768             /* per second */
#define UIP_NS (8 * NS / TICKS) /* from UIP to the update, in whole ns */
#define FASTEST_NS (2 * NS / TICKS)     /* half of the shortest period */
#define OFFSET_MAX (G_GINT64_CONSTANT(1) << 43) /* seconds: beyond all years of five digits */
#define COALESCED_MAX 1000

struct Mc146818 {
    Device parent;
    /* Guest-visible. */
    guint8 index;               /* port 0: which byte port 1 is */
    guint8 cmos[RTC_SIZE];      /* times are stored here only while the clock is stopped */
    gint64 offset;              /* guest's seconds minus dividers' seconds */
    guint32 phase;              /* dividers' time minus clock time, ns below a second */
    guint8 weekday_offset;      /* the chip's weekday need not fit the date */
    gint64 checked;             /* clock time up to which flags in C are current */
    gint64 edge;                /* tick of the dividers that periodic edges count from */
    guint32 coalesced;          /* periodic interrupts still owed */
    /* Host side and wiring. */
    Clock *clock;
    ClockKind kind;
    Timer *timer;               /* updates and the alarm */
    Timer *periodic_timer;
    gint64 moved, time;         /* clock time: less the host's; and when it was saved */
    gint64 start_offset;        /* initial offset and phase */
    guint32 start_phase;
    gint64 said;                /* seconds of the last RTC_CHANGE */
    MemoryRegion *region;
    Irq *irq;
};

/* ---- Helpers ---- */

static gint64 seconds_of(gint64 ns)
{
    return ns / NS - (ns % NS < 0);
}

static gint64 fraction_of(gint64 ns)
{
    return ns - seconds_of(ns) * NS;
}

static gint64 clock_time(const Mc146818 *s)
{
    return clock_add(clock_now(s->clock, s->kind), s->moved);
}

static gint64 divider_time(const Mc146818 *s, gint64 now)
{
    return clock_add(now, s->phase);
}

/* Seconds since 1970 as the guest counts them. */
static gint64 guest_seconds(const Mc146818 *s, gint64 divider)
{
    return seconds_of(divider) + s->offset;
}

static bool dividers_run(const Mc146818 *s)
{
    return (s->cmos[RTC_A] & A_DV_RESET) != A_DV_RESET;
}

/* Whether the clock is running. */
static bool updates(const Mc146818 *s)
{
    return dividers_run(s) && !(s->cmos[RTC_B] & B_SET);
}

/* Ticks of the divider between periodic interrupts; 0: none. */
static guint period(const Mc146818 *s)
{
    guint rs = s->cmos[RTC_A] & A_RS;

    if (rs == 0 || !dividers_run(s)) {
        return 0;
    }
    return 1u << (rs <= 2 ? rs + 6 : rs - 1);
}

static gint64 ticks_of(gint64 ns)
{
    return seconds_of(ns) * TICKS + fraction_of(ns) * TICKS / NS;
}

/* The last periodic edge of a period that is not 0, up to a tick. */
static gint64 last_edge(const Mc146818 *s, guint ticks, gint64 at)
{
    gint64 rest = (at - s->edge) % ticks;

    return at - rest - (rest < 0 ? ticks : 0);
}

/* The first nanosecond of a tick. */
static gint64 tick_start(gint64 ticks)
{
    gint64 second = ticks / TICKS - (ticks % TICKS < 0);

    return clock_add(clock_multiply(second, NS),
                     ((ticks - second * TICKS) * NS + TICKS - 1) / TICKS);
}

static guint8 encode(const Mc146818 *s, guint value)
{
    return s->cmos[RTC_B] & B_DM ? value : (value / 10 % 10) << 4 | value % 10;
}

static guint decode(const Mc146818 *s, guint8 value)
{
    return s->cmos[RTC_B] & B_DM ? value : (value >> 4) * 10 + (value & 0x0f);
}

static guint8 encode_hour(const Mc146818 *s, guint hour)
{
    if (s->cmos[RTC_B] & B_24H) {
        return encode(s, hour);
    }
    return encode(s, hour % 12 ? hour % 12 : 12) | (hour >= 12 ? HOURS_PM : 0);
}

static guint decode_hour(const Mc146818 *s, guint8 value)
{
    if (s->cmos[RTC_B] & B_24H) {
        return decode(s, value);
    }
    return decode(s, value & ~HOURS_PM) % 12 + (value & HOURS_PM ? 12 : 0);
}

/* ---- Time in registers ---- */

/* 2000 stands for calendar years. */
static int base_year(const Mc146818 *s)
{
    return mc146818rtc_props(s)->base_year == 2000 ? 0 : mc146818rtc_props(s)->base_year;
}

/* Stores the time at `now` in the registers. */
static void latch_time(Mc146818 *s, gint64 now)
{
    RtcTime time;
    guint year;

    rtc_time_from_seconds(guest_seconds(s, divider_time(s, now)), &time);
    year = CLAMP(time.year - base_year(s), 0, 9999);
    s->cmos[RTC_SECONDS] = encode(s, time.second);
    s->cmos[RTC_MINUTES] = encode(s, time.minute);
    s->cmos[RTC_HOURS] = encode_hour(s, time.hour);
    s->cmos[RTC_DAY_OF_WEEK] = encode(s, (time.weekday - 1 + s->weekday_offset) % 7 + 1);
    s->cmos[RTC_DATE] = encode(s, time.day);
    s->cmos[RTC_MONTH] = encode(s, time.month);
    s->cmos[RTC_YEAR] = encode(s, year % 100);
    s->cmos[RTC_CENTURY] = encode(s, year / 100);
}

/* Seconds by which the guest has set its time forward, rounded. */
static gint64 changed_by(const Mc146818 *s)
{
    gint64 phase = (gint64)s->phase - s->start_phase;

    return s->offset - s->start_offset + seconds_of(phase + HALF_SECOND);
}

static void send_change(Mc146818 *s)
{
    const Env *env = object_env(&s->parent.object);
    EventRtcChange event = { .offset = changed_by(s) };
    g_autofree char *path = NULL;

    if (event.offset == s->said || !env || !env->events) {
        return;
    }
    s->said = event.offset;
    event.qom_path = path = object_path(&s->parent.object);
    qmp_event_rtc_change(env->events, &event);
}

/* Makes now the given second and fraction of it in ns. */
static void set_guest_time(Mc146818 *s, gint64 now, gint64 seconds, gint64 fraction)
{
    s->phase = fraction_of(fraction - fraction_of(now));
    s->offset = seconds - seconds_of(divider_time(s, now));
    s->checked = now;
}

/* Sets the time at `now` from the registers; fraction: of the second, in ns. */
static void set_time(Mc146818 *s, gint64 now, gint64 fraction)
{
    RtcTime time = {
        .year = decode(s, s->cmos[RTC_YEAR]) + decode(s, s->cmos[RTC_CENTURY]) * 100 +
                base_year(s),
        .month = decode(s, s->cmos[RTC_MONTH]),
        .day = decode(s, s->cmos[RTC_DATE]),
        .hour = decode_hour(s, s->cmos[RTC_HOURS]),
        .minute = decode(s, s->cmos[RTC_MINUTES]),
        .second = decode(s, s->cmos[RTC_SECONDS]),
    };
    gint64 seconds = rtc_time_to_seconds(&time);
    RtcTime proper;

    rtc_time_from_seconds(seconds, &proper);
    s->weekday_offset = (decode(s, s->cmos[RTC_DAY_OF_WEEK]) + 7 - proper.weekday) % 7;
    set_guest_time(s, now, seconds, fraction);
    send_change(s);
}

/* ---- Interrupts ---- */

static RtcAlarm alarm_of(const Mc146818 *s)
{
    guint8 second = s->cmos[RTC_SECONDS_ALARM];
    guint8 minute = s->cmos[RTC_MINUTES_ALARM];
    guint8 hour = s->cmos[RTC_HOURS_ALARM];

    return (RtcAlarm) {
        .second = second >= ALARM_ANY ? -1 : (int)decode(s, second),
        .minute = minute >= ALARM_ANY ? -1 : (int)decode(s, minute),
        .hour = hour >= ALARM_ANY ? -1 : (int)decode_hour(s, hour),
    };
}

/* The only place that derives IRQF and sets the line. */
static void update_irq(Mc146818 *s)
{
    guint8 *c = &s->cmos[RTC_C];

    *c &= C_FLAGS;
    if (*c & s->cmos[RTC_B]) {
        *c |= C_IRQF;
    }
    irq_set(s->irq, *c & C_IRQF);
}

/* Handles periodic edges: one sets the flag, others may be owed. */
static void note_edges(Mc146818 *s, gint64 edges)
{
    if (edges <= 0) {
        return;
    }
    if (mc146818rtc_props(s)->lost_tick_policy == LOST_TICK_POLICY_SLEW &&
        (s->cmos[RTC_B] & B_PIE)) {
        edges -= s->cmos[RTC_C] & C_PF ? 0 : 1;
        s->coalesced = MIN(s->coalesced + edges, COALESCED_MAX);
    }
    s->cmos[RTC_C] |= C_PF;
}

/* Handles the periodic edges since the last call. */
static void catch_up_periodic(Mc146818 *s, gint64 before, gint64 after)
{
    guint ticks = period(s);

    if (ticks) {
        note_edges(s, (last_edge(s, ticks, ticks_of(after)) -
                       last_edge(s, ticks, ticks_of(before))) / ticks);
    }
}

/* After a change of the rate: the new period begins with the last edge, and if it
 * should have ended by now, it ends now.  This is QEMU's rule: the chip's edges are
 * those of its dividers at either rate. */
static void change_rate(Mc146818 *s, gint64 now, guint old)
{
    gint64 at = ticks_of(divider_time(s, now));
    guint ticks = period(s);

    if (ticks == old || ticks == 0) {
        return;
    }
    s->edge = old ? last_edge(s, old, at) : at;
    if (at - s->edge >= ticks) {
        s->edge = at;
        note_edges(s, 1);
    }
}

/* Update cycles and the alarm. */
static void catch_up_updates(Mc146818 *s, gint64 before, gint64 after)
{
    gint64 seconds = seconds_of(after) - seconds_of(before);
    RtcAlarm alarm = alarm_of(s);
    guint next;

    if (seconds <= 0) {
        return;
    }
    s->cmos[RTC_C] |= C_UF;
    next = rtc_alarm_next(&alarm, guest_seconds(s, before));
    if (next > 0 && next <= seconds) {
        s->cmos[RTC_C] |= C_AF;
        if (s->cmos[RTC_B] & B_AIE) {
            machine_request_wake(machine_of(s), WAKE_REASON_RTC);
        }
    }
}

/* Brings the flags up to now.  A clock that was set back has no events. */
static void catch_up(Mc146818 *s, gint64 now)
{
    gint64 before = divider_time(s, s->checked), after = divider_time(s, now);

    catch_up_periodic(s, before, after);
    if (updates(s)) {
        catch_up_updates(s, before, after);
    }
    s->checked = now;
}

/* Dividers' time of the next periodic edge that would interrupt, or CLOCK_NEVER. */
static gint64 next_edge(const Mc146818 *s, gint64 divider)
{
    guint ticks = period(s);

    if (!(s->cmos[RTC_B] & B_PIE) || !ticks) {
        return CLOCK_NEVER;
    }
    return tick_start(last_edge(s, ticks, ticks_of(divider)) + ticks);
}

/* The same for the next update or alarm. */
static gint64 next_event(const Mc146818 *s, gint64 divider)
{
    guint8 b = s->cmos[RTC_B];
    RtcAlarm alarm = alarm_of(s);
    guint wait = 0;

    if (updates(s) && (b & B_AIE)) {
        wait = rtc_alarm_next(&alarm, guest_seconds(s, divider));
    }
    if (updates(s) && (b & B_UIE)) {
        wait = 1;
    }
    return wait ? clock_multiply(seconds_of(divider) + wait, NS) : CLOCK_NEVER;
}

/* CLOCK_NEVER stays CLOCK_NEVER in clock time. */
static void wait_until(const Mc146818 *s, Timer *timer, gint64 divider)
{
    timer_set(timer, divider == CLOCK_NEVER ? CLOCK_NEVER
                                            : clock_add(divider - s->phase, -s->moved));
}

/* After any change: line and timers. */
static void rearm(Mc146818 *s, gint64 now)
{
    gint64 divider = divider_time(s, now);

    update_irq(s);
    wait_until(s, s->periodic_timer, next_edge(s, divider));
    wait_until(s, s->timer, next_event(s, divider));
}

static void on_timer(void *opaque, gint64 now)
{
    Mc146818 *s = opaque;

    catch_up(s, clock_add(now, s->moved));
    rearm(s, clock_add(now, s->moved));
}

/* ---- Registers ---- */

static bool is_time(guint index)
{
    switch (index) {
    case RTC_SECONDS:
    case RTC_MINUTES:
    case RTC_HOURS:
    case RTC_DAY_OF_WEEK:
    case RTC_DATE:
    case RTC_MONTH:
    case RTC_YEAR:
    case RTC_CENTURY:
        return true;
    default:
        return false;
    }
}

static guint8 read_a(const Mc146818 *s, gint64 now)
{
    bool uip = updates(s) && fraction_of(divider_time(s, now)) >= NS - UIP_NS;

    return s->cmos[RTC_A] | (uip ? A_UIP : 0);
}

/* Reading clears all flags; an owed interrupt follows immediately. */
static guint8 read_c(Mc146818 *s, gint64 now)
{
    guint8 value;

    catch_up(s, now);
    update_irq(s);
    value = s->cmos[RTC_C];
    s->cmos[RTC_C] = 0;
    rearm(s, now);
    if (s->coalesced > 0 && (s->cmos[RTC_B] & B_PIE)) {
        s->coalesced--;
        s->cmos[RTC_C] = C_PF;
        update_irq(s);
    }
    return value;
}

static void write_time(Mc146818 *s, gint64 now, guint8 value)
{
    if (!updates(s)) {
        s->cmos[s->index] = value;
        return;
    }
    catch_up(s, now);
    latch_time(s, now);
    s->cmos[s->index] = value;
    set_time(s, now, fraction_of(divider_time(s, now)));
    rearm(s, now);
}

/* Changes A or B; they stop and start time.  When the dividers leave their
 * reset, the first update comes half a second later. */
static void write_control(Mc146818 *s, gint64 now, guint index, guint8 value)
{
    bool had_updates = updates(s), had_dividers = dividers_run(s);
    guint old_period = period(s);

    catch_up(s, now);
    if (had_updates) {
        latch_time(s, now);
    }
    s->cmos[index] = value;
    if (had_dividers && dividers_run(s)) {
        if (!had_updates && updates(s)) {
            set_time(s, now, fraction_of(divider_time(s, now)));
        }
    } else if (!had_dividers && dividers_run(s)) {
        set_time(s, now, HALF_SECOND);
    }
    change_rate(s, now, old_period);
    if (!(s->cmos[RTC_B] & B_PIE)) {
        s->coalesced = 0;
    }
    rearm(s, now);
}

static void write_b(Mc146818 *s, gint64 now, guint8 value)
{
    if (value & ~s->cmos[RTC_B] & B_SET) {
        value &= ~B_UIE;        /* cleared by SET going high */
    }
    write_control(s, now, RTC_B, value);
}

static void write_alarm(Mc146818 *s, gint64 now, guint8 value)
{
    catch_up(s, now);
    s->cmos[s->index] = value;
    rearm(s, now);
}

static guint8 read_data(Mc146818 *s)
{
    gint64 now = clock_time(s);

    if (is_time(s->index) && updates(s)) {
        latch_time(s, now);
    }
    switch (s->index) {
    case RTC_A:
        return read_a(s, now);
    case RTC_C:
        return read_c(s, now);
    case RTC_D:
        return D_VRT;
    default:
        return s->cmos[s->index];
    }
}

static void write_data(Mc146818 *s, guint8 value)
{
    gint64 now = clock_time(s);

    if (is_time(s->index)) {
        write_time(s, now, value);
        return;
    }
    switch (s->index) {
    case RTC_SECONDS_ALARM:
    case RTC_MINUTES_ALARM:
    case RTC_HOURS_ALARM:
        write_alarm(s, now, value);
        break;
    case RTC_A:
        write_control(s, now, RTC_A, value & ~A_UIP);
        break;
    case RTC_B:
        write_b(s, now, value);
        break;
    case RTC_C:
    case RTC_D:
        break;                  /* read-only */
    default:
        s->cmos[s->index] = value;
    }
}

static const char *register_name(guint8 index)
{
    static const char names[][14] = {
        "seconds", "seconds-alarm", "minutes", "minutes-alarm", "hours", "hours-alarm",
        "day-of-week", "date", "month", "year", "A", "B", "C", "D",
    };

    return index < G_N_ELEMENTS(names) ? names[index] : index == RTC_CENTURY ? "century" : "RAM";
}

static guint64 mc146818_read(void *opaque, guint64 offset, guint size)
{
    Mc146818 *s = opaque;
    guint8 value = offset == 1 ? read_data(s) : 0xff;

    if (offset == 1 && trace_wanted(TRACE_RTC_READ)) {
        trace_rtc_read(s, register_name(s->index), s->index, value);
    }
    return value;
}

static void mc146818_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    Mc146818 *s = opaque;

    if (offset == 1) {
        if (trace_wanted(TRACE_RTC_WRITE)) {
            trace_rtc_write(s, register_name(s->index), s->index, value);
        }
        write_data(s, value);
    } else {
        s->index = value % RTC_SIZE;    /* the top bit masks NMIs elsewhere */
    }
}

void mc146818_set_byte(Device *dev, guint8 index, guint8 value)
{
    if (index > RTC_D && index < RTC_SIZE) {
        to_mc146818(dev)->cmos[index] = value;
    }
}

static const RegionOps mc146818_ops = {
    .read = mc146818_read,
    .write = mc146818_write,
    .min_size = 1,
    .max_size = 1,
};

static const StateRow mc146818_state[] = {
    STATE_FIELD(U8, Mc146818, index, 0),
    STATE_ARRAY_KEEP(U8, Mc146818, cmos),
    STATE_FIELD_KEEP(I64, Mc146818, offset),
    STATE_FIELD_KEEP(U32, Mc146818, phase),
    STATE_FIELD_KEEP(U8, Mc146818, weekday_offset),
    STATE_FIELD_KEEP(I64, Mc146818, checked),
    STATE_FIELD_KEEP(I64, Mc146818, edge),
    STATE_FIELD(U32, Mc146818, coalesced, 0),
    STATE_FIELD_KEEP(I64, Mc146818, time),
    STATE_ROWS_END
};

static void mc146818_saving(Device *dev)
{
    to_mc146818(dev)->time = clock_time(to_mc146818(dev));
}

/* ---- Life ---- */

static void mc146818_init(Object *obj)
{
    Mc146818 *s = to_mc146818(obj);

    gpio_out_new(obj, "irq", 1);
    s->cmos[RTC_A] = A_START;
    s->cmos[RTC_B] = B_24H;
}

static bool start_clock(Mc146818 *s, GError **error)
{
    static const ClockKind kinds[] = {
        [RTC_CLOCK_HOST] = CLOCK_KIND_HOST,
        [RTC_CLOCK_RT] = CLOCK_KIND_REAL,
        [RTC_CLOCK_VM] = CLOCK_KIND_VIRTUAL,
    };
    gint64 seconds, fraction;

    s->clock = machine_of(s)->clock;
    s->kind = kinds[mc146818rtc_props(s)->clock];
    if (!rtc_time_begin(mc146818rtc_props(s)->base, clock_now(s->clock, CLOCK_KIND_HOST), &seconds,
                        &fraction, error)) {
        return false;
    }
    set_guest_time(s, clock_time(s), seconds, fraction);
    s->start_offset = s->offset;
    s->start_phase = s->phase;
    return true;
}

static bool mc146818_realize(Device *dev, GError **error)
{
    Mc146818 *s = to_mc146818(dev);
    const Mc146818rtcProps *props = mc146818rtc_props(s);

    s->irq = gpio(&dev->object, "irq", 0);
    if (!start_clock(s, error)) {
        return false;
    }
    s->region = isa_map_ports(dev, "rtc", &mc146818_ops, props->iobase, 2, error);
    if (!s->region) {
        return false;
    }
    if (!isa_connect_irq(dev, s->irq, props->irq, error)) {
        isa_unmap(dev, s->region);
        return false;
    }
    s->timer = timer_new(s->clock, s->kind, HALF_SECOND, on_timer, s);
    s->periodic_timer = timer_new(s->clock, s->kind, FASTEST_NS, on_timer, s);
    return true;
}

static void mc146818_unrealize(Device *dev)
{
    Mc146818 *s = to_mc146818(dev);

    g_clear_pointer(&s->timer, timer_free);
    g_clear_pointer(&s->periodic_timer, timer_free);
    irq_set(s->irq, false);
    isa_disconnect_irq(dev, s->irq, mc146818rtc_props(s)->irq);
    isa_unmap(dev, s->region);
}

/* The RESET pin: time, calendar, alarm and memory are preserved. */
static void mc146818_reset_enter(Device *dev)
{
    Mc146818 *s = to_mc146818(dev);

    s->cmos[RTC_B] &= ~B_RESET_CLEARS;
    s->cmos[RTC_C] = 0;
    s->checked = clock_time(s);
}

static void mc146818_reset_hold(Device *dev)
{
    Mc146818 *s = to_mc146818(dev);

    rearm(s, s->checked);
}

static bool mc146818_state_loaded(Device *dev, GError **error)
{
    Mc146818 *s = to_mc146818(dev);

    if (s->index >= RTC_SIZE || s->weekday_offset >= 7 || s->phase >= NS ||
        s->coalesced > COALESCED_MAX || s->offset > OFFSET_MAX || s->offset < -OFFSET_MAX ||
        s->edge / TICKS > OFFSET_MAX || s->edge / TICKS < -OFFSET_MAX || s->time < 0) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                      "state of '%s' is not that of an MC146818A", dev->object.name);
        return false;
    }
    if (s->kind == CLOCK_KIND_REAL) {           /* each host has its own epoch */
        s->moved = s->time - clock_now(s->clock, s->kind);
    }
    rearm(s, clock_time(s));
    return true;
}

static void mc146818_acpi(Device *dev, AcpiDevices *devices)
{
    const Mc146818rtcProps *props = mc146818rtc_props(dev);

    acpi_add_isa(devices, &(AcpiIsaDevice){
        .name = "RTC0", .eisaid = "PNP0B00", .ports = { { props->iobase, 2 } },
        .irq = props->irq,
    });
}

const TypeInfo mc146818_type = {
    .schema = &qmp_class_mc146818rtc,
    .size = sizeof(Mc146818),
    .object = &(const ObjectOps){ .init = mc146818_init },
    .device = &(const DeviceOps){
        .realize = mc146818_realize,
        .unrealize = mc146818_unrealize,
        .reset_enter = mc146818_reset_enter,
        .reset_hold = mc146818_reset_hold,
        .state = mc146818_state,
        .state_saving = mc146818_saving,
        .state_loaded = mc146818_state_loaded,
        .acpi = mc146818_acpi,
    },
};
