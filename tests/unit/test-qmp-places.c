/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who gets a place among a server's clients, and when it is free again: limits per
 * process and user, places that are kept, silence, and clients that are gone.
 */
#include "config.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "qmp/listen.h"
#include "tests/unit/test-qmp-server-rig.h"

#define NEGOTIATE "{\"execute\": \"qmp_capabilities\"}"
#define STATUS "{\"execute\": \"query-status\"}"
#define STATUS_IS "{\"return\": {\"status\": \"prelaunch\", \"running\": false}}"
#define LATER "{\"execute\": \"test-later\", \"arguments\": {\"name\": \"a\"}}"
#define EMPTY "{\"return\": {}}"

/* A rig that listens, at a path of its own. */
typedef struct {
    Rig *rig;
    char *dir, *path;
} Door;

static void open_door(Door *door, const QmpServerLimits *limits, QmpDialectId dialect)
{
    g_autoptr(GError) error = NULL;
    int fd;

    door->rig = rig_new(limits);
    door->dir = g_dir_make_tmp("vmd-places-XXXXXX", NULL);
    door->path = g_build_filename(door->dir, "s", NULL);
    fd = qmp_listen_unix(door->path, &error);
    g_assert_no_error(error);
    g_assert_true(qmp_server_listen(door->rig->server, fd, dialect, NULL));
}

static void close_door(Door *door)
{
    rig_free(door->rig);
    unlink(door->path);
    rmdir(door->dir);
    g_free(door->path);
    g_free(door->dir);
}

static int dial(const Door *door)
{
    struct sockaddr_un sun = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_strlcpy(sun.sun_path, door->path, sizeof(sun.sun_path));
    g_assert_cmpint(connect(fd, (struct sockaddr *)&sun, sizeof(sun)), ==, 0);
    return fd;
}

static Client *enter(const Door *door)
{
    Client *client = g_new0(Client, 1);

    client->rig = door->rig;
    client->fd = dial(door);
    g_assert_cmpint(fcntl(client->fd, F_SETFL, O_NONBLOCK), ==, 0);
    client->in = g_string_new(NULL);
    return client;
}

/* The first line is the greeting, or an error with this text; then the end. */
static void expect_first(Client *client, const char *refusal)
{
    g_autofree char *line = client_line(client);

    if (!refusal) {
        g_assert_true(g_str_has_prefix(line, "{\"QMP\": "));
        return;
    }
    g_assert_true(g_str_has_prefix(line, "{\"error\": {\"class\": \"GenericError\", \"desc\": "));
    g_assert_nonnull(strstr(line, refusal));
    client_expect_close(client);
}

static Client *try_to_enter(const Door *door, const char *refusal)
{
    Client *client = enter(door);

    expect_first(client, refusal);
    return client;
}

/* In a process of its own; never returns. */
static void be_visitor(const Door *door, guint n, uid_t uid, int tell)
{
    for (int fd = 3; fd < 1024; fd++) {         /* the parent's connections among them */
        if (fd != tell) {
            close(fd);
        }
    }
    if (uid != getuid() && setresuid(uid, uid, uid) < 0) {
        _exit(1);
    }
    for (guint i = 0; i < n; i++) {
        char first[8] = { 0 }, letter;
        ssize_t got = recv(dial(door), first, sizeof(first), MSG_WAITALL);

        letter = got < 8 ? 'X' : memcmp(first, "{\"QMP\": ", 8) ? 'E' : 'G';
        if (write(tell, &letter, 1) != 1) {
            _exit(1);
        }
    }
    pause();
    _exit(0);
}

/* Another process, of user uid, that connects n times and stays until it is ended.
 * What it sees is as expected: a letter for each, G for a greeting, E for an error. */
static pid_t visit(const Door *door, guint n, uid_t uid, const char *expect)
{
    g_autofree char *seen = g_strnfill(n, '?');
    int fds[2];
    pid_t pid;

    g_assert_cmpint(pipe(fds), ==, 0);
    pid = fork();
    if (pid == 0) {
        be_visitor(door, n, uid, fds[1]);
    }
    for (guint i = 0; i < n; i++) {
        gint64 end = g_get_monotonic_time() + 20 * G_USEC_PER_SEC;
        struct timeval no_time = { 0, 0 };
        fd_set set;

        do {
            g_assert_cmpint(g_get_monotonic_time(), <, end);
            rig_run(door->rig, 1);
            FD_ZERO(&set);
            FD_SET(fds[0], &set);
        } while (select(fds[0] + 1, &set, NULL, NULL, &no_time) == 0);
        g_assert_cmpint(read(fds[0], &seen[i], 1), ==, 1);
    }
    g_assert_cmpstr(seen, ==, expect);
    close(fds[0]);
    close(fds[1]);
    return pid;
}

