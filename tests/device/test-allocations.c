/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests in flight cost no allocation: disks and network cards at work, after
 * a few rounds to warm up, never call malloc().
 */
#include "config.h"

#include <event2/event.h>
#include <event2/thread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hw/block/block.h"
#include "hw/net/net.h"
#include "qmp/error.h"
#include "qmp/qapi-types-block.h"
#include "qmp/qapi-types-iothread.h"
#include "qmp/qapi-types-net.h"
#include "qmp/qapi-types-socket.h"
#include "qmp/visit.h"
#include "tests/lib/allocations.h"
#include "tests/lib/scsi-driver.h"
#include "tests/lib/virtio-driver.h"

enum {
    DEPTH = 8, WARM_UP = 20, ROUNDS = 200,
    SIZE = 1 << 20, BLOCK = 4096,
    T_IN = 0, T_OUT = 1, T_FLUSH = 4,
    RX = 0, TX = 1, FRAME = 1514, NET_HEADER = 12,
};

typedef struct {
    guint32 type, reserved;
    guint64 sector;
} Header;

typedef struct {
    Rig *rig;
    VirtioDriver *d;
    Device *dev;
    struct event_base *base;
    int network;                /* the other end of the card's network, or -1 */
    char *path;                 /* of the file, or NULL */
} Bench;

static int given_fd;

/* ---- Bench ---- */

static QmpFd *take_fd(const Env *env, const char *name, GError **error)
{
    g_autoptr(QmpFds) fds = qmp_fds_new();

    return qmp_fd_new(fds, 1, given_fd);
}

static void env_lock(const Env *env)
{
    rig_lock(env->host);
}

static void env_unlock(const Env *env)
{
    rig_unlock(env->host);
}

static Bench *bench_new(void)
{
    Bench *b = g_new0(Bench, 1);

    b->rig = rig_new();
    b->base = event_base_new();
    b->rig->env.base = b->base;
    b->rig->env.host = b->rig;
    b->rig->env.take_fd = take_fd;
    b->rig->env.lock = env_lock;
    b->rig->env.unlock = env_unlock;
    b->network = -1;
    b->d = virtio_driver_new(b->rig, 0);
    return b;
}

static void bench_free(Bench *b)
{
    if (b->dev) {
        device_unmake(b->dev);
    }
    virtio_driver_free(b->d);
    rig_free(b->rig);
    event_base_free(b->base);
    if (b->network >= 0) {
        close(b->network);
    }
    if (b->path) {
        unlink(b->path);
        g_free(b->path);
    }
    g_free(b);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Bench, bench_free)

static bool skip(void)
{
    if (!allocations_counted()) {
        g_test_skip("a sanitizer has malloc() for itself");
        return true;
    }
    return false;
}

/* Warms up, and counts. */
static void assert_no_allocation(Bench *b, void (*round)(Bench *b))
{
    guint n;

    for (guint i = 0; i < WARM_UP; i++) {
        round(b);
    }
    allocations_start();
    for (guint i = 0; i < ROUNDS; i++) {
        round(b);
    }
    n = allocations_stop();
    g_assert_cmpuint(n, ==, 0);
    /* The counter is not a dead one. */
    allocations_start();
    g_free(g_malloc(1));
    g_assert_cmpuint(allocations_stop(), ==, 1);
}

/* Whatever runs on the main loop; iothreads run by themselves. */
static void turn(Bench *b)
{
    rig_unlock(b->rig);
    event_base_loop(b->base, EVLOOP_NONBLOCK);
    rig_lock(b->rig);
}

static void wait_used(Bench *b, guint queue, guint n)
{
    gint64 end = g_get_monotonic_time() + 10 * G_USEC_PER_SEC;

    while (n) {
        n -= virtio_driver_used(b->d, queue, NULL, NULL);
        g_assert_cmpint(g_get_monotonic_time(), <, end);
        turn(b);
    }
}

/* ---- Disks ---- */

static void make_node(Bench *b, BlockdevOptions *options)
{
    g_autoptr(GError) error = NULL;
    BlockNode *node;

    options->node_name = (char *)"disk";
    node = block_node_new(b->rig->root, options, NULL, &error);
    g_assert_no_error(error);
    g_assert_true(object_prepare(&node->object, &error) && object_complete(&node->object, &error));
}

