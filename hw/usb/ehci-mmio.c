/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers of an EHCI controller: EHCI 2.2, 2.3.  An interrupt is not delayed by the threshold,
 * which is kept.
 */
#include "config.h"
#include "hw/usb/ehci-internal.h"

#include "qom/qapi-trace.h"

/* Capabilities (2.2): version 1.0, all of a frame is read ahead, USBLEGSUP at 0x68. */
enum { CAP_LENGTH = 0x00, CAP_STRUCTURE = 0x04, CAP_PARAMETERS = 0x08, OPERATIONAL = 0x20,
       VERSION = 0x0100, PARAMETERS = 0x68 << 8 | 1 << 7 };
/* From OPERATIONAL on (2.3). */
enum { OP_COMMAND = 0x00, OP_STATUS = 0x04, OP_INTERRUPT = 0x08, OP_FRINDEX = 0x0c,
       OP_PERIODIC = 0x14, OP_ASYNC = 0x18, OP_CONFIGURE = 0x40, OP_PORTS = 0x44 };

/* ---- Interrupts ---- */

void ehci_update_irq(Ehci *s)
{
    pci_set_intx(&s->parent, s->sts & s->intr & STS_CLEARS);
}

void ehci_raise(Ehci *s, guint32 sts)
{
    s->sts |= sts;
    ehci_update_irq(s);
}

/* ---- Reading ---- */

/* How many companions there are, and how many ports each has (2.2.3). */
static guint32 structure(const Ehci *s)
{
    const void *last = NULL;
    guint companions = 0, most = 0, n = 0;

    for (guint i = 0; i < EHCI_PORTS; i++) {
        const UsbPort *port = s->ports[i].usb.companion;

        if (!port) {
            continue;
        }
        if (port->opaque != last) {
            companions++;
            n = 0;
        }
        last = port->opaque;
        n++;
        most = MAX(most, n);
    }
    return companions << 12 | most << 8 | EHCI_PORTS;
}

static guint32 read_capability(const Ehci *s, guint64 offset)
{
    switch (offset) {
    case CAP_LENGTH:
        return VERSION << 16 | OPERATIONAL;
    case CAP_STRUCTURE:
        return structure(s);
    case CAP_PARAMETERS:
        return PARAMETERS;
    default:
        return 0;
    }
}

static guint32 read_status(const Ehci *s)
{
    guint32 value = s->sts;

    if (s->cmd & CMD_RUN) {
        value |= (s->cmd & CMD_PERIODIC ? STS_PERIODIC : 0) | (s->cmd & CMD_ASYNC ? STS_ASYNC : 0);
    }
    return value;
}

static guint32 read_operational(const Ehci *s, guint64 offset)
{
    switch (offset) {
    case OP_COMMAND:
        return s->cmd;
    case OP_STATUS:
        return read_status(s);
    case OP_INTERRUPT:
        return s->intr;
    case OP_FRINDEX:
        return s->frindex;
    case OP_PERIODIC:
        return s->periodic;
    case OP_ASYNC:
        return s->async;
    case OP_CONFIGURE:
        return s->configured;
    default:
        return offset >= OP_PORTS && offset < OP_PORTS + 4 * EHCI_PORTS
               ? s->ports[(offset - OP_PORTS) / 4].sc : 0;
    }
}

static guint64 mmio_read(void *opaque, guint64 offset, guint size)
{
    Ehci *s = opaque;
    guint32 value;

    if (offset < OPERATIONAL) {
        return read_capability(s, offset);
    }
    ehci_sync(s);
    value = read_operational(s, offset - OPERATIONAL);
    trace_usb_ehci_opreg_read(s, offset - OPERATIONAL, value);
    return value;
}

/* ---- Writing ---- */

static void write_command(Ehci *s, guint32 value)
{
    if (value & CMD_RESET) {
        ehci_reset(s);
        return;
    }
    ehci_set_command(s, value & CMD_KEPT);
    if (value & CMD_DOORBELL) {
        ehci_doorbell(s);
    }
}

static void write_configure(Ehci *s, bool configured)
{
    if (s->configured != configured) {
        s->configured = configured;
        ehci_ports_configure(s);
    }
}

static void write_operational(Ehci *s, guint64 offset, guint32 value)
{
    switch (offset) {
    case OP_COMMAND:
        write_command(s, value);
        break;
    case OP_STATUS:
        s->sts &= ~(value & STS_CLEARS);
        ehci_update_irq(s);
        break;
    case OP_INTERRUPT:
        s->intr = value & STS_CLEARS;
        ehci_update_irq(s);
        break;
    case OP_FRINDEX:
        s->frindex = s->cmd & CMD_RUN ? s->frindex : value & FRINDEX_MASK;
        break;
    case OP_PERIODIC:
        s->periodic = value & 0xfffff000;
        break;
    case OP_ASYNC:
        s->async = value & LINK_ADDRESS;
        break;
    case OP_CONFIGURE:
        write_configure(s, value & 1);
        break;
    default:
        if (offset >= OP_PORTS && offset < OP_PORTS + 4 * EHCI_PORTS) {
            ehci_port_write(&s->ports[(offset - OP_PORTS) / 4], value);
        }
    }
}

static void mmio_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    Ehci *s = opaque;

    if (offset >= OPERATIONAL) {
        trace_usb_ehci_opreg_write(s, offset - OPERATIONAL, value);
        ehci_sync(s);
        write_operational(s, offset - OPERATIONAL, value);
        ehci_kick(s);
    }
}

const RegionOps ehci_mmio_ops = {
    .read = mmio_read,
    .write = mmio_write,
    .min_size = 4,
    .max_size = 4,
};
