/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RunControl: the run state, its table of transitions (run-transitions.c), and its
 * only writer (run-state.c).
 *
 * In which states a command is allowed is the schema's to say, and the dispatcher
 * checks it: functions here may rely on that.
 */
#ifndef DAEMON_RUN_STATE_H
#define DAEMON_RUN_STATE_H

#include "hw/machine/machine.h"
#include "qmp/dispatch.h"

typedef struct Vmd Vmd;

typedef struct {
    RunState state;
    RebootAction reboot;        /* what set-action decided */
    ShutdownAction shutdown;
    PanicAction panic;
    WatchdogAction watchdog;
    InternalErrorAction internal_error;
    guint resets;               /* that wait for files, and the machine for them */
} RunControl;

void run_control_init(RunControl *run);

/* Whether the table has a way from one state to the other. */
bool run_state_allowed(RunState from, RunState to);

/* Lets the machine run; RESUME follows.  No change if it runs, or sleeps.  Fails
 * with wrong-state if there is none, or with what the machine says. */
bool run_control_cont(Vmd *vmd, GError **error);

/* Ends the request, when what cont starts may have read files. */
void run_control_cont_request(Vmd *vmd, QmpRequest *req);

/* Stops a running machine with the new state; STOP follows.  No change (not
 * even of the state) if it does not run.  Main thread, lock held. */
void run_control_stop(Vmd *vmd, RunState state);

/* Stops it in state `shutdown` because the daemon ends: no STOP, as from QEMU. */
void run_control_end(Vmd *vmd);

/* Lets a running machine sleep; SUSPEND follows, no STOP. */
void run_control_suspend(Vmd *vmd);
/* Wakes one that sleeps; WAKEUP follows, no RESUME. */
bool run_control_wake(Vmd *vmd, WakeReason reason, GError **error);

/* The machine, if its build phase is over; else NULL and wrong-state. */
Machine *run_control_machine(Vmd *vmd, GError **error);

/* Presses the power button; POWERDOWN precedes it.  Fails with wrong-state before the
 * first cont, and with not-supported if the machine has no button. */
bool run_control_power_down(Vmd *vmd, GError **error);

/* Resets the machine; RESET follows.  No change before the first cont.  One that
 * slept runs again; one that something had stopped is paused from then on.  If files
 * have to be read first, the machine stands still meanwhile, in whatever run state, and
 * RESET follows later.  req, or NULL, is ended after it. */
void run_control_reset(Vmd *vmd, ShutdownCause cause, QmpRequest *req);

#endif
