/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes of a client to lines.  A line ends with a newline, and with nothing else;
 * one that is too long is dropped up to its end.
 */
#ifndef HW_QTEST_LINES_H
#define HW_QTEST_LINES_H

#include <glib.h>
#include <stdbool.h>

typedef struct {
    GByteArray *data;           /* bytes received and not yet removed */
    gsize taken;                /* bytes at its beginning that were taken */
    gsize searched;             /* bytes without a newline after those */
    gsize max;                  /* maximum bytes of a line, without newline */
    bool dropping;              /* the rest of a line that was too long */
} QtestLines;

typedef enum {
    QTEST_LINE_NONE,            /* no complete line yet */
    QTEST_LINE,
    QTEST_LINE_TOO_LONG,
} QtestLine;

void qtest_lines_init(QtestLines *lines, gsize max);
void qtest_lines_done(QtestLines *lines);
/* Drops all bytes. */
void qtest_lines_clear(QtestLines *lines);
void qtest_lines_add(QtestLines *lines, const guint8 *data, gsize size);
/* The next line, without its newline and with a zero after it, valid and writable
 * until the next call of any of these. */
QtestLine qtest_lines_next(QtestLines *lines, char **ret_line, gsize *ret_length);
/* Whether there is a complete line. */
bool qtest_lines_waiting(QtestLines *lines);

#endif
