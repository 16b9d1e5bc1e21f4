/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Delivery of MSI-X messages, from any thread; hw/pci/pci-msix.h explains why
 * none is lost.
 *
 * A used vector gets a route and an irqfd if the accelerator supports them and
 * the message is for local APICs.  If that fails (routes and descriptors are
 * limited), or for other messages, pci_send_message() is used.
 */
#include "config.h"
#include "hw/pci/pci-msix.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "qom/env.h"
#include "qom/qapi-trace.h"

static AccelMsi message(const PciDevice *dev, guint vector)
{
    const guint8 *entry = pci_msix_entry(dev, vector);

    return (AccelMsi){
        .address = pci_get_long(entry + PCI_MSIX_ENTRY_ADDRESS_LO) |
                   (guint64)pci_get_long(entry + PCI_MSIX_ENTRY_ADDRESS_HI) << 32,
        .data = pci_get_long(entry + PCI_MSIX_ENTRY_DATA),
    };
}

/* ---- The accelerator's part; machine lock, vector not wired ---- */

static bool have_route(PciDevice *dev, PciMsixVector *v, const AccelMsi *msi)
{
    const AccelOps *ops = accel_ops(dev->machine->accel);

    if (v->gsi >= 0) {
        return ops->msi_route_update(dev->machine->accel, v->gsi, msi, NULL);
    }
    v->gsi = ops->msi_route_add ? ops->msi_route_add(dev->machine->accel, msi, NULL) : -1;
    return v->gsi >= 0;
}

static bool tie(PciDevice *dev, guint vector)
{
    PciMsixVector *v = &dev->msix->vectors[vector];
    const AccelOps *ops = accel_ops(dev->machine->accel);
    AccelMsi msi = message(dev, vector);

    if (!v->uses || !ops->irqfd_add || !pci_message_is_apic(msi.address)) {
        return false;
    }
    if (v->fd < 0) {
        v->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (v->fd < 0) {
            env_refused(&dev->device.object, errno, -1);
        }
    }
    v->tied = v->fd >= 0 && have_route(dev, v, &msi) &&
              ops->irqfd_add(dev->machine->accel, v->gsi, v->fd, -1, NULL);
    return v->tied;
}

static void untie(PciDevice *dev, PciMsixVector *v)
{
    if (v->tied) {
        accel_ops(dev->machine->accel)->irqfd_del(dev->machine->accel, v->gsi, v->fd);
        v->tied = false;
    }
}

/* ---- Sending; with the mutex ---- */

static void deliver(PciDevice *dev, guint vector)
{
    const PciMsixVector *v = &dev->msix->vectors[vector];
    AccelMsi msi;

    if (v->wired) {
        if (g_atomic_int_get(&dev->bus_master)) {
            eventfd_write(v->fd, 1);
        }
        return;
    }
    msi = message(dev, vector);
    pci_send_message(dev, msi.address, msi.data);
}

static bool take_pending(PciDevice *dev, guint vector)
{
    guint8 *byte = &dev->msix_pending[vector / 8];
    bool pending = *byte >> vector % 8 & 1;

    *byte &= ~(1 << vector % 8);
    return pending;
}

void pci_msix_notify(PciDevice *dev, guint vector)
{
    PciMsix *msix = dev->msix;

    if (!msix || vector >= msix->n) {
        return;
    }
    g_mutex_lock(&msix->mutex);
    trace_msix_notify(dev, vector, msix->vectors[vector].open);
    if (msix->vectors[vector].open) {
        deliver(dev, vector);
    } else if (msix->enabled) {
        dev->msix_pending[vector / 8] |= 1 << vector % 8;
    }
    g_mutex_unlock(&msix->mutex);
}

/* ---- Opening and closing ---- */

static void open_vector(PciDevice *dev, guint vector)
{
    PciMsix *msix = dev->msix;
    PciMsixVector *v = &msix->vectors[vector];
    bool tied = tie(dev, vector);

    g_mutex_lock(&msix->mutex);
    v->wired = tied;
    v->open = true;
    if (take_pending(dev, vector)) {
        deliver(dev, vector);
    }
    g_mutex_unlock(&msix->mutex);
}

static void unwire(PciDevice *dev, PciMsixVector *v)
{
    g_mutex_lock(&dev->msix->mutex);
    v->wired = false;
    g_mutex_unlock(&dev->msix->mutex);
    untie(dev, v);
}

void pci_msix_close(PciDevice *dev, guint vector)
{
    PciMsixVector *v = &dev->msix->vectors[vector];

    if (!v->open) {
        return;
    }
    g_mutex_lock(&dev->msix->mutex);
    v->open = false;
    g_mutex_unlock(&dev->msix->mutex);
    unwire(dev, v);
}

void pci_msix_update_vector(PciDevice *dev, guint vector)
{
    const PciMsix *msix = dev->msix;
    guint32 control = pci_get_long(pci_msix_entry(dev, vector) + PCI_MSIX_ENTRY_CONTROL);
    bool open = msix->enabled && !msix->masked && !(control & PCI_MSIX_ENTRY_CONTROL_MASK);

    env_lock_assert(&dev->device.object);
    if (!open) {
        pci_msix_close(dev, vector);
    } else if (!msix->vectors[vector].open) {
        open_vector(dev, vector);
    }
}

/* ---- Use ---- */

void pci_msix_use(PciDevice *dev, guint vector)
{
    PciMsix *msix = dev->msix;
    PciMsixVector *v;
    bool tied;

    env_lock_assert(&dev->device.object);
    if (!msix || vector >= msix->n) {
        return;
    }
    v = &msix->vectors[vector];
    if (v->uses++ || !v->open) {
        return;
    }
    tied = tie(dev, vector);
    g_mutex_lock(&msix->mutex);
    v->wired = tied;
    g_mutex_unlock(&msix->mutex);
}

/* Releases a vector's resources in the accelerator and the kernel. */
static void forget(PciDevice *dev, PciMsixVector *v)
{
    unwire(dev, v);
    if (v->gsi >= 0) {
        accel_ops(dev->machine->accel)->msi_route_del(dev->machine->accel, v->gsi);
        v->gsi = -1;
    }
    if (v->fd >= 0) {
        close(v->fd);
        v->fd = -1;
    }
}

void pci_msix_unuse(PciDevice *dev, guint vector)
{
    PciMsix *msix = dev->msix;

    env_lock_assert(&dev->device.object);
    if (msix && vector < msix->n && msix->vectors[vector].uses &&
        --msix->vectors[vector].uses == 0) {
        forget(dev, &msix->vectors[vector]);
    }
}

void pci_msix_vectors_init(PciMsix *msix)
{
    msix->vectors = g_new0(PciMsixVector, msix->n);
    for (guint i = 0; i < msix->n; i++) {
        msix->vectors[i].gsi = msix->vectors[i].fd = -1;
    }
}

void pci_msix_vectors_free(PciDevice *dev)
{
    PciMsix *msix = dev->msix;

    for (guint i = 0; i < msix->n; i++) {
        pci_msix_close(dev, i);
        forget(dev, &msix->vectors[i]);
    }
    g_clear_pointer(&msix->vectors, g_free);
}
