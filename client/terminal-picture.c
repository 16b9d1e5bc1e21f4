/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See terminal-picture.h.
 */
#include "config.h"
#include "client/terminal-picture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "client/sixel.h"

/* Whether kitty's protocol is known, by a picture of one pixel that is not shown; and the primary
 * device attributes, which each terminal answers, and after the other question. */
#define QUESTION "\033_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\033\\\033[c"
#define KITTY_ANSWER "\033_Gi=31;OK"
#define ATTRIBUTES "\033[?"

enum { ANSWER_MS = 1000, ANSWER_MAX = 4096, SIXELS = 4, CHUNK = 4096, MAX_SIDE = 1 << 15 };

static bool fail(GError **error, const char *why)
{
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s", why);
    return false;
}

/* ---- Asking ---- */

/* The list of attributes, which a 'c' ends, or NULL if it is not complete. */
static const char *find_attributes(const GString *answer)
{
    const char *list = strstr(answer->str, ATTRIBUTES);

    if (!list) {
        return NULL;
    }
    list += strlen(ATTRIBUTES);
    return list[strspn(list, "0123456789;")] == 'c' ? list : NULL;
}

static bool has_attribute(const char *list, guint64 wanted)
{
    do {
        if (g_ascii_strtoull(list, NULL, 10) == wanted) {
            return true;
        }
        list += strcspn(list, ";c");
    } while (*list++ == ';');
    return false;
}

/* False: no answer, or one without end. */
static bool read_answer(int fd, GString *answer)
{
    gint64 deadline = g_get_monotonic_time() + ANSWER_MS * 1000;

    while (!find_attributes(answer) && answer->len < ANSWER_MAX) {
        gint64 left = (deadline - g_get_monotonic_time()) / 1000;
        struct pollfd pfd = { .fd = fd, .events = POLLIN };
        char buffer[256];
        ssize_t n;

        if (left <= 0 || (poll(&pfd, 1, left) < 0 && errno != EINTR)) {
            return false;
        }
        n = pfd.revents ? read(fd, buffer, sizeof(buffer)) : 0;
        if (n < 0 && errno != EINTR) {
            return false;
        }
        g_string_append_len(answer, buffer, MAX(n, 0));
    }
    return answer->len < ANSWER_MAX;
}

/* With the terminal in a mode in which the answer is neither shown nor waits for a line's end. */
static bool ask(int fd, GString *answer)
{
    struct termios saved, raw;
    bool answered;

    if (tcgetattr(fd, &saved) < 0) {
        return false;
    }
    raw = saved;
    cfmakeraw(&raw);
    tcsetattr(fd, TCSAFLUSH, &raw);
    answered = write(fd, QUESTION, strlen(QUESTION)) == (ssize_t)strlen(QUESTION) &&
               read_answer(fd, answer);
    tcsetattr(fd, TCSAFLUSH, &saved);
    return answered;
}

bool terminal_picture_ask(TerminalPicture *ret, GError **error)
{
    g_autoptr(GString) answer = g_string_new(NULL);
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    const char *list;
    bool answered;

    if (fd < 0) {
        return fail(error, "--show needs a terminal");
    }
    answered = ask(fd, answer);
    close(fd);
    if (!answered) {
        return fail(error, "the terminal does not say whether it shows pictures: give -o FILE");
    }
    list = find_attributes(answer);
    if (strstr(answer->str, KITTY_ANSWER)) {
        *ret = TERMINAL_PICTURE_PNG;
    } else if (has_attribute(list, SIXELS)) {
        *ret = TERMINAL_PICTURE_SIXELS;
    } else {
        return fail(error, "the terminal shows no pictures (neither sixels nor by kitty's "
                    "protocol): give -o FILE");
    }
    return true;
}

/* ---- Pictures ---- */

/* In pieces; all but the last say that there are more. */
static GString *make_kitty(const guint8 *png, gsize size)
{
    g_autofree char *text = g_base64_encode(png, size);
    gsize length = strlen(text);
    GString *out = g_string_new(NULL);

    for (gsize at = 0; at < length; at += CHUNK) {
        gsize n = MIN(length - at, CHUNK);

        g_string_append_printf(out, "\033_G%sm=%d;%.*s\033\\", at ? "" : "a=T,f=100,",
                               at + n < length, (int)n, text + at);
    }
    return out;
}

static GString *make_sixels(const guint8 *ppm, gsize size)
{
    g_autofree char *text = g_strndup((const char *)ppm, MIN(size, 64));
    guint width, height;
    int header = 0;

    if (sscanf(text, "P6\n%u %u\n255%n", &width, &height, &header) != 2 || !header ||
        width > MAX_SIDE || height > MAX_SIDE ||
        header + 1 + (gsize)width * height * 3 != size) {
        return NULL;
    }
    return sixel_encode(ppm + header + 1, width, height);
}

GString *terminal_picture_make(TerminalPicture kind, const guint8 *data, gsize size)
{
    return kind == TERMINAL_PICTURE_PNG ? make_kitty(data, size) : make_sixels(data, size);
}
