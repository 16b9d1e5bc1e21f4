/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ports of an EHCI controller: EHCI 2.3.9, 4.2.
 *
 * A port is owned by the controller, or by the companion that shares it, which then sees its device
 * at its own speed.  All are the companions' until the driver sets CONFIGFLAG.
 */
#include "config.h"
#include "hw/usb/ehci-internal.h"

static EhciPort *ehci_port(UsbPort *port)
{
    return container_of(port, EhciPort, usb);
}

/* The device that the controller sees, or NULL. */
static UsbDevice *device(const EhciPort *port)
{
    return port->sc & SC_OWNER ? NULL : usb_port_device(&port->usb);
}

UsbDevice *ehci_find(const Ehci *s, guint8 address)
{
    for (guint i = 0; i < EHCI_PORTS; i++) {
        const EhciPort *port = &s->ports[i];
        UsbDevice *dev = device(port);

        if (!dev || !(port->sc & SC_ENABLED) || port->sc & SC_SUSPENDED) {
            continue;
        }
        if (dev->address == address) {
            return dev;
        }
        dev = dev->ops->find ? dev->ops->find(dev, address) : NULL;
        if (dev) {
            return dev;
        }
    }
    return NULL;
}

/* ---- Owners ---- */

static void changed(EhciPort *port)
{
    port->sc |= SC_CONNECT_CHANGE;
    ehci_raise(port->usb.opaque, STS_PORT);
}

/* The bits for what is plugged in; before a reset, a device's lines say whether it is of low
 * speed. */
static void update(EhciPort *port)
{
    const UsbDevice *dev = device(port);

    port->sc &= ~(guint32)SC_STATE;
    if (dev) {
        port->sc |= SC_CONNECTED | (dev->speed == USB_SPEED_LOW ? SC_K : SC_J);
    }
}

/* Has the companion, or nobody, own the port. */
static void give(EhciPort *port)
{
    bool was = port->sc & SC_CONNECTED;

    port->sc |= SC_OWNER;
    update(port);
    if (was) {
        changed(port);
    }
    usb_companion_plug(&port->usb);
}

static void take(EhciPort *port)
{
    usb_companion_unplug(&port->usb);
    port->sc &= ~(guint32)SC_OWNER;
    update(port);
    if (port->sc & SC_CONNECTED) {
        changed(port);
    }
}

void ehci_ports_configure(Ehci *s)
{
    for (guint i = 0; i < EHCI_PORTS; i++) {
        EhciPort *port = &s->ports[i];
        bool owned = port->sc & SC_OWNER;

        if (s->configured && owned) {
            take(port);
        } else if (!s->configured && !owned) {
            give(port);
        }
    }
}

void ehci_ports_reset(Ehci *s)
{
    for (guint i = 0; i < EHCI_PORTS; i++) {
        EhciPort *port = &s->ports[i];
        UsbDevice *dev = usb_port_device(&port->usb);

        if (dev) {
            usb_reset(dev);
        }
        usb_companion_unplug(&port->usb);
        port->sc = SC_POWER | SC_OWNER;
        usb_companion_plug(&port->usb);
    }
}

void ehci_ports_loaded(Ehci *s)
{
    for (guint i = 0; i < EHCI_PORTS; i++) {
        usb_companion_set(&s->ports[i].usb, s->ports[i].sc & SC_OWNER);
    }
}

/* ---- Devices that come and go ---- */

static void attached(UsbPort *usb)
{
    EhciPort *port = ehci_port(usb);

    usb_reset(usb->dev);
    if (port->sc & SC_OWNER) {
        usb_companion_plug(usb);
        return;
    }
    update(port);
    changed(port);
}

/* A port comes back from its companion when its device is gone (4.2.2). */
static void detached(UsbPort *usb)
{
    EhciPort *port = ehci_port(usb);
    const Ehci *s = usb->opaque;

    if (port->sc & SC_OWNER) {
        usb_companion_unplug(usb);
        port->sc &= s->configured ? ~(guint32)SC_OWNER : G_MAXUINT32;
        return;
    }
    update(port);
    changed(port);
}

static void wake(UsbPort *usb)
{
    EhciPort *port = ehci_port(usb);

    if (port->sc & SC_OWNER) {
        usb_companion_wake(usb);
    } else if (port->sc & SC_SUSPENDED) {
        port->sc |= SC_RESUME;
        ehci_raise(usb->opaque, STS_PORT);
    }
}

const UsbPortOps ehci_port_ops = {
    .attached = attached,
    .detached = detached,
    .wake = wake,
};

/* ---- Registers ---- */

/* Only a device of high speed enables its port at the end of a reset (4.2.2). */
static void write_reset(EhciPort *port, bool reset)
{
    UsbDevice *dev = device(port);

    if (reset) {
        port->sc |= port->sc & SC_CONNECTED ? SC_RESET : 0;
        port->sc &= ~(guint32)(SC_ENABLED | SC_SUSPENDED | SC_RESUME);
    } else if (port->sc & SC_RESET) {
        port->sc &= ~(guint32)SC_RESET;
        if (dev) {
            usb_reset(dev);
        }
        if (dev && dev->speed == USB_SPEED_HIGH) {
            port->sc = (port->sc & ~(guint32)SC_LINE) | SC_ENABLED;
        }
    }
}

static void write_suspend(EhciPort *port, guint32 value)
{
    if (!(port->sc & SC_ENABLED)) {
        return;
    }
    if (port->sc & SC_RESUME && !(value & SC_RESUME)) {
        port->sc &= ~(guint32)(SC_RESUME | SC_SUSPENDED);
    } else if (port->sc & SC_SUSPENDED) {
        port->sc |= value & SC_RESUME;
    } else {
        port->sc |= value & SC_SUSPENDED;
    }
}

void ehci_port_write(EhciPort *port, guint32 value)
{
    const Ehci *s = port->usb.opaque;
    bool owned = port->sc & SC_OWNER;

    port->sc &= ~(value & SC_CLEARS);
    port->sc = (port->sc & ~(guint32)SC_STORED) | (value & SC_STORED);
    if (port->usb.companion && s->configured && owned != !!(value & SC_OWNER)) {
        if (owned) {
            take(port);
        } else {
            give(port);
        }
        return;
    }
    if (port->sc & SC_ENABLED && !(value & SC_ENABLED)) {
        port->sc &= ~(guint32)(SC_ENABLED | SC_SUSPENDED | SC_RESUME);
    }
    write_suspend(port, value);
    write_reset(port, value & SC_RESET);
}
