/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RunControl: see run-state.h.  Every change of the run state goes through
 * set_state(), which asks the table.
 */
#include "config.h"

#include "daemon/run-state.h"

#include "daemon/machine-files.h"
#include "daemon/vmd.h"
#include "hw/machine/power.h"
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

/* The machine runs, unless a reset is still to come: it goes on after that. */
static bool let_run(Vmd *vmd, GError **error)
{
    return vmd->run.resets || machine_run(vmd_machine(vmd), error);
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
    if (!let_run(vmd, error)) {
        return false;
    }
    set_state(vmd, RUN_STATE_RUNNING);
    qmp_event_resume(vmd->events);
    return true;
}

static void cont_ready(Vmd *vmd, bool ok, void *data)
{
    GError *error = NULL;

    if (!ok) {
        qmp_error_set(&error, ERROR_REASON_WRONG_STATE, "the daemon ends");
    } else if (run_control_cont(vmd, &error)) {
        qmp_request_return(data, NULL);
        return;
    }
    qmp_request_fail(data, error);
}

void run_control_cont_request(Vmd *vmd, QmpRequest *req)
{
    const Machine *machine = vmd_machine(vmd);

    if (machine && !machine->started) {
        machine_files_fetch(vmd, cont_ready, req);
    } else {
        cont_ready(vmd, true, req);
    }
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
    if (!let_run(vmd, error)) {
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
    if (!machine_has_power_button(machine)) {
        qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED,
                      "a machine of type '%s' has no power button", object_class_name(machine));
        return false;
    }
    qmp_event_powerdown(vmd->events);
    notify_powering_down(vmd->notify, POWERDOWN_SECONDS);
    machine_press_power_button(machine);
    return true;
}

/* Of a machine that sleeps, the vCPUs stand where they asked for it. */
static void run_after_reset(Vmd *vmd)
{
    g_autoptr(GError) error = NULL;

    if (let_run(vmd, &error)) {
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

static void reset_now(Vmd *vmd, ShutdownCause cause)
{
    g_autoptr(GError) error = NULL;

    machine_reset(vmd_machine(vmd));
    vmd->shutdown.panic_logged = vmd->shutdown.crash_logged = false;
    vmd->shutdown.watchdog_logged = vmd->shutdown.accel_lost = false;
    qmp_event_reset(vmd->events, &(EventReset){ .guest = shutdown_cause_is_guest(cause),
                                                .reason = cause });
    if (vmd->run.state == RUN_STATE_SUSPENDED) {
        run_after_reset(vmd);
    } else if (vmd->run.state != RUN_STATE_RUNNING) {
        /* What had stopped it is over; one that could not go on can again. */
        set_state(vmd, RUN_STATE_PAUSED);
    } else if (!let_run(vmd, &error)) {
        g_warning("%s", error->message);
    }
}

typedef struct {
    ShutdownCause cause;
    QmpRequest *req;            /* or NULL */
} Reset;

static void end_request(QmpRequest *req, GError *error)
{
    if (req && error) {
        qmp_request_fail(req, error);
    } else if (req) {
        qmp_request_return(req, NULL);
    } else {
        g_clear_error(&error);
    }
}

/* A guest whose machine was shut down meanwhile has had what it asked for. */
static void reset_ready(Vmd *vmd, bool ok, void *data)
{
    g_autofree Reset *reset = data;
    GError *error = NULL;

    vmd->run.resets--;
    if (!ok) {
        qmp_error_set(&error, ERROR_REASON_WRONG_STATE, "the daemon ends");
    } else if (reset->req || vmd->run.state != RUN_STATE_SHUTDOWN) {
        reset_now(vmd, reset->cause);
    }
    end_request(reset->req, error);
}

void run_control_reset(Vmd *vmd, ShutdownCause cause, QmpRequest *req)
{
    Machine *machine = vmd_machine(vmd);
    Reset *reset;

    if (!machine || !machine->started) {
        back_to_building(vmd);
        end_request(req, NULL);
        return;
    }
    machine_pause(machine);
    vmd->run.resets++;
    reset = g_new(Reset, 1);
    *reset = (Reset){ .cause = cause, .req = req };
    machine_files_fetch(vmd, reset_ready, reset);
}
