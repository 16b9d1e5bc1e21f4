/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The event queue of virtio-scsi: devices that come and go, disks that change.  VIRTIO 1.2
 * section 5.6.6.3.
 *
 * An event goes into a buffer that the driver has provided.  If there is none, the driver is
 * told with the next one that it has missed some, and looks at everything.
 */
#include "config.h"
#include "hw/virtio/virtio-scsi-internal.h"

#include "hw/scsi/scsi-codes.h"
#include "qmp/bytes.h"
#include "qom/qapi-objects-virtio.h"
#include "qom/qapi-trace.h"

enum {
    EVENT_NONE = 0,
    EVENT_TRANSPORT_RESET = 1,
    EVENT_PARAM_CHANGE = 3,
};
#define EVENTS_MISSED 0x80000000u

/* Reasons of EVENT_TRANSPORT_RESET. */
enum { REASON_RESCAN = 1, REASON_REMOVED = 2 };

enum { EVENT_SIZE = 16, EVENT_LUN = 4, EVENT_REASON = 12 };

typedef struct {
    VirtioScsi *s;
    guint target, lun;
    guint32 event, reason;
} Event;

/* ---- On the context ---- */

static void fill(const Event *event, bool missed, guint8 ret_data[EVENT_SIZE])
{
    memset(ret_data, 0, EVENT_SIZE);
    put_le(ret_data, event->event | (missed ? EVENTS_MISSED : 0), 4);
    if (event->event != EVENT_NONE) {
        virtio_scsi_put_address(ret_data + EVENT_LUN, event->target, event->lun);
    }
    put_le(ret_data + EVENT_REASON, event->reason, 4);
}

static void send_event(void *opaque)
{
    const Event *event = opaque;
    VirtioScsi *s = event->s;
    VirtioScsiQueue *queue = &s->queues[VIRTIO_SCSI_EVENT_QUEUE];
    VirtqElement *element = virtqueue_pop(queue->queue);
    guint8 data[EVENT_SIZE];

    if (!element) {
        s->events_missed = true;
        return;
    }
    if (element->in_size < sizeof(data)) {
        virtio_broken(&s->virtio, "a buffer for events is too short");
        return;
    }
    fill(event, s->events_missed, data);
    s->events_missed = false;
    trace_virtio_scsi_event(s, event->target, event->lun, event->event, event->reason);
    virtq_write(element, 0, data, sizeof(data));
    virtio_scsi_push(queue, element, sizeof(data));
}

/* The driver has provided buffers. */
static void handle_queue(VirtioDevice *dev, VirtQueue *queue)
{
    VirtioScsi *s = to_virtio_scsi(dev);

    virtqueue_set_notification(queue, true);
    if (s->events_missed && !virtqueue_empty(queue)) {
        send_event(&(Event){ .s = s, .event = EVENT_NONE });
    }
}

void virtio_scsi_add_event_queue(VirtioScsi *s)
{
    virtio_scsi_add_queue(s, VIRTIO_SCSI_EVENT_QUEUE, sizeof(VirtqElement), handle_queue);
}

/* ---- On the main thread ---- */

/* A driver that has not begun yet looks for devices when it does. */
static void tell(VirtioScsi *s, guint feature, Event event)
{
    event.s = s;
    if (virtio_has_feature(&s->virtio, feature)) {
        aio_run_wait(s->virtio.aio, send_event, &event);
    }
}

static void plugged(void *opaque, guint target, guint lun)
{
    tell(opaque, VIRTIO_SCSI_F_HOTPLUG,
         (Event){ .target = target, .lun = lun, .event = EVENT_TRANSPORT_RESET,
                  .reason = REASON_RESCAN });
}

static void unplugged(void *opaque, guint target, guint lun)
{
    tell(opaque, VIRTIO_SCSI_F_HOTPLUG,
         (Event){ .target = target, .lun = lun, .event = EVENT_TRANSPORT_RESET,
                  .reason = REASON_REMOVED });
}

/* The additional sense code is in the low byte of the reason, its qualifier in the next. */
static void changed(void *opaque, guint target, guint lun, guint32 sense)
{
    tell(opaque, VIRTIO_SCSI_F_CHANGE,
         (Event){ .target = target, .lun = lun, .event = EVENT_PARAM_CHANGE,
                  .reason = (sense >> 8 & 0xff) | (sense & 0xff) << 8 });
}

const ScsiHostOps virtio_scsi_host_ops = {
    .plugged = plugged,
    .unplugged = unplugged,
    .changed = changed,
};
