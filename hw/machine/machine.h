/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine: address spaces, clock, lock, and the way from "the guest or the
 * client wants it to stop" to the main loop.
 *
 * A machine type is schema data: its recipe makes the chips.  A board's
 * TypeInfo adds a MachineOps for what a recipe cannot say.
 *
 * While there is a machine, the accelerator's object is its child "accel"; it
 * goes back to its own place when the machine is dismantled (who ends a machine
 * alone calls object_dismantle() before object_destroy(), which would take the
 * accelerator along).  Other children are the
 * recipe's chips, the folders of what clients add
 * (qom/place.h), "unattached", and the regions and lines of the board.
 *
 * Lock order: the machine lock first, then any lock of a backend; no backend
 * is called back across a blocking call.  Pool threads never take it while a
 * completion that needs them is awaited.
 */
#ifndef HW_MACHINE_MACHINE_H
#define HW_MACHINE_MACHINE_H

#include "cpu/cpu.h"
#include "hw/core/clock.h"
#include "hw/core/lock.h"
#include "hw/memory/memory.h"
#include "qom/device.h"

typedef struct Machine Machine;

/* What wakes a guest that sleeps: its alarm clock, or somebody. */
typedef enum { WAKE_REASON_OTHER, WAKE_REASON_RTC } WakeReason;

/* The TypeInfo.kind of a machine class.  Each hook may be NULL; one that fails
 * undoes its own part. */
typedef struct {
    /* Maps RAM, makes lines, checks properties and writes choices back, after
     * the accelerator is known and before the recipe runs. */
    bool (*setup)(Machine *machine, GError **error);
    /* After the recipe: connects what it cannot say.  Undone by teardown. */
    bool (*wire)(Machine *machine, GError **error);
    /* Before start and reset, which must not wait for a file system: begin returns what
     * has to be read for them, or NULL; work reads it on a pool thread; end, on the main
     * thread again, keeps it, and frees it all.  The machine may be gone by then. */
    void *(*fetch_begin)(Machine *machine);
    void (*fetch_work)(void *job);
    void (*fetch_end)(void *job);
    /* At the first cont: everything is there; loads kernel and tables. */
    bool (*start)(Machine *machine, GError **error);
    /* In a reset, vCPUs parked, before the devices: puts boot images back into
     * RAM, sets the boot CPU's reset_state. */
    void (*reset)(Machine *machine);
    /* In a reset, after the devices: does what firmware would have done by the
     * time that the boot images start. */
    void (*reset_done)(Machine *machine);
    /* A sleeping guest wakes: resets the devices (device_reset_tree) as the board does
     * it then.  NULL: that alone. */
    void (*wake)(Machine *machine);
    /* Mirror of setup, after the chips are gone. */
    void (*teardown)(Machine *machine);
} MachineOps;

/* What the run-state owner (daemon) wants to hear; main thread, lock held. */
typedef struct {
    void (*shutdown)(void *opaque, ShutdownCause cause, int status);
    void (*reset)(void *opaque, ShutdownCause cause);
    void (*internal_error)(void *opaque, Cpu *cpu, ShutdownDetail detail, const char *why);
    void (*panic)(void *opaque);
    void (*crash_loaded)(void *opaque);
    void (*watchdog)(void *opaque);
    /* To be stopped in that run state. */
    void (*stop)(void *opaque, RunState state);
    /* The guest has let go of dev, which is to be unmade. */
    void (*removed)(void *opaque, Device *dev);
    /* The guest resets the devices on a bus, whose disks may be busy. */
    void (*bus_reset)(void *opaque, Bus *bus);
    /* The guest goes to sleep, keeping RAM; or has saved itself to a disk and
     * is off then. */
    void (*suspend)(void *opaque);
    void (*suspend_disk)(void *opaque);
    /* Somebody wakes the guest, if it sleeps. */
    void (*wake)(void *opaque, WakeReason reason);
} MachineHost;

