/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The watchdog of the iBASE IB700 board, after the section "Watchdog timer" of that
 * board's manual.  Made by device_add.
 *
 *   0x443, write   restarts it; the low four bits are a time: 0 is 30 seconds, and
 *                  each step is two seconds less, down to 0
 *   0x441, write   stops it; the value does not matter
 *
 * The board has no readable register: reads return the value of an empty bus.
 */
#include "config.h"
#include "hw/watchdog/watchdog.h"

#include "hw/isa/isa-bus.h"
#include "hw/machine/machine.h"
#include "qom/qapi-objects-watchdog.h"
#include "qom/qapi-trace.h"

enum { PORT_STOP = 0x441, PORT_START = 0x443 };

#define TIME_MASK 0x0f
#define LONGEST 30              /* seconds */
#define STEP 2
#define NS_PER_SECOND G_GINT64_CONSTANT(1000000000)

struct Ib700 {
    Device parent;
    /* Guest-visible. */
    bool running;
    gint64 deadline;            /* virtual time, while it runs */
    /* Wiring. */
    MemoryRegion *stop_port, *start_port;
    Clock *clock;
    Timer *timer;
};

/* After any change: sets the timer. */
static void rearm(Ib700 *s)
{
    trace_watchdog_rearm(s, s->running);
    if (s->running) {
        timer_set(s->timer, s->deadline);
    } else {
        timer_cancel(s->timer);
    }
}

static void expired(void *opaque, gint64 now)
{
    Ib700 *s = opaque;

    trace_watchdog_expired(s);
    s->running = false;
    machine_request_watchdog(machine_of(s));
}

static guint64 port_read(void *opaque, guint64 offset, guint size)
{
    return 0xff;
}

static void stop_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    Ib700 *s = opaque;

    s->running = false;
    rearm(s);
}

static void start_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    Ib700 *s = opaque;
    gint64 seconds = LONGEST - STEP * (value & TIME_MASK);

    s->running = true;
    s->deadline = clock_add(clock_now(s->clock, CLOCK_KIND_VIRTUAL), seconds * NS_PER_SECOND);
    rearm(s);
}

static const RegionOps stop_ops = {
    .read = port_read,
    .write = stop_write,
    .min_size = 1,
    .max_size = 1,
};

static const RegionOps start_ops = {
    .read = port_read,
    .write = start_write,
    .min_size = 1,
    .max_size = 1,
};

static const StateRow ib700_state[] = {
    STATE_FIELD(BOOL, Ib700, running, false),
    STATE_FIELD(I64, Ib700, deadline, 0),
    STATE_ROWS_END
};

static bool ib700_realize(Device *dev, GError **error)
{
    Ib700 *s = to_ib700(dev);

    s->stop_port = isa_map_ports(dev, "ib700-stop", &stop_ops, PORT_STOP, 1, error);
    if (!s->stop_port) {
        return false;
    }
    s->start_port = isa_map_ports(dev, "ib700-start", &start_ops, PORT_START, 1, error);
    if (!s->start_port) {
        isa_unmap(dev, g_steal_pointer(&s->stop_port));
        return false;
    }
    s->clock = machine_of(dev)->clock;
    s->timer = timer_new(s->clock, CLOCK_KIND_VIRTUAL, STEP * NS_PER_SECOND, expired, s);
    return true;
}

static void ib700_unrealize(Device *dev)
{
    Ib700 *s = to_ib700(dev);

    g_clear_pointer(&s->timer, timer_free);
    isa_unmap(dev, g_steal_pointer(&s->start_port));
    isa_unmap(dev, g_steal_pointer(&s->stop_port));
}

static void ib700_reset_hold(Device *dev)
{
    rearm(to_ib700(dev));
}

static bool ib700_state_loaded(Device *dev, GError **error)
{
    rearm(to_ib700(dev));
    return true;
}

const TypeInfo ib700_type = {
    .schema = &qmp_class_ib700,
    .size = sizeof(Ib700),
    .device = &(const DeviceOps){
        .realize = ib700_realize,
        .unrealize = ib700_unrealize,
        .reset_hold = ib700_reset_hold,
        .state = ib700_state,
        .state_loaded = ib700_state_loaded,
    },
};
