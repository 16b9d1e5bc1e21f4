/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Printer: JSON tokens into an evbuffer through a small buffer on the stack,
 * since an evbuffer_add() for each token would cost more than the token.
 * Private to qmp/.
 */
#ifndef QMP_PRINTER_H
#define QMP_PRINTER_H

#include <glib.h>
#include <stdbool.h>

struct evbuffer;

typedef struct {
    struct evbuffer *out;
    guint32 hidden;             /* QMP_MARK_*: members that are left out; 0 at first */
    gsize used;
    char buffer[2048];
} QmpPrinter;

/* Starts printing at the end of out. */
void qmp_print_init(QmpPrinter *printer, struct evbuffer *out);

/* Moves the rest of the buffer to out; must be called at the end. */
void qmp_print_done(QmpPrinter *printer);

/* Any text, as it is. */
void qmp_print_raw(QmpPrinter *printer, const char *text, gsize length);
#define qmp_print_literal(printer, text) qmp_print_raw(printer, text, sizeof(text) - 1)

/* A string literal with its quotes; bytes that are not UTF-8 become U+FFFD. */
void qmp_print_str(QmpPrinter *printer, const char *s, gsize length);

void qmp_print_bool(QmpPrinter *printer, bool value);
void qmp_print_int(QmpPrinter *printer, gint64 value);
void qmp_print_uint(QmpPrinter *printer, guint64 value);

/* The shortest of 15 or 17 digits that reads back the same; infinity and NaN,
 * which JSON lacks, become null. */
void qmp_print_number(QmpPrinter *printer, double value);

/* `"key": `, with a comma first unless *first, which becomes false. */
void qmp_print_key(QmpPrinter *printer, const char *key, bool *first);

#endif
