/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-net-device: frames, features, the control queue, and drivers that break
 * the rules.  The backend is a datagram socket; the test holds the other end.
 */
#include "config.h"

#include <event2/event.h>
#include <event2/thread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hw/net/net.h"
#include "hw/virtio/virtio-net.h"
#include "qmp/error.h"
#include "qmp/event.h"
#include "qmp/qapi-types-builtin.h"
#include "qmp/qapi-types-socket.h"
#include "qmp/visit.h"
#include "qom/qapi-objects-net.h"
#include "tests/lib/virtio-driver.h"

enum { RX = 0, TX = 1, CTRL = 2, NEEDS_RESET = 64, HDR = sizeof(NetHdr), QUEUE = 64 };

typedef struct {
    Rig *rig;
    struct event_base *base;
    VirtioDriver *d;
    NetBackend *net;
    Device *dev;
    int fd;                     /* the network */
    guint64 buffers[QUEUE];     /* by head of chain, with their sizes */
    guint32 sizes[QUEUE];
} Bench;

/* ---- Bench ---- */

static int given_fd;

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

static NetBackend *add_socket(Rig *rig, const char *id, int fd)
{
    SocketAddress *addr = g_new0(SocketAddress, 1);
    Netdev *options = g_new0(Netdev, 1);
    g_autoptr(GError) error = NULL;
    NetBackend *net;

    addr->type = SOCKET_ADDRESS_TYPE_FD;
    addr->u.fd.str = g_strdup("fd");
    options->id = g_strdup(id);
    options->type = NET_CLIENT_DRIVER_DGRAM;
    options->u.dgram.local = addr;
    given_fd = fd;
    net = net_new(rig->root, options, &error);
    g_assert_no_error(error);
    qmp_clear(&qmp_type_Netdev, &options);
    g_assert_true(object_prepare(&net->object, &error) && object_complete(&net->object, &error));
    return net;
}

/* A rig with a loop, a driver's transport and a backend; no card yet. */
static Bench *bench_new(void)
{
    static gsize once;
    Bench *b = g_new0(Bench, 1);
    int fds[2];

    if (g_once_init_enter(&once)) {
        evthread_use_pthreads();
        g_once_init_leave(&once, 1);
    }
    b->rig = rig_new();
    b->base = event_base_new();
    b->rig->env.base = b->base;
    b->rig->env.host = b->rig;
    b->rig->env.take_fd = take_fd;
    b->rig->env.lock = env_lock;
    b->rig->env.unlock = env_unlock;
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fds), ==, 0);
    b->fd = fds[1];
    b->net = add_socket(b->rig, "net0", fds[0]);
    b->d = virtio_driver_new(b->rig, 0);
    return b;
}

static void bench_free(Bench *b)
{
    virtio_driver_free(b->d);
    rig_free(b->rig);
    event_base_free(b->base);
    close(b->fd);
    g_free(b);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Bench, bench_free)

