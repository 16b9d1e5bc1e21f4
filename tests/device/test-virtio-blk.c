/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-blk: valid and malformed requests, on a file and on null-co; error
 * policies; always two devices.
 */
#include "config.h"
#include "hw/virtio/virtio-blk.h"

#include <event2/thread.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "hw/block/block.h"
#include "hw/block/front.h"
#include "hw/machine/machine-aio.h"
#include "hw/virtio/virtio.h"
#include "qmp/error.h"
#include "qmp/qapi-types-block.h"
#include "qom/qapi-objects-virtio.h"
#include "tests/lib/virtio-driver.h"

enum {
    SIZE = 1 << 20,
    SECTORS = SIZE / 512,
    T_IN = 0, T_OUT = 1, T_FLUSH = 4, T_GET_ID = 8, T_DISCARD = 11, T_WRITE_ZEROES = 13,
    S_OK = 0, S_IOERR = 1, S_UNSUPP = 2, S_NONE = 0xff,
    NEEDS_RESET = 64,
};

typedef struct {
    guint32 type, reserved;
    guint64 sector;
} Header;

typedef struct {
    guint64 sector;
    guint32 n_sectors, flags;
} Segment;

typedef struct {
    Rig *rig;
    VirtioDriver *driver[2];
    Device *dev[2];
    char *path;
    bool io;
} Bench;

/* ---- Bench ---- */

static BlockNode *make_node(Bench *b, const BlockdevOptions *options)
{
    g_autoptr(GError) error = NULL;
    BlockNode *node = block_node_new(b->rig->root, options, NULL, &error);

    g_assert_no_error(error);
    object_prepare(&node->object, &error);
    g_assert_no_error(error);
    object_complete(&node->object, &error);
    g_assert_no_error(error);
    return node;
}

static void make_nodes(Bench *b)
{
    BlockdevOptions file = {
        .driver = BLOCKDEV_DRIVER_FILE, .node_name = (char *)"file",
        .has_discard = true, .discard = BLOCKDEV_DISCARD_OPTIONS_UNMAP,
    };
    BlockdevOptions null = {
        .driver = BLOCKDEV_DRIVER_NULL_CO, .node_name = (char *)"null",
        .u.null_co = { .size = SIZE, .read_zeroes = true },
    };
    BlockdevOptions slow = {
        .driver = BLOCKDEV_DRIVER_NULL_CO, .node_name = (char *)"slow",
        .u.null_co = { .size = SIZE, .latency_ns = G_GUINT64_CONSTANT(3600000000000) },
    };
    int fd;

    b->path = g_strdup("/tmp/test-virtio-blk-XXXXXX");
    fd = g_mkstemp(b->path);
    g_assert_cmpint(ftruncate(fd, SIZE), ==, 0);
    close(fd);
    file.u.file.filename = b->path;
    make_node(b, &file);
    make_node(b, &null);
    make_node(b, &slow);
}

static void bench_init(Bench *b, gconstpointer data)
{
    AioContext *aio = aio_context_new(NULL, NULL);

    b->io = aio_enable_io(aio, NULL);
    aio_context_free(aio);
    b->rig = rig_new();
    for (guint i = 0; i < 2; i++) {
        b->driver[i] = virtio_driver_new(b->rig, i);
    }
    make_nodes(b);
}

static void bench_clear(Bench *b, gconstpointer data)
{
    for (guint i = 0; i < 2; i++) {
        if (b->dev[i]) {
            device_unmake(b->dev[i]);
        }
        virtio_driver_free(b->driver[i]);
    }
    rig_free(b->rig);
    unlink(b->path);
    g_free(b->path);
}

/* Device 0 on the file, or skip; device 1 on nothing. */
static bool devices(Bench *b, const char *werror)
{
    g_autoptr(GError) error = NULL;

    if (!b->io) {
        g_test_skip("the host denies io_uring");
        return false;
    }
    b->dev[0] = rig_device(b->rig, "virtio-blk-device", "vd0", &error, "drive", "file",
                           "serial", "ABC", "werror", werror, "num-queues", "2", NULL);
    g_assert_no_error(error);
    b->dev[1] = rig_device(b->rig, "virtio-blk-device", "vd1", &error, "drive", "null",
                           "discard", "off", "write-zeroes", "off", NULL);
    g_assert_no_error(error);
    virtio_driver_start(b->driver[0], ~G_GUINT64_CONSTANT(0), 2, 16);
    virtio_driver_start(b->driver[1], ~G_GUINT64_CONSTANT(0), 1, 16);
    return true;
}

