/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a new qcow2 image consists of: see qcow2-plan.h.
 */
#include "config.h"
#include "hw/block/qcow2-plan.h"

#include <string.h>

#include "hw/block/qcow2.h"
#include "qmp/error.h"

enum {
    EXTENDED_CLUSTER_MIN = 16384,
    ALL_ALLOCATED = -1,         /* a bitmap of subclusters */
};

/* ---- Options ---- */

static bool refuse(GError **error, const char *option, const char *why)
{
    qmp_error_set_at(error, option, ERROR_REASON_INVALID_VALUE, "%s", why);
    return false;
}

static bool is_power(guint64 n)
{
    return n && !(n & (n - 1));
}

static bool check_numbers(const BlockdevCreateOptionsQcow2 *o, GError **error)
{
    if (o->size % BLOCK_SECTOR_SIZE) {
        return refuse(error, "size", "the size of an image is a multiple of 512 bytes");
    }
    if (!is_power(o->cluster_size) || o->cluster_size < 1U << QCOW2_CLUSTER_BITS_MIN ||
        o->cluster_size > 1U << QCOW2_CLUSTER_BITS_MAX) {
        return refuse(error, "cluster-size",
                      "the size of clusters is a power of two from 512 bytes to 2 MiB");
    }
    if (o->refcount_bits < 1 || o->refcount_bits > 64 || !is_power(o->refcount_bits)) {
        return refuse(error, "refcount-bits",
                      "the bits of a reference count are a power of two up to 64");
    }
    if (o->extended_l2 && o->cluster_size < EXTENDED_CLUSTER_MIN) {
        return refuse(error, "extended-l2", "'extended-l2' needs clusters of 16 KiB at least");
    }
    return true;
}

static bool check_version(const BlockdevCreateOptionsQcow2 *o, GError **error)
{
    if (o->version == BLOCKDEV_QCOW2_VERSION_V3) {
        return true;
    }
    if (o->lazy_refcounts) {
        return refuse(error, "lazy-refcounts", "'lazy-refcounts' needs version 'v3'");
    }
    if (o->refcount_bits != 16) {
        return refuse(error, "refcount-bits", "an image of version 'v2' has reference counts of "
                      "16 bits");
    }
    if (o->compression_type != QCOW2_COMPRESSION_TYPE_ZLIB) {
        return refuse(error, "compression-type", "an image of version 'v2' is compressed with "
                      "zlib");
    }
    if (o->extended_l2) {
        return refuse(error, "extended-l2", "'extended-l2' needs version 'v3'");
    }
    if (o->data_file) {
        return refuse(error, "data-file", "an external data file needs version 'v3'");
    }
    return true;
}

static bool check_files(const BlockdevCreateOptionsQcow2 *o, GError **error)
{
    if (o->has_backing_fmt && !o->backing_file) {
        return refuse(error, "backing-fmt", "'backing-fmt' needs 'backing-file'");
    }
    if (o->backing_file && o->preallocation != PREALLOC_MODE_OFF && !o->extended_l2) {
        return refuse(error, "preallocation", "'preallocation' with a backing file needs "
                      "'extended-l2': it would hide the backing file's data");
    }
    if (o->data_file_raw && !o->data_file) {
        return refuse(error, "data-file-raw", "'data-file-raw' needs 'data-file'");
    }
    if (o->data_file_raw && o->backing_file) {
        return refuse(error, "backing-file", "an image whose data file is raw has no backing "
                      "file");
    }
    return true;
}

/* ---- Layout ---- */

static guint64 pieces(guint64 n, guint64 size)
{
    return n / size + !!(n % size);
}

static bool place_tables(Qcow2Plan *plan, bool fill, GError **error)
{
    guint64 entries = plan->cluster_size / plan->entry_size;
    guint64 n_tables = pieces(plan->n_clusters, entries);

    if (n_tables * 8 > QCOW2_L1_MAX) {
        return refuse(error, "size", "the L1 table would be larger than 32 MiB: larger clusters "
                      "are needed for that size");
    }
    plan->header.l1_size = n_tables;
    plan->l1.n = pieces(n_tables * 8, plan->cluster_size);
    plan->l2.n = fill ? n_tables : 0;
    plan->data.n = fill && !plan->header.data_file ? plan->n_clusters : 0;
    return true;
}

/* Each block counts itself, too: looks for the least number that is enough. */
static bool place_refcounts(Qcow2Plan *plan, GError **error)
{
    guint64 per_block = plan->cluster_size * 8 >> plan->header.refcount_order;
    guint64 rest = 1 + plan->l1.n + plan->l2.n + plan->data.n;
    guint64 old;

    do {
        old = plan->refcounts.n + plan->refcount_table.n;
        plan->end = rest + old;
        plan->refcounts.n = pieces(plan->end, per_block);
        plan->refcount_table.n = pieces(plan->refcounts.n * 8, plan->cluster_size);
    } while (plan->refcounts.n + plan->refcount_table.n != old);
    if (plan->refcount_table.n * plan->cluster_size > MAX(QCOW2_REFCOUNT_TABLE_MAX,
                                                          plan->cluster_size)) {
        return refuse(error, "size", "the refcount table would be larger than 8 MiB: larger "
                      "clusters are needed for that size");
    }
    return true;
}

