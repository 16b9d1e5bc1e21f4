/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fw_cfg_io: the firmware configuration device at a PC's ports.
 *
 *     0x510  selector, 16 bits, write only
 *     0x511  data, 8 bits; reading a byte of 0x510 gives it, too
 *     0x514  DMA register, 8 bytes, big endian; reads as "QEMU CFG"
 *
 * Made by boards.
 */
#include "config.h"
#include "hw/nvram/fw-cfg.h"

#include "hw/acpi/acpi-device.h"
#include "hw/machine/machine.h"
#include "hw/nvram/fw-cfg-internal.h"
#include "qmp/error.h"
#include "qom/qapi-objects-firmware.h"

enum {
    CONTROL_PORTS = 2,          /* selector and data, which overlap */
    DMA_OFFSET    = 4,
    DMA_PORTS     = 8,
};

struct FwCfgIo {
    FwCfg fw_cfg;
    MemoryRegion *control, *dma;        /* dma: or NULL */
};

/* A transfer in progress has exclusive use of the selected item. */
static guint64 control_read(void *opaque, guint64 offset, guint size)
{
    FwCfg *s = opaque;

    return size == 1 && !s->dma_control ? fw_cfg_read_byte(s) : 0;
}

static void control_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    FwCfg *s = opaque;

    if (size == 2 && !s->dma_control) {
        fw_cfg_select(s, value);
    }
}

static const RegionOps control_ops = {
    .read = control_read,
    .write = control_write,
    .min_size = 1,
    .max_size = 2,
    .secret = true,             /* the contents of items */
};

static guint64 dma_read(void *opaque, guint64 offset, guint size)
{
    return fw_cfg_dma_read(opaque, offset, size);
}

static void dma_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    fw_cfg_dma_write(opaque, offset, value, size);
}

static const RegionOps dma_ops = {
    .read = dma_read,
    .write = dma_write,
    .min_size = 1,
    .max_size = 8,
};

static void unmap(FwCfgIo *s, MemoryRegion **region)
{
    if (*region) {
        region_remove(address_space_root(machine_of(s)->io), *region);
        region_free(*region);
        *region = NULL;
    }
}

static bool fw_cfg_io_realize(Device *dev, GError **error)
{
    FwCfgIo *s = to_fw_cfg_io(dev);
    const FwCfgIoProps *props = fw_cfg_io_props(dev);
    MemoryRegion *io = address_space_root(machine_of(dev)->io);

    s->control = region_new_io(&dev->object, "fwcfg", &control_ops, s, CONTROL_PORTS);
    region_add(io, props->iobase, s->control, 0);
    if (props->dma_enabled) {
        s->dma = region_new_io(&dev->object, "fwcfg.dma", &dma_ops, s, DMA_PORTS);
        region_add(io, props->iobase + DMA_OFFSET, s->dma, 0);
    }
    return true;
}

static void fw_cfg_io_unrealize(Device *dev)
{
    FwCfgIo *s = to_fw_cfg_io(dev);

    unmap(s, &s->dma);
    unmap(s, &s->control);
}

static void fw_cfg_io_acpi(Device *dev, AcpiDevices *devices)
{
    const FwCfgIoProps *props = fw_cfg_io_props(dev);

    acpi_add_isa(devices, &(AcpiIsaDevice){
        .name = "FWC0", .hid = "QEMU0002", .ports = { { props->iobase, DMA_OFFSET + DMA_PORTS } },
        .irq = ACPI_ISA_NO_IRQ, .hidden = true,
    });
}

const TypeInfo fw_cfg_io_type = {
    .schema = &qmp_class_fw_cfg_io,
    .size = sizeof(FwCfgIo),
    .device = &(const DeviceOps){
        .realize = fw_cfg_io_realize,
        .unrealize = fw_cfg_io_unrealize,
        .acpi = fw_cfg_io_acpi,
        .no_state = "it is ports and a region; class fw_cfg has the registers",
    },
};