static void end_visit(const Door *door, pid_t pid, guint sessions)
{
    kill(pid, SIGKILL);
    g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
    for (guint i = 0; i < 1000 && qmp_server_n_sessions(door->rig->server) != sessions; i++) {
        rig_run(door->rig, 1);
    }
    g_assert_cmpuint(qmp_server_n_sessions(door->rig->server), ==, sessions);
}

static void expect_log(const char *text)
{
    g_test_expect_message("vmd-qmp", G_LOG_LEVEL_MESSAGE, text);
}

/* ---- Limits ---- */

static void test_process(void)
{
    QmpServerLimits limits = qmp_server_default_limits;
    Client *clients[4];
    Door door;
    pid_t other;

    limits.max_of_process = 3;
    open_door(&door, &limits, QMP_DIALECT_QMP);
    for (guint i = 0; i < 3; i++) {
        clients[i] = try_to_enter(&door, NULL);
    }
    expect_log("turning pid * away: process *");
    for (guint i = 0; i < 10; i++) {            /* said once */
        client_free(try_to_enter(&door, "has 3 connections already"));
    }
    g_test_assert_expected_messages();
    expect_log("turning pid * away: process *");
    other = visit(&door, 4, getuid(), "GGGE");
    g_test_assert_expected_messages();
    end_visit(&door, other, 3);
    client_free(clients[1]);
    clients[1] = try_to_enter(&door, NULL);
    for (guint i = 0; i < 3; i++) {
        client_free(clients[i]);
    }
    close_door(&door);
}

/* Silent or not: who fills all places leaves the kept ones to others. */
static void test_kept(void)
{
    QmpServerLimits limits = qmp_server_default_limits;
    Client *clients[4];
    pid_t others[2];
    Door door;

    limits.max_sessions = 6;
    limits.kept = 2;
    open_door(&door, &limits, QMP_DIALECT_QMP);
    for (guint i = 0; i < G_N_ELEMENTS(clients); i++) {
        clients[i] = try_to_enter(&door, NULL);
    }
    expect_log("*there are 4 clients already; the remaining places are kept*");
    client_free(try_to_enter(&door, "kept for processes of root"));
    g_test_assert_expected_messages();
    expect_log("*there are 5 clients already; the remaining places are kept*");
    others[0] = visit(&door, 2, getuid(), "GE");
    others[1] = visit(&door, 1, getuid(), "G");
    g_test_assert_expected_messages();
    expect_log("*there are 6 clients already, which is the limit");
    end_visit(&door, visit(&door, 1, getuid(), "E"), 6);
    g_test_assert_expected_messages();
    end_visit(&door, others[0], 5);
    end_visit(&door, others[1], 4);
    for (guint i = 0; i < G_N_ELEMENTS(clients); i++) {
        client_free(clients[i]);
    }
    close_door(&door);
}

static void test_user(void)
{
    QmpServerLimits limits = qmp_server_default_limits;
    const uid_t nobody = 65534;
    pid_t stranger;
    Client *own;
    Door door;

    if (getuid() != 0) {
        g_test_skip("only root can be another user");
        return;
    }
    limits.max_sessions = 5;
    limits.max_of_user = 2;
    limits.kept = 2;
    open_door(&door, &limits, QMP_DIALECT_QMP);
    g_assert_cmpint(chmod(door.dir, 0777), ==, 0);
    g_assert_cmpint(chmod(door.path, 0777), ==, 0);
    expect_log("*user 65534 has 2 connections already*");
    stranger = visit(&door, 3, nobody, "GGE");
    g_test_assert_expected_messages();
    own = try_to_enter(&door, NULL);
    /* Nobody else's processes get what is kept. */
    expect_log("*kept for processes of root*");
    end_visit(&door, visit(&door, 1, nobody - 1, "E"), 3);
    g_test_assert_expected_messages();
    end_visit(&door, visit(&door, 1, 0, "G"), 3);
    end_visit(&door, stranger, 1);
    client_free(own);
    close_door(&door);
}

/* ---- Silence ---- */

static void test_silence(void)
{
    QmpServerLimits limits = qmp_server_default_limits;
    Client *silent, *babbling, *negotiated, *attached;
    Door door;

    limits.silence_ms = 100;
    open_door(&door, &limits, QMP_DIALECT_QMP);
    negotiated = try_to_enter(&door, NULL);
    client_call(negotiated, NEGOTIATE, EMPTY);
    attached = client_new(door.rig, QMP_DIALECT_QMP, NULL);
    silent = try_to_enter(&door, NULL);
    babbling = try_to_enter(&door, NULL);
    client_send(babbling, STATUS);
    g_free(client_line(babbling));
    expect_log("closing the connection of pid *: there was no capabilities negotiation *");
    expect_log("closing the connection of pid *: there was no capabilities negotiation *");
    expect_first(silent, "there was no capabilities negotiation within 100 ms");
    expect_first(babbling, "there was no capabilities negotiation within 100 ms");
    g_test_assert_expected_messages();
    rig_run(door.rig, 300);
    client_call(negotiated, STATUS, STATUS_IS);
    client_call(attached, NEGOTIATE, EMPTY);
    client_free(silent);
    client_free(babbling);
    client_free(negotiated);
    client_free(attached);
    close_door(&door);
}

