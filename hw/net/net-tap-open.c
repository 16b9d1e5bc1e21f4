/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opening tap devices: see net-tap.h.
 */
#include "config.h"
#include "hw/net/net-tap.h"

#include <errno.h>
#include <event2/util.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "qmp/error.h"
#include "qom/qapi-objects-net.h"

static const NetdevTapOptions *options(const NetdevTap *tap)
{
    return &net_options(&tap->net)->u.tap;
}

/* ---- Options ---- */

static bool refuse(GError **error, const char *option, const char *why)
{
    qmp_error_set_at(error, option, ERROR_REASON_INVALID_VALUE, "%s", why);
    return false;
}

static bool check_options(const NetdevTapOptions *o, GError **error)
{
    if (!!o->fd + !!o->fds + !!o->ifname > 1 || ((o->fd || o->fds) && o->has_queues)) {
        return refuse(error, o->fd ? "fd" : "fds",
                      "'fd', 'fds' and 'ifname' (with 'queues') exclude each other");
    }
    if (o->vhostfd && (o->vhostfds || o->fds)) {
        return refuse(error, "vhostfd", "'vhostfd' is for one queue; 'vhostfds' goes with 'fds'");
    }
    if (o->vhostfds && !o->fds) {
        return refuse(error, "vhostfds", "'vhostfds' goes with 'fds'");
    }
    return true;
}

/* Takes descriptors by names separated by ':', or by one name. */
static bool take_fds(NetdevTap *tap, const Env *env, const char *names, const char *option,
                     GError **error)
{
    g_auto(GStrv) list = g_strsplit(names, ":", -1);
    guint n = g_strv_length(list);

    if (n < 1 || n > TAP_QUEUES_MAX) {
        qmp_error_set_at(error, option, ERROR_REASON_OUT_OF_RANGE,
                         "a tap device has 1 to %d descriptors", TAP_QUEUES_MAX);
        return false;
    }
    for (guint i = 0; i < n; i++) {
        QmpFd *fd = net_take_fd(env, list[i], error);

        if (!fd) {
            return qmp_error_blame(error, option);      /* finalize closes those taken */
        }
        tap->queues[tap->n_fds].given = fd;
        tap->queues[tap->n_fds++].fd = qmp_fd_get(fd);
    }
    return true;
}

/* Closes descriptors of /dev/vhost-net, which are not used. */
static bool close_vhost_fds(const NetdevTap *tap, const Env *env, const char *names,
                            const char *option, GError **error)
{
    g_auto(GStrv) list = g_strsplit(names, ":", -1);
    bool ok = true;

    if (g_strv_length(list) != MAX(tap->n_fds, 1)) {
        return refuse(error, option, "there are as many descriptors for vhost as queues");
    }
    for (guint i = 0; list[i]; i++) {
        QmpFd *fd = net_take_fd(env, list[i], ok ? error : NULL);

        ok = ok && fd;
        qmp_fd_close(fd);
    }
    return ok || qmp_error_blame(error, option);
}

/* vhost, in which the kernel moves frames past the daemon, is not used; if it was requested, the
 * options now say that it is off. */
static bool settle_vhost(NetdevTap *tap, const Env *env, GError **error)
{
    NetdevTapOptions *o = &net_options(&tap->net)->u.tap;

    if ((o->vhostfd && !close_vhost_fds(tap, env, o->vhostfd, "vhostfd", error)) ||
        (o->vhostfds && !close_vhost_fds(tap, env, o->vhostfds, "vhostfds", error))) {
        return false;
    }
    o->has_vhost = o->has_vhost || o->vhostfd || o->vhostfds;
    o->vhost = false;
    g_clear_pointer(&o->vhostfd, g_free);
    g_clear_pointer(&o->vhostfds, g_free);
    return true;
}

