/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's configuration of its PCI buses: see pci-query.h.
 */
#include "config.h"
#include "hw/pci/pci-query.h"

#include "hw/pci/pci.h"

/* The usual classes, from PCI 3.0 appendix D; clients know these names. */
static const struct {
    guint16 class_id;
    char desc[28];
} class_names[] = {
    { 0x0001, "VGA controller" },
    { 0x0100, "SCSI controller" },
    { 0x0101, "IDE controller" },
    { 0x0102, "Floppy controller" },
    { 0x0103, "IPI controller" },
    { 0x0104, "RAID controller" },
    { 0x0106, "SATA controller" },
    { 0x0200, "Ethernet controller" },
    { 0x0201, "Token Ring controller" },
    { 0x0202, "FDDI controller" },
    { 0x0203, "ATM controller" },
    { 0x0280, "Network controller" },
    { 0x0300, "VGA controller" },
    { 0x0301, "XGA controller" },
    { 0x0302, "3D controller" },
    { 0x0380, "Display controller" },
    { 0x0400, "Video controller" },
    { 0x0401, "Audio controller" },
    { 0x0402, "Phone" },
    { 0x0403, "Audio controller" },
    { 0x0500, "RAM controller" },
    { 0x0501, "Flash controller" },
    { 0x0600, "Host bridge" },
    { 0x0601, "ISA bridge" },
    { 0x0602, "EISA bridge" },
    { 0x0603, "MC bridge" },
    { 0x0604, "PCI bridge" },
    { 0x0605, "PCMCIA bridge" },
    { 0x0606, "NUBUS bridge" },
    { 0x0607, "CARDBUS bridge" },
    { 0x0608, "RACEWAY bridge" },
    { 0x0680, "Bridge" },
    { 0x0700, "Serial port" },
    { 0x0701, "Parallel port" },
    { 0x0800, "Interrupt controller" },
    { 0x0801, "DMA controller" },
    { 0x0802, "Timer" },
    { 0x0803, "RTC" },
    { 0x0900, "Keyboard" },
    { 0x0901, "Pen" },
    { 0x0902, "Mouse" },
    { 0x0a00, "Dock station" },
    { 0x0b00, "i386 cpu" },
    { 0x0c00, "Firewire controller" },
    { 0x0c01, "Access bus controller" },
    { 0x0c02, "SSA controller" },
    { 0x0c03, "USB controller" },
    { 0x0c04, "Fibre channel controller" },
    { 0x0c05, "SMBus" },
};

static void fill_devices(Bus *bus, PciDeviceInfoList *ret);

static PciDeviceClass *class_of(const PciDevice *dev)
{
    PciDeviceClass *ret = g_new0(PciDeviceClass, 1);
    guint16 class_id = pci_get_word(dev->config + PCI_CLASS_DEVICE);

    ret->q_class = class_id;
    for (guint i = 0; !ret->desc && i < G_N_ELEMENTS(class_names); i++) {
        if (class_names[i].class_id == class_id) {
            ret->desc = g_strdup(class_names[i].desc);
        }
    }
    return ret;
}

static PciDeviceId *id_of(const PciDevice *dev)
{
    PciDeviceId *ret = g_new0(PciDeviceId, 1);

    ret->vendor = pci_get_word(dev->config + PCI_VENDOR_ID);
    ret->device = pci_get_word(dev->config + PCI_DEVICE_ID);
    ret->has_subsystem = ret->has_subsystem_vendor = !dev->function->bridge;
    if (!dev->function->bridge) {
        ret->subsystem = pci_get_word(dev->config + PCI_SUBSYSTEM_ID);
        ret->subsystem_vendor = pci_get_word(dev->config + PCI_SUBSYSTEM_VENDOR_ID);
    }
    return ret;
}

static PciMemoryRegion *region_of(const PciDevice *dev, guint n)
{
    PciMemoryRegion *ret = g_new0(PciMemoryRegion, 1);
    const PciBar *bar = &dev->bars[n];
    bool io = bar->type & PCI_BAR_IO;

    ret->bar = n;
    ret->type = g_strdup(io ? "io" : "memory");
    ret->address = pci_bar_address(dev, n);
    ret->size = region_size(bar->region);
    ret->has_prefetch = ret->has_mem_type_64 = !io;
    ret->prefetch = !io && (bar->type & PCI_BAR_PREFETCH);
    ret->mem_type_64 = !io && (bar->type & PCI_BAR_MEM64);
    return ret;
}