static void note_front(BlockFront *front, void *data)
{
    g_ptr_array_add(data, front);
}

static BlockFront *front_of(Bench *b, guint i)
{
    g_autoptr(GPtrArray) fronts = g_ptr_array_new();

    block_front_foreach(b->rig->root, note_front, fronts);
    return i < fronts->len ? fronts->pdata[i] : NULL;
}

static void poll_loop(Bench *b)
{
    while (aio_poll(machine_aio(b->rig->machine, NULL, NULL), true)) {
        continue;
    }
}

/* Sends header, data and status; polls; returns the status. */
static guint8 send_to_queue(Bench *b, guint i, guint queue, guint32 type, guint64 sector,
                            guint64 data, guint32 size, bool write)
{
    VirtioDriver *d = b->driver[i];
    Header header = { GUINT32_TO_LE(type), 0, GUINT64_TO_LE(sector) };
    const guint8 none = S_NONE;
    guint64 status = virtio_driver_data(d, &none, 1);
    VirtioBuffer buffers[3] = { { virtio_driver_data(d, &header, sizeof(header)), 16, false } };
    guint n = 1;

    if (size) {
        buffers[n++] = (VirtioBuffer){ data, size, write };
    }
    buffers[n++] = (VirtioBuffer){ status, 1, true };
    virtio_driver_add(d, queue, buffers, n);
    virtio_driver_kick(d, queue);
    poll_loop(b);
    return *(guint8 *)virtio_driver_ptr(d, status);
}

static guint8 request(Bench *b, guint i, guint32 type, guint64 sector, guint64 data, guint32 size,
                      bool write)
{
    return send_to_queue(b, i, 0, type, sector, data, size, write);
}

/* ---- What drivers do ---- */

static void test_config(Bench *b, gconstpointer data)
{
    VirtioDriver *d = b->driver[0];

    if (!devices(b, "auto")) {
        return;
    }
    g_assert_cmpuint(virtio_driver_config(d, 0, 8), ==, SECTORS);
    g_assert_cmpuint(virtio_driver_config(d, 12, 4), ==, 254);
    g_assert_cmpuint(virtio_driver_config(d, 20, 4), ==, 512);
    g_assert_cmpuint(virtio_driver_config(d, 32, 1), ==, 1);
    g_assert_cmpuint(virtio_driver_config(d, 34, 2), ==, 2);
    g_assert_cmpuint(virtio_driver_config(d, 40, 4), ==, 1);
    g_assert_cmpuint(virtio_driver_config(d, 56, 1), ==, 1);
    /* The write cache, which is all that can be written. */
    virtio_driver_set_config(d, 32, 0, 1);
    g_assert_cmpuint(virtio_driver_config(d, 32, 1), ==, 0);
    g_assert_cmpint(front_of(b, 0)->write_cache, ==, 0);
    virtio_driver_set_config(d, 0, 7, 4);
    g_assert_cmpuint(virtio_driver_config(d, 0, 8), ==, SECTORS);
    rig_reset(b->rig);
    g_assert_cmpint(front_of(b, 0)->write_cache, ==, 1);
    /* A driver that cannot flush has no cache. */
    virtio_driver_start(d, ~(G_GUINT64_CONSTANT(1) << 9), 1, 16);
    g_assert_cmpint(front_of(b, 0)->write_cache, ==, 0);
}

