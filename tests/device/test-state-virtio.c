/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * State of virtio devices, carried into a new process while requests are out:
 * tests/lib/carry.h.
 */
#include "config.h"

#include <event2/event.h>
#include <event2/thread.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hw/block/block.h"
#include "hw/chardev/char.h"
#include "hw/display/console-cursor.h"
#include "hw/display/vga-regs.h"
#include "hw/input/input.h"
#include "hw/machine/machine-aio.h"
#include "hw/net/net.h"
#include "qmp/bytes.h"
#include "qmp/qapi-types-block.h"
#include "qmp/qapi-types-net.h"
#include "qmp/qapi-types-socket.h"
#include "qmp/visit.h"
#include "qom/qapi-objects-char.h"
#include "tests/lib/carry.h"
#include "tests/lib/virtio-driver-pci.h"
#include "tests/lib/virtio-gpu-driver.h"

#define ALL_FEATURES (~G_GUINT64_CONSTANT(0))

static void note_used(Carry *c, VirtioDriver *d, guint queue)
{
    guint16 head;
    guint32 length;

    while (virtio_driver_used(d, queue, &head, &length)) {
        carry_note(c, "queue %u: chain %u, %u bytes", queue, head, length);
    }
}

static void note_device(Carry *c, VirtioDriver *d)
{
    carry_note(c, "status %x, interrupt status %x, line %d", virtio_driver_status(d),
               virtio_driver_ack(d), virtio_driver_line(d));
}

/* ---- rng: a chain waits for the next period ---- */

static void rng_make(Carry *c)
{
    VirtioDriver *d = carry_driver(c);

    c->opaque = d;
    c->dev = carry_device(c, "virtio-rng-device", "r0", "max-bytes", "6", "period", "1000");
}

static void ask(VirtioDriver *d, guint32 size)
{
    VirtioBuffer buffer = { virtio_driver_alloc(d, size, 1), size, true };

    virtio_driver_add(d, 0, &buffer, 1);
    virtio_driver_kick(d, 0);
}

static void rng_busy(Carry *c)
{
    VirtioDriver *d = c->opaque;

    virtio_driver_start(d, ALL_FEATURES, 1, 8);
    for (guint i = 0; i < 4; i++) {
        ask(d, 4);
    }
    clock_advance(c->rig->clock, clock_now(c->rig->clock, CLOCK_KIND_VIRTUAL) + 1234567);
}

static void rng_go_on(Carry *c)
{
    VirtioDriver *d = c->opaque;

    note_device(c, d);
    note_used(c, d, 0);
    carry_timers(c, 3);
    note_used(c, d, 0);
    ask(d, 3);
    note_used(c, d, 0);
    carry_note(c, "avail event %u", virtio_driver_avail_event(d, 0));
    note_device(c, d);
}

/* ---- input: events that wait for buffers, and what the driver asks ---- */

static void input_make(Carry *c)
{
    c->opaque = carry_driver(c);
    c->dev = carry_device(c, "virtio-tablet-device", "t0");
}

static void input_busy(Carry *c)
{
    VirtioDriver *d = c->opaque;

    virtio_driver_start(d, ALL_FEATURES, 2, 8);
    ask(d, 8);
    for (guint i = 0; i < 3; i++) {
        input_send(c->rig->machine, &(InputItem){ INPUT_EVENT_KIND_ABS, INPUT_AXIS_X, 7 + i }, 1);
    }
    virtio_driver_set_config(d, 0, 0x12, 1);
    virtio_driver_set_config(d, 1, 1, 1);
}

static void input_go_on(Carry *c)
{
    VirtioDriver *d = c->opaque;

    note_device(c, d);
    carry_note(c, "size %" G_GUINT64_FORMAT, virtio_driver_config(d, 2, 1));
    for (guint i = 0; i < 6; i++) {
        ask(d, 8);
        note_used(c, d, 0);
    }
    note_device(c, d);
}

