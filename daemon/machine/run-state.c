/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RunControl: see run-state.h.  Every change of the run state goes through
 * set_state(), which checks the table.
 */
#include "config.h"

#include "daemon/machine/run-state.h"

#include "daemon/machine/ending.h"
#include "daemon/machine/machine-files.h"
#include "hw/machine/power.h"
#include "qmp/error.h"
#include "qmp/qapi-events.h"
#include "qom/checks.h"
#include "qom/env.h"
#include "qom/qapi-trace.h"

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

void run_control_attach(RunControl *run, Object *root, QmpEventQueue *events, Pool *pool)
{
    run->root = run->steps.root = root;
    run->steps.opaque = run;
    run->events = events;
    run->pool = pool;
}

/* ---- Those who want to know ---- */

typedef struct {
    RunListener *listener;
    void *opaque;
} Subscriber;

void run_control_subscribe(RunControl *run, RunListener *listener, void *opaque)
{
    Subscriber *subscriber = g_new(Subscriber, 1);

    *subscriber = (Subscriber){ .listener = listener, .opaque = opaque };
    run->subscribers = g_slist_append(run->subscribers, subscriber);
}

void run_control_clear(RunControl *run)
{
    g_slist_free_full(g_steal_pointer(&run->subscribers), g_free);
}

static void publish(const RunControl *run, RunNews news)
{
    for (const GSList *link = run->subscribers; link; link = link->next) {
        const Subscriber *subscriber = link->data;

        subscriber->listener(subscriber->opaque, run, news);
    }
}

/* ---- The state ---- */

static void set_state(RunControl *run, RunState state)
{
    if (!run_state_allowed(run->state, state)) {
        g_critical("run state %s does not lead to %s",
                   qmp_enum_name(&qmp_type_RunState, run->state),
                   qmp_enum_name(&qmp_type_RunState, state));
        return;
    }
    trace_runstate_set(run->root, run->state, state);
    run->state = state;
    publish(run, RUN_NEWS_STATE);
}

/* Runs the machine, unless a reset is pending: then it runs after that. */
static bool let_run(RunControl *run, GError **error)
{
    return run->resets || machine_run(machine_made(run->root), error);
}

bool run_control_has_ended(const RunControl *run)
{
    return run->state == RUN_STATE_SHUTDOWN || run_steps_lead_to(&run->steps, RUN_STATE_SHUTDOWN);
}

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

static GError *daemon_ends(void)
{
    GError *error = NULL;

    qmp_error_set(&error, ERROR_REASON_WRONG_STATE, "the daemon ends");
    return error;
}

/* ---- Going on ---- */

static bool go_on(RunControl *run, GError **error)
{
    /* A sleeping guest is woken by a wake-up reason only. */
    if (run->state == RUN_STATE_RUNNING || run->state == RUN_STATE_SUSPENDED) {
        return true;
    }
    /* The state was checked by the schema before the request waited. */
    if (run->state == RUN_STATE_INTERNAL_ERROR || run->state == RUN_STATE_SHUTDOWN) {
        qmp_error_set(error, ERROR_REASON_WRONG_STATE, "in run state '%s' the machine needs a "
                      "reset first", qmp_enum_name(&qmp_type_RunState, run->state));
        return false;
    }
    if (!machine_made(run->root)) {
        qmp_error_set(error, ERROR_REASON_WRONG_STATE, "there is no machine to start; "
                      "object-add makes one");
        return false;
    }
    /* vCPUs run from here on; their requests arrive through the loop, so after
     * RESUME. */
    if (!let_run(run, error)) {
        return false;
    }
    set_state(run, RUN_STATE_RUNNING);
    qmp_event_resume(run->events);
    return true;
}

typedef struct {
    RunControl *run;
    QmpRequest *req;
} Cont;

static void cont_ready(bool ok, void *data)
{
    g_autofree Cont *cont = data;
    GError *error = NULL;

    if (!ok || cont->run->ending) {
        error = daemon_ends();
    } else {
        go_on(cont->run, &error);
    }
    end_request(cont->req, error);
}

static void make_cont(void *opaque, const RunStep *step, bool ok)
{
    RunControl *run = opaque;
    Machine *machine = machine_made(run->root);
    Cont *cont = g_new(Cont, 1);

    *cont = (Cont){ .run = run, .req = step->req };
    if (ok && machine && !machine->started) {
        machine_files_fetch(machine, run->pool, cont_ready, cont);
    } else {
        cont_ready(ok, cont);
    }
}

void run_control_cont(RunControl *run, QmpRequest *req)
{
    main_thread_assert();
    env_lock_assert(run->root);
    run_steps_add(&run->steps, &(RunStep){ .make = make_cont, .state = RUN_STATE_RUNNING,
                                           .req = req });
}

/* ---- Standing still ---- */

static void make_stop(void *opaque, const RunStep *step, bool ok)
{
    RunControl *run = opaque;

    if (ok && run->state == RUN_STATE_RUNNING) {
        set_state(run, step->state);
        qmp_event_stop(run->events);
    } else if (ok && step->state == RUN_STATE_SHUTDOWN) {
        set_state(run, step->state);
    }
    end_request(step->req, ok ? NULL : daemon_ends());
}

void run_control_stop(RunControl *run, RunState state, QmpRequest *req)
{
    main_thread_assert();
    env_lock_assert(run->root);
    run_steps_add(&run->steps, &(RunStep){ .make = make_stop, .pause = true, .state = state,
                                           .req = req });
}

void run_control_end(RunControl *run)
{
    main_thread_assert();
    env_lock_assert(run->root);
    if (run->state == RUN_STATE_RUNNING) {
        machine_pause(machine_made(run->root));
    }
    set_state(run, RUN_STATE_SHUTDOWN);
}

