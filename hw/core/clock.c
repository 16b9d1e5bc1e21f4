/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The clocks of hw/core/clock.h.
 *
 * One timerfd wakes the loop for the earliest timer of all kinds: it has
 * nanosecond resolution, and any thread can set it without involving the event
 * base.  Heaps are guarded by the machine lock; the numbers that make up the
 * time have a separate mutex, because any thread may call clock_now().
 */
#include "config.h"
#include "hw/core/clock.h"

#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

#include "hw/core/timer-heap.h"

#define SECOND G_GINT64_CONSTANT(1000000000)

/* The wall clock may be set at any time, so its timers are checked this often. */
#define HOST_CHECK (60 * SECOND)

struct Clock {
    struct event *event;        /* NULL: stands still until clock_advance */
    int timerfd;
    gint64 armed;               /* real time that timerfd is set for, or G_MAXINT64 */
    FairLock *lock;             /* or NULL */
    GPtrArray *heaps[CLOCK_N_KINDS];    /* of Timer */
    guint64 order;              /* for the next timer that is set */
    const Timer *firing;        /* whose callback runs */
    ClockObserver observer;
    void *observer_opaque;
    gint64 epoch;               /* baseless: host time at virtual 0 */

    GMutex mutex;               /* guards the rest */
    bool running;
    gint64 virtual_base;        /* running: real time at virtual 0; else virtual time */
};

/* ---- Time ---- */

static gint64 host_time(clockid_t id)
{
    struct timespec ts;

    clock_gettime(id, &ts);
    return ts.tv_sec * SECOND + ts.tv_nsec;
}

static gint64 virtual_now(Clock *clock)
{
    gint64 now;

    g_mutex_lock(&clock->mutex);
    now = clock->virtual_base;
    if (clock->running) {
        now = host_time(CLOCK_MONOTONIC) - now;
    }
    g_mutex_unlock(&clock->mutex);
    return now;
}

gint64 clock_now(Clock *clock, ClockKind kind)
{
    if (kind == CLOCK_KIND_VIRTUAL) {
        return virtual_now(clock);
    }
    if (!clock->event) {
        return clock_add(virtual_now(clock), kind == CLOCK_KIND_HOST ? clock->epoch : 0);
    }
    return host_time(kind == CLOCK_KIND_HOST ? CLOCK_REALTIME : CLOCK_MONOTONIC);
}

/* ---- The host's timer ---- */

/* Real time at which the earliest timer of a kind has to be checked, or
 * G_MAXINT64.  For real and virtual timers this stays the same from call to
 * call, so that timerfd is set only when the earliest one changes. */
static gint64 due_at(Clock *clock, ClockKind kind)
{
    const Timer *timer = timer_heap_first(clock->heaps[kind]);
    gint64 offset = 0;
    gint64 when;

    if (!timer || (kind == CLOCK_KIND_VIRTUAL && !clock->running)) {
        return G_MAXINT64;
    }
    if (kind == CLOCK_KIND_VIRTUAL) {
        offset = clock->virtual_base;
    } else if (kind == CLOCK_KIND_HOST) {
        offset = host_time(CLOCK_MONOTONIC) - host_time(CLOCK_REALTIME);
    }
    when = clock_add(timer->deadline, offset);
    return kind == CLOCK_KIND_HOST ? MIN(when, host_time(CLOCK_MONOTONIC) + HOST_CHECK) : when;
}

/* Sets timerfd for the earliest timer. */
static void rearm(Clock *clock)
{
    gint64 when = G_MAXINT64;
    struct itimerspec spec = { 0 };

    if (!clock->event) {
        return;
    }
    for (guint kind = 0; kind < CLOCK_N_KINDS; kind++) {
        when = MIN(when, due_at(clock, kind));
    }
    if (when == clock->armed) {
        return;
    }
    clock->armed = when;
    if (when != G_MAXINT64) {
        /* A time of 0 would stop timerfd; one in the past fires immediately. */
        when = MAX(when, 1);
        spec.it_value.tv_sec = when / SECOND;
        spec.it_value.tv_nsec = when % SECOND;
    }
    timerfd_settime(clock->timerfd, TFD_TIMER_ABSTIME, &spec, NULL);
}