/* The same behind PCI, by messages. */
static void rng_pci_make(Carry *c)
{
    c->dev = carry_device(c, "virtio-rng-pci", "r0", "max-bytes", "6", "period", "1000");
    c->opaque = carry_driver_pci(c, c->dev);
}

static void rng_pci_busy(Carry *c)
{
    virtio_driver_msix(c->opaque, true);
    rng_busy(c);
    virtio_driver_mask_vector(c->opaque, 1, true);
}

static void rng_pci_go_on(Carry *c)
{
    VirtioDriver *d = c->opaque;

    carry_timers(c, 2);
    carry_note(c, "message %x", virtio_driver_message(d, 1));
    virtio_driver_mask_vector(d, 1, false);
    carry_note(c, "message %x", virtio_driver_message(d, 1));
    note_used(c, d, 0);
    for (guint i = 0; i < 64; i += 4) {
        carry_note(c, "config %x is %x", i, virtio_driver_pci_config(d, i, 4));
    }
}

/* ---- A device that its driver broke ---- */

static void broken_busy(Carry *c)
{
    VirtioDriver *d = c->opaque;

    virtio_driver_start(d, ALL_FEATURES, 1, 8);
    virtio_driver_publish(d, 0, 99);
    virtio_driver_kick(d, 0);
    virtio_driver_ack(d);
}

static void broken_go_on(Carry *c)
{
    VirtioDriver *d = c->opaque;

    note_device(c, d);
    ask(d, 4);
    note_used(c, d, 0);
    virtio_driver_start(d, ALL_FEATURES, 1, 8);
    ask(d, 4);
    note_used(c, d, 0);
    note_device(c, d);
}

/* ---- A driver that has only begun ---- */

static void begun_busy(Carry *c)
{
    VirtioDriver *d = c->opaque;

    virtio_driver_negotiate(d, ALL_FEATURES);
    virtio_driver_queue(d, 0, 4);
    virtio_driver_write(d, 0x14, 1);
}

static void begun_go_on(Carry *c)
{
    VirtioDriver *d = c->opaque;

    carry_note(c, "features %x", virtio_driver_read(d, 0x10));
    virtio_driver_ok(d);
    ask(d, 4);
    note_used(c, d, 0);
    note_device(c, d);
}

/* ---- balloon: statistics that are kept ---- */

static void balloon_make(Carry *c)
{
    c->opaque = carry_driver(c);
    c->dev = carry_device(c, "virtio-balloon-device", "b0", "guest-stats-polling-interval", "2");
}

static void balloon_busy(Carry *c)
{
    VirtioDriver *d = c->opaque;
    VirtioBuffer stats = { virtio_driver_alloc(d, 20, 1), 20, false };

    virtio_driver_start(d, ALL_FEATURES, 3, 8);
    virtio_driver_add(d, 2, &stats, 1);
    virtio_driver_kick(d, 2);
    virtio_driver_set_config(d, 4, 0x1234, 4);
    clock_advance(c->rig->clock, clock_now(c->rig->clock, CLOCK_KIND_VIRTUAL) + 700000000);
}

static void balloon_go_on(Carry *c)
{
    VirtioDriver *d = c->opaque;

    note_used(c, d, 2);
    carry_timers(c, 1);
    note_used(c, d, 2);
    carry_note(c, "actual %x", (guint)virtio_driver_config(d, 4, 4));
    note_device(c, d);
}

/* ---- serial: a chain of which the host took a part ---- */

static gsize room;
static GString *taken;

static gsize take_some(Chardev *chr, const guint8 *data, gsize size)
{
    gsize n = MIN(size, room);

    g_string_append_len(taken, (const char *)data, n);
    room -= n;
    return n;
}

static char *filename(Chardev *chr)
{
    return g_strdup("slow");
}

static const CharOps slow_ops = { .write = take_some, .filename = filename };

enum { CONTROL_IN = 2, CONTROL_OUT = 3, PORT_IN = 4, PORT_OUT = 5 };

