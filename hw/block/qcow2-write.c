/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Driver `qcow2`: writing where the map has to change.
 *
 * Data go to clusters that nothing refers to yet (or to parts of a cluster that are not
 * valid yet), together with the old contents of the rest.  When they are written, the L2
 * entries change, in memory; then the request is done.
 */
#include "config.h"
#include "hw/block/qcow2-job.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hw/block/block-wait.h"

#define ALL_SUBCLUSTERS G_GUINT64_CONSTANT(0xffffffff)

static bool has_subclusters(const Qcow2 *s)
{
    return s->subcluster_bits != s->cluster_bits;
}

/* ---- L2 tables ---- */

static int new_table(Qcow2 *s, guint index, guint64 old)
{
    g_autofree guint8 *data = g_malloc0(s->cluster_size);
    guint64 offset, got;
    int error = qcow2_alloc(s, 1, &offset, &got);

    if (!error && old) {
        error = qcow2_read(s, s->node.file, old, data, s->cluster_size);
    }
    if (!error) {
        error = qcow2_write(s, s->node.file, offset, data, s->cluster_size);
    }
    if (error) {
        return error;
    }
    qcow2_note_end(s, offset + s->cluster_size);
    qcow2_set_l1(s, index, offset | QCOW2_COPIED);
    if (old) {
        qcow2_free_later(s, old, s->cluster_size, false);
    }
    return 0;
}

int qcow2_need_table(Qcow2 *s, guint64 cluster)
{
    guint64 index = cluster >> s->table_bits;
    guint64 entry = index < s->l1_size ? s->l1[index] : 0, old = entry & QCOW2_OFFSET_MASK;

    if (index >= s->l1_size) {
        return EIO;
    }
    if (old & (s->cluster_size - 1)) {
        return qcow2_malformed(s, "an L2 table's offset in the L1 entry of cluster", cluster);
    }
    return old && (entry & QCOW2_COPIED) ? 0 : new_table(s, index, old);
}

/* The slice with a cluster's entry; the table must exist. */
static int find_slice(Qcow2 *s, guint64 cluster, Qcow2Slice **slice)
{
    Qcow2Extent extent;
    int error = qcow2_map_wait(s, cluster << s->cluster_bits, 1, &extent);

    g_mutex_lock(&s->mutex);
    *slice = qcow2_cache_find(&s->l2, cluster >> s->slice_bits);
    g_mutex_unlock(&s->mutex);
    return *slice ? 0 : error ? error : EIO;
}

static guint8 *entry_in(const Qcow2 *s, const Qcow2Slice *slice, guint64 cluster)
{
    return slice->data + (cluster & ((1U << s->slice_bits) - 1)) * s->entry_size;
}

int qcow2_get_entry(Qcow2 *s, guint64 cluster, guint64 *entry, guint64 *bitmap)
{
    Qcow2Slice *slice;
    int error;

    *entry = *bitmap = 0;
    if (!(s->l1[cluster >> s->table_bits] & QCOW2_OFFSET_MASK)) {
        return 0;
    }
    error = find_slice(s, cluster, &slice);
    if (error) {
        return error;
    }
    *entry = qcow2_get64(entry_in(s, slice, cluster));
    if (has_subclusters(s)) {
        *bitmap = qcow2_get64(entry_in(s, slice, cluster) + 8);
    }
    return 0;
}

/* Frees clusters to which the old entry refers and the new one does not. */
static void drop(Qcow2 *s, guint64 old, guint64 entry, bool discard)
{
    guint64 host = old & QCOW2_OFFSET_MASK;

    if (old & QCOW2_COMPRESSED) {
        gsize size;
        guint64 offset = qcow2_compressed_range(s, old, &size);

        qcow2_free_later(s, offset, size, discard);
    } else if (host && host != (entry & QCOW2_OFFSET_MASK) && !s->node.data_file) {
        qcow2_free_later(s, host, s->cluster_size, discard);
    }
}

int qcow2_set_entry(Qcow2 *s, const Qcow2Link *link, bool discard)
{
    Qcow2Slice *slice;
    guint64 old;
    int error = find_slice(s, link->cluster, &slice);

    if (error) {
        return error;
    }
    old = qcow2_get64(entry_in(s, slice, link->cluster));
    g_mutex_lock(&s->mutex);
    qcow2_put64(entry_in(s, slice, link->cluster), link->entry);
    if (has_subclusters(s)) {
        qcow2_put64(entry_in(s, slice, link->cluster) + 8, link->bitmap);
    }
    s->unflushed = true;
    g_mutex_unlock(&s->mutex);
    qcow2_cache_set_dirty(&s->l2, slice, true);
    drop(s, old, link->entry, discard);
    return 0;
}

