/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Printing JSON tokens; see qmp/printer.h.
 */
#include "config.h"
#include "qmp/printer.h"

#include <event2/buffer.h>
#include <math.h>
#include <string.h>

#include "qmp/text.h"

void qmp_print_init(QmpPrinter *printer, struct evbuffer *out)
{
    printer->out = out;
    printer->hidden = 0;
    printer->used = 0;
}

void qmp_print_done(QmpPrinter *printer)
{
    evbuffer_add(printer->out, printer->buffer, printer->used);
    printer->used = 0;
}

void qmp_print_raw(QmpPrinter *printer, const char *text, gsize length)
{
    if (length > sizeof(printer->buffer) - printer->used) {
        qmp_print_done(printer);
    }
    if (length > sizeof(printer->buffer)) {
        evbuffer_add(printer->out, text, length);
        return;
    }
    memcpy(printer->buffer + printer->used, text, length);
    printer->used += length;
}

static void print_escape(QmpPrinter *printer, guchar c)
{
    static const char letters[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    static const char digits[] = "0123456789abcdef";
    char code[6] = { '\\', 'u', '0', '0', digits[c >> 4], digits[c & 15] };

    for (gsize i = 0; i + 1 < sizeof(letters); i += 2) {
        if (letters[i] == (char)c) {
            code[1] = letters[i + 1];
            qmp_print_raw(printer, code, 2);
            return;
        }
    }
    qmp_print_raw(printer, code, sizeof(code));
}

/* Length of the UTF-8 sequence at s, or 0 if it is not valid. */
static gsize sequence_length(const char *s, gsize left)
{
    gunichar c = g_utf8_get_char_validated(s, left);

    return c >= (gunichar)-2 ? 0 : (gsize)(g_utf8_next_char(s) - s);
}

/* A character as a \u escape: a surrogate pair if 16 bits are not enough. */
static void print_code(QmpPrinter *printer, gunichar c)
{
    char code[16];

    if (c < 0x10000) {
        g_snprintf(code, sizeof(code), "\\u%04x", c);
    } else {
        g_snprintf(code, sizeof(code), "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10),
                   0xdc00 + (c & 0x3ff));
    }
    qmp_print_raw(printer, code, strlen(code));
}

static bool is_plain(guchar c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

void qmp_print_str(QmpPrinter *printer, const char *s, gsize length)
{
    gsize run, i = 0;

    qmp_print_literal(printer, "\"");
    while (i < length) {
        for (run = i; run < length && is_plain(s[run]); run++) {
        }
        qmp_print_raw(printer, s + i, run - i);
        i = run;
        if (i == length) {
            break;
        }
        if ((guchar)s[i] < 0x80) {
            print_escape(printer, s[i++]);
            continue;
        }
        run = sequence_length(s + i, length - i);
        if (run && qmp_text_char_hides(g_utf8_get_char(s + i))) {
            print_code(printer, g_utf8_get_char(s + i));
            i += run;
            continue;
        }
        qmp_print_raw(printer, run ? s + i : "\\ufffd", run ? run : 6);
        i += run ? run : 1;
    }
    qmp_print_literal(printer, "\"");
}

void qmp_print_bool(QmpPrinter *printer, bool value)
{
    if (value) {
        qmp_print_literal(printer, "true");
    } else {
        qmp_print_literal(printer, "false");
    }
}

void qmp_print_uint(QmpPrinter *printer, guint64 value)
{
    char digits[20];
    gsize i = sizeof(digits);

    do {
        digits[--i] = '0' + value % 10;
        value /= 10;
    } while (value);
    qmp_print_raw(printer, digits + i, sizeof(digits) - i);
}

void qmp_print_int(QmpPrinter *printer, gint64 value)
{
    if (value < 0) {
        qmp_print_literal(printer, "-");
        qmp_print_uint(printer, 0 - (guint64)value);
    } else {
        qmp_print_uint(printer, value);
    }
}

void qmp_print_number(QmpPrinter *printer, double value)
{
    char buf[G_ASCII_DTOSTR_BUF_SIZE];
    const char *text;

    if (!isfinite(value)) {
        qmp_print_literal(printer, "null");
        return;
    }
    text = qmp_text_number(buf, value);
    qmp_print_raw(printer, text, strlen(text));
    /* 1.0 must not come back as an integer. */
    if (!strpbrk(text, ".e")) {
        qmp_print_literal(printer, ".0");
    }
}

void qmp_print_key(QmpPrinter *printer, const char *key, bool *first)
{
    if (!*first) {
        qmp_print_literal(printer, ", ");
    }
    *first = false;
    qmp_print_str(printer, key, strlen(key));
    qmp_print_literal(printer, ": ");
}
