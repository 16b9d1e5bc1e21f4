/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-scsi: a SCSI host adapter.  VIRTIO 1.2 section 5.6.
 *
 * All queues, and the disks on its bus, run on one AioContext, without the machine lock.
 *
 * Not offered: data in both directions with one command (no command of our devices has that),
 * protection information.
 */
#include "config.h"
#include "hw/virtio/virtio-scsi.h"

#include <string.h>

#include "hw/block/front.h"
#include "hw/machine/machine-aio.h"
#include "hw/virtio/virtio-scsi-internal.h"
#include "qmp/bytes.h"
#include "qmp/error.h"
#include "qom/qapi-objects-virtio.h"

enum { DEVICE_ID = 8 };

/* Section 5.6.4: offsets in the configuration space. */
enum {
    CONFIG_NUM_QUEUES = 0,
    CONFIG_SEG_MAX = 4,
    CONFIG_MAX_SECTORS = 8,
    CONFIG_CMD_PER_LUN = 12,
    CONFIG_EVENT_INFO_SIZE = 16,
    CONFIG_SENSE_SIZE = 20,
    CONFIG_CDB_SIZE = 24,
    CONFIG_MAX_CHANNEL = 28,
    CONFIG_MAX_TARGET = 30,
    CONFIG_MAX_LUN = 32,
    CONFIG_BYTES = 36,
};

enum {
    EVENT_INFO_SIZE = 16,
    DEFAULT_SENSE_SIZE = 96, MAX_SENSE_SIZE = 65535,
    DEFAULT_CDB_SIZE = 32, MAX_CDB_SIZE = 255,
    SEG_MAX = 126,              /* of a queue of 128 */
};

/* ---- Features and configuration ---- */

static guint64 scsi_features(VirtioDevice *dev)
{
    const VirtioScsiDeviceProps *props = virtio_scsi_device_props(dev);

    return props->hotplug << VIRTIO_SCSI_F_HOTPLUG | props->param_change << VIRTIO_SCSI_F_CHANGE;
}

static void scsi_get_config(VirtioDevice *dev, guint8 *config)
{
    VirtioScsi *s = to_virtio_scsi(dev);
    const VirtioScsiDeviceProps *props = virtio_scsi_device_props(dev);

    put_le(config + CONFIG_NUM_QUEUES, props->num_queues, 4);
    put_le(config + CONFIG_SEG_MAX, props->seg_max_adjust ? props->virtqueue_size - 2 : SEG_MAX, 4);
    put_le(config + CONFIG_MAX_SECTORS, props->max_sectors, 4);
    put_le(config + CONFIG_CMD_PER_LUN, props->cmd_per_lun, 4);
    put_le(config + CONFIG_EVENT_INFO_SIZE, EVENT_INFO_SIZE, 4);
    put_le(config + CONFIG_SENSE_SIZE, g_atomic_int_get(&s->sense_size), 4);
    put_le(config + CONFIG_CDB_SIZE, g_atomic_int_get(&s->cdb_size), 4);
    put_le(config + CONFIG_MAX_TARGET, SCSI_MAX_TARGET, 2);
    put_le(config + CONFIG_MAX_LUN, SCSI_MAX_LUN, 4);
}

static bool sizes_valid(guint32 sense_size, guint32 cdb_size)
{
    return sense_size <= MAX_SENSE_SIZE && cdb_size <= MAX_CDB_SIZE;
}

/* The driver may write two sizes; what it writes elsewhere has no effect. */
static void scsi_set_config(VirtioDevice *dev, guint offset, const guint8 *data, guint size)
{
    VirtioScsi *s = to_virtio_scsi(dev);
    guint8 config[CONFIG_BYTES] = { 0 };
    guint32 sense_size, cdb_size;

    scsi_get_config(dev, config);
    memcpy(config + offset, data, size);
    sense_size = get_le32(config + CONFIG_SENSE_SIZE);
    cdb_size = get_le32(config + CONFIG_CDB_SIZE);
    if (!sizes_valid(sense_size, cdb_size)) {
        virtio_broken(dev, "the driver chose an invalid size of sense data or commands");
        return;
    }
    g_atomic_int_set(&s->sense_size, sense_size);
    g_atomic_int_set(&s->cdb_size, cdb_size);
}

/* ---- Addresses ---- */

bool virtio_scsi_address(const guint8 lun[8], guint *ret_target, guint *ret_lun)
{
    *ret_target = lun[1];
    *ret_lun = get_be16(lun + 2) & SCSI_MAX_LUN;
    return lun[0] == 1 && (lun[2] >> 6 == 1 || lun[2] == 0) && !get_be32(lun + 4);
}

void virtio_scsi_put_address(guint8 ret_lun[8], guint target, guint lun)
{
    memset(ret_lun, 0, 8);
    ret_lun[0] = 1;
    ret_lun[1] = target;
    put_be(ret_lun + 2, lun < 256 ? lun : lun | 0x4000, 2);
}

/* ---- Queues ---- */

