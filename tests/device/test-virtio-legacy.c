/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/virtio/virtio-legacy.c and virtio-pci-legacy.c: drivers from before VIRTIO 1.0
 * on transitional functions.  VIRTIO 1.2 sections 2.2.3, 2.7.2, 3.1.2, 4.1.4.8,
 * 5.1.4.2 and 5.1.6.1.
 */
#include "config.h"

#include <event2/event.h>
#include <event2/thread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hw/block/block.h"
#include "hw/block/front.h"
#include "hw/machine/machine-aio.h"
#include "hw/net/net.h"
#include "hw/virtio/virtio-net.h"
#include "hw/virtio/virtio-pci.h"
#include "qmp/qapi-types-block.h"
#include "qmp/qapi-types-socket.h"
#include "qmp/visit.h"
#include "qom/qapi-objects-net.h"
#include "qom/qapi-objects-virtio.h"
#include "tests/lib/virtio-driver-pci.h"

enum {
    DEVICE_FEATURES = 0, DRIVER_FEATURES = 4, QUEUE_ADDRESS = 8, QUEUE_SIZE = 12,
    QUEUE_SELECT = 14, QUEUE_NOTIFY = 16, STATUS = 18, ISR = 19, CONFIG_VECTOR = 20,
    QUEUE_VECTOR = 22,
};

enum { PAGE = 4096, NOTIFY_ON_EMPTY = 1 << 24, ANY_LAYOUT = 1 << 27, RING = 1 << 28 | 1 << 29 };

static Device *add(Rig *rig, const char *driver, const char *id, const char *property,
                   const char *value)
{
    g_autoptr(GError) error = NULL;
    Device *dev = rig_device(rig, driver, id, &error, property, value, NULL);

    g_assert_no_error(error);
    return dev;
}

static VirtioDriver *legacy(Rig *rig, guint index, Device *dev)
{
    return virtio_driver_pci(rig, index, dev, VIRTIO_DRIVER_LEGACY);
}

static guint32 reg(VirtioDriver *d, guint at, guint size)
{
    return virtio_driver_bar(d, 0, at, size);
}

static void set_reg(VirtioDriver *d, guint at, guint32 value, guint size)
{
    virtio_driver_set_bar(d, 0, at, value, size);
}

static VirtioDevice *part(Device *dev)
{
    return to_virtio_device(object_child(&dev->object, "virtio-backend"));
}

static guint64 ask(VirtioDriver *d, guint32 size)
{
    guint64 addr = virtio_driver_alloc(d, size, 1);

    virtio_driver_add(d, 0, &(VirtioBuffer){ addr, size, true }, 1);
    virtio_driver_kick(d, 0);
    return addr;
}

static void assert_answered(VirtioDriver *d, guint32 size)
{
    guint32 length;

    g_assert_true(virtio_driver_used(d, 0, NULL, &length));
    g_assert_cmpuint(length, ==, size);
}

/* ---- Registers ---- */

