/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands on slots, which make endpoints (xHCI 4.6.3 to 4.6.7, 4.6.11), and the contexts in guest
 * memory that belong to them (6.2).
 *
 * What the controller needs later it keeps; guest memory gets a copy of each change.
 */
#include "config.h"
#include "hw/usb/xhci.h"

#include <string.h>

#include "qmp/bytes.h"
#include "qom/guest-error.h"

enum { ADD_SLOT = 1 << 0, ADD_CONTROL = 1 << 1, FIRST_ENDPOINT = 2 };

/* A context as words. */
typedef struct {
    guint32 words[CONTEXT_WORDS];
} Context;

/* ---- Guest memory ---- */

static bool read_context(Xhci *s, guint64 at, guint index, Context *ret)
{
    guint8 bytes[CONTEXT_SIZE];

    if (!pci_dma_read(&s->parent, at + index * CONTEXT_SIZE, bytes, sizeof(bytes))) {
        return false;
    }
    for (guint i = 0; i < CONTEXT_WORDS; i++) {
        ret->words[i] = get_le32(bytes + 4 * i);
    }
    return true;
}

static bool write_context(Xhci *s, guint64 at, guint index, const Context *context)
{
    guint8 bytes[CONTEXT_SIZE];

    for (guint i = 0; i < CONTEXT_WORDS; i++) {
        put_le(bytes + 4 * i, context->words[i], 4);
    }
    return pci_dma_write(&s->parent, at + index * CONTEXT_SIZE, bytes, sizeof(bytes));
}

/* An input context: what is to be dropped and added (6.2.5.1), a slot and endpoints behind it. */
typedef struct {
    guint64 at;
    guint32 drop, add;
    Context slot;
} Input;

static bool read_input(Xhci *s, guint64 at, Input *ret)
{
    Context control;

    ret->at = at + CONTEXT_SIZE;
    if (!read_context(s, at, 0, &control) || !read_context(s, ret->at, 0, &ret->slot)) {
        return false;
    }
    ret->drop = control.words[0];
    ret->add = control.words[1];
    return true;
}

static guint8 bad_input(Xhci *s, guint8 code, const char *what)
{
    device_guest_error(&s->parent.device, "%s", what);
    return code;
}

/* ---- Slots ---- */

XhciSlot *xhci_slot(Xhci *s, guint number)
{
    return number >= 1 && number <= s->n_slots && s->slots[number - 1].enabled
               ? &s->slots[number - 1] : NULL;
}

/* More slots, up to that number. */
static void extend(Xhci *s, guint n)
{
    if (n > s->n_slots) {
        s->slots = g_renew(XhciSlot, s->slots, n);
        memset(s->slots + s->n_slots, 0, (n - s->n_slots) * sizeof(XhciSlot));
        s->n_slots = n;
    }
}

guint8 xhci_enable_slot(Xhci *s, guint *ret_slot)
{
    for (guint i = 1; i <= s->config; i++) {
        if (!xhci_slot(s, i)) {
            extend(s, i);
            s->slots[i - 1] = (XhciSlot){ .enabled = true };
            *ret_slot = i;
            return CODE_SUCCESS;
        }
    }
    return CODE_NO_SLOTS;
}

guint8 xhci_disable_slot(Xhci *s, guint number)
{
    XhciSlot *slot = xhci_slot(s, number);

    if (!slot) {
        return CODE_SLOT_NOT_ENABLED;
    }
    *slot = (XhciSlot){ 0 };
    return CODE_SUCCESS;
}

/* Writes a slot's state and address, and other words as context has them. */
static bool write_slot(Xhci *s, guint number, Context *context)
{
    const XhciSlot *slot = xhci_slot(s, number);
    guint8 address = slot->state >= SLOT_ADDRESSED ? number : 0;

    context->words[3] = (guint32)slot->state << SLOT_STATE_SHIFT | address;
    return write_context(s, slot->context, 0, context);
}

void xhci_forget_device(void *opaque, UsbDevice *dev)
{
    Xhci *s = opaque;

    for (guint i = 0; i < s->n_slots; i++) {
        if (s->slots[i].dev == dev) {
            s->slots[i].attached = false;
            s->slots[i].dev = NULL;
        }
    }
}