void qcow2_job_link(Qcow2Job *job)
{
    Qcow2 *s = job->s;

    for (guint i = 0; job->links && i < job->links->len; i++) {
        const Qcow2Link *link = &g_array_index(job->links, Qcow2Link, i);

        if (!job->error) {
            qcow2_job_failed(job, qcow2_set_entry(s, link, false));
        } else if (link->taken) {
            qcow2_free_later(s, link->entry & QCOW2_OFFSET_MASK, s->cluster_size, false);
        }
    }
}

/* ---- Where data go ---- */

/* Clusters of the disk that are written to one piece of the file. */
typedef struct {
    guint64 cluster, n;
    guint64 host;
    bool taken;                 /* allocated for this */
    bool fresh;                 /* never written: reads as zeros */
    guint64 from, to;           /* of the disk, bytes: what is written */
    guint64 start, end;         /* including what is copied around it */
} Piece;

/* The host cluster that no other entry shares; G_MAXUINT64: none. */
static guint64 own_host(const Qcow2 *s, guint64 cluster, guint64 entry)
{
    if (s->node.data_file) {
        return cluster << s->cluster_bits;
    }
    if ((entry & QCOW2_COMPRESSED) || !(entry & QCOW2_COPIED) || !(entry & QCOW2_OFFSET_MASK)) {
        return G_MAXUINT64;
    }
    return entry & QCOW2_OFFSET_MASK;
}

/* How many clusters, from the first of a piece on, need new host clusters. */
static int count_new(Qcow2 *s, Piece *piece)
{
    guint64 last = (piece->to - 1) >> s->cluster_bits;

    for (piece->n = 1; piece->cluster + piece->n <= last; piece->n++) {
        guint64 cluster = piece->cluster + piece->n, entry, bitmap;
        int error;

        if (cluster >> s->table_bits != piece->cluster >> s->table_bits) {
            break;
        }
        error = qcow2_get_entry(s, cluster, &entry, &bitmap);
        if (error) {
            return error;
        }
        if (own_host(s, cluster, entry) != G_MAXUINT64) {
            break;
        }
    }
    return 0;
}

static int find_place(Qcow2 *s, Piece *piece)
{
    guint64 entry, bitmap, end = s->file_end;
    int error = qcow2_get_entry(s, piece->cluster, &entry, &bitmap);

    if (error) {
        return error;
    }
    piece->n = 1;
    piece->host = own_host(s, piece->cluster, entry);
    if (piece->host == G_MAXUINT64) {
        error = count_new(s, piece);
        if (!error) {
            error = qcow2_alloc(s, piece->n, &piece->host, &piece->n);
        }
        if (error) {
            return error;
        }
        piece->taken = true;
        piece->fresh = piece->host >= end;
        qcow2_note_end(s, piece->host + (piece->n << s->cluster_bits));
    }
    piece->to = MIN(piece->to, (piece->cluster + piece->n) << s->cluster_bits);
    return 0;
}

/* How much of a cluster must be written together: a subcluster, if the others need not be
 * copied. */
static int granularity(Qcow2 *s, const Piece *piece, guint64 cluster, guint64 *size)
{
    guint64 entry, bitmap;
    int error = qcow2_get_entry(s, cluster, &entry, &bitmap);
    bool moves = (entry & QCOW2_COMPRESSED) || (piece->taken && (entry & QCOW2_OFFSET_MASK));

    *size = G_GUINT64_CONSTANT(1) << (moves ? s->cluster_bits : s->subcluster_bits);
    return error;
}

static int find_bounds(Qcow2 *s, Piece *piece)
{
    guint64 size;
    int error = granularity(s, piece, piece->cluster, &size);

    piece->start = piece->from & ~(size - 1);
    if (!error) {
        error = granularity(s, piece, (piece->to - 1) >> s->cluster_bits, &size);
        piece->end = (piece->to + size - 1) & ~(size - 1);
    }
    return error;
}

/* ---- Writing ---- */

/* Reads the data to keep before and after the range; cuts off parts that need not be written. */
static int read_around(Qcow2 *s, Piece *piece, guint8 *head, guint8 *tail)
{
    bool zero;
    int error = 0;

    if (piece->start < piece->from) {
        error = qcow2_read_disk(s, piece->start, head, piece->from - piece->start, &zero);
        if (!error && zero && piece->fresh) {
            piece->start = piece->from;
        }
    }
    if (!error && piece->to < piece->end) {
        error = qcow2_read_disk(s, piece->to, tail, piece->end - piece->to, &zero);
        if (!error && zero && piece->fresh) {
            piece->end = piece->to;
        }
    }
    return error;
}

