/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The 8254 of a PC at ports 0x40 to 0x43: the control word's port, the three
 * counters' ports, and counter 0's line.  The counters are in i8254-counter.c.
 * Made by boards where the accelerator has no timer.
 *
 * Different from the chip: the line of OUT falls, and rises, at most every FASTEST_NS.
 * If the counter is faster than that, the edges between are left out.  If it is the
 * host that was late, they follow at this distance, since guests count ticks; but no
 * more than those of the last OWED_NS, and none from before the last access that may
 * change counter 0's OUT.  State has no owed edges.  The counters read as if OUT
 * changed in time.
 */
#include "config.h"
#include "hw/timer/i8254.h"

#include "hw/core/irq.h"
#include "hw/isa/isa-bus.h"
#include "hw/machine/machine.h"
#include "hw/timer/i8254-counter.h"
#include "qmp/error.h"
#include "qom/qapi-objects-intc.h"
#include "qom/qapi-trace.h"

enum {
    PORT_CONTROL = 3,
    N_PORTS = 4,
    CONTROL_SC_SHIFT = 6,       /* select counter */
    SC_READ_BACK = 3,
    CONTROL_RW = 0x30,          /* 0: the counter is latched only */
};

/* KVM's 8254 uses four times as much by default. */
#define FASTEST_NS 50000
#define OWED_NS 100000000

enum {                          /* read-back command: clear bits ask */
    READ_BACK_NO_COUNT = 0x20,
    READ_BACK_NO_STATUS = 0x10,
    READ_BACK_COUNTER_0 = 0x02, /* and so on */
};

struct I8254 {
    Device parent;
    /* Guest-visible. */
    X86Pit regs;
    /* Host side and wiring. */
    Clock *clock;
    Timer *timers[2];           /* counter 0's OUT falls; rises */
    gint64 edges[2];            /* what they are set for; earlier than the timer if owed */
    MemoryRegion *region;
    Irq *irq;
};

static gint64 now_of(const I8254 *s)
{
    return clock_now(s->clock, CLOCK_KIND_VIRTUAL);
}

/* Sets the timer for the edge at `when`, or for when it may next fire. */
static void wait_for(I8254 *s, bool level, gint64 when)
{
    s->edges[level] = when;
    if (s->regs.irq_disabled) {
        timer_cancel(s->timers[level]);
    } else {
        timer_set(s->timers[level], when);
    }
}

/* After an access: updates the line, and sets the timers for its next changes. */
static void update_irq(I8254 *s, gint64 now)
{
    bool out = i8254_counter_out(&s->regs.counters[0], now);

    if (!s->clock) {
        return;                 /* not realized */
    }
    irq_set(s->irq, !s->regs.irq_disabled && out);
    wait_for(s, false, i8254_counter_next(&s->regs.counters[0], false, now));
    wait_for(s, true, i8254_counter_next(&s->regs.counters[0], true, now));
}

/* The edge to be shown after the one that the timer was set for. */
static gint64 next_edge(const I8254 *s, bool level, gint64 now)
{
    const I8254Counter *c = &s->regs.counters[0];
    gint64 edge = s->edges[level], next = i8254_counter_next(c, level, edge);
    gint64 oldest = clock_add(now, -OWED_NS);

    if (next - edge < FASTEST_NS) {
        return i8254_counter_next(c, level, clock_add(timer_earliest(s->timers[level]), -1));
    }
    return next > oldest ? next : i8254_counter_next(c, level, oldest);
}

static void on_fall(void *opaque, gint64 now)
{
    I8254 *s = opaque;

    irq_set(s->irq, false);
    wait_for(s, false, next_edge(s, false, now));
}

static void on_rise(void *opaque, gint64 now)
{
    I8254 *s = opaque;

    irq_set(s->irq, true);
    wait_for(s, true, next_edge(s, true, now));
}

static void irq_control(void *opaque, guint n, bool level)
{
    I8254 *s = opaque;

    s->regs.irq_disabled = !level;
    if (s->clock) {
        update_irq(s, now_of(s));
    }
}

/* ---- Registers ---- */

static void read_back(I8254 *s, guint8 value, gint64 now)
{
    for (guint i = 0; i < X86_PIT_N_COUNTERS; i++) {
        if (!(value & READ_BACK_COUNTER_0 << i)) {
            continue;
        }
        if (!(value & READ_BACK_NO_COUNT)) {
            i8254_counter_latch_count(&s->regs.counters[i], now);
        }
        if (!(value & READ_BACK_NO_STATUS)) {
            i8254_counter_latch_status(&s->regs.counters[i], now);
        }
    }
}

