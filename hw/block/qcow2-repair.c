/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Driver `qcow2`: recomputes the reference counts of an image that is marked dirty.
 *
 * The image decides how much there is to read, so everything has a limit: the number of
 * tables, memory for counts, and no L1 table may refer to an L2 table twice.
 */
#include "config.h"
#include "hw/block/qcow2.h"

#include <errno.h>
#include <string.h>

enum {
    CHUNK_BITS = 10,            /* 2^this counts are allocated together */
    CHUNKS_MAX = 128 << 10,
    TABLES_MAX = 1 << 20,
    SNAPSHOT_ENTRY = 40,        /* bytes without names and extra data */
    BITMAP_ENTRY = 24,
    BITMAP_TABLE_MAX = 32 << 20,        /* entries */
};

typedef struct {
    Qcow2 *s;
    GHashTable *chunks;         /* cluster >> CHUNK_BITS to guint32[] */
    guint tables;               /* that were read */
    guint8 *table;              /* a cluster */
} Repair;

/* ---- Counting ---- */

static guint32 *counter(Repair *r, guint64 cluster, bool make)
{
    guint64 key = cluster >> CHUNK_BITS;
    guint32 *chunk = g_hash_table_lookup(r->chunks, &key);

    if (!chunk && make) {
        if (g_hash_table_size(r->chunks) >= CHUNKS_MAX) {
            return NULL;
        }
        chunk = g_new0(guint32, 1 << CHUNK_BITS);
        g_hash_table_insert(r->chunks, g_memdup2(&key, sizeof(key)), chunk);
    }
    return chunk ? chunk + (cluster & ((1 << CHUNK_BITS) - 1)) : NULL;
}

static int count_range(Repair *r, guint64 offset, guint64 bytes)
{
    Qcow2 *s = r->s;

    if (offset > s->file_end || bytes > s->file_end - offset) {
        return qcow2_malformed_at(s, "a reference behind the end of the file", offset);
    }
    for (guint64 at = offset >> s->cluster_bits;
         bytes && at <= (offset + bytes - 1) >> s->cluster_bits; at++) {
        guint32 *count = counter(r, at, true);

        if (!count || *count == G_MAXUINT32) {
            return EFBIG;
        }
        (*count)++;
    }
    return 0;
}

static int count_entry(Repair *r, guint64 entry)
{
    Qcow2 *s = r->s;
    guint64 host = entry & QCOW2_OFFSET_MASK;
    gsize size;

    if (entry & QCOW2_COMPRESSED) {
        guint64 offset = qcow2_compressed_range(s, entry, &size);

        /* Its last sectors may be beyond the end, where nothing was written. */
        return count_range(r, offset, MIN(size, s->file_end - MIN(offset, s->file_end)));
    }
    if (s->node.data_file || !host) {
        return 0;
    }
    return count_range(r, host, s->cluster_size);
}

static int count_table(Repair *r, guint64 offset)
{
    Qcow2 *s = r->s;
    int error;

    if (offset & (s->cluster_size - 1)) {
        return qcow2_malformed_at(s, "an L2 table's offset", offset);
    }
    if (++r->tables > TABLES_MAX) {
        return EFBIG;
    }
    error = count_range(r, offset, s->cluster_size);
    if (!error) {
        error = qcow2_read(s, s->node.file, offset, r->table, s->cluster_size);
    }
    for (gsize at = 0; !error && at < s->cluster_size; at += s->entry_size) {
        error = count_entry(r, qcow2_get64(r->table + at));
    }
    return error;
}

static int count_l1(Repair *r, const guint64 *l1, guint32 entries)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_int64_hash, g_int64_equal);
    g_autofree guint64 *offsets = g_new(guint64, MAX(entries, 1));
    int error = 0;

    for (guint32 i = 0; i < entries && !error; i++) {
        offsets[i] = l1[i] & QCOW2_OFFSET_MASK;
        if (!offsets[i]) {
            continue;
        }
        if (!g_hash_table_add(seen, &offsets[i])) {
            return qcow2_malformed_at(r->s, "an L2 table that is used twice", offsets[i]);
        }
        error = count_table(r, offsets[i]);
    }
    return error;
}

/* ---- Snapshots ---- */

static int count_snapshot(Repair *r, const guint8 *entry)
{
    Qcow2 *s = r->s;
    guint64 offset = qcow2_get64(entry);
    guint32 entries = qcow2_get32(entry + 8);
    guint64 bytes = (guint64)entries * 8;
    g_autofree guint64 *l1 = NULL;
    int error;

    if (bytes > QCOW2_L1_MAX || offset & (s->cluster_size - 1)) {
        return qcow2_malformed_at(s, "a snapshot's L1 table", offset);
    }
    error = count_range(r, offset, bytes);
    if (error || !entries) {
        return error;
    }
    l1 = g_malloc(bytes);
    error = qcow2_read(s, s->node.file, offset, l1, bytes);
    for (guint32 i = 0; i < entries; i++) {
        l1[i] = GUINT64_FROM_BE(l1[i]);
    }
    return error ? error : count_l1(r, l1, entries);
}