#define add_card(b, ...)                                                            \
    do {                                                                            \
        g_autoptr(GError) error_ = NULL;                                            \
        (b)->dev = rig_device((b)->rig, "virtio-net-device", "nic0", &error_,       \
                              "netdev", "net0", ##__VA_ARGS__, NULL);               \
        g_assert_no_error(error_);                                                  \
    } while (0)

static void turn(Bench *b)
{
    rig_unlock(b->rig);
    for (guint i = 0; i < 5; i++) {
        event_base_loop(b->base, EVLOOP_NONBLOCK);
    }
    rig_lock(b->rig);
}

#define until(b, condition)                                                 \
    do {                                                                    \
        gint64 end_ = g_get_monotonic_time() + 10 * G_USEC_PER_SEC;         \
        while (!(condition)) {                                              \
            g_assert_cmpint(g_get_monotonic_time(), <, end_);               \
            turn(b);                                                        \
        }                                                                   \
    } while (0)

static bool is_broken(Bench *b)
{
    return virtio_driver_status(b->d) & NEEDS_RESET;
}

static void start(Bench *b, guint64 features)
{
    virtio_driver_start(b->d, features, features >> VIRTIO_NET_F_CTRL_VQ & 1 ? 3 : 2, QUEUE);
    turn(b);
}

/* ---- The driver ---- */

static void add_rx(Bench *b, guint32 size)
{
    guint64 addr = virtio_driver_alloc(b->d, size, 1);
    guint16 head = virtio_driver_add(b->d, RX, &(VirtioBuffer){ addr, size, true }, 1);

    b->buffers[head] = addr;
    b->sizes[head] = size;
    virtio_driver_kick(b->d, RX);
    turn(b);
}

/* The next received buffer; copies it. */
static guint32 get_rx(Bench *b, guint8 *buf)
{
    guint32 length;
    guint16 head;

    until(b, virtio_driver_used(b->d, RX, &head, &length));
    memcpy(buf, virtio_driver_ptr(b->d, b->buffers[head]), length);
    return length;
}

static bool has_rx(Bench *b)
{
    turn(b);
    return virtio_driver_used(b->d, RX, NULL, NULL);
}

static void send_tx(Bench *b, const void *frame, gsize size)
{
    g_autofree guint8 *data = g_malloc0(HDR + size);
    guint64 addr;

    memcpy(data + HDR, frame, size);
    addr = virtio_driver_data(b->d, data, HDR + size);
    virtio_driver_add(b->d, TX, &(VirtioBuffer){ addr, HDR + size, false }, 1);
    virtio_driver_kick(b->d, TX);
    turn(b);
}

static void net_send(Bench *b, const void *frame, gsize size)
{
    g_assert_cmpint(send(b->fd, frame, size, MSG_DONTWAIT), ==, size);
    turn(b);
}

static gssize net_receive(Bench *b, void *buf, gsize size)
{
    turn(b);
    return recv(b->fd, buf, size, MSG_DONTWAIT);
}

static guint control(Bench *b, guint8 klass, guint8 command, const void *data, guint32 size)
{
    guint8 head[2] = { klass, command };
    guint64 answer = virtio_driver_data(b->d, "\x55", 1);
    VirtioBuffer buffers[3] = { { virtio_driver_data(b->d, head, 2), 2, false } };
    guint n = 1;

    if (size) {
        buffers[n++] = (VirtioBuffer){ virtio_driver_data(b->d, data, size), size, false };
    }
    buffers[n++] = (VirtioBuffer){ answer, 1, true };
    virtio_driver_add(b->d, CTRL, buffers, n);
    virtio_driver_kick(b->d, CTRL);
    until(b, virtio_driver_used(b->d, CTRL, NULL, NULL) || is_broken(b));
    return *(guint8 *)virtio_driver_ptr(b->d, answer);
}

static const guint8 own[6] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 };

/* A frame to an address, 64 bytes. */
static void make_frame(guint8 frame[64], const guint8 *to)
{
    for (guint i = 0; i < 64; i++) {
        frame[i] = i;
    }
    memcpy(frame, to, 6);
}

/* ---- Frames ---- */

static void test_frames(void)
{
    g_autoptr(Bench) b = bench_new();
    guint8 frame[64], buf[2000];

    add_card(b);
    start(b, ~0ull);
    make_frame(frame, own);
    add_rx(b, 2000);
    net_send(b, frame, 64);
    g_assert_cmpuint(get_rx(b, buf), ==, HDR + 64);
    g_assert_cmpmem(buf, HDR, "\0\0\0\0\0\0\0\0\0\0\1\0", HDR);
    g_assert_cmpmem(buf + HDR, 64, frame, 64);
    g_assert_true(virtio_driver_line(b->d));
    send_tx(b, frame, 64);
    g_assert_cmpint(net_receive(b, buf, sizeof(buf)), ==, 64);
    g_assert_cmpmem(buf, 64, frame, 64);
    g_assert_true(virtio_driver_used(b->d, TX, NULL, NULL));
    g_assert_false(is_broken(b));
}

/* A frame over buffers of 100 bytes, and one in pieces of one byte. */
static void test_pieces(void)
{
    g_autoptr(Bench) b = bench_new();
    VirtioBuffer pieces[QUEUE];
    guint8 frame[1000], buf[2000];
    guint32 length = 0;
    guint64 addr;

    for (guint i = 0; i < sizeof(frame); i++) {
        frame[i] = i * 3;
    }
    add_card(b);
    start(b, ~0ull);
    for (guint i = 0; i < 11; i++) {
        add_rx(b, 100);
    }
    net_send(b, frame, sizeof(frame));
    for (guint i = 0; i < 11; i++) {
        length += get_rx(b, buf + length);
    }
    g_assert_cmpuint(length, ==, HDR + sizeof(frame));
    g_assert_cmpuint(buf[10], ==, 11);
    g_assert_cmpmem(buf + HDR, sizeof(frame), frame, sizeof(frame));

    addr = virtio_driver_data(b->d, buf, QUEUE);
    for (guint i = 0; i < QUEUE; i++) {
        pieces[i] = (VirtioBuffer){ addr + i, 1, false };
    }
    memset(virtio_driver_ptr(b->d, addr), 0, HDR);
    virtio_driver_add_indirect(b->d, TX, pieces, QUEUE);
    virtio_driver_kick(b->d, TX);
    g_assert_cmpint(net_receive(b, buf, sizeof(buf)), ==, QUEUE - HDR);
    g_assert_cmpmem(buf, QUEUE - HDR, frame, QUEUE - HDR);
}

