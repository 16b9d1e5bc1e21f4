/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shutdown: see shutdown.h.  Everything that ends or resets the machine from
 * inside (MachineHost) or outside (signals, quit) comes through here.
 */
#include "config.h"

#include "daemon/machine/shutdown.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "daemon/vmd.h"
#include "hw/backends/memory-backend.h"
#include "qmp/error.h"
#include "qmp/qapi-events.h"

bool shutdown_cause_is_guest(ShutdownCause cause)
{
    return cause == SHUTDOWN_CAUSE_GUEST_SHUTDOWN || cause == SHUTDOWN_CAUSE_GUEST_RESET ||
           cause == SHUTDOWN_CAUSE_GUEST_PANIC;
}

static void end_loop(Vmd *vmd)
{
    const Shutdown *shutdown = &vmd->shutdown;
    g_autoptr(GString) cause =
        g_string_new(qmp_enum_name(&qmp_type_ShutdownCause, shutdown->cause));

    if (shutdown->has_detail) {
        g_string_append_printf(cause, ", %s",
                               qmp_enum_name(&qmp_type_ShutdownDetail, shutdown->detail));
    }
    vmd->shutdown.ending = true;
    notify_stopping(vmd->notify, cause->str);
    event_base_loopbreak(vmd->base);
}

/* detail: NULL if the cause says it all. */
static void send_detailed(Vmd *vmd, ShutdownCause cause, const ShutdownDetail *detail, int status)
{
    Shutdown *shutdown = &vmd->shutdown;

    build_abandon(vmd);
    shutdown->cause = cause;
    shutdown->has_detail = detail != NULL;
    shutdown->detail = detail ? *detail : 0;
    shutdown->status = status;
    qmp_event_shutdown(vmd->events, &(EventShutdown){ .guest = shutdown_cause_is_guest(cause),
                                                      .reason = cause,
                                                      .has_detail = shutdown->has_detail,
                                                      .detail = shutdown->detail });
}

static void send_shutdown(Vmd *vmd, ShutdownCause cause, int status)
{
    send_detailed(vmd, cause, NULL, status);
}

void shutdown_machine(Vmd *vmd, ShutdownCause cause, int status)
{
    send_shutdown(vmd, cause, status);
    if (vmd->run.shutdown == SHUTDOWN_ACTION_POWEROFF) {
        run_control_end(vmd);
        end_loop(vmd);
    } else {
        run_control_stop(vmd, RUN_STATE_SHUTDOWN);
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
        run_control_reset(vmd, cause, req);
    }
}

void shutdown_daemon(Vmd *vmd, ShutdownCause cause)
{
    send_shutdown(vmd, cause, EXIT_STATUS_OK);
    end_loop(vmd);
}

void shutdown_note_failure(Vmd *vmd, int status, const char *message)
{
    Shutdown *shutdown = &vmd->shutdown;

    g_free(shutdown->message);
    shutdown->message = g_strdup(message);
    shutdown->cause = SHUTDOWN_CAUSE_HOST_ERROR;
    shutdown->has_detail = true;
    shutdown->detail = SHUTDOWN_DETAIL_START_FAILED;
    shutdown->status = status;
}

void shutdown_failed(Vmd *vmd, int status, const char *message)
{
    g_warning("%s", message);
    shutdown_note_failure(vmd, status, message);
    send_detailed(vmd, SHUTDOWN_CAUSE_HOST_ERROR,
                  &(ShutdownDetail){ SHUTDOWN_DETAIL_START_FAILED }, status);
    end_loop(vmd);
}

/* ---- Signals ---- */

static void ending_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGHUP);
}

