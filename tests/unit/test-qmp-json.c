/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON text to tree and back: large integers, what is no JSON, masked printing.
 */
#include "config.h"

#include <event2/buffer.h>
#include <string.h>

#include "qmp/encode.h"
#include "tests/unit/test-qmp-rows.h"

static char *drain(struct evbuffer *out)
{
    gsize length = evbuffer_get_length(out);
    char *text = g_malloc0(length + 1);

    evbuffer_remove(out, text, length);
    evbuffer_free(out);
    return text;
}

static void test_round_trips(void)
{
    static const char *const texts[] = {
        "{}", "[]", "null", "true", "\"\"", "-9223372036854775808", "9223372036854775807",
        "9223372036854775808", "18446744073709551615",
        "{\"a\": [1, {\"b\": 18446744073709551615}, \"18446744073709551615\"]}",
        "{\"\xf0\x9f\x98\x80\": \"\\u0001\\t\\\\/\"}", "0.5", "1e+100", "2.0",
    };

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;
        json_t *json = qmp_json_parse(texts[i], strlen(texts[i]), &error);
        struct evbuffer *out = evbuffer_new();
        g_autofree char *text = NULL;

        g_assert_no_error(error);
        qmp_json_print(json, out);
        text = drain(out);
        g_assert_cmpstr(text, ==, texts[i]);
        json_decref(json);
    }
}

static QmpValueKind kind_of(const char *text)
{
    json_t *json = qmp_json_parse(text, strlen(text), NULL);
    QmpValueKind kind = qmp_json_input.kind(json);

    json_decref(json);
    return kind;
}

static void test_large_integers(void)
{
    g_assert_cmpint(kind_of("9223372036854775807"), ==, QMP_VALUE_INT);
    g_assert_cmpint(kind_of("9223372036854775808"), ==, QMP_VALUE_UINT);
    g_assert_cmpint(kind_of("18446744073709551615"), ==, QMP_VALUE_UINT);
    g_assert_cmpint(kind_of("18446744073709551616"), ==, QMP_VALUE_NUMBER);
    g_assert_cmpint(kind_of("-9223372036854775809"), ==, QMP_VALUE_NUMBER);
    g_assert_cmpint(kind_of("9223372036854775808.0"), ==, QMP_VALUE_NUMBER);
}

static void test_bad(void)
{
    static const char *const texts[] = {
        "", " ", "{", "[1,]", "{\"a\"}", "{\"a\": 1,}", "{a: 1}", "01", "+1", ".5",
        "1.", "nul", "NaN", "\"\xff\"", "\"\xc3\"", "\"a\nb\"", "\"\\x\"", "\"\\ud800\"", "[] []",
        "1e999", "\"\\u0000\"", "{\"\\u0000\": 1}",
        "[\"\\u000018446744073709551615\", 18446744073709551615]",
        "[18446744073709551615, 1e999]", "[18446744073709551615", "18446744073709551615x",
        "0018446744073709551615", "[18446744073709551615, \"\\", "'", "'\\'", "\"'", "['a\"]",
        "'\xff'", "'\\x'", "'\\u0000'", "{'a': 18446744073709551615, 'b': \"\\ud800\"}", "\\'a'",
    };

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;

        g_test_message("%s", texts[i]);
        g_assert_null(qmp_json_parse(texts[i], strlen(texts[i]), &error));
        g_assert_error(error, QMP_ERROR, ERROR_REASON_SYNTAX);
        g_assert_true(g_str_has_prefix(error->message, "JSON parse error"));
        g_assert_null(strchr(error->message, '\n'));
    }
    g_assert_null(qmp_json_parse("{} \0", 4, NULL));
}

