/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guestfwd: a TCP port of a user network whose bytes go to a chardev or over a
 * TCP connection.
 *
 * libslirp passes the guest's bytes without asking whether there is room, so the
 * network's thread waits while the host's side is slow; that delays only this
 * network.  A chardev belongs to the main loop: its bytes go through a pair of
 * rings.
 */
#include "config.h"
#include "hw/net/net-user.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hw/chardev/socket-connect.h"
#include "hw/net/net-address.h"
#include "qmp/error.h"
#include "qmp/qapi-types-net.h"
#include "qmp/visit.h"
#include "qom/link.h"

enum { PIECE = 4096 };

/* ---- Options ---- */

static UserForward *refuse(const char *text, const char *why, GError **error)
{
    qmp_error_set_at(error, "guestfwd", ERROR_REASON_INVALID_VALUE, "'%s' as 'guestfwd' %s", text,
                     why);
    return NULL;
}

/* `[ADDRESS]:PORT-`; the rest of the text, or NULL. */
static const char *parse_place(const char *text, struct in_addr *ret_addr, guint16 *ret_port)
{
    const char *colon = strchr(text, ':');
    const char *dash = colon ? strchr(colon, '-') : NULL;
    g_autofree char *host = NULL, *port_text = NULL;
    guint64 port;

    if (!dash) {
        return NULL;
    }
    host = g_strndup(text, colon - text);
    port_text = g_strndup(colon + 1, dash - colon - 1);
    if ((*host && inet_pton(AF_INET, host, ret_addr) != 1) ||
        !g_ascii_string_to_unsigned(port_text, 10, 1, 65535, &port, NULL)) {
        return NULL;
    }
    *ret_port = port;
    return dash + 1;
}

static bool parse_target(UserForward *f, const char *text, const char *target, GError **error)
{
    if (g_str_has_prefix(target, "cmd:")) {
        qmp_error_set_at(error, "guestfwd", ERROR_REASON_NOT_SUPPORTED,
                         "'cmd:' of 'guestfwd' is not supported: vmd runs no programs");
        return false;
    }
    if (g_str_has_prefix(target, "chardev:")) {
        f->chardev_id = g_strdup(target + strlen("chardev:"));
        return true;
    }
    if (g_str_has_prefix(target, "tcp:")) {
        f->tcp = net_address_parse(target + strlen("tcp:"), false, error);
        return f->tcp != NULL;
    }
    refuse(text, "leads to neither chardev:ID nor tcp:HOST:PORT", error);
    return false;
}

UserForward *user_forward_parse(NetdevUser *u, const char *text, GError **error)
{
    UserForward *f = g_new0(UserForward, 1);
    const char *target = g_str_has_prefix(text, "tcp:")
                       ? parse_place(text + strlen("tcp:"), &f->addr, &f->port) : NULL;

    f->user = u;
    f->fd = f->poll_index = -1;
    if (!target) {
        refuse(text, "is not tcp:[ADDRESS]:PORT-TARGET", error);
    }
    if (!target || !parse_target(f, text, target, error)) {
        user_forward_free(f);
        return NULL;
    }
    return f;
}

void user_forward_free(UserForward *f)
{
    qmp_clear(&qmp_type_SocketAddress, &f->tcp);
    g_free(f->chardev_id);
    g_free(f);
}

/* ---- The guest's bytes; on the thread ---- */

/* Waits for the host's side to take more; false if the thread must end. */
static bool wait_for(UserForward *f, int fd, short events)
{
    struct pollfd polls[2] = {
        { .fd = f->user->thread_fd, .events = POLLIN },
        { .fd = fd, .events = events },
    };

    poll(polls, fd >= 0 ? 2 : 1, -1);
    if (polls[0].revents) {
        user_wake_clear(f->user->thread_fd);
    }
    return !g_atomic_int_get(&f->user->stop);
}

static void send_tcp(UserForward *f, const guint8 *buf, gsize size)
{
    while (size && f->fd >= 0) {
        ssize_t n = send(f->fd, buf, size, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n > 0) {
            buf += n;
            size -= n;
        } else if (errno != EAGAIN && errno != EINTR) {
            close(f->fd);
            f->fd = -1;
        } else if (!wait_for(f, f->fd, POLLOUT)) {
            return;
        }
    }
}

static void send_chr(UserForward *f, const guint8 *buf, gsize size)
{
    while (size) {
        gsize n = MIN(size, PIECE);
        const struct iovec iov = { (void *)buf, n };

        if (net_ring_put(&f->to_chr, &iov, 1, n)) {
            buf += n;
            size -= n;
        } else {
            user_wake(f->user->main_fd);
            if (net_ring_wait_room(&f->to_chr) && !wait_for(f, -1, 0)) {
                return;
            }
        }
    }
    user_wake(f->user->main_fd);
}

static ssize_t guest_bytes(const void *buf, size_t size, void *opaque)
{
    UserForward *f = opaque;

    if (f->chr) {
        send_chr(f, buf, size);
    } else {
        send_tcp(f, buf, size);
    }
    return size;
}

/* ---- The host's bytes; on the thread ---- */

static gsize guest_room(UserForward *f)
{
    return slirp_socket_can_recv(f->user->slirp, f->addr, f->port);
}

void user_forward_fill(UserForward *f)
{
    f->poll_index = f->fd >= 0 && guest_room(f) ? user_add_poll(f->user, f->fd, POLLIN) : -1;
}

