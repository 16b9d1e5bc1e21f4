/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Driver `qcow2`: zeros and discarding.  Whole clusters are only marked; zeros in smaller
 * parts are written, and smaller parts are not discarded.
 */
#include "config.h"
#include "hw/block/qcow2-job.h"

#include <errno.h>

#define ALL_SUBCLUSTERS_ZERO (G_GUINT64_CONSTANT(0xffffffff) << 32)

static bool has_subclusters(const Qcow2 *s)
{
    return s->subcluster_bits != s->cluster_bits;
}

/* ---- Whole clusters ---- */

/* The entry of a cluster that reads as zeros, with or without a host cluster. */
static void make_zero(const Qcow2 *s, Qcow2Link *link, guint64 host)
{
    link->entry = host ? host | QCOW2_COPIED : 0;
    if (has_subclusters(s)) {
        link->bitmap = ALL_SUBCLUSTERS_ZERO;
    } else {
        link->entry |= QCOW2_ZERO;
    }
}

/* Whether the image has no data for a cluster, and there is no backing node. */
static bool is_empty(const Qcow2 *s, guint64 entry, guint64 bitmap)
{
    return !s->backing && !entry && !bitmap;
}

static int zero_cluster(Qcow2 *s, guint64 cluster, bool unmap)
{
    Qcow2Link link = { .cluster = cluster };
    guint64 entry, bitmap, host = 0;
    int error = qcow2_get_entry(s, cluster, &entry, &bitmap);

    if (error || is_empty(s, entry, bitmap)) {
        return error;
    }
    if (!unmap && (entry & QCOW2_COPIED) && !(entry & QCOW2_COMPRESSED)) {
        host = entry & QCOW2_OFFSET_MASK;
    }
    make_zero(s, &link, host);
    if (link.entry == entry && link.bitmap == bitmap) {
        return 0;
    }
    error = qcow2_need_table(s, cluster);
    return error ? error : qcow2_set_entry(s, &link, unmap && s->pass_discard);
}

static int discard_cluster(Qcow2 *s, guint64 cluster)
{
    Qcow2Link link = { .cluster = cluster };
    guint64 entry, bitmap;
    int error = qcow2_get_entry(s, cluster, &entry, &bitmap);

    /* If the image cannot mark it as zeros, the backing node's data would appear. */
    if (error || (!entry && !bitmap) || (s->header.version < 3 && s->backing)) {
        return error;
    }
    if (s->header.version >= 3) {
        make_zero(s, &link, 0);
    }
    if (link.entry == entry && link.bitmap == bitmap) {
        return 0;
    }
    error = qcow2_need_table(s, cluster);
    return error ? error : qcow2_set_entry(s, &link, s->pass_discard);
}

/* ---- Pieces ---- */

/* Writes zeros as data, at most a cluster of them. */
static int write_zeros(Qcow2Job *job, guint64 offset, guint64 bytes)
{
    Qcow2 *s = job->s;
    struct iovec iov;
    const BlockRequest from = { .iov = &iov, .n_iov = 1 };

    if (!s->zeros) {
        s->zeros = g_malloc0(s->cluster_size);
    }
    iov = (struct iovec){ s->zeros, bytes };
    return qcow2_job_write(job, &from, 0, offset, bytes);
}

static void send(Qcow2Job *job, BlockOp op, guint64 host, guint64 bytes)
{
    qcow2_job_send(job, job->s->data, &(BlockRequest){
        .op = op, .flags = op == BLOCK_OP_WRITE_ZEROES ? BLOCK_MAY_UNMAP : 0, .offset = host,
        .bytes = bytes }, NULL, NULL);
}

/* Makes a range within a cluster zeros, in the way that its extents need. */
static int zero_piece(Qcow2Job *job, guint64 offset, guint64 bytes)
{
    Qcow2 *s = job->s;

    while (bytes) {
        Qcow2Extent extent;
        int error = qcow2_map_wait(s, offset, bytes, &extent);

        if (!error && extent.kind == QCOW2_KIND_DATA && extent.copied) {
            send(job, BLOCK_OP_WRITE_ZEROES, extent.host, extent.bytes);
        } else if (!error && extent.kind != QCOW2_KIND_ZERO &&
                   (extent.kind != QCOW2_KIND_NONE || s->backing)) {
            /* Includes the rest of the piece: the cluster may change as a whole. */
            return write_zeros(job, offset, bytes);
        }
        if (error) {
            return error;
        }
        offset += extent.bytes;
        bytes -= extent.bytes;
    }
    return 0;
}

static bool can_mark(const Qcow2 *s)
{
    return s->header.version >= 3 && !s->node.data_file;
}

static int zero_range(Qcow2Job *job, guint64 offset, guint64 bytes, bool unmap)
{
    Qcow2 *s = job->s;
    int error = 0;

    while (bytes && !error) {
        guint64 within = offset & (s->cluster_size - 1);
        guint64 n = MIN(bytes, s->cluster_size - within);
        bool whole = !within && (n == s->cluster_size || offset + n == s->header.size);

        error = whole && can_mark(s) ? zero_cluster(s, offset >> s->cluster_bits, unmap)
                                     : zero_piece(job, offset, n);
        offset += n;
        bytes -= n;
    }
    return error;
}

/* ---- Discarding ---- */

/* Discards in an external data file, whose clusters keep their places. */
static int discard_data(Qcow2Job *job, guint64 offset, guint64 bytes)
{
    while (bytes) {
        Qcow2Extent extent;
        int error = qcow2_map_wait(job->s, offset, bytes, &extent);

        if (error) {
            return error;
        }
        if (extent.kind == QCOW2_KIND_DATA && job->s->pass_discard) {
            send(job, BLOCK_OP_DISCARD, extent.host, extent.bytes);
        }
        offset += extent.bytes;
        bytes -= extent.bytes;
    }
    return 0;
}

int qcow2_discard_range(Qcow2 *s, guint64 offset, guint64 bytes)
{
    guint64 first = (offset + s->cluster_size - 1) >> s->cluster_bits;
    guint64 end = (offset + bytes) >> s->cluster_bits;
    int error = 0;

    if (offset + bytes == s->header.size) {
        end = (offset + bytes + s->cluster_size - 1) >> s->cluster_bits;
    }
    while (first < end && !error) {
        guint64 table = first >> s->table_bits;

        if (!(s->l1[table] & QCOW2_OFFSET_MASK)) {
            first = (table + 1) << s->table_bits;
            continue;
        }
        error = discard_cluster(s, first++);
    }
    return error;
}

/* ---- Jobs ---- */

void qcow2_job_zero(Qcow2Job *job)
{
    const BlockRequest *request = job->request;

    qcow2_job_failed(job, zero_range(job, request->now_offset, request->bytes,
                                     request->now_flags & BLOCK_MAY_UNMAP));
}

void qcow2_job_discard(Qcow2Job *job)
{
    const BlockRequest *request = job->request;

    qcow2_job_failed(job, job->s->node.data_file
                     ? discard_data(job, request->now_offset, request->bytes)
                     : qcow2_discard_range(job->s, request->now_offset, request->bytes));
}

int qcow2_zero_range(Qcow2 *s, guint64 offset, guint64 bytes)
{
    Qcow2Job *job = qcow2_job_new(s, NULL);
    int error;

    qcow2_job_failed(job, zero_range(job, offset, bytes, true));
    while (job->left > 1) {
        aio_poll(s->aio, true);
    }
    qcow2_job_link(job);
    error = job->error;
    qcow2_job_put(job);
    return error;
}
