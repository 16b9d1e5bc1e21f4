/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames through tap devices, and class netdev-tap: see net-tap.h.  Each frame
 * takes a system call in each direction: the device has no batches.
 */
#include "config.h"
#include "hw/net/net-tap.h"

#include <errno.h>
#include <event2/event.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "qmp/error.h"
#include "qom/qapi-objects-net.h"

enum {
    IN_SIZE = NET_FRAME_MAX + sizeof(NetHdr),
    FRAMES_A_TURN = 256,        /* then others get the loop */
};

/* ---- System calls ---- */

/* The client that passed the descriptor shares its flags, and may make it blocking.  On an old
 * kernel without RWF_NOWAIT, only these flags count. */
static gssize read_frame(const TapQueue *q)
{
    const struct iovec iov = { q->in, IN_SIZE };
    gssize n = preadv2(q->fd, &iov, 1, -1, RWF_NOWAIT);

    return n < 0 && errno == EOPNOTSUPP ? read(q->fd, q->in, IN_SIZE) : n;
}

static gssize write_frame(const TapQueue *q, const struct iovec *iov, guint n_iov)
{
    gssize n = pwritev2(q->fd, iov, n_iov, -1, RWF_NOWAIT);

    return n < 0 && errno == EOPNOTSUPP ? writev(q->fd, iov, n_iov) : n;
}

/* ---- From the host ---- */

/* Delivers the frame in the buffer; false: the card takes none. */
static bool deliver(TapQueue *q)
{
    NetdevTap *tap = q->tap;
    NetHdr hdr;
    const struct iovec iov = { q->in + tap->header, q->in_size - tap->header };
    const NetFrame frame = { .iov = &iov, .n_iov = 1, .size = iov.iov_len,
                             .hdr = tap->header ? &hdr : NULL };

    memcpy(&hdr, q->in, tap->header);
    if (!net_deliver(&tap->net, q->index, &frame, 1)) {
        q->stalled = true;
        event_del_noblock(q->in_event);
        return false;
    }
    q->in_size = 0;
    return true;
}

static void on_readable(evutil_socket_t fd, short what, void *opaque)
{
    TapQueue *q = opaque;
    NetdevTap *tap = q->tap;

    net_lock(&tap->net);
    for (guint i = 0; i < FRAMES_A_TURN && !q->stalled; i++) {
        gssize n;

        if (q->in_size && !deliver(q)) {
            break;
        }
        n = read_frame(q);
        if (n <= 0) {
            break;
        }
        q->in_size = n > (ssize_t)tap->header ? n : 0;
    }
    if (q->in_size && !q->stalled) {
        deliver(q);
    }
    net_unlock(&tap->net);
}

static void tap_resume(NetBackend *net, guint queue)
{
    TapQueue *q = &to_netdev_tap(net)->queues[queue];

    if (q->stalled) {
        q->stalled = false;
        event_add(q->in_event, NULL);
        event_active(q->in_event, EV_READ, 0);
    }
}

/* ---- To the host ---- */

/* False: the device is full. */
static bool send_one(TapQueue *q, const NetFrame *frame)
{
    static const NetHdr none;
    struct iovec iov[NET_IOV_MAX + 1];
    guint n = 0;
    ssize_t done;

    if (q->tap->header) {
        iov[n++] = (struct iovec){ (void *)(frame->hdr ? frame->hdr : &none), q->tap->header };
    }
    memcpy(iov + n, frame->iov, frame->n_iov * sizeof(*iov));
    do {
        done = write_frame(q, iov, n + frame->n_iov);
    } while (done < 0 && errno == EINTR);
    /* Frames that the device rejects permanently (it is down, the header is
     * invalid) are lost. */
    return done >= 0 || errno != EAGAIN;
}

static guint tap_send(NetBackend *net, guint queue, const NetFrame *frames, guint n)
{
    TapQueue *q = &to_netdev_tap(net)->queues[queue];
    guint i;

    for (i = 0; i < n && q->out_event; i++) {
        if (!send_one(q, &frames[i])) {
            q->starved = true;
            event_add(q->out_event, NULL);
            return i;
        }
    }
    return n;
}

static void on_writable(evutil_socket_t fd, short what, void *opaque)
{
    TapQueue *q = opaque;

    net_lock(&q->tap->net);
    if (q->starved) {
        q->starved = false;
        net_writable(&q->tap->net, q->index);
    }
    net_unlock(&q->tap->net);
}

/* ---- Queues ---- */

static void set_offloads(NetBackend *net, guint offloads)
{
    tap_set_offloads(to_netdev_tap(net), offloads);
}

static void set_queues(NetBackend *net, guint n)
{
    NetdevTap *tap = to_netdev_tap(net);

    for (guint i = 0; i < tap->n_fds; i++) {
        tap_attach(&tap->queues[i], i < n);
    }
}

static bool start_queue(TapQueue *q, struct event_base *base)
{
    q->in_event = event_new(base, q->fd, EV_READ | EV_PERSIST, on_readable, q);
    q->out_event = event_new(base, q->fd, EV_WRITE, on_writable, q);
    if (!q->in_event || !q->out_event) {
        return false;
    }
    q->in = g_malloc(IN_SIZE);
    q->attached = true;
    event_add(q->in_event, NULL);
    return true;
}

static void stop_queue(TapQueue *q)
{
    g_clear_pointer(&q->in_event, event_free);
    g_clear_pointer(&q->out_event, event_free);
    g_clear_pointer(&q->in, g_free);
    q->stalled = q->starved = false;
    q->in_size = 0;
}

/* ---- Life ---- */

static void tap_init(Object *obj)
{
    NetdevTap *tap = to_netdev_tap(obj);

    for (guint i = 0; i < TAP_QUEUES_MAX; i++) {
        tap->queues[i] = (TapQueue){ .tap = tap, .index = i, .fd = -1 };
    }
}

static bool tap_prepare(Object *obj, GError **error)
{
    NetdevTap *tap = to_netdev_tap(obj);

    if (!tap_open(tap, error)) {
        tap_close(tap);
        return false;
    }
    return true;
}

static void tap_release(Object *obj)
{
    tap_close(to_netdev_tap(obj));
}

static void tap_dismantle(Object *obj)
{
    NetdevTap *tap = to_netdev_tap(obj);

    net_lock(&tap->net);
    for (guint i = 0; i < tap->n_fds; i++) {
        stop_queue(&tap->queues[i]);
    }
    net_unlock(&tap->net);
}

static bool tap_complete(Object *obj, GError **error)
{
    NetdevTap *tap = to_netdev_tap(obj);
    const Env *env = object_env(obj);

    for (guint i = 0; i < tap->n_fds; i++) {
        if (!env || !env->base || !start_queue(&tap->queues[i], env->base)) {
            tap_dismantle(obj);
            qmp_error_set(error, ERROR_REASON_HOST_ERROR, "cannot wait for frames");
            return false;
        }
    }
    return true;
}

static const NetBackendOps tap_net_ops = {
    .send = tap_send,
    .resume = tap_resume,
    .set_offloads = set_offloads,
    .set_queues = set_queues,
    .setup = tap_setup,
};

static const ObjectOps tap_object_ops = {
    .init = tap_init,
    .prepare = tap_prepare,
    .release = tap_release,
    .complete = tap_complete,
    .dismantle = tap_dismantle,
    .finalize = tap_release,    /* descriptors that prepare never saw */
};

const TypeInfo netdev_tap_type = {
    .schema = &qmp_class_netdev_tap,
    .size = sizeof(NetdevTap),
    .object = &tap_object_ops,
    .kind = &tap_net_ops,
};
