/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NUMA nodes: whether nothing is missing; see numa.h.
 */
#include "config.h"
#include "hw/mem/numa.h"

#include "qmp/error.h"

/* ---- Distances ---- */

static bool is_asymmetric(const Numa *numa)
{
    for (guint i = 0; i < numa->n_nodes; i++) {
        for (guint j = 0; j < i; j++) {
            guint8 there = numa->nodes[i]->distances[j], back = numa->nodes[j]->distances[i];

            if (there && back && there != back) {
                return true;
            }
        }
    }
    return false;
}

/* One direction is enough if no pair differs in its two. */
static bool check_distance(Numa *numa, guint from, guint to, bool both, GError **error)
{
    guint8 *there = &numa->nodes[from]->distances[to], back = numa->nodes[to]->distances[from];

    if (from == to) {
        *there = NUMA_LOCAL_DISTANCE;
    } else if (!*there && (both || !back)) {
        qmp_error_set(error, ERROR_REASON_PROPERTY_MISSING,
                      "the distance from NUMA node %u to %u is missing%s", from, to,
                      both ? ": distances of a pair differ, so those of all pairs are needed in "
                             "both directions" : "");
        return false;
    } else if (!*there) {
        *there = back;
    }
    return true;
}

static bool complete_distances(Numa *numa, GError **error)
{
    bool both = is_asymmetric(numa);

    for (guint i = 0; numa->has_distances && i < numa->n_nodes; i++) {
        for (guint j = 0; j < numa->n_nodes; j++) {
            if (!check_distance(numa, i, j, both, error)) {
                return false;
            }
        }
    }
    return true;
}

/* ---- Memory and CPUs ---- */

guint64 numa_memory(const Numa *numa)
{
    guint64 sum = 0;

    for (guint i = 0; i < numa->n_numbers; i++) {
        guint64 size = numa->nodes[i] ? numa->nodes[i]->size : 0;

        sum += MIN(size, G_MAXUINT64 - sum);
    }
    return sum;
}

bool numa_has_backends(const Numa *numa)
{
    for (guint i = 0; i < numa->n_numbers; i++) {
        if (numa->nodes[i] && numa->nodes[i]->backend) {
            return true;
        }
    }
    return false;
}

static bool check_numbers(const Numa *numa, GError **error)
{
    for (guint i = 0; i < numa->n_numbers; i++) {
        if (!numa->nodes[i]) {
            qmp_error_set(error, ERROR_REASON_PROPERTY_MISSING, "NUMA node %u is missing: there "
                          "is a node %u", i, numa->n_numbers - 1);
            return false;
        }
    }
    return true;
}

static bool check_sum(const Numa *numa, guint64 ram_size, GError **error)
{
    guint64 sum = numa_memory(numa);

    if (sum != ram_size) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "the NUMA nodes have 0x%"
                      G_GINT64_MODIFIER "x bytes of memory, and the machine has 0x%"
                      G_GINT64_MODIFIER "x", sum, ram_size);
        return false;
    }
    return true;
}

static bool check_cpus(Numa *numa, GError **error)
{
    guint32 n = topology_n_places(&numa->topology);

    for (guint32 i = 0; numa->of_place && i < n; i++) {
        if (numa->of_place[i] == CPU_NO_NODE) {
            qmp_error_set(error, ERROR_REASON_PROPERTY_MISSING, "CPU %u is in no NUMA node, and "
                          "others are: each CPU up to 'maxcpus', %u, needs one", i, n);
            return false;
        }
    }
    return true;
}

/* Sockets are dealt out in turn: some nodes may have none. */
static bool deal_out_cpus(Numa *numa, GError **error)
{
    guint n = MIN(numa->topology.sockets ? numa->topology.sockets : NUMA_MAX_NODES, numa->n_nodes);

    for (guint i = 0; !numa->of_place && i < n; i++) {
        if (!numa_take_cpus(numa, i, NULL, error)) {
            return false;
        }
    }
    return true;
}

/* A node that is alone has all RAM. */
static void complete_memory(Numa *numa, guint64 ram_size)
{
    NumaNode *node = numa->nodes[0];

    if (numa->n_nodes == 1 && node && !node->backend && !node->has_mem) {
        node->size = ram_size;
    }
}

bool numa_check(Numa *numa, guint64 ram_size, GError **error)
{
    complete_memory(numa, ram_size);
    return check_numbers(numa, error) && check_sum(numa, ram_size, error) &&
           complete_distances(numa, error) && check_cpus(numa, error) &&
           deal_out_cpus(numa, error) && numa_check_initiators(numa, error);
}
