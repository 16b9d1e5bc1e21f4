/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Driver `qcow2`: maps places on the disk to places in the file.  The L1 table is in memory,
 * L2 tables as far as the cache has them.  No number in them is trusted.
 */
#include "config.h"
#include "hw/block/qcow2.h"

#include <errno.h>
#include <string.h>

#include "qmp/qapi-events.h"
#include "qmp/qapi-types-block-error.h"
#include "qom/env.h"

/* ---- What makes no sense ---- */

/* offset: in the file, or -1.  An image that is being written is marked, and is written no more:
 * qcow2_begin_writing(), qcow2_note_corrupt(). */
static void send_corrupted(Qcow2 *s, const char *what, guint64 number, gint64 offset)
{
    const Env *env = object_env(&s->node.object);
    g_autofree char *text = g_strdup_printf("%s %" G_GUINT64_FORMAT, what, number);
    EventBlockImageCorrupted data = {
        .device = (char *)block_node_name(&s->node),
        .node_name = (char *)block_node_name(&s->node),
        .msg = text,
        .has_offset = offset >= 0,
        .offset = offset,
        .fatal = !s->node.read_only,
    };

    if (env && env->events) {
        qmp_event_block_image_corrupted(env->events, &data);
    }
}

static int malformed(Qcow2 *s, const char *what, guint64 number, gint64 offset)
{
    if (g_atomic_int_compare_and_exchange(&s->told, 0, 1)) {
        g_warning("block node '%s': malformed qcow2 image: %s %" G_GUINT64_FORMAT "%s",
                  s->node.object.name, what, number,
                  s->node.read_only ? "" : "; it is not written any more");
        send_corrupted(s, what, number, offset);
    }
    return EIO;
}

int qcow2_malformed(Qcow2 *s, const char *what, guint64 cluster)
{
    return malformed(s, what, cluster, -1);
}

int qcow2_malformed_at(Qcow2 *s, const char *what, guint64 offset)
{
    g_autofree char *text = g_strconcat(what, " at", NULL);

    return malformed(s, text, offset, MIN(offset, G_MAXINT64));
}

/* ---- Entries ---- */

/* The kind and place of one subcluster. */
typedef struct {
    Qcow2Kind kind;
    guint64 host;
    bool copied;
} Place;

static int standard_offset(Qcow2 *s, guint64 entry, guint64 cluster, guint64 *offset)
{
    *offset = entry & QCOW2_OFFSET_MASK;
    if (*offset & (s->cluster_size - 1)) {
        return qcow2_malformed(s, "a cluster's offset in an L2 entry of cluster", cluster);
    }
    if (s->node.data_file && (*offset || (entry & QCOW2_COPIED)) &&
        *offset != cluster << s->cluster_bits) {
        return qcow2_malformed(s, "an offset in the external data file of cluster", cluster);
    }
    return 0;
}

static int place_of_subcluster(Qcow2 *s, const guint8 *at, guint64 entry, guint64 cluster,
                               guint index, Place *place)
{
    guint64 bitmap = qcow2_get64(at + 8);
    bool allocated = bitmap >> index & 1, zero = bitmap >> (index + 32) & 1;

    if ((allocated && zero) ||
        (allocated && !place->host && !(s->node.data_file && (entry & QCOW2_COPIED)))) {
        return qcow2_malformed(s, "a subcluster in an L2 entry of cluster", cluster);
    }
    place->kind = allocated ? QCOW2_KIND_DATA : zero ? QCOW2_KIND_ZERO : QCOW2_KIND_NONE;
    place->host += (guint64)index << s->subcluster_bits;
    return 0;
}

/* at: the entry; index: of the subcluster, 0 without them. */
static int place_of(Qcow2 *s, const guint8 *at, guint64 cluster, guint index, Place *place)
{
    guint64 entry = qcow2_get64(at);
    int error;

    place->copied = entry & QCOW2_COPIED;
    if (entry & QCOW2_COMPRESSED) {
        place->kind = QCOW2_KIND_COMPRESSED;
        place->host = entry;
        return s->node.data_file ? qcow2_malformed(s, "a compressed cluster for cluster", cluster)
                                 : 0;
    }
    error = standard_offset(s, entry, cluster, &place->host);
    if (error) {
        return error;
    }
    if (s->subcluster_bits != s->cluster_bits) {
        return place_of_subcluster(s, at, entry, cluster, index, place);
    }
    if (entry & QCOW2_ZERO) {
        place->kind = QCOW2_KIND_ZERO;
        return s->header.version < 3
               ? qcow2_malformed(s, "a zero cluster for cluster", cluster) : 0;
    }
    place->kind = place->host || (s->node.data_file && place->copied) ? QCOW2_KIND_DATA
                                                                      : QCOW2_KIND_NONE;
    return 0;
}

/* ---- Extents ---- */

