/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class ich9-ahci: the PCI function (Intel's 82801IR, D31:F2 in AHCI mode), and the registers of
 * the controller: AHCI 1.3.1 section 3.1.
 */
#include "config.h"
#include "hw/ide/ahci.h"

#include "qmp/error.h"
#include "qom/qapi-objects-ide.h"
#include "qom/qapi-trace.h"

enum { BAR_IO = 4, BAR_MMIO = 5, IO_SIZE = 32, MMIO_SIZE = 0x1000 };
enum { IO_INDEX = 0x10, IO_DATA = 0x14 };       /* AHCI 9 (index-data pair) */
enum { MAP = 0x90, MAP_AHCI = 0x40, CAP_ID_SATA = 0x12, VERSION = 0x00010301 };

/* ---- Interrupts ---- */

void ahci_update_irq(Ahci *s)
{
    for (guint i = 0; i < AHCI_PORTS; i++) {
        if (s->ports[i].is & s->ports[i].ie) {
            s->is |= 1u << i;
        }
    }
    pci_set_intx(&s->parent, s->ghc & GHC_IE && s->is);
}

/* ---- Registers ---- */

static guint32 capabilities(void)
{
    return CAP_S64A | CAP_SNCQ | CAP_SCLO | SPEED_3_GBPS << CAP_SPEED_SHIFT | CAP_SAM | CAP_PMD |
           (AHCI_SLOTS - 1) << CAP_SLOTS_SHIFT | (AHCI_PORTS - 1);
}

static guint32 read_generic(const Ahci *s, guint offset)
{
    switch (offset) {
    case HBA_CAP:
        return capabilities();
    case HBA_GHC:
        return s->ghc | GHC_AE;
    case HBA_IS:
        return s->is;
    case HBA_PI:
        return (1u << AHCI_PORTS) - 1;
    case HBA_VS:
        return VERSION;
    default:
        return 0;
    }
}

/* A reset lasts until all drives are ready. */
void ahci_reset_done(Ahci *s)
{
    for (guint i = 0; s->ghc & GHC_HR && i < AHCI_PORTS; i++) {
        const IdeDrive *drive = ahci_drive(&s->ports[i]);

        if (drive && ide_status(drive) & ATA_BSY) {
            return;
        }
    }
    s->ghc &= ~GHC_HR;
}

static void reset_controller(Ahci *s)
{
    s->ghc = GHC_HR;
    s->is = 0;
    for (guint i = 0; i < AHCI_PORTS; i++) {
        ahci_port_reset(&s->ports[i]);
    }
    ahci_update_irq(s);
    ahci_reset_done(s);
}

static void write_generic(Ahci *s, guint offset, guint32 value)
{
    if (offset == HBA_GHC && value & GHC_HR) {
        reset_controller(s);
    } else if (offset == HBA_GHC) {
        s->ghc = (s->ghc & ~GHC_IE) | (value & GHC_IE);
        ahci_update_irq(s);
    } else if (offset == HBA_IS) {
        s->is &= ~value;
        ahci_update_irq(s);
    }
}

/* The port of an offset; NULL: none. */
static AhciPort *port_at(Ahci *s, guint64 offset)
{
    guint64 number = (offset - HBA_PORTS) / HBA_PORT_SIZE;

    return offset >= HBA_PORTS && number < AHCI_PORTS ? &s->ports[number] : NULL;
}

static guint64 mmio_read(void *opaque, guint64 offset, guint size)
{
    Ahci *s = opaque;
    const AhciPort *port = port_at(s, offset);
    guint32 value = port ? ahci_port_read(port, offset % HBA_PORT_SIZE) : read_generic(s, offset);

    trace_ahci_mem_read(s, offset, value);
    return value;
}

static void mmio_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    Ahci *s = opaque;
    AhciPort *port = port_at(s, offset);

    trace_ahci_mem_write(s, offset, value);
    if (port) {
        ahci_port_write(port, offset % HBA_PORT_SIZE, value);
    } else {
        write_generic(s, offset, value);
    }
}

