/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QMP over sockets: greeting, negotiation, order, errors, events, descriptors,
 * limits, many clients.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "qmp/error.h"
#include "qmp/listen.h"
#include "qmp/qapi-events.h"
#include "qmp/qapi-introspect.h"
#include "qmp/request.h"
#include "tests/unit/test-qmp-server-rig.h"

#define STATUS "{\"execute\": \"query-status\"}"
#define STATUS_IS "{\"return\": {\"status\": \"prelaunch\", \"running\": false}}"
#define EMPTY "{\"return\": {}}"
#define ERROR(class, desc) "{\"error\": {\"class\": \"" class "\", \"desc\": \"" desc "\"}}"

static void test_greeting(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);
    g_autofree char *expected = g_strconcat(
        "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 0, \"minor\": 2, \"major\": 7}, "
        "\"package\": \"vmd ", PACKAGE_VERSION, "\"}, "
        "\"capabilities\": [\"oob\", \"error-details\"]}}\r\n", NULL);
    char bytes[1024];
    int fds[2];
    ssize_t n;

    /* It is there at once and alone, although an event is waiting. */
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
    qmp_event_test_bare(rig->queue);
    qmp_server_attach(rig->server, fds[1], QMP_DIALECT_QMP, NULL);
    rig_run(rig, 5);
    n = recv(fds[0], bytes, sizeof(bytes), MSG_DONTWAIT);
    g_assert_cmpmem(bytes, n, expected, strlen(expected));
    close(fds[0]);
    rig_run(rig, 5);
    g_assert_cmpuint(qmp_server_n_sessions(rig->server), ==, 0);
}

static void test_negotiation(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);
    g_autoptr(Client) client = client_new(rig, QMP_DIALECT_QMP, NULL);
    static const char expecting[] =
        ERROR("CommandNotFound", "Expecting capabilities negotiation with 'qmp_capabilities'");

    client_call(client, STATUS, expecting);
    client_call(client, "{\"execute\": \"no-such\"}", expecting);
    client_call(client, "{\"execute\": \"qmp_capabilities\", \"arguments\": {\"enable\": [\"x\"]}}",
                ERROR("GenericError", "parameter 'enable[0]' does not take 'x'; "
                      "it takes 'oob', 'error-details'"));
    client_call(client, STATUS, expecting);
    qmp_event_test_bare(rig->queue);
    client_expect_silence(client);
    client_call(client, "{\"execute\": \"qmp_capabilities\"}", EMPTY);
    client_call(client, STATUS, STATUS_IS);
    client_call(client, "{\"execute\": \"qmp_capabilities\"}",
                ERROR("CommandNotFound",
                      "Capabilities negotiation is already complete, command ignored"));
    g_assert_cmpuint(rig->handled, ==, 1);
}

static void test_ids(void)
{
    static const char *const ids[] = {
        "1", "\"libvirt-1\"", "null", "[1, {\"a\": 18446744073709551615}]", "1.5", "-1",
        "true", "\"\xc3\xa4\\n\"",
    };
    g_autoptr(Rig) rig = rig_new(NULL);
    g_autoptr(Client) client = client_new(rig, QMP_DIALECT_QMP, "");

    for (guint i = 0; i < G_N_ELEMENTS(ids); i++) {
        g_autofree char *good = g_strdup_printf("{\"id\": %s, \"execute\": \"test-running\"}", ids[i]);
        g_autofree char *bad = g_strdup_printf("{\"execute\": 5, \"id\": %s}", ids[i]);
        g_autofree char *is_bad = g_strdup_printf("{\"error\": {\"class\": \"GenericError\", "
                "\"desc\": \"request: 'execute' must be a string\"}, \"id\": %s}", ids[i]);
        g_autofree char *is_good = g_strdup_printf("{\"return\": {}, \"id\": %s}", ids[i]);

        rig->state = RUN_STATE_PAUSED;
        client_call(client, good, is_good);
        client_call(client, bad, is_bad);
    }
}

