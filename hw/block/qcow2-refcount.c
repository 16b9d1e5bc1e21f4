/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Driver `qcow2`: reference counts of the clusters of the file, and finding free ones.
 *
 * Blocks of counts may be written at any time: a count is raised before anything refers to
 * the cluster, and lowered only when nothing in the file does any more (qcow2-flush.c).  So a
 * crash can only leave counts that are too high, which lose space and nothing else.
 */
#include "config.h"
#include "hw/block/qcow2.h"

#include <errno.h>
#include <string.h>

enum { EXACT_TRIES = 4096 };    /* attempts to find clusters in one piece */

/* How many clusters in use are looked at for a free one: more than a full file has, but a
 * table whose entries are all the same block can claim more. */
#define SCAN_MAX (G_GUINT64_CONSTANT(1) << 31)

/* ---- Counts within a slice ---- */

static guint64 get_count(const guint8 *data, guint64 index, guint order)
{
    guint bit;

    switch (order) {
    case 3:
        return data[index];
    case 4:
        return data[2 * index] << 8 | data[2 * index + 1];
    case 5:
        return qcow2_get32(data + 4 * index);
    case 6:
        return qcow2_get64(data + 8 * index);
    default:
        bit = (index << order) & 7;
        return data[index << order >> 3] >> bit & ((1U << (1U << order)) - 1);
    }
}

static void put_count(guint8 *data, guint64 index, guint order, guint64 count)
{
    guint bit, mask;

    switch (order) {
    case 3:
        data[index] = count;
        break;
    case 4:
        data[2 * index] = count >> 8;
        data[2 * index + 1] = count;
        break;
    case 5:
        qcow2_put32(data + 4 * index, count);
        break;
    case 6:
        qcow2_put64(data + 8 * index, count);
        break;
    default:
        bit = (index << order) & 7;
        mask = ((1U << (1U << order)) - 1) << bit;
        data[index << order >> 3] = (data[index << order >> 3] & ~mask) | (count << bit & mask);
        break;
    }
}

/* ---- Slices ---- */

static guint64 slice_offset(const Qcow2 *s, guint64 number)
{
    guint64 within = number & ((1U << (s->block_bits - s->count_bits)) - 1);
    guint64 block = number >> (s->block_bits - s->count_bits);

    return s->refcount_table[block] + within * s->refcounts.slice_size;
}

int qcow2_write_refcounts(Qcow2 *s)
{
    Qcow2Slice *slice;
    guint index = 0;

    while ((slice = qcow2_cache_next_dirty(&s->refcounts, &index))) {
        int error = qcow2_write(s, s->node.file, slice_offset(s, slice->number), slice->data,
                                s->refcounts.slice_size);

        if (error) {
            return error;
        }
        qcow2_cache_set_dirty(&s->refcounts, slice, false);
    }
    return 0;
}

/* The slice with a cluster's count; NULL with 0 in error: there is none, all are 0. */
static Qcow2Slice *find_slice(Qcow2 *s, guint64 cluster, int *error)
{
    guint64 block = cluster >> s->block_bits, number = cluster >> s->count_bits;
    g_autofree guint8 *data = NULL;
    Qcow2Slice *slice;

    *error = 0;
    if (block >= s->refcount_table_size || !s->refcount_table[block]) {
        return NULL;
    }
    slice = qcow2_cache_find(&s->refcounts, number);
    if (slice) {
        return slice;
    }
    if (s->refcount_table[block] & (s->cluster_size - 1)) {
        *error = qcow2_malformed(s, "a refcount block's offset for cluster", cluster);
        return NULL;
    }
    slice = qcow2_cache_place(&s->refcounts, number);
    *error = slice->dirty ? qcow2_write_refcounts(s) : 0;
    if (*error) {
        return NULL;
    }
    data = g_malloc(s->refcounts.slice_size);
    *error = qcow2_read(s, s->node.file, slice_offset(s, number), data, s->refcounts.slice_size);
    if (*error) {
        return NULL;
    }
    qcow2_cache_put(&s->refcounts, slice, number, data);
    return slice;
}

static int get_refcount(Qcow2 *s, guint64 cluster, guint64 *count)
{
    int error;
    const Qcow2Slice *slice = find_slice(s, cluster, &error);

    *count = slice ? get_count(slice->data, cluster & ((1U << s->count_bits) - 1),
                               s->header.refcount_order) : 0;
    return error;
}

static int set_count(Qcow2 *s, guint64 cluster, guint64 count)
{
    int error;
    Qcow2Slice *slice = find_slice(s, cluster, &error);

    if (!slice) {
        return error ? error : EIO;
    }
    put_count(slice->data, cluster & ((1U << s->count_bits) - 1), s->header.refcount_order, count);
    qcow2_cache_set_dirty(&s->refcounts, slice, true);
    return 0;
}