static int send_piece(Qcow2Job *job, const Piece *piece_given, const BlockRequest *from,
                      guint64 skip)
{
    Piece piece = *piece_given;
    Qcow2 *s = job->s;
    gsize head = piece.from - piece.start, tail = piece.end - piece.to;
    guint8 *buffer = head + tail ? block_buffer(head + tail) : NULL;
    struct iovec *iov, *first;
    guint n;
    int error = head + tail && !buffer ? ENOMEM : 0;

    if (!error) {
        error = read_around(s, &piece, buffer, buffer + head);
    }
    if (error) {
        free(buffer);
        return error;
    }
    iov = qcow2_cut_iov(from, skip, piece.to - piece.from, 1, &n);
    first = iov + 1;
    if (piece.start < piece.from) {
        *--first = (struct iovec){ buffer, head };
        n++;
    }
    if (piece.to < piece.end) {
        first[n++] = (struct iovec){ buffer + head, tail };
    }
    qcow2_job_send(job, s->data, &(BlockRequest){
        .op = BLOCK_OP_WRITE, .bytes = piece.end - piece.start, .iov = first, .n_iov = n,
        .offset = piece.host + (piece.start - (piece.cluster << s->cluster_bits)) }, iov, buffer);
    return 0;
}

/* The bits of subclusters from..to of a cluster, in bytes of it. */
static guint64 subclusters(const Qcow2 *s, guint64 from, guint64 to)
{
    guint first = from >> s->subcluster_bits, end = to >> s->subcluster_bits;

    return ((G_GUINT64_CONSTANT(1) << end) - 1) & ~((G_GUINT64_CONSTANT(1) << first) - 1);
}

/* Records the new contents of the entries. */
static int add_links(Qcow2Job *job, const Piece *piece)
{
    Qcow2 *s = job->s;

    if (!job->links) {
        job->links = g_array_new(false, false, sizeof(Qcow2Link));
    }
    for (guint64 i = 0; i < piece->n; i++) {
        guint64 at = (piece->cluster + i) << s->cluster_bits, entry, bitmap, size;
        Qcow2Link link = { .cluster = piece->cluster + i, .taken = piece->taken };
        int error = qcow2_get_entry(s, link.cluster, &entry, &bitmap);

        if (!error) {
            error = granularity(s, piece, link.cluster, &size);
        }
        if (error) {
            return error;
        }
        link.entry = (piece->host + (i << s->cluster_bits)) | QCOW2_COPIED;
        if (has_subclusters(s)) {
            guint64 bits = size == s->cluster_size ? ALL_SUBCLUSTERS
                : subclusters(s, MAX(piece->start, at) - at,
                              MIN(piece->end, at + s->cluster_size) - at);

            link.bitmap = size == s->cluster_size ? bits : (bitmap | bits) & ~(bits << 32);
        }
        g_array_append_val(job->links, link);
    }
    return 0;
}

/* Writes to clusters whose entries have to change; *bytes becomes the number written. */
static int write_piece(Qcow2Job *job, const BlockRequest *from, guint64 skip, guint64 offset,
                       guint64 *bytes)
{
    Qcow2 *s = job->s;
    Piece piece = {
        .cluster = offset >> s->cluster_bits, .from = offset, .to = offset + *bytes,
    };
    int error = find_place(s, &piece);

    if (!error) {
        error = find_bounds(s, &piece);
    }
    if (!error) {
        *bytes = piece.to - piece.from;
        error = add_links(job, &piece);
    }
    return error ? error : send_piece(job, &piece, from, skip);
}

static void write_in_place(Qcow2Job *job, const BlockRequest *from, guint64 skip, guint64 host,
                           guint64 bytes)
{
    guint n;
    struct iovec *iov = qcow2_cut_iov(from, skip, bytes, 0, &n);

    qcow2_job_send(job, job->s->data, &(BlockRequest){
        .op = BLOCK_OP_WRITE, .offset = host, .bytes = bytes, .iov = iov, .n_iov = n }, iov, NULL);
}

int qcow2_job_write(Qcow2Job *job, const BlockRequest *from, guint64 skip, guint64 offset,
                    guint64 bytes)
{
    Qcow2 *s = job->s;

    while (bytes) {
        Qcow2Extent extent;
        guint64 done = bytes;
        int error = qcow2_need_table(s, offset >> s->cluster_bits);

        if (!error) {
            error = qcow2_map_wait(s, offset, bytes, &extent);
        }
        if (error) {
            return error;
        }
        if (extent.kind == QCOW2_KIND_DATA && extent.copied) {
            done = extent.bytes;
            write_in_place(job, from, skip, extent.host, done);
        } else {
            error = write_piece(job, from, skip, offset, &done);
        }
        if (error) {
            return error;
        }
        offset += done;
        skip += done;
        bytes -= done;
    }
    return 0;
}
