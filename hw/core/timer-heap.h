/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pending timers of one kind of clock: a binary heap, earliest deadline first,
 * and of equal deadlines the one that was set first.  Private to clock.c,
 * timer-heap.c and timer-state.c; callers hold the machine lock.
 */
#ifndef HW_CORE_TIMER_HEAP_H
#define HW_CORE_TIMER_HEAP_H

#include "hw/core/clock.h"

enum { TIMER_IDLE = -1 };

struct Timer {
    Clock *clock;
    ClockKind kind;
    TimerCallback callback;
    void *opaque;
    gint64 floor;
    gint64 fired;               /* when it last fired; G_MININT64: never */
    bool repeats;               /* set by its own callback */
    gint64 deadline;
    guint64 order;              /* order of setting, among equal deadlines */
    int place;                  /* in the heap, or TIMER_IDLE */
};

void timer_heap_insert(GPtrArray *heap, Timer *timer);
void timer_heap_remove(GPtrArray *heap, Timer *timer);
/* The earliest one, or NULL. */
Timer *timer_heap_first(const GPtrArray *heap);

#endif
