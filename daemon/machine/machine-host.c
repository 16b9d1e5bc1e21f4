/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Notifications from a machine to its daemon: see machine-host.h.
 */
#include "config.h"
#include "daemon/machine/machine-host.h"

#include "daemon/machine/removal.h"
#include "daemon/machine/shutdown.h"
#include "daemon/vmd.h"
#include "hw/block/front.h"
#include "hw/backends/memory-backend.h"
#include "qmp/error.h"
#include "qmp/qapi-events.h"

/* A guest runs on for a moment after it has ended its machine; its requests are
 * then ignored. */
static void on_machine_shutdown(void *opaque, ShutdownCause cause, int status)
{
    if (!shutdown_has_come(opaque)) {
        shutdown_machine(opaque, cause, status);
    }
}

static void on_machine_reset(void *opaque, ShutdownCause cause)
{
    if (!shutdown_has_come(opaque)) {
        shutdown_or_reset(opaque, cause, NULL);
    }
}

/* If several vCPUs cannot continue, the first one ends the daemon. */
static void end_failed(Vmd *vmd, ShutdownDetail detail)
{
    int status = detail == SHUTDOWN_DETAIL_ACCEL_LOST ? EXIT_STATUS_ACCEL : EXIT_STATUS_INTERNAL;

    if (!vmd->run.ending) {
        shutdown_tell(vmd, SHUTDOWN_CAUSE_HOST_ERROR, &detail, status);
        shutdown_end_loop(vmd);
    }
}

static void on_internal_error(void *opaque, Cpu *cpu, ShutdownDetail detail, const char *why)
{
    Vmd *vmd = opaque;
    g_autofree char *path = NULL, *lost = NULL, *message = NULL;

    if (shutdown_has_come(vmd)) {
        return;
    }
    path = object_path(&cpu->device.object);
    lost = memory_lost_find();
    message = g_strdup_printf("%s: %s%s%s", path, why, lost ? "; " : "", lost ? lost : "");
    ending_set_message(&vmd->ending, message);
    g_warning("%s", message);
    if (detail == SHUTDOWN_DETAIL_ACCEL_LOST) {
        status_set_accel_lost(&vmd->status, true);
    }
    run_control_stop(&vmd->run, RUN_STATE_INTERNAL_ERROR, NULL);
    qmp_event_internal_error(vmd->events, &(EventInternalError){ .reason = (char *)why,
                                                                 .qom_path = path,
                                                                 .detail = detail });
    if (vmd->run.internal_error == INTERNAL_ERROR_ACTION_EXIT_FAILURE) {
        end_failed(vmd, detail);
    }
}

/* What follows a panic.  A machine that is kept after its shutdown keeps the
 * state of its panic, for examination. */
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

/* A guest that runs on may repeat it without end: logged once. */
static void log_once(bool *logged, const char *what)
{
    if (!*logged) {
        g_warning("%s", what);
    }
    *logged = true;
}

static void tell_panic(Vmd *vmd, GuestPanicAction action, const guint64 *crash)
{
    GuestPanicInformation info = { .type = GUEST_PANIC_INFORMATION_TYPE_HYPER_V };

    if (crash) {
        info.u.hyper_v = (GuestPanicInformationHyperV){
            crash[0], crash[1], crash[2], crash[3], crash[4] };
    }
    qmp_event_guest_panicked(vmd->events, &(EventGuestPanicked){
        .action = action, .info = crash ? &info : NULL });
}

static void on_panic(void *opaque, const guint64 *crash)
{
    Vmd *vmd = opaque;
    GuestPanicAction action = panic_action(&vmd->run);

    if (shutdown_has_come(vmd)) {
        return;
    }
    log_once(&vmd->logged.panic, "the guest has panicked");
    tell_panic(vmd, action, crash);
    if (action == GUEST_PANIC_ACTION_PAUSE) {
        run_control_stop(&vmd->run, RUN_STATE_GUEST_PANICKED, NULL);
    } else if (action == GUEST_PANIC_ACTION_POWEROFF) {
        end_panicked(vmd);
    }
}

