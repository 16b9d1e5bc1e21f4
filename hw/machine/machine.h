/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine: address spaces, clock, lock, and the path of requests such as a
 * shutdown from the guest to the main loop.
 *
 * A machine type is schema data: its recipe makes the chips.  A board's
 * TypeInfo adds a MachineOps for what a recipe cannot express.
 *
 * While there is a machine, the accelerator's object is its child "accel"; it
 * returns to its own place when the machine is dismantled (to end only the
 * machine, call object_dismantle() before object_destroy(), which would destroy
 * the accelerator, too).  Other children are the recipe's chips, the folders of
 * objects that clients add (qom/place.h), "unattached", and the regions and
 * lines of the board.
 *
 * Lock order: the machine lock first, then any lock of a backend; no backend is
 * called back across a blocking call.  Pool threads never take the machine lock
 * while a completion that needs them is awaited.
 */
#ifndef HW_MACHINE_MACHINE_H
#define HW_MACHINE_MACHINE_H

#include "cpu/cpu.h"
#include "hw/core/clock.h"
#include "hw/core/lock.h"
#include "hw/memory/memory.h"
#include "qom/device.h"

typedef struct Machine Machine;

/* What wakes a sleeping guest: its RTC alarm, or anything else. */
typedef enum { WAKE_REASON_OTHER, WAKE_REASON_RTC } WakeReason;

/* The TypeInfo.kind of a machine class.  Each hook may be NULL; one that fails
 * undoes its own part. */
typedef struct {
    /* Maps RAM, makes lines, checks properties and writes automatic choices
     * back; runs after the accelerator is known and before the recipe. */
    bool (*setup)(Machine *machine, GError **error);
    /* After the recipe: makes connections that it cannot express.  Undone by teardown. */
    bool (*wire)(Machine *machine, GError **error);
    /* Before start and reset, which must not wait for a file system: begin returns a
     * record of what has to be read for them, or NULL; work reads it on a pool thread;
     * end, on the main thread again, stores it and frees the record.  The machine may no
     * longer exist by then. */
    void *(*fetch_begin)(Machine *machine);
    void (*fetch_work)(void *job);
    void (*fetch_end)(void *job);
    /* At the first cont, when the machine is complete: loads kernel and tables. */
    bool (*start)(Machine *machine, GError **error);
    /* In a reset, vCPUs parked, before the devices: puts boot images back into
     * RAM, sets the boot CPU's reset_state. */
    void (*reset)(Machine *machine);
    /* In a reset, after the devices: does what firmware would have done before
     * the boot images start. */
    void (*reset_done)(Machine *machine);
    /* A sleeping guest wakes: resets the devices (device_reset_tree), with the board's
     * additions.  NULL: resets the devices only. */
    void (*wake)(Machine *machine);
    /* CPUs have come or gone since `start`. */
    void (*cpus_changed)(Machine *machine);
    /* Mirror of setup, after the chips are gone. */
    void (*teardown)(Machine *machine);
} MachineOps;

/* Notifications to the owner of the run state (daemon); main thread, lock held. */
typedef struct {
    void (*shutdown)(void *opaque, ShutdownCause cause, int status);
    void (*reset)(void *opaque, ShutdownCause cause);
    void (*internal_error)(void *opaque, Cpu *cpu, ShutdownDetail detail, const char *why);
    /* crash: as for machine_request_panic(). */
    void (*panic)(void *opaque, const guint64 *crash);
    void (*crash_loaded)(void *opaque);
    void (*watchdog)(void *opaque);
    /* The machine is to be stopped, in this run state. */
    void (*stop)(void *opaque, RunState state);
    /* The guest has released dev, which is to be unmade. */
    void (*removed)(void *opaque, Device *dev);
    /* The guest resets the devices on a bus, whose disks may be busy. */
    void (*bus_reset)(void *opaque, Bus *bus);
    /* The guest goes to sleep and keeps RAM; or it has saved itself to a disk
     * and is off. */
    void (*suspend)(void *opaque);
    void (*suspend_disk)(void *opaque);
    /* The guest is to wake, if it sleeps. */
    void (*wake)(void *opaque, WakeReason reason);
} MachineHost;

