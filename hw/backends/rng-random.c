/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rng-random: bytes read from a device of the host.  Requests are served in
 * order, each with the result of one read; while there is nothing to read they
 * wait for the main loop.  A regular file is read by a thread (file-reader.h).
 */
#include "config.h"
#include "hw/backends/rng.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hw/aio/fdset.h"
#include "hw/aio/file-reader.h"
#include "qmp/error.h"
#include "qom/env.h"
#include "qom/qapi-objects-virtio.h"

struct RngRandom {
    Object object;
    int fd;                     /* -1: not open, or the reader's */
    FileReader *reader;         /* of a regular file, or NULL */
    struct event *event;        /* there may be bytes; NULL without a loop */
    GQueue requests;            /* of RngRequest */
    bool serving;
    bool failed;                /* already logged */
};

static void take_out(RngRandom *s, RngRequest *request)
{
    g_queue_unlink(&s->requests, &request->link);
    request->waiting = false;
}

/* Serves the first request; false if there are no bytes now. */
static bool serve_one(RngRandom *s)
{
    RngRequest *request = s->requests.head->data;
    guint8 data[RNG_REQUEST_MAX];
    const gsize size = MIN(request->size, sizeof(data));
    gssize n = s->reader ? file_reader_take(s->reader, data, size) : read(s->fd, data, size);

    if (n <= 0) {
        if (!s->failed && (n == 0 || (errno != EAGAIN && errno != EINTR))) {
            s->failed = true;
            g_warning("rng-random '%s' has no more bytes: %s", s->object.name,
                      n ? g_strerror(errno) : "end of file");
        }
        return false;
    }
    take_out(s, request);
    request->receive(request, data, n);
    return true;
}

/* A receiver may request again, which must not recurse. */
static void serve(RngRandom *s)
{
    if (s->serving) {
        return;
    }
    s->serving = true;
    while (s->requests.head && serve_one(s)) {
    }
    s->serving = false;
    if (s->requests.head && s->event && !s->reader && !s->failed) {
        event_add(s->event, NULL);
    }
}

static void on_readable(evutil_socket_t fd, short what, void *opaque)
{
    RngRandom *s = opaque;
    const Env *env = object_env(&s->object);

    if (env->lock) {
        env->lock(env);
    }
    serve(s);
    if (env->unlock) {
        env->unlock(env);
    }
}

static void random_request(Object *backend, RngRequest *request)
{
    RngRandom *s = to_rng_random(backend);

    request->link = (GList){ .data = request };
    request->waiting = true;
    g_queue_push_tail_link(&s->requests, &request->link);
    serve(s);
}

static void random_cancel(Object *backend, RngRequest *request)
{
    take_out(to_rng_random(backend), request);
}

/* ---- Life ---- */

static void random_init(Object *obj)
{
    to_rng_random(obj)->fd = -1;
}

/* Reads of a regular file may block indefinitely. */
static bool make_reader(RngRandom *s, GError **error)
{
    struct stat st;

    if (fstat(s->fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        return true;
    }
    s->reader = file_reader_new(s->fd, error);
    if (s->reader) {
        s->fd = -1;
    }
    return s->reader != NULL;
}

static void random_release(Object *obj)
{
    RngRandom *s = to_rng_random(obj);

    file_reader_free(g_steal_pointer(&s->reader));
    if (s->fd >= 0) {
        close(s->fd);
        s->fd = -1;
    }
}

static bool random_prepare(Object *obj, GError **error)
{
    RngRandom *s = to_rng_random(obj);
    const RngRandomProps *props = rng_random_props(obj);

    s->fd = fdset_open(props->filename, O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0);
    if (s->fd < 0) {
        qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, errno, "cannot open '%s'",
                            props->filename);
        qmp_error_blame(error, "filename");
        return false;
    }
    if (!make_reader(s, error)) {
        random_release(obj);
        return false;
    }
    return true;
}

/* On the reader's thread. */
static void reader_moved(void *opaque)
{
    event_active(to_rng_random(opaque)->event, 0, 0);
}

static bool random_complete(Object *obj, GError **error)
{
    RngRandom *s = to_rng_random(obj);
    const Env *env = object_env(obj);

    if (!env || !env->base) {
        return true;
    }
    s->event = event_new(env->base, s->fd, s->reader ? 0 : EV_READ, on_readable, s);
    if (!s->event) {
        qmp_error_set(error, ERROR_REASON_HOST_ERROR, "cannot create an event");
        return false;
    }
    if (s->reader) {
        file_reader_watch(s->reader, reader_moved, s);
    }
    return true;
}

static void random_dismantle(Object *obj)
{
    RngRandom *s = to_rng_random(obj);

    if (s->reader) {
        file_reader_watch(s->reader, NULL, NULL);
    }
    g_clear_pointer(&s->event, event_free);
}

const TypeInfo rng_random_type = {
    .schema = &qmp_class_rng_random,
    .size = sizeof(RngRandom),
    .object = &(const ObjectOps){
        .init = random_init,
        .prepare = random_prepare,
        .release = random_release,
        .complete = random_complete,
        .dismantle = random_dismantle,
    },
    .kind = &(const RngOps){
        .request = random_request,
        .cancel = random_cancel,
    },
};