static void test_features(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(VirtioDriver) d = legacy(rig, 0, add(rig, "virtio-rng-pci", "a", NULL, NULL));
    g_autoptr(VirtioDriver) e =
        legacy(rig, 1, add(rig, "virtio-rng-pci-transitional", "b", "any_layout", "off"));
    g_autoptr(VirtioDriver) f =
        legacy(rig, 2, add(rig, "virtio-rng-pci", "c", "notify_on_empty", "off"));

    g_assert_cmphex(reg(d, DEVICE_FEATURES, 4), ==, RING | ANY_LAYOUT | NOTIFY_ON_EMPTY);
    g_assert_cmphex(reg(e, DEVICE_FEATURES, 4), ==, RING | NOTIFY_ON_EMPTY);
    g_assert_cmphex(reg(f, DEVICE_FEATURES, 4), ==, RING | ANY_LAYOUT);
    set_reg(d, STATUS, 3, 1);
    set_reg(d, DRIVER_FEATURES, 0xffffffff, 4);
    g_assert_cmphex(reg(d, DRIVER_FEATURES, 4), ==, RING | ANY_LAYOUT | NOTIFY_ON_EMPTY);
    set_reg(d, DRIVER_FEATURES, 1 << 28, 4);
    g_assert_cmphex(reg(d, DRIVER_FEATURES, 4), ==, 1 << 28);
    set_reg(d, STATUS, 0x4f, 1);
    g_assert_cmphex(reg(d, STATUS, 1), ==, 7);          /* bits that it does not know */
    set_reg(d, DRIVER_FEATURES, 0, 4);                  /* too late */
    g_assert_cmphex(reg(d, DRIVER_FEATURES, 4), ==, 1 << 28);
    set_reg(d, STATUS, 0, 1);
    g_assert_cmphex(reg(d, STATUS, 1), ==, 0);
    g_assert_cmphex(reg(d, DRIVER_FEATURES, 4), ==, 0);
    g_assert_cmphex(reg(d, DEVICE_FEATURES, 2), ==, 0); /* one width each */
    set_reg(d, STATUS, 1, 2);
    g_assert_cmphex(reg(d, STATUS, 1), ==, 0);
}

static void test_queue(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(VirtioDriver) d = legacy(rig, 0, add(rig, "virtio-net-pci", "a", NULL, NULL));
    guint32 page = virtio_driver_alloc(d, 4 * PAGE, PAGE) / PAGE;

    set_reg(d, STATUS, 3, 1);
    set_reg(d, QUEUE_SELECT, 2, 2);
    g_assert_cmpuint(reg(d, QUEUE_SELECT, 2), ==, 2);
    g_assert_cmpuint(reg(d, QUEUE_SIZE, 2), ==, 64);
    set_reg(d, QUEUE_SIZE, 8, 2);               /* the device's choice */
    g_assert_cmpuint(reg(d, QUEUE_SIZE, 2), ==, 64);
    g_assert_cmphex(reg(d, QUEUE_ADDRESS, 4), ==, 0);
    set_reg(d, QUEUE_ADDRESS, page, 4);
    g_assert_cmphex(reg(d, QUEUE_ADDRESS, 4), ==, page);
    set_reg(d, QUEUE_ADDRESS, page + 1, 4);     /* it is in use */
    g_assert_cmphex(reg(d, QUEUE_ADDRESS, 4), ==, page);
    set_reg(d, QUEUE_SELECT, 3, 2);
    g_assert_cmpuint(reg(d, QUEUE_SIZE, 2), ==, 0);
    set_reg(d, QUEUE_ADDRESS, page, 4);
    g_assert_cmphex(reg(d, QUEUE_ADDRESS, 4), ==, 0);
    set_reg(d, QUEUE_SELECT, 2, 2);
    set_reg(d, QUEUE_ADDRESS, 0, 4);            /* resets */
    g_assert_cmphex(reg(d, STATUS, 1), ==, 0);
    set_reg(d, QUEUE_SELECT, 2, 2);
    g_assert_cmphex(reg(d, QUEUE_ADDRESS, 4), ==, 0);
}

/* A queue where no RAM is breaks the device, which says nothing: the driver would
 * not know the bit. */
static void test_nowhere(void)
{
    g_autoptr(Rig) rig = rig_new();
    Device *dev = add(rig, "virtio-rng-pci", "a", NULL, NULL);
    g_autoptr(VirtioDriver) d = legacy(rig, 0, dev);

    set_reg(d, STATUS, 3, 1);
    set_reg(d, QUEUE_ADDRESS, 0xffffffff, 4);
    rig_assert_guest_error(&part(dev)->device, "not aligned or not RAM");
    g_assert_cmphex(reg(d, STATUS, 1), ==, 3);
    g_assert_cmphex(virtio_status(part(dev)), ==, 0x43);
    virtio_driver_start(d, ~0ull, 1, 8);
    ask(d, 8);
    assert_answered(d, 8);
}