static void serial_make(Carry *c)
{
    Chardev *chr;

    c->opaque = carry_driver(c);
    c->dev = carry_device(c, "virtio-serial-device", "vser", "max_ports", "3");
    chr = to_chardev(rig_object(c->rig, "chardev-null", "c0", NULL, NULL));
    chr->ops = &slow_ops;
    taken = g_string_new(NULL);
    room = 0;
    carry_device(c, "virtserialport", "p0", "chardev", "c0", "name", "org.test.0");
}

static void control(VirtioDriver *d, guint32 id, guint16 event, guint16 value)
{
    const struct {
        guint32 id;
        guint16 event, value;
    } message = { id, event, value };
    VirtioBuffer buffer = { virtio_driver_data(d, &message, 8), 8, false };

    virtio_driver_add(d, CONTROL_OUT, &buffer, 1);
    virtio_driver_kick(d, CONTROL_OUT);
}

/* Two chains out, the first half taken; a buffer for what comes; and messages that
 * there is no room for. */
static void serial_busy(Carry *c)
{
    VirtioDriver *d = c->opaque;
    VirtioBuffer in = { virtio_driver_alloc(d, 8, 1), 8, true };
    VirtioBuffer out = { virtio_driver_data(d, "abcdef", 6), 6, false };
    VirtioBuffer more = { virtio_driver_data(d, "ghi", 3), 3, false };

    room = 3;
    virtio_driver_start(d, ALL_FEATURES, 6, 8);
    control(d, 0, 0, 1);
    control(d, 1, 3, 1);
    control(d, 1, 6, 1);
    virtio_driver_add(d, PORT_IN, &in, 1);
    virtio_driver_kick(d, PORT_IN);
    virtio_driver_add(d, PORT_OUT, &out, 1);
    virtio_driver_add(d, PORT_OUT, &more, 1);
    virtio_driver_kick(d, PORT_OUT);
    g_assert_cmpuint(char_can_receive(to_chardev(object_child(
        object_container(c->rig->root, "chardevs"), "c0"))), ==, 8);
}

static void serial_go_on(Carry *c)
{
    VirtioDriver *d = c->opaque;
    Chardev *chr = to_chardev(object_child(object_container(c->rig->root, "chardevs"), "c0"));

    note_used(c, d, PORT_OUT);
    g_string_truncate(taken, 0);
    room = 100;
    char_writable(chr);
    carry_note(c, "the host got '%s'", taken->str);
    note_used(c, d, PORT_OUT);
    char_receive(chr, (const guint8 *)"xyz", 3);
    note_used(c, d, PORT_IN);
    for (guint i = 0; i < 4; i++) {
        VirtioBuffer in = { virtio_driver_alloc(d, 32, 4), 32, true };

        virtio_driver_add(d, CONTROL_IN, &in, 1);
        virtio_driver_kick(d, CONTROL_IN);
        carry_note(c, "message of id %u, event %u", *(guint32 *)virtio_driver_ptr(d, in.addr),
                   *(guint16 *)virtio_driver_ptr(d, in.addr + 4));
    }
    note_used(c, d, CONTROL_IN);
    note_device(c, d);
}

static void serial_clear(Carry *c)
{
    Chardev *chr = to_chardev(object_child(object_container(c->rig->root, "chardevs"), "c0"));

    chr->ops = object_kind(chr);
    g_string_free(taken, TRUE);
}

/* ---- blk: requests that failed and are kept ---- */

typedef struct {
    guint32 type, reserved;
    guint64 sector;
} BlkHeader;

enum { DISK_SIZE = 1 << 20, BLK_READ = 0, BLK_WRITE = 1 };

/* The second process has the same disk. */
#define DISK_VARIABLE "VMD_TEST_DISK"

static void make_disk(void)
{
    g_autofree char *path = NULL;
    int fd;

    if (!g_test_subprocess()) {
        fd = g_file_open_tmp("vmd-carry-disk-XXXXXX", &path, NULL);
        g_assert_cmpint(ftruncate(fd, DISK_SIZE), ==, 0);
        close(fd);
        g_setenv(DISK_VARIABLE, path, TRUE);
    }
}

