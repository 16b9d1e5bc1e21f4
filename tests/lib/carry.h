/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * State that is carried into a new process: a case makes devices on a rig, puts them into
 * a busy state, and goes on.  Saved state and the guest's memory go to a new process
 * of the same program, which makes the same devices, loads, saves again (the same bytes),
 * and goes on in the same way.  What both note while they go on must be the same.
 *
 *     static void serial_go_on(Carry *c)
 *     {
 *         carry_timers(c, 3);
 *         carry_note(c, "lsr %02x", rig_in(c->rig, 0x3fd, 1));
 *     }
 *     static const CarryCase cases[] = {
 *         { "serial", serial_make, serial_busy, serial_go_on },
 *     };
 */
#ifndef TESTS_LIB_CARRY_H
#define TESTS_LIB_CARRY_H

#include "tests/lib/rig.h"
#include "tests/lib/virtio-driver.h"

typedef struct {
    Rig *rig;
    GString *notes;
    GArray *memory;             /* of CarryMemory */
    VirtioDriver *drivers[4];   /* freed at the end, before the rig */
    guint n_drivers;
    guint irq_edges[ISA_N_IRQS], pci_edges[PCI_N_PINS], gsi_edges[FAKE_ACCEL_N_GSIS];
    Device *dev;                /* for the case, as is what follows */
    void *opaque;
    GDestroyNotify opaque_free; /* called when the rig is gone; or NULL */
} Carry;

typedef struct {
    const char *name;
    void (*make)(Carry *c);     /* devices, and what the guest has of memory */
    void (*busy)(Carry *c);
    void (*go_on)(Carry *c);
    void (*clear)(Carry *c);    /* or NULL */
} CarryCase;

/* Bytes that the guest or its driver has, which go along. */
void carry_memory(Carry *c, void *data, gsize size);
/* A virtio-mmio transport with a driver, whose memory and notes on its rings go along. */
VirtioDriver *carry_driver(Carry *c);
/* The same of virtio-pci, for a device that was made. */
VirtioDriver *carry_driver_pci(Carry *c, Device *dev);

void carry_note(Carry *c, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Lets the next n timers fire, and notes when, and lines that changed. */
void carry_timers(Carry *c, guint n);
/* Notes all lines, and how often they rose since the beginning. */
void carry_lines(Carry *c);
/* Makes a device; it must be there. */
#define carry_device(c_, driver_, id_, ...) \
    carry_made(rig_device((c_)->rig, driver_, id_, NULL, ##__VA_ARGS__, NULL))
Device *carry_made(Device *dev);

/* Adds tests /state/NAME of the cases; call it once, before g_test_run(). */
void carry_add(const CarryCase *cases, guint n);

#endif