static int count_snapshots(Repair *r)
{
    Qcow2 *s = r->s;
    guint64 start = s->header.snapshots_offset, at = start;
    int error = 0;

    for (guint i = 0; i < s->header.n_snapshots && !error; i++) {
        guint8 entry[SNAPSHOT_ENTRY];

        error = qcow2_read(s, s->node.file, at, entry, sizeof(entry));
        if (!error) {
            error = count_snapshot(r, entry);
        }
        at += SNAPSHOT_ENTRY + (guint64)qcow2_get32(entry + 36) + (entry[12] << 8 | entry[13]) +
              (entry[14] << 8 | entry[15]);
        at = (at + 7) / 8 * 8;
        if (at - start > QCOW2_L1_MAX) {
            return qcow2_malformed_at(s, "the snapshot table", start);
        }
    }
    return error ? error : s->header.n_snapshots ? count_range(r, start, at - start) : 0;
}

/* ---- Bitmaps ---- */

static int count_bitmap(Repair *r, guint64 offset, guint32 entries)
{
    Qcow2 *s = r->s;
    guint64 bytes = (guint64)entries * 8;
    g_autofree guint8 *table = NULL;
    int error;

    if (entries > BITMAP_TABLE_MAX || offset & (s->cluster_size - 1)) {
        return qcow2_malformed_at(s, "a bitmap's table", offset);
    }
    error = count_range(r, offset, bytes);
    if (error || !entries) {
        return error;
    }
    table = g_malloc(bytes);
    error = qcow2_read(s, s->node.file, offset, table, bytes);
    for (guint64 at = 0; at < bytes && !error; at += 8) {
        guint64 place = qcow2_get64(table + at) & QCOW2_OFFSET_MASK;

        error = place ? count_range(r, place, s->cluster_size) : 0;
    }
    return error;
}

static int count_bitmaps(Repair *r)
{
    Qcow2 *s = r->s;
    guint64 size = s->header.bitmaps_size, at = 0;
    g_autofree guint8 *directory = NULL;
    int error;

    if (!s->header.n_bitmaps) {
        return 0;
    }
    error = count_range(r, s->header.bitmaps_offset, size);
    if (error) {
        return error;
    }
    directory = g_malloc(size);
    error = qcow2_read(s, s->node.file, s->header.bitmaps_offset, directory, size);
    for (guint i = 0; i < s->header.n_bitmaps && !error; i++) {
        if (size - at < BITMAP_ENTRY) {
            return qcow2_malformed_at(s, "the directory of bitmaps", s->header.bitmaps_offset);
        }
        error = count_bitmap(r, qcow2_get64(directory + at), qcow2_get32(directory + at + 8));
        at += BITMAP_ENTRY + (guint64)qcow2_get32(directory + at + 20) +
              (directory[at + 18] << 8 | directory[at + 19]);
        at = MIN((at + 7) / 8 * 8, size);
    }
    return error;
}

/* ---- All of it ---- */

static int count_refcounts(Repair *r)
{
    Qcow2 *s = r->s;
    int error = count_range(r, s->header.refcount_table_offset, s->refcount_table_size * 8);

    for (guint64 i = 0; i < s->refcount_table_size && !error; i++) {
        if (s->refcount_table[i]) {
            error = s->refcount_table[i] & (s->cluster_size - 1)
                    ? qcow2_malformed_at(s, "a refcount block's offset", s->refcount_table[i])
                    : count_range(r, s->refcount_table[i], s->cluster_size);
        }
    }
    return error;
}

static int count_all(Repair *r)
{
    Qcow2 *s = r->s;
    int error = count_range(r, 0, s->cluster_size);

    if (!error) {
        error = count_range(r, s->header.l1_offset, (guint64)s->l1_size * 8);
    }
    if (!error) {
        error = count_l1(r, s->l1, s->l1_size);
    }
    if (!error) {
        error = count_snapshots(r);
    }
    if (!error) {
        error = count_bitmaps(r);
    }
    return error ? error : count_refcounts(r);
}

/* ---- Setting ---- */

static int set_block(Repair *r, guint64 block)
{
    Qcow2 *s = r->s;
    guint64 first = block << s->block_bits, last = (block + 1) << s->block_bits;
    guint64 end = MIN(last, s->file_end >> s->cluster_bits);
    int error = 0;

    for (guint64 at = first; at < end && !error; at++) {
        const guint32 *count = counter(r, at, false);

        error = qcow2_set_refcount(s, at, count ? *count : 0);
    }
    return error;
}

/* Whether all used clusters have a block for their counts: a program that keeps to the order
 * of writes leaves no other image, even when it crashes. */
static bool all_have_blocks(const Repair *r)
{
    const Qcow2 *s = r->s;
    GHashTableIter iter;
    gpointer key;

    g_hash_table_iter_init(&iter, r->chunks);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        guint64 block = (*(guint64 *)key << CHUNK_BITS) >> s->block_bits;

        if (block >= s->refcount_table_size || !s->refcount_table[block]) {
            return false;
        }
    }
    return true;
}

static int set_all(Repair *r)
{
    Qcow2 *s = r->s;
    int error = all_have_blocks(r) ? 0 : EUCLEAN;

    for (guint64 i = 0; i < s->refcount_table_size && !error; i++) {
        if (s->refcount_table[i]) {
            error = set_block(r, i);
        }
    }
    if (!error) {
        error = qcow2_write_refcounts(s);
    }
    if (!error) {
        error = qcow2_sync(s, s->node.file);
    }
    return error ? error : qcow2_set_dirty(s, false);
}

int qcow2_repair(Qcow2 *s)
{
    Repair r = {
        .s = s, .table = g_malloc(s->cluster_size),
        .chunks = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free),
    };
    int error = count_all(&r);

    if (!error) {
        error = set_all(&r);
    }
    g_hash_table_unref(r.chunks);
    g_free(r.table);
    return error;
}
