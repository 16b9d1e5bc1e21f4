/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A server and clients in one process; see test-qmp-server-rig.h.
 */
#include "config.h"
#include "tests/unit/test-qmp-server-rig.h"

#include <errno.h>
#include <event2/buffer.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/qapi-commands.h"
#include "qmp/error.h"
#include "qmp/qapi-events.h"
#include "qmp/request.h"
#include "qmp/session.h"

enum { WAIT_MS = 10 * 1000 };

/* handlers */

static Rig *count(QmpRequest *req)
{
    Rig *rig = qmp_request_context(req);

    rig->handled++;
    return rig;
}

bool qmp_qmp_capabilities(QmpRequest *req, QmpCapabilitiesArgs *args, GError **error)
{
    guint32 enabled = 0;

    for (gsize i = 0; i < args->enable.n; i++) {
        enabled |= 1u << args->enable.items[i];
    }
    return qmp_request_negotiate(req, enabled, error);
}

bool qmp_query_status(QmpRequest *req, TestStatus **ret, GError **error)
{
    *ret = g_new0(TestStatus, 1);
    (*ret)->status = count(req)->state;
    (*ret)->running = (*ret)->status == RUN_STATE_RUNNING;
    return true;
}

bool qmp_test_add(QmpRequest *req, TestOptions *args, GError **error)
{
    count(req);
    return true;
}

bool qmp_test_plug(QmpRequest *req, TestOptions *args, GError **error)
{
    count(req);
    return true;
}

/* Takes the arguments apart, as handlers may. */
bool qmp_test_echo(QmpRequest *req, TestAll *args, TestAll **ret, GError **error)
{
    count(req);
    *ret = g_memdup2(args, sizeof(*args));
    memset(args, 0, sizeof(*args));
    return true;
}

bool qmp_test_emit(QmpRequest *req, TestEmitArgs *args, GError **error)
{
    Rig *rig = count(req);

    for (guint i = 0; i < args->count; i++) {
        qmp_event_test_note(rig->queue, &(EventTestNote){ .name = args->name, .number = i });
    }
    return true;
}

bool qmp_test_fail(QmpRequest *req, TestFailArgs *args, GError **error)
{
    count(req);
    qmp_error_set(error, args->reason, "failed as asked");
    return false;
}

void qmp_test_later(QmpRequest *req, TestLaterArgs *args)
{
    Rig *rig = count(req);
    g_autofree char *name = g_strdup(args->name);

    if (args->has_now && args->now) {
        qmp_request_return(req, &name);
    } else {
        g_queue_push_tail(&rig->later, req);
    }
}

void rig_release(Rig *rig)
{
    QmpRequest *req = g_queue_pop_head(&rig->later);
    g_autofree char *name = g_strdup("done");

    if (req) {
        qmp_request_return(req, &name);
    }
}

bool qmp_test_release(QmpRequest *req, GError **error)
{
    rig_release(count(req));
    return true;
}

bool qmp_test_running(QmpRequest *req, GError **error)
{
    count(req);
    return true;
}

bool qmp_test_set_state(QmpRequest *req, TestSetStateArgs *args, GError **error)
{
    count(req)->state = args->state;
    return true;
}

bool qmp_test_take_fd(QmpRequest *req, gint64 *ret, GError **error)
{
    g_autoptr(GError) none = NULL;
    g_autoptr(QmpFd) passed = qmp_request_take_fd(req, &none);
    int fd = qmp_fd_get(passed);
    guint8 byte = 0;

    count(req);
    if (!passed && !qmp_error_is(none, ERROR_REASON_FD_NOT_FOUND)) {
        g_propagate_error(error, g_steal_pointer(&none));
        return false;
    }
    if (passed) {
        g_assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    }
    *ret = passed && read(fd, &byte, 1) == 1 ? byte : -1;
    return true;
}

bool qmp_test_text(QmpRequest *req, TestTextArgs *args, char **ret, GError **error)
{
    count(req);
    *ret = g_strnfill(args->length, 'x');
    return true;
}

static void give_back(TestMarked *args, TestMarked **ret)
{
    *ret = g_memdup2(args, sizeof(*args));
    memset(args, 0, sizeof(*args));
}

bool qmp_test_marked(QmpRequest *req, TestMarked *args, TestMarked **ret, GError **error)
{
    qmp_event_test_marked(count(req)->queue, args);
    give_back(args, ret);
    return true;
}

bool qmp_test_whole(QmpRequest *req, TestMarked *args, TestMarked **ret, GError **error)
{
    count(req);
    give_back(args, ret);
    return true;
}

bool qmp_test_old(QmpRequest *req, GError **error)
{
    qmp_event_test_old(count(req)->queue);
    return true;
}

bool qmp_test_new(QmpRequest *req, GError **error)
{
    count(req);
    return true;
}

/* the server */

static int run_state(void *context)
{
    return ((Rig *)context)->state;
}

static void write_log(void *context, const QmpRequest *req, const GError *error)
{
    Rig *rig = context;
    struct evbuffer *args = evbuffer_new();
    gsize length;

    qmp_request_print_args(req, args);
    length = evbuffer_get_length(args);
    g_string_append_printf(rig->log, "%s %.*s %s\n", qmp_request_command(req)->name,
                           (int)length, (char *)evbuffer_pullup(args, -1),
                           error ? "failed" : "ok");
    evbuffer_free(args);
}