/* Returns whether counter 0 may be affected. */
static bool write_control(I8254 *s, guint8 value, gint64 now)
{
    guint counter = value >> CONTROL_SC_SHIFT;

    if (counter == SC_READ_BACK) {
        read_back(s, value, now);
        return false;
    }
    i8254_counter_control(&s->regs.counters[counter], value & 0x3f, now);
    return counter == 0 && value & CONTROL_RW;
}

static const char register_names[][10] = { "counter-0", "counter-1", "counter-2", "control" };

static guint64 pit_read(void *opaque, guint64 offset, guint size)
{
    I8254 *s = opaque;
    guint8 value = 0;

    /* The control word cannot be read. */
    if (offset != PORT_CONTROL) {
        value = i8254_counter_read(&s->regs.counters[offset], now_of(s));
    }
    trace_pit_ioport_read(s, register_names[offset], value);
    return value;
}

static void pit_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    I8254 *s = opaque;
    gint64 now = now_of(s);
    bool programmed = offset == 0;

    trace_pit_ioport_write(s, register_names[offset], value);
    if (offset == PORT_CONTROL) {
        programmed = write_control(s, value, now);
    } else {
        i8254_counter_write(&s->regs.counters[offset], value, now);
    }
    if (programmed) {
        update_irq(s, now);
    }
}

static const RegionOps pit_ops = {
    .read = pit_read,
    .write = pit_write,
    .min_size = 1,
    .max_size = 1,
};

/* ---- For port 0x61 ---- */

void i8254_set_gate(Device *dev, guint counter, bool level)
{
    I8254 *s = to_i8254(dev);
    gint64 now = now_of(s);

    i8254_counter_set_gate(&s->regs.counters[counter], level, now);
    if (counter == 0) {
        update_irq(s, now);
    }
}

bool i8254_gate(Device *dev, guint counter)
{
    return to_i8254(dev)->regs.counters[counter].gate;
}

void i8254_set_speaker(Device *dev, bool on)
{
    to_i8254(dev)->regs.speaker = on;
}

bool i8254_speaker(Device *dev)
{
    return to_i8254(dev)->regs.speaker;
}

bool i8254_out(Device *dev, guint counter)
{
    I8254 *s = to_i8254(dev);

    return i8254_counter_out(&s->regs.counters[counter], now_of(s));
}

/* ---- Life ---- */

static void pit_init(Object *obj)
{
    gpio_in_new(obj, "unnamed-gpio-in", 1, irq_control, obj);
    gpio_out_new(obj, "unnamed-gpio-out", 1);
}

static bool pit_realize(Device *dev, GError **error)
{
    I8254 *s = to_i8254(dev);
    const IsaPitProps *props = isa_pit_props(dev);

    s->region = isa_map_ports(dev, "pit", &pit_ops, props->iobase, N_PORTS, error);
    if (!s->region) {
        return false;
    }
    s->clock = machine_of(dev)->clock;
    s->irq = gpio(&dev->object, "unnamed-gpio-out", 0);
    s->timers[false] = timer_new(s->clock, CLOCK_KIND_VIRTUAL, FASTEST_NS, on_fall, s);
    s->timers[true] = timer_new(s->clock, CLOCK_KIND_VIRTUAL, FASTEST_NS, on_rise, s);
    return true;
}

static void pit_unrealize(Device *dev)
{
    I8254 *s = to_i8254(dev);

    g_clear_pointer(&s->timers[false], timer_free);
    g_clear_pointer(&s->timers[true], timer_free);
    isa_unmap(dev, s->region);
    s->region = NULL;
    irq_set(s->irq, false);
}

static void pit_reset_hold(Device *dev)
{
    I8254 *s = to_i8254(dev);
    gint64 now = now_of(s);

    for (guint i = 0; i < X86_PIT_N_COUNTERS; i++) {
        i8254_counter_restart(&s->regs.counters[i], now);
    }
    update_irq(s, now);
}

static bool pit_state_loaded(Device *dev, GError **error)
{
    I8254 *s = to_i8254(dev);

    if (!x86_pit_check(&s->regs)) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "state of '%s' is not that of an 8254",
                      dev->object.name);
        return false;
    }
    update_irq(s, now_of(s));
    return true;
}

static const ObjectOps pit_object_ops = {
    .init = pit_init,
};

static const DeviceOps pit_device_ops = {
    .realize = pit_realize,
    .unrealize = pit_unrealize,
    .reset_hold = pit_reset_hold,
    .state = x86_pit_rows,
    .state_offset = offsetof(I8254, regs),
    .state_name = X86_PIT_STATE,
    .state_loaded = pit_state_loaded,
};

const TypeInfo isa_pit_type = {
    .schema = &qmp_class_isa_pit,
    .size = sizeof(I8254),
    .object = &pit_object_ops,
    .device = &pit_device_ops,
};
