/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Driver `qcow2`: jobs of the worker, their children, and reading: see qcow2-job.h.
 */
#include "config.h"
#include "hw/block/qcow2-job.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hw/block/block-wait.h"

/* ---- Children ---- */

/* Mutex held. */
Qcow2Child *qcow2_child_get(Qcow2 *s)
{
    Qcow2Child *child = s->spare;

    if (child) {
        s->spare = child->next;
    } else {
        child = g_new(Qcow2Child, 1);
    }
    *child = (Qcow2Child){ .s = s, .epoch = s->epoch };
    s->in_flight[s->epoch]++;
    return child;
}

void qcow2_child_put(Qcow2Child *child)
{
    Qcow2 *s = child->s;

    g_mutex_lock(&s->mutex);
    s->in_flight[child->epoch]--;
    child->next = s->spare;
    s->spare = child;
    g_mutex_unlock(&s->mutex);
}

void qcow2_free_children(Qcow2 *s)
{
    while (s->spare) {
        Qcow2Child *child = s->spare;

        s->spare = child->next;
        g_free(child);
    }
}

/* ---- Vectors ---- */

struct iovec *qcow2_cut_iov(const BlockRequest *request, guint64 skip, guint64 bytes, guint room,
                            guint *n)
{
    struct iovec *iov = g_new(struct iovec, request->n_iov + 2 * room);
    guint count = 0;

    for (guint i = 0; i < request->n_iov && bytes; i++) {
        gsize length = request->iov[i].iov_len;

        if (skip >= length) {
            skip -= length;
            continue;
        }
        length = MIN(length - skip, bytes);
        iov[room + count++] = (struct iovec){ (guint8 *)request->iov[i].iov_base + skip, length };
        bytes -= length;
        skip = 0;
    }
    *n = count;
    return iov;
}

/* Copies into the request's buffers from `skip` on; from NULL: zeros. */
static void fill_iov(const BlockRequest *request, guint64 skip, const guint8 *from, guint64 bytes)
{
    guint n;
    g_autofree struct iovec *iov = qcow2_cut_iov(request, skip, bytes, 0, &n);

    for (guint i = 0; i < n; i++) {
        if (from) {
            memcpy(iov[i].iov_base, from, iov[i].iov_len);
            from += iov[i].iov_len;
        } else {
            memset(iov[i].iov_base, 0, iov[i].iov_len);
        }
    }
}

/* ---- Jobs ---- */

Qcow2Job *qcow2_job_new(Qcow2 *s, BlockRequest *request)
{
    Qcow2Job *job = g_new(Qcow2Job, 1);

    *job = (Qcow2Job){ .s = s, .request = request, .left = 1 };
    s->jobs++;
    return job;
}

void qcow2_job_put(Qcow2Job *job)
{
    if (--job->left == 0) {
        job->s->jobs--;
        if (job->request) {
            qcow2_worker_done(job->request, job->error);
        }
        g_clear_pointer(&job->links, g_array_unref);
        g_free(job);
    }
}

void qcow2_job_failed(Qcow2Job *job, int error)
{
    if (!job->error) {
        job->error = error;
    }
}

static void child_done(BlockRequest *block, int error)
{
    Qcow2Child *child = (Qcow2Child *)block;
    Qcow2Job *job = child->job;

    g_free(child->iov);
    free(child->buffer);
    qcow2_child_put(child);
    qcow2_job_failed(job, error);
    qcow2_job_put(job);
}

void qcow2_job_send(Qcow2Job *job, BlockNode *node, const BlockRequest *block,
                    struct iovec *iov, void *buffer)
{
    Qcow2 *s = job->s;
    Qcow2Child *child;

    g_mutex_lock(&s->mutex);
    child = qcow2_child_get(s);
    g_mutex_unlock(&s->mutex);
    child->block = *block;
    child->block.done = child_done;
    child->job = job;
    child->iov = iov;
    child->buffer = buffer;
    job->left++;
    block_begin(node, s->aio, &child->block);
}

static void send_read(Qcow2Job *job, BlockNode *node, guint64 offset, guint64 skip, guint64 bytes)
{
    guint n;
    struct iovec *iov = qcow2_cut_iov(job->request, skip, bytes, 0, &n);

    qcow2_job_send(job, node, &(BlockRequest){ .op = BLOCK_OP_READ, .offset = offset,
                                               .bytes = bytes, .iov = iov, .n_iov = n },
                   iov, NULL);
}

/* ---- Reading ---- */

