/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ring of an AioContext: requests in, completions out.
 *
 * A request waits in `pending` until the turn ends, so that one system call
 * submits what all handlers queued, and so that the kernel never has more
 * requests than the completion queue has room for.  The loop watches the ring's
 * own descriptor, which is readable while there are completions: no eventfd has
 * to be written and read for them.  Requests that the kernel completes within
 * the submitting call are handled in the same turn.
 */
#include "config.h"
#include "hw/aio/aio.h"

#include <errno.h>
#include <event2/event.h>
#include <linux/fs.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "hw/aio/aio-internal.h"
#include "qmp/error.h"

enum {
    RING_ENTRIES = 256,
    RING_MAX_IN_FLIGHT = 2 * RING_ENTRIES,      /* the completion queue's size */
    TURN_MAX_ROUNDS = 8,        /* then other handlers of the loop run */
};

enum { OP_READV, OP_WRITEV, OP_FSYNC, OP_FALLOCATE };

/* ---- Lists ---- */

static void list_insert_after(AioList *list, AioRequest *request, AioRequest *prev)
{
    AioRequest *next = prev ? prev->next : list->head;

    request->prev = prev;
    request->next = next;
    *(prev ? &prev->next : &list->head) = request;
    *(next ? &next->prev : &list->tail) = request;
}

static AioRequest *list_take_head(AioList *list)
{
    AioRequest *request = list->head;

    list->head = request->next;
    *(list->head ? &list->head->prev : &list->tail) = NULL;
    return request;
}

/* ---- Ring ---- */

static int open_ring(struct io_uring *ring)
{
    /* Completions need not interrupt the thread: it checks for them at the end
     * of each turn, and they end its sleep anyway. */
    struct io_uring_params params = {
        .flags = IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG,
    };
    int ret = io_uring_queue_init_params(RING_ENTRIES, ring, &params);

    if (ret == -EINVAL) {
        params = (struct io_uring_params){ .flags = 0 };
        ret = io_uring_queue_init_params(RING_ENTRIES, ring, &params);
    }
    return ret;
}

static void ring_ready(evutil_socket_t fd, short what, void *opaque)
{
    aio_awake(opaque);
    aio_turn(opaque);
}

bool aio_ring_open(AioContext *aio, GError **error)
{
    int ret;

    if (aio->ring_ready) {
        return true;
    }
    if (!aio_library_load(error)) {
        return false;
    }
    ret = open_ring(&aio->ring);
    if (ret < 0) {
        qmp_error_set_errno(error, ERROR_REASON_NOT_SUPPORTED, -ret,
                            "the host denies io_uring, which disks need (sysctl "
                            "kernel.io_uring_disabled, seccomp filter or memlock limit)");
        return false;
    }
    aio->wake_fd = eventfd(0, EFD_CLOEXEC);
    if (aio->wake_fd < 0) {
        io_uring_queue_exit(&aio->ring);
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno,
                            "cannot make the events of a data path");
        return false;
    }
    if (aio->base) {
        aio->ring_event = event_new(aio->base, aio->ring.ring_fd, EV_READ | EV_PERSIST, ring_ready,
                                    aio);
        if (!aio->ring_event || event_add(aio->ring_event, NULL) < 0) {
            g_clear_pointer(&aio->ring_event, event_free);
            io_uring_queue_exit(&aio->ring);
            close(aio->wake_fd);
            aio->wake_fd = -1;
            qmp_error_set(error, ERROR_REASON_HOST_ERROR, "cannot watch an io_uring");
            return false;
        }
    }
    aio->ring_ready = true;
    return true;
}

void aio_ring_close(AioContext *aio)
{
    g_clear_pointer(&aio->ring_event, event_free);
    if (aio->ring_ready) {
        io_uring_queue_exit(&aio->ring);
        close(aio->wake_fd);
        aio->ring_ready = false;
    }
}

bool aio_ring_wait(AioContext *aio, gint64 deadline)
{
    struct io_uring_cqe *cqe;
    int error;

    do {
        gint64 left = deadline == G_MAXINT64 ? 0 : MAX(deadline - g_get_monotonic_time(), 0);
        struct __kernel_timespec limit = {
            .tv_sec = left / G_TIME_SPAN_SECOND, .tv_nsec = left % G_TIME_SPAN_SECOND * 1000,
        };

        error = deadline == G_MAXINT64 ? io_uring_wait_cqe(&aio->ring, &cqe)
                                       : io_uring_wait_cqe_timeout(&aio->ring, &cqe, &limit);
    } while (error == -EINTR);
    return error != -ETIME;
}

