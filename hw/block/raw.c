/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Driver `raw`: an image without a format on another node, or a part of one.
 */
#include "config.h"
#include "hw/block/block.h"

#include <errno.h>
#include <string.h>

#include "hw/block/block-types.h"
#include "qmp/error.h"
#include "qmp/image-magic.h"
#include "qom/qapi-objects-block.h"

static bool is_part(const BlockdevOptionsRaw *options)
{
    return options->offset || options->has_size;
}

/* Also called when the size of the node below has changed. */
static bool raw_open(BlockNode *node, GError **error)
{
    const BlockdevOptionsRaw *options = &node->made_with->u.raw;
    guint64 below = block_node_size(node->file), offset = options->offset;
    guint64 rest = below - MIN(offset, below);

    if (offset > below || (options->has_size && options->size > rest)) {
        qmp_error_set_at(error, offset ? "offset" : "size",
                         ERROR_REASON_OUT_OF_RANGE,
                         "offset and size reach beyond the end of block node '%s', which has %"
                         G_GUINT64_FORMAT " bytes", node->file->object.name, below);
        __atomic_store_n(&node->size, rest, __ATOMIC_RELAXED);
        return false;
    }
    if (offset & (node->alignment - 1)) {
        qmp_error_set_at(error, "offset", ERROR_REASON_INVALID_VALUE, "offset %" G_GUINT64_FORMAT
                         " is not a multiple of %u, which block node '%s' needs", offset,
                         node->alignment, node->file->object.name);
        return false;
    }
    __atomic_store_n(&node->size, options->has_size ? options->size : rest,
                     __ATOMIC_RELAXED);
    return true;
}

/* ---- Formats ---- */

/* The beginning of a request's data. */
static gsize peek(const BlockRequest *request, guint8 data[IMAGE_MAGIC_SIZE])
{
    gsize size = 0;

    for (guint i = 0; i < request->n_iov && size < IMAGE_MAGIC_SIZE; i++) {
        gsize length = MIN(request->iov[i].iov_len, IMAGE_MAGIC_SIZE - size);

        memcpy(data + size, request->iov[i].iov_base, length);
        size += length;
    }
    return size;
}

/* Whether a write would make the disk look like an image: who guesses again would be led to what
 * the guest chose.  QEMU fails such writes as well. */
static bool is_disguise(const BlockNode *node, const BlockRequest *request)
{
    guint8 data[IMAGE_MAGIC_SIZE];

    return node->made_with->u.raw.probed && request->now_op == BLOCK_OP_WRITE &&
           request->now_offset < IMAGE_MAGIC_SIZE && image_magic(data, peek(request, data));
}

/* A guest that sees tables of an image is seldom meant. */
static void warn_of_magic(const BlockNode *node)
{
    const BlockNode *below = node->file;
    g_autofree char *filename = NULL;

    while (below->file && !below->driver->format) {
        below = below->file;
    }
    if (below->magic && !node->made_with->u.raw.offset) {
        filename = block_node_filename(below);
        g_warning("block node '%s': '%s' begins as an image in format %s does; as raw, a guest "
                  "sees that, not what the image holds", node->object.name, filename,
                  below->magic);
    }
}

static bool raw_complete(Object *obj, GError **error)
{
    warn_of_magic(to_block_node(obj));
    return true;
}

/* ---- Requests ---- */

static void raw_submit(BlockNode *node, BlockRequest *request)
{
    if (G_UNLIKELY(is_disguise(node, request))) {
        block_done(request, EPERM);
        return;
    }
    request->now_offset += node->made_with->u.raw.offset;
    block_pass(node->file, request);
}

static bool raw_can_resize(BlockNode *node, GError **error)
{
    if (is_part(&node->made_with->u.raw)) {
        qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED,
                      "block node '%s' is a part of another one and cannot be resized",
                      node->object.name);
        return false;
    }
    return true;
}

static const BlockDriver raw_driver = {
    .open = raw_open,
    .submit = raw_submit,
    .can_resize = raw_can_resize,
};

const TypeInfo block_raw_type = {
    .schema = &qmp_class_block_raw,
    .object = &(const ObjectOps){
        .complete = raw_complete,
    },
    .kind = &raw_driver,
};
