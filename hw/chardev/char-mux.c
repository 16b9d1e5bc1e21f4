/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * chardev-mux: its frontends, the input that they get, and its life; see
 * char-mux.h.
 *
 * Escape keys are handled before input is delivered, so that the focus can be
 * moved from a frontend that takes nothing, as long as it is only a few bytes
 * behind.
 */
#include "config.h"
#include "hw/chardev/char-mux.h"

#include <string.h>

#include "hw/chardev/char-types.h"
#include "qmp/error.h"
#include "qom/env.h"
#include "qom/link.h"
#include "qom/qapi-objects-char.h"

#define ESCAPE 0x01             /* Ctrl-A */

static const char help[] =
    "\r\n"
    "Ctrl-A h       this list\r\n"
    "Ctrl-A x       ends the machine\r\n"
    "Ctrl-A c       input goes to the next frontend\r\n"
    "Ctrl-A b       sends a break\r\n"
    "Ctrl-A t       switches the time at the beginning of lines on and off\r\n"
    "Ctrl-A Ctrl-A  sends a Ctrl-A\r\n";

/* ---- Frontends ---- */

static MuxFront *focused(const CharMux *s)
{
    return s->fronts->len ? s->fronts->pdata[s->focus] : NULL;
}

static void set_focus(CharMux *s, guint index)
{
    const MuxFront *f;

    s->focus = index;
    f = focused(s);
    s->parent.front = f ? f->ops : NULL;
    s->parent.front_opaque = f ? f->opaque : NULL;
}

static void mux_attach(Chardev *chr, const CharFrontOps *ops, void *opaque)
{
    CharMux *s = to_char_mux(chr);
    MuxFront *f = g_new0(MuxFront, 1);

    f->ops = ops;
    f->opaque = opaque;
    g_ptr_array_add(s->fronts, f);
    set_focus(s, s->fronts->len - 1);
}

static void mux_detach(Chardev *chr, void *opaque)
{
    CharMux *s = to_char_mux(chr);

    for (guint i = 0; i < s->fronts->len; i++) {
        const MuxFront *f = s->fronts->pdata[i];

        if (f->opaque == opaque) {
            char_drop(chr, f->n_held);
            g_ptr_array_remove_index(s->fronts, i);
            s->first_writer = 0;
            set_focus(s, s->focus > i || s->focus == s->fronts->len ? MAX(s->focus, 1) - 1
                                                                    : s->focus);
            return;
        }
    }
}

/* ---- Input ---- */

/* Delivers as much of a frontend's buffered input as it takes. */
static bool deliver(MuxFront *f)
{
    guint8 data[MUX_HELD_MAX];
    gsize n = MIN(f->n_held, f->n_held ? char_front_room(f->ops, f->opaque) : 0);

    if (n == 0) {
        return false;
    }
    memcpy(data, f->held, n);
    f->n_held -= n;
    memmove(f->held, f->held + n, f->n_held);
    f->ops->receive(f->opaque, data, n);
    return true;
}

static bool deliver_all(CharMux *s)
{
    bool any = false;

    for (guint i = 0; i < s->fronts->len; i++) {
        any |= deliver(s->fronts->pdata[i]);
    }
    return any;
}

static void send_break(CharMux *s)
{
    MuxFront *f = focused(s);

    if (f) {
        deliver(f);             /* input typed before it */
        char_event(&s->parent, CHAR_EVENT_BREAK);
    }
}

static void end_machine(CharMux *s)
{
    const Env *env = object_env(&s->parent.object);

    mux_note(s, "\r\nCtrl-A x: the machine ends\r\n");
    if (env && env->end) {
        env->end(env);
    }
}

static void turn_to_next(CharMux *s)
{
    const MuxFront *f;

    if (!s->fronts->len) {
        return;
    }
    set_focus(s, (s->focus + 1) % s->fronts->len);
    f = focused(s);
    if (f->ops->focus) {
        f->ops->focus(f->opaque);
    }
}

/* The key after Ctrl-A. */
static void press(CharMux *s, guint8 key)
{
    switch (key) {
    case '?':
    case 'h':
        mux_note(s, help);
        break;
    case 'b':
        send_break(s);
        break;
    case 'c':
        turn_to_next(s);
        break;
    case 't':
        mux_toggle_timestamps(s);
        break;
    case 's':
        mux_note(s, "\r\nCtrl-A s: there are no snapshots to commit\r\n");
        break;
    case 'x':
        end_machine(s);
        break;
    }
}

/* Buffers a byte for the frontend with the focus; false: no room now. */
static bool keep(CharMux *s, guint8 byte)
{
    MuxFront *f = focused(s);

    if (!f || f->n_held == MUX_HELD_MAX) {
        return false;
    }
    if (!f->ops->receive) {
        char_drop(&s->parent, 1);
        return true;
    }
    f->held[f->n_held++] = byte;
    return true;
}

