/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests of a virtio-mem's driver.  VIRTIO 1.2 section 5.15.6.
 *
 * To allocate or return much memory takes the host its time, so that is done in steps, between
 * which others get the lock.  What a request changes becomes visible with its last step: until
 * then it can begin again, as it does if the machine's state is saved meanwhile.
 */
#include "config.h"
#include "hw/virtio/virtio-mem-internal.h"

#include "hw/backends/host-memory.h"
#include "qom/qapi-trace.h"

enum {
    REQUEST_SIZE = 24,          /* type, 6 bytes, address, number of blocks, 6 bytes */
    REQUEST_ADDR = 8,
    REQUEST_BLOCKS = 16,
    ANSWER_SIZE = 10,           /* type, 6 bytes, state */
    ANSWER_STATE = 8,
    ANSWER_LATER = -1,
    REQUESTS_PER_TURN = 64,     /* then others get the lock */
};

#define STEP (G_GUINT64_CONSTANT(32) * 1024 * 1024)

static guint64 get_le(const guint8 *p, guint size)
{
    guint64 value = 0;

    for (guint i = size; i-- > 0;) {
        value = value << 8 | p[i];
    }
    return value;
}

/* ---- Answers ---- */

static void answer(VirtioMem *s, VirtQueue *queue, guint16 type, guint16 state)
{
    guint8 bytes[ANSWER_SIZE] = { [0] = (guint8)type, [ANSWER_STATE] = (guint8)state };
    VirtqElement *element = g_steal_pointer(&s->element);

    trace_virtio_mem_request(s, s->job.type, s->job.addr, s->job.blocks, type);
    virtqueue_push(queue, element, virtq_write(element, 0, bytes, sizeof(bytes)));
    virtqueue_notify(queue);
}

/* ---- The first look ---- */

/* False: it is not one of blocks that the driver may ask for. */
static bool find_blocks(VirtioMem *s)
{
    guint64 offset = s->job.addr - s->addr;

    if (s->job.addr < s->addr || offset % s->block_size || offset >= s->usable ||
        !s->job.blocks || s->job.blocks > (s->usable - offset) / s->block_size) {
        return false;
    }
    s->job.first = offset / s->block_size;
    s->job.n = s->job.blocks;
    return true;
}

/* An answer, or ANSWER_LATER. */
static gint check_change(VirtioMem *s, bool plug)
{
    guint64 size = s->job.n * s->block_size;

    if (plug && size + s->place.plugged > s->requested) {
        return VIRTIO_MEM_NACK;
    }
    return virtio_mem_all(s, s->job.first, s->job.n, !plug) ? ANSWER_LATER : VIRTIO_MEM_ERROR;
}

static guint16 state_of_blocks(const VirtioMem *s)
{
    if (virtio_mem_all(s, s->job.first, s->job.n, true)) {
        return VIRTIO_MEM_PLUGGED;
    }
    return virtio_mem_all(s, s->job.first, s->job.n, false) ? VIRTIO_MEM_UNPLUGGED
                                                            : VIRTIO_MEM_MIXED;
}

/* Reads the request of the chain; returns what is wrong with it, or NULL. */
static const char *read_request(const VirtioMem *s, guint8 ret_request[REQUEST_SIZE])
{
    if (virtq_read(s->element, 0, ret_request, REQUEST_SIZE) < REQUEST_SIZE) {
        return "a memory request is too short";
    }
    if (s->element->in_size < ANSWER_SIZE) {
        return "a memory request has no room for the answer";
    }
    return get_le(ret_request, 2) > VIRTIO_MEM_STATE ? "a memory request is of an unknown type"
                                                     : NULL;
}

