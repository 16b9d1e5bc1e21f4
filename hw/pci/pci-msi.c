/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Message signalled interrupts (PCI 3.0 section 6.8.1): the capability, and how
 * a message leaves a function.
 *
 * A message is a write of the function to memory, so it needs Bus Master; one
 * that is sent without is lost.
 */
#include "config.h"
#include "hw/pci/pci-internal.h"
#include "qom/qapi-trace.h"

#define APIC_BASE G_GUINT64_CONSTANT(0xfee00000)
#define APIC_LAST G_GUINT64_CONSTANT(0xfeefffff)

enum { MAX_VECTORS = 32 };

/* ---- Messages ---- */

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

/* ---- Registers ---- */

static guint8 *msi_register(PciDevice *dev, guint offset_32, guint offset_64)
{
    guint8 *cap = dev->config + dev->msi_cap;

    return cap + (pci_get_word(cap + PCI_MSI_FLAGS) & PCI_MSI_FLAGS_64BIT ? offset_64 : offset_32);
}

static guint16 msi_flags(const PciDevice *dev)
{
    return dev->msi_cap ? pci_get_word(dev->config + dev->msi_cap + PCI_MSI_FLAGS) : 0;
}

/* How many vectors the guest lets the function use. */
static guint vectors_enabled(const PciDevice *dev)
{
    guint16 flags = msi_flags(dev);
    guint capable = (flags & PCI_MSI_FLAGS_QMASK) >> 1;
    guint enabled = (flags & PCI_MSI_FLAGS_QSIZE) >> 4;

    return MIN(1u << MIN(enabled, capable), MAX_VECTORS);
}

static guint64 message_address(PciDevice *dev)
{
    const guint8 *cap = dev->config + dev->msi_cap;
    guint64 address = pci_get_long(cap + PCI_MSI_ADDRESS_LO);

    if (msi_flags(dev) & PCI_MSI_FLAGS_64BIT) {
        address |= (guint64)pci_get_long(cap + PCI_MSI_ADDRESS_HI) << 32;
    }
    return address;
}

static guint capability_size(bool is_64bit, bool maskable)
{
    if (maskable) {
        return (is_64bit ? PCI_MSI_PENDING_64 : PCI_MSI_PENDING_32) + 4;
    }
    return (is_64bit ? PCI_MSI_DATA_64 : PCI_MSI_DATA_32) + 2;
}

static void make_writable(PciDevice *dev, guint n, bool maskable)
{
    guint8 *writable = dev->writable;
    guint cap = dev->msi_cap;

    pci_set_word(writable + cap + PCI_MSI_FLAGS, PCI_MSI_FLAGS_QSIZE | PCI_MSI_FLAGS_ENABLE);
    pci_set_long(writable + cap + PCI_MSI_ADDRESS_LO, ~3u);
    if (msi_flags(dev) & PCI_MSI_FLAGS_64BIT) {
        pci_set_long(writable + cap + PCI_MSI_ADDRESS_HI, ~0u);
    }
    pci_set_word(writable + (msi_register(dev, PCI_MSI_DATA_32, PCI_MSI_DATA_64) - dev->config),
                 0xffff);
    if (maskable) {
        pci_set_long(writable +
                     (msi_register(dev, PCI_MSI_MASK_32, PCI_MSI_MASK_64) - dev->config),
                     G_MAXUINT32 >> (MAX_VECTORS - n));
    }
}

void pci_msi_init(PciDevice *dev, guint n, bool is_64bit, bool maskable)
{
    if (n < 1 || n > MAX_VECTORS || (n & (n - 1)) || dev->msi_cap) {
        g_critical("a '%s' cannot have %u MSI vectors", object_class_name(dev), n);
        return;
    }
    dev->msi_cap = pci_add_capability(dev, PCI_CAP_ID_MSI, capability_size(is_64bit, maskable));
    if (!dev->msi_cap) {
        return;
    }
    pci_set_word(dev->config + dev->msi_cap + PCI_MSI_FLAGS,
                 __builtin_ctz(n) << 1 | (is_64bit ? PCI_MSI_FLAGS_64BIT : 0) |
                 (maskable ? PCI_MSI_FLAGS_MASKBIT : 0));
    make_writable(dev, n, maskable);
}

/* ---- Sending ---- */

bool pci_msi_enabled(const PciDevice *dev)
{
    return msi_flags(dev) & PCI_MSI_FLAGS_ENABLE;
}

static void send(PciDevice *dev, guint vector)
{
    guint16 data = pci_get_word(msi_register(dev, PCI_MSI_DATA_32, PCI_MSI_DATA_64));

    pci_send_message(dev, message_address(dev), (data & ~(vectors_enabled(dev) - 1)) | vector);
}

void pci_msi_notify(PciDevice *dev, guint vector)
{
    guint8 *pending;
    guint32 mask;

    if (!pci_msi_enabled(dev)) {
        return;
    }
    vector %= vectors_enabled(dev);
    trace_msi_notify(dev, vector);
    if (msi_flags(dev) & PCI_MSI_FLAGS_MASKBIT) {
        mask = pci_get_long(msi_register(dev, PCI_MSI_MASK_32, PCI_MSI_MASK_64));
        if (mask >> vector & 1) {
            pending = msi_register(dev, PCI_MSI_PENDING_32, PCI_MSI_PENDING_64);
            pci_set_long(pending, pci_get_long(pending) | 1u << vector);
            return;
        }
    }
    send(dev, vector);
}

void pci_msi_reset(PciDevice *dev)
{
    if (msi_flags(dev) & PCI_MSI_FLAGS_MASKBIT) {
        pci_set_long(msi_register(dev, PCI_MSI_PENDING_32, PCI_MSI_PENDING_64), 0);
    }
}

void pci_msi_update(PciDevice *dev)
{
    guint8 *pending;
    guint32 ready;

    if (!pci_msi_enabled(dev) || !(msi_flags(dev) & PCI_MSI_FLAGS_MASKBIT)) {
        return;
    }
    pending = msi_register(dev, PCI_MSI_PENDING_32, PCI_MSI_PENDING_64);
    ready = pci_get_long(pending) &
            ~pci_get_long(msi_register(dev, PCI_MSI_MASK_32, PCI_MSI_MASK_64));
    pci_set_long(pending, pci_get_long(pending) & ~ready);
    for (guint vector = 0; vector < MAX_VECTORS; vector++) {
        if (ready >> vector & 1) {
            pci_msi_notify(dev, vector);
        }
    }
}
