/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Drivers `file` and `host_device`: requests.
 *
 * A read or write is repeated until all of it is done, as the kernel may
 * transfer less at a time.  The request holds its progress, and the vector that
 * was cut to begin there.  Buffers are copied only where direct I/O cannot use
 * them directly.
 */
#include "config.h"
#include "hw/block/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "qom/env.h"
#include "qom/qapi-objects-block.h"
#include "qom/qapi-trace.h"

enum {
    MAX_VECTORS = 1024,         /* IOV_MAX */
    RETRY_NS = 1000000,
};

static BlockFile *file_of(const BlockRequest *request)
{
    return to_block_file(request->node);
}

static BlockRequest *request_of(AioRequest *io)
{
    return (BlockRequest *)((char *)io - G_STRUCT_OFFSET(BlockRequest, io));
}

static const char op_names[][16] = {
    [BLOCK_OP_READ] = "read",
    [BLOCK_OP_WRITE] = "write",
    [BLOCK_OP_WRITE_ZEROES] = "write-zeroes",
    [BLOCK_OP_DISCARD] = "discard",
    [BLOCK_OP_FLUSH] = "flush",
};

static void finish(BlockRequest *request, int error)
{
    trace_file_done(file_of(request), op_names[request->now_op], request->now_offset, error);
    g_clear_pointer(&request->bounce, free);
    if (G_UNLIKELY(error)) {
        env_refused(&file_of(request)->node.object, error, file_of(request)->fd);
    }
    block_done(request, error);
}

static void sync_done(AioRequest *io, int result);

/* Completes a write, after a flush if it must be on the medium first. */
static void finish_write(BlockRequest *request)
{
    BlockFile *s = file_of(request);

    if ((request->now_flags & BLOCK_FUA) && !s->no_flush) {
        request->io.done = sync_done;
        aio_fsync(request->aio, &request->io, s->fd, true);
        return;
    }
    finish(request, 0);
}

/* ---- Vectors ---- */

static void restore_vector(BlockRequest *request)
{
    if (request->saved_index != G_MAXUINT) {
        request->iov[request->saved_index] = request->saved;
        request->saved_index = G_MAXUINT;
    }
}

/* Index of the first unfinished vector, which is cut to its rest. */
static guint cut_vector(BlockRequest *request)
{
    guint64 skip = request->progress;
    guint i = 0;

    while (i < request->n_iov && skip >= request->iov[i].iov_len) {
        skip -= request->iov[i++].iov_len;
    }
    if (skip && i < request->n_iov) {
        request->saved_index = i;
        request->saved = request->iov[i];
        request->iov[i].iov_base = (char *)request->iov[i].iov_base + skip;
        request->iov[i].iov_len -= skip;
    }
    return i;
}

static bool is_aligned(const BlockRequest *request, guint alignment)
{
    for (guint i = 0; i < request->n_iov; i++) {
        if (((guintptr)request->iov[i].iov_base | request->iov[i].iov_len) & (alignment - 1)) {
            return false;
        }
    }
    return true;
}

/* Copies between buffers and the bounce buffer, from the request's current position. */
static void copy_bounce(BlockRequest *request, gsize size, bool to_bounce)
{
    guint64 skip = request->progress;
    char *at = request->bounce;

    for (guint i = 0; i < request->n_iov && size; i++) {
        gsize length = request->iov[i].iov_len;

        if (skip >= length) {
            skip -= length;
            continue;
        }
        length = MIN(length - skip, size);
        memcpy(to_bounce ? at : (char *)request->iov[i].iov_base + skip,
               to_bounce ? (char *)request->iov[i].iov_base + skip : at, length);
        at += length;
        size -= length;
        skip = 0;
    }
}

/* ---- Reads and writes ---- */

static void transfer(BlockRequest *request);

static void zero_rest(BlockRequest *request)
{
    guint first = cut_vector(request);

    block_iov_fill_zero(request->iov + first, request->n_iov - first);
    restore_vector(request);
}

static void try_again(AioRequest *io, int result)
{
    transfer(request_of(io));
}

/* The kernel may have been short of memory for it: retries soon. */
static void retry_soon(BlockRequest *request)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    request->io.done = try_again;
    aio_delay(request->aio, &request->io,
              now.tv_sec * G_GINT64_CONSTANT(1000000000) + now.tv_nsec + RETRY_NS);
}

static void transfer_done(AioRequest *io, int result)
{
    BlockRequest *request = request_of(io);
    bool write = request->now_op == BLOCK_OP_WRITE;

    restore_vector(request);
    if (result == -EINTR || result == -EAGAIN) {
        retry_soon(request);
        return;
    }
    if (result < 0) {
        finish(request, -result);
        return;
    }
    if (result == 0) {
        /* A file that was truncated meanwhile reads as zeros there. */
        if (write) {
            finish(request, ENOSPC);
        } else {
            zero_rest(request);
            finish(request, 0);
        }
        return;
    }
    if (request->bounce && !write) {
        copy_bounce(request, result, false);
    }
    request->progress += result;
    if (request->progress < request->bytes) {
        transfer(request);
    } else if (write) {
        finish_write(request);
    } else {
        finish(request, 0);
    }
}

static void start_transfer(BlockRequest *request, const struct iovec *iov, guint n)
{
    BlockFile *s = file_of(request);
    guint64 offset = request->now_offset + request->progress;

    request->io.done = transfer_done;
    if (request->now_op == BLOCK_OP_WRITE) {
        aio_writev(request->aio, &request->io, s->fd, iov, n, offset, 0);
    } else {
        aio_readv(request->aio, &request->io, s->fd, iov, n, offset);
    }
}

