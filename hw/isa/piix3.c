/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PIIX3, function 0: the PCI to ISA bridge, after Intel's data sheet "82371SB
 * PCI ISA IDE Xcelerator (PIIX3)", sections 2.2 (its configuration registers)
 * and 2.5.6 (reset control).
 *
 * Modelled: routing of the four PCI lines to ISA lines (PIRQRC), the ISA bus,
 * reset of the machine.  Registers for timing, decoding or stopping of absent
 * parts only store what is written.  The chip's other parts are separate
 * devices: interrupt controllers (with their ELCR), timer, and so on.
 */
#include "config.h"
#include "hw/isa/piix3.h"

#include "hw/core/irq.h"
#include "hw/isa/isa-bus.h"
#include "hw/machine/machine.h"
#include "hw/pci/pci.h"
#include "qmp/qapi-types-machine.h"
#include "qom/qapi-objects-pc.h"

enum {                          /* configuration registers */
    IORT = 0x4c,
    XBCS = 0x4e,                /* 2 bytes */
    PIRQRCA = 0x60,             /* to PIRQRCD */
    TOM = 0x69,
    MSTAT = 0x6a,               /* 2 bytes */
    MBIRQ0 = 0x70,
    MBDMA0 = 0x76,
    MBDMA1 = 0x77,
    PCSC = 0x78,                /* 2 bytes */
    APICBASE = 0x80,
    DLC = 0x82,
    SMICNTL = 0xa0,
    SMIEN = 0xa2,               /* 2 bytes */
    SEE = 0xa4,                 /* 4 bytes */
    FTMR = 0xa8,
    CTLTMR = 0xac,
    CTHTMR = 0xae,
};

enum {                          /* PIRQRC */
    PIRQ_OFF = 0x80,
    PIRQ_IRQ = 0x0f,
};

#define PIRQ_ALLOWED 0xdef8     /* lines 3 to 7, 9 to 12, 14, 15 */

enum {                          /* reset control register, port 0xcf9 */
    RCR_OFFSET = 1,             /* from 0xcf8 */
    RCR_SRST = 0x02,
    RCR_RCPU = 0x04,
};

struct Piix3 {
    PciDevice parent;
    /* Guest-visible. */
    guint8 rcr;
    /* Wiring. */
    guint16 driven;             /* ISA lines that PCI lines hold high */
};

/* ---- PCI lines ---- */

/* INTA# of device 1 is line A, of device 2 line B, and so on. */
static guint piix3_map(void *opaque, guint devfn, guint pin)
{
    return (PCI_SLOT(devfn) + PCI_N_PINS - 1 + pin) % PCI_N_PINS;
}

/* The ISA line to which a PCI line is routed, or -1. */
static int target_of(const Piix3 *s, guint line)
{
    guint8 pirqrc = s->parent.config[PIRQRCA + line];
    guint irq = pirqrc & PIRQ_IRQ;

    return pirqrc & PIRQ_OFF || !(PIRQ_ALLOWED >> irq & 1) ? -1 : (int)irq;
}

/* The only place that drives ISA lines for PCI: each is the OR of the PCI lines
 * that are routed to it. */
static void update_irqs(Piix3 *s)
{
    Bus *pci = s->parent.device.bus;
    guint16 levels = 0;

    for (guint line = 0; line < PCI_N_PINS; line++) {
        int irq = target_of(s, line);

        if (irq >= 0 && pci_bus_line(pci, line)) {
            levels |= 1 << irq;
        }
    }
    for (guint irq = 0; irq < ISA_N_IRQS; irq++) {
        if ((levels ^ s->driven) >> irq & 1) {
            irq_set(gpio(&s->parent.device.object, "irq", irq), levels >> irq & 1);
        }
    }
    s->driven = levels;
}

static void piix3_set(void *opaque, guint line, bool level)
{
    update_irqs(opaque);
}

static const PciIrqOps piix3_irq_ops = {
    .map = piix3_map,
    .set = piix3_set,
};

void piix3_route(Device *dev, const guint8 irqs[4])
{
    Piix3 *s = to_piix3(dev);

    for (guint line = 0; line < PCI_N_PINS; line++) {
        s->parent.config[PIRQRCA + line] = irqs[line];
    }
    update_irqs(s);
}

static void piix3_config_written(PciDevice *dev, guint offset, guint size)
{
    if (offset < PIRQRCA + PCI_N_PINS && offset + size > PIRQRCA) {
        update_irqs(to_piix3(dev));
    }
}

/* ---- Reset control ---- */

static guint64 ports_read(void *opaque, guint64 offset, guint size)
{
    return size == 1 && offset == RCR_OFFSET ? to_piix3(opaque)->rcr : G_MAXUINT64;
}

/* A rise of RCPU resets the machine; without SRST it would reset only the
 * processor, which is the same for a guest, as firmware starts it again. */
