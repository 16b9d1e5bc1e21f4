/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests on their way through the nodes: the checks at the top, and the
 * effects of each node's common options.
 */
#include "config.h"
#include "hw/block/block.h"

#include <errno.h>
#include <string.h>

#include "qmp/qapi-events.h"
#include "qmp/qapi-types-block-change.h"
#include "qmp/qapi-types-block.h"
#include "qom/env.h"

/* ---- Buffers ---- */

/* Whether it contains only zeros. */
static bool is_zero(const struct iovec *iov, guint n)
{
    for (guint i = 0; i < n; i++) {
        const char *base = iov[i].iov_base;
        gsize length = iov[i].iov_len;

        /* Each byte equals the one before it, and the first is zero. */
        if (length && (base[0] != 0 || memcmp(base, base + 1, length - 1) != 0)) {
            return false;
        }
    }
    return true;
}

void block_iov_fill_zero(const struct iovec *iov, guint n)
{
    for (guint i = 0; i < n; i++) {
        memset(iov[i].iov_base, 0, iov[i].iov_len);
    }
}

/* ---- Passing ---- */

static void send_threshold(BlockNode *node, guint64 threshold, guint64 end)
{
    const Env *env = object_env(&node->object);
    EventBlockWriteThreshold data = {
        .node_name = (char *)block_node_name(node), .amount_exceeded = end - threshold,
        .write_threshold = threshold,
    };

    if (env && env->events) {
        qmp_event_block_write_threshold(env->events, &data);
    }
}

/* Of several threads that write beyond it, one tells. */
static void check_threshold(BlockNode *node, guint64 end)
{
    guint64 threshold = __atomic_load_n(&node->write_threshold, __ATOMIC_RELAXED);

    if (G_UNLIKELY(threshold && end > threshold) &&
        __atomic_compare_exchange_n(&node->write_threshold, &threshold, 0, false,
                                    __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
        send_threshold(node, threshold, end);
    }
}

static void note_write(BlockNode *node, const BlockRequest *request)
{
    guint64 end = request->now_offset + request->bytes;
    guint64 old = __atomic_load_n(&node->highest_write, __ATOMIC_RELAXED);

    while (end > old && !__atomic_compare_exchange_n(&node->highest_write, &old, end, true,
                                                     __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
        continue;
    }
    check_threshold(node, end);
}

static void detect_zeroes(const BlockNode *node, BlockRequest *request)
{
    gint policy = g_atomic_int_get(&node->detect_zeroes);

    if (policy == BLOCKDEV_DETECT_ZEROES_OPTIONS_OFF ||
        !is_zero(request->iov, request->n_iov)) {
        return;
    }
    request->now_op = BLOCK_OP_WRITE_ZEROES;
    if (policy == BLOCKDEV_DETECT_ZEROES_OPTIONS_UNMAP) {
        request->now_flags |= BLOCK_MAY_UNMAP;
    }
}

void block_pass(BlockNode *node, BlockRequest *request)
{
    request->node = node;
    switch (request->now_op) {
    case BLOCK_OP_WRITE:
        detect_zeroes(node, request);
        note_write(node, request);
        break;
    case BLOCK_OP_WRITE_ZEROES:
        if (!g_atomic_int_get(&node->discards)) {
            request->now_flags &= ~BLOCK_MAY_UNMAP;
        }
        note_write(node, request);
        break;
    case BLOCK_OP_DISCARD:
        if (!g_atomic_int_get(&node->discards)) {
            block_done(request, 0);
            return;
        }
        break;
    case BLOCK_OP_READ:
    case BLOCK_OP_FLUSH:
        break;
    }
    node->driver->submit(node, request);
}

/* 0, or the errno of an invalid request. */
static int check(const BlockNode *node, const BlockRequest *request)
{
    guint64 size = block_node_size(node);
    guint mask = node->alignment - 1;

    if (request->op == BLOCK_OP_FLUSH) {
        return 0;
    }
    if (request->op != BLOCK_OP_READ && node->read_only) {
        return EROFS;
    }
    if (request->offset > size || request->bytes > size - request->offset) {
        return EIO;
    }
    if ((request->op == BLOCK_OP_READ || request->op == BLOCK_OP_WRITE) &&
        ((request->offset | request->bytes) & mask)) {
        return EIO;
    }
    return 0;
}

void block_begin(BlockNode *node, AioContext *aio, BlockRequest *request)
{
    request->aio = aio;
    request->now_op = request->op;
    request->now_flags = request->flags;
    request->now_offset = request->offset;
    request->progress = 0;
    request->bounce = NULL;
    request->saved_index = G_MAXUINT;
    block_pass(node, request);
}

static void admitted(AioRequest *io, int result)
{
    BlockRequest *request = (BlockRequest *)((char *)io - G_STRUCT_OFFSET(BlockRequest, io));

    block_begin(request->node, request->aio, request);
}

void block_submit(BlockNode *node, AioContext *aio, BlockRequest *request)
{
    int error = check(node, request);

    request->aio = aio;
    request->node = node;
    if (error || (!request->bytes && request->op != BLOCK_OP_FLUSH)) {
        block_done(request, error);
        return;
    }
    if (request->op == BLOCK_OP_FLUSH ||
        throttle_point_enter(&node->limits, request, request->op != BLOCK_OP_READ, admitted)) {
        block_begin(node, aio, request);
    }
}
