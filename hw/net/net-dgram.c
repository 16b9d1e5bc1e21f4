/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames in datagrams (see net-dgram.h), and class netdev-dgram.
 */
#include "config.h"
#include "hw/net/net-dgram.h"

#include <errno.h>
#include <event2/event.h>
#include <string.h>
#include <sys/socket.h>

#include "qmp/error.h"
#include "qom/qapi-objects-net.h"

enum {
    IN_BATCH = 32,              /* datagrams in one recvmmsg */
    ROUNDS = 4,                 /* batches in one callback, so that others get the loop */
};

/* ---- Receiving ---- */

static guint8 *slot(const NetDgram *d, guint i)
{
    return d->in + (gsize)i * NET_FRAME_MAX;
}

/* Delivers what was received; false: the card takes no more. */
static bool deliver(NetDgram *d)
{
    NetFrame frames[IN_BATCH];
    struct iovec iov[IN_BATCH];
    guint n = 0, taken;

    for (guint i = d->in_start; i < d->in_end; i++, n++) {
        iov[n] = (struct iovec){ slot(d, i), d->in_sizes[i] };
        frames[n] = (NetFrame){ .iov = &iov[n], .n_iov = 1, .size = d->in_sizes[i] };
    }
    taken = n ? net_deliver(d->net, 0, frames, n) : 0;
    d->in_start += taken;
    if (taken < n) {
        d->stalled = true;
        event_del_noblock(d->in_event);
    }
    return taken == n;
}

/* Reads a batch into the empty buffer; false: there is nothing. */
static bool fill(NetDgram *d)
{
    struct mmsghdr msgs[IN_BATCH] = { 0 };
    struct iovec iov[IN_BATCH];
    int n;

    for (guint i = 0; i < IN_BATCH; i++) {
        iov[i] = (struct iovec){ slot(d, i), NET_FRAME_MAX };
        msgs[i].msg_hdr = (struct msghdr){ .msg_iov = &iov[i], .msg_iovlen = 1 };
    }
    n = recvmmsg(d->fd, msgs, IN_BATCH, MSG_DONTWAIT, NULL);
    d->in_start = d->in_end = 0;
    for (int i = 0; i < n; i++) {
        guint32 length = msgs[i].msg_len;

        /* An empty datagram is not a frame: closes the gap. */
        if (length && i != (int)d->in_end) {
            memcpy(slot(d, d->in_end), slot(d, i), length);
        }
        d->in_sizes[d->in_end] = length;
        d->in_end += length > 0;
    }
    return n > 0;
}

static void on_readable(evutil_socket_t fd, short what, void *opaque)
{
    NetDgram *d = opaque;

    net_lock(d->net);
    for (guint i = 0; i < ROUNDS && !d->stalled && deliver(d); i++) {
        if (!fill(d)) {
            break;
        }
    }
    if (!d->stalled) {
        deliver(d);
    }
    net_unlock(d->net);
}

void net_dgram_resume(NetDgram *d)
{
    if (d->stalled) {
        d->stalled = false;
        event_add(d->in_event, NULL);
        event_active(d->in_event, EV_READ, 0);
    }
}

/* ---- Sending ---- */

static bool must_wait(int error)
{
    return error == EAGAIN || error == EINTR || error == ENOBUFS;
}

