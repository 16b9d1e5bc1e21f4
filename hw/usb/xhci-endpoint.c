/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands on an endpoint: Reset Endpoint (xHCI 4.6.8), Stop Endpoint (4.6.9), Set TR Dequeue
 * Pointer (4.6.10).
 */
#include "config.h"
#include "hw/usb/xhci.h"

#include "qom/guest-error.h"

/* The endpoint, or NULL with the code that says why not. */
static XhciEndpoint *find_endpoint(Xhci *s, guint number, guint endpoint, guint8 *ret_code)
{
    XhciSlot *slot = xhci_slot(s, number);

    *ret_code = CODE_SUCCESS;
    if (!slot) {
        *ret_code = CODE_SLOT_NOT_ENABLED;
    } else if (endpoint < XHCI_CONTROL || endpoint > XHCI_N_ENDPOINTS) {
        *ret_code = CODE_TRB;
    } else if (slot->endpoints[endpoint - 1].state == EP_DISABLED) {
        *ret_code = CODE_ENDPOINT_NOT_ENABLED;
    }
    return *ret_code == CODE_SUCCESS ? &slot->endpoints[endpoint - 1] : NULL;
}

guint8 xhci_reset_endpoint(Xhci *s, guint number, guint endpoint)
{
    guint8 code;
    XhciEndpoint *ep = find_endpoint(s, number, endpoint, &code);

    if (!ep) {
        return code;
    }
    if (ep->state != EP_HALTED) {
        return CODE_CONTEXT_STATE;
    }
    ep->done = 0;
    xhci_set_endpoint_state(s, number, endpoint, EP_STOPPED);
    return CODE_SUCCESS;
}

guint8 xhci_stop_endpoint(Xhci *s, guint number, guint endpoint)
{
    guint8 code;
    XhciEndpoint *ep = find_endpoint(s, number, endpoint, &code);

    if (!ep) {
        return code;
    }
    if (ep->state != EP_RUNNING) {
        return CODE_CONTEXT_STATE;
    }
    xhci_report_stopped(s, number, endpoint);
    xhci_set_endpoint_state(s, number, endpoint, EP_STOPPED);
    return CODE_SUCCESS;
}

guint8 xhci_set_dequeue(Xhci *s, guint number, guint endpoint, guint64 pointer, guint stream)
{
    guint8 code;
    XhciEndpoint *ep = find_endpoint(s, number, endpoint, &code);

    if (!ep) {
        return code;
    }
    if (ep->state != EP_STOPPED && ep->state != EP_ERROR) {
        return CODE_CONTEXT_STATE;
    }
    if (stream) {
        device_guest_error(&s->parent.device, "streams are not supported");
        return CODE_TRB;
    }
    ep->ring = (XhciRing){ .at = pointer & ~(guint64)0xf, .cycle = pointer & 1 };
    ep->done = 0;
    xhci_set_endpoint_state(s, number, endpoint, EP_STOPPED);
    return CODE_SUCCESS;
}
