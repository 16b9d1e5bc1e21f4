/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Base address registers (PCI 3.0 section 6.2.5): their bits, and where their
 * regions are mapped.
 *
 * A BAR's size shows in the bits that the guest cannot write.  While the guest
 * finds them by writing ones, or has written half of a 64-bit address, the
 * address is meaningless, as is one at which the BAR would exceed the address
 * space.  Address 0 is the value after reset.  A BAR with such an address is
 * not mapped.
 *
 * Where BARs overlap, the one that was mapped last is visible; where they
 * overlap RAM or the machine's own chips, those are: the host bridge maps all
 * of PCI with a lower priority.
 */
#include "config.h"
#include "hw/pci/pci-internal.h"
#include "qom/qapi-trace.h"

enum { BAR_PRIORITY = 1 };      /* above a container's background, if it has one */

guint pci_bar_offset(const PciDevice *dev, guint n)
{
    if (n != PCI_ROM_BAR) {
        return PCI_BASE_ADDRESS_0 + 4 * n;
    }
    return dev->function->bridge ? PCI_BRIDGE_ROM_ADDRESS : PCI_ROM_ADDRESS;
}

static bool is_64bit(const PciBar *bar)
{
    return !(bar->type & PCI_BAR_IO) && (bar->type & PCI_BAR_MEM64);
}

static guint32 flags_mask(guint n, guint8 type)
{
    if (n == PCI_ROM_BAR) {
        return PCI_ROM_ADDRESS_FLAGS;
    }
    return type & PCI_BAR_IO ? PCI_BASE_ADDRESS_IO_FLAGS : PCI_BASE_ADDRESS_MEM_FLAGS;
}

/* Addresses that are not in a BAR. */
typedef struct {
    bool io, mapped;
    guint64 address;
    MemoryRegion *region;
} PciFixed;

/* ---- Registering ---- */

static bool is_good(const PciDevice *dev, guint n, guint8 type, guint64 size)
{
    guint n_bars = dev->function->bridge ? 2 : PCI_N_BARS;
    guint64 min = n == PCI_ROM_BAR ? PCI_ROM_ADDRESS_FLAGS + 1u : type & PCI_BAR_IO ? 4 : 16;
    guint64 max = type & PCI_BAR_IO ? 0x100 * 0x100
                                    : G_GUINT64_CONSTANT(1) << (type & PCI_BAR_MEM64 ? 62 : 31);

    if (n != PCI_ROM_BAR && n + !!(type & PCI_BAR_MEM64) >= n_bars) {
        return false;
    }
    return !dev->bars[n].region && size >= min && size <= max && !(size & (size - 1));
}

void pci_add_bar(PciDevice *dev, guint n, guint8 type, MemoryRegion *region)
{
    guint64 size = region_size(region);
    guint offset = pci_bar_offset(dev, n);
    guint64 writable = ~(size - 1) & ~(guint64)flags_mask(n, type);

    if (!is_good(dev, n, type, size)) {
        g_critical("BAR %u of a '%s' cannot be of type %u and %" G_GUINT64_FORMAT " bytes", n,
                   object_class_name(dev), type, size);
        return;
    }
    dev->bars[n] = (PciBar){ .region = object_ref(region), .type = type, .address = PCI_UNMAPPED };
    pci_set_long(dev->config + offset, type);
    pci_set_long(dev->writable + offset, writable);
    if (type & PCI_BAR_MEM64) {
        pci_set_long(dev->writable + offset + 4, writable >> 32);
    }
    if (n == PCI_ROM_BAR) {
        dev->writable[offset] |= PCI_ROM_ADDRESS_ENABLE;
    }
}

void pci_add_fixed(PciDevice *dev, bool io, guint64 address, MemoryRegion *region)
{
    const PciFixed fixed = { .io = io, .address = address, .region = object_ref(region) };

    if (!dev->fixed) {
        dev->fixed = g_array_new(false, false, sizeof(PciFixed));
    }
    g_array_append_val(dev->fixed, fixed);
}

/* ---- Mapping ---- */

static bool responds(const PciDevice *dev, bool io)
{
    guint16 command = pci_get_word(dev->config + PCI_COMMAND);

    return !dev->ejected && (command & (io ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY));
}

