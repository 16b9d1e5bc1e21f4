/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NUMA nodes of a PC, as ACPI tables tell of them: see pc-numa.h.  Ranges of memory are those of
 * QEMU's SRAT.
 */
#include "config.h"
#include "hw/i386/pc-numa.h"

#include <string.h>

#include "hw/mem/device-memory.h"
#include "hw/mem/numa.h"

#define MIB (G_GUINT64_CONSTANT(1) << 20)

enum {
    HOLE_START = 640 * 1024,    /* video memory and ROMs */
    HOLE_END = 1024 * 1024,
    TABLE_SLACK = 2,            /* entries that QEMU's SRAT has besides those of nodes */
    PICOSECONDS = 1000,         /* in a nanosecond */
};

/* ---- SRAT ---- */

static void add_range(GArray *ranges, guint node, guint64 start, guint64 end)
{
    const AcpiMemory range = { .base = start, .size = end - start, .node = node };

    if (end > start) {
        g_array_append_val(ranges, range);
    }
}

/* RAM from start to end, without the addresses of video memory and ROMs, and around the hole
 * below 4 GiB. */
static void add_ram(const X86Machine *x86, GArray *ranges, guint node, guint64 start, guint64 end)
{
    guint64 shift = BOOT_4G - x86->ram_low;

    add_range(ranges, node, start, MIN(end, HOLE_START));
    add_range(ranges, node, MAX(start, HOLE_END), MIN(end, x86->ram_low));
    add_range(ranges, node, MAX(start, x86->ram_low) + shift, end + shift);
}

/* NVDIMMs, which the range for memory devices has, too. */
static void add_persistent(GArray *ranges, const DeviceMemory *memory)
{
    for (guint i = 0; i < memory->places->len; i++) {
        const MemoryPlace *place = memory->places->pdata[i];
        const AcpiMemory range = {
            .base = place->addr, .size = place->size, .node = place->node, .persistent = true,
        };

        if (place->persistent) {
            g_array_append_val(ranges, range);
        }
    }
}

/* The range for memory devices is that of the last node. */
static void add_device_memory(GArray *ranges, const DeviceMemory *range, guint node)
{
    const AcpiMemory entry = {
        .base = range->base, .size = device_memory_size(range), .node = node, .hotplug = true,
    };

    g_array_append_val(ranges, entry);
}

static void add_memory(const X86Machine *x86, const Numa *numa, GArray *ranges)
{
    const DeviceMemory *range = device_memory_of(&x86->machine);
    guint64 start = 0;

    for (guint i = 0; i < numa->n_nodes; i++) {
        add_ram(x86, ranges, i, start, start + numa->nodes[i]->size);
        start += numa->nodes[i]->size;
    }
    if (range) {
        add_persistent(ranges, range);
    }
    g_array_set_size(ranges, MAX(ranges->len, numa->n_nodes + TABLE_SLACK));
    if (range) {
        add_device_memory(ranges, range, numa->n_nodes - 1);
    }
}

/* ---- SLIT ---- */

static guint8 *distances_of(const Numa *numa)
{
    gsize n = numa->n_nodes;
    guint8 *distances = g_malloc(n * n);

    for (gsize i = 0; i < n; i++) {
        memcpy(distances + i * n, numa->nodes[i]->distances, n);
    }
    return distances;
}

/* ---- HMAT ---- */

/* rows: where an initiator's values are. */
static void add_speeds(const Numa *numa, const guint *rows, guint level, guint type, AcpiHmat *hmat)
{
    const NumaSpeeds *speeds = &numa->speeds[level][type];
    bool latency = type <= HMAT_LB_DATA_TYPE_WRITE_LATENCY;
    AcpiSpeeds entry = {
        .level = level, .type = type,
        .unit = latency ? speeds->base * PICOSECONDS : speeds->base / MIB,
    };

    if (!speeds->speeds) {
        return;
    }
    entry.values = g_new0(guint16, (gsize)hmat->initiators->len * numa->n_nodes);
    for (guint i = 0; i < speeds->speeds->len; i++) {
        const NumaSpeed *speed = &g_array_index(speeds->speeds, NumaSpeed, i);

        entry.values[rows[speed->initiator] * numa->n_nodes + speed->target] =
            speed->value / speeds->base;
    }
    g_array_append_val(hmat->speeds, entry);
}

static void add_caches(const NumaHmatCacheOptions *caches, AcpiHmat *hmat)
{
    guint n = 0;

    while (n + 1 < NUMA_LEVELS && caches[n + 1].level) {
        n++;
    }
    for (guint level = 1; level <= n; level++) {
        const NumaHmatCacheOptions *from = &caches[level];
        const AcpiSideCache cache = {
            .node = from->node_id, .n_levels = n, .level = level, .size = from->size,
            .associativity = from->associativity, .policy = from->policy, .line = from->line,
        };

        g_array_append_val(hmat->caches, cache);
    }
}

static AcpiHmat *hmat_of(const Numa *numa)
{
    AcpiHmat *hmat = acpi_hmat_new();
    guint rows[NUMA_MAX_NODES] = { 0 };

    for (guint32 i = 0; i < numa->n_nodes; i++) {
        const NumaNode *node = numa->nodes[i];
        guint32 nearest = node->initiator == NUMA_NO_NODE ? ACPI_NO_INITIATOR : node->initiator;

        g_array_append_val(hmat->nearest, nearest);
        if (node->has_cpus) {
            rows[i] = hmat->initiators->len;
            g_array_append_val(hmat->initiators, i);
        }
        add_caches(node->caches, hmat);
    }
    for (guint level = 0; level < NUMA_LEVELS; level++) {
        for (guint type = 0; type < HMAT_LB_DATA_TYPE__MAX; type++) {
            add_speeds(numa, rows, level, type, hmat);
        }
    }
    return hmat;
}

/* ---- All ---- */

AcpiNuma *pc_numa_describe(const X86Machine *x86)
{
    const Numa *numa = numa_of(&x86->machine);
    AcpiNuma *tables;

    if (!numa) {
        return NULL;
    }
    tables = acpi_numa_new();
    tables->n_nodes = numa->n_nodes;
    add_memory(x86, numa, tables->memory);
    tables->distances = numa->has_distances ? distances_of(numa) : NULL;
    tables->hmat = numa->hmat ? hmat_of(numa) : NULL;
    return tables;
}
