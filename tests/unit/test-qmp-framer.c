/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The framer: what is cut where, whatever the pieces, and how it recovers.
 */
#include "config.h"

#include <string.h>

#include "qmp/error.h"
#include "qmp/framer.h"

/* Feeds bytes in pieces of that size; texts come back in angle brackets, errors
 * as '!' (syntax) or '#' (limit). */
static char *cut(const QmpFramerLimits *limits, const char *bytes, gsize length, gsize piece)
{
    g_autoptr(QmpFramer) framer = qmp_framer_new(limits);
    GString *out = g_string_new(NULL);

    for (gsize i = 0; i < length; i += piece) {
        g_autofree char *copy = g_memdup2(bytes + i, MIN(piece, length - i));
        const char *data = copy, *text;
        gsize left = MIN(piece, length - i), n;
        g_autoptr(GError) error = NULL;
        QmpFrame frame;

        while ((frame = qmp_framer_next(framer, &data, &left, &text, &n, &error))) {
            if (frame == QMP_FRAME_TEXT) {
                g_string_append_c(out, '<');
                g_string_append_len(out, text, n);
                g_string_append_c(out, '>');
            } else {
                g_assert_nonnull(error);
                g_string_append_c(out, qmp_error_is(error, ERROR_REASON_SYNTAX) ? '!' : '#');
                g_clear_error(&error);
            }
        }
        g_assert_cmpuint(left, ==, 0);
    }
    if (qmp_framer_is_partial(framer)) {
        g_string_append(out, "...");
    }
    return g_string_free(out, FALSE);
}

/* The result must not depend on the pieces that the bytes come in. */
static void check_bytes(const QmpFramerLimits *limits, const char *bytes, gsize length,
                        const char *expected)
{
    for (gsize piece = 1; piece <= length; piece++) {
        g_autofree char *texts = cut(limits, bytes, length, piece);

        g_assert_cmpstr(texts, ==, expected);
    }
}

#define CHECK(bytes, expected) check_bytes(NULL, bytes, sizeof(bytes) - 1, expected)

static void test_texts(void)
{
    CHECK("{}", "<{}>");
    CHECK("{}{}[]", "<{}><{}><[]>");
    CHECK("{}\n{}\r\n{}\r{} \t{}", "<{}><{}><{}><{}><{}>");
    CHECK("  \r\n", "");
    CHECK("{\"a\": [1, {\"b\": \"}]\"}], \"c\": \"\\\"}\"}{}",
          "<{\"a\": [1, {\"b\": \"}]\"}], \"c\": \"\\\"}\"}><{}>");
    CHECK("{\"a\":\r\n 1\n}\n", "<{\"a\":\r\n 1\n}>");
    CHECK("{\"a\\\\\"}{}", "<{\"a\\\\\"}><{}>");
    CHECK("{\"\xc3\xa4\"}", "<{\"\xc3\xa4\"}>");
}

static void test_quotes(void)
{
    CHECK("{'a': 1}{}", "<{'a': 1}><{}>");
    CHECK("{'}'}{}", "<{'}'}><{}>");
    CHECK("{'\"'}{\"'\"}{}", "<{'\"'}><{\"'\"}><{}>");
    CHECK("{'it\\'s }'}{}", "<{'it\\'s }'}><{}>");
    CHECK("{'\\\\'}{}", "<{'\\\\'}><{}>");
}

/* Whatever is not an object is for the parser to refuse, and takes nothing along. */
static void test_scalars(void)
{
    CHECK("1 {}", "<1><{}>");
    CHECK("-1.5e+3{}", "<-1.5e+3><{}>");
    CHECK("0e1 {}", "<0e1><{}>");
    CHECK("1 2\n", "<1><2>");
    CHECK("true{}", "<true><{}>");
    CHECK("xyz {}", "<xyz><{}>");
    CHECK("\"a\" 'b'{}", "<\"a\"><'b'><{}>");
    CHECK("1x\"y\" ", "<1><x><\"y\">");
    CHECK("12", "...");
}

static void test_half(void)
{
    CHECK("{", "...");
    CHECK("{}{\"a", "<{}>...");
    CHECK("[[]", "...");
    CHECK("{\"execute\" {}", "...");
}

/* Wrong nesting is the parser's business: the text is complete all the same. */
static void test_wrong_inside(void)
{
    CHECK("{]{}", "<{]><{}>");
    CHECK("[[}{}", "<[[}><{}>");
    CHECK("{[}]{}", "<{[}]><{}>");
    CHECK("{foo bar 1e5}{}", "<{foo bar 1e5}><{}>");
    CHECK("] {}", "<]><{}>");
    CHECK("}}{}", "<}><}><{}>");
    CHECK(",:{}", "<,><:><{}>");
}