static void test_bad_requests(void)
{
    static const struct {
        const char *request, *desc;
    } cases[] = {
        { "[]", "a request must be an object" },
        { "{}", "request: 'execute' is missing" },
        { "{\"execute\": \"query-status\", \"argument\": {}}",
          "request: the member 'argument' is unknown" },
        { "{\"execute\": \"query-status\", \"arguments\": []}",
          "request: 'arguments' must be an object" },
        { "{\"exec-oob\": \"test-release\"}", "request: the member 'exec-oob' is unknown" },
        { "{\"execute\": \"query-status\", \"arguments\": {\"x\": 1}}",
          "parameter 'x' is unknown" },
        { "{\"execute\": \"test-set-state\"}", "parameter 'state' is missing" },
        { "{\"execute\": \"test-running\"}", "command 'test-running' is not allowed in state "
          "'prelaunch', only in 'running', 'paused'" },
        { "foo\n", "JSON parse error at byte 1: the word 'foo' is not true, false or null" },
        { "1\n", "a request must be an object" },
        { "%p\n", "JSON parse error: unexpected '%'; a request begins with '{'" },
        { "{'execute': x}", "JSON parse error at byte 13: the word 'x' is not true, false or null" },
        { "{\"execute\": \"qu\xff", "JSON parse error at byte 16: unexpected byte 0xff in a "
          "string" },
    };
    g_autoptr(Rig) rig = rig_new(NULL);
    g_autoptr(Client) client = client_new(rig, QMP_DIALECT_QMP, "");

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *line = g_strdup_printf(
            "{\"error\": {\"class\": \"GenericError\", \"desc\": \"%s\"}}", cases[i].desc);

        client_call(client, cases[i].request, line);
    }
    client_call(client, "{\"execute\": \"foo\"}",
                ERROR("CommandNotFound", "The command foo has not been found"));
    client_call(client, "{\"execute\": \"test-fail\", \"arguments\": "
                        "{\"reason\": \"device-not-found\"}}",
                ERROR("DeviceNotFound", "failed as asked"));
    client_call(client, STATUS, STATUS_IS);
    g_assert_cmpuint(rig->handled, ==, 2);
}

static void test_details(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);
    g_autoptr(Client) client = client_new(rig, QMP_DIALECT_QMP, "\"error-details\"");

    client_call(client, "{\"execute\": \"test-add\", \"arguments\": {\"qom-type\": \"disk\", "
                        "\"size\": \"1G\"}}",
                "{\"error\": {\"class\": \"GenericError\", \"desc\": \"parameter 'size' must be "
                "a size in bytes, not a string\", \"reason\": \"invalid-type\", "
                "\"path\": \"size\"}}");
    client_call(client, "{\"execute\": \"foo\"}",
                "{\"error\": {\"class\": \"CommandNotFound\", \"desc\": \"The command foo has not "
                "been found\", \"reason\": \"command-not-found\"}}");
    client_call(client, "{\"execute\": \"test-plug\", \"arguments\": {\"qom-type\": \"disk\", "
                        "\"size\": \"1G\"}}", EMPTY);
}

/* Requests in any pieces and with any separators, replies in order. */
static void test_separators(void)
{
    static const char *const separators[] = { "", "\n", "\r\n", " ", "\r\n\r\n" };
    g_autoptr(Rig) rig = rig_new(NULL);
    g_autoptr(Client) client = client_new(rig, QMP_DIALECT_QMP, "");

    for (guint i = 0; i < G_N_ELEMENTS(separators); i++) {
        for (guint n = 0; n < 3; n++) {
            g_autofree char *request = g_strdup_printf(
                "{\"execute\": \"query-status\", \"id\": %u}%s", n, separators[i]);

            client_send(client, request);
        }
        for (guint n = 0; n < 3; n++) {
            g_autofree char *line = g_strdup_printf(
                "{\"return\": {\"status\": \"prelaunch\", \"running\": false}, \"id\": %u}", n);

            client_expect(client, line);
        }
    }
    for (const char *c = STATUS; *c; c++) {
        client_send_bytes(client, c, 1);
        rig_run(rig, 0);
    }
    client_expect(client, STATUS_IS);
}

