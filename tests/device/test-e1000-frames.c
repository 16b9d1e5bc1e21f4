/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * e1000: frames.  Rings, filters, tags, checksums, segmentation, statistics, delays,
 * and drivers that break the rules.
 */
#include "config.h"

#include <string.h>

#include "qom/guest-error.h"
#include "tests/lib/e1000-driver.h"

static const guint8 own[6] = { 0x52, 0x54, 0x00, 0x12, 0x34, 0x56 };
static const guint8 broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
static const guint8 group[6] = { 0x01, 0x00, 0x5e, 0x11, 0x22, 0x33 };
static const guint8 other[6] = { 0x52, 0x54, 0x00, 0x99, 0x99, 0x99 };

enum { ETH = 14, IP = 20, TCP = 20, UDP = 8 };

/* ---- Frames ---- */

static void make_frame(guint8 *frame, gsize size, const guint8 *to)
{
    for (gsize i = 0; i < size; i++) {
        frame[i] = i * 7;
    }
    memcpy(frame, to, 6);
    memcpy(frame + 6, other, 6);
    frame[12] = 0x88;
    frame[13] = 0xb5;
}

static void put16(guint8 *p, guint16 value)
{
    p[0] = value >> 8;
    p[1] = value;
}

static guint16 get16(const guint8 *p)
{
    return p[0] << 8 | p[1];
}

static guint32 get32(const guint8 *p)
{
    return (guint32)get16(p) << 16 | get16(p + 2);
}

static guint32 sum(const guint8 *p, gsize n)
{
    guint32 value = 0;

    for (gsize i = 0; i < n; i++) {
        value += i % 2 ? p[i] : p[i] << 8;
    }
    return value;
}

static guint16 fold(guint32 value)
{
    while (value >> 16) {
        value = (value & 0xffff) + (value >> 16);
    }
    return value;
}

static guint16 pseudo(const guint8 *ip, guint size)
{
    return fold(sum(ip + 12, 8) + ip[9] + size);
}

/* A datagram over IPv4 whose transport header is `head` long, all sums right. */
static void make_ipv4(guint8 *frame, gsize size, guint8 protocol, guint sum_at)
{
    guint8 *ip = frame + ETH, *segment = ip + IP;
    guint length = size - ETH - IP;

    make_frame(frame, size, own);
    put16(frame + 12, 0x0800);
    memset(ip, 0, IP);
    ip[0] = 0x45;
    put16(ip + 2, size - ETH);
    put16(ip + 4, 0x1000);
    ip[8] = 64;
    ip[9] = protocol;
    memcpy(ip + 12, "\x0a\x00\x02\x0f\x0a\x00\x02\x02", 8);
    put16(ip + 10, ~fold(sum(ip, IP)));
    put16(segment + sum_at, 0);
    put16(segment + sum_at, ~fold(pseudo(ip, length) + sum(segment, length)));
}

/* ---- Reception ---- */

static void test_receive(void)
{
    g_autoptr(E1000Bench) b = e1000_bench_new();
    E1000Driver *d = e1000_driver_new(b, NULL);
    guint8 frame[100], buf[4096];
    E1000Received r;

    e1000_driver_start(d, 0);
    e1000_driver_write(d, REG_IMS, ICR_RXT0);
    make_frame(frame, sizeof(frame), own);
    e1000_driver_net_send(d, frame, sizeof(frame));
    g_assert_true(e1000_driver_line(d));
    g_assert_true(e1000_driver_receive(d, &r, buf));
    g_assert_cmpuint(r.length, ==, sizeof(frame) + 4);
    g_assert_cmphex(r.status, ==, RXD_DD | RXD_EOP | RXD_IXSM);
    g_assert_cmphex(r.errors, ==, 0);
    g_assert_cmpmem(buf, sizeof(frame), frame, sizeof(frame));
    g_assert_cmphex(e1000_driver_read(d, REG_RDH), ==, 1);
    g_assert_cmphex(e1000_driver_read(d, REG_ICR) & ICR_RXT0, ==, ICR_RXT0);
    g_assert_false(e1000_driver_line(d));
    /* Without check sequence, and filled up to the least size. */
    e1000_driver_write(d, REG_RCTL, RCTL_EN | RCTL_SECRC);
    e1000_driver_net_send(d, frame, 20);
    g_assert_true(e1000_driver_receive(d, &r, buf));
    g_assert_cmpuint(r.length, ==, 60);
    g_assert_cmpmem(buf, 20, frame, 20);
    g_assert_cmpuint(buf[59], ==, 0);
}

/* One frame in many descriptors of 256 bytes, and of 4096 with BSEX. */
static void test_buffer_sizes(void)
{
    static const struct {
        guint32 bits;
        guint pieces;
    } sizes[] = { { 0, 1 }, { 1 << RCTL_BSIZE_SHIFT, 2 }, { 2 << RCTL_BSIZE_SHIFT, 3 },
                  { 3 << RCTL_BSIZE_SHIFT, 6 }, { RCTL_BSEX | 3 << RCTL_BSIZE_SHIFT, 1 } };
    guint8 frame[1400], buf[4096];

    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autoptr(E1000Bench) b = e1000_bench_new();
        E1000Driver *d = e1000_driver_new(b, NULL);
        E1000Received r;
        gsize got = 0;

        e1000_driver_start(d, sizes[i].bits | RCTL_SECRC);
        make_frame(frame, sizeof(frame), own);
        e1000_driver_net_send(d, frame, sizeof(frame));
        for (guint n = 1; n <= sizes[i].pieces; n++) {
            g_assert_true(e1000_driver_receive(d, &r, buf + got));
            g_assert_cmphex(r.status & RXD_EOP, ==, n == sizes[i].pieces ? RXD_EOP : 0);
            got += r.length;
        }
        g_assert_cmpuint(got, ==, sizeof(frame));
        g_assert_cmpmem(buf, got, frame, sizeof(frame));
    }
}