static void blk_make(Carry *c)
{
    BlockdevOptions file = { .driver = BLOCKDEV_DRIVER_FILE, .node_name = (char *)"file" };
    g_autoptr(GError) error = NULL;
    BlockNode *node;

    c->opaque = carry_driver(c);
    make_disk();
    file.u.file.filename = (char *)g_getenv(DISK_VARIABLE);
    node = block_node_new(c->rig->root, &file, NULL, &error);
    g_assert_no_error(error);
    g_assert_true(object_prepare(&node->object, &error) && object_complete(&node->object, &error));
    c->dev = carry_device(c, "virtio-blk-device", "vd0", "drive", "file", "werror", "stop");
}

static void poll_disk(Carry *c)
{
    while (aio_poll(machine_aio(c->rig->machine, NULL, NULL), true)) {
        continue;
    }
}

/* Returns where the status is. */
static guint64 request(Carry *c, guint32 type, guint64 sector, guint64 data)
{
    VirtioDriver *d = c->opaque;
    BlkHeader header = { .type = GUINT32_TO_LE(type), .sector = GUINT64_TO_LE(sector) };
    guint64 status = virtio_driver_data(d, "\xff", 1);
    const VirtioBuffer buffers[] = {
        { virtio_driver_data(d, &header, sizeof(header)), sizeof(header), false },
        { data, 512, type == BLK_READ }, { status, 1, true },
    };

    virtio_driver_add(d, 0, buffers, G_N_ELEMENTS(buffers));
    virtio_driver_kick(d, 0);
    poll_disk(c);
    return status;
}

static void limit_files(rlim_t size)
{
    struct rlimit limit;

    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = MIN(size, limit.rlim_max);
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &limit), ==, 0);
}

/* Two writes that the host refuses, and between them a read that it does not. */
static void blk_busy(Carry *c)
{
    VirtioDriver *d = c->opaque;
    guint64 data = virtio_driver_alloc(d, 512, 512);

    memset(virtio_driver_ptr(d, data), 0x42, 512);
    virtio_driver_start(d, ALL_FEATURES, 1, 16);
    limit_files(4096);
    request(c, BLK_WRITE, 100, data);
    request(c, BLK_READ, 0, virtio_driver_alloc(d, 512, 512));
    request(c, BLK_WRITE, 101, data);
    rig_deliver(c->rig);
    limit_files(RLIM_INFINITY);
    virtio_driver_set_config(d, 32, 0, 1);      /* no write cache */
}

/* The host may end two requests in any order. */
static void note_done(Carry *c, VirtioDriver *d)
{
    guint64 heads = 0;
    guint16 head;

    while (virtio_driver_used(d, 0, &head, NULL)) {
        heads |= G_GUINT64_CONSTANT(1) << head;
    }
    carry_note(c, "chains %x are done", (guint)heads);
}

static void blk_go_on(Carry *c)
{
    VirtioDriver *d = c->opaque;
    guint64 data = virtio_driver_alloc(d, 512, 512);

    poll_disk(c);
    note_done(c, d);
    for (guint64 sector = 100; sector < 103; sector++) {
        guint64 status = request(c, BLK_READ, sector, data);

        carry_note(c, "sector %u: status %u, first byte %x", (guint)sector,
                   *(guint8 *)virtio_driver_ptr(d, status),
                   *(guint8 *)virtio_driver_ptr(d, data));
    }
    note_done(c, d);
    carry_note(c, "write cache %u", (guint)virtio_driver_config(d, 32, 1));
    note_device(c, d);
}

static void blk_clear(Carry *c)
{
    if (g_test_subprocess()) {
        unlink(g_getenv(DISK_VARIABLE));
    }
}

/* ---- net: frames that the network does not take ---- */

typedef struct {
    struct event_base *base;
    int fd;                     /* the network's end */
    VirtioDriver *driver;
} Net;

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

