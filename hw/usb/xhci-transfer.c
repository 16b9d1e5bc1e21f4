/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transfer rings (xHCI 4.9.2, 4.11.2): items are put together to transfers, whose data go to and
 * come from devices in packets.
 *
 * All of this is bounded: the items of a transfer, the links between two of them, and the items
 * that are handled at a time.
 */
#include "config.h"
#include "hw/usb/xhci.h"

#include <string.h>

#include "qmp/bytes.h"
#include "qom/guest-error.h"
#include "qom/qapi-trace.h"

enum { MAX_LINKS = 4, MAX_TRBS = 4096, BUDGET = 1024 };

/* ---- Rings ---- */

static bool read_trb(Xhci *s, guint64 at, XhciTrb *ret)
{
    guint8 bytes[TRB_SIZE];

    if (!pci_dma_read(&s->parent, at, bytes, sizeof(bytes))) {
        return false;
    }
    ret->at = at;
    ret->parameter = get_le64(bytes);
    ret->status = get_le32(bytes + 8);
    ret->control = get_le32(bytes + 12);
    return true;
}

bool xhci_fetch(Xhci *s, XhciRing *ring, XhciTrb *ret, bool *ret_bad)
{
    XhciRing next = *ring;

    *ret_bad = false;
    for (guint i = 0; i <= MAX_LINKS; i++) {
        if (!read_trb(s, next.at, ret)) {
            *ret_bad = true;
            return false;
        }
        if ((ret->control & TRB_CYCLE) != (next.cycle ? TRB_CYCLE : 0)) {
            return false;
        }
        if (xhci_type(ret) != TRB_LINK) {
            trace_usb_xhci_fetch_trb(s, ret->at, xhci_type(ret));
            next.at += TRB_SIZE;
            *ring = next;
            return true;
        }
        next.at = ret->parameter & ~(guint64)0xf;
        next.cycle ^= ret->control & TRB_TOGGLE ? true : false;
    }
    *ret_bad = true;
    return false;
}

typedef enum { TD_NONE, TD_WHOLE, TD_BAD } TdFound;

/* Collects the items of the transfer at ring, which is moved behind it. */
static TdFound collect(Xhci *s, XhciRing *ring)
{
    XhciTransfer *t = &s->transfer;
    XhciTrb trb;
    bool bad;

    g_array_set_size(t->trbs, 0);
    t->size = 0;
    do {
        if (t->trbs->len == MAX_TRBS) {
            return TD_BAD;
        }
        if (!xhci_fetch(s, ring, &trb, &bad)) {
            return bad ? TD_BAD : TD_NONE;
        }
        g_array_append_val(t->trbs, trb);
        t->size += xhci_trb_length(&trb);
    } while (trb.control & TRB_CHAIN && xhci_type(&trb) != TRB_SETUP);
    return TD_WHOLE;
}

/* ---- Memory ---- */

/* Bytes in the item itself: to the device only. */
static bool copy_immediate(const XhciTrb *trb, guint32 offset, void *data, guint32 size)
{
    guint8 bytes[8];

    put_le(bytes, trb->parameter, 8);
    if (offset + size > sizeof(bytes)) {
        return false;
    }
    memcpy(data, bytes + offset, size);
    return true;
}

static bool copy_item(Xhci *s, const XhciTrb *trb, guint32 offset, void *data, guint32 size)
{
    if (!s->transfer.in && trb->control & TRB_IMMEDIATE) {
        return copy_immediate(trb, offset, data, size);
    }
    return s->transfer.in ? pci_dma_write(&s->parent, trb->parameter + offset, data, size)
                          : pci_dma_read(&s->parent, trb->parameter + offset, data, size);
}

typedef struct {
    UsbPacket packet;
    Xhci *xhci;
} XhciPacket;

static bool copy(UsbPacket *packet, gsize offset, void *data, gsize size)
{
    Xhci *s = container_of(packet, XhciPacket, packet)->xhci;
    const XhciTransfer *t = &s->transfer;
    guint8 *at = data;

    offset += t->done;
    for (guint i = 0; i < t->trbs->len && size; i++) {
        const XhciTrb *trb = &g_array_index(t->trbs, XhciTrb, i);
        guint32 length = xhci_trb_length(trb);

        if (offset < length) {
            guint32 n = MIN(length - offset, size);

            if (!copy_item(s, trb, offset, at, n)) {
                return false;
            }
            at += n;
            size -= n;
            offset = 0;
        } else {
            offset -= length;
        }
    }
    return size == 0;
}