struct Machine {
    Object object;
    FairLock *lock;             /* borrowed from the daemon's MachineHost owner */
    const MachineHost *host;
    void *host_opaque;

    /* From complete to dismantle. */
    Accel *accel;               /* held */
    Object *accel_home;         /* its former parent, held; and its name there */
    char *accel_name;
    AddressSpace *memory, *io;
    Clock *clock;
    struct MachineRequests *requests;
    struct MachineCalls *calls;
    struct MachineGsis *gsis;
    GPtrArray *listeners;       /* of MachineListener */
    GArray *services;           /* services of subsystems (hw/machine/service.h) */
    struct MachineAcks *acks;   /* chips that the accelerator's local APICs notify */
    bool set_up;                /* MachineOps.setup succeeded */

    /* Set by the board's setup. */
    MemoryRegion *ram;          /* the memory-backend, or a container of several; or NULL */
    guint64 ram_size;           /* bytes */
    guint n_cpus;               /* that it starts with; 0: as many as clients make */

    bool started;               /* the build phase is over */
    bool running;
    bool resetting;             /* as a whole: no wake-up, and not one bus */
};

/* Of its class; never NULL. */
const MachineOps *machine_ops(const Machine *machine);

/* The machine of a tree, or NULL; the same, but NULL also while it is being made. */
Machine *machine_find(Object *root);
Machine *machine_made(Object *root);
/* CPUs that it starts with: as its properties say, else those that there are now; at least 1. */
guint machine_n_cpus(const Machine *machine);
/* Whether the machine of obj's tree has been started: then it is too late for
 * what is read at the start. */
bool machine_past_build(Object *obj);
/* The machine that contains an object in the tree; every realized device has
 * one. */
Machine *machine_of(void *obj);

/* Puts the machine into use: called by the daemon once per process, before the
 * machine's object_complete.  lock is the one that the loop takes. */
void machine_set_host(Machine *machine, FairLock *lock, const MachineHost *host, void *opaque);

/* Run control; main thread, lock held (machine_pause releases it while it
 * waits).  machine_run starts the machine at the first call (MachineOps.start,
 * then a reset) and fails if it cannot be started: no CPU, unreadable kernel.
 * machine_run on a running machine and machine_pause on a paused one have no
 * effect. */
bool machine_run(Machine *machine, GError **error);
/* Starts the machine as described above, but does not run it. */
bool machine_start(Machine *machine, GError **error);
void machine_pause(Machine *machine);
/* Parks the vCPUs of a running machine so that they can be examined, and resumes them;
 * devices, clock and listeners are not involved.  Main thread, lock held (hold releases it
 * while it waits). */
void machine_hold(Machine *machine);
void machine_release(Machine *machine);
/* Resets devices and CPUs; a running machine keeps running. */
void machine_reset(Machine *machine);

/* Wakes a machine that sleeps and is paused: a reset that preserves RAM. */
void machine_wake(Machine *machine, WakeReason reason);

/* An NMI for all CPUs.  Fails with not-supported, or as the accelerator does. */
bool machine_inject_nmi(Machine *machine, GError **error);

/* Requests from devices and vCPUs: any thread; they reach MachineHost on the
 * main loop, in order and without delay (an event, no polling).  status is the
 * exit status of the daemon for cause guest-shutdown by a debug device, else
 * 0. */
void machine_request_shutdown(Machine *machine, ShutdownCause cause, int status);
void machine_request_reset(Machine *machine, ShutdownCause cause);
/* crash: what the guest wrote to Hyper-V's ACCEL_N_CRASH crash registers, copied; NULL: nothing. */
void machine_request_panic(Machine *machine, const guint64 *crash);
/* The guest has panicked and starts its own crash kernel: only reported. */
void machine_request_crash_loaded(Machine *machine);
/* A watchdog device has expired.  The guest keeps running until the request is handled. */
void machine_request_watchdog(Machine *machine);
/* The machine is to stop with this run state (io-error: by a disk's policy), if
 * it still runs then. */
