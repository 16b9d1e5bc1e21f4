/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AioContexts: requests, delays, tasks, and what other threads want; a context
 * without loop, and those of iothreads.
 */
#include "config.h"
#include "hw/aio/aio.h"

#include <errno.h>
#include <event2/thread.h>
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "hw/aio/iothread.h"
#include "qom/qapi-objects-iothread.h"
#include "tests/lib/rig.h"

typedef struct {
    AioRequest aio;
    struct iovec iov;
    guint32 value;
    int result;
    bool done;
    guint *order;               /* counts completions */
    guint place;                /* among them */
} Request;

static void request_done(AioRequest *aio, int result)
{
    Request *request = (Request *)aio;

    g_assert_false(request->done);
    request->done = true;
    request->result = result;
    request->place = request->order ? (*request->order)++ : 0;
}

static Request *request_init(Request *request)
{
    request->aio.done = request_done;
    request->iov = (struct iovec){ &request->value, sizeof(request->value) };
    request->done = false;
    return request;
}

static int temporary_file(void)
{
    char name[] = "/tmp/test-hw-aio-XXXXXX";
    int fd = g_mkstemp(name);

    g_assert_cmpint(fd, >=, 0);
    unlink(name);
    return fd;
}

static AioContext *context(void)
{
    g_autoptr(GError) error = NULL;
    AioContext *aio = aio_context_new(NULL, &error);

    g_assert_no_error(error);
    return aio;
}

static bool need_ring(AioContext *aio)
{
    g_autoptr(GError) error = NULL;

    if (!aio_enable_io(aio, &error)) {
        g_test_skip(error->message);
        return false;
    }
    return true;
}

static gint64 now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * G_GINT64_CONSTANT(1000000000) + now.tv_nsec;
}

/* More requests than the ring and its completions have room for. */
static void test_many(void)
{
    enum { N = 2000 };
    g_autofree Request *requests = g_new0(Request, N);
    AioContext *aio = context();
    int fd = temporary_file();

    if (need_ring(aio)) {
        for (guint i = 0; i < N; i++) {
            request_init(&requests[i])->value = i * 7;
            aio_writev(aio, &requests[i].aio, fd, &requests[i].iov, 1, i * 4, 0);
        }
        while (aio_poll(aio, true)) {
            continue;
        }
        for (guint i = 0; i < N; i++) {
            g_assert_true(requests[i].done);
            g_assert_cmpint(requests[i].result, ==, 4);
            request_init(&requests[i])->value = 0;
            aio_readv(aio, &requests[i].aio, fd, &requests[i].iov, 1, i * 4);
            g_assert_false(requests[i].done);
        }
        while (aio_poll(aio, true)) {
            continue;
        }
        for (guint i = 0; i < N; i++) {
            g_assert_cmpint(requests[i].result, ==, 4);
            g_assert_cmpuint(requests[i].value, ==, i * 7);
        }
    }
    close(fd);
    aio_context_free(aio);
}

static void test_errors(void)
{
    AioContext *aio = context();
    Request bad = { .order = NULL }, sync = { .order = NULL };

    if (need_ring(aio)) {
        aio_readv(aio, &request_init(&bad)->aio, -1, &bad.iov, 1, 0);
        aio_fsync(aio, &request_init(&sync)->aio, -1, true);
        while (aio_poll(aio, true)) {
            continue;
        }
        g_assert_cmpint(bad.result, ==, -EBADF);
        g_assert_cmpint(sync.result, ==, -EBADF);
    }
    aio_context_free(aio);
}

static bool is_done(void *opaque)
{
    return ((Request *)opaque)->done;
}

static void test_delays(void)
{
    AioContext *aio = context();
    guint order = 0;
    Request late = { .order = &order }, early = { .order = &order }, never = { .order = &order };
    gint64 now = now_ns();

    aio_delay(aio, &request_init(&late)->aio, now + 20000000);
    aio_delay(aio, &request_init(&early)->aio, now + 10000000);
    aio_delay(aio, &request_init(&never)->aio, G_MAXINT64 - 1);
    while (!late.done) {
        aio_poll(aio, false);
        if (early.done) {
            g_assert_cmpint(now_ns(), >=, now + 10000000);
        }
    }
    g_assert_cmpint(now_ns(), >=, now + 20000000);
    g_assert_cmpuint(early.place, ==, 0);
    g_assert_cmpuint(late.place, ==, 1);
    g_assert_false(never.done);
    aio_wait(aio, is_done, &never);
    g_assert_true(never.done);
    aio_context_free(aio);
}

