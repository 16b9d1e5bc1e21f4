/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-blk: a disk.  VIRTIO 1.2 section 5.2.
 *
 * The device connects transport and queues to a BlockFront (hw/block/front.h),
 * which decides what happens to failed requests.  Requests are in
 * virtio-blk-request.c.
 *
 * Not offered: geometry (nothing needs cylinders), lifetime, secure erase,
 * zones.
 */
#include "config.h"
#include "hw/virtio/virtio-blk.h"

#include <string.h>

#include "hw/machine/machine-aio.h"
#include "hw/virtio/virtio-blk-internal.h"
#include "qmp/error.h"
#include "qom/qapi-objects-block.h"

/* Section 5.2.4: offsets in the configuration space. */
enum {
    CONFIG_CAPACITY = 0,
    CONFIG_SEG_MAX = 12,
    CONFIG_BLK_SIZE = 20,
    CONFIG_PHYSICAL_BLOCK_EXP = 24,
    CONFIG_MIN_IO_SIZE = 26,
    CONFIG_OPT_IO_SIZE = 28,
    CONFIG_WRITEBACK = 32,
    CONFIG_NUM_QUEUES = 34,
    CONFIG_MAX_DISCARD_SECTORS = 36,
    CONFIG_MAX_DISCARD_SEG = 40,
    CONFIG_DISCARD_SECTOR_ALIGNMENT = 44,
    CONFIG_MAX_WRITE_ZEROES_SECTORS = 48,
    CONFIG_MAX_WRITE_ZEROES_SEG = 52,
    CONFIG_WRITE_ZEROES_MAY_UNMAP = 56,
    CONFIG_BYTES = 60,
};

#define DEVICE_ID 2

/* ---- Features and configuration ---- */

static guint64 blk_features(VirtioDevice *dev)
{
    const VirtioBlkDeviceProps *props = virtio_blk_device_props(to_virtio_blk(dev));
    bool cache = props->write_cache != ON_OFF_AUTO_OFF;

    return 1 << VIRTIO_BLK_F_SEG_MAX | 1 << VIRTIO_BLK_F_BLK_SIZE | 1 << VIRTIO_BLK_F_TOPOLOGY |
           to_virtio_blk(dev)->front.config.node->read_only << VIRTIO_BLK_F_RO |
           (cache || props->config_wce) << VIRTIO_BLK_F_FLUSH |
           props->config_wce << VIRTIO_BLK_F_CONFIG_WCE |
           (props->num_queues > 1) << VIRTIO_BLK_F_MQ |
           props->discard << VIRTIO_BLK_F_DISCARD |
           props->write_zeroes << VIRTIO_BLK_F_WRITE_ZEROES;
}

static void set_write_cache(VirtioBlk *s, bool on)
{
    g_atomic_int_set(&s->front.write_cache, on);
}

/* A driver that cannot flush must not see a cache (section 5.2.5.2). */
static bool blk_features_ok(VirtioDevice *dev, guint64 features)
{
    VirtioBlk *s = to_virtio_blk(dev);

    set_write_cache(s, virtio_blk_device_props(s)->write_cache != ON_OFF_AUTO_OFF &&
                       (features >> VIRTIO_BLK_F_FLUSH & 1));
    return true;
}

static void put16(guint8 *config, guint offset, guint16 value)
{
    value = GUINT16_TO_LE(value);
    memcpy(config + offset, &value, sizeof(value));
}

static void put32(guint8 *config, guint offset, guint32 value)
{
    value = GUINT32_TO_LE(value);
    memcpy(config + offset, &value, sizeof(value));
}

static void put64(guint8 *config, guint offset, guint64 value)
{
    value = GUINT64_TO_LE(value);
    memcpy(config + offset, &value, sizeof(value));
}

