/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A VNC client; see viewer.h.
 */
#include "config.h"
#include "tests/bench/viewer.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/bench/series.h"

enum { DESKTOP_SIZE = -223, PIXEL = 4, BUFFER_SIZE = 1 << 20, TIMEOUT_SECONDS = 30 };

/* Of Tight: its control byte, and what is sent without being compressed. */
enum { TIGHT_FILL = 8, TIGHT_JPEG = 9, TIGHT_FILTER = 4, TIGHT_PIXEL = 3, TIGHT_PLAIN = 12 };

struct Viewer {
    int fd;
    guint width, height;
    guint64 pixels;             /* taken so far */
    guint8 *buffer;
    gsize start, end;           /* what is in it */
};

static bool fail(GError **error, const char *what)
{
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "VNC: %s", what);
    return false;
}

/* ---- Bytes ---- */

/* Reads size bytes; to may be NULL. */
static bool take(Viewer *v, guint8 *to, gsize size, GError **error)
{
    while (size) {
        gsize n = MIN(size, v->end - v->start);

        if (!n) {
            ssize_t got = recv(v->fd, v->buffer, BUFFER_SIZE, 0);

            if (got <= 0)
                return fail(error, got ? g_strerror(errno) : "the server has closed");
            v->start = 0;
            v->end = (gsize)got;
            continue;
        }
        if (to) {
            memcpy(to, v->buffer + v->start, n);
            to += n;
        }
        v->start += n;
        size -= n;
    }
    return true;
}

static bool give(Viewer *v, const void *data, gsize size, GError **error)
{
    return send(v->fd, data, size, MSG_NOSIGNAL) == (ssize_t)size ||
           fail(error, "the server takes nothing");
}

static guint get16(const guint8 *p)
{
    return (guint)(p[0] << 8 | p[1]);
}

static guint32 get32(const guint8 *p)
{
    return (guint32)get16(p) << 16 | get16(p + 2);
}

static void put16(guint8 *p, guint value)
{
    p[0] = (guint8)(value >> 8);
    p[1] = (guint8)value;
}

/* ---- Rectangles ---- */

static bool skip_zrle(Viewer *v, GError **error)
{
    guint8 size[4];

    return take(v, size, sizeof(size), error) && take(v, NULL, get32(size), error);
}

static bool skip_compact(Viewer *v, GError **error)
{
    guint8 byte = 0x80;
    gsize size = 0;

    for (guint shift = 0; byte & 0x80 && shift < 21; shift += 7) {
        if (!take(v, &byte, 1, error))
            return false;
        size |= (gsize)(shift < 14 ? byte & 0x7f : byte) << shift;
    }
    return take(v, NULL, size, error);
}

/* What a filter says; *size: bytes of its data. */
static bool take_filter(Viewer *v, guint width, guint height, gsize *size, GError **error)
{
    guint8 filter, last;

    if (!take(v, &filter, 1, error) || filter != 1)
        return filter == 1 || filter == 0 || filter == 2;
    if (!take(v, &last, 1, error) || !take(v, NULL, (last + 1U) * TIGHT_PIXEL, error))
        return false;
    *size = last <= 1 ? (gsize)(width + 7) / 8 * height : (gsize)width * height;
    return true;
}

static bool skip_tight(Viewer *v, guint width, guint height, GError **error)
{
    gsize size = (gsize)width * height * TIGHT_PIXEL;
    guint8 control;

    if (!take(v, &control, 1, error))
        return false;
    control >>= 4;
    if (control == TIGHT_FILL)
        return take(v, NULL, TIGHT_PIXEL, error);
    if (control >= TIGHT_JPEG)
        return fail(error, "a picture that is not exact");
    if (control & TIGHT_FILTER && !take_filter(v, width, height, &size, error))
        return false;
    return size < TIGHT_PLAIN ? take(v, NULL, size, error) : skip_compact(v, error);
}

