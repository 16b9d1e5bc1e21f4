/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/chardev/char-socket.c and the addresses behind it: servers, clients,
 * reconnection, what happens to socket nodes, and options that are refused.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "hw/chardev/char-fd.h"
#include "qmp/error.h"
#include "qmp/qapi-types-socket.h"
#include "tests/unit/char-bench.h"

/* ---- Addresses ---- */

static SocketAddressLegacy *unix_address(const char *path)
{
    SocketAddressLegacy *addr = g_new0(SocketAddressLegacy, 1);

    addr->type = SOCKET_ADDRESS_TYPE_UNIX;
    addr->u.q_unix.data = g_new0(UnixSocketAddress, 1);
    addr->u.q_unix.data->path = g_strdup(path);
    return addr;
}

static SocketAddressLegacy *inet_address(const char *host, const char *port)
{
    SocketAddressLegacy *addr = g_new0(SocketAddressLegacy, 1);

    addr->type = SOCKET_ADDRESS_TYPE_INET;
    addr->u.inet.data = g_new0(InetSocketAddress, 1);
    addr->u.inet.data->host = g_strdup(host);
    addr->u.inet.data->port = g_strdup(port);
    return addr;
}

static SocketAddressLegacy *fd_address(const char *name)
{
    SocketAddressLegacy *addr = g_new0(SocketAddressLegacy, 1);

    addr->type = SOCKET_ADDRESS_TYPE_FD;
    addr->u.fd.data = g_new0(String, 1);
    addr->u.fd.data->str = g_strdup(name);
    return addr;
}

static ChardevBackend *socket_backend(SocketAddressLegacy *addr, bool server)
{
    ChardevBackend *backend = backend_new(CHARDEV_BACKEND_KIND_SOCKET);

    backend->u.socket.data->addr = addr;
    backend->u.socket.data->has_server = true;
    backend->u.socket.data->server = server;
    return backend;
}

static Chardev *add(Bench *b, const char *id, SocketAddressLegacy *addr, bool server)
{
    g_autoptr(GError) error = NULL;
    Chardev *chr = bench_add(b, id, socket_backend(addr, server), &error);

    g_assert_no_error(error);
    return chr;
}

static void refuse(Bench *b, ChardevBackend *backend, ErrorReason reason)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(bench_add(b, "refused", backend, &error));
    g_assert_cmpint(qmp_error_reason(error), ==, reason);
}

/* ---- The other side ---- */

static int dial(const char *path)
{
    struct sockaddr_un sun = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

    g_strlcpy(sun.sun_path, path, sizeof(sun.sun_path));
    g_assert_cmpint(connect(fd, (struct sockaddr *)&sun, sizeof(sun)), ==, 0);
    return fd;
}

static int listen_on(const char *path)
{
    struct sockaddr_un sun = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

    g_strlcpy(sun.sun_path, path, sizeof(sun.sun_path));
    g_assert_cmpint(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), ==, 0);
    g_assert_cmpint(listen(fd, 1), ==, 0);
    return fd;
}

static int dial_port(guint port)
{
    struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(port),
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    g_assert_cmpint(connect(fd, (struct sockaddr *)&sin, sizeof(sin)), ==, 0);
    return fd;
}

static bool has(int fd, const char *expect)
{
    char buf[100];
    ssize_t n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);

    return n == (ssize_t)strlen(expect) && memcmp(buf, expect, n) == 0;
}

static void put(int fd, const char *text)
{
    g_assert_cmpint(send(fd, text, strlen(text), 0), ==, strlen(text));
}