/* ---- Requests ---- */

/* Rings as section 2.7.2 lays them out, of two devices at once. */
static void test_io(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(VirtioDriver) a = legacy(rig, 0, add(rig, "virtio-rng-pci", "a", NULL, NULL));
    g_autoptr(VirtioDriver) b =
        legacy(rig, 1, add(rig, "virtio-rng-pci", "b", "disable-modern", "on"));

    virtio_driver_start(a, 0, 1, 8);
    virtio_driver_start(b, RING, 1, 8);
    for (guint i = 0; i < 20; i++) {
        ask(a, 100 + i);
        assert_answered(a, 100 + i);
        g_assert_true(virtio_driver_line(a));
        g_assert_cmphex(virtio_driver_ack(a), ==, 1);
        g_assert_false(virtio_driver_line(a));
    }
    g_assert_cmpuint(virtio_driver_edges(a), ==, 20);
    g_assert_cmpuint(a->queues[0].size, >=, 8);
    g_assert_cmphex((a->queues[0].used - a->queues[0].desc) % PAGE, ==, 0);
    ask(b, 10);
    assert_answered(b, 10);
    g_assert_cmpuint(virtio_driver_edges(b), ==, 1);
}

/* Linux before 3.18 uses a disk before it says DRIVER_OK. */
static void test_early(void)
{
    g_autoptr(Rig) rig = rig_new();
    Device *dev = add(rig, "virtio-rng-pci", "a", NULL, NULL);
    g_autoptr(VirtioDriver) d = legacy(rig, 0, dev);

    set_reg(d, QUEUE_NOTIFY, 0, 2);             /* nothing is set up */
    g_assert_false(part(dev)->started);
    virtio_driver_negotiate(d, RING);
    virtio_driver_queue(d, 0, 8);
    ask(d, 12);
    assert_answered(d, 12);
    g_assert_cmphex(reg(d, STATUS, 1), ==, 3);
    virtio_driver_ok(d);
    ask(d, 13);
    assert_answered(d, 13);
    set_reg(d, STATUS, 0, 1);
    g_assert_false(part(dev)->started);
    set_reg(d, QUEUE_NOTIFY, 0, 2);
    g_assert_false(part(dev)->started);
    /* It runs without any status, and stops as others do. */
    virtio_driver_queue(d, 0, 8);
    ask(d, 14);
    assert_answered(d, 14);
    g_assert_cmphex(reg(d, STATUS, 1), ==, 0);
    g_assert_true(part(dev)->started);
    virtio_driver_pci_set_config(d, PCI_COMMAND, PCI_COMMAND_IO | PCI_COMMAND_MEMORY, 2);
    g_assert_false(part(dev)->started);
}

/* The driver wants no interrupts, but one when nothing is left to do. */
static void test_notify_on_empty(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(VirtioDriver) a = legacy(rig, 0, add(rig, "virtio-rng-pci", "a", NULL, NULL));
    g_autoptr(VirtioDriver) b = legacy(rig, 1, add(rig, "virtio-rng-pci", "b", NULL, NULL));

    virtio_driver_start(a, NOTIFY_ON_EMPTY, 1, 8);
    virtio_driver_start(b, 0, 1, 8);
    virtio_driver_set_avail_flags(a, 0, 1);
    virtio_driver_set_avail_flags(b, 0, 1);
    ask(a, 8);
    ask(b, 8);
    assert_answered(a, 8);
    assert_answered(b, 8);
    g_assert_true(virtio_driver_line(a));
    g_assert_false(virtio_driver_line(b));
}

/* ---- MSI-X: two more registers, and the configuration moves ---- */

