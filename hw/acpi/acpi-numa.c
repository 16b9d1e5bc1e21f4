/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SLIT and HMAT; see acpi-numa.h.
 */
#include "config.h"
#include "hw/acpi/acpi-numa.h"

#include "qmp/bytes.h"

enum {
    SLIT_REVISION = 1,
    HMAT_REVISION = 2,

    HMAT_ATTRIBUTES = 0,        /* types of structures, and their sizes without lists */
    HMAT_ATTRIBUTES_SIZE = 40,
    HMAT_SPEEDS = 1,
    HMAT_SPEEDS_SIZE = 32,
    HMAT_CACHE = 2,
    HMAT_CACHE_SIZE = 32,

    INITIATOR_VALID = 1 << 0,

    CACHE_LEVEL_SHIFT = 4,      /* fields of a cache's attributes */
    CACHE_ASSOCIATIVITY_SHIFT = 8,
    CACHE_POLICY_SHIFT = 12,
    CACHE_LINE_SHIFT = 16,
};

/* ---- Description ---- */

static void clear_speeds(gpointer data)
{
    g_free(((AcpiSpeeds *)data)->values);
}

AcpiHmat *acpi_hmat_new(void)
{
    AcpiHmat *hmat = g_new0(AcpiHmat, 1);

    hmat->nearest = g_array_new(false, false, sizeof(guint32));
    hmat->initiators = g_array_new(false, false, sizeof(guint32));
    hmat->speeds = g_array_new(false, false, sizeof(AcpiSpeeds));
    g_array_set_clear_func(hmat->speeds, clear_speeds);
    hmat->caches = g_array_new(false, false, sizeof(AcpiSideCache));
    return hmat;
}

static void hmat_free(AcpiHmat *hmat)
{
    if (hmat) {
        g_array_unref(hmat->nearest);
        g_array_unref(hmat->initiators);
        g_array_unref(hmat->speeds);
        g_array_unref(hmat->caches);
        g_free(hmat);
    }
}

AcpiNuma *acpi_numa_new(void)
{
    AcpiNuma *numa = g_new0(AcpiNuma, 1);

    numa->memory = g_array_new(false, true, sizeof(AcpiMemory));
    return numa;
}

void acpi_numa_free(AcpiNuma *numa)
{
    if (numa) {
        g_array_unref(numa->memory);
        g_free(numa->distances);
        hmat_free(numa->hmat);
        g_free(numa);
    }
}

/* ---- SLIT ---- */

static guint32 build_slit(AcpiTables *tables, const guint8 *distances, guint n)
{
    guint32 start = acpi_table_begin(tables, "SLIT", SLIT_REVISION);

    append_le(tables->block, n, 8);
    g_byte_array_append(tables->block, distances, n * n);
    acpi_table_end(tables, start);
    return start;
}

/* ---- HMAT ---- */

static void append_header(GByteArray *out, guint type, guint32 length)
{
    append_le(out, type, 2);
    append_le(out, 0, 2);
    append_le(out, length, 4);
}

static void append_attributes(GByteArray *out, guint32 node, guint32 initiator)
{
    append_header(out, HMAT_ATTRIBUTES, HMAT_ATTRIBUTES_SIZE);
    append_le(out, initiator == ACPI_NO_INITIATOR ? 0 : INITIATOR_VALID, 2);
    append_le(out, 0, 2);
    append_le(out, initiator, 4);
    append_le(out, node, 4);
    append_le(out, 0, 4);
    append_le(out, 0, 8);
    append_le(out, 0, 8);
}

static void append_speeds(GByteArray *out, const AcpiHmat *hmat, const AcpiSpeeds *speeds)
{
    guint n_from = hmat->initiators->len, n_to = hmat->nearest->len;

    append_header(out, HMAT_SPEEDS, HMAT_SPEEDS_SIZE + 4 * (n_from + n_to) + 2 * n_from * n_to);
    append_le(out, speeds->level, 1);
    append_le(out, speeds->type, 1);
    append_le(out, 0, 2);
    append_le(out, n_from, 4);
    append_le(out, n_to, 4);
    append_le(out, 0, 4);
    append_le(out, speeds->unit, 8);
    for (guint i = 0; i < n_from; i++) {
        append_le(out, g_array_index(hmat->initiators, guint32, i), 4);
    }
    for (guint i = 0; i < n_to; i++) {
        append_le(out, i, 4);
    }
    for (guint i = 0; i < n_from * n_to; i++) {
        append_le(out, speeds->values[i], 2);
    }
}

static void append_cache(GByteArray *out, const AcpiSideCache *cache)
{
    append_header(out, HMAT_CACHE, HMAT_CACHE_SIZE);
    append_le(out, cache->node, 4);
    append_le(out, 0, 4);
    append_le(out, cache->size, 8);
    append_le(out, cache->n_levels | cache->level << CACHE_LEVEL_SHIFT |
                   cache->associativity << CACHE_ASSOCIATIVITY_SHIFT |
                   cache->policy << CACHE_POLICY_SHIFT |
                   (guint32)cache->line << CACHE_LINE_SHIFT, 4);
    append_le(out, 0, 2);
    append_le(out, 0, 2);               /* SMBIOS handles: none */
}

static guint32 build_hmat(AcpiTables *tables, const AcpiHmat *hmat)
{
    GByteArray *out = tables->block;
    guint32 start = acpi_table_begin(tables, "HMAT", HMAT_REVISION);

    append_le(out, 0, 4);
    for (guint i = 0; i < hmat->nearest->len; i++) {
        append_attributes(out, i, g_array_index(hmat->nearest, guint32, i));
    }
    for (guint i = 0; i < hmat->speeds->len; i++) {
        append_speeds(out, hmat, &g_array_index(hmat->speeds, AcpiSpeeds, i));
    }
    for (guint i = 0; i < hmat->caches->len; i++) {
        append_cache(out, &g_array_index(hmat->caches, AcpiSideCache, i));
    }
    acpi_table_end(tables, start);
    return start;
}

/* ---- All ---- */

guint acpi_numa_tables(AcpiTables *tables, const AcpiNuma *numa, const AcpiCpu *cpus, guint n_cpus,
                       guint32 ret_entries[ACPI_NUMA_MAX_TABLES])
{
    guint n = 0;

    if (numa->memory->len) {
        ret_entries[n++] = acpi_srat(tables, cpus, n_cpus, (const AcpiMemory *)numa->memory->data,
                                     numa->memory->len);
    }
    if (numa->distances) {
        ret_entries[n++] = build_slit(tables, numa->distances, numa->n_nodes);
    }
    if (numa->hmat) {
        ret_entries[n++] = build_hmat(tables, numa->hmat);
    }
    return n;
}