/* How much of a range the backing node has. */
static guint64 in_backing(const Qcow2 *s, guint64 offset, guint64 bytes)
{
    guint64 size = s->backing ? block_node_size(s->backing) : 0;

    return MIN(size - MIN(offset, size), bytes);
}

/* Reads the last, unaligned piece of a backing node. */
static int read_end(Qcow2Job *job, guint64 offset, guint64 skip, guint64 bytes)
{
    guint8 *buffer = block_buffer(bytes);
    int error = buffer ? qcow2_read(job->s, job->s->backing, offset, buffer, bytes) : ENOMEM;

    if (!error) {
        fill_iov(job->request, skip, buffer, bytes);
    }
    free(buffer);
    return error;
}

/* What the backing node does not have reads as zeros. */
static int read_backing(Qcow2Job *job, guint64 offset, guint64 skip, guint64 bytes)
{
    BlockNode *backing = job->s->backing;
    guint64 there = in_backing(job->s, offset, bytes);

    if (there < bytes) {
        fill_iov(job->request, skip + there, NULL, bytes - there);
    }
    if (there && (there & (backing->alignment - 1))) {
        return read_end(job, offset, skip, there);
    }
    if (there) {
        send_read(job, backing, offset, skip, there);
    }
    return 0;
}

static int read_compressed(Qcow2Job *job, const Qcow2Extent *extent, guint64 offset, guint64 skip)
{
    const guint8 *data = qcow2_decompressed(job->s, extent->host);

    if (!data) {
        return EIO;
    }
    fill_iov(job->request, skip, data + (offset & (job->s->cluster_size - 1)), extent->bytes);
    return 0;
}

static int read_extent(Qcow2Job *job, const Qcow2Extent *extent, guint64 offset, guint64 skip)
{
    switch (extent->kind) {
    case QCOW2_KIND_NONE:
        return read_backing(job, offset, skip, extent->bytes);
    case QCOW2_KIND_ZERO:
        fill_iov(job->request, skip, NULL, extent->bytes);
        return 0;
    case QCOW2_KIND_DATA:
        send_read(job, job->s->data, extent->host, skip, extent->bytes);
        return 0;
    case QCOW2_KIND_COMPRESSED:
        return read_compressed(job, extent, offset, skip);
    }
    return EIO;
}

void qcow2_job_read(Qcow2Job *job)
{
    guint64 done = 0, bytes = job->request->bytes;

    while (done < bytes && !job->error) {
        guint64 offset = job->request->now_offset + done;
        Qcow2Extent extent;
        int error = qcow2_map_wait(job->s, offset, bytes - done, &extent);

        if (!error) {
            error = read_extent(job, &extent, offset, done);
        }
        qcow2_job_failed(job, error);
        done += extent.bytes;
    }
}

/* ---- Reading for the worker itself ---- */

static int read_piece(Qcow2 *s, const Qcow2Extent *extent, guint64 offset, guint8 *data,
                      bool *all_zero)
{
    const guint8 *plain;
    guint64 there = extent->bytes;
    BlockNode *node = s->data;

    switch (extent->kind) {
    case QCOW2_KIND_COMPRESSED:
        plain = qcow2_decompressed(s, extent->host);
        *all_zero = false;
        if (!plain) {
            return EIO;
        }
        memcpy(data, plain + (offset & (s->cluster_size - 1)), extent->bytes);
        return 0;
    case QCOW2_KIND_NONE:
        there = in_backing(s, offset, extent->bytes);
        node = s->backing;
        break;
    case QCOW2_KIND_ZERO:
        there = 0;
        break;
    case QCOW2_KIND_DATA:
        offset = extent->host;
        break;
    }
    memset(data + there, 0, extent->bytes - there);
    if (!there) {
        return 0;
    }
    *all_zero = false;
    return qcow2_read(s, node, offset, data, there);
}

int qcow2_read_disk(Qcow2 *s, guint64 offset, void *data, gsize size, bool *all_zero)
{
    guint64 end = MIN(offset + size, s->header.size), at = offset;

    *all_zero = true;
    while (at < end) {
        Qcow2Extent extent;
        int error = qcow2_map_wait(s, at, end - at, &extent);

        if (!error) {
            error = read_piece(s, &extent, at, (guint8 *)data + (at - offset), all_zero);
        }
        if (error) {
            return error;
        }
        at += extent.bytes;
    }
    at = MAX(at, offset);
    memset((guint8 *)data + (at - offset), 0, offset + size - at);
    return 0;
}