static void test_long_frames(void)
{
    g_autoptr(E1000Bench) b = e1000_bench_new();
    E1000Driver *d = e1000_driver_new(b, NULL);
    guint8 frame[9000], buf[4096];
    E1000Received r;

    e1000_driver_start(d, RCTL_SECRC);
    make_frame(frame, sizeof(frame), own);
    e1000_driver_net_send(d, frame, 1519);
    g_assert_false(e1000_driver_receive(d, &r, buf));
    g_assert_cmpuint(e1000_driver_read(d, 0x40ac), ==, 1);      /* ROC */
    e1000_driver_net_send(d, frame, 1518);
    g_assert_true(e1000_driver_receive(d, &r, buf));
    e1000_driver_write(d, REG_RCTL, RCTL_EN | RCTL_LPE | RCTL_SECRC);
    e1000_driver_net_send(d, frame, sizeof(frame));
    for (guint i = 0; i < 5; i++) {
        g_assert_true(e1000_driver_receive(d, &r, buf));
    }
    g_assert_cmpuint(r.length, ==, sizeof(frame) - 4 * 2048);
}

/* Frames wait for descriptors, in order; those without hope do not. */
static void test_no_descriptors(void)
{
    g_autoptr(E1000Bench) b = e1000_bench_new();
    E1000Driver *d = e1000_driver_new(b, NULL);
    guint8 frame[60], buf[4096];
    E1000Received r;

    e1000_driver_start(d, 0);
    e1000_driver_write(d, REG_RDT, 2);
    make_frame(frame, sizeof(frame), own);
    for (guint i = 0; i < 10; i++) {
        frame[20] = i;
        e1000_driver_net_send(d, frame, sizeof(frame));
    }
    g_assert_cmphex(e1000_driver_read(d, REG_RDH), ==, 2);
    g_assert_cmphex(e1000_driver_read(d, REG_ICR) & (ICR_RXO | ICR_RXDMT0), ==,
                    ICR_RXO | ICR_RXDMT0);
    g_assert_cmpuint(e1000_driver_read(d, 0x40a0), ==, 1);      /* RNBC */
    e1000_driver_write(d, REG_RDT, 15);
    for (guint i = 0; i < 10; i++) {
        g_assert_true(e1000_driver_receive(d, &r, buf));
        g_assert_cmpuint(buf[20], ==, i);
    }
    /* A ring that could never hold it. */
    e1000_driver_write(d, REG_RCTL, 0);
    e1000_driver_write(d, REG_RDLEN, 0);
    e1000_driver_write(d, REG_RCTL, RCTL_EN);
    e1000_driver_net_send(d, frame, sizeof(frame));
    e1000_driver_write(d, REG_RDLEN, 16 * 16);
    g_assert_false(e1000_driver_receive(d, &r, buf));
}

static bool passes(E1000Driver *d, const guint8 *to, guint8 *ret_status)
{
    guint8 frame[64];
    E1000Received r = { 0 };
    bool passed;

    make_frame(frame, sizeof(frame), to);
    e1000_driver_net_send(d, frame, sizeof(frame));
    passed = e1000_driver_receive(d, &r, NULL);
    *ret_status = r.status;
    return passed;
}

static void test_filters(void)
{
    g_autoptr(E1000Bench) b = e1000_bench_new();
    E1000Driver *d = e1000_driver_new(b, NULL);
    guint hash = (group[4] | group[5] << 8) >> 4 & 0xfff;
    guint8 status;

    e1000_driver_start(d, 0);
    g_assert_true(passes(d, own, &status));
    g_assert_cmphex(status & RXD_PIF, ==, 0);
    g_assert_false(passes(d, broadcast, &status));
    g_assert_false(passes(d, other, &status));
    g_assert_false(passes(d, group, &status));
    e1000_driver_write(d, REG_RCTL, RCTL_EN | RCTL_BAM);
    g_assert_true(passes(d, broadcast, &status));
    g_assert_cmphex(status & RXD_PIF, ==, 0);
    e1000_driver_write(d, REG_RCTL, RCTL_EN | RCTL_UPE);
    g_assert_true(passes(d, other, &status));
    g_assert_cmphex(status & RXD_PIF, ==, RXD_PIF);
    g_assert_false(passes(d, group, &status));
    e1000_driver_write(d, REG_RCTL, RCTL_EN | RCTL_MPE);
    g_assert_true(passes(d, group, &status));
    /* By the table, whose bits the last offset chooses otherwise. */
    e1000_driver_write(d, REG_RCTL, RCTL_EN);
    e1000_driver_write(d, REG_MTA + hash / 32 * 4, 1u << hash % 32);
    g_assert_true(passes(d, group, &status));
    g_assert_cmphex(status & RXD_PIF, ==, RXD_PIF);
    e1000_driver_write(d, REG_RCTL, RCTL_EN | 3 << RCTL_MO_SHIFT);
    g_assert_false(passes(d, group, &status));
    /* A further address, as destination and as source. */
    e1000_driver_write(d, REG_RAL0 + 8, 0x99005452);
    e1000_driver_write(d, REG_RAL0 + 12, 0x9999);
    g_assert_false(passes(d, other, &status));
    e1000_driver_write(d, REG_RAL0 + 12, RAH_AV | 0x9999);
    g_assert_true(passes(d, other, &status));
    g_assert_false(passes(d, broadcast, &status));
    e1000_driver_write(d, REG_RAL0 + 12, RAH_AV | 1 << RAH_AS_SHIFT | 0x9999);
    g_assert_true(passes(d, broadcast, &status));
    /* Off. */
    e1000_driver_write(d, REG_RCTL, RCTL_UPE | RCTL_MPE);
    g_assert_false(passes(d, own, &status));
}

