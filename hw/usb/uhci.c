/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class usb-uhci: registers and ports of a controller for USB 1.
 */
#include "config.h"
#include "hw/usb/uhci-internal.h"

#include "hw/core/timer-state.h"
#include "qmp/error.h"
#include "qom/qapi-objects-usb.h"
#include "qom/qapi-trace.h"

enum { BAR = 4, CONFIG_SBRN = 0x60, CONFIG_LEGACY = 0xc0, USB_1 = 0x10, LEGACY_DEFAULT = 0x2000,
       SOF_DEFAULT = 64 };

/* 2.1.7 */
enum {
    SC_CONNECTED = 1 << 0, SC_CONNECT_CHANGE = 1 << 1, SC_ENABLED = 1 << 2,
    SC_ENABLE_CHANGE = 1 << 3, SC_RESUME = 1 << 6, SC_ALWAYS = 1 << 7, SC_LOW_SPEED = 1 << 8,
    SC_RESET = 1 << 9, SC_SUSPENDED = 1 << 12,
    SC_CLEARS = SC_CONNECT_CHANGE | SC_ENABLE_CHANGE,
    SC_WRITABLE = SC_ENABLED | SC_RESUME | SC_RESET | SC_SUSPENDED,
    SC_VALID = SC_CONNECTED | SC_CLEARS | SC_WRITABLE | SC_ALWAYS | SC_LOW_SPEED,
};

/* ---- Interrupts ---- */

static void update_irq(Uhci *s)
{
    bool level = (s->why & WHY_COMPLETE && s->intr & INTR_COMPLETE) ||
                 (s->why & WHY_SHORT && s->intr & INTR_SHORT) ||
                 (s->sts & STS_ERROR && s->intr & INTR_TIMEOUT) ||
                 (s->sts & STS_RESUME && s->intr & INTR_RESUME) ||
                 s->sts & (STS_SYSTEM | STS_PROCESS);

    pci_set_intx(&s->parent, level);
}

void uhci_raise(Uhci *s, guint16 sts, guint8 why)
{
    s->sts |= sts;
    s->why |= why;
    update_irq(s);
}

/* ---- Ports ---- */

static UhciPort *uhci_port(UsbPort *port)
{
    return container_of(port, UhciPort, usb);
}

static void show_device(UhciPort *port)
{
    const UsbDevice *dev = usb_port_device(&port->usb);

    port->sc = SC_ALWAYS;
    if (dev) {
        port->sc |= SC_CONNECTED | SC_CONNECT_CHANGE |
                    (dev->speed == USB_SPEED_LOW ? SC_LOW_SPEED : 0);
    }
}

static void wake(UsbPort *port)
{
    Uhci *s = port->opaque;

    if (uhci_port(port)->sc & SC_SUSPENDED || s->cmd & CMD_SUSPEND) {
        uhci_port(port)->sc |= SC_RESUME;
        uhci_raise(s, STS_RESUME, 0);
    }
}

/* A change resumes a suspended bus (2.1.2). */
static void changed(UsbPort *port)
{
    Uhci *s = port->opaque;

    if (s->cmd & CMD_SUSPEND) {
        uhci_raise(s, STS_RESUME, 0);
    }
}

static void attached(UsbPort *port)
{
    usb_reset(port->dev);
    show_device(uhci_port(port));
    changed(port);
}

static void detached(UsbPort *port)
{
    UhciPort *p = uhci_port(port);
    guint16 enabled = p->sc & SC_ENABLED;

    p->sc = SC_ALWAYS | SC_CONNECT_CHANGE | (enabled ? SC_ENABLE_CHANGE : 0);
    changed(port);
}

static void ready(UsbPort *port)
{
    uhci_kick(port->opaque);
}

static const UsbPortOps port_ops = {
    .attached = attached,
    .detached = detached,
    .wake = wake,
    .ready = ready,
};

