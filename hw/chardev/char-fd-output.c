/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Output of a CharFd: what the host takes goes at once, a bounded rest later; see char-fd.h.
 *
 * A write from a vCPU's thread must not take events out of the loop (it would
 * wait for a callback that waits for the machine lock), so it only adds them;
 * write errors are left to the main thread, which detects them as the end of
 * the reading side.
 */
#include "config.h"
#include "hw/chardev/char-fd-internal.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hw/aio/file-writer.h"

static const struct timeval soon = { 0, 0 };

/* Logs lost output once, until the host takes bytes again. */
static void complain(CharFd *s, int error)
{
    if (!s->complained) {
        s->complained = true;
        g_warning("chardev '%s' loses output: %s", s->chr->object.name, g_strerror(error));
    }
}

/* Bytes were accepted, and are lost. */
static void lose(CharFd *s, gsize size, int error, int fd)
{
    char_drop(s->chr, size);
    env_refused(&s->chr->object, error, fd);
    s->broken = error && error != ENOSPC && error != EDQUOT;
    if (error && error != EPIPE && !s->out_is_socket) {
        complain(s, error);     /* a closed reader is not an error */
    }
    if (s->broken && s->kick) {
        event_add(s->kick, &soon);
    }
}

/* One write; 0 if the host takes nothing now.  After an error all bytes count
 * as taken, and as lost. */
static gsize write_some(CharFd *s, const void *data, gsize size)
{
    ssize_t n;
    int error;

    do {
        n = s->out_is_socket ? send(s->out, data, size, MSG_NOSIGNAL | MSG_DONTWAIT)
                             : write(s->out, data, size);
    } while (n < 0 && errno == EINTR);
    if (n > 0) {
        s->complained = false;
        return n;
    }
    error = n < 0 ? errno : 0;
    if (s->out_waits && (!error || error == EAGAIN)) {
        return 0;
    }
    lose(s, size, error, s->out);
    return size;
}

/* Handles what the writer's thread reported. */
static void hear_writer(CharFd *s)
{
    const FileWriterNews news = file_writer_news(s->writer);

    s->complained &= !news.written || news.lost;
    if (news.error) {
        lose(s, news.lost, news.error, file_writer_fd(s->writer));
    }
}

void char_fd_flush(CharFd *s)
{
    struct evbuffer_iovec span;

    while (evbuffer_peek(s->pending, -1, NULL, &span, 1) > 0 && span.iov_len > 0) {
        gsize n = write_some(s, span.iov_base, span.iov_len);

        if (n == 0) {
            return;
        }
        evbuffer_drain(s->pending, n);
    }
}

bool char_fd_go_on(CharFd *s)
{
    if (s->env && s->writer) {
        hear_writer(s);
    }
    if (!s->env || (s->out < 0 && !s->writer) || s->broken) {
        return false;
    }
    char_fd_flush(s);
    if (!evbuffer_get_length(s->pending) && s->starved) {
        s->starved = false;
        char_writable(s->chr);
    }
    return s->env && evbuffer_get_length(s->pending) > 0;
}

void char_fd_on_writable(evutil_socket_t fd, short what, void *opaque)
{
    CharFd *s = opaque;
    const Env *env = s->env;
    Chardev *chr = object_ref(s->chr);

    env->lock(env);
    if (char_fd_go_on(s) && !s->writer) {
        event_add(s->out_event, NULL);
    }
    env->unlock(env);
    object_unref(chr);
}

void char_fd_send(CharFd *s)
{
    char_fd_flush(s);
    if (evbuffer_get_length(s->pending)) {
        event_add(s->out_event, NULL);
    }
}

/* What a protocol makes of output goes through the buffer. */
static gsize write_by_protocol(CharFd *s, const guint8 *data, gsize size)
{
    const gsize n = char_protocol_write(s->protocol, data, size, s->pending, CHAR_FD_PENDING_MAX);

    s->starved |= n < size;
    char_fd_send(s);
    return n;
}

gsize char_fd_write(CharFd *s, const guint8 *data, gsize size)
{
    gsize sent = 0, kept;

    if (!s->env || (s->out < 0 && !s->writer) || s->broken ||
        (s->protocol && !s->protocol->open)) {
        char_drop(s->chr, size);
        return size;
    }
    if (s->protocol) {
        return write_by_protocol(s, data, size);
    }
    if (s->writer) {
        sent = file_writer_put(s->writer, data, size);
        s->starved |= sent < size;
        return sent;
    }
    while (sent < size && evbuffer_get_length(s->pending) == 0) {
        gsize n = write_some(s, data + sent, size - sent);

        if (n == 0) {
            break;
        }
        sent += n;
    }
    if (sent == size) {
        return size;
    }
    kept = MIN(size - sent, CHAR_FD_PENDING_MAX - evbuffer_get_length(s->pending));
    if (kept && evbuffer_add(s->pending, data + sent, kept) < 0) {
        kept = 0;
    }
    s->starved |= sent + kept < size;
    event_add(s->out_event, NULL);
    return sent + kept;
}

void char_fd_end_writer(CharFd *s, FileWriter *writer)
{
    gsize left = file_writer_free(writer);

    char_drop(s->chr, left);
    if (left) {
        g_warning("chardev '%s' loses output: its file takes nothing", s->chr->object.name);
    }
}
