/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Configuration space: what the guest may change in it, and the effects of a
 * change.
 *
 * A write changes the bits of `writable`, and clears those of `clears` where it
 * has ones; all other bits stay.  Then BARs, lines and messages are updated
 * from the new bytes, each by its own function, and finally the class is
 * notified.
 */
#include "config.h"
#include "hw/pci/pci-bridge.h"
#include "qom/qapi-trace.h"

#include <string.h>

#include "qom/env.h"

/* ---- Fields ---- */

guint16 pci_get_word(const guint8 *bytes)
{
    return bytes[0] | bytes[1] << 8;
}

guint32 pci_get_long(const guint8 *bytes)
{
    return pci_get_word(bytes) | (guint32)pci_get_word(bytes + 2) << 16;
}

void pci_set_word(guint8 *bytes, guint16 value)
{
    bytes[0] = value;
    bytes[1] = value >> 8;
}

void pci_set_long(guint8 *bytes, guint32 value)
{
    pci_set_word(bytes, value);
    pci_set_word(bytes + 2, value >> 16);
}

/* ---- Capabilities ---- */

/* The first byte after all capabilities. */
static guint capabilities_end(const PciDevice *dev)
{
    return MAX(dev->capabilities_end, PCI_HEADER_END);
}

guint8 pci_add_capability(PciDevice *dev, guint8 id, guint size)
{
    guint offset = capabilities_end(dev);
    guint padded = (size + 3) & ~3u;
    guint8 *config = dev->config;

    if (size < 2 || padded > PCI_CONFIG_SIZE - offset) {
        g_critical("capability 0x%02x of %u bytes does not fit into a '%s'", id, size,
                   object_class_name(dev));
        return 0;
    }
    config[offset] = id;
    config[offset + PCI_CAP_NEXT] = config[PCI_CAPABILITY_LIST];
    config[PCI_CAPABILITY_LIST] = offset;
    pci_set_word(config + PCI_STATUS, pci_get_word(config + PCI_STATUS) | PCI_STATUS_CAP_LIST);
    dev->capabilities_end = MIN(offset + padded, PCI_CONFIG_SIZE - 1u);
    return offset;
}

/* ---- A function ---- */

/* The values that a reset restores are recorded before the guest changes anything. */
static void remember_initial(PciDevice *dev)
{
    if (!dev->settled) {
        memcpy(dev->initial, dev->config, PCI_CONFIG_SIZE);
        pci_rom_settle(dev);
        dev->settled = true;
    }
}

void pci_config_reset(PciDevice *dev)
{
    remember_initial(dev);
    for (guint i = 0; i < PCI_CONFIG_SIZE; i++) {
        guint8 changes = dev->writable[i] | dev->clears[i];

        dev->config[i] = (dev->config[i] & ~changes) | (dev->initial[i] & changes);
    }
}

void pci_config_settle(PciDevice *dev)
{
    guint16 command = pci_get_word(dev->config + PCI_COMMAND);

    g_atomic_int_set(&dev->bus_master, !dev->ejected && (command & PCI_COMMAND_MASTER));
    pci_bars_update(dev);
    if (dev->function->bridge) {
        pci_bridge_update(dev);
    }
    pci_intx_update(dev);
    pci_msix_update(dev);
}

static void write_byte(PciDevice *dev, guint offset, guint8 value)
{
    guint8 writable = dev->writable[offset];
    guint8 *byte = &dev->config[offset];

    *byte = (*byte & ~writable) | (value & writable);
    *byte &= ~(value & dev->clears[offset]);
}

/* A read by the guest within the 256 bytes. */
static guint32 read_function(PciDevice *dev, guint offset, guint size)
{
    guint32 value = 0;

    if (dev->function->config_read) {
        dev->function->config_read(dev, offset, size);
    }
    for (guint i = size; i-- > 0;) {
        value = value << 8 | dev->config[offset + i];
    }
    return value;
}

void pci_function_write(PciDevice *dev, guint offset, guint32 value, guint size)
{
    remember_initial(dev);
    for (guint i = 0; i < size; i++) {
        write_byte(dev, offset + i, value >> 8 * i);
    }
    pci_config_settle(dev);
    if (dev->function->config_written) {
        dev->function->config_written(dev, offset, size);
    }
}

/* ---- From a host bridge ---- */

/* The function that an access addresses; NULL if there is none, or if the size
 * of the access is invalid. */
static PciDevice *addressed(Bus *root, guint32 address, guint size)
{
    guint offset = address & 0xff;
    Bus *bus;

    if ((size != 1 && size != 2 && size != 4) || offset + size > PCI_CONFIG_SIZE ||
        address >> 24) {
        return NULL;
    }
    bus = pci_bus_numbered(root, address >> 16);
    return bus ? pci_function_at(bus, address >> 8 & 0xff) : NULL;
}

guint32 pci_config_read(Bus *root, guint32 address, guint size)
{
    PciDevice *dev = addressed(root, address, size);
    guint32 value;

    env_lock_assert(&root->object);
    value = dev ? read_function(dev, address & 0xff, size) : G_MAXUINT32;
    if (dev) {
        trace_pci_cfg_read(dev, address & 0xff, size, value);
    }
    return value;
}

void pci_config_write(Bus *root, guint32 address, guint32 value, guint size)
{
    PciDevice *dev = addressed(root, address, size);

    env_lock_assert(&root->object);
    if (dev) {
        trace_pci_cfg_write(dev, address & 0xff, size, value);
        pci_function_write(dev, address & 0xff, value, size);
    }
}
