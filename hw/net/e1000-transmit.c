/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * e1000: frames from the transmit ring.  SDM sections 3.3 to 3.5: legacy
 * descriptors, contexts, data descriptors, segmentation.
 *
 * The ring is processed in steps: each reads (a part of) one descriptor, or passes
 * one frame to the backend.  The state between steps is in E1000Tx, so that a turn
 * can end after any step: when the backend is full, or when others must get the
 * loop, whatever the driver wrote into its ring.  Descriptors are written back
 * immediately (no thresholds), TXD_LOW is never raised, and frames marked as
 * having a check sequence (IFCS clear) are sent unchanged.
 */
#include "config.h"
#include "hw/net/e1000.h"
#include "qom/guest-error.h"
#include "qom/qapi-trace.h"

#include <string.h>

/* The work of a turn, in bytes; a step has a cost besides the bytes that it moves. */
enum { TURN_BUDGET = 512 * 1024, STEP_COST = 512 };

typedef struct {
    guint64 addr;
    guint32 lower, upper;       /* the third and fourth dword */
} TxDescriptor;

/* ---- The ring ---- */

static guint ring_size(const E1000 *s)
{
    return s->tdlen / TXD_SIZE;
}

static guint64 descriptor_address(const E1000 *s)
{
    return ((guint64)s->tdbah << 32 | s->tdbal) + s->tdh * TXD_SIZE;
}

/* Nothing is sent while a pointer is beyond the ring. */
static bool has_descriptors(const E1000 *s)
{
    return s->tctl & TCTL_EN && s->tdh < ring_size(s) && s->tdt < ring_size(s) &&
           s->tdh != s->tdt;
}

static bool read_descriptor(E1000 *s, TxDescriptor *ret)
{
    guint8 d[TXD_SIZE];

    if (!pci_dma_read(&s->parent, descriptor_address(s), d, sizeof(d))) {
        device_guest_error(&s->parent.device, "a descriptor of the transmit ring cannot be read");
        return false;
    }
    ret->addr = pci_get_long(d) | (guint64)pci_get_long(d + 4) << 32;
    ret->lower = pci_get_long(d + 8);
    ret->upper = pci_get_long(d + 12);
    return true;
}

/* 3.3.3.2 and 3.4: it was read completely. */
static void finish_descriptor(E1000 *s, const TxDescriptor *d)
{
    guint8 status = TXD_DD | (d->upper & 0xe);

    if (d->lower & TXD_RS) {
        pci_dma_write(&s->parent, descriptor_address(s) + TXD_STATUS, &status, 1);
        e1000_note(s, d->lower & TXD_IDE ? E1000_EVENT_TX : ICR_TXDW);
    }
    s->tx.done = 0;
    s->tdh = s->tdh + 1 < ring_size(s) ? s->tdh + 1 : 0;
    if (s->tdh == s->tdt) {
        e1000_note(s, ICR_TXQE);
    }
}

/* ---- Frames ---- */

static void count_frame(E1000 *s, const guint8 *frame, gsize size)
{
    static const guint8 broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

    e1000_count(s, STAT_TPT, 1);
    e1000_count(s, STAT_GPTC, 1);
    e1000_count_size(s, STAT_PTC64, size);
    e1000_count_octets(s, STAT_TOTL, size);
    e1000_count_octets(s, STAT_GOTCL, size);
    if (size >= 6 && memcmp(frame, broadcast, 6) == 0) {
        e1000_count(s, STAT_BPTC, 1);
    } else if (frame[0] & 1) {
        e1000_count(s, STAT_MPTC, 1);
    }
}

static void forget_frame(E1000Tx *tx)
{
    tx->size = tx->segment = 0;
    tx->started = tx->segmenting = tx->bad = tx->ready = tx->ended = tx->vlan = false;
}

/* After a segment, the next one begins with the same header. */
static void next_segment(E1000Tx *tx)
{
    memcpy(tx->data, tx->header, tx->context.hdrlen);
    tx->size = tx->context.hdrlen;
    tx->segment++;
    tx->ready = false;
}

/* False: the backend is full. */
static bool hand_over(E1000 *s)
{
    E1000Tx *tx = &s->tx;
    const struct iovec iov = { tx->data, tx->size };
    const NetFrame frame = { .iov = &iov, .n_iov = 1, .size = tx->size };

    if (e1000_loops_back(s)) {
        count_frame(s, tx->data, tx->size + E1000_FCS);         /* receiving changes it */
        if (s->rctl & RCTL_EN && tx->size <= E1000_RX_FRAME_MAX) {
            e1000_receive(s, tx->data, tx->size);
        }
    } else if (!nic_send(s->nic, 0, &frame, 1)) {
        trace_e1000_transmit_frame(s, tx->size, false);
        s->tx_blocked = true;
        return false;
    } else {
        count_frame(s, tx->data, tx->size + E1000_FCS);
    }
    trace_e1000_transmit_frame(s, tx->size, true);
    if (tx->ended) {
        forget_frame(tx);
    } else {
        next_segment(tx);
    }
    return true;
}

