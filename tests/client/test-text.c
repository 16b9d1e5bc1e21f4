/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmctl's pure functions on text: the request reader, indentation, addresses of
 * chardevs, layout.
 */
#include "config.h"

#include <glib.h>
#include <string.h>

#include "client/chardev-address.h"
#include "client/layout.h"
#include "client/output.h"
#include "client/request-reader.h"

/* Commands and lines of all requests, "a:1 b:3 ", then "!LINE" on an error;
 * the text is fed in pieces of `step` bytes. */
static char *read_in_steps(const char *text, gsize step)
{
    g_autoptr(RequestReader) reader = request_reader_new();
    GString *out = g_string_new(NULL);
    gsize length = strlen(text);

    for (gsize i = 0; i < length + 1; i += step) {
        bool at_end = i + step > length;
        RequestText *request;
        guint line;

        request_reader_feed(reader, text + i, MIN(step, length - i));
        do {
            g_autoptr(GError) error = NULL;

            if (!request_reader_next(reader, at_end, &request, &line, &error)) {
                g_assert_nonnull(error);
                g_string_append_printf(out, "!%u", line);
                return g_string_free(out, FALSE);
            }
            if (request) {
                g_string_append_printf(out, "%s:%u ", request_text_command(request),
                                       request->line);
                g_assert_cmpuint(line, ==, request->line);
            }
            request_text_free(request);
        } while (request);
    }
    return g_string_free(out, FALSE);
}

static void assert_reads(const char *text, const char *expected)
{
    for (gsize step = 1; step <= strlen(text) + 1; step++) {
        g_autofree char *result = read_in_steps(text, step);

        g_assert_cmpstr(result, ==, expected);
    }
}

static void test_reader(void)
{
    assert_reads("", "");
    assert_reads(" \n# nothing\n\t", "");
    assert_reads("# only a comment without an end", "");
    assert_reads("{\"execute\":\"a\"}", "a:1 ");
    assert_reads("{\"execute\":\"a\"}{\"exec-oob\":\"b\"}\n\n{}", "a:1 b:1 ?:3 ");
    assert_reads("# }{\r\n{ # \"\r\n\"execute\"# '\r\n:\"a\"}# {\r\n {\"execute\":\"b\"}",
                 "a:2 b:5 ");
    assert_reads("{\"execute\":\"a\",\"id\":\"# \\\" { [ # \\\\\"}\n{\"execute\":\"b\"}",
                 "a:1 b:2 ");
    assert_reads("{'execute':'a','id':'# \" it\\'s {'}# it's\n{\"execute\":'b',\"id\":\"'# '\"}",
                 "a:1 b:2 ");
}

static void test_reader_errors(void)
{
    assert_reads("{\"execute\":\"a\"}\nx", "a:1 !2");
    assert_reads("\n{\"execute\":", "!2");
    assert_reads("\n{\"execute\":\n\n}", "!4");
    assert_reads("[]", "!1");
    assert_reads("{}\n'x' # {}", "?:1 !2");
    assert_reads("{\n'a': '\n{}", "!1");
    assert_reads("{\n'a': \"\\u0000\"\n}", "!2");
    assert_reads("{\n'a': 18446744073709551615,\n\n 'a': 1}", "!4");
    assert_reads("{}\n\n{\"a\":\"\n", "?:1 !3");
}

static void assert_indents(const char *text, const char *expected)
{
    g_autofree char *result = output_indent(text);

    g_assert_cmpstr(result, ==, expected);
}

static void test_indent(void)
{
    assert_indents("1", "1");
    assert_indents(" {} ", "{}");
    assert_indents("[ [ ] , { } ]", "[\n  [],\n  {}\n]");
    assert_indents("{\"a\":{\"b\":[1,2]}}",
                   "{\n  \"a\": {\n    \"b\": [\n      1,\n      2\n    ]\n  }\n}");
    assert_indents("[\"{\\\"[\\\\\",18446744073709551615,1.50e3]",
                   "[\n  \"{\\\"[\\\\\",\n  18446744073709551615,\n  1.50e3\n]");
    assert_indents("[\"half", "[\n  \"half");
}

