/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Split virtqueues: what a good driver gets, and what becomes of a hostile one.
 *
 * The queue is that of an entropy device whose handler is taken away, so that the
 * test pops and pushes itself.
 */
#include "config.h"

#include <string.h>

#include "hw/virtio/virtio-internal.h"
#include "qom/qapi-objects-virtio.h"
#include "tests/lib/virtio-driver.h"

enum {
    SIZE = 8,
    NEXT = VRING_DESC_NEXT, WRITE = VRING_DESC_WRITE, INDIRECT = VRING_DESC_INDIRECT,
};

typedef struct {
    Rig *rig;
    VirtioDriver *d;
    VirtioDevice *dev;
    VirtQueue *queue;
} Bench;

typedef struct {
    VirtqElement element;
    guint mark;
} Request;

static void no_handler(VirtioDevice *dev, VirtQueue *queue)
{
}

static void start(Bench *b, guint64 features)
{
    virtio_driver_start(b->d, features, 1, SIZE);
}

static Bench *bench_new(guint64 features)
{
    Bench *b = g_new0(Bench, 1);
    g_autoptr(GError) error = NULL;

    b->rig = rig_new();
    b->d = virtio_driver_new(b->rig, 0);
    b->dev = to_virtio_device(rig_device(b->rig, "virtio-rng-device", "r", &error, NULL));
    g_assert_no_error(error);
    b->queue = b->dev->queues[0];
    virtio_notifier(b->queue)->handler = no_handler;
    virtqueue_set_requests(b->queue, sizeof(Request));
    start(b, features);
    return b;
}

static void bench_free(Bench *b)
{
    virtio_driver_free(b->d);
    rig_free(b->rig);
    g_free(b);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Bench, bench_free)

static const guint64 plain = ~(1ull << VIRTIO_F_EVENT_IDX | 1ull << VIRTIO_F_INDIRECT_DESC);
static const guint64 all = ~0ull;

static guint64 ram(Bench *b, guint32 size)
{
    return virtio_driver_alloc(b->d, size, 1);
}

static bool broken(Bench *b)
{
    return virtio_driver_status(b->d) & VIRTIO_STATUS_NEEDS_RESET;
}

/* ---- Good drivers ---- */

static void test_copy(void)
{
    g_autoptr(Bench) b = bench_new(plain);
    guint64 in = ram(b, 20);
    const VirtioBuffer buffers[] = {
        { virtio_driver_data(b->d, "hello ", 6), 6, false },
        { virtio_driver_data(b->d, "world", 5), 5, false },
        { in, 4, true },
        { in + 10, 10, true },
    };
    guint16 head = virtio_driver_add(b->d, 0, buffers, 4), used;
    char text[32] = "";
    VirtqElement *e = virtqueue_pop(b->queue);
    guint32 length;

    g_assert_nonnull(e);
    g_assert_cmpuint(e->head, ==, head);
    g_assert_cmpuint(e->n_out, ==, 2);
    g_assert_cmpuint(e->n_in, ==, 2);
    g_assert_cmpuint(e->out_size, ==, 11);
    g_assert_cmpuint(e->in_size, ==, 14);
    g_assert_cmpuint(virtq_read(e, 0, text, sizeof(text)), ==, 11);
    g_assert_cmpstr(text, ==, "hello world");
    g_assert_cmpuint(virtq_read(e, 8, text, 2), ==, 2);
    g_assert_cmpmem(text, 2, "rl", 2);
    g_assert_cmpuint(virtq_read(e, 11, text, 1), ==, 0);
    g_assert_cmpuint(virtq_write(e, 2, "abcdef", 6), ==, 6);
    g_assert_cmpuint(virtq_write(e, 10, "0123456789", 10), ==, 4);
    g_assert_cmpmem(virtio_driver_ptr(b->d, in), 10, "\0\0ab\0\0\0\0\0\0", 10);
    g_assert_cmpmem(virtio_driver_ptr(b->d, in + 10), 10, "cdef\0\0" "0123", 10);
    g_assert_false(virtio_driver_used(b->d, 0, NULL, NULL));
    virtqueue_push(b->queue, e, 14);
    g_assert_true(virtio_driver_used(b->d, 0, &used, &length));
    g_assert_cmpuint(used, ==, head);
    g_assert_cmpuint(length, ==, 14);
    g_assert_null(virtqueue_pop(b->queue));
    g_assert_false(broken(b));
}

