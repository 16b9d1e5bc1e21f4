/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupts of virtio-pci.  VIRTIO 1.2 sections 4.1.4.5, 4.1.5.1.2, 4.1.5.3 and
 * 4.1.5.4.
 *
 * With MSI-X a source sends the message of its vector, from any thread.  Without,
 * it sets a bit of ISR status, and INTA# is high while one is set; the pin is the
 * machine lock's, which an interrupt may come without, so the main loop sets it.
 * The bits are set with MSI-X, too: drivers for crash dumps look at them.
 */
#include "config.h"
#include "hw/virtio/virtio-pci.h"

#include <event2/event.h>

#include "qmp/error.h"
#include "qom/env.h"
#include "qom/qapi-objects-virtio-pci.h"
#include "qom/qapi-trace.h"

static guint16 get_vector(const VirtioPci *s, guint source)
{
    return __atomic_load_n(&s->vectors[source], __ATOMIC_RELAXED);
}

/* ---- INTA# ---- */

/* Machine lock held. */
static void update_line(VirtioPci *s)
{
    if (s->live) {
        pci_set_intx(&s->pci, g_atomic_int_get(&s->isr) && !g_atomic_int_get(&s->msix));
    }
}

static void on_event(evutil_socket_t fd, short what, void *opaque)
{
    VirtioPci *s = opaque;

    machine_lock(s->machine);
    update_line(s);
    machine_unlock(s->machine);
}

/* Without a loop (tests) there is one thread, which has the lock. */
static void change_line(VirtioPci *s)
{
    if (s->event) {
        event_active(s->event, EV_READ, 0);
    } else {
        update_line(s);
    }
}

void virtio_pci_interrupt(VirtioPci *s, guint source, guint bit)
{
    guint16 vector = get_vector(s, source);

    trace_virtio_pci_interrupt(s, source, vector);
    g_atomic_int_or((guint *)&s->isr, bit);
    if (!g_atomic_int_get(&s->msix)) {
        change_line(s);
    } else if (vector != VIRTIO_PCI_NO_VECTOR) {
        pci_msix_notify(&s->pci, vector);
    }
}

guint8 virtio_pci_take_isr(VirtioPci *s)
{
    guint8 isr = g_atomic_int_and((guint *)&s->isr, 0);

    update_line(s);
    return isr;
}

/* ---- Vectors ---- */

/* A vector counts as used while a source has it: the accelerator has a route for
 * it then. */
static void update_source(VirtioPci *s, guint source)
{
    guint16 new = get_vector(s, source), old = s->used[source];

    if (new == old) {
        return;
    }
    if (new != VIRTIO_PCI_NO_VECTOR) {
        pci_msix_use(&s->pci, new);
    }
    if (old != VIRTIO_PCI_NO_VECTOR) {
        pci_msix_unuse(&s->pci, old);
    }
    s->used[source] = new;
}

static void store_vector(VirtioPci *s, guint source, guint16 vector)
{
    if (!s->pci.msix_cap || vector >= virtio_pci_props(s)->vectors) {
        vector = VIRTIO_PCI_NO_VECTOR;
    }
    __atomic_store_n(&s->vectors[source], vector, __ATOMIC_RELAXED);
    update_source(s, source);
}

void virtio_pci_set_vector(VirtioPci *s, guint source, guint16 vector)
{
    const VirtioDevice *dev = virtio_pci_device(s);

    if (dev && (source == VIRTIO_PCI_CONFIG_SOURCE || source < virtio_n_queues(dev))) {
        store_vector(s, source, vector);
    }
}

/* The driver may select any number, including that after the last queue. */
void virtio_pci_set_queue_vector(VirtioPci *s, guint n, guint16 vector)
{
    if (n != VIRTIO_PCI_CONFIG_SOURCE) {
        virtio_pci_set_vector(s, n, vector);
    }
}

void virtio_pci_irq_update(VirtioPci *s)
{
    g_atomic_int_set(&s->msix, s->pci.msix_cap && pci_msix_enabled(&s->pci));
    for (guint i = 0; i < VIRTIO_PCI_SOURCES; i++) {
        store_vector(s, i, s->vectors[i]);
    }
    update_line(s);
}

void virtio_pci_irq_reset(VirtioPci *s)
{
    for (guint i = 0; i < VIRTIO_PCI_SOURCES; i++) {
        store_vector(s, i, VIRTIO_PCI_NO_VECTOR);
    }
    virtio_pci_take_isr(s);
}

/* ---- Life ---- */

bool virtio_pci_irq_init(VirtioPci *s, GError **error)
{
    const Env *env = object_env(&s->pci.device.object);

    for (guint i = 0; i < VIRTIO_PCI_SOURCES; i++) {
        s->vectors[i] = s->used[i] = VIRTIO_PCI_NO_VECTOR;
    }
    s->isr = s->msix = 0;
    if (env && env->base) {
        s->event = event_new(env->base, -1, 0, on_event, s);
        if (!s->event) {
            qmp_error_set(error, ERROR_REASON_HOST_ERROR, "cannot create an event for interrupts");
            return false;
        }
    }
    return true;
}

void virtio_pci_irq_done(VirtioPci *s)
{
    virtio_pci_irq_reset(s);
    g_clear_pointer(&s->event, event_free);
}
