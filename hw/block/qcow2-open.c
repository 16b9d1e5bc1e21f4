/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Driver `qcow2`: opening and closing.  Nothing is opened that the request does not name: for
 * each file that the header names, the options must name a node, or say that there is none.
 */
#include "config.h"
#include "hw/block/qcow2.h"

#include <stdlib.h>

#include "hw/block/block-types.h"
#include "qmp/error.h"
#include "qom/qapi-objects-block.h"

enum {
    FIRST_READ = 4096,          /* enough for the fixed part of a header */
    SLICE_MAX = 16 << 10,
    L2_CACHE_DEFAULT = 32 << 20,
    REFCOUNT_CACHE_DEFAULT = 256 << 10,
};

static bool io_failed(Qcow2 *s, int error_number, const char *what, GError **error)
{
    qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, error_number,
                        "cannot read the %s from block node '%s'", what,
                        s->node.file->object.name);
    return false;
}

/* ---- The header ---- */

static bool read_header(Qcow2 *s, GError **error)
{
    guint64 file_size = block_node_size(s->node.file);
    gsize size = MIN(FIRST_READ, file_size);
    g_autofree guint8 *data = g_malloc0(FIRST_READ);
    int ret = qcow2_read(s, s->node.file, 0, data, size);

    if (ret) {
        return io_failed(s, ret, "header", error);
    }
    if (!qcow2_header_read(&s->header, data, size, file_size, error)) {
        return false;
    }
    size = MIN(G_GUINT64_CONSTANT(1) << s->header.cluster_bits, file_size);
    data = g_realloc(data, size);
    ret = qcow2_read(s, s->node.file, 0, data, size);
    if (ret) {
        return io_failed(s, ret, "header", error);
    }
    return qcow2_header_read_rest(&s->header, data, size, error) && qcow2_library_load(s, error);
}

/* ---- Files that the header names ---- */

static bool check_backing(Qcow2 *s, GError **error)
{
    const BlockdevOptionsQcow2 *options = &s->node.options->u.qcow2;
    const char *name = s->header.backing;

    if (name && !options->backing) {
        qmp_error_set_at(error, "file", ERROR_REASON_INVALID_VALUE,
                         "the image has a backing file, '%s': name a node for it, or null", name);
        return false;
    }
    s->backing = s->node.backing;
    if (s->backing && (s->header.autoclear & QCOW2_AUTOCLEAR_RAW_DATA)) {
        qmp_error_set_at(error, "backing", ERROR_REASON_INVALID_VALUE,
                         "the image's external data file is raw: it has no backing node");
        return false;
    }
    return true;
}

static bool check_data_file(Qcow2 *s, GError **error)
{
    bool wanted = s->header.incompatible & QCOW2_INCOMPAT_DATA_FILE;
    const char *name = s->header.data_file;

    if (wanted && !s->node.data_file) {
        qmp_error_set_at(error, "file", ERROR_REASON_INVALID_VALUE,
                         "the image's data are in another file%s%s%s: name a node for it",
                         name ? ", '" : "", name ? name : "", name ? "'" : "");
        return false;
    }
    if (!wanted && s->node.data_file) {
        qmp_error_set_at(error, "data-file", ERROR_REASON_INVALID_VALUE,
                         "the image has its data itself");
        return false;
    }
    s->data = wanted ? s->node.data_file : s->node.file;
    return true;
}

/* ---- Sizes ---- */

static bool set_alignment(Qcow2 *s, GError **error)
{
    for (guint slot = 0; slot < N_BLOCK_SLOTS; slot++) {
        const BlockNode *below = block_node_below(&s->node, slot);

        if (below) {
            s->node.alignment = MAX(s->node.alignment, below->alignment);
            s->node.memory_alignment = MAX(s->node.memory_alignment, below->memory_alignment);
        }
    }
    if (s->node.alignment > 1U << s->subcluster_bits) {
        qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED, "what the image is on needs requests "
                      "aligned to %u bytes ('cache.direct'), and it has clusters of %u",
                      s->node.alignment, 1U << s->subcluster_bits);
        return false;
    }
    return true;
}