UsbDevice *uhci_find(const Uhci *s, guint8 address)
{
    for (guint i = 0; i < UHCI_PORTS; i++) {
        UsbDevice *dev = usb_port_device(&s->ports[i].usb);

        if (!dev || !(s->ports[i].sc & SC_ENABLED) || s->ports[i].sc & SC_SUSPENDED) {
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

static void write_port(UhciPort *port, guint16 value)
{
    UsbDevice *dev = usb_port_device(&port->usb);
    guint16 old = port->sc;

    port->sc &= ~(value & SC_CLEARS);
    port->sc = (port->sc & ~SC_WRITABLE) | (value & SC_WRITABLE);
    if (!dev || value & SC_RESET) {
        port->sc &= ~SC_ENABLED;
    }
    if (dev && value & SC_RESET && !(old & SC_RESET)) {
        usb_reset(dev);
    }
}

/* ---- Running ---- */

static void set_command(Uhci *s, guint16 cmd)
{
    bool ran = s->cmd & CMD_RUN, runs = cmd & CMD_RUN;

    if (ran && !runs) {
        uhci_stop(s);
    }
    s->cmd = cmd;
    s->sts = runs ? s->sts & ~STS_HALTED : s->sts | STS_HALTED;
    if (runs && !ran) {
        uhci_start(s);
    }
}

/* ---- Registers ---- */

static void reset(Uhci *s)
{
    set_command(s, 0);
    s->intr = s->frnum = s->why = 0;
    s->sts = STS_HALTED;
    s->base = 0;
    s->sof = SOF_DEFAULT;
    for (guint i = 0; i < UHCI_PORTS; i++) {
        UsbDevice *dev = usb_port_device(&s->ports[i].usb);

        if (dev) {
            usb_reset(dev);
        }
        show_device(&s->ports[i]);
    }
    update_irq(s);
}

static void global_reset(Uhci *s)
{
    reset(s);
    s->cmd = CMD_GLOBAL_RESET;
}

static void write_command(Uhci *s, guint16 value)
{
    if (value & CMD_GLOBAL_RESET && !(s->cmd & CMD_GLOBAL_RESET)) {
        global_reset(s);
    } else if (value & CMD_RESET) {
        reset(s);
    } else {
        set_command(s, value & CMD_VALID);
    }
}

static guint64 io_read(void *opaque, guint64 offset, guint size)
{
    const Uhci *s = opaque;
    guint16 value;

    switch (offset) {
    case UHCI_CMD:
        value = s->cmd;
        break;
    case UHCI_STS:
        value = s->sts;
        break;
    case UHCI_INTR:
        value = s->intr;
        break;
    case UHCI_FRNUM:
        value = uhci_frame(s);
        break;
    case UHCI_BASE:
        value = s->base;
        break;
    case UHCI_BASE + 2:
        value = s->base >> 16;
        break;
    case UHCI_SOF:
        value = s->sof;
        break;
    case UHCI_PORT:
    case UHCI_PORT + 2:
        value = s->ports[(offset - UHCI_PORT) / 2].sc;
        break;
    default:
        value = 0xff7f;         /* there are no more ports (2.1.7) */
    }
    trace_usb_uhci_mmio_readw(s, offset, value);
    return value;
}

static void io_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    Uhci *s = opaque;

    trace_usb_uhci_mmio_writew(s, offset, value);
    uhci_kick(s);
    switch (offset) {
    case UHCI_CMD:
        write_command(s, value);
        break;
    case UHCI_STS:
        s->sts &= ~(value & STS_CLEARS);
        s->why = s->sts & STS_INTERRUPT ? s->why : 0;
        update_irq(s);
        break;
    case UHCI_INTR:
        s->intr = value & INTR_VALID;
        update_irq(s);
        break;
    case UHCI_FRNUM:
        if (!(s->cmd & CMD_RUN)) {
            s->frnum = value & FRNUM_MASK;
        }
        break;
    case UHCI_BASE:
        s->base = (s->base & 0xffff0000) | (value & 0xf000);
        break;
    case UHCI_BASE + 2:
        s->base = (s->base & 0xffff) | (guint32)value << 16;
        break;
    case UHCI_SOF:
        s->sof = value & 0x7f;
        break;
    case UHCI_PORT:
    case UHCI_PORT + 2:
        write_port(&s->ports[(offset - UHCI_PORT) / 2], value);
        break;
    }
}

static const RegionOps io_ops = {
    .read = io_read,
    .write = io_write,
    .min_size = 2,
    .max_size = 2,
};

/* ---- Life ---- */

static bool uhci_realize(Device *dev, GError **error)
{
    Uhci *s = to_uhci(dev);

    s->timer = timer_new(s->parent.machine->clock, CLOCK_KIND_VIRTUAL, UHCI_FRAME, uhci_frames_over,
                         s);
    for (guint i = 0; i < UHCI_PORTS; i++) {
        s->ports[i].usb.ops = &port_ops;
        s->ports[i].usb.opaque = s;
        s->ports[i].usb.index = i;
        s->ports[i].usb.speeds = 1u << USB_SPEED_LOW | 1u << USB_SPEED_FULL;
    }
    s->parent.config[CONFIG_SBRN] = USB_1;
    pci_set_word(s->parent.config + CONFIG_LEGACY, LEGACY_DEFAULT);
    s->io = region_new_io(&dev->object, "uhci", &io_ops, s, UHCI_SIZE);
    pci_add_bar(&s->parent, BAR, PCI_BAR_IO, s->io);
    return true;
}

static void uhci_unrealize(Device *dev)
{
    Uhci *s = to_uhci(dev);

    pci_set_intx(&s->parent, false);
    g_clear_pointer(&s->timer, timer_free);
}

/* Devices have been reset before, or are afterwards. */
static void uhci_reset_exit(Device *dev)
{
    reset(to_uhci(dev));
}

static const StateRow port_rows[] = {
    STATE_FIELD(U16, UhciPort, sc, SC_ALWAYS),
    STATE_ROWS_END
};

static const StateRow uhci_state[] = {
    STATE_FIELD(U16, Uhci, cmd, 0),
    STATE_FIELD(U16, Uhci, sts, STS_HALTED),
    STATE_FIELD(U16, Uhci, intr, 0),
    STATE_FIELD(U16, Uhci, frnum, 0),
    STATE_FIELD(I64, Uhci, since, 0),
    STATE_FIELD(U32, Uhci, base, 0),
    STATE_FIELD(U8, Uhci, sof, SOF_DEFAULT),
    STATE_FIELD(U8, Uhci, why, 0),
    STATE_STRUCTS(Uhci, ports, port_rows),
    STATE_CLOCK_TIMER(Uhci, timer),
    STATE_ROWS_END
};

static bool uhci_state_loaded(Device *dev, GError **error)
{
    Uhci *s = to_uhci(dev);
    bool ok = !(s->cmd & ~CMD_VALID) && !(s->intr & ~INTR_VALID) && s->frnum <= FRNUM_MASK &&
              !(s->sts & ~(STS_CLEARS | STS_HALTED)) && s->since >= 0;

    for (guint i = 0; i < UHCI_PORTS; i++) {
        ok = ok && !(s->ports[i].sc & ~SC_VALID);
    }
    if (!ok) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "state of '%s' is not that of a UHCI "
                      "controller", dev->object.name);
        return false;
    }
    update_irq(s);
    return true;
}

const TypeInfo usb_uhci_type = {
    .schema = &qmp_class_usb_uhci,
    .size = sizeof(Uhci),
    .device = &(const DeviceOps){
        .realize = uhci_realize,
        .unrealize = uhci_unrealize,
        .reset_exit = uhci_reset_exit,
        .state = uhci_state,
        .state_loaded = uhci_state_loaded,
    },
};