guint net_dgram_send(NetDgram *d, const NetFrame *frames, guint n)
{
    struct mmsghdr msgs[NET_BATCH] = { 0 };
    guint sent = 0;
    int rc;

    if (!d->out_event) {
        return n;
    }
    n = MIN(n, NET_BATCH);
    for (guint i = 0; i < n; i++) {
        msgs[i].msg_hdr = (struct msghdr){
            .msg_name = d->destination.length ? &d->destination.u : NULL,
            .msg_namelen = d->destination.length,
            .msg_iov = (struct iovec *)frames[i].iov, .msg_iovlen = frames[i].n_iov,
        };
    }
    while (sent < n) {
        rc = sendmmsg(d->fd, msgs + sent, n - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (rc < 0 && must_wait(errno)) {
            d->starved = true;
            event_add(d->out_event, NULL);
            break;
        }
        sent += rc > 0 ? rc : 1;        /* a frame that cannot be sent is lost */
    }
    return sent;
}

static void on_writable(evutil_socket_t fd, short what, void *opaque)
{
    NetDgram *d = opaque;

    net_lock(d->net);
    if (d->starved) {
        d->starved = false;
        net_writable(d->net, 0);
    }
    net_unlock(d->net);
}

/* ---- Life ---- */

void net_dgram_init(NetDgram *d, NetBackend *net)
{
    d->net = net;
    d->fd = -1;
}

bool net_dgram_complete(NetDgram *d, GError **error)
{
    const Env *env = object_env(&d->net->object);

    if (env && env->base) {
        d->in_event = event_new(env->base, d->fd, EV_READ | EV_PERSIST, on_readable, d);
        d->out_event = event_new(env->base, d->fd, EV_WRITE, on_writable, d);
    }
    if (!d->in_event || !d->out_event) {
        net_dgram_dismantle(d);
        qmp_error_set(error, ERROR_REASON_HOST_ERROR, "cannot wait for frames");
        return false;
    }
    d->in = g_malloc((gsize)IN_BATCH * NET_FRAME_MAX);
    d->in_sizes = g_new(guint32, IN_BATCH);
    event_add(d->in_event, NULL);
    return true;
}

void net_dgram_dismantle(NetDgram *d)
{
    net_lock(d->net);
    g_clear_pointer(&d->in_event, event_free);
    g_clear_pointer(&d->out_event, event_free);
    g_clear_pointer(&d->in, g_free);
    g_clear_pointer(&d->in_sizes, g_free);
    d->stalled = d->starved = false;
    d->in_start = d->in_end = 0;
    net_unlock(d->net);
}

/* ---- Class netdev-dgram ---- */

struct NetdevDgram {
    NetBackend parent;
    NetDgram dgram;
};

static guint dgram_send(NetBackend *net, guint queue, const NetFrame *frames, guint n)
{
    return net_dgram_send(&to_netdev_dgram(net)->dgram, frames, n);
}

static void dgram_resume(NetBackend *net, guint queue)
{
    net_dgram_resume(&to_netdev_dgram(net)->dgram);
}

static bool dgram_setup(NetBackend *net, const Env *env, GError **error)
{
    NetDgram *d = &to_netdev_dgram(net)->dgram;
    const NetdevDgramOptions *opts = &net_options(net)->u.dgram;

    d->local = opts->local;
    d->remote = opts->remote;
    if (!net_dgram_check(d, error)) {
        return false;
    }
    if (d->local && d->local->type == SOCKET_ADDRESS_TYPE_FD) {
        d->given = net_take_fd(env, d->local->u.fd.str, error);
        return d->given || qmp_error_blame(error, "local.str");
    }
    return true;
}

static void dgram_init(Object *obj)
{
    net_dgram_init(&to_netdev_dgram(obj)->dgram, to_net_backend(obj));
}

static bool dgram_prepare(Object *obj, GError **error)
{
    return net_dgram_prepare(&to_netdev_dgram(obj)->dgram, error);
}

static void dgram_release(Object *obj)
{
    net_dgram_release(&to_netdev_dgram(obj)->dgram);
}

static bool dgram_complete(Object *obj, GError **error)
{
    return net_dgram_complete(&to_netdev_dgram(obj)->dgram, error);
}

static void dgram_dismantle(Object *obj)
{
    net_dgram_dismantle(&to_netdev_dgram(obj)->dgram);
}

static void dgram_finalize(Object *obj)
{
    net_dgram_finalize(&to_netdev_dgram(obj)->dgram);
}

static const NetBackendOps dgram_net_ops = {
    .send = dgram_send,
    .resume = dgram_resume,
    .setup = dgram_setup,
};

static const ObjectOps dgram_object_ops = {
    .init = dgram_init,
    .prepare = dgram_prepare,
    .release = dgram_release,
    .complete = dgram_complete,
    .dismantle = dgram_dismantle,
    .finalize = dgram_finalize,
};

const TypeInfo netdev_dgram_type = {
    .schema = &qmp_class_netdev_dgram,
    .size = sizeof(NetdevDgram),
    .object = &dgram_object_ops,
    .kind = &dgram_net_ops,
};
