/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class netdev-socket: streams (net-stream.h) and datagrams (net-dgram.h) by
 * addresses in text.  The type of a descriptor decides between them.
 */
#include "config.h"
#include "hw/net/net-socket.h"

#include <sys/socket.h>

#include "hw/net/net-dgram.h"
#include "hw/net/net-stream.h"
#include "qmp/error.h"
#include "qmp/visit.h"
#include "qom/qapi-objects-net.h"

struct NetdevSocket {
    NetBackend parent;
    NetStream stream;
    NetDgram dgram;
    bool is_dgram;
    SocketAddress *local, *remote;      /* from the options' text */
    void (*settled)(void *opaque, GError *error);
    void *settled_opaque;
};

static void hangup(NetBackend *net, const char *why)
{
    net_stream_hangup(&to_netdev_socket(net)->stream, why);
}

static guint socket_send(NetBackend *net, guint queue, const NetFrame *frames, guint n)
{
    NetdevSocket *s = to_netdev_socket(net);

    return s->is_dgram ? net_dgram_send(&s->dgram, frames, n)
                       : net_framing_send(&s->stream.framing, frames, n);
}

static void socket_resume(NetBackend *net, guint queue)
{
    NetdevSocket *s = to_netdev_socket(net);

    if (s->is_dgram) {
        net_dgram_resume(&s->dgram);
    } else {
        net_framing_resume(&s->stream.framing);
    }
}

/* ---- Options ---- */

/* The last of several mutually exclusive options, which the error blames. */
static const char *last_of(const NetdevSocketOptions *o)
{
    return o->udp ? "udp" : o->mcast ? "mcast" : o->connect ? "connect"
         : o->listen ? "listen" : "fd";
}

static bool check_options(const NetdevSocketOptions *o, GError **error)
{
    guint n = !!o->fd + !!o->listen + !!o->connect + !!o->mcast + !!o->udp;

    if (n != 1) {
        qmp_error_set_at(error, last_of(o), n ? ERROR_REASON_INVALID_VALUE
                                              : ERROR_REASON_PROPERTY_MISSING,
                         "exactly one of 'fd', 'listen', 'connect', 'mcast' and 'udp' is needed");
        return false;
    }
    if (o->localaddr && !o->mcast && !o->udp) {
        qmp_error_set_at(error, "localaddr", ERROR_REASON_INVALID_VALUE,
                         "option 'localaddr' is for 'mcast' and 'udp'");
        return false;
    }
    if (o->udp && !o->localaddr) {
        qmp_error_set_at(error, "localaddr", ERROR_REASON_PROPERTY_MISSING,
                         "option 'udp' needs 'localaddr'");
        return false;
    }
    return true;
}

/* Renames the addresses of streams and datagrams in errors to these options. */
static bool blame_options(const NetdevSocketOptions *o, GError **error)
{
    if (error && *error) {
        qmp_error_rename_path(*error, "local", "localaddr");
        qmp_error_rename_path(*error, "remote", last_of(o));
        qmp_error_rename_path(*error, "addr", last_of(o));
    }
    return false;
}

static bool setup_fd(NetdevSocket *s, const Env *env, const char *name, GError **error)
{
    int type = SOCK_STREAM;
    socklen_t length = sizeof(type);
    QmpFd *fd = net_take_fd(env, name, error);

    if (!fd) {
        return qmp_error_blame(error, "fd");
    }
    /* A descriptor that is not a socket is detected in prepare. */
    (void)getsockopt(qmp_fd_get(fd), SOL_SOCKET, SO_TYPE, &type, &length);
    s->is_dgram = type == SOCK_DGRAM;
    *(s->is_dgram ? &s->dgram.given : &s->stream.given) = fd;
    return true;
}

/* mcast's localaddr is only a host. */
static SocketAddress *host_address(const char *host)
{
    SocketAddress *addr = g_new0(SocketAddress, 1);

    addr->type = SOCKET_ADDRESS_TYPE_INET;
    addr->u.inet.host = g_strdup(host);
    addr->u.inet.port = g_strdup("0");
    return addr;
}

static bool setup_dgram(NetdevSocket *s, const NetdevSocketOptions *o, GError **error)
{
    s->is_dgram = true;
    s->remote = net_address_parse(o->mcast ? o->mcast : o->udp, false, error);
    if (!s->remote) {
        return qmp_error_blame(error, last_of(o));
    }
    if (o->localaddr) {
        s->local = o->mcast ? host_address(o->localaddr)
                            : net_address_parse(o->localaddr, true, error);
        if (!s->local) {
            return qmp_error_blame(error, "localaddr");
        }
    }
    s->dgram.local = s->local;
    s->dgram.remote = s->remote;
    return net_dgram_check(&s->dgram, error) || blame_options(o, error);
}