/* Tags: filtered by VFTA and CFI, stripped with CTRL.VME. */
static void test_vlans(void)
{
    g_autoptr(E1000Bench) b = e1000_bench_new();
    E1000Driver *d = e1000_driver_new(b, NULL);
    guint8 frame[68], buf[4096];
    E1000Received r;

    make_frame(frame, sizeof(frame), own);
    put16(frame + 12, 0x8100);
    put16(frame + 14, 0xa123);
    put16(frame + 16, 0x88b5);
    e1000_driver_start(d, RCTL_VFE | RCTL_SECRC);
    e1000_driver_net_send(d, frame, sizeof(frame));
    g_assert_false(e1000_driver_receive(d, &r, buf));
    e1000_driver_write(d, REG_VFTA + 0x123 / 32 * 4, 1u << 0x123 % 32);
    e1000_driver_net_send(d, frame, sizeof(frame));
    g_assert_true(e1000_driver_receive(d, &r, buf));
    g_assert_cmphex(r.status & RXD_VP, ==, 0);
    g_assert_cmpmem(buf, r.length, frame, sizeof(frame));
    e1000_driver_write(d, REG_CTRL, CTRL_VME);
    e1000_driver_net_send(d, frame, sizeof(frame));
    g_assert_true(e1000_driver_receive(d, &r, buf));
    g_assert_cmphex(r.status & RXD_VP, ==, RXD_VP);
    g_assert_cmphex(r.special, ==, 0xa123);
    g_assert_cmpuint(r.length, ==, sizeof(frame) - 4);
    g_assert_cmpmem(buf, 12, frame, 12);
    g_assert_cmpmem(buf + 12, r.length - 12, frame + 16, sizeof(frame) - 16);
    e1000_driver_write(d, REG_RCTL, RCTL_EN | RCTL_VFE | RCTL_CFIEN | RCTL_CFI);
    e1000_driver_net_send(d, frame, sizeof(frame));
    g_assert_false(e1000_driver_receive(d, &r, buf));
}

static void check_sums(E1000Driver *d, const guint8 *frame, gsize size, guint8 status,
                       guint8 errors)
{
    E1000Received r;

    e1000_driver_net_send(d, frame, size);
    g_assert_true(e1000_driver_receive(d, &r, NULL));
    g_assert_cmphex(r.status & (RXD_IXSM | RXD_IPCS | RXD_TCPCS), ==, status);
    g_assert_cmphex(r.errors, ==, errors);
    g_assert_cmphex(r.checksum, ==, (guint16)~fold(sum(frame + ETH, size - ETH)));
}

static void test_receive_checksums(void)
{
    g_autoptr(E1000Bench) b = e1000_bench_new();
    E1000Driver *d = e1000_driver_new(b, NULL);
    guint8 frame[201];

    e1000_driver_start(d, 0);
    e1000_driver_write(d, REG_RXCSUM, RXCSUM_IPOFL | RXCSUM_TUOFL | ETH);
    make_ipv4(frame, sizeof(frame), 6, 16);
    check_sums(d, frame, sizeof(frame), RXD_IPCS | RXD_TCPCS, 0);
    frame[100] ^= 1;
    check_sums(d, frame, sizeof(frame), RXD_IPCS | RXD_TCPCS, RXD_TCPE);
    make_ipv4(frame, sizeof(frame), 17, 6);
    check_sums(d, frame, sizeof(frame), RXD_IPCS | RXD_TCPCS, 0);
    frame[ETH + 8] ^= 1;                                        /* time to live */
    check_sums(d, frame, sizeof(frame), RXD_IPCS | RXD_TCPCS, RXD_IPE);
    make_ipv4(frame, sizeof(frame), 17, 6);
    put16(frame + ETH + IP + 6, 0);                             /* no UDP checksum */
    check_sums(d, frame, sizeof(frame), RXD_IPCS, 0);
    make_ipv4(frame, sizeof(frame), 1, 2);                      /* ICMP */
    check_sums(d, frame, sizeof(frame), RXD_IPCS, 0);
    put16(frame + ETH + 2, sizeof(frame));                      /* longer than it is */
    check_sums(d, frame, sizeof(frame), RXD_IXSM, 0);
    e1000_driver_write(d, REG_RXCSUM, ETH);
    make_ipv4(frame, sizeof(frame), 6, 16);
    check_sums(d, frame, sizeof(frame), RXD_IXSM, 0);
}

