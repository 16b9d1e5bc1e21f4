/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Driver `qcow2`: resizing.  The new part of the disk reads as zeros, whatever a backing
 * node has there.
 */
#include "config.h"
#include "hw/block/qcow2-job.h"

#include <errno.h>
#include <string.h>

#include "qmp/error.h"
#include "qom/qapi-objects-block.h"

static bool has_raw_data(const Qcow2 *s)
{
    return s->node.data_file && (s->header.autoclear & QCOW2_AUTOCLEAR_RAW_DATA);
}

bool qcow2_can_resize(BlockNode *node, GError **error)
{
    const Qcow2 *s = to_qcow2(node);

    if (node->read_only) {
        qmp_error_set_at(error, "node-name", ERROR_REASON_NOT_SUPPORTED,
                         "block node '%s' is read-only", node->object.name);
        return false;
    }
    if (s->header.n_snapshots && s->header.version < 3) {
        qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED,
                      "an image with snapshots of version 2 keeps its size, which they do not "
                      "record: that of block node '%s' has such", node->object.name);
        return false;
    }
    if (has_raw_data(s) && !block_node_lowest(node->data_file)->driver->resize) {
        qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED, "the raw data file of block node '%s' "
                      "cannot be resized", node->object.name);
        return false;
    }
    return true;
}

/* ---- An external data file that is like a raw image ---- */

static bool resize_data(Qcow2 *s, guint64 size, GError **error)
{
    BlockNode *lowest = block_node_lowest(s->node.data_file);

    return lowest->driver->resize(lowest, size, error);
}

/* ---- A longer L1 table ---- */

static int write_l1_place(Qcow2 *s, guint64 offset, guint32 entries)
{
    guint8 fields[12];
    int error;

    qcow2_put32(fields, entries);
    qcow2_put64(fields + 4, offset);
    error = qcow2_write(s, s->node.file, QCOW2_AT_L1, fields, sizeof(fields));
    return error ? error : qcow2_sync(s, s->node.file);
}

/* The copy is written and counted before the header refers to it. */
static int copy_l1(Qcow2 *s, guint32 entries, guint64 *table, guint64 *offset)
{
    guint64 bytes = (guint64)entries * 8;
    g_autofree guint8 *data = g_malloc0(bytes);
    int error = qcow2_alloc_exactly(s, (bytes + s->cluster_size - 1) >> s->cluster_bits, offset);

    if (error) {
        return error;
    }
    memcpy(table, s->l1, (gsize)s->l1_size * 8);
    for (guint32 i = 0; i < s->l1_size; i++) {
        qcow2_put64(data + (gsize)i * 8, table[i]);
    }
    error = qcow2_write(s, s->node.file, *offset, data, bytes);
    qcow2_note_end(s, *offset + ((bytes + s->cluster_size - 1) & ~(s->cluster_size - 1)));
    if (!error) {
        error = qcow2_write_refcounts(s);
    }
    return error ? error : qcow2_sync(s, s->node.file);
}

static int grow_l1(Qcow2 *s, guint32 entries)
{
    g_autofree guint64 *table = g_new0(guint64, entries);
    guint64 offset, old_offset = s->header.l1_offset, old_bytes = (guint64)s->l1_size * 8;
    int error = qcow2_flush(s);

    if (!error) {
        error = copy_l1(s, entries, table, &offset);
    }
    if (!error) {
        error = write_l1_place(s, offset, entries);
    }
    if (error) {
        return error;
    }
    g_mutex_lock(&s->mutex);
    g_free(s->l1);
    s->l1 = g_steal_pointer(&table);
    s->l1_size = entries;
    g_mutex_unlock(&s->mutex);
    s->header.l1_offset = offset;
    s->header.l1_size = entries;
    if (old_bytes) {
        qcow2_free_later(s, old_offset, old_bytes, false);
    }
    return 0;
}

/* ---- The size ---- */

static int write_size(Qcow2 *s, guint64 size)
{
    guint8 field[8];
    int error;

    qcow2_put64(field, size);
    error = qcow2_write(s, s->node.file, QCOW2_AT_SIZE, field, sizeof(field));
    if (!error) {
        error = qcow2_sync(s, s->node.file);
    }
    if (!error) {
        s->header.size = size;
        __atomic_store_n(&s->node.size, size, __ATOMIC_RELAXED);
    }
    return error;
}

/* The end of the last cluster may have data of a longer disk, or of a backing node. */
static int zero_new(Qcow2 *s, guint64 old, guint64 size)
{
    guint64 backing = s->backing ? block_node_size(s->backing) : 0;
    guint64 end = MIN((old + s->cluster_size - 1) & ~(s->cluster_size - 1), size);

    end = MAX(end, MIN(backing, size));
    return end > old ? qcow2_zero_range(s, old, end - old) : 0;
}

/* The new part is made zeros before the header gets the new size, which makes it visible:
 * until then the disk keeps its size for requests. */
static int grow(Qcow2 *s, guint64 size)
{
    guint shift = s->cluster_bits + s->table_bits;
    guint64 entries = (size >> shift) + !!(size & ((G_GUINT64_CONSTANT(1) << shift) - 1));
    guint64 old = s->header.size;
    int error = 0;

    if (entries * 8 > QCOW2_L1_MAX) {
        return EFBIG;
    }
    if (entries > s->l1_size) {
        error = grow_l1(s, entries);
    }
    if (!error) {
        s->header.size = size;
        error = zero_new(s, old, size);
        s->header.size = old;
    }
    if (!error) {
        error = qcow2_flush(s);
    }
    return error ? error : write_size(s, size);
}

static int shrink(Qcow2 *s, guint64 size)
{
    guint64 first = (size + s->cluster_size - 1) & ~(s->cluster_size - 1);
    guint64 old = s->header.size;
    int error = write_size(s, size);

    if (!error && first < old) {
        s->header.size = old;
        error = qcow2_discard_range(s, first, old - first);
        s->header.size = size;
    }
    return error ? error : qcow2_flush(s);
}

/* On the worker. */
static bool do_resize(Qcow2 *s, void *data, GError **error)
{
    guint64 size = *(guint64 *)data;
    int ret = size % BLOCK_SECTOR_SIZE || size > G_MAXINT64 ? EINVAL : qcow2_begin_writing(s);

    /* The length of bitmaps depends on the size. */
    if (!ret && size != s->header.size) {
        ret = qcow2_mark_bitmaps(s);
    }
    if (!ret && size > s->header.size) {
        ret = grow(s, size);
    } else if (!ret && size < s->header.size) {
        ret = shrink(s, size);
    }
    if (ret) {
        __atomic_store_n(&s->node.size, s->header.size, __ATOMIC_RELAXED);
        qmp_error_set_errno(error, ret == EINVAL ? ERROR_REASON_INVALID_VALUE
                            : ERROR_REASON_FILE_NOT_USABLE, ret,
                            "cannot resize the image of block node '%s'", s->node.object.name);
    }
    return !ret;
}

bool qcow2_resize(BlockNode *node, guint64 size, GError **error)
{
    Qcow2 *s = to_qcow2(node);
    bool raw = has_raw_data(s), grows = size > block_node_size(s->data);

    return (!raw || !grows || resize_data(s, size, error)) &&
           qcow2_worker_call(s, do_resize, &size, error) &&
           (!raw || grows || resize_data(s, size, error));
}