/* Round the ring several times, with chains out of order. */
static void test_order(void)
{
    g_autoptr(Bench) b = bench_new(plain);
    guint64 in = ram(b, 1);

    for (guint i = 0; i < 70000; i++) {
        VirtqElement *first, *second;
        guint16 used;

        virtio_driver_add(b->d, 0, &(VirtioBuffer){ in, 1, true }, 1);
        virtio_driver_add(b->d, 0, &(VirtioBuffer){ in, 1, true }, 1);
        first = virtqueue_pop(b->queue);
        second = virtqueue_pop(b->queue);
        g_assert_true(first && second && first != second);
        g_assert_true(virtqueue_empty(b->queue));
        virtqueue_push(b->queue, second, i);
        virtqueue_push(b->queue, first, i);
        g_assert_true(virtio_driver_used(b->d, 0, &used, NULL));
        g_assert_cmpuint(used, ==, (2 * i + 1) % SIZE);
        g_assert_true(virtio_driver_used(b->d, 0, &used, NULL));
        g_assert_cmpuint(used, ==, 2 * i % SIZE);
    }
}

/* Requests are the same blocks again and again, whole as the device left them. */
static void test_requests(void)
{
    g_autoptr(Bench) b = bench_new(plain);
    guint64 in = ram(b, 1);
    Request *first = NULL;

    for (guint i = 0; i < 100; i++) {
        Request *request;

        virtio_driver_add(b->d, 0, &(VirtioBuffer){ in, 1, true }, 1);
        request = virtqueue_pop(b->queue);
        g_assert_cmpuint(request->mark, ==, i);
        request->mark = i + 1;
        first = first ?: request;
        g_assert_true(request == first);
        virtqueue_push(b->queue, &request->element, 0);
    }
}

static void test_unpop(void)
{
    g_autoptr(Bench) b = bench_new(plain);
    guint16 head = virtio_driver_add(b->d, 0, &(VirtioBuffer){ ram(b, 4), 4, true }, 1);
    VirtqElement *e = virtqueue_pop(b->queue);

    virtqueue_unpop(b->queue, e);
    g_assert_false(virtqueue_empty(b->queue));
    e = virtqueue_pop(b->queue);
    g_assert_cmpuint(e->head, ==, head);
    virtqueue_push(b->queue, e, 0);
}

static void test_indirect(void)
{
    g_autoptr(Bench) b = bench_new(all);
    VirtioBuffer buffers[SIZE];
    VirtqElement *e;

    for (guint i = 0; i < SIZE; i++) {
        buffers[i] = (VirtioBuffer){ ram(b, 16), 16, i >= 3 };
    }
    virtio_driver_add_indirect(b->d, 0, buffers, SIZE);
    e = virtqueue_pop(b->queue);
    g_assert_nonnull(e);
    g_assert_cmpuint(e->n_out, ==, 3);
    g_assert_cmpuint(e->n_in, ==, 5);
    virtqueue_push(b->queue, e, 0);
}

/* An indirect table may follow direct descriptors, and its write flag is no
 * matter (section 2.7.5.3.2). */
static void test_indirect_last(void)
{
    g_autoptr(Bench) b = bench_new(all);
    guint64 data = ram(b, 64), table = virtio_driver_alloc(b->d, 16, 16);
    VirtqElement *e;

    *(VringDesc *)virtio_driver_ptr(b->d, table) = (VringDesc){ data + 8, 8, WRITE, 0 };
    virtio_driver_set_desc(b->d, 0, 0, data, 8, NEXT, 1);
    virtio_driver_set_desc(b->d, 0, 1, table, 16, INDIRECT | WRITE, 0);
    virtio_driver_publish(b->d, 0, 0);
    e = virtqueue_pop(b->queue);
    g_assert_nonnull(e);
    g_assert_cmpuint(e->out_size, ==, 8);
    g_assert_cmpuint(e->in_size, ==, 8);
    virtqueue_push(b->queue, e, 0);
}

