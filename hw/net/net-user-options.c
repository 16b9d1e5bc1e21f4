/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Options of user networks: from netdev_add's text to libslirp's addresses.
 */
#include "config.h"
#include "hw/net/net-user.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "qmp/error.h"
#include "qmp/qapi-types-net.h"

/* Default host parts of the addresses of host, name server and first guest. */
enum {
    HOST_PART = 0x0202,
    DNS_PART = 0x0203,
    DHCP_PART = 0x020f,
};

static const NetdevUserOptions *options(const NetdevUser *u)
{
    return &net_options(&u->net)->u.user;
}

static bool refuse(GError **error, const char *name, const char *value, const char *why)
{
    qmp_error_set_at(error, name, ERROR_REASON_INVALID_VALUE, "'%s' as '%s' %s", value, name, why);
    return false;
}

/* ---- IPv4 ---- */

static bool parse_ip4(const char *name, const char *text, struct in_addr *ret, GError **error)
{
    return !text || inet_pton(AF_INET, text, ret) == 1 ||
           refuse(error, name, text, "is not an IPv4 address");
}

static bool parse_bits(const char *text, struct in_addr *ret_mask)
{
    guint64 bits;

    if (inet_pton(AF_INET, text, ret_mask) == 1) {
        guint32 inverse = ~ntohl(ret_mask->s_addr);

        return (inverse & (inverse + 1)) == 0;
    }
    if (!g_ascii_string_to_unsigned(text, 10, 4, 30, &bits, NULL)) {
        return false;
    }
    ret_mask->s_addr = htonl(~0u << (32 - bits));
    return true;
}

/* Without a mask, the address's class gives it. */
static guint32 class_mask(guint32 net)
{
    return !(net >> 31) ? 0xff000000 : net >> 30 == 2 ? 0xffff0000 : 0xffffff00;
}

static bool parse_net(const char *text, SlirpConfig *cfg, GError **error)
{
    g_auto(GStrv) parts = NULL;

    if (!text) {
        inet_pton(AF_INET, "10.0.2.0", &cfg->vnetwork);
        inet_pton(AF_INET, "255.255.255.0", &cfg->vnetmask);
        return true;
    }
    parts = g_strsplit(text, "/", 2);
    if (inet_pton(AF_INET, parts[0] ? parts[0] : "", &cfg->vnetwork) != 1 ||
        (parts[1] && !parse_bits(parts[1], &cfg->vnetmask))) {
        return refuse(error, "net", text, "is not an IPv4 network");
    }
    if (!parts[1]) {
        cfg->vnetmask.s_addr = htonl(class_mask(ntohl(cfg->vnetwork.s_addr)));
    }
    cfg->vnetwork.s_addr &= cfg->vnetmask.s_addr;
    return true;
}

static struct in_addr in_net(const SlirpConfig *cfg, guint32 part)
{
    return (struct in_addr){ cfg->vnetwork.s_addr | (htonl(part) & ~cfg->vnetmask.s_addr) };
}

static bool is_in_net(const SlirpConfig *cfg, struct in_addr addr)
{
    return (addr.s_addr & cfg->vnetmask.s_addr) == cfg->vnetwork.s_addr;
}

static bool check_ip4(const NetdevUserOptions *o, const SlirpConfig *cfg, GError **error)
{
    if (!is_in_net(cfg, cfg->vhost)) {
        return refuse(error, "host", o->host, "is not in the network");
    }
    if (!is_in_net(cfg, cfg->vnameserver) || cfg->vnameserver.s_addr == cfg->vhost.s_addr) {
        return refuse(error, "dns", o->dns, "must be in the network, and not the host's address");
    }
    if (!is_in_net(cfg, cfg->vdhcp_start) || cfg->vdhcp_start.s_addr == cfg->vhost.s_addr ||
        cfg->vdhcp_start.s_addr == cfg->vnameserver.s_addr) {
        return refuse(error, "dhcpstart", o->dhcpstart,
                      "must be in the network, and neither the host nor the name server");
    }
    return true;
}

static bool parse_all_ip4(const NetdevUserOptions *o, SlirpConfig *cfg, GError **error)
{
    if (o->ip && o->net) {
        return refuse(error, "ip", o->ip, "is an alias of 'net', which is also given");
    }
    if (!parse_net(o->net ? o->net : o->ip, cfg, error)) {
        return false;
    }
    cfg->vhost = in_net(cfg, HOST_PART);
    cfg->vnameserver = in_net(cfg, DNS_PART);
    cfg->vdhcp_start = in_net(cfg, DHCP_PART);
    return parse_ip4("host", o->host, &cfg->vhost, error) &&
           parse_ip4("dns", o->dns, &cfg->vnameserver, error) &&
           parse_ip4("dhcpstart", o->dhcpstart, &cfg->vdhcp_start, error) &&
           check_ip4(o, cfg, error);
}

