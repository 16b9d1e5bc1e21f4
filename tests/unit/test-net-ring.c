/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/net/net-ring.c: order, bounds and waking, within a thread and between two.
 */
#include "config.h"

#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "hw/net/net-ring.h"

static bool put(NetRing *ring, const void *data, guint32 size)
{
    const struct iovec iov[2] = { { (void *)data, size / 2 },
                                  { (guint8 *)data + size / 2, size - size / 2 } };

    return net_ring_put(ring, iov, 2, size);
}

/* Takes a record; its size, -1: none. */
static int take(NetRing *ring, guint8 *buf)
{
    guint32 cursor = ring->tail;
    struct iovec iov[2];
    guint n = net_ring_next(ring, &cursor, iov);
    gsize size = 0;

    if (!n) {
        return -1;
    }
    for (guint i = 0; i < n; i++) {
        memcpy(buf + size, iov[i].iov_base, iov[i].iov_len);
        size += iov[i].iov_len;
    }
    net_ring_take(ring, cursor);
    return size;
}

static void test_sizes(void)
{
    guint8 data[64], buf[64];
    NetRing ring;

    net_ring_init(&ring, 128);
    for (guint i = 0; i < sizeof(data); i++) {
        data[i] = i + 1;
    }
    g_assert_cmpint(take(&ring, buf), ==, -1);
    for (guint round = 0; round < 200; round++) {
        guint32 size = round % 65;

        g_assert_true(put(&ring, data, size));
        g_assert_cmpint(take(&ring, buf), ==, size);
        g_assert_cmpmem(buf, size, data, size);
    }
    g_assert_false(put(&ring, data, 65));
    net_ring_done(&ring);
}

static void test_full(void)
{
    guint8 buf[64];
    NetRing ring;
    guint n = 0;

    net_ring_init(&ring, 128);
    ring.head = ring.tail = G_MAXUINT32 - 39;   /* the numbers wrap */
    while (put(&ring, &n, sizeof(n))) {
        n++;
    }
    g_assert_cmpuint(n, ==, 16);
    g_assert_cmpuint(net_ring_room(&ring), ==, 0);
    g_assert_true(net_ring_wait_room(&ring));
    g_assert_cmpint(take(&ring, buf), ==, 4);
    g_assert_false(net_ring_wake_putter(&ring));        /* not before half is free */
    for (guint i = 1; i < 8; i++) {
        g_assert_cmpint(take(&ring, buf), ==, 4);
        g_assert_cmpuint(buf[0], ==, i);
    }
    g_assert_true(net_ring_wake_putter(&ring));
    g_assert_false(net_ring_wake_putter(&ring));
    g_assert_false(net_ring_wait_room(&ring));
    net_ring_done(&ring);
}

static void test_wake(void)
{
    NetRing ring;
    guint8 buf[8];

    net_ring_init(&ring, 128);
    g_assert_false(net_ring_wake_taker(&ring));
    g_assert_true(net_ring_wait_data(&ring));
    put(&ring, "a", 1);
    g_assert_true(net_ring_wake_taker(&ring));
    g_assert_false(net_ring_wake_taker(&ring));
    g_assert_false(net_ring_wait_data(&ring));
    take(&ring, buf);
    g_assert_true(net_ring_wait_data(&ring));
    net_ring_done(&ring);
}

/* ---- Two threads ---- */

enum { RECORDS = 200000 };

typedef struct {
    NetRing ring;
    int taker_fd, putter_fd;
} Pair;

static void sleep_on(int fd)
{
    guint64 count;

    g_assert_cmpint(read(fd, &count, sizeof(count)), ==, sizeof(count));
}

static void wake(int fd)
{
    const guint64 one = 1;

    g_assert_cmpint(write(fd, &one, sizeof(one)), ==, sizeof(one));
}

static gpointer putter(gpointer opaque)
{
    Pair *p = opaque;
    guint32 data[40] = { 0 };

    for (guint32 i = 0; i < RECORDS; i++) {
        guint32 size = 4 + i * 7 % 150;

        data[0] = i;
        while (!put(&p->ring, data, size)) {
            if (net_ring_wake_taker(&p->ring)) {
                wake(p->taker_fd);
            }
            if (net_ring_wait_room(&p->ring)) {
                sleep_on(p->putter_fd);
            }
        }
        if (i % 5 == 0 && net_ring_wake_taker(&p->ring)) {
            wake(p->taker_fd);
        }
    }
    if (net_ring_wake_taker(&p->ring)) {
        wake(p->taker_fd);
    }
    return NULL;
}

static void test_threads(void)
{
    Pair p = { .taker_fd = eventfd(0, EFD_CLOEXEC), .putter_fd = eventfd(0, EFD_CLOEXEC) };
    guint32 data[40];
    GThread *thread;

    net_ring_init(&p.ring, 4096);
    thread = g_thread_new("putter", putter, &p);
    for (guint32 i = 0; i < RECORDS;) {
        int size = take(&p.ring, (guint8 *)data);

        if (size >= 0) {
            g_assert_cmpuint(data[0], ==, i);
            g_assert_cmpint(size, ==, 4 + i * 7 % 150);
            i++;
            if (net_ring_wake_putter(&p.ring)) {
                wake(p.putter_fd);
            }
        } else if (net_ring_wait_data(&p.ring)) {
            sleep_on(p.taker_fd);
        }
    }
    g_thread_join(thread);
    net_ring_done(&p.ring);
    close(p.taker_fd);
    close(p.putter_fd);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/net-ring/sizes", test_sizes);
    g_test_add_func("/net-ring/full", test_full);
    g_test_add_func("/net-ring/wake", test_wake);
    g_test_add_func("/net-ring/threads", test_threads);
    return g_test_run();
}
