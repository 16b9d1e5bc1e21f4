/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MSI-X internals: what pci-msix.c (registers) and pci-msix-vector.c (delivery)
 * share.
 *
 * A vector is open if MSI-X is enabled and neither the function nor the vector
 * is masked: its messages are sent.  Else they become pending bits, as long as
 * MSI-X is enabled.
 *
 * Threads.  The guest's writes come with the machine lock; devices notify from
 * any thread.  PciMsix.mutex, which is only held briefly, protects them from
 * each other: under it, checking whether a vector is open and sending its
 * message or making it pending is one step.  So:
 *
 *  - nothing is lost: a notification either finds the vector closed and has set
 *    its pending bit before the thread that opens the vector reads that bit, or
 *    finds it open;
 *  - nothing comes late: once a vector is closed, no thread is still about to
 *    send.  The kernel may still be handling a signalled irqfd; removing the
 *    irqfd waits for that, so when the guest's write to a mask bit is done, no
 *    interrupt of this vector follows.  Therefore a masked vector has    no
 *    irqfd;
 *  - nothing comes twice: pending is cleared in the step that sends.  An irqfd is
 *    written only while it is bound in the kernel, which consumes the count
 *    immediately, so none is left over for the next time that it is bound.
 *
 * Order: machine lock, then mutex.  Calls to the accelerator that need the machine
 * lock (routes, irqfds) are made without the mutex, on a vector that is not wired.
 */
#ifndef HW_PCI_PCI_MSIX_H
#define HW_PCI_PCI_MSIX_H

#include "hw/pci/pci-internal.h"

typedef struct {
    /* Guarded by the machine lock. */
    guint uses;
    int gsi;                    /* route, or -1: none yet */
    int fd;                     /* event descriptor, or -1: none yet */
    bool tied;                  /* fd is bound to gsi */
    /* Guarded by the mutex; changed only with the machine lock held, too. */
    bool open;
    bool wired;                 /* messages are sent through fd */
} PciMsixVector;

typedef struct PciMsix {
    guint n;
    PciMsixVector *vectors;
    GMutex mutex;               /* for PciDevice.msix_table and .msix_pending, too */
    bool enabled;               /* mutex; copies of the capability's bits: */
    bool masked;                /* the function */
    MemoryRegion *table, *pba;
    MemoryRegion *container;    /* of both; counted */
    MemoryRegion *bar;          /* of its own, or NULL */
} PciMsix;

/* The entry of a vector in the table. */
static inline guint8 *pci_msix_entry(const PciDevice *dev, guint vector)
{
    return dev->msix_table + vector * PCI_MSIX_ENTRY_SIZE;
}

void pci_msix_vectors_init(PciMsix *msix);
/* Closes all vectors, and frees routes and descriptors. */
void pci_msix_vectors_free(PciDevice *dev);

/* Closes a vector before its entry changes. */
void pci_msix_close(PciDevice *dev, guint vector);
/* Opens or closes a vector according to the registers, and sends a pending message. */
void pci_msix_update_vector(PciDevice *dev, guint vector);

#endif