/* Without mergeable buffers a frame is in one, or lost. */
static void test_not_mergeable(void)
{
    g_autoptr(Bench) b = bench_new();
    guint8 frame[64], buf[2000];

    add_card(b, "mrg_rxbuf", "off");
    start(b, ~0ull);
    make_frame(frame, own);
    add_rx(b, HDR + 63);
    net_send(b, frame, 64);
    g_assert_false(has_rx(b));
    net_send(b, frame, 63);
    g_assert_cmpuint(get_rx(b, buf), ==, HDR + 63);
    g_assert_cmpuint(buf[10], ==, 1);
}

/* Frames wait for buffers; nothing is lost, nothing is out of order. */
static void test_no_buffers(void)
{
    g_autoptr(Bench) b = bench_new();
    guint8 frame[64], buf[2000];

    add_card(b);
    start(b, ~0ull);
    make_frame(frame, own);
    for (guint i = 0; i < 10; i++) {
        frame[20] = i;
        net_send(b, frame, 64);
    }
    for (guint i = 0; i < 10; i++) {
        g_assert_false(has_rx(b));
        add_rx(b, 40);          /* half of what it needs */
        g_assert_false(has_rx(b));
        add_rx(b, 40);
        get_rx(b, buf);
        g_assert_cmpuint(buf[HDR + 20], ==, i);
        get_rx(b, buf);
    }
}

/* A network that takes nothing makes the guest's frames wait, across a stop of
 * the machine, too. */
static void test_full_network(void)
{
    g_autoptr(Bench) b = bench_new();
    g_autoptr(GError) error = NULL;
    guint8 frame[64], buf[2000];
    guint sent = 0, used = 0, got = 0;

    add_card(b);
    start(b, ~0ull);
    make_frame(frame, own);
    while (sent < 10000 && sent < used + QUEUE / 2) {
        frame[20] = sent;
        send_tx(b, frame, 64);
        sent++;
        used += virtio_driver_used(b->d, TX, NULL, NULL);
    }
    g_assert_cmpuint(sent, <, 10000);
    machine_pause(b->rig->machine);
    turn(b);
    machine_run(b->rig->machine, &error);
    while (got < sent) {
        g_assert_cmpint(net_receive(b, buf, sizeof(buf)), ==, 64);
        g_assert_cmpuint(buf[20], ==, (guint8)got);
        got++;
    }
    while (virtio_driver_used(b->d, TX, NULL, NULL)) {
        used++;
    }
    g_assert_cmpuint(used, ==, sent);
}

/* A reset forgets what waits. */
static void test_reset_while_full(void)
{
    g_autoptr(Bench) b = bench_new();
    guint8 frame[64], buf[2000];
    guint sent = 0, used = 0;

    add_card(b);
    start(b, ~0ull);
    make_frame(frame, own);
    while (sent < used + QUEUE / 2) {
        send_tx(b, frame, 64);
        sent++;
        used += virtio_driver_used(b->d, TX, NULL, NULL);
    }
    start(b, ~0ull);
    while (net_receive(b, buf, sizeof(buf)) > 0) {
        continue;
    }
    send_tx(b, frame, 64);
    g_assert_cmpint(net_receive(b, buf, sizeof(buf)), ==, 64);
    g_assert_cmpint(net_receive(b, buf, sizeof(buf)), ==, -1);
}

/* A burst beyond what one turn does. */
static void test_burst(void)
{
    g_autoptr(Bench) b = bench_new();
    guint8 data[HDR + 64] = { 0 };
    guint64 addr;
    guint8 buf[200];
    guint got = 0;

    add_card(b, "tx_queue_size", "1024");
    g_assert_true(virtio_driver_negotiate(b->d, ~0ull));
    virtio_driver_queue(b->d, RX, QUEUE);
    virtio_driver_queue(b->d, TX, 1024);
    virtio_driver_ok(b->d);
    addr = virtio_driver_data(b->d, data, sizeof(data));
    for (guint i = 0; i < 1000; i++) {
        virtio_driver_add(b->d, TX, &(VirtioBuffer){ addr, sizeof(data), false }, 1);
    }
    virtio_driver_kick(b->d, TX);
    until(b, (got += net_receive(b, buf, sizeof(buf)) == 64) == 1000);
    for (guint i = 0; i < 1000; i++) {
        until(b, virtio_driver_used(b->d, TX, NULL, NULL));
    }
}

/* ---- Configuration ---- */