static bool take_rectangle(Viewer *v, GError **error)
{
    guint8 header[12];
    guint width, height;

    if (!take(v, header, sizeof(header), error))
        return false;
    width = get16(header + 4);
    height = get16(header + 6);
    v->pixels += (guint64)width * height;
    switch ((gint32)get32(header + 8)) {
    case VIEWER_RAW:
        return take(v, NULL, (gsize)width * height * PIXEL, error);
    case VIEWER_TIGHT:
        return skip_tight(v, width, height, error);
    case VIEWER_ZRLE:
        return skip_zrle(v, error);
    case DESKTOP_SIZE:
        v->pixels -= (guint64)width * height;
        v->width = width;
        v->height = height;
        return true;
    default:
        return fail(error, "an encoding that was not asked for");
    }
}

static bool ask(Viewer *v, bool incremental, GError **error)
{
    guint8 message[10] = { 3, incremental };

    put16(message + 6, v->width);
    put16(message + 8, v->height);
    return give(v, message, sizeof(message), error);
}

static bool take_update(Viewer *v, GError **error)
{
    guint8 header[4];

    if (!take(v, header, sizeof(header), error))
        return false;
    if (header[0])
        return fail(error, "a message that is no update");
    for (guint n = get16(header + 2); n; n--) {
        if (!take_rectangle(v, error))
            return false;
    }
    return true;
}

bool viewer_watch(Viewer *v, gint64 ns, guint64 *ret_pixels, gint64 *ret_ns, GError **error)
{
    gint64 started = clock_ns(), now = started;
    guint64 before = v->pixels;

    while (now < started + ns) {
        if (!ask(v, true, error) || !take_update(v, error))
            return false;
        now = clock_ns();
    }
    *ret_pixels = v->pixels - before;
    *ret_ns = now - started;
    return true;
}

bool viewer_ask(Viewer *v, GError **error)
{
    return ask(v, true, error);
}

/* ---- Its beginning ---- */

static int connect_to(const char *path, GError **error)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct timeval timeout = { .tv_sec = TIMEOUT_SECONDS };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    for (guint i = 0; i < 100 * TIMEOUT_SECONDS; i++) {
        if (!connect(fd, (struct sockaddr *)&address, sizeof(address)))
            return fd;
        g_usleep(10000);
    }
    close(fd);
    fail(error, "nobody listens");
    return -1;
}

/* Version 3.8, without a password; the server's own pixel format has 32 bits in both programs. */
static bool shake_hands(Viewer *v, ViewerEncoding encoding, GError **error)
{
    const gint32 encodings[] = { GINT32_TO_BE(encoding), GINT32_TO_BE(DESKTOP_SIZE) };
    guint8 init[24];

    if (!take(v, NULL, 12, error) || !give(v, "RFB 003.008\n", 12, error) ||
        !take(v, NULL, 2, error) || !give(v, "\1", 1, error) || !take(v, NULL, 4, error) ||
        !give(v, "\1", 1, error) || !take(v, init, sizeof(init), error) ||
        !take(v, NULL, get32(init + 20), error))
        return false;
    v->width = get16(init);
    v->height = get16(init + 2);
    return give(v, "\2\0\0\2", 4, error) && give(v, encodings, sizeof(encodings), error);
}

Viewer *viewer_new(const char *path, ViewerEncoding encoding, guint width, GError **error)
{
    int fd = connect_to(path, error);
    g_autoptr(Viewer) v = NULL;

    if (fd < 0)
        return NULL;
    v = g_new0(Viewer, 1);
    v->fd = fd;
    v->buffer = g_malloc(BUFFER_SIZE);
    if (!shake_hands(v, encoding, error) || !ask(v, false, error))
        return NULL;
    while (take_update(v, error)) {
        if (v->width >= width)
            return g_steal_pointer(&v);
        if (!ask(v, true, error))
            break;
    }
    return NULL;
}

void viewer_free(Viewer *v)
{
    if (v) {
        close(v->fd);
        g_free(v->buffer);
        g_free(v);
    }
}
