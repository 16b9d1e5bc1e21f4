/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The server: accepting, handing events to all sessions, flushing at the end.
 */
#include "config.h"
#include "qmp/server.h"

#include <errno.h>
#include <event2/listener.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "qmp/dialect.h"

const QmpServerLimits qmp_server_default_limits = {
    .input = {
        .max_bytes = QMP_FRAMER_DEFAULT_BYTES,
        .max_depth = QMP_FRAMER_DEFAULT_DEPTH,
        .max_tokens = QMP_FRAMER_DEFAULT_TOKENS,
    },
    .output_high = (gsize)1 << 20,
    .output_max = (gsize)32 << 20,
    .stall_ms = 30 * 1000,
    .silence_ms = 60 * 1000,
    .max_sessions = 512,
    .max_of_process = 128,
    .max_of_user = 256,
    .kept = 16,
};

typedef struct {
    QmpServer *server;
    struct evconnlistener *listener;
    const QmpDialect *dialect;
} Listener;

static const QmpDialect *dialect_by_id(QmpDialectId id)
{
    return id == QMP_DIALECT_JSONRPC ? &qmp_dialect_jsonrpc : &qmp_dialect_qmp;
}

/* events */

/* Passes an event to all sessions; NULL after the last one: they write. */
static void on_event(const QmpEvent *event, void *data)
{
    QmpServer *server = data;
    GList *next;

    for (GList *link = server->sessions.head; link; link = next) {
        QmpSession *session = link->data;

        next = link->next;
        if (event && session->negotiated) {
            session->dialect->event(session->out, event);
        } else if (!event && !session->in_turn) {
            qmp_session_write(session);         /* may close it */
        }
    }
}

/* accepting */

/* Sends the reason, as far as the socket takes it immediately, and closes the connection. */
static void turn_away(Listener *l, int fd, const GError *error)
{
    struct evbuffer *out = evbuffer_new();
    g_autofree char *bytes = NULL;
    gsize length;

    if (!l->server->turned_away) {
        char *name = qmp_peer_name(fd);

        l->server->turned_away = true;
        g_message("turning %s away: %s", name, error->message);
        g_ref_string_release(name);
    }
    l->dialect->refuse(out, error);
    length = evbuffer_get_length(out);
    bytes = g_malloc(length);
    evbuffer_remove(out, bytes, length);
    (void)!send(fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    evbuffer_free(out);
    close(fd);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd,
                      struct sockaddr *address, int length, void *data)
{
    Listener *l = data;
    const QmpPeer who = qmp_peer_of(fd);
    g_autoptr(GError) error = NULL;

    if (!qmp_server_admits(l->server, &who, &error)) {
        turn_away(l, fd, error);
        return;
    }
    l->server->turned_away = false;
    qmp_session_new(l->server, fd, &who, l->dialect);
}

void qmp_server_refused(QmpServer *server, int error)
{
    if (server->dispatch->refused) {
        server->dispatch->refused(server->dispatch->context, error);
    }
}

/* Usually out of descriptors.  The client stays in the backlog, so retrying
 * immediately would only waste time. */
static void on_accept_error(struct evconnlistener *listener, void *data)
{
    static const struct timeval pause = { 1, 0 };
    Listener *l = data;
    int error = errno;

    g_warning("cannot accept a client: %s", g_strerror(error));
    qmp_server_refused(l->server, error);
    evconnlistener_disable(listener);
    evtimer_add(l->server->pause_event, &pause);
}

static void accept_clients(const QmpServer *server)
{
    for (GSList *item = server->listeners; item && !server->held; item = item->next) {
        evconnlistener_enable(((Listener *)item->data)->listener);
    }
}

static void on_pause_end(evutil_socket_t fd, short what, void *data)
{
    accept_clients(data);
}

static bool prepare_fd(int fd, GError **error)
{
    int type = 0;
    socklen_t length = sizeof(type);

    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) < 0) {
        qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, errno,
                            "descriptor %d is not a socket", fd);
        return false;
    }
    if (type != SOCK_STREAM) {
        qmp_error_set(error, ERROR_REASON_FILE_NOT_USABLE,
                      "descriptor %d is not a stream socket", fd);
        return false;
    }
    if (evutil_make_socket_nonblocking(fd) || evutil_make_socket_closeonexec(fd)) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno,
                            "cannot set the flags of descriptor %d", fd);
        return false;
    }
    return true;
}

