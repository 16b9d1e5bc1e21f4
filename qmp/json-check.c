/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The grammar of JSON, with messages for what is wrong; see qmp/json-check.h.
 *
 * The open brackets are kept in a string, so that depth costs no stack.
 */
#include "config.h"
#include "qmp/json-check.h"

#include <math.h>
#include <string.h>

#include "qmp/error.h"
#include "qmp/json-token.h"
#include "qmp/text.h"

/* What may come next. */
typedef enum {
    VALUE,
    VALUE_OR_END,               /* after [ */
    KEY,
    KEY_OR_END,                 /* after { */
    COLON,
    SEPARATOR,                  /* a comma, or what closes; outermost: nothing */
} Expect;

typedef struct {
    const char *text;
    gsize length;
    JsonToken token;
    Expect expect;
    GString *open;
    gsize position;             /* of the fault, from 1 */
    GError **error;
} Checker;

/* faults */

G_GNUC_PRINTF(3, 4)
static bool fail(Checker *checker, gsize index, const char *format, ...)
{
    g_autofree char *what = NULL;
    va_list args;

    va_start(args, format);
    what = g_strdup_vprintf(format, args);
    va_end(args);
    checker->position = index + 1;
    qmp_error_set(checker->error, ERROR_REASON_SYNTAX,
                  "JSON parse error at byte %" G_GSIZE_FORMAT ": %s", checker->position, what);
    return false;
}

static char *quote_bytes(const char *bytes, gsize length)
{
    g_autofree char *copy = g_strndup(bytes, length);

    return qmp_text_quote(copy);
}

/* "a value is expected, not '}'" */
static bool fail_expected(Checker *checker, const char *expected)
{
    const JsonToken *token = &checker->token;
    g_autofree char *found = NULL;

    if (token->kind == JSON_TOKEN_END) {
        return fail(checker, token->start, "%s is expected, not the end", expected);
    }
    found = quote_bytes(checker->text + token->start, token->end - token->start);
    return fail(checker, token->start, "%s is expected, not %s", expected, found);
}

/* tokens */

static bool check_word(Checker *checker)
{
    const char *word = checker->text + checker->token.start;
    gsize length = checker->token.end - checker->token.start;
    g_autofree char *copy = g_strndup(word, length), *quoted = qmp_text_quote(copy);

    if (!strcmp(copy, "true") || !strcmp(copy, "false") || !strcmp(copy, "null")) {
        return true;
    }
    return fail(checker, checker->token.start, "the word %s is not true, false or null",
                quoted);
}

static bool check_number(Checker *checker)
{
    const char *number = checker->text + checker->token.start;
    g_autofree char *copy = g_strndup(number, checker->token.end - checker->token.start);
    g_autofree char *quoted = qmp_text_quote(copy);

    return isfinite(g_ascii_strtod(copy, NULL)) ||
           fail(checker, checker->token.start, "the number %s is too large", quoted);
}

/* The four digits of \u, or -1. */
static int hex4(const char *p, const char *end)
{
    int value = 0;

    for (guint i = 0; i < 4; i++, p++) {
        if (p >= end || !g_ascii_isxdigit(*p)) {
            return -1;
        }
        value = value << 4 | g_ascii_xdigit_value(*p);
    }
    return value;
}

/* The \u escape at p, which may be a surrogate pair: its length, or 0. */
static gsize check_unicode(Checker *checker, const char *p, const char *end)
{
    int value = hex4(p + 2, end), low = -1;
    gsize at = p - checker->text;

    if (value < 0) {
        fail(checker, at, "four hexadecimal digits are expected after \\u");
        return 0;
    }
    if (!value) {
        fail(checker, at, "strings must not contain U+0000");
        return 0;
    }
    if (value < 0xd800 || value > 0xdfff) {
        return 6;
    }
    if (value < 0xdc00 && end - p >= 12 && p[6] == '\\' && p[7] == 'u') {
        low = hex4(p + 8, end);
    }
    if (low < 0xdc00 || low > 0xdfff) {
        fail(checker, at, "\\u%04x is an unpaired surrogate", value);
        return 0;
    }
    return 12;
}

