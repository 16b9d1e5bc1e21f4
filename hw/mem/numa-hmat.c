/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NUMA nodes: how fast memory is, for the HMAT (ACPI 6.4, section 5.2.27); see numa.h.
 */
#include "config.h"
#include "hw/mem/numa.h"

#include "qmp/error.h"

#define MIB (G_GUINT64_CONSTANT(1) << 20)

enum { MAX_ENTRY = 0xfffe };    /* of the table; 0xffff: out of reach */

static bool is_latency(HmatLBDataType type)
{
    return type <= HMAT_LB_DATA_TYPE_WRITE_LATENCY;
}

/* What only the table says has no effect without it. */
static bool check_hmat(const Numa *numa, GError **error)
{
    if (!numa->hmat) {
        qmp_error_set_at(error, "type", ERROR_REASON_INVALID_VALUE,
                         "this has no effect unless the machine's property 'hmat' is on");
    }
    return numa->hmat;
}

static NumaNode *find_node(const Numa *numa, guint64 number, const char *member, GError **error)
{
    NumaNode *node = number < NUMA_MAX_NODES ? numa->nodes[number] : NULL;

    if (!node) {
        qmp_error_set_at(error, member, ERROR_REASON_INVALID_VALUE,
                         "NUMA node %" G_GUINT64_FORMAT " does not exist yet", number);
    }
    return node;
}

/* ---- Latency and bandwidth ---- */

/* The largest power of 10 that divides it. */
static guint64 power_of_10(guint64 value)
{
    guint64 power = 1;

    while (value && value % 10 == 0) {
        value /= 10;
        power *= 10;
    }
    return power;
}

/* What a value is a multiple of; 0 is one of everything. */
static guint64 unit_of(HmatLBDataType type, guint64 value)
{
    return is_latency(type) ? power_of_10(value) : value & -value;
}

/* Chooses the base for all of them; false if one is too large for it. */
static bool choose_base(NumaSpeeds *speeds, HmatLBDataType type)
{
    guint64 base = 0, largest = 0;

    for (guint i = 0; i < speeds->speeds->len; i++) {
        guint64 value = g_array_index(speeds->speeds, NumaSpeed, i).value;

        if (value) {
            base = base ? MIN(base, unit_of(type, value)) : unit_of(type, value);
            largest = MAX(largest, value);
        }
    }
    speeds->base = base ? base : is_latency(type) ? 1 : MIB;
    return largest / speeds->base <= MAX_ENTRY;
}

static bool check_members(const NumaHmatLBOptions *options, GError **error)
{
    bool latency = is_latency(options->data_type);
    const char *needed = latency ? "latency" : "bandwidth";
    const char *other = latency ? "bandwidth" : "latency";

    if (latency ? !options->has_latency : !options->has_bandwidth) {
        qmp_error_set_at(error, needed, ERROR_REASON_PROPERTY_MISSING,
                         "'%s' is missing, which 'data-type' says", needed);
        return false;
    }
    if (latency ? options->has_bandwidth : options->has_latency) {
        qmp_error_set_at(error, other, ERROR_REASON_INVALID_VALUE,
                         "'%s' is of no use: 'data-type' says %s", other, needed);
        return false;
    }
    if (!latency && options->bandwidth % MIB) {
        qmp_error_set_at(error, "bandwidth", ERROR_REASON_INVALID_VALUE, "'bandwidth' is %"
                         G_GUINT64_FORMAT ", which is not a multiple of 1 MiB",
                         options->bandwidth);
        return false;
    }
    return true;
}

static bool check_nodes(const Numa *numa, const NumaHmatLBOptions *options, GError **error)
{
    const NumaNode *initiator = find_node(numa, options->initiator, "initiator", error);

    if (!initiator || !find_node(numa, options->target, "target", error)) {
        return false;
    }
    if (!initiator->has_cpus) {
        qmp_error_set_at(error, "initiator", ERROR_REASON_INVALID_VALUE,
                         "no CPU was put into NUMA node %u, so that it is no initiator",
                         options->initiator);
        return false;
    }
    return true;
}

static bool check_new(const NumaSpeeds *speeds, const NumaHmatLBOptions *options, GError **error)
{
    for (guint i = 0; speeds->speeds && i < speeds->speeds->len; i++) {
        const NumaSpeed *speed = &g_array_index(speeds->speeds, NumaSpeed, i);

        if (speed->initiator == options->initiator && speed->target == options->target) {
            qmp_error_set_at(error, "target", ERROR_REASON_INVALID_VALUE, "this is said already "
                             "for the memory of NUMA node %u and CPUs of node %u",
                             options->target, options->initiator);
            return false;
        }
    }
    return true;
}