/* ---- Submission ---- */

static void prepare(struct io_uring_sqe *sqe, AioRequest *request)
{
    switch (request->op) {
    case OP_READV:
        io_uring_prep_readv(sqe, request->fd, request->iov, request->n, request->offset);
        break;
    case OP_WRITEV:
        io_uring_prep_writev2(sqe, request->fd, request->iov, request->n, request->offset,
                              request->flags);
        break;
    case OP_FSYNC:
        io_uring_prep_fsync(sqe, request->fd, request->flags);
        break;
    case OP_FALLOCATE:
        io_uring_prep_fallocate(sqe, request->fd, request->flags, request->offset,
                                request->length);
        break;
    }
    io_uring_sqe_set_flags(sqe, request->aside ? IOSQE_ASYNC : 0);
    io_uring_sqe_set_data(sqe, request);
}

/* Moves pending requests into the ring, as far as there is room. */
static bool submit(AioContext *aio)
{
    bool any = false;

    while (aio->pending.head && aio->in_flight < RING_MAX_IN_FLIGHT) {
        struct io_uring_sqe *sqe = io_uring_get_sqe(&aio->ring);

        if (!sqe) {
            break;
        }
        prepare(sqe, list_take_head(&aio->pending));
        aio->in_flight++;
        any = true;
    }
    /* Requests that the kernel does not take now stay in the ring for the next turn. */
    if (io_uring_sq_ready(&aio->ring)) {
        io_uring_submit(&aio->ring);
    }
    return any;
}

/* Requests a turn soon. */
static void want_turn(AioContext *aio)
{
    if (!aio->turning && !aio->turn_wanted && !aio->spinning) {
        aio->turn_wanted = true;
        if (aio->turn_event) {
            event_active(aio->turn_event, 0, 0);
        }
    }
}

static void queue(AioContext *aio, AioRequest *request)
{
    list_insert_after(&aio->pending, request, aio->pending.tail);
    want_turn(aio);
}

void aio_readv(AioContext *aio, AioRequest *request, int fd, const struct iovec *iov, guint n,
               gint64 offset)
{
    aio_assert(aio);
    request->op = OP_READV;
    request->fd = fd;
    request->iov = iov;
    request->n = n;
    request->offset = offset;
    queue(aio, request);
}

void aio_writev(AioContext *aio, AioRequest *request, int fd, const struct iovec *iov, guint n,
                gint64 offset, int flags)
{
    aio_assert(aio);
    request->op = OP_WRITEV;
    request->fd = fd;
    request->iov = iov;
    request->n = n;
    request->offset = offset;
    request->flags = flags;
    queue(aio, request);
}

void aio_fsync(AioContext *aio, AioRequest *request, int fd, bool data_only)
{
    aio_assert(aio);
    request->op = OP_FSYNC;
    request->fd = fd;
    request->flags = data_only ? IORING_FSYNC_DATASYNC : 0;
    queue(aio, request);
}

void aio_fallocate(AioContext *aio, AioRequest *request, int fd, int mode, gint64 offset,
                   gint64 length)
{
    aio_assert(aio);
    request->op = OP_FALLOCATE;
    request->fd = fd;
    request->flags = mode;
    request->offset = offset;
    request->length = length;
    queue(aio, request);
}

/* ---- Completion ---- */

static bool reap(AioContext *aio)
{
    struct io_uring_cqe *cqe;
    bool any = false;

    while (io_uring_peek_cqe(&aio->ring, &cqe) == 0) {
        AioRequest *request = io_uring_cqe_get_data(cqe);
        int result = cqe->res;

        io_uring_cqe_seen(&aio->ring, cqe);
        aio->in_flight--;
        request->done(request, result);
        any = true;
    }
    return any;
}

/* ---- Delays ---- */

gint64 aio_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * G_GINT64_CONSTANT(1000000000) + now.tv_nsec;
}

