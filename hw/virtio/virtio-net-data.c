/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames between the queues of a virtio-net-device and its backend.  VIRTIO 1.2
 * sections 5.1.6.2 (transmission) and 5.1.6.3 (reception).
 *
 * Frames that the backend does not take now stay popped, at most one batch, and
 * the driver is not asked to notify until they were sent.  Frames for which the
 * guest has no buffers stay with the backend.
 */
#include "config.h"
#include "hw/virtio/virtio-net.h"
#include "qom/qapi-trace.h"

#include <string.h>

/* Batches that one pair sends before others get the loop. */
enum { TX_ROUNDS = 4 };

/* The header in wire byte order. */
static NetHdr swap(const NetHdr *h)
{
    return (NetHdr){
        .flags = h->flags, .gso_type = h->gso_type, .hdr_len = GUINT16_TO_LE(h->hdr_len),
        .gso_size = GUINT16_TO_LE(h->gso_size), .csum_start = GUINT16_TO_LE(h->csum_start),
        .csum_offset = GUINT16_TO_LE(h->csum_offset), .n_buffers = GUINT16_TO_LE(h->n_buffers),
    };
}

/* ---- Reception ---- */

static void unpop_all(NetPair *pair, guint n)
{
    while (n-- > 0) {
        virtqueue_unpop(pair->rx, pair->rx_elements[n]);
    }
}

/* Pops the next chain; without one, asks the driver to notify.  That happens
 * while the previous chains are still popped, so that they do not count as new
 * ones. */
static VirtqElement *pop_or_ask(NetPair *pair)
{
    VirtqElement *element = virtqueue_pop(pair->rx);

    while (!element && virtqueue_set_notification(pair->rx, true)) {
        virtqueue_set_notification(pair->rx, false);
        element = virtqueue_pop(pair->rx);
    }
    return element;
}

/* Pops chains until they have room for size bytes (one, without mergeable
 * buffers); returns their number, 0 if there are not enough: then the driver
 * will notify. */
static guint pop_room(NetPair *pair, gsize size, gsize *ret_room)
{
    bool mergeable = virtio_has_feature(&pair->net->parent, VIRTIO_NET_F_MRG_RXBUF);
    VirtqElement *element;
    gsize room = 0;
    guint n = 0;

    do {
        element = pop_or_ask(pair);
        if (!element) {
            unpop_all(pair, n);
            return 0;
        }
        pair->rx_elements[n++] = element;
        room += element->in_size;
    } while (room < size && mergeable && element->in_size);
    *ret_room = room;
    return n;
}

/* Copies header and frame into n chains. */
static void scatter(NetPair *pair, const NetFrame *frame, guint n)
{
    NetHdr hdr = frame->hdr ? *frame->hdr : (NetHdr){ 0 };
    gsize offset = virtio_net_header(pair->net);
    guint e = 0;

    hdr.n_buffers = n;
    hdr = swap(&hdr);
    virtq_write(pair->rx_elements[0], 0, &hdr, offset);
    for (guint i = 0; i < frame->n_iov; i++) {
        const guint8 *p = frame->iov[i].iov_base;
        gsize left = frame->iov[i].iov_len;

        while (left && e < n) {
            gsize done = virtq_write(pair->rx_elements[e], offset, p, left);

            p += done;
            left -= done;
            offset += done;
            if (left) {
                pair->rx_written[e++] = offset;
                offset = 0;
            }
        }
    }
    if (e < n) {
        pair->rx_written[e] = offset;
    }
}

