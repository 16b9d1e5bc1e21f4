/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The queues of hw/input/ps2.h; class `ps2-device`.
 */
#include "config.h"
#include "hw/input/ps2.h"

#include "qom/qapi-objects-input.h"
#include "qom/qapi-trace.h"

#define QUEUE_PLACES (PS2_QUEUE_SIZE + 1)

static void update_irq(Ps2Device *s)
{
    irq_set(s->irq, ps2_has_data(s));
}

/* ---- The host's side ---- */

bool ps2_has_data(const Ps2Device *s)
{
    return s->reply_count || s->queue_count;
}

guint8 ps2_read(Ps2Device *s)
{
    const Ps2Ops *ops = object_kind(s);
    guint8 value;

    if (s->reply_count) {
        s->last = s->replies[s->reply_head];
        s->reply_head = (s->reply_head + 1) % PS2_REPLY_SIZE;
        s->reply_count--;
    } else if (s->queue_count) {
        s->last = s->queue[s->queue_head];
        s->queue_head = (s->queue_head + 1) % QUEUE_PLACES;
        s->queue_count--;
    }
    value = s->last;
    trace_ps2_read_data(s);
    if (ops->taken) {
        ops->taken(s);
    }
    update_irq(s);
    return value;
}

void ps2_write(Ps2Device *s, guint8 value)
{
    const Ps2Ops *ops = object_kind(s);

    trace_ps2_write(s, value);
    s->reply_count = 0;
    ops->write(s, value);
    update_irq(s);
}

/* ---- The device's side ---- */

void ps2_reply(Ps2Device *s, guint8 value)
{
    if (s->reply_count < PS2_REPLY_SIZE) {
        s->replies[(s->reply_head + s->reply_count++) % PS2_REPLY_SIZE] = value;
    }
}

guint ps2_room(const Ps2Device *s)
{
    return PS2_QUEUE_SIZE - MIN(s->queue_count, PS2_QUEUE_SIZE);
}

static void put(Ps2Device *s, guint8 value)
{
    s->queue[(s->queue_head + s->queue_count++) % QUEUE_PLACES] = value;
}

void ps2_put(Ps2Device *s, const guint8 *data, guint n)
{
    n = MIN(n, ps2_room(s));
    for (guint i = 0; i < n; i++) {
        put(s, data[i]);
    }
    update_irq(s);
}

void ps2_put_overrun(Ps2Device *s, guint8 mark)
{
    guint8 at_end = s->queue[(s->queue_head + s->queue_count + QUEUE_PLACES - 1) % QUEUE_PLACES];

    if (s->queue_count < QUEUE_PLACES && (!s->queue_count || at_end != mark)) {
        put(s, mark);
    }
    update_irq(s);
}

void ps2_clear_queue(Ps2Device *s)
{
    s->queue_count = 0;
    update_irq(s);
}

/* ---- Life ---- */

static const StateRow ps2_state[] = {
    STATE_RING(U8, Ps2Device, replies, reply_head, reply_count),
    STATE_RING(U8, Ps2Device, queue, queue_head, queue_count),
    STATE_FIELD(U8, Ps2Device, last, 0),
    STATE_FIELD(U8, Ps2Device, command, 0),
    STATE_ROWS_END
};

static void ps2_init(Object *obj)
{
    gpio_out_new(obj, "irq", 1);
    to_ps2_device(obj)->irq = gpio(obj, "irq", 0);
}

static void ps2_unrealize(Device *dev)
{
    irq_set(to_ps2_device(dev)->irq, false);
}

static void ps2_reset_hold(Device *dev)
{
    update_irq(to_ps2_device(dev));
}

static bool ps2_state_loaded(Device *dev, GError **error)
{
    update_irq(to_ps2_device(dev));
    return true;
}

const TypeInfo ps2_device_type = {
    .schema = &qmp_class_ps2_device,
    .size = sizeof(Ps2Device),
    .object = &(const ObjectOps){
        .init = ps2_init,
    },
    .device = &(const DeviceOps){
        .unrealize = ps2_unrealize,
        .reset_hold = ps2_reset_hold,
        .state = ps2_state,
        .state_loaded = ps2_state_loaded,
    },
};
