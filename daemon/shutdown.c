/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shutdown: see shutdown.h.  Everything that ends or resets the machine from
 * inside (MachineHost) or outside (signals, quit) comes through here.
 */
#include "config.h"

#include "daemon/shutdown.h"

#include <signal.h>

#include "daemon/vmd.h"
#include "qmp/error.h"
#include "qmp/qapi-events.h"

bool shutdown_cause_is_guest(ShutdownCause cause)
{
    return cause == SHUTDOWN_CAUSE_GUEST_SHUTDOWN || cause == SHUTDOWN_CAUSE_GUEST_RESET ||
           cause == SHUTDOWN_CAUSE_GUEST_PANIC;
}

static void end_loop(Vmd *vmd)
{
    notify_stopping(vmd->notify);
    event_base_loopbreak(vmd->base);
}

static void send_shutdown(Vmd *vmd, ShutdownCause cause, int status)
{
    vmd->shutdown.cause = cause;
    vmd->shutdown.status = status;
    qmp_event_shutdown(vmd->events, &(EventShutdown){ .guest = shutdown_cause_is_guest(cause),
                                                      .reason = cause });
}

void shutdown_machine(Vmd *vmd, ShutdownCause cause, int status)
{
    send_shutdown(vmd, cause, status);
    run_control_stop(vmd, RUN_STATE_SHUTDOWN);
    if (vmd->run.shutdown == SHUTDOWN_ACTION_POWEROFF) {
        end_loop(vmd);
    }
}

void shutdown_daemon(Vmd *vmd, ShutdownCause cause)
{
    send_shutdown(vmd, cause, EXIT_STATUS_OK);
    end_loop(vmd);
}

static void on_signal(evutil_socket_t number, short what, void *opaque)
{
    Vmd *vmd = opaque;

    g_message("signal %d ends the machine", (int)number);
    fair_lock_acquire(&vmd->lock);
    shutdown_daemon(vmd, SHUTDOWN_CAUSE_HOST_SIGNAL);
    fair_lock_release(&vmd->lock);
}

bool shutdown_watch_signals(Vmd *vmd, GError **error)
{
    static const int numbers[G_N_ELEMENTS(vmd->shutdown.signals)] = { SIGTERM, SIGINT, SIGHUP };

    signal(SIGPIPE, SIG_IGN);
    for (guint i = 0; i < G_N_ELEMENTS(numbers); i++) {
        struct event *event = evsignal_new(vmd->base, numbers[i], on_signal, vmd);

        vmd->shutdown.signals[i] = event;
        if (!event || event_add(event, NULL) < 0) {
            qmp_error_set(error, ERROR_REASON_HOST_ERROR, "cannot watch signal %d", numbers[i]);
            return false;
        }
    }
    return true;
}

void shutdown_unwatch_signals(Vmd *vmd)
{
    for (guint i = 0; i < G_N_ELEMENTS(vmd->shutdown.signals); i++) {
        g_clear_pointer(&vmd->shutdown.signals[i], event_free);
    }
}

/* A guest runs on for a moment after it has ended its machine; what it asks for
 * then is void. */
static bool has_ended(const Vmd *vmd)
{
    return vmd->run.state == RUN_STATE_SHUTDOWN;
}

static void on_machine_shutdown(void *opaque, ShutdownCause cause, int status)
{
    if (!has_ended(opaque)) {
        shutdown_machine(opaque, cause, status);
    }
}

static void on_machine_reset(void *opaque, ShutdownCause cause)
{
    Vmd *vmd = opaque;

    if (has_ended(vmd)) {
        return;
    }
    if (shutdown_cause_is_guest(cause) && vmd->run.reboot == REBOOT_ACTION_SHUTDOWN) {
        shutdown_machine(vmd, cause, EXIT_STATUS_OK);
    } else {
        run_control_reset(vmd, cause);
    }
}

static void on_internal_error(void *opaque, Cpu *cpu, const char *why)
{
    Vmd *vmd = opaque;
    g_autofree char *path = NULL;

    if (has_ended(vmd)) {
        return;
    }
    path = object_path((Object *)cpu);
    g_warning("%s: %s", path, why);
    run_control_stop(vmd, RUN_STATE_INTERNAL_ERROR);
    qmp_event_internal_error(vmd->events, &(EventInternalError){ .reason = (char *)why,
                                                                 .qom_path = path });
}

static void on_panic(void *opaque)
{
    Vmd *vmd = opaque;

    if (has_ended(vmd)) {
        return;
    }
    switch (vmd->run.panic) {
    case PANIC_ACTION_PAUSE:
        run_control_stop(vmd, RUN_STATE_GUEST_PANICKED);
        break;
    case PANIC_ACTION_SHUTDOWN:
        shutdown_machine(vmd, SHUTDOWN_CAUSE_GUEST_PANIC, EXIT_STATUS_OK);
        break;
    case PANIC_ACTION_EXIT_FAILURE:
        send_shutdown(vmd, SHUTDOWN_CAUSE_GUEST_PANIC, EXIT_STATUS_PANIC);
        end_loop(vmd);
        break;
    case PANIC_ACTION_NONE:
    case PANIC_ACTION__MAX:
        break;
    }
}

static void on_stop(void *opaque, RunState state)
{
    run_control_stop(opaque, state);
}

static void on_removed(void *opaque, Device *dev)
{
    vmd_remove_device(opaque, dev);
}

const MachineHost shutdown_machine_host = {
    .shutdown = on_machine_shutdown,
    .reset = on_machine_reset,
    .internal_error = on_internal_error,
    .panic = on_panic,
    .stop = on_stop,
    .removed = on_removed,
};
