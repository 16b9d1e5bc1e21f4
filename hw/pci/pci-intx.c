/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupt pins: from a function's pin through the bridges to a line of the
 * root bus, which is the OR of all pins that drive it.
 *
 * A bridge swizzles the pins of its slots (bridge specification, section 9.1):
 * pin p of slot s is pin (p + s) % 4 of the bridge.  A function remembers the
 * line that it drives, so that it releases the right one.
 */
#include "config.h"
#include "hw/pci/pci-internal.h"
#include "qom/qapi-objects-pci.h"
#include "qom/qapi-trace.h"

#include "qom/env.h"

int pci_intx_line(const PciDevice *dev)
{
    guint pin = dev->config[PCI_INTERRUPT_PIN] - 1u;
    guint devfn = dev->devfn;
    const PciBus *bus = pci_bus_of(dev);
    guint line;

    if (pin >= PCI_N_PINS) {
        return -1;
    }
    while (bus->bridge) {
        pin = (pin + PCI_SLOT(devfn)) % PCI_N_PINS;
        devfn = bus->bridge->devfn;
        bus = pci_bus_of(bus->bridge);
    }
    if (!bus->irq_ops) {
        return -1;
    }
    line = bus->irq_ops->map(bus->irq_opaque, devfn, pin);
    return line < bus->n_lines ? (int)line : -1;
}

static bool drives(const PciDevice *dev)
{
    return dev->intx && !dev->ejected &&
           !(pci_get_word(dev->config + PCI_COMMAND) & PCI_COMMAND_INTX_DISABLE);
}

static void release(PciBus *root, guint line)
{
    if (--root->counts[line] == 0) {
        root->irq_ops->set(root->irq_opaque, line, false);
    }
}

static void drive(PciBus *root, guint line)
{
    if (root->counts[line]++ == 0) {
        root->irq_ops->set(root->irq_opaque, line, true);
    }
}

static void keep_status(PciDevice *dev)
{
    guint16 status = pci_get_word(dev->config + PCI_STATUS) & ~PCI_STATUS_INTERRUPT;

    pci_set_word(dev->config + PCI_STATUS, status | (dev->intx ? PCI_STATUS_INTERRUPT : 0));
}

void pci_intx_update(PciDevice *dev)
{
    int old = dev->line, line = drives(dev) ? pci_intx_line(dev) : -1;

    env_lock_assert(&dev->device.object);
    keep_status(dev);
    if (line == old) {
        return;
    }
    dev->line = line;
    if (line >= 0) {
        drive(pci_root_of(pci_bus_of(dev)), line);
    }
    if (old >= 0) {
        release(pci_root_of(pci_bus_of(dev)), old);
    }
}

void pci_set_intx(PciDevice *dev, bool level)
{
    env_lock_assert(&dev->device.object);
    if (dev->intx != level) {
        trace_pci_intx(dev, level);
        dev->intx = level;
        pci_intx_update(dev);
    }
}

static void update_one(PciDevice *dev, void *opaque)
{
    pci_intx_update(dev);
}

void pci_bus_set_irqs(Bus *bus, const PciIrqOps *ops, void *opaque, guint n)
{
    PciBus *root = to_pci_bus(bus);
    guint n_lines = MIN(n, PCI_MAX_LINES);

    /* The old sinks see their lines fall, the new ones see theirs rise. */
    root->n_lines = 0;
    pci_foreach_below(root, update_one, NULL);
    root->irq_ops = ops;
    root->irq_opaque = opaque;
    root->n_lines = ops ? n_lines : 0;
    pci_foreach_below(root, update_one, NULL);
}

bool pci_bus_line(const Bus *root, guint line)
{
    return line < PCI_MAX_LINES && to_pci_bus(root)->counts[line] > 0;
}