int qcow2_set_refcount(Qcow2 *s, guint64 cluster, guint64 count)
{
    guint64 old;
    int error = get_refcount(s, cluster, &old);

    if (error || old == count) {
        return error;
    }
    if (!count) {
        s->free_hint = MIN(s->free_hint, cluster);
    }
    return set_count(s, cluster, count);
}

int qcow2_lower_refcount(Qcow2 *s, guint64 cluster, bool *is_free)
{
    guint64 count;
    int error = get_refcount(s, cluster, &count);

    *is_free = false;
    if (error) {
        return error;
    }
    if (!count) {
        return qcow2_malformed(s, "a reference count that is too low, of the cluster",
                               cluster << s->cluster_bits);
    }
    *is_free = count == 1;
    return qcow2_set_refcount(s, cluster, count - 1);
}

/* ---- Allocation ---- */

/* Wrong counts must not cause metadata to be overwritten. */
static bool is_metadata(const Qcow2 *s, guint64 offset)
{
    const Qcow2Header *h = &s->header;

    if (offset < s->cluster_size ||
        (offset >= h->l1_offset && offset - h->l1_offset < (guint64)s->l1_size * 8) ||
        (offset >= h->refcount_table_offset &&
         offset - h->refcount_table_offset < s->refcount_table_size * 8) ||
        (h->n_snapshots && offset == h->snapshots_offset)) {
        return true;
    }
    for (guint i = 0; i < s->refcount_table_size; i++) {
        if (s->refcount_table[i] == offset) {
            return true;
        }
    }
    for (guint i = 0; i < s->l1_size; i++) {
        if ((s->l1[i] & QCOW2_OFFSET_MASK) == offset) {
            return true;
        }
    }
    return false;
}

int qcow2_check_room(Qcow2 *s, guint64 end)
{
    if (end > s->file_limit) {
        return ENOSPC;
    }
    return end > QCOW2_OFFSET_MASK ? EFBIG : 0;
}

/* Takes one cluster; the caller knows that its count is 0. */
static int take(Qcow2 *s, guint64 cluster)
{
    guint64 offset = cluster << s->cluster_bits;
    int error = qcow2_check_room(s, offset + s->cluster_size);

    if (!error && is_metadata(s, offset)) {
        error = qcow2_malformed_at(s, "a reference count of 0, of the table", offset);
    }
    return error ? error : set_count(s, cluster, 1);
}

/* The first free cluster from the hint on. */
static int find_free(Qcow2 *s, guint64 *cluster)
{
    guint64 count = 1, at = s->free_hint;

    while (count) {
        bool made = false;
        int error = qcow2_need_block(s, at, &made);

        if (!error && !made) {
            error = get_refcount(s, at, &count);
        }
        if (error) {
            return error;
        }
        if (at++ - s->free_hint > SCAN_MAX) {
            return EFBIG;
        }
    }
    *cluster = at - 1;
    return 0;
}

int qcow2_alloc(Qcow2 *s, guint64 want, guint64 *offset, guint64 *got)
{
    guint64 first = 0;
    int error = find_free(s, &first);

    for (*got = 0; !error && *got < want; (*got)++) {
        guint64 count = 0;

        /* Stops where a block is missing: the next call makes it. */
        if ((first + *got) >> s->block_bits >= s->refcount_table_size ||
            !s->refcount_table[(first + *got) >> s->block_bits]) {
            break;
        }
        error = get_refcount(s, first + *got, &count);
        if (error || count) {
            break;
        }
        error = take(s, first + *got);
        if (error) {
            break;
        }
    }
    s->free_hint = first + *got;
    *offset = first << s->cluster_bits;
    return *got ? 0 : error ? error : EIO;
}

int qcow2_alloc_exactly(Qcow2 *s, guint64 want, guint64 *offset)
{
    guint64 hint = s->free_hint, got = 0;
    int error = 0;

    for (guint tries = 0; tries < EXACT_TRIES && !error && got < want; tries++) {
        error = qcow2_alloc(s, want, offset, &got);
        /* Too few: frees them, and tries again after them. */
        for (guint64 i = 0; !error && got < want && i < got; i++) {
            error = set_count(s, (*offset >> s->cluster_bits) + i, 0);
        }
    }
    s->free_hint = hint;
    return error ? error : got == want ? 0 : EFBIG;
}

void qcow2_note_end(Qcow2 *s, guint64 end)
{
    if (end <= s->file_end) {
        return;
    }
    s->file_end = end;
    for (BlockNode *node = s->node.file; node && !node->driver->format; node = node->file) {
        if (end > block_node_size(node)) {
            __atomic_store_n(&node->size, end, __ATOMIC_RELAXED);
        }
    }
}