bool tap_setup(NetBackend *net, const Env *env, GError **error)
{
    NetdevTap *tap = to_netdev_tap(net);
    const NetdevTapOptions *o = options(tap);

    if (!check_options(o, error)) {
        return false;
    }
    return (!o->fd || take_fds(tap, env, o->fd, "fd", error)) &&
           (!o->fds || take_fds(tap, env, o->fds, "fds", error)) &&
           settle_vhost(tap, env, error);
}

/* ---- The device ---- */

static bool fail(const char *what, GError **error)
{
    qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno, "cannot %s", what);
    return false;
}

static bool want_vnet(const NetdevTap *tap)
{
    return !options(tap)->has_vnet_hdr || options(tap)->vnet_hdr;
}

/* Opens another queue of the device `name`, which the host chooses if it is empty. */
static bool open_queue(NetdevTap *tap, char name[IFNAMSIZ], short flags, GError **error)
{
    struct ifreq request = { .ifr_flags = flags };
    int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0) {
        return fail("open /dev/net/tun", error);
    }
    tap->queues[tap->n_fds++].fd = fd;
    g_strlcpy(request.ifr_name, name, IFNAMSIZ);
    if (ioctl(fd, TUNSETIFF, &request) < 0) {
        g_autofree char *what = g_strdup_printf("attach to tap device '%s'", name);

        return fail(what, error);
    }
    memcpy(name, request.ifr_name, IFNAMSIZ);
    return true;
}

static bool open_by_name(NetdevTap *tap, GError **error)
{
    NetdevTapOptions *o = &net_options(&tap->net)->u.tap;
    guint n = o->has_queues ? o->queues : 1;
    short flags = IFF_TAP | IFF_NO_PI | (want_vnet(tap) ? IFF_VNET_HDR : 0) |
                  (n > 1 ? IFF_MULTI_QUEUE : 0);
    char name[IFNAMSIZ] = "";

    g_strlcpy(name, o->ifname ? o->ifname : "", sizeof(name));
    for (guint i = 0; i < n; i++) {
        if (!open_queue(tap, name, flags, error)) {
            return false;
        }
    }
    return true;
}

/* A tap device is one, be it of the driver tun or macvtap.  A file's server could answer their
 * ioctls, too, and then never again. */
static bool is_device(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode);
}

static bool refuse_fd(const NetdevTap *tap, GError **error)
{
    qmp_error_set_at(error, options(tap)->fd ? "fd" : "fds", ERROR_REASON_FILE_NOT_USABLE,
                     "a descriptor is not of a tap device (IFF_TAP, IFF_NO_PI)");
    return false;
}

/* Whether the descriptors are those of tap devices that agree about headers. */
static bool check_fds(NetdevTap *tap, bool *ret_vnet, GError **error)
{
    for (guint i = 0; i < tap->n_fds; i++) {
        int fd = tap->queues[i].fd;
        struct ifreq request = { 0 };
        bool vnet;

        if (!is_device(fd)) {
            return refuse_fd(tap, error);
        }
        qmp_fd_take(g_steal_pointer(&tap->queues[i].given));
        if (ioctl(fd, TUNGETIFF, &request) < 0 || !(request.ifr_flags & IFF_TAP) ||
            !(request.ifr_flags & IFF_NO_PI) || evutil_make_socket_nonblocking(fd) < 0) {
            return refuse_fd(tap, error);
        }
        vnet = request.ifr_flags & IFF_VNET_HDR;
        if (i > 0 && vnet != *ret_vnet) {
            qmp_error_set_at(error, "fds", ERROR_REASON_FILE_NOT_USABLE,
                             "the descriptors differ in IFF_VNET_HDR");
            return false;
        }
        *ret_vnet = vnet;
    }
    return true;
}

static bool check_vnet(NetdevTap *tap, bool vnet, GError **error)
{
    const NetdevTapOptions *o = options(tap);

    if (o->has_vnet_hdr && o->vnet_hdr != vnet) {
        qmp_error_set_at(error, "vnet_hdr", ERROR_REASON_FILE_NOT_USABLE,
                         "the descriptor was made %s IFF_VNET_HDR, unlike 'vnet_hdr'",
                         vnet ? "with" : "without");
        return false;
    }
    return true;
}

