/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests to the machine's host: a queue that any thread fills, and one event
 * that empties it on the main loop.
 *
 * A guest's request is in the queue once, however often the guest repeats it before
 * the loop handles it, and a turn handles only the requests that were queued when
 * it began: a guest that does nothing but reset its machine must not occupy the
 * loop.
 *
 * The queue has a separate mutex, held only briefly, because callers may or may
 * not hold the machine lock.  event_active() is safe from any thread once
 * libevent's thread support is enabled, which main does first.
 */
#include "config.h"
#include "hw/machine/machine.h"

#include <event2/event.h>
#include <string.h>

#include "hw/machine/machine-internal.h"
#include "hw/machine/power.h"
#include "qom/checks.h"

typedef enum {
    REQUEST_SHUTDOWN,
    REQUEST_RESET,
    REQUEST_PANIC,
    REQUEST_CRASH_LOADED,
    REQUEST_WATCHDOG,
    REQUEST_STOP,
    REQUEST_REMOVAL,
    REQUEST_BUS_RESET,
    REQUEST_SUSPEND,
    REQUEST_SUSPEND_DISK,
    REQUEST_WAKE,
    REQUEST_INTERNAL_ERROR,
} RequestKind;

typedef struct {
    RequestKind kind;
    ShutdownCause cause;
    ShutdownDetail detail;      /* of REQUEST_INTERNAL_ERROR */
    int status;
    RunState state;
    WakeReason reason;          /* of REQUEST_WAKE */
    bool has_crash;             /* of REQUEST_PANIC */
    guint64 crash[ACCEL_N_CRASH];
    Cpu *cpu;                   /* held; NULL except for REQUEST_INTERNAL_ERROR */
    char *why;
    Device *dev;                /* held; REQUEST_REMOVAL; of REQUEST_BUS_RESET bus's owner */
    Bus *bus;                   /* held; NULL except for REQUEST_BUS_RESET */
} Request;

struct MachineRequests {
    Machine *machine;
    struct event *event;        /* NULL: machine_deliver_requests alone */
    GMutex mutex;               /* guards queue */
    GQueue queue;               /* of Request */
};

static void request_free(Request *request)
{
    object_unref(request->cpu);
    object_unref(request->dev);
    object_unref(request->bus);
    g_free(request->why);
    g_free(request);
}

static Request *next_request(struct MachineRequests *requests)
{
    Request *request;

    g_mutex_lock(&requests->mutex);
    request = g_queue_pop_head(&requests->queue);
    g_mutex_unlock(&requests->mutex);
    return request;
}

static void deliver(Machine *machine, const Request *request)
{
    const MachineHost *host = machine->host;

    if (!host) {
        return;
    }
    switch (request->kind) {
    case REQUEST_SHUTDOWN:
        host->shutdown(machine->host_opaque, request->cause, request->status);
        break;
    case REQUEST_RESET:
        host->reset(machine->host_opaque, request->cause);
        break;
    case REQUEST_PANIC:
        host->panic(machine->host_opaque, request->has_crash ? request->crash : NULL);
        break;
    case REQUEST_CRASH_LOADED:
        host->crash_loaded(machine->host_opaque);
        break;
    case REQUEST_WATCHDOG:
        host->watchdog(machine->host_opaque);
        break;
    case REQUEST_STOP:
        host->stop(machine->host_opaque, request->state);
        break;
    case REQUEST_REMOVAL:
        if (request->dev->realized) {
            host->removed(machine->host_opaque, request->dev);
        }
        break;
    case REQUEST_BUS_RESET:
        if (request->dev->realized) {
            host->bus_reset(machine->host_opaque, request->bus);
        }
        break;
    case REQUEST_SUSPEND:
        host->suspend(machine->host_opaque);
        break;
    case REQUEST_SUSPEND_DISK:
        host->suspend_disk(machine->host_opaque);
        break;
    case REQUEST_WAKE:
        host->wake(machine->host_opaque, request->reason);
        break;
    case REQUEST_INTERNAL_ERROR:
        host->internal_error(machine->host_opaque, request->cpu, request->detail,
                             request->why);
        break;
    }
}

/* Resumes vCPUs that were told to stop if the machine keeps running. */
static void let_vcpus_go(Machine *machine)
{
    if (machine->running && accel_ops(machine->accel)->vcpus_stop) {
        accel_ops(machine->accel)->vcpus_resume(machine->accel);
    }
}

static guint n_requests(struct MachineRequests *requests)
{
    guint n;

    g_mutex_lock(&requests->mutex);
    n = requests->queue.length;
    g_mutex_unlock(&requests->mutex);
    return n;
}

/* Requests that come meanwhile have activated the event again. */
void machine_deliver_requests(Machine *machine)
{
    bool panicked = false;
    Request *request;

    main_thread_assert();
    machine_lock_assert(machine);
    for (guint n = n_requests(machine->requests);
         n && (request = next_request(machine->requests)); n--) {
        panicked |= request->kind == REQUEST_PANIC;
        deliver(machine, request);
        request_free(request);
    }
    if (panicked) {
        let_vcpus_go(machine);
    }
}