static void receive_tcp(UserForward *f)
{
    guint8 buf[PIECE];
    ssize_t n = recv(f->fd, buf, MIN(guest_room(f), sizeof(buf)), MSG_DONTWAIT);

    if (n > 0) {
        slirp_socket_recv(f->user->slirp, f->addr, f->port, buf, n);
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        close(f->fd);
        f->fd = -1;
    }
}

static void receive_chr(UserForward *f)
{
    guint32 cursor = f->to_guest.tail;
    struct iovec iov[2];
    guint n;

    while ((n = net_ring_next(&f->to_guest, &cursor, iov)) > 0) {
        gsize size = iov[0].iov_len + (n > 1 ? iov[1].iov_len : 0);

        if (guest_room(f) < size) {
            break;
        }
        for (guint i = 0; i < n; i++) {
            slirp_socket_recv(f->user->slirp, f->addr, f->port, iov[i].iov_base,
                              iov[i].iov_len);
        }
        net_ring_take(&f->to_guest, cursor);
    }
    if (net_ring_wake_putter(&f->to_guest)) {
        user_wake(f->user->main_fd);
    }
}

void user_forward_poll(UserForward *f)
{
    const GArray *polls = f->user->polls;

    if (f->poll_index >= 0 && g_array_index(polls, struct pollfd, f->poll_index).revents) {
        receive_tcp(f);
    }
    if (f->chr) {
        receive_chr(f);
    }
}

/* ---- The chardev; main loop ---- */

static gsize chr_can_receive(void *opaque)
{
    return MIN(net_ring_room(&((UserForward *)opaque)->to_guest), 1024);
}

static void chr_receive(void *opaque, const guint8 *data, gsize size)
{
    UserForward *f = opaque;
    const struct iovec iov = { (void *)data, size };

    net_ring_put(&f->to_guest, &iov, 1, size);
    if (!chr_can_receive(f)) {
        net_ring_wait_room(&f->to_guest);
    }
    user_wake(f->user->thread_fd);
}

/* Writes the rest of a record to the chardev; false: it did not take all. */
static bool write_to_chr(UserForward *f, const struct iovec *iov, guint n)
{
    gsize start = 0;

    for (guint i = 0; i < n; i++) {
        gsize done = MIN(f->chr_done - start, iov[i].iov_len);

        f->chr_done += char_write(f->chr, (guint8 *)iov[i].iov_base + done,
                                  iov[i].iov_len - done);
        start += iov[i].iov_len;
        if (f->chr_done < start) {
            return false;
        }
    }
    f->chr_done = 0;
    return true;
}

/* Machine lock held.  Bytes that the chardev does not take stay in the ring. */
static void drain_to_chr(UserForward *f)
{
    guint32 cursor = f->to_chr.tail;
    struct iovec iov[2];
    guint n;

    while ((n = net_ring_next(&f->to_chr, &cursor, iov)) > 0 && write_to_chr(f, iov, n)) {
        net_ring_take(&f->to_chr, cursor);
    }
    if (net_ring_wake_putter(&f->to_chr)) {
        user_wake(f->user->thread_fd);
    }
}

static void chr_writable(void *opaque)
{
    drain_to_chr(opaque);
}

static const CharFrontOps front_ops = {
    .can_receive = chr_can_receive,
    .receive = chr_receive,
    .writable = chr_writable,
};

void user_forward_main(UserForward *f)
{
    const Env *env = object_env(&f->user->net.object);

    if (f->chr) {
        env->lock(env);
        drain_to_chr(f);
        char_accept_input(f->chr);
        env->unlock(env);
    }
}

static const QmpMember *options_row(const UserForward *f)
{
    return qmp_class_member(object_class(f->user), "options");
}

bool user_forward_attach(UserForward *f, GError **error)
{
    Object *root = object_root(&f->user->net.object);
    Chardev *chr;

    if (!f->chardev_id) {
        return true;
    }
    chr = chardev_find(root, f->chardev_id, error);
    if (!chr) {
        return false;
    }
    if (!link_hold_exclusive(&f->user->net.object, options_row(f), &chr->object, error)) {
        return false;
    }
    f->chr_done = 0;
    net_ring_init(&f->to_chr, USER_FORWARD_RING_SIZE);
    net_ring_init(&f->to_guest, USER_FORWARD_RING_SIZE);
    f->chr = chr;
    char_attach(chr, &front_ops, f);
    return true;
}

void user_forward_detach(UserForward *f)
{
    if (f->chr) {
        char_detach(f->chr, f);
        link_drop(&f->user->net.object, options_row(f), &f->chr->object);
        f->chr = NULL;
        net_ring_done(&f->to_chr);
        net_ring_done(&f->to_guest);
    }
}

/* ---- Opening; pool thread ---- */

bool user_forward_open(UserForward *f, GError **error)
{
    if (f->tcp) {
        SocketAddressLegacy view = net_address_view(f->tcp);

        f->fd = socket_connect_now(&view, error);
        if (f->fd < 0) {
            return false;
        }
    }
    if (slirp_add_guestfwd(f->user->slirp, guest_bytes, f, &f->addr, f->port) < 0) {
        user_forward_close(f);
        qmp_error_set_at(error, "guestfwd", ERROR_REASON_INVALID_VALUE,
                         "port %u cannot be forwarded: its "
                         "address is taken, or not in the network", f->port);
        return false;
    }
    return true;
}

void user_forward_close(UserForward *f)
{
    if (f->fd >= 0) {
        close(f->fd);
        f->fd = -1;
    }
}
