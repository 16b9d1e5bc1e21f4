/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptors by name: each client's own, each closed once.
 */
#include "config.h"
#include "daemon/service/fd-table.h"

#include <fcntl.h>
#include <unistd.h>

#include "qmp/error.h"

/* As in fd-table.c. */
enum { CLIENT_MAX = 128, TOTAL_MAX = 256 };

/* A pipe, which is closed immediately. */
static int new_fd(void)
{
    int ends[2];

    g_assert_cmpint(pipe2(ends, O_CLOEXEC), ==, 0);
    close(ends[1]);
    return ends[0];
}

static QmpFd *passed(guint64 client, int fd)
{
    g_autoptr(QmpFds) fds = qmp_fds_new();

    return qmp_fd_new(fds, client, fd);
}

/* Takes the descriptor of that name; -1: there is none. */
static int take(FdTable *table, guint64 client, const char *name, GError **error)
{
    QmpFd *fd = fd_table_take(table, client, name, error);

    return fd ? qmp_fd_take(fd) : -1;
}

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

static void put(FdTable *table, guint64 client, const char *name, int fd)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(fd_table_put(table, client, name, passed(client, fd), &error));
    g_assert_no_error(error);
}

static void test_names(void)
{
    g_autoptr(FdTable) table = fd_table_new();
    g_autoptr(GError) error = NULL;
    int a = new_fd(), b = new_fd();

    put(table, 1, "x", a);
    put(table, 2, "x", b);
    g_assert_true(fd_table_has(table, 1, "x"));
    g_assert_false(fd_table_has(table, 3, "x"));
    g_assert_cmpint(take(table, 2, "x", &error), ==, b);
    g_assert_cmpint(take(table, 1, "x", &error), ==, a);
    g_assert_no_error(error);
    g_assert_cmpint(take(table, 1, "x", &error), ==, -1);
    g_assert_true(qmp_error_is(error, ERROR_REASON_FD_NOT_FOUND));
    close(a);
    close(b);
}

/* Descriptors that are replaced, forgotten or left over are closed; taken ones are not. */
static void test_closing(void)
{
    FdTable *table = fd_table_new();
    int first = new_fd(), second = new_fd(), taken = new_fd(), other = new_fd();

    put(table, 1, "x", first);
    put(table, 1, "x", second);
    g_assert_false(is_open(first));
    g_assert_true(is_open(second));
    put(table, 1, "y", taken);
    g_assert_cmpint(take(table, 1, "y", NULL), ==, taken);
    put(table, 2, "x", other);
    fd_table_forget(table, 1);
    fd_table_forget(table, 1);
    g_assert_false(is_open(second));
    g_assert_true(is_open(taken));
    g_assert_true(is_open(other));
    fd_table_free(table);
    g_assert_false(is_open(other));
    close(taken);
}

static void fill(FdTable *table, guint64 client, guint n)
{
    for (guint i = 0; i < n; i++) {
        g_autofree char *name = g_strdup_printf("fd%u", i);

        put(table, client, name, new_fd());
    }
}

/* A refused descriptor is closed; a name that exists already needs no room; a client that
 * disconnects makes room. */
static void test_limits(void)
{
    g_autoptr(FdTable) table = fd_table_new();
    g_autoptr(GError) error = NULL;
    int fd = new_fd();

    fill(table, 1, CLIENT_MAX);
    g_assert_false(fd_table_put(table, 1, "more", passed(1, fd), &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_LIMIT_EXCEEDED));
    g_assert_false(is_open(fd));
    put(table, 1, "fd0", new_fd());
    fill(table, 2, TOTAL_MAX - CLIENT_MAX);
    g_assert_false(fd_table_put(table, 3, "x", passed(3, new_fd()), NULL));
    close(take(table, 2, "fd0", NULL));
    put(table, 3, "x", new_fd());
    g_assert_false(fd_table_put(table, 3, "y", passed(3, new_fd()), NULL));
    fd_table_forget(table, 1);
    fill(table, 4, CLIENT_MAX);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fd-table/names", test_names);
    g_test_add_func("/fd-table/closing", test_closing);
    g_test_add_func("/fd-table/limits", test_limits);
    return g_test_run();
}