static void blk_get_config(VirtioDevice *dev, guint8 *config)
{
    VirtioBlk *s = to_virtio_blk(dev);
    const VirtioBlkDeviceProps *props = virtio_blk_device_props(s);

    put64(config, CONFIG_CAPACITY,
          block_node_size(s->front.config.node) / s->block_size * (s->block_size / 512));
    put32(config, CONFIG_SEG_MAX, props->queue_size - 2);
    put32(config, CONFIG_BLK_SIZE, s->block_size);
    config[CONFIG_PHYSICAL_BLOCK_EXP] =
        g_bit_nth_msf(props->physical_block_size / s->block_size, -1);
    put16(config, CONFIG_MIN_IO_SIZE, props->min_io_size / s->block_size);
    put32(config, CONFIG_OPT_IO_SIZE, props->opt_io_size / s->block_size);
    config[CONFIG_WRITEBACK] = g_atomic_int_get(&s->front.write_cache);
    put16(config, CONFIG_NUM_QUEUES, props->num_queues);
    put32(config, CONFIG_MAX_DISCARD_SECTORS, props->max_discard_sectors);
    put32(config, CONFIG_MAX_DISCARD_SEG, 1);
    put32(config, CONFIG_DISCARD_SECTOR_ALIGNMENT, props->discard_granularity / 512);
    put32(config, CONFIG_MAX_WRITE_ZEROES_SECTORS, props->max_write_zeroes_sectors);
    put32(config, CONFIG_MAX_WRITE_ZEROES_SEG, 1);
    config[CONFIG_WRITE_ZEROES_MAY_UNMAP] = 1;
}

/* The driver may write one byte of the configuration. */
static void blk_set_config(VirtioDevice *dev, guint offset, const guint8 *data, guint size)
{
    if (virtio_has_feature(dev, VIRTIO_BLK_F_CONFIG_WCE) && offset <= CONFIG_WRITEBACK &&
        CONFIG_WRITEBACK - offset < size) {
        set_write_cache(to_virtio_blk(dev), data[CONFIG_WRITEBACK - offset]);
    }
}

static void size_changed(void *opaque)
{
    virtio_config_changed(opaque);
}

/* ---- Running ---- */

static bool blk_start(VirtioDevice *dev, GError **error)
{
    block_front_resume(&to_virtio_blk(dev)->front);
    return true;
}

static void blk_when_idle(VirtioDevice *dev, void (*f)(void *opaque), void *opaque)
{
    block_fronts_when_idle(&dev->device.object, f, opaque);
}

static void blk_reset(VirtioDevice *dev)
{
    VirtioBlk *s = to_virtio_blk(dev);

    block_front_drain(&s->front);
    block_front_forget(&s->front);
    set_write_cache(s, virtio_blk_device_props(s)->write_cache != ON_OFF_AUTO_OFF);
}

/* ---- Properties ---- */

static bool check_power_of_two(const char *name, guint64 value, GError **error)
{
    if (value & (value - 1)) {
        qmp_error_set_at(error, name, ERROR_REASON_INVALID_VALUE, "property '%s' is %"
                         G_GUINT64_FORMAT ", which is not a power of two", name, value);
        return false;
    }
    return true;
}

/* Checks a value that the driver gets in blocks. */
static bool check_blocks(const char *name, guint64 value, const VirtioBlkDeviceProps *props,
                         guint64 max, GError **error)
{
    guint64 block = props->logical_block_size;

    if (value % block || value / block > max) {
        qmp_error_set_at(error, name, ERROR_REASON_INVALID_VALUE, "property '%s' is %"
                         G_GUINT64_FORMAT ", which is not up to %" G_GUINT64_FORMAT
                         " blocks of %" G_GUINT64_FORMAT " bytes", name, value, max, block);
        return false;
    }
    return true;
}

/* Chooses sizes that were not given, and writes them back into the properties. */
static void choose_sizes(VirtioBlkDeviceProps *props, const BlockNode *node)
{
    if (!props->has_logical_block_size) {
        props->logical_block_size = MAX(node->alignment, BLOCK_SECTOR_SIZE);
    }
    if (!props->has_physical_block_size) {
        props->physical_block_size = props->logical_block_size;
    }
    if (!props->has_discard_granularity) {
        props->discard_granularity = props->logical_block_size;
    }
    props->has_logical_block_size = props->has_physical_block_size = true;
    props->has_discard_granularity = true;
}

