/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers of an xHCI controller (chapter 5), and its extended capabilities (7.2): which ports are
 * of which USB.
 */
#include "config.h"
#include "hw/usb/xhci.h"

#include "qom/qapi-objects-usb.h"
#include "qom/qapi-trace.h"

enum { PROTOCOL_ID = 2, PROTOCOL_NAME = 0x20425355 /* "USB " */ };

#define MICROFRAME 125000       /* ns */

/* ---- Capabilities ---- */

static guint32 read_capability(const Xhci *s, guint offset)
{
    const PciXhciProps *props = pci_xhci_props(s);

    switch (offset) {
    case CAP_LENGTH:
        return XHCI_VERSION << 16 | XHCI_OPERATIONAL;
    case CAP_HCSPARAMS1:
        return s->n_ports << 24 | s->n_intrs << 8 | props->slots;
    case CAP_HCSPARAMS2:
        return XHCI_ERST_LOG << HCSPARAMS2_ERST_SHIFT | HCSPARAMS2_IST;
    case CAP_HCCPARAMS1:
        return HCCPARAMS1_AC64 | XHCI_EXTENDED / 4 << HCCPARAMS1_EXTENDED_SHIFT;
    case CAP_DBOFF:
        return XHCI_DOORBELLS;
    case CAP_RTSOFF:
        return XHCI_RUNTIME;
    default:
        return 0;
    }
}

/* The words of a capability: version, name, first port and number of ports, slot type. */
static guint32 protocol(guint version, guint first, guint n, bool last, guint word)
{
    switch (word) {
    case 0:
        return version << 24 | (last ? 0 : XHCI_PROTOCOL_SIZE / 4 << 8) | PROTOCOL_ID;
    case 1:
        return PROTOCOL_NAME;
    case 2:
        return n << 8 | first;
    default:
        return 0;
    }
}

static guint32 read_extended(const Xhci *s, guint offset)
{
    guint index = offset / XHCI_PROTOCOL_SIZE, word = offset % XHCI_PROTOCOL_SIZE / 4;

    if (index == 0 && s->p3) {
        return protocol(3, 1, s->p3, s->p2 == 0, word);
    }
    return s->p2 && index == (s->p3 ? 1 : 0) ? protocol(2, s->p3 + 1, s->p2, true, word) : 0;
}

/* ---- Operational registers ---- */

static guint32 read_operational(const Xhci *s, guint offset)
{
    switch (offset) {
    case OP_USBCMD:
        return s->usbcmd;
    case OP_USBSTS:
        return s->usbsts;
    case OP_PAGESIZE:
        return 1;
    case OP_DNCTRL:
        return s->dnctrl;
    case OP_CRCR:
        return xhci_command_read(s);
    case OP_DCBAAP:
        return s->dcbaap;
    case OP_DCBAAP + 4:
        return s->dcbaap >> 32;
    case OP_CONFIG:
        return s->config;
    default:
        return 0;
    }
}

/* It stops at once, since nothing is in flight. */
static void set_running(Xhci *s, bool run)
{
    if (run) {
        s->usbsts &= ~(guint32)USBSTS_HALTED;
        xhci_kick_all(s);
    } else {
        s->usbsts |= USBSTS_HALTED;
        s->commands_run = false;
    }
}

static void write_command(Xhci *s, guint32 value)
{
    guint32 old = s->usbcmd;

    if (value & USBCMD_RESET) {
        xhci_reset(s);
        return;
    }
    s->usbcmd = value & USBCMD_KEPT;
    if (value & USBCMD_SAVE) {
        s->usbsts &= ~(guint32)USBSTS_RESTORE_ERROR;
    }
    if (value & USBCMD_RESTORE) {
        s->usbsts |= USBSTS_RESTORE_ERROR;
    }
    if ((old ^ value) & USBCMD_RUN) {
        set_running(s, value & USBCMD_RUN);
    }
    xhci_update_irq(s);
}

