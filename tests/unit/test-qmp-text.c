/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text rules for scalars, nearest names, and error paths.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "qmp/error.h"
#include "qmp/nearest.h"
#include "qmp/text.h"

static void test_bool(void)
{
    static const char *const yes[] = { "on", "yes", "true", "y" };
    static const char *const no[] = { "off", "no", "false", "n" };
    static const char *const bad[] = { "", "On", "1", "0", "onn", " on", "tru" };
    bool value;

    for (guint i = 0; i < G_N_ELEMENTS(yes); i++) {
        g_assert_cmpint(qmp_parse_bool(yes[i], &value), ==, QMP_PARSE_OK);
        g_assert_true(value);
        g_assert_cmpint(qmp_parse_bool(no[i], &value), ==, QMP_PARSE_OK);
        g_assert_false(value);
    }
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_assert_cmpint(qmp_parse_bool(bad[i], &value), ==, QMP_PARSE_INVALID);
    }
}

static void test_int(void)
{
    static const struct {
        const char *text;
        QmpParse result;
        gint64 value;
    } cases[] = {
        { "0", QMP_PARSE_OK, 0 }, { "-0", QMP_PARSE_OK, 0 }, { "+7", QMP_PARSE_OK, 7 },
        { "010", QMP_PARSE_OK, 8 }, { "0x1F", QMP_PARSE_OK, 31 }, { "-0x10", QMP_PARSE_OK, -16 },
        { "9223372036854775807", QMP_PARSE_OK, G_MAXINT64 },
        { "-9223372036854775808", QMP_PARSE_OK, G_MININT64 },
        { "9223372036854775808", QMP_PARSE_RANGE, 0 },
        { "-9223372036854775809", QMP_PARSE_RANGE, 0 },
        { "99999999999999999999999", QMP_PARSE_RANGE, 0 },
        { "", QMP_PARSE_INVALID, 0 }, { "-", QMP_PARSE_INVALID, 0 },
        { "--1", QMP_PARSE_INVALID, 0 }, { " 1", QMP_PARSE_INVALID, 0 },
        { "1 ", QMP_PARSE_INVALID, 0 }, { "0x", QMP_PARSE_INVALID, 0 },
        { "09", QMP_PARSE_INVALID, 0 }, { "1.0", QMP_PARSE_INVALID, 0 },
        { "1k", QMP_PARSE_INVALID, 0 }, { "1e3", QMP_PARSE_INVALID, 0 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        gint64 value = 0;

        g_test_message("%s", cases[i].text);
        g_assert_cmpint(qmp_parse_int(cases[i].text, &value), ==, cases[i].result);
        g_assert_cmpint(value, ==, cases[i].value);
    }
}

static void test_uint(void)
{
    guint64 value = 1;

    g_assert_cmpint(qmp_parse_uint("18446744073709551615", &value), ==, QMP_PARSE_OK);
    g_assert_cmpuint(value, ==, G_MAXUINT64);
    g_assert_cmpint(qmp_parse_uint("0xffffffffffffffff", &value), ==, QMP_PARSE_OK);
    g_assert_cmpuint(value, ==, G_MAXUINT64);
    g_assert_cmpint(qmp_parse_uint("18446744073709551616", &value), ==, QMP_PARSE_RANGE);
    g_assert_cmpint(qmp_parse_uint("-1", &value), ==, QMP_PARSE_RANGE);
    g_assert_cmpint(qmp_parse_uint("-0", &value), ==, QMP_PARSE_OK);
    g_assert_cmpuint(value, ==, 0);
}

static void test_size(void)
{
    static const struct {
        const char *text;
        QmpParse result;
        guint64 value;
    } cases[] = {
        { "0", QMP_PARSE_OK, 0 }, { "4096", QMP_PARSE_OK, 4096 }, { "010", QMP_PARSE_OK, 10 },
        { "0x1000", QMP_PARSE_OK, 4096 }, { "1b", QMP_PARSE_OK, 1 }, { "1k", QMP_PARSE_OK, 1024 },
        { "2G", QMP_PARSE_OK, 2 * G_GUINT64_CONSTANT(1073741824) },
        { "1.5M", QMP_PARSE_OK, 1572864 }, { "0.1k", QMP_PARSE_OK, 102 },
        { "1.0000000001T", QMP_PARSE_OK, G_GUINT64_CONSTANT(1099511627885) },
        { "15.5E", QMP_PARSE_OK, G_GUINT64_CONSTANT(17870283321406128128) },
        { "15E", QMP_PARSE_OK, G_GUINT64_CONSTANT(17293822569102704640) },
        { "18446744073709551615", QMP_PARSE_OK, G_MAXUINT64 },
        { "18446744073709551616", QMP_PARSE_RANGE, 0 }, { "16E", QMP_PARSE_RANGE, 0 },
        { "-1", QMP_PARSE_RANGE, 0 }, { "-1G", QMP_PARSE_RANGE, 0 },
        { "99999999999999999999P", QMP_PARSE_RANGE, 0 },
        { "", QMP_PARSE_INVALID, 0 }, { "G", QMP_PARSE_INVALID, 0 },
        { "1GB", QMP_PARSE_INVALID, 0 }, { "1 G", QMP_PARSE_INVALID, 0 },
        { "1.5", QMP_PARSE_INVALID, 0 }, { "1.5B", QMP_PARSE_INVALID, 0 },
        { "1.k", QMP_PARSE_INVALID, 0 }, { ".5k", QMP_PARSE_INVALID, 0 },
        { "1..5k", QMP_PARSE_INVALID, 0 }, { "0x10k", QMP_PARSE_INVALID, 0 },
        { "1e3", QMP_PARSE_INVALID, 0 }, { " 1", QMP_PARSE_INVALID, 0 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        guint64 value = 0;

        g_test_message("%s", cases[i].text);
        g_assert_cmpint(qmp_parse_size(cases[i].text, &value), ==, cases[i].result);
        g_assert_cmpuint(value, ==, cases[i].value);
    }
}

static void test_number(void)
{
    double value = 0;

    g_assert_cmpint(qmp_parse_number("-1.5e2", &value), ==, QMP_PARSE_OK);
    g_assert_cmpfloat(value, ==, -150);
    g_assert_cmpint(qmp_parse_number("1e999", &value), ==, QMP_PARSE_RANGE);
    for (guint i = 0; i < 6; i++) {
        static const char *const bad[] = { "", "nan", "inf", "0x10", "1,5", " 1" };

        g_assert_cmpint(qmp_parse_number(bad[i], &value), ==, QMP_PARSE_INVALID);
    }
}

/* Short for people, exact for programs. */
static void test_print_number(void)
{
    char buf[G_ASCII_DTOSTR_BUF_SIZE];

    g_assert_cmpstr(qmp_text_number(buf, 2.6), ==, "2.6");
    g_assert_cmpstr(qmp_text_number(buf, -3), ==, "-3");
    g_assert_cmpstr(qmp_text_number(buf, 0.1 + 0.2), ==, "0.30000000000000004");
    g_assert_cmpstr(qmp_text_number(buf, 1e300), ==, "1e+300");
}

static void test_quote(void)
{
    g_autofree char *long_text = g_strnfill(100, 'x'), *cut = qmp_text_quote(long_text);
    g_autofree char *line = qmp_text_quote("a\nb"), *bad = qmp_text_quote("\xff" "a");

    g_assert_cmpuint(strlen(cut), ==, 64 + strlen("'...'"));
    g_assert_cmpstr(line, ==, "'a?b'");
    g_assert_true(g_utf8_validate(bad, -1, NULL));
    for (guint n = 60; n < 70; n++) {
        g_autofree char *head = g_strnfill(n, 'x');
        g_autofree char *text = g_strconcat(head, "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac", NULL);
        g_autofree char *quoted = qmp_text_quote(text);

        g_assert_true(g_utf8_validate(quoted, -1, NULL));
    }
}

static const char *nearest_of(const char *wanted)
{
    static const char *const names[] = { "iothread", "memory-backend-file",
                                         "memory-backend-ram", "irq", "index" };
    QmpNearest nearest;

    qmp_nearest_init(&nearest, wanted);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        qmp_nearest_add(&nearest, names[i]);
    }
    return nearest.best;
}

static void test_machine_name(void)
{
    static const char *const good[] = { "web", "a.b", "a..", "x\\x2dy", "a:b@c_d-e", "my machine",
                                        "-x", "\xc3\xa4" };
    static const char *const bad[] = { "", ".", "..", ".x", "../x", "a/b", "/", "a\nb", "a\x7f",
                                       "\xc3", "\xc2\x80" };
    char longest[257];

    for (guint i = 0; i < G_N_ELEMENTS(good); i++) {
        g_assert_true(qmp_machine_name_ok(good[i]));
    }
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_assert_false(qmp_machine_name_ok(bad[i]));
    }
    memset(longest, 'x', sizeof(longest));
    longest[256] = '\0';
    g_assert_false(qmp_machine_name_ok(longest));
    longest[255] = '\0';
    g_assert_true(qmp_machine_name_ok(longest));
}