/* 10,000 at once: all are answered, in few writes, and no other client waits long. */
static void test_pipelining(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);
    g_autoptr(Client) client = client_new(rig, QMP_DIALECT_QMP, "");
    g_autoptr(Client) other = client_new(rig, QMP_DIALECT_QMP, "");
    g_autoptr(GString) requests = g_string_new(NULL);
    bool other_came_first = false;

    for (guint i = 0; i < 10000; i++) {
        g_string_append_printf(requests, "{\"execute\": \"query-status\", \"id\": %u}", i);
    }
    client_send(client, requests->str);
    client_send(other, STATUS);
    for (guint i = 0; i < 10000; i++) {
        g_autofree char *line = client_line(client);
        g_autofree char *id = g_strdup_printf("\"id\": %u}", i);

        g_assert_true(g_str_has_suffix(line, id));
        if (i == 9000) {
            char byte;

            other_came_first = recv(other->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 1;
        }
    }
    g_assert_true(other_came_first);
    client_expect(other, STATUS_IS);
}

/* An async command holds back its own client only. */
static void test_async(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);
    g_autoptr(Client) client = client_new(rig, QMP_DIALECT_QMP, "");
    g_autoptr(Client) other = client_new(rig, QMP_DIALECT_QMP, "");

    client_send(client, "{\"execute\": \"test-later\", \"arguments\": {\"name\": \"a\"}}" STATUS);
    client_expect_silence(client);
    client_call(other, STATUS, STATUS_IS);
    client_call(other, "{\"execute\": \"test-release\"}", EMPTY);
    client_expect(client, "{\"return\": \"done\"}");
    client_expect(client, STATUS_IS);
    client_send(client, "{\"execute\": \"test-later\", \"arguments\": "
                        "{\"name\": \"b\", \"now\": true}}" STATUS);
    client_expect(client, "{\"return\": \"b\"}");
    client_expect(client, STATUS_IS);
}

/* Refusals of exec-oob keep their place in the order; the rest overtakes. */
static void test_oob_order(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);
    g_autoptr(Client) client = client_new(rig, QMP_DIALECT_QMP, "\"oob\"");

    client_call(client, "{\"exec-oob\": \"query-status\"}",
                ERROR("GenericError", "The command query-status does not support OOB"));
    client_send(client, "{\"execute\": \"test-later\", \"arguments\": {\"name\": \"a\"}, \"id\": 1}");
    client_send(client, "{\"execute\": \"query-status\", \"id\": 2}");
    client_expect_silence(client);
    client_send(client, "{\"exec-oob\": \"test-release\", \"id\": 3}");
    client_expect(client, "{\"return\": \"done\", \"id\": 1}");
    client_expect(client, "{\"return\": {}, \"id\": 3}");
    client_expect(client, "{\"return\": {\"status\": \"prelaunch\", \"running\": false}, \"id\": 2}");
}

/* The queue behind a running command is bounded, also with oob. */
static void test_oob_bound(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);
    g_autoptr(Client) client = client_new(rig, QMP_DIALECT_QMP, "\"oob\"");

    client_send(client, "{\"execute\": \"test-later\", \"arguments\": {\"name\": \"a\"}}");
    for (guint i = 0; i < 8; i++) {
        client_send(client, STATUS);
    }
    client_send(client, "{\"exec-oob\": \"test-release\"}");
    client_expect_silence(client);
    rig_release(rig);
    client_expect(client, "{\"return\": \"done\"}");
    for (guint i = 0; i < 9; i++) {
        g_autofree char *line = client_line(client);
    }
    client_expect_silence(client);
}

/* A client that disconnects while its command runs does no harm. */
static void test_gone_while_async(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);
    Client *client = client_new(rig, QMP_DIALECT_QMP, "\"oob\"");

    client_send(client, "{\"execute\": \"test-later\", \"arguments\": {\"name\": \"a\"}}"
                        STATUS STATUS);
    rig_run(rig, 5);
    g_assert_cmpuint(rig->later.length, ==, 1);
    client_free(client);
    rig_run(rig, 5);
    rig_release(rig);
    rig_run(rig, 5);
    g_assert_cmpuint(qmp_server_n_sessions(rig->server), ==, 0);
}