/* A frame or segment is complete. */
static void complete(E1000 *s, bool ended)
{
    E1000Tx *tx = &s->tx;
    bool empty = tx->size == (tx->segment ? tx->context.hdrlen : 0u);

    tx->ended = ended;
    if (tx->bad || empty) {
        forget_frame(tx);
        return;
    }
    if (tx->segmenting && tx->segment == 0) {
        memcpy(tx->header, tx->data, tx->context.hdrlen);
        e1000_count(s, STAT_TSCTC, 1);
    }
    e1000_finish_frame(s);
    tx->ready = true;
}

/* ---- Descriptors ---- */

/* 3.3.6 */
static void load_context(E1000Tx *tx, const TxDescriptor *d)
{
    tx->context = (E1000Context){
        .ipcss = d->addr, .ipcso = d->addr >> 8, .ipcse = d->addr >> 16,
        .tucss = d->addr >> 32, .tucso = d->addr >> 40, .tucse = d->addr >> 48,
        .paylen = d->lower & TXD_LENGTH,
        .mss = d->upper >> TXD_SPECIAL_SHIFT,
        .hdrlen = d->upper >> TXD_HDRLEN_SHIFT,
        .ip = d->lower & TXD_TUCMD_IP,
        .tcp = d->lower & TXD_TUCMD_TCP,
    };
}

/* Handles the first descriptor of a frame, 3.3.7. */
static void start_frame(E1000Tx *tx, const TxDescriptor *d)
{
    bool extended = d->lower & TXD_DEXT;

    tx->started = true;
    tx->popts = extended ? d->upper >> TXD_POPTS_SHIFT : 0;
    tx->segmenting = extended && d->lower & TXD_TSE;
    tx->bad = tx->segmenting && !tx->context.mss;
}

/* The maximum size of data. */
static guint32 frame_limit(const E1000Tx *tx)
{
    return tx->segmenting && !tx->bad ? tx->context.hdrlen + tx->context.mss : E1000_TX_FRAME_MAX;
}

/* Reads as much of a buffer as fits; returns the number of bytes.  A frame that
 * is too long for the chip is skipped. */
static guint32 take_bytes(E1000 *s, const TxDescriptor *d, guint32 length)
{
    E1000Tx *tx = &s->tx;
    guint32 left = length > tx->done ? length - tx->done : 0;
    guint32 n = MIN(left, frame_limit(tx) - MIN(tx->size, frame_limit(tx)));

    tx->bad |= !tx->segmenting && n < left;
    if (tx->bad) {
        tx->done += left;
        return 0;
    }
    tx->bad = n && !pci_dma_read(&s->parent, d->addr + tx->done, tx->data + tx->size, n);
    tx->size += n;
    tx->done += n;
    return n;
}

static void note_tag(E1000 *s, const TxDescriptor *d)
{
    if (d->lower & TXD_VLE && s->ctrl & CTRL_VME) {
        s->tx.vlan = true;
        s->tx.vlan_tci = d->upper >> TXD_SPECIAL_SHIFT;
    }
}

/* Reads a part of a frame; returns the number of bytes moved. */
static guint32 take_data(E1000 *s, const TxDescriptor *d)
{
    E1000Tx *tx = &s->tx;
    bool legacy = !(d->lower & TXD_DEXT);
    guint32 length = d->lower & (legacy ? TXD_LENGTH_LEGACY : TXD_LENGTH), n;
    bool whole;

    if (!tx->started) {
        start_frame(tx, d);
    }
    note_tag(s, d);
    n = take_bytes(s, d, length);
    whole = tx->done >= length;
    if (whole && d->lower & TXD_EOP) {
        if (legacy && d->lower & TXD_IC) {
            e1000_legacy_checksum(s, d->upper >> TXD_CSS_SHIFT & 0xff,
                                  d->lower >> TXD_CSO_SHIFT & 0xff);
        }
        complete(s, true);
    } else if (tx->segmenting && !tx->bad && tx->size >= frame_limit(tx)) {
        complete(s, false);
    }
    if (whole) {
        finish_descriptor(s, d);
    }
    return n;
}

/* ---- Turns ---- */

/* One step; subtracts its cost from *budget.  False: there is nothing to do. */
static bool step(E1000 *s, gint *budget)
{
    TxDescriptor d;

    *budget -= STEP_COST;
    if (s->tx.ready) {
        *budget -= s->tx.size;
        return hand_over(s);
    }
    if (!has_descriptors(s) || !read_descriptor(s, &d)) {
        return false;
    }
    if (!(d.lower & TXD_DEXT) || (d.lower & TXD_DTYP) == TXD_DTYP_DATA) {
        *budget -= take_data(s, &d);
        return true;
    }
    if (!(d.lower & TXD_DTYP)) {
        load_context(&s->tx, &d);
    }
    finish_descriptor(s, &d);
    return true;
}

void e1000_transmit(E1000 *s)
{
    gint budget = TURN_BUDGET;

    if (!s->running || s->tx_blocked) {
        return;
    }
    s->tx_wanted = false;
    while (budget > 0 && step(s, &budget)) {
        continue;
    }
    if (budget <= 0) {
        s->tx_wanted = true;
        e1000_kick(s);
    }
}