static bool exists(const char *path)
{
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

/* ---- Servers ---- */

static void test_server(void)
{
    g_autoptr(Bench) b = bench_new();
    g_autofree char *path = bench_path(b, "s");
    g_autofree char *up = g_strdup_printf("unix:%s,server=on", path);
    g_autofree char *down = g_strconcat("disconnected:", up, NULL);
    Chardev *chr = add(b, "s0", unix_address(path), true);
    int fd, next;

    assert_filename(chr, down);
    bench_attach(b, chr);
    g_assert_cmpuint(bench_write(b, chr, "lost"), ==, 4);
    g_assert_cmpuint(chr->dropped, ==, 4);
    fd = dial(path);
    bench_until(b, chr->connected);
    assert_filename(chr, up);
    put(fd, "to guest");
    bench_until(b, b->received->len == 8);
    bench_write(b, chr, "to host");
    g_assert_true(has(fd, "to host"));

    next = dial(path);                          /* waits for its turn */
    put(next, "next");
    g_assert_cmpuint(bench_wakeups(b, 50), <=, 2);
    g_assert_cmpuint(b->received->len, ==, 8);
    close(fd);
    bench_until(b, b->received->len == 12);
    g_assert_cmpstr(b->received->str, ==, "to guestnext");
    g_assert_cmpstr(b->events->str, ==, "OCO");
    close(next);
    bench_until(b, !chr->connected);
    assert_filename(chr, down);
    bench_remove(b, chr);
    g_assert_false(exists(path));
}

/* A socket without a listener does not block its path; one with a listener, or
 * another file, does. */
static void test_stale_node(void)
{
    g_autoptr(Bench) b = bench_new();
    g_autofree char *path = bench_path(b, "s"), *file = bench_path(b, "f");
    struct sockaddr_un sun = { .sun_family = AF_UNIX };
    int fd = listen_on(path), waiting[10];
    Chardev *chr;

    g_strlcpy(sun.sun_path, path, sizeof(sun.sun_path));
    refuse(b, socket_backend(unix_address(path), true), ERROR_REASON_ADDRESS_IN_USE);
    g_assert_true(exists(path));
    for (guint i = 0; i < G_N_ELEMENTS(waiting); i++) {
        waiting[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
        connect(waiting[i], (struct sockaddr *)&sun, sizeof(sun));
    }
    refuse(b, socket_backend(unix_address(path), true), ERROR_REASON_ADDRESS_IN_USE);
    g_assert_true(exists(path));                /* so busy that no other connection gets in */
    for (guint i = 0; i < G_N_ELEMENTS(waiting); i++) {
        close(waiting[i]);
    }
    close(fd);
    chr = add(b, "s0", unix_address(path), true);
    close(dial(path));
    g_assert_true(g_file_set_contents(file, "content", -1, NULL));
    refuse(b, socket_backend(unix_address(file), true), ERROR_REASON_ADDRESS_IN_USE);
    g_assert_true(g_file_test(file, G_FILE_TEST_IS_REGULAR));

    unlink(path);                               /* another process takes the name */
    fd = listen_on(path);
    bench_remove(b, chr);
    g_assert_true(exists(path));
    close(fd);
}

/* The port that the host chose is in the address then. */
static void test_tcp(void)
{
    g_autoptr(Bench) b = bench_new();
    Chardev *chr = add(b, "s0", inet_address("127.0.0.1", "0"), true);
    const char *port = char_backend(chr)->u.socket.data->addr->u.inet.data->port;
    g_autofree char *down = g_strdup_printf("disconnected:tcp:127.0.0.1:%s,server=on", port);
    g_autofree char *up = g_strdup_printf("tcp:127.0.0.1:%s,server=on <-> 127.0.0.1:", port);
    g_autofree char *name = NULL;
    int fd;

    g_assert_cmpint(atoi(port), >, 0);
    assert_filename(chr, down);
    fd = dial_port(atoi(port));
    bench_until(b, chr->connected);
    name = char_filename(chr);
    g_assert_true(g_str_has_prefix(name, up));
    bench_write(b, chr, "x");
    bench_until(b, has(fd, "x"));
    close(fd);
    bench_until(b, !chr->connected);
}

/* `to` tries the ports after one that is taken. */
static void test_port_range(void)
{
    g_autoptr(Bench) b = bench_new();
    Chardev *chr = add(b, "s0", inet_address("127.0.0.1", "0"), true);
    const char *port = char_backend(chr)->u.socket.data->addr->u.inet.data->port;
    SocketAddressLegacy *addr = inet_address("127.0.0.1", port);
    guint first = atoi(port), second;

    refuse(b, socket_backend(inet_address("127.0.0.1", port), true),
           ERROR_REASON_ADDRESS_IN_USE);
    addr->u.inet.data->has_to = true;
    addr->u.inet.data->to = MIN(first + 20, 65535);
    chr = add(b, "s1", addr, true);
    second = atoi(char_backend(chr)->u.socket.data->addr->u.inet.data->port);
    g_assert_cmpuint(second, >, first);
    g_assert_cmpuint(second, <=, first + 20);
}

static void on_connected(void *opaque, bool connected)
{
    *(int *)opaque = connected;
}

/* What chardev-add with `wait` waits for. */
static void test_when_connected(void)
{
    g_autoptr(Bench) b = bench_new();
    g_autofree char *path = bench_path(b, "s");
    Chardev *chr = add(b, "s0", unix_address(path), true);
    int told = -1, fd;

    char_when_connected(chr, on_connected, &told);
    bench_turn(b, 20);
    g_assert_cmpint(told, ==, -1);
    fd = dial(path);
    bench_until(b, told == 1);
    bench_remove(b, chr);
    close(fd);
    chr = add(b, "s0", unix_address(path), true);
    char_when_connected(chr, on_connected, &told);
    bench_remove(b, chr);
    g_assert_cmpint(told, ==, 0);
}

/* ---- Clients ---- */

static void test_client(void)
{
    g_autoptr(Bench) b = bench_new();
    g_autofree char *path = bench_path(b, "s");
    g_autofree char *name = g_strconcat("unix:", path, NULL);
    int listener = listen_on(path), fd;
    Chardev *chr = add(b, "c0", unix_address(path), false);

    bench_attach(b, chr);
    g_assert_cmpstr(b->events->str, ==, "O");
    assert_filename(chr, name);
    fd = accept(listener, NULL, NULL);
    bench_write(b, chr, "hello");
    g_assert_true(has(fd, "hello"));
    put(fd, "last words");
    close(fd);
    bench_until(b, !chr->connected);
    g_assert_cmpstr(b->received->str, ==, "last words");
    g_assert_cmpuint(bench_wakeups(b, 50), <=, 2);
    close(listener);
}

static void test_refused(void)
{
    g_autoptr(Bench) b = bench_new();
    g_autofree char *path = bench_path(b, "nobody");
    SocketAddressLegacy *both = inet_address("localhost", "1");

    refuse(b, socket_backend(unix_address(path), false), ERROR_REASON_HOST_ERROR);
    refuse(b, socket_backend(inet_address("127.0.0.1", "1"), false), ERROR_REASON_HOST_ERROR);
    refuse(b, socket_backend(inet_address("127.0.0.1", "no-such-port"), false),
           ERROR_REASON_HOST_ERROR);
    both->u.inet.data->has_ipv4 = both->u.inet.data->has_ipv6 = true;
    refuse(b, socket_backend(both, false), ERROR_REASON_INVALID_VALUE);
}

/* Tries again after each failure and each loss, and ends when it is removed. */
static void test_reconnect(void)
{
    g_autoptr(Bench) b = bench_new();
    g_autofree char *path = bench_path(b, "s");
    ChardevBackend *backend = socket_backend(unix_address(path), false);
    Chardev *chr;
    int listener, fd;

    backend->u.socket.data->has_reconnect = true;
    backend->u.socket.data->reconnect = 1;
    g_test_expect_message("vmd-hw", G_LOG_LEVEL_MESSAGE, "*trying again*");
    chr = bench_add(b, "c0", backend, NULL);
    g_assert_nonnull(chr);
    bench_attach(b, chr);
    bench_turn(b, 100);
    bench_turn(b, 100);
    g_assert_false(chr->connected);
    listener = listen_on(path);
    bench_until(b, chr->connected);
    g_test_assert_expected_messages();
    fd = accept(listener, NULL, NULL);
    close(fd);
    bench_until(b, !chr->connected);
    bench_until(b, chr->connected);
    g_assert_cmpstr(b->events->str, ==, "OCO");
    bench_remove(b, chr);
    close(listener);
}

/* An attempt that is under way when the chardev goes does no harm. */
static void test_reconnect_removed(void)
{
    g_autoptr(Bench) b = bench_new();
    g_autofree char *path = bench_path(b, "s");
    ChardevBackend *backend = socket_backend(unix_address(path), false);
    int listener = listen_on(path);
    Chardev *chr;

    backend->u.socket.data->has_reconnect = true;
    backend->u.socket.data->reconnect = 1;
    chr = bench_add(b, "c0", backend, NULL);
    bench_remove(b, chr);
    bench_until(b, bench_turn(b, 1000));
    close(listener);
}

/* ---- Descriptors ---- */

static void test_fd(void)
{
    g_autoptr(Bench) b = bench_new();
    g_autofree char *path = bench_path(b, "s");
    int pair[2], fd;
    Chardev *chr;

    b->passed_fd = listen_on(path);
    chr = add(b, "s0", fd_address("fd1"), true);
    assert_filename(chr, "disconnected:fd:fd1,server=on");
    fd = dial(path);
    bench_until(b, chr->connected);
    close(fd);
    bench_remove(b, chr);
    g_assert_true(exists(path));                /* we did not make it */

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), ==, 0);
    b->passed_fd = pair[0];
    chr = add(b, "c0", fd_address("fd1"), false);
    g_assert_true(chr->connected);
    bench_write(b, chr, "x");
    g_assert_true(has(pair[1], "x"));
    close(pair[1]);
    bench_remove(b, chr);
}

