/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The class `chardev`: what all character backends have in common: their
 * frontend, the log file, and whether the host's side is open.
 *
 * Creation from a request is in char-new.c; the transfer of bytes is in
 * char-fd.c and a file for each kind.
 */
#include "config.h"
#include "hw/chardev/char.h"

#include "hw/chardev/char-log.h"
#include "hw/chardev/char-types.h"
#include "qom/env.h"
#include "qom/qapi-objects-char.h"
#include "qom/qapi-trace.h"

/* What a frontend without can_receive takes at a time. */
#define DEFAULT_CAN_RECEIVE 4096

/* ---- Frontend ---- */

void char_attach(Chardev *chr, const CharFrontOps *ops, void *opaque)
{
    env_lock_assert(&chr->object);
    if (chr->ops->attach) {
        chr->ops->attach(chr, ops, opaque);
    } else {
        g_return_if_fail(!chr->front);
        chr->front = ops;
        chr->front_opaque = opaque;
    }
    if (chr->ops->front_open) {
        chr->ops->front_open(chr, true);
    }
    if (chr->connected && ops->event) {
        ops->event(opaque, CHAR_EVENT_OPENED);
    }
    char_accept_input(chr);
}

void char_detach(Chardev *chr, void *opaque)
{
    env_lock_assert(&chr->object);
    if (chr->ops->detach) {
        chr->ops->detach(chr, opaque);
        return;
    }
    if (!chr->front || chr->front_opaque != opaque) {
        return;
    }
    chr->front = NULL;
    chr->front_opaque = NULL;
    if (chr->ops->front_open) {
        chr->ops->front_open(chr, false);
    }
}

bool char_in_use(const Chardev *chr)
{
    return chr->front && (!chr->front->in_use || chr->front->in_use(chr->front_opaque));
}

gsize char_write(Chardev *chr, const guint8 *data, gsize size)
{
    gsize n;

    if (!chr) {
        return size;
    }
    env_lock_assert(&chr->object);
    n = chr->ops->write(chr, data, size);
    trace_chardev_write(chr, size, n);
    char_log_write(chr, data, n);
    return n;
}

void char_accept_input(Chardev *chr)
{
    if (chr && chr->ops->accept_input) {
        env_lock_assert(&chr->object);
        chr->ops->accept_input(chr);
    }
}

char *char_filename(Chardev *chr)
{
    return chr->ops->filename(chr);
}

/* ---- Backend ---- */

const ChardevBackend *char_backend(const Chardev *chr)
{
    return chardev_props(chr)->backend;
}

gsize char_front_room(const CharFrontOps *front, void *opaque)
{
    if (!front->receive) {
        return 0;
    }
    return front->can_receive ? front->can_receive(opaque) : DEFAULT_CAN_RECEIVE;
}

gsize char_can_receive(Chardev *chr)
{
    return chr->front ? char_front_room(chr->front, chr->front_opaque) : 0;
}

void char_receive(Chardev *chr, const guint8 *data, gsize size)
{
    env_lock_assert(&chr->object);
    if (chr->front && chr->front->receive) {
        trace_chardev_receive(chr, size);
        chr->front->receive(chr->front_opaque, data, size);
    }
}

static void tell_waiter(Chardev *chr, bool connected)
{
    CharConnected f = chr->waiter;

    chr->waiter = NULL;
    if (f) {
        f(chr->waiter_opaque, connected);
    }
}

void char_event(Chardev *chr, CharEvent event)
{
    env_lock_assert(&chr->object);
    if (event != CHAR_EVENT_BREAK) {
        chr->connected = event == CHAR_EVENT_OPENED;
    }
    if (chr->front && chr->front->event) {
        chr->front->event(chr->front_opaque, event);
    }
    if (event == CHAR_EVENT_OPENED) {
        tell_waiter(chr, true);
    }
}

void char_writable(Chardev *chr)
{
    env_lock_assert(&chr->object);
    if (chr->front && chr->front->writable) {
        chr->front->writable(chr->front_opaque);
    }
}

void char_when_connected(Chardev *chr, CharConnected f, void *opaque)
{
    g_return_if_fail(!chr->waiter);
    if (chr->connected) {
        f(opaque, true);
        return;
    }
    chr->waiter = f;
    chr->waiter_opaque = opaque;
}

/* ---- Life ---- */

static void chardev_init(Object *obj)
{
    Chardev *chr = to_chardev(obj);

    chr->ops = object_kind(obj);
}

static bool chardev_prepare(Object *obj, GError **error)
{
    return char_log_open(to_chardev(obj), error);
}

static void chardev_release(Object *obj)
{
    char_log_close(to_chardev(obj));
}

static bool chardev_complete(Object *obj, GError **error)
{
    return char_log_keep(to_chardev(obj), error);
}

static void chardev_dismantle(Object *obj)
{
    Chardev *chr = to_chardev(obj);

    chr->connected = false;
    tell_waiter(chr, false);
}

static void chardev_refresh(Object *obj, const QmpMember *member)
{
    const Chardev *chr = to_chardev(obj);
    ChardevProps *props = chardev_props(obj);

    props->connected = chr->connected;
    props->dropped = chr->dropped;
}

static const ObjectOps chardev_object_ops = {
    .init = chardev_init,
    .prepare = chardev_prepare,
    .release = chardev_release,
    .complete = chardev_complete,
    .dismantle = chardev_dismantle,
    .refresh = chardev_refresh,
};

const TypeInfo chardev_type = {
    .schema = &qmp_class_chardev,
    .size = sizeof(Chardev),
    .object = &chardev_object_ops,
};
