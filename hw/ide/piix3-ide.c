/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The IDE function of the PIIX3, after Intel's data sheet "82371SB PCI ISA IDE Xcelerator (PIIX3)",
 * section 2.3: two channels at the PC's ports, and a bus master behind BAR 4.
 *
 * Registers for timing only store what is written, except for the bits by which a channel
 * decodes its ports.
 */
#include "config.h"
#include "hw/ide/piix3-ide.h"

#include "hw/ide/ide-channel.h"
#include "qmp/error.h"
#include "qom/qapi-objects-ide.h"

enum { IDETIM = 0x40, SIDETIM = 0x44, IDETIM_DECODE = 0x8000 };
enum { BAR_BUS_MASTER = 4, N_CHANNELS = 2 };

struct Piix3Ide {
    PciDevice parent;
    IdeChannel channels[N_CHANNELS];
    MemoryRegion *bus_master;
};

/* ---- Decoding ---- */

static void update_ports(Piix3Ide *s)
{
    const guint8 *config = s->parent.config;
    bool io = pci_get_word(config + PCI_COMMAND) & PCI_COMMAND_IO;

    region_transaction_begin(s->parent.machine->io);
    for (guint i = 0; i < N_CHANNELS; i++) {
        ide_channel_show(&s->channels[i],
                         io && pci_get_word(config + IDETIM + 2 * i) & IDETIM_DECODE);
    }
    region_transaction_commit(s->parent.machine->io);
}

static void piix3_ide_config_written(PciDevice *dev, guint offset, guint size)
{
    if (offset <= PCI_COMMAND || (offset < SIDETIM && offset + size > IDETIM)) {
        update_ports(to_piix3_ide(dev));
    }
}

void piix3_ide_enable(Device *dev)
{
    Piix3Ide *s = to_piix3_ide(dev);

    for (guint i = 0; i < N_CHANNELS; i++) {
        pci_set_word(s->parent.config + IDETIM + 2 * i, IDETIM_DECODE);
    }
    update_ports(s);
}

bool piix3_ide_disk(Device *dev, guint place, IdeBiosDisk *ret)
{
    const Piix3Ide *s = to_piix3_ide(dev);
    IdeDrive *drive = ide_bus_drive(s->channels[place / 2].bus, place % 2);
    const IdeHdProps *props;

    if (!drive || ide_is_packet(drive)) {
        return false;
    }
    props = ide_hd_props(drive);
    *ret = (IdeBiosDisk){
        .cylinders = props->cyls, .heads = props->heads, .sectors = props->secs,
        .translation = props->bios_chs_trans,
    };
    return true;
}

/* ---- Bus master ---- */

static guint64 bm_read(void *opaque, guint64 offset, guint size)
{
    Piix3Ide *s = opaque;
    guint64 value = 0;

    for (guint i = 0; i < size; i++) {
        guint port = offset + i;

        value |= (guint64)ide_bm_read(&s->channels[port / IDE_BM_PORTS], port % IDE_BM_PORTS)
                 << 8 * i;
    }
    return value;
}

static void bm_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    Piix3Ide *s = opaque;

    for (guint i = 0; i < size; i++) {
        guint port = offset + i;

        ide_bm_write(&s->channels[port / IDE_BM_PORTS], port % IDE_BM_PORTS, value >> 8 * i);
    }
}

static const RegionOps bm_ops = {
    .read = bm_read,
    .write = bm_write,
    .min_size = 1,
    .max_size = 4,
};

/* ---- Life ---- */

static void fill_config(PciDevice *dev)
{
    pci_set_word(dev->writable + PCI_COMMAND, PCI_COMMAND_IO | PCI_COMMAND_MASTER);
    pci_set_word(dev->config + PCI_STATUS, PCI_STATUS_FAST_BACK | PCI_STATUS_DEVSEL_MEDIUM);
    dev->writable[PCI_INTERRUPT_LINE] = 0;
    dev->writable[PCI_CACHE_LINE_SIZE] = 0;
    pci_set_long(dev->writable + IDETIM, 0xf3fff3ff);
    dev->writable[SIDETIM] = 0xff;
}

static bool piix3_ide_realize(Device *dev, GError **error)
{
    static const guint16 ports[N_CHANNELS][2] = { { 0x1f0, 0x3f6 }, { 0x170, 0x376 } };
    static const char *const names[N_CHANNELS] = { "ide-primary", "ide-secondary" };
    Piix3Ide *s = to_piix3_ide(dev);

    fill_config(&s->parent);
    gpio_out_new(&dev->object, "irq", N_CHANNELS);
    for (guint i = 0; i < N_CHANNELS; i++) {
        ide_channel_init(&s->channels[i], &s->parent, gpio(&dev->object, "irq", i), names[i]);
        ide_channel_map(&s->channels[i], ports[i][0], ports[i][1]);
    }
    update_ports(s);
    s->bus_master = region_new_io(&dev->object, "piix-bmdma", &bm_ops, s,
                                  N_CHANNELS * IDE_BM_PORTS);
    pci_add_bar(&s->parent, BAR_BUS_MASTER, PCI_BAR_IO, s->bus_master);
    return true;
}

static void piix3_ide_unrealize(Device *dev)
{
    Piix3Ide *s = to_piix3_ide(dev);

    for (guint i = 0; i < N_CHANNELS; i++) {
        ide_channel_done(&s->channels[i]);
    }
}

static void update_all(Piix3Ide *s)
{
    update_ports(s);
    for (guint i = 0; i < N_CHANNELS; i++) {
        ide_channel_update(&s->channels[i]);
    }
}

static void piix3_ide_reset_hold(Device *dev)
{
    update_all(to_piix3_ide(dev));
}

static bool piix3_ide_state_loaded(Device *dev, GError **error)
{
    Piix3Ide *s = to_piix3_ide(dev);

    for (guint i = 0; i < N_CHANNELS; i++) {
        if (!ide_channel_valid(&s->channels[i])) {
            qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "state of '%s' is not that of an IDE "
                          "controller", dev->object.name);
            return false;
        }
    }
    update_all(s);
    return true;
}

static const StateRow piix3_ide_state[] = {
    STATE_STRUCTS(Piix3Ide, channels, ide_channel_state),
    STATE_ROWS_END
};

const TypeInfo piix3_ide_type = {
    .schema = &qmp_class_piix3_ide,
    .size = sizeof(Piix3Ide),
    .device = &(const DeviceOps){
        .realize = piix3_ide_realize,
        .unrealize = piix3_ide_unrealize,
        .reset_hold = piix3_ide_reset_hold,
        .state = piix3_ide_state,
        .state_loaded = piix3_ide_state_loaded,
    },
    .kind = &(const PciFunction){
        .vendor_id = 0x8086,
        .device_id = 0x7010,
        .class_id = 0x0101,
        .prog_if = 0x80,
        .config_written = piix3_ide_config_written,
    },
};