void shutdown_block_signals(void)
{
    sigset_t set;

    ending_signals(&set);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

void shutdown_unblock_signals(void)
{
    sigset_t set;

    ending_signals(&set);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static void note_sender(Shutdown *shutdown, const struct signalfd_siginfo *info)
{
    shutdown->signal = info->ssi_signo;
    shutdown->sender_pid = info->ssi_pid;
    shutdown->sender_uid = info->ssi_uid;
    g_message("signal %s from process %u of user %u ends the machine",
              g_strsignal(info->ssi_signo), info->ssi_pid, info->ssi_uid);
}

static void on_signal(evutil_socket_t fd, short what, void *opaque)
{
    Vmd *vmd = opaque;
    struct signalfd_siginfo info;

    if (read(fd, &info, sizeof(info)) != sizeof(info)) {
        return;
    }
    note_sender(&vmd->shutdown, &info);
    fair_lock_acquire(&vmd->lock);
    shutdown_daemon(vmd, SHUTDOWN_CAUSE_HOST_SIGNAL);
    fair_lock_release(&vmd->lock);
}

bool shutdown_watch_signals(Vmd *vmd, GError **error)
{
    Shutdown *shutdown = &vmd->shutdown;
    sigset_t set;

    signal(SIGPIPE, SIG_IGN);
    ending_signals(&set);
    shutdown->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (shutdown->signal_fd >= 0) {
        shutdown->signal_event = event_new(vmd->base, shutdown->signal_fd, EV_READ | EV_PERSIST,
                                           on_signal, vmd);
    }
    if (!shutdown->signal_event || event_add(shutdown->signal_event, NULL) < 0) {
        qmp_error_set(error, ERROR_REASON_HOST_ERROR, "cannot watch signals");
        return false;
    }
    return true;
}

void shutdown_unwatch_signals(Vmd *vmd)
{
    Shutdown *shutdown = &vmd->shutdown;

    g_clear_pointer(&shutdown->signal_event, event_free);
    if (shutdown->signal_fd >= 0) {
        close(shutdown->signal_fd);
        shutdown->signal_fd = -1;
    }
    g_clear_pointer(&shutdown->message, g_free);
}

/* ---- What the machine asks for ---- */

/* A guest runs on for a moment after it has ended its machine; what it asks for
 * then is void. */
static bool has_ended(const Vmd *vmd)
{
    return vmd->run.state == RUN_STATE_SHUTDOWN;
}

void shutdown_by_host(Vmd *vmd)
{
    if (!has_ended(vmd)) {
        shutdown_machine(vmd, SHUTDOWN_CAUSE_HOST_UI, EXIT_STATUS_OK);
    }
}

static void on_machine_shutdown(void *opaque, ShutdownCause cause, int status)
{
    if (!has_ended(opaque)) {
        shutdown_machine(opaque, cause, status);
    }
}

static void on_machine_reset(void *opaque, ShutdownCause cause)
{
    if (!has_ended(opaque)) {
        shutdown_or_reset(opaque, cause, NULL);
    }
}

/* Of several vCPUs that cannot go on, the first one ends the daemon. */
static void end_failed(Vmd *vmd, ShutdownDetail detail)
{
    int status = detail == SHUTDOWN_DETAIL_ACCEL_LOST ? EXIT_STATUS_ACCEL : EXIT_STATUS_INTERNAL;

    if (!vmd->shutdown.ending) {
        send_detailed(vmd, SHUTDOWN_CAUSE_HOST_ERROR, &detail, status);
        end_loop(vmd);
    }
}

static void on_internal_error(void *opaque, Cpu *cpu, ShutdownDetail detail, const char *why)
{
    Vmd *vmd = opaque;
    g_autofree char *path = NULL, *lost = NULL;

    if (has_ended(vmd)) {
        return;
    }
    path = object_path((Object *)cpu);
    lost = memory_lost_find();
    g_free(vmd->shutdown.message);
    vmd->shutdown.message = g_strdup_printf("%s: %s%s%s", path, why, lost ? "; " : "",
                                            lost ? lost : "");
    g_warning("%s", vmd->shutdown.message);
    vmd->shutdown.accel_lost |= detail == SHUTDOWN_DETAIL_ACCEL_LOST;
    run_control_stop(vmd, RUN_STATE_INTERNAL_ERROR);
    qmp_event_internal_error(vmd->events, &(EventInternalError){ .reason = (char *)why,
                                                                 .qom_path = path,
                                                                 .detail = detail });
    if (vmd->run.internal_error == INTERNAL_ERROR_ACTION_EXIT_FAILURE) {
        end_failed(vmd, detail);
    }
}

/* What follows a panic.  A machine that stays after its shutdown stays as it
 * panicked, for somebody to look at. */
static GuestPanicAction panic_action(const RunControl *run)
{
    switch (run->panic) {
    case PANIC_ACTION_PAUSE:
        return GUEST_PANIC_ACTION_PAUSE;
    case PANIC_ACTION_SHUTDOWN:
        return run->shutdown == SHUTDOWN_ACTION_PAUSE ? GUEST_PANIC_ACTION_PAUSE
                                                      : GUEST_PANIC_ACTION_POWEROFF;
    case PANIC_ACTION_EXIT_FAILURE:
        return GUEST_PANIC_ACTION_POWEROFF;
    case PANIC_ACTION_NONE:
    case PANIC_ACTION__MAX:
        break;
    }
    return GUEST_PANIC_ACTION_RUN;
}

static void end_panicked(Vmd *vmd)
{
    bool failure = vmd->run.panic == PANIC_ACTION_EXIT_FAILURE;

    shutdown_machine(vmd, SHUTDOWN_CAUSE_GUEST_PANIC,
                     failure ? EXIT_STATUS_PANIC : EXIT_STATUS_OK);
}

/* A guest that runs on may say it without end: the log has it once. */
static void log_once(bool *logged, const char *what)
{
    if (!*logged) {
        g_warning("%s", what);
    }
    *logged = true;
}

static void on_panic(void *opaque)
{
    Vmd *vmd = opaque;
    GuestPanicAction action = panic_action(&vmd->run);

    if (has_ended(vmd)) {
        return;
    }
    log_once(&vmd->shutdown.panic_logged, "the guest has panicked");
    qmp_event_guest_panicked(vmd->events, &(EventGuestPanicked){ .action = action });
    if (action == GUEST_PANIC_ACTION_PAUSE) {
        run_control_stop(vmd, RUN_STATE_GUEST_PANICKED);
    } else if (action == GUEST_PANIC_ACTION_POWEROFF) {
        end_panicked(vmd);
    }
}

/* The crash kernel is to run on whatever set-action says of panics. */
static void on_crash_loaded(void *opaque)
{
    Vmd *vmd = opaque;

    if (has_ended(vmd)) {
        return;
    }
    log_once(&vmd->shutdown.crash_logged, "the guest has panicked and starts its crash kernel");
    qmp_event_guest_crashloaded(vmd->events, &(EventGuestCrashloaded){
        .action = GUEST_PANIC_ACTION_RUN });
}

/* ---- A watchdog device has expired ---- */

static void end_by_watchdog(Vmd *vmd, ShutdownCause cause)
{
    send_detailed(vmd, cause, &(ShutdownDetail){ SHUTDOWN_DETAIL_WATCHDOG },
                  EXIT_STATUS_WATCHDOG);
    run_control_stop(vmd, RUN_STATE_SHUTDOWN);
}

static void reset_by_watchdog(Vmd *vmd)
{
    if (vmd->run.reboot != REBOOT_ACTION_SHUTDOWN) {
        run_control_reset(vmd, SHUTDOWN_CAUSE_GUEST_RESET, NULL);
        return;
    }
    end_by_watchdog(vmd, SHUTDOWN_CAUSE_GUEST_RESET);
    if (vmd->run.shutdown == SHUTDOWN_ACTION_POWEROFF) {
        end_loop(vmd);
    }
}

/* Whatever set-action says of shutdowns. */
static void poweroff_by_watchdog(Vmd *vmd)
{
    end_by_watchdog(vmd, SHUTDOWN_CAUSE_GUEST_SHUTDOWN);
    end_loop(vmd);
}

/* The two that ask a guest which may be past hearing; what cannot be done is told. */
static void ask_by_watchdog(Vmd *vmd, WatchdogAction action)
{
    g_autoptr(GError) error = NULL;
    Machine *machine = vmd_machine(vmd);

    if (action == WATCHDOG_ACTION_SHUTDOWN ? !run_control_power_down(vmd, &error)
                                           : !machine_inject_nmi(machine, &error)) {
        g_warning("the watchdog's action '%s': %s",
                  qmp_enum_name(&qmp_type_WatchdogAction, action), error->message);
    }
}

static void do_watchdog_action(Vmd *vmd, WatchdogAction action)
{
    switch (action) {
    case WATCHDOG_ACTION_RESET:
        reset_by_watchdog(vmd);
        break;
    case WATCHDOG_ACTION_SHUTDOWN:
    case WATCHDOG_ACTION_INJECT_NMI:
        ask_by_watchdog(vmd, action);
        break;
    case WATCHDOG_ACTION_POWEROFF:
        poweroff_by_watchdog(vmd);
        break;
    case WATCHDOG_ACTION_PAUSE:
        run_control_stop(vmd, RUN_STATE_WATCHDOG);
        break;
    case WATCHDOG_ACTION_DEBUG:
    case WATCHDOG_ACTION_NONE:
    case WATCHDOG_ACTION__MAX:
        break;
    }
}

static void on_watchdog(void *opaque)
{
    Vmd *vmd = opaque;
    WatchdogAction action = vmd->run.watchdog;

    if (has_ended(vmd)) {
        return;
    }
    log_once(&vmd->shutdown.watchdog_logged, "a watchdog device has expired");
    qmp_event_watchdog(vmd->events, &(EventWatchdog){ .action = action });
    do_watchdog_action(vmd, action);
}

static void on_stop(void *opaque, RunState state)
{
    run_control_stop(opaque, state);
}

static void on_removed(void *opaque, Device *dev)
{
    vmd_remove_device(opaque, dev);
}

static void on_suspend(void *opaque)
{
    run_control_suspend(opaque);
}

static void on_wake(void *opaque, WakeReason reason)
{
    Vmd *vmd = opaque;
    g_autoptr(GError) error = NULL;

    if (vmd->run.state == RUN_STATE_SUSPENDED && !run_control_wake(vmd, reason, &error)) {
        g_warning("%s", error->message);
    }
}

static void on_suspend_disk(void *opaque)
{
    Vmd *vmd = opaque;

    if (!has_ended(vmd)) {
        qmp_event_suspend_disk(vmd->events);
        shutdown_machine(vmd, SHUTDOWN_CAUSE_GUEST_SHUTDOWN, EXIT_STATUS_OK);
    }
}

const MachineHost shutdown_machine_host = {
    .shutdown = on_machine_shutdown,
    .reset = on_machine_reset,
    .internal_error = on_internal_error,
    .panic = on_panic,
    .crash_loaded = on_crash_loaded,
    .watchdog = on_watchdog,
    .stop = on_stop,
    .removed = on_removed,
    .suspend = on_suspend,
    .suspend_disk = on_suspend_disk,
    .wake = on_wake,
};