/* ---- Transmission ---- */

static void test_send(void)
{
    g_autoptr(E1000Bench) b = e1000_bench_new();
    E1000Driver *d = e1000_driver_new(b, NULL);
    guint8 frame[200], buf[4096];
    guint64 first, second;

    e1000_driver_start(d, 0);
    e1000_driver_write(d, REG_IMS, ICR_TXDW);
    make_frame(frame, sizeof(frame), other);
    first = e1000_driver_send(d, frame, sizeof(frame), TXD_RS);
    g_assert_cmpint(e1000_driver_net_receive(d, buf, sizeof(buf)), ==, sizeof(frame));
    g_assert_cmpmem(buf, sizeof(frame), frame, sizeof(frame));
    g_assert_true(e1000_driver_done(d, first));
    g_assert_true(e1000_driver_line(d));
    g_assert_cmphex(e1000_driver_read(d, REG_ICR), ==, ICR_TXDW | ICR_TXQE);
    g_assert_cmphex(e1000_driver_read(d, REG_TDH), ==, 1);
    /* In two pieces, without status, padded. */
    e1000_driver_write(d, REG_TCTL, TCTL_EN | TCTL_PSP);
    first = e1000_bench_alloc(b, sizeof(frame));
    memcpy(e1000_bench_ptr(b, first), frame, sizeof(frame));
    second = e1000_driver_add(d, first, 10, 0, false);
    e1000_driver_add(d, first + 10, TXD_EOP | 20, 0, true);
    g_assert_cmpint(e1000_driver_net_receive(d, buf, sizeof(buf)), ==, 60);
    g_assert_cmpmem(buf, 30, frame, 30);
    g_assert_false(e1000_driver_done(d, second));
}

static void test_legacy_checksum_and_tag(void)
{
    g_autoptr(E1000Bench) b = e1000_bench_new();
    E1000Driver *d = e1000_driver_new(b, NULL);
    guint8 frame[101], buf[200];
    guint64 buffer;

    e1000_driver_start(d, 0);
    e1000_driver_write(d, REG_CTRL, CTRL_VME);
    make_ipv4(frame, sizeof(frame), 17, 6);
    buffer = e1000_bench_alloc(b, sizeof(frame));
    memcpy(e1000_bench_ptr(b, buffer), frame, sizeof(frame));
    put16((guint8 *)e1000_bench_ptr(b, buffer) + ETH + 10, 0);
    /* From the IP header to the end: not what IP wants, but what was asked for. */
    e1000_driver_add(d, buffer, TXD_EOP | TXD_IC | TXD_VLE | (ETH + 10) << TXD_CSO_SHIFT |
                                sizeof(frame), ETH << TXD_CSS_SHIFT | 0x6123u << 16, true);
    g_assert_cmpint(e1000_driver_net_receive(d, buf, sizeof(buf)), ==, sizeof(frame) + 4);
    g_assert_cmphex(get32(buf + 12), ==, 0x81006123);
    g_assert_cmphex(fold(sum(buf + ETH + 4, sizeof(frame) - ETH)), ==, 0xffff);
    /* Offsets beyond the frame change nothing. */
    e1000_driver_write(d, REG_CTRL, 0);
    memcpy(e1000_bench_ptr(b, buffer), frame, sizeof(frame));
    e1000_driver_add(d, buffer, TXD_EOP | TXD_IC | TXD_VLE | 0xffu << TXD_CSO_SHIFT |
                                sizeof(frame), 0xff << TXD_CSS_SHIFT, true);
    g_assert_cmpint(e1000_driver_net_receive(d, buf, sizeof(buf)), ==, sizeof(frame));
    g_assert_cmpmem(buf, sizeof(frame), frame, sizeof(frame));
}

/* A context for TCP or UDP over IPv4. */
static void add_context(E1000Driver *d, guint32 paylen, guint32 tucmd, guint8 hdrlen, guint16 mss,
                        guint sum_at)
{
    guint64 low = ETH | (ETH + 10) << 8 | (ETH + IP - 1) << 16;
    guint64 high = (ETH + IP) | (ETH + IP + sum_at) << 8;

    e1000_driver_add(d, low | high << 32, TXD_DEXT | tucmd | paylen,
                     hdrlen << TXD_HDRLEN_SHIFT | (guint32)mss << 16, false);
}

static void check_datagram(const guint8 *frame, gsize size)
{
    const guint8 *ip = frame + ETH;
    guint length = size - ETH - IP;

    g_assert_cmpuint(get16(ip + 2), ==, size - ETH);
    g_assert_cmphex(fold(sum(ip, IP)), ==, 0xffff);
    g_assert_cmphex(fold(pseudo(ip, length) + sum(ip + IP, length)), ==, 0xffff);
}