static void test_read_write(Bench *b, gconstpointer unused)
{
    VirtioDriver *d = b->driver[0];
    guint64 data, back;
    guint8 *bytes;

    if (!devices(b, "auto")) {
        return;
    }
    data = virtio_driver_alloc(d, 8192, 512);
    back = virtio_driver_alloc(d, 8192, 512);
    bytes = virtio_driver_ptr(d, data);
    for (guint i = 0; i < 8192; i++) {
        bytes[i] = i * 31 >> 3;
    }
    g_assert_cmpuint(request(b, 0, T_OUT, 8, data, 8192, false), ==, S_OK);
    g_assert_cmpuint(send_to_queue(b, 0, 1, T_IN, 8, back, 8192, true), ==, S_OK);
    g_assert_cmpmem(virtio_driver_ptr(d, back), 8192, bytes, 8192);
    g_assert_cmpuint(request(b, 0, T_FLUSH, 0, 0, 0, false), ==, S_OK);
    g_assert_cmpuint(front_of(b, 0)->lanes->stats.of[BLOCK_STAT_WRITE].bytes, ==, 8192);
    g_assert_cmpuint(front_of(b, 0)->lanes->stats.of[BLOCK_STAT_READ].operations, ==, 1);
    g_assert_cmpuint(front_of(b, 0)->lanes->stats.of[BLOCK_STAT_FLUSH].operations, ==, 1);
    g_assert_cmpuint(virtio_driver_edges(d), >, 0);

    /* The other device is another disk. */
    data = virtio_driver_alloc(b->driver[1], 512, 512);
    memset(virtio_driver_ptr(b->driver[1], data), 1, 512);
    g_assert_cmpuint(request(b, 1, T_IN, 8, data, 512, true), ==, S_OK);
    g_assert_cmpuint(*(guint8 *)virtio_driver_ptr(b->driver[1], data), ==, 0);
}

/* Header, data and status cut anywhere. */
static void test_layout(Bench *b, gconstpointer unused)
{
    VirtioDriver *d = b->driver[0];
    struct {
        Header header;
        guint8 data[512];
    } out = { .header = { GUINT32_TO_LE(T_OUT), 0, GUINT64_TO_LE(3) } };
    Header read = { GUINT32_TO_LE(T_IN), 0, GUINT64_TO_LE(3) };
    guint64 addr, status, back;
    guint32 length;

    if (!devices(b, "auto")) {
        return;
    }
    memset(out.data, 0x3c, 512);
    addr = virtio_driver_data(d, &out, sizeof(out));
    status = virtio_driver_alloc(d, 1, 1);
    *(guint8 *)virtio_driver_ptr(d, status) = S_NONE;
    virtio_driver_add_indirect(d, 0, (VirtioBuffer[]){
        { addr, 7, false }, { addr + 7, 20, false }, { addr + 27, 501, false },
        { status, 1, true } }, 4);
    virtio_driver_kick(d, 0);
    poll_loop(b);
    g_assert_cmpuint(*(guint8 *)virtio_driver_ptr(d, status), ==, S_OK);
    /* Data and status in one buffer. */
    back = virtio_driver_alloc(d, 513, 1);
    *((guint8 *)virtio_driver_ptr(d, back) + 512) = S_NONE;
    virtio_driver_add(d, 0, (VirtioBuffer[]){
        { virtio_driver_data(d, &read, 16), 16, false }, { back, 100, true },
        { back + 100, 413, true } }, 3);
    virtio_driver_kick(d, 0);
    poll_loop(b);
    g_assert_true(virtio_driver_used(d, 0, NULL, NULL));
    g_assert_true(virtio_driver_used(d, 0, NULL, &length));
    g_assert_cmpuint(length, ==, 513);
    g_assert_cmpmem(virtio_driver_ptr(d, back), 512, out.data, 512);
    g_assert_cmpuint(*((guint8 *)virtio_driver_ptr(d, back) + 512), ==, S_OK);
}