static void test_msix(void)
{
    g_autoptr(Rig) rig = rig_new();
    Device *dev = add(rig, "virtio-net-pci", "a", "mac", "52:54:00:01:02:03");
    g_autoptr(VirtioDriver) d = legacy(rig, 0, dev);

    g_assert_cmphex(reg(d, 20, 4), ==, 0x01005452);
    virtio_driver_msix(d, true);
    g_assert_cmphex(reg(d, CONFIG_VECTOR, 2), ==, 0xffff);
    g_assert_cmphex(reg(d, QUEUE_VECTOR, 2), ==, 0xffff);
    g_assert_cmphex(reg(d, 24, 4), ==, 0x01005452);
    g_assert_cmphex(reg(d, 28, 2), ==, 0x0302);
    set_reg(d, CONFIG_VECTOR, 3, 2);
    g_assert_cmphex(reg(d, CONFIG_VECTOR, 2), ==, 3);
    set_reg(d, CONFIG_VECTOR, 4, 2);
    g_assert_cmphex(reg(d, CONFIG_VECTOR, 2), ==, 0xffff);
    virtio_driver_start(d, 1 << VIRTIO_NET_F_CTRL_VQ, 3, 0);
    set_reg(d, QUEUE_SELECT, 1, 2);
    g_assert_cmphex(reg(d, QUEUE_VECTOR, 2), ==, 2);
    set_reg(d, QUEUE_SELECT, 3, 2);
    set_reg(d, QUEUE_VECTOR, 0, 2);
    g_assert_cmphex(reg(d, QUEUE_VECTOR, 2), ==, 0xffff);
    virtio_config_changed(part(dev));
    g_assert_cmphex(virtio_driver_message(d, 0), !=, 0);
    g_assert_false(virtio_driver_line(d));
    virtio_driver_msix(d, false);
    g_assert_cmphex(reg(d, 20, 4), ==, 0x01005452);
}

/* ---- A disk ---- */

static void make_disk(Rig *rig)
{
    BlockdevOptions null = {
        .driver = BLOCKDEV_DRIVER_NULL_CO, .node_name = (char *)"null",
        .u.null_co = { .size = 1 << 20, .read_zeroes = true },
    };
    g_autoptr(GError) error = NULL;
    BlockNode *node = block_node_new(rig->root, &null, NULL, &error);

    g_assert_no_error(error);
    g_assert_true(object_prepare(&node->object, &error) && object_complete(&node->object, &error));
}

/* A driver that never writes features cannot flush, and must not see a cache; nor
 * has it the buffers cut as later ones. */
static void test_disk(void)
{
    static const guint8 header[16] = { 0 };
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(VirtioDriver) d = NULL;
    VirtioBuffer buffers[3];
    Device *dev;
    guint32 length;

    make_disk(rig);
    dev = add(rig, "virtio-blk-pci", "a", "drive", "null");
    d = legacy(rig, 0, dev);
    g_assert_cmphex(virtio_driver_pci_config(d, 2, 2), ==, 0x1001);
    g_assert_cmphex(virtio_driver_pci_config(d, 0x0a, 2), ==, 0x0100);
    g_assert_cmpuint(virtio_driver_config(d, 0, 4), ==, 2048);
    g_assert_cmpuint(virtio_driver_config(d, 32, 1), ==, 1);
    set_reg(d, STATUS, 3, 1);
    virtio_driver_queue(d, 0, 8);
    set_reg(d, STATUS, 7, 1);
    g_assert_cmpuint(virtio_driver_config(d, 32, 1), ==, 0);
    buffers[0] = (VirtioBuffer){ virtio_driver_data(d, header, 16), 16, false };
    buffers[1] = (VirtioBuffer){ virtio_driver_alloc(d, 512, 1), 512, true };
    buffers[2] = (VirtioBuffer){ virtio_driver_data(d, "\xff", 1), 1, true };
    virtio_driver_add(d, 0, buffers, 3);
    virtio_driver_kick(d, 0);
    while (aio_poll(machine_aio(rig->machine, NULL, NULL), true)) {
        continue;
    }
    g_assert_true(virtio_driver_used(d, 0, NULL, &length));
    g_assert_cmpuint(length, ==, 513);
    g_assert_cmphex(*(guint8 *)virtio_driver_ptr(d, buffers[2].addr), ==, 0);
    device_unmake(dev);
}