/* ---- IPv6 ---- */

static bool parse_ip6(const char *name, const char *text, struct in6_addr *ret, GError **error)
{
    return !text || inet_pton(AF_INET6, text, ret) == 1 ||
           refuse(error, name, text, "is not an IPv6 address");
}

static bool parse_all_ip6(const NetdevUserOptions *o, SlirpConfig *cfg, GError **error)
{
    inet_pton(AF_INET6, "fec0::", &cfg->vprefix_addr6);
    cfg->vprefix_len = o->has_ipv6_prefixlen ? o->ipv6_prefixlen : 64;
    if (!parse_ip6("ipv6-prefix", o->ipv6_prefix, &cfg->vprefix_addr6, error)) {
        return false;
    }
    cfg->vhost6 = cfg->vnameserver6 = cfg->vprefix_addr6;
    cfg->vhost6.s6_addr[15] |= 2;
    cfg->vnameserver6.s6_addr[15] |= 3;
    return parse_ip6("ipv6-host", o->ipv6_host, &cfg->vhost6, error) &&
           parse_ip6("ipv6-dns", o->ipv6_dns, &cfg->vnameserver6, error);
}

/* ---- Together ---- */

static bool parse_families(const NetdevUserOptions *o, SlirpConfig *cfg, GError **error)
{
    cfg->in_enabled = o->has_ipv4 ? o->ipv4 : !(o->has_ipv6 && o->ipv6);
    cfg->in6_enabled = o->has_ipv6 ? o->ipv6 : !(o->has_ipv4 && o->ipv4);
    if (!cfg->in_enabled && !cfg->in6_enabled) {
        qmp_error_set_at(error, "ipv6", ERROR_REASON_INVALID_VALUE,
                         "a network without IPv4 and IPv6");
        return false;
    }
    return true;
}

/* Options of an address family that is off have no effect. */
static bool check_family(const char *off, const char *name, GError **error)
{
    if (name) {
        qmp_error_set_at(error, name, ERROR_REASON_INVALID_VALUE,
                         "'%s' has no effect: %s is off", name, off);
    }
    return !name;
}

static bool check_families(const NetdevUserOptions *o, const SlirpConfig *cfg, GError **error)
{
    const char *ip4 = o->net ? "net" : o->ip ? "ip" : o->host ? "host" : o->dns ? "dns"
                    : o->dhcpstart ? "dhcpstart" : NULL;
    const char *ip6 = o->ipv6_prefix ? "ipv6-prefix"
                    : o->has_ipv6_prefixlen ? "ipv6-prefixlen"
                    : o->ipv6_host ? "ipv6-host" : o->ipv6_dns ? "ipv6-dns" : NULL;

    return (cfg->in_enabled || check_family("IPv4", ip4, error)) &&
           (cfg->in6_enabled || check_family("IPv6", ip6, error));
}

static bool check_length(const char *name, const char *value, gsize max, GError **error)
{
    return !value || strlen(value) <= max || refuse(error, name, value, "is too long for DHCP");
}

/* dnssearch is borrowed by cfg; NULL-terminated. */
static const char **search_list(const NetdevUserOptions *o)
{
    const char **list = g_new0(const char *, o->dnssearch.n + 1);

    for (gsize i = 0; i < o->dnssearch.n; i++) {
        list[i] = o->dnssearch.items[i]->str;
    }
    return list;
}

static bool make_config(const NetdevUserOptions *o, SlirpConfig *cfg, GError **error)
{
    *cfg = (SlirpConfig){
        .version = 1, .restricted = o->q_restrict, .vhostname = o->hostname,
        .tftp_server_name = o->tftp_server_name, .tftp_path = o->tftp, .bootfile = o->bootfile,
        .vdomainname = o->domainname, .disable_host_loopback = o->disable_host_loopback,
    };
    return parse_families(o, cfg, error) && check_families(o, cfg, error) &&
           parse_all_ip4(o, cfg, error) && parse_all_ip6(o, cfg, error) &&
           check_length("hostname", o->hostname, 32, error) &&
           check_length("domainname", o->domainname, 255, error) &&
           check_length("bootfile", o->bootfile, 127, error) &&
           check_length("tftp-server-name", o->tftp_server_name, 255, error);
}

/* ---- Forwarded ports of the host ---- */