/* The client that passed a descriptor may make it blocking, for the daemon as well. */
static void test_fd_flags(void)
{
    g_autoptr(Bench) b = bench_new();
    int pair[2], shared;
    Chardev *chr;

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), ==, 0);
    shared = dup(pair[0]);
    b->passed_fd = pair[0];
    chr = add(b, "c0", fd_address("fd1"), false);
    b->room = 100;
    bench_attach(b, chr);
    g_assert_cmpint(fcntl(shared, F_SETFL, fcntl(shared, F_GETFL) & ~O_NONBLOCK), ==, 0);
    put(pair[1], "abc");
    alarm(60);                  /* it reads until there is nothing more */
    bench_until(b, b->received->len == 3);
    bench_turn(b, 20);
    alarm(0);
    close(shared);
    close(pair[1]);
    bench_remove(b, chr);
}

static void test_fd_refused(void)
{
    g_autoptr(Bench) b = bench_new();
    int pair[2];

    refuse(b, socket_backend(fd_address("fd1"), false), ERROR_REASON_FD_NOT_FOUND);
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), ==, 0);
    b->passed_fd = pair[0];
    refuse(b, socket_backend(fd_address("fd1"), true), ERROR_REASON_FILE_NOT_USABLE);
    g_assert_cmpint(fcntl(pair[0], F_GETFD), ==, -1);   /* closed with it */
    close(pair[1]);
    b->passed_fd = open("/dev/null", O_RDWR);
    refuse(b, socket_backend(fd_address("fd1"), false), ERROR_REASON_FILE_NOT_USABLE);
}

