/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class virtio-net-device: features, configuration space and life.  VIRTIO 1.2
 * sections 5.1.2 to 5.1.5; see virtio-net.h for the other parts.
 *
 * Not modelled: RSS, hash reports, interrupt coalescing, standby, announcements.
 */
#include "config.h"
#include "hw/virtio/virtio-net.h"

#include <string.h>

#include "hw/machine/machine-aio.h"
#include "qmp/error.h"
#include "qom/qapi-objects-net.h"

enum { DEVICE_ID = 1, CONTROL_QUEUE_SIZE = 64, STATUS_LINK_UP = 1, SPEED_UNKNOWN = -1,
       DUPLEX_UNKNOWN = 0xff };

/* Section 5.1.4 */
typedef struct {
    guint8 mac[6];
    guint16 status;
    guint16 max_pairs;
    guint16 mtu;
    guint32 speed;
    guint8 duplex;
} __attribute__((packed)) NetConfig;

static guint64 bit(guint feature)
{
    return G_GUINT64_CONSTANT(1) << feature;
}

/* ---- Features ---- */

/* Features that need a backend with headers. */
static guint64 offload_features(const VirtioNet *s)
{
    const VirtioNetDeviceProps *p = virtio_net_device_props(s);
    bool ufo = nic_has_ufo(s->nic);

    if (!nic_has_vnet(s->nic)) {
        return 0;
    }
    return (p->csum ? bit(VIRTIO_NET_F_CSUM) : 0) |
           (p->guest_csum ? bit(VIRTIO_NET_F_GUEST_CSUM) : 0) |
           (p->guest_tso4 ? bit(VIRTIO_NET_F_GUEST_TSO4) : 0) |
           (p->guest_tso6 ? bit(VIRTIO_NET_F_GUEST_TSO6) : 0) |
           (p->guest_ecn ? bit(VIRTIO_NET_F_GUEST_ECN) : 0) |
           (p->guest_ufo && ufo ? bit(VIRTIO_NET_F_GUEST_UFO) : 0) |
           (p->host_tso4 ? bit(VIRTIO_NET_F_HOST_TSO4) : 0) |
           (p->host_tso6 ? bit(VIRTIO_NET_F_HOST_TSO6) : 0) |
           (p->host_ecn ? bit(VIRTIO_NET_F_HOST_ECN) : 0) |
           (p->host_ufo && ufo ? bit(VIRTIO_NET_F_HOST_UFO) : 0) |
           (p->ctrl_guest_offloads ? bit(VIRTIO_NET_F_CTRL_GUEST_OFFLOADS) : 0);
}

static guint64 control_features(const VirtioNet *s)
{
    const VirtioNetDeviceProps *p = virtio_net_device_props(s);

    return (p->ctrl_vq ? bit(VIRTIO_NET_F_CTRL_VQ) : 0) |
           (p->ctrl_rx ? bit(VIRTIO_NET_F_CTRL_RX) : 0) |
           (p->ctrl_vlan ? bit(VIRTIO_NET_F_CTRL_VLAN) : 0) |
           (p->ctrl_rx_extra ? bit(VIRTIO_NET_F_CTRL_RX_EXTRA) : 0) |
           (p->ctrl_mac_addr ? bit(VIRTIO_NET_F_CTRL_MAC_ADDR) : 0) |
           (s->max_pairs > 1 ? bit(VIRTIO_NET_F_MQ) : 0);
}

/* Section 5.1.3.1: dependencies of features. */
static const struct {
    guint8 feature, needs;
} requirements[] = {
    { VIRTIO_NET_F_GUEST_TSO4, VIRTIO_NET_F_GUEST_CSUM },
    { VIRTIO_NET_F_GUEST_TSO6, VIRTIO_NET_F_GUEST_CSUM },
    { VIRTIO_NET_F_GUEST_UFO, VIRTIO_NET_F_GUEST_CSUM },
    { VIRTIO_NET_F_HOST_TSO4, VIRTIO_NET_F_CSUM },
    { VIRTIO_NET_F_HOST_TSO6, VIRTIO_NET_F_CSUM },
    { VIRTIO_NET_F_HOST_UFO, VIRTIO_NET_F_CSUM },
    { VIRTIO_NET_F_CTRL_GUEST_OFFLOADS, VIRTIO_NET_F_CTRL_VQ },
    { VIRTIO_NET_F_CTRL_RX, VIRTIO_NET_F_CTRL_VQ },
    { VIRTIO_NET_F_CTRL_VLAN, VIRTIO_NET_F_CTRL_VQ },
    { VIRTIO_NET_F_CTRL_RX_EXTRA, VIRTIO_NET_F_CTRL_VQ },
    { VIRTIO_NET_F_MQ, VIRTIO_NET_F_CTRL_VQ },
    { VIRTIO_NET_F_CTRL_MAC_ADDR, VIRTIO_NET_F_CTRL_VQ },
};