/* A reason of its own: the text is JSON, and still means nothing. */
static void test_duplicate(void)
{
    static const char *const texts[] = {
        "{\"a\": 1, \"a\": 2}", "[{\"b\": {\"a\": 1, \"a\": 1}}]",
        "{\"a\": 18446744073709551615, \"a\": 2}",
    };

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(qmp_json_parse(texts[i], strlen(texts[i]), &error));
        g_assert_error(error, QMP_ERROR, ERROR_REASON_DUPLICATE_KEY);
        g_assert_nonnull(strstr(error->message, "duplicate"));
    }
}

/* Strings in single quotes, and escapes of quotes in either. */
static void test_quotes(void)
{
    static const char *const cases[][2] = {
        { "{'a': \"b\", \"c\": 'd'}", "{\"a\": \"b\", \"c\": \"d\"}" },
        { "''", "\"\"" },
        { "'it is \"me\"'", "\"it is \\\"me\\\"\"" },
        { "'it\\'s'", "\"it's\"" },
        { "\"it\\'s\"", "\"it's\"" },
        { "\"it's\"", "\"it's\"" },
        { "'a\\\"b'", "\"a\\\"b\"" },
        { "'\\\\\"\\\\\\\"'", "\"\\\\\\\"\\\\\\\"\"" },
        { "'\\u0027\\n\\/'", "\"'\\n/\"" },
        { "['\xc3\xa4', 18446744073709551615, '18446744073709551615']",
          "[\"\xc3\xa4\", 18446744073709551615, \"18446744073709551615\"]" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        json_t *json = qmp_json_parse(cases[i][0], strlen(cases[i][0]), &error);
        struct evbuffer *out = evbuffer_new();
        g_autofree char *text = NULL;

        g_assert_no_error(error);
        qmp_json_print(json, out);
        text = drain(out);
        g_assert_cmpstr(text, ==, cases[i][1]);
        json_decref(json);
    }
}

/* The words are our own, and say what is wrong and with which byte. */
static void test_words(void)
{
    static const char *const cases[][2] = {
        { "", "1: a value is expected, not the end" },
        { "{\"execute\": xy}", "13: the word 'xy' is not true, false or null" },
        { "{\"a\": }", "7: a value is expected, not '}'" },
        { "{\"a\" 1}", "6: ':' is expected, not '1'" },
        { "{'a': 1,}", "9: the name of a member, in quotes, is expected, not '}'" },
        { "{1: 2}", "2: the name of a member, in quotes, is expected, not '1'" },
        { "{\"a\": 1 \"b\"}", "9: ',' or '}' is expected, not '\"b\"'" },
        { "[1 2]", "4: ',' or ']' is expected, not '2'" },
        { "[1}", "3: ',' or ']' is expected, not '}'" },
        { "{} {", "4: nothing more is expected, not '{'" },
        { "[1", "3: ',' or ']' is expected, not the end" },
        { "01", "2: unexpected '1' in a number" },
        { "[1.]", "4: unexpected ']' in a number" },
        { "-", "2: a number is incomplete" },
        { "[@]", "2: unexpected '@'" },
        { "'a", "3: a string is not terminated" },
        { "\"a\tb\"", "3: unexpected byte 0x09 in a string" },
        { "\"a\nb\"", "3: a string must end on the line on which it begins" },
        { "\"a\xc3(\"", "3: byte 0xc3 is not valid UTF-8" },
        { "\"a\\x\"", "3: there is no escape '\\x'" },
        { "\"\\u12\"", "2: four hexadecimal digits are expected after \\u" },
        { "\"\\ud83d\"", "2: \\ud83d is an unpaired surrogate" },
        { "\"\\ud83d\\u0041\"", "2: \\ud83d is an unpaired surrogate" },
        { "\"\\udc00\"", "2: \\udc00 is an unpaired surrogate" },
        { "[\"a\", \"\\u0000\"]", "8: strings must not contain U+0000" },
        { "{\"\\u0000\": 1}", "3: strings must not contain U+0000" },
        { "[1e999]", "2: the number '1e999' is too large" },
        { "{\"a\": 1, \"a\": 2}", "10: duplicate member '\"a\"'" },
        { "{'a': 18446744073709551615,  'b': 1, 'a': 1}", "38: duplicate member ''a''" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *expected = g_strconcat("JSON parse error at byte ", cases[i][1], NULL);
        g_autoptr(GError) error = NULL;
        gsize position = 0;

        g_assert_null(qmp_json_parse_at(cases[i][0], strlen(cases[i][0]), &position, &error));
        g_assert_cmpstr(error->message, ==, expected);
        g_assert_cmpuint(position, ==, g_ascii_strtoull(cases[i][1], NULL, 10));
    }
}

/* Each way in which jansson alone refuses has words of ours. */
static void test_deep(void)
{
    g_autofree char *open = g_strnfill(4000, '['), *close = g_strnfill(4000, ']');
    g_autofree char *text = g_strconcat(open, close, NULL);
    g_autofree char *digits = g_strnfill(400, '9');
    g_autoptr(GError) error = NULL;

    g_assert_null(qmp_json_parse(text, strlen(text), &error));
    g_assert_cmpstr(error->message, ==, "JSON parse error at byte 2049: more than 2048 nested "
                                        "objects and lists");
    g_clear_error(&error);
    g_assert_null(qmp_json_parse(digits, strlen(digits), &error));
    g_assert_true(g_str_has_suffix(error->message, " is too large"));
}

static void check_masked(const char *text, const char *expected)
{
    g_autoptr(GError) error = NULL;
    json_t *json = qmp_json_parse(text, strlen(text), &error);
    struct evbuffer *out = evbuffer_new();
    g_autofree char *printed = NULL;
    QmpPrinter printer;

    g_assert_no_error(error);
    qmp_print_init(&printer, out);
    qmp_print_masked(&printer, &qmp_json_input, &qmp_type_TestAll, json);
    qmp_print_done(&printer);
    printed = drain(out);
    g_assert_cmpstr(printed, ==, expected);
    json_decref(json);
}

/* For the journal: secrets of structs, classes, and of what does not decode. */
static void test_masked(void)
{
    check_masked("{\"bounds\": {\"name\": \"n\", \"password\": \"hush\"}}",
                 "{\"bounds\": {\"name\": \"n\", \"password\": null}}");
    check_masked("{\"options\": {\"qom-type\": \"disk\", \"secret-key\": \"hush\", \"size\": 1}}",
                 "{\"options\": {\"qom-type\": \"disk\", \"secret-key\": null, \"size\": 1}}");
    check_masked("{\"options\": {\"qom-type\": \"no-such\", \"secret-key\": \"hush\"}}",
                 "{\"options\": {\"qom-type\": \"no-such\", \"secret-key\": null}}");
    check_masked("{\"bounds\": {\"pasword\": \"hush\"}}", "{\"bounds\": {\"pasword\": null}}");
    check_masked("{\"scalars\": {\"v-any\": {\"x\": [1]}}}", "{\"scalars\": {\"v-any\": {\"x\": [1]}}}");
    check_masked("{\"addresses\": [{\"type\": \"unix\", \"path\": \"p\"}, 5]}",
                 "{\"addresses\": [{\"type\": \"unix\", \"path\": \"p\"}, 5]}");
    check_masked("{\"choice\": {\"name\": \"x\"}}", "{\"choice\": {\"name\": \"x\"}}");
    check_masked("{\"tree\": \"x\"}", "{\"tree\": \"x\"}");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qmp/json/round-trips", test_round_trips);
    g_test_add_func("/qmp/json/large-integers", test_large_integers);
    g_test_add_func("/qmp/json/bad", test_bad);
    g_test_add_func("/qmp/json/duplicate", test_duplicate);
    g_test_add_func("/qmp/json/quotes", test_quotes);
    g_test_add_func("/qmp/json/words", test_words);
    g_test_add_func("/qmp/json/deep", test_deep);
    g_test_add_func("/qmp/json/masked", test_masked);
    return g_test_run();
}