static void make_null(Bench *b)
{
    BlockdevOptions null = { .driver = BLOCKDEV_DRIVER_NULL_CO, .u.null_co = { .size = SIZE } };

    make_node(b, &null);
}

static void make_file(Bench *b)
{
    BlockdevOptions file = { .driver = BLOCKDEV_DRIVER_FILE };
    int fd;

    b->path = g_strdup("/tmp/test-allocations-XXXXXX");
    fd = g_mkstemp(b->path);
    g_assert_cmpint(ftruncate(fd, SIZE), ==, 0);
    close(fd);
    file.u.file.filename = b->path;
    make_node(b, &file);
}

static void add_disk(Bench *b, const char *iothread)
{
    g_autoptr(GError) error = NULL;

    if (*iothread) {
        Object *obj = object_new(&qmp_class_iothread);

        object_add_child(object_container(b->rig->root, "objects"), iothread, obj, &error);
        g_assert_true(object_make(obj, &error));
        object_unref(obj);
    }
    b->dev = rig_device(b->rig, "virtio-blk-device", "vd0", &error, "drive", "disk",
                        *iothread ? "iothread" : NULL, iothread, NULL);
    g_assert_no_error(error);
    virtio_driver_start(b->d, ~G_GUINT64_CONSTANT(0), 1, 64);
}

/* Reads, writes and a flush, all at once, every other one indirect. */
static void disk_round(Bench *b)
{
    VirtioDriver *d = b->d;
    guint64 start = d->next, status[DEPTH];

    for (guint i = 0; i < DEPTH; i++) {
        guint32 type = i == 7 ? T_FLUSH : i % 3 ? T_IN : T_OUT;
        Header header = { GUINT32_TO_LE(type), 0, GUINT64_TO_LE(i * 8) };
        VirtioBuffer buffers[3] = {
            { virtio_driver_data(d, &header, sizeof(header)), sizeof(header), false },
            { virtio_driver_alloc(d, BLOCK, BLOCK), BLOCK, type == T_IN },
            { status[i] = virtio_driver_alloc(d, 1, 1), 1, true },
        };

        *(guint8 *)virtio_driver_ptr(d, status[i]) = 0xff;
        (i % 2 ? virtio_driver_add : virtio_driver_add_indirect)(d, 0, buffers, 3);
    }
    virtio_driver_kick(d, 0);
    wait_used(b, 0, DEPTH);
    virtio_driver_ack(d);
    for (guint i = 0; i < DEPTH; i++) {
        g_assert_cmpuint(*(guint8 *)virtio_driver_ptr(d, status[i]), ==, 0);
    }
    d->next = start;            /* the memory is used again */
}

static void test_disk(gconstpointer data)
{
    const char *const *which = data;    /* node, iothread */
    g_autoptr(Bench) b = NULL;

    if (skip()) {
        return;
    }
    b = bench_new();
    if (g_str_equal(which[0], "file")) {
        AioContext *aio = aio_context_new(NULL, NULL);
        bool io = aio_enable_io(aio, NULL);

        aio_context_free(aio);
        if (!io) {
            g_test_skip("the host denies io_uring");
            return;
        }
        make_file(b);
    } else {
        make_null(b);
    }
    add_disk(b, which[1]);
    assert_no_allocation(b, disk_round);
}

/* ---- SCSI ---- */

static void add_scsi(Bench *b)
{
    ScsiDriver s = { .virtio = b->d };
    g_autoptr(GError) error = NULL;

    b->dev = rig_device(b->rig, "virtio-scsi-device", "hba", &error, NULL);
    g_assert_no_error(error);
    rig_device(b->rig, "scsi-hd", "sd", &error, "drive", "disk", NULL);
    g_assert_no_error(error);
    scsi_driver_start(&s, 1);
}

