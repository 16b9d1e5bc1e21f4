/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands of qmp/schema/run-state.json.
 */
#include "config.h"

#include "daemon/machine/shutdown.h"
#include "daemon/qapi-commands.h"
#include "daemon/vmd.h"
#include "qmp/error.h"

static RunControl *run_of(const QmpRequest *req)
{
    Vmd *vmd = qmp_request_context(req);

    return &vmd->run;
}

bool qmp_query_status(QmpRequest *req, StatusInfo **ret, GError **error)
{
    const RunControl *run = run_of(req);

    *ret = g_new0(StatusInfo, 1);
    (*ret)->running = run->state == RUN_STATE_RUNNING;
    (*ret)->status = run->state;
    return true;
}

void qmp_stop(QmpRequest *req)
{
    run_control_stop(run_of(req), RUN_STATE_PAUSED, req);
}

void qmp_cont(QmpRequest *req)
{
    run_control_cont(run_of(req), req);
}

bool qmp_x_exit_preconfig(QmpRequest *req, GError **error)
{
    /* The text is QEMU's: clients match it. */
    qmp_error_set(error, ERROR_REASON_WRONG_STATE,
                  "The command is permitted only before machine initialization");
    return false;
}

void qmp_system_reset(QmpRequest *req)
{
    shutdown_or_reset(qmp_request_context(req), SHUTDOWN_CAUSE_HOST_QMP_SYSTEM_RESET, req);
}

bool qmp_system_powerdown(QmpRequest *req, GError **error)
{
    return run_control_power_down(run_of(req), error);
}

void qmp_system_wakeup(QmpRequest *req)
{
    RunControl *run = run_of(req);
    GError *error = NULL;

    if (run_control_machine(run, &error)) {
        run_control_wake(run, WAKE_REASON_OTHER, req);
    } else {
        qmp_request_fail(req, error);
    }
}

bool qmp_inject_nmi(QmpRequest *req, GError **error)
{
    Machine *machine = run_control_machine(run_of(req), error);

    return machine && machine_inject_nmi(machine, error);
}

bool qmp_set_action(QmpRequest *req, SetActionArgs *args, GError **error)
{
    RunControl *run = run_of(req);

    run->reboot = args->has_reboot ? args->reboot : run->reboot;
    run->shutdown = args->has_shutdown ? args->shutdown : run->shutdown;
    run->panic = args->has_panic ? args->panic : run->panic;
    run->watchdog = args->has_watchdog ? args->watchdog : run->watchdog;
    run->internal_error = args->has_internal_error ? args->internal_error : run->internal_error;
    return true;
}
