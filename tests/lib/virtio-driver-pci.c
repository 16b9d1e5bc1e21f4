/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The driver of tests/lib/virtio-driver-pci.h.
 */
#include "config.h"
#include "tests/lib/virtio-driver-pci.h"

#include <string.h>

#include "qom/qapi-objects-pci.h"

enum {
    IO_BASE = 0xc000, IO_STEP = 0x100,
    MEM_BASE = 0xe0000000, MEM_STEP = 0x1000000,
    CAP_VENDOR = 9, CAP_MSIX = 0x11,
    CAP_TYPE_COMMON = 1, CAP_TYPE_NOTIFY = 2, CAP_TYPE_ISR = 3, CAP_TYPE_DEVICE = 4,
    MSIX_BAR = 1, MSIX_ENABLE = 0x8000, MSIX_ENTRY = 16, N_VECTORS = 16,
    MESSAGE = 0x4d530000,
    PAGE = 4096,
};

/* Where a capability says that something is. */
typedef struct {
    guint bar;
    guint64 offset;
} Place;

/* VirtioDriver.opaque */
typedef struct {
    guint devfn;
    guint64 bars[PCI_N_BARS];   /* addresses, 0: none */
    bool io[PCI_N_BARS];
    Place common, isr, device, notify;
    guint32 notify_multiplier;
    bool msix;
    guint64 messages;           /* in RAM, N_VECTORS words */
} PciDriver;

static PciDriver *pci_of(const VirtioDriver *d)
{
    return d->opaque;
}

/* ---- Configuration space ---- */

guint32 virtio_driver_pci_config(VirtioDriver *d, guint offset, guint size)
{
    return rig_pci_read(d->rig, 0, pci_of(d)->devfn, offset, size);
}

void virtio_driver_pci_set_config(VirtioDriver *d, guint offset, guint32 value, guint size)
{
    rig_pci_write(d->rig, 0, pci_of(d)->devfn, offset, value, size);
}

guint virtio_driver_pci_cap(VirtioDriver *d, guint8 id, guint n)
{
    guint cap = virtio_driver_pci_config(d, 0x34, 1);

    for (guint i = 0; cap && i < 48; i++) {
        if (virtio_driver_pci_config(d, cap, 1) == id && n-- == 0) {
            return cap;
        }
        cap = virtio_driver_pci_config(d, cap + 1, 1);
    }
    return 0;
}

guint virtio_driver_virtio_cap(VirtioDriver *d, guint8 type)
{
    guint cap;

    for (guint i = 0; (cap = virtio_driver_pci_cap(d, CAP_VENDOR, i)); i++) {
        if (virtio_driver_pci_config(d, cap + 3, 1) == type) {
            return cap;
        }
    }
    return 0;
}

/* ---- BARs ---- */

/* Finds size and kind of BAR n and gives it the next address; returns the next
 * BAR's number. */
static guint assign_bar(VirtioDriver *d, guint n, guint64 *io, guint64 *mem)
{
    PciDriver *p = pci_of(d);
    guint at = 0x10 + 4 * n;
    guint32 low, size;
    guint64 *next;

    virtio_driver_pci_set_config(d, at, 0xffffffff, 4);
    low = virtio_driver_pci_config(d, at, 4);
    if (!low) {
        return n + 1;
    }
    p->io[n] = low & 1;
    next = p->io[n] ? io : mem;
    size = -(low & (p->io[n] ? ~3u : ~15u));
    p->bars[n] = (*next + size - 1) & -(guint64)size;
    *next = p->bars[n] + size;
    virtio_driver_pci_set_config(d, at, p->bars[n], 4);
    if ((low & 7) == 4) {
        virtio_driver_pci_set_config(d, at + 4, p->bars[n] >> 32, 4);
        return n + 2;
    }
    return n + 1;
}

static void assign_bars(VirtioDriver *d, guint index)
{
    guint64 io = IO_BASE + index * IO_STEP, mem = MEM_BASE + (guint64)index * MEM_STEP;

    for (guint n = 0; n < PCI_N_BARS;) {
        n = assign_bar(d, n, &io, &mem);
    }
    virtio_driver_pci_set_config(d, PCI_COMMAND,
                                 PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 2);
}

static AddressSpace *space_of(const VirtioDriver *d, guint bar)
{
    return pci_of(d)->io[bar] ? d->rig->io : d->rig->memory;
}

guint64 virtio_driver_bar(VirtioDriver *d, guint bar, guint64 offset, guint size)
{
    return address_space_read(space_of(d, bar), pci_of(d)->bars[bar] + offset, size);
}

void virtio_driver_set_bar(VirtioDriver *d, guint bar, guint64 offset, guint64 value, guint size)
{
    address_space_write(space_of(d, bar), pci_of(d)->bars[bar] + offset, value, size);
}