static void transfer_bounced(BlockRequest *request)
{
    request->saved.iov_base = request->bounce;
    request->saved.iov_len = MIN(request->bounce_size, request->bytes - request->progress);
    if (request->now_op == BLOCK_OP_WRITE) {
        copy_bounce(request, request->saved.iov_len, true);
    }
    start_transfer(request, &request->saved, 1);
}

static void transfer(BlockRequest *request)
{
    guint first;

    if (request->bounce) {
        transfer_bounced(request);
        return;
    }
    first = cut_vector(request);
    start_transfer(request, request->iov + first, MIN(request->n_iov - first, MAX_VECTORS));
}

static void read_write(BlockFile *s, BlockRequest *request)
{
    gsize alignment = MAX(s->node.memory_alignment, sizeof(void *));

    if (s->direct && !is_aligned(request, s->node.memory_alignment)) {
        request->bounce_size = MIN(request->bytes, FILE_BOUNCE);
        if (posix_memalign(&request->bounce, MAX(alignment, s->node.alignment),
                           request->bounce_size) != 0) {
            request->bounce = NULL;
            finish(request, ENOMEM);
            return;
        }
    }
    transfer(request);
}

/* ---- Zeros ---- */

static void write_zeros(BlockRequest *request);

static void zeros_written(AioRequest *io, int result)
{
    BlockRequest *request = request_of(io);

    if (result < 0 && result != -EINTR) {
        finish(request, -result);
        return;
    }
    if (result == 0) {
        finish(request, ENOSPC);
        return;
    }
    request->progress += MAX(result, 0);
    if (request->progress < request->bytes) {
        write_zeros(request);
    } else {
        finish_write(request);
    }
}

/* Writes zeros explicitly, where the file system has no fast way. */
static void write_zeros(BlockRequest *request)
{
    BlockFile *s = file_of(request);

    request->saved.iov_base = s->zeros;
    request->saved.iov_len = MIN(FILE_ZEROS, request->bytes - request->progress);
    request->io.done = zeros_written;
    aio_writev(request->aio, &request->io, s->fd, &request->saved, 1,
               request->now_offset + request->progress, 0);
}

static bool cannot(int error)
{
    return error == EOPNOTSUPP || error == ENOSYS || error == EINVAL || error == ENODEV;
}

static void zeroed(AioRequest *io, int result)
{
    BlockRequest *request = request_of(io);
    BlockFile *s = file_of(request);

    if (result == 0) {
        finish_write(request);
    } else if (result == -EINTR) {
        block_file_submit(request->node, request);
    } else if (cannot(-result)) {
        if (!(request->now_flags & BLOCK_MAY_UNMAP)) {
            g_atomic_int_set(&s->no_zero_range, 1);
        }
        write_zeros(request);
    } else {
        finish(request, -result);
    }
}

/* Direct I/O needs whole blocks: pieces of zeros are, if the request is. */
static bool whole_blocks(const BlockFile *s, const BlockRequest *request)
{
    return !((request->now_offset | request->bytes) & (s->node.alignment - 1));
}

static void zero(BlockFile *s, BlockRequest *request)
{
    bool unmap = request->now_flags & BLOCK_MAY_UNMAP;

    if (!unmap && g_atomic_int_get(&s->no_zero_range)) {
        if (whole_blocks(s, request)) {
            write_zeros(request);
        } else {
            finish(request, EIO);
        }
        return;
    }
    request->io.done = zeroed;
    aio_fallocate(request->aio, &request->io, s->fd,
                  (unmap ? FALLOC_FL_PUNCH_HOLE : FALLOC_FL_ZERO_RANGE) | FALLOC_FL_KEEP_SIZE,
                  request->now_offset, request->bytes);
}

/* ---- Discard and flush ---- */

/* Discarding is a hint: storage that does not support it is not an error. */
static void discarded(AioRequest *io, int result)
{
    BlockRequest *request = request_of(io);

    if (result == -EINTR) {
        block_file_submit(request->node, request);
        return;
    }
    finish(request, result == 0 || cannot(-result) ? 0 : -result);
}

static void sync_done(AioRequest *io, int result)
{
    BlockRequest *request = request_of(io);
    BlockFile *s = file_of(request);

    if (result < 0 && !s->direct) {
        g_atomic_int_set(&s->lost, -result);
    }
    finish(request, result < 0 ? -result : 0);
}

static void flush(BlockFile *s, BlockRequest *request)
{
    gint lost = g_atomic_int_get(&s->lost);

    if (s->no_flush || s->node.read_only || lost) {
        finish(request, s->no_flush ? 0 : lost);
        return;
    }
    request->io.done = sync_done;
    aio_fsync(request->aio, &request->io, s->fd, true);
}

void block_file_submit(BlockNode *node, BlockRequest *request)
{
    BlockFile *s = to_block_file(node);

    request->io.aside = s->aside;
    trace_file_submit(s, op_names[request->now_op], request->now_offset, request->bytes);
    switch (request->now_op) {
    case BLOCK_OP_READ:
    case BLOCK_OP_WRITE:
        read_write(s, request);
        break;
    case BLOCK_OP_WRITE_ZEROES:
        zero(s, request);
        break;
    case BLOCK_OP_DISCARD:
        request->io.done = discarded;
        aio_fallocate(request->aio, &request->io, s->fd,
                      FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, request->now_offset,
                      request->bytes);
        break;
    case BLOCK_OP_FLUSH:
        flush(s, request);
        break;
    }
}