static void place(Qcow2Plan *plan)
{
    plan->refcount_table.at = 1;
    plan->refcounts.at = plan->refcount_table.at + plan->refcount_table.n;
    plan->l1.at = plan->refcounts.at + plan->refcounts.n;
    plan->l2.at = plan->l1.at + plan->l1.n;
    plan->data.at = plan->l2.at + plan->l2.n;
    plan->header.refcount_table_offset = plan->cluster_size;
    plan->header.refcount_table_clusters = plan->refcount_table.n;
    plan->header.l1_offset = plan->l1.n ? plan->l1.at * plan->cluster_size : 0;
}

/* ---- The header ---- */

static void set_features(Qcow2Header *h, const BlockdevCreateOptionsQcow2 *o)
{
    if (o->data_file) {
        h->incompatible |= QCOW2_INCOMPAT_DATA_FILE;
    }
    if (o->data_file_raw) {
        h->autoclear |= QCOW2_AUTOCLEAR_RAW_DATA;
    }
    if (o->extended_l2) {
        h->incompatible |= QCOW2_INCOMPAT_EXTENDED_L2;
    }
    if (o->compression_type == QCOW2_COMPRESSION_TYPE_ZSTD) {
        h->incompatible |= QCOW2_INCOMPAT_COMPRESSION;
        h->compression = QCOW2_ZSTD;
    }
    if (o->lazy_refcounts) {
        h->compatible |= QCOW2_COMPAT_LAZY_REFCOUNTS;
    }
}

bool qcow2_plan(Qcow2Plan *plan, const BlockdevCreateOptionsQcow2 *options, const char *data_file,
                GError **error)
{
    const BlockdevCreateOptionsQcow2 *o = options;
    Qcow2Header *h = &plan->header;
    /* A raw data file holds the whole disk, so the tables refer to all of it. */
    bool fill = o->preallocation != PREALLOC_MODE_OFF || o->data_file_raw;
    g_autofree guint8 *cluster = NULL;

    if (!check_numbers(o, error) || !check_version(o, error) || !check_files(o, error)) {
        return false;
    }
    *plan = (Qcow2Plan){ .preallocation = o->preallocation, .cluster_size = o->cluster_size };
    h->version = o->version == BLOCKDEV_QCOW2_VERSION_V3 ? 3 : 2;
    h->cluster_bits = g_bit_nth_msf(o->cluster_size, -1);
    h->size = o->size;
    h->refcount_order = g_bit_nth_msf(o->refcount_bits, -1);
    h->backing = o->backing_file;
    h->data_file = (char *)data_file;
    set_features(h, o);
    plan->backing_format = o->has_backing_fmt
                           ? qmp_enum_name(&qmp_type_BlockdevDriver, o->backing_fmt) : NULL;
    plan->entry_size = o->extended_l2 ? 16 : 8;
    plan->n_clusters = pieces(o->size, o->cluster_size);
    plan->raw_data = o->data_file_raw;
    if (!place_tables(plan, fill, error) || !place_refcounts(plan, error)) {
        return false;
    }
    place(plan);
    /* Whether it fits is known before anything is written. */
    cluster = g_malloc0(plan->cluster_size);
    return qcow2_header_write(h, plan->backing_format, cluster, error);
}

/* ---- Content of the parts ---- */

void qcow2_plan_refcount_table(const Qcow2Plan *plan, guint64 offset, guint8 *data, gsize size)
{
    guint64 first = offset / 8;

    for (gsize i = 0; i < size / 8 && first + i < plan->refcounts.n; i++) {
        qcow2_put64(data + i * 8, (plan->refcounts.at + first + i) * plan->cluster_size);
    }
}

/* Counts of 1 for all clusters of the image.  Those of less than a byte begin at its lowest
 * bits. */
void qcow2_plan_refcounts(const Qcow2Plan *plan, guint64 offset, guint8 *data, gsize size)
{
    guint order = plan->header.refcount_order;
    guint64 first = offset * 8 >> order;
    guint64 n = MIN(size * 8 >> order, plan->end - MIN(plan->end, first));

    for (guint64 i = 0; i < n; i++) {
        if (order < 3) {
            data[i << order >> 3] |= 1 << ((i << order) & 7);
        } else {
            data[((i + 1) << (order - 3)) - 1] = 1;
        }
    }
}

void qcow2_plan_l1(const Qcow2Plan *plan, guint64 offset, guint8 *data, gsize size)
{
    guint64 first = offset / 8;

    for (gsize i = 0; i < size / 8 && first + i < plan->l2.n; i++) {
        qcow2_put64(data + i * 8, (plan->l2.at + first + i) * plan->cluster_size | QCOW2_COPIED);
    }
}

void qcow2_plan_l2(const Qcow2Plan *plan, guint64 offset, guint8 *data, gsize size)
{
    guint64 first = offset / plan->entry_size, base = plan->header.data_file ? 0 : plan->data.at;

    for (gsize i = 0; i < size / plan->entry_size && first + i < plan->n_clusters; i++) {
        guint8 *entry = data + i * plan->entry_size;

        qcow2_put64(entry, (base + first + i) * plan->cluster_size | QCOW2_COPIED);
        /* Subclusters have their place, but are not allocated, except in a raw file. */
        if (plan->entry_size == 16 && plan->raw_data) {
            qcow2_put64(entry + 8, (guint32)ALL_ALLOCATED);
        }
    }
}
