/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The result of query-rx-filter for a virtio-net-device: the filter of
 * virtio-net-control.c in the form that clients know.
 */
#include "config.h"
#include "hw/virtio/virtio-net.h"
#include "qmp/qapi-types-builtin.h"
#include "qmp/qapi-types-net.h"

static RxState state(bool none, bool all)
{
    return none ? RX_STATE_NONE : all ? RX_STATE_ALL : RX_STATE_NORMAL;
}

static strList mac_table(const NetRxFilter *f, guint first, guint n)
{
    strList list = { .n = n, .items = g_new(char *, n) };

    for (guint i = 0; i < n; i++) {
        list.items[i] = nic_format_mac(f->macs[first + i]);
    }
    return list;
}

static intList vlan_table(const NetRxFilter *f)
{
    intList list = { .items = g_new(int64_t, VLANS) };

    for (guint vid = 0; vid < VLANS; vid++) {
        if (f->vlans[vid / 32] >> vid % 32 & 1) {
            list.items[list.n++] = vid;
        }
    }
    return list;
}

RxFilterInfo *virtio_net_rx_filter(void *opaque)
{
    const VirtioNet *s = opaque;
    const NetRxFilter *f = &s->filter;
    bool vlans = virtio_has_feature(&s->parent, VIRTIO_NET_F_CTRL_VLAN);
    RxFilterInfo *info = g_new0(RxFilterInfo, 1);

    info->promiscuous = f->promisc;
    info->multicast = state(f->nomulti, f->allmulti);
    info->unicast = state(f->nouni, f->alluni);
    info->vlan = state(false, !vlans);
    info->broadcast_allowed = !f->nobcast;
    info->multicast_overflow = f->multi_overflow;
    info->unicast_overflow = f->uni_overflow;
    info->main_mac = nic_format_mac(f->mac);
    info->unicast_table = mac_table(f, 0, f->n_uni);
    info->multicast_table = mac_table(f, f->n_uni, f->n_multi);
    if (vlans) {
        info->vlan_table = vlan_table(f);
    }
    return info;
}