static void test_config(void)
{
    g_autoptr(Bench) b = bench_new();
    const VirtioNetDeviceProps *props;

    add_card(b, "host_mtu", "1400", "speed", "1000", "duplex", "full");
    props = virtio_net_device_props(b->dev);
    g_assert_cmpstr(props->mac, ==, "52:54:00:12:34:56");
    g_assert_cmphex(virtio_driver_offered(b->d) >> VIRTIO_NET_F_SPEED_DUPLEX, ==, 1);
    g_assert_true(virtio_driver_offered(b->d) >> VIRTIO_NET_F_MTU & 1);
    /* A socket has no headers, so there are no offloads, and one queue. */
    g_assert_cmphex(virtio_driver_offered(b->d) & 0x407f87, ==, 0);
    start(b, ~0ull);
    for (guint i = 0; i < 6; i++) {
        g_assert_cmphex(virtio_driver_config(b->d, i, 1), ==, own[i]);
    }
    g_assert_cmpuint(virtio_driver_config(b->d, 6, 2), ==, 1);
    g_assert_cmpuint(virtio_driver_config(b->d, 8, 2), ==, 1);
    g_assert_cmpuint(virtio_driver_config(b->d, 10, 2), ==, 1400);
    g_assert_cmpuint(virtio_driver_config(b->d, 12, 4), ==, 1000);
    g_assert_cmpuint(virtio_driver_config(b->d, 16, 1), ==, 1);
    g_assert_cmpuint(virtio_driver_config(b->d, 17, 1), ==, 0);
}

static void test_link(void)
{
    g_autoptr(Bench) b = bench_new();
    guint8 frame[64], buf[100];
    guint32 generation;

    add_card(b);
    start(b, ~0ull);
    add_rx(b, 200);
    make_frame(frame, own);
    virtio_driver_ack(b->d);
    generation = virtio_driver_read(b->d, 0xfc);
    nic_set_link(nic_of(&b->dev->object), false);
    g_assert_cmpuint(virtio_driver_config(b->d, 6, 2), ==, 0);
    g_assert_cmphex(virtio_driver_ack(b->d), ==, 3);
    g_assert_cmpuint(virtio_driver_read(b->d, 0xfc), !=, generation);
    net_send(b, frame, 64);
    g_assert_false(has_rx(b));
    send_tx(b, frame, 64);
    g_assert_cmpint(net_receive(b, buf, sizeof(buf)), ==, -1);
    g_assert_true(virtio_driver_used(b->d, TX, NULL, NULL));
    net_set_link(b->net, true);
    g_assert_cmpuint(virtio_driver_config(b->d, 6, 2), ==, 1);
    net_send(b, frame, 64);
    g_assert_true(has_rx(b));
}

static void test_bad_properties(void)
{
    static const char *const bad[][2] = {
        { "mac", "fox" }, { "rx_queue_size", "300" },
        { "tx_queue_size", "1000" },
    };
    g_autoptr(Bench) b = bench_new();

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(rig_device(b->rig, "virtio-net-device", "bad", &error, "netdev", "net0",
                                 bad[i][0], bad[i][1], NULL));
        g_assert_true(qmp_error_is(error, ERROR_REASON_INVALID_VALUE));
    }
    add_card(b, "mac", "52:54:00:00:00:01");
    g_assert_cmphex(virtio_driver_config(b->d, 5, 1), ==, 1);
}

/* What needs another feature is not taken without it. */
static void test_features(void)
{
    g_autoptr(Bench) b = bench_new();

    add_card(b);
    g_assert_false(virtio_driver_negotiate(b->d, ~(1ull << VIRTIO_NET_F_CTRL_VQ)));
    g_assert_true(virtio_driver_negotiate(b->d, 1ull << 32));
    virtio_driver_queue(b->d, RX, QUEUE);
    virtio_driver_queue(b->d, TX, QUEUE);
    virtio_driver_ok(b->d);
    g_assert_false(is_broken(b));
}

/* ---- Control ---- */

static bool takes(Bench *b, const guint8 *to)
{
    guint8 frame[64];

    make_frame(frame, to);
    net_send(b, frame, 64);
    return has_rx(b);
}

