/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Classes ich9-usb-ehci1 (a function of Intel's ICH9) and usb-ehci: the PCI function, life and
 * state of a controller for USB 2.
 */
#include "config.h"
#include "hw/usb/ehci-internal.h"

#include "hw/core/timer-state.h"
#include "qmp/error.h"
#include "qom/qapi-objects-usb.h"

/* ICH9 17.1: USB's release, frame length; the legacy support capability (EHCI 5), whose
 * semaphores the guest sets. */
enum { BAR = 0, CONFIG_SBRN = 0x60, CONFIG_FLADJ = 0x61, CONFIG_LEGACY = 0x68, USB_2 = 0x20,
       FLADJ_DEFAULT = 0x20, LEGACY_ID = 1, LEGACY_BIOS = CONFIG_LEGACY + 2,
       LEGACY_OS = CONFIG_LEGACY + 3 };

void ehci_reset(Ehci *s)
{
    ehci_set_command(s, CMD_DEFAULT);
    s->sts = STS_HALTED;
    s->intr = s->frindex = s->periodic = s->async = s->frame = 0;
    s->configured = false;
    ehci_ports_reset(s);
    ehci_update_irq(s);
}

/* ---- Life ---- */

/* Of this controller, or of a companion. */
static void ready(void *opaque, UsbDevice *dev, guint8 endpoint)
{
    Ehci *s = opaque;

    ehci_kick(s);
    for (guint i = 0; i < EHCI_PORTS; i++) {
        usb_companion_ready(&s->ports[i].usb);
    }
}

static const UsbBusOps bus_ops = {
    .ready = ready,
    .has_companions = true,
};

static bool ehci_realize(Device *dev, GError **error)
{
    Ehci *s = to_ehci(dev);
    guint8 *config = s->parent.config;

    s->timer = timer_new(s->parent.machine->clock, CLOCK_KIND_VIRTUAL, EHCI_MICROFRAME, ehci_run,
                         s);
    s->bus = usb_bus_new(dev, &bus_ops, s);
    for (guint i = 0; i < EHCI_PORTS; i++) {
        UsbPort *port = &s->ports[i].usb;

        port->ops = &ehci_port_ops;
        port->opaque = s;
        port->index = i;
        port->speeds = 1u << USB_SPEED_HIGH;
        usb_port_add(s->bus, port, NULL);
    }
    config[CONFIG_SBRN] = USB_2;
    config[CONFIG_FLADJ] = FLADJ_DEFAULT;
    s->parent.writable[CONFIG_FLADJ] = 0x3f;
    config[CONFIG_LEGACY] = LEGACY_ID;
    s->parent.writable[LEGACY_BIOS] = s->parent.writable[LEGACY_OS] = 1;
    s->mmio = region_new_io(&dev->object, "ehci", &ehci_mmio_ops, s, EHCI_SIZE);
    pci_add_bar(&s->parent, BAR, PCI_BAR_MEM32, s->mmio);
    return true;
}

static void ehci_unrealize(Device *dev)
{
    Ehci *s = to_ehci(dev);

    for (guint i = 0; i < EHCI_PORTS; i++) {
        usb_port_remove(&s->ports[i].usb);
    }
    pci_set_intx(&s->parent, false);
    g_clear_pointer(&s->timer, timer_free);
}

static bool ehci_may_delete(Object *obj, GError **error)
{
    const Ehci *s = to_ehci(obj);

    for (guint i = 0; i < EHCI_PORTS && s->bus; i++) {
        if (s->ports[i].usb.companion) {
            qmp_error_set(error, ERROR_REASON_IN_USE, "'%s' has companions", obj->name);
            return false;
        }
    }
    return true;
}

/* Devices and companions have been reset before, or are afterwards. */
static void ehci_reset_exit(Device *dev)
{
    ehci_reset(to_ehci(dev));
}

/* ---- State ---- */

static const StateRow port_rows[] = {
    STATE_FIELD(U32, EhciPort, sc, SC_POWER | SC_OWNER),
    STATE_ROWS_END
};

static const StateRow ehci_state[] = {
    STATE_FIELD(U32, Ehci, cmd, CMD_DEFAULT),
    STATE_FIELD(U32, Ehci, sts, STS_HALTED),
    STATE_FIELD(U32, Ehci, intr, 0),
    STATE_FIELD(U32, Ehci, periodic, 0),
    STATE_FIELD(U32, Ehci, async, 0),
    STATE_FIELD(BOOL, Ehci, configured, false),
    STATE_FIELD(U32, Ehci, frindex, 0),
    STATE_FIELD(I64, Ehci, since, 0),
    STATE_FIELD(U32, Ehci, frame, 0),
    STATE_STRUCTS(Ehci, ports, port_rows),
    STATE_CLOCK_TIMER(Ehci, timer),
    STATE_ROWS_END
};

static bool ehci_state_loaded(Device *dev, GError **error)
{
    Ehci *s = to_ehci(dev);
    bool ok = !(s->cmd & ~(guint32)CMD_KEPT) && !(s->sts & ~(guint32)(STS_CLEARS | STS_HALTED)) &&
              !(s->intr & ~(guint32)STS_CLEARS) && s->frindex <= FRINDEX_MASK &&
              s->frame <= FRAME_MASK && s->since >= 0;

    for (guint i = 0; i < EHCI_PORTS; i++) {
        ok = ok && !(s->ports[i].sc & ~(guint32)SC_VALID);
    }
    if (!ok) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "state of '%s' is not that of an EHCI "
                      "controller", dev->object.name);
        return false;
    }
    ehci_ports_loaded(s);
    ehci_update_irq(s);
    return true;
}

const TypeInfo pci_ehci_usb_type = {
    .schema = &qmp_class_pci_ehci_usb,
    .size = sizeof(Ehci),
    .object = &(const ObjectOps){
        .may_delete = ehci_may_delete,
    },
    .device = &(const DeviceOps){
        .realize = ehci_realize,
        .unrealize = ehci_unrealize,
        .reset_exit = ehci_reset_exit,
        .state = ehci_state,
        .state_loaded = ehci_state_loaded,
    },
};

const TypeInfo usb_ehci_type = {
    .schema = &qmp_class_usb_ehci,
    .kind = &(const PciFunction){
        .vendor_id = 0x8086,
        .device_id = 0x24cd,
        .class_id = 0x0c03,
        .prog_if = 0x20,
        .revision = 0x10,
        .pin = 4,
    },
};

const TypeInfo ich9_usb_ehci1_type = {
    .schema = &qmp_class_ich9_usb_ehci1,
    .kind = &(const PciFunction){
        .vendor_id = 0x8086,
        .device_id = 0x293a,
        .class_id = 0x0c03,
        .prog_if = 0x20,
        .revision = 3,
        .pin = 4,
    },
};
