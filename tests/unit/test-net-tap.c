/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tap devices in a network namespace of the test's own; the host's side is a
 * packet socket on the device.
 */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "qmp/error.h"
#include "tests/unit/net-bench.h"

enum { ETHERTYPE = 0x88b5 };    /* for local experiments */

/* Sets flags of the device, and returns its index. */
static int bring_up(const char *name)
{
    struct ifreq request = { 0 };
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    g_strlcpy(request.ifr_name, name, IFNAMSIZ);
    request.ifr_flags = IFF_UP;
    g_assert_cmpint(ioctl(fd, SIOCSIFFLAGS, &request), ==, 0);
    g_assert_cmpint(ioctl(fd, SIOCGIFINDEX, &request), ==, 0);
    close(fd);
    return request.ifr_ifindex;
}

/* A packet socket on the device. */
static int packet_socket(const char *name)
{
    struct sockaddr_ll ll = { .sll_family = AF_PACKET, .sll_protocol = htons(ETHERTYPE),
                              .sll_ifindex = bring_up(name) };
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETHERTYPE));

    g_assert_cmpint(bind(fd, (struct sockaddr *)&ll, sizeof(ll)), ==, 0);
    return fd;
}

static void make_frame(guint8 frame[60], guint8 mark)
{
    memset(frame, 0, 60);
    memset(frame, 0xff, 6);
    frame[6] = 2;
    frame[12] = ETHERTYPE >> 8;
    frame[13] = ETHERTYPE & 0xff;
    frame[14] = mark;
}

/* The first frame with our type: hosts send others when a device comes up. */
static const guint8 *find_frame(const Card *card)
{
    for (guint i = 0; i < card->frames->len; i++) {
        const GByteArray *f = card->frames->pdata[i];

        if (f->len == 60 && (f->data[12] << 8 | f->data[13]) == ETHERTYPE) {
            return f->data;
        }
    }
    return NULL;
}

static void exchange(Bench *b, Card *card, int fd)
{
    guint8 frame[60], buf[100];

    make_frame(frame, 1);
    g_assert_true(card_send(card, frame, sizeof(frame)));
    g_assert_cmpint(recv(fd, buf, sizeof(buf), 0), ==, sizeof(frame));
    g_assert_cmpmem(buf, sizeof(frame), frame, sizeof(frame));
    make_frame(frame, 2);
    g_assert_cmpint(send(fd, frame, sizeof(frame), 0), ==, sizeof(frame));
    bench_until(b, find_frame(card));
    g_assert_cmpmem(find_frame(card), 60, frame, 60);
    card_clear(card);
}

static bool in_namespace(void)
{
    if (unshare(CLONE_NEWNET) < 0 || access("/dev/net/tun", R_OK | W_OK) < 0) {
        g_autofree char *why = g_strdup_printf("needs a network namespace and /dev/net/tun: %s",
                                               g_strerror(errno));

        g_test_skip(why);
        return false;
    }
    return true;
}

static void by_name(const char *more)
{
    g_autoptr(Bench) b = bench_new();
    NetBackend *net = bench_add(b, "{'type':'tap','id':'n','ifname':'vmdtest0'%s}", more);
    Card *card = card_new(b, net);
    int fd = packet_socket("vmdtest0");

    g_assert_true(net->has_vnet == !strstr(more, "vnet_hdr"));
    exchange(b, card, fd);
    card->room = 0;             /* frames wait for a card that is full */
    for (guint i = 0; i < 20; i++) {
        guint8 frame[60];

        make_frame(frame, 2);
        g_assert_cmpint(send(fd, frame, sizeof(frame), 0), ==, sizeof(frame));
        bench_turn(b, 1);
    }
    g_assert_null(find_frame(card));
    card_accept(card, 1000);
    bench_until(b, card->frames->len >= 20);
    close(fd);
    card_free(card);
}

static void test_name(void)
{
    if (in_namespace()) {
        by_name("");
        by_name(",'vnet_hdr':false");
        by_name(",'script':'no','downscript':'no','vhost':false,'sndbuf':100000");
    }
}

static int open_tap(const char *name, short flags)
{
    struct ifreq request = { .ifr_flags = flags };
    int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

    g_strlcpy(request.ifr_name, name, IFNAMSIZ);
    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(ioctl(fd, TUNSETIFF, &request), ==, 0);
    return fd;
}

static void test_fd(void)
{
    const char *format = "{'type':'tap','id':'n','fd':'fd0'%s}";
    g_autoptr(Bench) b = NULL;
    Card *card;
    int fd;

    if (!in_namespace()) {
        return;
    }
    b = bench_new();
    b->fds[0] = open_tap("vmdtest0", IFF_TAP | IFF_NO_PI);
    bench_refuse(b, ERROR_REASON_FILE_NOT_USABLE, format, ",'vnet_hdr':true");
    b->fds[0] = open_tap("vmdtest0", IFF_TUN | IFF_NO_PI);
    bench_refuse(b, ERROR_REASON_FILE_NOT_USABLE, format, "");
    b->fds[0] = open("/dev/null", O_RDWR | O_CLOEXEC);
    bench_refuse(b, ERROR_REASON_FILE_NOT_USABLE, format, "");
    b->fds[0] = open_tap("vmdtest0", IFF_TAP | IFF_NO_PI);
    card = card_new(b, bench_add(b, format, ",'vnet_hdr':false"));
    fd = packet_socket("vmdtest0");
    exchange(b, card, fd);
    close(fd);
    card_free(card);
}

