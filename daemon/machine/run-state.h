/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RunControl: the run state, its table of transitions (run-transitions.c), and its
 * only writer (run-state.c).  Code that needs to be notified of changes
 * subscribes.
 *
 * The schema says in which states a command is allowed, and the dispatcher checks
 * it: these functions may rely on that.
 */
#ifndef DAEMON_MACHINE_RUN_STATE_H
#define DAEMON_MACHINE_RUN_STATE_H

#include "daemon/machine/run-steps.h"
#include "daemon/service/pool.h"
#include "hw/machine/machine.h"
#include "qmp/dispatch.h"
#include "qmp/event.h"

typedef struct {
    RunState state;
    RebootAction reboot;        /* set by set-action */
    ShutdownAction shutdown;
    PanicAction panic;
    WatchdogAction watchdog;
    InternalErrorAction internal_error;
    guint resets;               /* pending resets, which wait for files or disks */
    RunSteps steps;
    bool ending;                /* the daemon ends: pending steps do not continue */
    Object *root;               /* of the machine's tree; borrowed, as the next */
    QmpEventQueue *events;
    Pool *pool;                 /* where files are read */
    GSList *subscribers;
} RunControl;

/* Notifications to listeners. */
typedef enum {
    RUN_NEWS_STATE,             /* RunControl.state has changed */
    RUN_NEWS_POWERING_DOWN,     /* the guest is asked to power off */
    RUN_NEWS_RESET,             /* the machine was reset; RESET follows */
} RunNews;

/* Called on the main thread with the lock held, after the change. */
typedef void RunListener(void *opaque, const RunControl *run, RunNews news);

/* Initial state: a machine that is being built, and the defaults of set-action. */
void run_control_init(RunControl *run);
/* To be called before all that follow. */
void run_control_attach(RunControl *run, Object *root, QmpEventQueue *events, Pool *pool);
void run_control_clear(RunControl *run);

void run_control_subscribe(RunControl *run, RunListener *listener, void *opaque);

/* Whether the table has a transition from one state to the other. */
bool run_state_allowed(RunState from, RunState to);

/* Whether the machine is shut down, or will be as soon as its disks are idle. */
bool run_control_has_ended(const RunControl *run);

/* Lets the machine run, after pending steps are done and files have been read; RESUME
 * follows.  A no-op if it runs or sleeps.  The request fails with wrong-state if there is
 * no machine, or with the machine's error. */
void run_control_cont(RunControl *run, QmpRequest *req);

/* Stops a running machine with the new state; STOP follows when its disks are idle,
 * immediately or later.  A no-op (even for the state) if it does not run.  req, or NULL, is
 * ended after it.  Main thread, lock held. */
void run_control_stop(RunControl *run, RunState state, QmpRequest *req);

/* Stops it in state `shutdown` because the daemon ends: no STOP, as from QEMU. */
void run_control_end(RunControl *run);

/* Lets a running machine sleep, when its disks are idle; SUSPEND follows, no STOP. */
void run_control_suspend(RunControl *run);
/* Wakes one that sleeps, or is about to; WAKEUP follows, no RESUME.  A no-op if it is
 * awake.  req, or NULL, is ended after it. */
void run_control_wake(RunControl *run, WakeReason reason, QmpRequest *req);

/* The machine, if its build phase is over; else NULL and wrong-state. */
Machine *run_control_machine(RunControl *run, GError **error);

/* Presses the power button; POWERDOWN precedes it.  Fails with wrong-state before the
 * first cont, and with not-supported if the machine has no button. */
bool run_control_power_down(RunControl *run, GError **error);

/* Resets the machine; RESET follows.  A no-op before the first cont.  A sleeping
 * machine runs again; one that was stopped by an event is then paused.  If files have
 * to be read first, or disks are not idle, the machine is stopped meanwhile, whatever
 * its run state, and RESET follows later.  req, or NULL, is ended after it. */
void run_control_reset(RunControl *run, ShutdownCause cause, QmpRequest *req);

#endif
