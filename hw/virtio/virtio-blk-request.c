/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests of virtio-blk.  VIRTIO 1.2 section 5.2.6.
 *
 * A request is a header of 16 bytes that the device reads, data, and a status
 * byte that it writes, split into buffers in any way.  The data's vectors are
 * used in place: the header is cut off the front, the status off the end.
 *
 * All functions run on the queue's AioContext, without the machine lock.
 */
#include "config.h"
#include "hw/virtio/virtio-blk-internal.h"

#include <string.h>

#include "qom/qapi-objects-virtio-blk.h"
#include "qom/qapi-trace.h"

/* Requests that are started before other handlers of the loop have their turn. */
enum { BUDGET = 256 };

/* Section 5.2.6: the header; and the segment of discard and write zeroes. */
typedef struct {
    guint32 type;
    guint32 reserved;
    guint64 sector;
} Header;

typedef struct {
    guint64 sector;
    guint32 n_sectors;
    guint32 flags;
} Segment;

enum { SEGMENT_UNMAP = 1 };

typedef struct {
    VirtqElement element;       /* must come first */
    BlockFrontRequest front;
    VirtioBlkQueue *queue;
    guint8 *status;             /* in guest memory */
    struct iovec *last;         /* the vector from which the status was cut */
} Request;

/* ---- Completion ---- */

static void notify(AioTask *task)
{
    VirtioBlkQueue *queue = (VirtioBlkQueue *)((char *)task -
                                               G_STRUCT_OFFSET(VirtioBlkQueue, notify));

    virtqueue_notify(queue->queue);
}

static void complete(Request *request, guint8 status)
{
    VirtioBlkQueue *queue = request->queue;

    trace_virtio_blk_req_complete(queue->blk, virtqueue_index(queue->queue),
                                  request->element.head, status);
    request->last->iov_len++;
    *request->status = status;
    virtqueue_push(queue->queue, &request->element, request->element.in_size);
    aio_schedule(queue->lane->aio, &queue->notify);
}

static void front_done(BlockFrontRequest *front, int error)
{
    Request *request = (Request *)((char *)front - G_STRUCT_OFFSET(Request, front));

    complete(request, error ? VIRTIO_BLK_S_IOERR : VIRTIO_BLK_S_OK);
}

static void submit(Request *request, BlockOp op, guint flags, guint64 sector, guint64 bytes)
{
    BlockRequest *block = &request->front.block;

    block->op = op;
    block->flags = flags;
    block->offset = sector * BLOCK_SECTOR_SIZE;
    block->bytes = bytes;
    request->front.done = front_done;
    block_lane_submit(request->queue->lane, &request->front);
}

/* ---- Parts of a request ---- */

/* Cuts the status byte off the last vector; there is at least one. */
static void take_status(Request *request)
{
    VirtqElement *element = &request->element;

    request->last = &element->iov[element->n_out + element->n_in - 1];
    request->last->iov_len--;
    request->status = (guint8 *)request->last->iov_base + request->last->iov_len;
}

/* The vectors of a read's data. */
static void in_vectors(Request *request)
{
    const VirtqElement *element = &request->element;

    request->front.block.iov = element->iov + element->n_out;
    request->front.block.n_iov = element->n_in - (request->last->iov_len == 0);
}

/* The vectors of a write's data, after the header. */
static void out_vectors(Request *request)
{
    struct iovec *iov = request->element.iov;
    guint n = request->element.n_out;
    gsize skip = sizeof(Header);

    while (n && skip >= iov->iov_len) {
        skip -= iov->iov_len;
        iov++;
        n--;
    }
    if (n) {
        iov->iov_base = (char *)iov->iov_base + skip;
        iov->iov_len -= skip;
    }
    request->front.block.iov = iov;
    request->front.block.n_iov = n;
}

/* Whether sectors from `sector` are a range of the disk, in whole blocks. */
static bool check_range(const VirtioBlk *s, guint64 sector, guint64 bytes)
{
    guint64 size = block_node_size(s->front.config.node);
    guint64 sectors = size / BLOCK_SECTOR_SIZE, n = bytes / BLOCK_SECTOR_SIZE;

    return bytes % s->block_size == 0 && sector <= sectors && n <= sectors - sector &&
           sector * BLOCK_SECTOR_SIZE % s->block_size == 0;
}

static bool valid(Request *request, BlockOp op, guint64 sector, guint64 bytes)
{
    VirtioBlk *s = request->queue->blk;

    if (!check_range(s, sector, bytes) ||
        (op != BLOCK_OP_READ && s->front.config.node->read_only)) {
        block_lane_note_invalid(request->queue->lane, op);
        complete(request, VIRTIO_BLK_S_IOERR);
        return false;
    }
    return true;
}

/* ---- Kinds of requests ---- */

static void handle_read(Request *request, guint64 sector)
{
    guint64 bytes = request->element.in_size - 1;

    trace_virtio_blk_handle_read(request->queue->blk, virtqueue_index(request->queue->queue),
                                 request->element.head, sector, bytes);
    if (valid(request, BLOCK_OP_READ, sector, bytes)) {
        in_vectors(request);
        submit(request, BLOCK_OP_READ, 0, sector, bytes);
    }
}

