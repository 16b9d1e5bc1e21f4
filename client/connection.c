/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The QMP client, see connection.h.  Every verb (client/verb-*.c) speaks to the
 * daemon only through this file.
 */
#include "config.h"
#include "client/connection.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "qmp/error.h"
#include "qmp/json.h"

#define GREETING_TIMEOUT (10 * G_USEC_PER_SEC)

/* No reply of a correct daemon is longer. */
#define MAX_MESSAGE (64 << 20)

/* The kernel's maximum per message (SCM_MAX_FD). */
#define MAX_FDS 253

struct Connection {
    int fd;
    bool eof;
    gint64 patience;            /* limit for a reply, in microseconds; 0: none */
    GString *input;             /* received, not yet consumed */
    gsize scanned;              /* bytes of input that have no line end */
    GQueue events;              /* of Message */
};

void message_free(Message *message)
{
    if (message) {
        json_decref(message->json);
        g_free(message->text);
        g_free(message);
    }
}

const char *message_event_name(const Message *message)
{
    return json_string_value(json_object_get(message->json, "event"));
}

static void set_error_from_reply(GError **error, const json_t *info)
{
    const char *text = json_string_value(json_object_get(info, "desc"));
    const char *path = json_string_value(json_object_get(info, "path"));
    const char *name = json_string_value(json_object_get(info, "reason"));
    const json_t *instead = json_object_get(info, "instead");
    const char *meant = json_string_value(json_object_get(instead, "execute"));
    int reason = name ? qmp_enum_parse(&qmp_type_ErrorReason, name) : -1;

    qmp_error_set(error, reason < 0 ? ERROR_REASON_GENERIC : (ErrorReason)reason, "%s%s%s%s",
                  text ? text : "the daemon gives no reason",
                  meant ? "; did you mean '" : "", meant ? meant : "", meant ? "'?" : "");
    if (error && *error && path) {
        qmp_error_prefix_path(*error, path);
    }
}

bool message_is_error(const Message *message, GError **error)
{
    const json_t *info = json_object_get(message->json, "error");

    if (!info) {
        return false;
    }
    set_error_from_reply(error, info);
    return true;
}

/* ---- Bytes ---- */

static int poll_timeout(gint64 deadline)
{
    gint64 left;

    if (deadline == CONNECTION_FOREVER) {
        return -1;
    }
    left = deadline - g_get_monotonic_time();
    return left <= 0 ? 0 : (int)MIN((left + 999) / 1000, G_MAXINT);
}

/* Reads available input.  End of file is not an error. */
static bool fill(Connection *conn, GError **error)
{
    char buffer[65536];
    ssize_t n = read(conn->fd, buffer, sizeof(buffer));

    if (n > 0) {
        g_string_append_len(conn->input, buffer, n);
    } else if (n == 0 || errno == ECONNRESET) {
        conn->eof = true;
    } else if (errno != EINTR && errno != EAGAIN) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno, "cannot read from the daemon");
        return false;
    }
    return true;
}

/* Takes the first line out of the input, NULL if none is complete. */
static char *take_line(Connection *conn)
{
    GString *input = conn->input;
    const char *end = memchr(input->str + conn->scanned, '\n', input->len - conn->scanned);
    gsize length;
    char *line;

    if (!end) {
        conn->scanned = input->len;
        return NULL;
    }
    length = end - input->str;
    line = g_strndup(input->str, length);
    g_string_erase(input, 0, length + 1);
    conn->scanned = 0;
    return g_strchomp(line);
}

static bool send_all(Connection *conn, const char *text, gsize length, const int *fds, gsize n_fds,
                     GError **error)
{
    g_autofree struct cmsghdr *control = NULL;
    gsize sent = 0;

    if (n_fds) {
        control = g_malloc0(CMSG_SPACE(n_fds * sizeof(int)));
        control->cmsg_level = SOL_SOCKET;
        control->cmsg_type = SCM_RIGHTS;
        control->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
        memcpy(CMSG_DATA(control), fds, n_fds * sizeof(int));
    }
    while (sent < length) {
        struct iovec iov = { (char *)text + sent, length - sent };
        bool with_fds = n_fds && sent == 0;
        struct msghdr header = {
            .msg_iov = &iov,
            .msg_iovlen = 1,
            .msg_control = with_fds ? control : NULL,
            .msg_controllen = with_fds ? CMSG_SPACE(n_fds * sizeof(int)) : 0,
        };
        ssize_t n = sendmsg(conn->fd, &header, MSG_NOSIGNAL);

        if (n >= 0) {
            sent += n;
        } else if (errno != EINTR) {
            qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno,
                                "cannot send to the daemon");
            return false;
        }
    }
    return true;
}

/* ---- Messages ---- */