static void set_sizes(Qcow2 *s)
{
    const BlockdevOptionsQcow2 *options = &s->node.options->u.qcow2;
    bool extended = s->header.incompatible & QCOW2_INCOMPAT_EXTENDED_L2;
    guint64 memory = options->has_l2_cache_size ? options->l2_cache_size : L2_CACHE_DEFAULT;
    guint64 clusters;
    gsize slice;

    s->cluster_bits = s->header.cluster_bits;
    s->cluster_size = G_GUINT64_CONSTANT(1) << s->cluster_bits;
    s->entry_size = extended ? 16 : 8;
    s->subcluster_bits = s->cluster_bits - (extended ? 5 : 0);
    s->table_bits = s->cluster_bits - (extended ? 4 : 3);
    slice = MIN(s->cluster_size, SLICE_MAX);
    s->slice_bits = g_bit_nth_msf(slice / s->entry_size, -1);
    if (!options->has_l2_cache_size && options->has_cache_size) {
        memory = options->cache_size - MIN(options->cache_size, REFCOUNT_CACHE_DEFAULT);
    }
    clusters = (s->header.size >> s->cluster_bits) + 1;
    qcow2_cache_init(&s->l2, slice, memory, (clusters >> s->slice_bits) + 1);
    __atomic_store_n(&s->node.size, s->header.size, __ATOMIC_RELAXED);
}

/* A regular file can grow; other nodes keep their size. */
static guint64 file_limit(const Qcow2 *s)
{
    const BlockNode *node = s->node.file;

    while (node->file && !node->driver->format) {
        if (node->made_with->driver == BLOCKDEV_DRIVER_RAW && node->made_with->u.raw.has_size) {
            break;
        }
        node = node->file;
    }
    return node->made_with->driver == BLOCKDEV_DRIVER_FILE ? G_MAXUINT64
                                                           : block_node_size(s->node.file);
}

static void set_refcount_sizes(Qcow2 *s)
{
    const BlockdevOptionsQcow2 *options = &s->node.options->u.qcow2;
    guint order = s->header.refcount_order;
    gsize slice = MIN(s->cluster_size, SLICE_MAX);

    s->block_bits = s->cluster_bits + 3 - order;
    s->count_bits = g_bit_nth_msf(slice, -1) + 3 - order;
    qcow2_cache_init(&s->refcounts, slice, options->has_refcount_cache_size
                     ? options->refcount_cache_size : REFCOUNT_CACHE_DEFAULT, G_MAXUINT32);
    s->free_hint = 0;
    s->file_end = (block_node_size(s->node.file) + s->cluster_size - 1) & ~(s->cluster_size - 1);
    s->file_limit = file_limit(s);
}

/* ---- Tables ---- */

/* A table of 64-bit numbers of the image, whose size was checked. */
static guint64 *read_table(Qcow2 *s, guint64 offset, guint64 entries, const char *what,
                           GError **error)
{
    guint64 *table = g_new(guint64, entries);
    int ret = entries ? qcow2_read(s, s->node.file, offset, table, entries * 8) : 0;

    if (ret) {
        io_failed(s, ret, what, error);
        g_free(table);
        return NULL;
    }
    for (guint64 i = 0; i < entries; i++) {
        table[i] = GUINT64_FROM_BE(table[i]);
    }
    return table;
}

static bool read_l1(Qcow2 *s, GError **error)
{
    s->l1_size = s->header.l1_size;
    s->l1_dirty_from = G_MAXUINT;
    s->l1_dirty_to = 0;
    s->l1 = read_table(s, s->header.l1_offset, s->l1_size, "L1 table", error);
    return s->l1 || !s->l1_size;
}

/* ---- Writing ---- */

static bool check_writable(Qcow2 *s, GError **error)
{
    if (s->header.incompatible & QCOW2_INCOMPAT_CORRUPT) {
        qmp_error_set_at(error, "file", ERROR_REASON_FILE_NOT_USABLE,
                         "the image is marked corrupt: it can only be read ('read-only')");
        return false;
    }
    if (s->lazy && s->header.version < 3) {
        qmp_error_set_at(error, "lazy-refcounts", ERROR_REASON_INVALID_VALUE,
                         "an image of version 2 has no lazy reference counts");
        return false;
    }
    return true;
}

