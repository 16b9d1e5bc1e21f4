/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Driver `qcow2`: requests.
 *
 * A request that the map in memory sends to a single place is passed there immediately, on
 * its own thread.  The worker performs all others: for several places, compressed clusters,
 * or tables that are not in memory, and those that change the map.  It does so in batches:
 * it starts one after another, as long as they write to different clusters, and changes the
 * map when all data of the batch are written.
 */
#include "config.h"
#include "hw/block/qcow2-job.h"

#include <errno.h>

#include "qom/qapi-objects-block.h"

enum {
    BATCH_MAX = 64,
    FREED_MAX = 4096,           /* more are given back even without a flush */
};

/* ---- Passed immediately ---- */

static void child_done(BlockRequest *block, int error)
{
    Qcow2Child *child = (Qcow2Child *)block;
    BlockRequest *parent = child->parent;

    qcow2_child_put(child);
    block_done(parent, error);
}

/* Mutex held.  A child is needed because a writable image counts its requests in flight. */
static Qcow2Child *make_child(Qcow2 *s, BlockRequest *request, guint64 host)
{
    Qcow2Child *child = qcow2_child_get(s);

    child->parent = request;
    child->block = (BlockRequest){
        .op = request->now_op, .flags = request->now_flags, .offset = host,
        .bytes = request->bytes, .iov = request->iov, .n_iov = request->n_iov,
        .done = child_done,
    };
    return child;
}

/* Completes or passes a read by its extent, if no data of the image itself are needed. */
static bool pass_read(BlockNode *backing, BlockRequest *request, const Qcow2Extent *extent)
{
    if (extent->kind == QCOW2_KIND_NONE && backing) {
        if (request->now_offset + request->bytes > block_node_size(backing)) {
            return false;
        }
        block_pass(backing, request);
        return true;
    }
    if (extent->kind == QCOW2_KIND_NONE || extent->kind == QCOW2_KIND_ZERO) {
        block_iov_fill_zero(request->iov, request->n_iov);
        block_done(request, 0);
        return true;
    }
    return false;
}

static void submit_read(Qcow2 *s, BlockRequest *request)
{
    Qcow2Child *child = NULL;
    BlockNode *backing;
    Qcow2Extent extent;
    bool one;

    g_mutex_lock(&s->mutex);
    backing = s->backing;
    one = qcow2_map(s, request->now_offset, request->bytes, &extent) == 0 &&
          extent.bytes == request->bytes;
    if (one && extent.kind == QCOW2_KIND_DATA && !s->node.read_only) {
        child = make_child(s, request, extent.host);
    }
    g_mutex_unlock(&s->mutex);
    if (child) {
        block_begin(s->data, request->aio, &child->block);
    } else if (one && extent.kind == QCOW2_KIND_DATA) {
        request->now_offset = extent.host;
        block_pass(s->data, request);
    } else if (!one || !pass_read(backing, request, &extent)) {
        qcow2_worker_queue(s, request);
    }
}

/* A write that must reach the medium goes to the worker if changes of the map may not be there. */
static void submit_write(Qcow2 *s, BlockRequest *request)
{
    Qcow2Child *child = NULL;
    Qcow2Extent extent;

    g_mutex_lock(&s->mutex);
    if (s->writing && !g_atomic_int_get(&s->told) &&
        !((request->now_flags & BLOCK_FUA) && s->unflushed) &&
        qcow2_map(s, request->now_offset, request->bytes, &extent) == 0 &&
        extent.bytes == request->bytes && extent.kind == QCOW2_KIND_DATA && extent.copied) {
        child = make_child(s, request, extent.host);
    }
    g_mutex_unlock(&s->mutex);
    if (child) {
        block_begin(s->data, request->aio, &child->block);
    } else {
        qcow2_worker_queue(s, request);
    }
}

static void submit_flush(Qcow2 *s, BlockRequest *request)
{
    bool unflushed;

    g_mutex_lock(&s->mutex);
    unflushed = s->unflushed;
    g_mutex_unlock(&s->mutex);
    if (unflushed || s->node.data_file) {
        qcow2_worker_queue(s, request);
    } else {
        block_pass(s->node.file, request);
    }
}