static guint64 net_features(VirtioDevice *dev)
{
    const VirtioNet *s = to_virtio_net(dev);
    const VirtioNetDeviceProps *p = virtio_net_device_props(s);
    guint64 features = offload_features(s) | control_features(s) | bit(VIRTIO_NET_F_MAC);

    features |= p->mrg_rxbuf ? bit(VIRTIO_NET_F_MRG_RXBUF) : 0;
    features |= p->status ? bit(VIRTIO_NET_F_STATUS) : 0;
    features |= p->host_mtu ? bit(VIRTIO_NET_F_MTU) : 0;
    features |= p->speed != SPEED_UNKNOWN || p->has_duplex ? bit(VIRTIO_NET_F_SPEED_DUPLEX) : 0;
    for (guint i = 0; i < G_N_ELEMENTS(requirements); i++) {
        if (!(features & bit(requirements[i].needs))) {
            features &= ~bit(requirements[i].feature);
        }
    }
    return features;
}

static bool net_features_ok(VirtioDevice *dev, guint64 features)
{
    for (guint i = 0; i < G_N_ELEMENTS(requirements); i++) {
        if (features & bit(requirements[i].feature) && !(features & bit(requirements[i].needs))) {
            return false;
        }
    }
    return true;
}

/* NET_OFFLOAD_* of the negotiated features. */
static guint negotiated_offloads(const VirtioNet *s)
{
    const VirtioDevice *dev = &s->parent;

    return (virtio_has_feature(dev, VIRTIO_NET_F_GUEST_CSUM) ? NET_OFFLOAD_CSUM : 0) |
           (virtio_has_feature(dev, VIRTIO_NET_F_GUEST_TSO4) ? NET_OFFLOAD_TSO4 : 0) |
           (virtio_has_feature(dev, VIRTIO_NET_F_GUEST_TSO6) ? NET_OFFLOAD_TSO6 : 0) |
           (virtio_has_feature(dev, VIRTIO_NET_F_GUEST_ECN) ? NET_OFFLOAD_ECN : 0) |
           (virtio_has_feature(dev, VIRTIO_NET_F_GUEST_UFO) ? NET_OFFLOAD_UFO : 0);
}

/* ---- Configuration space ---- */

static void net_get_config(VirtioDevice *dev, guint8 *config)
{
    const VirtioNet *s = to_virtio_net(dev);
    const VirtioNetDeviceProps *p = virtio_net_device_props(s);
    NetConfig c = {
        .status = GUINT16_TO_LE(s->nic->link_up ? STATUS_LINK_UP : 0),
        .max_pairs = GUINT16_TO_LE(s->max_pairs),
        .mtu = GUINT16_TO_LE(p->host_mtu),
        .speed = GUINT32_TO_LE(p->speed),
        .duplex = p->has_duplex ? p->duplex : DUPLEX_UNKNOWN,
    };

    memcpy(c.mac, virtio_is_legacy(dev) ? s->filter.mac : s->mac, 6);
    memcpy(config, &c, sizeof(c));
}

/* Legacy drivers set the address here, byte by byte (section 5.1.4.2). */
static void net_set_config(VirtioDevice *dev, guint offset, const guint8 *data, guint size)
{
    VirtioNet *s = to_virtio_net(dev);

    if (virtio_is_legacy(dev) && !virtio_has_feature(dev, VIRTIO_NET_F_CTRL_MAC_ADDR) &&
        offset < 6) {
        nic_lock(s->nic);
        memcpy(s->filter.mac + offset, data, MIN(size, 6 - offset));
        nic_unlock(s->nic);
    }
}

/* The size of the readable part, which determines the size of a transport's registers. */
static gsize config_bytes(guint64 features)
{
    static const struct {
        guint8 feature;
        gsize end;
    } members[] = {
        { VIRTIO_NET_F_SPEED_DUPLEX, sizeof(NetConfig) },
        { VIRTIO_NET_F_MTU, offsetof(NetConfig, speed) },
        { VIRTIO_NET_F_MQ, offsetof(NetConfig, mtu) },
    };

    for (guint i = 0; i < G_N_ELEMENTS(members); i++) {
        if (features & bit(members[i].feature)) {
            return members[i].end;
        }
    }
    return offsetof(NetConfig, max_pairs);
}

