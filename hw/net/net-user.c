/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class netdev-user: its life, and the main loop's end of the rings to the
 * thread that libslirp runs on.  See net-user.h.
 */
#include "config.h"
#include "hw/net/net-user.h"

#include <errno.h>
#include <event2/event.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "qmp/error.h"
#include "qom/qapi-objects-net.h"

/* Batches in one callback, so that others get the loop. */
enum { ROUNDS = 8 };

void user_wake(int eventfd)
{
    const guint64 one = 1;
    ssize_t n;

    do {
        n = write(eventfd, &one, sizeof(one));
    } while (n < 0 && errno == EINTR);
}

void user_wake_clear(int eventfd)
{
    guint64 count;
    ssize_t n;

    do {
        n = read(eventfd, &count, sizeof(count));
    } while (n < 0 && errno == EINTR);
}

/* ---- Frames for the card ---- */

/* Delivers a batch; false: there is none, or the card takes no more. */
static bool deliver(NetdevUser *u)
{
    NetFrame frames[NET_BATCH];
    struct iovec iov[NET_BATCH][2];
    guint32 ends[NET_BATCH], cursor = u->in.tail;
    guint n = 0, taken, pieces;

    while (n < NET_BATCH && (pieces = net_ring_next(&u->in, &cursor, iov[n])) > 0) {
        frames[n] = (NetFrame){ .iov = iov[n], .n_iov = pieces,
                                .size = iov[n][0].iov_len + (pieces > 1 ? iov[n][1].iov_len : 0) };
        ends[n++] = cursor;
    }
    if (!n) {
        return false;
    }
    taken = net_deliver(&u->net, 0, frames, n);
    if (taken) {
        net_ring_take(&u->in, ends[taken - 1]);
        if (net_ring_wake_putter(&u->in)) {
            user_wake(u->thread_fd);
        }
    }
    u->stalled = taken < n;
    return !u->stalled;
}

/* Gate held.  Continues in the loop's next turn if there is more than one
 * callback should handle. */
static void deliver_all(NetdevUser *u)
{
    const struct timeval now = { 0, 0 };

    for (guint i = 0; i < ROUNDS && !u->stalled; i++) {
        if (!deliver(u) && (u->stalled || net_ring_wait_data(&u->in))) {
            return;
        }
    }
    if (!u->stalled) {
        event_add(u->again_event, &now);
    }
}

static void on_main(evutil_socket_t fd, short what, void *opaque)
{
    NetdevUser *u = opaque;

    if (what & EV_READ) {
        user_wake_clear(u->main_fd);
    }
    for (guint i = 0; i < u->forwards->len; i++) {
        user_forward_main(u->forwards->pdata[i]);
    }
    net_lock(&u->net);
    if (u->starved && net_ring_room(&u->out) >= NET_FRAME_MAX) {
        u->starved = false;
        net_writable(&u->net, 0);
    }
    deliver_all(u);
    net_unlock(&u->net);
}

static void user_resume(NetBackend *net, guint queue)
{
    NetdevUser *u = to_netdev_user(net);

    if (u->stalled) {
        u->stalled = false;
        event_active(u->main_event, EV_READ, 0);
    }
}

/* ---- Frames of the card ---- */

static guint user_send(NetBackend *net, guint queue, const NetFrame *frames, guint n)
{
    NetdevUser *u = to_netdev_user(net);
    guint i;

    if (!u->thread) {
        return n;
    }
    for (i = 0; i < n; i++) {
        if (!net_ring_put(&u->out, frames[i].iov, frames[i].n_iov, frames[i].size)) {
            u->starved = true;
            break;
        }
    }
    if (net_ring_wake_taker(&u->out)) {
        user_wake(u->thread_fd);
    }
    if (i < n && !net_ring_wait_room(&u->out)) {
        event_active(u->main_event, EV_READ, 0);        /* there is room meanwhile */
    }
    return i;
}