static void requests_ready(evutil_socket_t fd, short what, void *opaque)
{
    Machine *machine = ((struct MachineRequests *)opaque)->machine;

    if (machine->lock) {
        fair_lock_acquire(machine->lock);
    }
    machine_deliver_requests(machine);
    if (machine->lock) {
        fair_lock_release(machine->lock);
    }
}

struct MachineRequests *machine_requests_new(Machine *machine, struct event_base *base)
{
    struct MachineRequests *requests = g_new0(struct MachineRequests, 1);

    requests->machine = machine;
    g_mutex_init(&requests->mutex);
    g_queue_init(&requests->queue);
    if (base) {
        requests->event = event_new(base, -1, 0, requests_ready, requests);
        if (!requests->event) {
            machine_requests_free(requests);
            return NULL;
        }
    }
    return requests;
}

void machine_requests_free(struct MachineRequests *requests)
{
    if (!requests) {
        return;
    }
    if (requests->event) {
        event_free(requests->event);
    }
    g_queue_clear_full(&requests->queue, (GDestroyNotify)request_free);
    g_mutex_clear(&requests->mutex);
    g_free(requests);
}

/* ---- Asking ---- */

static void put(Machine *machine, const Request *request)
{
    struct MachineRequests *requests = machine->requests;

    g_mutex_lock(&requests->mutex);
    g_queue_push_tail(&requests->queue, g_memdup2(request, sizeof(*request)));
    g_mutex_unlock(&requests->mutex);
    if (requests->event) {
        event_active(requests->event, EV_READ, 0);
    }
}

/* Keeps the guest from running on after its request. */
static void stop_vcpus(Machine *machine)
{
    const AccelOps *ops = accel_ops(machine->accel);

    if (ops->vcpus_stop) {
        ops->vcpus_stop(machine->accel);
    }
}

/*
 * Whether such a request is queued already: a guest may repeat it faster than
 * the loop handles it.
 */
static bool is_asked(struct MachineRequests *requests, RequestKind kind, const Bus *bus)
{
    bool asked = false;

    g_mutex_lock(&requests->mutex);
    for (const GList *link = requests->queue.head; link; link = link->next) {
        const Request *request = link->data;

        asked = asked || (request->kind == kind && request->bus == bus);
    }
    g_mutex_unlock(&requests->mutex);
    return asked;
}

static void put_once(Machine *machine, const Request *request)
{
    if (!is_asked(machine->requests, request->kind, NULL)) {
        put(machine, request);
    }
}

void machine_request_shutdown(Machine *machine, ShutdownCause cause, int status)
{
    put_once(machine, &(Request){ .kind = REQUEST_SHUTDOWN, .cause = cause, .status = status });
    stop_vcpus(machine);
}

void machine_request_reset(Machine *machine, ShutdownCause cause)
{
    put_once(machine, &(Request){ .kind = REQUEST_RESET, .cause = cause });
    stop_vcpus(machine);
}

void machine_request_panic(Machine *machine, const guint64 *crash)
{
    Request request = { .kind = REQUEST_PANIC, .has_crash = crash };

    if (crash) {
        memcpy(request.crash, crash, sizeof(request.crash));
    }
    put_once(machine, &request);
    stop_vcpus(machine);        /* they resume if the machine keeps running */
}

void machine_request_stop(Machine *machine, RunState state)
{
    put(machine, &(Request){ .kind = REQUEST_STOP, .state = state });
}

void machine_request_removal(Machine *machine, Device *dev)
{
    put(machine, &(Request){ .kind = REQUEST_REMOVAL, .dev = object_ref(dev) });
}

void machine_request_crash_loaded(Machine *machine)
{
    put_once(machine, &(Request){ .kind = REQUEST_CRASH_LOADED });
}

void machine_request_watchdog(Machine *machine)
{
    put_once(machine, &(Request){ .kind = REQUEST_WATCHDOG });
}

void machine_request_bus_reset(Machine *machine, Bus *bus)
{
    machine_lock_assert(machine);
    if (!is_asked(machine->requests, REQUEST_BUS_RESET, bus)) {
        put(machine, &(Request){ .kind = REQUEST_BUS_RESET,
                                 .dev = object_ref(bus->owner),
                                 .bus = object_ref(bus) });
    }
}

void machine_request_suspend(Machine *machine)
{
    put_once(machine, &(Request){ .kind = REQUEST_SUSPEND });
    stop_vcpus(machine);
}

void machine_request_suspend_disk(Machine *machine)
{
    put_once(machine, &(Request){ .kind = REQUEST_SUSPEND_DISK });
    stop_vcpus(machine);
}

void machine_request_wake(Machine *machine, WakeReason reason)
{
    machine_lock_assert(machine);
    if (!machine->running && machine_wakes(machine, reason)) {
        put_once(machine, &(Request){ .kind = REQUEST_WAKE, .reason = reason });
    }
}

void machine_request_internal_error(Machine *machine, Cpu *cpu, ShutdownDetail detail,
                                    const char *why)
{
    put(machine, &(Request){ .kind = REQUEST_INTERNAL_ERROR,
                             .detail = detail,
                             .cpu = object_ref(cpu),
                             .why = g_strdup(why) });
}
