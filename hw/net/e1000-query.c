/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * e1000: the result of query-rx-filter, and the event for its changes.  (QEMU's e1000
 * has neither.)  The multicast table consists of hashes, which do not reveal
 * addresses: if any bit is set, all groups count as wanted.
 */
#include "config.h"
#include "hw/net/e1000.h"

#include "qmp/qapi-types-net.h"

enum { VLANS = 4096, ENTRIES = E1000_RA_WORDS / 2 };

static void read_entry(const E1000 *s, guint n, guint8 mac[6])
{
    guint32 low = s->ra[2 * n], high = s->ra[2 * n + 1];

    for (guint i = 0; i < 6; i++) {
        mac[i] = i < 4 ? low >> 8 * i : high >> 8 * (i - 4);
    }
}

static bool has_groups(const E1000 *s)
{
    guint32 any = 0;

    for (guint i = 0; i < E1000_TABLE_WORDS; i++) {
        any |= s->mta[i];
    }
    return any;
}

/* The further addresses of RAL and RAH that are group addresses, or those that are not. */
static strList address_table(const E1000 *s, bool groups)
{
    strList list = { .items = g_new(char *, ENTRIES) };

    for (guint n = 1; n < ENTRIES; n++) {
        guint8 mac[6];

        read_entry(s, n, mac);
        if (s->ra[2 * n + 1] & RAH_AV && (mac[0] & 1) == groups) {
            list.items[list.n++] = nic_format_mac(mac);
        }
    }
    return list;
}

static intList vlan_table(const E1000 *s)
{
    intList list = { .items = g_new(int64_t, VLANS) };

    for (guint vid = 0; vid < VLANS; vid++) {
        if (s->vfta[vid / 32] >> vid % 32 & 1) {
            list.items[list.n++] = vid;
        }
    }
    return list;
}

static RxState state(const E1000 *s, bool all)
{
    return !(s->rctl & RCTL_EN) ? RX_STATE_NONE : all ? RX_STATE_ALL : RX_STATE_NORMAL;
}

static RxFilterInfo *describe(const E1000 *s)
{
    const guint32 all = RCTL_UPE | RCTL_MPE | RCTL_BAM;
    RxFilterInfo *info = g_new0(RxFilterInfo, 1);
    guint8 mac[6];

    read_entry(s, 0, mac);
    info->promiscuous = s->rctl & RCTL_EN && (s->rctl & all) == all && !(s->rctl & RCTL_VFE);
    info->multicast = state(s, s->rctl & RCTL_MPE);
    info->unicast = state(s, s->rctl & RCTL_UPE);
    info->vlan = state(s, !(s->rctl & RCTL_VFE));
    info->broadcast_allowed = s->rctl & RCTL_EN && s->rctl & RCTL_BAM;
    info->multicast_overflow = has_groups(s);
    info->main_mac = nic_format_mac(mac);
    info->unicast_table = address_table(s, false);
    info->multicast_table = address_table(s, true);
    if (s->rctl & RCTL_VFE) {
        info->vlan_table = vlan_table(s);
    }
    return info;
}

RxFilterInfo *e1000_rx_filter(void *opaque)
{
    E1000 *s = opaque;
    RxFilterInfo *info;

    g_mutex_lock(&s->mutex);
    info = describe(s);
    g_mutex_unlock(&s->mutex);
    return info;
}

void e1000_filter_changed(E1000 *s)
{
    s->filter_changed = true;
    e1000_kick(s);
}