static void add_network(Rig *rig, int fd)
{
    SocketAddress *addr = g_new0(SocketAddress, 1);
    Netdev *options = g_new0(Netdev, 1);
    g_autoptr(GError) error = NULL;
    NetBackend *net;

    addr->type = SOCKET_ADDRESS_TYPE_FD;
    addr->u.fd.str = g_strdup("fd");
    options->id = g_strdup("net0");
    options->type = NET_CLIENT_DRIVER_DGRAM;
    options->u.dgram.local = addr;
    given_fd = fd;
    net = net_new(rig->root, options, &error);
    g_assert_no_error(error);
    qmp_clear(&qmp_type_Netdev, &options);
    g_assert_true(object_prepare(&net->object, &error) && object_complete(&net->object, &error));
}

static void net_free(void *opaque)
{
    Net *net = opaque;

    event_base_free(net->base);
    g_free(net);
}

static void net_make(Carry *c)
{
    Net *net = g_new0(Net, 1);
    int fds[2];

    evthread_use_pthreads();
    net->base = event_base_new();
    c->rig->env.base = net->base;
    c->rig->env.host = c->rig;
    c->rig->env.take_fd = take_fd;
    c->rig->env.lock = env_lock;
    c->rig->env.unlock = env_unlock;
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fds), ==, 0);
    net->fd = fds[1];
    add_network(c->rig, fds[0]);
    net->driver = carry_driver(c);
    c->opaque = net;
    c->opaque_free = net_free;
    c->dev = carry_device(c, "virtio-net-device", "nic0", "netdev", "net0", "mac",
                          "52:54:00:12:34:56");
}

static void turn(Carry *c)
{
    Net *net = c->opaque;

    rig_unlock(c->rig);
    for (guint i = 0; i < 5; i++) {
        event_base_loop(net->base, EVLOOP_NONBLOCK);
    }
    rig_lock(c->rig);
}

enum { RX = 0, TX = 1, CTRL = 2, HEADER = 12, FRAME = 64 };

static void send_frame(Carry *c, guint8 number)
{
    Net *net = c->opaque;
    guint8 data[HEADER + FRAME] = { 0 };
    VirtioBuffer buffer = { 0, sizeof(data), false };

    memset(data + HEADER, 0xff, 6);
    data[HEADER + 20] = number;
    buffer.addr = virtio_driver_data(net->driver, data, sizeof(data));
    virtio_driver_add(net->driver, TX, &buffer, 1);
    virtio_driver_kick(net->driver, TX);
    turn(c);
}

/* The driver wants no broadcasts but those of one VLAN, and one address more. */
static void set_filter(Carry *c)
{
    static const guint8 commands[][17] = {
        { 0, 0, 0 }, { 1, 0, 1, 0, 0, 0, 0x52, 0x54, 0, 0, 0, 0x77, 0, 0, 0, 0 }, { 2, 0, 9, 0 },
    };
    static const guint32 sizes[] = { 3, 16, 4 };
    Net *net = c->opaque;

    for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
        const VirtioBuffer buffers[] = {
            { virtio_driver_data(net->driver, commands[i], sizes[i]), sizes[i], false },
            { virtio_driver_alloc(net->driver, 1, 1), 1, true },
        };

        virtio_driver_add(net->driver, CTRL, buffers, 2);
        virtio_driver_kick(net->driver, CTRL);
        turn(c);
        g_assert_cmpuint(*(guint8 *)virtio_driver_ptr(net->driver, buffers[1].addr), ==, 0);
    }
}

static void drain(Net *net)
{
    guint8 frame[2000];

    while (recv(net->fd, frame, sizeof(frame), MSG_DONTWAIT) > 0) {
        continue;
    }
}

static void net_busy(Carry *c)
{
    Net *net = c->opaque;
    guint sent = 0, used = 0;

    virtio_driver_start(net->driver, ALL_FEATURES, 3, 64);
    turn(c);
    set_filter(c);
    while (sent < used + 10) {
        send_frame(c, ++sent);
        used += virtio_driver_used(net->driver, TX, NULL, NULL);
        g_assert_cmpuint(sent, <, 10000);
    }
    machine_pause(c->rig->machine);
    drain(net);
}