/* ---- Full frontends and options ---- */

/* A peer that goes while the frontend is full is noticed at once, and loses
 * nothing that it sent.  No busy loop meanwhile. */
static void test_full(void)
{
    g_autoptr(Bench) b = bench_new();
    g_autofree char *path = bench_path(b, "s");
    Chardev *chr = add(b, "s0", unix_address(path), true);
    int fd = dial(path);

    b->room = 0;
    bench_attach(b, chr);
    bench_until(b, chr->connected);
    close(fd);
    bench_until(b, !chr->connected);

    fd = dial(path);
    bench_until(b, chr->connected);
    put(fd, "last words");
    close(fd);
    bench_until(b, !chr->connected);
    g_assert_cmpuint(bench_wakeups(b, 100), <=, 3);
    b->room = 100;
    char_accept_input(chr);
    bench_until(b, b->received->len == 10);
    g_assert_cmpstr(b->received->str, ==, "last words");

    fd = dial(path);                            /* goes with our output unread: a reset */
    bench_until(b, chr->connected);
    b->room = 0;
    bench_write(b, chr, "unread");
    close(fd);
    bench_until(b, !chr->connected);
    g_assert_cmpuint(bench_wakeups(b, 50), <=, 2);
}

/* Peers that send bytes that the frontend does not take, and disconnect, block neither the
 * next peer nor the output.  Their bytes arrive in the order of the peers. */