/* Checksums by a context; the driver leaves the pseudo header's in the field. */
static void test_checksums(void)
{
    g_autoptr(E1000Bench) b = e1000_bench_new();
    E1000Driver *d = e1000_driver_new(b, NULL);
    guint8 frame[333], buf[400], *p;
    guint64 buffer = e1000_bench_alloc(b, sizeof(frame));

    e1000_driver_start(d, 0);
    make_ipv4(frame, sizeof(frame), 17, 6);
    p = memcpy(e1000_bench_ptr(b, buffer), frame, sizeof(frame));
    put16(p + ETH + 10, 0);
    put16(p + ETH + IP + 6, pseudo(p + ETH, sizeof(frame) - ETH - IP));
    add_context(d, 0, TXD_TUCMD_IP, 0, 0, 6);
    e1000_driver_add(d, buffer, TXD_DEXT | TXD_DTYP_DATA | TXD_EOP | sizeof(frame),
                     (TXD_POPTS_IXSM | TXD_POPTS_TXSM) << TXD_POPTS_SHIFT, true);
    g_assert_cmpint(e1000_driver_net_receive(d, buf, sizeof(buf)), ==, sizeof(frame));
    check_datagram(buf, sizeof(frame));
    g_assert_cmpmem(buf, sizeof(frame), frame, sizeof(frame));
}

/* 5000 bytes of TCP in segments of 1448: numbers, flags, lengths, sums. */
static void test_segmentation(void)
{
    enum { HEADER = ETH + IP + TCP, PAYLOAD = 5000, MSS = 1448 };
    g_autoptr(E1000Bench) b = e1000_bench_new();
    E1000Driver *d = e1000_driver_new(b, NULL);
    guint8 frame[HEADER + PAYLOAD], buf[2000], *p;
    guint64 buffer = e1000_bench_alloc(b, sizeof(frame));
    guint32 popts = (TXD_POPTS_IXSM | TXD_POPTS_TXSM) << TXD_POPTS_SHIFT, at = 0;
    guint32 lower = TXD_DEXT | TXD_DTYP_DATA | TXD_TSE;

    e1000_driver_start(d, 0);
    make_ipv4(frame, sizeof(frame), 6, 16);
    p = memcpy(e1000_bench_ptr(b, buffer), frame, sizeof(frame));
    put16(p + ETH + 2, 0);
    put16(p + ETH + 10, 0);
    p[ETH + IP + 13] = 0x19;                            /* ACK, PSH, FIN */
    put16(p + ETH + IP + 16, pseudo(p + ETH, 0));
    add_context(d, PAYLOAD, TXD_TUCMD_IP | TXD_TUCMD_TCP | TXD_TSE, HEADER, MSS, 16);
    e1000_driver_add(d, buffer, lower | HEADER, popts, false);
    e1000_driver_add(d, buffer + HEADER, lower | 3000, popts, false);
    e1000_driver_add(d, buffer + HEADER + 3000, lower | TXD_EOP | 2000, popts, true);
    for (guint i = 0; i < 4; i++) {
        guint n = MIN(MSS, PAYLOAD - at);

        g_assert_cmpint(e1000_driver_net_receive(d, buf, sizeof(buf)), ==, HEADER + n);
        check_datagram(buf, HEADER + n);
        g_assert_cmphex(get16(buf + ETH + 4), ==, 0x1000 + i);
        g_assert_cmphex(get32(buf + ETH + IP + 4), ==, get32(frame + ETH + IP + 4) + at);
        g_assert_cmphex(buf[ETH + IP + 13], ==, i < 3 ? 0x10 : 0x19);
        g_assert_cmpmem(buf + HEADER, n, frame + HEADER + at, n);
        at += n;
    }
    g_assert_cmpint(e1000_driver_net_receive(d, buf, sizeof(buf)), ==, -1);
    g_assert_cmpuint(e1000_driver_read(d, 0x40f8), ==, 1);      /* TSCTC */
}

static void test_segmentation_ipv6_udp(void)
{
    enum { IP6 = 40, HEADER = ETH + IP6 + UDP, PAYLOAD = 100, MSS = 60 };
    g_autoptr(E1000Bench) b = e1000_bench_new();
    E1000Driver *d = e1000_driver_new(b, NULL);
    guint8 frame[HEADER + PAYLOAD], buf[200];
    guint64 buffer = e1000_bench_alloc(b, sizeof(frame));
    guint64 context = ETH | (guint64)(ETH + IP6) << 32 | (guint64)(ETH + IP6 + 6) << 40;

    e1000_driver_start(d, 0);
    make_frame(frame, sizeof(frame), own);
    memcpy(e1000_bench_ptr(b, buffer), frame, sizeof(frame));
    e1000_driver_add(d, context, TXD_DEXT | TXD_TSE | PAYLOAD,
                     HEADER << TXD_HDRLEN_SHIFT | MSS << 16, false);
    e1000_driver_add(d, buffer, TXD_DEXT | TXD_DTYP_DATA | TXD_TSE | TXD_EOP | sizeof(frame), 0,
                     true);
    g_assert_cmpint(e1000_driver_net_receive(d, buf, sizeof(buf)), ==, HEADER + 60);
    g_assert_cmpuint(get16(buf + ETH + 4), ==, UDP + 60);
    g_assert_cmpuint(get16(buf + ETH + IP6 + 4), ==, UDP + 60);
    g_assert_cmpint(e1000_driver_net_receive(d, buf, sizeof(buf)), ==, HEADER + 40);
    g_assert_cmpuint(get16(buf + ETH + 4), ==, UDP + 40);
}

