/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log of a qtest connection: a line for each line, with R for received or S
 * for sent and the seconds since the connection was opened.  It never delays
 * the machine: lines that its reader does not take are left out.
 */
#include "config.h"
#include "hw/qtest/qtest-internal.h"

#include <string.h>
#include <unistd.h>

#include "hw/chardev/char-file-open.h"

/* Buffer for lines that the file does not take yet. */
#define LOG_MAX (1024 * 1024)

bool qtest_log_open(QtestLog *log, const char *path, GError **error)
{
    int fd;

    if (!path || g_str_equal(path, "none")) {
        return true;
    }
    fd = char_open_output(path, false, &log->created, error);
    if (fd < 0) {
        return false;
    }
    log->file = file_writer_new(fd, LOG_MAX, error);
    if (!log->file) {
        char_undo_output(path, log->created);
        close(fd);
    }
    return log->file != NULL;
}

void qtest_log_keep(QtestLog *log)
{
    if (log->file) {
        file_writer_empty(log->file);
    }
    log->created = false;
}

void qtest_log_close(QtestLog *log, const char *path)
{
    if (log->file) {
        char_undo_output(path, log->created);
        file_writer_free(g_steal_pointer(&log->file));
    }
}

static void write_line(QtestLog *log, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void write_line(QtestLog *log, const char *format, ...)
{
    g_autofree char *line = NULL;
    va_list args;

    va_start(args, format);
    line = g_strdup_vprintf(format, args);
    va_end(args);
    file_writer_put_all(log->file, (const guint8 *)line, strlen(line));
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
    if (log->file) {
        write_line(log, "[I %s%f] %s\n", opened ? "" : "+", seconds(log),
                   opened ? "OPENED" : "CLOSED");
    }
}

void qtest_log_line(QtestLog *log, char what, const char *text)
{
    if (log->file) {
        write_line(log, "[%c +%f] %s\n", what, seconds(log), text);
    }
}