static Place place_of(VirtioDriver *d, guint8 type)
{
    guint cap = virtio_driver_virtio_cap(d, type);

    g_assert_cmphex(cap, !=, 0);
    return (Place){ .bar = virtio_driver_pci_config(d, cap + 4, 1),
                    .offset = virtio_driver_pci_config(d, cap + 8, 4) };
}

static guint32 get(VirtioDriver *d, Place place, guint offset, guint size)
{
    return virtio_driver_bar(d, place.bar, place.offset + offset, size);
}

static void put(VirtioDriver *d, Place place, guint offset, guint32 value, guint size)
{
    virtio_driver_set_bar(d, place.bar, place.offset + offset, value, size);
}

/* ---- Interrupts ---- */

static guint line_of(const VirtioDriver *d)
{
    return PCI_SLOT(pci_of(d)->devfn) % PCI_N_PINS;
}

static bool pci_line(VirtioDriver *d)
{
    return d->rig->pci_levels[line_of(d)];
}

static guint pci_edges(VirtioDriver *d)
{
    return d->rig->pci_edges[line_of(d)];
}

static guint entry(guint vector)
{
    return vector * MSIX_ENTRY;
}

void virtio_driver_mask_vector(VirtioDriver *d, guint vector, bool masked)
{
    virtio_driver_set_bar(d, MSIX_BAR, entry(vector) + 12, masked, 4);
}

static guint n_vectors(VirtioDriver *d, guint cap)
{
    return MIN((virtio_driver_pci_config(d, cap + 2, 2) & 0x7ff) + 1u, N_VECTORS);
}

void virtio_driver_msix(VirtioDriver *d, bool on)
{
    PciDriver *p = pci_of(d);
    guint cap = virtio_driver_pci_cap(d, CAP_MSIX, 0);

    g_assert_cmphex(cap, !=, 0);
    for (guint i = 0; on && i < n_vectors(d, cap); i++) {
        virtio_driver_set_bar(d, MSIX_BAR, entry(i), p->messages + 4 * i, 4);
        virtio_driver_set_bar(d, MSIX_BAR, entry(i) + 4, p->messages >> 32, 4);
        virtio_driver_set_bar(d, MSIX_BAR, entry(i) + 8, MESSAGE + i, 4);
        virtio_driver_mask_vector(d, i, false);
    }
    virtio_driver_pci_set_config(d, cap + 2, on ? MSIX_ENABLE : 0, 2);
    p->msix = on;
}

guint32 virtio_driver_message(VirtioDriver *d, guint vector)
{
    guint32 *word = virtio_driver_ptr(d, pci_of(d)->messages + 4 * vector);
    guint32 value = GUINT32_FROM_LE(*word);

    *word = 0;
    return value;
}

/* ---- Modern interface: VIRTIO 1.2 section 4.1.4.3 ---- */

static guint8 modern_status(VirtioDriver *d)
{
    return get(d, pci_of(d)->common, 20, 1);
}

static void modern_set_status(VirtioDriver *d, guint8 status)
{
    put(d, pci_of(d)->common, 20, status, 1);
}

static guint64 modern_offered(VirtioDriver *d)
{
    Place common = pci_of(d)->common;
    guint64 low;

    put(d, common, 0, 0, 4);
    low = get(d, common, 4, 4);
    put(d, common, 0, 1, 4);
    return low | (guint64)get(d, common, 4, 4) << 32;
}

static void modern_accept(VirtioDriver *d, guint64 features)
{
    Place common = pci_of(d)->common;

    put(d, common, 8, 0, 4);
    put(d, common, 12, features, 4);
    put(d, common, 8, 1, 4);
    put(d, common, 12, features >> 32, 4);
}

static void modern_set_queue(VirtioDriver *d, guint n, VirtioDriverQueue *queue)
{
    const guint64 areas[] = { queue->desc, queue->avail, queue->used };
    Place common = pci_of(d)->common;

    put(d, common, 22, n, 2);
    put(d, common, 24, queue->size, 2);
    if (pci_of(d)->msix) {
        put(d, common, 16, 0, 2);
        put(d, common, 26, n + 1, 2);
    }
    for (guint i = 0; i < G_N_ELEMENTS(areas); i++) {
        put(d, common, 32 + 8 * i, areas[i], 4);
        put(d, common, 36 + 8 * i, areas[i] >> 32, 4);
    }
    put(d, common, 28, 1, 2);
}

static void modern_kick(VirtioDriver *d, guint n)
{
    PciDriver *p = pci_of(d);
    guint offset;

    put(d, p->common, 22, n, 2);
    offset = get(d, p->common, 30, 2) * p->notify_multiplier;
    put(d, p->notify, offset, n, 2);
}

static guint64 modern_config(VirtioDriver *d, guint offset, guint size)
{
    Place device = pci_of(d)->device;

    return virtio_driver_bar(d, device.bar, device.offset + offset, size);
}

