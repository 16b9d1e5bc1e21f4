/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Driver `qcow2`: the order in which metadata reach the file.
 *
 *   1. counts that were raised, and data
 *   -- flush
 *   2. L2 tables
 *   -- flush, if L1 entries or what was replaced wait for it
 *   3. L1 entries
 *   -- flush
 *   4. counts that were lowered: at some later time
 *
 * So at any moment everything that the file refers to is written and counted.  Lazy reference
 * counts are not written in step 1: the image is marked dirty, and its counts are repaired
 * when it is opened the next time after a crash.
 */
#include "config.h"
#include "hw/block/qcow2.h"

#include <errno.h>

/* ---- Writing back ---- */

static int sync_all(Qcow2 *s)
{
    int error = s->node.data_file ? qcow2_sync(s, s->node.data_file) : 0;

    return error ? error : qcow2_sync(s, s->node.file);
}

static guint64 slice_offset(const Qcow2 *s, guint64 number)
{
    guint bits = s->table_bits - s->slice_bits;
    guint64 table = s->l1[number >> bits] & QCOW2_OFFSET_MASK;

    return table + (number & ((1U << bits) - 1)) * s->l2.slice_size;
}

static int write_l2(Qcow2 *s)
{
    Qcow2Slice *slice;
    guint index = 0;

    while ((slice = qcow2_cache_next_dirty(&s->l2, &index))) {
        int error = qcow2_write(s, s->node.file, slice_offset(s, slice->number), slice->data,
                                s->l2.slice_size);

        if (error) {
            return error;
        }
        qcow2_cache_set_dirty(&s->l2, slice, false);
    }
    return 0;
}

static int write_l1(Qcow2 *s)
{
    guint first = s->l1_dirty_from, n = s->l1_dirty_to - first;
    g_autofree guint8 *data = g_malloc((gsize)n * 8);
    int error;

    for (guint i = 0; i < n; i++) {
        qcow2_put64(data + (gsize)i * 8, s->l1[first + i]);
    }
    error = qcow2_write(s, s->node.file, s->header.l1_offset + (guint64)first * 8, data,
                        (gsize)n * 8);
    if (!error) {
        s->l1_dirty_from = G_MAXUINT;
        s->l1_dirty_to = 0;
    }
    return error;
}

static bool l1_dirty(const Qcow2 *s)
{
    return s->l1_dirty_from < s->l1_dirty_to;
}

void qcow2_set_l1(Qcow2 *s, guint index, guint64 entry)
{
    g_mutex_lock(&s->mutex);
    s->l1[index] = entry;
    s->unflushed = true;
    g_mutex_unlock(&s->mutex);
    s->l1_dirty_from = MIN(s->l1_dirty_from, index);
    s->l1_dirty_to = MAX(s->l1_dirty_to, index + 1);
}

int qcow2_write_back(Qcow2 *s)
{
    int error = s->lazy ? 0 : qcow2_write_refcounts(s);

    if (!error && (s->l2.n_dirty || l1_dirty(s))) {
        error = sync_all(s);
        if (!error) {
            error = write_l2(s);
        }
    }
    if (!error && l1_dirty(s)) {
        error = sync_all(s);
        if (!error) {
            error = write_l1(s);
        }
    }
    return error;
}

/* ---- Clusters that are no longer used ---- */

typedef struct {
    guint64 offset, bytes;
    bool discard;
} Freed;

void qcow2_free_later(Qcow2 *s, guint64 offset, guint64 bytes, bool discard)
{
    const Freed freed = { offset, bytes, discard };

    g_array_append_val(s->freed[s->epoch], freed);
    s->plain_entry = 0;
    g_mutex_lock(&s->mutex);
    s->unflushed = true;
    g_mutex_unlock(&s->mutex);
}

GArray *qcow2_freed_new(void)
{
    return g_array_new(false, false, sizeof(Freed));
}

/* Lowers the counts of clusters to which nothing in the file refers any more. */
static int free_one(Qcow2 *s, const Freed *freed)
{
    guint64 first = freed->offset >> s->cluster_bits;
    guint64 last = (freed->offset + freed->bytes - 1) >> s->cluster_bits;
    int error = 0;

    for (guint64 i = first; i <= last && !error; i++) {
        bool is_free;

        error = qcow2_lower_refcount(s, i, &is_free);
        if (is_free && freed->discard) {
            qcow2_discard(s, i << s->cluster_bits, s->cluster_size);
        }
    }
    return error;
}

static int free_all(Qcow2 *s, GArray *list)
{
    int error = 0;

    for (guint i = 0; i < list->len; i++) {
        int ret = free_one(s, &g_array_index(list, Freed, i));

        error = error ? error : ret;
    }
    g_array_set_size(list, 0);
    return error;
}

/*
 * A request that was sent to a cluster before it was freed may still be in flight, and would
 * write into the cluster's next contents.  Requests belong to the epoch in which they looked
 * up the map; clusters freed in an epoch are given back when none of its requests is in
 * flight, and the epoch changes only when no request of the previous one is.
 */
static int give_back(Qcow2 *s)
{
    guint now = s->epoch, before = now ^ 1;
    bool over[2];
    int error;

    g_mutex_lock(&s->mutex);
    over[0] = !s->in_flight[0];
    over[1] = !s->in_flight[1];
    if (over[before]) {
        s->epoch = before;
    }
    g_mutex_unlock(&s->mutex);
    if (!over[before]) {
        return 0;
    }
    error = free_all(s, s->freed[before]);
    if (!error && over[now]) {
        error = free_all(s, s->freed[now]);
    }
    return error;
}

/* ---- Flushing ---- */

guint qcow2_n_freed(const Qcow2 *s)
{
    return s->freed[0]->len + s->freed[1]->len;
}

int qcow2_flush(Qcow2 *s)
{
    int error = qcow2_write_back(s);

    if (!error) {
        error = sync_all(s);
    }
    if (!error) {
        /* Not before: a flush that finds it so does not wait for this one. */
        g_mutex_lock(&s->mutex);
        s->unflushed = false;
        g_mutex_unlock(&s->mutex);
    }
    if (!error && qcow2_n_freed(s)) {
        error = give_back(s);
    }
    return error;
}
