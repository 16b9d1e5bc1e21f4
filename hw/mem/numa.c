/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NUMA nodes: memory, CPUs and distances that a step describes; see numa.h.
 */
#include "config.h"
#include "hw/mem/numa.h"

#include <string.h>

#include "hw/machine/service.h"
#include "qmp/error.h"

MACHINE_SERVICE(service, Numa, numa_free)

Numa *numa_new(const CpuTopology *topology, bool hmat)
{
    Numa *numa = g_new0(Numa, 1);

    numa->topology = *topology;
    numa->hmat = hmat;
    return numa;
}

void numa_free(Numa *numa)
{
    if (!numa) {
        return;
    }
    for (guint i = 0; i < NUMA_LEVELS; i++) {
        for (guint j = 0; j < HMAT_LB_DATA_TYPE__MAX; j++) {
            g_clear_pointer(&numa->speeds[i][j].speeds, g_array_unref);
        }
    }
    for (guint i = 0; i < NUMA_MAX_NODES; i++) {
        g_free(numa->nodes[i]);
    }
    g_free(numa->of_place);
    g_free(numa);
}

static bool exists(const Numa *numa, guint64 node)
{
    return node < NUMA_MAX_NODES && numa->nodes[node];
}

/* ---- CPUs ---- */

/* Nodes with CPUs are their own initiators. */
bool numa_take_cpus(Numa *numa, guint number, const char *member, GError **error)
{
    NumaNode *node = numa->nodes[number];

    if (node->initiator != NUMA_NO_NODE && node->initiator != number) {
        qmp_error_set_at(error, member, ERROR_REASON_INVALID_VALUE, "the initiator of NUMA node %u "
                         "is %u, and must be itself, as it has CPUs", number, node->initiator);
        return false;
    }
    node->initiator = number;
    node->has_cpus = true;
    return true;
}

static bool set_cpu_node(Numa *numa, guint32 place, guint node, const char *member, GError **error)
{
    guint32 n = topology_n_places(&numa->topology);

    if (!numa->of_place) {
        numa->of_place = g_malloc(n);
        memset(numa->of_place, CPU_NO_NODE, n);
    }
    if (numa->of_place[place] != CPU_NO_NODE && numa->of_place[place] != node) {
        qmp_error_set_at(error, member, ERROR_REASON_INVALID_VALUE,
                         "CPU %u is in NUMA node %u already", place, numa->of_place[place]);
        return false;
    }
    numa->of_place[place] = node;
    return numa_take_cpus(numa, node, member, error);
}

/* CPUs have names only if it is known how many there are. */
static bool check_places(const Numa *numa, const char *member, GError **error)
{
    if (!topology_n_places(&numa->topology)) {
        qmp_error_set_at(error, member, ERROR_REASON_PROPERTY_MISSING, "no CPU can be put into a "
                         "NUMA node: the machine's property 'smp' is missing");
        return false;
    }
    return true;
}

static bool add_cpus(Numa *numa, guint node, const uint16List *cpus, GError **error)
{
    guint32 n = topology_n_places(&numa->topology);

    if (cpus->n && !check_places(numa, "cpus", error)) {
        return false;
    }
    for (gsize i = 0; i < cpus->n; i++) {
        if (cpus->items[i] >= n) {
            qmp_error_set_at(error, "cpus", ERROR_REASON_OUT_OF_RANGE,
                             "CPU %u does not exist: 'maxcpus' is %u", cpus->items[i], n);
            return false;
        }
        if (!set_cpu_node(numa, cpus->items[i], node, "cpus", error)) {
            return false;
        }
    }
    return true;
}

static bool matches(bool has, gint64 given, guint32 own)
{
    return !has || given == own;
}

static bool add_cpu(Numa *numa, const NumaCpuOptions *options, GError **error)
{
    guint32 n = topology_n_places(&numa->topology);
    bool found = false;

    if (!options->has_node_id) {
        qmp_error_set_at(error, "node-id", ERROR_REASON_PROPERTY_MISSING,
                         "'node-id' is missing");
        return false;
    }
    if (options->node_id < 0 || !exists(numa, options->node_id)) {
        qmp_error_set_at(error, "node-id", ERROR_REASON_INVALID_VALUE, "NUMA node %"
                         G_GINT64_FORMAT " does not exist yet", options->node_id);
        return false;
    }
    if (!check_places(numa, "node-id", error)) {
        return false;
    }
    for (guint32 i = 0; i < n; i++) {
        CpuIds ids = topology_ids_of_index(&numa->topology, i);

        if (matches(options->has_socket_id, options->socket_id, ids.socket) &&
            matches(options->has_die_id, options->die_id, ids.die) &&
            matches(options->has_core_id, options->core_id, ids.core) &&
            matches(options->has_thread_id, options->thread_id, ids.thread)) {
            found = true;
            if (!set_cpu_node(numa, i, options->node_id, "node-id", error)) {
                return false;
            }
        }
    }
    if (!found) {
        qmp_error_set(error, ERROR_REASON_OUT_OF_RANGE, "the machine has no CPU with these ids");
    }
    return found;
}

/* ---- Nodes ---- */

static NumaNode *make_node(Numa *numa, guint number)
{
    NumaNode *node = g_new0(NumaNode, 1);

    node->initiator = NUMA_NO_NODE;
    numa->nodes[number] = node;
    numa->n_nodes++;
    numa->n_numbers = MAX(numa->n_numbers, number + 1);
    return node;
}

void numa_add_only(Numa *numa, guint64 ram_size)
{
    NumaNode *node = make_node(numa, 0);

    node->size = ram_size;
    node->initiator = 0;
    node->has_cpus = true;
}