/* A buffer over two neighbouring regions of RAM becomes two pieces. */
static void test_two_regions(void)
{
    g_autoptr(Bench) b = bench_new(plain);
    g_autofree guint8 *more = g_aligned_alloc0(1, 8192, 4096);
    MemoryRegion *region = region_new_ram(&b->rig->machine->object, "more", more, 4096);
    guint64 end = b->d->ram_base + VIRTIO_DRIVER_RAM;
    VirtqElement *e;

    virtio_driver_add(b->d, 0, &(VirtioBuffer){ end - 2, 4, true }, 1);
    region_add(address_space_root(b->rig->memory), end, region, 0);
    e = virtqueue_pop(b->queue);
    g_assert_nonnull(e);
    g_assert_cmpuint(e->n_in, ==, 2);
    virtq_write(e, 0, "abcd", 4);
    g_assert_cmpmem(more, 2, "cd", 2);
    virtqueue_push(b->queue, e, 4);
    /* Gone again, the same chain is wrong. */
    region_remove(address_space_root(b->rig->memory), region);
    region_free(region);
    virtio_driver_publish(b->d, 0, 0);
    g_assert_null(virtqueue_pop(b->queue));
    g_assert_true(broken(b));
    g_aligned_free(g_steal_pointer(&more));
}

/* ---- Notifications ---- */

static void push_one(Bench *b)
{
    VirtqElement *e;

    virtio_driver_add(b->d, 0, &(VirtioBuffer){ b->d->ram_base, 1, false }, 1);
    e = virtqueue_pop(b->queue);
    g_assert_nonnull(e);
    virtqueue_push(b->queue, e, 0);
    virtqueue_notify(b->queue);
}

static void test_flags(void)
{
    g_autoptr(Bench) b = bench_new(plain);

    push_one(b);
    g_assert_true(virtio_driver_line(b->d));
    g_assert_cmphex(virtio_driver_ack(b->d), ==, 1);
    g_assert_false(virtio_driver_line(b->d));
    virtio_driver_set_avail_flags(b->d, 0, VRING_AVAIL_NO_INTERRUPT);
    push_one(b);
    g_assert_false(virtio_driver_line(b->d));

    g_assert_false(virtqueue_set_notification(b->queue, false));
    g_assert_cmphex(virtio_driver_used_flags(b->d, 0), ==, VRING_USED_NO_NOTIFY);
    g_assert_false(virtqueue_set_notification(b->queue, true));
    g_assert_cmphex(virtio_driver_used_flags(b->d, 0), ==, 0);
    virtqueue_set_notification(b->queue, false);
    virtio_driver_add(b->d, 0, &(VirtioBuffer){ b->d->ram_base, 1, false }, 1);
    g_assert_true(virtqueue_set_notification(b->queue, true));
}

static void test_event_index(void)
{
    g_autoptr(Bench) b = bench_new(all);

    virtio_driver_set_used_event(b->d, 0, 3);
    push_one(b);                                /* the first is always told */
    g_assert_cmphex(virtio_driver_ack(b->d), ==, 1);
    for (guint i = 1; i <= 3; i++) {
        g_assert_false(virtio_driver_line(b->d));
        push_one(b);
    }
    g_assert_true(virtio_driver_line(b->d));    /* index 3 was used */
    virtio_driver_ack(b->d);
    push_one(b);
    g_assert_false(virtio_driver_line(b->d));

    g_assert_null(virtqueue_pop(b->queue));     /* asks for the next */
    g_assert_cmpuint(virtio_driver_avail_event(b->d, 0), ==, 5);
    virtqueue_set_notification(b->queue, false);
    push_one(b);
    g_assert_null(virtqueue_pop(b->queue));
    g_assert_cmpuint(virtio_driver_avail_event(b->d, 0), ==, 5);
    g_assert_false(virtqueue_set_notification(b->queue, true));
    g_assert_cmpuint(virtio_driver_avail_event(b->d, 0), ==, 6);
}

/* ---- Hostile drivers ---- */

static void desc(Bench *b, guint16 i, guint64 addr, guint32 len, guint16 flags, guint16 next)
{
    virtio_driver_set_desc(b->d, 0, i, addr, len, flags, next);
}

static void set_avail_idx(Bench *b, guint16 index)
{
    memcpy(virtio_driver_ptr(b->d, b->d->queues[0].avail + 2), &index, 2);
}

