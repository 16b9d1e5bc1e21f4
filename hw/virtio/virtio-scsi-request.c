/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The request queues of virtio-scsi.  VIRTIO 1.2 section 5.6.6.1.
 *
 * A request is a header and data that the device reads, then a response and data that it
 * writes, split into buffers in any way.  The data's vectors are used in place: the header is
 * cut off the front of one part, the response off that of the other, which gets it back before
 * the response is written.
 *
 * All functions run on the device's AioContext, without the machine lock.
 */
#include "config.h"
#include "hw/virtio/virtio-scsi-internal.h"

#include <string.h>

#include "hw/scsi/scsi-codes.h"
#include "qmp/bytes.h"
#include "qom/qapi-objects-virtio.h"
#include "qom/qapi-trace.h"

enum {
    BUDGET = 256,               /* requests that are started before others have their turn */
    HEADER_TAG = 8,             /* after the address */
    HEADER_SIZE = 19,           /* without the command */
    RESPONSE_SENSE = 12,        /* bytes before the sense data */
};

typedef struct {
    VirtqElement element;       /* must come first */
    ScsiRequest scsi;
    VirtioScsiQueue *queue;
    guint sense_size;           /* bytes of its response for sense data */
    struct iovec *in;           /* the vector from which the response was cut, */
    gsize in_skip;              /* and how much of it; 0: none */
} Request;

/* ---- Completion ---- */

static guint8 response_of(const ScsiRequest *scsi)
{
    switch (scsi->outcome) {
    case SCSI_DONE:
        return VIRTIO_SCSI_S_OK;
    case SCSI_OVERRUN:
        return VIRTIO_SCSI_S_OVERRUN;
    case SCSI_ABORTED:
        return VIRTIO_SCSI_S_ABORTED;
    case SCSI_RESET:
        return VIRTIO_SCSI_S_RESET;
    default:
        return VIRTIO_SCSI_S_BAD_TARGET;
    }
}

static void uncut_response(Request *request)
{
    if (request->in_skip) {
        request->in->iov_base = (guint8 *)request->in->iov_base - request->in_skip;
        request->in->iov_len += request->in_skip;
    }
}

/* The response's fields: length of the sense data, residual, status qualifier, status,
 * response. */
static void complete(Request *request, guint8 response)
{
    const ScsiRequest *scsi = &request->scsi;
    guint8 data[RESPONSE_SENSE + SCSI_SENSE_SIZE] = { 0 };
    gsize sense = 0;

    uncut_response(request);
    if (response == VIRTIO_SCSI_S_OK) {
        if (scsi->status == SCSI_CHECK_CONDITION) {
            sense = MIN(request->sense_size, SCSI_SENSE_SIZE);
            scsi_sense_data(scsi, data + RESPONSE_SENSE);
        }
        put_le(data, sense, 4);
        put_le(data + 4, scsi->out_size + scsi->in_size - scsi->transferred, 4);
        data[10] = scsi->status;
    }
    data[11] = response;
    virtq_write(&request->element, 0, data, RESPONSE_SENSE + sense);
    trace_virtio_scsi_cmd_resp(request->queue->scsi, scsi->target, scsi->lun, scsi->tag, response,
                               data[10]);
    virtio_scsi_push(request->queue, &request->element,
                     RESPONSE_SENSE + request->sense_size +
                     (scsi->in_size ? scsi->transferred : 0));
}

static void scsi_done(ScsiRequest *scsi)
{
    complete(container_of(scsi, Request, scsi), response_of(scsi));
}

/* ---- Start ---- */

/* Skips bytes of a part of the chain; returns the first vector with data, of which
 * *ret_skip bytes were cut. */
static struct iovec *skip_bytes(struct iovec *iov, guint *n, gsize skip, gsize *ret_skip)
{
    while (*n && skip >= iov->iov_len) {
        skip -= iov->iov_len;
        iov++;
        (*n)--;
    }
    *ret_skip = *n ? skip : 0;
    if (*n) {
        iov->iov_base = (guint8 *)iov->iov_base + skip;
        iov->iov_len -= skip;
    }
    return iov;
}

static void find_data(Request *request, gsize header, gsize response)
{
    VirtqElement *element = &request->element;
    ScsiRequest *scsi = &request->scsi;
    gsize unused;

    scsi->n_out = element->n_out;
    scsi->n_in = element->n_in;
    scsi->out_size = element->out_size - header;
    scsi->in_size = element->in_size - response;
    scsi->out = skip_bytes(element->iov, &scsi->n_out, header, &unused);
    scsi->in = skip_bytes(element->iov + element->n_out, &scsi->n_in, response,
                          &request->in_skip);
    request->in = scsi->in;
}

static void start(Request *request, const guint8 *lun, const guint8 *header)
{
    VirtioScsi *s = request->queue->scsi;
    ScsiRequest *scsi = &request->scsi;
    bool valid = virtio_scsi_address(lun, &scsi->target, &scsi->lun);

    scsi->tag = get_le64(header + HEADER_TAG);
    trace_virtio_scsi_cmd_req(s, scsi->target, scsi->lun, scsi->tag, scsi->cdb[0]);
    if (!valid) {
        complete(request, VIRTIO_SCSI_S_BAD_TARGET);
    } else if (scsi->out_size && scsi->in_size) {
        complete(request, VIRTIO_SCSI_S_FAILURE);
    } else {
        scsi->done = scsi_done;
        scsi_submit(s->bus, scsi);
    }
}

static void handle_request(VirtioScsiQueue *queue, Request *request)
{
    VirtioScsi *s = queue->scsi;
    ScsiRequest *scsi = &request->scsi;
    guint cdb_size = g_atomic_int_get(&s->cdb_size);
    guint8 header[HEADER_SIZE];

    request->queue = queue;
    request->sense_size = g_atomic_int_get(&s->sense_size);
    if (request->element.out_size < HEADER_SIZE + cdb_size ||
        request->element.in_size < RESPONSE_SENSE + request->sense_size) {
        virtio_broken(&s->virtio, "a request is shorter than its header and its response");
        return;
    }
    virtq_read(&request->element, 0, header, sizeof(header));
    memset(scsi->cdb, 0, sizeof(scsi->cdb));
    virtq_read(&request->element, HEADER_SIZE, scsi->cdb, MIN(cdb_size, sizeof(scsi->cdb)));
    scsi->cdb_size = cdb_size;
    scsi->transferred = 0;
    find_data(request, HEADER_SIZE + cdb_size, RESPONSE_SENSE + request->sense_size);
    start(request, header, header);
}

/* ---- Queues ---- */

static void handle_queue(VirtioDevice *dev, VirtQueue *vq)
{
    VirtioScsiQueue *queue = &to_virtio_scsi(dev)->queues[virtqueue_index(vq)];
    guint budget = BUDGET;
    Request *request;

    do {
        virtqueue_set_notification(vq, false);
        while (budget && (request = virtqueue_pop(vq))) {
            handle_request(queue, request);
            budget--;
        }
        if (!budget) {
            virtio_yield(vq);
            return;
        }
    } while (virtqueue_set_notification(vq, true));
}

void virtio_scsi_add_request_queue(VirtioScsi *s, guint i)
{
    virtio_scsi_add_queue(s, i, sizeof(Request), handle_queue);
}