/* ---- Endpoints ---- */

static void write_ring(const XhciEndpoint *ep, Context *context)
{
    context->words[2] = (guint32)ep->ring.at | ep->ring.cycle;
    context->words[3] = ep->ring.at >> 32;
}

void xhci_set_endpoint_state(Xhci *s, guint number, guint endpoint, guint8 state)
{
    XhciSlot *slot = xhci_slot(s, number);
    XhciEndpoint *ep = &slot->endpoints[endpoint - 1];
    Context context;

    ep->state = state;
    if (state != EP_RUNNING) {
        ep->active = false;
    }
    if (!read_context(s, slot->context, endpoint, &context)) {
        return;
    }
    context.words[0] = (context.words[0] & ~(guint32)EP_STATE_MASK) | state;
    if (state != EP_DISABLED) {
        write_ring(ep, &context);
    }
    write_context(s, slot->context, endpoint, &context);
}

/* Why an endpoint cannot be as its context says; CODE_SUCCESS: it can. */
static guint8 check_endpoint(Xhci *s, guint endpoint, const Context *context)
{
    guint type = context->words[1] >> EP_TYPE_SHIFT & 7;

    if (type == EP_ISOCH_IN || type == EP_ISOCH_OUT) {
        return bad_input(s, CODE_BANDWIDTH, "isochronous endpoints are not supported");
    }
    if (context->words[0] & EP_STREAMS_MASK) {
        return bad_input(s, CODE_PARAMETER, "streams are not supported");
    }
    if ((type == EP_CONTROL) != (endpoint == XHCI_CONTROL) || type == 0 ||
        (type != EP_CONTROL && (endpoint & 1) != (type > EP_CONTROL)) ||
        !(context->words[1] >> EP_PACKET_SHIFT)) {
        return bad_input(s, CODE_PARAMETER, "an endpoint's context is invalid");
    }
    return CODE_SUCCESS;
}

static guint8 enable_endpoint(Xhci *s, guint number, guint endpoint, const Input *input)
{
    XhciSlot *slot = xhci_slot(s, number);
    Context context;
    guint8 code;

    if (!read_context(s, input->at, endpoint, &context)) {
        return CODE_TRB;
    }
    code = check_endpoint(s, endpoint, &context);
    if (code != CODE_SUCCESS) {
        return code;
    }
    slot->endpoints[endpoint - 1] = (XhciEndpoint){
        .state = EP_RUNNING,
        .type = context.words[1] >> EP_TYPE_SHIFT & 7,
        .ring = {
            .at = (context.words[2] & ~0xfu) | (guint64)context.words[3] << 32,
            .cycle = context.words[2] & 1,
        },
    };
    context.words[0] = (context.words[0] & ~(guint32)EP_STATE_MASK) | EP_RUNNING;
    return write_context(s, slot->context, endpoint, &context) ? CODE_SUCCESS : CODE_TRB;
}

static void disable_endpoint(Xhci *s, guint number, guint endpoint)
{
    XhciSlot *slot = xhci_slot(s, number);

    if (slot->endpoints[endpoint - 1].state != EP_DISABLED) {
        xhci_set_endpoint_state(s, number, endpoint, EP_DISABLED);
        slot->endpoints[endpoint - 1] = (XhciEndpoint){ 0 };
    }
}

/* ---- Address Device (4.6.5) ---- */

/* The device in a root port, or behind hubs: four bits of route for each. */
static UsbDevice *find_device(const Xhci *s, guint port, guint32 route)
{
    g_autoptr(GString) path = g_string_new(NULL);
    UsbDevice *dev;

    if (port < 1 || port > s->n_ports) {
        return NULL;
    }
    g_string_printf(path, "%u", port <= s->p3 ? port : port - s->p3);
    for (; route & 0xf; route >>= 4) {
        g_string_append_printf(path, ".%u", route & 0xf);
    }
    dev = usb_bus_device(s->bus, path->str);
    return dev && (dev->speed == USB_SPEED_SUPER) == (port <= s->p3) ? dev : NULL;
}

static bool has_slot(const Xhci *s, const UsbDevice *dev, const XhciSlot *except)
{
    for (guint i = 0; i < s->n_slots; i++) {
        if (&s->slots[i] != except && s->slots[i].dev == dev) {
            return true;
        }
    }
    return false;
}

