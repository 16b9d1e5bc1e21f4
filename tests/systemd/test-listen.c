/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * systemd/listen.c.  Passed descriptors begin at 3 and belong to one process,
 * so each case runs in a child, which sends back one line: "NAME:DIALECT ..."
 * or the error's message.
 */
#include "config.h"

#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "qmp/error.h"
#include "systemd/listen.h"

#define FIRST_FD 3
#define PIPE_FD 60              /* out of the way of passed descriptors */

static int unix_socket(const char *path, int type, bool listens)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, type, 0);

    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    g_assert_cmpint(bind(fd, (struct sockaddr *)&address, sizeof(address)), ==, 0);
    g_assert_cmpint(listens ? listen(fd, 1) : 0, ==, 0);
    return fd;
}

static int tcp_socket(const char *path)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    g_assert_cmpint(listen(fd, 1), ==, 0);
    return fd;
}

static int make_good(const char *path)
{
    return unix_socket(path, SOCK_STREAM, true);
}

static int make_idle(const char *path)
{
    return unix_socket(path, SOCK_STREAM, false);
}

static int make_datagram(const char *path)
{
    return unix_socket(path, SOCK_DGRAM, false);
}

static int make_file(const char *path)
{
    return open("/dev/null", O_RDWR);
}

typedef int (*Make)(const char *path);

static char *describe(void)
{
    g_autoptr(GArray) sockets = NULL;
    g_autoptr(GError) error = NULL;
    GString *text = g_string_new(NULL);

    if (!listen_take_sockets(&sockets, &error)) {
        g_string_printf(text, "%s [fd 3 %s]", error->message,
                        fcntl(FIRST_FD, F_GETFD) < 0 ? "closed" : "open");
        return g_string_free(text, FALSE);
    }
    for (guint i = 0; i < sockets->len; i++) {
        const ListenSocket *s = &g_array_index(sockets, ListenSocket, i);
        bool good = fcntl(s->fd, F_GETFD) == FD_CLOEXEC && fcntl(s->fd, F_GETFL) & O_NONBLOCK;

        g_string_append_printf(text, "%s:%s:%d%s ", s->name,
                               s->dialect == LISTEN_JSONRPC ? "jsonrpc" : "qmp", s->fd,
                               good ? "" : "!");
    }
    g_string_append(text, g_getenv("LISTEN_FDS") || g_getenv("LISTEN_FDNAMES") ? "set" : "unset");
    return g_string_free(text, FALSE);
}

static void child(const char *directory, const Make *makers, const char *names)
{
    g_autofree char *pid = g_strdup_printf("%d", getpid());
    g_autofree char *text = NULL;
    guint n;

    for (n = 0; makers[n]; n++) {
        g_autofree char *path = g_strdup_printf("%s/%u", directory, n);
        int fd = makers[n](path);

        if (fd != (int)(FIRST_FD + n)) {
            dup2(fd, FIRST_FD + n);
            close(fd);
        }
    }
    if (n) {
        g_autofree char *count = g_strdup_printf("%u", n);

        g_setenv("LISTEN_FDS", count, TRUE);
        g_setenv("LISTEN_PID", pid, TRUE);
    }
    if (names) {
        g_setenv("LISTEN_FDNAMES", names, TRUE);
    }
    text = describe();
    _exit(write(PIPE_FD, text, strlen(text)) < 0);
}

/* What listen_take_sockets() makes of the sockets in a fresh process. */
static char *take(const Make *makers, const char *names)
{
    g_autofree char *directory = g_dir_make_tmp("listen-XXXXXX", NULL);
    char buffer[1024];
    int fds[2], status;
    ssize_t n;
    pid_t pid;

    g_assert_cmpint(pipe(fds), ==, 0);
    pid = fork();
    if (pid == 0) {
        dup2(fds[1], PIPE_FD);
        for (int fd = FIRST_FD; fd < PIPE_FD; fd++) {
            close(fd);
        }
        child(directory, makers, names);
    }
    close(fds[1]);
    n = read(fds[0], buffer, sizeof(buffer));
    close(fds[0]);
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_cmpint(status, ==, 0);
    for (int i = 0; i < 3; i++) {
        g_autofree char *path = g_strdup_printf("%s/%d", directory, i);

        g_unlink(path);
    }
    g_rmdir(directory);
    return g_strndup(buffer, MAX(n, 0));
}

