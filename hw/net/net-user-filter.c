/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * disable-host-loopback, beyond what libslirp makes of it: libslirp keeps guests from the
 * host's loopback services by the address that the network has for the host, and connects
 * to any address outside the network as it is, those of loopback included.  No router
 * passes these on, so they are dropped here, before libslirp sees them.
 */
#include "config.h"
#include "hw/net/net-user.h"

#include <string.h>

#include "qmp/bytes.h"

enum {
    ETH_TYPE = 12, ETH_SIZE = 14, TYPE_IP4 = 0x0800, TYPE_IP6 = 0x86dd,
    IP4_TO = 16, IP4_SIZE = 20, IP6_TO = 24, IP6_SIZE = 40,
};

/* "This network" leads Linux to itself, as 127.0.0.0/8 does. */
static bool is_loopback4(const guint8 *addr)
{
    return addr[0] == 127 || addr[0] == 0;
}

/* ::, ::1, and IPv4's addresses in IPv6's dress. */
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
