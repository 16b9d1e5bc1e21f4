/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Driver `raw`: an image without a format on another node, or a part of one.
 */
#include "config.h"
#include "hw/block/block.h"

#include "hw/block/block-types.h"
#include "qmp/error.h"
#include "qmp/qapi-types-block.h"

static bool is_part(const BlockdevOptionsRaw *options)
{
    return options->offset || options->has_size;
}

/* Also called when the size of the node below has changed. */
static bool raw_open(BlockNode *node, GError **error)
{
    const BlockdevOptionsRaw *options = &node->options->u.raw;
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

static void raw_submit(BlockNode *node, BlockRequest *request)
{
    request->now_offset += node->options->u.raw.offset;
    block_pass(node->file, request);
}

static bool raw_can_resize(BlockNode *node, GError **error)
{
    if (is_part(&node->options->u.raw)) {
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
    .kind = &raw_driver,
};