static void note_then(void *opaque)
{
    ((Request *)opaque)->order = NULL;
}

/* What does not come in time can still be waited for, and told of. */
static void test_deadlines(void)
{
    AioContext *aio = context();
    guint order = 0;
    Request request = { .order = &order };
    char byte;
    struct iovec iov = { &byte, 1 };
    int pipes[2];

    if (!need_ring(aio)) {
        aio_context_free(aio);
        return;
    }
    g_assert_cmpint(pipe(pipes), ==, 0);
    aio_readv(aio, &request_init(&request)->aio, pipes[0], &iov, 1, -1);
    g_assert_false(aio_wait_until(aio, is_done, &request, g_get_monotonic_time() + 1000));
    g_assert_false(aio_wait_until(aio, is_done, &request, 0));
    aio_when(aio, is_done, note_then, &request);
    while (aio_poll(aio, false)) {
        continue;
    }
    g_assert_nonnull(request.order);
    g_assert_cmpint(write(pipes[1], "x", 1), ==, 1);
    g_assert_true(aio_wait_until(aio, is_done, &request,
                                 g_get_monotonic_time() + 60 * G_TIME_SPAN_SECOND));
    g_assert_cmpint(request.result, ==, 1);
    g_assert_null(request.order);
    close(pipes[0]);
    close(pipes[1]);
    aio_context_free(aio);
}

typedef struct {
    AioTask task;
    guint runs;
} Task;

static void run_task(AioTask *task)
{
    ((Task *)task)->runs++;
}

/* Requests that another thread does. */
typedef struct {
    AioContext *aio;
    Request requests[3];
} Outside;

static void *end_outside(void *opaque)
{
    Outside *o = opaque;

    g_usleep(1000);
    aio_outside_end(o->aio, &o->requests[1].aio, 7);
    g_usleep(1000);
    aio_outside_end(o->aio, &o->requests[0].aio, -EIO);
    aio_outside_end(o->aio, &o->requests[2].aio, 0);
    return NULL;
}

static bool all_ended(void *opaque)
{
    const Outside *o = opaque;

    return o->requests[0].done && o->requests[1].done && o->requests[2].done;
}

/* Who waits for the context waits for them, once and again. */
static void test_outside(void)
{
    Outside o = { .aio = context() };

    if (!need_ring(o.aio)) {
        return;
    }
    for (guint round = 0; round < 3; round++) {
        guint order = 0;
        GThread *thread;

        for (guint i = 0; i < 3; i++) {
            request_init(&o.requests[i])->order = &order;
            aio_outside_begin(o.aio, &o.requests[i].aio);
        }
        thread = g_thread_new("outside", end_outside, &o);
        aio_wait(o.aio, all_ended, &o);
        g_thread_join(thread);
        g_assert_cmpint(o.requests[0].result, ==, -EIO);
        g_assert_cmpint(o.requests[1].result, ==, 7);
        g_assert_cmpuint(o.requests[1].place, ==, 0);
        g_assert_cmpuint(o.requests[2].place, ==, 2);
    }
    while (aio_poll(o.aio, false)) {
        continue;
    }
    aio_context_free(o.aio);
}

static void test_tasks(void)
{
    AioContext *aio = context();
    Task task = { .task.run = run_task };

    for (guint i = 0; i < 5; i++) {
        aio_schedule(aio, &task.task);
    }
    g_assert_cmpuint(task.runs, ==, 0);
    aio_poll(aio, false);
    g_assert_cmpuint(task.runs, ==, 1);
    aio_poll(aio, false);
    g_assert_cmpuint(task.runs, ==, 1);
    aio_schedule(aio, &task.task);
    aio_poll(aio, false);
    g_assert_cmpuint(task.runs, ==, 2);
    aio_context_free(aio);
}

/* ---- iothreads ---- */

typedef struct {
    AioContext *aio;
    GThread *thread;
    Request request;
    int fd;
    gint watched;
    GMutex mutex;
    GCond cond;
} Other;

static void note_thread(void *opaque)
{
    ((Other *)opaque)->thread = g_thread_self();
}

static void start_write(void *opaque)
{
    Other *other = opaque;

    g_assert_true(aio_mine(other->aio));
    aio_writev(other->aio, &request_init(&other->request)->aio, other->fd, &other->request.iov, 1,
               0, 0);
}

