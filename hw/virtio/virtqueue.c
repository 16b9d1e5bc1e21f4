/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Split virtqueues: rings, and the life of a queue.  VIRTIO 1.2 section 2.7;
 * chains are read in virtqueue-chain.c.
 *
 * The rings are mapped when the driver enables the queue, and again when the
 * machine's memory changes.  All indices in them are numbers modulo 2^16 that
 * the guest may change at any time: the device relies on its own copies.
 */
#include "config.h"
#include "hw/virtio/virtqueue.h"

#include "hw/virtio/virtqueue-internal.h"

/* Bytes of the three areas (section 2.7.2), events included. */
static gsize desc_size(const VirtQueue *queue)
{
    return queue->num * sizeof(VringDesc);
}

static gsize avail_size(const VirtQueue *queue)
{
    return sizeof(VringAvail) + (queue->num + 1) * sizeof(guint16);
}

static gsize used_size(const VirtQueue *queue)
{
    return sizeof(VringUsed) + queue->num * sizeof(VringUsedElem) + sizeof(guint16);
}

/* ---- Ring members ---- */

static guint16 load16(const guint16 *p)
{
    return GUINT16_FROM_LE(__atomic_load_n(p, __ATOMIC_RELAXED));
}

static void store16(guint16 *p, guint16 value)
{
    __atomic_store_n(p, GUINT16_TO_LE(value), __ATOMIC_RELAXED);
}

static guint16 used_event(const VirtQueue *queue)
{
    return load16(&queue->avail->ring[queue->num]);
}

static void set_avail_event(VirtQueue *queue, guint16 index)
{
    store16((guint16 *)&queue->used->ring[queue->num], index);
}

static void wrote_used(VirtQueue *queue, const void *p, gsize size)
{
    memory_wrote(queue->memory,
                 queue->area[VIRTQ_DEVICE] + ((const guint8 *)p - (guint8 *)queue->used), size);
}

/* ---- Requests ---- */

static gsize align(gsize size)
{
    return (size + 15) & ~(gsize)15;
}

/* Allocates all requests with room for their longest chains.  Only the used
 * part of the block is touched: the stack returns the most recently freed
 * request. */
static void requests_new(VirtQueue *queue)
{
    gsize room = queue->num + VIRTQ_SPARE_PIECES;
    gsize pieces = align(sizeof(VirtqPieces) + room * sizeof(struct iovec));

    queue->stride = align(queue->request_size) + pieces + align(room * sizeof(VirtqAddress));
    queue->requests = g_malloc0_n(queue->num, queue->stride);
    queue->n_requests = queue->num;
    queue->free = g_new(void *, queue->num);
    queue->n_free = queue->num;
    for (guint i = 0; i < queue->num; i++) {
        guint8 *request = queue->requests + (queue->num - 1 - i) * queue->stride;
        VirtqPieces *p = (VirtqPieces *)(request + align(queue->request_size));

        p->addresses = (VirtqAddress *)((guint8 *)p + pieces);
        ((VirtqElement *)request)->iov = p->iov;
        queue->free[i] = request;
    }
}

/* Also drops the views of requests that are still out. */
static void requests_free(VirtQueue *queue)
{
    if (!queue->requests) {
        return;
    }
    for (guint i = 0; i < queue->n_requests; i++) {
        const VirtqElement *element = (VirtqElement *)(queue->requests + i * queue->stride);

        memory_view_unref(virtq_pieces(element)->view);
    }
    g_clear_pointer(&queue->requests, g_free);
    g_clear_pointer(&queue->free, g_free);
    queue->n_free = queue->n_requests = 0;
}

static void release(VirtQueue *queue, VirtqElement *element)
{
    g_clear_pointer(&virtq_pieces(element)->view, memory_view_unref);
    queue->free[queue->n_free++] = element;
}

void virtqueue_set_requests(VirtQueue *queue, gsize request_size)
{
    queue->request_size = MAX(request_size, sizeof(VirtqElement));
}

/* ---- Life ---- */