void qcow2_submit(BlockNode *node, BlockRequest *request)
{
    Qcow2 *s = to_qcow2(node);

    if (request->now_op == BLOCK_OP_READ) {
        submit_read(s, request);
    } else if (node->read_only) {
        block_done(request, request->now_op == BLOCK_OP_FLUSH ? 0 : EROFS);
    } else if (request->now_op == BLOCK_OP_WRITE) {
        submit_write(s, request);
    } else if (request->now_op == BLOCK_OP_FLUSH) {
        submit_flush(s, request);
    } else {
        qcow2_worker_queue(s, request);
    }
}

/* ---- Batches ---- */

/* Writes that have begun; their links wait. */
typedef struct {
    Qcow2 *s;
    Qcow2Job *jobs[BATCH_MAX];
    guint n;
} Batch;

static bool overlap(const Qcow2 *s, const BlockRequest *a, const BlockRequest *b)
{
    guint64 a_end = a->now_offset + a->bytes - 1, b_end = b->now_offset + b->bytes - 1;

    return a->now_offset >> s->cluster_bits <= b_end >> s->cluster_bits &&
           b->now_offset >> s->cluster_bits <= a_end >> s->cluster_bits;
}

static bool fits(const Batch *batch, const BlockRequest *request)
{
    if (batch->n == BATCH_MAX) {
        return false;
    }
    for (guint i = 0; i < batch->n; i++) {
        if (overlap(batch->s, batch->jobs[i]->request, request)) {
            return false;
        }
    }
    return true;
}

static void end_batch(Batch *batch)
{
    Qcow2 *s = batch->s;

    for (guint i = 0; i < batch->n; i++) {
        Qcow2Job *job = batch->jobs[i];

        while (job->left > 1) {
            aio_poll(s->aio, true);
        }
        qcow2_job_link(job);
        if (!job->error && (job->request->now_flags & BLOCK_FUA)) {
            qcow2_job_failed(job, qcow2_flush(s));
        }
        qcow2_job_put(job);
    }
    batch->n = 0;
    if (qcow2_n_freed(s) > FREED_MAX) {
        qcow2_flush(s);
    }
}

static void do_write(Batch *batch, BlockRequest *request)
{
    Qcow2 *s = batch->s;
    Qcow2Job *job;

    if (!fits(batch, request)) {
        end_batch(batch);
    }
    job = qcow2_job_new(s, request);
    qcow2_job_failed(job, qcow2_begin_writing(s));
    if (!job->error) {
        qcow2_job_failed(job, qcow2_job_write(job, request, 0, request->now_offset,
                                              request->bytes));
    }
    batch->jobs[batch->n++] = job;
}

static void do_zero(Batch *batch, BlockRequest *request)
{
    Qcow2 *s = batch->s;
    Qcow2Job *job;

    end_batch(batch);
    job = qcow2_job_new(s, request);
    qcow2_job_failed(job, qcow2_begin_writing(s));
    if (!job->error && request->now_op == BLOCK_OP_DISCARD) {
        qcow2_job_discard(job);
    } else if (!job->error) {
        qcow2_job_zero(job);
    }
    batch->jobs[batch->n++] = job;
    end_batch(batch);
}

static void do_one(Batch *batch, BlockRequest *request)
{
    Qcow2 *s = batch->s;
    Qcow2Job *job;

    switch (request->now_op) {
    case BLOCK_OP_READ:
        job = qcow2_job_new(s, request);
        qcow2_job_read(job);
        qcow2_job_put(job);
        break;
    case BLOCK_OP_WRITE:
        do_write(batch, request);
        break;
    case BLOCK_OP_WRITE_ZEROES:
    case BLOCK_OP_DISCARD:
        do_zero(batch, request);
        break;
    case BLOCK_OP_FLUSH:
        end_batch(batch);
        job = qcow2_job_new(s, request);
        qcow2_job_failed(job, qcow2_flush(s));
        qcow2_job_put(job);
        break;
    }
}

void qcow2_do(Qcow2 *s, AioRequest *list)
{
    Batch batch = { .s = s };

    while (list) {
        AioRequest *next = list->next;

        do_one(&batch, qcow2_request_of(list));
        list = next;
    }
    end_batch(&batch);
    qcow2_note_corrupt(s);
}