/* False: the driver has no buffers for it. */
static bool receive_one(NetPair *pair, const NetFrame *frame)
{
    gsize header = virtio_net_header(pair->net), size = header + frame->size, room = 0;
    guint n = pop_room(pair, size, &room);

    trace_virtio_net_receive(pair->net, pair - pair->net->pairs, frame->size, n);
    if (!n) {
        return false;
    }
    if (pair->rx_elements[0]->in_size < header ||
        (n > 1 && !pair->rx_elements[n - 1]->in_size)) {
        virtio_broken(&pair->net->parent, "a receive buffer has no room for a header");
        unpop_all(pair, n);
        return false;
    }
    if (room < size) {
        unpop_all(pair, n);     /* a frame that does not fit is lost */
        return true;
    }
    scatter(pair, frame, n);
    virtqueue_push_all(pair->rx, pair->rx_elements, pair->rx_written, n);
    return true;
}

static guint receive(void *opaque, guint queue, const NetFrame *frames, guint n)
{
    VirtioNet *s = opaque;
    NetPair *pair = &s->pairs[queue];
    guint i;

    if (!s->running) {
        return 0;
    }
    if (queue >= s->used_pairs) {
        return n;
    }
    for (i = 0; i < n; i++) {
        if (virtio_net_wants(s, &frames[i]) && !receive_one(pair, &frames[i])) {
            break;
        }
    }
    virtqueue_notify(pair->rx);
    return i;
}

void virtio_net_handle_rx(NetPair *pair)
{
    VirtioNet *s = pair->net;

    virtqueue_set_notification(pair->rx, false);
    nic_ready(s->nic, pair - s->pairs);
}

/* ---- Transmission ---- */

/* The pieces of a chain after the header, which is cut off in place. */
static void skip_header(NetTx *tx, gsize left)
{
    tx->iov = tx->element.iov;
    tx->n_iov = tx->element.n_out;
    while (left >= tx->iov->iov_len && tx->n_iov > 1) {
        left -= tx->iov->iov_len;
        tx->iov++;
        tx->n_iov--;
    }
    tx->iov->iov_base = (guint8 *)tx->iov->iov_base + left;
    tx->iov->iov_len -= left;
}

/* False: the driver broke the rules. */
static bool read_frame(VirtioNet *s, NetTx *tx)
{
    gsize size = tx->element.out_size, header = virtio_net_header(s);
    NetHdr hdr = { 0 };

    if (virtq_read(&tx->element, 0, &hdr, header) < header) {
        virtio_broken(&s->parent, "a frame without header");
        return false;
    }
    tx->hdr = swap(&hdr);
    tx->size = size - header <= NET_FRAME_MAX ? size - header : 0;
    skip_header(tx, header);
    return true;
}

/* Fills pending; false: the device is broken. */
static bool pop_batch(NetPair *pair)
{
    while (pair->n_pending < NET_BATCH) {
        NetTx *tx = virtqueue_pop(pair->tx);

        if (!tx) {
            return true;
        }
        if (!read_frame(pair->net, tx)) {
            virtqueue_unpop(pair->tx, &tx->element);
            return false;
        }
        trace_virtio_net_transmit(pair->net, pair - pair->net->pairs, tx->size);
        pair->pending[pair->n_pending++] = tx;
    }
    return true;
}

/* Copies a frame of more pieces than backends take into one. */
static void make_linear(NetPair *pair, NetTx *tx, struct iovec *ret_iov)
{
    const NetFrame frame = { .iov = tx->iov, .n_iov = tx->n_iov, .size = tx->size };

    if (!pair->bounce) {
        pair->bounce = g_malloc(NET_FRAME_MAX);
    }
    *ret_iov = (struct iovec){ pair->bounce, net_frame_copy(&frame, pair->bounce, tx->size) };
}

/* Collects the frames of pending from `first` on; one that needs the bounce
 * buffer ends the batch, and so does a chain without a frame.  Returns their
 * number. */
static guint gather(NetPair *pair, guint first, NetFrame *frames, struct iovec *linear)
{
    bool vnet = nic_has_vnet(pair->net->nic);
    guint n = 0;

    for (guint i = first; i < pair->n_pending && pair->pending[i]->size; i++) {
        NetTx *tx = pair->pending[i];
        NetFrame *frame = &frames[n++];

        *frame = (NetFrame){ .iov = tx->iov, .n_iov = tx->n_iov, .size = tx->size,
                             .hdr = vnet ? &tx->hdr : NULL };
        if (tx->n_iov > NET_IOV_MAX) {
            make_linear(pair, tx, linear);
            frame->iov = linear;
            frame->n_iov = 1;
            break;
        }
    }
    return n;
}