static void receive_frame(Carry *c, guint8 last, guint16 vlan)
{
    Net *net = c->opaque;
    guint8 frame[FRAME] = { 0x52, 0x54, 0, 0, 0, last };

    frame[12] = vlan ? 0x81 : 8;
    frame[14] = vlan >> 8;
    frame[15] = vlan;
    g_assert_cmpint(send(net->fd, frame, sizeof(frame), MSG_DONTWAIT), ==, sizeof(frame));
    turn(c);
    note_used(c, net->driver, RX);
}

static void net_go_on(Carry *c)
{
    Net *net = c->opaque;
    guint8 frame[2000];

    turn(c);
    for (gssize n; (n = recv(net->fd, frame, sizeof(frame), MSG_DONTWAIT)) > 0; turn(c)) {
        carry_note(c, "the network got %zd bytes, number %u", n, frame[20]);
    }
    note_used(c, net->driver, TX);
    for (guint i = 0; i < 4; i++) {
        VirtioBuffer buffer = { virtio_driver_alloc(net->driver, 1600, 1), 1600, true };

        virtio_driver_add(net->driver, RX, &buffer, 1);
    }
    virtio_driver_kick(net->driver, RX);
    receive_frame(c, 0x77, 0);
    receive_frame(c, 0x78, 0);
    receive_frame(c, 0x77, 9);
    receive_frame(c, 0x77, 10);
    note_device(c, net->driver);
}

static void net_clear(Carry *c)
{
    Net *net = c->opaque;

    device_unmake(c->dev);
    turn(c);
    close(net->fd);
}

/* ---- gpu: pictures on two outputs, and a cursor ---- */

static void gpu_make(Carry *c)
{
    VirtioDriver *d = carry_driver(c);

    c->opaque = d;
    c->dev = carry_device(c, "virtio-gpu-device", "g0", "max_outputs", "3", "max_hostmem",
                          "1000000");
}

static void gpu_busy(Carry *c)
{
    VirtioDriver *d = c->opaque;
    guint32 *words;

    gpu_start(d);
    words = gpu_picture(d, 5, 64, 64);
    for (guint i = 0; i < 64 * 64; i++) {
        words[i] = GUINT32_TO_LE(i * 3);
    }
    gpu_show(d, 5, 64, 64);
    g_assert_cmphex(gpu_ask(d, GPU_CREATE_2D, 9, 134, 32, 32), ==, GPU_OK);
    g_assert_cmphex(gpu_ask(d, GPU_SET_SCANOUT, 0, 0, 64, 64, 0, 5), ==, GPU_OK);
    g_assert_cmphex(gpu_ask(d, GPU_SET_SCANOUT, 8, 3, 17, 20, 1, 5), ==, GPU_OK);
    g_assert_cmphex(gpu_ask(d, GPU_SET_SCANOUT, 0, 0, 32, 32, 2, 9), ==, GPU_OK);
    g_assert_cmphex(gpu_ask(d, GPU_SET_SCANOUT, 0, 0, 0, 0, 2, 0), ==, GPU_OK);
    gpu_cursor(d, GPU_UPDATE_CURSOR, 1, 10, 20, 5, 3, 4);
    console_wish(console_find(c->rig->root, "g0", 2, NULL), 800, 600);
}

static void note_heads(Carry *c)
{
    for (guint i = 0; i < 3; i++) {
        const ConsoleCursor *cursor = console_cursor(console_find(c->rig->root, "g0", i, NULL));

        carry_note(c, "output %u: %06x %06x", i, gpu_pixel(c->rig, "g0", i, 0, 0),
                   gpu_pixel(c->rig, "g0", i, 16, 19));
        if (cursor && cursor->visible) {
            carry_note(c, "cursor at %d, %d (%u, %u): %08x", cursor->x, cursor->y, cursor->hot_x,
                       cursor->hot_y, cursor->pixels[64 * 64 - 1]);
        }
    }
}