/* ---- Transfers ---- */

static guint8 code_of(UsbResult result)
{
    static const guint8 codes[] = {
        [USB_ACK] = CODE_SUCCESS, [USB_STALL] = CODE_STALL, [USB_BABBLE] = CODE_BABBLE,
        [USB_LOST] = CODE_TRANSACTION, [USB_BAD_MEMORY] = CODE_DATA_BUFFER,
    };

    return codes[result];
}

static bool is_in(guint8 endpoint)
{
    return endpoint & 1;
}

static void halt(Xhci *s, XhciTransfer *t, guint8 code)
{
    bool bad = code == CODE_TRB;

    xhci_report(s, t, code);
    xhci_set_endpoint_state(s, t->slot, t->endpoint, bad ? EP_ERROR : EP_HALTED);
}

/* The packet that the first item of a transfer stands for; false: no such item may be there. */
static bool make_packet(const XhciTransfer *t, const XhciTrb *trb, UsbPacket *packet)
{
    bool control = t->endpoint == XHCI_CONTROL;

    packet->endpoint = t->endpoint / 2;
    packet->size = t->size - t->done;
    switch (xhci_type(trb)) {
    case TRB_NORMAL:
        packet->pid = is_in(t->endpoint) ? USB_PID_IN : USB_PID_OUT;
        return !control;
    case TRB_SETUP:
        packet->pid = USB_PID_SETUP;
        return control && trb->control & TRB_IMMEDIATE && t->size == USB_SETUP_SIZE;
    case TRB_DATA:
        packet->pid = trb->control & TRB_IN ? USB_PID_IN : USB_PID_OUT;
        return control;
    case TRB_STATUS:
        packet->pid = trb->control & TRB_IN ? USB_PID_IN : USB_PID_OUT;
        return control && t->size == 0;
    default:
        return false;
    }
}

/* Sends a transfer's packet.  Whether the ring may be moved behind it. */
static bool execute(Xhci *s, XhciTransfer *t)
{
    const XhciTrb *first = &g_array_index(t->trbs, XhciTrb, 0);
    XhciSlot *slot = xhci_slot(s, t->slot);
    XhciPacket p = { .xhci = s, .packet.copy = copy };
    UsbResult result;

    if (xhci_type(first) == TRB_NOOP || xhci_type(first) == TRB_DATA_EVENT) {
        xhci_report(s, t, CODE_SUCCESS);
        return true;
    }
    if (!make_packet(t, first, &p.packet)) {
        device_guest_error(&s->parent.device, "a transfer on slot %u, endpoint %u has an item of "
                           "type %u", t->slot, t->endpoint, xhci_type(first));
        halt(s, t, CODE_TRB);
        return false;
    }
    t->in = p.packet.pid == USB_PID_IN;
    result = usb_packet(slot->attached ? slot->dev : NULL, &p.packet);
    t->done += p.packet.actual;
    if (result == USB_NAK) {
        slot->endpoints[t->endpoint - 1].done = t->done;
        return false;
    }
    trace_usb_xhci_xfer(s, t->slot, t->endpoint, code_of(result), t->done);
    if (result != USB_ACK) {
        halt(s, t, code_of(result));
        return false;
    }
    xhci_report(s, t, CODE_SUCCESS);
    return true;
}

/* Handles the next transfer of an endpoint; how much work it was, or 0: there is nothing to do
 * now. */
static guint handle(Xhci *s, guint number, guint endpoint)
{
    XhciSlot *slot = xhci_slot(s, number);
    XhciEndpoint *ep = &slot->endpoints[endpoint - 1];
    XhciTransfer *t = &s->transfer;
    XhciRing ring = ep->ring;
    TdFound found;

    if (!xhci_runs(s) || !ep->active || ep->state != EP_RUNNING) {
        return 0;
    }
    found = collect(s, &ring);
    if (found == TD_NONE) {
        ep->active = false;
        return 0;
    }
    t->slot = number;
    t->endpoint = endpoint;
    t->done = MIN(ep->done, t->size);
    t->in = is_in(endpoint);
    if (found == TD_BAD) {
        device_guest_error(&s->parent.device, "the ring of slot %u, endpoint %u cannot be used",
                           number, endpoint);
        xhci_set_endpoint_state(s, number, endpoint, EP_ERROR);
        return 0;
    }
    if (!xhci_has_room(s, g_array_index(t->trbs, XhciTrb, 0).status >> TRB_INTERRUPTER_SHIFT)) {
        s->blocked = true;
        return 0;
    }
    if (!execute(s, t)) {
        return 0;
    }
    ep->ring = ring;
    ep->done = 0;
    return t->trbs->len;
}