static void listener_free(Listener *l)
{
    evconnlistener_free(l->listener);
    g_free(l);
}

bool qmp_server_listen(QmpServer *server, int fd, QmpDialectId dialect, GError **error)
{
    const unsigned flags = LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC |
                           (server->held ? LEV_OPT_DISABLED : 0);
    Listener *l;

    if (!prepare_fd(fd, error)) {
        close(fd);
        return false;
    }
    l = g_new0(Listener, 1);
    l->server = server;
    l->dialect = dialect_by_id(dialect);
    /* A backlog of 0: listen() has been called already. */
    l->listener = evconnlistener_new(server->base, on_accept, l, flags, 0, fd);
    if (!l->listener) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno, "cannot accept clients");
        close(fd);
        g_free(l);
        return false;
    }
    evconnlistener_set_error_cb(l->listener, on_accept_error);
    server->listeners = g_slist_prepend(server->listeners, l);
    return true;
}

bool qmp_server_attach(QmpServer *server, int fd, QmpDialectId dialect, GError **error)
{
    if (!prepare_fd(fd, error)) {
        close(fd);
        return false;
    }
    qmp_session_new(server, fd, &(QmpPeer){ .uid = (uid_t)-1 }, dialect_by_id(dialect));
    return true;
}

void qmp_server_hold(QmpServer *server)
{
    server->held = true;
    for (GSList *item = server->listeners; item; item = item->next) {
        evconnlistener_disable(((Listener *)item->data)->listener);
    }
}

void qmp_server_release(QmpServer *server)
{
    server->held = false;
    accept_clients(server);
}

void qmp_server_close_listeners(QmpServer *server)
{
    g_slist_free_full(g_steal_pointer(&server->listeners), (GDestroyNotify)listener_free);
}

/* flushing */

/* One descriptor for each session that has something left to send. */
static GArray *unsent(QmpServer *server)
{
    GArray *fds = g_array_new(FALSE, FALSE, sizeof(struct pollfd));
    GList *next;

    for (GList *link = server->sessions.head; link; link = next) {
        QmpSession *session = link->data;
        struct pollfd item = { .fd = session->fd, .events = POLLOUT };

        next = link->next;
        session->blocked = false;
        if (qmp_session_write(session) && evbuffer_get_length(session->out)) {
            g_array_append_val(fds, item);
        }
    }
    return fds;
}

void qmp_server_flush(QmpServer *server, guint timeout_ms)
{
    gint64 end = g_get_monotonic_time() + (gint64)timeout_ms * 1000;
    gint64 left = timeout_ms;

    qmp_event_queue_deliver_all(server->queue);
    for (;;) {
        g_autoptr(GArray) fds = unsent(server);

        left = (end - g_get_monotonic_time()) / 1000;
        if (!fds->len || left <= 0) {
            return;
        }
        if (poll((struct pollfd *)(void *)fds->data, fds->len, left) < 0 && errno != EINTR) {
            return;
        }
    }
}

/* life */

QmpServer *qmp_server_new(struct event_base *base, const QmpDispatch *dispatch,
                          QmpEventQueue *queue)
{
    QmpServer *server = g_new0(QmpServer, 1);

    server->base = base;
    server->dispatch = dispatch;
    server->queue = queue;
    server->fds = qmp_fds_new();
    server->limits = qmp_server_default_limits;
    server->uid = geteuid();
    server->pause_event = evtimer_new(base, on_pause_end, server);
    qmp_event_queue_add_sink(queue, on_event, server);
    return server;
}

void qmp_server_free(QmpServer *server)
{
    if (!server) {
        return;
    }
    qmp_event_queue_remove_sink(server->queue, server);
    qmp_server_close_listeners(server);
    while (server->sessions.head) {
        qmp_session_close(server->sessions.head->data);
    }
    event_free(server->pause_event);
    qmp_fds_free(server->fds);
    g_free(server);
}

void qmp_server_set_limits(QmpServer *server, const QmpServerLimits *limits)
{
    server->limits = *limits;
}

guint qmp_server_n_sessions(const QmpServer *server)
{
    return server->sessions.length;
}