/* Repairs counts that were not written before a crash. */
static bool repair(Qcow2 *s, GError **error)
{
    int ret;

    if (!(s->header.incompatible & QCOW2_INCOMPAT_DIRTY)) {
        return true;
    }
    ret = qcow2_repair(s);
    if (ret) {
        qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, ret,
                            "cannot repair the image, which is marked dirty");
    }
    return !ret;
}

bool qcow2_open_for_writing(Qcow2 *s, const BlockdevOptions *options, GError **error)
{
    const BlockdevOptionsQcow2 *own = &options->u.qcow2;

    s->lazy = own->has_lazy_refcounts ? own->lazy_refcounts
                                      : s->header.compatible & QCOW2_COMPAT_LAZY_REFCOUNTS;
    s->pass_discard = own->has_pass_discard_request
                      ? own->pass_discard_request
                      : options->has_discard && options->discard == BLOCKDEV_DISCARD_OPTIONS_UNMAP;
    if (!check_writable(s, error)) {
        return false;
    }
    set_refcount_sizes(s);
    s->refcount_table_size = s->header.refcount_table_clusters * s->cluster_size / 8;
    s->refcount_table = read_table(s, s->header.refcount_table_offset, s->refcount_table_size,
                                   "refcount table", error);
    return s->refcount_table && repair(s, error);
}

static bool open_image(Qcow2 *s, GError **error)
{
    if (!read_header(s, error) || !check_backing(s, error) || !check_data_file(s, error)) {
        return false;
    }
    set_sizes(s);
    return set_alignment(s, error) && read_l1(s, error) &&
           (s->node.read_only || qcow2_open_for_writing(s, s->node.options, error));
}

bool qcow2_open_image(Qcow2 *s, GError **error)
{
    g_autofree char *filename = block_node_filename(s->node.file);

    s->freed[0] = qcow2_freed_new();
    s->freed[1] = qcow2_freed_new();
    if (!open_image(s, error)) {
        g_prefix_error(error, "'%s': ", filename);
        return false;
    }
    return true;
}

void qcow2_close_image(Qcow2 *s)
{
    int error = qcow2_end_writing(s);

    if (error) {
        g_warning("block node '%s' may have lost data: %s", s->node.object.name,
                  g_strerror(error));
    }
    s->writing = false;
    qcow2_free_children(s);
    qcow2_cache_clear(&s->l2);
    qcow2_cache_clear(&s->refcounts);
    qcow2_header_clear(&s->header);
    g_clear_pointer(&s->l1, g_free);
    g_clear_pointer(&s->refcount_table, g_free);
    g_clear_pointer(&s->freed[0], g_array_unref);
    g_clear_pointer(&s->freed[1], g_array_unref);
    g_clear_pointer(&s->plain, g_free);
    g_clear_pointer(&s->zeros, g_free);
    s->plain_entry = 0;
}

/* ---- The driver ---- */

static bool qcow2_open(BlockNode *node, GError **error)
{
    Qcow2 *s = to_qcow2(node);

    node->alignment = node->memory_alignment = 1;
    node->read_only = node->options->read_only || node->file->read_only ||
                      (node->data_file && node->data_file->read_only);
    s->told = 0;
    return qcow2_worker_start(s, error);
}

static void qcow2_close(BlockNode *node)
{
    qcow2_worker_stop(to_qcow2(node));
}

static bool qcow2_needs_io(BlockNode *node)
{
    return true;
}

static void qcow2_init(Object *obj)
{
    Qcow2 *s = to_qcow2(obj);

    g_mutex_init(&s->mutex);
    g_cond_init(&s->cond);
}

static void qcow2_finalize(Object *obj)
{
    Qcow2 *s = to_qcow2(obj);

    g_mutex_clear(&s->mutex);
    g_cond_clear(&s->cond);
}

static const BlockDriver qcow2_driver = {
    .open = qcow2_open,
    .close = qcow2_close,
    .submit = qcow2_submit,
    .can_resize = qcow2_can_resize,
    .resize = qcow2_resize,
    .needs_io = qcow2_needs_io,
    .format = true,
};

const TypeInfo block_qcow2_type = {
    .schema = &qmp_class_block_qcow2,
    .size = sizeof(Qcow2),
    .object = &(const ObjectOps){
        .init = qcow2_init,
        .finalize = qcow2_finalize,
    },
    .kind = &qcow2_driver,
};