static void loop_of_one(Bench *b)
{
    desc(b, 0, ram(b, 8), 8, NEXT, 0);
    virtio_driver_publish(b->d, 0, 0);
}

static void loop_of_two(Bench *b)
{
    desc(b, 0, ram(b, 8), 8, NEXT, 1);
    desc(b, 1, ram(b, 8), 8, NEXT, 0);
    virtio_driver_publish(b->d, 0, 0);
}

static void head_beyond(Bench *b)
{
    virtio_driver_publish(b->d, 0, SIZE);
}

static void next_beyond(Bench *b)
{
    desc(b, 0, ram(b, 8), 8, NEXT, 0xffff);
    virtio_driver_publish(b->d, 0, 0);
}

static void no_bytes(Bench *b)
{
    desc(b, 0, ram(b, 8), 0, 0, 0);
    virtio_driver_publish(b->d, 0, 0);
}

static void read_after_write(Bench *b)
{
    desc(b, 0, ram(b, 8), 8, WRITE | NEXT, 1);
    desc(b, 1, ram(b, 8), 8, 0, 0);
    virtio_driver_publish(b->d, 0, 0);
}

static void buffer_nowhere(Bench *b)
{
    desc(b, 0, 0xdead0000beef0000, 8, WRITE, 0);
    virtio_driver_publish(b->d, 0, 0);
}

static void buffer_beyond_end(Bench *b)
{
    desc(b, 0, b->d->ram_base + VIRTIO_DRIVER_RAM - 8, 9, 0, 0);
    virtio_driver_publish(b->d, 0, 0);
}

static void buffer_of_4g(Bench *b)
{
    desc(b, 0, b->d->ram_base, 0xffffffff, WRITE, 0);
    virtio_driver_publish(b->d, 0, 0);
}

static void buffer_wraps(Bench *b)
{
    desc(b, 0, -8ull, 16, 0, 0);
    virtio_driver_publish(b->d, 0, 0);
}

static void buffer_in_mmio(Bench *b)
{
    desc(b, 0, b->d->base, 4, WRITE, 0);
    virtio_driver_publish(b->d, 0, 0);
}

static void too_many_available(Bench *b)
{
    set_avail_idx(b, SIZE + 1);
}

static void index_backwards(Bench *b)
{
    desc(b, 0, ram(b, 8), 8, 0, 0);
    virtio_driver_publish(b->d, 0, 0);
    virtqueue_push(b->queue, virtqueue_pop(b->queue), 0);
    set_avail_idx(b, 0);
}

/* The same chain again while it is out, until there is no request left. */
static void same_head_again(Bench *b)
{
    desc(b, 0, ram(b, 8), 8, 0, 0);
    for (guint i = 0; i < SIZE; i++) {
        virtio_driver_publish(b->d, 0, 0);
        g_assert_nonnull(virtqueue_pop(b->queue));
    }
    g_assert_false(broken(b));
    virtio_driver_publish(b->d, 0, 0);
}

static void indirect_not_offered(Bench *b)
{
    start(b, plain);
    virtio_notifier(b->queue)->handler = no_handler;
    desc(b, 0, virtio_driver_alloc(b->d, 16, 16), 16, INDIRECT, 0);
    virtio_driver_publish(b->d, 0, 0);
}

static void indirect_empty(Bench *b)
{
    desc(b, 0, ram(b, 16), 0, INDIRECT, 0);
    virtio_driver_publish(b->d, 0, 0);
}

static void indirect_odd(Bench *b)
{
    desc(b, 0, ram(b, 32), 24, INDIRECT, 0);
    virtio_driver_publish(b->d, 0, 0);
}

static void indirect_nowhere(Bench *b)
{
    desc(b, 0, 0xdead000000000000, 16, INDIRECT, 0);
    virtio_driver_publish(b->d, 0, 0);
}

static void indirect_wraps(Bench *b)
{
    desc(b, 0, -16ull, 32, INDIRECT, 0);
    virtio_driver_publish(b->d, 0, 0);
}

static void indirect_next(Bench *b)
{
    desc(b, 0, virtio_driver_alloc(b->d, 16, 16), 16, INDIRECT | NEXT, 1);
    virtio_driver_publish(b->d, 0, 0);
}

