/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transfer events (xHCI 4.10, 4.11.3, 4.11.5.2): which items of a transfer report its result.
 */
#include "config.h"
#include "hw/usb/xhci.h"

guint32 xhci_trb_length(const XhciTrb *trb)
{
    switch (xhci_type(trb)) {
    case TRB_NORMAL:
    case TRB_SETUP:
    case TRB_DATA:
        return trb->status & TRB_LENGTH_MASK;
    default:
        return 0;
    }
}

typedef struct {
    Xhci *xhci;
    const XhciTransfer *t;
    guint32 left;               /* bytes for the items that follow */
    guint32 sum;                /* moved since the last Event Data item */
    bool shortened;             /* some of the items so far got less than they wanted */
    bool reported;              /* and one of them has said so */
} Report;

static bool may_block(const XhciTrb *trb)
{
    return xhci_type(trb) == TRB_NORMAL || xhci_type(trb) == TRB_DATA_EVENT;
}

static void send(Report *r, const XhciTrb *trb, guint8 code, guint32 residue)
{
    bool data = xhci_type(trb) == TRB_DATA_EVENT;
    XhciEvent event = {
        .pointer = data ? trb->parameter : trb->at,
        .status = data ? r->sum & EVENT_LENGTH_MASK : residue,
        .control = TRB_TRANSFER_EVENT << TRB_TYPE_SHIFT | (guint32)r->t->slot << TRB_SLOT_SHIFT |
                   (guint32)r->t->endpoint << TRB_ENDPOINT_SHIFT |
                   (data ? TRB_EVENT_DATA : 0) | (may_block(trb) ? trb->control & TRB_BLOCK : 0),
        .code = code,
    };

    xhci_event(r->xhci, trb->status >> TRB_INTERRUPTER_SHIFT, &event);
}

/* An item of a transfer without an error. */
static void report_good(Report *r, const XhciTrb *trb, guint32 residue)
{
    bool data = xhci_type(trb) == TRB_DATA_EVENT;

    r->shortened = r->shortened || (r->t->in && residue);
    if (!r->shortened) {
        if (trb->control & TRB_IOC) {
            send(r, trb, CODE_SUCCESS, 0);
        }
    } else if (data ? trb->control & TRB_IOC
                    : !r->reported && trb->control & (TRB_IOC | TRB_SHORT)) {
        send(r, trb, CODE_SHORT, residue);
        r->reported = true;
    }
    if (data) {
        r->sum = 0;
    }
}

void xhci_report(Xhci *s, const XhciTransfer *t, guint8 code)
{
    Report r = { .xhci = s, .t = t, .left = t->done };

    for (guint i = 0; i < t->trbs->len; i++) {
        const XhciTrb *trb = &g_array_index(t->trbs, XhciTrb, i);
        guint32 length = xhci_trb_length(trb), moved = MIN(length, r.left);

        r.left -= moved;
        r.sum += moved;
        if (code == CODE_SUCCESS) {
            report_good(&r, trb, length - moved);
        } else if (length > moved || !t->size || i + 1 == t->trbs->len) {
            send(&r, trb, code, length - moved);
            return;             /* it is this one that has failed */
        } else if (trb->control & TRB_IOC) {
            send(&r, trb, CODE_SUCCESS, 0);
        }
    }
}