/* A string ends with its line. */
static void test_open_string(void)
{
    CHECK("{\"a\": \"}\n", "!");
    CHECK("{\"execute\": \"x\", \"id\":\"\n{}\n", "!<{}>");
    CHECK("{'execute': 'x\n{}\n", "!<{}>");
    CHECK("\"abc\r\n{}", "!<{}>");
    CHECK("{\"a\\\n{}", "!<{}>");
    CHECK("it's {}\n{}", "<it>!<{}>");
    CHECK("{\"a\nb\": 1}\n{}", "!<:><1><}><{}>");
    CHECK("{\"a\tb\": 1}\n{}", "!<:><1><}><{}>");
}

/* What no token has costs all up to the next bracket, comma, colon or line. */
static void test_garbage(void)
{
    CHECK("%p {}", "!<{}>");
    CHECK("@ foo 'x' 1 {}", "!<{}>");
    CHECK("@\tfoo {}", "!<{}>");
    CHECK("@ foo\nx {}", "!<x><{}>");
    CHECK("@ foo\rx {}", "!<x><{}>");
    CHECK("@, @: @] {}", "!<,>!<:>!<]><{}>");
    CHECK("True {}", "!<{}>");
    CHECK("# {}", "!<{}>");
    CHECK("\xc3\xa4 {}", "!<{}>");
    CHECK("{\"execute\": @ {}", "!<{}>");
    CHECK("{\"execute\": %p} {}", "!<}><{}>");
    CHECK("{foo bar \\ 1e}{}", "!<}><{}>");
    CHECK("{01}{}", "!<}><{}>");
    CHECK("{1.}{}", "!<{}>");
    CHECK("{-}{}", "!<{}>");
    CHECK("{1e+}{}", "!<{}>");
}

/* Control characters, and what UTF-8 never has, are a fresh start. */
static void test_reset(void)
{
    CHECK("foo \xff{}", "<foo>!<{}>");
    CHECK("\xff{}", "!<{}>");
    CHECK("@ \xff{}", "!!<{}>");
    CHECK("\x01\x02{}", "!!<{}>");
    CHECK("\xff\xfe\n\xff{}", "!!!<{}>");
    CHECK("\0{}", "!<{}>");
    CHECK("{\"execute\": \xff{}", "!<{}>");
    CHECK("{\"execute\": \"x\xff{}", "!<{}>");
    CHECK("{\"execute\": \"x\\\xff{}", "!<{}>");
    CHECK("{\"execute\": \x1b{}", "!<{}>");
}

static void test_limits(void)
{
    static const QmpFramerLimits limits = { .max_bytes = 10, .max_depth = 3, .max_tokens = 6 };
#define LIMITED(bytes, expected) check_bytes(&limits, bytes, sizeof(bytes) - 1, expected)
    LIMITED("{\"345678\"}", "<{\"345678\"}>");
    LIMITED("{\"3456789\"}{}\n{}", "#<{}>");
    LIMITED("[12345678901234567890]\n[]", "#<[]>");
    LIMITED("[[[]]]", "<[[[]]]>");
    LIMITED("[[[[]]]]\n{}", "#<{}>");
    LIMITED("[1,2,3]\n[]", "#<[]>");
    LIMITED("[1,2,]", "<[1,2,]>");
    LIMITED("{        }", "<{        }>");
    LIMITED("{         }\n{}", "#<{}>");
    LIMITED("1234567890 []", "<1234567890><[]>");
    LIMITED("12345678901 []\n[]", "#<[]>");
    LIMITED("[[[[ '\n{}", "#<{}>");
#undef LIMITED
}

/* 16 MiB of each kind of rubbish, within the time and memory of a test. */
static void test_flood(void)
{
    static const char *const kinds[] = { "x", "{", "[\"", "{\"a\":", "\\", "{\"\\", "\xff", "1,", "\n" };
    const gsize size = 1 << 20;

    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autoptr(QmpFramer) framer = qmp_framer_new(NULL);
        g_autofree char *bytes = g_malloc(size);
        gint64 start = g_get_monotonic_time();

        for (gsize n = 0; n < size; n++) {
            bytes[n] = kinds[i][n % strlen(kinds[i])];
        }
        for (guint round = 0; round < 16; round++) {
            const char *data = bytes, *text;
            gsize left = size, n;

            while (qmp_framer_next(framer, &data, &left, &text, &n, NULL) != QMP_FRAME_MORE) {
            }
        }
        g_test_message("%s: %" G_GINT64_FORMAT " ms", kinds[i],
                       (g_get_monotonic_time() - start) / 1000);
        g_assert_cmpint(g_get_monotonic_time() - start, <, 60 * G_USEC_PER_SEC);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qmp/framer/texts", test_texts);
    g_test_add_func("/qmp/framer/quotes", test_quotes);
    g_test_add_func("/qmp/framer/scalars", test_scalars);
    g_test_add_func("/qmp/framer/half", test_half);
    g_test_add_func("/qmp/framer/wrong-inside", test_wrong_inside);
    g_test_add_func("/qmp/framer/open-string", test_open_string);
    g_test_add_func("/qmp/framer/garbage", test_garbage);
    g_test_add_func("/qmp/framer/reset", test_reset);
    g_test_add_func("/qmp/framer/limits", test_limits);
    g_test_add_func("/qmp/framer/flood", test_flood);
    return g_test_run();
}