/* The client that passed a descriptor may make it blocking, for the daemon as well. */
static void test_flags(void)
{
    g_autoptr(Bench) b = NULL;
    Card *card;
    int fd, shared;

    if (!in_namespace()) {
        return;
    }
    b = bench_new();
    b->fds[0] = open_tap("vmdtest0", IFF_TAP | IFF_NO_PI);
    shared = dup(b->fds[0]);
    card = card_new(b, bench_add(b, "{'type':'tap','id':'n','fd':'fd0'}"));
    g_assert_cmpint(fcntl(shared, F_SETFL, fcntl(shared, F_GETFL) & ~O_NONBLOCK), ==, 0);
    fd = packet_socket("vmdtest0");
    alarm(60);                  /* it reads until there is nothing more */
    exchange(b, card, fd);
    alarm(0);
    close(fd);
    close(shared);
    card_free(card);
}

/* The host is told which queues are in use. */
static void test_queues(void)
{
    g_autoptr(Bench) b = NULL;
    NetBackend *net;
    Card *card;
    int fd;

    if (!in_namespace()) {
        return;
    }
    b = bench_new();
    b->fds[0] = open_tap("vmdtest0", IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE | IFF_VNET_HDR);
    b->fds[1] = open_tap("vmdtest0", IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE | IFF_VNET_HDR);
    net = bench_add(b, "{'type':'tap','id':'n','fds':'fd0:fd1'}");
    g_assert_cmpuint(net->n_queues, ==, 2);
    card = card_new(b, net);
    fd = packet_socket("vmdtest0");
    for (guint n = 1; n <= 2; n++) {
        nic_lock(card->nic);
        nic_set_queues(card->nic, n);
        nic_unlock(card->nic);
        exchange(b, card, fd);
        g_assert_cmpuint(card->last_queue, <, n);
    }
    close(fd);
    card_free(card);
    object_destroy(&net->object);
    net = bench_add(b, "{'type':'tap','id':'n','ifname':'vmdtest1','queues':3}");
    g_assert_cmpuint(net->n_queues, ==, 3);
}

/* A frame whose checksum the host is to make, as the guest's header says. */
static void test_checksum(void)
{
    g_autoptr(Bench) b = NULL;
    const NetHdr hdr = { .flags = NET_HDR_NEEDS_CSUM, .csum_start = 34, .csum_offset = 6 };
    guint8 data[60], buf[100];
    const struct iovec iov = { data, sizeof(data) };
    const NetFrame frame = { .iov = &iov, .n_iov = 1, .size = sizeof(data), .hdr = &hdr };
    Card *card;
    int fd;

    if (!in_namespace()) {
        return;
    }
    b = bench_new();
    card = card_new(b, bench_add(b, "{'type':'tap','id':'n','ifname':'vmdtest0'}"));
    fd = packet_socket("vmdtest0");
    nic_lock(card->nic);
    nic_set_offloads(card->nic, NET_OFFLOAD_CSUM | NET_OFFLOAD_TSO4 | NET_OFFLOAD_TSO6);
    make_frame(data, 7);
    g_assert_cmpuint(nic_send(card->nic, 0, &frame, 1), ==, 1);
    nic_unlock(card->nic);
    g_assert_cmpint(recv(fd, buf, sizeof(buf), 0), ==, 60);
    g_assert_cmpuint(buf[14], ==, 7);
    close(fd);
    card_free(card);
}

static void test_refused(void)
{
    static const char *const unsupported[] = {
        "'script':'/etc/ifup'", "'downscript':'/etc/ifdown'", "'br':'br0'", "'helper':'/h'",
        "'vhostforce':true", "'poll-us':1",
    };
    g_autoptr(Bench) b = bench_new();

    for (guint i = 0; i < G_N_ELEMENTS(unsupported); i++) {
        bench_refuse(b, ERROR_REASON_NOT_SUPPORTED, "{'type':'tap','id':'n',%s}", unsupported[i]);
    }
    bench_refuse(b, ERROR_REASON_INVALID_VALUE, "{'type':'tap','id':'n','fd':'a','fds':'b'}");
    bench_refuse(b, ERROR_REASON_INVALID_VALUE, "{'type':'tap','id':'n','fd':'a','queues':2}");
    bench_refuse(b, ERROR_REASON_FD_NOT_FOUND, "{'type':'tap','id':'n','fds':'absent:x'}");
    bench_refuse(b, ERROR_REASON_FD_NOT_FOUND, "{'type':'tap','id':'n','vhostfd':'absent'}");
    bench_refuse(b, ERROR_REASON_INVALID_VALUE, "{'type':'tap','id':'n','vhostfds':'absent'}");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/net/tap/name", test_name);
    g_test_add_func("/net/tap/fd", test_fd);
    g_test_add_func("/net/tap/flags", test_flags);
    g_test_add_func("/net/tap/queues", test_queues);
    g_test_add_func("/net/tap/checksum", test_checksum);
    g_test_add_func("/net/tap/refused", test_refused);
    return g_test_run();
}
