/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: virtio-net-device with a hostile driver (tests/fuzz/virtio-fuzz.h),
 * two pairs of queues and all offloads.  The network behind it reads each byte
 * that it gets.  Action 11 belongs to the network: a frame, room, the cable, one
 * iteration of the loop.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "hw/machine/machine-aio.h"
#include "hw/net/net.h"
#include "qom/qapi-objects-net.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/virtio-fuzz.h"

typedef struct {
    guint room;                 /* frames that it takes */
    guint sum;
} Network;

/* One at a time: a backend's callbacks have no other way to it. */
static Network network;

static guint net_send(NetBackend *net, guint queue, const NetFrame *frames, guint n)
{
    static guint8 buf[NET_FRAME_MAX];

    fuzz_check(queue < net->n_queues && n > 0 && n <= NET_BATCH);
    n = MIN(n, network.room);
    for (guint i = 0; i < n; i++) {
        fuzz_check(frames[i].size > 0 && frames[i].size <= NET_FRAME_MAX);
        fuzz_check(frames[i].n_iov > 0 && frames[i].n_iov <= NET_IOV_MAX && frames[i].hdr);
        fuzz_check(net_frame_copy(&frames[i], buf, sizeof(buf)) == frames[i].size);
        network.sum += buf[0] + buf[frames[i].size - 1] + frames[i].hdr->flags;
    }
    network.room -= n;
    return n;
}

static void net_resume(NetBackend *net, guint queue)
{
    fuzz_check(queue < net->n_queues);
}

static void net_set_offloads(NetBackend *net, guint offloads)
{
    fuzz_check(!(offloads & ~0x1f));
}

static void net_set_queues(NetBackend *net, guint n)
{
    fuzz_check(n >= 1 && n <= net->n_queues);
}

static const NetBackendOps ops = {
    .send = net_send,
    .resume = net_resume,
    .set_offloads = net_set_offloads,
    .set_queues = net_set_queues,
};

static Device *make(Rig *rig, VirtioDriver *d)
{
    Object *obj = object_new(&qmp_class_netdev_dgram);
    NetBackend *net = to_net_backend(obj);
    Device *dev;

    net->ops = &ops;
    net->n_queues = 2;
    net->has_vnet = net->has_ufo = true;
    object_add_child(object_container(rig->root, "netdevs"), "net0", obj, NULL);
    object_unref(obj);
    obj->life = OBJECT_COMPLETE;        /* without the socket that it is made for */
    network = (Network){ .room = 1000 };
    dev = rig_device(rig, "virtio-net-device", "dev", NULL, "netdev", "net0", "mq", "on",
                     "host_mtu", "1500", NULL);
    fuzz_check(dev);
    return dev;
}

static void deliver(NetBackend *net, guint queue, gsize size)
{
    static guint8 bytes[NET_FRAME_MAX];
    const NetHdr hdr = { .flags = NET_HDR_NEEDS_CSUM, .gso_type = NET_GSO_TCPV4 };
    const struct iovec iov[2] = { { bytes, size / 3 }, { bytes, size - size / 3 } };
    const NetFrame frames[2] = { { .iov = iov, .n_iov = 2, .size = size, .hdr = &hdr },
                                 { .iov = iov + 1, .n_iov = 1, .size = size - size / 3 } };

    bytes[12] = 0x81;
    net_lock(net);
    fuzz_check(net_deliver(net, queue, frames, 2) <= 2);
    net_unlock(net);
}

static void act(Rig *rig, Device *dev, guint8 x)
{
    NetBackend *net = to_net_backend(object_child(object_container(rig->root, "netdevs"), "net0"));
    Machine *machine = rig->machine;

    switch (x >> 6) {
    case 0:
        deliver(net, x & 1, 1 + (x >> 1 & 0x1f) * 50);
        break;
    case 1:
        deliver(net, x & 1, NET_FRAME_MAX - (x >> 1 & 0x1f) * 1000);
        break;
    case 2:
        network.room = x & 0x1f;
        net_lock(net);
        net_writable(net, x >> 5 & 1);
        net_unlock(net);
        break;
    default:
        net_set_link(net, x & 1);
        aio_poll(machine_aio(machine, NULL, NULL), false);
    }
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    virtio_fuzz(&(VirtioFuzz){ .make = make, .act = act }, data, size);
    return 0;
}
