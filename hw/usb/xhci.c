/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Classes qemu-xhci and nec-usb-xhci: the PCI function, life and state.
 */
#include "config.h"
#include "hw/usb/xhci.h"

#include "hw/core/timer-state.h"
#include "qmp/error.h"
#include "qom/guest-error.h"
#include "qom/qapi-objects-usb.h"

enum { BAR = 0, CONFIG_SBRN = 0x60, CONFIG_FLADJ = 0x61, USB_3 = 0x30, FLADJ_DEFAULT = 0x20 };

void xhci_die(Xhci *s, const char *what)
{
    device_guest_error(&s->parent.device, "%s", what);
    s->usbsts |= USBSTS_ERROR;
}

/* ---- Reset ---- */

static void reset_registers(Xhci *s)
{
    s->usbcmd = 0;
    s->usbsts = USBSTS_HALTED;
    s->dnctrl = s->config = 0;
    s->dcbaap = 0;
    s->commands = (XhciRing){ 0 };
    s->commands_run = s->blocked = false;
    g_clear_pointer(&s->slots, g_free);
    s->n_slots = 0;
    timer_cancel(s->work);
    xhci_intrs_reset(s);
    xhci_ports_reset(s);
}

void xhci_reset(Xhci *s)
{
    reset_registers(s);
    xhci_update_irq(s);
}

/* ---- Life ---- */

static const UsbBusOps bus_ops = {
    .ready = xhci_ready,
    .gone = xhci_forget_device,
};

static void add_ports(Xhci *s)
{
    for (guint i = 0; i < s->n_ports; i++) {
        s->ports[i].xhci = s;
        s->ports[i].number = i + 1;
    }
    for (guint i = 0; i < s->n_usb_ports; i++) {
        UsbPort *port = &s->usb_ports[i];

        port->ops = &xhci_port_ops;
        port->opaque = s;
        port->index = i;
        port->speeds = (i < s->p2 ? 1u << USB_SPEED_LOW | 1u << USB_SPEED_FULL |
                                    1u << USB_SPEED_HIGH : 0) |
                       (i < s->p3 ? 1u << USB_SPEED_SUPER : 0);
        usb_port_add(s->bus, port, NULL);
    }
}

static bool add_messages(Xhci *s, GError **error)
{
    if (pci_xhci_props(s)->msix == ON_OFF_AUTO_OFF) {
        return true;
    }
    if (!pci_msix_init(&s->parent, s->n_intrs, s->bar, BAR, XHCI_MSIX_TABLE, XHCI_MSIX_PENDING,
                       error)) {
        return false;
    }
    for (guint i = 0; i < s->n_intrs; i++) {
        pci_msix_use(&s->parent, i);
    }
    return true;
}

static void xhci_unrealize(Device *dev)
{
    Xhci *s = to_xhci(dev);

    for (guint i = 0; i < s->n_usb_ports; i++) {
        usb_port_remove(&s->usb_ports[i]);
    }
    for (guint i = 0; i < s->n_intrs; i++) {
        pci_msix_unuse(&s->parent, i);
    }
    pci_set_intx(&s->parent, false);
    g_clear_pointer(&s->moderation, timer_free);
    g_clear_pointer(&s->work, timer_free);
    g_clear_pointer(&s->transfer.trbs, g_array_unref);
    g_clear_pointer(&s->slots, g_free);
    s->n_slots = 0;
}

static bool check_ports(const PciXhciProps *props, GError **error)
{
    if (props->p2 + props->p3 == 0) {
        qmp_error_set_at(error, "p2", ERROR_REASON_INVALID_VALUE,
                         "a controller has at least one port: 'p2' and 'p3' are 0");
        return false;
    }
    return true;
}

static bool xhci_realize(Device *dev, GError **error)
{
    Xhci *s = to_xhci(dev);
    const PciXhciProps *props = pci_xhci_props(s);
    Clock *clock = s->parent.machine->clock;

    if (!check_ports(props, error)) {
        return false;
    }
    s->p2 = props->p2;
    s->p3 = props->p3;
    s->n_ports = s->p2 + s->p3;
    s->n_usb_ports = MAX(s->p2, s->p3);
    s->n_intrs = props->intrs;
    s->moderation = timer_new(clock, CLOCK_KIND_VIRTUAL, 1, xhci_moderation_over, s);
    s->work = timer_new(clock, CLOCK_KIND_VIRTUAL, XHCI_PAUSE, xhci_work, s);
    s->transfer.trbs = g_array_new(false, false, sizeof(XhciTrb));
    s->bus = usb_bus_new(dev, &bus_ops, s);
    add_ports(s);
    s->bar = region_new_container(&dev->object, "xhci", XHCI_BAR_SIZE);
    s->mmio = region_new_io(&dev->object, "registers", &xhci_mmio_ops, s, XHCI_MSIX_TABLE);
    region_add(s->bar, 0, s->mmio, 0);
    s->parent.config[CONFIG_SBRN] = USB_3;
    s->parent.config[CONFIG_FLADJ] = FLADJ_DEFAULT;
    if (!add_messages(s, error)) {
        xhci_unrealize(dev);
        return false;
    }
    pci_add_bar(&s->parent, BAR, PCI_BAR_MEM64, s->bar);
    return true;
}

/* Devices have been reset before, or are afterwards: their ports show them as they come. */
static void xhci_reset_exit(Device *dev)
{
    xhci_reset(to_xhci(dev));
}

/* ---- State ---- */

static const StateRow ring_rows[] = {
    STATE_FIELD(U64, XhciRing, at, 0),
    STATE_FIELD(BOOL, XhciRing, cycle, false),
    STATE_ROWS_END
};

