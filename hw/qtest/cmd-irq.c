/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupt lines: irq_intercept_in and irq_intercept_out report the changes of
 * an object's inputs or outputs by "IRQ raise N" and "IRQ lower N" (the lines
 * keep working), set_irq_in drives an input directly.
 *
 * N is a line's number under its name.  One object is observed at a time;
 * requesting it again has no effect, and requesting another one fails.
 */
#include "config.h"
#include "hw/qtest/qtest-internal.h"

#include "hw/core/irq.h"
#include "qmp/qapi-types-machine.h"
#include "qmp/qapi-types-object.h"

static void line_changed(void *opaque, guint n, bool level)
{
    qtest_notify(opaque, "IRQ %s %u", level ? "raise" : "lower", n);
}

/* Prefers a device; else any object at the path, since boards have lines,
 * too. */
static Object *find_object(QTest *s, const char *path)
{
    Object *root = object_root(&s->object);
    Object *obj = object_resolve_type(root, path, &qmp_class_device, NULL);

    obj = obj ? obj : object_resolve(root, path, NULL);

    if (!obj) {
        qtest_fail(s, "Unknown device");
    }
    return obj;
}

/* ---- Observing ---- */

typedef struct {
    QTest *s;
    bool inputs;
    guint taken;                /* lines with another observer */
} Interception;

static bool observe_line(Object *child, void *data)
{
    Interception *i = data;
    Irq *irq = object_dynamic_cast(child, &qmp_class_irq);

    if (irq && irq_is_input(irq) == i->inputs && !irq_observe(irq, line_changed, i->s)) {
        i->taken++;
    }
    return true;
}

static bool release_line(Object *child, void *data)
{
    Irq *irq = object_dynamic_cast(child, &qmp_class_irq);

    if (irq) {
        irq_observe(irq, NULL, data);
    }
    return true;
}

/* Lines may have been freed with their devices, so all existing ones are visited. */
void qtest_irq_release(QTest *s)
{
    if (s->intercepted) {
        object_foreach_descendant(object_root(&s->object), release_line, s);
    }
    g_clear_pointer(&s->intercepted, g_free);
}

static void intercept(QTest *s, const char *path, bool inputs)
{
    Interception i = { .s = s, .inputs = inputs };
    Object *obj = find_object(s, path);
    g_autofree char *full = obj ? object_path(obj) : NULL;

    if (!obj) {
        return;
    }
    if (s->intercepted && !g_str_equal(s->intercepted, full)) {
        qtest_fail(s, "IRQ intercept already enabled");
        return;
    }
    if (!s->intercepted) {
        s->intercepted = g_steal_pointer(&full);
        object_foreach_child(obj, observe_line, &i);
    }
    if (i.taken) {
        qtest_irq_release(s);
        qtest_fail(s, "IRQ intercept already enabled by another client");
        return;
    }
    qtest_ok(s);
}

static void run_intercept_in(QTest *s, Machine *machine, char **words)
{
    intercept(s, words[1], true);
}

static void run_intercept_out(QTest *s, Machine *machine, char **words)
{
    intercept(s, words[1], false);
}

/* ---- Driving ---- */

static void run_set_irq_in(QTest *s, Machine *machine, char **words)
{
    Object *obj = find_object(s, words[1]);
    gint64 n, level;
    Irq *irq;

    if (!obj || !qtest_i64(s, words[3], &n) || !qtest_i64(s, words[4], &level)) {
        return;
    }
    irq = n >= 0 && n <= G_MAXINT ? gpio(obj, words[2], n) : NULL;
    if (!irq || !irq_is_input(irq)) {
        qtest_fail(s, "'%.80s' has no input '%.80s[%" G_GINT64_FORMAT "]'", words[1], words[2], n);
        return;
    }
    irq_set(irq, level);
    qtest_ok(s);
}

const QtestCommand qtest_irq_commands[] = {
    { "irq_intercept_in", 1, true, run_intercept_in },
    { "irq_intercept_out", 1, true, run_intercept_out },
    { "set_irq_in", 4, true, run_set_irq_in },
    { NULL, 0, false, NULL },
};
