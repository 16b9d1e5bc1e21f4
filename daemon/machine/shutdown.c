/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shutdown: see shutdown.h.  Everything that ends or resets the machine from
 * inside (machine-host.c) or outside (signals, quit) comes through here.
 */
#include "config.h"

#include "daemon/machine/shutdown.h"

#include "daemon/machine/build.h"
#include "daemon/vmd.h"
#include "qmp/qapi-events.h"

bool shutdown_has_come(const Vmd *vmd)
{
    return run_control_has_ended(&vmd->run);
}

void shutdown_end_loop(Vmd *vmd)
{
    g_autofree char *cause = ending_text(&vmd->ending);

    vmd->run.ending = true;
    notify_stopping(vmd->notify, cause);
    event_base_loopbreak(vmd->base);
}

void shutdown_tell(Vmd *vmd, ShutdownCause cause, const ShutdownDetail *detail, int status)
{
    Ending *ending = &vmd->ending;

    build_abandon(vmd);
    ending_set(ending, cause, detail, status);
    qmp_event_shutdown(vmd->events, &(EventShutdown){ .guest = ending_is_guests(cause),
                                                      .reason = cause,
                                                      .has_detail = ending->has_detail,
                                                      .detail = ending->detail });
}

void shutdown_machine(Vmd *vmd, ShutdownCause cause, int status)
{
    shutdown_tell(vmd, cause, NULL, status);
    if (vmd->run.shutdown == SHUTDOWN_ACTION_POWEROFF) {
        run_control_end(&vmd->run);
        shutdown_end_loop(vmd);
    } else {
        run_control_stop(&vmd->run, RUN_STATE_SHUTDOWN, NULL);
    }
}

void shutdown_or_reset(Vmd *vmd, ShutdownCause cause, QmpRequest *req)
{
    const Machine *machine = vmd_machine(vmd);

    if (machine && machine->started && vmd->run.reboot == REBOOT_ACTION_SHUTDOWN &&
        cause != SHUTDOWN_CAUSE_SUBSYSTEM_RESET) {
        shutdown_machine(vmd, cause, EXIT_STATUS_OK);
        if (req) {
            qmp_request_return(req, NULL);
        }
    } else {
        run_control_reset(&vmd->run, cause, req);
    }
}

void shutdown_daemon(Vmd *vmd, ShutdownCause cause)
{
    shutdown_tell(vmd, cause, NULL, EXIT_STATUS_OK);
    shutdown_end_loop(vmd);
}

void shutdown_by_host(Vmd *vmd)
{
    if (!shutdown_has_come(vmd)) {
        shutdown_machine(vmd, SHUTDOWN_CAUSE_HOST_UI, EXIT_STATUS_OK);
    }
}

void shutdown_by_signal(Vmd *vmd, const SignalSender *sender)
{
    vmd->ending.sender = *sender;
    shutdown_daemon(vmd, SHUTDOWN_CAUSE_HOST_SIGNAL);
}

void shutdown_note_failure(Vmd *vmd, int status, const char *message)
{
    ending_set(&vmd->ending, SHUTDOWN_CAUSE_HOST_ERROR,
               &(ShutdownDetail){ SHUTDOWN_DETAIL_START_FAILED }, status);
    ending_set_message(&vmd->ending, message);
}

void shutdown_failed(Vmd *vmd, int status, const char *message)
{
    shutdown_note_failure(vmd, status, message);
    shutdown_tell(vmd, SHUTDOWN_CAUSE_HOST_ERROR,
                  &(ShutdownDetail){ SHUTDOWN_DETAIL_START_FAILED }, status);
    shutdown_end_loop(vmd);
}