/* ---- Queues ---- */

/* The control queue's number is known once features are. */
static guint control_queue(const VirtioNet *s)
{
    return virtio_has_feature(&s->parent, VIRTIO_NET_F_MQ) ? 2 * s->max_pairs : 2;
}

static void handle_queue(VirtioDevice *dev, VirtQueue *queue)
{
    VirtioNet *s = to_virtio_net(dev);
    guint n = virtqueue_index(queue);
    bool control = n == control_queue(s);

    nic_lock(s->nic);
    if (control && virtio_has_feature(dev, VIRTIO_NET_F_CTRL_VQ)) {
        virtio_net_handle_control(s, queue);
    } else if (!control && n < 2 * s->max_pairs && n % 2 == 0) {
        virtio_net_handle_rx(&s->pairs[n / 2]);
    } else if (!control && n < 2 * s->max_pairs) {
        virtio_net_handle_tx(&s->pairs[n / 2]);
    }
    nic_unlock(s->nic);
}

static bool net_start(VirtioDevice *dev, GError **error)
{
    VirtioNet *s = to_virtio_net(dev);

    nic_lock(s->nic);
    s->running = true;
    virtio_net_start_filter(s);
    if (!s->offloads_known) {
        s->offloads_known = true;
        virtio_net_set_offloads(s, negotiated_offloads(s));
    }
    nic_set_queues(s->nic, s->used_pairs);
    nic_unlock(s->nic);
    return true;
}

/* Pending frames stay: the next start continues with them. */
static void net_stop(VirtioDevice *dev)
{
    VirtioNet *s = to_virtio_net(dev);

    nic_lock(s->nic);
    s->running = false;
    nic_unlock(s->nic);
    for (guint i = 0; i < s->max_pairs; i++) {
        virtio_net_cancel(&s->pairs[i]);
    }
}

static void net_reset(VirtioDevice *dev)
{
    VirtioNet *s = to_virtio_net(dev);

    nic_lock(s->nic);
    for (guint i = 0; i < s->max_pairs; i++) {
        s->pairs[i].n_pending = 0;
        s->pairs[i].blocked = false;
    }
    s->used_pairs = 1;
    virtio_net_reset_filter(s);
    s->offloads_known = false;
    virtio_net_set_offloads(s, 0);
    nic_set_queues(s->nic, 1);
    nic_unlock(s->nic);
}

/* ---- Life ---- */

static bool check_size(const char *name, guint size, GError **error)
{
    if (size & (size - 1)) {
        qmp_error_set_at(error, name, ERROR_REASON_INVALID_VALUE, "'%s' %u is not a power of two",
                         name, size);
        return false;
    }
    return true;
}

/* Sets the address, which is written back if it is chosen automatically. */
static bool find_mac(VirtioNet *s, GError **error)
{
    VirtioNetDeviceProps *p = virtio_net_device_props(s);

    if (p->mac) {
        return nic_parse_mac(p->mac, s->mac, error);
    }
    nic_choose_mac(object_root(&s->parent.device.object), s->mac);
    p->mac = nic_format_mac(s->mac);
    return true;
}

static void make_pairs(VirtioNet *s)
{
    const VirtioNetDeviceProps *p = virtio_net_device_props(s);

    s->pairs = g_new0(NetPair, s->max_pairs);
    for (guint i = 0; i < s->max_pairs; i++) {
        NetPair *pair = &s->pairs[i];

        virtio_net_init_pair(s, pair);
        pair->rx = virtio_add_queue(&s->parent, p->rx_queue_size, handle_queue);
        pair->tx = virtio_add_queue(&s->parent, p->tx_queue_size, handle_queue);
        virtqueue_set_requests(pair->tx, sizeof(NetTx));
        pair->rx_elements = g_new(VirtqElement *, p->rx_queue_size);
        pair->rx_written = g_new(guint32, p->rx_queue_size);
    }
    if (p->ctrl_vq) {
        virtio_add_queue(&s->parent, CONTROL_QUEUE_SIZE, handle_queue);
    }
}

static void free_pairs(VirtioNet *s)
{
    for (guint i = 0; i < s->max_pairs; i++) {
        g_free(s->pairs[i].rx_elements);
        g_free(s->pairs[i].rx_written);
        g_free(s->pairs[i].bounce);
    }
    g_clear_pointer(&s->pairs, g_free);
}