static void set_timer(AioContext *aio)
{
    gint64 deadline = aio->delays.head ? aio->delays.head->offset : G_MAXINT64;
    struct itimerspec when = { .it_value = { 0, 0 } };

    if (deadline == aio->timer_deadline) {
        return;
    }
    aio->timer_deadline = deadline;
    if (deadline != G_MAXINT64) {
        when.it_value.tv_sec = deadline / 1000000000;
        when.it_value.tv_nsec = deadline % 1000000000;
    }
    timerfd_settime(aio->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

void aio_delay(AioContext *aio, AioRequest *request, gint64 deadline)
{
    AioRequest *prev = aio->delays.tail;

    aio_assert(aio);
    request->offset = MAX(deadline, 1);
    while (prev && prev->offset > request->offset) {
        prev = prev->prev;
    }
    list_insert_after(&aio->delays, request, prev);
    want_turn(aio);             /* sets the timer */
}

static bool expire(AioContext *aio)
{
    bool all = g_atomic_int_get(&aio->n_waiters) > 0, any = false;
    gint64 now = aio->delays.head ? aio_now() : 0;

    while (aio->delays.head && (all || aio->delays.head->offset <= now)) {
        AioRequest *request = list_take_head(&aio->delays);

        request->done(request, 0);
        any = true;
    }
    return any;
}

/* ---- Turns ---- */

static bool run_tasks(AioContext *aio)
{
    AioTask *task = aio->tasks;
    bool any = task;

    aio->tasks = NULL;
    aio->tasks_end = &aio->tasks;
    while (task) {
        AioTask *next = task->next;

        task->queued = false;
        task->run(task);
        task = next;
    }
    return any;
}

void aio_schedule(AioContext *aio, AioTask *task)
{
    aio_assert(aio);
    if (task->queued) {
        return;
    }
    task->queued = true;
    task->next = NULL;
    *aio->tasks_end = task;
    aio->tasks_end = &task->next;
    want_turn(aio);
}

/* done functions and tasks may queue more; a few rounds of that are one turn. */
static bool rounds(AioContext *aio)
{
    bool more = true, any = false;

    for (guint i = 0; i < TURN_MAX_ROUNDS && more; i++) {
        more = expire(aio);
        if (aio->ring_ready) {
            more |= submit(aio);
            more |= reap(aio);
        }
        more |= run_tasks(aio);
        any |= more;
    }
    return any;
}

bool aio_settled(const AioContext *aio)
{
    return !aio->tasks;
}

/* Whether there is work left that no descriptor will signal. */
static bool unfinished(const AioContext *aio)
{
    return aio->tasks || (aio->delays.head && g_atomic_int_get(&aio->n_waiters)) ||
           (aio->ring_ready && (io_uring_sq_ready(&aio->ring) ||
            (aio->pending.head && aio->in_flight < RING_MAX_IN_FLIGHT)));
}

/* Requests a turn after the loop has polled its descriptors: an event that
 * activates itself would prevent that. */
static void want_turn_later(AioContext *aio)
{
    static const struct timeval now = { 0, 0 };

    aio->turn_wanted = true;
    if (aio->turn_event) {
        event_add(aio->turn_event, &now);
    }
}

/* Mutex held: takes a finished waiter on which no thread sleeps. */
static AioWaiter *take_finished(AioContext *aio)
{
    for (GList *i = aio->waiters.head; i; i = i->next) {
        AioWaiter *waiter = i->data;

        if (waiter->over && waiter->then) {
            g_queue_delete_link(&aio->waiters, i);
            g_atomic_int_add(&aio->n_waiters, -1);
            return waiter;
        }
    }
    return NULL;
}

/* Mutex held, released during each call. */
static void call_finished(AioContext *aio)
{
    AioWaiter *waiter;

    while ((waiter = take_finished(aio))) {
        g_mutex_unlock(&aio->mutex);
        waiter->then(waiter->opaque);
        g_free(waiter);
        g_mutex_lock(&aio->mutex);
    }
}

/* Notifies the waiters whose condition has come true. */
static void check_waiters(AioContext *aio)
{
    bool any = false;

    if (!g_atomic_int_get(&aio->n_waiters)) {
        return;
    }
    g_mutex_lock(&aio->mutex);
    for (GList *i = aio->waiters.head; i; i = i->next) {
        AioWaiter *waiter = i->data;

        waiter->over = waiter->over || waiter->done(waiter->opaque);
        any |= waiter->over;
    }
    if (any) {
        g_cond_broadcast(&aio->cond);
        call_finished(aio);
    }
    g_mutex_unlock(&aio->mutex);
}

bool aio_turn(AioContext *aio)
{
    bool any;

    aio->turning = true;
    aio->turn_wanted = false;
    any = rounds(aio);
    aio->turning = false;
    set_timer(aio);
    if (unfinished(aio)) {
        want_turn_later(aio);
    }
    if (!aio->tasks) {
        check_waiters(aio);
    }
    return any;
}

bool aio_has_completions(const AioContext *aio)
{
    const AioRequest *delay = aio->delays.head;

    return (delay && delay->offset <= aio_now()) ||
           (aio->in_flight && (io_uring_cq_ready(&aio->ring) ||
                               (*aio->ring.sq.kflags & IORING_SQ_TASKRUN)));
}
