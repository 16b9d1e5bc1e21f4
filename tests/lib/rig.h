/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bench for devices: a tree with a fake accelerator, a `none` machine whose
 * clock stands still until the test moves it, an ISA bus, and counters where a
 * real machine has its interrupt controller and its daemon.
 *
 *     g_autoptr(Rig) rig = rig_new();
 *     Device *uart = rig_device(rig, "isa-serial", "s0", &error, "index", "1", NULL);
 *
 *     rig_out(rig, 0x2f8 + 7, 0x5a, 1);
 *     g_assert_cmphex(rig_in(rig, 0x2f8 + 7, 1), ==, 0x5a);
 *     clock_advance(rig->clock, 1000000);
 *     g_assert_cmpuint(rig_irq_edges(rig, 3), ==, 1);
 *
 * Nothing is global: a test may have two rigs, and should have two devices.
 * The test's thread holds the machine lock from rig_new to rig_free, but for
 * rig_unlock and rig_lock around what needs it free.
 */
#ifndef TESTS_LIB_RIG_H
#define TESTS_LIB_RIG_H

#include "hw/isa/isa-bus.h"
#include "hw/machine/machine.h"
#include "hw/pci/pci.h"
#include "qom/env.h"
#include "tests/lib/fake-accel.h"

typedef struct {
    Object *root;
    Env env;                    /* no event base, no event queue */
    FairLock lock;
    FakeAccel *accel;           /* at /machine/accel */
    Machine *machine;           /* of class none-machine, complete */
    AddressSpace *memory, *io;  /* the machine's */
    Clock *clock;               /* the machine's, without base */
    Device *isabus;             /* at /machine/isabus */
    Bus *isa;                   /* its bus, "isa.0" */
    bool irq_levels[ISA_N_IRQS];
    guint irq_edges[ISA_N_IRQS];        /* rising ones */
    Bus *pci;                   /* "pci.0", once rig_pci() made it */
    MemoryRegion *pci_memory, *pci_io;  /* what it maps BARs in */
    bool pci_levels[PCI_N_PINS];
    guint pci_edges[PCI_N_PINS];        /* rising ones */
    guint plugged, unplug_requests;     /* with rig_pci_hotplug() */
    /* What reached MachineHost, by rig_deliver. */
    guint shutdowns, resets, internal_errors, panics, crashes, stops, removals;
    guint wakes[2];             /* by WakeReason */
    guint suspends, disk_suspends, watchdogs;
    guint64 firings;            /* of all timers; each is held against clock.h's rules */
    ShutdownCause cause;        /* of the last shutdown or reset */
    int status;                 /* of the last shutdown */
    RunState stop_state;        /* of the last stop */
} Rig;

/* Cannot fail: ends the test with a message if the tree cannot be built. */
Rig *rig_new(void);
void rig_free(Rig *rig);                        /* accepts NULL; destroys the devices, too */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Rig, rig_free)

/*
 * Makes a device of class `driver` as /machine/peripheral/ID, on the first bus of
 * the kind that its class sits on (a PCI bus is made for that), or on the one
 * that the pair "bus", NAME says.  Then come pairs of property name and text, as
 * device_add takes strings ("irq", "4", "chardev", "c0"), ended by NULL.
 * Internal properties may be set.  Fails with device_make()'s errors and the
 * decoder's.  The tree owns the result; device_unmake() ends it.
 */
Device *rig_device(Rig *rig, const char *driver, const char *id, GError **error, ...)
    G_GNUC_NULL_TERMINATED;

/* The same for an object that is not a device: a child of /chardevs if it is a
 * chardev, else of /objects; made up to OBJECT_COMPLETE.  (Chardevs with
 * settings of their own come from chardev_new.) */
Object *rig_object(Rig *rig, const char *qom_type, const char *id, GError **error, ...)
    G_GNUC_NULL_TERMINATED;

/* A port access of size 1, 2 or 4, as a vCPU makes it. */
guint32 rig_in(Rig *rig, guint16 port, guint size);
void rig_out(Rig *rig, guint16 port, guint32 value, guint size);

/* Level of an ISA line, and how often it rose. */
bool rig_irq_level(const Rig *rig, guint n);
guint rig_irq_edges(const Rig *rig, guint n);

/* The root bus, made at the first call: PCI lies below RAM, as behind a real host
 * bridge.  Pin p of slot s drives line (s + p) % 4. */
Bus *rig_pci(Rig *rig);
/* From now on devices come and go as after `cont`, and the bus counts requests. */
void rig_pci_hotplug(Rig *rig);
/* An access to configuration space as a guest makes it: bus number, devfn. */
guint32 rig_pci_read(Rig *rig, guint8 bus, guint8 devfn, guint8 reg, guint size);
void rig_pci_write(Rig *rig, guint8 bus, guint8 devfn, guint8 reg, guint32 value, guint size);

/* Resets the whole machine as system_reset does. */
void rig_reset(Rig *rig);

/* Delivers what devices requested of the machine (shutdown, reset) to the
 * counters above: in the daemon an event of the main loop does that. */
void rig_deliver(Rig *rig);

/* The last error of the guest with dev that was logged has `part` in it. */
void rig_assert_guest_error(Device *dev, const char *part);

void rig_lock(Rig *rig);
void rig_unlock(Rig *rig);

#endif