VirtQueue *virtqueue_new(guint index, guint16 size, const VirtQueueOps *ops, void *owner,
                         const gint *broken)
{
    VirtQueue *queue = g_new0(VirtQueue, 1);

    queue->ops = ops;
    queue->owner = owner;
    queue->broken = broken;
    queue->index = index;
    queue->max = queue->num = size;
    queue->request_size = sizeof(VirtqElement);
    return queue;
}

void virtqueue_free(VirtQueue *queue)
{
    virtqueue_disable(queue);
    g_free(queue->saved);
    g_free(queue);
}

void virtqueue_disable(VirtQueue *queue)
{
    queue->enabled = false;
    requests_free(queue);
    g_clear_pointer(&queue->again, g_free);
    queue->n_again = queue->next_again = 0;
    g_clear_pointer(&queue->view, memory_view_unref);
    queue->desc = NULL;
    queue->avail = NULL;
    queue->used = NULL;
}

void virtqueue_reset(VirtQueue *queue)
{
    virtqueue_disable(queue);
    queue->num = queue->max;
    for (guint i = 0; i < G_N_ELEMENTS(queue->area); i++) {
        queue->area[i] = 0;
    }
    queue->last_avail = queue->seen_avail = queue->next_used = queue->signalled_used = 0;
    queue->signalled = false;
    queue->notification = true;
}

/* ---- Rings ---- */

/* Host address of a ring, which must be one piece of RAM. */
static void *map_ring(VirtQueue *queue, VirtqArea area, gsize size, guint alignment, bool is_write)
{
    guint64 n = 0;
    void *hva = memory_view_map(queue->view, queue->area[area], size, is_write, &n);

    return n == size && queue->area[area] % alignment == 0 ? hva : NULL;
}

static const char *map_rings(VirtQueue *queue)
{
    queue->desc = map_ring(queue, VIRTQ_DESC, desc_size(queue), 16, false);
    queue->avail = map_ring(queue, VIRTQ_DRIVER, avail_size(queue), 2, false);
    queue->used = map_ring(queue, VIRTQ_DEVICE, used_size(queue), 4, true);
    return queue->desc && queue->avail && queue->used
        ? NULL : "a queue's ring is not aligned or not RAM";
}

const char *virtqueue_enable(VirtQueue *queue, AddressSpace *memory)
{
    const char *wrong;

    if (!queue->num || queue->num > queue->max || queue->num & (queue->num - 1)) {
        return "a queue's size is not a power of two, or too large";
    }
    queue->memory = memory;
    queue->view = memory_view_new(queue->memory);
    wrong = map_rings(queue);
    if (wrong) {
        virtqueue_disable(queue);
        return wrong;
    }
    requests_new(queue);
    queue->notification = true;
    queue->enabled = true;
    return NULL;
}

static bool is_broken(const VirtQueue *queue)
{
    return g_atomic_int_get(queue->broken);
}

/* Remaps the rings if the machine's memory has changed; false: the device is broken. */
static bool refresh(VirtQueue *queue)
{
    const char *wrong;

    if (G_LIKELY(memory_view_is_current(queue->memory, queue->view))) {
        return true;
    }
    memory_view_unref(queue->view);
    queue->view = memory_view_new(queue->memory);
    wrong = map_rings(queue);
    if (wrong) {
        queue->ops->broken(queue, wrong);
    }
    return !wrong;
}

/* ---- Popping ---- */

static bool usable(const VirtQueue *queue)
{
    return queue->enabled && queue->started && !is_broken(queue);
}

/* How many chains are available; -1 if the number is impossible. */
static int waiting(VirtQueue *queue)
{
    guint16 n;

    queue->seen_avail = GUINT16_FROM_LE(__atomic_load_n(&queue->avail->idx, __ATOMIC_ACQUIRE));
    n = queue->seen_avail - queue->last_avail;
    if (n > queue->num) {
        queue->ops->broken(queue, "the available index is beyond the ring");
        return -1;
    }
    return n;
}

/* Sets the chain from which on the driver should notify; then checks once more,
 * since it may have added a chain before it saw that. */