static void test_id(Bench *b, gconstpointer unused)
{
    VirtioDriver *d = b->driver[0];
    guint64 id;

    if (!devices(b, "auto")) {
        return;
    }
    id = virtio_driver_alloc(d, 20, 1);
    g_assert_cmpuint(request(b, 0, T_GET_ID, 0, id, 20, true), ==, S_OK);
    g_assert_cmpmem(virtio_driver_ptr(d, id), 20, "ABC\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
    g_assert_cmpuint(request(b, 0, T_GET_ID, 0, id, 1, true), ==, S_OK);
    g_assert_cmpuint(request(b, 0, T_GET_ID, 0, 0, 0, true), ==, S_OK);
}

static guint8 segment(Bench *b, guint i, guint32 type, guint64 sector, guint32 n, guint32 flags)
{
    Segment s = { GUINT64_TO_LE(sector), GUINT32_TO_LE(n), GUINT32_TO_LE(flags) };

    return request(b, i, type, 0, virtio_driver_data(b->driver[i], &s, sizeof(s)), sizeof(s),
                   false);
}

static void test_segments(Bench *b, gconstpointer unused)
{
    VirtioDriver *d = b->driver[0];
    guint64 data;

    if (!devices(b, "auto")) {
        return;
    }
    data = virtio_driver_alloc(d, 4096, 512);
    memset(virtio_driver_ptr(d, data), 1, 4096);
    g_assert_cmpuint(request(b, 0, T_OUT, 0, data, 4096, false), ==, S_OK);
    g_assert_cmpuint(segment(b, 0, T_WRITE_ZEROES, 1, 1, 0), ==, S_OK);
    g_assert_cmpuint(segment(b, 0, T_WRITE_ZEROES, 3, 1, 1), ==, S_OK);
    g_assert_cmpuint(segment(b, 0, T_DISCARD, 5, 1, 0), ==, S_OK);
    g_assert_cmpuint(request(b, 0, T_IN, 0, data, 4096, true), ==, S_OK);
    for (guint i = 0; i < 8; i++) {
        const guint8 *bytes = virtio_driver_ptr(d, data);

        g_assert_cmpuint(bytes[i * 512], ==, i != 1 && i != 3 && i != 5);
        g_assert_cmpuint(bytes[i * 512 + 511], ==, i != 1 && i != 3 && i != 5);
    }
    g_assert_cmpuint(segment(b, 0, T_DISCARD, 5, 1, 1), ==, S_UNSUPP);
    g_assert_cmpuint(segment(b, 0, T_WRITE_ZEROES, 5, 1, 2), ==, S_UNSUPP);
    g_assert_cmpuint(segment(b, 0, T_WRITE_ZEROES, SECTORS, 1, 0), ==, S_IOERR);
    g_assert_cmpuint(segment(b, 0, T_WRITE_ZEROES, G_MAXUINT64, 2, 0), ==, S_IOERR);
    g_assert_cmpuint(segment(b, 0, T_DISCARD, 0, G_MAXUINT32, 0), ==, S_IOERR);
    g_assert_cmpuint(request(b, 0, T_DISCARD, 0, data, 15, false), ==, S_UNSUPP);
    g_assert_cmpuint(request(b, 0, T_DISCARD, 0, data, 32, false), ==, S_UNSUPP);
    /* What was not offered is not understood. */
    g_assert_cmpuint(segment(b, 1, T_DISCARD, 0, 1, 0), ==, S_UNSUPP);
    g_assert_cmpuint(segment(b, 1, T_WRITE_ZEROES, 0, 1, 0), ==, S_UNSUPP);
}

/* Sends a read to a disk that takes an hour for it; returns where its status is. */
static guint64 send_slow(Bench *b)
{
    VirtioDriver *d = b->driver[0];
    Header header = { GUINT32_TO_LE(T_IN), 0, 0 };
    const guint8 none = S_NONE;
    guint64 status = virtio_driver_data(d, &none, 1);

    virtio_driver_add(d, 0, (VirtioBuffer[]){
        { virtio_driver_data(d, &header, sizeof(header)), 16, false },
        { virtio_driver_alloc(d, 512, 512), 512, true }, { status, 1, true } }, 3);
    virtio_driver_kick(d, 0);
    while (aio_poll(machine_aio(b->rig->machine, NULL, NULL), false)) {
        continue;
    }
    g_assert_nonnull(front_of(b, 0)->lanes->oldest);
    g_assert_cmpuint(*(guint8 *)virtio_driver_ptr(d, status), ==, S_NONE);
    return status;
}

static void count_call(void *opaque)
{
    ++*(guint *)opaque;
}

static void wait_idle(Bench *b)
{
    g_assert_true(block_fronts_wait(&b->rig->machine->object, G_MAXINT64));
}

static BlockNode *find_node(Bench *b, const char *name)
{
    g_autoptr(GError) error = NULL;
    BlockNode *node = block_node_find(b->rig->root, name, &error);

    g_assert_no_error(error);
    return node;
}

/* A client that changes a node waits for requests of its disks, but only for those in flight. */
static void test_past(Bench *b, gconstpointer unused)
{
    VirtioDriver *d = b->driver[0];
    g_autoptr(GError) error = NULL;
    guint calls = 0;

    b->dev[0] = rig_device(b->rig, "virtio-blk-device", "vd0", &error, "drive", "slow", NULL);
    g_assert_no_error(error);
    virtio_driver_start(d, ~G_GUINT64_CONSTANT(0), 1, 16);
    block_fronts_when_past(find_node(b, "slow"), count_call, &calls);
    g_assert_cmpuint(calls, ==, 1);
    send_slow(b);
    block_fronts_when_past(find_node(b, "null"), count_call, &calls);
    g_assert_cmpuint(calls, ==, 2);
    block_fronts_when_past(find_node(b, "slow"), count_call, &calls);
    g_assert_cmpuint(calls, ==, 2);
    g_assert_nonnull(front_of(b, 0)->lanes->oldest);
    poll_loop(b);
    g_assert_cmpuint(calls, ==, 3);
    g_assert_null(front_of(b, 0)->lanes->oldest);
    g_assert_null(front_of(b, 0)->lanes->newest);
    g_assert_cmpuint(front_of(b, 0)->lanes->n_sent, ==, 1);
}

/* After a stop, a reset and an unplug a disk is told of when nothing is in flight any more, and
 * nothing of it comes afterwards. */
static void test_in_flight(Bench *b, gconstpointer unused)
{
    VirtioDriver *d = b->driver[0];
    g_autoptr(GError) error = NULL;
    guint64 status;
    guint calls = 0;

    b->dev[0] = rig_device(b->rig, "virtio-blk-device", "vd0", &error, "drive", "slow", NULL);
    g_assert_no_error(error);
    virtio_driver_start(d, ~G_GUINT64_CONSTANT(0), 1, 16);
    status = send_slow(b);
    machine_pause(b->rig->machine);
    g_assert_nonnull(front_of(b, 0)->lanes->oldest);
    g_assert_false(block_fronts_idle(&b->rig->machine->object));
    block_fronts_when_idle(&b->rig->machine->object, count_call, &calls);
    g_assert_cmpuint(calls, ==, 0);
    wait_idle(b);
    g_assert_cmpuint(calls, ==, 1);
    block_fronts_when_idle(&b->rig->machine->object, count_call, &calls);
    g_assert_cmpuint(calls, ==, 2);
    g_assert_cmpuint(*(guint8 *)virtio_driver_ptr(d, status), ==, S_OK);
    g_assert_true(virtio_driver_used(d, 0, NULL, NULL));
    g_assert_true(machine_run(b->rig->machine, &error));

    /* The driver sees when its reset is over, and what it writes until then is void. */
    status = send_slow(b);
    virtio_driver_write(d, 0x70, 0);
    g_assert_cmpuint(virtio_driver_status(d), ==, 15);
    g_assert_nonnull(front_of(b, 0)->lanes->oldest);
    virtio_driver_write(d, 0x70, 0);
    virtio_driver_write(d, 0x70, 15);
    g_assert_false(to_virtio_device(b->dev[0])->started);
    wait_idle(b);
    g_assert_cmpuint(virtio_driver_status(d), ==, 0);
    g_assert_cmpuint(*(guint8 *)virtio_driver_ptr(d, status), ==, S_OK);
    virtio_driver_start(d, ~G_GUINT64_CONSTANT(0), 1, 16);
    poll_loop(b);
    g_assert_false(virtio_driver_used(d, 0, NULL, NULL));

    /* What is about to go takes no more work. */
    status = send_slow(b);
    device_quiesce_tree(&b->dev[0]->object);
    g_assert_false(to_virtio_device(b->dev[0])->started);
    g_assert_false(block_fronts_idle(&b->dev[0]->object));
    wait_idle(b);
    device_unmake(g_steal_pointer(&b->dev[0]));
    g_assert_cmpuint(*(guint8 *)virtio_driver_ptr(d, status), ==, S_OK);
    poll_loop(b);
    g_assert_null(front_of(b, 0));
}

/* ---- What none should ---- */

static void test_ranges(Bench *b, gconstpointer unused)
{
    static const struct {
        guint64 sector;
        guint32 size;
    } bad[] = {
        { SECTORS, 512 }, { SECTORS - 1, 1024 }, { G_MAXUINT64, 512 }, { 1ull << 55, 512 },
        { G_MAXUINT64 / 512, 512 }, { 0, 511 }, { 0, 513 }, { 0, 1 }, { 0, SIZE + 512 },
    };
    guint64 data;

    if (!devices(b, "auto")) {
        return;
    }
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        for (guint d = 0; d < 2; d++) {
            data = virtio_driver_alloc(b->driver[d], 512, 512);
            data = bad[i].size > 4096 ? b->driver[d]->ram_base : data;
            g_assert_cmpuint(request(b, d, T_OUT, bad[i].sector, data, bad[i].size, false), ==,
                             S_IOERR);
            if (bad[i].size < 4096) {
                g_assert_cmpuint(request(b, d, T_IN, bad[i].sector, data, bad[i].size, true), ==,
                                 S_IOERR);
            }
        }
    }
    g_assert_cmpuint(front_of(b, 0)->lanes->stats.of[BLOCK_STAT_WRITE].invalid, ==,
                     G_N_ELEMENTS(bad));
    g_assert_cmpuint(request(b, 0, T_IN, SECTORS, 0, 0, true), ==, S_OK);
    g_assert_cmpuint(request(b, 0, 0xffffffff, 0, 0, 0, true), ==, S_UNSUPP);
    g_assert_cmpuint(request(b, 0, 2, 0, 0, 0, true), ==, S_UNSUPP);
    g_assert_cmpuint(virtio_driver_status(b->driver[0]) & NEEDS_RESET, ==, 0);
}