typedef struct {
    bool udp;
    struct in_addr host, guest;
    guint16 host_port, guest_port;
} HostForward;

/* `ADDRESS:PORT`, both as the forward's text has them; ADDRESS may be empty. */
static bool parse_end(const char *text, struct in_addr *ret_addr, guint16 *ret_port, guint64 min)
{
    const char *colon = strchr(text, ':');
    g_autofree char *host = colon ? g_strndup(text, colon - text) : NULL;
    guint64 port;

    if (!colon || (*host && inet_pton(AF_INET, host, ret_addr) != 1) ||
        !g_ascii_string_to_unsigned(colon + 1, 10, min, 65535, &port, NULL)) {
        return false;
    }
    *ret_port = port;
    return true;
}

static bool parse_protocol(const char *text, const char **ret_rest, bool *ret_udp)
{
    static const struct {
        const char *name;
        bool udp;
    } protocols[] = { { "tcp:", false }, { "udp:", true }, { ":", false } };

    for (guint i = 0; i < G_N_ELEMENTS(protocols); i++) {
        if (g_str_has_prefix(text, protocols[i].name)) {
            *ret_rest = text + strlen(protocols[i].name);
            *ret_udp = protocols[i].udp;
            return true;
        }
    }
    return false;
}

static bool parse_hostfwd(const char *text, HostForward *ret, GError **error)
{
    HostForward f = { 0 };
    const char *rest, *dash;
    g_autofree char *left = NULL;

    if (!parse_protocol(text, &rest, &f.udp) || !(dash = strchr(rest, '-'))) {
        return refuse(error, "hostfwd", text, "is not PROTOCOL:[HOST-ADDRESS]:HOST-PORT-"
                      "[GUEST-ADDRESS]:GUEST-PORT");
    }
    left = g_strndup(rest, dash - rest);
    if (!parse_end(left, &f.host, &f.host_port, 0) ||
        !parse_end(dash + 1, &f.guest, &f.guest_port, 1)) {
        return refuse(error, "hostfwd", text, "has no valid address or port");
    }
    *ret = f;
    return true;
}

static bool add_hostfwd(NetdevUser *u, const char *text, GError **error)
{
    HostForward f;

    if (!parse_hostfwd(text, &f, error)) {
        return false;
    }
    if (slirp_add_hostfwd(u->slirp, f.udp, f.host, f.host_port, f.guest, f.guest_port) < 0) {
        qmp_error_set_errno(error, errno == EADDRINUSE ? ERROR_REASON_ADDRESS_IN_USE
                                                       : ERROR_REASON_HOST_ERROR,
                            errno, "cannot forward '%s'", text);
        qmp_error_blame(error, "hostfwd");
        return false;
    }
    return true;
}

/* ---- For the class ---- */

bool user_check_options(NetdevUser *u, GError **error)
{
    const NetdevUserOptions *o = options(u);
    SlirpConfig cfg;
    HostForward ignored;

    if (!make_config(o, &cfg, error)) {
        return false;
    }
    for (gsize i = 0; i < o->hostfwd.n; i++) {
        if (!parse_hostfwd(o->hostfwd.items[i]->str, &ignored, error)) {
            return false;
        }
    }
    for (gsize i = 0; i < o->guestfwd.n; i++) {
        UserForward *f = user_forward_parse(u, o->guestfwd.items[i]->str, error);

        if (!f) {
            return false;
        }
        g_ptr_array_add(u->forwards, f);
    }
    return true;
}

static bool add_forwards(NetdevUser *u, GError **error)
{
    const NetdevUserOptions *o = options(u);

    for (gsize i = 0; i < o->hostfwd.n; i++) {
        if (!add_hostfwd(u, o->hostfwd.items[i]->str, error)) {
            return false;
        }
    }
    for (guint i = 0; i < u->forwards->len; i++) {
        if (!user_forward_open(u->forwards->pdata[i], error)) {
            return false;
        }
    }
    return true;
}

bool user_make_slirp(NetdevUser *u, GError **error)
{
    const NetdevUserOptions *o = options(u);
    g_autofree const char **search = search_list(o);
    SlirpConfig cfg;

    if (!make_config(o, &cfg, error)) {
        return false;
    }
    cfg.vdnssearch = o->dnssearch.n ? search : NULL;
    u->no_loopback = cfg.disable_host_loopback;
    u->slirp = slirp_new(&cfg, &user_slirp_callbacks, u);
    if (!u->slirp) {
        qmp_error_set(error, ERROR_REASON_HOST_ERROR, "cannot create the network");
        return false;
    }
    return add_forwards(u, error);
}