static bool net_realize(Device *dev, GError **error)
{
    VirtioNet *s = to_virtio_net(dev);
    const VirtioNetDeviceProps *p = virtio_net_device_props(s);

    if (!check_size("rx_queue_size", p->rx_queue_size, error) ||
        !check_size("tx_queue_size", p->tx_queue_size, error) || !find_mac(s, error)) {
        return false;
    }
    s->parent.aio = machine_aio(s->parent.machine, NULL, error);
    if (!s->parent.aio) {
        return false;
    }
    s->used_pairs = 1;
    virtio_net_reset_filter(s);
    s->nic = nic_new(&dev->object, p->netdev.target, s->mac, &virtio_net_nic_ops, s);
    s->max_pairs = p->mq ? nic_max_queues(s->nic) : 1;
    nic_lock(s->nic);
    nic_set_queues(s->nic, 1);
    nic_unlock(s->nic);
    make_pairs(s);
    s->parent.config_size = config_bytes(net_features(&s->parent));
    return true;
}

static void net_unrealize(Device *dev)
{
    VirtioNet *s = to_virtio_net(dev);

    virtio_del_queues(&s->parent);
    nic_destroy(g_steal_pointer(&s->nic));
    free_pairs(s);
}

static const StateRow net_state[] = {
    STATE_FIELD_KEEP(U32, VirtioNet, used_pairs),
    STATE_FIELD_KEEP(BOOL, VirtioNet, offloads_known),
    STATE_FIELD_KEEP(U32, VirtioNet, offloads),
    STATE_FIELD_KEEP(BOOL, VirtioNet, filter.promisc),
    STATE_FIELD_KEEP(BOOL, VirtioNet, filter.allmulti),
    STATE_FIELD_KEEP(BOOL, VirtioNet, filter.alluni),
    STATE_FIELD_KEEP(BOOL, VirtioNet, filter.nomulti),
    STATE_FIELD_KEEP(BOOL, VirtioNet, filter.nouni),
    STATE_FIELD_KEEP(BOOL, VirtioNet, filter.nobcast),
    STATE_ARRAY_KEEP(BYTES, VirtioNet, filter.mac),
    { .name = "filter.macs", .kind = STATE_BYTES, .flags = STATE_KEEP,
      .offset = offsetof(VirtioNet, filter.macs), .count = MAC_TABLE_SIZE * 6 },
    STATE_FIELD_KEEP(U32, VirtioNet, filter.n_uni),
    STATE_FIELD_KEEP(U32, VirtioNet, filter.n_multi),
    STATE_FIELD_KEEP(BOOL, VirtioNet, filter.uni_overflow),
    STATE_FIELD_KEEP(BOOL, VirtioNet, filter.multi_overflow),
    STATE_ARRAY_KEEP(U32, VirtioNet, filter.vlans),
    STATE_ROWS_END
};

/* Frames that were pending are popped again. */
static bool net_state_loaded(Device *device, GError **error)
{
    VirtioNet *s = to_virtio_net(device);

    if (!s->used_pairs || s->used_pairs > s->max_pairs || s->filter.n_uni > MAC_TABLE_SIZE ||
        s->filter.n_multi > MAC_TABLE_SIZE - s->filter.n_uni ||
        s->offloads & ~(guint)NET_OFFLOAD_ALL) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                      "state of '%s': queue pairs, address table or offloads that the device does "
                      "not have",
                      device->object.name);
        return false;
    }
    nic_lock(s->nic);
    for (guint i = 0; i < s->max_pairs; i++) {
        s->pairs[i].n_pending = 0;
        s->pairs[i].blocked = false;
    }
    virtio_net_set_offloads(s, s->offloads);
    nic_set_queues(s->nic, s->used_pairs);
    nic_unlock(s->nic);
    return true;
}

static const VirtioOps net_virtio_ops = {
    .device_id = DEVICE_ID,
    .config_size = sizeof(NetConfig),
    .features = net_features,
    .features_ok = net_features_ok,
    .get_config = net_get_config,
    .set_config = net_set_config,
    .start = net_start,
    .stop = net_stop,
    .reset = net_reset,
};

static char *net_boot_path(Device *device)
{
    return g_strdup("ethernet-phy@0");
}

const TypeInfo virtio_net_type = {
    .schema = &qmp_class_virtio_net_device,
    .size = sizeof(VirtioNet),
    .device = &(const DeviceOps){
        .boot_path = net_boot_path,
        .realize = net_realize,
        .unrealize = net_unrealize,
        .state = net_state,
        .state_loaded = net_state_loaded,
    },
    .kind = &net_virtio_ops,
};
