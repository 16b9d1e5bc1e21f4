/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Input of a CharFd, its start and its end; see char-fd.h.
 *
 * Events are edge-triggered: while the frontend is full, waiting input and a
 * hang-up of the peer wake the loop only once.  Reading then continues by
 * `kick`.
 *
 * A peer that disconnects while the frontend is full must not block the
 * connection until the frontend takes its data, which may never happen.  Its
 * data is read from the descriptor into `left`, and delivered before that of the
 * next peer.
 */
#include "config.h"
#include "hw/chardev/char-fd-internal.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hw/aio/file-reader.h"
#include "hw/aio/file-writer.h"
#include "hw/chardev/socket-address.h"
#include "qmp/error.h"

#define READ_SIZE 4096

static const struct timeval soon = { 0, 0 };

void char_fd_init(CharFd *s, Chardev *chr, void (*hangup)(Chardev *chr))
{
    s->chr = chr;
    chr->stream = s;
    s->hangup = hangup;
    s->in = s->out = -1;
}

/* ---- Input ---- */

/* Whoever shares a socket with the daemon may have made it one that blocks. */
static gssize read_in(const CharFd *s, guint8 *buf, gsize size)
{
    return s->in_is_socket ? recv(s->in, buf, size, MSG_DONTWAIT) : read(s->in, buf, size);
}

/* Keeps input for later, as far as there is room. */
static void keep_input(CharFd *s, const guint8 *data, gsize size)
{
    const gsize before = s->left ? evbuffer_get_length(s->left) : 0;
    const gsize room = CHAR_FD_LEFT_MAX - before;

    if (!s->left && size) {
        s->left = evbuffer_new();
    }
    if (s->left) {
        evbuffer_add(s->left, data, MIN(size, room));
    }
    if (size >= room && before < CHAR_FD_LEFT_MAX) {
        g_message("chardev '%s': its peers have sent more than %u bytes that were not taken; "
                  "further ones are lost", s->chr->object.name, CHAR_FD_LEFT_MAX);
    }
}

/* Reads what the peer sent before it disconnected, as far as there is room. */
static void take_left(CharFd *s)
{
    guint8 buf[READ_SIZE];
    ssize_t n;

    while ((!s->left || evbuffer_get_length(s->left) < CHAR_FD_LEFT_MAX) &&
           !(s->protocol && s->protocol->ended) && (n = read_in(s, buf, sizeof(buf))) > 0) {
        keep_input(s, buf, s->protocol ? s->protocol->ops->decode(s->protocol, buf, n, s->pending)
                                       : (gsize)n);
    }
}

static void hang_up(CharFd *s)
{
    if (s->in_event) {
        event_del_noblock(s->in_event);
    }
    event_del_noblock(s->kick);
    if (s->hangup) {
        take_left(s);
        s->hangup(s->chr);
        char_fd_accept_input(s);
    }
}

/* Whether the peer is gone, as far as that shows without reading. */
static bool peer_gone(const CharFd *s)
{
    return s->hangup && s->in_waits && socket_peer_gone(s->in);
}

/* Delivers as much as the frontend takes of the data that an earlier peer left. */
static void hand_on_left(CharFd *s, gsize room)
{
    guint8 buf[READ_SIZE];
    int n = evbuffer_remove(s->left, buf, MIN(room, sizeof(buf)));

    if (!evbuffer_get_length(s->left)) {
        g_clear_pointer(&s->left, evbuffer_free);
    }
    if (n > 0) {
        char_receive(s->chr, buf, n);
    }
    if (s->env || s->left) {
        event_add(s->kick, &soon);
    }
}

/* Hands on what a protocol makes of the peer's bytes; what is beyond the room is kept. */
static void receive_by_protocol(CharFd *s, guint8 *buf, gsize size, gsize room)
{
    CharProtocol *p = s->protocol;
    const bool was_open = p->open;
    gsize n = p->ops->decode(p, buf, size, s->pending);

    char_fd_send(s);
    if (p->open && !was_open) {
        s->opened(s->chr);
    }
    room = MIN(n, room);
    keep_input(s, buf + room, n - room);
    if (room) {
        char_receive(s->chr, buf, room);
    }
    if (s->protocol == p && p->ended) {
        hang_up(s);
    }
}

/* How much may be read now; a handshake needs no frontend. */
static gsize reading_room(const CharFd *s, gsize room)
{
    return s->protocol && !s->protocol->open ? READ_SIZE : MIN(room, READ_SIZE);
}

/* Reads what the frontend takes, once; the loop calls again for more. */
static void read_some(CharFd *s)
{
    guint8 buf[READ_SIZE];
    gsize room = char_can_receive(s->chr);
    ssize_t n;

    if (s->env && (s->broken || (room == 0 && peer_gone(s)))) {
        hang_up(s);
        return;
    }
    if (s->left && room) {
        hand_on_left(s, room);
        return;
    }
    if (!s->env || reading_room(s, room) == 0) {
        return;
    }
    do {
        n = s->reader ? file_reader_take(s->reader, buf, reading_room(s, room))
                      : read_in(s, buf, reading_room(s, room));
    } while (n < 0 && errno == EINTR);
    if (n > 0) {
        if (s->protocol) {
            receive_by_protocol(s, buf, n, room);
        } else {
            char_receive(s->chr, buf, n);
        }
        if (s->env) {
            event_add(s->kick, &soon);
        }
    } else if (n == 0 || errno != EAGAIN) {
        hang_up(s);
    }
}