static bool check_sizes(const VirtioBlkDeviceProps *props, const BlockNode *node, GError **error)
{
    if (!check_power_of_two("logical_block_size", props->logical_block_size, error) ||
        !check_power_of_two("physical_block_size", props->physical_block_size, error) ||
        !check_power_of_two("queue-size", props->queue_size, error)) {
        return false;
    }
    if (props->logical_block_size < node->alignment) {
        qmp_error_set_at(error, "logical_block_size", ERROR_REASON_INVALID_VALUE,
                         "property 'logical_block_size' is %" G_GUINT64_FORMAT
                         ", and block node '%s' needs %u", props->logical_block_size,
                         block_node_name(node), node->alignment);
        return false;
    }
    if (props->physical_block_size < props->logical_block_size) {
        qmp_error_set_at(error, "physical_block_size", ERROR_REASON_INVALID_VALUE,
                         "property 'physical_block_size' is less than 'logical_block_size'");
        return false;
    }
    if (!check_blocks("min_io_size", props->min_io_size, props, G_MAXUINT16, error) ||
        !check_blocks("opt_io_size", props->opt_io_size, props, G_MAXUINT32, error) ||
        !check_blocks("discard_granularity", props->discard_granularity, props, G_MAXUINT32,
                      error)) {
        return false;
    }
    return true;
}

/* ---- Life ---- */

static bool blk_realize(Device *device, GError **error)
{
    VirtioBlk *s = to_virtio_blk(device);
    VirtioBlkDeviceProps *props = virtio_blk_device_props(device);
    BlockNode *node = props->drive.target;
    BlockFrontConfig config = {
        .node = node, .rerror = props->rerror, .werror = props->werror,
        .share = props->share_rw, .io_status = true, .resized = size_changed, .opaque = s,
    };

    choose_sizes(props, node);
    if (!check_sizes(props, node, error)) {
        return false;
    }
    config.aio = machine_aio(s->virtio.machine, &props->iothread, error);
    if (!config.aio || !block_front_attach(&s->front, device, &config, error)) {
        return false;
    }
    s->block_size = props->logical_block_size;
    set_write_cache(s, props->write_cache != ON_OFF_AUTO_OFF);
    s->virtio.aio = config.aio;
    virtio_blk_add_queues(s);
    return true;
}

static void blk_unrealize(Device *device)
{
    VirtioBlk *s = to_virtio_blk(device);

    virtio_stop(&s->virtio);
    block_front_drain(&s->front);
    virtio_del_queues(&s->virtio);
    block_front_detach(&s->front);
    g_clear_pointer(&s->queues, g_free);
    s->virtio.aio = NULL;
}

static const VirtioOps blk_virtio_ops = {
    .device_id = DEVICE_ID,
    .config_size = CONFIG_BYTES,
    .features = blk_features,
    .features_ok = blk_features_ok,
    .get_config = blk_get_config,
    .set_config = blk_set_config,
    .start = blk_start,
    .when_idle = blk_when_idle,
    .reset = blk_reset,
};

static const StateRow blk_state[] = {
    STATE_FIELD_KEEP(BOOL, VirtioBlk, write_cache),
    STATE_ROWS_END
};

static void blk_state_saving(Device *device)
{
    VirtioBlk *s = to_virtio_blk(device);

    s->write_cache = g_atomic_int_get(&s->front.write_cache);
}

/* Requests that were kept after a failure are popped again. */
static bool blk_state_loaded(Device *device, GError **error)
{
    VirtioBlk *s = to_virtio_blk(device);

    block_front_forget(&s->front);
    set_write_cache(s, s->write_cache);
    return true;
}

static const DeviceOps blk_device_ops = {
    .state = blk_state,
    .state_saving = blk_state_saving,
    .state_loaded = blk_state_loaded,
    .realize = blk_realize,
    .unrealize = blk_unrealize,
};

const TypeInfo virtio_blk_type = {
    .schema = &qmp_class_virtio_blk_device,
    .size = sizeof(VirtioBlk),
    .device = &blk_device_ops,
    .kind = &blk_virtio_ops,
};
