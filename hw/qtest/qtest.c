/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class `qtest`: the protocol's server on a chardev.  The protocol is QEMU 7.2's,
 * as that program answers it: a line each way, commands by name, answers that
 * begin with OK, FAIL or ERR, and "IRQ raise N" whenever a line changes.
 *
 * The work in a turn of the loop is bounded, so that neither a client that
 * keeps sending nor a clock with millions of timers delays others.  While a
 * client does not read its answers, its commands wait.
 *
 * The end of the connection ends the machine: nothing else drives it.
 */
#include "config.h"
#include "hw/qtest/qtest.h"

#include <event2/event.h>
#include <string.h>

#include "hw/qtest/qtest-internal.h"
#include "qom/env.h"
#include "qom/qapi-objects-qtest.h"

enum {
    TURN_WORK = 4096,           /* of a turn; a command is 1, and so is a timer */
    WORK_BYTES = 4096,          /* bytes that count as one command */
    OUT_MAX = 1 << 20,          /* pending answers at which commands wait, too */
    /* Limit of pending output, since lines change without a request: a long answer,
     * and so much more, may wait for a client that does not read. */
    NOTIFY_MAX = QTEST_LINE_MAX + 2 * OUT_MAX,
    RECEIVE_MAX = 65536,
};

/* In the next turn, after other descriptors were polled. */
static const struct timeval soon = { 0, 0 };

/* ---- Answers ---- */

static void flush(QTest *s)
{
    while (s->sent < s->out->len) {
        gsize n = char_write(s->chr, s->out->data + s->sent, s->out->len - s->sent);

        if (n == 0) {
            return;             /* `writable` continues */
        }
        s->sent += n;
    }
    if (s->out->len > OUT_MAX) {
        g_byte_array_unref(s->out);
        s->out = g_byte_array_new();
    }
    g_byte_array_set_size(s->out, 0);
    s->sent = 0;
}

static void send_line(QTest *s, const char *prefix, const char *format, va_list args)
{
    g_autofree char *text = g_strdup_vprintf(format, args);
    g_autofree char *line = *prefix ? g_strconcat(prefix, text, NULL) : g_steal_pointer(&text);

    if (!s->connected) {
        return;
    }
    qtest_log_line(&s->log, 'S', line);
    g_byte_array_append(s->out, (const guint8 *)line, strlen(line));
    g_byte_array_append(s->out, (const guint8 *)"\n", 1);
}

void qtest_ok(QTest *s)
{
    qtest_reply(s, "OK");
}

void qtest_reply(QTest *s, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    send_line(s, "", format, args);
    va_end(args);
}

void qtest_fail(QTest *s, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    send_line(s, "FAIL ", format, args);
    va_end(args);
}

void qtest_notify(QTest *s, const char *format, ...)
{
    va_list args;

    if (s->out->len - s->sent > NOTIFY_MAX) {
        char_drop(s->chr, 1);
        return;
    }
    va_start(args, format);
    send_line(s, "", format, args);
    va_end(args);
    flush(s);
}

/* ---- Turns ---- */

void qtest_spend(QTest *s, gsize bytes, guint timers)
{
    guint work = bytes / WORK_BYTES + timers;

    s->work -= MIN(s->work, work);
}

/* Before `cont` devices have the state that realize left.  The machine is
 * switched on with a client's first line, and again with `cont`. */
static void switch_on(QTest *s)
{
    Machine *machine = machine_find(object_root(&s->object));

    if (machine && object_life(&machine->object) == OBJECT_COMPLETE && !machine->started &&
        s->switched_on != machine->object.serial) {
        s->switched_on = machine->object.serial;
        device_reset_tree(&machine->object);
    }
}

/* Does the next piece of work; false if there is none. */
static bool step(QTest *s)
{
    char *line;
    gsize length;

    if (s->clock_moves) {
        qtest_clock_go_on(s);
        return true;
    }
    switch (qtest_lines_next(&s->lines, &line, &length)) {
    case QTEST_LINE:
        qtest_log_line(&s->log, 'R', line);
        switch_on(s);
        qtest_run_line(s, line, length);
        return true;
    case QTEST_LINE_TOO_LONG:
        qtest_fail(s, "the line is longer than %d bytes", QTEST_LINE_MAX);
        return true;
    case QTEST_LINE_NONE:
        break;
    }
    return false;
}