static void succeed(SocketAddressLegacy *addr, int (*call)(Chardev *chr))
{
    g_autoptr(Bench) b = bench_new();
    Chardev *chr = add(b, "s0", addr, true);
    int fd;

    b->room = 0;
    bench_attach(b, chr);
    for (guint i = 0; i < 5; i++) {
        fd = call(chr);
        put(fd, "gone ");
        close(fd);
        bench_until(b, chr->connected);
        bench_until(b, !chr->connected);
    }
    fd = call(chr);
    put(fd, "here");
    bench_until(b, chr->connected);
    bench_write(b, chr, "output");
    bench_until(b, has(fd, "output"));
    g_assert_cmpuint(b->received->len, ==, 0);
    b->room = 3;
    char_accept_input(chr);
    bench_until(b, b->received->len == 3);
    b->room = 1000;
    char_accept_input(chr);
    bench_until(b, b->received->len == 29);
    g_assert_cmpstr(b->received->str, ==, "gone gone gone gone gone here");
    close(fd);
    bench_until(b, !chr->connected);
    bench_remove(b, chr);
}

static int call_unix(Chardev *chr)
{
    return dial(char_backend(chr)->u.socket.data->addr->u.q_unix.data->path);
}

static int call_tcp(Chardev *chr)
{
    return dial_port(atoi(char_backend(chr)->u.socket.data->addr->u.inet.data->port));
}

static void test_successors(void)
{
    g_autofree char *dir = loop_bench_make_directory();
    g_autofree char *path = g_build_filename(dir, "s", NULL);

    succeed(unix_address(path), call_unix);
    succeed(inet_address("127.0.0.1", "0"), call_tcp);
    loop_bench_remove_directory(dir);
}

/* What is kept of peers that are gone has a bound, and goes with the chardev. */
static void test_left_bound(void)
{
    g_autoptr(Bench) b = bench_new();
    g_autofree char *path = bench_path(b, "s");
    Chardev *chr = add(b, "s0", unix_address(path), true);
    char block[1000];
    gsize sent = 0;

    memset(block, 'x', sizeof(block));
    b->room = 0;
    bench_attach(b, chr);
    g_test_expect_message("vmd-hw", G_LOG_LEVEL_MESSAGE, "*sent more than*");
    for (guint i = 0; i < 4; i++) {
        int fd = dial(path);
        ssize_t n;

        while ((n = send(fd, block, sizeof(block), MSG_DONTWAIT)) > 0) {
            sent += n;
        }
        close(fd);
        bench_until(b, chr->connected);
        bench_until(b, !chr->connected);
    }
    g_test_assert_expected_messages();
    g_assert_cmpuint(sent, >, CHAR_FD_LEFT_MAX);
    b->room = 2 * CHAR_FD_LEFT_MAX;
    char_accept_input(chr);
    bench_until(b, b->received->len == CHAR_FD_LEFT_MAX);
    g_assert_cmpuint(bench_wakeups(b, 50), <=, 2);
    g_assert_cmpuint(b->received->len, ==, CHAR_FD_LEFT_MAX);
    b->room = 0;
    put(dial(path), "never taken");
    bench_until(b, chr->connected);
    bench_remove(b, chr);
}

