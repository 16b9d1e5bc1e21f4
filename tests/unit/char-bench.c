/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bench of char-bench.h.
 */
#include "config.h"
#include "tests/unit/char-bench.h"

#include <event2/event.h>
#include <string.h>

#include "hw/chardev/char-types.h"
#include "qmp/error.h"
#include "qmp/visit.h"
#include "qom/types.h"

static const TypeInfo *const types[] = {
    &chardev_type, &chardev_file_type, &chardev_mux_type, &chardev_null_type,
    &chardev_pipe_type, &chardev_pty_type, &chardev_ringbuf_type, &chardev_socket_type,
    &chardev_stdio_type, &chardev_udp_type, NULL,
};

/* ---- Environment ---- */

static Bench *bench_of(const Env *env)
{
    return env->host;
}

static void bench_lock(const Env *env)
{
    g_mutex_lock(&bench_of(env)->lock);
}

static void bench_unlock(const Env *env)
{
    g_mutex_unlock(&bench_of(env)->lock);
}

static QmpFd *bench_take_fd(const Env *env, const char *name, GError **error)
{
    g_autoptr(QmpFds) fds = qmp_fds_new();
    Bench *b = bench_of(env);
    int fd = b->passed_fd;

    if (fd < 0 || !g_str_equal(name, "fd1")) {
        qmp_error_set(error, ERROR_REASON_FD_NOT_FOUND, "no descriptor '%s' was passed", name);
        return NULL;
    }
    b->passed_fd = -1;
    return qmp_fd_new(fds, 1, fd);
}

Bench *bench_new(void)
{
    static gsize once;
    Bench *b = g_new0(Bench, 1);

    if (g_once_init_enter(&once)) {
        loop_bench_init();
        object_register_types(qom_types);
        object_register_types(types);
        g_once_init_leave(&once, 1);
    }
    g_mutex_init(&b->lock);
    g_cond_init(&b->writable_cond);
    b->base = event_base_new();
    b->env = (Env) { .base = b->base, .host = b, .run = loop_bench_run, .take_fd = bench_take_fd,
                     .lock = bench_lock, .unlock = bench_unlock };
    b->root = object_root_new();
    object_set_env(b->root, &b->env);
    b->dir = loop_bench_make_directory();
    b->passed_fd = -1;
    b->room = 1000000;
    b->received = g_string_new(NULL);
    b->events = g_string_new(NULL);
    return b;
}

void bench_free(Bench *b)
{
    if (b) {
        object_destroy(b->root);
        object_unref(b->root);
        event_base_free(b->base);
        loop_bench_remove_directory(b->dir);
        g_free(b->dir);
        g_string_free(b->received, true);
        g_string_free(b->events, true);
        g_mutex_clear(&b->lock);
        g_cond_clear(&b->writable_cond);
        g_free(b);
    }
}

char *bench_path(const Bench *b, const char *name)
{
    return g_build_filename(b->dir, name, NULL);
}

/* ---- Backends ---- */

ChardevBackend *backend_new(ChardevBackendKind kind)
{
    static const gsize sizes[] = {
        [CHARDEV_BACKEND_KIND_FILE] = sizeof(ChardevFile),
        [CHARDEV_BACKEND_KIND_PIPE] = sizeof(ChardevHostdev),
        [CHARDEV_BACKEND_KIND_SOCKET] = sizeof(ChardevSocket),
        [CHARDEV_BACKEND_KIND_PTY] = sizeof(ChardevCommon),
        [CHARDEV_BACKEND_KIND_NULL] = sizeof(ChardevCommon),
        [CHARDEV_BACKEND_KIND_STDIO] = sizeof(ChardevStdio),
        [CHARDEV_BACKEND_KIND_RINGBUF] = sizeof(ChardevRingbuf),
        [CHARDEV_BACKEND_KIND_MEMORY] = sizeof(ChardevRingbuf),
        [CHARDEV_BACKEND_KIND_UDP] = sizeof(ChardevUdp),
        [CHARDEV_BACKEND_KIND_MUX] = sizeof(ChardevMux),
    };
    ChardevBackend *backend = g_new0(ChardevBackend, 1);

    backend->type = kind;
    backend->u.null.data = g_malloc0(sizes[kind]);
    return backend;
}

Chardev *bench_add(Bench *b, const char *id, ChardevBackend *backend, GError **error)
{
    Chardev *chr = chardev_new(b->root, id, backend, error);

    qmp_clear(&qmp_type_ChardevBackend, &backend);
    if (!chr) {
        return NULL;
    }
    if (!loop_bench_make(&chr->object, error)) {
        object_destroy(&chr->object);
        return NULL;
    }
    return chr;
}

void bench_remove(Bench *b, Chardev *chr)
{
    char_detach(chr, b);
    object_destroy(&chr->object);
}

/* ---- Frontend ---- */

static gsize front_can_receive(void *opaque)
{
    return ((Bench *)opaque)->room;
}

static void front_receive(void *opaque, const guint8 *data, gsize size)
{
    Bench *b = opaque;

    g_assert_cmpuint(size, <=, b->room);
    b->room -= size;
    g_string_append_len(b->received, (const char *)data, size);
}

static void front_event(void *opaque, CharEvent event)
{
    g_string_append_c(((Bench *)opaque)->events, "OCB"[event]);
}

static void front_writable(void *opaque)
{
    Bench *b = opaque;

    b->writable++;
    g_cond_signal(&b->writable_cond);
}

static const CharFrontOps front_ops = {
    .can_receive = front_can_receive,
    .receive = front_receive,
    .event = front_event,
    .writable = front_writable,
};

void bench_attach(Bench *b, Chardev *chr)
{
    char_attach(chr, &front_ops, b);
}

/* ---- Running ---- */

bool bench_turn(Bench *b, guint ms)
{
    return loop_bench_turn(b->base, ms);
}

guint bench_wakeups(Bench *b, guint ms)
{
    gint64 end = g_get_monotonic_time() + ms * 1000;
    guint n = 0;

    while (g_get_monotonic_time() < end) {
        n += bench_turn(b, MAX(1, (end - g_get_monotonic_time()) / 1000));
    }
    return n;
}

gsize bench_write(Bench *b, Chardev *chr, const char *text)
{
    return char_write(chr, (const guint8 *)text, strlen(text));
}

void assert_filename(Chardev *chr, const char *expect)
{
    g_autofree char *name = char_filename(chr);

    g_assert_cmpstr(name, ==, expect);
}