static bool check_escapes(Checker *checker, const char *p, const char *end)
{
    while ((p = memchr(p, '\\', end - p))) {
        gsize length = 2;

        if (p[1] == 'u') {
            length = check_unicode(checker, p, end);
            if (!length) {
                return false;
            }
        } else if (!strchr("\"'\\/bfnrt", p[1])) {
            g_autofree char *quoted = quote_bytes(p, 2);

            return fail(checker, p - checker->text, "there is no escape %s", quoted);
        }
        p += length;
    }
    return true;
}

/* The lexer has checked that it is terminated and has no control characters and no NUL. */
static bool check_string(Checker *checker)
{
    const char *start = checker->text + checker->token.start + 1;
    const char *end = checker->text + checker->token.end - 1, *bad;

    if (!g_utf8_validate(start, end - start, &bad)) {
        return fail(checker, bad - checker->text, "byte 0x%02x is not valid UTF-8", (guchar)*bad);
    }
    return check_escapes(checker, start, end);
}

/* Goes to the next token. */
static bool next(Checker *checker)
{
    g_autofree char *what = NULL;
    JsonToken *token = &checker->token;

    *token = json_token_next(checker->text, checker->length, token->end, &what);
    switch (token->kind) {
    case JSON_TOKEN_FAULT:
        return fail(checker, token->end, "%s", what);
    case JSON_TOKEN_STRING:
        return check_string(checker);
    case JSON_TOKEN_NUMBER:
        return check_number(checker);
    case JSON_TOKEN_WORD:
        return check_word(checker);
    default:
        return true;
    }
}

/* grammar */

static bool is_char(const Checker *checker, char c)
{
    return checker->token.kind == JSON_TOKEN_CHAR && checker->text[checker->token.start] == c;
}

/* The bracket that is open, or 0. */
static char innermost(const Checker *checker)
{
    return checker->open->len ? checker->open->str[checker->open->len - 1] : 0;
}

static bool close_bracket(Checker *checker)
{
    g_string_truncate(checker->open, checker->open->len - 1);
    checker->expect = SEPARATOR;
    return true;
}

static bool take_value(Checker *checker)
{
    if (is_char(checker, '{') || is_char(checker, '[')) {
        g_string_append_c(checker->open, checker->text[checker->token.start]);
        checker->expect = innermost(checker) == '{' ? KEY_OR_END : VALUE_OR_END;
        return true;
    }
    if (checker->token.kind == JSON_TOKEN_CHAR || checker->token.kind == JSON_TOKEN_END) {
        return fail_expected(checker, "a value");
    }
    checker->expect = SEPARATOR;
    return true;
}

static bool take_key(Checker *checker)
{
    if (checker->token.kind != JSON_TOKEN_STRING) {
        return fail_expected(checker, "the name of a member, in quotes,");
    }
    checker->expect = COLON;
    return true;
}

static bool take_separator(Checker *checker)
{
    bool in_object = innermost(checker) == '{';

    if (!innermost(checker)) {
        return checker->token.kind == JSON_TOKEN_END || fail_expected(checker, "nothing more");
    }
    if (is_char(checker, in_object ? '}' : ']')) {
        return close_bracket(checker);
    }
    if (!is_char(checker, ',')) {
        return fail_expected(checker, in_object ? "',' or '}'" : "',' or ']'");
    }
    checker->expect = in_object ? KEY : VALUE;
    return true;
}

static bool take_token(Checker *checker)
{
    switch (checker->expect) {
    case VALUE_OR_END:
        return is_char(checker, ']') ? close_bracket(checker) : take_value(checker);
    case VALUE:
        return take_value(checker);
    case KEY_OR_END:
        return is_char(checker, '}') ? close_bracket(checker) : take_key(checker);
    case KEY:
        return take_key(checker);
    case COLON:
        checker->expect = VALUE;
        return is_char(checker, ':') || fail_expected(checker, "':'");
    case SEPARATOR:
        break;
    }
    return take_separator(checker);
}

bool qmp_json_check(const char *text, gsize length, gsize *ret_position, GError **error)
{
    g_autoptr(GString) open = g_string_new(NULL);
    Checker checker = { .text = text, .length = length, .open = open, .error = error };
    bool ok;

    do {
        ok = next(&checker) && take_token(&checker);
    } while (ok && checker.token.kind != JSON_TOKEN_END);
    if (!ok) {
        *ret_position = checker.position;
    }
    return ok;
}
