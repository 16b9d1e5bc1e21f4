/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Queues as the transport sees them: the driver's settings, starting and
 * stopping, and the path of a notification to the device's handler.
 *
 * A notification signals the queue's event descriptor, by the accelerator
 * (ioeventfd) or by virtio_queue_kick(), and the loop that the device's queues
 * run on calls the handler.  Without a loop (unit tests) the handler is called
 * directly.
 */
#include "config.h"
#include "hw/virtio/transport.h"

#include <errno.h>
#include <event2/event.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "hw/virtio/virtio-internal.h"
#include "qmp/error.h"
#include "qom/checks.h"
#include "qom/env.h"
#include "qom/qapi-trace.h"

static VirtQueue *get_queue(const VirtioDevice *dev, guint n)
{
    return n < dev->n_queues ? dev->queues[n] : NULL;
}

/* ---- Making ---- */

static void queue_broken(VirtQueue *queue, const char *why)
{
    virtio_broken(virtio_notifier(queue)->dev, why);
}

static void queue_interrupt(VirtQueue *queue)
{
    VirtioDevice *dev = virtio_notifier(queue)->dev;

    if (dev->transport) {
        trace_virtio_notify(dev, queue->index);
        dev->transport->queue_interrupt(dev->transport_opaque, queue->index);
    }
}

static const VirtQueueOps queue_ops = {
    .broken = queue_broken,
    .interrupt = queue_interrupt,
};

VirtQueue *virtio_add_queue(VirtioDevice *dev, guint16 size, void (*handler)(VirtioDevice *dev,
                            VirtQueue *queue))
{
    VirtioNotifier *notifier = g_new(VirtioNotifier, 1);
    VirtQueue *queue = virtqueue_new(dev->n_queues, size, &queue_ops, notifier, &dev->broken);

    *notifier = (VirtioNotifier){ .dev = dev, .handler = handler, .eventfd = -1 };
    dev->queues = g_renew(VirtQueue *, dev->queues, dev->n_queues + 1);
    dev->queues[dev->n_queues++] = queue;
    return queue;
}

void virtio_queue_set_aio(VirtQueue *queue, AioContext *aio)
{
    virtio_notifier(queue)->aio = aio;
}

guint virtio_auto_queues(const VirtioDevice *dev, guint others)
{
    enum { MAX_QUEUES = 1024 };

    if (!dev->transport || !dev->transport->queue_per_cpu) {
        return 1;
    }
    return MIN(machine_n_cpus(dev->machine), MAX_QUEUES - others);
}

static void free_queue(VirtQueue *queue)
{
    VirtioNotifier *notifier = virtio_notifier(queue);

    virtqueue_free(queue);
    if (notifier->eventfd >= 0) {
        close(notifier->eventfd);
    }
    g_free(notifier);
}

void virtio_del_queues(VirtioDevice *dev)
{
    virtio_stop(dev);
    while (dev->n_queues) {
        free_queue(dev->queues[--dev->n_queues]);
    }
    g_clear_pointer(&dev->queues, g_free);
}

/* ---- The driver's settings ---- */

guint virtio_n_queues(const VirtioDevice *dev)
{
    return dev->n_queues;
}

guint virtio_queue_max(const VirtioDevice *dev, guint n)
{
    const VirtQueue *queue = get_queue(dev, n);

    return queue ? queue->max : 0;
}

void virtio_queue_set_size(VirtioDevice *dev, guint n, guint32 size)
{
    VirtQueue *queue = get_queue(dev, n);

    /* An invalid size is refused when the queue is enabled. */
    if (queue && !queue->enabled) {
        queue->num = MIN(size, G_MAXUINT16);
    }
}

guint virtio_queue_size(const VirtioDevice *dev, guint n)
{
    const VirtQueue *queue = get_queue(dev, n);

    return queue ? queue->num : 0;
}

void virtio_queue_set_area(VirtioDevice *dev, guint n, VirtqArea area, bool high, guint32 half)
{
    VirtQueue *queue = get_queue(dev, n);
    guint64 mask = G_GUINT64_CONSTANT(0xffffffff) << (high ? 32 : 0);

    if (queue && !queue->enabled) {
        queue->area[area] = (queue->area[area] & ~mask) | (guint64)half << (high ? 32 : 0);
    }
}

guint64 virtio_queue_area(const VirtioDevice *dev, guint n, VirtqArea area)
{
    const VirtQueue *queue = get_queue(dev, n);

    return queue ? queue->area[area] : 0;
}