static const StateRow endpoint_rows[] = {
    STATE_FIELD(U8, XhciEndpoint, state, EP_DISABLED),
    STATE_FIELD(U8, XhciEndpoint, type, 0),
    STATE_FIELD(BOOL, XhciEndpoint, active, false),
    STATE_STRUCT(XhciEndpoint, ring, ring_rows),
    STATE_FIELD(U32, XhciEndpoint, done, 0),
    STATE_ROWS_END
};

static const StateRow slot_rows[] = {
    STATE_FIELD(BOOL, XhciSlot, enabled, false),
    STATE_FIELD(U8, XhciSlot, state, SLOT_ENABLED),
    STATE_FIELD(U8, XhciSlot, port, 0),
    STATE_FIELD(U32, XhciSlot, route, 0),
    STATE_FIELD(U64, XhciSlot, context, 0),
    STATE_FIELD(BOOL, XhciSlot, attached, false),
    STATE_STRUCTS(XhciSlot, endpoints, endpoint_rows),
    STATE_ROWS_END
};

static const StateRow port_rows[] = {
    STATE_FIELD(U32, XhciPort, sc, 0),
    STATE_FIELD(U32, XhciPort, pmsc, 0),
    STATE_ROWS_END
};

static const StateRow intr_rows[] = {
    STATE_FIELD(U32, XhciIntr, iman, 0),
    STATE_FIELD(U32, XhciIntr, imod, IMOD_DEFAULT),
    STATE_FIELD(U32, XhciIntr, erstsz, 0),
    STATE_FIELD(U64, XhciIntr, erstba, 0),
    STATE_FIELD(U64, XhciIntr, erdp, 0),
    STATE_FIELD(U64, XhciIntr, segment, 0),
    STATE_FIELD(U32, XhciIntr, size, 0),
    STATE_FIELD(U32, XhciIntr, entry, 0),
    STATE_FIELD(U32, XhciIntr, item, 0),
    STATE_FIELD(BOOL, XhciIntr, cycle, false),
    STATE_FIELD(BOOL, XhciIntr, full, false),
    STATE_FIELD(BOOL, XhciIntr, waits, false),
    STATE_FIELD(I64, XhciIntr, next, 0),
    STATE_ROWS_END
};

static const StateRow xhci_state[] = {
    STATE_FIELD(U32, Xhci, usbcmd, 0),
    STATE_FIELD(U32, Xhci, usbsts, USBSTS_HALTED),
    STATE_FIELD(U32, Xhci, dnctrl, 0),
    STATE_FIELD(U32, Xhci, config, 0),
    STATE_FIELD(U64, Xhci, dcbaap, 0),
    STATE_STRUCT(Xhci, commands, ring_rows),
    STATE_FIELD(BOOL, Xhci, commands_run, false),
    STATE_FIELD(BOOL, Xhci, blocked, false),
    STATE_STRUCTS(Xhci, ports, port_rows),
    STATE_STRUCTS(Xhci, intrs, intr_rows),
    STATE_STRUCT_LIST(Xhci, slots, n_slots, XHCI_MAX_SLOTS, slot_rows),
    STATE_CLOCK_TIMER(Xhci, work),
    STATE_ROWS_END
};

static bool intrs_valid(const Xhci *s)
{
    for (guint i = 0; i < XHCI_MAX_INTRS; i++) {
        const XhciIntr *intr = &s->intrs[i];

        if (intr->erstsz > 1u << XHCI_ERST_LOG || intr->size > ERST_SEGMENT_MAX ||
            (intr->size && (intr->item >= intr->size || intr->size < ERST_SEGMENT_MIN)) ||
            intr->entry > 1u << XHCI_ERST_LOG) {
            return false;
        }
    }
    return true;
}

static bool ports_valid(const Xhci *s)
{
    for (guint i = 0; i < XHCI_MAX_PORTS; i++) {
        if (s->ports[i].sc & ~(guint32)PORTSC_VALID) {
            return false;
        }
    }
    return true;
}

static bool xhci_state_loaded(Device *dev, GError **error)
{
    Xhci *s = to_xhci(dev);
    const PciXhciProps *props = pci_xhci_props(s);

    if (s->config > props->slots || s->n_slots > s->config || s->usbcmd & ~(guint32)USBCMD_KEPT ||
        s->usbsts & ~(guint32)USBSTS_VALID || !intrs_valid(s) || !ports_valid(s) ||
        !xhci_slots_loaded(s)) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "state of '%s' is not that of an xHCI "
                      "controller", dev->object.name);
        return false;
    }
    xhci_update_irq(s);
    xhci_moderate(s);
    return true;
}

const TypeInfo pci_xhci_type = {
    .schema = &qmp_class_pci_xhci,
    .size = sizeof(Xhci),
    .device = &(const DeviceOps){
        .realize = xhci_realize,
        .unrealize = xhci_unrealize,
        .reset_exit = xhci_reset_exit,
        .state = xhci_state,
        .state_loaded = xhci_state_loaded,
    },
};

const TypeInfo qemu_xhci_type = {
    .schema = &qmp_class_qemu_xhci,
    .kind = &(const PciFunction){
        .vendor_id = 0x1b36,
        .device_id = 0x000d,
        .class_id = 0x0c03,
        .prog_if = 0x30,
        .revision = 1,
        .pin = 1,
    },
};

const TypeInfo nec_usb_xhci_type = {
    .schema = &qmp_class_nec_usb_xhci,
    .kind = &(const PciFunction){
        .vendor_id = 0x1033,
        .device_id = 0x0194,
        .class_id = 0x0c03,
        .prog_if = 0x30,
        .revision = 3,
        .pin = 1,
    },
};