static void test_rx_mode(void)
{
    static const guint8 other[6] = { 0x52, 0x54, 0, 1, 2, 3 };
    static const guint8 group[6] = { 1, 0, 0x5e, 1, 2, 3 }, all[6] = { 255, 255, 255, 255, 255, 255 };
    g_autoptr(Bench) b = bench_new();
    struct {
        guint32 n_uni;
        guint8 uni[6];
        guint32 n_multi;
        guint8 multi[6];
    } __attribute__((packed)) table = { .n_uni = 1, .n_multi = 1 };

    memcpy(table.uni, other, 6);
    memcpy(table.multi, group, 6);
    add_card(b);
    start(b, ~0ull);
    for (guint i = 0; i < 40; i++) {
        add_rx(b, 200);
    }
    g_assert_true(takes(b, other));             /* promiscuous at first */
    g_assert_cmpuint(control(b, 0, 0, "\0", 1), ==, 0);
    g_assert_true(takes(b, own) && takes(b, all));
    g_assert_false(takes(b, other) || takes(b, group));
    g_assert_cmpuint(control(b, 1, 0, &table, sizeof(table)), ==, 0);
    g_assert_true(takes(b, other) && takes(b, group) && takes(b, own));
    g_assert_cmpuint(control(b, 0, 3, "\1", 1), ==, 0);
    g_assert_false(takes(b, group));
    g_assert_cmpuint(control(b, 0, 4, "\1", 1), ==, 0);
    g_assert_false(takes(b, other) || takes(b, own));
    g_assert_cmpuint(control(b, 0, 5, "\1", 1), ==, 0);
    g_assert_false(takes(b, all));
    g_assert_cmpuint(control(b, 0, 0, "\1", 1), ==, 0);
    g_assert_true(takes(b, other));
    g_assert_cmpuint(control(b, 0, 0, "\0\0", 1), ==, 0);
    start(b, ~0ull);                            /* a reset forgets all that */
    add_rx(b, 200);
    g_assert_true(takes(b, other));
}

static void test_mac(void)
{
    static const guint8 other[6] = { 0x52, 0x54, 0, 1, 2, 3 };
    g_autoptr(Bench) b = bench_new();

    add_card(b);
    start(b, ~0ull);
    for (guint i = 0; i < 10; i++) {
        add_rx(b, 200);
    }
    control(b, 0, 0, "\0", 1);
    g_assert_cmpuint(control(b, 1, 1, other, 6), ==, 0);
    g_assert_true(takes(b, other));
    g_assert_false(takes(b, own));
}

static bool takes_vlan(Bench *b, guint vid)
{
    guint8 frame[64];

    make_frame(frame, own);
    memcpy(frame + 12, "\x81\0", 2);
    frame[14] = vid >> 8 | 0xe0;                /* the priority does not count */
    frame[15] = vid;
    net_send(b, frame, 64);
    return has_rx(b);
}

static void test_vlan(void)
{
    g_autoptr(Bench) b = bench_new();

    add_card(b);
    start(b, ~0ull);
    for (guint i = 0; i < 10; i++) {
        add_rx(b, 200);
    }
    control(b, 0, 0, "\0", 1);
    g_assert_false(takes_vlan(b, 4095));
    g_assert_cmpuint(control(b, 2, 0, "\xff\x0f", 2), ==, 0);
    g_assert_true(takes_vlan(b, 4095));
    g_assert_false(takes_vlan(b, 1));
    g_assert_cmpuint(control(b, 2, 1, "\xff\x0f", 2), ==, 0);
    g_assert_false(takes_vlan(b, 4095));
    g_assert_cmpuint(control(b, 2, 0, "\0\x10", 2), ==, 1);
    start(b, ~(1ull << VIRTIO_NET_F_CTRL_VLAN));
    add_rx(b, 200);
    control(b, 0, 0, "\0", 1);
    g_assert_true(takes_vlan(b, 5));
}

/* Commands that are none change nothing, and are told so. */
static void test_bad_commands(void)
{
    static const struct {
        guint8 klass, command;
        const char *data;
        guint32 size;
    } bad[] = {
        { 0, 0, "", 0 }, { 0, 6, "\0", 1 }, { 0, 255, "\0", 1 }, { 1, 0, "\0\0\0", 3 },
        { 1, 0, "\1\0\0\0", 4 }, { 1, 0, "\377\377\377\377\0\0\0\0", 8 },
        { 1, 0, "\0\0\0\0\377\377\377\377", 8 }, { 1, 0, "\0\0\0\0\0\0\0\0x", 9 },
        { 1, 1, "short", 5 }, { 1, 2, "long enough", 11 }, { 2, 2, "\0\0", 2 }, { 2, 0, "\0", 1 },
        { 3, 0, "", 0 }, { 4, 0, "\2\0", 2 }, { 5, 0, "\0\0\0\0\0\0\0\0", 8 }, { 200, 0, "", 0 },
    };
    g_autoptr(Bench) b = bench_new();

    add_card(b);
    start(b, ~0ull);
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_assert_cmpuint(control(b, bad[i].klass, bad[i].command, bad[i].data, bad[i].size), ==, 1);
    }
    g_assert_false(is_broken(b));
}