/* ---- A network card: on a loop, whose thread has not the machine lock ---- */

typedef struct {
    Rig *rig;
    struct event_base *base;
    Device *dev;
    VirtioDriver *d;
    int fd;                     /* the network */
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

static void add_backend(Rig *rig, int fd)
{
    SocketAddress addr = { .type = SOCKET_ADDRESS_TYPE_FD, .u.fd.str = (char *)"fd" };
    Netdev options = { .id = (char *)"net0", .type = NET_CLIENT_DRIVER_DGRAM,
                       .u.dgram.local = &addr };
    g_autoptr(GError) error = NULL;
    NetBackend *net;

    given_fd = fd;
    net = net_new(rig->root, &options, &error);
    g_assert_no_error(error);
    g_assert_true(object_prepare(&net->object, &error) && object_complete(&net->object, &error));
}

static Net *net_bench_new(void)
{
    Net *n = g_new0(Net, 1);
    int fds[2];

    n->rig = rig_new();
    n->base = event_base_new();
    n->rig->env.base = n->base;
    n->rig->env.host = n->rig;
    n->rig->env.take_fd = take_fd;
    n->rig->env.lock = env_lock;
    n->rig->env.unlock = env_unlock;
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fds), ==, 0);
    n->fd = fds[1];
    add_backend(n->rig, fds[0]);
    n->dev = add(n->rig, "virtio-net-pci", "nic0", "netdev", "net0");
    n->d = legacy(n->rig, 0, n->dev);
    return n;
}

static void net_bench_free(Net *n)
{
    device_unmake(n->dev);
    virtio_driver_free(n->d);
    rig_free(n->rig);
    event_base_free(n->base);
    close(n->fd);
    g_free(n);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Net, net_bench_free)

static void turn(Net *n)
{
    rig_unlock(n->rig);
    for (guint i = 0; i < 5; i++) {
        event_base_loop(n->base, EVLOOP_NONBLOCK);
    }
    rig_lock(n->rig);
}

/* A frame goes out and another comes in, each behind `header` bytes. */
static void exchange(Net *n, guint64 features, guint header)
{
    guint8 frame[64] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, buf[100] = { 0 };
    guint64 addr = 0;
    guint32 length;

    virtio_driver_start(n->d, features, 2, 0);
    memcpy(buf + header, frame, sizeof(frame));
    virtio_driver_add(n->d, 1, &(VirtioBuffer){ virtio_driver_data(n->d, buf, header + 64),
                                                header + 64, false }, 1);
    virtio_driver_kick(n->d, 1);
    addr = virtio_driver_alloc(n->d, 2000, 1);
    virtio_driver_add(n->d, 0, &(VirtioBuffer){ addr, 2000, true }, 1);
    virtio_driver_kick(n->d, 0);
    turn(n);
    g_assert_cmpint(recv(n->fd, buf, sizeof(buf), MSG_DONTWAIT), ==, 64);
    g_assert_cmpmem(buf, 64, frame, 64);
    g_assert_true(virtio_driver_line(n->d));
    g_assert_cmphex(virtio_driver_ack(n->d), ==, 1);
    g_assert_cmpint(send(n->fd, frame, 64, 0), ==, 64);
    turn(n);
    g_assert_true(virtio_driver_used(n->d, 0, NULL, &length));
    g_assert_cmpuint(length, ==, header + 64);
    g_assert_cmpmem((guint8 *)virtio_driver_ptr(n->d, addr) + header, 64, frame, 64);
    g_assert_true(virtio_driver_line(n->d));
    virtio_driver_ack(n->d);
    g_assert_false(virtio_driver_line(n->d));
}

