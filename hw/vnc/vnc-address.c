/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Both ends of a connection, as events and queries have them.
 */
#include "config.h"
#include "hw/vnc/vnc-internal.h"

/* Puts an address into the members that the schema's structs have in common. */
static void describe(const struct sockaddr_storage *addr, socklen_t length, VncBasicInfo *ret)
{
    const struct sockaddr_un *un = (const struct sockaddr_un *)addr;
    char host[NI_MAXHOST] = "", service[NI_MAXSERV] = "";

    switch (addr->ss_family) {
    case AF_INET:
    case AF_INET6:
        ret->family = addr->ss_family == AF_INET ? NETWORK_ADDRESS_FAMILY_IPV4
                                                 : NETWORK_ADDRESS_FAMILY_IPV6;
        getnameinfo((const struct sockaddr *)addr, length, host, sizeof(host), service,
                    sizeof(service), NI_NUMERICHOST | NI_NUMERICSERV);
        break;
    case AF_UNIX:
        ret->family = NETWORK_ADDRESS_FAMILY_UNIX;
        if (length > offsetof(struct sockaddr_un, sun_path)) {
            g_snprintf(service, sizeof(service), "%.*s",
                       (int)(length - offsetof(struct sockaddr_un, sun_path)), un->sun_path);
        }
        break;
    case AF_VSOCK:
        ret->family = NETWORK_ADDRESS_FAMILY_VSOCK;
        break;
    default:
        ret->family = NETWORK_ADDRESS_FAMILY_UNKNOWN;
        break;
    }
    ret->host = g_strdup(host);
    ret->service = g_strdup(service);
}

VncServerInfo *vnc_server_info(const VncServer *s, const VncListener *listener)
{
    VncServerInfo *info = g_new0(VncServerInfo, 1);
    struct sockaddr_storage addr = { 0 };
    socklen_t length = sizeof(addr);

    getsockname(listener->fd, (struct sockaddr *)&addr, &length);
    describe(&addr, length, (VncBasicInfo *)info);
    info->websocket = listener->websocket;
    info->auth = g_strconcat(s->creds && !listener->websocket ? "vencrypt+x509+" : "",
                             s->needs_password ? "vnc" : "none", NULL);
    return info;
}

VncClientInfo *vnc_client_info(int fd)
{
    VncClientInfo *info = g_new0(VncClientInfo, 1);
    struct sockaddr_storage addr = { 0 };
    socklen_t length = sizeof(addr);

    getpeername(fd, (struct sockaddr *)&addr, &length);
    describe(&addr, length, (VncBasicInfo *)info);
    return info;
}
