/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connecting: see socket-connect.h.
 *
 * An attempt that is cancelled while the pool looks for its peer loses its `done`,
 * and is freed when the pool has finished.
 */
#include "config.h"
#include "hw/chardev/socket-connect.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "qmp/error.h"
#include "qmp/visit.h"

struct SocketPeer {
    char *text;                 /* the address, for messages */
    GArray *candidates;         /* of SocketCandidate; empty for a unix socket */
    int fd;                     /* a unix socket, connected; or -1 */
    bool keep_alive;
};

struct SocketConnect {
    const Env *env;
    SocketConnected done;       /* NULL: cancelled */
    void *opaque;
    SocketAddressLegacy *addr;  /* address to look up on the pool, or NULL */
    SocketPeer *peer;
    GError *error;              /* of the lookup */
    struct event *event;        /* for fd, or for the next turn of the loop */
    guint next;                 /* of the peer's candidates */
    int fd;                     /* socket being connected, or -1 */
    int why;                    /* errno of the last candidate that failed */
};

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
}

static void fail(GError **error, int why, const char *text)
{
    qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, why, "cannot connect to '%s'", text);
}

/* ---- Finding ---- */

/* A Unix socket's connect() waits for room in the backlog only if it may block;
 * 0 or an errno. */
static int connect_unix(int fd, const SocketCandidate *c, bool patient)
{
    const struct timeval limit = { .tv_sec = SOCKET_CONNECT_TIMEOUT }, none = { 0 };
    int flags = fcntl(fd, F_GETFL);
    int rc;

    if (patient) {
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
        fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
    }
    do {
        rc = connect(fd, &c->addr.sa, c->length) == 0 ? 0 : errno;
    } while (rc == EINTR);
    if (patient) {
        fcntl(fd, F_SETFL, flags);
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &none, sizeof(none));
    }
    return rc == EAGAIN ? ETIMEDOUT : rc;
}

static bool find_unix(SocketPeer *peer, bool patient, GError **error)
{
    const SocketCandidate *c = &g_array_index(peer->candidates, SocketCandidate, 0);
    int why;

    peer->fd = socket_new(c);
    why = peer->fd < 0 ? errno : connect_unix(peer->fd, c, patient);
    g_array_set_size(peer->candidates, 0);
    if (why) {
        fail(error, why, peer->text);
    }
    return !why;
}

SocketPeer *socket_peer_find(const SocketAddressLegacy *addr, bool patient, GError **error)
{
    GArray *candidates = socket_candidates(addr, false, error);
    SocketPeer *peer;

    if (!candidates) {
        return NULL;
    }
    peer = g_new0(SocketPeer, 1);
    peer->text = socket_address_text(addr, false);
    peer->candidates = candidates;
    peer->fd = -1;
    peer->keep_alive = addr->type == SOCKET_ADDRESS_TYPE_INET && addr->u.inet.data->keep_alive;
    if (addr->type == SOCKET_ADDRESS_TYPE_UNIX && !find_unix(peer, patient, error)) {
        socket_peer_free(peer);
        return NULL;
    }
    return peer;
}

void socket_peer_free(SocketPeer *peer)
{
    if (peer) {
        close_fd(&peer->fd);
        g_array_unref(peer->candidates);
        g_free(peer->text);
        g_free(peer);
    }
}

/* ---- Connecting ---- */

/* Returns a socket that is connected or connecting; -1 and errno. */
static int begin(const SocketCandidate *c, bool keep_alive)
{
    const int one = 1;
    int fd = socket_new(c);
    int rc;

    if (fd < 0) {
        return -1;
    }
    if (keep_alive) {
        (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
    }
    rc = connect(fd, &c->addr.sa, c->length) == 0 ? 0 : errno;
    if (rc == 0 || rc == EINPROGRESS || rc == EINTR) {
        return fd;
    }
    close(fd);
    errno = rc;
    return -1;
}

/* The result of a connection attempt that has ended: 0 or an errno. */
static int result_of(int fd)
{
    int result = 0;
    socklen_t length = sizeof(result);

    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &result, &length) < 0 ? errno : result;
}

static void connect_free(SocketConnect *c)
{
    g_clear_pointer(&c->event, event_free);
    g_clear_pointer(&c->peer, socket_peer_free);
    g_clear_error(&c->error);
    close_fd(&c->fd);
    qmp_clear(&qmp_type_SocketAddressLegacy, &c->addr);
    g_free(c);
}

/* Ends the attempt: c is freed before done() may start the next one. */
static void finish(SocketConnect *c, int fd)
{
    SocketConnected done = c->done;
    void *opaque = c->opaque;
    GError *error = g_steal_pointer(&c->error);

    if (fd < 0 && !error) {
        fail(&error, c->why, c->peer->text);
    }
    connect_free(c);
    done(opaque, fd, error);
}

static void on_event(evutil_socket_t fd, short what, void *opaque);