static void test_nearest(void)
{
    g_autofree char *endless = g_strnfill(1 << 20, 'i');

    g_assert_cmpstr(nearest_of("iothraed"), ==, "iothread");
    g_assert_cmpstr(nearest_of("memory_backend_ram"), ==, "memory-backend-ram");
    g_assert_cmpstr(nearest_of("memory-backend-fil"), ==, "memory-backend-file");
    g_assert_cmpstr(nearest_of("IRQ"), ==, "irq");
    g_assert_cmpstr(nearest_of("irw"), ==, "irq");
    g_assert_cmpstr(nearest_of("memory"), ==, "memory-backend-file");
    g_assert_cmpstr(nearest_of("Memory-Backend"), ==, "memory-backend-file");
    g_assert_null(nearest_of("memory-back"));
    g_assert_null(nearest_of("xyz"));
    g_assert_null(nearest_of(""));
    g_assert_null(nearest_of(endless));
}

static void test_error(void)
{
    g_autoptr(GError) error = NULL, copy = NULL, foreign = NULL;

    qmp_error_set(NULL, ERROR_REASON_GENERIC, "nobody listens");
    qmp_error_set(&error, ERROR_REASON_IN_USE, "%s is in use", "disk0");
    g_assert_error(error, QMP_ERROR, ERROR_REASON_IN_USE);
    g_assert_cmpstr(error->message, ==, "disk0 is in use");
    g_assert_null(qmp_error_path(error));
    qmp_error_prefix_path(error, "addr");
    qmp_error_prefix_path(error, "[2]");
    qmp_error_prefix_path(error, "list");
    g_assert_cmpstr(qmp_error_path(error), ==, "list[2].addr");
    copy = g_error_copy(error);
    g_assert_cmpstr(qmp_error_path(copy), ==, "list[2].addr");
    g_prefix_error(&copy, "disk: ");
    g_assert_cmpstr(qmp_error_path(copy), ==, "list[2].addr");
    g_assert_true(qmp_error_is(copy, ERROR_REASON_IN_USE));
    g_assert_false(qmp_error_is(copy, ERROR_REASON_GENERIC));
    qmp_error_prefix_path(NULL, "x");

    foreign = g_error_new_literal(G_FILE_ERROR, G_FILE_ERROR_NOENT, "x");
    qmp_error_prefix_path(foreign, "x");
    g_assert_null(qmp_error_path(foreign));
    g_assert_cmpint(qmp_error_reason(foreign), ==, ERROR_REASON_GENERIC);
    g_assert_cmpint(qmp_error_errno(foreign), ==, 0);
    g_clear_error(&foreign);

    qmp_error_set_errno(&foreign, ERROR_REASON_HOST_ERROR, ENOENT, "cannot open '%s'", "f");
    g_assert_cmpstr(foreign->message, ==, "cannot open 'f': No such file or directory");
    g_clear_error(&foreign);
    qmp_error_set(&foreign, ERROR_REASON_SYNTAX, "'%s'", "a\xff\n");
    g_assert_cmpstr(foreign->message, ==, "'a\xef\xbf\xbd?'");
    g_clear_error(&foreign);
    qmp_error_set_errno(&foreign, ERROR_REASON_HOST_ERROR, ENOENT, "cannot open '%s'", "\xff");
    g_assert_cmpstr(foreign->message, ==, "cannot open '\xef\xbf\xbd': No such file or directory");
    g_clear_error(&copy);
    copy = g_error_copy(foreign);
    g_assert_cmpint(qmp_error_errno(copy), ==, ENOENT);
    g_assert_cmpint(qmp_error_errno(error), ==, 0);
    g_assert_cmpint(qmp_error_errno(NULL), ==, 0);
}