static bool check_number(const Numa *numa, guint number, GError **error)
{
    if (number >= NUMA_MAX_NODES) {
        qmp_error_set_at(error, "nodeid", ERROR_REASON_OUT_OF_RANGE,
                         "'nodeid' is %u, and a machine has NUMA nodes 0 to %u", number,
                         NUMA_MAX_NODES - 1);
        return false;
    }
    if (exists(numa, number)) {
        qmp_error_set_at(error, "nodeid", ERROR_REASON_INVALID_VALUE,
                         "there is a NUMA node %u already", number);
        return false;
    }
    return true;
}

static bool set_initiator(const Numa *numa, NumaNode *node, const NumaNodeOptions *options,
                          GError **error)
{
    if (!options->has_initiator) {
        return true;
    }
    if (!numa->hmat) {
        qmp_error_set_at(error, "initiator", ERROR_REASON_INVALID_VALUE,
                         "'initiator' has no effect unless the machine's property 'hmat' is on");
        return false;
    }
    if (options->initiator >= NUMA_MAX_NODES) {
        qmp_error_set_at(error, "initiator", ERROR_REASON_OUT_OF_RANGE, "'initiator' is %u, and a "
                         "machine has NUMA nodes 0 to %u", options->initiator, NUMA_MAX_NODES - 1);
        return false;
    }
    node->initiator = options->initiator;
    return true;
}

static bool check_memory(const Numa *numa, const NumaNodeOptions *options, GError **error)
{
    for (guint i = 0; i < numa->n_numbers; i++) {
        const NumaNode *other = numa->nodes[i];

        if (other && options->memdev.target && other->backend == options->memdev.target) {
            qmp_error_set_at(error, "memdev", ERROR_REASON_IN_USE, "memory backend '%s' is that of "
                             "NUMA node %u already", options->memdev.path, i);
            return false;
        }
        if (other && ((other->backend && options->has_mem) ||
                      (other->has_mem && options->memdev.target))) {
            qmp_error_set_at(error, options->has_mem ? "mem" : "memdev", ERROR_REASON_INVALID_VALUE,
                             "'mem' and 'memdev' exclude each other, also in different NUMA nodes");
            return false;
        }
    }
    if (options->has_mem && options->memdev.target) {
        qmp_error_set_at(error, "mem", ERROR_REASON_INVALID_VALUE,
                         "'mem' and 'memdev' exclude each other");
        return false;
    }
    return true;
}

static bool add_node(Numa *numa, const NumaNodeOptions *options, GError **error)
{
    guint number = options->has_nodeid ? options->nodeid : numa->n_nodes;
    NumaNode *node;

    if (!check_number(numa, number, error) || !check_memory(numa, options, error)) {
        return false;
    }
    node = make_node(numa, number);
    node->has_mem = options->has_mem;
    node->backend = options->memdev.target;
    node->size = node->backend ? memory_backend_size(node->backend)
                 : options->has_mem ? options->mem : 0;
    return set_initiator(numa, node, options, error) &&
           (!options->has_cpus || add_cpus(numa, number, &options->cpus, error));
}

/* ---- Distances ---- */

static bool add_distance(Numa *numa, const NumaDistOptions *options, GError **error)
{
    bool has_source = exists(numa, options->src);

    if (!has_source || !exists(numa, options->dst)) {
        qmp_error_set_at(error, has_source ? "dst" : "src", ERROR_REASON_INVALID_VALUE,
                         "NUMA node %u does not exist yet",
                         has_source ? options->dst : options->src);
        return false;
    }
    if (options->val < NUMA_LOCAL_DISTANCE) {
        qmp_error_set_at(error, "val", ERROR_REASON_OUT_OF_RANGE,
                         "'val' is %u, and a distance is at least %u", options->val,
                         NUMA_LOCAL_DISTANCE);
        return false;
    }
    if (options->src == options->dst && options->val != NUMA_LOCAL_DISTANCE) {
        qmp_error_set_at(error, "val", ERROR_REASON_INVALID_VALUE,
                         "'val' is %u, and a NUMA node is at distance %u of itself", options->val,
                         NUMA_LOCAL_DISTANCE);
        return false;
    }
    numa->nodes[options->src]->distances[options->dst] = options->val;
    numa->has_distances = true;
    return true;
}

/* ---- A step ---- */

bool numa_add(Numa *numa, const NumaOptions *options, GError **error)
{
    switch (options->type) {
    case NUMA_OPTIONS_TYPE_NODE:
        return add_node(numa, &options->u.node, error);
    case NUMA_OPTIONS_TYPE_DIST:
        return add_distance(numa, &options->u.dist, error);
    case NUMA_OPTIONS_TYPE_CPU:
        return add_cpu(numa, &options->u.cpu, error);
    case NUMA_OPTIONS_TYPE_HMAT_LB:
        return numa_add_speed(numa, &options->u.hmat_lb, error);
    default:
        return numa_add_cache(numa, &options->u.hmat_cache, error);
    }
}

/* ---- The machine's ---- */

Numa *numa_of(const Machine *machine)
{
    return service(machine);
}

void numa_set(Machine *machine, Numa *numa)
{
    numa_free(numa_of(machine));
    machine->accel->nodes = (CpuNodes){ .n = numa ? numa->n_nodes : 0,
                                        .of_place = numa ? numa->of_place : NULL };
    set_service(machine, numa);
}

bool numa_check_node(const Machine *machine, guint32 node, GError **error)
{
    const Numa *numa = numa_of(machine);
    guint n = numa ? numa->n_nodes : 0;

    if (node >= MAX(n, 1)) {
        qmp_error_set_at(error, "node", ERROR_REASON_OUT_OF_RANGE,
                         "NUMA node %u does not exist: the machine has %s", node,
                         n <= 1 ? "node 0 only" : "others");
        return false;
    }
    return true;
}
