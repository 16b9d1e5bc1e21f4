/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rig's PCI bus, for tests of functions that a host bridge would carry.
 */
#include "config.h"
#include "tests/lib/rig.h"

static guint map_pin(void *opaque, guint devfn, guint pin)
{
    return (PCI_SLOT(devfn) + pin) % PCI_N_PINS;
}

static void set_line(void *opaque, guint line, bool level)
{
    Rig *rig = opaque;

    g_assert_true(rig->pci_levels[line] != level);
    rig->pci_levels[line] = level;
    rig->pci_edges[line] += level;
}

static const PciIrqOps irq_ops = {
    .map = map_pin,
    .set = set_line,
};

Bus *rig_pci(Rig *rig)
{
    Object *machine = &rig->machine->object;

    if (!rig->pci) {
        rig->pci_memory = region_new_container(machine, "pci-memory", 0);
        rig->pci_io = region_new_container(machine, "pci-io", 0x10000);
        region_add(address_space_root(rig->memory), 0, rig->pci_memory, -1);
        region_add(address_space_root(rig->io), 0, rig->pci_io, -1);
        /* It takes some device to carry it. */
        rig->pci = pci_root_bus_new(rig->isabus, "pci.0", rig->pci_memory, rig->pci_io);
        pci_bus_set_irqs(rig->pci, &irq_ops, rig, PCI_N_PINS);
    }
    return rig->pci;
}

static void plugged(void *opaque, PciDevice *dev)
{
    ((Rig *)opaque)->plugged++;
}

static bool unplug_request(void *opaque, PciDevice *dev, GError **error)
{
    ((Rig *)opaque)->unplug_requests++;
    return true;
}

static const PciHotplugOps hotplug_ops = {
    .plugged = plugged,
    .unplug_request = unplug_request,
};

static bool is_hot(const Env *env)
{
    return true;
}

void rig_pci_hotplug(Rig *rig)
{
    rig->env.hot = is_hot;
    pci_bus_set_hotplug(rig_pci(rig), &hotplug_ops, rig);
}

guint32 rig_pci_read(Rig *rig, guint8 bus, guint8 devfn, guint8 reg, guint size)
{
    return pci_config_read(rig->pci, bus << 16 | devfn << 8 | reg, size);
}

void rig_pci_write(Rig *rig, guint8 bus, guint8 devfn, guint8 reg, guint32 value, guint size)
{
    pci_config_write(rig->pci, bus << 16 | devfn << 8 | reg, value, size);
}
