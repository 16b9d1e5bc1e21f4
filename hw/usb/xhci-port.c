/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ports of an xHCI controller: xHCI 4.19, 5.4.8.
 *
 * A port of the bus has two sets of registers, one for devices of SuperSpeed (numbers 1 to p3), and
 * one for others (behind those), of which a device shows up in one.
 */
#include "config.h"
#include "hw/usb/xhci.h"

#include "qom/qapi-trace.h"

static guint speed_id(UsbSpeed speed)
{
    static const guint8 ids[] = {
        [USB_SPEED_LOW] = SPEED_ID_LOW, [USB_SPEED_FULL] = SPEED_ID_FULL,
        [USB_SPEED_HIGH] = SPEED_ID_HIGH, [USB_SPEED_SUPER] = SPEED_ID_SUPER,
    };

    return ids[speed];
}

static bool is_super(const XhciPort *port)
{
    return port->number <= port->xhci->p3;
}

static UsbPort *usb_port(const XhciPort *port)
{
    guint index = port->number - 1;

    return &port->xhci->usb_ports[is_super(port) ? index : index - port->xhci->p3];
}

/* The device that shows up in these registers, or NULL. */
static UsbDevice *device(const XhciPort *port)
{
    UsbDevice *dev = usb_port_device(usb_port(port));

    return dev && (dev->speed == USB_SPEED_SUPER) == is_super(port) ? dev : NULL;
}

/* The registers of the device in a port of the bus. */
static XhciPort *port_of(const UsbPort *port, const UsbDevice *dev)
{
    Xhci *s = port->opaque;

    return &s->ports[dev->speed == USB_SPEED_SUPER ? port->index : s->p3 + port->index];
}

static guint link_state(const XhciPort *port)
{
    return (port->sc & PORTSC_PLS_MASK) >> 5;
}

static void set_link(XhciPort *port, guint state)
{
    port->sc = (port->sc & ~PORTSC_PLS_MASK) | PORTSC_PLS(state);
}

/* Sets bits that say what has changed, and reports it. */
static void changed(XhciPort *port, guint32 bits)
{
    Xhci *s = port->xhci;
    guint32 old = port->sc;

    port->sc |= bits;
    trace_usb_xhci_port_notify(s, port->number, port->sc);
    if (port->sc == old) {
        return;
    }
    s->usbsts |= USBSTS_PORT;
    if (xhci_runs(s)) {
        xhci_event(s, 0, &(XhciEvent){
            .pointer = port->number << 24,
            .control = TRB_PORT_EVENT << TRB_TYPE_SHIFT,
            .code = CODE_SUCCESS,
        });
    }
}

/* ---- Devices that come and go ---- */

/* The bits for what is plugged in, without those for changes.  A link of SuperSpeed trains
 * itself; others wait for a reset. */
static void update(XhciPort *port)
{
    const UsbDevice *dev = device(port);

    port->sc = (port->sc & (PORTSC_WRITABLE | PORTSC_CHANGES)) | PORTSC_POWER;
    if (!dev) {
        set_link(port, PLS_RX_DETECT);
        return;
    }
    port->sc |= PORTSC_CONNECTED | speed_id(dev->speed) << PORTSC_SPEED_SHIFT;
    if (is_super(port)) {
        port->sc |= PORTSC_ENABLED;
        set_link(port, PLS_U0);
    } else {
        set_link(port, PLS_POLLING);
    }
}

static void attached(UsbPort *port)
{
    XhciPort *registers = port_of(port, port->dev);

    usb_reset(port->dev);
    update(registers);
    changed(registers, PORTSC_CONNECT_CHANGE);
}

static void detached(UsbPort *port)
{
    XhciPort *registers = port_of(port, port->dev);

    update(registers);
    changed(registers, PORTSC_CONNECT_CHANGE);
}

static void wake(UsbPort *port)
{
    XhciPort *registers = port_of(port, port->dev);

    if (link_state(registers) == PLS_U3) {
        set_link(registers, PLS_RESUME);
        changed(registers, PORTSC_LINK_CHANGE);
    }
}

const UsbPortOps xhci_port_ops = {
    .attached = attached,
    .detached = detached,
    .wake = wake,
};

void xhci_ports_reset(Xhci *s)
{
    for (guint i = 0; i < s->n_ports; i++) {
        XhciPort *port = &s->ports[i];

        port->sc = port->pmsc = 0;
        update(port);
        port->sc |= port->sc & PORTSC_CONNECTED ? PORTSC_CONNECT_CHANGE : 0;
    }
}

/* ---- Registers ---- */

static void reset(XhciPort *port, bool warm)
{
    UsbDevice *dev = device(port);

    if (!dev) {
        return;
    }
    usb_reset(dev);
    port->sc |= PORTSC_ENABLED;
    set_link(port, PLS_U0);
    changed(port, PORTSC_RESET_CHANGE | (warm && is_super(port) ? PORTSC_WARM_CHANGE : 0));
}

/* Software wants the link in that state: suspended, or awake again. */
static void write_link(XhciPort *port, guint state)
{
    guint old = link_state(port);

    if (!(port->sc & PORTSC_ENABLED)) {
        return;
    }
    if (state == PLS_U3 && old < PLS_U3) {
        set_link(port, PLS_U3);
    } else if (state == PLS_RESUME && old == PLS_U3 && !is_super(port)) {
        set_link(port, PLS_RESUME);
    } else if (state == PLS_U0 && (old == PLS_RESUME || old == PLS_U3)) {
        set_link(port, PLS_U0);
        changed(port, PORTSC_LINK_CHANGE);
    }
}

static void write_sc(XhciPort *port, guint32 value)
{
    port->sc &= ~(value & PORTSC_CHANGES);
    port->sc = (port->sc & ~(guint32)PORTSC_WRITABLE) | (value & PORTSC_WRITABLE);
    if (value & PORTSC_ENABLED && port->sc & PORTSC_ENABLED) {
        port->sc &= ~(guint32)PORTSC_ENABLED;
        set_link(port, PLS_DISABLED);
    }
    if (value & PORTSC_WARM_RESET && is_super(port)) {
        reset(port, true);
    } else if (value & PORTSC_RESET) {
        reset(port, false);
    } else if (value & PORTSC_LINK_WRITE) {
        write_link(port, (value & PORTSC_PLS_MASK) >> 5);
    }
}

guint32 xhci_port_read(const XhciPort *port, guint offset)
{
    switch (offset) {
    case PORT_SC:
        return port->sc;
    case PORT_PMSC:
        return port->pmsc;
    default:
        return 0;
    }
}

void xhci_port_write(XhciPort *port, guint offset, guint32 value)
{
    if (offset == PORT_SC) {
        write_sc(port, value);
    } else if (offset == PORT_PMSC) {
        port->pmsc = value & 0x1ffff;
    }
}
