/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MSI-X (PCI 3.0 section 6.8.2): capability, table and pending bits as the guest
 * sees them.  Delivery is in pci-msix-vector.c.
 *
 * The table takes accesses of 4 and 8 bytes, which the specification requires
 * of software; the effect of others is undefined.
 */
#include "config.h"
#include "hw/pci/pci-msix.h"

#include <string.h>

#include "qmp/error.h"

enum {
    MAX_VECTORS = 2048,
    MIN_BAR_SIZE = 0x1000,
};

static PciDevice *pci_device(void *opaque)
{
    return opaque;
}

/* ---- Registers ---- */

static guint64 table_read(void *opaque, guint64 offset, guint size)
{
    return pci_get_long(pci_device(opaque)->msix_table + offset);
}

static void table_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    PciDevice *dev = opaque;
    guint vector = offset / PCI_MSIX_ENTRY_SIZE;
    guint8 *bytes = dev->msix_table + offset;
    guint32 writable = offset % PCI_MSIX_ENTRY_SIZE == PCI_MSIX_ENTRY_CONTROL
                           ? PCI_MSIX_ENTRY_CONTROL_MASK : G_MAXUINT32;

    value &= writable;
    if (pci_get_long(bytes) == value) {
        return;
    }
    pci_msix_close(dev, vector);
    g_mutex_lock(&dev->msix->mutex);
    pci_set_long(bytes, value);
    g_mutex_unlock(&dev->msix->mutex);
    pci_msix_update_vector(dev, vector);
}

static const RegionOps table_ops = {
    .read = table_read,
    .write = table_write,
    .min_size = 4,
    .max_size = 4,
};

static guint64 pba_read(void *opaque, guint64 offset, guint size)
{
    PciDevice *dev = opaque;
    guint32 value;

    g_mutex_lock(&dev->msix->mutex);
    value = pci_get_long(dev->msix_pending + offset);
    g_mutex_unlock(&dev->msix->mutex);
    return value;
}

static const RegionOps pba_ops = {
    .read = pba_read,
    .min_size = 4,
    .max_size = 4,
};

static guint16 msix_flags(const PciDevice *dev)
{
    return dev->msix_cap ? pci_get_word(dev->config + dev->msix_cap + PCI_MSIX_FLAGS) : 0;
}

bool pci_msix_enabled(const PciDevice *dev)
{
    return msix_flags(dev) & PCI_MSIX_FLAGS_ENABLE;
}

void pci_msix_update(PciDevice *dev)
{
    PciMsix *msix = dev->msix;
    guint16 flags = msix_flags(dev);
    bool enabled = (flags & PCI_MSIX_FLAGS_ENABLE) && !dev->ejected;
    bool masked = flags & PCI_MSIX_FLAGS_MASKALL;

    if (!msix || (enabled == msix->enabled && masked == msix->masked)) {
        return;
    }
    g_mutex_lock(&msix->mutex);
    msix->enabled = enabled;
    msix->masked = masked;
    g_mutex_unlock(&msix->mutex);
    for (guint i = 0; i < msix->n; i++) {
        pci_msix_update_vector(dev, i);
    }
}

/* Entries are masked after a reset (6.8.2.9). */
static void reset_table(PciDevice *dev)
{
    memset(dev->msix_table, 0, dev->msix_table_size);
    memset(dev->msix_pending, 0, dev->msix_pending_size);
    for (guint i = 0; i < dev->msix->n; i++) {
        pci_set_long(pci_msix_entry(dev, i) + PCI_MSIX_ENTRY_CONTROL, PCI_MSIX_ENTRY_CONTROL_MASK);
    }
}

void pci_msix_reset(PciDevice *dev)
{
    if (!dev->msix) {
        return;
    }
    pci_msix_update(dev);
    g_mutex_lock(&dev->msix->mutex);
    reset_table(dev);
    g_mutex_unlock(&dev->msix->mutex);
}

/* All of the table may have changed. */
void pci_msix_loaded(PciDevice *dev)
{
    for (guint i = 0; dev->msix && i < dev->msix->n; i++) {
        pci_msix_close(dev, i);
        pci_msix_update_vector(dev, i);
    }
}

/* ---- Life ---- */

static bool fits(const MemoryRegion *region, guint32 offset, guint32 size)
{
    return offset % 8 == 0 && offset <= region_size(region) &&
           size <= region_size(region) - offset;
}

