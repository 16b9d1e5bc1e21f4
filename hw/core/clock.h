/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Clocks and timers.  Time is nanoseconds as gint64: signed, and what does not fit
 * stays at its end.  The last number is CLOCK_NEVER, which no timer waits for.
 *
 *   CLOCK_KIND_VIRTUAL  runs while the machine runs, starts at 0
 *   CLOCK_KIND_REAL     monotonic host time
 *   CLOCK_KIND_HOST     wall clock, since 1970
 *
 * Each timer has a floor, said where it is made: one that its own callback sets
 * again fires no sooner than that after the last time.  So whatever period a guest
 * requests, a timer that goes on by itself never has the host for itself.  A timer
 * that somebody else sets (a guest, by an access that costs it its time) may fire
 * sooner, but never twice at one time.
 *
 * Timer callbacks run on the main loop's thread with the machine lock held and
 * get `now`.  A test makes a Clock without event base and moves it by hand.
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

/* Host time of a baseless clock at virtual time 0, unless clock_set_epoch() said
 * another: 2000-01-01 00:00:00 UTC. */
#define CLOCK_TEST_EPOCH (946684800 * G_GINT64_CONSTANT(1000000000))

#define CLOCK_NEVER G_MAXINT64

/* a + b in ns, or the end of time that lies in that direction. */
static inline gint64 clock_add(gint64 a, gint64 b)
{
    gint64 sum;

    return __builtin_add_overflow(a, b, &sum) ? (b < 0 ? G_MININT64 : CLOCK_NEVER) : sum;
}

/* The same for n units of so many ns. */
static inline gint64 clock_multiply(gint64 n, gint64 unit)
{
    gint64 ns;

    return __builtin_mul_overflow(n, unit, &ns) ? (n < 0 ? G_MININT64 : CLOCK_NEVER) : ns;
}

/* base NULL: a clock that stands still until clock_advance (unit tests, qtest),
 * and is moved with the machine lock held.  Else the lock (may be NULL) is taken
 * around callbacks.  NULL if the host has no timer descriptor left. */
Clock *clock_new(struct event_base *base, FairLock *lock);
/* After all its timers were freed; accepts NULL. */
void clock_free(Clock *clock);

gint64 clock_now(Clock *clock, ClockKind kind);
/* Lets virtual time run or stand. */
void clock_run(Clock *clock, bool running);
/* Sets the virtual time of a clock that does not run, firing nothing; its timers stay set
 * for the times that they were. */
void clock_set(Clock *clock, gint64 now);
/* Whether it is a baseless one, which only clock_advance moves. */
bool clock_stands(const Clock *clock);
/* What a baseless clock's wall clock says at virtual time 0, in ns since 1970. */
void clock_set_epoch(Clock *clock, gint64 epoch);
/* Moves a baseless clock's virtual time (and the other kinds with it) to `to`,
 * firing timers in order of their deadlines; each callback finds the clock at
 * its own deadline.  Time never goes back. */
void clock_advance(Clock *clock, gint64 to);
/* The same, until at most so many timers have fired; true if the clock arrived. */
bool clock_advance_some(Clock *clock, gint64 to, guint timers);
/* Earliest deadline of a virtual timer, of a baseless clock that of any kind in
 * virtual time; -1 if none. */
gint64 clock_deadline(Clock *clock);

/* A timer that is not set; floor: ns from one firing to the next that its callback
 * asks for, at least 1.  callback may set, cancel and free it. */
Timer *timer_new(Clock *clock, ClockKind kind, gint64 floor, TimerCallback callback,
                 void *opaque);
void timer_free(Timer *timer);                          /* accepts NULL */
/* Fires once when kind's time reaches deadline (soon, if it has), in place of an
 * earlier setting; later if timer_earliest() is later; never at CLOCK_NEVER. */
void timer_set(Timer *timer, gint64 deadline);
/* The same, so many ns from now. */
void timer_set_after(Timer *timer, gint64 ns);
void timer_cancel(Timer *timer);
bool timer_pending(const Timer *timer);
/* The time before which it would not fire if it were set now.  A device with
 * edges to choose from takes the first one after that. */
gint64 timer_earliest(const Timer *timer);

/* For tests: told of each firing before it happens.  A NULL observer ends it.
 * What they may look at is in timer-heap.h. */
typedef void (*ClockObserver)(void *opaque, const Timer *timer, gint64 now);
void clock_observe(Clock *clock, ClockObserver observer, void *opaque);

#endif