/* The crash kernel has to run, whatever set-action says about panics. */
static void on_crash_loaded(void *opaque)
{
    Vmd *vmd = opaque;

    if (shutdown_has_come(vmd)) {
        return;
    }
    log_once(&vmd->logged.crash, "the guest has panicked and starts its crash kernel");
    qmp_event_guest_crashloaded(vmd->events, &(EventGuestCrashloaded){
        .action = GUEST_PANIC_ACTION_RUN });
}

/* ---- A watchdog device has expired ---- */

static void end_by_watchdog(Vmd *vmd, ShutdownCause cause)
{
    shutdown_tell(vmd, cause, &(ShutdownDetail){ SHUTDOWN_DETAIL_WATCHDOG },
                  EXIT_STATUS_WATCHDOG);
    run_control_stop(&vmd->run, RUN_STATE_SHUTDOWN, NULL);
}

static void reset_by_watchdog(Vmd *vmd)
{
    if (vmd->run.reboot != REBOOT_ACTION_SHUTDOWN) {
        run_control_reset(&vmd->run, SHUTDOWN_CAUSE_GUEST_RESET, NULL);
        return;
    }
    end_by_watchdog(vmd, SHUTDOWN_CAUSE_GUEST_RESET);
    if (vmd->run.shutdown == SHUTDOWN_ACTION_POWEROFF) {
        shutdown_end_loop(vmd);
    }
}

/* Regardless of set-action for shutdowns. */
static void poweroff_by_watchdog(Vmd *vmd)
{
    end_by_watchdog(vmd, SHUTDOWN_CAUSE_GUEST_SHUTDOWN);
    shutdown_end_loop(vmd);
}

/* These two signal a guest that may no longer react; failures are logged. */
static void ask_by_watchdog(Vmd *vmd, WatchdogAction action)
{
    g_autoptr(GError) error = NULL;
    Machine *machine = vmd_machine(vmd);

    if (action == WATCHDOG_ACTION_SHUTDOWN ? !run_control_power_down(&vmd->run, &error)
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
        run_control_stop(&vmd->run, RUN_STATE_WATCHDOG, NULL);
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

    if (shutdown_has_come(vmd)) {
        return;
    }
    log_once(&vmd->logged.watchdog, "a watchdog device has expired");
    qmp_event_watchdog(vmd->events, &(EventWatchdog){ .action = action });
    do_watchdog_action(vmd, action);
}

static void on_stop(void *opaque, RunState state)
{
    run_control_stop(&((Vmd *)opaque)->run, state, NULL);
}

static void on_removed(void *opaque, Device *dev)
{
    removal_when_idle(opaque, dev);
}

/* It may have been unplugged meanwhile, with the bridge that it belonged to. */
static void bus_idle(void *opaque)
{
    Bus *bus = opaque;

    if (bus->object.parent) {
        device_reset_tree(&bus->object);
    }
    object_unref(bus);
}

static void on_bus_reset(void *opaque, Bus *bus)
{
    device_quiesce_tree(&bus->object);
    block_fronts_when_idle(&bus->object, bus_idle, object_ref(bus));
}

static void on_suspend(void *opaque)
{
    run_control_suspend(&((Vmd *)opaque)->run);
}

static void on_wake(void *opaque, WakeReason reason)
{
    run_control_wake(&((Vmd *)opaque)->run, reason, NULL);
}

static void on_suspend_disk(void *opaque)
{
    Vmd *vmd = opaque;

    if (!shutdown_has_come(vmd)) {
        qmp_event_suspend_disk(vmd->events);
        shutdown_machine(vmd, SHUTDOWN_CAUSE_GUEST_SHUTDOWN, EXIT_STATUS_OK);
    }
}

void machine_host_news(void *opaque, const RunControl *run, RunNews news)
{
    Vmd *vmd = opaque;

    if (news == RUN_NEWS_RESET) {
        vmd->logged = (MachineLogged){ 0 };
        status_set_accel_lost(&vmd->status, false);
    }
}

const MachineHost machine_host = {
    .shutdown = on_machine_shutdown,
    .reset = on_machine_reset,
    .internal_error = on_internal_error,
    .panic = on_panic,
    .crash_loaded = on_crash_loaded,
    .watchdog = on_watchdog,
    .stop = on_stop,
    .removed = on_removed,
    .bus_reset = on_bus_reset,
    .suspend = on_suspend,
    .suspend_disk = on_suspend_disk,
    .wake = on_wake,
};
