/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text rules for scalars; see qmp/text.h.  The C library's conversions skip
 * white space and accept signs and spellings that JSON clients never send, so
 * the first characters are checked before the text is passed to them.
 */
#include "config.h"
#include "qmp/text.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { QUOTE_MAX = 64, NAME_MAX_BYTES = 255 };

QmpParse qmp_parse_bool(const char *text, bool *ret)
{
    static const char *const yes[] = { "on", "yes", "true", "y" };
    static const char *const no[] = { "off", "no", "false", "n" };

    for (guint i = 0; i < G_N_ELEMENTS(yes); i++) {
        if (!strcmp(text, yes[i]) || !strcmp(text, no[i])) {
            *ret = !strcmp(text, yes[i]);
            return QMP_PARSE_OK;
        }
    }
    return QMP_PARSE_INVALID;
}

/* Digits in the base given by their prefix. */
static QmpParse parse_magnitude(const char *text, guint64 *ret)
{
    guint64 value;
    char *end;

    if (!g_ascii_isdigit(text[0])) {
        return QMP_PARSE_INVALID;
    }
    errno = 0;
    value = g_ascii_strtoull(text, &end, 0);
    /* "0x" alone converts the 0 and stops at the x. */
    if (*end) {
        return QMP_PARSE_INVALID;
    }
    if (errno) {
        return QMP_PARSE_RANGE;
    }
    *ret = value;
    return QMP_PARSE_OK;
}

static const char *skip_sign(const char *text, bool *ret_negative)
{
    *ret_negative = text[0] == '-';
    return text + (text[0] == '-' || text[0] == '+');
}

QmpParse qmp_parse_int(const char *text, gint64 *ret)
{
    bool negative;
    guint64 magnitude;
    QmpParse result = parse_magnitude(skip_sign(text, &negative), &magnitude);

    if (result != QMP_PARSE_OK) {
        return result;
    }
    if (magnitude > (guint64)G_MAXINT64 + negative) {
        return QMP_PARSE_RANGE;
    }
    *ret = negative ? (gint64)(0 - magnitude) : (gint64)magnitude;
    return QMP_PARSE_OK;
}

QmpParse qmp_parse_uint(const char *text, guint64 *ret)
{
    bool negative;
    guint64 magnitude;
    QmpParse result = parse_magnitude(skip_sign(text, &negative), &magnitude);

    if (result != QMP_PARSE_OK) {
        return result;
    }
    if (negative && magnitude) {
        return QMP_PARSE_RANGE;
    }
    *ret = magnitude;
    return QMP_PARSE_OK;
}

/* The power of two that a unit letter stands for, or -1. */
static int unit_shift(char unit)
{
    static const char units[] = "BKMGTPE";
    const char *found = unit ? strchr(units, g_ascii_toupper(unit)) : NULL;

    return found ? (int)(found - units) * 10 : -1;
}

/* digits[0..n) as a fraction of 2^shift, rounded down. */
static guint64 fraction_bytes(const char *digits, gsize n, int shift)
{
    guint64 bytes = 0, remainder = 0, power = 1;

    /* Nine digits decide the byte for every unit up to G; beyond that a double
     * is exact enough for numbers that people write. */
    if (n <= 9) {
        for (gsize i = 0; i < n; i++) {
            remainder = remainder * 10 + (digits[i] - '0');
            power *= 10;
        }
        for (int i = 0; i < shift; i++) {
            remainder *= 2;
            bytes = bytes * 2 + remainder / power;
            remainder %= power;
        }
        return bytes;
    }
    {
        g_autofree char *text = g_strdup_printf("0.%.*s", (int)MIN(n, 40), digits);

        return (guint64)ldexp(g_ascii_strtod(text, NULL), shift);
    }
}

QmpParse qmp_parse_size(const char *text, guint64 *ret)
{
    const char *fraction = NULL;
    gsize n_fraction = 0;
    guint64 whole, part = 0;
    char *end;
    int shift = 0;

    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        return parse_magnitude(text, ret);
    }
    if (text[0] == '-' && g_ascii_isdigit(text[1])) {
        return QMP_PARSE_RANGE;
    }
    if (!g_ascii_isdigit(text[0])) {
        return QMP_PARSE_INVALID;
    }
    errno = 0;
    whole = g_ascii_strtoull(text, &end, 10);
    if (*end == '.') {
        fraction = end + 1;
        n_fraction = strspn(fraction, "0123456789");
        end += 1 + n_fraction;
    }
    if (*end) {
        shift = unit_shift(*end++);
    }
    if (shift < 0 || *end || (fraction && (!n_fraction || !shift))) {
        return QMP_PARSE_INVALID;
    }
    if (fraction) {
        part = fraction_bytes(fraction, n_fraction, shift);
    }
    if (errno || whole > G_MAXUINT64 >> shift) {
        return QMP_PARSE_RANGE;
    }
    *ret = (whole << shift) + part;
    return QMP_PARSE_OK;
}

QmpParse qmp_parse_number(const char *text, double *ret)
{
    const char *digits = text + (text[0] == '-' || text[0] == '+');
    double value;
    char *end;

    if (!g_ascii_isdigit(digits[0]) || strpbrk(text, "xX")) {
        return QMP_PARSE_INVALID;
    }
    value = g_ascii_strtod(text, &end);
    if (*end) {
        return QMP_PARSE_INVALID;
    }
    if (!isfinite(value)) {
        return QMP_PARSE_RANGE;
    }
    *ret = value;
    return QMP_PARSE_OK;
}

const char *qmp_text_number(char *buf, double value)
{
    g_ascii_formatd(buf, G_ASCII_DTOSTR_BUF_SIZE, "%.15g", value);
    if (g_ascii_strtod(buf, NULL) != value) {
        g_ascii_formatd(buf, G_ASCII_DTOSTR_BUF_SIZE, "%.17g", value);
    }
    return buf;
}

bool qmp_text_char_hides(gunichar c)
{
    switch (g_unichar_type(c)) {
    case G_UNICODE_CONTROL:
    case G_UNICODE_FORMAT:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
        return true;
    default:
        return false;
    }
}

void qmp_text_veil(char *text)
{
    for (char *c = text; *c;) {
        gunichar u = g_utf8_get_char_validated(c, -1);
        gsize length = u >= (gunichar)-2 ? 1 : (gsize)(g_utf8_next_char(c) - c);

        if (u < (gunichar)-2 && qmp_text_char_hides(u)) {
            memset(c, '?', length);
        }
        c += length;
    }
}

char *qmp_text_clean(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, strnlen(text, QUOTE_MAX + 1));
    bool cut = strlen(valid) > QUOTE_MAX;

    if (cut) {
        *g_utf8_find_prev_char(valid, valid + QUOTE_MAX + 1) = '\0';
    }
    qmp_text_veil(valid);
    return g_strconcat(valid, cut ? "..." : NULL, NULL);
}

char *qmp_text_quote(const char *text)
{
    g_autofree char *clean = qmp_text_clean(text);

    return g_strdup_printf("'%s'", clean);
}

bool qmp_machine_name_ok(const char *name)
{
    gsize length = strlen(name);

    if (!length || length > NAME_MAX_BYTES || name[0] == '.' ||
        !g_utf8_validate(name, length, NULL)) {
        return false;
    }
    for (const char *c = name; *c; c = g_utf8_next_char(c)) {
        if (*c == '/' || g_unichar_iscntrl(g_utf8_get_char(c))) {
            return false;
        }
    }
    return true;
}
