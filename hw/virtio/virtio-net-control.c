/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control queue of a virtio-net-device, and the filter of received frames.
 * VIRTIO 1.2 section 5.1.6.5.
 *
 * A command that is malformed, unknown, or was not negotiated is answered with
 * VIRTIO_NET_ERR and changes nothing.
 */
#include "config.h"
#include "hw/virtio/virtio-net.h"
#include "qom/qapi-trace.h"

#include <string.h>

enum { VIRTIO_NET_OK = 0, VIRTIO_NET_ERR = 1 };

enum {
    CLASS_RX = 0,
    CLASS_MAC = 1,
    CLASS_VLAN = 2,
    CLASS_MQ = 4,
    CLASS_OFFLOADS = 5,
};

enum { MAC_TABLE_SET = 0, MAC_ADDR_SET = 1 };
enum { VLAN_ADD = 0, VLAN_DEL = 1 };

enum { COMMAND_SIZE = 2, ETHERTYPE_VLAN = 0x8100 };

/* Commands that are handled before others get the loop. */
enum { COMMANDS_A_TURN = 8 };

/* ---- Frames ---- */

static bool in_vlans(const NetRxFilter *f, guint vid)
{
    return f->vlans[vid / 32] >> vid % 32 & 1;
}

static bool in_table(const NetRxFilter *f, const guint8 *mac, guint first, guint n)
{
    for (guint i = first; i < first + n; i++) {
        if (memcmp(f->macs[i], mac, 6) == 0) {
            return true;
        }
    }
    return false;
}

static bool wants_group(const NetRxFilter *f, const guint8 *mac)
{
    static const guint8 broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

    if (memcmp(mac, broadcast, 6) == 0) {
        return !f->nobcast;
    }
    return !f->nomulti && (f->allmulti || f->multi_overflow ||
                           in_table(f, mac, f->n_uni, f->n_multi));
}

static bool wants_single(const NetRxFilter *f, const guint8 *mac)
{
    return !f->nouni && (f->alluni || f->uni_overflow || memcmp(mac, f->mac, 6) == 0 ||
                         in_table(f, mac, 0, f->n_uni));
}

bool virtio_net_wants(const VirtioNet *s, const NetFrame *frame)
{
    const NetRxFilter *f = &s->filter;
    guint8 head[16];
    gsize n;

    if (f->promisc) {
        return true;
    }
    n = net_frame_copy(frame, head, sizeof(head));
    if (n == sizeof(head) && (head[12] << 8 | head[13]) == ETHERTYPE_VLAN &&
        !in_vlans(f, (head[14] << 8 | head[15]) & (VLANS - 1))) {
        return false;
    }
    return n >= 6 && (head[0] & 1 ? wants_group(f, head) : wants_single(f, head));
}

void virtio_net_reset_filter(VirtioNet *s)
{
    s->filter = (NetRxFilter){ .promisc = true };
    memcpy(s->filter.mac, s->mac, 6);
}

void virtio_net_start_filter(VirtioNet *s)
{
    if (!virtio_has_feature(&s->parent, VIRTIO_NET_F_CTRL_VLAN)) {
        memset(s->filter.vlans, 0xff, sizeof(s->filter.vlans));
    }
}

/* ---- Offloads ---- */

void virtio_net_set_offloads(VirtioNet *s, guint offloads)
{
    s->offloads = offloads;
    nic_set_offloads(s->nic, offloads);
}

static const struct {
    guint8 feature;
    guint offload;
} offload_bits[] = {
    { VIRTIO_NET_F_GUEST_CSUM, NET_OFFLOAD_CSUM }, { VIRTIO_NET_F_GUEST_TSO4, NET_OFFLOAD_TSO4 },
    { VIRTIO_NET_F_GUEST_TSO6, NET_OFFLOAD_TSO6 }, { VIRTIO_NET_F_GUEST_ECN, NET_OFFLOAD_ECN },
    { VIRTIO_NET_F_GUEST_UFO, NET_OFFLOAD_UFO },
};

/* The payload is a mask of feature bits, all of which were negotiated. */
static bool set_offloads(VirtioNet *s, guint command, const VirtqElement *e)
{
    guint64 bits, known = 0;
    guint offloads = 0;

    if (command != 0 || virtq_read(e, COMMAND_SIZE, &bits, sizeof(bits)) < sizeof(bits)) {
        return false;
    }
    bits = GUINT64_FROM_LE(bits);
    for (guint i = 0; i < G_N_ELEMENTS(offload_bits); i++) {
        guint64 bit = G_GUINT64_CONSTANT(1) << offload_bits[i].feature;

        known |= s->parent.features & bit;
        offloads |= bits & bit ? offload_bits[i].offload : 0;
    }
    if (bits & ~known) {
        return false;
    }
    virtio_net_set_offloads(s, offloads);
    return true;
}

/* ---- Commands ---- */

static bool set_mode(VirtioNet *s, guint command, const VirtqElement *e)
{
    NetRxFilter *f = &s->filter;
    bool *const modes[] = { &f->promisc, &f->allmulti, &f->alluni, &f->nomulti, &f->nouni,
                            &f->nobcast };
    guint8 on;

    if (command >= G_N_ELEMENTS(modes) || virtq_read(e, COMMAND_SIZE, &on, 1) < 1 ||
        (command > 1 && !virtio_has_feature(&s->parent, VIRTIO_NET_F_CTRL_RX_EXTRA))) {
        return false;
    }
    *modes[command] = on;
    return true;
}

