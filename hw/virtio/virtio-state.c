/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of class virtio-device: status, features, queues.
 *
 * A chain that is out (popped, but not pushed) is saved as its head.  After loading,
 * virtqueue_pop() returns those first, in the order in which they were popped, so that
 * a device need not save popped requests but starts them again.
 */
#include "config.h"
#include "hw/virtio/virtio-internal.h"

#include "qmp/error.h"
#include "qom/qapi-objects-virtio.h"

static const StateRow out_rows[] = {
    STATE_FIELD(U16, VirtqOut, head, 0),
    STATE_FIELD(U16, VirtqOut, position, 0),
    STATE_ROWS_END
};

enum { QUEUE_MAX = 32768 };

/* They are reset by the device. */
static const StateRow queue_rows[] = {
    STATE_FIELD_KEEP(U16, VirtQueue, num),
    STATE_ARRAY_KEEP(U64, VirtQueue, area),
    STATE_FIELD_KEEP(BOOL, VirtQueue, enabled),
    STATE_FIELD_KEEP(U16, VirtQueue, last_avail),
    STATE_FIELD_KEEP(U16, VirtQueue, next_used),
    STATE_FIELD_KEEP(U16, VirtQueue, signalled_used),
    STATE_FIELD_KEEP(BOOL, VirtQueue, signalled),
    STATE_FIELD_KEEP(BOOL, VirtQueue, notification),
    { .name = "out", .kind = STATE_GROUP, .shape = STATE_LIST, .flags = STATE_KEEP | STATE_ARRAYED,
      .offset = offsetof(VirtQueue, saved), .count = QUEUE_MAX, .stride = sizeof(VirtqOut),
      .number = offsetof(VirtQueue, n_saved), .rows = out_rows },
    STATE_ROWS_END
};

const StateRow virtio_state[] = {
    STATE_FIELD_KEEP(U32, VirtioDevice, status),
    STATE_FIELD_KEEP(BOOL, VirtioDevice, legacy),
    STATE_FIELD_KEEP(BOOL, VirtioDevice, early),
    STATE_FIELD_KEEP(BOOL, VirtioDevice, has_run),
    STATE_FIELD_KEEP(U32, VirtioDevice, broken),
    STATE_FIELD_KEEP(U64, VirtioDevice, accepted),
    STATE_FIELD_KEEP(U64, VirtioDevice, features),
    STATE_FIELD_KEEP(U32, VirtioDevice, generation),
    { .name = "queues", .kind = STATE_GROUP, .shape = STATE_POINTERS,
      .flags = STATE_KEEP | STATE_ARRAYED, .offset = offsetof(VirtioDevice, queues),
      .number = offsetof(VirtioDevice, n_queues), .stride = sizeof(void *), .rows = queue_rows },
    STATE_ROWS_END
};

void virtio_state_saving(Device *device)
{
    VirtioDevice *dev = to_virtio_device(device);

    for (guint i = 0; i < dev->n_queues; i++) {
        virtqueue_list_out(dev->queues[i]);
    }
}

static bool refuse(const VirtioDevice *dev, const char *why, GError **error)
{
    qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "state of '%s': %s", dev->device.object.name,
                  why);
    return false;
}

static bool check_status(VirtioDevice *dev, GError **error)
{
    guint64 offered = virtio_features(dev) | virtio_legacy_features(dev);

    if (dev->status & ~0xff || dev->broken & ~1) {
        return refuse(dev, "the status is invalid", error);
    }
    if (dev->features & ~offered) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                      "state of '%s': the driver uses features 0x%" G_GINT64_MODIFIER
                      "x, which the device does not offer here", dev->device.object.name,
                      dev->features & ~offered);
        return false;
    }
    return true;
}

/* The device does not run, so nothing else uses its queues.  The rings of a broken one
 * may be at invalid addresses. */
bool virtio_state_loaded(Device *device, GError **error)
{
    VirtioDevice *dev = to_virtio_device(device);

    if (!check_status(dev, error)) {
        return false;
    }
    dev->config_valid = false;
    for (guint i = 0; i < dev->n_queues; i++) {
        VirtQueue *queue = dev->queues[i];
        bool enabled = queue->enabled;
        const char *wrong = virtqueue_loaded(queue, dev->machine->memory);

        if (wrong && !dev->broken) {
            return refuse(dev, wrong, error);
        }
        queue->enabled = enabled;       /* queues of a broken device are not used */
    }
    return true;
}