/* ---- Both ---- */

/* A network that takes nothing makes frames wait, over a stop of the machine too;
 * none is lost, none comes twice. */
static void test_full_network(void)
{
    g_autoptr(E1000Bench) b = e1000_bench_new();
    E1000Driver *d = e1000_driver_new(b, NULL);
    g_autoptr(GError) error = NULL;
    guint8 frame[60], buf[200];
    guint sent = 0, got = 0, pending;

    e1000_driver_start(d, 0);
    make_frame(frame, sizeof(frame), other);
    do {
        put16(frame + 20, sent++);
        e1000_driver_send(d, frame, sizeof(frame), 0);
        pending = (e1000_driver_read(d, REG_TDT) - e1000_driver_read(d, REG_TDH)) % 16;
    } while (sent < 10000 && pending < 10);
    g_assert_cmpuint(pending, ==, 10);
    machine_pause(b->rig->machine);
    e1000_bench_turn(b);
    machine_run(b->rig->machine, &error);
    while (e1000_driver_net_receive(d, buf, sizeof(buf)) > 0) {
        g_assert_cmpuint(get16(buf + 20), ==, got++);
    }
    g_assert_cmpuint(got, ==, sent);
    g_assert_cmpuint(e1000_driver_read(d, 0x40d4), ==, sent);   /* TPT */
    g_assert_cmphex(e1000_driver_read(d, REG_TDH), ==, e1000_driver_read(d, REG_TDT));
}

/* While the machine stands still, nothing reaches its memory. */
static void test_stopped(void)
{
    g_autoptr(E1000Bench) b = e1000_bench_new();
    E1000Driver *d = e1000_driver_new(b, NULL);
    g_autoptr(GError) error = NULL;
    guint8 frame[60], buf[4096];
    E1000Received r;

    e1000_driver_start(d, 0);
    machine_pause(b->rig->machine);
    make_frame(frame, sizeof(frame), own);
    e1000_driver_net_send(d, frame, sizeof(frame));
    e1000_driver_send(d, frame, sizeof(frame), 0);
    g_assert_cmpint(e1000_driver_net_receive(d, buf, sizeof(buf)), ==, -1);
    g_assert_cmphex(e1000_driver_read(d, REG_RDH), ==, 0);
    machine_run(b->rig->machine, &error);
    g_assert_true(e1000_driver_receive(d, &r, buf));
    g_assert_cmpint(e1000_driver_net_receive(d, buf, sizeof(buf)), ==, sizeof(frame));
}

static void test_loopback(void)
{
    g_autoptr(E1000Bench) b = e1000_bench_new();
    E1000Driver *d = e1000_driver_new(b, NULL);
    guint8 frame[60], buf[4096];
    E1000Received r;

    e1000_driver_start(d, RCTL_LBM & 1 << 6);
    make_frame(frame, sizeof(frame), own);
    e1000_driver_send(d, frame, sizeof(frame), 0);
    g_assert_true(e1000_driver_receive(d, &r, buf));
    g_assert_cmpmem(buf, sizeof(frame), frame, sizeof(frame));
    e1000_driver_write(d, REG_RCTL, RCTL_EN);
    e1000_driver_write_phy(d, PHY_CTRL, PHY_CTRL_LOOPBACK);
    e1000_driver_send(d, frame, sizeof(frame), 0);
    g_assert_true(e1000_driver_receive(d, &r, buf));
    g_assert_cmpint(e1000_driver_net_receive(d, buf, sizeof(buf)), ==, -1);
}

/* RDTR restarts with each frame, RADV does not; FPD ends both. */
static void test_receive_delays(void)
{
    g_autoptr(E1000Bench) b = e1000_bench_new();
    E1000Driver *d = e1000_driver_new(b, NULL);
    guint8 frame[60];

    e1000_driver_start(d, 0);
    e1000_driver_write(d, REG_IMS, ICR_RXT0);
    e1000_driver_write(d, REG_RDTR, 100);
    e1000_driver_write(d, REG_RADV, 150);
    make_frame(frame, sizeof(frame), own);
    e1000_driver_net_send(d, frame, sizeof(frame));
    e1000_bench_wait(b, 90 * 1024);
    g_assert_false(e1000_driver_line(d));
    e1000_driver_net_send(d, frame, sizeof(frame));
    e1000_bench_wait(b, 59 * 1024);
    g_assert_false(e1000_driver_line(d));
    e1000_bench_wait(b, 2 * 1024);
    g_assert_true(e1000_driver_line(d));
    e1000_driver_read(d, REG_ICR);
    e1000_driver_net_send(d, frame, sizeof(frame));
    e1000_driver_write(d, REG_RDTR, RDTR_FPD | 100);
    g_assert_true(e1000_driver_line(d));
}

