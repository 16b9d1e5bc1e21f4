/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -numa: a step of the machine's property `numa`, by the schema's rows.  Machine types without
 * that property have one node, which has all memory and all CPUs: options that say no more than
 * that are accepted.
 */
#include "config.h"
#include "client/translate/plan.h"

#include "client/translate/typed.h"
#include "qmp/qapi-types-numa.h"
#include "qmp/qapi-types-pc.h"

/* ---- Collecting ---- */

static bool check_type(const QmpOptions *options, GError **error)
{
    const char *type = qmp_options_get(options, "type");

    for (int i = 0; type && i < NUMA_OPTIONS_TYPE__MAX; i++) {
        if (g_str_equal(type, qmp_enum_name(&qmp_type_NumaOptionsType, i))) {
            return true;
        }
    }
    qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                  "must begin with node, cpu, dist, hmat-lb or hmat-cache");
    return false;
}

/* The other types are about nodes that exist. */
static bool check_order(const Plan *plan, const QmpOptions *options, GError **error)
{
    return json_array_size(plan->memory.steps) ||
           g_str_equal(qmp_options_get(options, "type"), "node") ||
           plan_refuse(error, "there is no -numa node before it");
}

/* In text, sizes of nodes are in MiB, as that of -m is. */
static bool mend_size(Item *item, GError **error)
{
    const char *text = item->json ? NULL : qmp_options_get(item->options, "mem");
    guint position = text ? qmp_options_position(item->options, "mem") : 0;
    g_autofree char *value = text ? plan_size_in_mib(text) : NULL;

    if (!value) {
        return true;
    }
    qmp_options_remove(item->options, "mem");
    return qmp_options_add(item->options, "mem", value, position, error);
}

bool option_numa(Plan *plan, Item *item, GError **error)
{
    json_t *step;

    if (!mend_size(item, error) || (item->json && !item_json_to_options(item, error)) ||
        !check_type(item->options, error)) {
        return false;
    }
    step = typed_from_options(&qmp_type_NumaOptions, item->options, error);
    if (!step) {
        plan_place_error(item->options, error);
        return false;
    }
    if (!check_order(plan, item->options, error)) {
        json_decref(step);
        return false;
    }
    json_array_append_new(plan->memory.steps, step);
    g_ptr_array_add(plan->memory.step_items, item);
    return true;
}

/* ---- What there is ---- */

static const char *memdev_of(const json_t *step)
{
    return json_string_value(json_object_get(step, "memdev"));
}

bool plan_has_nodes(const Plan *plan)
{
    return json_array_size(plan->memory.steps) &&
           qmp_class_member(plan->machine.klass, "numa");
}

bool plan_is_node_memory(const Plan *plan, const char *id)
{
    json_t *step;
    size_t i;

    json_array_foreach(plan->memory.steps, i, step) {
        if (g_strcmp0(memdev_of(step), id) == 0) {
            return true;
        }
    }
    return false;
}

bool plan_has_node_memory(const Plan *plan)
{
    json_t *step;
    size_t i;

    json_array_foreach(plan->memory.steps, i, step) {
        if (memdev_of(step) && plan_has_nodes(plan)) {
            return true;
        }
    }
    return false;
}

/* ---- Machine types with one node ---- */

/* Whether a number is what it must be, or absent. */
static bool is(const json_t *step, const char *key, json_int_t value)
{
    const json_t *given = json_object_get(step, key);

    return !given || json_integer_value(given) == value;
}

static bool says_nothing(const json_t *step, bool first)
{
    const char *type = json_string_value(json_object_get(step, "type"));

    if (g_str_equal(type, "node")) {
        return first && is(step, "nodeid", 0) && !json_object_get(step, "mem") &&
               !json_object_get(step, "initiator");
    }
    if (g_str_equal(type, "cpu")) {
        return is(step, "node-id", 0);
    }
    return g_str_equal(type, "dist") && is(step, "src", 0) && is(step, "dst", 0) &&
           is(step, "val", 10);
}

static bool take_only_node(Plan *plan, GError **error)
{
    json_t *step;
    size_t i;

    json_array_foreach(plan->memory.steps, i, step) {
        plan->current = plan->memory.step_items->pdata[i];
        if (!says_nothing(step, i == 0)) {
            return plan_refuse(error, "a '%s' has one NUMA node, with all memory and all CPUs",
                               plan->machine.klass->name);
        }
        plan_note(plan, "one node with all CPUs needs no description for the guest");
        if (memdev_of(step)) {
            qmp_options_set(plan->machine.options, "memory-backend", memdev_of(step));
        }
    }
    return true;
}

/* ---- Others ---- */

static bool names_cpus(const Plan *plan)
{
    json_t *step;
    size_t i;

    json_array_foreach(plan->memory.steps, i, step) {
        if (json_object_get(step, "cpus") ||
            g_str_equal(json_string_value(json_object_get(step, "type")), "cpu")) {
            return true;
        }
    }
    return false;
}

/* Whether an option has given that property of the machine. */
static bool has_property(const Plan *plan, const char *name)
{
    g_autoptr(GPtrArray) keys = plan_keys(plan->machine.options);

    return g_ptr_array_find_with_equal_func(keys, name, g_str_equal, NULL);
}

/* CPUs have names only if there is a number of them: one without -smp. */
static bool number_cpus(Plan *plan, GError **error)
{
    return !names_cpus(plan) || has_property(plan, "smp") ||
           qmp_options_add(plan->machine.options, "smp.cpus", "1", 0, error);
}

/* What -machine, as in a file that was made of a machine, says in the place of -numa. */
static bool take_property(Plan *plan, GError **error)
{
    g_autoptr(QmpOptions) options = plan_options();
    json_t *props;

    if (!has_property(plan, "numa") || !qmp_class_member(plan->machine.klass, "numa")) {
        return true;
    }
    if (json_array_size(plan->memory.steps)) {
        return plan_refuse(error, "'numa' and -numa exclude each other");
    }
    if (!plan_move(plan->machine.options, "numa", options, "numa", error)) {
        return false;
    }
    props = typed_from_options(&qmp_type_GenericPcMachineProps, options, error);
    if (!props) {
        return false;
    }
    json_array_extend(plan->memory.steps, json_object_get(props, "numa"));
    json_decref(props);
    while (plan->memory.step_items->len < json_array_size(plan->memory.steps)) {
        g_ptr_array_add(plan->memory.step_items, (void *)plan->current);
    }
    return true;
}

/* Whether a -machine and nodes both name memory. */
static bool check_memory(Plan *plan, GError **error)
{
    json_t *step;
    size_t i;

    json_array_foreach(plan->memory.steps, i, step) {
        if (memdev_of(step) && plan->memory.backend) {
            return plan_refuse(error, "'memory-backend' and memdev of -numa exclude each other");
        }
    }
    return true;
}

bool plan_take_nodes(Plan *plan, GError **error)
{
    return take_property(plan, error) && check_memory(plan, error) &&
           (plan_has_nodes(plan) ? number_cpus(plan, error) : take_only_node(plan, error));
}