/* Who sent something and does not want the answer has sent it all the same. */
static void test_broken_input(void)
{
    g_autoptr(Bench) b = bench_new();
    g_autofree char *path = bench_path(b, "s");
    Chardev *chr = add(b, "s0", unix_address(path), true);
    int fd = dial(path);

    b->room = 0;
    bench_attach(b, chr);
    bench_until(b, chr->connected);
    put(fd, "reboot");
    close(fd);
    bench_write(b, chr, "r");
    bench_until(b, !chr->connected);
    for (gsize i = 1; i <= 6; i++) {
        b->room = 1;
        char_accept_input(chr);
        bench_until(b, b->received->len == i);
    }
    g_assert_cmpstr(b->received->str, ==, "reboot");
}

/* Writing to a peer that is gone is found out without a signal. */
static void test_broken(void)
{
    g_autoptr(Bench) b = bench_new();
    g_autofree char *path = bench_path(b, "s");
    Chardev *chr = add(b, "s0", unix_address(path), true);
    int fd = dial(path);

    bench_until(b, chr->connected);
    close(fd);
    g_assert_cmpuint(bench_write(b, chr, "abc"), ==, 3);
    g_assert_cmpuint(chr->dropped, ==, 3);
    bench_until(b, !chr->connected);
}

static void test_options(void)
{
    g_autoptr(Bench) b = bench_new();
    g_autofree char *path = bench_path(b, "s");
    ChardevBackend *backend;

    backend = socket_backend(unix_address(path), true);
    backend->u.socket.data->has_reconnect = true;
    backend->u.socket.data->reconnect = 1;
    refuse(b, backend, ERROR_REASON_INVALID_VALUE);
    backend = socket_backend(unix_address(path), false);
    backend->u.socket.data->has_wait = backend->u.socket.data->wait = true;
    refuse(b, backend, ERROR_REASON_INVALID_VALUE);
    g_assert_false(exists(path));
}

/* Abstract names leave no node. */
static void test_abstract(void)
{
    g_autoptr(Bench) b = bench_new();
    SocketAddressLegacy *addr = unix_address(b->dir), *again = unix_address(b->dir);
    Chardev *server, *client;

    addr->u.q_unix.data->has_abstract = addr->u.q_unix.data->abstract = true;
    again->u.q_unix.data->has_abstract = again->u.q_unix.data->abstract = true;
    server = add(b, "s0", addr, true);
    client = add(b, "c0", again, false);
    bench_until(b, server->connected && client->connected);
    bench_attach(b, server);
    bench_write(b, client, "hi");
    bench_until(b, b->received->len == 2);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/chardev/socket/server", test_server);
    g_test_add_func("/chardev/socket/stale-node", test_stale_node);
    g_test_add_func("/chardev/socket/tcp", test_tcp);
    g_test_add_func("/chardev/socket/port-range", test_port_range);
    g_test_add_func("/chardev/socket/when-connected", test_when_connected);
    g_test_add_func("/chardev/socket/client", test_client);
    g_test_add_func("/chardev/socket/refused", test_refused);
    g_test_add_func("/chardev/socket/reconnect", test_reconnect);
    g_test_add_func("/chardev/socket/reconnect-removed", test_reconnect_removed);
    g_test_add_func("/chardev/socket/fd", test_fd);
    g_test_add_func("/chardev/socket/fd-flags", test_fd_flags);
    g_test_add_func("/chardev/socket/fd-refused", test_fd_refused);
    g_test_add_func("/chardev/socket/full", test_full);
    g_test_add_func("/chardev/socket/successors", test_successors);
    g_test_add_func("/chardev/socket/left-bound", test_left_bound);
    g_test_add_func("/chardev/socket/broken", test_broken);
    g_test_add_func("/chardev/socket/broken-input", test_broken_input);
    g_test_add_func("/chardev/socket/options", test_options);
    g_test_add_func("/chardev/socket/abstract", test_abstract);
    return g_test_run();
}