/* shutdown(SHUT_WR), as `nc -N` does it: all replies come, then the end. */
static void test_half_close(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);
    g_autoptr(Client) client = client_new(rig, QMP_DIALECT_QMP, "");

    client_send(client, STATUS "{\"execute\": \"test-later\", \"arguments\": {\"name\": \"a\"}}"
                        STATUS);
    shutdown(client->fd, SHUT_WR);
    client_expect(client, STATUS_IS);
    client_expect_silence(client);
    rig_release(rig);
    client_expect(client, "{\"return\": \"done\"}");
    client_expect(client, STATUS_IS);
    client_expect_close(client);
}

static void check_event(Client *client, const char *rest)
{
    g_autofree char *line = client_line(client);
    const char *end = strstr(line, "}, ");

    g_assert_true(g_str_has_prefix(line, "{\"timestamp\": {\"seconds\": "));
    g_assert_nonnull(strstr(line, ", \"microseconds\": "));
    g_assert_cmpstr(end + strlen("}, "), ==, rest);
}

/* An event of a handler comes before its reply, and to all clients. */
static void test_events(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);
    g_autoptr(Client) client = client_new(rig, QMP_DIALECT_QMP, "");
    g_autoptr(Client) other = client_new(rig, QMP_DIALECT_QMP, "");

    client_send(client, "{\"execute\": \"test-emit\", \"arguments\": "
                        "{\"name\": \"n\", \"count\": 2}}");
    check_event(client, "\"event\": \"TEST_NOTE\", \"data\": {\"name\": \"n\", \"number\": 0}}");
    check_event(client, "\"event\": \"TEST_NOTE\", \"data\": {\"name\": \"n\", \"number\": 1}}");
    client_expect(client, EMPTY);
    check_event(other, "\"event\": \"TEST_NOTE\", \"data\": {\"name\": \"n\", \"number\": 0}}");
    check_event(other, "\"event\": \"TEST_NOTE\", \"data\": {\"name\": \"n\", \"number\": 1}}");
    qmp_event_test_bare(rig->queue);
    check_event(client, "\"event\": \"TEST_BARE\"}");
}

static int pipe_with(char byte)
{
    int fds[2];

    g_assert_cmpint(pipe2(fds, O_CLOEXEC), ==, 0);
    g_assert_cmpint(write(fds[1], &byte, 1), ==, 1);
    close(fds[1]);
    return fds[0];
}

static guint open_fds(void)
{
    guint n = 0;

    for (int fd = 0; fd < 1024; fd++) {
        n += fcntl(fd, F_GETFD) >= 0;
    }
    return n;
}

static void test_descriptors(void)
{
    static const char take[] = "{\"execute\": \"test-take-fd\"}";
    g_autoptr(Rig) rig = rig_new(NULL);
    g_autoptr(Client) client = client_new(rig, QMP_DIALECT_QMP, "");
    guint before = open_fds();
    int fds[] = { pipe_with('a'), pipe_with('b'), pipe_with('c') };
    g_autofree char *two = g_strconcat(take, take, NULL);

    client_call(client, take, "{\"return\": -1}");
    client_send_fds(client, take, fds, 1);
    client_expect(client, "{\"return\": 97}");
    client_call(client, take, "{\"return\": -1}");

    /* Glued behind a request that wants none. */
    client_send(client, STATUS);
    client_send_fds(client, take, fds + 1, 1);
    client_expect(client, STATUS_IS);
    client_expect(client, "{\"return\": 98}");

    /* Two requests in one message take in order; half a text takes, too. */
    close(fds[0]);
    close(fds[1]);
    fds[0] = pipe_with('x');
    fds[1] = pipe_with('y');
    client_send_fds(client, two, fds, 3);
    client_expect(client, "{\"return\": 120}");
    client_expect(client, "{\"return\": 121}");
    client_send_fds(client, "{\"execute\": ", fds + 2, 1);
    rig_run(rig, 5);
    client_call(client, "\"test-take-fd\"}", "{\"return\": 99}");

    /* Descriptors that no request takes are closed. */
    client_send_fds(client, STATUS, fds, 3);
    client_expect(client, STATUS_IS);
    client_send_fds(client, "rubbish\n", fds, 3);
    rig_run(rig, 5);
    for (guint i = 0; i < 3; i++) {
        close(fds[i]);
    }
    g_assert_cmpuint(open_fds(), ==, before);
}