/* Works until there is nothing to do, the client does not read, or the turn is
 * over. */
static void take_turn(QTest *s)
{
    bool more = true;

    s->work = TURN_WORK;
    while (s->connected && s->work && s->out->len - s->sent < OUT_MAX && (more = step(s))) {
        s->work -= s->work ? 1 : 0;
        if (!s->event && !s->work) {
            s->work = TURN_WORK;                /* without a loop it is all one turn */
        }
    }
    flush(s);
    if (!more) {
        char_accept_input(s->chr);
    } else if (s->event && s->connected && s->out->len - s->sent < OUT_MAX) {
        event_add(s->event, &soon);
    }
}

static void next_turn(evutil_socket_t fd, short what, void *opaque)
{
    QTest *s = opaque;
    const Env *env = object_env(&s->object);

    env->lock(env);
    take_turn(s);
    env->unlock(env);
}

/* ---- The chardev ---- */

static gsize on_can_receive(void *opaque)
{
    QTest *s = opaque;

    return s->clock_moves || qtest_lines_waiting(&s->lines) ? 0 : RECEIVE_MAX;
}

static void on_receive(void *opaque, const guint8 *data, gsize size)
{
    QTest *s = opaque;

    qtest_lines_add(&s->lines, data, size);
    take_turn(s);
}

static void on_writable(void *opaque)
{
    take_turn(opaque);
}

static void forget_client(QTest *s)
{
    s->connected = false;
    s->clock_moves = false;
    qtest_irq_release(s);
    qtest_lines_clear(&s->lines);
    g_byte_array_set_size(s->out, 0);
    s->sent = 0;
}

static void on_event(void *opaque, CharEvent event)
{
    QTest *s = opaque;
    const Env *env = object_env(&s->object);

    switch (event) {
    case CHAR_EVENT_OPENED:
        s->connected = true;
        qtest_log_event(&s->log, true);
        break;
    case CHAR_EVENT_CLOSED:
        if (!s->connected) {
            break;
        }
        qtest_log_event(&s->log, false);
        forget_client(s);
        if (env && env->end) {
            env->end(env);
        }
        break;
    case CHAR_EVENT_BREAK:
        break;
    }
}

static const CharFrontOps front_ops = {
    .can_receive = on_can_receive,
    .receive = on_receive,
    .event = on_event,
    .writable = on_writable,
};

/* ---- Life ---- */

static void qtest_init(Object *obj)
{
    QTest *s = to_q_test(obj);

    s->out = g_byte_array_new();
    qtest_lines_init(&s->lines, QTEST_LINE_MAX);
}

static void qtest_finalize(Object *obj)
{
    QTest *s = to_q_test(obj);

    qtest_lines_done(&s->lines);
    g_byte_array_unref(s->out);
}

static bool qtest_prepare(Object *obj, GError **error)
{
    QTest *s = to_q_test(obj);

    return qtest_log_open(&s->log, qtest_props(s)->log, error);
}

static void qtest_release(Object *obj)
{
    QTest *s = to_q_test(obj);

    qtest_log_close(&s->log, qtest_props(s)->log);
}

static bool qtest_complete(Object *obj, GError **error)
{
    QTest *s = to_q_test(obj);
    const Env *env = object_env(obj);

    qtest_log_keep(&s->log);
    if (env && env->base) {
        s->event = event_new(env->base, -1, 0, next_turn, s);
    }
    s->chr = qtest_props(s)->chardev.target;
    char_attach(s->chr, &front_ops, s);
    return true;
}

static void qtest_dismantle(Object *obj)
{
    QTest *s = to_q_test(obj);

    forget_client(s);
    char_detach(s->chr, s);
    s->chr = NULL;
    g_clear_pointer(&s->event, event_free);
}

const TypeInfo qtest_type = {
    .schema = &qmp_class_qtest,
    .size = sizeof(QTest),
    .object = &(const ObjectOps){
        .init = qtest_init,
        .finalize = qtest_finalize,
        .prepare = qtest_prepare,
        .release = qtest_release,
        .complete = qtest_complete,
        .dismantle = qtest_dismantle,
    },
};