static void fill_table(Bench *b, guint64 table, guint32 n, guint16 flags)
{
    for (guint32 i = 0; i < n; i++) {
        *(VringDesc *)virtio_driver_ptr(b->d, table + 16 * i) = (VringDesc){
            .addr = b->d->ram_base, .len = 1, .flags = flags, .next = i + 1,
        };
    }
}

static void indirect_in_indirect(Bench *b)
{
    guint64 table = virtio_driver_alloc(b->d, 16, 16);

    *(VringDesc *)virtio_driver_ptr(b->d, table) = (VringDesc){ table, 16, INDIRECT, 0 };
    desc(b, 0, table, 16, INDIRECT, 0);
    virtio_driver_publish(b->d, 0, 0);
}

static void indirect_beyond(Bench *b)
{
    guint64 table = virtio_driver_alloc(b->d, 32, 16);

    fill_table(b, table, 2, NEXT);
    desc(b, 0, table, 32, INDIRECT, 0);
    virtio_driver_publish(b->d, 0, 0);
}

static void indirect_too_long(Bench *b)
{
    guint64 table = virtio_driver_alloc(b->d, 65536, 16);

    fill_table(b, table, 4096, NEXT);
    desc(b, 0, table, 65536, INDIRECT, 0);
    virtio_driver_publish(b->d, 0, 0);
}

/* 2^28 descriptors, as many as the length of a table can say. */
static void indirect_huge(Bench *b)
{
    fill_table(b, b->d->ram_base + (1 << 20), 65536, NEXT);
    desc(b, 0, b->d->ram_base + (1 << 20), 0xfffffff0, INDIRECT, 0);
    virtio_driver_publish(b->d, 0, 0);
}

static void late_enable(Bench *b)
{
    virtio_driver_write(b->d, 0x44, 0);
}

static const struct {
    const char *name;
    void (*prepare)(Bench *b);
} hostile[] = {
    { "loop-of-one", loop_of_one },
    { "loop-of-two", loop_of_two },
    { "head-beyond", head_beyond },
    { "next-beyond", next_beyond },
    { "no-bytes", no_bytes },
    { "read-after-write", read_after_write },
    { "buffer-nowhere", buffer_nowhere },
    { "buffer-beyond-end", buffer_beyond_end },
    { "buffer-of-4g", buffer_of_4g },
    { "buffer-wraps", buffer_wraps },
    { "buffer-in-mmio", buffer_in_mmio },
    { "too-many-available", too_many_available },
    { "index-backwards", index_backwards },
    { "same-head-again", same_head_again },
    { "indirect-not-offered", indirect_not_offered },
    { "indirect-empty", indirect_empty },
    { "indirect-odd", indirect_odd },
    { "indirect-nowhere", indirect_nowhere },
    { "indirect-wraps", indirect_wraps },
    { "indirect-next", indirect_next },
    { "indirect-in-indirect", indirect_in_indirect },
    { "indirect-beyond", indirect_beyond },
    { "indirect-too-long", indirect_too_long },
    { "indirect-huge", indirect_huge },
    { "disabled-in-operation", late_enable },
};

/* NEEDS_RESET with a configuration interrupt, nothing popped, nothing used; and
 * all is well after a reset. */
static void test_hostile(const void *data)
{
    void (*prepare)(Bench *b) = *(void *const *)data;
    g_autoptr(Bench) b = bench_new(all);
    guint16 used;

    prepare(b);
    used = b->queue->next_used;
    g_assert_null(virtqueue_pop(b->queue));
    g_assert_true(broken(b));
    g_assert_cmphex(virtio_driver_read(b->d, 0x60) & 2, ==, 2);
    g_assert_true(virtio_driver_line(b->d));
    g_assert_null(virtqueue_pop(b->queue));
    g_assert_true(virtqueue_empty(b->queue));
    g_assert_false(virtqueue_set_notification(b->queue, true));
    virtqueue_notify(b->queue);
    g_assert_cmpuint(b->queue->next_used, ==, used);
    virtio_driver_kick(b->d, 0);

    start(b, all);
    g_assert_false(virtio_driver_line(b->d));
    push_one(b);
    g_assert_false(broken(b));
}

/* ---- Hostile rings ---- */

