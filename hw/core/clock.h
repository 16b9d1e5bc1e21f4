/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Clocks and timers.  Time is nanoseconds as gint64.
 *
 *   CLOCK_KIND_VIRTUAL  runs while the machine runs, starts at 0
 *   CLOCK_KIND_REAL     monotonic host time
 *   CLOCK_KIND_HOST     wall clock, since 1970
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

struct event_base;
typedef struct Clock Clock;
typedef struct Timer Timer;

typedef enum { CLOCK_KIND_VIRTUAL, CLOCK_KIND_REAL, CLOCK_KIND_HOST, CLOCK_N_KINDS } ClockKind;
typedef void (*TimerCallback)(void *opaque, gint64 now);

/* Host time of a baseless clock at virtual time 0: 2000-01-01 00:00:00 UTC. */
#define CLOCK_TEST_EPOCH (946684800 * G_GINT64_CONSTANT(1000000000))

/* base NULL: a clock that stands still until clock_advance (unit tests, qtest),
 * and is moved with the machine lock held.  Else lock and unlock (may be NULL)
 * are taken around callbacks.  NULL if the host has no timer descriptor left. */
Clock *clock_new(struct event_base *base, void (*lock)(void *), void (*unlock)(void *),
                 void *lock_opaque);
/* After all its timers were freed; accepts NULL. */
void clock_free(Clock *clock);

gint64 clock_now(Clock *clock, ClockKind kind);
/* Lets virtual time run or stand. */
void clock_run(Clock *clock, bool running);
/* Whether it is a baseless one, which only clock_advance moves. */
bool clock_stands(const Clock *clock);
/* Moves a baseless clock's virtual time (and the other kinds with it) to `to`,
 * firing timers in order of their deadlines; each callback finds the clock at
 * its own deadline.  Time never goes back. */
void clock_advance(Clock *clock, gint64 to);
/* The same, until at most so many timers have fired; true if the clock arrived. */
bool clock_advance_some(Clock *clock, gint64 to, guint timers);
/* Earliest deadline of a virtual timer, of a baseless clock that of any kind in
 * virtual time; -1 if none. */
gint64 clock_deadline(Clock *clock);

/* A timer that is not set.  callback may set, cancel and free it. */
Timer *timer_new(Clock *clock, ClockKind kind, TimerCallback callback, void *opaque);
void timer_free(Timer *timer);                          /* accepts NULL */
/* Fires once when kind's time reaches deadline (soon, if it has), in place of
 * an earlier setting. */
void timer_set(Timer *timer, gint64 deadline);
void timer_cancel(Timer *timer);
bool timer_pending(const Timer *timer);

#endif
