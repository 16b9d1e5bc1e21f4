/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * screendump: it alternates between the pool and the main loop: libraries are loaded, the picture
 * is drawn with the machine lock, and then made a file of.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/qapi-commands.h"
#include "daemon/vmd.h"
#include "hw/aio/fdset.h"
#include "hw/display/console.h"
#include "hw/display/picture.h"
#include "qmp/error.h"
#include "qmp/new-file.h"
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

/* Where a picture goes. */
typedef struct {
    const QmpRequest *req;
    int fd;
    bool regular;               /* it takes everything without a wait */
    int error;                  /* errno, or 0 */
} Output;

/* How long a reader may take nothing, and how often it is seen whether the client is gone. */
enum { PATIENCE_S = 10, LOOK_S = 1 };

/* Waits until something can be written.  A reader that is stuck, and a client that is gone, hold
 * neither the thread nor the picture.  Returns 0 or an errno. */
static int wait_room(const Output *out)
{
    struct pollfd wait = { .fd = out->fd, .events = POLLOUT };

    for (guint i = 0; i < PATIENCE_S / LOOK_S; i++) {
        if (qmp_request_is_abandoned(out->req)) {
            return ECANCELED;
        }
        if (poll(&wait, 1, LOOK_S * 1000) > 0) {
            return 0;
        }
    }
    return ETIMEDOUT;
}

/* The client's descriptor may block, but not for as little as this if it has room. */
static bool output_put(void *opaque, const guint8 *data, gsize size)
{
    Output *out = opaque;

    while (size && !out->error) {
        ssize_t n;

        out->error = out->regular ? 0 : wait_room(out);
        n = out->error ? 0 : write(out->fd, data, out->regular ? size : MIN(size, PIPE_BUF));
        if (n < 0 && errno != EAGAIN && errno != EINTR) {
            out->error = errno;
        }
        data += MAX(n, 0);
        size -= MAX(n, 0);
    }
    return !out->error;
}

/* Returns 0 or an errno. */
static int output_picture(const Dump *dump, int fd)
{
    struct stat st;
    Output out = {
        .req = dump->req, .fd = fd, .regular = fstat(fd, &st) == 0 && S_ISREG(st.st_mode),
    };
    bool done = picture_write(dump->surface, dump->args->format, output_put, &out);

    return done ? 0 : out.error ? out.error : ENOMEM;
}

/* To a descriptor that a client passed (add-fd).  Returns 0 or an errno. */
static int output_to_set(const Dump *dump, const char *path)
{
    int fd = fdset_open(path, O_WRONLY | O_TRUNC | O_CLOEXEC, 0);
    int error = fd < 0 ? errno : output_picture(dump, fd);

    if (fd >= 0) {
        close(fd);
    }
    return error;
}

/* Returns 0 or an errno. */
static int output_file(const Dump *dump, const char *path)
{
    NewFile *file = new_file_begin(path);
    int error, end;

    if (!file) {
        return errno;
    }
    error = output_picture(dump, new_file_fd(file));
    end = new_file_end(file, !error);
    return error ? error : end;
}

static void write_work(void *data)
{
    Dump *dump = data;
    const char *name = dump->fd ? dump->args->fdname : dump->args->filename;
    int error = dump->fd ? output_picture(dump, qmp_fd_get(dump->fd))
              : fdset_is_path(name) ? output_to_set(dump, name) : output_file(dump, name);

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
