/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sizes among a disk's properties: see block-sizes.h.
 */
#include "config.h"
#include "hw/block/block-sizes.h"

#include "qmp/error.h"

static bool check_power_of_two(const char *name, guint64 value, GError **error)
{
    if (value & (value - 1)) {
        qmp_error_set_at(error, name, ERROR_REASON_INVALID_VALUE, "property '%s' is %"
                         G_GUINT64_FORMAT ", which is not a power of two", name, value);
        return false;
    }
    return true;
}

/* Checks a value that the guest gets in blocks. */
static bool check_blocks(const char *name, guint64 value, guint64 block, guint64 max,
                         GError **error)
{
    if (value % block || value / block > max) {
        qmp_error_set_at(error, name, ERROR_REASON_INVALID_VALUE, "property '%s' is %"
                         G_GUINT64_FORMAT ", which is not up to %" G_GUINT64_FORMAT
                         " blocks of %" G_GUINT64_FORMAT " bytes", name, value, max, block);
        return false;
    }
    return true;
}

void block_sizes_choose(const BlockSizes *sizes, const BlockNode *node)
{
    if (!*sizes->has_logical) {
        *sizes->logical = MAX(node ? node->alignment : 0, BLOCK_SECTOR_SIZE);
    }
    if (!*sizes->has_physical) {
        *sizes->physical = *sizes->logical;
    }
    if (!*sizes->has_discard) {
        *sizes->discard = *sizes->logical;
    }
    *sizes->has_logical = *sizes->has_physical = *sizes->has_discard = true;
}

bool block_sizes_check_node(guint64 logical, const BlockNode *node, GError **error)
{
    if (logical < node->alignment) {
        qmp_error_set_at(error, "logical_block_size", ERROR_REASON_INVALID_VALUE,
                         "property 'logical_block_size' is %" G_GUINT64_FORMAT
                         ", and block node '%s' needs %u", logical, block_node_name(node),
                         node->alignment);
        return false;
    }
    return true;
}

bool block_sizes_check(const BlockSizes *sizes, GError **error)
{
    guint64 block = *sizes->logical;

    if (!check_power_of_two("logical_block_size", block, error) ||
        !check_power_of_two("physical_block_size", *sizes->physical, error)) {
        return false;
    }
    if (*sizes->physical < block) {
        qmp_error_set_at(error, "physical_block_size", ERROR_REASON_INVALID_VALUE,
                         "property 'physical_block_size' is less than 'logical_block_size'");
        return false;
    }
    return check_blocks("min_io_size", *sizes->min_io, block, G_MAXUINT16, error) &&
           check_blocks("opt_io_size", *sizes->opt_io, block, G_MAXUINT32, error) &&
           check_blocks("discard_granularity", *sizes->discard, block, G_MAXUINT32, error);
}