static void gpu_go_on(Carry *c)
{
    VirtioDriver *d = c->opaque;
    const guint8 *info;
    guint32 id = 100;

    note_heads(c);
    note_device(c, d);
    carry_note(c, "events %u", (guint)virtio_driver_config(d, 0, 4));
    gpu_words(d, GPU_GET_DISPLAY_INFO, NULL, 0, &info);
    carry_note(c, "third output: %u", get_le32(info + 72 + 8));
    carry_note(c, "part: %x", gpu_ask(d, GPU_TRANSFER, 1, 0, 1, 1, 4 * 77, 0, 5, 0));
    note_heads(c);
    carry_note(c, "without memory: %x", gpu_ask(d, GPU_TRANSFER, 0, 0, 1, 1, 0, 0, 9, 0));
    while (gpu_ask(d, GPU_CREATE_2D, id, 1, 64, 64) == GPU_OK) {
        id++;
    }
    carry_note(c, "room for %u more", id - 100);
    carry_note(c, "gone: %x", gpu_ask(d, GPU_UNREF, 5, 0));
    note_heads(c);
}

/* The same with a VGA: which of them shows its picture, and the mode of the other one. */

static void vga_make(Carry *c)
{
    c->dev = carry_device(c, "virtio-vga", "g0", "romfile", "");
    c->opaque = carry_driver_pci(c, c->dev);
}

/* Registers of DISPI, in BAR 2. */
static void dispi(VirtioDriver *d, guint index, guint16 value)
{
    virtio_driver_set_bar(d, 2, 0x500 + index * 2, value, 2);
}

static void vga_busy(Carry *c)
{
    VirtioDriver *d = c->opaque;

    dispi(d, VBE_XRES, 320);
    dispi(d, VBE_YRES, 200);
    dispi(d, VBE_BPP, 32);
    dispi(d, VBE_ENABLE, VBE_ENABLED);
    gpu_start(d);
    gpu_picture(d, 1, 32, 32)[0] = GUINT32_TO_LE(0x123456);
    g_assert_cmphex(gpu_ask(d, GPU_SET_SCANOUT, 0, 0, 32, 32, 0, 1), ==, GPU_OK);
    gpu_show(d, 1, 32, 32);
}

static void note_size(Carry *c)
{
    g_autoptr(Surface) surface = console_draw(console_find(c->rig->root, "g0", 0, NULL), NULL);

    g_assert_nonnull(surface);
    carry_note(c, "%u by %u", surface_width(surface), surface_height(surface));
}

static void vga_go_on(Carry *c)
{
    carry_note(c, "%06x", gpu_pixel(c->rig, "g0", 0, 0, 0));
    note_size(c);
    gpu_start(c->opaque);               /* resets it */
    note_size(c);
}

static const CarryCase cases[] = {
    { "virtio-vga", vga_make, vga_busy, vga_go_on, NULL },
    { "gpu", gpu_make, gpu_busy, gpu_go_on, NULL },
    { "rng", rng_make, rng_busy, rng_go_on, NULL },
    { "input", input_make, input_busy, input_go_on, NULL },
    { "rng-pci", rng_pci_make, rng_pci_busy, rng_pci_go_on, NULL },
    { "broken", rng_make, broken_busy, broken_go_on, NULL },
    { "begun", rng_make, begun_busy, begun_go_on, NULL },
    { "net", net_make, net_busy, net_go_on, net_clear },
    { "balloon", balloon_make, balloon_busy, balloon_go_on, NULL },
    { "virtio-serial", serial_make, serial_busy, serial_go_on, serial_clear },
};

static const CarryCase disk_case = { "blk", blk_make, blk_busy, blk_go_on, blk_clear };

static bool have_io(void)
{
    AioContext *aio = aio_context_new(NULL, NULL);
    bool io = aio_enable_io(aio, NULL);

    aio_context_free(aio);
    return io;
}

static void skip_disk(void)
{
    g_test_skip("the host denies io_uring");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    carry_add(cases, G_N_ELEMENTS(cases));
    if (have_io()) {
        carry_add(&disk_case, 1);
    } else {
        g_test_add_func("/state/blk", skip_disk);
    }
    return g_test_run();
}