/* Reads one of the two parts of the table: a count, and so many addresses.
 * Moves *offset past it. */
static bool read_part(NetRxFilter *f, const VirtqElement *e, gsize *offset, guint first,
                      guint *ret_n, bool *ret_overflow)
{
    guint32 n;

    if (virtq_read(e, *offset, &n, sizeof(n)) < sizeof(n)) {
        return false;
    }
    n = GUINT32_FROM_LE(n);
    *offset += sizeof(n);
    if (n > (e->out_size - *offset) / 6) {
        return false;
    }
    *ret_overflow = n > MAC_TABLE_SIZE - first;
    *ret_n = *ret_overflow ? 0 : n;
    virtq_read(e, *offset, f->macs[first], *ret_n * 6);
    *offset += (gsize)n * 6;
    return true;
}

static bool set_mac_table(VirtioNet *s, const VirtqElement *e)
{
    NetRxFilter f = s->filter;
    gsize offset = COMMAND_SIZE;

    if (!read_part(&f, e, &offset, 0, &f.n_uni, &f.uni_overflow) ||
        !read_part(&f, e, &offset, f.n_uni, &f.n_multi, &f.multi_overflow) ||
        offset != e->out_size) {
        return false;
    }
    s->filter = f;
    return true;
}

static bool set_mac(VirtioNet *s, guint command, const VirtqElement *e)
{
    guint8 mac[6];

    if (command == MAC_TABLE_SET) {
        return virtio_has_feature(&s->parent, VIRTIO_NET_F_CTRL_RX) && set_mac_table(s, e);
    }
    if (command != MAC_ADDR_SET || !virtio_has_feature(&s->parent, VIRTIO_NET_F_CTRL_MAC_ADDR) ||
        virtq_read(e, COMMAND_SIZE, mac, 6) < 6) {
        return false;
    }
    memcpy(s->filter.mac, mac, 6);
    return true;
}

static bool set_vlan(VirtioNet *s, guint command, const VirtqElement *e)
{
    guint16 vid;

    if (command > VLAN_DEL || virtq_read(e, COMMAND_SIZE, &vid, sizeof(vid)) < sizeof(vid)) {
        return false;
    }
    vid = GUINT16_FROM_LE(vid);
    if (vid >= VLANS) {
        return false;
    }
    if (command == VLAN_ADD) {
        s->filter.vlans[vid / 32] |= 1u << vid % 32;
    } else {
        s->filter.vlans[vid / 32] &= ~(1u << vid % 32);
    }
    return true;
}

static bool set_pairs(VirtioNet *s, guint command, const VirtqElement *e)
{
    guint16 n;

    if (command != 0 || virtq_read(e, COMMAND_SIZE, &n, sizeof(n)) < sizeof(n)) {
        return false;
    }
    n = GUINT16_FROM_LE(n);
    if (n < 1 || n > s->max_pairs) {
        return false;
    }
    s->used_pairs = n;
    nic_set_queues(s->nic, n);
    for (guint i = 0; i < n; i++) {
        nic_ready(s->nic, i);
    }
    return true;
}

static bool done(VirtioNet *s, bool filters)
{
    if (filters) {
        nic_filter_changed(s->nic);
    }
    return true;
}

static bool run_command(VirtioNet *s, const VirtqElement *e, const guint8 *command)
{
    static const struct {
        guint8 klass, feature;
        bool (*run)(VirtioNet *s, guint command, const VirtqElement *e);
        bool filters;
    } classes[] = {
        { CLASS_RX, VIRTIO_NET_F_CTRL_RX, set_mode, true },
        { CLASS_MAC, VIRTIO_NET_F_CTRL_VQ, set_mac, true },
        { CLASS_VLAN, VIRTIO_NET_F_CTRL_VLAN, set_vlan, true },
        { CLASS_MQ, VIRTIO_NET_F_MQ, set_pairs, false },
        { CLASS_OFFLOADS, VIRTIO_NET_F_CTRL_GUEST_OFFLOADS, set_offloads, false },
    };

    for (guint i = 0; i < G_N_ELEMENTS(classes); i++) {
        if (command[0] == classes[i].klass &&
            virtio_has_feature(&s->parent, classes[i].feature)) {
            return classes[i].run(s, command[1], e) && done(s, classes[i].filters);
        }
    }
    return false;
}

void virtio_net_handle_control(VirtioNet *s, VirtQueue *queue)
{
    VirtqElement *e;

    for (guint i = 0; i < COMMANDS_A_TURN || !virtio_yield(queue); i++) {
        guint8 answer, command[COMMAND_SIZE];

        e = virtqueue_pop(queue);
        if (!e) {
            return;
        }
        if (e->out_size < COMMAND_SIZE || e->in_size < sizeof(answer)) {
            virtqueue_unpop(queue, e);
            virtio_broken(&s->parent, "a control command without command or answer");
            return;
        }
        virtq_read(e, 0, command, sizeof(command));
        answer = run_command(s, e, command) ? VIRTIO_NET_OK : VIRTIO_NET_ERR;
        trace_virtio_net_control(s, command[0], command[1], answer == VIRTIO_NET_OK);
        virtqueue_push(queue, e, virtq_write(e, 0, &answer, sizeof(answer)));
        virtqueue_notify(queue);
    }
}