static void test_address(void)
{
    static const struct {
        const char *filename;
        ChardevKind kind;
        const char *path, *host, *port;
    } rows[] = {
        { "pty:/dev/pts/3", CHARDEV_PTY, "/dev/pts/3", NULL, NULL },
        { "unix:/a,b,server=on", CHARDEV_UNIX, "/a,b", NULL, NULL },
        { "disconnected:unix:/a,server=on", CHARDEV_UNIX, "/a", NULL, NULL },
        { "tcp:127.0.0.1:40,server=on", CHARDEV_TCP, NULL, "127.0.0.1", "40" },
        { "disconnected:tcp:[::1]:40,server=on", CHARDEV_TCP, NULL, "::1", "40" },
        { "tcp::40,server=on <-> 1.2.3.4:5", CHARDEV_TCP, NULL, "", "40" },
        { "tcp:127.0.0.1:40", CHARDEV_OTHER, NULL, NULL, NULL },
        { "unix:/a", CHARDEV_OTHER, NULL, NULL, NULL },
        { "tcp:,server=on", CHARDEV_OTHER, NULL, NULL, NULL },
        { "null", CHARDEV_OTHER, NULL, NULL, NULL },
        { "", CHARDEV_OTHER, NULL, NULL, NULL },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(ChardevAddress) address = { 0 };

        chardev_address_parse(rows[i].filename, &address);
        g_assert_cmpint(address.kind, ==, rows[i].kind);
        g_assert_cmpstr(address.path, ==, rows[i].path);
        g_assert_cmpstr(address.host, ==, rows[i].host);
        g_assert_cmpstr(address.port, ==, rows[i].port);
    }
}

static void test_paragraphs(void)
{
    static const struct {
        const char *text;
        guint first, indent, width;
        const char *out;
    } rows[] = {
        { "one two three", 2, 2, 9, "  one two\n  three\n" },
        { "one two three", 2, 4, 10, "  one two\n    three\n" },
        { "one\ntwo\n\nthree  four", 1, 1, 80, " one two\n\n three four\n" },
        { "one two\n\nthree", 0, 2, 80, "one two\n\n  three\n" },
        { "a-word-that-is-too-long x", 2, 2, 10, "  a-word-that-is-too-long\n  x\n" },
        { "@irq, (@iobase) a@b @ @7", 0, 0, 80, "irq, (iobase) a@b @ @7\n" },
        { "\xc3\xa4\xc3\xb6\xc3\xbc \xc3\xa4", 0, 0, 5, "\xc3\xa4\xc3\xb6\xc3\xbc \xc3\xa4\n" },
        { "", 2, 2, 80, "" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GString) out = g_string_new(NULL);

        layout_hanging(out, rows[i].text, rows[i].first, rows[i].indent, rows[i].width);
        g_assert_cmpstr(out->str, ==, rows[i].out);
    }
}

static void test_lines(void)
{
    g_autoptr(GString) out = g_string_new(NULL);

    layout_lines(out, "-> {\n     }\n\n<- {}", 2);
    g_assert_cmpstr(out->str, ==, "  -> {\n       }\n\n  <- {}\n");
}

static char *print_table(const LayoutTable *table, guint width)
{
    GString *out = g_string_new(NULL);

    layout_table_print(table, out, width);
    return g_string_free(out, FALSE);
}

static void test_table(void)
{
    g_autoptr(LayoutTable) table =
        layout_table_new((const char *const[]){ "NAME", "K", "WHAT", NULL });
    g_autofree char *whole = NULL;
    g_autofree char *cut = NULL;

    layout_table_add(table, (const char *const[]){ "a", "", "it is short" });
    layout_table_add(table, (const char *const[]){ "longer", "kind", "it is much too long" });
    layout_table_add(table, (const char *const[]){ "b", "", "" });
    whole = print_table(table, 0);
    g_assert_cmpstr(whole, ==, "NAME    K     WHAT\n"
                               "a             it is short\n"
                               "longer  kind  it is much too long\n"
                               "b\n");
    cut = print_table(table, 28);
    g_assert_cmpstr(cut, ==, "NAME    K     WHAT\n"
                             "a             it is short\n"
                             "longer  kind  it is much ...\n"
                             "b\n");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/client/reader", test_reader);
    g_test_add_func("/client/reader-errors", test_reader_errors);
    g_test_add_func("/client/indent", test_indent);
    g_test_add_func("/client/chardev-address", test_address);
    g_test_add_func("/client/paragraphs", test_paragraphs);
    g_test_add_func("/client/lines", test_lines);
    g_test_add_func("/client/table", test_table);
    return g_test_run();
}