static void notify(AioTask *task)
{
    virtqueue_notify(container_of(task, VirtioScsiQueue, notify)->queue);
}

void virtio_scsi_add_queue(VirtioScsi *s, guint i, gsize request_size,
                           void (*handler)(VirtioDevice *dev, VirtQueue *queue))
{
    const VirtioScsiDeviceProps *props = virtio_scsi_device_props(s);
    VirtQueue *queue = virtio_add_queue(&s->virtio, props->virtqueue_size, handler);

    virtqueue_set_requests(queue, request_size);
    s->queues[i] = (VirtioScsiQueue){ .scsi = s, .queue = queue, .notify.run = notify };
}

void virtio_scsi_push(VirtioScsiQueue *queue, VirtqElement *element, guint32 written)
{
    virtqueue_push(queue->queue, element, written);
    aio_schedule(queue->scsi->virtio.aio, &queue->notify);
}

static void add_queues(VirtioScsi *s)
{
    guint n = VIRTIO_SCSI_FIRST_REQUEST_QUEUE + virtio_scsi_device_props(s)->num_queues;

    s->queues = g_new0(VirtioScsiQueue, n);
    virtio_scsi_add_control_queue(s);
    virtio_scsi_add_event_queue(s);
    for (guint i = VIRTIO_SCSI_FIRST_REQUEST_QUEUE; i < n; i++) {
        virtio_scsi_add_request_queue(s, i);
    }
}

/* ---- Running ---- */

static void scsi_when_idle(VirtioDevice *dev, void (*f)(void *opaque), void *opaque)
{
    block_fronts_when_idle(&dev->device.object, f, opaque);
}

static void set_defaults(VirtioScsi *s)
{
    g_atomic_int_set(&s->sense_size, DEFAULT_SENSE_SIZE);
    g_atomic_int_set(&s->cdb_size, DEFAULT_CDB_SIZE);
    s->events_missed = false;
}

static void scsi_reset_device(VirtioDevice *dev)
{
    VirtioScsi *s = to_virtio_scsi(dev);

    scsi_bus_reset(s->bus);
    set_defaults(s);
}

/* ---- Life ---- */

static bool check_queue_size(guint32 size, GError **error)
{
    if (size & (size - 1)) {
        qmp_error_set_at(error, "virtqueue_size", ERROR_REASON_INVALID_VALUE,
                         "property 'virtqueue_size' is %u, which is not a power of two", size);
        return false;
    }
    return true;
}

static bool scsi_realize(Device *device, GError **error)
{
    VirtioScsi *s = to_virtio_scsi(device);
    VirtioScsiDeviceProps *props = virtio_scsi_device_props(device);

    if (!check_queue_size(props->virtqueue_size, error)) {
        return false;
    }
    s->virtio.aio = machine_aio(s->virtio.machine, &props->iothread, error);
    if (!s->virtio.aio) {
        return false;
    }
    if (!props->has_num_queues) {
        props->num_queues = virtio_auto_queues(&s->virtio, VIRTIO_SCSI_FIRST_REQUEST_QUEUE);
        props->has_num_queues = true;
    }
    set_defaults(s);
    add_queues(s);
    s->bus = scsi_bus_new(device, s->virtio.aio, &virtio_scsi_host_ops, s);
    return true;
}

/* The disks have left the bus. */
static void scsi_unrealize(Device *device)
{
    VirtioScsi *s = to_virtio_scsi(device);

    virtio_del_queues(&s->virtio);
    g_clear_pointer(&s->queues, g_free);
    s->virtio.aio = NULL;
}

static const VirtioOps scsi_virtio_ops = {
    .device_id = DEVICE_ID,
    .config_size = CONFIG_BYTES,
    .features = scsi_features,
    .get_config = scsi_get_config,
    .set_config = scsi_set_config,
    .when_idle = scsi_when_idle,
    .reset = scsi_reset_device,
};

/* ---- State ---- */

static const StateRow scsi_state[] = {
    STATE_FIELD_KEEP(U32, VirtioScsi, sense_size),
    STATE_FIELD_KEEP(U32, VirtioScsi, cdb_size),
    STATE_FIELD_KEEP(BOOL, VirtioScsi, events_missed),
    STATE_ROWS_END
};

/* Requests that were kept after a failure are popped again. */
static bool scsi_state_loaded(Device *device, GError **error)
{
    VirtioScsi *s = to_virtio_scsi(device);

    if (!sizes_valid(s->sense_size, s->cdb_size)) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                      "state of '%s': the size of sense data or commands is invalid",
                      device->object.name);
        return false;
    }
    scsi_bus_forget(s->bus);
    return true;
}

const TypeInfo virtio_scsi_type = {
    .schema = &qmp_class_virtio_scsi_device,
    .size = sizeof(VirtioScsi),
    .device = &(const DeviceOps){
        .state = scsi_state,
        .state_loaded = scsi_state_loaded,
        .realize = scsi_realize,
        .unrealize = scsi_unrealize,
    },
    .kind = &scsi_virtio_ops,
};