/* ---- Work ---- */

/* An endpoint that is to be looked at; false: there is none. */
static bool next_kicked(Xhci *s, guint *ret_slot, guint *ret_endpoint)
{
    for (guint i = 0; i < s->n_slots; i++) {
        if (s->slots[i].kicked) {
            *ret_slot = i + 1;
            *ret_endpoint = g_bit_nth_lsf(s->slots[i].kicked, -1);
            return true;
        }
    }
    return false;
}

/* A device may become ready while it is handling a packet: that is looked at afterwards. */
static void work(Xhci *s)
{
    guint budget = BUDGET, slot, endpoint;

    if (s->working) {
        return;
    }
    s->working = true;
    while (budget && next_kicked(s, &slot, &endpoint)) {
        guint n;

        s->slots[slot - 1].kicked &= ~(1u << endpoint);
        do {
            n = handle(s, slot, endpoint);
            budget -= MIN(budget, n);
        } while (n && budget);
        if (n) {
            s->slots[slot - 1].kicked |= 1u << endpoint;
        }
    }
    s->working = false;
    if (!budget) {
        timer_set_after(s->work, XHCI_PAUSE);
    }
}

static void kick(Xhci *s, guint slot, guint endpoint)
{
    trace_usb_xhci_ep_kick(s, slot, endpoint);
    s->slots[slot - 1].kicked |= 1u << endpoint;
    work(s);
}

void xhci_ring(Xhci *s, guint number, guint endpoint)
{
    XhciSlot *slot = xhci_slot(s, number);
    XhciEndpoint *ep;

    if (!slot || !endpoint || endpoint > XHCI_N_ENDPOINTS || !xhci_runs(s)) {
        return;
    }
    ep = &slot->endpoints[endpoint - 1];
    if (ep->state == EP_STOPPED) {
        xhci_set_endpoint_state(s, number, endpoint, EP_RUNNING);
    }
    if (ep->state == EP_RUNNING) {
        ep->active = true;
        kick(s, number, endpoint);
    }
}

void xhci_ready(void *opaque, UsbDevice *dev, guint8 endpoint)
{
    Xhci *s = opaque;
    guint index = (endpoint & USB_MAX_ENDPOINT) * 2 + (endpoint & USB_IN ? 1 : 0);

    for (guint i = 0; i < s->n_slots; i++) {
        const XhciSlot *slot = &s->slots[i];

        if (slot->enabled && slot->attached && slot->dev == dev && index >= XHCI_CONTROL &&
            slot->endpoints[index - 1].active) {
            kick(s, i + 1, index);
            return;
        }
    }
}

void xhci_kick_all(Xhci *s)
{
    for (guint i = 0; i < s->n_slots; i++) {
        for (guint j = 0; j < XHCI_N_ENDPOINTS; j++) {
            if (s->slots[i].enabled && s->slots[i].endpoints[j].active) {
                s->slots[i].kicked |= 1u << (j + 1);
            }
        }
    }
    xhci_run_commands(s);
    work(s);
}

void xhci_work(void *opaque, gint64 now)
{
    xhci_kick_all(opaque);
}

void xhci_report_stopped(Xhci *s, guint number, guint endpoint)
{
    XhciEndpoint *ep = &xhci_slot(s, number)->endpoints[endpoint - 1];
    XhciTransfer *t = &s->transfer;
    XhciRing ring = ep->ring;

    if (ep->active && collect(s, &ring) == TD_WHOLE) {
        t->slot = number;
        t->endpoint = endpoint;
        t->done = MIN(ep->done, t->size);
        t->in = is_in(endpoint);
        xhci_report(s, t, CODE_STOPPED);
    }
}