static void start_delay(void *opaque)
{
    Other *other = opaque;

    aio_delay(other->aio, &request_init(&other->request)->aio, G_MAXINT64 - 1);
}

static void on_watch(void *opaque)
{
    Other *other = opaque;

    g_mutex_lock(&other->mutex);
    other->watched++;
    g_cond_signal(&other->cond);
    g_mutex_unlock(&other->mutex);
}

static void wait_watched(Other *other, gint n)
{
    g_mutex_lock(&other->mutex);
    while (other->watched < n) {
        g_cond_wait(&other->cond, &other->mutex);
    }
    g_mutex_unlock(&other->mutex);
}

static void test_iothread(void)
{
    g_autoptr(Rig) rig = rig_new();
    Object *iothread = rig_object(rig, "iothread", "io0", NULL, NULL);
    Other other = { .fd = temporary_file() };
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    AioWatch *watch;

    other.aio = iothread_aio(to_iothread(iothread));
    g_assert_cmpint(iothread_thread_id(to_iothread(iothread)), !=, gettid());
    g_assert_false(aio_mine(other.aio));
    aio_run_wait(other.aio, note_thread, &other);
    g_assert_true(other.thread != g_thread_self());

    aio_run(other.aio, start_delay, &other);
    aio_wait(other.aio, is_done, &other.request);
    g_assert_true(other.request.done);
    if (need_ring(other.aio)) {
        aio_run_wait(other.aio, start_write, &other);
        aio_wait(other.aio, is_done, &other.request);
        g_assert_cmpint(other.request.result, ==, 4);
    }

    watch = aio_watch(other.aio, fd, on_watch, &other);
    for (gint i = 1; i <= 3; i++) {
        g_assert_cmpint(eventfd_write(fd, 1), ==, 0);
        wait_watched(&other, i);
    }
    aio_unwatch(watch);
    eventfd_write(fd, 1);
    aio_run_wait(other.aio, note_thread, &other);
    g_assert_cmpint(other.watched, ==, 3);
    close(fd);
    close(other.fd);
}

/* ---- Looking instead of sleeping ---- */

typedef struct {
    guint wanted;               /* how often the handler shall be called */
    guint called;
    guint on, off;              /* calls of notify */
    bool late;                  /* something came while signals were off */
} Polled;

static void polled_handler(void *opaque)
{
    ((Polled *)opaque)->called++;
}

static bool polled_ready(void *opaque)
{
    const Polled *p = opaque;

    return p->called < p->wanted;
}

static bool polled_notify(void *opaque, bool on)
{
    Polled *p = opaque;

    p->on += on;
    p->off += !on;
    return on && p->late;
}

static const AioPollOps polled_ops = { .ready = polled_ready, .notify = polled_notify };

static void test_spin(void)
{
    AioContext *aio = context();
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    Polled p = { .wanted = 3 };
    AioWatch *watch = aio_watch(aio, fd, polled_handler, &p);
    gint64 start;

    g_assert_false(aio_spin(aio, G_MAXINT64 / 2));
    aio_watch_poll(watch, &polled_ops);
    g_assert_true(aio_spin(aio, 1000));
    g_assert_cmpuint(p.called, ==, 3);
    g_assert_cmpuint(p.on, ==, 1);
    g_assert_cmpuint(p.off, ==, 1);
    g_assert_false(aio_spin(aio, 1000));
    p.late = true;
    g_assert_true(aio_spin(aio, 1000));
    g_assert_cmpuint(p.called, ==, 4);
    /* Never for long, whatever comes. */
    p.late = false;
    p.wanted = G_MAXUINT;
    start = now_ns();
    g_assert_true(aio_spin(aio, G_MAXINT64 / 2));
    g_assert_cmpint(now_ns() - start, >=, 1000000);
    aio_unwatch(watch);
    g_assert_false(aio_spin(aio, 1000));
    close(fd);
    aio_context_free(aio);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    evthread_use_pthreads();
    g_test_add_func("/aio/many", test_many);
    g_test_add_func("/aio/errors", test_errors);
    g_test_add_func("/aio/delays", test_delays);
    g_test_add_func("/aio/deadlines", test_deadlines);
    g_test_add_func("/aio/outside", test_outside);
    g_test_add_func("/aio/tasks", test_tasks);
    g_test_add_func("/aio/iothread", test_iothread);
    g_test_add_func("/aio/spin", test_spin);
    return g_test_run();
}