struct Machine {
    Object object;
    FairLock *lock;             /* borrowed from the daemon's MachineHost owner */
    const MachineHost *host;
    void *host_opaque;

    /* From complete to dismantle. */
    Accel *accel;               /* held */
    Object *accel_home;         /* where it was before, held; and its name there */
    char *accel_name;
    AddressSpace *memory, *io;
    Clock *clock;
    struct MachineRequests *requests;
    struct MachineCalls *calls;
    struct MachineGsis *gsis;
    GPtrArray *listeners;       /* of MachineListener */
    GArray *services;           /* what subsystems have of it (hw/machine/service.h) */
    struct MachineAcks *acks;   /* chips that the accelerator's local APICs talk to */
    bool set_up;                /* MachineOps.setup succeeded */

    /* By the board's setup. */
    MemoryRegion *ram;          /* of the memory-backend, whole; or NULL */
    guint64 ram_size;           /* bytes */

    bool started;               /* the build phase is over */
    bool running;
};

/* Of its class; never NULL. */
const MachineOps *machine_ops(const Machine *machine);

/* The machine of a tree, or NULL; the same, but NULL also while it is being made. */
Machine *machine_find(Object *root);
Machine *machine_made(Object *root);
/* Whether a machine of obj's tree has been started: what is read at the start
 * comes too late then. */
bool machine_past_build(Object *obj);
/* The machine that an object belongs to by its place in the tree; every
 * realized device has one. */
Machine *machine_of(void *obj);

/* Puts the machine into use: called by the daemon once per process, before the
 * machine's object_complete.  lock is the one that the loop takes. */
void machine_set_host(Machine *machine, FairLock *lock, const MachineHost *host, void *opaque);

/* Run control; main thread, lock held (machine_pause lets it go while it
 * waits).  machine_run starts the machine at the first call (MachineOps.start,
 * then a reset) and fails if it cannot be started: no CPU, unreadable kernel.
 * machine_run on one that runs and machine_pause on one that does not change
 * nothing. */
bool machine_run(Machine *machine, GError **error);
/* Starts it, as said above, and does not run it. */
bool machine_start(Machine *machine, GError **error);
void machine_pause(Machine *machine);
/* Parks the vCPUs of a machine that runs, for somebody who looks at them, and lets them go
 * on; devices, clock and listeners notice nothing.  Main thread, lock held (hold lets it go
 * while it waits). */
void machine_hold(Machine *machine);
void machine_release(Machine *machine);
/* Resets devices and CPUs, and lets the machine go on if it was running. */
void machine_reset(Machine *machine);

/* Wakes a machine that sleeps, and is paused: a reset that leaves RAM as it is. */
void machine_wake(Machine *machine, WakeReason reason);

/* An NMI for all CPUs.  Fails with not-supported, or as the accelerator does. */
bool machine_inject_nmi(Machine *machine, GError **error);

/* Requests from devices and vCPUs: any thread; they reach MachineHost on the
 * main loop, in order, at once (an event, no polling).  status is the exit
 * status of the daemon for cause guest-shutdown by a debug device, else 0. */
void machine_request_shutdown(Machine *machine, ShutdownCause cause, int status);
void machine_request_reset(Machine *machine, ShutdownCause cause);
void machine_request_panic(Machine *machine);
/* It has panicked, and starts a crash kernel of its own: only told. */
void machine_request_crash_loaded(Machine *machine);
/* A watchdog device has expired.  The guest runs on until it is heard. */
void machine_request_watchdog(Machine *machine);
/* The machine stops with this run state (io-error: a disk's policy says so), if
 * it still runs then. */
void machine_request_stop(Machine *machine, RunState state);
/* The guest has let go of dev, which device_add made: it is unmade by the main
 * loop, unless it is gone by then. */
void machine_request_removal(Machine *machine, Device *dev);
/* The devices on bus are reset by the main loop, once for all requests until then;
 * for a guest that resets a bus by a register, which a vCPU must not do itself
 * (some devices have requests in flight then).  Machine lock held. */