void machine_request_stop(Machine *machine, RunState state);
/* The guest has released dev, which device_add made: the main loop unmakes it,
 * unless that happened already. */
void machine_request_removal(Machine *machine, Device *dev);
/* The devices on bus are reset by the main loop, once for all requests until then;
 * for a guest that resets a bus by a register, which a vCPU must not do itself
 * (some devices have requests in flight then).  Machine lock held. */
void machine_request_bus_reset(Machine *machine, Bus *bus);
/* The guest suspends to RAM (ACPI S3), or to disk (S4) and is then off. */
void machine_request_suspend(Machine *machine);
void machine_request_suspend_disk(Machine *machine);
/* Wakes the guest if it sleeps and has enabled this reason (hw/machine/power.h);
 * machine lock held. */
void machine_request_wake(Machine *machine, WakeReason reason);
/* cpu (not NULL) cannot continue, or cannot be restarted; detail says whether the
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

/* Runs f(opaque) on the main loop with the machine lock held, before the calling
 * vCPU continues: for accesses whose effect must wait for a device's requests in
 * flight, which a thread with the machine lock must not do.  The caller holds
 * neither the machine lock nor any lock that the main loop takes.  On the main
 * thread, and without a loop (tests), f runs directly.  If the machine is being
 * paused meanwhile, the call may return before f has run: then f runs in the
 * pause, so opaque must live until then; objects that may be freed must be held
 * by a reference. */
void machine_call(Machine *machine, void (*f)(void *opaque, guint64 argument), void *opaque,
                  guint64 argument);
/* To be called within f, on the main loop: the vCPU keeps waiting after f has returned,
 * until machine_call_release(), which may be called at any later time, or never.  A pause
 * ends the wait, as described above.  NULL: no vCPU waits for f. */
typedef struct MachineCall MachineCall;
MachineCall *machine_call_hold(Machine *machine);
void machine_call_release(Machine *machine, MachineCall *call);     /* accepts NULL */
/* Whether a vCPU may be waiting so, which does not mean that it is stuck.  Any thread. */
bool machine_calls_held(const Machine *machine);
/* Runs f(opaque) on the main loop with the machine lock held, soon.  Any thread; it does not
 * wait.  Without a loop (tests), f runs directly. */
void machine_post(Machine *machine, void (*f)(void *opaque, guint64 argument), void *opaque,
                  guint64 argument);
/* Runs what was posted, when the loop has ended.  Main thread, machine lock held. */
void machine_run_posted(Machine *machine);
/* Delivers pending requests as the loop does, for machines without event base
 * (tests).  Main thread, lock held. */
void machine_deliver_requests(Machine *machine);

/* Sets a GSI from a data path: any thread, lock held or not; the order of one
 * caller's changes is kept.  It goes to the accelerator's interrupt
 * controllers, or else to the machine's line "gsi[N]", which without the lock
 * changes on the main loop a moment later.  (Devices that hold the lock anyway
 * have lines, hw/core/irq.h.) */
void machine_set_gsi(Machine *machine, guint gsi, bool level);

/* Chips that the accelerator's local APICs notify (AccelHost.eoi and intack); machine
 * lock held, here and in f.  f NULL removes opaque's registration; a no-op if it has
 * none. */
/* Ends of interrupts are passed to every registered chip. */
void machine_set_eoi(Machine *machine, void (*f)(void *opaque, guint8 vector), void *opaque);
/* Acknowledgements go to one chip only: the first registered.  f returns a vector or -1. */
void machine_set_intack(Machine *machine, int (*f)(void *opaque), void *opaque);

/* State listeners: called with running true/false when the machine starts and
 * stops, in order of registration (stop: reverse); lock held. */
typedef struct MachineListener MachineListener;
MachineListener *machine_add_listener(Machine *machine, void (*f)(void *opaque, bool running),
                                      void *opaque);
void machine_remove_listener(Machine *machine, MachineListener *listener);

extern const TypeInfo machine_type;

#endif
