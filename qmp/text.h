/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text rules: how booleans, integers, sizes and numbers are written as text.
 *
 * Used where clients send strings for scalars: device_add (qmp/decode.c in
 * lenient mode) and key=value text.  The whole text must match; white space is
 * refused everywhere.  All functions are pure; *ret is untouched unless the
 * result is QMP_PARSE_OK.
 */
#ifndef QMP_TEXT_H
#define QMP_TEXT_H

#include <glib.h>
#include <stdbool.h>

typedef enum {
    QMP_PARSE_OK,
    QMP_PARSE_INVALID,          /* no such spelling */
    QMP_PARSE_RANGE,            /* well spelt, but does not fit the type */
} QmpParse;

/* on, yes, true, y; off, no, false, n.  Lower case only. */
QmpParse qmp_parse_bool(const char *text, bool *ret);

/* Decimal, 0x hexadecimal or 0 octal, with an optional sign. */
QmpParse qmp_parse_int(const char *text, gint64 *ret);

/* The same without a minus sign: a negative number is out of range. */
QmpParse qmp_parse_uint(const char *text, guint64 *ret);

/*
 * Bytes: a decimal number, then optionally one of B K M G T P E (powers of
 * 1024, either case).  With a unit above B a fraction is allowed ("1.5G"),
 * rounded down to a byte.  Hexadecimal takes no unit.  A leading 0 does not
 * mean octal.
 */
QmpParse qmp_parse_size(const char *text, guint64 *ret);

/* A decimal floating point number; neither infinity nor NaN. */
QmpParse qmp_parse_number(const char *text, double *ret);

/* The shortest text that reads back as the same number, put into buf, which has
 * G_ASCII_DTOSTR_BUF_SIZE bytes; returns buf. */
const char *qmp_text_number(char *buf, double value);

/*
 * Client text for a message: one line, valid UTF-8, cut after 64 bytes; the
 * second in single quotes.  Free with g_free().
 */
char *qmp_text_clean(const char *text);
char *qmp_text_quote(const char *text);

/*
 * Whether a machine may have this name: it names folders (/run/vmd/NAME), so it is
 * one component of a path, does not begin with a dot, and has 1 to 255 bytes of
 * UTF-8 without control characters.  All instance names of systemd qualify, but
 * not the other way round: a name with a blank cannot be an instance.
 */
bool qmp_machine_name_ok(const char *name);

/* Whether a character is invisible or displaces others: control characters, Unicode format
 * characters (such as U+202E) and line separators. */
bool qmp_text_char_hides(gunichar c);

/* Replaces such characters by question marks, in place. */
void qmp_text_veil(char *text);

#endif