static void check_rings(Bench *b, guint16 size, guint64 rdesc, guint64 avail, guint64 used)
{
    g_assert_true(virtio_driver_negotiate(b->d, all));
    virtio_driver_queue_at(b->d, 0, size, rdesc, avail, used);
    g_assert_true(broken(b));
    g_assert_cmpuint(virtio_driver_read(b->d, 0x44), ==, 0);
    virtio_driver_ok(b->d);
    virtio_driver_kick(b->d, 0);
    g_assert_null(virtqueue_pop(b->queue));
}

static void test_rings(void)
{
    g_autoptr(Bench) b = bench_new(all);
    guint64 good = b->d->ram_base, end = good + VIRTIO_DRIVER_RAM;

    check_rings(b, 0, good, good, good);
    check_rings(b, 3, good, good, good);
    check_rings(b, 2 * SIZE, good, good, good);
    check_rings(b, 0xffff, good, good, good);
    check_rings(b, SIZE, good + 8, good, good);
    check_rings(b, SIZE, good, good + 1, good);
    check_rings(b, SIZE, good, good, good + 2);
    check_rings(b, SIZE, 0, good, good);
    check_rings(b, SIZE, good, 0, good);
    check_rings(b, SIZE, good, good, 0);
    check_rings(b, SIZE, b->d->base, good, good);
    check_rings(b, SIZE, good, good, b->d->base);
    check_rings(b, SIZE, end - 16, good, good);
    check_rings(b, SIZE, good, end - 2, good);
    check_rings(b, SIZE, good, good, end - 4);
    check_rings(b, SIZE, -16ull, good, good);
    check_rings(b, SIZE, good, -2ull, good);
    check_rings(b, SIZE, good, good, -4ull);
    start(b, all);
    push_one(b);
}

/* Rings in memory that is no RAM any more. */
static void test_rings_go(void)
{
    g_autoptr(Bench) b = bench_new(all);

    region_set_enabled(b->d->region, false);
    g_assert_null(virtqueue_pop(b->queue));
    g_assert_true(broken(b));
    region_set_enabled(b->d->region, true);
    start(b, all);
    push_one(b);
}

/* Rings over each other, full of chance: nothing may go wrong but the device. */
static void test_chance(void)
{
    g_autoptr(Bench) b = bench_new(all);
    guint64 good = b->d->ram_base;
    guint breaks = 0;

    for (guint i = 0; i < 20000; i++) {
        guint8 *p = virtio_driver_ptr(b->d, good);

        for (guint j = 0; j < 512; j++) {
            p[j] = g_test_rand_int_range(0, 256) & g_test_rand_int_range(0, 256);
        }
        p[2] = SIZE / 2;        /* an index that is one */
        p[3] = 0;
        g_assert_true(virtio_driver_negotiate(b->d, all));
        virtio_driver_queue_at(b->d, 0, SIZE, good + 64 * g_test_rand_int_range(0, 4), good,
                               good + 4 * g_test_rand_int_range(0, 64));
        virtio_driver_ok(b->d);
        for (guint j = 0; j < 2 * SIZE; j++) {
            VirtqElement *e = virtqueue_pop(b->queue);

            if (e) {
                virtqueue_push(b->queue, e, j);
                virtqueue_notify(b->queue);
            }
        }
        breaks += broken(b);
    }
    g_assert_cmpuint(breaks, >, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/virtqueue/copy", test_copy);
    g_test_add_func("/virtqueue/order", test_order);
    g_test_add_func("/virtqueue/requests", test_requests);
    g_test_add_func("/virtqueue/unpop", test_unpop);
    g_test_add_func("/virtqueue/indirect", test_indirect);
    g_test_add_func("/virtqueue/indirect-last", test_indirect_last);
    g_test_add_func("/virtqueue/two-regions", test_two_regions);
    g_test_add_func("/virtqueue/flags", test_flags);
    g_test_add_func("/virtqueue/event-index", test_event_index);
    for (guint i = 0; i < G_N_ELEMENTS(hostile); i++) {
        g_autofree char *path = g_strconcat("/virtqueue/hostile/", hostile[i].name, NULL);

        g_test_add_data_func(path, &hostile[i].prepare, test_hostile);
    }
    g_test_add_func("/virtqueue/rings", test_rings);
    g_test_add_func("/virtqueue/rings-go", test_rings_go);
    g_test_add_func("/virtqueue/chance", test_chance);
    return g_test_run();
}