/* More addresses than the table holds: all such frames come. */
static void test_overflow(void)
{
    static const guint8 other[6] = { 0x52, 0x54, 0, 9, 9, 9 }, group[6] = { 1, 2, 3, 4, 5, 6 };
    g_autoptr(Bench) b = bench_new();
    guint8 table[4 + 65 * 6 + 4] = { 65 };

    add_card(b);
    start(b, ~0ull);
    for (guint i = 0; i < 10; i++) {
        add_rx(b, 200);
    }
    control(b, 0, 0, "\0", 1);
    g_assert_cmpuint(control(b, 1, 0, table, sizeof(table)), ==, 0);
    g_assert_true(takes(b, other));
    g_assert_false(takes(b, group));
}

static void count_event(const QmpEvent *event, void *data)
{
    if (event && g_str_equal(event->name, "NIC_RX_FILTER_CHANGED")) {
        ++*(guint *)data;
    }
}

/* What is in the list; newly allocated. */
static char *joined(const strList *list)
{
    GString *text = g_string_new(NULL);

    for (gsize i = 0; i < list->n; i++) {
        g_string_append_printf(text, "%s ", list->items[i]);
    }
    return g_string_free(text, false);
}

static RxFilterInfo *query_filter(Bench *b)
{
    RxFilterInfo *info = nic_query_filter(nic_of(&b->dev->object));

    g_assert_cmpstr(info->name, ==, "nic0");
    return info;
}

/* What clients are told of all that, and how often. */
static void test_filter_query(void)
{
    g_autoptr(Bench) b = bench_new();
    guint8 table[] = { 1, 0, 0, 0, 0x52, 0x54, 0, 1, 2, 3, 1, 0, 0, 0, 1, 2, 3, 4, 5, 6 };
    g_autofree char *uni = NULL, *multi = NULL;
    guint told = 0;
    RxFilterInfo *info;

    b->rig->env.events = qmp_event_queue_new(b->base);
    qmp_event_queue_add_sink(b->rig->env.events, count_event, &told);
    add_card(b);
    start(b, ~0ull);
    info = query_filter(b);
    g_assert_true(info->promiscuous && info->broadcast_allowed);
    g_assert_cmpint(info->vlan, ==, RX_STATE_NORMAL);
    g_assert_cmpuint(info->vlan_table.n + info->unicast_table.n, ==, 0);
    g_assert_cmpstr(info->main_mac, ==, "52:54:00:12:34:56");
    qmp_clear(&qmp_type_RxFilterInfo, &info);

    control(b, 0, 0, "\0", 1);
    control(b, 0, 1, "\1", 1);
    control(b, 0, 4, "\1", 1);
    control(b, 0, 5, "\1", 1);
    control(b, 1, 0, table, sizeof(table));
    control(b, 2, 0, "\5\1", 2);
    qmp_event_queue_deliver(b->rig->env.events);
    g_assert_cmpuint(told, ==, 1);
    info = query_filter(b);
    g_assert_false(info->promiscuous || info->broadcast_allowed || info->unicast_overflow ||
                   info->multicast_overflow);
    g_assert_cmpint(info->multicast, ==, RX_STATE_ALL);
    g_assert_cmpint(info->unicast, ==, RX_STATE_NONE);
    uni = joined(&info->unicast_table);
    multi = joined(&info->multicast_table);
    g_assert_cmpstr(uni, ==, "52:54:00:01:02:03 ");
    g_assert_cmpstr(multi, ==, "01:02:03:04:05:06 ");
    g_assert_cmpuint(info->vlan_table.n, ==, 1);
    g_assert_cmpint(info->vlan_table.items[0], ==, 0x105);
    qmp_clear(&qmp_type_RxFilterInfo, &info);

    control(b, 0, 200, "\1", 1);               /* refused: nothing has changed */
    qmp_event_queue_deliver(b->rig->env.events);
    g_assert_cmpuint(told, ==, 1);
    control(b, 1, 1, "\x52\x54\0\x9\x9\x9", 6);
    qmp_event_queue_deliver(b->rig->env.events);
    g_assert_cmpuint(told, ==, 2);
    start(b, ~(1ull << VIRTIO_NET_F_CTRL_VLAN));
    info = query_filter(b);
    g_assert_cmpint(info->vlan, ==, RX_STATE_ALL);
    g_assert_cmpuint(info->vlan_table.n, ==, 0);
    qmp_clear(&qmp_type_RxFilterInfo, &info);
    qmp_event_queue_free(g_steal_pointer(&b->rig->env.events));
}

/* ---- Drivers that break the rules ---- */

static void test_short_tx(void)
{
    for (guint32 size = 1; size < HDR; size += 5) {
        g_autoptr(Bench) b = bench_new();
        guint64 addr;

        add_card(b);
        start(b, ~0ull);
        addr = virtio_driver_alloc(b->d, HDR, 1);
        virtio_driver_add(b->d, TX, &(VirtioBuffer){ addr, size, false }, 1);
        virtio_driver_kick(b->d, TX);
        until(b, is_broken(b));
        rig_assert_guest_error(b->dev, "without header");
        /* A reset mends it. */
        start(b, ~0ull);
        g_assert_false(is_broken(b));
        send_tx(b, "fine", 4);
        g_assert_true(virtio_driver_used(b->d, TX, NULL, NULL));
    }
}

