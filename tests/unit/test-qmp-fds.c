/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptors of clients: counted, and closed without waiting.  The descriptor whose close()
 * waits is a TCP connection that lingers and whose peer reads nothing.
 */
#include "config.h"
#include "qmp/fds.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "qmp/error.h"

/* As in fds.c. */
enum { CLIENT_MAX = 256, TOTAL_MAX = 512 };

static int open_null(void)
{
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

    g_assert_cmpint(fd, >=, 0);
    return fd;
}

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

static void wait_room(QmpFds *fds, guint64 client, guint n)
{
    const gint64 deadline = g_get_monotonic_time() + 30 * G_TIME_SPAN_SECOND;

    while (qmp_fds_room(fds, client) != n) {
        g_assert_cmpint(g_get_monotonic_time(), <, deadline);
        g_usleep(1000);
    }
}

/* The end that cannot be closed before its peer. */
static int lingering_end(int *ret_peer)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    const struct linger linger = { .l_onoff = 1, .l_linger = 3600 };
    static const char bytes[65536];
    socklen_t length = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int end = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_assert_cmpint(bind(listener, (struct sockaddr *)&address, length), ==, 0);
    g_assert_cmpint(listen(listener, 1), ==, 0);
    g_assert_cmpint(getsockname(listener, (struct sockaddr *)&address, &length), ==, 0);
    g_assert_cmpint(connect(end, (struct sockaddr *)&address, length), ==, 0);
    *ret_peer = accept(listener, NULL, NULL);
    g_assert_cmpint(*ret_peer, >=, 0);
    close(listener);
    g_assert_cmpint(setsockopt(end, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)), ==, 0);
    while (send(end, bytes, sizeof(bytes), MSG_DONTWAIT) > 0) {
    }
    g_assert_cmpint(errno, ==, EAGAIN);
    return end;
}

/* Other descriptors of the same client wait for it, and count; those of others do not wait. */
static void test_waiting(void)
{
    g_autoptr(QmpFds) fds = qmp_fds_new();
    int peer;

    qmp_fd_close(qmp_fd_new(fds, 1, lingering_end(&peer)));
    for (guint i = 1; i < CLIENT_MAX; i++) {
        qmp_fd_close(qmp_fd_new(fds, 1, open_null()));
    }
    g_assert_cmpuint(qmp_fds_room(fds, 1), ==, 0);
    g_assert_cmpuint(qmp_fds_room(fds, 2), ==, TOTAL_MAX - CLIENT_MAX);
    qmp_fd_close(qmp_fd_new(fds, 2, open_null()));
    wait_room(fds, 2, CLIENT_MAX);
    g_assert_cmpuint(qmp_fds_room(fds, 1), ==, 0);
    close(peer);
    wait_room(fds, 1, CLIENT_MAX);
}

/* A descriptor that was in use counts again while it is closed, even beyond the limits. */
static void test_in_use(void)
{
    g_autoptr(QmpFds) fds = qmp_fds_new();
    g_autoptr(GError) error = NULL;
    QmpFd *used[2 * CLIENT_MAX];
    int peer, first = lingering_end(&peer);

    for (guint i = 0; i < G_N_ELEMENTS(used); i++) {
        used[i] = qmp_fd_new(fds, 1, i ? open_null() : first);
        qmp_fd_use(used[i]);
        g_assert_cmpint(qmp_fd_use(used[i]), ==, qmp_fd_get(used[i]));
    }
    g_assert_cmpuint(qmp_fds_room(fds, 1), ==, CLIENT_MAX);
    for (guint i = 0; i < G_N_ELEMENTS(used); i++) {
        qmp_fd_close(used[i]);
    }
    g_assert_cmpuint(qmp_fds_room(fds, 1), ==, 0);
    g_assert_cmpuint(qmp_fds_room(fds, 2), ==, 0);
    qmp_fds_set_error(fds, 2, &error);
    g_assert_true(qmp_error_is(error, ERROR_REASON_LIMIT_EXCEEDED));
    close(peer);
    wait_room(fds, 1, CLIENT_MAX);
}

/* A taken descriptor stays open; a pipe is closed immediately.  The account may be freed first. */
static void test_fate(void)
{
    QmpFds *fds = qmp_fds_new();
    QmpFd *taken = qmp_fd_new(fds, 1, open_null()), *pipe_end;
    int ends[2], fd;

    g_assert_cmpint(pipe2(ends, O_CLOEXEC), ==, 0);
    pipe_end = qmp_fd_new(fds, 1, ends[0]);
    g_assert_cmpuint(qmp_fds_room(fds, 1), ==, CLIENT_MAX - 2);
    qmp_fd_close(NULL);
    g_assert_cmpint(qmp_fd_get(NULL), ==, -1);
    fd = qmp_fd_take(taken);
    g_assert_true(is_open(fd));
    g_assert_cmpuint(qmp_fds_room(fds, 1), ==, CLIENT_MAX - 1);
    qmp_fds_free(fds);
    g_assert_cmpint(qmp_fd_get(pipe_end), ==, ends[0]);
    qmp_fd_close(pipe_end);
    g_assert_false(is_open(ends[0]));
    close(ends[1]);
    close(fd);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qmp-fds/waiting", test_waiting);
    g_test_add_func("/qmp-fds/in-use", test_in_use);
    g_test_add_func("/qmp-fds/fate", test_fate);
    return g_test_run();
}
