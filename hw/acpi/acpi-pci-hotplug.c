/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI hotplug by ACPI; see acpi-pci-hotplug.h.
 */
#include "config.h"
#include "hw/acpi/acpi-pci-hotplug.h"

#include <string.h>

#include "hw/machine/machine.h"
#include "qmp/error.h"
#include "qom/qapi-objects-pci.h"
#include "qom/qapi-trace.h"

enum {                          /* registers */
    UP = 0x00,
    DOWN = 0x04,
    EJECT = 0x08,
    REMOVABLE = 0x0c,
    SELECT = 0x10,
    ACPI_INDEX = 0x14,
};

enum { N_SLOTS = 32, N_FUNCTIONS = 8 };

/* ---- Buses and their numbers ---- */

/* A search for the bus with a number, or for the number of a bus. */
typedef struct {
    Bus *bus;                   /* NULL: any */
    int number;                 /* -1: any */
    int next;
    Bus *found;
    int found_number;
} Search;

static Bus *bus_behind(const PciDevice *dev)
{
    return dev->device.hotplugged ? NULL : pci_bridge_bus(dev);
}

static void search_below(Search *search, Bus *bus)
{
    int number = search->next++;

    if (search->found || number >= ACPI_PCI_HOTPLUG_MAX_BUSES) {
        return;
    }
    if (bus == search->bus || number == search->number) {
        search->found = bus;
        search->found_number = number;
        return;
    }
    for (guint devfn = 0; devfn < PCI_N_DEVFN; devfn++) {
        PciDevice *dev = pci_function_at(bus, devfn);
        Bus *behind = dev ? bus_behind(dev) : NULL;

        if (behind) {
            search_below(search, behind);
        }
    }
}

static bool bus_enabled(const AcpiPciHotplug *s, const Bus *bus)
{
    return bus == s->root ? s->with_root : s->with_bridges;
}

int acpi_pci_hotplug_number(const AcpiPciHotplug *s, Bus *bus)
{
    Search search = { .bus = bus, .number = -1 };

    search_below(&search, s->root);
    return search.found && bus_enabled(s, bus) ? search.found_number : -1;
}

/* The bus that the guest has selected, or NULL. */
static Bus *selected_bus(const AcpiPciHotplug *s)
{
    Search search = { .number = (int)s->select };

    if (s->select >= ACPI_PCI_HOTPLUG_MAX_BUSES) {
        return NULL;
    }
    search_below(&search, s->root);
    return search.found && bus_enabled(s, search.found) ? search.found : NULL;
}

/* ---- Slots ---- */

static bool may_go(const PciDevice *dev)
{
    return object_class(dev)->plug == QMP_PLUG_HOT && !dev->function->bridge;
}

/* A slot may be ejected unless one of its functions must stay; it may be
 * empty. */
static bool slot_removable(Bus *bus, guint slot)
{
    for (guint function = 0; function < N_FUNCTIONS; function++) {
        PciDevice *dev = pci_function_at(bus, PCI_DEVFN(slot, function));

        if (dev && !may_go(dev)) {
            return false;
        }
    }
    return true;
}

guint32 acpi_pci_hotplug_removable(Bus *bus)
{
    guint32 slots = 0;

    for (guint slot = 0; slot < N_SLOTS; slot++) {
        slots |= (guint32)slot_removable(bus, slot) << slot;
    }
    return slots;
}

static void eject_slot(Bus *bus, guint slot)
{
    if (!slot_removable(bus, slot)) {
        return;
    }
    for (guint function = 0; function < N_FUNCTIONS; function++) {
        PciDevice *dev = pci_function_at(bus, PCI_DEVFN(slot, function));

        if (dev) {
            pci_eject(dev);
        }
    }
}

/* One slot at a time: the lowest of those written. */
static void eject(AcpiPciHotplug *s, guint32 slots)
{
    Bus *bus = selected_bus(s);
    guint slot;

    trace_acpi_pci_eject_slot(s->owner, s->select, slots);
    if (!bus || !slots) {
        return;
    }
    slot = __builtin_ctz(slots);
    s->down[s->select] &= ~(1u << slot);
    s->up[s->select] &= ~(1u << slot);
    eject_slot(bus, slot);
}

static guint32 acpi_index_of(const AcpiPciHotplug *s, guint32 slots)
{
    Bus *bus = selected_bus(s);
    PciDevice *dev = bus && slots ? pci_function_at(bus, PCI_DEVFN(__builtin_ctz(slots), 0)) : NULL;

    return dev ? pci_device_props(dev)->acpi_index : 0;
}

