/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI buses: their functions, their numbers as assigned by the guest, and
 * hotplug.
 */
#include "config.h"
#include "hw/pci/pci-internal.h"

#include "qmp/error.h"
#include "qom/qapi-objects-pci.h"

Bus *pci_root_bus_new(Device *host, const char *name, MemoryRegion *memory, MemoryRegion *io)
{
    PciBus *bus = to_pci_bus(bus_new(host, &qmp_class_PCI, name));

    bus->memory = memory;
    bus->io = io;
    return &bus->bus;
}

/* ---- Finding ---- */

PciBus *pci_root_of(PciBus *bus)
{
    while (bus->bridge) {
        bus = pci_bus_of(bus->bridge);
    }
    return bus;
}

PciDevice *pci_function_at(Bus *bus, guint devfn)
{
    PciDevice *dev = devfn < PCI_N_DEVFN ? to_pci_bus(bus)->functions[devfn] : NULL;

    return dev && !dev->ejected ? dev : NULL;
}

PciDevice *pci_bus_bridge(const Bus *bus)
{
    return to_pci_bus(bus)->bridge;
}

guint8 pci_bus_number(const Bus *bus)
{
    const PciDevice *bridge = pci_bus_bridge(bus);

    return bridge ? bridge->config[PCI_SECONDARY_BUS] : 0;
}

Bus *pci_bridge_bus(const PciDevice *dev)
{
    return dev->function->bridge && dev->device.buses ? dev->device.buses->pdata[0] : NULL;
}

/* The bridge on bus that leads to bus `number`, or NULL. */
static const PciDevice *bridge_towards(const Bus *bus, guint8 number)
{
    for (const GList *link = bus->devices.head; link; link = link->next) {
        const PciDevice *dev = link->data;
        guint8 secondary = dev->config[PCI_SECONDARY_BUS];

        if (pci_bridge_bus(dev) && !dev->ejected && secondary && secondary <= number &&
            number <= dev->config[PCI_SUBORDINATE_BUS]) {
            return dev;
        }
    }
    return NULL;
}

Bus *pci_bus_numbered(Bus *root, guint8 number)
{
    const PciDevice *bridge;
    Bus *bus = root;

    if (number == 0) {
        return pci_bus_bridge(root) ? NULL : root;
    }
    while (pci_bus_number(bus) != number) {
        bridge = bridge_towards(bus, number);
        if (!bridge) {
            return NULL;
        }
        bus = pci_bridge_bus(bridge);
    }
    return bus;
}

void pci_foreach_below(PciBus *bus, void (*f)(PciDevice *dev, void *opaque), void *opaque)
{
    for (guint devfn = 0; devfn < PCI_N_DEVFN; devfn++) {
        PciDevice *dev = bus->functions[devfn];
        Bus *below = dev ? pci_bridge_bus(dev) : NULL;

        if (dev) {
            f(dev, opaque);
        }
        if (below) {
            pci_foreach_below(to_pci_bus(below), f, opaque);
        }
    }
}

/* ---- Coming and going ---- */

typedef struct {
    const PciDevice *dev;
    guint32 index;
    PciDevice *found;
} IndexSearch;

static guint32 acpi_index(const PciDevice *dev)
{
    return pci_device_props(dev)->acpi_index;
}

static void compare_index(PciDevice *dev, void *opaque)
{
    IndexSearch *search = opaque;

    if (dev != search->dev && acpi_index(dev) == search->index) {
        search->found = dev;
    }
}

/* No two functions of a machine have the same name in its firmware tables. */
static bool check_acpi_index(PciBus *bus, const PciDevice *dev, GError **error)
{
    IndexSearch search = { .dev = dev, .index = acpi_index(dev) };

    if (search.index) {
        pci_foreach_below(pci_root_of(bus), compare_index, &search);
    }
    if (search.found) {
        g_autofree char *path = object_path(&search.found->device.object);

        qmp_error_set_at(error, "acpi-index", ERROR_REASON_ADDRESS_IN_USE,
                         "acpi-index %u is in use by '%s'", search.index, path);
        return false;
    }
    return true;
}

static bool pci_bus_attach(Bus *bus, Device *device, GError **error)
{
    PciDevice *dev = to_pci_device(device);

    if (!check_acpi_index(to_pci_bus(bus), dev, error) ||
        !pci_address_assign(to_pci_bus(bus), dev, error)) {
        return false;
    }
    pci_device_enter(dev);
    to_pci_bus(bus)->functions[dev->devfn] = dev;
    return true;
}

static void pci_bus_detach(Bus *bus, Device *device)
{
    PciDevice *dev = to_pci_device(device);

    pci_device_leave(dev);
    to_pci_bus(bus)->functions[dev->devfn] = NULL;
}

static bool pci_bus_full(Bus *bus, const QmpClass *klass)
{
    return pci_address_full(to_pci_bus(bus));
}

static char *pci_bus_address(Bus *bus, Device *device)
{
    guint devfn = to_pci_device(device)->devfn;

    return g_strdup_printf("%02x.%x", PCI_SLOT(devfn), PCI_FUNCTION(devfn));
}

/* ---- Hotplug ---- */

void pci_bus_set_hotplug(Bus *bus, const PciHotplugOps *ops, void *opaque)
{
    to_pci_bus(bus)->hotplug = ops;
    to_pci_bus(bus)->hotplug_opaque = opaque;
}

/* The nearest bus towards the root that has a controller, or NULL. */
static PciBus *hotplug_bus(PciBus *bus)
{
    while (!bus->hotplug && bus->bridge) {
        bus = pci_bus_of(bus->bridge);
    }
    return bus->hotplug ? bus : NULL;
}

static bool pci_bus_can_plug(const Bus *bus)
{
    PciBus *pci = to_pci_bus(bus), *controlled = hotplug_bus(pci);

    return controlled &&
           (!controlled->hotplug->can_plug ||
            controlled->hotplug->can_plug(controlled->hotplug_opaque, &pci->bus));
}

static void pci_bus_plugged(Bus *bus, Device *device)
{
    PciBus *controlled = hotplug_bus(to_pci_bus(bus));

    if (controlled) {
        controlled->hotplug->plugged(controlled->hotplug_opaque, to_pci_device(device));
    }
}

static bool pci_bus_unplug_request(Bus *bus, Device *device, GError **error)
{
    PciBus *controlled = hotplug_bus(to_pci_bus(bus));

    if (!controlled) {
        qmp_error_set(error, ERROR_REASON_BUS_NOT_HOTPLUGGABLE,
                      "nothing can be removed from bus '%s' once the machine has run",
                      bus->object.name);
        return false;
    }
    return controlled->hotplug->unplug_request(controlled->hotplug_opaque, to_pci_device(device),
                                               error);
}

const TypeInfo pci_bus_type = {
    .schema = &qmp_class_PCI,
    .size = sizeof(PciBus),
    .kind = &(const BusOps){
        .attach = pci_bus_attach,
        .detach = pci_bus_detach,
        .full = pci_bus_full,
        .can_plug = pci_bus_can_plug,
        .plugged = pci_bus_plugged,
        .unplug_request = pci_bus_unplug_request,
        .address = pci_bus_address,
    },
};
