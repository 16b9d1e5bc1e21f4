/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Polling instead of sleeping: for a while after its last request, a busy thread
 * polls for the next one.  The other side then need not signal, which would cost
 * a virtual machine an exit, and the thread need not be woken, which would cost
 * the host more than many requests.
 */
#include "config.h"
#include "hw/aio/aio.h"

#include <event2/event.h>

#include "hw/aio/aio-internal.h"

/* After this time, descriptors without poll ops have their turn. */
#define SPIN_MAX (1000 * 1000)

/* Rounds between two reads of the clock. */
enum { ROUNDS = 16 };

/* Turns the signals of all watches on or off; true: there was something to do. */
static bool set_notify(AioContext *aio, bool on)
{
    bool any = false;

    for (GList *i = aio->polled.head; i; i = i->next) {
        const AioWatch *watch = i->data;

        if (watch->poll->notify(watch->opaque, on) && on) {
            watch->handler(watch->opaque);
            any = true;
        }
    }
    return any;
}

static bool look(AioContext *aio)
{
    bool any = aio_has_completions(aio);

    for (GList *i = aio->polled.head; i; i = i->next) {
        const AioWatch *watch = i->data;

        if (watch->poll->ready(watch->opaque)) {
            watch->handler(watch->opaque);
            any = true;
        }
    }
    if (any) {
        aio_turn(aio);
    }
    return any;
}

bool aio_spin(AioContext *aio, gint64 ns)
{
    gint64 start = aio_now(), last = start, now = start;
    bool any = false;

    if (!aio->polled.head) {
        return false;
    }
    aio->spinning = true;
    set_notify(aio, false);
    while (now - last < ns && now - start < SPIN_MAX && !g_atomic_int_get(&aio->n_calls)) {
        bool found = false;

        for (guint i = 0; i < ROUNDS; i++) {
            found |= look(aio);
        }
        now = aio_now();
        if (found) {
            last = now;
            any = true;
        }
    }
    any |= set_notify(aio, true);
    aio->spinning = false;
    /* Submits what the last handlers queued. */
    aio_turn(aio);
    return any;
}

gint64 aio_sleep(AioContext *aio)
{
    gint64 start = aio_now();

    aio->woke = 0;
    aio->asleep = true;
    event_base_loop(aio->base, EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY);
    aio_awake(aio);
    return aio->woke - start;
}
