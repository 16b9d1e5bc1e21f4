/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing a new qcow2 image: see create.h.
 *
 * The header comes last, when all that it refers to is on the medium: until then, and whatever
 * happens, there is no image.
 */
#include "config.h"
#include "hw/block/create.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hw/block/block-wait.h"
#include "qmp/error.h"

enum {
    PIECE = 2 << 20,            /* bytes written at once; at least a cluster */
    RESERVE_PIECE = 256 << 20,  /* bytes reserved between two pause points */
};

typedef struct {
    Job *job;
    const Qcow2Plan *plan;
    const BlockTarget *file, *data_file;
    AioContext *aio;
    guint8 *buffer;             /* PIECE bytes */
} Making;

static bool failed(const BlockTarget *target, int error_number, GError **error)
{
    qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, error_number,
                        "cannot write to block node '%s'", target->node->object.name);
    return false;
}

static bool flush(const Making *m, const BlockTarget *target, GError **error)
{
    int ret = block_wait(target->node, m->aio, BLOCK_OP_FLUSH, 0, 0, NULL, 0);

    return !ret || failed(target, ret, error);
}

/* ---- Tables ---- */

typedef void (*Content)(const Qcow2Plan *plan, guint64 offset, guint8 *data, gsize size);

/* The other tables are small beside these. */
static bool counts(const Making *m, const Qcow2Part *part)
{
    return part == &m->plan->l2;
}

static bool write_table(const Making *m, const Qcow2Part *part, Content content, GError **error)
{
    guint64 start = part->at * m->plan->cluster_size, bytes = part->n * m->plan->cluster_size;

    for (guint64 at = 0; at < bytes; at += PIECE) {
        gsize size = MIN(PIECE, bytes - at);
        int ret;

        if (!job_go_on(m->job, error)) {
            return false;
        }
        memset(m->buffer, 0, size);
        content(m->plan, at, m->buffer, size);
        ret = block_wait(m->file->node, m->aio, BLOCK_OP_WRITE, 0, start + at, m->buffer, size);
        if (ret) {
            return failed(m->file, ret, error);
        }
        job_add_progress(m->job, counts(m, part) ? size : 0);
    }
    return true;
}

static bool write_tables(const Making *m, GError **error)
{
    const Qcow2Plan *plan = m->plan;

    return write_table(m, &plan->l2, qcow2_plan_l2, error) &&
           write_table(m, &plan->l1, qcow2_plan_l1, error) &&
           write_table(m, &plan->refcounts, qcow2_plan_refcounts, error) &&
           write_table(m, &plan->refcount_table, qcow2_plan_refcount_table, error);
}

static bool write_header(const Making *m, GError **error)
{
    const Qcow2Plan *plan = m->plan;
    int ret;

    memset(m->buffer, 0, plan->cluster_size);
    if (!job_go_on(m->job, error) ||
        !qcow2_header_write(&plan->header, plan->backing_format, m->buffer, error)) {
        return false;
    }
    ret = block_wait(m->file->node, m->aio, BLOCK_OP_WRITE, 0, 0, m->buffer, plan->cluster_size);
    return (!ret || failed(m->file, ret, error)) && flush(m, m->file, error);
}

/* ---- Data ---- */

/* Zeros in a range of a node: written, or only reserved (flags: of the request). */
static bool zero_range(const Making *m, const BlockTarget *target, bool written, guint flags,
                       const guint64 range[2], GError **error)
{
    guint64 piece = written ? PIECE : RESERVE_PIECE;

    memset(m->buffer, 0, written ? PIECE : 0);
    for (guint64 at = range[0]; at < range[1]; at += piece) {
        guint64 bytes = MIN(piece, range[1] - at);
        int ret;

        if (!job_go_on(m->job, error)) {
            return false;
        }
        ret = block_wait(target->node, m->aio, written ? BLOCK_OP_WRITE : BLOCK_OP_WRITE_ZEROES,
                         flags, at, written ? m->buffer : NULL, bytes);
        if (ret) {
            return failed(target, ret, error);
        }
        job_add_progress(m->job, bytes);
    }
    return true;
}