static guint64 io_read(void *opaque, guint64 offset, guint size)
{
    Ahci *s = opaque;

    if (offset == IO_INDEX) {
        return s->index;
    }
    return offset == IO_DATA ? mmio_read(s, s->index, 4) : 0;
}

static void io_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    Ahci *s = opaque;

    if (offset == IO_INDEX) {
        s->index = value & (MMIO_SIZE - 4);
    } else if (offset == IO_DATA) {
        mmio_write(s, s->index, value, 4);
    }
}

static const RegionOps mmio_ops = {
    .read = mmio_read,
    .write = mmio_write,
    .min_size = 4,
    .max_size = 4,
};

static const RegionOps io_ops = {
    .read = io_read,
    .write = io_write,
    .min_size = 4,
    .max_size = 4,
};

/* ---- Life ---- */

/* Serial ATA's capability: registers are reached through BAR 4, too, at 0x10. */
static void add_capability(PciDevice *dev)
{
    guint8 at = pci_add_capability(dev, CAP_ID_SATA, 8);

    pci_set_word(dev->config + at + 2, 0x0010);
    pci_set_long(dev->config + at + 4, IO_INDEX / 4 << 4 | 0x8);
}

static bool ahci_realize(Device *dev, GError **error)
{
    Ahci *s = to_ahci(dev);

    s->parent.config[MAP] = MAP_AHCI;
    add_capability(&s->parent);
    for (guint i = 0; i < AHCI_PORTS; i++) {
        AhciPort *port = &s->ports[i];

        port->hba = s;
        port->number = i;
        port->bus = ide_bus_new(dev, &ahci_transport, port);
    }
    s->mmio = region_new_io(&dev->object, "ahci", &mmio_ops, s, MMIO_SIZE);
    s->io = region_new_io(&dev->object, "ahci-idp", &io_ops, s, IO_SIZE);
    pci_add_bar(&s->parent, BAR_IO, PCI_BAR_IO, s->io);
    pci_add_bar(&s->parent, BAR_MMIO, PCI_BAR_MEM32, s->mmio);
    return true;
}

/* Drives have been reset before, or are afterwards: a reset leaves a drive ready. */
static void ahci_reset_exit(Device *dev)
{
    Ahci *s = to_ahci(dev);

    for (guint i = 0; i < AHCI_PORTS; i++) {
        ahci_port_reset_registers(&s->ports[i]);
    }
    ahci_update_irq(s);
}

static bool ahci_state_loaded(Device *dev, GError **error)
{
    Ahci *s = to_ahci(dev);

    for (guint i = 0; i < AHCI_PORTS; i++) {
        if (!ahci_port_valid(&s->ports[i])) {
            qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "state of '%s' is not that of an "
                          "AHCI controller", dev->object.name);
            return false;
        }
    }
    ahci_update_irq(s);
    return true;
}

static const StateRow ahci_state[] = {
    STATE_FIELD(U32, Ahci, ghc, 0),
    STATE_FIELD(U32, Ahci, is, 0),
    STATE_FIELD(U32, Ahci, index, 0),
    STATE_STRUCTS(Ahci, ports, ahci_port_state),
    STATE_ROWS_END
};

const TypeInfo ich9_ahci_type = {
    .schema = &qmp_class_ich9_ahci,
    .size = sizeof(Ahci),
    .device = &(const DeviceOps){
        .realize = ahci_realize,
        .reset_exit = ahci_reset_exit,
        .state = ahci_state,
        .state_loaded = ahci_state_loaded,
    },
    .kind = &(const PciFunction){
        .vendor_id = 0x8086,
        .device_id = 0x2922,
        .class_id = 0x0106,
        .prog_if = 0x01,
        .revision = 2,
        .pin = 1,
    },
};
