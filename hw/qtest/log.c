/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log of a qtest connection: a line for each line, with R for received or S
 * for sent and the seconds since the connection was opened.  It never holds the
 * machine up: what its reader does not take is left out.
 */
#include "config.h"
#include "hw/qtest/qtest-internal.h"

#include <string.h>
#include <unistd.h>

#include "hw/chardev/char-file-open.h"

bool qtest_log_open(QtestLog *log, const char *path, GError **error)
{
    log->fd = -1;
    if (!path || g_str_equal(path, "none")) {
        return true;
    }
    log->fd = char_open_output(path, false, &log->created, error);
    return log->fd >= 0;
}

bool qtest_log_keep(QtestLog *log, const char *path, GError **error)
{
    if (log->fd >= 0 && !char_keep_output(log->fd, path, false, error)) {
        return false;
    }
    log->created = false;
    return true;
}

void qtest_log_close(QtestLog *log, const char *path)
{
    if (log->fd >= 0) {
        char_close_output(log->fd, path, log->created);
    }
    log->fd = -1;
}

static void write_line(QtestLog *log, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void write_line(QtestLog *log, const char *format, ...)
{
    g_autofree char *line = NULL;
    va_list args;

    va_start(args, format);
    line = g_strdup_vprintf(format, args);
    va_end(args);
    (void)!write(log->fd, line, strlen(line));
}

static double seconds(const QtestLog *log)
{
    return (g_get_monotonic_time() - log->opened) / 1e6;
}

void qtest_log_event(QtestLog *log, bool opened)
{
    if (opened) {
        log->opened = g_get_monotonic_time();
    }
    if (log->fd >= 0) {
        write_line(log, "[I %s%f] %s\n", opened ? "" : "+", seconds(log),
                   opened ? "OPENED" : "CLOSED");
    }
}

void qtest_log_line(QtestLog *log, char what, const char *text)
{
    if (log->fd >= 0) {
        write_line(log, "[%c +%f] %s\n", what, seconds(log), text);
    }
}
