/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ThrottlePoint: see throttle-point.h.
 */
#include "config.h"
#include "hw/block/throttle-point.h"

#include <time.h>

#include "hw/block/block.h"
#include "hw/block/throttle-group.h"

void throttle_point_init(ThrottlePoint *point)
{
    g_mutex_init(&point->mutex);
}

void throttle_point_clear(ThrottlePoint *point)
{
    g_mutex_clear(&point->mutex);
}

void throttle_point_set(ThrottlePoint *point, ThrottleGroup *group)
{
    g_mutex_lock(&point->mutex);
    __atomic_store_n(&point->group, group, __ATOMIC_RELAXED);
    g_mutex_unlock(&point->mutex);
}

/* When the request may start. */
static gint64 admit(ThrottlePoint *point, bool write, guint64 bytes, gint64 now)
{
    gint64 when = now;

    g_mutex_lock(&point->mutex);
    if (point->group) {
        when = throttle_group_admit(point->group, write, bytes, now);
    }
    g_mutex_unlock(&point->mutex);
    return when;
}

bool throttle_point_enter(ThrottlePoint *point, BlockRequest *request, bool write,
                          void (*then)(AioRequest *io, int result))
{
    struct timespec time;
    gint64 now, when;

    if (!__atomic_load_n(&point->group, __ATOMIC_RELAXED)) {
        return true;
    }
    clock_gettime(CLOCK_MONOTONIC, &time);
    now = time.tv_sec * G_GINT64_CONSTANT(1000000000) + time.tv_nsec;
    when = admit(point, write, request->bytes, now);
    if (when > now) {
        request->io.done = then;
        aio_delay(request->aio, &request->io, when);
    }
    return when <= now;
}