/* What GLib says of a file becomes what the host said. */
static void test_file_errno(void)
{
    static const int numbers[] = { ENOENT, EACCES, EISDIR, ENOTDIR, ENOSPC, ELOOP, EIO, EROFS };
    g_autoptr(GError) foreign = g_error_new_literal(QMP_ERROR, ERROR_REASON_SYNTAX, "x");

    for (guint i = 0; i < G_N_ELEMENTS(numbers); i++) {
        g_autoptr(GError) error = g_error_new_literal(
            G_FILE_ERROR, g_file_error_from_errno(numbers[i]), "words of GLib");

        g_assert_cmpint(qmp_error_file_errno(error), ==, numbers[i]);
    }
    g_assert_cmpint(qmp_error_file_errno(foreign), ==, EIO);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qmp/text/file-errno", test_file_errno);
    g_test_add_func("/qmp/text/bool", test_bool);
    g_test_add_func("/qmp/text/int", test_int);
    g_test_add_func("/qmp/text/uint", test_uint);
    g_test_add_func("/qmp/text/size", test_size);
    g_test_add_func("/qmp/text/number", test_number);
    g_test_add_func("/qmp/text/print-number", test_print_number);
    g_test_add_func("/qmp/text/quote", test_quote);
    g_test_add_func("/qmp/text/machine-name", test_machine_name);
    g_test_add_func("/qmp/nearest", test_nearest);
    g_test_add_func("/qmp/error", test_error);
    return g_test_run();
}