/* Answers what needs no work, else makes s->job of it. */
static void begin(VirtioMem *s, VirtQueue *queue, const guint8 *request)
{
    gint type;

    s->job = (VirtioMemJob){
        .type = (guint16)get_le(request, 2), .addr = get_le(request + REQUEST_ADDR, 8),
        .blocks = (guint16)get_le(request + REQUEST_BLOCKS, 2),
    };
    if (s->job.type == VIRTIO_MEM_UNPLUG_ALL) {
        s->job.n = virtio_mem_n_blocks(s);
        return;
    }
    if (!find_blocks(s)) {
        answer(s, queue, VIRTIO_MEM_ERROR, 0);
        return;
    }
    if (s->job.type == VIRTIO_MEM_STATE) {
        answer(s, queue, VIRTIO_MEM_ACK, state_of_blocks(s));
        return;
    }
    type = check_change(s, s->job.type == VIRTIO_MEM_PLUG);
    if (type != ANSWER_LATER) {
        answer(s, queue, (guint16)type, 0);
    }
}

/* ---- The work ---- */

/* The host's pages are never split. */
static guint64 step_size(const VirtioMem *s)
{
    return MAX(STEP, s->block_size);
}

static guint8 *memory_of(const VirtioMem *s, guint64 offset)
{
    return (guint8 *)memory_backend_hva(s->backend) + s->job.first * s->block_size + offset;
}

/* Returns the plugged ones among the blocks, one step further. */
static void step_discard(VirtioMem *s)
{
    guint64 size = s->job.n * s->block_size, from = s->job.done / s->block_size, first, n, start;

    if (!virtio_mem_next_run(s, s->job.first + from, s->job.n - from, &first, &n)) {
        s->job.done = size;
        return;
    }
    start = MAX((first - s->job.first) * s->block_size, s->job.done);
    n = MIN((first + n - s->job.first) * s->block_size - start, step_size(s));
    host_memory_discard(memory_of(s, start), n);
    s->job.done = start + n;
}

/* Allocates the blocks, one step further; or returns them, if that failed. */
static void step_populate(VirtioMem *s)
{
    guint64 size = s->job.n * s->block_size;
    guint64 n = MIN(size - s->job.done, step_size(s));

    if (s->job.undo) {
        host_memory_discard(memory_of(s, s->job.done), n);
    } else if (!memory_backend_populate(s->backend, s->job.first * s->block_size + s->job.done, n,
                                        NULL)) {
        s->job.undo = true;
        s->job.done = 0;
        return;
    }
    s->job.done += n;
}

/* One step; true: all of the work is done. */
static bool step(VirtioMem *s)
{
    guint64 size = s->job.n * s->block_size;

    if (s->job.type != VIRTIO_MEM_PLUG) {
        step_discard(s);
    } else if (virtio_mem_props(s)->prealloc) {
        step_populate(s);
    } else {
        s->job.done = size;
    }
    return s->job.done >= size;
}

static void finish(VirtioMem *s, VirtQueue *queue)
{
    guint64 size = s->job.n * s->block_size;

    if (s->job.undo) {
        answer(s, queue, VIRTIO_MEM_BUSY, 0);
        return;
    }
    if (s->job.type == VIRTIO_MEM_UNPLUG_ALL) {
        virtio_mem_unplug_all(s);
    } else {
        bool plug = s->job.type == VIRTIO_MEM_PLUG;

        virtio_mem_mark(s, s->job.first, s->job.n, plug);
        virtio_mem_set_plugged(s, plug ? s->place.plugged + size : s->place.plugged - size);
    }
    answer(s, queue, VIRTIO_MEM_ACK, 0);
}

/* ---- The queue ---- */

/* Pops the next request and begins it; false: there is none. */
static bool take_request(VirtioMem *s, VirtQueue *queue)
{
    guint8 request[REQUEST_SIZE];
    const char *wrong;

    s->element = virtqueue_pop(queue);
    if (!s->element) {
        return false;
    }
    wrong = read_request(s, request);
    if (wrong) {
        virtqueue_unpop(queue, g_steal_pointer(&s->element));
        virtio_broken(&s->parent, wrong);
        return false;
    }
    begin(s, queue, request);
    return true;
}

void virtio_mem_handle_queue(VirtioDevice *dev, VirtQueue *queue)
{
    VirtioMem *s = to_virtio_mem(dev);
    guint n = 0;

    while (s->element || take_request(s, queue)) {
        bool worked = s->element != NULL;

        if (worked && step(s)) {
            finish(s, queue);
        }
        if ((worked || ++n > REQUESTS_PER_TURN) && virtio_yield(queue)) {
            return;
        }
    }
}