static guint8 check_address(Xhci *s, const XhciSlot *slot, const Input *input, bool no_address)
{
    if (slot->state > (no_address ? SLOT_ENABLED : SLOT_DEFAULT)) {
        return CODE_CONTEXT_STATE;
    }
    if (input->drop || input->add != (ADD_SLOT | ADD_CONTROL)) {
        return bad_input(s, CODE_TRB, "Address Device wants the contexts of slot and endpoint 0");
    }
    return CODE_SUCCESS;
}

static bool read_context_address(Xhci *s, guint number, guint64 *ret)
{
    guint8 bytes[8];

    if (!pci_dma_read(&s->parent, s->dcbaap + number * 8, bytes, sizeof(bytes))) {
        return false;
    }
    *ret = get_le64(bytes) & ~(guint64)0x3f;
    return true;
}

guint8 xhci_address_device(Xhci *s, guint number, guint64 at, bool no_address)
{
    XhciSlot *slot = xhci_slot(s, number);
    Input input;
    UsbDevice *dev;
    guint8 code;

    if (!slot) {
        return CODE_SLOT_NOT_ENABLED;
    }
    if (!read_input(s, at, &input) || !read_context_address(s, number, &slot->context)) {
        return bad_input(s, CODE_TRB, "a context cannot be read");
    }
    code = check_address(s, slot, &input, no_address);
    if (code != CODE_SUCCESS) {
        return code;
    }
    slot->port = MIN(input.slot.words[1] >> SLOT_PORT_SHIFT & 0xff, XHCI_MAX_PORTS);
    slot->route = input.slot.words[0] & SLOT_ROUTE_MASK;
    dev = find_device(s, slot->port, slot->route);
    if (!dev || has_slot(s, dev, slot)) {
        return CODE_TRANSACTION;
    }
    code = enable_endpoint(s, number, XHCI_CONTROL, &input);
    if (code != CODE_SUCCESS) {
        return code;
    }
    slot->dev = dev;
    slot->attached = true;
    slot->state = no_address ? SLOT_DEFAULT : SLOT_ADDRESSED;
    usb_set_address(dev, no_address ? 0 : number);
    return write_slot(s, number, &input.slot) ? CODE_SUCCESS : CODE_TRB;
}

/* ---- Configure Endpoint (4.6.6), Evaluate Context (4.6.7), Reset Device (4.6.11) ---- */

/* Writes the slot's context with the number of its last endpoint, after those changed. */
static guint8 update_slot(Xhci *s, guint number, const Context *input)
{
    XhciSlot *slot = xhci_slot(s, number);
    Context context;
    guint last = XHCI_CONTROL;

    for (guint i = FIRST_ENDPOINT; i <= XHCI_N_ENDPOINTS; i++) {
        last = slot->endpoints[i - 1].state != EP_DISABLED ? i : last;
    }
    slot->state = last > XHCI_CONTROL ? SLOT_CONFIGURED : SLOT_ADDRESSED;
    if (!read_context(s, slot->context, 0, &context)) {
        return CODE_TRB;
    }
    if (input) {
        context = *input;
    }
    context.words[0] = (context.words[0] & ~(0x1fu << SLOT_ENTRIES_SHIFT)) |
                       last << SLOT_ENTRIES_SHIFT;
    return write_slot(s, number, &context) ? CODE_SUCCESS : CODE_TRB;
}

static guint8 change_endpoints(Xhci *s, guint number, const Input *input)
{
    for (guint i = FIRST_ENDPOINT; i <= XHCI_N_ENDPOINTS; i++) {
        guint8 code = CODE_SUCCESS;

        if (input->drop >> i & 1) {
            disable_endpoint(s, number, i);
        }
        if (input->add >> i & 1) {
            code = enable_endpoint(s, number, i, input);
        }
        if (code != CODE_SUCCESS) {
            return code;
        }
    }
    return CODE_SUCCESS;
}

