/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RunControl: see run-state.h.  Every change of the run state goes through
 * set_state(), which asks the table.
 */
#include "config.h"

#include "daemon/run-state.h"

#include "daemon/vmd.h"
#include "qmp/error.h"
#include "qmp/qapi-events.h"
#include "qom/qapi-trace.h"

/* How long a guest may take to power off before the service manager loses patience. */
enum { POWERDOWN_SECONDS = 600 };

void run_control_init(RunControl *run)
{
    *run = (RunControl){
        .state = RUN_STATE_PRELAUNCH,
        .reboot = REBOOT_ACTION_RESET,
        .shutdown = SHUTDOWN_ACTION_POWEROFF,
        .panic = PANIC_ACTION_SHUTDOWN,
        .watchdog = WATCHDOG_ACTION_RESET,
        .internal_error = INTERNAL_ERROR_ACTION_PAUSE,
    };
}

static void set_state(Vmd *vmd, RunState state)
{
    if (!run_state_allowed(vmd->run.state, state)) {
        g_critical("run state %s does not lead to %s",
                   qmp_enum_name(&qmp_type_RunState, vmd->run.state),
                   qmp_enum_name(&qmp_type_RunState, state));
        return;
    }
    trace_runstate_set(vmd->root, vmd->run.state, state);
    vmd->run.state = state;
    vmd_notify_status(vmd);
}

bool run_control_cont(Vmd *vmd, GError **error)
{
    Machine *machine;

    /* A guest that sleeps is woken by what wakes guests. */
    if (vmd->run.state == RUN_STATE_RUNNING || vmd->run.state == RUN_STATE_SUSPENDED) {
        return true;
    }
    machine = vmd_machine(vmd);
    if (!machine) {
        qmp_error_set(error, ERROR_REASON_WRONG_STATE, "there is no machine to start; "
                      "object-add makes one");
        return false;
    }
    /* vCPUs run from here on; what they ask for arrives over the loop, and so
     * after RESUME. */
    if (!machine_run(machine, error)) {
        return false;
    }
    set_state(vmd, RUN_STATE_RUNNING);
    qmp_event_resume(vmd->events);
    return true;
}

void run_control_stop(Vmd *vmd, RunState state)
{
    if (vmd->run.state == RUN_STATE_RUNNING) {
        machine_pause(vmd_machine(vmd));
        set_state(vmd, state);
        qmp_event_stop(vmd->events);
    } else if (state == RUN_STATE_SHUTDOWN) {
        set_state(vmd, state);
    }
}

void run_control_end(Vmd *vmd)
{
    if (vmd->run.state == RUN_STATE_RUNNING) {
        machine_pause(vmd_machine(vmd));
    }
    set_state(vmd, RUN_STATE_SHUTDOWN);
}

void run_control_suspend(Vmd *vmd)
{
    if (vmd->run.state == RUN_STATE_RUNNING) {
        machine_pause(vmd_machine(vmd));
        set_state(vmd, RUN_STATE_SUSPENDED);
        qmp_event_suspend(vmd->events);
    }
}

bool run_control_wake(Vmd *vmd, WakeReason reason, GError **error)
{
    machine_wake(vmd_machine(vmd), reason);
    if (!machine_run(vmd_machine(vmd), error)) {
        return false;
    }
    set_state(vmd, RUN_STATE_RUNNING);
    qmp_event_wakeup(vmd->events);
    return true;
}

/* For commands the schema has refused the states before the first cont; a machine that
 * was shut down in one of them never started. */
Machine *run_control_machine(Vmd *vmd, GError **error)
{
    Machine *machine = vmd_machine(vmd);

    if (!machine || !machine->started) {
        qmp_error_set(error, ERROR_REASON_WRONG_STATE, "the machine has not been started");
        return NULL;
    }
    return machine;
}

bool run_control_power_down(Vmd *vmd, GError **error)
{
    Machine *machine = run_control_machine(vmd, error);

    if (!machine) {
        return false;
    }
    if (!machine->power) {
        qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED,
                      "a machine of type '%s' has no power button", object_class_name(machine));
        return false;
    }
    qmp_event_powerdown(vmd->events);
    notify_powering_down(vmd->notify, POWERDOWN_SECONDS);
    machine->power->pressed(machine->power_opaque);
    return true;
}

/* Of a machine that sleeps, the vCPUs stand where they asked for it. */
static void run_after_reset(Vmd *vmd)
{
    g_autoptr(GError) error = NULL;

    if (machine_run(vmd_machine(vmd), &error)) {
        set_state(vmd, RUN_STATE_RUNNING);
    } else {
        g_warning("%s", error->message);
    }
}

/* A machine may be ended that never ran: by a program of the host's. */
static void back_to_building(Vmd *vmd)
{
    if (vmd->run.state == RUN_STATE_SHUTDOWN) {
        set_state(vmd, RUN_STATE_PRELAUNCH);
    }
}

void run_control_reset(Vmd *vmd, ShutdownCause cause)
{
    Machine *machine = vmd_machine(vmd);

    if (!machine || !machine->started) {
        back_to_building(vmd);
        return;
    }
    machine_reset(machine);
    vmd->shutdown.panic_logged = vmd->shutdown.crash_logged = false;
    vmd->shutdown.watchdog_logged = vmd->shutdown.accel_lost = false;
    qmp_event_reset(vmd->events, &(EventReset){ .guest = shutdown_cause_is_guest(cause),
                                                .reason = cause });
    if (vmd->run.state == RUN_STATE_SUSPENDED) {
        run_after_reset(vmd);
    } else if (vmd->run.state != RUN_STATE_RUNNING) {
        /* What had stopped it is over; one that could not go on can again. */
        set_state(vmd, RUN_STATE_PAUSED);
    }
}