static void make_suspend(void *opaque, const RunStep *step, bool ok)
{
    RunControl *run = opaque;

    if (ok && run->state == RUN_STATE_RUNNING) {
        set_state(run, RUN_STATE_SUSPENDED);
        qmp_event_suspend(run->events);
    }
}

void run_control_suspend(RunControl *run)
{
    main_thread_assert();
    env_lock_assert(run->root);
    run_steps_add(&run->steps, &(RunStep){ .make = make_suspend, .pause = true,
                                           .state = RUN_STATE_SUSPENDED });
}

static bool wake(RunControl *run, WakeReason reason, GError **error)
{
    machine_wake(machine_made(run->root), reason);
    if (!let_run(run, error)) {
        return false;
    }
    set_state(run, RUN_STATE_RUNNING);
    qmp_event_wakeup(run->events);
    return true;
}

/* A failure without a request is logged. */
static void make_wake(void *opaque, const RunStep *step, bool ok)
{
    RunControl *run = opaque;
    GError *error = NULL;

    if (!ok) {
        error = daemon_ends();
    } else if (run->state == RUN_STATE_SUSPENDED && !wake(run, step->reason, &error) &&
               !step->req) {
        g_warning("%s", error->message);
    }
    end_request(step->req, error);
}

void run_control_wake(RunControl *run, WakeReason reason, QmpRequest *req)
{
    main_thread_assert();
    env_lock_assert(run->root);
    if (req || run->state == RUN_STATE_SUSPENDED ||
        run_steps_lead_to(&run->steps, RUN_STATE_SUSPENDED)) {
        run_steps_add(&run->steps, &(RunStep){ .make = make_wake, .state = RUN_STATE_RUNNING,
                                               .reason = reason, .req = req });
    }
}

/* ---- Power and resets ---- */

/* For commands the schema has excluded the states before the first cont; but a machine
 * that was shut down in one of them never started. */
Machine *run_control_machine(RunControl *run, GError **error)
{
    Machine *machine = machine_made(run->root);

    if (!machine || !machine->started) {
        qmp_error_set(error, ERROR_REASON_WRONG_STATE, "the machine has not been started");
        return NULL;
    }
    return machine;
}

bool run_control_power_down(RunControl *run, GError **error)
{
    Machine *machine = run_control_machine(run, error);

    main_thread_assert();
    env_lock_assert(run->root);
    if (!machine) {
        return false;
    }
    if (!machine_has_power_button(machine)) {
        qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED,
                      "a machine of type '%s' has no power button", object_class_name(machine));
        return false;
    }
    qmp_event_powerdown(run->events);
    publish(run, RUN_NEWS_POWERING_DOWN);
    machine_press_power_button(machine);
    return true;
}

/* The vCPUs of a sleeping machine are still at the access that suspended it. */
static void run_after_reset(RunControl *run)
{
    g_autoptr(GError) error = NULL;

    if (let_run(run, &error)) {
        set_state(run, RUN_STATE_RUNNING);
    } else {
        g_warning("%s", error->message);
    }
}

/* A machine may be ended before it ever ran, by a program of the host. */
static void back_to_building(RunControl *run)
{
    if (run->state == RUN_STATE_SHUTDOWN) {
        set_state(run, RUN_STATE_PRELAUNCH);
    }
}

static void reset_now(RunControl *run, ShutdownCause cause)
{
    g_autoptr(GError) error = NULL;

    machine_reset(machine_made(run->root));
    publish(run, RUN_NEWS_RESET);
    qmp_event_reset(run->events, &(EventReset){ .guest = ending_is_guests(cause),
                                                .reason = cause });
    if (run->state == RUN_STATE_SUSPENDED) {
        run_after_reset(run);
    } else if (run->state != RUN_STATE_RUNNING) {
        /* The reason for the stop is gone; a machine that could not continue
         * can now. */
        set_state(run, RUN_STATE_PAUSED);
    } else if (!let_run(run, &error)) {
        g_warning("%s", error->message);
    }
}

typedef struct {
    RunControl *run;
    ShutdownCause cause;
    QmpRequest *req;            /* or NULL */
} Reset;

/* A guest's reset is void if its machine was shut down meanwhile. */
static void reset_ready(bool ok, void *data)
{
    g_autofree Reset *reset = data;
    RunControl *run = reset->run;
    GError *error = NULL;

    run->resets--;
    if (!ok || run->ending) {
        error = daemon_ends();
    } else if (reset->req || run->state != RUN_STATE_SHUTDOWN) {
        reset_now(run, reset->cause);
    }
    end_request(reset->req, error);
}

static void make_reset(void *opaque, const RunStep *step, bool ok)
{
    RunControl *run = opaque;
    Reset *reset = g_new(Reset, 1);

    *reset = (Reset){ .run = run, .cause = step->cause, .req = step->req };
    if (ok) {
        machine_files_fetch(machine_made(run->root), run->pool, reset_ready, reset);
    } else {
        reset_ready(false, reset);
    }
}

void run_control_reset(RunControl *run, ShutdownCause cause, QmpRequest *req)
{
    const Machine *machine = machine_made(run->root);

    main_thread_assert();
    env_lock_assert(run->root);
    if (!machine || !machine->started) {
        back_to_building(run);
        end_request(req, NULL);
        return;
    }
    run->resets++;
    run_steps_add(&run->steps, &(RunStep){ .make = make_reset, .pause = true,
                                           .state = RUN_STATE__MAX, .cause = cause, .req = req });
}
