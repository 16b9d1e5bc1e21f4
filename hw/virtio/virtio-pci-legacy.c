/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The legacy registers of virtio-pci, BAR 0.  VIRTIO 1.2 section 4.1.4.8; their
 * meaning is in hw/virtio/virtio-legacy.c.
 */
#include "config.h"
#include "hw/virtio/virtio-pci.h"

#include "qom/qapi-objects-virtio-pci.h"

enum {
    DEVICE_FEATURES = 0,        /* 32 bits */
    DRIVER_FEATURES = 4,        /* 32 */
    QUEUE_ADDRESS = 8,          /* 32: page number */
    QUEUE_SIZE = 12,            /* 16 */
    QUEUE_SELECT = 14,          /* 16 */
    QUEUE_NOTIFY = VIRTIO_PCI_LEGACY_NOTIFY,    /* 16 */
    DEVICE_STATUS = 18,         /* 8 */
    ISR_STATUS = 19,            /* 8 */
    CONFIG = 20,                /* device configuration, unless MSI-X is on: */
    CONFIG_VECTOR = 20,         /* 16 */
    QUEUE_VECTOR = 22,          /* 16 */
    CONFIG_MSIX = 24,
};

static guint config_offset(VirtioPci *s)
{
    return g_atomic_int_get(&s->msix) ? CONFIG_MSIX : CONFIG;
}

/* A register and its access width. */
#define AT(offset, size) ((offset) << 4 | (size))

/* ---- Reading, machine lock held ---- */

static guint32 read_register(VirtioPci *s, VirtioDevice *dev, guint64 offset, guint size)
{
    switch (AT(offset, size)) {
    case AT(DEVICE_FEATURES, 4):
        return virtio_legacy_features(dev);
    case AT(DRIVER_FEATURES, 4):
        return virtio_legacy_accepted(dev);
    case AT(QUEUE_ADDRESS, 4):
        return virtio_legacy_queue(dev, s->queue_select);
    case AT(QUEUE_SIZE, 2):
        return virtio_queue_max(dev, s->queue_select);
    case AT(QUEUE_SELECT, 2):
        return s->queue_select;
    case AT(DEVICE_STATUS, 1):
        return virtio_legacy_status(dev);
    case AT(ISR_STATUS, 1):
        return virtio_pci_take_isr(s);
    case AT(CONFIG_VECTOR, 2):
        return s->vectors[VIRTIO_PCI_CONFIG_SOURCE];
    case AT(QUEUE_VECTOR, 2):
        return s->queue_select < virtio_n_queues(dev) ? s->vectors[s->queue_select]
                                                      : VIRTIO_PCI_NO_VECTOR;
    default:
        return 0;
    }
}

static guint64 legacy_read(void *opaque, guint64 offset, guint size)
{
    VirtioPci *s = opaque;
    VirtioDevice *dev;
    guint config;
    guint64 value = 0;

    machine_lock(s->machine);
    dev = virtio_pci_device(s);
    config = config_offset(s);
    if (dev && offset >= config) {
        value = virtio_pci_read_config(dev, offset - config, size);
    } else if (dev) {
        value = read_register(s, dev, offset, size);
    }
    machine_unlock(s->machine);
    return value;
}

/* ---- Writing ---- */

static void write_register(VirtioPci *s, VirtioDevice *dev, guint64 offset, guint32 value,
                           guint size)
{
    switch (AT(offset, size)) {
    case AT(DRIVER_FEATURES, 4):
        virtio_legacy_accept(dev, value);
        break;
    case AT(QUEUE_SELECT, 2):
        s->queue_select = value;
        break;
    case AT(CONFIG_VECTOR, 2):
        virtio_pci_set_vector(s, VIRTIO_PCI_CONFIG_SOURCE, value);
        break;
    case AT(QUEUE_VECTOR, 2):
        virtio_pci_set_queue_vector(s, s->queue_select, value);
        break;
    }
}

/* Main thread, machine lock held, like the two that follow. */
static void set_status(void *opaque, guint64 status)
{
    VirtioDevice *dev = virtio_pci_device(opaque);

    if (dev) {
        virtio_legacy_set_status(dev, status);
    }
}

static void set_queue(void *opaque, guint64 page)
{
    VirtioPci *s = opaque;
    VirtioDevice *dev = virtio_pci_device(s);

    if (dev) {
        virtio_legacy_set_queue(dev, s->queue_select, page);
    }
}

static void run_early(void *opaque, guint64 n)
{
    VirtioDevice *dev = virtio_pci_device(opaque);

    if (dev) {
        virtio_legacy_run(dev, n);
    }
}

/* If the device does not run, a notification also starts it. */
static void notify(VirtioPci *s, guint n)
{
    VirtioDevice *dev;
    bool idle;

    machine_lock(s->machine);
    dev = virtio_pci_device(s);
    idle = dev && !dev->started;
    if (dev && !idle) {
        virtio_queue_kick(dev, n);
    }
    machine_unlock(s->machine);
    if (idle) {
        machine_call(s->machine, run_early, s, n);
    }
}

/* Writes that must not be done with the machine lock held. */
static bool write_unlocked(VirtioPci *s, guint64 offset, guint32 value, guint size)
{
    switch (AT(offset, size)) {
    case AT(QUEUE_ADDRESS, 4):
        machine_call(s->machine, set_queue, s, value);
        return true;
    case AT(QUEUE_NOTIFY, 2):
        notify(s, value);
        return true;
    case AT(DEVICE_STATUS, 1):
        machine_call(s->machine, set_status, s, value);
        return true;
    default:
        return false;
    }
}

static void legacy_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    VirtioPci *s = opaque;
    VirtioDevice *dev;
    guint config;

    if (write_unlocked(s, offset, value, size)) {
        return;
    }
    machine_lock(s->machine);
    dev = virtio_pci_device(s);
    config = config_offset(s);
    if (dev && offset >= config) {
        virtio_pci_write_config(dev, offset - config, value, size);
    } else if (dev) {
        write_register(s, dev, offset, value, size);
    }
    machine_unlock(s->machine);
}

static const RegionOps legacy_ops = {
    .read = legacy_read,
    .write = legacy_write,
    .min_size = 1,
    .max_size = 4,
    .lockless = true,
};

void virtio_pci_add_legacy(VirtioPci *s)
{
    guint all = (virtio_pci_props(s)->vectors ? CONFIG_MSIX : CONFIG) +
                virtio_bus_device(s->bus)->config_size;

    s->legacy = region_new_io(&s->pci.device.object, "virtio-pci", &legacy_ops, s,
                              1u << g_bit_storage(all - 1));
    pci_add_bar(&s->pci, 0, PCI_BAR_IO, s->legacy);
}
