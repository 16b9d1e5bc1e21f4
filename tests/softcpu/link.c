/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The client; see the header.  Time and an access go out in one piece, since a
 * round trip is what an access costs.
 */
#include "config.h"
#include "tests/softcpu/link.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct Link {
    int fd;
    char buffer[16384];
    gsize used;
    guint64 unsaid;             /* ns that the machine does not know of */
    bool interrupt;
};

void link_die(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fputs("softcpu: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}

/* ---- Lines ---- */

static void receive(Link *link)
{
    ssize_t n = read(link->fd, link->buffer + link->used, sizeof(link->buffer) - link->used);

    if (n < 0 && errno == EINTR) {
        return;
    }
    if (n == 0 || (n < 0 && errno == ECONNRESET)) {
        exit(0);
    }
    if (n < 0) {
        link_die("qtest: %s", g_strerror(errno));
    }
    link->used += n;
}

/* Copies the next line, without its end; false if it is not all there. */
static bool take_line(Link *link, char *ret_line, gsize size)
{
    char *newline = memchr(link->buffer, '\n', link->used);
    gsize length = newline ? (gsize)(newline - link->buffer) : 0;

    if (!newline) {
        if (link->used == sizeof(link->buffer)) {
            link_die("qtest: a line without end");
        }
        return false;
    }
    snprintf(ret_line, size, "%.*s", (int)length, link->buffer);
    link->used -= length + 1;
    memmove(link->buffer, newline + 1, link->used);
    return true;
}

/* A line that answers nothing. */
static bool is_notice(Link *link, const char *line)
{
    if (!g_str_has_prefix(line, "IRQ ")) {
        return false;
    }
    if (g_str_equal(line, "IRQ raise 0")) {
        link->interrupt = true;
    } else if (g_str_equal(line, "IRQ lower 0")) {
        link->interrupt = false;
    }
    return true;
}

/* What follows OK. */
static void answer_text(Link *link, char *ret_text, gsize size)
{
    do {
        while (!take_line(link, ret_text, size)) {
            receive(link);
        }
    } while (is_notice(link, ret_text));
    if (!g_str_has_prefix(ret_text, "OK")) {
        link_die("qtest: %s", ret_text);
    }
}

static guint64 answer(Link *link)
{
    char line[256];

    answer_text(link, line, sizeof(line));
    return line[2] ? g_ascii_strtoull(line + 3, NULL, 0) : 0;
}

static void send_text(Link *link, const char *text)
{
    gsize left = strlen(text);

    while (left) {
        ssize_t n = send(link->fd, text, left, MSG_NOSIGNAL);

        if (n < 0 && errno != EINTR) {
            exit(errno == EPIPE || errno == ECONNRESET ? 0 : 1);
        }
        text += MAX(n, 0);
        left -= MAX(n, 0);
    }
}

/* Asks a question of its own time. */
static guint64 ask(Link *link, const char *format, ...) G_GNUC_PRINTF(2, 3);

static guint64 ask(Link *link, const char *format, ...)
{
    char text[256];
    int n = 0;
    bool late = link->unsaid > 0;
    va_list args;

    if (late) {
        n = snprintf(text, sizeof(text), "clock_step %" G_GUINT64_FORMAT "\n", link->unsaid);
        link->unsaid = 0;
    }
    va_start(args, format);
    vsnprintf(text + n, sizeof(text) - n, format, args);
    va_end(args);
    send_text(link, text);
    if (late) {
        answer(link);
    }
    return answer(link);
}

/* ---- Accesses ---- */

static char letter(guint size)
{
    return size == 1 ? 'b' : size == 2 ? 'w' : 'l';
}

guint32 link_in(Link *link, guint16 port, guint size)
{
    return ask(link, "in%c 0x%x\n", letter(size), port);
}

void link_out(Link *link, guint16 port, guint32 value, guint size)
{
    ask(link, "out%c 0x%x 0x%x\n", letter(size), port, value);
}

guint32 link_read(Link *link, guint32 addr, guint size)
{
    return ask(link, "read%c 0x%x\n", letter(size), addr);
}

void link_write(Link *link, guint32 addr, guint32 value, guint size)
{
    ask(link, "write%c 0x%x 0x%x\n", letter(size), addr, value);
}

GBytes *link_fetch(Link *link, guint32 addr, gsize size)
{
    g_autofree char *text = g_malloc(sizeof(link->buffer));
    g_autofree char *question = g_strdup_printf("b64read 0x%x %" G_GSIZE_FORMAT "\n", addr, size);
    guchar *data;

    link_tell_time(link);
    send_text(link, question);
    answer_text(link, text, sizeof(link->buffer));
    data = g_base64_decode(text + 3, &size);
    return g_bytes_new_take(data, size);
}

/* ---- Time and the line ---- */

void link_pass(Link *link, guint64 ns)
{
    link->unsaid += ns;
}

void link_tell_time(Link *link)
{
    if (link->unsaid) {
        guint64 ns = link->unsaid;

        link->unsaid = 0;
        ask(link, "clock_step %" G_GUINT64_FORMAT "\n", ns);
    }
}

void link_wait(Link *link, int ms)
{
    struct pollfd ready = { .fd = link->fd, .events = POLLIN };
    char line[256];

    if (poll(&ready, 1, ms) > 0) {
        receive(link);
    }
    while (take_line(link, line, sizeof(line))) {
        if (!is_notice(link, line)) {
            link_die("qtest: an answer to nothing: %s", line);
        }
    }
}

bool link_interrupt(const Link *link)
{
    return link->interrupt;
}

/* ---- Life ---- */

Link *link_open(const char *path, const char *interrupt_of)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    Link *link = g_new0(Link, 1);

    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    link->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (link->fd < 0 || connect(link->fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
        link_die("%s: %s", path, g_strerror(errno));
    }
    ask(link, "irq_intercept_out %s\n", interrupt_of);
    return link;
}