bool virtio_queue_enabled(const VirtioDevice *dev, guint n)
{
    const VirtQueue *queue = get_queue(dev, n);

    return queue && queue->enabled;
}

void virtio_queue_enable(VirtioDevice *dev, guint n)
{
    VirtQueue *queue = get_queue(dev, n);
    const char *wrong;

    machine_lock_assert(dev->machine);
    if (!queue || queue->enabled || g_atomic_int_get(&dev->broken)) {
        return;
    }
    if (g_atomic_int_get(&dev->status) & VIRTIO_STATUS_DRIVER_OK) {
        virtio_broken(dev, "a queue is enabled after DRIVER_OK");
        return;
    }
    wrong = virtqueue_enable(queue, dev->machine->memory);
    if (wrong) {
        virtio_broken(dev, wrong);
    }
}

/* A device that has run may hold chains of the queue until it is reset. */
void virtio_queue_disable(VirtioDevice *dev, guint n)
{
    VirtQueue *queue = get_queue(dev, n);

    main_thread_assert();
    machine_lock_assert(dev->machine);
    if (!queue || !queue->enabled) {
        return;
    }
    if (dev->has_run) {
        virtio_broken(dev, "a queue is disabled in operation");
    } else {
        virtqueue_disable(queue);
    }
}

/* ---- Notifications ---- */

static void call_handler(VirtQueue *queue)
{
    const VirtioNotifier *notifier = virtio_notifier(queue);

    if (queue->started && notifier->handler) {
        trace_virtio_queue_notify(notifier->dev, queue->index);
        notifier->handler(notifier->dev, queue);
    }
}

/* On an AioContext. */
static void on_watch(void *opaque)
{
    call_handler(opaque);
}

static bool poll_ready(void *opaque)
{
    VirtQueue *queue = opaque;

    return queue->started && !virtqueue_empty(queue);
}

static bool poll_notify(void *opaque, bool on)
{
    VirtQueue *queue = opaque;

    queue->polled = !on;
    return virtqueue_set_notification(queue, on);
}

static const AioPollOps poll_ops = {
    .ready = poll_ready,
    .notify = poll_notify,
};

/* On the main loop. */
static void on_event(evutil_socket_t fd, short what, void *opaque)
{
    VirtQueue *queue = opaque;
    VirtioDevice *dev = virtio_notifier(queue)->dev;
    eventfd_t count;

    machine_lock(dev->machine);
    if (eventfd_read(fd, &count) == 0) {
        call_handler(queue);
    }
    machine_unlock(dev->machine);
}

void virtio_queue_kick(VirtioDevice *dev, guint n)
{
    VirtQueue *queue = get_queue(dev, n);
    int fd;

    machine_lock_assert(dev->machine);
    if (!queue) {
        return;
    }
    fd = g_atomic_int_get(&virtio_notifier(queue)->eventfd);
    if (fd >= 0) {
        eventfd_write(fd, 1);
    } else {
        call_handler(queue);
    }
}

/* ---- Starting and stopping ---- */

static struct event_base *main_base(VirtioDevice *dev)
{
    const Env *env = object_env(&dev->device.object);

    return env ? env->base : NULL;
}

static bool open_eventfd(VirtioNotifier *n, GError **error)
{
    int fd = n->eventfd >= 0 ? n->eventfd : eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

    if (fd < 0) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno, "no event descriptor");
        return false;
    }
    g_atomic_int_set(&n->eventfd, fd);
    return true;
}

static bool watch(VirtQueue *queue, GError **error)
{
    VirtioNotifier *n = virtio_notifier(queue);

    if (n->dev->aio) {
        n->watch = aio_watch(n->aio ? n->aio : n->dev->aio, n->eventfd, on_watch, queue);
        if (!n->watch) {
            qmp_error_set(error, ERROR_REASON_HOST_ERROR, "no memory to wait for the driver");
            return false;
        }
        aio_watch_poll(n->watch, &poll_ops);
        return true;
    }
    n->event = event_new(main_base(n->dev), n->eventfd, EV_READ | EV_PERSIST, on_event, queue);
    if (!n->event || event_add(n->event, NULL) < 0) {
        g_clear_pointer(&n->event, event_free);
        qmp_error_set(error, ERROR_REASON_HOST_ERROR, "cannot create an event");
        return false;
    }
    return true;
}