/* Takes ownership of line. */
static Message *parse_message(char *line, GError **error)
{
    g_autofree char *text = line;
    json_t *json = qmp_json_parse(text, strlen(text), NULL);
    Message *message;

    if (!json_is_object(json)) {
        json_decref(json);
        qmp_error_set(error, ERROR_REASON_SYNTAX, "the peer does not speak QMP: it sent '%.60s'",
                      text);
        return NULL;
    }
    message = g_new0(Message, 1);
    message->text = g_steal_pointer(&text);
    message->json = json;
    return message;
}

/* The next message of any kind; CONNECTION_EVENT stands for "there is one". */
static ConnectionResult next_message(Connection *conn, gint64 deadline, Message **ret,
                                     GError **error)
{
    for (;;) {
        struct pollfd pfd = { .fd = conn->fd, .events = POLLIN };
        char *line = take_line(conn);
        int n;

        if (line && *line) {
            *ret = parse_message(line, error);
            return *ret ? CONNECTION_EVENT : CONNECTION_FAILED;
        }
        if (line) {
            g_free(line);       /* an empty line between messages */
            continue;
        }
        if (conn->eof) {
            return CONNECTION_CLOSED;
        }
        if (conn->input->len > MAX_MESSAGE) {
            qmp_error_set(error, ERROR_REASON_LIMIT_EXCEEDED,
                          "the daemon sent a line of more than %d MiB", MAX_MESSAGE >> 20);
            return CONNECTION_FAILED;
        }
        n = poll(&pfd, 1, poll_timeout(deadline));
        if (n == 0) {
            return CONNECTION_TIMEOUT;
        }
        if (n > 0 && !fill(conn, error)) {
            return CONNECTION_FAILED;
        }
    }
}

/* The next reply; events on the way are kept. */
static Message *next_reply(Connection *conn, GError **error)
{
    gint64 deadline = conn->patience ? g_get_monotonic_time() + conn->patience
                                     : CONNECTION_FOREVER;

    for (;;) {
        Message *message = NULL;

        switch (next_message(conn, deadline, &message, error)) {
        case CONNECTION_EVENT:
            if (!message_event_name(message)) {
                return message;
            }
            g_queue_push_tail(&conn->events, message);
            break;
        case CONNECTION_FAILED:
            return NULL;
        case CONNECTION_TIMEOUT:
            qmp_error_set(error, ERROR_REASON_HOST_ERROR, "the daemon does not reply");
            return NULL;
        case CONNECTION_CLOSED:
            qmp_error_set(error, ERROR_REASON_HOST_ERROR,
                          "the daemon closed the connection without a reply");
            return NULL;
        }
    }
}

/* ---- Set-up ---- */

static int connect_to(const char *path, GError **error)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd;

    if (g_strlcpy(address.sun_path, path, sizeof(address.sun_path)) >= sizeof(address.sun_path)) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                      "socket path '%s' is longer than %zu bytes", path,
                      sizeof(address.sun_path) - 1);
        return -1;
    }
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno, "cannot create a socket");
        return -1;
    }
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno,
                            errno == EACCES || errno == EPERM ? "no permission to connect to %s"
                                                              : "no daemon listens on %s", path);
        close(fd);
        return -1;
    }
    return fd;
}

/* patience: how long it was waited for; 0: there will be none. */
static bool set_no_greeting(const char *path, gint64 patience, GError **error)
{
    if (patience) {
        qmp_error_set(error, ERROR_REASON_NEGOTIATION,
                      "%s: the daemon sent no greeting within %d seconds", path,
                      (int)(patience / G_USEC_PER_SEC));
    } else {
        qmp_error_set(error, ERROR_REASON_NEGOTIATION,
                      "%s: the daemon closed the connection before its greeting", path);
    }
    return false;
}

/* Waits for the greeting; returns whether it offers error-details in *ret. */
static bool read_greeting(Connection *conn, const char *path, bool *ret, GError **error)
{
    g_autoptr(Message) greeting = NULL;
    gint64 patience = conn->patience ? conn->patience : GREETING_TIMEOUT;
    gint64 deadline = g_get_monotonic_time() + patience;
    ConnectionResult result = next_message(conn, deadline, &greeting, error);
    const json_t *qmp, *item;
    size_t i;

    if (result == CONNECTION_FAILED) {
        g_prefix_error(error, "%s: ", path);
        return false;
    }
    if (result != CONNECTION_EVENT) {
        return set_no_greeting(path, result == CONNECTION_TIMEOUT ? patience : 0, error);
    }
    if (message_is_error(greeting, error)) {        /* turned away: too many clients */
        g_prefix_error(error, "%s: ", path);
        return false;
    }
    qmp = json_object_get(greeting->json, "QMP");
    if (!qmp) {
        qmp_error_set(error, ERROR_REASON_NEGOTIATION, "%s: the peer does not speak QMP", path);
        return false;
    }
    json_array_foreach(json_object_get(qmp, "capabilities"), i, item) {
        *ret |= g_strcmp0(json_string_value(item), "error-details") == 0;
    }
    return true;
}