static bool decodes(const PciDevice *dev, guint n)
{
    if (!responds(dev, dev->bars[n].type & PCI_BAR_IO)) {
        return false;
    }
    return n != PCI_ROM_BAR || (dev->config[pci_bar_offset(dev, n)] & PCI_ROM_ADDRESS_ENABLE);
}

static guint64 register_address(const PciDevice *dev, guint n)
{
    guint offset = pci_bar_offset(dev, n);
    guint64 value = pci_get_long(dev->config + offset) & ~flags_mask(n, dev->bars[n].type);

    if (is_64bit(&dev->bars[n])) {
        value |= (guint64)pci_get_long(dev->config + offset + 4) << 32;
    }
    return value;
}

static guint64 wanted_address(const PciDevice *dev, guint n)
{
    const PciBar *bar = &dev->bars[n];
    guint64 limit = bar->type & PCI_BAR_IO ? G_MAXUINT16
                    : is_64bit(bar) ? G_MAXUINT64 - 1 : G_MAXUINT32 - 1;
    guint64 address = register_address(dev, n);
    guint64 last = address + region_size(bar->region) - 1;

    return decodes(dev, n) && address && last >= address && last <= limit ? address
                                                                          : PCI_UNMAPPED;
}

static MemoryRegion *container(const PciDevice *dev, bool io)
{
    const PciBus *bus = pci_bus_of(dev);

    return io ? bus->io : bus->memory;
}

static void move(PciDevice *dev, guint n, guint64 address)
{
    PciBar *bar = &dev->bars[n];
    bool io = bar->type & PCI_BAR_IO;

    if (bar->address == address) {
        return;
    }
    if (bar->address != PCI_UNMAPPED) {
        trace_pci_update_mappings_del(dev, n, bar->address, region_size(bar->region));
        region_remove(container(dev, io), bar->region);
    }
    if (address != PCI_UNMAPPED) {
        trace_pci_update_mappings_add(dev, n, address, region_size(bar->region));
        region_add(container(dev, io), address, bar->region, BAR_PRIORITY);
    }
    bar->address = address;
}

static void show_fixed(PciDevice *dev, PciFixed *fixed, bool mapped)
{
    if (mapped && !fixed->mapped) {
        region_add(container(dev, fixed->io), fixed->address, fixed->region, BAR_PRIORITY);
    } else if (!mapped && fixed->mapped) {
        region_remove(container(dev, fixed->io), fixed->region);
    }
    fixed->mapped = mapped;
}

void pci_bars_update(PciDevice *dev)
{
    region_transaction_begin(dev->machine->memory);
    region_transaction_begin(dev->machine->io);
    for (guint n = 0; n < G_N_ELEMENTS(dev->bars); n++) {
        if (dev->bars[n].region) {
            move(dev, n, wanted_address(dev, n));
        }
    }
    for (guint i = 0; dev->fixed && i < dev->fixed->len; i++) {
        PciFixed *fixed = &g_array_index(dev->fixed, PciFixed, i);

        show_fixed(dev, fixed, responds(dev, fixed->io));
    }
    region_transaction_commit(dev->machine->io);
    region_transaction_commit(dev->machine->memory);
}

void pci_bars_free(PciDevice *dev)
{
    for (guint n = 0; n < G_N_ELEMENTS(dev->bars); n++) {
        if (dev->bars[n].region) {
            move(dev, n, PCI_UNMAPPED);
            g_clear_pointer(&dev->bars[n].region, object_unref);
        }
    }
    for (guint i = 0; dev->fixed && i < dev->fixed->len; i++) {
        PciFixed *fixed = &g_array_index(dev->fixed, PciFixed, i);

        show_fixed(dev, fixed, false);
        object_unref(fixed->region);
    }
    g_clear_pointer(&dev->fixed, g_array_unref);
}

guint64 pci_bar_address(const PciDevice *dev, guint n)
{
    return n < G_N_ELEMENTS(dev->bars) && dev->bars[n].region ? dev->bars[n].address
                                                              : PCI_UNMAPPED;
}
