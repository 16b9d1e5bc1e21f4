/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class pci-device: the header of every function, and its reset.
 */
#include "config.h"
#include "hw/pci/pci-internal.h"

#include <string.h>

#include "qom/qapi-objects-pci.h"

enum { DEFAULT_SUBSYSTEM_VENDOR = 0x1af4, DEFAULT_SUBSYSTEM = 0x1100 };

static PciDevice *pci_device(void *obj)
{
    return obj;
}

/* ---- Header ---- */

static void fill_ids(PciDevice *dev)
{
    const PciFunction *function = dev->function;
    bool own = function->subsystem_vendor_id || function->subsystem_id;
    guint8 *config = dev->config;

    pci_set_word(config + PCI_VENDOR_ID, function->vendor_id);
    pci_set_word(config + PCI_DEVICE_ID, function->device_id);
    config[PCI_REVISION_ID] = function->revision;
    config[PCI_CLASS_PROG] = function->prog_if;
    pci_set_word(config + PCI_CLASS_DEVICE, function->class_id);
    config[PCI_INTERRUPT_PIN] = function->pin;
    if (!function->bridge) {
        pci_set_word(config + PCI_SUBSYSTEM_VENDOR_ID,
                     own ? function->subsystem_vendor_id : DEFAULT_SUBSYSTEM_VENDOR);
        pci_set_word(config + PCI_SUBSYSTEM_ID, own ? function->subsystem_id : DEFAULT_SUBSYSTEM);
    }
}

static void fill_header_type(PciDevice *dev)
{
    const PciDeviceProps *props = pci_device_props(dev);

    dev->config[PCI_HEADER_TYPE] =
        (dev->function->bridge ? PCI_HEADER_TYPE_BRIDGE : PCI_HEADER_TYPE_NORMAL) |
        (props->multifunction ? PCI_HEADER_MULTIFUNCTION : 0);
}

static void fill_masks(PciDevice *dev)
{
    pci_set_word(dev->writable + PCI_COMMAND,
                 PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_SERR |
                 PCI_COMMAND_INTX_DISABLE);
    pci_set_word(dev->clears + PCI_STATUS,
                 PCI_STATUS_PARITY | PCI_STATUS_SIG_TARGET_ABORT | PCI_STATUS_REC_TARGET_ABORT |
                 PCI_STATUS_REC_MASTER_ABORT | PCI_STATUS_SIG_SYSTEM_ERROR |
                 PCI_STATUS_DETECTED_PARITY);
    dev->writable[PCI_CACHE_LINE_SIZE] = 0xff;
    dev->writable[PCI_INTERRUPT_LINE] = 0xff;
}

void pci_device_enter(PciDevice *dev)
{
    dev->function = object_kind(dev);
    dev->machine = machine_of(dev);
    dev->line = -1;
    fill_ids(dev);
    fill_header_type(dev);
    fill_masks(dev);
    pci_rom_enter(dev);
}

void pci_device_leave(PciDevice *dev)
{
    g_atomic_int_set(&dev->bus_master, false);
    pci_set_intx(dev, false);
    pci_msix_free(dev);
    pci_bars_free(dev);
    pci_rom_leave(dev);
    memset(dev->config, 0, sizeof(dev->config));
    memset(dev->writable, 0, sizeof(dev->writable));
    memset(dev->clears, 0, sizeof(dev->clears));
    dev->capabilities_end = 0;
    dev->settled = dev->ejected = false;
    dev->machine = NULL;
}

/* ---- DMA ---- */

bool pci_dma_read(PciDevice *dev, guint64 addr, void *buf, gsize size)
{
    return g_atomic_int_get(&dev->bus_master) &&
           memory_read(dev->machine->memory, addr, buf, size);
}

bool pci_dma_write(PciDevice *dev, guint64 addr, const void *buf, gsize size)
{
    return g_atomic_int_get(&dev->bus_master) &&
           memory_write(dev->machine->memory, addr, buf, size);
}

/* ---- Ejection ---- */

static void hide(PciDevice *dev, void *opaque)
{
    dev->ejected = true;
    pci_config_settle(dev);
}

void pci_eject(PciDevice *dev)
{
    Bus *below = pci_bridge_bus(dev);

    if (dev->ejected) {
        return;
    }
    hide(dev, NULL);
    if (below) {
        pci_foreach_below(to_pci_bus(below), hide, NULL);
    }
    machine_request_removal(dev->machine, &dev->device);
}

/* ---- Reset and state ---- */

static void pci_device_reset_enter(Device *device)
{
    PciDevice *dev = pci_device(device);

    pci_config_reset(dev);
    pci_msix_reset(dev);
}

static void pci_device_reset_hold(Device *device)
{
    pci_config_settle(pci_device(device));
}

static bool pci_device_state_loaded(Device *device, GError **error)
{
    pci_config_settle(pci_device(device));
    pci_msix_loaded(pci_device(device));
    return true;
}

/* The reset value of config depends on the masks (pci_config_reset). */
static const StateRow pci_device_state[] = {
    STATE_ARRAY_KEEP(BYTES, PciDevice, config),
    STATE_FIELD(BOOL, PciDevice, intx, false),
    STATE_BLOB_KEEP(PciDevice, msix_table, msix_table_size),
    STATE_BLOB_KEEP(PciDevice, msix_pending, msix_pending_size),
    STATE_ROWS_END
};

static bool pci_device_prepare(Object *obj, GError **error)
{
    return pci_rom_prepare(pci_device(obj), error);
}

/* Not earlier: memory views keep the regions that they show by a reference to their owner. */
static void pci_device_finalize(Object *obj)
{
    firmware_free(&pci_device(obj)->rom);
}

const TypeInfo pci_device_type = {
    .schema = &qmp_class_pci_device,
    .size = sizeof(PciDevice),
    .object = &(const ObjectOps){
        .prepare = pci_device_prepare,
        .finalize = pci_device_finalize,
    },
    .device = &(const DeviceOps){
        .reset_enter = pci_device_reset_enter,
        .reset_hold = pci_device_reset_hold,
        .state = pci_device_state,
        .state_loaded = pci_device_state_loaded,
    },
};