static void test_silence_jsonrpc(void)
{
    QmpServerLimits limits = qmp_server_default_limits;
    Client *silent, *spoken;
    g_autofree char *line = NULL;
    Door door;

    limits.silence_ms = 100;
    open_door(&door, &limits, QMP_DIALECT_JSONRPC);
    spoken = enter(&door);
    client_call(spoken, "{\"jsonrpc\": \"2.0\", \"method\": \"query-status\", \"id\": 1}",
                "{\"jsonrpc\": \"2.0\", \"result\": {\"status\": \"prelaunch\", "
                "\"running\": false}, \"id\": 1}");
    silent = enter(&door);
    expect_log("closing the connection of pid *: no request came within 100 ms");
    line = client_line(silent);
    g_assert_true(g_str_has_prefix(line, "{\"jsonrpc\": \"2.0\", \"error\": {\"code\": "));
    g_assert_nonnull(strstr(line, "no request came within 100 ms"));
    g_assert_true(g_str_has_suffix(line, "\"id\": null}"));
    client_expect_close(silent);
    g_test_assert_expected_messages();
    rig_run(door.rig, 300);
    g_assert_cmpuint(qmp_server_n_sessions(door.rig->server), ==, 1);
    client_free(silent);
    client_free(spoken);
    close_door(&door);
}

/* ---- Clients that are gone ---- */

static guint left_after(const Door *door, guint ms)
{
    rig_run(door->rig, ms);
    return qmp_server_n_sessions(door->rig->server);
}

/* What a client waits for when it goes is no reason to keep its place. */
static void test_gone(void)
{
    static const char *const requests[] = {
        LATER,                                  /* nothing behind it */
        LATER STATUS STATUS,                    /* requests behind it */
        STATUS STATUS LATER,                    /* replies that are not read: a reset */
    };
    Door door;

    open_door(&door, NULL, QMP_DIALECT_QMP);
    for (guint i = 0; i < G_N_ELEMENTS(requests); i++) {
        Client *client = try_to_enter(&door, NULL);

        client_call(client, NEGOTIATE, EMPTY);
        client_send(client, requests[i]);
        g_assert_cmpuint(left_after(&door, 20), ==, 1);
        g_assert_cmpuint(door.rig->later.length, ==, 1);
        client_free(client);
        g_assert_cmpuint(left_after(&door, 20), ==, 0);
        rig_release(door.rig);
        g_assert_cmpuint(left_after(&door, 5), ==, 0);
    }
    close_door(&door);
}

/* With a full socket, too, and with `oob`, where requests wait in the daemon. */
static void test_gone_full(void)
{
    Door door;

    open_door(&door, NULL, QMP_DIALECT_QMP);
    for (guint i = 0; i < 2; i++) {
        Client *client = try_to_enter(&door, NULL);

        client_call(client, "{\"execute\": \"qmp_capabilities\", \"arguments\": "
                            "{\"enable\": [\"oob\"]}}", EMPTY);
        for (guint n = 0; n < 20; n++) {
            client_send(client, i ? LATER
                                  : "{\"execute\": \"test-text\", "
                                    "\"arguments\": {\"length\": 1000000}}");
        }
        g_assert_cmpuint(left_after(&door, 20), ==, 1);
        client_free(client);
        g_assert_cmpuint(left_after(&door, 50), ==, 0);
    }
    while (door.rig->later.length) {
        rig_release(door.rig);
    }
    close_door(&door);
}

/* Who has only said its last request gets its reply, however long that takes. */
static void test_half_closed(void)
{
    Client *client;
    Door door;

    open_door(&door, NULL, QMP_DIALECT_QMP);
    client = try_to_enter(&door, NULL);
    client_call(client, NEGOTIATE, EMPTY);
    client_send(client, LATER STATUS);
    shutdown(client->fd, SHUT_WR);
    g_assert_cmpuint(left_after(&door, 50), ==, 1);
    rig_release(door.rig);
    client_expect(client, "{\"return\": \"done\"}");
    client_expect(client, STATUS_IS);
    client_expect_close(client);
    client_free(client);
    close_door(&door);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qmp/places/process", test_process);
    g_test_add_func("/qmp/places/kept", test_kept);
    g_test_add_func("/qmp/places/user", test_user);
    g_test_add_func("/qmp/places/silence", test_silence);
    g_test_add_func("/qmp/places/silence-jsonrpc", test_silence_jsonrpc);
    g_test_add_func("/qmp/places/gone", test_gone);
    g_test_add_func("/qmp/places/gone-full", test_gone_full);
    g_test_add_func("/qmp/places/half-closed", test_half_closed);
    return g_test_run();
}