/* Returns the first n of pending to the driver. */
static void give_back(NetPair *pair, guint n)
{
    static const guint32 written[NET_BATCH];
    VirtqElement *elements[NET_BATCH];

    for (guint i = 0; i < n; i++) {
        elements[i] = &pair->pending[i]->element;
    }
    virtqueue_push_all(pair->tx, elements, written, n);
    virtqueue_notify(pair->tx);
    pair->n_pending -= n;
    memmove(pair->pending, pair->pending + n, pair->n_pending * sizeof(pair->pending[0]));
}

/* Sends what is pending; false: the backend is full. */
static bool send_batch(NetPair *pair)
{
    NetFrame frames[NET_BATCH];
    struct iovec linear;
    guint sent = 0;

    while (sent < pair->n_pending && !pair->blocked) {
        guint n = gather(pair, sent, frames, &linear);
        guint taken = n ? nic_send(pair->net->nic, pair - pair->net->pairs, frames, n) : 0;

        pair->blocked = taken < n;
        sent += n ? taken : 1;          /* without a frame there is nothing to send */
    }
    if (sent) {
        give_back(pair, sent);
    }
    return !pair->blocked;
}

static void go_on_later(NetPair *pair)
{
    if (!pair->again_queued) {
        pair->again_queued = true;
        aio_delay(pair->net->parent.aio, &pair->again, 1);
    }
}

/* While this runs, and while it will continue by itself, the driver need not
 * notify. */
static void transmit(NetPair *pair)
{
    virtqueue_set_notification(pair->tx, false);
    for (guint i = 0; i < TX_ROUNDS; i++) {
        if (!pop_batch(pair) || !send_batch(pair)) {
            return;
        }
        if (virtqueue_empty(pair->tx) && !virtqueue_set_notification(pair->tx, true)) {
            return;
        }
        virtqueue_set_notification(pair->tx, false);
    }
    go_on_later(pair);
}

void virtio_net_handle_tx(NetPair *pair)
{
    VirtioNet *s = pair->net;

    /* The driver must not use further pairs before it has enabled them. */
    if (s->running && !pair->blocked && pair < s->pairs + s->used_pairs) {
        transmit(pair);
    }
}

static void writable(void *opaque, guint queue)
{
    VirtioNet *s = opaque;
    if (queue < s->max_pairs) {
        s->pairs[queue].blocked = false;
        virtio_net_handle_tx(&s->pairs[queue]);
    }
}

static void on_again(AioRequest *request, int result)
{
    NetPair *pair = (NetPair *)((guint8 *)request - offsetof(NetPair, again));
    VirtioNet *s = pair->net;

    pair->again_queued = false;
    nic_lock(s->nic);
    virtio_net_handle_tx(pair);
    nic_unlock(s->nic);
}

static bool is_cancelled(void *opaque)
{
    return !((NetPair *)opaque)->again_queued;
}

void virtio_net_cancel(NetPair *pair)
{
    if (pair->again_queued) {
        aio_wait(pair->net->parent.aio, is_cancelled, pair);
    }
}

void virtio_net_init_pair(VirtioNet *s, NetPair *pair)
{
    pair->net = s;
    pair->again.done = on_again;
}

/* ---- Link ---- */

static void link_changed(void *opaque)
{
    VirtioNet *s = opaque;

    if (virtio_has_feature(&s->parent, VIRTIO_NET_F_STATUS)) {
        virtio_config_changed(&s->parent);
    }
}

const NicOps virtio_net_nic_ops = {
    .receive = receive,
    .writable = writable,
    .link_changed = link_changed,
    .rx_filter = virtio_net_rx_filter,
};
