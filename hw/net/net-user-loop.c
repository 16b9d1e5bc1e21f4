/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The thread of a user network: frames from the card into libslirp, sockets of
 * the host into libslirp, frames of libslirp to the card.
 *
 * While the card does not take frames, the sockets are not read: their peers
 * wait, and nothing accumulates.
 */
#include "config.h"
#include "hw/net/net-user.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "qmp/error.h"
#include "qom/qapi-objects-net.h"

/* Minimum room for the card's frames at which the sockets are read: one turn of
 * libslirp produces no more. */
enum { MIN_ROOM = USER_RING_SIZE / 2 };

struct UserTimer {
    SlirpTimerCb callback;
    void *opaque;
    gint64 expires;             /* ms of libslirp's clock, or -1 */
};

/* ---- Callbacks of libslirp ---- */

static ssize_t send_packet(const void *buf, size_t size, void *opaque)
{
    NetdevUser *u = opaque;
    const struct iovec iov = { (void *)buf, size };

    if (!net_ring_put(&u->in, &iov, 1, size)) {
        u->dropped++;           /* as on any network: TCP retransmits it */
    }
    return size;
}

static void guest_error(const char *msg, void *opaque)
{
    g_debug("netdev '%s': guest: %s", to_netdev_user(opaque)->net.object.name, msg);
}

static int64_t clock_get_ns(void *opaque)
{
    return g_get_monotonic_time() * 1000;
}

static void *timer_new(SlirpTimerCb callback, void *cb_opaque, void *opaque)
{
    NetdevUser *u = opaque;
    UserTimer *timer = g_new(UserTimer, 1);

    *timer = (UserTimer){ .callback = callback, .opaque = cb_opaque, .expires = -1 };
    u->timers = g_slist_prepend(u->timers, timer);
    return timer;
}

static void timer_free(void *timer, void *opaque)
{
    NetdevUser *u = opaque;

    u->timers = g_slist_remove(u->timers, timer);
    g_free(timer);
}

static void timer_mod(void *timer, int64_t expire_time, void *opaque)
{
    ((UserTimer *)timer)->expires = expire_time;
}

static void ignore_fd(int fd, void *opaque)
{
    /* Each turn asks libslirp for its descriptors. */
}

static void notify(void *opaque)
{
    /* Comes on the thread, whose next turn sees what is new. */
}

const SlirpCb user_slirp_callbacks = {
    .send_packet = send_packet,
    .guest_error = guest_error,
    .clock_get_ns = clock_get_ns,
    .timer_new = timer_new,
    .timer_free = timer_free,
    .timer_mod = timer_mod,
    .register_poll_fd = ignore_fd,
    .unregister_poll_fd = ignore_fd,
    .notify = notify,
};

void user_free_timers(NetdevUser *u)
{
    g_slist_free_full(g_steal_pointer(&u->timers), g_free);
}

/* ---- Timers ---- */

static guint32 next_timer(const NetdevUser *u, gint64 now, guint32 timeout)
{
    for (const GSList *l = u->timers; l; l = l->next) {
        const UserTimer *timer = l->data;

        if (timer->expires >= 0) {
            timeout = MIN(timeout, (guint32)CLAMP(timer->expires - now, 0, 60000));
        }
    }
    return timeout;
}

static void run_timers(NetdevUser *u)
{
    gint64 now = clock_get_ns(u) / 1000000;
    GSList *next;

    for (GSList *l = u->timers; l; l = next) {
        UserTimer *timer = l->data;

        next = l->next;
        if (timer->expires >= 0 && timer->expires <= now) {
            timer->expires = -1;
            timer->callback(timer->opaque);
        }
    }
}

/* ---- Frames of the card ---- */

static const guint8 *linear(NetdevUser *u, const struct iovec *iov, guint n)
{
    if (n == 1) {
        return iov[0].iov_base;
    }
    memcpy(u->linear, iov[0].iov_base, iov[0].iov_len);
    memcpy(u->linear + iov[0].iov_len, iov[1].iov_base, iov[1].iov_len);
    return u->linear;
}

