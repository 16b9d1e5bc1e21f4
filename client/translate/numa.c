/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -numa: machines have one node, which has all memory and all CPUs.  Options that say no more
 * than that are accepted; everything else needs tables that do not exist.
 */
#include "config.h"
#include "client/translate/plan.h"

#include "client/translate/typed.h"

#define ONE_NODE "machines have one NUMA node"

/* Takes a key whose number must be 0. */
static bool take_zero(QmpOptions *options, const char *key, const char *why, GError **error)
{
    guint64 value = 0;

    if (!plan_take_uint(options, key, &value, error)) {
        return false;
    }
    return !value || plan_refuse(error, "'%s' must be 0: %s", key, why);
}

/* Its memory backend becomes the machine's. */
static bool numa_node(Plan *plan, QmpOptions *options, GError **error)
{
    static const char *const known[] = { "type", "nodeid", "cpus", "mem", "memdev", NULL };
    const char *memdev = qmp_options_get(options, "memdev");

    if (!plan_check_keys(options, known, error) ||
        !take_zero(options, "nodeid", ONE_NODE, error)) {
        return false;
    }
    if (plan->memory.n_nodes++) {
        return plan_refuse(error, ONE_NODE);
    }
    if (qmp_options_get(options, "mem")) {
        return plan_refuse(error, "'mem' is not supported: write memdev=ID, or nothing for all "
                           "memory");
    }
    plan->memory.numa_backend = memdev;
    plan->memory.backend = memdev ? memdev : plan->memory.backend;
    plan_note(plan, "one node with all CPUs needs no description for the guest");
    return true;
}

/* Options about a node have no effect before it exists. */
static bool check_node(const Plan *plan, GError **error)
{
    return plan->memory.n_nodes || plan_refuse(error, "there is no -numa node before it");
}

static bool numa_cpu(Plan *plan, QmpOptions *options, GError **error)
{
    static const char *const known[] = { "type", "node-id", "socket-id", "die-id", "core-id",
                                         "thread-id", NULL };

    if (!plan_check_keys(options, known, error) ||
        !take_zero(options, "node-id", ONE_NODE, error) || !check_node(plan, error)) {
        return false;
    }
    plan_note(plan, "all CPUs are in node 0");
    return true;
}

static bool numa_dist(Plan *plan, QmpOptions *options, GError **error)
{
    static const char *const known[] = { "type", "src", "dst", "val", NULL };
    guint64 distance = 10;

    if (!plan_check_keys(options, known, error) ||
        !take_zero(options, "src", ONE_NODE, error) ||
        !take_zero(options, "dst", ONE_NODE, error) ||
        !plan_take_uint(options, "val", &distance, error)) {
        return false;
    }
    if (distance != 10) {
        qmp_error_set(error, ERROR_REASON_OUT_OF_RANGE, "'val' of a node and itself must be 10");
        return false;
    }
    if (!check_node(plan, error)) {
        return false;
    }
    plan_note(plan, "a node is at distance 10 of itself");
    return true;
}

bool option_numa(Plan *plan, Item *item, GError **error)
{
    QmpOptions *options;
    const char *type;

    if (item->json && !item_json_to_options(item, error)) {
        return false;
    }
    options = item->options;
    type = qmp_options_get(options, "type");
    if (g_strcmp0(type, "node") == 0) {
        return numa_node(plan, options, error);
    }
    if (g_strcmp0(type, "cpu") == 0) {
        return numa_cpu(plan, options, error);
    }
    if (g_strcmp0(type, "dist") == 0) {
        return numa_dist(plan, options, error);
    }
    if (g_strcmp0(type, "hmat-lb") == 0 || g_strcmp0(type, "hmat-cache") == 0) {
        return plan_refuse(error, "'%s' belongs to the HMAT, which vmd does not have", type);
    }
    qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                  "must begin with node, cpu, dist, hmat-lb or hmat-cache");
    return false;
}
