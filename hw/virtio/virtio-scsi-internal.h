/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of virtio-scsi share:
 *
 *   virtio-scsi.c          features, configuration, life, state
 *   virtio-scsi-request.c  the request queues
 *   virtio-scsi-control.c  the control queue: task management
 *   virtio-scsi-event.c    the event queue
 *
 * VIRTIO 1.2 section 5.6.
 */
#ifndef HW_VIRTIO_VIRTIO_SCSI_INTERNAL_H
#define HW_VIRTIO_VIRTIO_SCSI_INTERNAL_H

#include "hw/scsi/scsi.h"
#include "hw/virtio/virtio.h"

/* Section 5.6.2: queues. */
enum { VIRTIO_SCSI_CONTROL_QUEUE, VIRTIO_SCSI_EVENT_QUEUE, VIRTIO_SCSI_FIRST_REQUEST_QUEUE };

/* Section 5.6.3: feature bits. */
enum { VIRTIO_SCSI_F_HOTPLUG = 1, VIRTIO_SCSI_F_CHANGE = 2 };

/* Section 5.6.6.1 and 5.6.6.2: responses. */
enum {
    VIRTIO_SCSI_S_OK = 0,               /* of task management: FUNCTION_COMPLETE */
    VIRTIO_SCSI_S_OVERRUN = 1,
    VIRTIO_SCSI_S_ABORTED = 2,
    VIRTIO_SCSI_S_BAD_TARGET = 3,
    VIRTIO_SCSI_S_RESET = 4,
    VIRTIO_SCSI_S_FAILURE = 9,
    VIRTIO_SCSI_S_FUNCTION_SUCCEEDED = 10,
    VIRTIO_SCSI_S_FUNCTION_REJECTED = 11,
    VIRTIO_SCSI_S_INCORRECT_LUN = 12,
};

typedef struct VirtioScsi VirtioScsi;

typedef struct {
    VirtioScsi *scsi;
    VirtQueue *queue;
    AioTask notify;             /* completions of a turn share an interrupt */
} VirtioScsiQueue;

struct VirtioScsi {
    VirtioDevice virtio;
    ScsiBus *bus;
    VirtioScsiQueue *queues;    /* n_queues of the device */
    guint32 sense_size;         /* atomic; bytes of these parts of a request */
    guint32 cdb_size;
    bool events_missed;         /* there was no buffer for one; context's thread */
};

/* An address (section 5.6.6.1); false if it is not one of a unit. */
bool virtio_scsi_address(const guint8 lun[8], guint *ret_target, guint *ret_lun);
void virtio_scsi_put_address(guint8 ret_lun[8], guint target, guint lun);
/* Adds a queue with its notification. */
void virtio_scsi_add_queue(VirtioScsi *s, guint i, gsize request_size,
                           void (*handler)(VirtioDevice *dev, VirtQueue *queue));
/* Returns a chain, and interrupts the driver at the end of the turn. */
void virtio_scsi_push(VirtioScsiQueue *queue, VirtqElement *element, guint32 written);

/* ---- virtio-scsi-request.c ---- */

void virtio_scsi_add_request_queue(VirtioScsi *s, guint i);

/* ---- virtio-scsi-control.c ---- */

void virtio_scsi_add_control_queue(VirtioScsi *s);

/* ---- virtio-scsi-event.c ---- */

void virtio_scsi_add_event_queue(VirtioScsi *s);
extern const ScsiHostOps virtio_scsi_host_ops;

#endif