Rig *rig_new(const QmpServerLimits *limits)
{
    Rig *rig = g_new0(Rig, 1);

    rig->base = event_base_new();
    rig->log = g_string_new(NULL);
    rig->dispatch = (QmpDispatch){
        .commands = qmp_commands, .n_commands = qmp_n_commands,
        .run_state = run_state, .log = write_log, .context = rig,
    };
    rig->queue = qmp_event_queue_new(rig->base);
    rig->server = qmp_server_new(rig->base, &rig->dispatch, rig->queue);
    if (limits) {
        qmp_server_set_limits(rig->server, limits);
    }
    return rig;
}

void rig_free(Rig *rig)
{
    qmp_server_free(rig->server);
    while (rig->later.length) {
        rig_release(rig);
    }
    qmp_event_queue_free(rig->queue);
    event_base_free(rig->base);
    g_string_free(rig->log, TRUE);
    g_free(rig);
}

void rig_run(Rig *rig, guint ms)
{
    struct timeval tv = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

    if (!ms) {
        event_base_loop(rig->base, EVLOOP_NONBLOCK);
        return;
    }
    event_base_loopexit(rig->base, &tv);
    event_base_dispatch(rig->base);
}

/* clients */

Client *client_new(Rig *rig, QmpDialectId dialect, const char *enable)
{
    Client *client = g_new0(Client, 1);
    g_autoptr(GError) error = NULL;
    int fds[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
    client->rig = rig;
    client->fd = fds[0];
    client->in = g_string_new(NULL);
    fcntl(fds[0], F_SETFL, O_NONBLOCK);
    qmp_server_attach(rig->server, fds[1], dialect, &error);
    g_assert_no_error(error);
    if (dialect == QMP_DIALECT_QMP) {
        g_autofree char *greeting = client_line(client);

        g_assert_true(g_str_has_prefix(greeting, "{\"QMP\": "));
    }
    if (dialect == QMP_DIALECT_QMP && enable) {
        g_autofree char *request = g_strdup_printf(
            "{\"execute\": \"qmp_capabilities\", \"arguments\": {\"enable\": [%s]}}", enable);

        client_call(client, request, "{\"return\": {}}");
    }
    return client;
}

void client_free(Client *client)
{
    if (client) {
        close(client->fd);
        g_string_free(client->in, TRUE);
        g_free(client);
    }
}

void client_send_bytes(Client *client, const char *bytes, gsize length)
{
    while (length) {
        ssize_t n = send(client->fd, bytes, length, MSG_NOSIGNAL);

        if (n < 0) {
            g_assert_cmpint(errno, ==, EAGAIN);
            rig_run(client->rig, 0);
            continue;
        }
        bytes += n;
        length -= n;
    }
}

void client_send(Client *client, const char *text)
{
    client_send_bytes(client, text, strlen(text));
}

void client_send_fds(Client *client, const char *text, const int *fds, guint n)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(253 * sizeof(int))];
    } control = { 0 };
    struct iovec vector = { .iov_base = (char *)text, .iov_len = strlen(text) };
    struct msghdr message = {
        .msg_iov = &vector, .msg_iovlen = 1,
        .msg_control = &control, .msg_controllen = CMSG_SPACE(n * sizeof(int)),
    };
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);

    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(n * sizeof(int));
    memcpy(CMSG_DATA(header), fds, n * sizeof(int));
    g_assert_cmpint(sendmsg(client->fd, &message, 0), ==, strlen(text));
}

static void fill(Client *client)
{
    static char bytes[64 << 10];
    ssize_t n;

    while ((n = recv(client->fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0) {
        g_string_append_len(client->in, bytes, n);
    }
    client->eof = client->eof || n == 0 || (n < 0 && errno != EAGAIN);
}

/* Length of the first line with its CRLF, or 0. */
static gsize line_length(const Client *client)
{
    const char *end = memchr(client->in->str, '\n', client->in->len);

    return end ? end - client->in->str + 1 : 0;
}

static void wait_for(Client *client, bool (*is_there)(const Client *client))
{
    gint64 end = g_get_monotonic_time() + WAIT_MS * 1000;

    fill(client);
    while (!is_there(client)) {
        if (g_get_monotonic_time() > end) {
            g_error("nothing came; so far: %s", client->in->str);
        }
        rig_run(client->rig, 0);
        fill(client);
    }
}

static bool line_or_end(const Client *client)
{
    return line_length(client) || client->eof;
}

static bool is_closed(const Client *client)
{
    return client->eof;
}

char *client_line(Client *client)
{
    gsize length;
    char *line;

    wait_for(client, line_or_end);
    length = line_length(client);
    g_assert_cmpuint(length, >=, 2);
    g_assert_cmpint(client->in->str[length - 2], ==, '\r');
    line = g_strndup(client->in->str, length - 2);
    g_string_erase(client->in, 0, length);
    return line;
}

void client_expect(Client *client, const char *line)
{
    g_autofree char *got = client_line(client);

    g_assert_cmpstr(got, ==, line);
}

void client_call(Client *client, const char *request, const char *line)
{
    client_send(client, request);
    client_expect(client, line);
}

void client_expect_silence(Client *client)
{
    rig_run(client->rig, 20);
    fill(client);
    g_assert_cmpstr(client->in->str, ==, "");
    g_assert_false(client->eof);
}

void client_expect_close(Client *client)
{
    wait_for(client, is_closed);
}