/* The entry of a cluster in memory; NULL with 0 in error: there is no table for it. */
static const guint8 *find_entry(Qcow2 *s, guint64 cluster, int *error)
{
    guint64 table = cluster >> s->table_bits;
    Qcow2Slice *slice;

    *error = 0;
    if (table >= s->l1_size) {
        *error = EIO;
        return NULL;
    }
    if (!(s->l1[table] & QCOW2_OFFSET_MASK)) {
        return NULL;
    }
    slice = qcow2_cache_find(&s->l2, cluster >> s->slice_bits);
    if (!slice) {
        *error = EAGAIN;
        return NULL;
    }
    return slice->data + (cluster & ((1U << s->slice_bits) - 1)) * s->entry_size;
}

static bool goes_on(const Qcow2Extent *extent, const Place *place)
{
    if (place->kind != extent->kind || place->kind == QCOW2_KIND_COMPRESSED) {
        return false;
    }
    return place->kind != QCOW2_KIND_DATA ||
           (place->host == extent->host + extent->bytes && place->copied == extent->copied);
}

/* All subclusters of an L2 table that does not exist, or of one entry. */
static int add_step(Qcow2 *s, guint64 offset, guint64 step, guint64 rest, Qcow2Extent *extent,
                    bool *more)
{
    guint64 cluster = offset >> s->cluster_bits;
    guint index = (offset & (s->cluster_size - 1)) >> s->subcluster_bits;
    Place place = { .kind = QCOW2_KIND_NONE };
    int error;
    const guint8 *at = find_entry(s, cluster, &error);

    if (at) {
        error = place_of(s, at, cluster, index, &place);
    }
    if (error) {
        return error;
    }
    if (place.kind != QCOW2_KIND_COMPRESSED) {
        place.host += offset & ((G_GUINT64_CONSTANT(1) << s->subcluster_bits) - 1);
    }
    *more = !extent->bytes || goes_on(extent, &place);
    if (!extent->bytes) {
        *extent = (Qcow2Extent){ .kind = place.kind, .host = place.host, .copied = place.copied };
    }
    if (*more) {
        extent->bytes += MIN(step, rest);
    }
    return 0;
}

int qcow2_map(Qcow2 *s, guint64 offset, guint64 bytes, Qcow2Extent *extent)
{
    guint64 done = 0;
    bool more = true;

    *extent = (Qcow2Extent){ .kind = QCOW2_KIND_NONE };
    while (done < bytes && more) {
        guint64 at = offset + done, size = G_GUINT64_CONSTANT(1) << s->subcluster_bits;
        int error = add_step(s, at, size - (at & (size - 1)), bytes - done, extent, &more);

        if (error) {
            return done ? 0 : error;
        }
        done = extent->bytes;
        if (extent->kind == QCOW2_KIND_COMPRESSED) {
            /* A whole cluster: it does not continue in the next step. */
            extent->bytes = MIN(s->cluster_size - (offset & (s->cluster_size - 1)), bytes);
            more = false;
        }
    }
    return 0;
}

/* ---- Reading tables ---- */

static int load_slice(Qcow2 *s, guint64 cluster)
{
    guint64 number = cluster >> s->slice_bits;
    guint64 table = s->l1[cluster >> s->table_bits] & QCOW2_OFFSET_MASK;
    guint64 within = number & ((1U << (s->table_bits - s->slice_bits)) - 1);
    g_autofree guint8 *data = NULL;
    Qcow2Slice *place = qcow2_cache_place(&s->l2, number);
    int error = place->dirty ? qcow2_write_back(s) : 0;

    if (error) {
        return error;
    }
    if (table & (s->cluster_size - 1)) {
        return qcow2_malformed(s, "an L2 table's offset in the L1 entry of cluster", cluster);
    }
    data = g_malloc(s->l2.slice_size);
    error = qcow2_read(s, s->node.file, table + within * s->l2.slice_size, data,
                       s->l2.slice_size);
    if (error) {
        return error;
    }
    g_mutex_lock(&s->mutex);
    qcow2_cache_put(&s->l2, place, number, data);
    g_mutex_unlock(&s->mutex);
    return 0;
}

/* Other threads reorder slices when they use them. */
static int map_locked(Qcow2 *s, guint64 offset, guint64 bytes, Qcow2Extent *extent)
{
    int error;

    g_mutex_lock(&s->mutex);
    error = qcow2_map(s, offset, bytes, extent);
    g_mutex_unlock(&s->mutex);
    return error;
}

int qcow2_map_wait(Qcow2 *s, guint64 offset, guint64 bytes, Qcow2Extent *extent)
{
    int error = map_locked(s, offset, bytes, extent);

    if (error == EAGAIN) {
        error = load_slice(s, offset >> s->cluster_bits);
        if (!error) {
            error = map_locked(s, offset, bytes, extent);
        }
    }
    return error;
}