static void check_broken(Bench *b, const VirtioBuffer *buffers, guint n)
{
    VirtioDriver *d = b->driver[0];

    virtio_driver_add(d, 0, buffers, n);
    virtio_driver_kick(d, 0);
    poll_loop(b);
    g_assert_cmpuint(virtio_driver_status(d) & NEEDS_RESET, !=, 0);
    g_assert_false(virtio_driver_used(d, 0, NULL, NULL));
    virtio_driver_start(d, ~G_GUINT64_CONSTANT(0), 1, 16);
    g_assert_cmpuint(virtio_driver_status(d) & NEEDS_RESET, ==, 0);
    g_assert_cmpuint(request(b, 0, T_FLUSH, 0, 0, 0, false), ==, S_OK);
    g_assert_true(virtio_driver_used(d, 0, NULL, NULL));
}

static void test_broken(Bench *b, gconstpointer unused)
{
    VirtioDriver *d = b->driver[0];
    guint64 data;

    if (!devices(b, "auto")) {
        return;
    }
    data = virtio_driver_alloc(d, 64, 16);
    check_broken(b, (VirtioBuffer[]){ { data, 15, false }, { data, 1, true } }, 2);
    check_broken(b, (VirtioBuffer[]){ { data, 1, true } }, 1);
    check_broken(b, (VirtioBuffer[]){ { data, 16, false } }, 1);
    check_broken(b, (VirtioBuffer[]){ { data, 64, false } }, 1);
    check_broken(b, (VirtioBuffer[]){ { G_MAXUINT64 - 8, 16, false }, { data, 1, true } }, 2);
    /* Nobody else minds. */
    g_assert_cmpuint(request(b, 1, T_FLUSH, 0, 0, 0, false), ==, S_OK);
}