/* False: errno. */
static bool await(SocketConnect *c)
{
    static const struct timeval limit = { .tv_sec = SOCKET_CONNECT_TIMEOUT };

    g_clear_pointer(&c->event, event_free);
    c->event = event_new(c->env->base, c->fd, EV_WRITE, on_event, c);
    return c->event && event_add(c->event, &limit) == 0;
}

/* Tries the next address; the error is that of the last one that failed. */
static void try_next(SocketConnect *c)
{
    if (c->peer->fd >= 0) {
        finish(c, g_steal_fd(&c->peer->fd));
        return;
    }
    while (c->next < c->peer->candidates->len) {
        const SocketCandidate *to = &g_array_index(c->peer->candidates, SocketCandidate,
                                                   c->next++);

        c->fd = begin(to, c->peer->keep_alive);
        if (c->fd >= 0 && await(c)) {
            return;
        }
        c->why = errno;
        g_clear_pointer(&c->event, event_free);
        close_fd(&c->fd);
    }
    finish(c, -1);
}

static void step(SocketConnect *c, short what)
{
    if (c->fd >= 0) {
        c->why = what & EV_TIMEOUT ? ETIMEDOUT : result_of(c->fd);
        if (!c->why) {
            finish(c, g_steal_fd(&c->fd));
            return;
        }
        g_clear_pointer(&c->event, event_free);
        close_fd(&c->fd);
    }
    if (c->error) {
        finish(c, -1);
    } else {
        try_next(c);
    }
}

static void on_event(evutil_socket_t fd, short what, void *opaque)
{
    SocketConnect *c = opaque;
    const Env *env = c->env;

    env->lock(env);
    step(c, what);
    env->unlock(env);
}

/* ---- Attempts ---- */

static SocketConnect *connect_new(const Env *env, SocketConnected done, void *opaque)
{
    SocketConnect *c = g_new0(SocketConnect, 1);

    c->env = env;
    c->done = done;
    c->opaque = opaque;
    c->fd = -1;
    return c;
}

/* Deferred, so that the caller has its attempt before done() is called. */
static void begin_later(SocketConnect *c)
{
    c->event = event_new(c->env->base, -1, 0, on_event, c);
    event_active(c->event, 0, 0);
}

SocketConnect *socket_connect_start(const Env *env, SocketPeer *peer, SocketConnected done,
                                    void *opaque)
{
    SocketConnect *c = connect_new(env, done, opaque);

    c->peer = peer;
    begin_later(c);
    return c;
}

/* On a pool thread. */
static void find_work(void *opaque)
{
    SocketConnect *c = opaque;

    c->peer = socket_peer_find(c->addr, false, &c->error);
}

/* On the main loop, machine lock held. */
static void find_done(void *opaque)
{
    SocketConnect *c = opaque;

    qmp_clear(&qmp_type_SocketAddressLegacy, &c->addr);
    if (!c->done) {
        connect_free(c);
        return;
    }
    if (!c->peer && !c->error) {        /* the pool is shutting down */
        qmp_error_set(&c->error, ERROR_REASON_WRONG_STATE, "the daemon ends");
    }
    step(c, 0);
}

SocketConnect *socket_connect_find(const Env *env, const SocketAddressLegacy *addr,
                                   SocketConnected done, void *opaque)
{
    SocketConnect *c = connect_new(env, done, opaque);

    if (socket_needs_no_look_up(addr)) {
        c->peer = socket_peer_find(addr, false, &c->error);
        begin_later(c);
    } else {
        qmp_clone(&qmp_type_SocketAddressLegacy, &c->addr, &addr);
        env->run(env, find_work, find_done, c);
    }
    return c;
}

void socket_connect_cancel(SocketConnect *c)
{
    if (!c) {
        return;
    }
    if (c->addr) {
        c->done = NULL;         /* the pool is using it */
    } else {
        connect_free(c);
    }
}

/* ---- At once ---- */

/* Waits for a connection in progress; 0 or an errno. */
static int await_now(int fd)
{
    struct pollfd poll_out = { .fd = fd, .events = POLLOUT };
    int rc;

    do {
        rc = poll(&poll_out, 1, SOCKET_CONNECT_TIMEOUT * 1000);
    } while (rc < 0 && errno == EINTR);
    return rc == 0 ? ETIMEDOUT : rc < 0 ? errno : result_of(fd);
}

int socket_connect_now(const SocketAddressLegacy *addr, GError **error)
{
    SocketPeer *peer = socket_peer_find(addr, true, error);
    int fd = peer ? g_steal_fd(&peer->fd) : -1, why = 0;

    for (guint i = 0; peer && fd < 0 && i < peer->candidates->len; i++) {
        fd = begin(&g_array_index(peer->candidates, SocketCandidate, i), peer->keep_alive);
        why = fd < 0 ? errno : await_now(fd);
        if (why) {
            close_fd(&fd);
        }
    }
    if (peer && fd < 0) {
        fail(error, why, peer->text);
    }
    socket_peer_free(peer);
    return fd;
}
