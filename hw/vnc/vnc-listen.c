/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a VNC server listens: property `addr` for the protocol itself, `websocket` for WebSocket.
 */
#include "config.h"
#include "hw/vnc/vnc-internal.h"

#include <unistd.h>

#include "hw/net/net-address.h"
#include "qmp/error.h"
#include "qmp/qapi-types-net.h"
#include "qmp/visit.h"
#include "qom/env.h"

/* Connections that wait to be accepted. */
enum { BACKLOG = 32 };

static SocketAddress *address_of(const VncServer *s, const VncListener *listener)
{
    const VncServerProps *props = vnc_server_props(s);

    return listener->websocket ? props->websocket : props->addr;
}

static const char *property_of(const VncListener *listener)
{
    return listener->websocket ? "websocket" : "addr";
}

void vnc_listen_init(VncServer *s)
{
    s->listeners[0] = (VncListener){ .fd = -1 };
    s->listeners[1] = (VncListener){ .fd = -1, .websocket = true };
}

/* ---- Passed descriptors ---- */

static bool take_descriptor(VncServer *s, VncListener *listener, GError **error)
{
    const SocketAddress *address = address_of(s, listener);
    const Env *env = object_env(&s->object);
    g_autofree char *path = g_strconcat(property_of(listener), ".str", NULL);

    if (!address || address->type != SOCKET_ADDRESS_TYPE_FD) {
        return true;
    }
    if (!env || !env->take_fd) {
        qmp_error_set_at(error, path, ERROR_REASON_FD_NOT_FOUND, "no descriptor '%s' was passed",
                         address->u.fd.str);
        return false;
    }
    listener->given = env->take_fd(env, address->u.fd.str, error);
    return listener->given || qmp_error_blame(error, path);
}

bool vnc_listen_link(VncServer *s, GError **error)
{
    for (guint i = 0; i < VNC_LISTENERS; i++) {
        if (!take_descriptor(s, &s->listeners[i], error)) {
            return false;
        }
    }
    return true;
}

/* ---- Sockets ---- */

static bool open_listener(VncServer *s, VncListener *listener, GError **error)
{
    SocketAddress *address = address_of(s, listener);
    SocketAddressLegacy view;

    if (!address) {
        return true;
    }
    view = net_address_view(address);
    listener->fd = socket_listen(&view, qmp_fd_get(listener->given), &listener->node, error);
    if (listener->fd < 0) {
        return qmp_error_blame(error, property_of(listener));
    }
    if (listener->given) {
        qmp_fd_take(g_steal_pointer(&listener->given));
    } else {
        listen(listener->fd, BACKLOG);
    }
    return true;
}

bool vnc_listen_open(VncServer *s, GError **error)
{
    for (guint i = 0; i < VNC_LISTENERS; i++) {
        if (!open_listener(s, &s->listeners[i], error)) {
            return false;
        }
    }
    return true;
}

void vnc_listen_close(VncServer *s)
{
    for (guint i = 0; i < VNC_LISTENERS; i++) {
        VncListener *listener = &s->listeners[i];

        g_clear_pointer(&listener->given, qmp_fd_close);
        if (listener->fd >= 0) {
            close(listener->fd);
            listener->fd = -1;
        }
        socket_node_remove(&listener->node);
    }
}

/* ---- Where they are ---- */

void vnc_listen_note(VncServer *s)
{
    for (guint i = 0; i < VNC_LISTENERS; i++) {
        VncListener *listener = &s->listeners[i];
        SocketAddress *address = address_of(s, listener);

        if (listener->fd < 0) {
            continue;
        }
        listener->info = vnc_server_info(s, listener);
        if (address->type == SOCKET_ADDRESS_TYPE_INET) {
            g_free(address->u.inet.port);
            address->u.inet.port = g_strdup_printf("%u", socket_local_port(listener->fd));
        }
    }
}

void vnc_listen_forget(VncServer *s)
{
    for (guint i = 0; i < VNC_LISTENERS; i++) {
        qmp_clear(&qmp_type_VncServerInfo, &s->listeners[i].info);
    }
}