static bool negotiate(Connection *conn, const char *path, GError **error)
{
    bool details = false;
    json_t *arguments;

    if (!read_greeting(conn, path, &details, error)) {
        return false;
    }
    arguments = details ? json_pack("{s:[s]}", "enable", "error-details") : NULL;
    if (!connection_call(conn, "qmp_capabilities", arguments, NULL, error)) {
        g_prefix_error(error, "%s: ", path);
        return false;
    }
    return true;
}

static Connection *open_fd(int fd, const char *name, gint64 patience, GError **error)
{
    g_autoptr(Connection) conn = g_new0(Connection, 1);

    conn->fd = fd;
    conn->patience = patience;
    conn->input = g_string_new(NULL);
    g_queue_init(&conn->events);
    return negotiate(conn, name, error) ? g_steal_pointer(&conn) : NULL;
}

Connection *connection_open_within(const char *path, gint64 patience, GError **error)
{
    int fd = connect_to(path, error);

    return fd < 0 ? NULL : open_fd(fd, path, patience, error);
}

Connection *connection_open(const char *path, GError **error)
{
    return connection_open_within(path, 0, error);
}

Connection *connection_open_fd(int fd, const char *name, GError **error)
{
    return open_fd(fd, name, 0, error);
}

void connection_close(Connection *conn)
{
    if (!conn) {
        return;
    }
    close(conn->fd);
    g_string_free(conn->input, TRUE);
    g_queue_clear_full(&conn->events, (GDestroyNotify)message_free);
    g_free(conn);
}

void connection_set_patience(Connection *conn, gint64 patience)
{
    conn->patience = patience;
}

int connection_fd(const Connection *conn)
{
    return conn->fd;
}

/* ---- Requests ---- */

Message *connection_request(Connection *conn, const char *text, const int *fds, gsize n_fds,
                            GError **error)
{
    g_autofree char *line = g_strconcat(text, "\r\n", NULL);

    if (n_fds > MAX_FDS) {
        qmp_error_set(error, ERROR_REASON_LIMIT_EXCEEDED,
                      "%zu descriptors are more than one request can carry (%d)", n_fds, MAX_FDS);
        return NULL;
    }
    if (!send_all(conn, line, strlen(line), fds, n_fds, error)) {
        return NULL;
    }
    return next_reply(conn, error);
}

static char *print_request(const char *command, json_t *arguments)
{
    json_t *request = json_pack("{s:s, s:o*}", "execute", command, "arguments", arguments);
    char *text = json_dumps(request, JSON_COMPACT);     /* of jansson's malloc */

    json_decref(request);
    return text;
}

bool connection_call(Connection *conn, const char *command, json_t *arguments,
                     json_t **ret_result, GError **error)
{
    char *text = print_request(command, arguments);
    g_autoptr(Message) reply = connection_request(conn, text, NULL, 0, error);

    free(text);
    if (!reply || message_is_error(reply, error)) {
        g_prefix_error(error, "%s: ", command);
        return false;
    }
    if (ret_result) {
        *ret_result = json_incref(json_object_get(reply->json, "return"));
    }
    return true;
}

bool connection_send(Connection *conn, const char *command, json_t *arguments, GError **error)
{
    char *text = print_request(command, arguments);
    g_autofree char *line = g_strconcat(text, "\r\n", NULL);

    free(text);
    return send_all(conn, line, strlen(line), NULL, 0, error);
}

ConnectionResult connection_reply(Connection *conn, gint64 deadline, json_t **ret_result,
                                  GError **error)
{
    for (;;) {
        g_autoptr(Message) message = NULL;
        ConnectionResult result = next_message(conn, deadline, &message, error);

        if (result != CONNECTION_EVENT) {
            return result;
        }
        if (!message_event_name(message)) {
            if (message_is_error(message, error)) {
                return CONNECTION_FAILED;
            }
            *ret_result = json_incref(json_object_get(message->json, "return"));
            return CONNECTION_EVENT;
        }
    }
}

ConnectionResult connection_next_event(Connection *conn, gint64 deadline, Message **ret_event,
                                       GError **error)
{
    Message *event = g_queue_pop_head(&conn->events);

    while (!event) {
        ConnectionResult result = next_message(conn, deadline, &event, error);

        if (result != CONNECTION_EVENT) {
            return result;
        }
        if (!message_event_name(event)) {
            g_clear_pointer(&event, message_free);      /* an unexpected reply */
        }
    }
    *ret_event = event;
    return CONNECTION_EVENT;
}