/* A header alone, and a frame beyond what any network takes, are given back. */
static void test_odd_tx(void)
{
    g_autoptr(Bench) b = bench_new();
    VirtioBuffer pieces[33];
    guint64 big;
    guint8 buf[200];

    add_card(b);
    start(b, ~0ull);
    send_tx(b, "", 0);
    g_assert_true(virtio_driver_used(b->d, TX, NULL, NULL));
    big = virtio_driver_alloc(b->d, 65536, 1);
    for (guint i = 0; i < G_N_ELEMENTS(pieces); i++) {
        pieces[i] = (VirtioBuffer){ big, 65536, false };
    }
    virtio_driver_add_indirect(b->d, TX, pieces, G_N_ELEMENTS(pieces));
    send_tx(b, "next", 4);
    g_assert_true(virtio_driver_used(b->d, TX, NULL, NULL));
    g_assert_true(virtio_driver_used(b->d, TX, NULL, NULL));
    g_assert_cmpint(net_receive(b, buf, sizeof(buf)), ==, 4);
    g_assert_false(is_broken(b));
}

static void bad_rx(const VirtioBuffer *buffers, guint n)
{
    g_autoptr(Bench) b = bench_new();
    guint8 frame[64];

    add_card(b);
    start(b, ~0ull);
    make_frame(frame, own);
    for (guint i = 0; i < n; i++) {
        VirtioBuffer buffer = buffers[i];

        buffer.addr = virtio_driver_alloc(b->d, MAX(buffer.len, 1), 1);
        virtio_driver_add(b->d, RX, &buffer, 1);
    }
    virtio_driver_kick(b->d, RX);
    net_send(b, frame, 64);
    until(b, is_broken(b));
    rig_assert_guest_error(b->dev, "no room for a header");
    start(b, ~0ull);
    add_rx(b, 200);
    until(b, virtio_driver_used(b->d, RX, NULL, NULL));
}

static void test_bad_rx(void)
{
    bad_rx((VirtioBuffer[]){ { 0, 100, false } }, 1);
    bad_rx((VirtioBuffer[]){ { 0, 5, true }, { 0, 100, true } }, 2);
    bad_rx((VirtioBuffer[]){ { 0, 50, true }, { 0, 100, false } }, 2);
}

static void bad_control(const VirtioBuffer *buffers, guint n)
{
    g_autoptr(Bench) b = bench_new();
    VirtioBuffer own_buffers[2];

    add_card(b);
    start(b, ~0ull);
    for (guint i = 0; i < n; i++) {
        own_buffers[i] = buffers[i];
        own_buffers[i].addr = virtio_driver_alloc(b->d, 16, 1);
    }
    virtio_driver_add(b->d, CTRL, own_buffers, n);
    virtio_driver_kick(b->d, CTRL);
    until(b, is_broken(b));
    rig_assert_guest_error(b->dev, "without command or answer");
}

static void test_bad_control(void)
{
    bad_control((VirtioBuffer[]){ { 0, 1, false }, { 0, 1, true } }, 2);
    bad_control((VirtioBuffer[]){ { 0, 16, true } }, 1);
    bad_control((VirtioBuffer[]){ { 0, 16, false } }, 1);
}

/* Commands without end leave the loop to others in between. */
static void test_many_commands(void)
{
    g_autoptr(Bench) b = bench_new();
    const guint8 promisc[3] = { 0, 0, 1 };
    guint done = 0, turns = 0;

    add_card(b);
    start(b, ~0ull);
    for (guint i = 0; i < 20; i++) {
        virtio_driver_add(b->d, CTRL, (VirtioBuffer[]){
            { virtio_driver_data(b->d, promisc, 3), 3, false },
            { virtio_driver_data(b->d, "\x55", 1), 1, true } }, 2);
    }
    virtio_driver_kick(b->d, CTRL);
    while (done < 20) {
        rig_unlock(b->rig);
        event_base_loop(b->base, EVLOOP_NONBLOCK | EVLOOP_ONCE);
        rig_lock(b->rig);
        while (virtio_driver_used(b->d, CTRL, NULL, NULL)) {
            done++;
        }
        g_assert_cmpuint(++turns, <, 1000);
        g_assert_cmpuint(done, <=, 8 * turns);
    }
    g_assert_false(is_broken(b));
}

/* Frames that wait for a network which takes no more are lost with its cable;
 * with the cable back, it is waited for again. */