/* ---- Errors of the host ---- */

static void test_report(Bench *b, gconstpointer unused)
{
    struct rlimit old, limit;
    guint64 data;

    if (!devices(b, "report")) {
        return;
    }
    data = virtio_driver_alloc(b->driver[0], 512, 512);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    limit = (struct rlimit){ 4096, old.rlim_max };
    setrlimit(RLIMIT_FSIZE, &limit);
    g_assert_cmpuint(request(b, 0, T_OUT, 100, data, 512, false), ==, S_IOERR);
    setrlimit(RLIMIT_FSIZE, &old);
    rig_deliver(b->rig);
    g_assert_cmpuint(b->rig->stops, ==, 0);
    g_assert_cmpuint(front_of(b, 0)->lanes->stats.of[BLOCK_STAT_WRITE].failed, ==, 1);
}

static void test_ignore(Bench *b, gconstpointer unused)
{
    guint64 data;

    if (!devices(b, "ignore")) {
        return;
    }
    data = virtio_driver_alloc(b->driver[0], 512, 512);
    signal(SIGXFSZ, SIG_IGN);
    {
        struct rlimit old, limit;

        getrlimit(RLIMIT_FSIZE, &old);
        limit = (struct rlimit){ 4096, old.rlim_max };
        setrlimit(RLIMIT_FSIZE, &limit);
        g_assert_cmpuint(request(b, 0, T_OUT, 100, data, 512, false), ==, S_OK);
        setrlimit(RLIMIT_FSIZE, &old);
    }
}

