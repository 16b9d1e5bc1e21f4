/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * e1000: filtering of received frames.  SDM section 3.2.1 (packet address
 * filtering), 13.4.22 (RCTL), 13.5 (tables).
 *
 * MAC control frames are filtered by their address like all others (PMCF has no
 * effect), but DPF drops pause frames.
 */
#include "config.h"
#include "hw/net/e1000.h"

#include <string.h>

#include "qmp/bytes.h"

enum { ETHERTYPE = 12, TCI = 14, TAGGED_HEADER = 18, MAC_CONTROL = 0x8808, CFI = 1 << 12,
       VID = 0xfff };

bool e1000_is_tagged(const E1000 *s, const guint8 *frame, gsize size)
{
    return size >= TAGGED_HEADER && get_be16(frame + ETHERTYPE) == s->vet;
}

/* 13.5.4 and the CFI bits of RCTL. */
static bool wants_vlan(const E1000 *s, const guint8 *frame)
{
    guint tci = get_be16(frame + TCI), vid = tci & VID;

    if (s->rctl & RCTL_CFIEN && !(tci & CFI) != !(s->rctl & RCTL_CFI)) {
        return false;
    }
    return s->vfta[vid / 32] >> vid % 32 & 1;
}

/* 13.5.2 and 13.5.3: entry n compares the destination, or the source. */
static bool matches_entry(const E1000 *s, guint n, const guint8 *frame)
{
    guint32 low = s->ra[2 * n], high = s->ra[2 * n + 1];
    const guint8 mac[6] = { low, low >> 8, low >> 16, low >> 24, high, high >> 8 };
    guint select = high >> RAH_AS_SHIFT & 3;

    return high & RAH_AV && select < 2 && memcmp(frame + 6 * select, mac, 6) == 0;
}

static bool matches_exactly(const E1000 *s, const guint8 *frame)
{
    for (guint n = 0; n < E1000_RA_WORDS / 2; n++) {
        if (matches_entry(s, n, frame)) {
            return true;
        }
    }
    return false;
}

/* 13.5.1: RCTL.MO chooses twelve of the last sixteen bits of the address. */
static bool in_multicast_table(const E1000 *s, const guint8 *frame)
{
    static const guint8 shifts[] = { 4, 3, 2, 0 };
    guint hash = (frame[4] | frame[5] << 8) >> shifts[s->rctl >> RCTL_MO_SHIFT & 3] & 0xfff;

    return s->mta[hash / 32] >> hash % 32 & 1;
}

static bool is_pause(const guint8 *frame)
{
    static const guint8 flow_control[6] = { 0x01, 0x80, 0xc2, 0x00, 0x00, 0x01 };

    return get_be16(frame + ETHERTYPE) == MAC_CONTROL && memcmp(frame, flow_control, 6) == 0;
}

E1000Match e1000_wants(const E1000 *s, const guint8 *frame, gsize size)
{
    static const guint8 broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

    if (s->rctl & RCTL_VFE && e1000_is_tagged(s, frame, size) && !wants_vlan(s, frame)) {
        return E1000_UNWANTED;
    }
    if (s->rctl & RCTL_DPF && is_pause(frame)) {
        return E1000_UNWANTED;
    }
    if (matches_exactly(s, frame) || (s->rctl & RCTL_BAM && memcmp(frame, broadcast, 6) == 0)) {
        return E1000_EXACT;
    }
    if (frame[0] & 1) {
        return s->rctl & RCTL_MPE || in_multicast_table(s, frame) ? E1000_INEXACT : E1000_UNWANTED;
    }
    return s->rctl & RCTL_UPE ? E1000_INEXACT : E1000_UNWANTED;
}
