/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Driver `qcow2`: new blocks of reference counts, and a larger table of them.
 *
 * Clusters that no block counts are free, so a new block is put into the first cluster of the
 * range that it counts, and counts itself.  A block is written before the table refers to it,
 * and a table before the header does.
 */
#include "config.h"
#include "hw/block/qcow2.h"

#include <errno.h>
#include <string.h>

/* Writes a block at `place`, which counts range `block` of clusters: those from `from` up
 * to `to` have one user each, where they are within it. */
static int write_block(Qcow2 *s, guint64 place, guint64 block, guint64 from, guint64 to)
{
    g_autofree guint8 *data = g_malloc0(s->cluster_size);
    guint64 first = block << s->block_bits;
    guint64 end = MIN(to - first, G_GUINT64_CONSTANT(1) << s->block_bits);
    guint order = s->header.refcount_order;

    for (guint64 i = MAX(from, first) - first; i < end; i++) {
        if (order >= 3) {
            /* The last byte of a big-endian number. */
            data[((i + 1) << (order - 3)) - 1] = 1;
        } else {
            data[i << order >> 3] |= 1 << ((i << order) & 7);
        }
    }
    return qcow2_write(s, s->node.file, place << s->cluster_bits, data, s->cluster_size);
}

static int write_entry(Qcow2 *s, guint64 block)
{
    guint8 entry[8];

    qcow2_put64(entry, s->refcount_table[block]);
    return qcow2_write(s, s->node.file, s->header.refcount_table_offset + block * 8, entry,
                       sizeof(entry));
}

static int new_block(Qcow2 *s, guint64 cluster)
{
    guint64 block = cluster >> s->block_bits, end = (cluster + 1) << s->cluster_bits;
    int error = qcow2_check_room(s, end);

    if (!error) {
        error = write_block(s, cluster, block, cluster, cluster + 1);
    }
    if (!error) {
        error = qcow2_sync(s, s->node.file);
    }
    if (error) {
        return error;
    }
    qcow2_note_end(s, end);
    s->refcount_table[block] = cluster << s->cluster_bits;
    error = write_entry(s, block);
    if (error) {
        s->refcount_table[block] = 0;
    }
    return error;
}

/* ---- A larger table ---- */

/* The contents of the file from a cluster on: blocks, then the table. */
typedef struct {
    guint64 cluster, blocks, clusters, entries;
} Growth;

/* The blocks count themselves and the table, and the table refers to all of them. */
static void plan_growth(const Qcow2 *s, guint64 cluster, Growth *g)
{
    guint64 first = cluster >> s->block_bits;

    *g = (Growth){ .cluster = cluster, .blocks = 1 };
    for (;;) {
        guint64 needed;

        g->entries = MAX(first + g->blocks + 1, s->refcount_table_size * 3 / 2);
        g->clusters = (g->entries * 8 + s->cluster_size - 1) >> s->cluster_bits;
        needed = ((cluster + g->blocks + g->clusters - 1) >> s->block_bits) - first + 1;
        if (needed <= g->blocks) {
            break;
        }
        g->blocks = needed;
    }
    g->entries = (g->clusters << s->cluster_bits) / 8;
}

static int write_growth(Qcow2 *s, const Growth *g, guint64 *table)
{
    g_autofree guint8 *data = g_malloc(g->entries * 8);
    guint64 first = g->cluster >> s->block_bits;
    int error = 0;

    for (guint64 i = 0; i < g->blocks && !error; i++) {
        table[first + i] = (g->cluster + i) << s->cluster_bits;
        error = write_block(s, g->cluster + i, first + i, g->cluster,
                            g->cluster + g->blocks + g->clusters);
    }
    for (guint64 i = 0; i < g->entries; i++) {
        qcow2_put64(data + i * 8, table[i]);
    }
    if (!error) {
        error = qcow2_write(s, s->node.file, (g->cluster + g->blocks) << s->cluster_bits, data,
                            g->entries * 8);
    }
    return error ? error : qcow2_sync(s, s->node.file);
}

static int write_table_place(Qcow2 *s, guint64 offset, guint32 clusters)
{
    guint8 fields[12];
    int error;

    qcow2_put64(fields, offset);
    qcow2_put32(fields + 8, clusters);
    error = qcow2_write(s, s->node.file, QCOW2_AT_REFCOUNT_TABLE, fields, sizeof(fields));
    return error ? error : qcow2_sync(s, s->node.file);
}

/* Makes a larger table, in clusters from this one on, which no block counts yet. */
static int grow_table(Qcow2 *s, guint64 cluster)
{
    guint64 old_offset = s->header.refcount_table_offset;
    guint64 old_clusters = s->header.refcount_table_clusters;
    g_autofree guint64 *table = NULL;
    Growth g;
    int error;

    plan_growth(s, cluster, &g);
    if (g.entries * 8 > QCOW2_REFCOUNT_TABLE_MAX) {
        return EFBIG;
    }
    error = qcow2_check_room(s, (cluster + g.blocks + g.clusters) << s->cluster_bits);
    if (error) {
        return error;
    }
    table = g_new0(guint64, g.entries);
    memcpy(table, s->refcount_table, s->refcount_table_size * 8);
    error = write_growth(s, &g, table);
    if (!error) {
        error = write_table_place(s, (cluster + g.blocks) << s->cluster_bits, g.clusters);
    }
    if (error) {
        return error;
    }
    qcow2_note_end(s, (cluster + g.blocks + g.clusters) << s->cluster_bits);
    g_free(s->refcount_table);
    s->refcount_table = g_steal_pointer(&table);
    s->refcount_table_size = g.entries;
    s->header.refcount_table_offset = (cluster + g.blocks) << s->cluster_bits;
    s->header.refcount_table_clusters = g.clusters;
    qcow2_free_later(s, old_offset, old_clusters << s->cluster_bits, false);
    return 0;
}

/* ---- What is needed ---- */

int qcow2_need_block(Qcow2 *s, guint64 cluster, bool *made)
{
    guint64 block = cluster >> s->block_bits;

    *made = false;
    if (block < s->refcount_table_size && s->refcount_table[block]) {
        return 0;
    }
    *made = true;
    return block < s->refcount_table_size ? new_block(s, cluster) : grow_table(s, cluster);
}