void machine_request_bus_reset(Machine *machine, Bus *bus);
/* The guest wants to sleep in RAM (ACPI S3), or to be off until it is started
 * again from what it saved (S4). */
void machine_request_suspend(Machine *machine);
void machine_request_suspend_disk(Machine *machine);
/* Wakes the guest if it sleeps and wants to be woken by that (hw/machine/power.h);
 * machine lock held. */
void machine_request_wake(Machine *machine, WakeReason reason);
/* cpu (not NULL) cannot continue, or cannot be started again; detail says whether the
 * whole accelerator is lost.  why is copied; a reference to cpu is held until it is
 * delivered. */
void machine_request_internal_error(Machine *machine, Cpu *cpu, ShutdownDetail detail,
                                    const char *why);
/* The machine lock, for code that comes without it.  Any thread. */
void machine_lock(Machine *machine);
void machine_unlock(Machine *machine);
/* That this thread holds it, in builds that check (qom/checks.h). */
static inline void machine_lock_assert(const Machine *machine)
{
    fair_lock_assert(machine->lock);
}

/* Has f(opaque) run on the main loop with the machine lock held, before the vCPU
 * that calls this goes on: for accesses whose effect must wait for a device's
 * requests in flight, which a thread with the machine lock must not.  The caller
 * does not hold the machine lock, nor any that the main loop takes.  On the main
 * thread, and without a loop (tests), f runs at once.  The call may return before
 * f has run if the machine is being paused meanwhile: then f runs in the pause, so
 * opaque must live until then: what can go is held by a reference. */
void machine_call(Machine *machine, void (*f)(void *opaque, guint64 argument), void *opaque,
                  guint64 argument);
/* Within f, on the main loop: the vCPU waits on when f has returned, until
 * machine_call_release(), which may come any time later, or not at all.  A pause ends its
 * wait, as said above.  NULL: nobody waits for f. */
typedef struct MachineCall MachineCall;
MachineCall *machine_call_hold(Machine *machine);
void machine_call_release(Machine *machine, MachineCall *call);     /* accepts NULL */
/* A vCPU may be waiting so, which is not a sign that it is stuck.  Any thread. */
bool machine_calls_held(const Machine *machine);
/* Has f(opaque) run on the main loop with the machine lock held, soon.  Any thread, which does
 * not wait.  Without a loop (tests), at once. */
void machine_post(Machine *machine, void (*f)(void *opaque, guint64 argument), void *opaque,
                  guint64 argument);
/* Delivers what was requested until now: what the loop does, for machines without
 * event base (tests).  Main thread, lock held. */
void machine_deliver_requests(Machine *machine);

/* Sets a GSI from a data path: any thread, lock held or not; in order for each
 * caller that keeps its own order.  It goes to the accelerator's interrupt
 * controllers, or else to the machine's line "gsi[N]", which without the lock
 * changes on the main loop a moment later.  (Devices that hold the lock anyway
 * have lines, hw/core/irq.h.) */
void machine_set_gsi(Machine *machine, guint gsi, bool level);

/* Chips that hear from the accelerator's local APICs (AccelHost.eoi and intack);
 * machine lock held, here and in f.  f NULL takes opaque's away, and is a no-op if it
 * has none. */
/* Of ends of interrupts, each chip that asked hears. */
void machine_set_eoi(Machine *machine, void (*f)(void *opaque, guint8 vector), void *opaque);
/* Of acknowledgements one alone: the first that asked.  f returns a vector or -1. */
void machine_set_intack(Machine *machine, int (*f)(void *opaque), void *opaque);

/* State listeners: called with running true/false when the machine starts and
 * stops, in order of registration (stop: reverse); lock held. */
typedef struct MachineListener MachineListener;
MachineListener *machine_add_listener(Machine *machine, void (*f)(void *opaque, bool running),
                                      void *opaque);
void machine_remove_listener(Machine *machine, MachineListener *listener);

extern const TypeInfo machine_type;

#endif