static void test_net_header(void)
{
    g_autoptr(Net) n = net_bench_new();

    exchange(n, 0, 10);
    exchange(n, 1 << VIRTIO_NET_F_MRG_RXBUF, 12);
    exchange(n, 0, 10);
}

/* The driver writes the address into the configuration, unless it can say it by
 * the control queue; a reset brings the card's own back. */
static void test_net_mac(void)
{
    g_autoptr(Net) n = net_bench_new();
    guint32 first = virtio_driver_config(n->d, 0, 4);

    virtio_driver_negotiate(n->d, 1 << VIRTIO_NET_F_MAC);
    for (guint i = 0; i < 6; i++) {
        virtio_driver_set_config(n->d, i, 0x10 + i, 1);
    }
    virtio_driver_set_config(n->d, 6, 0, 1);
    g_assert_cmphex(virtio_driver_config(n->d, 0, 4), ==, 0x13121110);
    g_assert_cmphex(virtio_driver_config(n->d, 4, 2), ==, 0x1514);
    g_assert_cmphex(virtio_driver_config(n->d, 6, 2), ==, 1);
    g_assert_cmphex(to_virtio_net(part(n->dev))->filter.mac[5], ==, 0x15);
    virtio_driver_negotiate(n->d, 1 << VIRTIO_NET_F_MAC | 1 << VIRTIO_NET_F_CTRL_VQ |
                                  1 << VIRTIO_NET_F_CTRL_MAC_ADDR);
    g_assert_cmphex(virtio_driver_config(n->d, 0, 4), ==, first);
    virtio_driver_set_config(n->d, 0, 0, 4);
    g_assert_cmphex(virtio_driver_config(n->d, 0, 4), ==, first);
}

/* Features that need others break the device, for there is no way to refuse. */
static void test_net_features(void)
{
    g_autoptr(Net) n = net_bench_new();

    virtio_driver_negotiate(n->d, 1 << VIRTIO_NET_F_CTRL_RX);
    rig_assert_guest_error(&part(n->dev)->device, "features without those");
    g_assert_cmphex(virtio_status(part(n->dev)), ==, 0x43);
    exchange(n, 0, 10);
}

/* Modern and legacy drivers take turns on one function. */
static void test_both(void)
{
    g_autoptr(Rig) rig = rig_new();
    Device *dev = add(rig, "virtio-rng-pci", "a", NULL, NULL);
    g_autoptr(VirtioDriver) old = legacy(rig, 0, dev);
    g_autoptr(VirtioDriver) new = virtio_driver_pci(rig, 1, dev, VIRTIO_DRIVER_MODERN);

    virtio_driver_start(new, ~0ull, 1, 8);
    ask(new, 9);
    assert_answered(new, 9);
    g_assert_false(virtio_is_legacy(part(dev)));
    virtio_driver_free(g_steal_pointer(&old));
    old = legacy(rig, 0, dev);
    virtio_driver_start(old, ~0ull, 1, 8);
    ask(old, 10);
    assert_answered(old, 10);
    g_assert_true(virtio_is_legacy(part(dev)));
}

int main(int argc, char **argv)
{
    evthread_use_pthreads();
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/virtio-legacy/features", test_features);
    g_test_add_func("/virtio-legacy/queue", test_queue);
    g_test_add_func("/virtio-legacy/nowhere", test_nowhere);
    g_test_add_func("/virtio-legacy/io", test_io);
    g_test_add_func("/virtio-legacy/early", test_early);
    g_test_add_func("/virtio-legacy/notify-on-empty", test_notify_on_empty);
    g_test_add_func("/virtio-legacy/msix", test_msix);
    g_test_add_func("/virtio-legacy/disk", test_disk);
    g_test_add_func("/virtio-legacy/net-header", test_net_header);
    g_test_add_func("/virtio-legacy/net-mac", test_net_mac);
    g_test_add_func("/virtio-legacy/net-features", test_net_features);
    g_test_add_func("/virtio-legacy/both", test_both);
    return g_test_run();
}
