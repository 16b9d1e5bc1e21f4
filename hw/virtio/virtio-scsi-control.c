/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control queue of virtio-scsi: task management, and asynchronous notifications, which
 * no device here sends.  VIRTIO 1.2 section 5.6.6.2.
 *
 * A request to abort commands is answered when they are done, which may take time; others are
 * handled meanwhile.
 */
#include "config.h"
#include "hw/virtio/virtio-scsi-internal.h"

#include "qmp/bytes.h"
#include "qom/qapi-objects-virtio.h"
#include "qom/qapi-trace.h"

enum { TYPE_TASK_MANAGEMENT = 0, TYPE_QUERY = 1, TYPE_SUBSCRIBE = 2 };

enum {
    ABORT_TASK = 0,
    ABORT_TASK_SET = 1,
    CLEAR_TASK_SET = 3,
    I_T_NEXUS_RESET = 4,
    LOGICAL_UNIT_RESET = 5,
    QUERY_TASK = 6,
    QUERY_TASK_SET = 7,
};

/* Their sizes, and offsets in a request of task management. */
enum {
    TASK_SUBTYPE = 4, TASK_LUN = 8, TASK_TAG = 16, TASK_SIZE = 24,
    NOTIFICATION_SIZE = 16, NOTIFICATION_RESPONSE = 5,
};

typedef struct {
    VirtqElement element;       /* must come first */
    VirtioScsiQueue *queue;
    ScsiTask task;
    guint target, lun;
    guint64 tag;
} Control;

/* ---- Task management ---- */

static void respond(Control *control, guint8 response)
{
    trace_virtio_scsi_tmf_resp(control->queue->scsi, control->target, control->lun, control->tag,
                               response);
    virtq_write(&control->element, 0, &response, 1);
    virtio_scsi_push(control->queue, &control->element, 1);
}

static void task_done(ScsiTask *task)
{
    respond(container_of(task, Control, task), VIRTIO_SCSI_S_OK);
}

static void respond_query(Control *control, const guint64 *tag)
{
    bool any = scsi_executes(control->queue->scsi->bus, control->target, control->lun, tag);

    respond(control, any ? VIRTIO_SCSI_S_FUNCTION_SUCCEEDED : VIRTIO_SCSI_S_OK);
}

static void manage_unit(Control *control, guint32 subtype)
{
    ScsiBus *bus = control->queue->scsi->bus;
    guint target = control->target, lun = control->lun;

    switch (subtype) {
    case ABORT_TASK:
        scsi_abort(bus, target, lun, &control->tag, &control->task);
        break;
    case ABORT_TASK_SET:
    case CLEAR_TASK_SET:
        scsi_abort(bus, target, lun, NULL, &control->task);
        break;
    case LOGICAL_UNIT_RESET:
        scsi_reset(bus, target, &lun, &control->task);
        break;
    case QUERY_TASK:
        respond_query(control, &control->tag);
        break;
    case QUERY_TASK_SET:
        respond_query(control, NULL);
        break;
    default:
        respond(control, VIRTIO_SCSI_S_FUNCTION_REJECTED);
        break;
    }
}

static void manage(Control *control, bool valid, guint32 subtype)
{
    ScsiBus *bus = control->queue->scsi->bus;
    ScsiLookup found = valid ? scsi_lookup(bus, control->target, control->lun)
                             : SCSI_NO_SUCH_TARGET;

    control->task.done = task_done;
    if (found == SCSI_NO_SUCH_TARGET) {
        respond(control, VIRTIO_SCSI_S_BAD_TARGET);
    } else if (subtype == I_T_NEXUS_RESET) {
        scsi_reset(bus, control->target, NULL, &control->task);
    } else if (found == SCSI_NO_LUN) {
        respond(control, VIRTIO_SCSI_S_INCORRECT_LUN);
    } else {
        manage_unit(control, subtype);
    }
}

static void handle_task_management(Control *control)
{
    guint8 data[TASK_SIZE];
    bool valid;

    if (virtq_read(&control->element, 0, data, sizeof(data)) < sizeof(data) ||
        !control->element.in_size) {
        virtio_broken(&control->queue->scsi->virtio, "a request of task management is too short");
        return;
    }
    valid = virtio_scsi_address(data + TASK_LUN, &control->target, &control->lun);
    control->tag = get_le64(data + TASK_TAG);
    trace_virtio_scsi_tmf_req(control->queue->scsi, control->target, control->lun, control->tag,
                              get_le32(data + TASK_SUBTYPE));
    manage(control, valid, get_le32(data + TASK_SUBTYPE));
}

/* ---- Notifications ---- */

/* No event is reported in this way: none of those asked for. */
static void handle_notification(Control *control)
{
    const guint8 response[NOTIFICATION_RESPONSE] = { 0 };

    if (control->element.out_size < NOTIFICATION_SIZE ||
        control->element.in_size < sizeof(response)) {
        virtio_broken(&control->queue->scsi->virtio, "a request of notifications is too short");
        return;
    }
    virtq_write(&control->element, 0, response, sizeof(response));
    virtio_scsi_push(control->queue, &control->element, sizeof(response));
}

/* ---- Queue ---- */

static void handle_control(VirtioScsiQueue *queue, Control *control)
{
    guint8 type[4];

    control->queue = queue;
    if (virtq_read(&control->element, 0, type, sizeof(type)) < sizeof(type)) {
        virtio_broken(&queue->scsi->virtio, "a request of the control queue has no type");
        return;
    }
    switch (get_le32(type)) {
    case TYPE_TASK_MANAGEMENT:
        handle_task_management(control);
        break;
    case TYPE_QUERY:
    case TYPE_SUBSCRIBE:
        handle_notification(control);
        break;
    default:
        virtio_broken(&queue->scsi->virtio, "a request of the control queue has no valid type");
        break;
    }
}

static void handle_queue(VirtioDevice *dev, VirtQueue *vq)
{
    VirtioScsi *s = to_virtio_scsi(dev);
    Control *control;

    do {
        virtqueue_set_notification(vq, false);
        while ((control = virtqueue_pop(vq))) {
            handle_control(&s->queues[VIRTIO_SCSI_CONTROL_QUEUE], control);
        }
    } while (virtqueue_set_notification(vq, true));
}

void virtio_scsi_add_control_queue(VirtioScsi *s)
{
    virtio_scsi_add_queue(s, VIRTIO_SCSI_CONTROL_QUEUE, sizeof(Control), handle_queue);
}