/* The clusters of the disk: a file that was made longer has zeros there already. */
static bool write_data(const Making *m, const BlockTarget *target, const guint64 range[2],
                       GError **error)
{
    switch (m->plan->preallocation) {
    case PREALLOC_MODE_FULL:
        job_add_work(m->job, range[1] - range[0]);
        return zero_range(m, target, true, 0, range, error);
    case PREALLOC_MODE_FALLOC:
        job_add_work(m->job, range[1] - range[0]);
        return zero_range(m, target, false, 0, range, error);
    default:
        if (target->lowest) {
            return true;
        }
        job_add_work(m->job, range[1] - range[0]);
        return zero_range(m, target, false, BLOCK_MAY_UNMAP, range, error);
    }
}

/* What the external data file holds stays; the disk may be longer. */
static bool prepare_data_file(const Making *m, GError **error)
{
    const BlockTarget *target = m->data_file;
    guint64 size = m->plan->header.size, old = block_node_size(target->node);
    guint64 mask = target->node->alignment - 1;
    const guint64 range[2] = { MIN((old + mask) & ~mask, size), size };

    if (!m->plan->l2.n || old >= size) {
        return true;
    }
    if (!target->lowest) {
        return failed(target, ENOSPC, error);
    }
    return block_resize(target->lowest, size, error) && write_data(m, target, range, error) &&
           flush(m, target, error);
}

/* ---- The file ---- */

/* Nothing that the node held is taken for an image from here on. */
static bool prepare_file(const Making *m, GError **error)
{
    const BlockTarget *file = m->file;
    guint64 size = m->plan->end * m->plan->cluster_size;
    int ret;

    if (file->lowest && file->lowest->made_with->driver != BLOCKDEV_DRIVER_HOST_DEVICE) {
        return block_resize(file->lowest, 0, error) && block_resize(file->lowest, size, error);
    }
    if (block_node_size(file->node) < size) {
        return failed(file, ENOSPC, error);
    }
    ret = block_wait(file->node, m->aio, BLOCK_OP_WRITE_ZEROES, 0, 0, NULL,
                     m->plan->cluster_size);
    return (!ret || failed(file, ret, error)) && flush(m, file, error);
}

static bool write_image(const Making *m, GError **error)
{
    const Qcow2Plan *plan = m->plan;
    const guint64 range[2] = {
        plan->data.at * plan->cluster_size, (plan->data.at + plan->data.n) * plan->cluster_size,
    };

    job_add_work(m->job, plan->l2.n * plan->cluster_size);
    if (!prepare_file(m, error) ||
        (m->data_file->node && !prepare_data_file(m, error)) ||
        (plan->data.n && !write_data(m, m->file, range, error)) || !write_tables(m, error)) {
        return false;
    }
    return flush(m, m->file, error) && write_header(m, error);
}

static bool check_target(const BlockTarget *target, guint64 cluster_size, GError **error)
{
    if (target->node->read_only) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "block node '%s' is read-only",
                      target->node->object.name);
        return false;
    }
    if (target->node->alignment > cluster_size) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "block node '%s' needs requests aligned "
                      "to %u bytes ('cache.direct'): clusters must be as large",
                      target->node->object.name, target->node->alignment);
        return false;
    }
    return true;
}

static bool make(Making *m, GError **error)
{
    bool ok;

    m->aio = aio_context_new(NULL, error);
    m->buffer = block_buffer(PIECE);
    if (!m->buffer) {
        qmp_error_set(error, ERROR_REASON_NO_MEMORY, "no memory for tables");
    }
    ok = m->aio && m->buffer && aio_enable_io(m->aio, error) && write_image(m, error);
    if (!ok && m->file->lowest) {
        block_resize(m->file->lowest, 0, NULL);
    }
    free(m->buffer);
    aio_context_free(m->aio);
    return ok;
}

bool block_create_qcow2(Job *job, const Qcow2Plan *plan, const BlockTarget *file,
                        const BlockTarget *data_file, GError **error)
{
    Making m = { .job = job, .plan = plan, .file = file, .data_file = data_file };

    if (!check_target(file, plan->cluster_size, error) ||
        (data_file->node && !check_target(data_file, plan->cluster_size, error))) {
        return false;
    }
    return make(&m, error);
}
