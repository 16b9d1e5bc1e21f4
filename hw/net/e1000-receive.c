/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * e1000: frames to the receive ring.  SDM sections 3.2.2 to 3.2.7.
 *
 * A frame for which the driver has no descriptors waits with the backend, where
 * the chip has 48 KiB of packet buffer; no frame is lost for lack of room, so
 * MPC stays 0.  The check sequence, which the network does not have, is zero
 * where the driver wants it (SECRC clear).
 */
#include "config.h"
#include "hw/net/e1000.h"
#include "qom/guest-error.h"
#include "qom/qapi-trace.h"

#include <string.h>

enum { ADDRESSES = 12, STANDARD_MAX = 1522 };

/* A frame on its way into the ring. */
typedef struct {
    guint8 *data;
    guint32 size;               /* with check sequence, if that is delivered */
    guint8 status, errors;
    guint16 checksum, special;
} RxFrame;

/* ---- The ring ---- */

static guint ring_size(const E1000 *s)
{
    return s->rdlen / RXD_SIZE;
}

/* The number of descriptors owned by the card; 0 if the head is beyond the ring. */
static guint free_descriptors(const E1000 *s)
{
    guint n = ring_size(s), tail = MIN(s->rdt, n);

    if (s->rdh >= n) {
        return 0;
    }
    return tail >= s->rdh ? tail - s->rdh : n - s->rdh + tail;
}

/* 13.4.22: BSIZE and BSEX. */
static guint32 buffer_size(const E1000 *s)
{
    guint bsize = s->rctl >> RCTL_BSIZE_SHIFT & 3;

    return (s->rctl & RCTL_BSEX && bsize ? 32768 : 2048) >> bsize;
}

/* Fills one descriptor from offset on.  The status comes last: a driver that polls
 * must not see it before the rest.  False: the ring is not in memory. */
static bool fill_descriptor(E1000 *s, const RxFrame *f, guint32 offset, guint32 n)
{
    guint64 at = ((guint64)s->rdbah << 32 | s->rdbal) + s->rdh * RXD_SIZE;
    bool last = offset + n == f->size;
    guint8 d[RXD_SIZE], status = RXD_DD | (last ? RXD_EOP | f->status : 0);
    guint64 buffer;

    if (!pci_dma_read(&s->parent, at, d, sizeof(d))) {
        device_guest_error(&s->parent.device, "a descriptor of the receive ring cannot be read");
        return false;
    }
    buffer = pci_get_long(d) | (guint64)pci_get_long(d + 4) << 32;
    pci_dma_write(&s->parent, buffer, f->data + offset, n);
    pci_set_word(d + RXD_LENGTH, n);
    pci_set_word(d + RXD_CHECKSUM, f->checksum);
    d[RXD_STATUS] = 0;
    d[RXD_ERRORS] = last ? f->errors : 0;
    pci_set_word(d + RXD_SPECIAL, last ? f->special : 0);
    pci_dma_write(&s->parent, at, d, sizeof(d));
    __atomic_thread_fence(__ATOMIC_RELEASE);
    return pci_dma_write(&s->parent, at + RXD_STATUS, &status, 1);
}

static void store(E1000 *s, const RxFrame *f)
{
    guint32 size = buffer_size(s);

    for (guint32 offset = 0; offset < f->size; offset += size) {
        if (!fill_descriptor(s, f, offset, MIN(size, f->size - offset))) {
            return;
        }
        s->rdh = s->rdh + 1 < ring_size(s) ? s->rdh + 1 : 0;
    }
}

/* ---- Frames ---- */

static bool is_too_long(const E1000 *s, gsize size)
{
    return size + E1000_FCS > STANDARD_MAX && (!(s->rctl & RCTL_LPE) || size > E1000_RX_FRAME_MAX);
}

/* Whether there is room for the frame. A frame that exceeds the whole ring
 * needs none: it is dropped. */
static bool has_room(E1000 *s, const RxFrame *f, bool *ret_drop)
{
    guint needed = (f->size + buffer_size(s) - 1) / buffer_size(s);

    *ret_drop = needed >= ring_size(s);
    if (*ret_drop || needed <= free_descriptors(s)) {
        return true;
    }
    if (!s->rx_waits) {
        s->rx_waits = true;
        e1000_count(s, STAT_RNBC, 1);
        e1000_note(s, ICR_RXO);
    }
    return false;
}

static void count_frame(E1000 *s, const guint8 *frame, gsize size)
{
    static const guint8 broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

    e1000_count(s, STAT_TPR, 1);
    e1000_count(s, STAT_GPRC, 1);
    e1000_count_size(s, STAT_PRC64, size);
    e1000_count_octets(s, STAT_TORL, size);
    e1000_count_octets(s, STAT_GORCL, size);
    if (memcmp(frame, broadcast, 6) == 0) {
        e1000_count(s, STAT_BPRC, 1);
    } else if (frame[0] & 1) {
        e1000_count(s, STAT_MPRC, 1);
    }
}