/* ---- Firing ---- */

/* The callback may free it. */
static void fire(Timer *timer, gint64 now)
{
    Clock *clock = timer->clock;

    timer_heap_remove(clock->heaps[timer->kind], timer);
    if (clock->observer) {
        clock->observer(clock->observer_opaque, timer, now);
    }
    timer->fired = now;
    clock->firing = timer;
    timer->callback(timer->opaque, now);
    clock->firing = NULL;
}

/* Fires what is due now.  A timer whose callback sets it for now again waits
 * for the next turn of the loop. */
static void fire_due(Clock *clock, ClockKind kind)
{
    gint64 now = clock_now(clock, kind);
    guint64 order = clock->order;
    Timer *timer;

    while ((kind != CLOCK_KIND_VIRTUAL || clock->running) &&
           (timer = timer_heap_first(clock->heaps[kind])) && timer->deadline <= now &&
           timer->order < order) {
        fire(timer, now);
    }
}

static void timerfd_ready(evutil_socket_t fd, short what, void *opaque)
{
    Clock *clock = opaque;
    guint64 expirations;

    if (clock->lock) {
        fair_lock_acquire(clock->lock);
    }
    if (read(fd, &expirations, sizeof(expirations)) == sizeof(expirations)) {
        clock->armed = G_MAXINT64;
        for (guint kind = 0; kind < CLOCK_N_KINDS; kind++) {
            fire_due(clock, kind);
        }
        rearm(clock);
    }
    if (clock->lock) {
        fair_lock_release(clock->lock);
    }
}

/* ---- Clocks ---- */

static bool start_event(Clock *clock, struct event_base *base)
{
    clock->timerfd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (clock->timerfd < 0) {
        return false;
    }
    clock->event = event_new(base, clock->timerfd, EV_READ | EV_PERSIST, timerfd_ready, clock);
    return clock->event && event_add(clock->event, NULL) == 0;
}

Clock *clock_new(struct event_base *base, FairLock *lock)
{
    Clock *clock = g_new0(Clock, 1);

    clock->timerfd = -1;
    clock->armed = G_MAXINT64;
    clock->epoch = CLOCK_TEST_EPOCH;
    clock->lock = lock;
    g_mutex_init(&clock->mutex);
    for (guint kind = 0; kind < CLOCK_N_KINDS; kind++) {
        clock->heaps[kind] = g_ptr_array_new();
    }
    if (base && !start_event(clock, base)) {
        clock_free(clock);
        return NULL;
    }
    return clock;
}

void clock_free(Clock *clock)
{
    if (!clock) {
        return;
    }
    if (clock->event) {
        event_free(clock->event);
    }
    if (clock->timerfd >= 0) {
        close(clock->timerfd);
    }
    for (guint kind = 0; kind < CLOCK_N_KINDS; kind++) {
        g_ptr_array_unref(clock->heaps[kind]);
    }
    g_mutex_clear(&clock->mutex);
    g_free(clock);
}

void clock_run(Clock *clock, bool running)
{
    fair_lock_assert(clock->lock);
    if (!clock->event || clock->running == running) {
        return;
    }
    g_mutex_lock(&clock->mutex);
    clock->virtual_base = host_time(CLOCK_MONOTONIC) - clock->virtual_base;
    clock->running = running;
    g_mutex_unlock(&clock->mutex);
    rearm(clock);
}

void clock_set(Clock *clock, gint64 now)
{
    fair_lock_assert(clock->lock);
    g_return_if_fail(!clock->running);
    g_mutex_lock(&clock->mutex);
    clock->virtual_base = now;
    g_mutex_unlock(&clock->mutex);
}

/* When a timer of a baseless clock is due, in virtual time. */
static gint64 virtual_deadline(const Timer *timer)
{
    return clock_add(timer->deadline,
                     timer->kind == CLOCK_KIND_HOST ? -timer->clock->epoch : 0);
}

/* The earliest timer of a baseless clock that is due by `to`, or NULL. */
static Timer *next_timer(Clock *clock, gint64 to)
{
    Timer *next = NULL;

    for (guint kind = 0; kind < CLOCK_N_KINDS; kind++) {
        Timer *timer = timer_heap_first(clock->heaps[kind]);

        if (timer && virtual_deadline(timer) <= to &&
            (!next || virtual_deadline(timer) < virtual_deadline(next))) {
            next = timer;
        }
    }
    return next;
}