/* ---- Registers ---- */

static guint32 take(guint32 *reg)
{
    guint32 value = *reg;

    *reg = 0;
    return value;
}

static guint64 hotplug_read(void *opaque, guint64 offset, guint size)
{
    AcpiPciHotplug *s = opaque;
    Bus *bus = selected_bus(s);

    switch (offset) {
    case UP:
        return bus ? take(&s->up[s->select]) : 0;
    case DOWN:
        return bus ? s->down[s->select] : 0;
    case REMOVABLE:
        return bus ? acpi_pci_hotplug_removable(bus) : 0;
    case SELECT:
        return s->select;
    case ACPI_INDEX:
        return take(&s->acpi_index);
    default:                    /* EJECT is written only */
        return 0;
    }
}

static void hotplug_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    AcpiPciHotplug *s = opaque;

    switch (offset) {
    case EJECT:
        eject(s, value);
        break;
    case SELECT:
        s->select = value;
        break;
    case ACPI_INDEX:
        s->acpi_index = acpi_index_of(s, value);
        break;
    default:                    /* the others are read only */
        break;
    }
}

static const RegionOps hotplug_ops = {
    .read = hotplug_read,
    .write = hotplug_write,
    .min_size = 4,
    .max_size = 4,
};

/* ---- Requests of the bus ---- */

static bool can_plug(void *opaque, Bus *bus)
{
    return acpi_pci_hotplug_number(opaque, bus) >= 0;
}

static void plugged(void *opaque, PciDevice *dev)
{
    AcpiPciHotplug *s = opaque;
    int number = acpi_pci_hotplug_number(s, dev->device.bus);

    /* Functions above 0 are added before their function 0, which announces all. */
    if (number >= 0 && PCI_FUNCTION(dev->devfn) == 0) {
        s->up[number] |= 1u << PCI_SLOT(dev->devfn);
        s->event(s->opaque);
    }
}

static bool unplug_request(void *opaque, PciDevice *dev, GError **error)
{
    AcpiPciHotplug *s = opaque;
    int number = acpi_pci_hotplug_number(s, dev->device.bus);
    guint slot = PCI_SLOT(dev->devfn);

    if (number < 0 || !slot_removable(dev->device.bus, slot)) {
        qmp_error_set(error, ERROR_REASON_NOT_HOTPLUGGABLE,
                      "slot %u of bus '%s' cannot be emptied while the machine runs", slot,
                      dev->device.bus->object.name);
        return false;
    }
    s->down[number] |= 1u << slot;
    s->event(s->opaque);
    return true;
}

static const PciHotplugOps bus_ops = {
    .can_plug = can_plug,
    .plugged = plugged,
    .unplug_request = unplug_request,
};

/* ---- Life cycle ---- */

void acpi_pci_hotplug_init(AcpiPciHotplug *s, Device *owner, Bus *root, bool with_root,
                           bool with_bridges, void (*event)(void *opaque), void *opaque)
{
    s->owner = owner;
    s->root = root;
    s->with_root = with_root;
    s->with_bridges = with_bridges;
    s->event = event;
    s->opaque = opaque;
    s->region = region_new_io(&owner->object, "acpi-pci-hotplug", &hotplug_ops, s,
                              ACPI_PCI_HOTPLUG_SIZE);
    region_add(address_space_root(machine_of(owner)->io), ACPI_PCI_HOTPLUG_BASE, s->region, 0);
    pci_bus_set_hotplug(root, &bus_ops, s);
}

void acpi_pci_hotplug_done(AcpiPciHotplug *s)
{
    pci_bus_set_hotplug(s->root, NULL, NULL);
    region_remove(address_space_root(machine_of(s->owner)->io), s->region);
    region_free(s->region);
    s->region = NULL;
}

static void eject_pending(AcpiPciHotplug *s)
{
    for (guint number = 0; number < ACPI_PCI_HOTPLUG_MAX_BUSES; number++) {
        s->select = number;
        while (s->down[number] && selected_bus(s)) {
            eject(s, s->down[number]);
        }
        s->down[number] = 0;
    }
    s->select = 0;
}

void acpi_pci_hotplug_reset(AcpiPciHotplug *s)
{
    eject_pending(s);
    memset(s->up, 0, sizeof(s->up));
    s->acpi_index = 0;
}
