/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The client that measures round trips.
 */
#include "config.h"
#include "tests/bench/client.h"
#include "tests/bench/series.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum {
    TIMEOUT_SECONDS = 30,
    FIRST_SIZE = 65536,
    /* Where an event or an error names itself; replies may contain the same
     * words further on. */
    HEAD = 128,
};

struct Client {
    int fd;
    char *buffer;
    gsize size;                 /* of buffer */
    gsize start, end;           /* received, not yet handed out */
};

static void set_errno(GError **error, const char *what)
{
    g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "%s: %s", what,
                g_strerror(errno));
}

Client *client_new(int fd)
{
    Client *client = g_new0(Client, 1);
    struct timeval timeout = { .tv_sec = TIMEOUT_SECONDS };

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    client->fd = fd;
    client->size = FIRST_SIZE;
    client->buffer = g_malloc(client->size);
    return client;
}

void client_free(Client *client)
{
    if (!client)
        return;
    close(client->fd);
    g_free(client->buffer);
    g_free(client);
}

bool client_send(Client *client, const char *text, GError **error)
{
    gsize length = strlen(text);

    while (length > 0) {
        ssize_t n = send(client->fd, text, length, MSG_NOSIGNAL);

        if (n < 0) {
            set_errno(error, "send");
            return false;
        }
        text += n;
        length -= (gsize)n;
    }
    return true;
}

/* Receives more behind what is there; makes room first. */
static bool receive(Client *client, GError **error)
{
    ssize_t n;

    if (client->start > 0) {
        memmove(client->buffer, client->buffer + client->start, client->end - client->start);
        client->end -= client->start;
        client->start = 0;
    }
    if (client->end == client->size) {
        client->size *= 2;
        client->buffer = g_realloc(client->buffer, client->size);
    }
    n = recv(client->fd, client->buffer + client->end, client->size - client->end, 0);
    if (n < 0) {
        set_errno(error, "receive");
        return false;
    }
    if (n == 0) {
        g_set_error_literal(error, G_FILE_ERROR, G_FILE_ERROR_PIPE, "the server closed the socket");
        return false;
    }
    client->end += (gsize)n;
    return true;
}

const char *client_read_line(Client *client, GError **error)
{
    gsize searched = 0;
    char *line, *end;

    for (;;) {
        gsize from = client->start + searched;

        end = memchr(client->buffer + from, '\n', client->end - from);
        if (end)
            break;
        searched = client->end - client->start;
        if (!receive(client, error))
            return NULL;
    }
    line = client->buffer + client->start;
    client->start = (gsize)(end + 1 - client->buffer);
    if (end > line && end[-1] == '\r')
        end--;
    *end = '\0';
    return line;
}

static bool head_has(const char *line, const char *word)
{
    return memmem(line, strnlen(line, HEAD), word, strlen(word)) != NULL;
}

const char *client_read_reply(Client *client, GError **error)
{
    const char *line;

    do {
        line = client_read_line(client, error);
    } while (line && head_has(line, "\"event\":"));
    if (line && head_has(line, "\"error\":")) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "reply: %s", line);
        return NULL;
    }
    return line;
}

bool client_call(Client *client, const char *request, GError **error)
{
    return client_send(client, request, error) && client_read_reply(client, error);
}

double client_median_call(Client *client, const char *request, guint count, GError **error)
{
    g_auto(Series) series = { NULL };

    for (guint i = 0; i < count; i++) {
        gint64 start = clock_ns();

        if (!client_call(client, request, error))
            return -1;
        series_add(&series, (double)(clock_ns() - start));
    }
    return series_median(&series);
}

bool client_wait_event(Client *client, const char *name, GError **error)
{
    g_autofree char *quoted = g_strdup_printf("\"%s\"", name);
    const char *line;

    do {
        line = client_read_line(client, error);
        if (line && head_has(line, "\"error\":")) {
            g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "reply: %s", line);
            return false;
        }
    } while (line && !(head_has(line, "\"event\":") && head_has(line, quoted)));
    return line != NULL;
}

/* Sends what the socket takes now. */
static bool pipeline_send(Client *client, const GString *text, gsize *sent, GError **error)
{
    ssize_t n = send(client->fd, text->str + *sent, text->len - *sent,
                     MSG_NOSIGNAL | MSG_DONTWAIT);

    if (n < 0 && errno != EAGAIN) {
        set_errno(error, "send");
        return false;
    }
    if (n > 0)
        *sent += (gsize)n;
    return true;
}

/* Receives what is there and counts its lines. */
static bool pipeline_receive(Client *client, guint *lines, GError **error)
{
    const char *at, *end;

    client->start = client->end = 0;
    if (!receive(client, error))
        return false;
    at = client->buffer;
    end = client->buffer + client->end;
    while ((at = memchr(at, '\n', (gsize)(end - at)))) {
        (*lines)++;
        at++;
    }
    client->start = client->end = 0;
    return true;
}

bool client_pipeline(Client *client, const char *request, guint count, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    gsize sent = 0;
    guint lines = 0;

    for (guint i = 0; i < count; i++)
        g_string_append(text, request);
    while (lines < count) {
        struct pollfd poll_fd = { .fd = client->fd, .events = POLLIN };

        if (sent < text->len)
            poll_fd.events |= POLLOUT;
        if (poll(&poll_fd, 1, TIMEOUT_SECONDS * 1000) <= 0) {
            g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_AGAIN, "%u of %u replies", lines, count);
            return false;
        }
        if ((poll_fd.revents & POLLOUT) && !pipeline_send(client, text, &sent, error))
            return false;
        if ((poll_fd.revents & (POLLIN | POLLHUP)) && !pipeline_receive(client, &lines, error))
            return false;
    }
    return true;
}
