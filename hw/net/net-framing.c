/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames over a stream: see net-framing.h.
 *
 * Events are edge-triggered: while the card takes no frames, waiting frames and a
 * disconnected peer wake the loop only once.  Such a peer must not block the
 * connection, so its last frames are lost as on a wire.
 */
#include "config.h"
#include "hw/net/net-framing.h"

#include <errno.h>
#include <event2/event.h>
#include <string.h>
#include <sys/socket.h>

#include "hw/chardev/socket-address.h"
#include "qmp/bytes.h"
#include "qmp/error.h"

enum {
    LENGTH_SIZE = 4,
    IN_SIZE = 256 * 1024,       /* touched only as far as the peer fills it */
    OUT_SIZE = NET_FRAME_MAX + LENGTH_SIZE,
    IOV_SIZE = 512,             /* elements in one sendmsg; more than one frame has */
    ROUNDS = 8,                 /* reads in one callback, so that others get the loop */
};

/* ---- Receiving ---- */

/* Finds the complete frames in the buffer, at most a batch; sets *ret_bad where
 * one is too long. */
static guint find_frames(NetFraming *f, NetFrame *frames, struct iovec *iov, bool *ret_bad)
{
    gsize at = f->in_start;
    guint n = 0;

    while (n < NET_BATCH && f->in_end - at >= LENGTH_SIZE) {
        guint32 length = get_be32(f->in + at);

        if (length == 0 || length > NET_FRAME_MAX) {
            *ret_bad = n == 0;
            break;
        }
        if (f->in_end - at - LENGTH_SIZE < length) {
            break;
        }
        iov[n] = (struct iovec){ f->in + at + LENGTH_SIZE, length };
        frames[n] = (NetFrame){ .iov = &iov[n], .n_iov = 1, .size = length };
        n++;
        at += LENGTH_SIZE + length;
    }
    return n;
}

/* Delivers complete frames; false if that ended the connection or the card
 * takes no more. */
static bool deliver(NetFraming *f)
{
    NetFrame frames[NET_BATCH];
    struct iovec iov[NET_BATCH];
    bool bad = false;
    guint n, taken;

    while ((n = find_frames(f, frames, iov, &bad)) > 0) {
        taken = net_deliver(f->net, 0, frames, n);
        for (guint i = 0; i < taken; i++) {
            f->in_start += LENGTH_SIZE + frames[i].size;
        }
        if (taken < n) {
            f->stalled = true;
            return false;
        }
    }
    if (bad) {
        f->hangup(f->net, "the peer sent a frame of an impossible length");
    }
    return !bad;
}

/* Makes room for the longest frame after the buffered bytes. */
static void compact(NetFraming *f)
{
    if (f->in_start == f->in_end) {
        f->in_start = f->in_end = 0;
    } else if (IN_SIZE - f->in_start < OUT_SIZE) {
        memmove(f->in, f->in + f->in_start, f->in_end - f->in_start);
        f->in_end -= f->in_start;
        f->in_start = 0;
    }
}

/* False: nothing more to read now. */
static bool fill(NetFraming *f)
{
    ssize_t n;

    compact(f);
    n = recv(f->fd, f->in + f->in_end, IN_SIZE - f->in_end, MSG_DONTWAIT);
    if (n > 0) {
        f->in_end += n;
        return true;
    }
    if (n < 0 && errno == EINTR) {
        return true;
    }
    if (n == 0 || errno != EAGAIN) {
        f->hangup(f->net, NULL);
    }
    return false;
}

static void receive(NetFraming *f)
{
    for (guint i = 0; i < ROUNDS; i++) {
        if (!deliver(f)) {
            return;
        }
        if (!fill(f)) {
            if (f->fd >= 0) {
                deliver(f);
            }
            return;
        }
    }
    event_active(f->in_event, EV_READ, 0);      /* there may be more, without a new edge */
}

static void on_readable(evutil_socket_t fd, short what, void *opaque)
{
    NetFraming *f = opaque;
    NetBackend *net = f->net;

    net_lock(net);
    if (f->fd >= 0 && !f->stalled) {
        receive(f);
    }
    if (f->fd >= 0 && f->stalled && socket_peer_gone(f->fd)) {
        f->hangup(net, NULL);
    }
    net_unlock(net);
}

void net_framing_resume(NetFraming *f)
{
    if (f->stalled) {
        f->stalled = false;
        event_active(f->in_event, EV_READ, 0);
    }
}

/* ---- Sending ---- */

/* Puts as many frames as fit into a message; returns how many. */
static guint gather(const NetFrame *frames, guint n, guint8 (*lengths)[LENGTH_SIZE],
                    struct iovec *iov, guint *ret_n_iov)
{
    guint n_iov = 0, i;

