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

#include "hw/block/block-sizes.h"
#include "hw/virtio/virtio-blk-internal.h"
#include "qmp/error.h"
#include "qom/qapi-objects-virtio-blk.h"

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

enum { DEVICE_ID = 2, SEG_MAX = 126 };      /* of a queue of 128 */

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
    put32(config, CONFIG_SEG_MAX, props->seg_max_adjust ? props->queue_size - 2 : SEG_MAX);
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

static bool check_queue_size(guint size, GError **error)
{
    if (size & (size - 1)) {
        qmp_error_set_at(error, "queue-size", ERROR_REASON_INVALID_VALUE,
                         "property 'queue-size' is %u, which is not a power of two", size);
        return false;
    }
    return true;
}

/* ---- Life ---- */

/* Attaches the node, with a lane for each thread that processes queues. */
static bool attach_front(VirtioBlk *s, GError **error)
{
    const VirtioBlkDeviceProps *props = virtio_blk_device_props(s);
    BlockFrontConfig config = {
        .node = props->drive.target, .rerror = props->rerror, .werror = props->werror,
        .share = props->share_rw, .io_status = true, .resized = size_changed, .opaque = s,
    };
    guint n;
    g_autofree AioContext **contexts = virtio_blk_contexts(s, &n, error);

    if (!contexts) {
        return false;
    }
    s->virtio.aio = config.aio = contexts[0];
    config.more = contexts + 1;
    config.n_more = n - 1;
    return block_front_attach(&s->front, &s->virtio.device, &config, error);
}

static bool blk_realize(Device *device, GError **error)
{
    VirtioBlk *s = to_virtio_blk(device);
    VirtioBlkDeviceProps *props = virtio_blk_device_props(device);
    const BlockSizes sizes = BLOCK_SIZES(props);
    BlockNode *node = props->drive.target;

    block_sizes_choose(&sizes, node);
    if (!props->has_num_queues) {
        props->num_queues = virtio_auto_queues(&s->virtio, 0);
        props->has_num_queues = true;
    }
    if (!block_sizes_check(&sizes, error) || !check_queue_size(props->queue_size, error) ||
        !block_sizes_check_node(props->logical_block_size, node, error) ||
        !virtio_blk_check_mapping(s, error) || !attach_front(s, error)) {
        return false;
    }
    s->block_size = props->logical_block_size;
    set_write_cache(s, props->write_cache != ON_OFF_AUTO_OFF);
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

static char *blk_boot_path(Device *device)
{
    return g_strdup("disk@0,0");
}

static const DeviceOps blk_device_ops = {
    .boot_path = blk_boot_path,
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