static void test_raw_reply(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);
    g_autoptr(Client) client = client_new(rig, QMP_DIALECT_QMP, "");
    g_autofree char *expected = g_strdup_printf("{\"return\": %.*s, \"id\": 7}",
                                                (int)QMP_INTROSPECT_LENGTH, qmp_introspect);

    client_call(client, "{\"execute\": \"query-qmp-schema\", \"id\": 7}", expected);
    client_call(client, STATUS, STATUS_IS);
}

/* A client that does not read gets no more requests executed, and is read again
 * once it does. */
static void test_back_pressure(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);
    g_autoptr(Client) client = client_new(rig, QMP_DIALECT_QMP, "");
    g_autoptr(Client) other = client_new(rig, QMP_DIALECT_QMP, "");

    for (guint i = 0; i < 100; i++) {
        client_send(client, "{\"execute\": \"test-text\", \"arguments\": {\"length\": 100000}}");
    }
    rig_run(rig, 50);
    g_assert_cmpuint(rig->handled, >, 5);
    g_assert_cmpuint(rig->handled, <, 20);
    client_call(other, STATUS, STATUS_IS);
    for (guint i = 0; i < 100; i++) {
        g_autofree char *line = client_line(client);

        g_assert_cmpuint(strlen(line), ==, 100000 + strlen("{\"return\": \"\"}"));
    }
    client_call(client, STATUS, STATUS_IS);
}

/* A client that does not read is disconnected after the timeout, or as soon as there are
 * too many events. */
static void test_stalled(void)
{
    QmpServerLimits limits = qmp_server_default_limits;
    g_autoptr(Rig) rig = NULL;
    g_autoptr(Client) slow = NULL, deaf = NULL, other = NULL;

    limits.stall_ms = 50;
    limits.output_max = 4 << 20;
    rig = rig_new(&limits);
    slow = client_new(rig, QMP_DIALECT_QMP, "");
    other = client_new(rig, QMP_DIALECT_QMP, "");
    g_test_expect_message("vmd-qmp", G_LOG_LEVEL_MESSAGE, "*has not read a reply for 50 ms*");
    client_send(slow, "{\"execute\": \"test-text\", \"arguments\": {\"length\": 1000000}}");
    rig_run(rig, 200);
    g_test_assert_expected_messages();
    g_assert_cmpuint(qmp_server_n_sessions(rig->server), ==, 1);

    limits.stall_ms = 10000;
    qmp_server_set_limits(rig->server, &limits);
    deaf = client_new(rig, QMP_DIALECT_QMP, "");
    g_test_expect_message("vmd-qmp", G_LOG_LEVEL_MESSAGE, "*left more than 4194304 bytes unread*");
    for (guint i = 0; i < 100; i++) {
        char c;

        client_send(other, "{\"execute\": \"test-emit\", \"arguments\": "
                           "{\"name\": \"nnnnnnnnnnnnnnnnnnnn\", \"count\": 500}}");
        rig_run(rig, 1);
        while (recv(other->fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) == 1) {
            char bytes[65536];

            g_assert_cmpint(recv(other->fd, bytes, sizeof(bytes), MSG_DONTWAIT), >, 0);
        }
    }
    g_test_assert_expected_messages();
    g_assert_cmpuint(qmp_server_n_sessions(rig->server), ==, 1);
}