static void unwatch(VirtioNotifier *n)
{
    g_clear_pointer(&n->watch, aio_unwatch);
    g_clear_pointer(&n->event, event_free);
}

static void tell_transport(VirtQueue *queue, bool on)
{
    const VirtioNotifier *n = virtio_notifier(queue);
    const VirtioDevice *dev = n->dev;

    if (dev->transport) {
        dev->transport->queue_notifier(dev->transport_opaque, queue->index, n->eventfd, on);
    }
}

/* Enables calls of the handler; false and *error if there is no descriptor to
 * wait for. */
static bool start_queue(VirtQueue *queue, GError **error)
{
    VirtioNotifier *n = virtio_notifier(queue);
    VirtioDevice *dev = n->dev;

    queue->event_idx = virtio_has_feature(dev, VIRTIO_F_EVENT_IDX);
    queue->indirect = virtio_has_feature(dev, VIRTIO_F_INDIRECT_DESC);
    queue->notify_on_empty = virtio_has_feature(dev, VIRTIO_F_NOTIFY_ON_EMPTY);
    if (!dev->aio && !main_base(dev)) {
        queue->started = true;
        return true;
    }
    if (!open_eventfd(n, error)) {
        return false;
    }
    queue->started = true;
    if (!watch(queue, error)) {
        queue->started = false;
        return false;
    }
    tell_transport(queue, true);
    return true;
}

/* Chains may be waiting that were notified before the start. */
static void look_at_once(VirtQueue *queue)
{
    if (!virtio_yield(queue)) {
        call_handler(queue);
    }
}

/* On return the handler is not running, and will not be called any more. */
static void stop_queue(VirtQueue *queue)
{
    VirtioNotifier *n = virtio_notifier(queue);

    if (!queue->started) {
        return;
    }
    if (n->watch || n->event) {
        tell_transport(queue, false);
        unwatch(n);
    }
    queue->started = false;
}

bool virtio_yield(VirtQueue *queue)
{
    const VirtioNotifier *n = virtio_notifier(queue);

    if (!n->watch && !n->event) {
        return false;
    }
    eventfd_write(n->eventfd, 1);
    return true;
}

/* One transaction of the machine's address spaces for all queues: of both
 * spaces, since a virtio-pci is notified by ports, too. */
static void begin_change(const VirtioDevice *dev)
{
    region_transaction_begin(dev->machine->memory);
    region_transaction_begin(dev->machine->io);
}

static void commit_change(const VirtioDevice *dev)
{
    region_transaction_commit(dev->machine->io);
    region_transaction_commit(dev->machine->memory);
}

static void stop_queues(VirtioDevice *dev, guint n)
{
    begin_change(dev);
    while (n-- > 0) {
        stop_queue(dev->queues[n]);
    }
    commit_change(dev);
}

static bool start_queues(VirtioDevice *dev, GError **error)
{
    bool ok = true;

    begin_change(dev);
    for (guint i = 0; ok && i < dev->n_queues; i++) {
        if (dev->queues[i]->enabled && !start_queue(dev->queues[i], error)) {
            stop_queues(dev, i);
            ok = false;
        }
    }
    commit_change(dev);
    return ok;
}

static void start(VirtioDevice *dev)
{
    g_autoptr(GError) error = NULL;

    dev->has_run = true;
    if (dev->ops->start && !dev->ops->start(dev, &error)) {
        virtio_failed(dev, error->message);
        return;
    }
    if (!start_queues(dev, &error)) {
        if (dev->ops->stop) {
            dev->ops->stop(dev);
        }
        virtio_failed(dev, error->message);
        return;
    }
    dev->started = true;
    for (guint i = 0; i < dev->n_queues; i++) {
        look_at_once(dev->queues[i]);
    }
}

void virtio_stop(VirtioDevice *dev)
{
    main_thread_assert();
    machine_lock_assert(dev->machine);
    if (!dev->started) {
        return;
    }
    dev->started = false;
    stop_queues(dev, dev->n_queues);
    if (dev->ops->stop) {
        dev->ops->stop(dev);
    }
}

void virtio_update_started(VirtioDevice *dev)
{
    bool wanted = dev->machine->running && !g_atomic_int_get(&dev->broken) &&
                  !dev->resetting && !dev->quiesced &&
                  (g_atomic_int_get(&dev->status) & VIRTIO_STATUS_DRIVER_OK || dev->early);

    if (wanted && !dev->started) {
        start(dev);
    } else if (!wanted) {
        virtio_stop(dev);
    }
}