static void test_stop(Bench *b, gconstpointer unused)
{
    VirtioDriver *d = b->driver[0];
    struct rlimit old, limit;
    guint64 data;
    guint8 status;

    if (!devices(b, "stop")) {
        return;
    }
    data = virtio_driver_alloc(d, 512, 512);
    memset(virtio_driver_ptr(d, data), 0x42, 512);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    limit = (struct rlimit){ 4096, old.rlim_max };
    setrlimit(RLIMIT_FSIZE, &limit);
    status = request(b, 0, T_OUT, 100, data, 512, false);
    g_assert_cmpuint(status, ==, S_NONE);
    rig_deliver(b->rig);
    g_assert_cmpuint(b->rig->stops, ==, 1);
    g_assert_cmpint(b->rig->stop_state, ==, RUN_STATE_IO_ERROR);
    g_assert_cmpint(front_of(b, 0)->status, ==, BLOCK_DEVICE_IO_STATUS_FAILED);
    /* The daemon stops it; going on without more room stops it again. */
    machine_pause(b->rig->machine);
    g_assert_true(machine_run(b->rig->machine, NULL));
    poll_loop(b);
    rig_deliver(b->rig);
    g_assert_cmpuint(b->rig->stops, ==, 2);
    g_assert_false(virtio_driver_used(d, 0, NULL, NULL));
    machine_pause(b->rig->machine);
    setrlimit(RLIMIT_FSIZE, &old);
    g_assert_true(machine_run(b->rig->machine, NULL));
    poll_loop(b);
    g_assert_true(virtio_driver_used(d, 0, NULL, NULL));
    g_assert_cmpint(front_of(b, 0)->status, ==, BLOCK_DEVICE_IO_STATUS_OK);
    memset(virtio_driver_ptr(d, data), 0, 512);
    g_assert_cmpuint(request(b, 0, T_IN, 100, data, 512, true), ==, S_OK);
    g_assert_cmpuint(*(guint8 *)virtio_driver_ptr(d, data), ==, 0x42);
}

/* A reset forgets requests that wait for better times. */
static void test_stop_reset(Bench *b, gconstpointer unused)
{
    VirtioDriver *d = b->driver[0];
    struct rlimit old, limit;
    guint64 data;

    if (!devices(b, "stop")) {
        return;
    }
    data = virtio_driver_alloc(d, 512, 512);
    memset(virtio_driver_ptr(d, data), 0x42, 512);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    limit = (struct rlimit){ 4096, old.rlim_max };
    setrlimit(RLIMIT_FSIZE, &limit);
    request(b, 0, T_OUT, 100, data, 512, false);
    setrlimit(RLIMIT_FSIZE, &old);
    g_assert_nonnull(front_of(b, 0)->lanes->kept);
    rig_reset(b->rig);
    g_assert_null(front_of(b, 0)->lanes->kept);
    virtio_driver_start(d, ~G_GUINT64_CONSTANT(0), 1, 16);
    data = virtio_driver_alloc(d, 512, 512);
    g_assert_cmpuint(request(b, 0, T_IN, 100, data, 512, true), ==, S_OK);
    g_assert_cmpuint(*(guint8 *)virtio_driver_ptr(d, data), ==, 0);
}

