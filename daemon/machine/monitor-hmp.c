/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class `monitor-hmp`: see monitor.h.
 *
 * The line editor takes bytes only while no line is being executed and the host takes the output,
 * so a client that sends without reading is not read, and neither buffer grows beyond one piece of
 * input and the output of one line.
 */
#include "config.h"
#include "daemon/machine/monitor.h"

#include "client/hmp/editor.h"
#include "daemon/machine/human.h"
#include "daemon/vmd.h"
#include "hw/chardev/char.h"
#include "qmp/session.h"
#include "qom/qapi-objects-char.h"
#include "qom/qapi-objects-monitor.h"

enum {
    PIECE = 4096,
    OUT_HIGH = 64 << 10,        /* unread output at which no more lines are taken */
};

struct MonitorHmp {
    Object object;
    Chardev *chr;
    HmpMonitor *monitor;
    HmpEditor *editor;
    HumanRun *run;              /* the line that is being executed, or NULL */
    bool completing;            /* it is a completion */
    bool greeted;
    GString *out;               /* from sent on: what the chardev has not taken yet */
    gsize sent;
    guint8 in[PIECE];           /* taken to filled: what the editor has not seen yet */
    gsize taken, filled;
};

static void take_input(MonitorHmp *s);

/* ---- Output ---- */

static bool is_full(const MonitorHmp *s)
{
    return s->out->len - s->sent >= OUT_HIGH;
}

static void flush(MonitorHmp *s)
{
    s->sent += char_write(s->chr, (const guint8 *)s->out->str + s->sent, s->out->len - s->sent);
    if (s->sent == s->out->len) {
        g_string_truncate(s->out, 0);
        s->sent = 0;
    }
}

/* A terminal needs a carriage return with each line feed. */
static void show(MonitorHmp *s, const char *text)
{
    for (; *text; text++) {
        if (*text == '\n') {
            g_string_append_c(s->out, '\r');
        }
        g_string_append_c(s->out, *text);
    }
    flush(s);
}

/* ---- Lines ---- */

static void greet(MonitorHmp *s)
{
    g_autoptr(GString) text = g_string_new(NULL);

    s->greeted = true;
    g_string_printf(text, "QEMU %d.%d.%d monitor - type 'help' for more information\n",
                    QMP_LEVEL_MAJOR, QMP_LEVEL_MINOR, QMP_LEVEL_MICRO);
    hmp_editor_begin(s->editor, text);
    show(s, text->str);
}

/* Room for input again, and what there is of it. */
static void go_on(MonitorHmp *s)
{
    take_input(s);
    if (s->taken == s->filled && !s->run && !is_full(s)) {
        char_accept_input(s->chr);
    }
}

static void on_done(void *opaque, const HmpLine *line)
{
    MonitorHmp *s = opaque;
    const Env *env = object_env(&s->object);
    g_autoptr(GString) text = g_string_new(NULL);

    env->lock(env);
    s->run = NULL;
    if (s->completing) {
        hmp_editor_offer(s->editor, hmp_line_candidates(line), hmp_line_completed(line), text);
    } else {
        g_string_append(text, hmp_line_output(line));
        hmp_editor_begin(s->editor, text);
    }
    show(s, text->str);
    go_on(s);
    env->unlock(env);
}

static void start(MonitorHmp *s, HmpLine *line, bool completing)
{
    s->completing = completing;
    s->run = human_start(object_env(&s->object)->host, line, NULL, on_done, s);
}

static void take_byte(MonitorHmp *s, char byte)
{
    g_autoptr(GString) text = g_string_new(NULL);
    HmpEditorEvent event = hmp_editor_feed(s->editor, byte, text);

    show(s, text->str);
    if (event == HMP_EDITOR_LINE) {
        start(s, hmp_line_new(s->monitor, hmp_editor_text(s->editor)), false);
    } else if (event == HMP_EDITOR_COMPLETE) {
        g_autofree char *before = hmp_editor_before_cursor(s->editor);

        start(s, hmp_completion_new(s->monitor, before), true);
    }
}

static void take_input(MonitorHmp *s)
{
    while (s->taken < s->filled && !s->run && !is_full(s)) {
        take_byte(s, s->in[s->taken++]);
    }
}

/* ---- The chardev ---- */

static gsize on_can_receive(void *opaque)
{
    const MonitorHmp *s = opaque;

    return s->run || s->taken < s->filled || is_full(s) ? 0 : PIECE;
}

static void on_receive(void *opaque, const guint8 *data, gsize size)
{
    MonitorHmp *s = opaque;

    if (!s->greeted) {
        greet(s);
    }
    memcpy(s->in, data, size);
    s->taken = 0;
    s->filled = size;
    take_input(s);
}

static void on_writable(void *opaque)
{
    MonitorHmp *s = opaque;

    flush(s);
    go_on(s);
}

static void hang_up(MonitorHmp *s)
{
    g_clear_pointer(&s->run, human_cancel);
    g_string_truncate(s->out, 0);
    s->sent = s->taken = s->filled = 0;
    g_clear_pointer(&s->editor, hmp_editor_free);
    g_clear_pointer(&s->monitor, hmp_monitor_free);
}

/* Each connection has a history of its own.  On a mux, which prints what others write, the greeting
 * has to wait until somebody turns to the monitor. */
static void begin(MonitorHmp *s)
{
    s->monitor = hmp_monitor_new();
    s->editor = hmp_editor_new(s->monitor, "(qemu) ");
    s->greeted = false;
    if (!object_is_a(s->chr, &qmp_class_chardev_mux)) {
        greet(s);
    }
}

static void on_event(void *opaque, CharEvent event)
{
    MonitorHmp *s = opaque;

    if (event == CHAR_EVENT_BREAK) {
        return;
    }
    hang_up(s);
    if (event == CHAR_EVENT_OPENED) {
        begin(s);
    }
}

static void on_focus(void *opaque)
{
    MonitorHmp *s = opaque;

    if (!s->monitor) {
        return;
    }
    if (!s->greeted) {
        greet(s);
    } else if (!s->run) {
        g_autoptr(GString) text = g_string_new("\n");

        hmp_editor_begin(s->editor, text);
        show(s, text->str);
    }
}

static const CharFrontOps front_ops = {
    .can_receive = on_can_receive,
    .receive = on_receive,
    .event = on_event,
    .focus = on_focus,
    .writable = on_writable,
};

/* ---- Life ---- */

static void monitor_init(Object *obj)
{
    to_monitor_hmp(obj)->out = g_string_new(NULL);
}

static void monitor_finalize(Object *obj)
{
    g_string_free(to_monitor_hmp(obj)->out, TRUE);
}

static bool monitor_complete(Object *obj, GError **error)
{
    MonitorHmp *s = to_monitor_hmp(obj);

    s->chr = monitor_hmp_props(s)->chardev.target;
    char_attach(s->chr, &front_ops, s);
    return true;
}

static void monitor_dismantle(Object *obj)
{
    MonitorHmp *s = to_monitor_hmp(obj);

    hang_up(s);
    char_detach(s->chr, s);
    s->chr = NULL;
}

const TypeInfo monitor_hmp_type = {
    .schema = &qmp_class_monitor_hmp,
    .size = sizeof(MonitorHmp),
    .object = &(const ObjectOps){
        .init = monitor_init,
        .complete = monitor_complete,
        .dismantle = monitor_dismantle,
        .finalize = monitor_finalize,
    },
};