static void test_cable_while_full(void)
{
    g_autoptr(Bench) b = bench_new();
    guint8 frame[64], buf[2000];
    guint sent = 0, used = 0;

    add_card(b);
    start(b, ~0ull);
    make_frame(frame, own);
    while (sent < used + QUEUE / 2) {
        send_tx(b, frame, 64);
        sent++;
        used += virtio_driver_used(b->d, TX, NULL, NULL);
    }
    nic_set_link(nic_of(&b->dev->object), false);
    turn(b);
    while (virtio_driver_used(b->d, TX, NULL, NULL)) {
        used++;
    }
    g_assert_cmpuint(used, ==, sent);
    nic_set_link(nic_of(&b->dev->object), true);
    frame[20] = 0x77;
    send_tx(b, frame, 64);
    g_assert_false(virtio_driver_used(b->d, TX, NULL, NULL));
    do {
        g_assert_cmpint(net_receive(b, buf, sizeof(buf)), ==, 64);
    } while (buf[20] != 0x77);
    g_assert_true(virtio_driver_used(b->d, TX, NULL, NULL));
}

/* The other pairs' queues do not exist, and the control queue's place is none of
 * theirs. */
static void test_no_queue(void)
{
    g_autoptr(Bench) b = bench_new();

    add_card(b, "ctrl_vq", "off");
    g_assert_true(virtio_driver_negotiate(b->d, ~0ull));
    virtio_driver_write(b->d, 0x30, 2);
    g_assert_cmpuint(virtio_driver_read(b->d, 0x34), ==, 0);
    virtio_driver_write(b->d, 0x30, 1);
    g_assert_cmpuint(virtio_driver_read(b->d, 0x34), ==, 256);
}

static void test_two(void)
{
    g_autoptr(Bench) b = bench_new();
    g_autoptr(VirtioDriver) second = virtio_driver_new(b->rig, 1);
    g_autoptr(GError) error = NULL;
    Device *other;

    add_card(b);
    g_assert_null(rig_device(b->rig, "virtio-net-device", "nic1", &error, "netdev", "net0", NULL));
    g_assert_true(qmp_error_is(error, ERROR_REASON_IN_USE));
    g_clear_error(&error);
    other = rig_device(b->rig, "virtio-net-device", "nic1", &error, NULL);
    g_assert_no_error(error);
    g_assert_cmpstr(virtio_net_device_props(other)->mac, ==, "52:54:00:12:34:57");
    virtio_driver_start(second, ~0ull, 2, 8);
    virtio_driver_add(second, TX, &(VirtioBuffer){ virtio_driver_alloc(second, 100, 1), 100,
                                                   false }, 1);
    virtio_driver_kick(second, TX);
    until(b, virtio_driver_used(second, TX, NULL, NULL));
    start(b, ~0ull);
    device_unmake(b->dev);
    g_assert_null(b->net->nic);
    add_card(b);
    start(b, ~0ull);
    send_tx(b, "again", 5);
    g_assert_true(virtio_driver_used(b->d, TX, NULL, NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/virtio-net/frames", test_frames);
    g_test_add_func("/virtio-net/pieces", test_pieces);
    g_test_add_func("/virtio-net/not-mergeable", test_not_mergeable);
    g_test_add_func("/virtio-net/no-buffers", test_no_buffers);
    g_test_add_func("/virtio-net/full-network", test_full_network);
    g_test_add_func("/virtio-net/reset-while-full", test_reset_while_full);
    g_test_add_func("/virtio-net/burst", test_burst);
    g_test_add_func("/virtio-net/config", test_config);
    g_test_add_func("/virtio-net/link", test_link);
    g_test_add_func("/virtio-net/bad-properties", test_bad_properties);
    g_test_add_func("/virtio-net/features", test_features);
    g_test_add_func("/virtio-net/rx-mode", test_rx_mode);
    g_test_add_func("/virtio-net/mac", test_mac);
    g_test_add_func("/virtio-net/vlan", test_vlan);
    g_test_add_func("/virtio-net/bad-commands", test_bad_commands);
    g_test_add_func("/virtio-net/overflow", test_overflow);
    g_test_add_func("/virtio-net/filter-query", test_filter_query);
    g_test_add_func("/virtio-net/short-tx", test_short_tx);
    g_test_add_func("/virtio-net/odd-tx", test_odd_tx);
    g_test_add_func("/virtio-net/bad-rx", test_bad_rx);
    g_test_add_func("/virtio-net/bad-control", test_bad_control);
    g_test_add_func("/virtio-net/many-commands", test_many_commands);
    g_test_add_func("/virtio-net/cable-while-full", test_cable_while_full);
    g_test_add_func("/virtio-net/no-queue", test_no_queue);
    g_test_add_func("/virtio-net/two", test_two);
    return g_test_run();
}
