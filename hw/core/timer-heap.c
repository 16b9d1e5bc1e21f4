/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The heap of hw/core/timer-heap.h in a pointer array: the children of index i
 * are at 2i+1 and 2i+2.  Each timer knows its index, so that cancelling one is
 * as cheap as setting it.
 */
#include "config.h"
#include "hw/core/timer-heap.h"

static bool earlier(const Timer *a, const Timer *b)
{
    return a->deadline < b->deadline || (a->deadline == b->deadline && a->order < b->order);
}

static Timer *at(const GPtrArray *heap, guint place)
{
    return heap->pdata[place];
}

static void put(GPtrArray *heap, guint place, Timer *timer)
{
    heap->pdata[place] = timer;
    timer->place = place;
}

/* Moves the timer at place towards the root until the heap is in order. */
static void rise(GPtrArray *heap, guint place)
{
    Timer *timer = at(heap, place);

    while (place && earlier(timer, at(heap, (place - 1) / 2))) {
        put(heap, place, at(heap, (place - 1) / 2));
        place = (place - 1) / 2;
    }
    put(heap, place, timer);
}

static void sink(GPtrArray *heap, guint place)
{
    Timer *timer = at(heap, place);

    for (;;) {
        guint child = 2 * place + 1;

        if (child + 1 < heap->len && earlier(at(heap, child + 1), at(heap, child))) {
            child++;
        }
        if (child >= heap->len || !earlier(at(heap, child), timer)) {
            break;
        }
        put(heap, place, at(heap, child));
        place = child;
    }
    put(heap, place, timer);
}

void timer_heap_insert(GPtrArray *heap, Timer *timer)
{
    g_ptr_array_add(heap, timer);
    rise(heap, heap->len - 1);
}

void timer_heap_remove(GPtrArray *heap, Timer *timer)
{
    guint place = timer->place;
    Timer *last = at(heap, heap->len - 1);

    g_ptr_array_set_size(heap, heap->len - 1);
    timer->place = TIMER_IDLE;
    if (last != timer) {
        put(heap, place, last);
        sink(heap, place);
        rise(heap, last->place);
    }
}

Timer *timer_heap_first(const GPtrArray *heap)
{
    return heap->len ? at(heap, 0) : NULL;
}