/* Records the event, and by 3.2.7.1.1 and RDMTS that the ring has run low. */
static void note_frame(E1000 *s, const RxFrame *f)
{
    guint threshold = ring_size(s) >> (1 + (s->rctl >> RCTL_RDMTS_SHIFT & 3));

    e1000_note(s, E1000_EVENT_RX);
    if (free_descriptors(s) <= threshold) {
        e1000_note(s, ICR_RXDMT0);
    }
    if (f->size <= s->rsrpd) {
        e1000_note(s, ICR_SRPD);
    }
}

/* CTRL.VME: moves the tag from the frame to the descriptor. */
static void strip_tag(E1000 *s, RxFrame *f)
{
    if (s->ctrl & CTRL_VME && e1000_is_tagged(s, f->data, f->size)) {
        f->special = f->data[ADDRESSES + 2] << 8 | f->data[ADDRESSES + 3];
        f->status |= RXD_VP;
        memmove(f->data + E1000_TAG, f->data, ADDRESSES);
        f->data += E1000_TAG;
        f->size -= E1000_TAG;
    }
}

/* Sets the descriptor's checksum fields: the chip's checks, and the sum of all
 * bytes from PCSS on. */
static void check(E1000 *s, RxFrame *f)
{
    guint8 status;
    guint pcss = MIN(s->rxcsum & RXCSUM_PCSS, f->size);

    e1000_check_sums(s, f->data, f->size, &status, &f->errors);
    f->status |= status;
    f->checksum = ~e1000_fold(e1000_sum(f->data + pcss, f->size - pcss));
}

bool e1000_receive(E1000 *s, guint8 *frame, gsize size)
{
    RxFrame f = { .data = frame, .size = MAX(size, E1000_FRAME_MIN) };
    E1000Match match;
    gsize padded = f.size;
    bool drop;

    if (size < E1000_FRAME_MIN) {
        memset(frame + size, 0, E1000_FRAME_MIN - size);
    }
    match = e1000_wants(s, frame, f.size);
    if (match == E1000_UNWANTED) {
        trace_e1000_receive_frame(s, size, "unwanted");
        return true;
    }
    if (is_too_long(s, f.size)) {
        trace_e1000_receive_frame(s, size, "too-long");
        e1000_count(s, STAT_ROC, 1);
        return true;
    }
    f.status = match == E1000_INEXACT ? RXD_PIF : 0;
    strip_tag(s, &f);
    check(s, &f);
    if (!(s->rctl & RCTL_SECRC)) {
        memset(f.data + f.size, 0, E1000_FCS);
        f.size += E1000_FCS;
    }
    if (!has_room(s, &f, &drop) || drop) {
        trace_e1000_receive_frame(s, size, drop ? "lost" : "waits");
        return drop;
    }
    trace_e1000_receive_frame(s, size, "stored");
    count_frame(s, f.data, padded + E1000_FCS);
    store(s, &f);
    note_frame(s, &f);
    return true;
}

/* ---- The backend ---- */

/* False: it waits. */
static bool receive_one(E1000 *s, const NetFrame *frame)
{
    if (!s->running) {
        s->rx_waits = true;
        return false;
    }
    if (!(s->rctl & RCTL_EN) || !(s->status & STATUS_LU) || e1000_loops_back(s) ||
        frame->size > E1000_RX_FRAME_MAX) {
        return true;            /* lost, as without a card */
    }
    return e1000_receive(s, s->rx_data, net_frame_copy(frame, s->rx_data, E1000_RX_FRAME_MAX));
}

static guint receive(void *opaque, guint queue, const NetFrame *frames, guint n)
{
    E1000 *s = opaque;
    guint i = 0;

    g_mutex_lock(&s->mutex);
    while (i < n && receive_one(s, &frames[i])) {
        i++;
    }
    if (s->events) {
        e1000_kick(s);
    }
    g_mutex_unlock(&s->mutex);
    return i;
}

void e1000_receive_ring_changed(E1000 *s)
{
    if (s->rx_waits) {
        s->rx_waits = false;
        s->rx_room = true;
        e1000_kick(s);
    }
}

static void writable(void *opaque, guint queue)
{
    E1000 *s = opaque;

    g_mutex_lock(&s->mutex);
    s->tx_blocked = false;
    s->tx_wanted = true;
    e1000_kick(s);
    g_mutex_unlock(&s->mutex);
}

static void link_changed(void *opaque)
{
    E1000 *s = opaque;

    g_mutex_lock(&s->mutex);
    e1000_update_link(s);
    g_mutex_unlock(&s->mutex);
}

const NicOps e1000_nic_ops = {
    .receive = receive,
    .writable = writable,
    .link_changed = link_changed,
    .rx_filter = e1000_rx_filter,
};
