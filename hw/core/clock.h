/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Clocks and timers.  Time is in nanoseconds, as a saturating signed gint64.  The
 * highest value is CLOCK_NEVER, at which no timer fires.
 *
 *   CLOCK_KIND_VIRTUAL  runs while the machine runs, starts at 0
 *   CLOCK_KIND_REAL     monotonic host time
 *   CLOCK_KIND_HOST     wall clock, since 1970
 *
 * Each timer has a floor, given at its creation: if its own callback sets it
 * again, it fires no sooner than that after the last time.  So whatever period a
 * guest requests, a periodic timer never monopolises the host.  A timer that is
 * set from elsewhere (by an access of the guest, which costs the guest's own time)
 * may fire sooner, but never twice at the same time.
 *
 * Timer callbacks run on the main loop's thread with the machine lock held and
 * get `now`.  A test makes a Clock without event base and advances it
 * explicitly.
 *
 * Threads: clock_now may be called from any; everything else needs the machine
 * lock.  Timers may be set from vCPU threads; the loop wakes up by itself.
 */
#ifndef HW_CORE_CLOCK_H
#define HW_CORE_CLOCK_H

#include <glib.h>
#include <stdbool.h>

#include "hw/core/lock.h"

struct event_base;
typedef struct Clock Clock;
typedef struct Timer Timer;

typedef enum { CLOCK_KIND_VIRTUAL, CLOCK_KIND_REAL, CLOCK_KIND_HOST, CLOCK_N_KINDS } ClockKind;
typedef void (*TimerCallback)(void *opaque, gint64 now);

/* Host time of a baseless clock at virtual time 0, unless clock_set_epoch()
 * changed it: 2000-01-01 00:00:00 UTC. */
#define CLOCK_TEST_EPOCH (946684800 * G_GINT64_CONSTANT(1000000000))

#define CLOCK_NEVER G_MAXINT64

/* a + b in ns, saturated. */
static inline gint64 clock_add(gint64 a, gint64 b)
{
    gint64 sum;

    return __builtin_add_overflow(a, b, &sum) ? (b < 0 ? G_MININT64 : CLOCK_NEVER) : sum;
}

/* The same for n units of `unit` ns. */
static inline gint64 clock_multiply(gint64 n, gint64 unit)
{
    gint64 ns;

    return __builtin_mul_overflow(n, unit, &ns) ? (n < 0 ? G_MININT64 : CLOCK_NEVER) : ns;
}

/* base NULL: a clock that stands still until clock_advance (unit tests, qtest),
 * and is moved with the machine lock held.  Else the lock (may be NULL) is taken
 * around callbacks.  NULL if the host has no timer descriptor left. */
Clock *clock_new(struct event_base *base, FairLock *lock);
/* To be called after all its timers were freed; accepts NULL. */
void clock_free(Clock *clock);

gint64 clock_now(Clock *clock, ClockKind kind);
/* Starts or stops virtual time. */
void clock_run(Clock *clock, bool running);
/* Sets the virtual time of a stopped clock without firing timers; they keep their
 * deadlines. */
void clock_set(Clock *clock, gint64 now);
/* Whether the clock is baseless, so that only clock_advance moves it. */
bool clock_stands(const Clock *clock);
/* Sets a baseless clock's wall clock time at virtual time 0, in ns since 1970. */
void clock_set_epoch(Clock *clock, gint64 epoch);
/* Moves a baseless clock's virtual time (and the other kinds with it) to `to`,
 * firing timers in order of their deadlines; each callback finds the clock at
 * its own deadline.  Time never goes back. */
void clock_advance(Clock *clock, gint64 to);
/* The same, until at most `timers` timers have fired; true if the clock reached `to`. */
bool clock_advance_some(Clock *clock, gint64 to, guint timers);
/* Earliest deadline of a virtual timer (of a baseless clock: of any timer, in
 * virtual time); -1 if none. */
gint64 clock_deadline(Clock *clock);

/* A timer that is not set; floor: minimum ns from one firing to the next that its
 * callback sets, at least 1.  callback may set, cancel and free it. */
Timer *timer_new(Clock *clock, ClockKind kind, gint64 floor, TimerCallback callback,
                 void *opaque);
void timer_free(Timer *timer);                          /* accepts NULL */
/* Fires once when the kind's time reaches deadline (soon, if it is past), which
 * replaces an earlier setting; later if timer_earliest() is later; never at
 * CLOCK_NEVER. */
void timer_set(Timer *timer, gint64 deadline);
/* The same, `ns` from now. */
void timer_set_after(Timer *timer, gint64 ns);
void timer_cancel(Timer *timer);
bool timer_pending(const Timer *timer);
/* The earliest time at which it could fire if it were set now.  A device with
 * edges to choose from takes the first one after that. */
gint64 timer_earliest(const Timer *timer);

/* For tests: called before each firing.  A NULL observer removes it.  The
 * members that it may read are in timer-heap.h. */
typedef void (*ClockObserver)(void *opaque, const Timer *timer, gint64 now);
void clock_observe(Clock *clock, ClockObserver observer, void *opaque);

#endif
