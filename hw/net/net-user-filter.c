/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * disable-host-loopback, beyond libslirp's implementation: libslirp keeps guests from the
 * host's loopback services only through the network's address for the host, and connects
 * to any address outside the network unchanged, loopback addresses included.  No router
 * forwards these, so they are dropped here, before libslirp sees them.
 */
#include "config.h"
#include "hw/net/net-user.h"

#include <string.h>

#include "qmp/bytes.h"

enum {
    ETH_TYPE = 12, ETH_SIZE = 14, TYPE_IP4 = 0x0800, TYPE_IP6 = 0x86dd,
    IP4_TO = 16, IP4_SIZE = 20, IP6_TO = 24, IP6_SIZE = 40,
};

/* On Linux, "this network" leads to the host itself, like 127.0.0.0/8. */
static bool is_loopback4(const guint8 *addr)
{
    return addr[0] == 127 || addr[0] == 0;
}

/* ::, ::1, and IPv4-mapped addresses. */
static bool is_loopback6(const guint8 *addr)
{
    static const guint8 zeros[15], mapped[12] = { [10] = 0xff, [11] = 0xff };

    return (!memcmp(addr, zeros, 15) && addr[15] <= 1) ||
           (!memcmp(addr, mapped, 12) && is_loopback4(addr + 12));
}

bool user_filter_forbids(const NetdevUser *u, const guint8 *frame, gsize size)
{
    const guint8 *packet = frame + ETH_SIZE;

    if (!u->no_loopback || size < ETH_SIZE) {
        return false;
    }
    switch (get_be16(frame + ETH_TYPE)) {
    case TYPE_IP4:
        return size < ETH_SIZE + IP4_SIZE || is_loopback4(packet + IP4_TO);
    case TYPE_IP6:
        return size < ETH_SIZE + IP6_SIZE || is_loopback6(packet + IP6_TO);
    default:
        return false;
    }
}
