/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine's RAM: a memory backend of -m, or those that -machine or -numa name; and room for
 * memory devices.
 */
#include "config.h"
#include "client/translate/plan.h"

#include "qmp/text.h"

/* The -object with that id, or NULL. */
static const Item *find_object(const Plan *plan, const char *id)
{
    for (guint i = 0; i < plan->items->len; i++) {
        const Item *item = plan->items->pdata[i];
        const char *own = item->json ? json_string_value(json_object_get(item->json, "id"))
                          : item->options ? qmp_options_get(item->options, "id") : NULL;

        if (item->row->handle == option_object && g_strcmp0(own, id) == 0) {
            return item;
        }
    }
    return NULL;
}

static bool object_size(const Item *item, guint64 *ret)
{
    const char *text = item->options ? qmp_options_get(item->options, "size") : NULL;

    if (item->json) {
        *ret = json_integer_value(json_object_get(item->json, "size"));
        return true;
    }
    return text && qmp_parse_size(text, ret) == QMP_PARSE_OK;
}

/* A backend that an option names, and what it adds to *sum; false if its size is not known. */
static bool add_backend(Plan *plan, const char *id, guint64 *sum, bool *known, GError **error)
{
    const Item *object = find_object(plan, id);
    guint64 own = 0;

    if (qmp_options_get(plan->memory.options, "mem-path")) {
        return plan_refuse(error, "-mem-path and the memory backend '%s' exclude each other", id);
    }
    if (!object) {
        qmp_error_set(error, ERROR_REASON_OBJECT_NOT_FOUND,
                      "no -object is the memory backend '%s'", id);
        return false;
    }
    *known = object_size(object, &own) && *known;
    *sum += own;
    return true;
}

/* -m must agree with the nodes' backends. */
static bool check_nodes(Plan *plan, GError **error)
{
    const char *text = qmp_options_get(plan->memory.options, "size");
    guint64 size = 0, sum = 0;
    bool known = true;
    json_t *step;
    size_t i;

    json_array_foreach(plan->memory.steps, i, step) {
        const char *id = json_string_value(json_object_get(step, "memdev"));

        plan->current = plan->memory.step_items->pdata[i];
        if (id && !add_backend(plan, id, &sum, &known, error)) {
            return false;
        }
    }
    if (text && known && (qmp_parse_size(text, &size) != QMP_PARSE_OK || size != sum)) {
        plan->current = plan->memory.item;
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                      "the NUMA nodes have another size: %" G_GUINT64_FORMAT, sum);
        return false;
    }
    return true;
}

/* -m must agree with a backend that -machine names. */
static bool check_memory(Plan *plan, GError **error)
{
    const char *id = qmp_options_get(plan->machine.options, "memory-backend");
    const char *text = qmp_options_get(plan->memory.options, "size");
    guint64 size = 0, own = 0;
    bool known = true;

    if (!add_backend(plan, id, &own, &known, error)) {
        return false;
    }
    if (text && known &&
        (qmp_parse_size(text, &size) != QMP_PARSE_OK || size != own)) {
        plan->current = plan->memory.item;
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                      "the memory backend '%s' has another size: %" G_GUINT64_FORMAT, id, own);
        return false;
    }
    return true;
}

static bool add_number(QmpOptions *options, const char *key, guint64 value, GError **error)
{
    g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT, value);

    return qmp_options_add(options, key, text, 0, error);
}

/* Whether there is room for memory devices: only then does -m say more than a size. */
static bool has_room(const Plan *plan)
{
    const char *text = qmp_options_get(plan->memory.options, "size");
    guint64 size = 0;

    return plan->memory.max && !(text && qmp_parse_size(text, &size) == QMP_PARSE_OK &&
                                 size == plan->memory.max);
}

/* The machine's property `memory`, by slots and maxmem of -m. */
static bool add_room(Plan *plan, GError **error)
{
    QmpOptions *options = plan->machine.options;

    if (!has_room(plan)) {
        return true;
    }
    if (!qmp_class_member(plan->machine.klass, "memory")) {
        plan->current = plan->memory.item;
        return plan_refuse(error, "machine '%s' takes no memory devices: 'maxmem' must be the size",
                           plan->machine.klass->name);
    }
    return add_number(options, "memory.max-size", plan->memory.max, error) &&
           (!plan->memory.slots || add_number(options, "memory.slots", plan->memory.slots, error));
}

/* Adds a backend for RAM, unless -machine or -numa names one. */
static bool add_backends(Plan *plan, GError **error)
{
    const char *id = qmp_name_or_null(plan->machine.klass->default_ram_id) ?: "ram";

    if (plan_has_node_memory(plan)) {
        return check_nodes(plan, error);
    }
    if (qmp_options_get(plan->machine.options, "memory-backend")) {
        return check_memory(plan, error);
    }
    if (!qmp_options_get(plan->memory.options, "size")) {
        if (g_str_equal(plan->machine.klass->name, "none-machine")) {
            return plan_check_no_memory(plan, error);
        }
        qmp_options_set(plan->memory.options, "size", "128M");
    }
    if (!qmp_options_get(plan->memory.options, "qom-type")) {
        qmp_options_set(plan->memory.options, "qom-type", "memory-backend-ram");
    }
    qmp_options_set(plan->memory.options, "id", id);
    qmp_options_set(plan->machine.options, "memory-backend", id);
    plan->current = plan->memory.item;
    return plan_add_options(plan, "object-add", plan->memory.options, "the machine's RAM", error);
}

bool plan_add_ram(Plan *plan, GError **error)
{
    return add_backends(plan, error) && add_room(plan, error);
}
