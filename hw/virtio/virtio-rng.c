/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-rng-device: fills the driver's buffers with random bytes of a backend.
 * VIRTIO 1.2 section 5.4.
 *
 * One chain at a time is popped, while its bytes are requested.  A guest gets
 * max-bytes in each period; further requests wait for the next one.  A period
 * begins when bytes are requested, so that an idle device has no timer.
 */
#include "config.h"
#include "hw/virtio/virtio-rng.h"

#include "hw/backends/rng.h"
#include "hw/core/timer-state.h"
#include "hw/virtio/virtio.h"
#include "qom/qapi-objects-virtio.h"
#include "qom/qapi-trace.h"

enum {
    DEVICE_ID = 4,
    QUEUE_SIZE = 8,
    CHAINS_PER_TURN = 64,       /* then others get the lock */
};

struct VirtioRng {
    VirtioDevice parent;
    VirtQueue *queue;
    Object *backend;            /* rng-backend, borrowed */
    VirtqElement *element;      /* the popped chain, or NULL */
    RngRequest request;
    bool processing;            /* process() runs */
    guint64 quota;              /* bytes left in this period */
    Timer *timer;               /* end of the period */
};

#define NS_PER_MS G_GINT64_CONSTANT(1000000)

/* Pops the next chain if none is popped. */
static bool have_element(VirtioRng *s)
{
    if (!s->element) {
        s->element = virtqueue_pop(s->queue);
    }
    return s->element != NULL;
}

static void finish(VirtioRng *s, gsize written)
{
    VirtqElement *element = g_steal_pointer(&s->element);

    virtqueue_push(s->queue, element, written);
    virtqueue_notify(s->queue);
}

static void begin_period(VirtioRng *s)
{
    if (!timer_pending(s->timer)) {
        timer_set_after(s->timer, virtio_rng_device_props(s)->period * NS_PER_MS);
    }
}

/* Requests the bytes of one chain after the other, until a request is pending.
 * Bytes may arrive within the call. */
static void process(VirtioRng *s)
{
    guint n = 0;

    if (s->processing) {
        return;
    }
    s->processing = true;
    while (s->parent.started && !s->request.waiting && s->quota && have_element(s)) {
        if (++n > CHAINS_PER_TURN && virtio_yield(s->queue)) {
            break;
        }
        if (!s->element->in_size) {
            finish(s, 0);
            continue;
        }
        begin_period(s);
        s->request.size = MIN(s->element->in_size, s->quota);
        trace_virtio_rng_request(s, s->request.size);
        rng_request(s->backend, &s->request);
    }
    s->processing = false;
}

static void receive(RngRequest *request, const guint8 *data, gsize size)
{
    VirtioRng *s = container_of(request, VirtioRng, request);

    trace_virtio_rng_pushed(s, size);
    s->quota -= size;
    finish(s, virtq_write(s->element, 0, data, size));
    process(s);
}

static void period_over(void *opaque, gint64 now)
{
    VirtioRng *s = opaque;

    s->quota = virtio_rng_device_props(s)->max_bytes;
    process(s);
}

static void handle_queue(VirtioDevice *dev, VirtQueue *queue)
{
    process(to_virtio_rng(dev));
}

/* ---- Life ---- */

/* A popped chain is kept; handle_queue is called after each start. */
static void rng_stop(VirtioDevice *dev)
{
    VirtioRng *s = to_virtio_rng(dev);

    rng_cancel(s->backend, &s->request);
}

static void rng_reset(VirtioDevice *dev)
{
    to_virtio_rng(dev)->element = NULL;
}

/* The backend that a client named, or one made by the device. */
static bool find_backend(VirtioRng *s, GError **error)
{
    Object *obj = &s->parent.device.object;
    g_autoptr(Object) own = NULL;

    s->backend = virtio_rng_device_props(s)->rng.target;
    if (s->backend) {
        return true;
    }
    own = object_new(&qmp_class_rng_builtin);
    if (!object_add_child(obj, "default-backend", own, error)) {
        return false;
    }
    if (!object_make(own, error)) {
        object_unparent(own);
        return false;
    }
    s->backend = own;           /* its parent's reference keeps it */
    return true;
}

static bool rng_realize(Device *dev, GError **error)
{
    VirtioRng *s = to_virtio_rng(dev);

    if (!find_backend(s, error)) {
        return false;
    }
    s->request.receive = receive;
    s->quota = virtio_rng_device_props(s)->max_bytes;
    s->timer = timer_new(s->parent.machine->clock, CLOCK_KIND_VIRTUAL, NS_PER_MS, period_over, s);
    s->queue = virtio_add_queue(&s->parent, QUEUE_SIZE, handle_queue);
    return true;
}

static void rng_unrealize(Device *dev)
{
    VirtioRng *s = to_virtio_rng(dev);

    virtio_del_queues(&s->parent);
    g_clear_pointer(&s->timer, timer_free);
    if (!virtio_rng_device_props(s)->rng.target) {
        object_destroy(s->backend);
    }
    s->backend = NULL;
    s->element = NULL;
}

static const StateRow rng_state[] = {
    STATE_FIELD_KEEP(U64, VirtioRng, quota),
    STATE_CLOCK_TIMER_KEEP(VirtioRng, timer),
    STATE_ROWS_END
};

/* The popped chain is popped again. */
static bool rng_state_loaded(Device *dev, GError **error)
{
    VirtioRng *s = to_virtio_rng(dev);

    s->quota = MIN(s->quota, virtio_rng_device_props(s)->max_bytes);
    s->element = NULL;
    return true;
}

static const VirtioOps rng_virtio_ops = {
    .device_id = DEVICE_ID,
    .stop = rng_stop,
    .reset = rng_reset,
};

const TypeInfo virtio_rng_type = {
    .schema = &qmp_class_virtio_rng_device,
    .size = sizeof(VirtioRng),
    .device = &(const DeviceOps){
        .realize = rng_realize,
        .unrealize = rng_unrealize,
        .state = rng_state,
        .state_loaded = rng_state_loaded,
    },
    .kind = &rng_virtio_ops,
};
