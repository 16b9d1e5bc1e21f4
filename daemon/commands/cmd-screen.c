/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * screendump and query-screen-text.
 *
 * A screendump alternates between the pool and the main loop: libraries are loaded, the picture
 * is drawn with the machine lock, and then made a file of.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/qapi-commands.h"
#include "daemon/vmd.h"
#include "hw/aio/fdset.h"
#include "hw/display/console.h"
#include "hw/display/picture.h"
#include "qmp/error.h"
#include "qmp/qapi-types-display.h"

/* ---- screendump ---- */

typedef struct {
    QmpRequest *req;
    const ScreendumpArgs *args; /* the request's */
    QmpFd *fd;                  /* if it has fdname */
    Surface *surface;           /* once drawn */
    bool worked;                /* the pool has executed the current step */
    GError *error;
} Dump;

static void dump_end(Dump *dump)
{
    if (dump->error) {
        qmp_request_fail(dump->req, dump->error);
    } else {
        qmp_request_return(dump->req, NULL);
    }
    qmp_fd_close(dump->fd);
    surface_free(dump->surface);
    g_free(dump);
}

/* Whether the step that the pool had to execute succeeded. */
static bool step_done(Dump *dump)
{
    if (!dump->worked && !dump->error) {
        qmp_error_set(&dump->error, ERROR_REASON_HOST_ERROR, "the daemon ends");
    }
    dump->worked = false;
    return !dump->error;
}

static Console *find_console(Vmd *vmd, const ScreendumpArgs *args, GError **error)
{
    return console_find(vmd->root, args->device, args->has_head ? args->head : -1, error);
}

/* Where a picture goes; error: errno, or 0. */
typedef struct {
    int fd, error;
} Output;

/* A descriptor may be non-blocking, and full. */
static bool output_put(void *opaque, const guint8 *data, gsize size)
{
    Output *out = opaque;
    struct pollfd wait = { .fd = out->fd, .events = POLLOUT };

    while (size) {
        ssize_t n = write(out->fd, data, size);

        if (n < 0 && errno == EAGAIN) {
            poll(&wait, 1, -1);
        } else if (n < 0 && errno != EINTR) {
            out->error = errno;
            return false;
        }
        data += MAX(n, 0);
        size -= MAX(n, 0);
    }
    return true;
}

/* Returns 0 or an errno. */
static int output_picture(const Dump *dump, int fd)
{
    Output out = { .fd = fd };
    bool done = picture_write(dump->surface, dump->args->format, output_put, &out);

    return done ? 0 : out.error ? out.error : ENOMEM;
}

/* No part of a picture is left behind: but only a file that is one is removed.  Returns 0 or an
 * errno. */
static int output_file(const Dump *dump, const char *path)
{
    int fd = fdset_open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);
    struct stat st;
    int error;

    if (fd < 0) {
        return errno;
    }
    error = output_picture(dump, fd);
    if (error && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        unlink(path);
    }
    if (close(fd) < 0 && !error) {
        error = errno;
    }
    return error;
}

static void write_work(void *data)
{
    Dump *dump = data;
    const char *name = dump->fd ? dump->args->fdname : dump->args->filename;
    int error = dump->fd ? output_picture(dump, qmp_fd_get(dump->fd)) : output_file(dump, name);

    dump->worked = true;
    if (error) {
        qmp_error_set_errno(&dump->error, ERROR_REASON_FILE_NOT_USABLE, error,
                            "cannot write the picture to '%s'", name);
        qmp_error_blame(&dump->error, dump->fd ? "fdname" : "filename");
    }
}

static void write_done(void *data)
{
    Dump *dump = data;

    step_done(dump);
    dump_end(dump);
}

static void load_work(void *data)
{
    Dump *dump = data;

    dump->worked = true;
    picture_load(dump->args->format, &dump->error);
}

/* The card may be gone by now. */
static void load_done(void *data)
{
    Dump *dump = data;
    Vmd *vmd = qmp_request_context(dump->req);
    Console *console;

    if (step_done(dump) && !qmp_request_is_cancelled(dump->req, &dump->error)) {
        console = find_console(vmd, dump->args, &dump->error);
        dump->surface = console ? console_draw(console, &dump->error) : NULL;
    }
    if (dump->surface) {
        pool_run(vmd->pool, POOL_REQUEST, write_work, write_done, dump);
    } else {
        dump_end(dump);
    }
}

static bool check_target(const ScreendumpArgs *args, GError **error)
{
    if (!args->filename == !args->fdname) {
        qmp_error_set(error, ERROR_REASON_PROPERTY_MISSING,
                      "exactly one of 'filename' and 'fdname' must be given");
        return false;
    }
    return true;
}

void qmp_screendump(QmpRequest *req, ScreendumpArgs *args)
{
    Vmd *vmd = qmp_request_context(req);
    Dump *dump = g_new(Dump, 1);

    *dump = (Dump){ .req = req, .args = args };
    if (check_target(args, &dump->error) && find_console(vmd, args, &dump->error) &&
        args->fdname) {
        dump->fd = fd_table_take(vmd->fds, qmp_request_client(req), args->fdname, &dump->error);
        qmp_error_blame(&dump->error, "fdname");
    }
    if (dump->error) {
        dump_end(dump);
    } else {
        pool_run(vmd->pool, POOL_REQUEST, load_work, load_done, dump);
    }
}

/* ---- query-screen-text ---- */

static ScreenText *describe(const ConsoleText *text)
{
    ScreenText *ret = g_new0(ScreenText, 1);

    ret->columns = text->columns;
    ret->rows = text->rows;
    ret->lines.n = text->rows;
    ret->lines.items = g_new(char *, text->rows);
    for (guint y = 0; y < text->rows; y++) {
        ret->lines.items[y] = console_text_line(text, y);
    }
    if (text->cursor) {
        ret->cursor = g_new0(ScreenCursor, 1);
        ret->cursor->column = text->cursor_column;
        ret->cursor->row = text->cursor_row;
    }
    return ret;
}

bool qmp_query_screen_text(QmpRequest *req, QueryScreenTextArgs *args, ScreenText **ret,
                           GError **error)
{
    Vmd *vmd = qmp_request_context(req);
    Console *console = console_find(vmd->root, args->device, args->has_head ? args->head : -1,
                                    error);
    ConsoleText text;

    if (!console || !console_text(console, &text, error)) {
        return false;
    }
    *ret = describe(&text);
    console_text_clear(&text);
    return true;
}