static bool take_byte(CharMux *s, guint8 byte)
{
    if (!s->escaped && byte == ESCAPE) {
        s->escaped = true;
        return true;
    }
    if (!s->escaped || byte == ESCAPE) {
        if (!keep(s, byte)) {
            return false;
        }
        s->escaped = false;
        return true;
    }
    s->escaped = false;
    press(s, byte);
    return true;
}

/* Also serves a frontend that asks for more from within its receive. */
static void deliver_input(CharMux *s)
{
    guint n;

    if (s->delivering) {
        return;
    }
    s->delivering = true;
    do {
        for (n = 0; n < s->n_input && take_byte(s, s->input[n]); n++) {
        }
        s->n_input -= n;
        memmove(s->input, s->input + n, s->n_input);
    } while (deliver_all(s));
    s->delivering = false;
}

static void mux_accept_input(Chardev *chr)
{
    CharMux *s = to_char_mux(chr);

    deliver_input(s);
    char_accept_input(s->base);
}

/* ---- The frontend of the base ---- */

static gsize base_can_receive(void *opaque)
{
    const CharMux *s = opaque;

    return s->fronts->len ? MUX_INPUT_MAX - s->n_input : 0;
}

static void base_receive(void *opaque, const guint8 *data, gsize size)
{
    CharMux *s = opaque;

    memcpy(s->input + s->n_input, data, size);
    s->n_input += size;
    deliver_input(s);
}

/* All frontends are told when the peer connects or disconnects, whatever the
 * focus; a break is input. */
static void base_event(void *opaque, CharEvent event)
{
    CharMux *s = opaque;

    for (guint i = 0; i < s->fronts->len && event != CHAR_EVENT_BREAK; i++) {
        const MuxFront *f = s->fronts->pdata[i];

        if (i != s->focus && f->ops->event) {
            f->ops->event(f->opaque, event);
        }
    }
    char_event(&s->parent, event);
}

static bool base_in_use(void *opaque)
{
    return to_char_mux(opaque)->fronts->len > 0;
}

static const CharFrontOps base_front_ops = {
    .can_receive = base_can_receive,
    .receive = base_receive,
    .event = base_event,
    .writable = mux_writable,
    .in_use = base_in_use,
};

/* ---- Life ---- */

static char *mux_filename(Chardev *chr)
{
    return g_strdup("mux");
}

static const QmpMember *backend_row(const CharMux *s)
{
    return qmp_class_member(object_class(s), "backend");
}

static void mux_init(Object *obj)
{
    CharMux *s = to_char_mux(obj);

    s->fronts = g_ptr_array_new_with_free_func(g_free);
    s->notes = g_string_new(NULL);
}

static void mux_finalize(Object *obj)
{
    CharMux *s = to_char_mux(obj);

    g_ptr_array_unref(s->fronts);
    g_string_free(s->notes, true);
}

static bool mux_complete(Object *obj, GError **error)
{
    CharMux *s = to_char_mux(obj);
    const char *id = char_backend(&s->parent)->u.mux.data->chardev.path;
    Chardev *base = chardev_find(object_root(obj), id, error);

    if (!base) {
        return qmp_error_blame(error, "backend.data.chardev");
    }
    if (object_is_a(base, &qmp_class_chardev_mux)) {
        qmp_error_set_at(error, "backend.data.chardev", ERROR_REASON_NOT_SUPPORTED,
                         "chardev '%s' is a mux already", id);
        return false;
    }
    if (!link_hold_exclusive(obj, backend_row(s), &base->object, error)) {
        return qmp_error_blame(error, "backend.data.chardev");
    }
    s->base = base;
    char_attach(base, &base_front_ops, s);
    return true;
}

static void mux_dismantle(Object *obj)
{
    CharMux *s = to_char_mux(obj);

    char_detach(s->base, s);
    link_drop(obj, backend_row(s), &s->base->object);
    s->base = NULL;
}

static const CharOps mux_char_ops = {
    .write = mux_write,
    .accept_input = mux_accept_input,
    .attach = mux_attach,
    .detach = mux_detach,
    .filename = mux_filename,
};

static const ObjectOps mux_object_ops = {
    .init = mux_init,
    .complete = mux_complete,
    .dismantle = mux_dismantle,
    .finalize = mux_finalize,
};

const TypeInfo chardev_mux_type = {
    .schema = &qmp_class_chardev_mux,
    .size = sizeof(CharMux),
    .object = &mux_object_ops,
    .kind = &mux_char_ops,
};