/* ---- Properties ---- */

static void refuse(Bench *b, ErrorReason reason, const char *property, const char *value)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(rig_device(b->rig, "virtio-blk-device", "x", &error, "drive", "null", property,
                             value, NULL));
    g_assert_true(qmp_error_is(error, reason));
}

static void test_properties(Bench *b, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;

    refuse(b, ERROR_REASON_INVALID_VALUE, "logical_block_size", "513");
    refuse(b, ERROR_REASON_OUT_OF_RANGE, "logical_block_size", "256");
    refuse(b, ERROR_REASON_INVALID_VALUE, "physical_block_size", "1000");
    refuse(b, ERROR_REASON_INVALID_VALUE, "queue-size", "100");
    refuse(b, ERROR_REASON_NOT_SUPPORTED, "rerror", "enospc");
    refuse(b, ERROR_REASON_INVALID_VALUE, "min_io_size", "700");
    refuse(b, ERROR_REASON_OBJECT_NOT_FOUND, "iothread", "none");
    b->dev[0] = rig_device(b->rig, "virtio-blk-device", "vd0", NULL, "drive", "null", NULL);
    g_assert_nonnull(b->dev[0]);
    refuse(b, ERROR_REASON_IN_USE, "serial", "x");
    refuse(b, ERROR_REASON_IN_USE, "share-rw", "on");
    device_unmake(b->dev[0]);
    b->dev[0] = rig_device(b->rig, "virtio-blk-device", "vd0", NULL, "drive", "null",
                           "share-rw", "on", NULL);
    b->dev[1] = rig_device(b->rig, "virtio-blk-device", "vd1", NULL, "drive", "null",
                           "share-rw", "on", NULL);
    g_assert_nonnull(b->dev[1]);
    g_assert_false(object_may_delete(object_child(object_child(b->rig->root, "block-nodes"),
                                                  "null"), &error));
}

static void test_resize(Bench *b, gconstpointer unused)
{
    VirtioDriver *d = b->driver[0];
    BlockNode *node;
    guint64 data;
    guint edges;

    if (!devices(b, "auto")) {
        return;
    }
    node = block_node_find(b->rig->root, "file", NULL);
    data = virtio_driver_alloc(d, 512, 512);
    edges = virtio_driver_edges(d);
    g_assert_true(block_resize_begin(node, SIZE / 2, NULL) == node);
    g_assert_cmpuint(request(b, 0, T_OUT, SECTORS / 2, data, 512, false), ==, S_IOERR);
    virtio_driver_ack(d);
    edges = virtio_driver_edges(d);
    g_assert_true(block_resize(node, SIZE / 2, NULL));
    block_resize_end(node);
    g_assert_cmpuint(virtio_driver_edges(d), ==, edges + 1);
    g_assert_cmpuint(virtio_driver_ack(d), ==, 3);
    g_assert_cmpuint(virtio_driver_config(d, 0, 8), ==, SECTORS / 2);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*f)(Bench *, gconstpointer);
    } tests[] = {
        { "/virtio-blk/config", test_config },
        { "/virtio-blk/read-write", test_read_write },
        { "/virtio-blk/layout", test_layout },
        { "/virtio-blk/id", test_id },
        { "/virtio-blk/segments", test_segments },
        { "/virtio-blk/in-flight", test_in_flight },
        { "/virtio-blk/past", test_past },
        { "/virtio-blk/ranges", test_ranges },
        { "/virtio-blk/broken", test_broken },
        { "/virtio-blk/report", test_report },
        { "/virtio-blk/ignore", test_ignore },
        { "/virtio-blk/stop", test_stop },
        { "/virtio-blk/stop-reset", test_stop_reset },
        { "/virtio-blk/properties", test_properties },
        { "/virtio-blk/resize", test_resize },
    };

    g_test_init(&argc, &argv, NULL);
    evthread_use_pthreads();
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_test_add(tests[i].name, Bench, NULL, bench_init, tests[i].f, bench_clear);
    }
    return g_test_run();
}