static void write_operational(Xhci *s, guint offset, guint32 value)
{
    switch (offset) {
    case OP_USBCMD:
        write_command(s, value);
        break;
    case OP_USBSTS:
        s->usbsts &= ~(value & USBSTS_CLEARS);
        break;
    case OP_DNCTRL:
        s->dnctrl = value & 0xffff;
        break;
    case OP_CRCR:
    case OP_CRCR + 4:
        xhci_command_write(s, value, offset & 4);
        break;
    case OP_DCBAAP:
        s->dcbaap = (s->dcbaap & ~(guint64)G_MAXUINT32) | (value & ~0x3fu);
        break;
    case OP_DCBAAP + 4:
        s->dcbaap = (guint32)s->dcbaap | (guint64)value << 32;
        break;
    case OP_CONFIG:
        s->config = MIN(value & 0xff, pci_xhci_props(s)->slots);
        break;
    }
}

/* ---- Runtime registers, doorbells ---- */

static guint32 microframe(const Xhci *s)
{
    gint64 now = clock_now(s->parent.machine->clock, CLOCK_KIND_VIRTUAL);

    return xhci_runs(s) ? now / MICROFRAME & 0x3fff : 0;
}

static void ring_doorbell(Xhci *s, guint slot, guint32 value)
{
    if (slot) {
        xhci_ring(s, slot, value & 0xff);
    } else if (xhci_runs(s) && !(value & 0xff)) {
        s->commands_run = true;
        xhci_run_commands(s);
    }
}

/* ---- All ---- */

/* The port, or interrupter, whose registers an offset is one of. */
static bool find(guint64 offset, guint first, guint size, guint n, guint *ret_index,
                 guint *ret_offset)
{
    *ret_index = (offset - first) / size;
    *ret_offset = (offset - first) % size;
    return offset >= first && *ret_index < n;
}

static guint32 read_any(Xhci *s, guint64 offset)
{
    guint i, reg;

    if (offset < XHCI_EXTENDED) {
        return read_capability(s, offset);
    } else if (offset < XHCI_OPERATIONAL) {
        return read_extended(s, offset - XHCI_EXTENDED);
    } else if (find(offset, XHCI_PORTS, XHCI_PORT_SIZE, s->n_ports, &i, &reg)) {
        return xhci_port_read(&s->ports[i], reg);
    } else if (find(offset, XHCI_INTERRUPTERS, XHCI_INTERRUPTER_SIZE, s->n_intrs, &i, &reg)) {
        return xhci_intr_read(s, i, reg);
    } else if (offset == XHCI_RUNTIME + RT_MFINDEX) {
        return microframe(s);
    }
    return offset < XHCI_PORTS ? read_operational(s, offset - XHCI_OPERATIONAL) : 0;
}

static guint64 mmio_read(void *opaque, guint64 offset, guint size)
{
    Xhci *s = opaque;
    guint32 value = read_any(s, offset);

    trace_usb_xhci_read(s, offset, value);
    return value;
}

static void mmio_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    Xhci *s = opaque;
    guint i, reg;

    trace_usb_xhci_write(s, offset, value);
    if (find(offset, XHCI_PORTS, XHCI_PORT_SIZE, s->n_ports, &i, &reg)) {
        xhci_port_write(&s->ports[i], reg, value);
    } else if (find(offset, XHCI_INTERRUPTERS, XHCI_INTERRUPTER_SIZE, s->n_intrs, &i, &reg)) {
        xhci_intr_write(s, i, reg, value);
    } else if (find(offset, XHCI_DOORBELLS, 4, XHCI_MAX_SLOTS + 1, &i, &reg)) {
        ring_doorbell(s, i, value);
    } else if (offset >= XHCI_OPERATIONAL && offset < XHCI_PORTS) {
        write_operational(s, offset - XHCI_OPERATIONAL, value);
    }
}

const RegionOps xhci_mmio_ops = {
    .read = mmio_read,
    .write = mmio_write,
    .min_size = 4,
    .max_size = 4,
};