static bool add_value(NumaSpeeds *speeds, const NumaHmatLBOptions *options, GError **error)
{
    bool latency = is_latency(options->data_type);
    const NumaSpeed speed = {
        .initiator = options->initiator, .target = options->target,
        .value = latency ? options->latency : options->bandwidth,
    };

    if (!speeds->speeds) {
        speeds->speeds = g_array_new(false, false, sizeof(NumaSpeed));
    }
    g_array_append_val(speeds->speeds, speed);
    if (!choose_base(speeds, options->data_type)) {
        qmp_error_set_at(error, latency ? "latency" : "bandwidth", ERROR_REASON_OUT_OF_RANGE,
                         "the largest value is more than %u times %" G_GUINT64_FORMAT
                         ", which all values are multiples of", MAX_ENTRY, speeds->base);
        return false;
    }
    return true;
}

bool numa_add_speed(Numa *numa, const NumaHmatLBOptions *options, GError **error)
{
    NumaSpeeds *speeds = &numa->speeds[options->hierarchy][options->data_type];
    bool latency = is_latency(options->data_type);
    NumaNode *target;

    if (!check_hmat(numa, error) || !check_nodes(numa, options, error) ||
        !check_members(options, error) || !check_new(speeds, options, error) ||
        !add_value(speeds, options, error)) {
        return false;
    }
    target = numa->nodes[options->target];
    target->has_latency |= latency && options->latency;
    target->has_bandwidth |= !latency && options->bandwidth;
    return true;
}

/* ---- Caches ---- */

static bool check_level(const NumaNode *node, const NumaHmatCacheOptions *options, GError **error)
{
    guint level = options->level;

    if (level < 1 || level >= NUMA_LEVELS) {
        qmp_error_set_at(error, "level", ERROR_REASON_OUT_OF_RANGE,
                         "'level' is %u, and must be 1 to %u", level, NUMA_LEVELS - 1);
        return false;
    }
    if (node->caches[level].level) {
        qmp_error_set_at(error, "level", ERROR_REASON_INVALID_VALUE,
                         "NUMA node %u has a cache of level %u already", options->node_id, level);
        return false;
    }
    if (level > 1 && !node->caches[level - 1].level) {
        qmp_error_set_at(error, "level", ERROR_REASON_INVALID_VALUE,
                         "NUMA node %u has no cache of level %u yet", options->node_id, level - 1);
        return false;
    }
    return true;
}

/* Levels come in order, so that only the one below can disagree. */
static bool check_cache_size(const NumaNode *node, const NumaHmatCacheOptions *options,
                             GError **error)
{
    const NumaHmatCacheOptions *below = &node->caches[options->level - 1];

    if (options->level > 1 && options->size <= below->size) {
        qmp_error_set_at(error, "size", ERROR_REASON_INVALID_VALUE, "'size' is %" G_GUINT64_FORMAT
                         ", and must be more than %" G_GUINT64_FORMAT ", the size of level %u",
                         options->size, below->size, below->level);
        return false;
    }
    return true;
}

bool numa_add_cache(Numa *numa, const NumaHmatCacheOptions *options, GError **error)
{
    NumaNode *node;

    if (!check_hmat(numa, error)) {
        return false;
    }
    node = find_node(numa, options->node_id, "node-id", error);
    if (!node) {
        return false;
    }
    if (!node->has_latency || !node->has_bandwidth) {
        qmp_error_set_at(error, "node-id", ERROR_REASON_INVALID_VALUE, "latency and bandwidth of "
                         "NUMA node %u are not known yet", options->node_id);
        return false;
    }
    if (!check_level(node, options, error) || !check_cache_size(node, options, error)) {
        return false;
    }
    node->caches[options->level] = *options;
    return true;
}

/* ---- Initiators ---- */

static bool check_initiator(const Numa *numa, guint number, GError **error)
{
    guint initiator = numa->nodes[number]->initiator;

    if (initiator == NUMA_NO_NODE) {
        qmp_error_set(error, ERROR_REASON_PROPERTY_MISSING, "NUMA node %u has no CPUs, and needs "
                      "an 'initiator', as the machine's property 'hmat' is on", number);
        return false;
    }
    if (initiator >= numa->n_nodes || !numa->nodes[initiator]->has_cpus) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "the initiator of NUMA node %u is %u, "
                      "which %s", number, initiator,
                      initiator >= numa->n_nodes ? "does not exist" : "has no CPUs");
        return false;
    }
    return true;
}

bool numa_check_initiators(const Numa *numa, GError **error)
{
    for (guint i = 0; numa->hmat && i < numa->n_nodes; i++) {
        if (!check_initiator(numa, i, error)) {
            return false;
        }
    }
    return true;
}
