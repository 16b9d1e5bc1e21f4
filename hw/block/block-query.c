/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What clients are told about block nodes and disks: see block-query.h.
 */
#include "config.h"
#include "hw/block/block-query.h"

#include <time.h>

#include "hw/block/block.h"
#include "hw/block/front.h"
#include "qmp/qapi-types-block.h"
#include "qom/place.h"
#include "qom/qapi-objects-block.h"

static guint64 load(const guint64 *counter)
{
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

/* ---- Nodes ---- */

static void foreach_node(Object *root, bool (*f)(Object *obj, void *data), void *data)
{
    object_foreach_child(place_folder(root, &qmp_class_block_node), f, data);
}

static char *driver_name(const BlockNode *node)
{
    return g_strdup(qmp_enum_name(&qmp_type_BlockdevDriver, node->options->driver));
}

static ImageInfo *image_info(BlockNode *node)
{
    ImageInfo *info = g_new0(ImageInfo, 1);
    gint64 actual = block_node_actual_size(node);

    info->filename = block_node_filename(node);
    info->format = driver_name(node);
    info->virtual_size = block_node_size(node);
    info->has_actual_size = actual >= 0;
    info->actual_size = actual;
    return info;
}

static BlockdevCacheInfo *cache_info(const BlockNode *node, bool writeback)
{
    BlockdevCacheInfo *info = g_new0(BlockdevCacheInfo, 1);

    info->writeback = writeback;
    info->direct = block_node_direct(node);
    info->no_flush = block_node_no_flush(node);
    return info;
}

/* Filters between an image and its backing node do not count. */
static BlockNode *backing_of(BlockNode *node)
{
    while (node->file && !node->driver->format) {
        node = node->file;
    }
    return node->backing;
}

static guint backing_depth(BlockNode *node)
{
    guint depth = 0;

    while ((node = backing_of(node))) {
        depth++;
    }
    return depth;
}

/* A member of info, which is optional if it has a has_. */
#define TELL(member, value) (info->has_##member = (value) != 0, info->member = (value))

static void tell_bursts(BlockDeviceInfo *info, const ThrottleLimits *limits)
{
    TELL(bps_max, limits->bps_total_max);
    TELL(bps_rd_max, limits->bps_read_max);
    TELL(bps_wr_max, limits->bps_write_max);
    TELL(iops_max, limits->iops_total_max);
    TELL(iops_rd_max, limits->iops_read_max);
    TELL(iops_wr_max, limits->iops_write_max);
    TELL(bps_max_length, limits->bps_total_max ? limits->bps_total_max_length : 0);
    TELL(bps_rd_max_length, limits->bps_read_max ? limits->bps_read_max_length : 0);
    TELL(bps_wr_max_length, limits->bps_write_max ? limits->bps_write_max_length : 0);
    TELL(iops_max_length, limits->iops_total_max ? limits->iops_total_max_length : 0);
    TELL(iops_rd_max_length, limits->iops_read_max ? limits->iops_read_max_length : 0);
    TELL(iops_wr_max_length, limits->iops_write_max ? limits->iops_write_max_length : 0);
    TELL(iops_size, limits->iops_size);
}

static void tell_limits(BlockDeviceInfo *info, const BlockNode *node)
{
    Object *group = block_node_props(node)->io_limits.target;
    const ThrottleLimits *limits = group ? throttle_group_props(group)->limits : NULL;

    info->group = group ? g_strdup(group->name) : NULL;
    if (limits) {
        info->bps = limits->bps_total;
        info->bps_rd = limits->bps_read;
        info->bps_wr = limits->bps_write;
        info->iops = limits->iops_total;
        info->iops_rd = limits->iops_read;
        info->iops_wr = limits->iops_write;
        tell_bursts(info, limits);
    }
}

static BlockDeviceInfo *node_info(BlockNode *node, bool writeback)
{
    BlockNode *backing = backing_of(node);
    BlockDeviceInfo *info = g_new0(BlockDeviceInfo, 1);

    info->file = block_node_filename(node);
    info->node_name = g_strdup(block_node_name(node));
    info->ro = node->read_only;
    info->drv = driver_name(node);
    info->backing_file_depth = backing_depth(node);
    info->backing_file = backing ? block_node_filename(backing) : NULL;
    info->detect_zeroes = node->options->detect_zeroes;
    info->image = image_info(node);
    info->cache = cache_info(node, writeback);
    info->write_threshold = load(&node->write_threshold);
    tell_limits(info, node);
    return info;
}

static bool add_node(Object *obj, void *data)
{
    if (object_life(obj) == OBJECT_COMPLETE) {
        g_ptr_array_add(data, node_info(to_block_node(obj), true));
    }
    return true;
}

void block_query_nodes(Object *root, BlockDeviceInfoList *ret)
{
    GPtrArray *list = g_ptr_array_new();

    foreach_node(root, add_node, list);
    ret->n = list->len;
    ret->items = (BlockDeviceInfo **)g_ptr_array_free(list, false);
}

/* ---- Disks ---- */

static void add_disk(BlockFront *front, void *data)
{
    BlockInfo *info = g_new0(BlockInfo, 1);
    BlockNode *node = front->config.node;

    info->device = g_strdup(block_front_name(front));
    info->qdev = block_front_device(front);
    info->type = g_strdup("unknown");
    info->removable = front->config.removable;
    info->locked = g_atomic_int_get(&front->locked);
    info->has_tray_open = front->config.has_tray;
    info->tray_open = g_atomic_int_get(&front->tray_open);
    info->inserted = node ? node_info(node, g_atomic_int_get(&front->write_cache)) : NULL;
    info->has_io_status = front->config.io_status;
    info->io_status = g_atomic_int_get(&front->status);
    g_ptr_array_add(data, info);
}

void block_query_disks(Object *root, BlockInfoList *ret)
{
    GPtrArray *list = g_ptr_array_new();

    block_front_foreach(root, add_disk, list);
    ret->n = list->len;
    ret->items = (BlockInfo **)g_ptr_array_free(list, false);
}

/* ---- Statistics ---- */

static BlockStats *empty_stats(void)
{
    BlockStats *stats = g_new0(BlockStats, 1);

    stats->stats = g_new0(BlockDeviceStats, 1);
    stats->stats->account_invalid = stats->stats->account_failed = true;
    return stats;
}

static BlockStats *node_stats(const BlockNode *node)
{
    BlockStats *stats = empty_stats();

    stats->node_name = g_strdup(block_node_name(node));
    stats->stats->wr_highest_offset = load(&node->highest_write);
    if (node->file) {
        stats->parent = node_stats(node->file);
    }
    if (node->backing) {
        stats->backing = node_stats(node->backing);
    }
    return stats;
}

static void set_idle_time(BlockDeviceStats *s, guint64 last)
{
    struct timespec now;

    if (last) {
        clock_gettime(CLOCK_MONOTONIC, &now);
        s->has_idle_time_ns = true;
        s->idle_time_ns = now.tv_sec * G_GINT64_CONSTANT(1000000000) + now.tv_nsec - last;
    }
}

static void fill_stats(BlockDeviceStats *s, const BlockStatistics *from)
{
    s->rd_bytes = from->of[BLOCK_STAT_READ].bytes;
    s->wr_bytes = from->of[BLOCK_STAT_WRITE].bytes;
    s->unmap_bytes = from->of[BLOCK_STAT_UNMAP].bytes;
    s->rd_operations = from->of[BLOCK_STAT_READ].operations;
    s->wr_operations = from->of[BLOCK_STAT_WRITE].operations;
    s->flush_operations = from->of[BLOCK_STAT_FLUSH].operations;
    s->unmap_operations = from->of[BLOCK_STAT_UNMAP].operations;
    s->rd_total_time_ns = from->of[BLOCK_STAT_READ].time_ns;
    s->wr_total_time_ns = from->of[BLOCK_STAT_WRITE].time_ns;
    s->flush_total_time_ns = from->of[BLOCK_STAT_FLUSH].time_ns;
    s->unmap_total_time_ns = from->of[BLOCK_STAT_UNMAP].time_ns;
    s->failed_rd_operations = from->of[BLOCK_STAT_READ].failed;
    s->failed_wr_operations = from->of[BLOCK_STAT_WRITE].failed;
    s->failed_flush_operations = from->of[BLOCK_STAT_FLUSH].failed;
    s->failed_unmap_operations = from->of[BLOCK_STAT_UNMAP].failed;
    s->invalid_rd_operations = from->of[BLOCK_STAT_READ].invalid;
    s->invalid_wr_operations = from->of[BLOCK_STAT_WRITE].invalid;
    s->invalid_unmap_operations = from->of[BLOCK_STAT_UNMAP].invalid;
    set_idle_time(s, from->last);
}

static void add_disk_stats(BlockFront *front, void *data)
{
    BlockStats *stats = front->config.node ? node_stats(front->config.node) : empty_stats();
    BlockStatistics all;

    stats->device = g_strdup(block_front_name(front));
    stats->qdev = block_front_device(front);
    block_front_statistics(front, &all);
    fill_stats(stats->stats, &all);
    g_ptr_array_add(data, stats);
}

static bool add_node_stats(Object *obj, void *data)
{
    if (object_life(obj) == OBJECT_COMPLETE) {
        g_ptr_array_add(data, node_stats(to_block_node(obj)));
    }
    return true;
}

void block_query_statistics(Object *root, bool of_nodes, BlockStatsList *ret)
{
    GPtrArray *list = g_ptr_array_new();

    if (of_nodes) {
        foreach_node(root, add_node_stats, list);
    } else {
        block_front_foreach(root, add_disk_stats, list);
    }
    ret->n = list->len;
    ret->items = (BlockStats **)g_ptr_array_free(list, false);
}