static void take_frames(NetdevUser *u)
{
    guint32 cursor = u->out.tail;
    struct iovec iov[2];
    guint n;

    while ((n = net_ring_next(&u->out, &cursor, iov)) > 0) {
        const guint8 *frame = linear(u, iov, n);
        gsize size = iov[0].iov_len + (n > 1 ? iov[1].iov_len : 0);

        if (!user_filter_forbids(u, frame, size)) {
            slirp_input(u->slirp, frame, size);
        }
        net_ring_take(&u->out, cursor);
    }
    if (net_ring_wake_putter(&u->out)) {
        user_wake(u->main_fd);
    }
}

/* ---- Waiting ---- */

int user_add_poll(NetdevUser *u, int fd, short events)
{
    const struct pollfd poll_fd = { .fd = fd, .events = events };

    g_array_append_val(u->polls, poll_fd);
    return u->polls->len - 1;
}

static const struct {
    int slirp;
    short poll;
} poll_bits[] = {
    { SLIRP_POLL_IN, POLLIN }, { SLIRP_POLL_OUT, POLLOUT }, { SLIRP_POLL_PRI, POLLPRI },
    { SLIRP_POLL_ERR, POLLERR }, { SLIRP_POLL_HUP, POLLHUP },
};

static int add_poll(int fd, int events, void *opaque)
{
    short wanted = 0;

    for (guint i = 0; i < G_N_ELEMENTS(poll_bits); i++) {
        wanted |= events & poll_bits[i].slirp ? poll_bits[i].poll : 0;
    }
    return user_add_poll(opaque, fd, wanted);
}

static int get_revents(int index, void *opaque)
{
    short got = g_array_index(to_netdev_user(opaque)->polls, struct pollfd, index).revents;
    int events = 0;

    for (guint i = 0; i < G_N_ELEMENTS(poll_bits); i++) {
        events |= got & poll_bits[i].poll ? poll_bits[i].slirp : 0;
    }
    return events;
}

static void fill_polls(NetdevUser *u, guint32 *timeout)
{
    slirp_pollfds_fill(u->slirp, timeout, add_poll, u);
    for (guint i = 0; i < u->forwards->len; i++) {
        user_forward_fill(u->forwards->pdata[i]);
    }
}

static void check_polls(NetdevUser *u, bool failed)
{
    slirp_pollfds_poll(u->slirp, failed, get_revents, u);
    for (guint i = 0; i < u->forwards->len; i++) {
        user_forward_poll(u->forwards->pdata[i]);
    }
}

/* One turn. */
static void turn(NetdevUser *u)
{
    bool room = net_ring_room(&u->in) >= MIN_ROOM || !net_ring_wait_room(&u->in);
    guint32 timeout = 60000;
    bool failed;

    g_array_set_size(u->polls, 0);
    user_add_poll(u, u->thread_fd, POLLIN);
    if (room) {
        fill_polls(u, &timeout);
    }
    timeout = next_timer(u, clock_get_ns(u) / 1000000, timeout);
    if (!net_ring_wait_data(&u->out)) {
        timeout = 0;
    }
    failed = poll((struct pollfd *)u->polls->data, u->polls->len, timeout) < 0 && errno != EINTR;
    if (g_array_index(u->polls, struct pollfd, 0).revents) {
        user_wake_clear(u->thread_fd);
    }
    if (room) {
        check_polls(u, failed);
    }
    run_timers(u);
    take_frames(u);
    if (net_ring_wake_taker(&u->in)) {
        user_wake(u->main_fd);
    }
}

static gpointer thread_main(gpointer opaque)
{
    NetdevUser *u = opaque;

    while (!g_atomic_int_get(&u->stop)) {
        turn(u);
    }
    return NULL;
}

bool user_loop_start(NetdevUser *u, GError **error)
{
    g_atomic_int_set(&u->stop, 0);
    u->thread = g_thread_try_new("net-user", thread_main, u, NULL);
    if (!u->thread) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, EAGAIN,
                            "cannot create the network's thread");
    }
    return u->thread != NULL;
}

void user_loop_stop(NetdevUser *u)
{
    if (u->thread) {
        g_atomic_int_set(&u->stop, 1);
        user_wake(u->thread_fd);
        g_thread_join(g_steal_pointer(&u->thread));
    }
}