    for (i = 0; i < n && n_iov + 1 + frames[i].n_iov <= IOV_SIZE; i++) {
        guint32 size = GUINT32_TO_BE(frames[i].size);

        memcpy(lengths[i], &size, LENGTH_SIZE);
        iov[n_iov++] = (struct iovec){ lengths[i], LENGTH_SIZE };
        memcpy(&iov[n_iov], frames[i].iov, frames[i].n_iov * sizeof(*iov));
        n_iov += frames[i].n_iov;
    }
    *ret_n_iov = n_iov;
    return i;
}

/* Keeps the rest of a frame of which `done` bytes were sent. */
static void keep_rest(NetFraming *f, const NetFrame *frame, gsize done)
{
    guint32 size = GUINT32_TO_BE(frame->size);

    memcpy(f->out, &size, LENGTH_SIZE);
    f->out_end = LENGTH_SIZE + net_frame_copy(frame, f->out + LENGTH_SIZE, NET_FRAME_MAX);
    f->out_start = done;
}

/* How many frames were sent with `done` bytes, including a partly sent one. */
static guint count_sent(NetFraming *f, const NetFrame *frames, guint n, gsize done)
{
    for (guint i = 0; i < n; i++) {
        gsize size = LENGTH_SIZE + frames[i].size;

        if (done < size) {
            if (done) {
                keep_rest(f, &frames[i], done);
            }
            return i + (done > 0);
        }
        done -= size;
    }
    return n;
}

static void wait_writable(NetFraming *f)
{
    f->starved = true;
    event_add(f->out_event, NULL);
}

/* Sends one message; returns how many frames were sent. */
static guint send_some(NetFraming *f, const NetFrame *frames, guint n)
{
    guint8 lengths[NET_BATCH][LENGTH_SIZE];
    struct iovec iov[IOV_SIZE];
    struct msghdr msg = { .msg_iov = iov };
    guint n_iov, fit = gather(frames, MIN(n, NET_BATCH), lengths, iov, &n_iov);
    ssize_t done;

    msg.msg_iovlen = n_iov;
    done = sendmsg(f->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (done >= 0) {
        return count_sent(f, frames, fit, done);
    }
    /* A lost connection is detected by reading; until then frames are lost. */
    return errno == EAGAIN || errno == EINTR ? 0 : fit;
}

guint net_framing_send(NetFraming *f, const NetFrame *frames, guint n)
{
    guint sent = 0;

    if (f->fd < 0) {
        return n;
    }
    while (sent < n && f->out_start == f->out_end) {
        guint now = send_some(f, frames + sent, n - sent);

        if (!now) {
            break;
        }
        sent += now;
    }
    if (sent < n || f->out_start < f->out_end) {
        wait_writable(f);
    }
    return sent;
}

static void on_writable(evutil_socket_t fd, short what, void *opaque)
{
    NetFraming *f = opaque;
    NetBackend *net = f->net;
    ssize_t n = 0;

    net_lock(net);
    if (f->fd >= 0 && f->out_start < f->out_end) {
        n = send(f->fd, f->out + f->out_start, f->out_end - f->out_start,
                 MSG_NOSIGNAL | MSG_DONTWAIT);
        f->out_start = n >= 0 ? f->out_start + n
                     : errno == EAGAIN || errno == EINTR ? f->out_start : f->out_end;
    }
    if (f->fd >= 0 && f->out_start < f->out_end) {
        event_add(f->out_event, NULL);
    } else if (f->starved) {
        f->starved = false;
        net_writable(net, 0);
    }
    net_unlock(net);
}

/* ---- Life ---- */

void net_framing_init(NetFraming *f, NetBackend *net,
                      void (*hangup)(NetBackend *net, const char *why))
{
    f->net = net;
    f->hangup = hangup;
    f->fd = -1;
}

bool net_framing_start(NetFraming *f, struct event_base *base, int fd, GError **error)
{
    f->in_event = event_new(base, fd, EV_READ | EV_PERSIST | EV_ET, on_readable, f);
    f->out_event = event_new(base, fd, EV_WRITE | EV_ET, on_writable, f);
    if (!f->in_event || !f->out_event) {
        net_framing_stop(f);
        qmp_error_set(error, ERROR_REASON_HOST_ERROR, "cannot wait for frames");
        return false;
    }
    f->in = g_malloc(IN_SIZE);
    f->out = g_malloc(OUT_SIZE);
    f->in_start = f->in_end = f->out_start = f->out_end = 0;
    f->stalled = false;
    f->fd = fd;
    event_add(f->in_event, NULL);
    return true;
}

void net_framing_stop(NetFraming *f)
{
    f->fd = -1;
    g_clear_pointer(&f->in_event, event_free);
    g_clear_pointer(&f->out_event, event_free);
    g_clear_pointer(&f->in, g_free);
    g_clear_pointer(&f->out, g_free);
    f->in_start = f->in_end = f->out_start = f->out_end = 0;
    f->stalled = false;
    if (f->starved) {
        f->starved = false;
        net_writable(f->net, 0);        /* its frames are lost from now on, so it need not wait */
    }
}
