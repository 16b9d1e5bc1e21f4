/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * systemd/notify.c, against a notification socket of the test's own.
 */
#include "config.h"

#include <event2/event.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "systemd/notify.h"

typedef struct {
    char *directory, *path;
    int fd;
    struct event_base *base;
} Fixture;

static void set_up(Fixture *f, const void *data)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    f->directory = g_dir_make_tmp("notify-XXXXXX", NULL);
    f->path = g_build_filename(f->directory, "notify", NULL);
    f->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    g_strlcpy(address.sun_path, f->path, sizeof(address.sun_path));
    g_assert_cmpint(bind(f->fd, (struct sockaddr *)&address, sizeof(address)), ==, 0);
    g_setenv("NOTIFY_SOCKET", f->path, TRUE);
    g_unsetenv("WATCHDOG_USEC");
    f->base = event_base_new();
}

static void tear_down(Fixture *f, const void *data)
{
    event_base_free(f->base);
    close(f->fd);
    g_unlink(f->path);
    g_rmdir(f->directory);
    g_free(f->path);
    g_free(f->directory);
}

/* The next message must be this; NULL: there is none. */
static void expect(const Fixture *f, const char *text)
{
    char buffer[1024] = "";
    ssize_t n = recv(f->fd, buffer, sizeof(buffer) - 1, 0);

    g_assert_cmpstr(n < 0 ? NULL : buffer, ==, text);
}

static void test_messages(Fixture *f, const void *data)
{
    g_autoptr(Notify) notify = notify_new(f->base, NULL, NULL);

    notify_status(notify, "prelaunch", 0);
    expect(f, NULL);
    notify_ready(notify, "prelaunch", 0);
    expect(f, "READY=1\nSTATUS=prelaunch, 0 vCPUs");
    notify_status(notify, "prelaunch", 0);
    expect(f, NULL);
    notify_status(notify, "running", 1);
    expect(f, "STATUS=running, 1 vCPU");
    notify_note(notify, "it rains");
    notify_status(notify, "running", 2);
    expect(f, "STATUS=running, 2 vCPUs; it rains");
    notify_extend_timeout(notify, 5000000);
    expect(f, "EXTEND_TIMEOUT_USEC=5000000");
    notify_stopping(notify, "host-signal");
    notify_stopping(notify, "host-signal");
    expect(f, "STOPPING=1\nSTATUS=ended: host-signal");
    expect(f, NULL);
    g_assert_cmpint(event_base_get_num_events(f->base, EVENT_BASE_COUNT_ADDED), ==, 0);
}

static void test_powering_down(Fixture *f, const void *data)
{
    g_autoptr(Notify) notify = notify_new(f->base, NULL, NULL);

    notify_powering_down(notify, 600);
    expect(f, "EXTEND_TIMEOUT_USEC=30000000");
    g_assert_cmpint(event_base_get_num_events(f->base, EVENT_BASE_COUNT_ADDED), ==, 1);
    notify_stopping(notify, "guest-shutdown");
    g_assert_cmpint(event_base_get_num_events(f->base, EVENT_BASE_COUNT_ADDED), ==, 0);
    expect(f, "STOPPING=1\nSTATUS=ended: guest-shutdown");
    notify_powering_down(notify, 600);
    expect(f, NULL);
}

static void test_watchdog(Fixture *f, const void *data)
{
    g_autoptr(Notify) notify = NULL;
    gint64 start = g_get_monotonic_time();

    g_setenv("WATCHDOG_USEC", "100000", TRUE);
    notify = notify_new(f->base, NULL, NULL);
    expect(f, NULL);
    for (int i = 1; i <= 3; i++) {
        event_base_loop(f->base, EVLOOP_ONCE);
        g_assert_cmpint(g_get_monotonic_time() - start, >=, i * 50000 - 10000);
        expect(f, "WATCHDOG=1");
    }
    g_clear_pointer(&notify, notify_free);
    g_assert_cmpint(event_base_get_num_events(f->base, EVENT_BASE_COUNT_ADDED), ==, 0);
}

static bool said_alive(void *opaque)
{
    return *(bool *)opaque;
}

/* Threads that hang are found, too. */
static void test_watchdog_not_alive(Fixture *f, const void *data)
{
    g_autoptr(Notify) notify = NULL;
    bool alive = false;

    g_setenv("WATCHDOG_USEC", "20000", TRUE);
    notify = notify_new(f->base, said_alive, &alive);
    g_test_expect_message("vmd-systemd", G_LOG_LEVEL_WARNING, "*hangs*");
    event_base_loop(f->base, EVLOOP_ONCE);
    g_test_assert_expected_messages();
    expect(f, NULL);
    alive = true;
    event_base_loop(f->base, EVLOOP_ONCE);
    expect(f, "WATCHDOG=1");
}

