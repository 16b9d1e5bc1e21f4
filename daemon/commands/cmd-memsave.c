/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memsave and pmemsave: pieces are copied by the main loop, with the machine lock, and written by
 * the pool, in turns.
 */
#include "config.h"

#include <errno.h>
#include <unistd.h>

#include "daemon/commands/guest-memory.h"
#include "daemon/qapi-commands.h"
#include "qmp/error.h"
#include "qmp/new-file.h"
#include "qmp/qapi-types-guest-memory.h"

enum {
    PIECE = 1 << 20,
    PAGE = 4096,
};

typedef struct {
    QmpRequest *req;
    GuestView view;
    guint64 address, left;      /* what is still to be copied */
    const char *filename;       /* the request's */
    NewFile *file;              /* once the pool has begun it */
    gsize filled;               /* bytes of piece */
    bool worked;                /* the pool has executed the current step */
    GError *error;
    guint8 piece[PIECE];
} Save;

static void save_end(Save *save)
{
    if (save->error) {
        qmp_request_fail(save->req, save->error);
    } else {
        qmp_request_return(save->req, NULL);
    }
    g_free(save);
}

/* Copies the next piece; false: an address leads to no memory. */
static bool copy_piece(Save *save)
{
    save->filled = 0;
    while (save->left && save->filled < PIECE) {
        guint64 physical = 0, room = 0;

        guest_memory_find(&save->view, save->address, &physical, &room);
        /* By pages, so that the message has the address at which memory ends. */
        room = MIN(MIN(room, PAGE - physical % PAGE), MIN(save->left, PIECE - save->filled));
        if (!room || !memory_read(save->view.memory, physical, save->piece + save->filled, room)) {
            qmp_error_set_at(&save->error, "val", ERROR_REASON_INVALID_VALUE,
                             "there is no memory at 0x%" G_GINT64_MODIFIER "x", save->address);
            return false;
        }
        save->filled += room;
        save->address += room;
        save->left -= room;
    }
    return true;
}

static int write_all(int fd, const guint8 *data, gsize size)
{
    while (size) {
        ssize_t n = write(fd, data, size);

        if (n < 0 && errno != EINTR) {
            return errno;
        }
        data += MAX(n, 0);
        size -= MAX(n, 0);
    }
    return 0;
}

/* Writes the piece; after the last one, or an error, ends the file. */
static void write_work(void *data)
{
    Save *save = data;
    int error = 0, end = 0;

    save->worked = true;
    if (!save->file) {
        save->file = new_file_begin(save->filename);
        error = save->file ? 0 : errno;
    }
    if (!error && !save->error) {
        error = write_all(new_file_fd(save->file), save->piece, save->filled);
    }
    if (save->file && (error || save->error || !save->left)) {
        end = new_file_end(save->file, !error && !save->error);
        save->file = NULL;
    }
    error = error ? error : end;
    if (error && !save->error) {
        qmp_error_set_errno(&save->error, ERROR_REASON_FILE_NOT_USABLE, error,
                            "cannot write memory to '%s'", save->filename);
        qmp_error_blame(&save->error, "filename");
    }
}

static void write_done(void *data)
{
    Save *save = data;
    const Vmd *vmd = qmp_request_context(save->req);

    if (!save->worked && !save->error) {
        qmp_error_set(&save->error, ERROR_REASON_HOST_ERROR, "the daemon ends");
    }
    if (!save->file) {
        save_end(save);
        return;
    }
    save->worked = false;
    if (!qmp_request_is_cancelled(save->req, &save->error)) {
        copy_piece(save);
    }
    pool_run(vmd->pool, POOL_REQUEST, write_work, write_done, save);
}

static void save_begin(QmpRequest *req, const gint64 *cpu_index, guint64 address, guint64 size,
                       const char *filename)
{
    Vmd *vmd = qmp_request_context(req);
    Save *save = g_new0(Save, 1);

    save->req = req;
    save->address = address;
    save->left = size;
    save->filename = filename;
    if (guest_memory_check("val", address, size, &save->error) &&
        guest_memory_begin(&save->view, vmd, cpu_index, &save->error) &&
        copy_piece(save)) {
        pool_run(vmd->pool, POOL_REQUEST, write_work, write_done, save);
    } else {
        save_end(save);
    }
}

void qmp_memsave(QmpRequest *req, MemsaveVirtualArgs *args)
{
    save_begin(req, &args->cpu_index, args->val, args->size, args->filename);
}

void qmp_pmemsave(QmpRequest *req, MemsaveArgs *args)
{
    save_begin(req, NULL, args->val, args->size, args->filename);
}
