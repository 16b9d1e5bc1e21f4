/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * e1000: Internet checksums (RFC 1071), and those of received frames: SDM section
 * 3.2.9, for TCP and UDP over IPv4.  Frames of any other kind, fragments and UDP
 * without checksum are left to the driver.
 */
#include "config.h"
#include "hw/net/e1000.h"

#include "qmp/bytes.h"

enum { ETHERTYPE = 12, HEADER = 14, ETHERTYPE_IPV4 = 0x0800, IP_TCP = 6, IP_UDP = 17,
       IP_HEADER_MIN = 20, IP_FRAGMENT = 0x3fff, TCP_HEADER_MIN = 20, UDP_HEADER = 8 };

guint32 e1000_sum(const guint8 *data, gsize n)
{
    guint32 sum = 0;

    for (gsize i = 0; i + 1 < n; i += 2) {
        sum += get_be16(data + i);
    }
    return sum + (n & 1 ? data[n - 1] << 8 : 0);
}

guint16 e1000_fold(guint32 sum)
{
    sum = (sum & 0xffff) + (sum >> 16);
    return (sum & 0xffff) + (sum >> 16);
}

/* ip is the header of a complete datagram of `length` bytes. */
static void check_transport(const guint8 *ip, guint length, guint8 *status, guint8 *errors)
{
    guint head = (ip[0] & 0xf) * 4, size = length - head;
    guint protocol = ip[9];
    const guint8 *segment = ip + head;
    guint32 pseudo = e1000_sum(ip + 12, 8) + protocol + size;

    if (get_be16(ip + 6) & IP_FRAGMENT ||
        !(protocol == IP_TCP ? size >= TCP_HEADER_MIN
                             : protocol == IP_UDP && size >= UDP_HEADER && get_be16(segment + 6))) {
        return;
    }
    *status |= RXD_TCPCS;
    if (e1000_fold(pseudo + e1000_sum(segment, size)) != 0xffff) {
        *errors |= RXD_TCPE;
    }
}

static void check_ipv4(const E1000 *s, const guint8 *ip, gsize size, guint8 *status,
                       guint8 *errors)
{
    guint head, length;

    if (size < IP_HEADER_MIN) {
        return;
    }
    head = (ip[0] & 0xf) * 4;
    length = get_be16(ip + 2);
    if (ip[0] >> 4 != 4 || head < IP_HEADER_MIN || length < head || length > size) {
        return;
    }
    if (s->rxcsum & RXCSUM_IPOFL) {
        *status |= RXD_IPCS;
        *errors |= e1000_fold(e1000_sum(ip, head)) != 0xffff ? RXD_IPE : 0;
    }
    if (s->rxcsum & RXCSUM_TUOFL) {
        check_transport(ip, length, status, errors);
    }
}

void e1000_check_sums(const E1000 *s, const guint8 *frame, gsize size, guint8 *ret_status,
                      guint8 *ret_errors)
{
    guint at = HEADER + (e1000_is_tagged(s, frame, size) ? E1000_TAG : 0);
    guint8 status = 0, errors = 0;

    if (size >= at && get_be16(frame + at - 2) == ETHERTYPE_IPV4) {
        check_ipv4(s, frame + at, size - at, &status, &errors);
    }
    *ret_status = status ? status : RXD_IXSM;
    *ret_errors = errors;
}