static void ports_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    Piix3 *s = opaque;
    guint8 old = s->rcr;

    if (size != 1 || offset != RCR_OFFSET) {
        return;
    }
    s->rcr = value & (RCR_SRST | RCR_RCPU);
    if (s->rcr & ~old & RCR_RCPU) {
        machine_request_reset(machine_of(s), SHUTDOWN_CAUSE_GUEST_RESET);
    }
}

const RegionOps piix3_ports_ops = {
    .read = ports_read,
    .write = ports_write,
    .min_size = 1,
    .max_size = 4,
};

/* ---- Life cycle ---- */

typedef struct {
    guint8 offset, reset, writable;
} Register;

/* Each byte that is not always zero, except for the header. */
static const Register registers[] = {
    { IORT, 0x4d, 0xff }, { XBCS, 0x03, 0xff }, { XBCS + 1, 0, 0x01 },
    { PIRQRCA, PIRQ_OFF, PIRQ_OFF | PIRQ_IRQ }, { PIRQRCA + 1, PIRQ_OFF, PIRQ_OFF | PIRQ_IRQ },
    { PIRQRCA + 2, PIRQ_OFF, PIRQ_OFF | PIRQ_IRQ }, { PIRQRCA + 3, PIRQ_OFF, PIRQ_OFF | PIRQ_IRQ },
    { TOM, 0x02, 0xfe }, { MSTAT, 0, 0x07 }, { MSTAT + 1, 0, 0x80 }, { MBIRQ0, 0x80, 0xef },
    { MBDMA0, 0x0c, 0x8f }, { MBDMA1, 0x0c, 0x8f }, { PCSC, 0x02, 0xff }, { PCSC + 1, 0, 0xff },
    { APICBASE, 0, 0x7f }, { DLC, 0, 0x0f }, { SMICNTL, 0x08, 0x1f }, { SMIEN, 0, 0xff },
    { SMIEN + 1, 0, 0x01 }, { SEE, 0, 0xff }, { SEE + 1, 0, 0xff }, { SEE + 2, 0, 0xff },
    { SEE + 3, 0, 0xff }, { FTMR, 0x0f, 0xff }, { CTLTMR, 0, 0xff }, { CTHTMR, 0, 0xff },
};

static void fill_config(PciDevice *dev)
{
    /* It always decodes and is always a master; special cycles are optional. */
    pci_set_word(dev->config + PCI_COMMAND,
                 PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    pci_set_word(dev->writable + PCI_COMMAND, PCI_COMMAND_SPECIAL);
    pci_set_word(dev->config + PCI_STATUS, PCI_STATUS_DEVSEL_MEDIUM);
    dev->config[PCI_HEADER_TYPE] |= PCI_HEADER_MULTIFUNCTION;
    dev->writable[PCI_INTERRUPT_LINE] = 0;
    dev->writable[PCI_CACHE_LINE_SIZE] = 0;
    for (guint i = 0; i < G_N_ELEMENTS(registers); i++) {
        dev->config[registers[i].offset] = registers[i].reset;
        dev->writable[registers[i].offset] = registers[i].writable;
    }
}

static bool piix3_realize(Device *dev, GError **error)
{
    Piix3 *s = to_piix3(dev);

    fill_config(&s->parent);
    gpio_out_new(&dev->object, "irq", ISA_N_IRQS);
    bus_new(dev, &qmp_class_ISA, "isa.0");
    pci_bus_set_irqs(dev->bus, &piix3_irq_ops, s, PCI_N_PINS);
    return true;
}

static void piix3_unrealize(Device *dev)
{
    pci_bus_set_irqs(dev->bus, NULL, NULL, 0);
}

/* pci-device has reset the registers. */
static void piix3_reset_hold(Device *dev)
{
    update_irqs(to_piix3(dev));
}

static bool piix3_state_loaded(Device *dev, GError **error)
{
    Piix3 *s = to_piix3(dev);

    s->rcr &= RCR_SRST | RCR_RCPU;
    update_irqs(s);
    return true;
}

static const StateRow piix3_state[] = {
    STATE_FIELD(U8, Piix3, rcr, 0),
    STATE_ROWS_END
};

static const DeviceOps piix3_device_ops = {
    .realize = piix3_realize,
    .unrealize = piix3_unrealize,
    .reset_hold = piix3_reset_hold,
    .state = piix3_state,
    .state_loaded = piix3_state_loaded,
};

const TypeInfo piix3_type = {
    .schema = &qmp_class_PIIX3,
    .size = sizeof(Piix3),
    .device = &piix3_device_ops,
    .kind = &(const PciFunction){
        .vendor_id = 0x8086,
        .device_id = 0x7000,
        .class_id = 0x0601,
        .config_written = piix3_config_written,
    },
};