static void fill_regions(const PciDevice *dev, PciMemoryRegionList *ret)
{
    ret->items = g_new0(PciMemoryRegion *, G_N_ELEMENTS(dev->bars));
    for (guint n = 0; n < G_N_ELEMENTS(dev->bars); n++) {
        if (dev->bars[n].region) {
            ret->items[ret->n++] = region_of(dev, n);
        }
    }
}

static PciMemoryRange *range_of(const PciDevice *dev, PciBridgeWindow window)
{
    PciMemoryRange *ret = g_new0(PciMemoryRange, 1);
    guint64 base, last;

    pci_bridge_window(dev, window, &base, &last);
    ret->base = base;
    ret->limit = last;
    return ret;
}

static PciBridgeInfo *bridge_of(const PciDevice *dev)
{
    PciBridgeInfo *ret = g_new0(PciBridgeInfo, 1);
    PciBusInfo *bus = ret->bus = g_new0(PciBusInfo, 1);

    bus->number = dev->config[PCI_PRIMARY_BUS];
    bus->secondary = dev->config[PCI_SECONDARY_BUS];
    bus->subordinate = dev->config[PCI_SUBORDINATE_BUS];
    bus->io_range = range_of(dev, PCI_BRIDGE_WINDOW_IO);
    bus->memory_range = range_of(dev, PCI_BRIDGE_WINDOW_MEMORY);
    bus->prefetchable_range = range_of(dev, PCI_BRIDGE_WINDOW_PREFETCH);
    if (bus->secondary) {
        ret->has_devices = true;
        fill_devices(pci_bridge_bus(dev), &ret->devices);
    }
    return ret;
}

static PciDeviceInfo *device_of(const PciDevice *dev)
{
    PciDeviceInfo *ret = g_new0(PciDeviceInfo, 1);
    const char *id = device_id(&dev->device);

    ret->bus = pci_bus_number(dev->device.bus);
    ret->slot = PCI_SLOT(dev->devfn);
    ret->function = PCI_FUNCTION(dev->devfn);
    ret->qdev_id = g_strdup(id ?: "");
    ret->irq_pin = dev->config[PCI_INTERRUPT_PIN];
    ret->has_irq = ret->irq_pin != 0;
    ret->irq = ret->has_irq ? dev->config[PCI_INTERRUPT_LINE] : 0;
    ret->class_info = class_of(dev);
    ret->id = id_of(dev);
    fill_regions(dev, &ret->regions);
    if (dev->function->bridge) {
        ret->pci_bridge = bridge_of(dev);
    }
    return ret;
}

static void fill_devices(Bus *bus, PciDeviceInfoList *ret)
{
    ret->items = g_new0(PciDeviceInfo *, bus->devices.length);
    for (guint devfn = 0; devfn < PCI_N_DEVFN; devfn++) {
        PciDevice *dev = pci_function_at(bus, devfn);

        if (dev) {
            ret->items[ret->n++] = device_of(dev);
        }
    }
}

/* ---- Roots ---- */

static bool add_root(Object *obj, void *data)
{
    Bus *bus = object_dynamic_cast(obj, &qmp_class_PCI);

    if (bus && !pci_bus_bridge(bus)) {
        g_ptr_array_add(data, bus);
    }
    return true;
}

static PciInfo *info_of(Bus *root)
{
    PciInfo *ret = g_new0(PciInfo, 1);

    ret->bus = pci_bus_number(root);
    fill_devices(root, &ret->devices);
    return ret;
}

void pci_query(Object *machine, PciInfoList *ret)
{
    g_autoptr(GPtrArray) roots = g_ptr_array_new();

    object_foreach_descendant(machine, add_root, roots);
    ret->items = g_new0(PciInfo *, roots->len);
    ret->n = roots->len;
    for (guint i = 0; i < roots->len; i++) {
        ret->items[i] = info_of(roots->pdata[i]);
    }
}