static bool check(const PciDevice *dev, guint n, bool fit, GError **error)
{
    if (n < 1 || n > MAX_VECTORS) {
        qmp_error_set_at(error, "vectors", ERROR_REASON_LIMIT_EXCEEDED,
                         "a function has 1 to %u MSI-X vectors, not %u", MAX_VECTORS, n);
        return false;
    }
    if (!fit || dev->msix) {
        qmp_error_set_at(error, "vectors", ERROR_REASON_LIMIT_EXCEEDED,
                         "%u MSI-X vectors do not fit into the BARs of a '%s'", n,
                         object_class_name(dev));
        return false;
    }
    return true;
}

static guint32 table_size(guint n)
{
    return n * PCI_MSIX_ENTRY_SIZE;
}

/* One bit per vector, in whole quadwords. */
static guint32 pba_size(guint n)
{
    return (n + 63) / 64 * 8;
}

static bool add_capability(PciDevice *dev, guint n, guint32 table, guint32 pba, GError **error)
{
    dev->msix_cap = pci_add_capability(dev, PCI_CAP_ID_MSIX, PCI_MSIX_CAP_SIZE);
    if (!dev->msix_cap) {
        qmp_error_set(error, ERROR_REASON_LIMIT_EXCEEDED, "there is no room for MSI-X");
        return false;
    }
    pci_set_word(dev->config + dev->msix_cap + PCI_MSIX_FLAGS, n - 1);
    pci_set_word(dev->writable + dev->msix_cap + PCI_MSIX_FLAGS,
                 PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
    pci_set_long(dev->config + dev->msix_cap + PCI_MSIX_TABLE, table);
    pci_set_long(dev->config + dev->msix_cap + PCI_MSIX_PBA, pba);
    return true;
}

static MemoryRegion *add_region(PciDevice *dev, const char *name, const RegionOps *ops,
                                guint32 size, MemoryRegion *container, guint32 offset)
{
    MemoryRegion *region = region_new_io(&dev->device.object, name, ops, dev, size);

    region_add(container, offset, region, 0);
    return region;
}

bool pci_msix_init(PciDevice *dev, guint n, MemoryRegion *region, guint bar, guint32 table,
                   guint32 pending, GError **error)
{
    bool fit = fits(region, table, table_size(n)) && fits(region, pending, pba_size(n));
    PciMsix *msix;

    if (!check(dev, n, fit, error) ||
        !add_capability(dev, n, table | bar, pending | bar, error)) {
        return false;
    }
    msix = g_new0(PciMsix, 1);
    msix->n = n;
    g_mutex_init(&msix->mutex);
    pci_msix_vectors_init(msix);
    dev->msix_table_size = table_size(n);
    dev->msix_table = g_malloc0(dev->msix_table_size);
    dev->msix_pending_size = pba_size(n);
    dev->msix_pending = g_malloc0(dev->msix_pending_size);
    dev->msix = msix;
    reset_table(dev);
    msix->container = object_ref(region);
    msix->table = add_region(dev, "msix-table", &table_ops, table_size(n), region, table);
    msix->pba = add_region(dev, "msix-pba", &pba_ops, pba_size(n), region, pending);
    return true;
}

bool pci_msix_init_bar(PciDevice *dev, guint n, guint bar, GError **error)
{
    guint32 pba = MIN_BAR_SIZE / 2, size = MIN_BAR_SIZE;
    MemoryRegion *region;

    if (!check(dev, n, true, error)) {
        return false;
    }
    /* The pending bits get the second half, unless the table needs more. */
    pba = MAX(pba, table_size(n));
    while (size < pba + pba_size(n)) {
        size *= 2;
    }
    region = region_new_container(&dev->device.object, "msix", size);
    if (!pci_msix_init(dev, n, region, bar, 0, pba, error)) {
        region_free(region);
        return false;
    }
    dev->msix->bar = region;
    pci_add_bar(dev, bar, PCI_BAR_MEM32, region);
    return true;
}

void pci_msix_free(PciDevice *dev)
{
    PciMsix *msix = dev->msix;

    if (!msix) {
        return;
    }
    pci_msix_vectors_free(dev);
    region_remove(msix->container, msix->table);
    region_remove(msix->container, msix->pba);
    region_free(msix->table);
    region_free(msix->pba);
    object_unref(msix->container);
    if (msix->bar) {
        region_free(msix->bar);
    }
    g_mutex_clear(&msix->mutex);
    g_clear_pointer(&dev->msix_table, g_free);
    g_clear_pointer(&dev->msix_pending, g_free);
    dev->msix_table_size = dev->msix_pending_size = 0;
    dev->msix_cap = 0;
    g_clear_pointer(&dev->msix, g_free);
}