static int ask_and_look(VirtQueue *queue)
{
    if (queue->event_idx) {
        set_avail_event(queue, queue->last_avail);
    } else {
        store16(&queue->used->flags, 0);
    }
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return waiting(queue);
}

static bool has_again(const VirtQueue *queue)
{
    return queue->next_again < queue->n_again;
}

/* Whether there is a chain to pop. */
static bool look(VirtQueue *queue)
{
    if (!usable(queue) || !refresh(queue)) {
        return false;
    }
    if (has_again(queue)) {
        return true;
    }
    if (queue->seen_avail != queue->last_avail) {
        return true;
    }
    if (waiting(queue)) {
        return !is_broken(queue);
    }
    return queue->notification && ask_and_look(queue) > 0;
}

/* Head and position of the next chain to pop; there must be one. */
static VirtqOut next_chain(const VirtQueue *queue)
{
    return has_again(queue) ? queue->again[queue->next_again]
        : (VirtqOut){ .head = load16(&queue->avail->ring[queue->last_avail & (queue->num - 1)]),
                      .position = queue->last_avail };
}

static void step(VirtQueue *queue)
{
    queue->popped_again = has_again(queue);
    if (queue->popped_again) {
        queue->next_again++;
    } else {
        queue->last_avail++;
    }
}

void *virtqueue_pop(VirtQueue *queue)
{
    VirtqElement *element;
    const char *wrong;
    VirtqOut next;

    if (!look(queue)) {
        return NULL;
    }
    next = next_chain(queue);
    if (!queue->n_free) {
        queue->ops->broken(queue, "more chains than descriptors");
        return NULL;
    }
    element = queue->free[queue->n_free - 1];
    wrong = virtqueue_read_chain(queue, next.head, element);
    if (wrong) {
        queue->ops->broken(queue, wrong);
        return NULL;
    }
    virtq_pieces(element)->view = memory_view_ref(queue->view);
    element->position = next.position;
    queue->n_free--;
    step(queue);
    return element;
}

void virtqueue_unpop(VirtQueue *queue, VirtqElement *element)
{
    if (queue->popped_again) {
        queue->next_again--;
    } else {
        queue->last_avail--;
    }
    release(queue, element);
}

bool virtqueue_empty(VirtQueue *queue)
{
    return !usable(queue) || !refresh(queue) ||
           (!has_again(queue) && queue->seen_avail == queue->last_avail && waiting(queue) <= 0);
}

bool virtqueue_set_notification(VirtQueue *queue, bool enable)
{
    if (enable && queue->polled) {
        return !virtqueue_empty(queue);
    }
    queue->notification = enable;
    if (!usable(queue) || !refresh(queue)) {
        return false;
    }
    if (enable) {
        return ask_and_look(queue) > 0;
    }
    if (!queue->event_idx) {
        store16(&queue->used->flags, VRING_USED_NO_NOTIFY);
    }
    return false;
}

/* ---- Pushing ---- */

static void wrote_buffers(VirtQueue *queue, const VirtqElement *element, gsize written)
{
    for (guint i = element->n_out; i < (guint)element->n_out + element->n_in && written; i++) {
        gsize n = MIN(written, element->iov[i].iov_len);

        memory_wrote(queue->memory, virtq_pieces(element)->addresses[i], n);
        written -= n;
    }
}

/* Fills in the used element `ahead` places after the next one. */
static void fill_used(VirtQueue *queue, guint ahead, guint16 head, guint32 written)
{
    VringUsedElem *elem = &queue->used->ring[(queue->next_used + ahead) & (queue->num - 1)];

    elem->id = GUINT32_TO_LE(head);
    elem->len = GUINT32_TO_LE(written);
    wrote_used(queue, elem, sizeof(*elem));
}

void virtqueue_push_all(VirtQueue *queue, VirtqElement *const *elements, const guint32 *written,
                        guint n)
{
    bool lost = is_broken(queue) || !refresh(queue);

    for (guint i = 0; i < n; i++) {
        wrote_buffers(queue, elements[i], written[i]);
        if (!lost) {
            fill_used(queue, i, elements[i]->head, written[i]);
        }
        release(queue, elements[i]);
    }
    if (!lost) {
        queue->next_used += n;
        __atomic_store_n(&queue->used->idx, GUINT16_TO_LE(queue->next_used), __ATOMIC_RELEASE);
        wrote_used(queue, queue->used, sizeof(*queue->used));
    }
}

