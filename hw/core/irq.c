/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines and wires of hw/core/irq.h.
 *
 * All lines work alike: a line counts the sources that hold it high (wires that
 * end at it, and irq_set()), and passes a change of its level to its handler
 * and along the wires that begin at it.
 */
#include "config.h"
#include "hw/core/irq.h"

#include <string.h>

#include "qmp/error.h"
#include "qom/env.h"
#include "qom/qapi-objects-machine.h"
#include "qom/qapi-trace.h"

typedef struct {
    Irq *to;
    bool invert;
} Wire;

struct Irq {
    Object object;
    IrqHandler handler;         /* NULL: only an output */
    void *opaque;
    IrqHandler observer;        /* or NULL */
    void *observer_opaque;
    guint n;
    bool hand;                  /* the level last given to irq_set() */
    guint high;                 /* sources that are high, including irq_set() */
    GArray *wires;              /* of Wire: those that begin here */
    GPtrArray *sources;         /* of Irq: where wires come from; not counted */
};

static void source_changed(Irq *irq, bool level);

static void level_changed(Irq *irq)
{
    bool level = irq_level(irq);

    trace_irq_level(irq, level);
    if (irq->observer) {
        irq->observer(irq->observer_opaque, irq->n, level);
    }
    if (irq->handler) {
        irq->handler(irq->opaque, irq->n, level);
    }
    for (guint i = 0; i < irq->wires->len; i++) {
        const Wire *wire = &g_array_index(irq->wires, Wire, i);

        source_changed(wire->to, level ^ wire->invert);
    }
}

/* One source of irq went up or down. */
static void source_changed(Irq *irq, bool level)
{
    bool before = irq_level(irq);

    irq->high = level ? irq->high + 1 : irq->high - 1;
    if (irq_level(irq) != before) {
        level_changed(irq);
    }
}

bool irq_level(const Irq *irq)
{
    return irq->high > 0;
}

void irq_set(Irq *irq, bool level)
{
    env_lock_assert(&irq->object);
    if (irq->hand != level) {
        irq->hand = level;
        source_changed(irq, level);
    }
}

void irq_connect(Irq *from, Irq *to, bool invert)
{
    const Wire wire = { .to = to, .invert = invert };

    env_lock_assert(&from->object);
    g_array_append_val(from->wires, wire);
    g_ptr_array_add(to->sources, from);
    if (irq_level(from) ^ invert) {
        source_changed(to, true);
    }
}

void irq_disconnect(Irq *from, Irq *to)
{
    env_lock_assert(&from->object);
    for (guint i = 0; i < from->wires->len; i++) {
        Wire wire = g_array_index(from->wires, Wire, i);

        if (wire.to == to) {
            g_array_remove_index(from->wires, i);
            g_ptr_array_remove(to->sources, from);
            if (irq_level(from) ^ wire.invert) {
                source_changed(to, false);
            }
            return;
        }
    }
}

bool irq_observe(Irq *irq, IrqHandler f, void *opaque)
{
    env_lock_assert(&irq->object);
    if (irq->observer && irq->observer_opaque != opaque) {
        return false;
    }
    irq->observer = f;
    irq->observer_opaque = f ? opaque : NULL;
    return true;
}

bool irq_is_input(const Irq *irq)
{
    return irq->handler != NULL;
}

/* ---- Lines of a device ---- */

static void lines_new(Object *owner, const char *name, guint n, IrqHandler handler, void *opaque)
{
    for (guint i = 0; i < n; i++) {
        g_autoptr(Object) object = object_new(&qmp_class_irq);
        g_autofree char *child = g_strdup_printf("%s[%u]", name, i);
        Irq *irq = to_irq(object);

        irq->handler = handler;
        irq->opaque = opaque;
        irq->n = i;
        object_add_child(owner, child, object, NULL);
    }
}

void gpio_in_new(Object *owner, const char *name, guint n, IrqHandler handler, void *opaque)
{
    lines_new(owner, name, n, handler, opaque);
}

void gpio_out_new(Object *owner, const char *name, guint n)
{
    lines_new(owner, name, n, NULL, NULL);
}

static Irq *line_of(Object *owner, const char *child)
{
    Object *object = object_child(owner, child);

    return object ? object_dynamic_cast(object, &qmp_class_irq) : NULL;
}

Irq *gpio(Object *owner, const char *name, guint n)
{
    g_autofree char *child = g_strdup_printf("%s[%u]", name, n);

    return line_of(owner, child);
}

/* Finds "NAME.GPIO[N]" or "GPIO[N]" from parent. */
static Irq *line_by_text(Object *parent, const char *text, GError **error)
{
    const char *dot = strrchr(text, '.');
    Object *owner = parent;
    Irq *irq;

    if (dot) {
        g_autofree char *name = g_strndup(text, dot - text);

        owner = object_child(parent, name);
    }
    irq = owner ? line_of(owner, dot ? dot + 1 : text) : NULL;
    if (!irq) {
        g_autofree char *path = object_path(parent);

        qmp_error_set(error, ERROR_REASON_OBJECT_NOT_FOUND, "'%s' has no line '%s'", path, text);
    }
    return irq;
}

bool irq_wire(Object *parent, const char *from, const char *to, GError **error)
{
    Irq *output = line_by_text(parent, from, error);
    Irq *input;

    if (!output) {
        return false;
    }
    input = line_by_text(parent, to, error);
    if (!input) {
        return false;
    }
    irq_connect(output, input, false);
    return true;
}

/* ---- Class ---- */

static void irq_init(Object *obj)
{
    Irq *irq = to_irq(obj);

    irq->wires = g_array_new(false, false, sizeof(Wire));
    irq->sources = g_ptr_array_new();
}

static void irq_finalize(Object *obj)
{
    Irq *irq = to_irq(obj);

    /* The owner may be partly torn down, so its handler is not called any more. */
    irq->handler = irq->observer = NULL;
    while (irq->sources->len) {
        irq_disconnect(g_ptr_array_index(irq->sources, 0), irq);
    }
    while (irq->wires->len) {
        irq_disconnect(irq, g_array_index(irq->wires, Wire, 0).to);
    }
    g_ptr_array_unref(irq->sources);
    g_array_unref(irq->wires);
}

const TypeInfo irq_type = {
    .schema = &qmp_class_irq,
    .size = sizeof(Irq),
    .object = &(const ObjectOps){
        .init = irq_init,
        .finalize = irq_finalize,
    },
};
