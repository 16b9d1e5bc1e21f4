/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * e1000: processing of a frame before it is sent.  SDM section 3.5
 * (segmentation; 3.5.7 for what changes from segment to segment), 3.6
 * (checksums), 9.3 (VLANs).
 *
 * Offsets come from the driver and may have any value; bytes beyond the frame
 * are not accessed.
 */
#include "config.h"
#include "hw/net/e1000.h"

#include <string.h>

#include "qmp/bytes.h"

enum { ADDRESSES = 12, TCP_FLAGS = 13, TCP_FIN = 0x01, TCP_PSH = 0x08,
       IPV6_HEADER = 40 };

/* ---- Fields of big-endian words, if they are within the frame ---- */

static guint get16(const E1000Tx *tx, guint at)
{
    return at + 2 <= tx->size ? get_be16(tx->data + at) : 0;
}

static void put16(E1000Tx *tx, guint at, guint16 value)
{
    if (at + 2 <= tx->size) {
        tx->data[at] = value >> 8;
        tx->data[at + 1] = value;
    }
}

static void add32(E1000Tx *tx, guint at, guint32 n)
{
    guint32 value = (get16(tx, at) << 16 | get16(tx, at + 2)) + n;

    put16(tx, at, value >> 16);
    put16(tx, at + 2, value);
}

/* ---- Checksums ---- */

/* end is the last byte's offset, or 0 for the frame's. */
static void put_checksum(E1000Tx *tx, guint start, guint offset, guint end, bool udp)
{
    guint stop = end && end < tx->size ? end + 1 : tx->size;
    guint16 value;

    if (start >= stop) {
        return;
    }
    value = ~e1000_fold(e1000_sum(tx->data + start, stop - start));
    put16(tx, offset, value == 0 && udp ? 0xffff : value);
}

void e1000_legacy_checksum(E1000 *s, guint start, guint offset)
{
    put_checksum(&s->tx, start, offset, 0, false);
}

static void put_checksums(E1000Tx *tx)
{
    const E1000Context *c = &tx->context;

    if (tx->popts & TXD_POPTS_TXSM) {
        put_checksum(tx, c->tucss, c->tucso, c->tucse, !c->tcp);
    }
    if (tx->popts & TXD_POPTS_IXSM) {
        put_checksum(tx, c->ipcss, c->ipcso, c->ipcse, false);
    }
}

/* ---- Segments ---- */

/* The driver's header is that of the whole packet, with lengths of zero; its TCP or
 * UDP checksum is that of the pseudo header without the length. */
static void adapt_segment(E1000Tx *tx)
{
    const E1000Context *c = &tx->context;
    guint ip_size = tx->size - MIN(tx->size, c->ipcss), size = tx->size - MIN(tx->size, c->tucss);
    guint64 end = (guint64)tx->segment * c->mss + tx->size - MIN(tx->size, c->hdrlen);
    bool last = tx->ended || end >= c->paylen;

    if (c->ip) {
        put16(tx, c->ipcss + 2, ip_size);
        put16(tx, c->ipcss + 4, get16(tx, c->ipcss + 4) + tx->segment);
    } else {
        put16(tx, c->ipcss + 4, ip_size - MIN(ip_size, IPV6_HEADER));
    }
    if (c->tcp) {
        add32(tx, c->tucss + 4, tx->segment * c->mss);
        if (!last && tx->size > (guint)c->tucss + TCP_FLAGS) {
            tx->data[c->tucss + TCP_FLAGS] &= ~(TCP_FIN | TCP_PSH);
        }
    } else {
        put16(tx, c->tucss + 4, size);
    }
    if (tx->popts & TXD_POPTS_TXSM) {
        put16(tx, c->tucso, e1000_fold(get16(tx, c->tucso) + size));
    }
}

/* ---- The frame ---- */

static void insert_tag(E1000 *s)
{
    E1000Tx *tx = &s->tx;

    if (tx->size < ADDRESSES) {
        return;
    }
    memmove(tx->data + ADDRESSES + E1000_TAG, tx->data + ADDRESSES, tx->size - ADDRESSES);
    tx->size += E1000_TAG;
    put16(tx, ADDRESSES, s->vet);
    put16(tx, ADDRESSES + 2, tx->vlan_tci);
}

void e1000_finish_frame(E1000 *s)
{
    E1000Tx *tx = &s->tx;

    if (tx->segmenting) {
        adapt_segment(tx);
    }
    put_checksums(tx);
    if (tx->vlan) {
        insert_tag(s);
    }
    if (s->tctl & TCTL_PSP && tx->size < E1000_FRAME_MIN) {
        memset(tx->data + tx->size, 0, E1000_FRAME_MIN - tx->size);
        tx->size = E1000_FRAME_MIN;
    }
}