static void handle_write(Request *request, guint64 sector)
{
    guint64 bytes = request->element.out_size - sizeof(Header);

    trace_virtio_blk_handle_write(request->queue->blk, virtqueue_index(request->queue->queue),
                                  request->element.head, sector, bytes);
    if (valid(request, BLOCK_OP_WRITE, sector, bytes)) {
        out_vectors(request);
        submit(request, BLOCK_OP_WRITE, 0, sector, bytes);
    }
}

static void handle_get_id(Request *request)
{
    const char *serial = virtio_blk_device_props(request->queue->blk)->serial;
    char id[VIRTIO_BLK_ID_BYTES] = "";

    if (serial) {
        memcpy(id, serial, MIN(strlen(serial), sizeof(id)));
    }
    virtq_write(&request->element, 0, id, MIN(sizeof(id), request->element.in_size - 1));
    complete(request, VIRTIO_BLK_S_OK);
}

/* The one segment that the configuration allows. */
static void handle_segment(Request *request, BlockOp op, guint32 max_sectors)
{
    Segment segment;
    guint32 flags;
    guint64 sector, bytes;

    if (request->element.out_size != sizeof(Header) + sizeof(segment)) {
        complete(request, VIRTIO_BLK_S_UNSUPP);
        return;
    }
    virtq_read(&request->element, sizeof(Header), &segment, sizeof(segment));
    flags = GUINT32_FROM_LE(segment.flags);
    sector = GUINT64_FROM_LE(segment.sector);
    bytes = (guint64)GUINT32_FROM_LE(segment.n_sectors) * BLOCK_SECTOR_SIZE;
    if (flags & ~(op == BLOCK_OP_WRITE_ZEROES ? SEGMENT_UNMAP : 0)) {
        complete(request, VIRTIO_BLK_S_UNSUPP);
        return;
    }
    if (bytes / BLOCK_SECTOR_SIZE > max_sectors) {
        complete(request, VIRTIO_BLK_S_IOERR);
        return;
    }
    if (valid(request, op, sector, bytes)) {
        submit(request, op, flags & SEGMENT_UNMAP ? BLOCK_MAY_UNMAP : 0, sector, bytes);
    }
}

static void dispatch(Request *request, const Header *header)
{
    VirtioBlk *s = request->queue->blk;
    const VirtioBlkDeviceProps *props = virtio_blk_device_props(s);
    guint64 sector = GUINT64_FROM_LE(header->sector);
    guint32 type = GUINT32_FROM_LE(header->type);

    trace_virtio_blk_request(s, virtqueue_index(request->queue->queue), request->element.head,
                             type, request->element.out_size, request->element.in_size);
    switch (type) {
    case VIRTIO_BLK_T_IN:
        handle_read(request, sector);
        return;
    case VIRTIO_BLK_T_OUT:
        handle_write(request, sector);
        return;
    case VIRTIO_BLK_T_FLUSH:
        submit(request, BLOCK_OP_FLUSH, 0, 0, 0);
        return;
    case VIRTIO_BLK_T_GET_ID:
        handle_get_id(request);
        return;
    case VIRTIO_BLK_T_DISCARD:
        if (virtio_has_feature(&s->virtio, VIRTIO_BLK_F_DISCARD)) {
            handle_segment(request, BLOCK_OP_DISCARD, props->max_discard_sectors);
            return;
        }
        break;
    case VIRTIO_BLK_T_WRITE_ZEROES:
        if (virtio_has_feature(&s->virtio, VIRTIO_BLK_F_WRITE_ZEROES)) {
            handle_segment(request, BLOCK_OP_WRITE_ZEROES, props->max_write_zeroes_sectors);
            return;
        }
        break;
    }
    complete(request, VIRTIO_BLK_S_UNSUPP);
}

/* ---- Queues ---- */

static void handle_request(VirtioBlkQueue *queue, Request *request)
{
    Header header;

    if (virtq_read(&request->element, 0, &header, sizeof(header)) < sizeof(header)) {
        virtio_broken(&queue->blk->virtio, "a request of a disk has no header");
        return;
    }
    if (!request->element.in_size) {
        virtio_broken(&queue->blk->virtio, "a request of a disk has no room for its status");
        return;
    }
    request->queue = queue;
    take_status(request);
    dispatch(request, &header);
}

static void handle_queue(VirtioDevice *dev, VirtQueue *vq)
{
    VirtioBlkQueue *queue = &to_virtio_blk(dev)->queues[virtqueue_index(vq)];
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

void virtio_blk_add_queues(VirtioBlk *s)
{
    const VirtioBlkDeviceProps *props = virtio_blk_device_props(s);
    g_autofree guint *lanes = virtio_blk_lanes(s);

    s->queues = g_new0(VirtioBlkQueue, props->num_queues);
    for (guint i = 0; i < props->num_queues; i++) {
        VirtQueue *queue = virtio_add_queue(&s->virtio, props->queue_size, handle_queue);
        BlockLane *lane = &s->front.lanes[lanes[i]];

        virtqueue_set_requests(queue, sizeof(Request));
        virtio_queue_set_aio(queue, lane->aio);
        s->queues[i] = (VirtioBlkQueue){
            .blk = s, .queue = queue, .lane = lane, .notify.run = notify,
        };
    }
}
