/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RunControl: the run state, its table of transitions (run-transitions.c), and its
 * only writer (run-state.c).  Code that needs to know of changes subscribes.
 *
 * In which states a command is allowed is the schema's to say, and the dispatcher
 * checks it: functions here may rely on that.
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
    RebootAction reboot;        /* what set-action decided */
    ShutdownAction shutdown;
    PanicAction panic;
    WatchdogAction watchdog;
    InternalErrorAction internal_error;
    guint resets;               /* that wait for files or disks, and the machine for them */
    RunSteps steps;
    bool ending;                /* the daemon ends: what waits for files does not go on */
    Object *root;               /* of the tree that has the machine; borrowed, as the next */
    QmpEventQueue *events;
    Pool *pool;                 /* where files are read */
    GSList *subscribers;
} RunControl;

/* What there is to know for others. */
typedef enum {
    RUN_NEWS_STATE,             /* RunControl.state is another */
    RUN_NEWS_POWERING_DOWN,     /* the guest is asked to power off */
    RUN_NEWS_RESET,             /* the machine was reset; RESET follows */
} RunNews;

/* Called on the main thread with the lock held, after the change. */
typedef void RunListener(void *opaque, const RunControl *run, RunNews news);

/* A machine that is being built, and what set-action decides if nobody asks it. */
void run_control_init(RunControl *run);
/* Before all that follows. */
void run_control_attach(RunControl *run, Object *root, QmpEventQueue *events, Pool *pool);
void run_control_clear(RunControl *run);

void run_control_subscribe(RunControl *run, RunListener *listener, void *opaque);

/* Whether the table has a way from one state to the other. */
bool run_state_allowed(RunState from, RunState to);

/* Whether the machine is shut down, or will be as soon as its disks are idle. */
bool run_control_has_ended(const RunControl *run);

/* Lets the machine run, when what waits for disks has been done and files have been read;
 * RESUME follows.  No change if it runs, or sleeps.  The request fails with wrong-state if
 * there is no machine, or with what the machine says. */
void run_control_cont(RunControl *run, QmpRequest *req);

/* Stops a running machine with the new state; STOP follows when its disks are idle, at once
 * or later.  No change (not even of the state) if it does not run.  req, or NULL, is ended
 * after it.  Main thread, lock held. */
void run_control_stop(RunControl *run, RunState state, QmpRequest *req);

/* Stops it in state `shutdown` because the daemon ends: no STOP, as from QEMU. */
void run_control_end(RunControl *run);

/* Lets a running machine sleep, when its disks are idle; SUSPEND follows, no STOP. */
void run_control_suspend(RunControl *run);
/* Wakes one that sleeps, or is about to; WAKEUP follows, no RESUME.  No change of one that
 * is awake.  req, or NULL, is ended after it. */
void run_control_wake(RunControl *run, WakeReason reason, QmpRequest *req);

/* The machine, if its build phase is over; else NULL and wrong-state. */
Machine *run_control_machine(RunControl *run, GError **error);

/* Presses the power button; POWERDOWN precedes it.  Fails with wrong-state before the
 * first cont, and with not-supported if the machine has no button. */
bool run_control_power_down(RunControl *run, GError **error);

/* Resets the machine; RESET follows.  No change before the first cont.  One that
 * slept runs again; one that something had stopped is paused from then on.  If files
 * have to be read first, or disks are not idle, the machine stands still meanwhile, in
 * whatever run state, and RESET follows later.  req, or NULL, is ended after it. */
void run_control_reset(RunControl *run, ShutdownCause cause, QmpRequest *req);

#endif