static void modern_set_config(VirtioDriver *d, guint offset, guint64 value, guint size)
{
    Place device = pci_of(d)->device;

    virtio_driver_set_bar(d, device.bar, device.offset + offset, value, size);
}

static guint32 modern_ack(VirtioDriver *d)
{
    return get(d, pci_of(d)->isr, 0, 1);
}

static const VirtioDriverOps modern_ops = {
    .status = modern_status, .set_status = modern_set_status, .offered = modern_offered,
    .accept = modern_accept, .set_queue = modern_set_queue, .kick = modern_kick,
    .config = modern_config, .set_config = modern_set_config, .line = pci_line,
    .edges = pci_edges, .ack = modern_ack,
};

/* ---- Legacy interface: section 4.1.4.8 ---- */

static guint8 legacy_status(VirtioDriver *d)
{
    return virtio_driver_bar(d, 0, 18, 1);
}

static void legacy_set_status(VirtioDriver *d, guint8 status)
{
    virtio_driver_set_bar(d, 0, 18, status, 1);
}

static guint64 legacy_offered(VirtioDriver *d)
{
    return virtio_driver_bar(d, 0, 0, 4);
}

static void legacy_accept(VirtioDriver *d, guint64 features)
{
    virtio_driver_set_bar(d, 0, 4, features, 4);
}

/* Section 2.7.2, as the driver computes it. */
static void legacy_set_queue(VirtioDriver *d, guint n, VirtioDriverQueue *queue)
{
    guint32 avail, used;

    virtio_driver_set_bar(d, 0, 14, n, 2);
    queue->size = MIN(virtio_driver_bar(d, 0, 12, 2), 1024);    /* as the largest device has */
    avail = 16 * queue->size;
    used = (avail + 2 * (3 + queue->size) + PAGE - 1) / PAGE * PAGE;
    queue->desc = virtio_driver_alloc(d, used + 6 + 8 * queue->size, PAGE);
    queue->avail = queue->desc + avail;
    queue->used = queue->desc + used;
    if (pci_of(d)->msix) {
        virtio_driver_set_bar(d, 0, 20, 0, 2);
        virtio_driver_set_bar(d, 0, 22, n + 1, 2);
    }
    virtio_driver_set_bar(d, 0, 8, queue->desc / PAGE, 4);
}

static void legacy_kick(VirtioDriver *d, guint n)
{
    virtio_driver_set_bar(d, 0, 16, n, 2);
}

static guint legacy_config_offset(const VirtioDriver *d)
{
    return pci_of(d)->msix ? 24 : 20;
}

static guint64 legacy_config(VirtioDriver *d, guint offset, guint size)
{
    return virtio_driver_bar(d, 0, legacy_config_offset(d) + offset, size);
}

static void legacy_set_config(VirtioDriver *d, guint offset, guint64 value, guint size)
{
    virtio_driver_set_bar(d, 0, legacy_config_offset(d) + offset, value, size);
}

static guint32 legacy_ack(VirtioDriver *d)
{
    return virtio_driver_bar(d, 0, 19, 1);
}

static const VirtioDriverOps legacy_ops = {
    .status = legacy_status, .set_status = legacy_set_status, .offered = legacy_offered,
    .accept = legacy_accept, .set_queue = legacy_set_queue, .kick = legacy_kick,
    .config = legacy_config, .set_config = legacy_set_config, .line = pci_line,
    .edges = pci_edges, .ack = legacy_ack, .legacy = true,
};

/* ---- Making ---- */

static void find_registers(VirtioDriver *d)
{
    PciDriver *p = pci_of(d);

    p->common = place_of(d, CAP_TYPE_COMMON);
    p->isr = place_of(d, CAP_TYPE_ISR);
    p->device = place_of(d, CAP_TYPE_DEVICE);
    p->notify = place_of(d, CAP_TYPE_NOTIFY);
    p->notify_multiplier =
        virtio_driver_pci_config(d, virtio_driver_virtio_cap(d, CAP_TYPE_NOTIFY) + 16, 4);
}

VirtioDriver *virtio_driver_pci(Rig *rig, guint index, Device *dev,
                                VirtioDriverInterface interface)
{
    PciDriver *pci = g_new0(PciDriver, 1);
    VirtioDriver *d = virtio_driver_new_on(
        rig, index, interface == VIRTIO_DRIVER_MODERN ? &modern_ops : &legacy_ops, pci);

    pci->devfn = to_pci_device(dev)->devfn;
    assign_bars(d, index);
    pci->messages = virtio_driver_alloc(d, 4 * N_VECTORS, 4);
    if (interface == VIRTIO_DRIVER_MODERN) {
        find_registers(d);
    } else {
        g_assert_true(pci->io[0] && pci->bars[0]);
    }
    return d;
}