static void test_transmit_delay(void)
{
    g_autoptr(E1000Bench) b = e1000_bench_new();
    E1000Driver *d = e1000_driver_new(b, NULL);
    guint8 frame[60];

    e1000_driver_start(d, 0);
    e1000_driver_write(d, REG_IMS, ICR_TXDW);
    e1000_driver_write(d, REG_TIDV, 100);
    make_frame(frame, sizeof(frame), other);
    e1000_driver_send(d, frame, sizeof(frame), TXD_RS | TXD_IDE);
    e1000_bench_wait(b, 99 * 1024);
    g_assert_false(e1000_driver_line(d));
    e1000_bench_wait(b, 2 * 1024);
    g_assert_true(e1000_driver_line(d));
    e1000_driver_read(d, REG_ICR);
    e1000_driver_send(d, frame, sizeof(frame), TXD_RS);
    g_assert_true(e1000_driver_line(d));
}

static void test_statistics(void)
{
    g_autoptr(E1000Bench) b = e1000_bench_new();
    E1000Driver *d = e1000_driver_new(b, NULL);
    guint8 frame[300];

    e1000_driver_start(d, RCTL_BAM | RCTL_MPE);
    make_frame(frame, sizeof(frame), broadcast);
    e1000_driver_net_send(d, frame, 60);
    e1000_driver_send(d, frame, 300, 0);
    make_frame(frame, sizeof(frame), group);
    e1000_driver_net_send(d, frame, 200);
    g_assert_cmpuint(e1000_driver_read(d, 0x40d0), ==, 2);      /* TPR */
    g_assert_cmpuint(e1000_driver_read(d, 0x40d0), ==, 0);
    g_assert_cmpuint(e1000_driver_read(d, 0x4074), ==, 2);      /* GPRC */
    g_assert_cmpuint(e1000_driver_read(d, 0x4078), ==, 1);      /* BPRC */
    g_assert_cmpuint(e1000_driver_read(d, 0x407c), ==, 1);      /* MPRC */
    g_assert_cmpuint(e1000_driver_read(d, 0x405c), ==, 1);      /* PRC64 */
    g_assert_cmpuint(e1000_driver_read(d, 0x4064), ==, 1);      /* PRC255 */
    g_assert_cmpuint(e1000_driver_read(d, 0x40c0), ==, 268);    /* TORL */
    g_assert_cmpuint(e1000_driver_read(d, 0x40c0), ==, 268);
    g_assert_cmpuint(e1000_driver_read(d, 0x40c4), ==, 0);      /* TORH, which clears */
    g_assert_cmpuint(e1000_driver_read(d, 0x40c0), ==, 0);
    g_assert_cmpuint(e1000_driver_read(d, 0x40d4), ==, 1);      /* TPT */
    g_assert_cmpuint(e1000_driver_read(d, 0x4090), ==, 304);    /* GOTCL */
    g_assert_cmpuint(e1000_driver_read(d, 0x40e4), ==, 1);      /* PTC511 */
    g_assert_cmpuint(e1000_driver_read(d, 0x40f4), ==, 1);      /* BPTC */
}

/* ---- Drivers that break the rules ---- */

static void test_bad_rings(void)
{
    g_autoptr(E1000Bench) b = e1000_bench_new();
    E1000Driver *d = e1000_driver_new(b, NULL);
    g_autofree char *last = NULL;
    guint8 frame[60], buf[100];

    e1000_driver_start(d, 0);
    make_frame(frame, sizeof(frame), own);
    e1000_driver_write(d, REG_RDH, 0xffff);             /* heads and tails beyond */
    e1000_driver_write(d, REG_TDT, 0x8000);
    e1000_driver_net_send(d, frame, sizeof(frame));
    e1000_driver_write(d, REG_TDH, 0xfff0);
    e1000_driver_write(d, REG_TDT, 3);
    e1000_bench_turn(b);
    g_assert_cmphex(e1000_driver_read(d, REG_TDH), ==, 0xfff0);
    e1000_driver_write(d, REG_TDBAH, 0xffffffff);       /* no memory */
    e1000_driver_write(d, REG_RDBAH, 0xffffffff);
    e1000_driver_write(d, REG_TDH, 0);
    e1000_driver_write(d, REG_RDH, 0);
    e1000_driver_write(d, REG_RDT, 15);
    e1000_driver_write(d, REG_TDT, 5);
    e1000_driver_net_send(d, frame, sizeof(frame));
    g_assert_cmphex(e1000_driver_read(d, REG_TDH), ==, 0);
    g_assert_cmpint(e1000_driver_net_receive(d, buf, sizeof(buf)), ==, -1);
    g_assert_cmpuint(device_guest_errors(d->dev, &last), >=, 2);        /* each way */
    g_assert_nonnull(last);
    e1000_driver_write(d, REG_CTRL, CTRL_RST);
    e1000_driver_start(d, 0);
    e1000_driver_send(d, frame, sizeof(frame), 0);
    g_assert_cmpint(e1000_driver_net_receive(d, buf, sizeof(buf)), ==, sizeof(frame));
}