static void test_input_limits(void)
{
    QmpServerLimits limits = qmp_server_default_limits;
    g_autoptr(Rig) rig = NULL;
    g_autoptr(Client) client = NULL;
    g_autofree char *nested = NULL, *deep = NULL;
    g_autofree char *garbage = g_strnfill(1 << 20, 'x');

    limits.input.max_bytes = 1 << 20;
    rig = rig_new(&limits);
    client = client_new(rig, QMP_DIALECT_QMP, "");
    nested = g_strnfill(5000, '[');
    client_send(client, nested);
    client_call(client, "\n" STATUS,
                ERROR("GenericError", "JSON text has more than 1024 levels at byte 1025; "
                      "the rest of the line is skipped"));
    client_expect(client, STATUS_IS);

    /* 1,000 levels fit: the request is wrong, the parser is not. */
    memset(nested + 1000, ']', 1000);
    nested[2000] = '\0';
    deep = g_strdup_printf("{\"execute\": \"query-status\", \"arguments\": {\"a\": %s}}", nested);
    client_call(client, deep, ERROR("GenericError", "parameter 'a' is unknown"));

    client_send(client, "{\"execute\": \"");
    for (guint i = 0; i < 100; i++) {
        client_send(client, garbage);
    }
    client_send(client, "\n" STATUS);
    client_expect(client, ERROR("GenericError", "JSON text has more than 1048576 bytes at byte "
                                "1048576; the rest of the line is skipped"));
    client_expect(client, STATUS_IS);
    for (guint i = 0; i < 100; i++) {
        client_send(client, garbage);
    }
    client_expect(client, ERROR("GenericError", "JSON text has more than 1048576 bytes at byte "
                                "1048576; the rest of the line is skipped"));
    client_call(client, "\n" STATUS, STATUS_IS);
}

static void test_listen(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);
    g_autofree char *folder = g_dir_make_tmp("vmd-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "qmp", NULL);
    g_autoptr(GError) error = NULL;
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    char bytes[512];
    int fd = qmp_listen_unix(path, &error), stale, client[20];

    g_assert_no_error(error);
    g_assert_cmpint(qmp_listen_unix(path, &error), ==, -1);
    g_assert_error(error, QMP_ERROR, ERROR_REASON_ADDRESS_IN_USE);
    g_clear_error(&error);
    qmp_server_listen(rig->server, fd, QMP_DIALECT_QMP, &error);
    g_assert_no_error(error);
    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    for (guint i = 0; i < G_N_ELEMENTS(client); i++) {
        client[i] = socket(AF_UNIX, SOCK_STREAM, 0);
        g_assert_cmpint(connect(client[i], (struct sockaddr *)&address, sizeof(address)), ==, 0);
    }
    rig_run(rig, 10);
    for (guint i = 0; i < G_N_ELEMENTS(client); i++) {
        g_assert_cmpint(recv(client[i], bytes, sizeof(bytes), MSG_DONTWAIT), >, 0);
        close(client[i]);
    }
    qmp_server_close_listeners(rig->server);

    /* The socket stays behind, as after a crash, and is taken over. */
    g_assert_true(g_file_test(path, G_FILE_TEST_EXISTS));
    stale = qmp_listen_unix(path, &error);
    g_assert_no_error(error);
    close(stale);
    qmp_listen_unlink(path);
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));

    /* What is not a socket stays. */
    g_assert_true(g_file_set_contents(path, "x", 1, NULL));
    g_assert_cmpint(qmp_listen_unix(path, &error), ==, -1);
    g_assert_error(error, QMP_ERROR, ERROR_REASON_FILE_NOT_USABLE);
    g_clear_error(&error);
    qmp_listen_unlink(path);
    g_assert_true(g_file_test(path, G_FILE_TEST_EXISTS));
    g_assert_cmpint(qmp_listen_unix("", &error), ==, -1);
    g_assert_error(error, QMP_ERROR, ERROR_REASON_INVALID_VALUE);
    g_assert_false(qmp_server_attach(rig->server, open("/dev/null", O_RDWR), QMP_DIALECT_QMP, NULL));
    unlink(path);
    rmdir(folder);
}