static void test_watchdog_of_another(Fixture *f, const void *data)
{
    g_autoptr(Notify) notify = NULL;

    g_setenv("WATCHDOG_USEC", "100000", TRUE);
    g_setenv("WATCHDOG_PID", "1", TRUE);
    notify = notify_new(f->base, NULL, NULL);
    g_unsetenv("WATCHDOG_PID");
    g_assert_cmpint(event_base_get_num_events(f->base, EVENT_BASE_COUNT_ADDED), ==, 0);
}

static void test_nobody_listens(Fixture *f, const void *data)
{
    g_autoptr(Notify) notify = NULL;

    g_unsetenv("NOTIFY_SOCKET");
    g_setenv("WATCHDOG_USEC", "100000", TRUE);
    notify = notify_new(f->base, NULL, NULL);
    notify_ready(notify, "prelaunch", 0);
    notify_status(notify, "running", 1);
    notify_stopping(notify, "host-signal");
    g_assert_cmpint(event_base_get_num_events(f->base, EVENT_BASE_COUNT_ADDED), ==, 0);
    expect(f, NULL);
    g_clear_pointer(&notify, notify_free);
    g_setenv("NOTIFY_SOCKET", "/no/such/socket", TRUE);
    notify = notify_new(f->base, NULL, NULL);
    notify_ready(notify, "prelaunch", 0);
    notify_free(NULL);
}

static void test_nonsense(Fixture *f, const void *data)
{
    g_autoptr(Notify) notify = NULL;

    g_setenv("WATCHDOG_USEC", "soon", TRUE);
    g_test_expect_message("vmd-systemd", G_LOG_LEVEL_WARNING, "WATCHDOG_USEC is 'soon'*");
    notify = notify_new(f->base, NULL, NULL);
    g_test_assert_expected_messages();
    g_assert_cmpint(event_base_get_num_events(f->base, EVENT_BASE_COUNT_ADDED), ==, 0);
    g_clear_pointer(&notify, notify_free);
    g_setenv("NOTIFY_SOCKET", "vsock:2:1234", TRUE);
    g_test_expect_message("vmd-systemd", G_LOG_LEVEL_WARNING, "NOTIFY_SOCKET is 'vsock:2:1234'*");
    notify = notify_new(f->base, NULL, NULL);
    g_test_assert_expected_messages();
    notify_ready(notify, "prelaunch", 0);
}

/* The watchdog must be fed then, too. */
static void test_no_descriptors(Fixture *f, const void *data)
{
    g_autoptr(Notify) notify = notify_new(f->base, NULL, NULL);
    struct rlimit old, none;

    g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &old), ==, 0);
    none = (struct rlimit){ .rlim_cur = 0, .rlim_max = old.rlim_max };
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &none), ==, 0);
    notify_ready(notify, "running", 1);
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &old), ==, 0);
    expect(f, "READY=1\nSTATUS=running, 1 vCPU");
}

static void test_abstract_socket(Fixture *f, const void *data)
{
    g_autofree char *name = g_strdup_printf("vmd-test-notify-%d", getpid());
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    g_autofree char *variable = g_strconcat("@", name, NULL);
    g_autoptr(Notify) notify = NULL;

    close(f->fd);
    f->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    memcpy(address.sun_path + 1, name, strlen(name));
    g_assert_cmpint(bind(f->fd, (struct sockaddr *)&address,
                         G_STRUCT_OFFSET(struct sockaddr_un, sun_path) + 1 + strlen(name)), ==, 0);
    g_setenv("NOTIFY_SOCKET", variable, TRUE);
    notify = notify_new(f->base, NULL, NULL);
    notify_ready(notify, "prelaunch", 0);
    expect(f, "READY=1\nSTATUS=prelaunch, 0 vCPUs");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, test) \
    g_test_add("/systemd/notify/" name, Fixture, NULL, set_up, test, tear_down)
    ADD("messages", test_messages);
    ADD("powering-down", test_powering_down);
    ADD("watchdog", test_watchdog);
    ADD("watchdog-not-alive", test_watchdog_not_alive);
    ADD("watchdog-of-another", test_watchdog_of_another);
    ADD("nobody-listens", test_nobody_listens);
    ADD("nonsense", test_nonsense);
    ADD("no-descriptors", test_no_descriptors);
    ADD("abstract-socket", test_abstract_socket);
    return g_test_run();
}