/* Frames that are none: too long, of no bytes, from nowhere, segments of nothing. */
static void test_bad_frames(void)
{
    g_autoptr(E1000Bench) b = e1000_bench_new();
    E1000Driver *d = e1000_driver_new(b, NULL);
    guint64 buffer = e1000_bench_alloc(b, 1 << 20), last;
    guint32 data = TXD_DEXT | TXD_DTYP_DATA;
    guint8 buf[100], frame[60];

    e1000_driver_start(d, 0);
    e1000_driver_add(d, buffer, data | TXD_EOP | 16289, 0, false);
    e1000_driver_add(d, buffer, data | TXD_EOP | 0xfffff, 0, false);
    e1000_driver_add(d, buffer, data | TXD_EOP, 0, false);
    e1000_driver_add(d, 0xffffffff00000000, data | TXD_EOP | 60, 0, false);
    add_context(d, 1000, TXD_TSE, 255, 0, 0);
    e1000_driver_add(d, buffer, data | TXD_TSE | TXD_EOP | 1000, 0, false);
    last = e1000_driver_add(d, buffer, data | 0xf << 20 | TXD_EOP | TXD_RS | 60, 0, true);
    g_assert_true(e1000_driver_done(d, last));
    g_assert_cmpint(e1000_driver_net_receive(d, buf, sizeof(buf)), ==, -1);
    make_frame(frame, sizeof(frame), own);
    e1000_driver_send(d, frame, sizeof(frame), 0);
    g_assert_cmpint(e1000_driver_net_receive(d, buf, sizeof(buf)), ==, sizeof(frame));
}

/* A MiB in segments of one byte: the loop has its turn in between. */
static void test_long_work(void)
{
    g_autoptr(E1000Bench) b = e1000_bench_new();
    E1000Driver *d = e1000_driver_new(b, NULL);
    guint64 buffer = e1000_bench_alloc(b, 1 << 20);

    e1000_driver_start(d, 0);
    nic_set_link(nic_of(&d->dev->object), false);       /* frames are lost at once */
    add_context(d, TXD_LENGTH, TXD_TSE | TXD_TUCMD_TCP, 54, 1, 16);
    e1000_driver_add(d, buffer, TXD_DEXT | TXD_DTYP_DATA | TXD_TSE | TXD_EOP | TXD_LENGTH,
                     TXD_POPTS_TXSM << TXD_POPTS_SHIFT, false);
    e1000_driver_write(d, REG_TDT, 2);
    for (guint i = 0; i < 3; i++) {
        e1000_bench_turn_once(b);
        g_assert_cmphex(e1000_driver_read(d, REG_TDH), ==, 1);
        g_assert_cmpuint(e1000_driver_read(d, 0x40d4), <, 2000);    /* TPT */
    }
    e1000_driver_write(d, REG_CTRL, CTRL_RST);
    e1000_bench_turn(b);
    g_assert_cmphex(e1000_driver_read(d, REG_TDH), ==, 0);
}

/* Both ways at once on two cards, and no frame on the wrong one. */
static void test_two(void)
{
    g_autoptr(E1000Bench) b = e1000_bench_new();
    E1000Driver *cards[2] = { e1000_driver_new(b, NULL), e1000_driver_new(b, NULL) };
    guint8 frame[60], buf[4096];
    E1000Received r;

    for (guint i = 0; i < 2; i++) {
        e1000_driver_start(cards[i], RCTL_UPE);
    }
    make_frame(frame, sizeof(frame), other);
    for (guint i = 0; i < 2; i++) {
        frame[20] = i;
        e1000_driver_send(cards[i], frame, sizeof(frame), 0);
        e1000_driver_net_send(cards[i], frame, sizeof(frame));
    }
    for (guint i = 0; i < 2; i++) {
        g_assert_cmpint(e1000_driver_net_receive(cards[i], buf, sizeof(buf)), ==, sizeof(frame));
        g_assert_cmpuint(buf[20], ==, i);
        g_assert_true(e1000_driver_receive(cards[i], &r, buf));
        g_assert_cmpuint(buf[20], ==, i);
        g_assert_false(e1000_driver_receive(cards[i], &r, buf));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/e1000-frames/receive", test_receive);
    g_test_add_func("/e1000-frames/buffer-sizes", test_buffer_sizes);
    g_test_add_func("/e1000-frames/long-frames", test_long_frames);
    g_test_add_func("/e1000-frames/no-descriptors", test_no_descriptors);
    g_test_add_func("/e1000-frames/filters", test_filters);
    g_test_add_func("/e1000-frames/vlans", test_vlans);
    g_test_add_func("/e1000-frames/receive-checksums", test_receive_checksums);
    g_test_add_func("/e1000-frames/send", test_send);
    g_test_add_func("/e1000-frames/legacy", test_legacy_checksum_and_tag);
    g_test_add_func("/e1000-frames/checksums", test_checksums);
    g_test_add_func("/e1000-frames/segmentation", test_segmentation);
    g_test_add_func("/e1000-frames/segmentation-ipv6-udp", test_segmentation_ipv6_udp);
    g_test_add_func("/e1000-frames/full-network", test_full_network);
    g_test_add_func("/e1000-frames/stopped", test_stopped);
    g_test_add_func("/e1000-frames/loopback", test_loopback);
    g_test_add_func("/e1000-frames/receive-delays", test_receive_delays);
    g_test_add_func("/e1000-frames/transmit-delay", test_transmit_delay);
    g_test_add_func("/e1000-frames/statistics", test_statistics);
    g_test_add_func("/e1000-frames/bad-rings", test_bad_rings);
    g_test_add_func("/e1000-frames/bad-frames", test_bad_frames);
    g_test_add_func("/e1000-frames/long-work", test_long_work);
    g_test_add_func("/e1000-frames/two", test_two);
    return g_test_run();
}