/* Reads, writes, a flush and a small answer; in the first round a command fails. */
static void scsi_round(Bench *b)
{
    ScsiDriver s = { .virtio = b->d };
    VirtioDriver *d = b->d;
    guint64 start = d->next;

    for (guint i = 0; i < DEPTH; i++) {
        guint64 data = virtio_driver_alloc(d, BLOCK, BLOCK);

        if (i == 6) {
            scsi_send(&s, SCSI_QUEUE, CDB(0x12, 0, 0, 0, 36, 0), data, 36, true);
        } else if (i == 7) {
            scsi_send(&s, SCSI_QUEUE, CDB(0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0), 0, 0, false);
        } else {
            scsi_send(&s, SCSI_QUEUE, CDB(i % 3 ? 0x28 : 0x2a, 0, 0, 0, 0, i * 8, 0, 0, 8, 0), data,
                      BLOCK, i % 3);
        }
    }
    wait_used(b, SCSI_QUEUE, DEPTH);
    virtio_driver_ack(d);
    d->next = start;
}

static void test_scsi(void)
{
    g_autoptr(Bench) b = NULL;

    if (skip()) {
        return;
    }
    b = bench_new();
    make_null(b);
    add_scsi(b);
    assert_no_allocation(b, scsi_round);
}

/* ---- Network ---- */

static void add_card(Bench *b)
{
    SocketAddress addr = { .type = SOCKET_ADDRESS_TYPE_FD, .u.fd.str = (char *)"fd" };
    Netdev options = { .id = (char *)"net0", .type = NET_CLIENT_DRIVER_DGRAM,
                       .u.dgram.local = &addr };
    g_autoptr(GError) error = NULL;
    NetBackend *net;
    int fds[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fds), ==, 0);
    given_fd = fds[0];
    b->network = fds[1];
    net = net_new(b->rig->root, &options, &error);
    g_assert_no_error(error);
    g_assert_true(object_prepare(&net->object, &error) && object_complete(&net->object, &error));
    b->dev = rig_device(b->rig, "virtio-net-device", "nic0", &error, "netdev", "net0", NULL);
    g_assert_no_error(error);
    virtio_driver_start(b->d, ~G_GUINT64_CONSTANT(0), 2, 64);
}

/* As many frames in as out. */
static void card_round(Bench *b)
{
    static const guint8 frame[FRAME] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
    guint64 start = b->d->next, addr;
    guint8 buf[FRAME];

    for (guint i = 0; i < DEPTH; i++) {
        addr = virtio_driver_alloc(b->d, 2048, 1);
        virtio_driver_add(b->d, RX, &(VirtioBuffer){ addr, 2048, true }, 1);
        addr = virtio_driver_alloc(b->d, NET_HEADER + FRAME, 1);
        memset(virtio_driver_ptr(b->d, addr), 0, NET_HEADER);
        virtio_driver_add(b->d, TX, &(VirtioBuffer){ addr, NET_HEADER + FRAME, false }, 1);
        g_assert_cmpint(send(b->network, frame, FRAME, 0), ==, FRAME);
    }
    virtio_driver_kick(b->d, RX);
    virtio_driver_kick(b->d, TX);
    wait_used(b, TX, DEPTH);
    wait_used(b, RX, DEPTH);
    for (guint i = 0; i < DEPTH; i++) {
        g_assert_cmpint(recv(b->network, buf, FRAME, 0), ==, FRAME);
    }
    virtio_driver_ack(b->d);
    b->d->next = start;
}

static void test_card(void)
{
    g_autoptr(Bench) b = NULL;

    if (skip()) {
        return;
    }
    b = bench_new();
    add_card(b);
    assert_no_allocation(b, card_round);
}

int main(int argc, char **argv)
{
    static const char *const null_main[] = { "null", "" }, *const null_thread[] = { "null", "io0" };
    static const char *const file_main[] = { "file", "" }, *const file_thread[] = { "file", "io0" };

    allocations_init(argv);
    evthread_use_pthreads();
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/allocations/disk/null", null_main, test_disk);
    g_test_add_data_func("/allocations/disk/null-iothread", null_thread, test_disk);
    g_test_add_data_func("/allocations/disk/file", file_main, test_disk);
    g_test_add_data_func("/allocations/disk/file-iothread", file_thread, test_disk);
    g_test_add_func("/allocations/scsi", test_scsi);
    g_test_add_func("/allocations/card", test_card);
    return g_test_run();
}
