/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines from bytes; see the header.  Each byte is examined once, and moved at
 * most once per call that adds bytes.
 */
#include "config.h"
#include "hw/qtest/lines.h"

#include <string.h>

/* A buffer that has held more than this is freed once it is empty. */
#define KEPT_SIZE 65536

void qtest_lines_init(QtestLines *lines, gsize max)
{
    *lines = (QtestLines){ .data = g_byte_array_new(), .max = max };
}

void qtest_lines_done(QtestLines *lines)
{
    g_clear_pointer(&lines->data, g_byte_array_unref);
}

void qtest_lines_clear(QtestLines *lines)
{
    g_byte_array_unref(lines->data);
    qtest_lines_init(lines, lines->max);
}

static void forget_taken(QtestLines *lines)
{
    if (!lines->taken) {
        return;
    }
    if (lines->taken == lines->data->len && lines->taken > KEPT_SIZE) {
        g_byte_array_unref(lines->data);
        lines->data = g_byte_array_new();
    } else {
        g_byte_array_remove_range(lines->data, 0, lines->taken);
    }
    lines->taken = 0;
}

/* Drops a line that is too long. */
static void drop_long(QtestLines *lines)
{
    gsize length = lines->data->len - lines->taken;

    if (lines->searched == length && length > lines->max) {
        lines->dropping = true;
        lines->taken = lines->data->len;
        lines->searched = 0;
    }
}

static guint8 *find_newline(QtestLines *lines)
{
    gsize length = lines->data->len - lines->taken;
    guint8 *from, *newline;

    if (length <= lines->searched) {
        lines->searched = length;
        return NULL;
    }
    from = lines->data->data + lines->taken;    /* which is NULL before the first byte */
    newline = memchr(from + lines->searched, '\n', length - lines->searched);
    lines->searched = newline ? (gsize)(newline - from) : length;
    return newline;
}

void qtest_lines_add(QtestLines *lines, const guint8 *data, gsize size)
{
    forget_taken(lines);
    g_byte_array_append(lines->data, data, size);
    find_newline(lines);
    drop_long(lines);
}

QtestLine qtest_lines_next(QtestLines *lines, char **ret_line, gsize *ret_length)
{
    guint8 *newline = find_newline(lines);
    gsize length = lines->searched;
    bool dropped = lines->dropping;

    if (!newline) {
        drop_long(lines);
        return QTEST_LINE_NONE;
    }
    *newline = '\0';
    *ret_line = (char *)newline - length;
    *ret_length = length;
    lines->taken += length + 1;
    lines->searched = 0;
    lines->dropping = false;
    return dropped || length > lines->max ? QTEST_LINE_TOO_LONG : QTEST_LINE;
}

bool qtest_lines_waiting(QtestLines *lines)
{
    return find_newline(lines) != NULL;
}