static void test_flush(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);
    g_autoptr(Client) client = client_new(rig, QMP_DIALECT_QMP, "");
    gint64 start;

    qmp_event_test_bare(rig->queue);
    qmp_server_flush(rig->server, 1000);
    g_assert_cmpint(recv(client->fd, (char[1]){ 0 }, 1, MSG_DONTWAIT | MSG_PEEK), ==, 1);

    client_send(client, "{\"execute\": \"test-text\", \"arguments\": {\"length\": 1000000}}");
    rig_run(rig, 10);
    start = g_get_monotonic_time();
    qmp_server_flush(rig->server, 100);
    g_assert_cmpint(g_get_monotonic_time() - start, >=, 90 * 1000);
    g_assert_cmpint(g_get_monotonic_time() - start, <, 1000 * 1000);
}

/* The journal sees every request with its arguments, secrets masked. */
static void test_log(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);
    g_autoptr(Client) client = client_new(rig, QMP_DIALECT_QMP, "");

    g_string_truncate(rig->log, 0);
    client_call(client, "{\"execute\": \"test-add\", \"arguments\": {\"qom-type\": \"disk\", "
                        "\"size\": 1, \"secret-key\": \"hush\"}}", EMPTY);
    client_send(client, "{\"execute\": \"test-add\", \"arguments\": {\"qom-type\": \"disk\", "
                        "\"secret-key\": \"hush\"}}");
    g_free(client_line(client));
    client_call(client, STATUS, STATUS_IS);
    g_assert_cmpstr(rig->log->str, ==,
                    "test-add {\"qom-type\": \"disk\", \"size\": 1, \"secret-key\": null} ok\n"
                    "test-add {\"qom-type\": \"disk\", \"secret-key\": null} failed\n"
                    "query-status {} ok\n");
}

typedef struct {
    guint ended;
    bool failed;
} Internal;

static void internal_done(QmpRequest *req, const void *ret, const GError *error, void *data)
{
    Internal *internal = data;

    g_assert_cmpstr(qmp_request_peer(req), ==, "internal");
    internal->ended++;
    internal->failed = error != NULL;
}

/* Requests without a client: a list of them, a signal. */
static void test_internal(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);
    const QmpCommand *command = qmp_command_find(&rig->dispatch, "test-set-state");
    TestSetStateArgs *args = g_new0(TestSetStateArgs, 1);
    Internal internal = { 0 };

    args->state = RUN_STATE_RUNNING;
    qmp_request_execute_args(qmp_request_new(&rig->dispatch, internal_done, &internal, NULL),
                             command, args);
    g_assert_cmpuint(internal.ended, ==, 1);
    g_assert_cmpint(rig->state, ==, RUN_STATE_RUNNING);
    qmp_request_execute(qmp_request_new(&rig->dispatch, internal_done, &internal, NULL),
                        "qmp_capabilities", NULL, NULL);
    g_assert_cmpuint(internal.ended, ==, 2);
    g_assert_true(internal.failed);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qmp/server/greeting", test_greeting);
    g_test_add_func("/qmp/server/negotiation", test_negotiation);
    g_test_add_func("/qmp/server/ids", test_ids);
    g_test_add_func("/qmp/server/bad-requests", test_bad_requests);
    g_test_add_func("/qmp/server/details", test_details);
    g_test_add_func("/qmp/server/separators", test_separators);
    g_test_add_func("/qmp/server/pipelining", test_pipelining);
    g_test_add_func("/qmp/server/async", test_async);
    g_test_add_func("/qmp/server/oob-order", test_oob_order);
    g_test_add_func("/qmp/server/oob-bound", test_oob_bound);
    g_test_add_func("/qmp/server/gone-while-async", test_gone_while_async);
    g_test_add_func("/qmp/server/half-close", test_half_close);
    g_test_add_func("/qmp/server/events", test_events);
    g_test_add_func("/qmp/server/descriptors", test_descriptors);
    g_test_add_func("/qmp/server/raw-reply", test_raw_reply);
    g_test_add_func("/qmp/server/back-pressure", test_back_pressure);
    g_test_add_func("/qmp/server/stalled", test_stalled);
    g_test_add_func("/qmp/server/input-limits", test_input_limits);
    g_test_add_func("/qmp/server/listen", test_listen);
    g_test_add_func("/qmp/server/flush", test_flush);
    g_test_add_func("/qmp/server/log", test_log);
    g_test_add_func("/qmp/server/internal", test_internal);
    return g_test_run();
}