void virtqueue_push(VirtQueue *queue, VirtqElement *element, guint32 written)
{
    virtqueue_push_all(queue, &element, &written, 1);
}

/* Section 2.7.7.2: whether event lies among the indices passed since `old`. */
static bool passed(guint16 event, guint16 now, guint16 old)
{
    return (guint16)(now - event - 1) < (guint16)(now - old);
}

/* A feature of the legacy interface: the driver wants an interrupt when the
 * device has nothing left to do, regardless of the ring's flags. */
static bool ran_empty(VirtQueue *queue)
{
    return queue->notify_on_empty && queue->n_free == queue->num && virtqueue_empty(queue);
}

static bool driver_wants_interrupt(VirtQueue *queue)
{
    guint16 old = queue->signalled_used;
    bool signalled = queue->signalled;

    /* The pushed chains must be visible before the driver's flags are read. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (!queue->event_idx) {
        return !(load16(&queue->avail->flags) & VRING_AVAIL_NO_INTERRUPT) || ran_empty(queue);
    }
    queue->signalled = true;
    queue->signalled_used = queue->next_used;
    return !signalled || passed(used_event(queue), queue->next_used, old) || ran_empty(queue);
}

void virtqueue_notify(VirtQueue *queue)
{
    if (!queue->enabled || is_broken(queue) || !refresh(queue)) {
        return;
    }
    if (driver_wants_interrupt(queue)) {
        queue->ops->interrupt(queue);
    }
}

/* ---- State ---- */

static int by_position(gconstpointer a, gconstpointer b, gpointer data)
{
    guint16 base = *(const guint16 *)data;
    guint16 distance_a = ((const VirtqOut *)a)->position - base;
    guint16 distance_b = ((const VirtqOut *)b)->position - base;

    return (int)distance_a - (int)distance_b;
}

/* The chains that are out now, and those still to be popped again; the oldest first. */
void virtqueue_list_out(VirtQueue *queue)
{
    guint n = queue->n_requests;
    g_autofree bool *is_free = g_new0(bool, n + 1);
    GArray *out = g_array_new(FALSE, FALSE, sizeof(VirtqOut));
    gsize length;

    for (guint i = 0; i < queue->n_free; i++) {
        is_free[((guint8 *)queue->free[i] - queue->requests) / queue->stride] = true;
    }
    for (guint i = 0; i < n; i++) {
        const VirtqElement *element = (VirtqElement *)(queue->requests + i * queue->stride);
        VirtqOut one = { .head = element->head, .position = element->position };

        if (!is_free[i]) {
            g_array_append_val(out, one);
        }
    }
    if (has_again(queue)) {
        g_array_append_vals(out, queue->again + queue->next_again,
                            queue->n_again - queue->next_again);
    }
    g_array_sort_with_data(out, by_position, &queue->last_avail);
    g_free(queue->saved);
    queue->saved = (VirtqOut *)g_array_steal(out, &length);
    queue->n_saved = length;
    g_array_unref(out);
}

/* The existing mapping belongs to the old settings. */
const char *virtqueue_loaded(VirtQueue *queue, AddressSpace *memory)
{
    bool enabled = queue->enabled, notification = queue->notification;
    const char *wrong;

    if (queue->n_saved > queue->num) {
        return "more chains are out than the queue has descriptors";
    }
    virtqueue_disable(queue);
    queue->seen_avail = queue->last_avail;
    if (!enabled) {
        return NULL;
    }
    wrong = virtqueue_enable(queue, memory);
    queue->notification = notification;
    if (!wrong) {
        queue->again = g_steal_pointer(&queue->saved);
        queue->n_again = queue->n_saved;
        queue->n_saved = 0;
    }
    return wrong;
}

guint virtqueue_index(const VirtQueue *queue)
{
    return queue->index;
}