/* ---- Life ---- */

static void user_init(Object *obj)
{
    NetdevUser *u = to_netdev_user(obj);

    u->main_fd = u->thread_fd = -1;
    u->forwards = g_ptr_array_new_with_free_func((GDestroyNotify)user_forward_free);
}

static void user_finalize(Object *obj)
{
    g_ptr_array_unref(to_netdev_user(obj)->forwards);
}

static void detach_forwards(NetdevUser *u)
{
    for (guint i = 0; i < u->forwards->len; i++) {
        user_forward_detach(u->forwards->pdata[i]);
    }
}

static bool user_setup(NetBackend *net, const Env *env, GError **error)
{
    return user_check_options(to_netdev_user(net), error);
}

static void user_release(Object *obj)
{
    NetdevUser *u = to_netdev_user(obj);

    for (guint i = 0; i < u->forwards->len; i++) {
        user_forward_close(u->forwards->pdata[i]);
    }
    g_clear_pointer(&u->slirp, slirp_cleanup);
    user_free_timers(u);
    if (u->main_fd >= 0) {
        close(u->main_fd);
    }
    if (u->thread_fd >= 0) {
        close(u->thread_fd);
    }
    u->main_fd = u->thread_fd = -1;
    net_ring_done(&u->in);
    net_ring_done(&u->out);
    g_clear_pointer(&u->linear, g_free);
    g_clear_pointer(&u->polls, g_array_unref);
}

static bool user_prepare(Object *obj, GError **error)
{
    NetdevUser *u = to_netdev_user(obj);

    u->main_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    u->thread_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    net_ring_init(&u->in, USER_RING_SIZE);
    net_ring_init(&u->out, USER_RING_SIZE);
    u->linear = g_malloc(NET_FRAME_MAX);
    u->polls = g_array_new(false, false, sizeof(struct pollfd));
    if (u->main_fd < 0 || u->thread_fd < 0) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno, "cannot create an eventfd");
    } else if (user_library_load(error) && user_make_slirp(u, error)) {
        return true;
    }
    user_release(obj);
    return false;
}

static void user_dismantle(Object *obj)
{
    NetdevUser *u = to_netdev_user(obj);

    user_loop_stop(u);
    g_clear_pointer(&u->main_event, event_free);
    g_clear_pointer(&u->again_event, event_free);
    detach_forwards(u);
}

static bool user_complete(Object *obj, GError **error)
{
    NetdevUser *u = to_netdev_user(obj);
    const Env *env = object_env(obj);

    for (guint i = 0; i < u->forwards->len; i++) {
        if (!user_forward_attach(u->forwards->pdata[i], error)) {
            detach_forwards(u);
            return false;
        }
    }
    if (env && env->base) {
        u->main_event = event_new(env->base, u->main_fd, EV_READ | EV_PERSIST, on_main, u);
        u->again_event = event_new(env->base, -1, 0, on_main, u);
    }
    if (!u->main_event || !u->again_event) {
        qmp_error_set(error, ERROR_REASON_HOST_ERROR, "cannot wait for frames");
        user_dismantle(obj);
        return false;
    }
    event_add(u->main_event, NULL);
    net_ring_wait_data(&u->in);
    if (!user_loop_start(u, error)) {
        user_dismantle(obj);
        return false;
    }
    return true;
}

static const NetBackendOps user_net_ops = {
    .send = user_send,
    .resume = user_resume,
    .setup = user_setup,
};

static const ObjectOps user_object_ops = {
    .init = user_init,
    .prepare = user_prepare,
    .release = user_release,
    .complete = user_complete,
    .dismantle = user_dismantle,
    .finalize = user_finalize,
};

const TypeInfo netdev_user_type = {
    .schema = &qmp_class_netdev_user,
    .size = sizeof(NetdevUser),
    .object = &user_object_ops,
    .kind = &user_net_ops,
};
