/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a message leaves a function (PCI 3.0 section 6.8).
 *
 * A message is a memory write by the function, so it needs Bus Master; without
 * it the message is lost.
 */
#include "config.h"
#include "hw/pci/pci-internal.h"

#define APIC_BASE G_GUINT64_CONSTANT(0xfee00000)
#define APIC_LAST G_GUINT64_CONSTANT(0xfeefffff)

bool pci_message_is_apic(guint64 address)
{
    return address >= APIC_BASE && address <= APIC_LAST;
}

void pci_send_message(PciDevice *dev, guint64 address, guint32 data)
{
    const AccelMsi msi = { .address = address, .data = data };
    const AccelOps *ops;
    guint8 bytes[4];

    if (!g_atomic_int_get(&dev->bus_master)) {
        return;
    }
    if (!pci_message_is_apic(address)) {
        pci_set_long(bytes, data);
        memory_write(dev->machine->memory, address, bytes, sizeof(bytes));
        return;
    }
    ops = accel_ops(dev->machine->accel);
    if (ops->msi_send) {
        ops->msi_send(dev->machine->accel, &msi);
    }
}