static bool socket_setup(NetBackend *net, const Env *env, GError **error)
{
    NetdevSocket *s = to_netdev_socket(net);
    const NetdevSocketOptions *o = &net_options(net)->u.socket;

    if (!check_options(o, error)) {
        return false;
    }
    if (o->fd) {
        return setup_fd(s, env, o->fd, error);
    }
    if (o->mcast || o->udp) {
        return setup_dgram(s, o, error);
    }
    s->stream.server = o->listen != NULL;
    s->local = net_address_parse(o->listen ? o->listen : o->connect, o->listen != NULL, error);
    s->stream.addr = s->local;
    return s->local || qmp_error_blame(error, last_of(o));
}

/* ---- Life ---- */

static void socket_init(Object *obj)
{
    NetdevSocket *s = to_netdev_socket(obj);

    net_stream_init(&s->stream, &s->parent, hangup);
    net_dgram_init(&s->dgram, &s->parent);
}

/* An invalid group would give a socket without address. */
static bool check_group(const NetdevSocket *s, GError **error)
{
    if (net_options(&s->parent)->u.socket.mcast &&
        !net_address_is_multicast(&s->dgram.destination)) {
        qmp_error_set_at(error, "mcast", ERROR_REASON_INVALID_VALUE,
                         "'%s' is not an IPv4 multicast address",
                         net_options(&s->parent)->u.socket.mcast);
        return false;
    }
    return true;
}

static bool socket_prepare(Object *obj, GError **error)
{
    NetdevSocket *s = to_netdev_socket(obj);
    const NetdevSocketOptions *o = &net_options(&s->parent)->u.socket;

    if (!s->is_dgram) {
        return net_stream_prepare(&s->stream, error) || blame_options(o, error);
    }
    if (!net_dgram_prepare(&s->dgram, error)) {
        return blame_options(o, error);
    }
    if (!check_group(s, error)) {
        net_dgram_release(&s->dgram);
        return false;
    }
    return true;
}

static void on_settled(void *opaque, GError *error)
{
    NetdevSocket *s = opaque;

    blame_options(&net_options(&s->parent)->u.socket, &error);
    s->settled(s->settled_opaque, error);
}

static void socket_settle(Object *obj, void (*done)(void *opaque, GError *error), void *opaque)
{
    NetdevSocket *s = to_netdev_socket(obj);

    s->settled = done;
    s->settled_opaque = opaque;
    net_stream_settle(&s->stream, on_settled, s);
}

static void socket_unsettle(Object *obj)
{
    net_stream_unsettle(&to_netdev_socket(obj)->stream);
}

static void socket_release(Object *obj)
{
    NetdevSocket *s = to_netdev_socket(obj);

    net_stream_release(&s->stream);
    net_dgram_release(&s->dgram);
}

static bool socket_complete(Object *obj, GError **error)
{
    NetdevSocket *s = to_netdev_socket(obj);

    return s->is_dgram ? net_dgram_complete(&s->dgram, error)
                       : net_stream_complete(&s->stream, error);
}

static void socket_dismantle(Object *obj)
{
    NetdevSocket *s = to_netdev_socket(obj);

    if (s->is_dgram) {
        net_dgram_dismantle(&s->dgram);
    } else {
        net_stream_dismantle(&s->stream);
    }
}

static void socket_finalize(Object *obj)
{
    NetdevSocket *s = to_netdev_socket(obj);

    net_stream_finalize(&s->stream);
    net_dgram_finalize(&s->dgram);
    qmp_clear(&qmp_type_SocketAddress, &s->local);
    qmp_clear(&qmp_type_SocketAddress, &s->remote);
}

static const NetBackendOps socket_net_ops = {
    .send = socket_send,
    .resume = socket_resume,
    .setup = socket_setup,
};

static const ObjectOps socket_object_ops = {
    .init = socket_init,
    .prepare = socket_prepare,
    .release = socket_release,
    .settle = socket_settle,
    .unsettle = socket_unsettle,
    .complete = socket_complete,
    .dismantle = socket_dismantle,
    .finalize = socket_finalize,
};

const TypeInfo netdev_socket_type = {
    .schema = &qmp_class_netdev_socket,
    .size = sizeof(NetdevSocket),
    .object = &socket_object_ops,
    .kind = &socket_net_ops,
};
