/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Log files of character backends; see the header.
 */
#include "config.h"
#include "hw/chardev/char-log.h"

#include <unistd.h>

#include "hw/aio/file-writer.h"
#include "hw/chardev/char-file-open.h"
#include "qmp/error.h"
#include "qom/env.h"
#include "qom/qapi-objects-char.h"

/* The members with which all branches of the union begin. */
static const ChardevCommon *common_options(const Chardev *chr)
{
    const ChardevBackend *backend = char_backend(chr);

    return backend ? (const ChardevCommon *)backend->u.null.data : NULL;
}

/* ---- Output ---- */

/* On the writer's thread. */
static void log_moved(void *opaque, int error)
{
    Chardev *chr = opaque;

    if (error && !g_atomic_int_get(&chr->log_failed)) {
        g_atomic_int_set(&chr->log_failed, 1);
        g_warning("chardev '%s': log file is no longer written: %s", chr->object.name,
                  g_strerror(error));
    }
}

static void note_missing(Chardev *chr, gsize size)
{
    if (!chr->log_missing) {
        g_warning("chardev '%s': log file takes nothing, output is missing from it",
                  chr->object.name);
    }
    chr->log_missing += size;
}

static void tell_missing(Chardev *chr)
{
    g_message("chardev '%s': %" G_GUINT64_FORMAT " bytes of output are missing from the log file",
              chr->object.name, chr->log_missing);
    chr->log_missing = 0;
}

void char_log_write(Chardev *chr, const guint8 *data, gsize size)
{
    gsize n;

    if (!chr->log || g_atomic_int_get(&chr->log_failed)) {
        return;
    }
    if (chr->log_missing && file_writer_idle(chr->log)) {
        tell_missing(chr);
    }
    n = chr->log_missing ? 0 : file_writer_put(chr->log, data, size);
    if (n < size) {
        note_missing(chr, size - n);
    }
}

/* ---- Life ---- */

static bool no_log(GError **error)
{
    qmp_error_set_at(error, "backend.data.logappend", ERROR_REASON_INVALID_VALUE,
                     "'logappend' has no effect without 'logfile'");
    return false;
}

bool char_log_open(Chardev *chr, GError **error)
{
    const ChardevCommon *common = common_options(chr);
    int fd;

    if (!common || !common->logfile) {
        return !common || !common->logappend || no_log(error);
    }
    fd = char_open_output(common->logfile, common->logappend, &chr->log_created, error);
    if (fd < 0) {
        return qmp_error_blame(error, "backend.data.logfile");
    }
    chr->log = file_writer_new(fd, CHAR_LOG_MAX, error);
    if (!chr->log) {
        char_undo_output(common->logfile, chr->log_created);
        close(fd);
        return false;
    }
    file_writer_watch(chr->log, log_moved, chr);
    return true;
}

/* The old content of the log file is discarded only when nothing can fail any more. */
static bool keep_log(Object *obj, GError **error)
{
    Chardev *chr = to_chardev(obj);
    const ChardevCommon *common = common_options(chr);

    if (!common->logappend) {
        file_writer_empty(chr->log);
    }
    chr->log_created = false;
    return true;
}

bool char_log_keep(Chardev *chr, GError **error)
{
    return !chr->log || env_keep(&chr->object, keep_log, error);
}

void char_log_close(Chardev *chr)
{
    if (!chr->log) {
        return;
    }
    char_undo_output(common_options(chr)->logfile, chr->log_created);
    chr->log_missing += file_writer_free(g_steal_pointer(&chr->log));
    if (chr->log_missing) {
        tell_missing(chr);
    }
}