#define assert_take(names, expected, ...) do { \
    const Make makers[] = { __VA_ARGS__ __VA_OPT__(,) NULL }; \
    g_autofree char *text = take(makers, names); \
    g_assert_cmpstr(text, ==, expected); \
} while (0)

static void test_none(void)
{
    assert_take(NULL, "unset");
}

static void test_names(void)
{
    assert_take("qmp", "qmp:qmp:3 unset", make_good);
    assert_take("jsonrpc:qmp", "jsonrpc:jsonrpc:3 qmp:qmp:4 unset", make_good, make_good);
    assert_take("vmd@web.socket", "vmd@web.socket:qmp:3 unset", make_good);
    assert_take(NULL, "unknown:qmp:3 unset", make_good);
}

static void test_wrong_name(void)
{
    assert_take("qmp:qmp", "LISTEN_FDNAMES has 2 names for 1 passed sockets [fd 3 open]",
                make_good);
    assert_take("qmp:vnc",
                "passed socket 'vnc': the name is neither 'qmp' nor 'jsonrpc' [fd 3 closed]",
                make_good, make_good);
}

static void test_wrong_socket(void)
{
    assert_take("qmp:jsonrpc", "passed socket 'jsonrpc' is not a socket [fd 3 closed]", make_good,
                make_file);
    assert_take("qmp", "passed socket 'qmp' is not a Unix stream socket [fd 3 closed]",
                make_datagram);
    assert_take("qmp", "passed socket 'qmp' is not a Unix stream socket [fd 3 closed]", tcp_socket);
    assert_take("qmp", "passed socket 'qmp' does not listen (Accept=yes is not supported) "
                "[fd 3 closed]", make_idle);
}

/* A service manager would not say this. */
static void test_nonsense(void)
{
    static const char *const counts[] = { "", "0", "-1", "1x", " 1", "99999999999" };
    g_autofree char *pid = g_strdup_printf("%d", getpid());

    for (guint i = 0; i < G_N_ELEMENTS(counts); i++) {
        g_autofree char *message = g_strdup_printf("LISTEN_FDS is '%s'", counts[i]);
        g_autoptr(GArray) sockets = NULL;
        g_autoptr(GError) error = NULL;

        g_setenv("LISTEN_FDS", counts[i], TRUE);
        g_setenv("LISTEN_PID", pid, TRUE);
        g_assert_false(listen_take_sockets(&sockets, &error));
        g_assert_error(error, QMP_ERROR, ERROR_REASON_INVALID_VALUE);
        g_assert_cmpstr(error->message, ==, message);
        g_assert_null(g_getenv("LISTEN_FDS"));
    }
}

static void test_other_process(void)
{
    g_autoptr(GArray) sockets = NULL;
    g_autoptr(GError) error = NULL;

    g_setenv("LISTEN_FDS", "1", TRUE);
    g_setenv("LISTEN_PID", "1", TRUE);
    g_assert_true(listen_take_sockets(&sockets, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(sockets->len, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/systemd/listen/none", test_none);
    g_test_add_func("/systemd/listen/names", test_names);
    g_test_add_func("/systemd/listen/wrong-name", test_wrong_name);
    g_test_add_func("/systemd/listen/wrong-socket", test_wrong_socket);
    g_test_add_func("/systemd/listen/nonsense", test_nonsense);
    g_test_add_func("/systemd/listen/other-process", test_other_process);
    return g_test_run();
}
