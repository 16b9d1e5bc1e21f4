/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sizes among a disk's properties, which all classes of disks name alike.
 */
#ifndef HW_BLOCK_BLOCK_SIZES_H
#define HW_BLOCK_BLOCK_SIZES_H

#include "hw/block/block.h"

/* Where they are in a class's properties; in bytes. */
typedef struct {
    bool *has_logical, *has_physical, *has_discard;
    guint64 *logical, *physical, *discard;
    const guint64 *min_io, *opt_io;
} BlockSizes;

#define BLOCK_SIZES(props)                                      \
    {                                                           \
        .has_logical = &(props)->has_logical_block_size,        \
        .has_physical = &(props)->has_physical_block_size,      \
        .has_discard = &(props)->has_discard_granularity,       \
        .logical = &(props)->logical_block_size,                \
        .physical = &(props)->physical_block_size,              \
        .discard = &(props)->discard_granularity,               \
        .min_io = &(props)->min_io_size,                        \
        .opt_io = &(props)->opt_io_size,                        \
    }

/* Chooses those that were not given, by what node (NULL: no medium) requires. */
void block_sizes_choose(const BlockSizes *sizes, const BlockNode *node);
/* Whether they fit each other; fails with invalid-value. */
bool block_sizes_check(const BlockSizes *sizes, GError **error);
/* Whether node can be accessed in such blocks; fails with invalid-value. */
bool block_sizes_check_node(guint64 logical, const BlockNode *node, GError **error);

#endif