bool clock_stands(const Clock *clock)
{
    return !clock->event;
}

void clock_set_epoch(Clock *clock, gint64 epoch)
{
    clock->epoch = epoch;
}

void clock_observe(Clock *clock, ClockObserver observer, void *opaque)
{
    clock->observer = observer;
    clock->observer_opaque = opaque;
}

/* Readers on other threads see a whole number. */
static void move_to(Clock *clock, gint64 to)
{
    g_mutex_lock(&clock->mutex);
    clock->virtual_base = MAX(clock->virtual_base, to);
    g_mutex_unlock(&clock->mutex);
}

bool clock_advance_some(Clock *clock, gint64 to, guint timers)
{
    Timer *timer;

    fair_lock_assert(clock->lock);
    g_return_val_if_fail(!clock->event, true);
    while ((timer = next_timer(clock, to))) {
        if (timers-- == 0) {
            return false;
        }
        move_to(clock, virtual_deadline(timer));
        fire(timer, clock_now(clock, timer->kind));
    }
    move_to(clock, to);
    return true;
}

void clock_advance(Clock *clock, gint64 to)
{
    while (!clock_advance_some(clock, to, G_MAXUINT)) {
    }
}

gint64 clock_deadline(Clock *clock)
{
    const Timer *timer = clock->event ? timer_heap_first(clock->heaps[CLOCK_KIND_VIRTUAL])
                                      : next_timer(clock, G_MAXINT64);

    fair_lock_assert(clock->lock);
    return timer ? MAX(virtual_deadline(timer), 0) : -1;
}

/* ---- Timers ---- */

Timer *timer_new(Clock *clock, ClockKind kind, gint64 floor, TimerCallback callback,
                 void *opaque)
{
    Timer *timer = g_new0(Timer, 1);

    timer->clock = clock;
    timer->kind = kind;
    timer->floor = MAX(floor, 1);
    timer->fired = G_MININT64;
    timer->callback = callback;
    timer->opaque = opaque;
    timer->place = TIMER_IDLE;
    return timer;
}

void timer_free(Timer *timer)
{
    if (timer) {
        timer_cancel(timer);
        g_free(timer);
    }
}

gint64 timer_earliest(const Timer *timer)
{
    if (timer->fired == G_MININT64) {
        return G_MININT64;
    }
    return clock_add(timer->fired, timer->clock->firing == timer ? timer->floor : 1);
}

/* A wall clock that was set back has not seen what the timer saw. */
static bool was_set_back(const Timer *timer)
{
    return timer->kind == CLOCK_KIND_HOST && clock_now(timer->clock, timer->kind) < timer->fired;
}

/* The only place where a timer is armed. */
void timer_set(Timer *timer, gint64 deadline)
{
    GPtrArray *heap = timer->clock->heaps[timer->kind];
    gint64 earliest = timer_earliest(timer);

    fair_lock_assert(timer->clock->lock);
    timer_cancel(timer);
    if (deadline < earliest && !was_set_back(timer)) {
        deadline = earliest;
    }
    if (deadline == CLOCK_NEVER) {
        return;
    }
    timer->deadline = deadline;
    timer->repeats = timer->clock->firing == timer;
    timer->order = timer->clock->order++;
    timer_heap_insert(heap, timer);
    if (timer_heap_first(heap) == timer) {
        rearm(timer->clock);
    }
}

void timer_set_after(Timer *timer, gint64 ns)
{
    timer_set(timer, clock_add(clock_now(timer->clock, timer->kind), ns));
}

/* The host's timer is not changed: a needless wake-up is rare and cheaper than
 * a system call for each cancelled timer. */
void timer_cancel(Timer *timer)
{
    fair_lock_assert(timer->clock->lock);
    if (timer_pending(timer)) {
        timer_heap_remove(timer->clock->heaps[timer->kind], timer);
    }
}

bool timer_pending(const Timer *timer)
{
    return timer->place != TIMER_IDLE;
}