static bool set_header(NetdevTap *tap, bool vnet, GError **error)
{
    int size = sizeof(NetHdr);

    for (guint i = 0; i < tap->n_fds && vnet; i++) {
        if (ioctl(tap->queues[i].fd, TUNSETVNETHDRSZ, &size) < 0) {
            return fail("set the size of the tap device's headers", error);
        }
    }
    tap->header = vnet ? size : 0;
    tap->net.has_vnet = vnet;
    return true;
}

static bool set_sndbuf(NetdevTap *tap, GError **error)
{
    const NetdevTapOptions *o = options(tap);
    int size = o->has_sndbuf && o->sndbuf && o->sndbuf < G_MAXINT ? o->sndbuf : G_MAXINT;

    if (ioctl(tap->queues[0].fd, TUNSETSNDBUF, &size) < 0 && o->has_sndbuf) {
        return fail("set 'sndbuf' of the tap device", error);
    }
    return true;
}

/* Some hosts no longer support UDP fragmentation offload. */
static bool probe_ufo(const NetdevTap *tap)
{
    int fd = tap->queues[0].fd;
    bool can = tap->net.has_vnet && ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_UFO) == 0;

    if (tap->net.has_vnet) {
        ioctl(fd, TUNSETOFFLOAD, 0);
    }
    return can;
}

bool tap_open(NetdevTap *tap, GError **error)
{
    bool vnet = want_vnet(tap);

    if (tap->n_fds ? !check_fds(tap, &vnet, error) || !check_vnet(tap, vnet, error)
                   : !open_by_name(tap, error)) {
        return false;
    }
    if (!set_header(tap, vnet, error) || !set_sndbuf(tap, error)) {
        return false;
    }
    tap->net.n_queues = tap->n_fds;
    tap->net.has_ufo = probe_ufo(tap);
    return true;
}

void tap_close(NetdevTap *tap)
{
    while (tap->n_fds) {
        TapQueue *q = &tap->queues[--tap->n_fds];

        if (q->given) {
            qmp_fd_close(g_steal_pointer(&q->given));
        } else {
            close(q->fd);
        }
    }
}

/* ---- In use ---- */

void tap_attach(TapQueue *q, bool attach)
{
    struct ifreq request = { .ifr_flags = attach ? IFF_ATTACH_QUEUE : IFF_DETACH_QUEUE };

    if (q->attached != attach) {
        q->attached = attach;
        if (q->tap->n_fds > 1 && ioctl(q->fd, TUNSETQUEUE, &request) < 0) {
            g_warning("netdev '%s': queue %u cannot be %s: %s", q->tap->net.object.name,
                      q->index, attach ? "attached" : "detached", g_strerror(errno));
        }
    }
}

static const struct {
    guint offload;
    unsigned int flag;
} offload_flags[] = {
    { NET_OFFLOAD_CSUM, TUN_F_CSUM }, { NET_OFFLOAD_TSO4, TUN_F_TSO4 },
    { NET_OFFLOAD_TSO6, TUN_F_TSO6 }, { NET_OFFLOAD_ECN, TUN_F_TSO_ECN },
    { NET_OFFLOAD_UFO, TUN_F_UFO },
};

void tap_set_offloads(NetdevTap *tap, guint offloads)
{
    unsigned int flags = 0;

    if (!tap->net.has_vnet) {
        return;
    }
    for (guint i = 0; i < G_N_ELEMENTS(offload_flags); i++) {
        flags |= offloads & offload_flags[i].offload ? offload_flags[i].flag : 0;
    }
    if (ioctl(tap->queues[0].fd, TUNSETOFFLOAD, flags) < 0) {
        g_warning("netdev '%s': cannot set offloads: %s", tap->net.object.name,
                  g_strerror(errno));
    }
}