guint8 xhci_configure(Xhci *s, guint number, guint64 at, bool deconfigure)
{
    XhciSlot *slot = xhci_slot(s, number);
    Input input = { 0 };
    guint8 code;

    if (!slot) {
        return CODE_SLOT_NOT_ENABLED;
    }
    if (slot->state < SLOT_ADDRESSED) {
        return CODE_CONTEXT_STATE;
    }
    if (deconfigure) {
        input.drop = ~(guint32)(ADD_SLOT | ADD_CONTROL);
    } else if (!read_input(s, at, &input)) {
        return bad_input(s, CODE_TRB, "a context cannot be read");
    }
    if ((input.drop | input.add) & ADD_CONTROL || input.drop & ADD_SLOT) {
        return bad_input(s, CODE_TRB, "Configure Endpoint wants to change endpoint 0");
    }
    code = change_endpoints(s, number, &input);
    if (code != CODE_SUCCESS) {
        return code;
    }
    return update_slot(s, number, input.add & ADD_SLOT ? &input.slot : NULL);
}

static bool change_words(Xhci *s, guint64 at, guint index, guint word, guint32 mask,
                         const Context *from)
{
    Context context;

    if (!read_context(s, at, index, &context)) {
        return false;
    }
    context.words[word] = (context.words[word] & ~mask) | (from->words[word] & mask);
    return write_context(s, at, index, &context);
}

guint8 xhci_evaluate(Xhci *s, guint number, guint64 at)
{
    const XhciSlot *slot = xhci_slot(s, number);
    Context control;
    Input input;
    bool ok = true;

    if (!slot) {
        return CODE_SLOT_NOT_ENABLED;
    }
    if (slot->state < SLOT_DEFAULT) {
        return CODE_CONTEXT_STATE;
    }
    if (!read_input(s, at, &input) || input.drop ||
        !read_context(s, input.at, XHCI_CONTROL, &control)) {
        return bad_input(s, CODE_TRB, "Evaluate Context has an invalid context");
    }
    if (input.add & ADD_SLOT) {
        ok = change_words(s, slot->context, 0, 1, SLOT_LATENCY_MASK, &input.slot) &&
             change_words(s, slot->context, 0, 2, ~0u << SLOT_INTERRUPTER_SHIFT, &input.slot);
    }
    if (input.add & ADD_CONTROL) {
        ok = ok && change_words(s, slot->context, XHCI_CONTROL, 1, ~0u << EP_PACKET_SHIFT,
                                &control);
    }
    return ok ? CODE_SUCCESS : CODE_TRB;
}

guint8 xhci_reset_device(Xhci *s, guint number)
{
    XhciSlot *slot = xhci_slot(s, number);
    Context context;

    if (!slot) {
        return CODE_SLOT_NOT_ENABLED;
    }
    if (slot->state < SLOT_ADDRESSED) {
        return CODE_CONTEXT_STATE;
    }
    for (guint i = FIRST_ENDPOINT; i <= XHCI_N_ENDPOINTS; i++) {
        disable_endpoint(s, number, i);
    }
    slot->state = SLOT_DEFAULT;
    if (!read_context(s, slot->context, 0, &context)) {
        return CODE_TRB;
    }
    context.words[0] = (context.words[0] & ~(0x1fu << SLOT_ENTRIES_SHIFT)) |
                       1u << SLOT_ENTRIES_SHIFT;
    return write_slot(s, number, &context) ? CODE_SUCCESS : CODE_TRB;
}

/* ---- State ---- */

static bool endpoints_valid(const XhciSlot *slot)
{
    for (guint i = 0; i < XHCI_N_ENDPOINTS; i++) {
        const XhciEndpoint *ep = &slot->endpoints[i];

        if (ep->state > EP_ERROR || ep->type > EP_INTERRUPT_IN ||
            (ep->active && ep->state != EP_RUNNING)) {
            return false;
        }
    }
    return true;
}

bool xhci_slots_loaded(Xhci *s)
{
    for (guint i = 0; i < s->n_slots; i++) {
        XhciSlot *slot = &s->slots[i];

        if (slot->state > SLOT_CONFIGURED || slot->route > SLOT_ROUTE_MASK ||
            !endpoints_valid(slot)) {
            return false;
        }
        slot->dev = slot->attached ? find_device(s, slot->port, slot->route) : NULL;
        slot->attached = slot->dev != NULL;
    }
    return true;
}