static void on_readable(evutil_socket_t fd, short what, void *opaque)
{
    CharFd *s = opaque;
    Chardev *chr = object_ref(s->chr);
    const Env *env = object_env(&chr->object);

    env->lock(env);
    read_some(s);
    env->unlock(env);
    object_unref(chr);
}

void char_fd_accept_input(CharFd *s)
{
    if ((s->env || s->left) && s->kick && char_can_receive(s->chr) > 0) {
        event_add(s->kick, &soon);
    }
}

/* ---- Start and stop ---- */

static bool is_socket(int fd)
{
    socklen_t size = sizeof(int);
    int type;

    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0;
}

/* Whether epoll can wait for a descriptor.  fstat() is not used: the file system may
 * never answer. */
static bool can_wait(int fd, bool *ret_is_socket)
{
    *ret_is_socket = is_socket(fd);
    return *ret_is_socket || fcntl(fd, F_GETPIPE_SZ) >= 0 || isatty(fd);
}

static bool make_events(CharFd *s)
{
    struct event_base *base = s->env->base;

    s->pending = evbuffer_new();
    if ((s->in >= 0 || s->reader) && !s->kick) {
        s->kick = evtimer_new(base, on_readable, s);
    }
    if (s->in_waits) {
        s->in_event = event_new(base, s->in, EV_READ | EV_PERSIST | EV_ET, on_readable, s);
    }
    if (s->writer) {
        s->out_event = event_new(base, -1, 0, char_fd_on_writable, s);
    } else if (s->out_waits) {
        s->out_event = event_new(base, s->out, EV_WRITE | EV_ET, char_fd_on_writable, s);
    }
    return s->pending && ((s->in < 0 && !s->reader) || s->kick) &&
           (!(s->out_waits || s->writer) || s->out_event) &&
           (!s->in_waits || (s->in_event && event_add(s->in_event, NULL) == 0));
}

/* On the writer's thread. */
static void writer_moved(void *opaque, int error)
{
    event_active(((CharFd *)opaque)->out_event, 0, 0);
}

/* On the reader's thread. */
static void reader_moved(void *opaque)
{
    event_active(((CharFd *)opaque)->kick, EV_TIMEOUT, 0);
}

bool char_fd_start_files(CharFd *s, const CharFdFiles *files, GError **error)
{
    s->reader = files->reader;
    s->writer = files->writer;
    if (!char_fd_start(s, s->reader ? -1 : files->in, s->writer ? -1 : files->out, error)) {
        s->reader = NULL;
        s->writer = NULL;
        return false;
    }
    if (s->writer) {
        file_writer_watch(s->writer, writer_moved, s);
    }
    if (s->reader) {
        file_reader_watch(s->reader, reader_moved, s);
    }
    return true;
}

bool char_fd_start(CharFd *s, int in, int out, GError **error)
{
    const Env *env = object_env(&s->chr->object);

    if (!env || !env->base) {
        qmp_error_set(error, ERROR_REASON_HOST_ERROR, "there is no event loop to read from");
        return false;
    }
    s->env = env;
    s->in = in;
    s->out = out;
    s->broken = s->starved = s->in_is_socket = s->out_is_socket = false;
    s->in_waits = in >= 0 && can_wait(in, &s->in_is_socket);
    s->out_waits = out >= 0 && can_wait(out, &s->out_is_socket);
    if (!make_events(s)) {
        char_fd_stop(s);
        qmp_error_set(error, ERROR_REASON_HOST_ERROR, "cannot wait for input");
        return false;
    }
    char_fd_accept_input(s);
    return true;
}

bool char_fd_start_protocol(CharFd *s, int fd, CharProtocol *protocol,
                            void (*opened)(Chardev *chr), GError **error)
{
    if (!char_fd_start(s, fd, fd, error)) {
        return false;
    }
    s->protocol = protocol;
    s->opened = opened;
    if (protocol->ops->begin) {
        protocol->ops->begin(protocol, s->pending);
        char_fd_send(s);
    }
    if (protocol->open) {
        opened(s->chr);
    }
    return true;
}

void char_fd_stop(CharFd *s)
{
    if (!s->env) {
        return;
    }
    if (s->pending && s->out >= 0 && !s->broken) {
        char_fd_flush(s);
    }
    if (s->pending) {
        char_drop(s->chr, evbuffer_get_length(s->pending));
        evbuffer_free(s->pending);
    }
    if (s->writer) {
        file_writer_watch(s->writer, NULL, NULL);
        s->writer = NULL;
    }
    if (s->reader) {
        file_reader_watch(s->reader, NULL, NULL);
        s->reader = NULL;
    }
    g_clear_pointer(&s->in_event, event_free);
    g_clear_pointer(&s->out_event, event_free);
    if (!s->left) {
        g_clear_pointer(&s->kick, event_free);
    }
    s->pending = NULL;
    s->protocol = NULL;
    s->env = NULL;
    s->in = s->out = -1;
}

void char_fd_discard(CharFd *s)
{
    g_clear_pointer(&s->left, evbuffer_free);
    char_fd_stop(s);
    g_clear_pointer(&s->kick, event_free);
}
