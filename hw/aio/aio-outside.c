/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests of an AioContext that other threads perform.
 *
 * While there are any, the ring reads an eventfd: so a thread that sleeps until the ring
 * has completions, in the loop or in aio_wait, wakes up for these requests, too.
 */
#include "config.h"
#include "hw/aio/aio.h"

#include <unistd.h>

#include "hw/aio/aio-internal.h"

static void wake_up(AioRequest *wake, int result);

static void want_wake(AioContext *aio)
{
    if (aio->outside && !aio->waking) {
        aio->waking = true;
        aio->wake.done = wake_up;
        aio->wake_iov = (struct iovec){ &aio->wake_count, sizeof(aio->wake_count) };
        aio_readv(aio, &aio->wake, aio->wake_fd, &aio->wake_iov, 1, 0);
    }
}

static AioRequest *take_ended(AioContext *aio)
{
    AioRequest *list;

    g_mutex_lock(&aio->mutex);
    list = aio->ended;
    aio->ended = NULL;
    aio->ended_end = &aio->ended;
    g_mutex_unlock(&aio->mutex);
    return list;
}

static void wake_up(AioRequest *wake, int result)
{
    AioContext *aio = (AioContext *)((char *)wake - G_STRUCT_OFFSET(AioContext, wake));
    AioRequest *list = take_ended(aio);

    aio->waking = false;
    for (AioRequest *i = list; i; i = i->next) {
        aio->outside--;
    }
    want_wake(aio);
    while (list) {
        AioRequest *next = list->next;

        list->done(list, list->offset);
        list = next;
    }
}

void aio_outside_begin(AioContext *aio, AioRequest *request)
{
    aio->outside++;
    want_wake(aio);
}

void aio_outside_end(AioContext *aio, AioRequest *request, int result)
{
    static const guint64 one = 1;
    int fd = aio->wake_fd;

    request->offset = result;
    request->next = NULL;
    g_mutex_lock(&aio->mutex);
    *aio->ended_end = request;
    aio->ended_end = &request->next;
    g_mutex_unlock(&aio->mutex);
    /* Fails only where the counter is full, and then the read ends anyway. */
    if (write(fd, &one, sizeof(one)) < 0) {
        return;
    }
}
