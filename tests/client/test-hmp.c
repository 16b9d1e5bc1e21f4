/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The human monitor's lines: what they ask for, how they are parsed, and the editor, against a
 * daemon that is a table of answers.
 */
#include "config.h"

#include <string.h>

#include "client/hmp/editor.h"
#include "client/hmp/hmp.h"

/* Answers each request with `reply`, JSON or, after "!", the message of an error; appends the
 * requests to sent. */
static HmpLine *carry_out(HmpLine *line, const char *reply, GString *sent)
{
    HmpRequest *request;
    guint n = 0;

    while ((request = hmp_line_next(line))) {
        g_autofree char *arguments =
            request->arguments ? json_dumps(request->arguments, JSON_COMPACT | JSON_SORT_KEYS)
                               : NULL;

        g_string_append_printf(sent, "%s%s%s\n", request->command, arguments ? " " : "",
                               arguments ? arguments : "");
        hmp_request_free(request);
        if (reply[0] == '!') {
            hmp_line_reply_error(line, reply + 1);
        } else {
            hmp_line_reply_text(line, reply, strlen(reply));
        }
        g_assert_cmpuint(++n, <, 1000);
    }
    return line;
}

typedef struct {
    const char *line, *reply, *sent, *output;
} Case;

static void check(const Case *c)
{
    g_autoptr(HmpMonitor) monitor = hmp_monitor_new();
    g_autoptr(GString) sent = g_string_new(NULL);
    g_autoptr(HmpLine) line =
        carry_out(hmp_line_new(monitor, c->line), c->reply ? c->reply : "{}", sent);

    g_test_message("%s", c->line);
    g_assert_cmpstr(sent->str, ==, c->sent ? c->sent : "");
    g_assert_cmpstr(hmp_line_output(line), ==, c->output ? c->output : "");
    g_assert_cmpint(hmp_line_failed(line), ==,
                    c->output && (strstr(c->output, "Try ") || strstr(c->output, "Error: ") ||
                                  g_str_has_prefix(c->output, "unknown")));
}

#define TRY(name) "\nTry \"help " name "\" for more information\n"

static void test_requests(void)
{
    static const Case cases[] = {
        { "", NULL, NULL, NULL },
        { "  \t", NULL, NULL, NULL },
        { "# a comment", NULL, NULL, NULL },
        { "stop", NULL, "stop\n", NULL },
        { " s ", NULL, "stop\n", NULL },
        { "device_del nic0", NULL, "device_del {\"id\":\"nic0\"}\n", NULL },
        { "device_del \"a b\\\"c\"", NULL, "device_del {\"id\":\"a b\\\"c\"}\n", NULL },
        { "balloon 512", NULL, "balloon {\"value\":536870912}\n", NULL },
        { "balloon 1G", NULL, "balloon {\"value\":1073741824}\n", NULL },
        { "set_link n off", NULL, "set_link {\"name\":\"n\",\"up\":false}\n", NULL },
        { "screendump a -f png", NULL, "screendump {\"filename\":\"a\",\"format\":\"png\"}\n", NULL },
        { "screendump a video0 1", NULL,
          "screendump {\"device\":\"video0\",\"filename\":\"a\",\"head\":1}\n", NULL },
        { "sendkey ctrl-0x2a 5", NULL,
          "send-key {\"hold-time\":5,\"keys\":[{\"data\":\"ctrl\",\"type\":\"qcode\"},"
          "{\"data\":42,\"type\":\"number\"}]}\n", NULL },
        { "netdev_add user,id=n,restrict=on", NULL,
          "netdev_add {\"id\":\"n\",\"restrict\":true,\"type\":\"user\"}\n", NULL },
        { "object_add {\"qom-type\": \"iothread\", \"id\": \"i\"}", NULL,
          "object-add {\"id\":\"i\",\"qom-type\":\"iothread\"}\n", NULL },
        { "chardev-add null,id=c", NULL,
          "chardev-add {\"backend\":{\"data\":{},\"type\":\"null\"},\"id\":\"c\"}\n", NULL },
        { "info status", "{\"running\":false,\"status\":\"prelaunch\"}", "query-status\n",
          "VM status: paused (prelaunch)\n" },
        { "info  name", "{}", "query-name\n", NULL },
        { "info name", "{\"name\":\"vm\"}", "query-name\n", "vm\n" },
        { "cont", "!no machine", "cont\n", "Error: no machine\n" },
        { "qom-set a b -1", "\"e1000\"", "qom-get {\"path\":\"a\",\"property\":\"type\"}\n"
          "qom-set {\"path\":\"a\",\"property\":\"b\",\"value\":\"-1\"}\n", NULL },
        { "qom-set -j a b [1]", NULL,
          "qom-set {\"path\":\"a\",\"property\":\"b\",\"value\":[1]}\n", NULL },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        check(&cases[i]);
    }
}

static void test_wrong_lines(void)
{
    static const Case cases[] = {
        { "nosuch", NULL, NULL, "unknown command: 'nosuch'\n" },
        { "sotp", NULL, NULL, "unknown command: 'sotp'; did you mean 'stop'?\n" },
        { "info nosuch", NULL, NULL, "unknown command: 'nosuch'\n" },
        { "device_del", NULL, NULL, "device_del: string expected" TRY("device_del") },
        { "stop now", NULL, NULL, "stop: extraneous characters at the end of line" TRY("stop") },
        { "set_link n maybe", NULL, NULL, "set_link: expected 'on' or 'off'" TRY("set_link") },
        { "device_del \"a", NULL, NULL, "device_del: unterminated string" TRY("device_del") },
        { "device_del \"\\x\"", NULL, NULL, "device_del: unsupported escape" TRY("device_del") },
        { "balloon lots", NULL, NULL, "balloon: invalid size" TRY("balloon") },
        { "cpu", NULL, NULL, "cpu: number expected" TRY("cpu") },
        { "p /q 1", NULL, NULL, "print: invalid char in format" TRY("print") },
        { "p 1/0", NULL, NULL, "print: division by zero" TRY("print") },
        { "p (1", NULL, NULL, "print: ')' expected" TRY("print") },
        { "p 1+", NULL, NULL, "print: unexpected end of expression" TRY("print") },
        { "p x", NULL, NULL, "print: invalid char in expression" TRY("print") },
        { "commit all", NULL, NULL, "Error: there is no 'commit': images are not chained "
          "while a machine runs; `vmctl run -snapshot` keeps what a guest writes apart\n" },
        { "netdev_add user", NULL, NULL, "Error: parameter 'id' is missing\n" },
        { "qom-set -j a b {", NULL, NULL, "Error: JSON parse error at byte 2: the name of a "
          "member, in quotes, is expected, not the end\n" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        check(&cases[i]);
    }
}

static void test_expressions(void)
{
    static const struct { const char *text, *value; } cases[] = {
        { "1+2*3", "0x7\n" }, { "(1+2)*3", "0x9\n" }, { "/d -5", "-5\n" }, { "/d -7/2", "-3\n" },
        { "/u 010", "8\n" }, { "0x10|1", "0x11\n" }, { "~0", "0xffffffffffffffff\n" },
        { "1+6&3", "0x3\n" }, { "/c 65", "'A'\n" }, { "/c 1", "'\\x01'\n" }, { "'a'", "0x61\n" },
        { "/o 8", "010\n" }, { "0", "0\n" }, { "7 % 4", "0x3\n" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *line = g_strconcat("p ", cases[i].text, NULL);

        check(&(const Case){ line, NULL, NULL, cases[i].value });
    }
}

/* Deep nesting is refused, and a long line, and bytes that are no text. */
static void test_hostile_lines(void)
{
    g_autofree char *deep = g_strnfill(10000, '('), *nested = g_strconcat("p ", deep, NULL);
    g_autofree char *endless = g_strnfill(HMP_LINE_MAX + 1, 'x');
    const char *const lines[] = { nested, endless, "stop \xff", "\x01\x02" };

    for (guint i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_autoptr(HmpMonitor) monitor = hmp_monitor_new();
        g_autoptr(HmpLine) line = hmp_line_new(monitor, lines[i]);

        g_assert_null(hmp_line_next(line));
        g_assert_true(hmp_line_failed(line));
        g_assert_true(g_str_is_ascii(hmp_line_output(line)));
    }
}

/* Each command has help, and is found by each of its names. */
static void test_help(void)
{
    g_autoptr(HmpMonitor) monitor = hmp_monitor_new();
    g_autoptr(HmpLine) help = hmp_line_new(monitor, "help");
    g_autoptr(HmpLine) info = hmp_line_new(monitor, "info");
    g_auto(GStrv) lines = g_strsplit(hmp_line_output(help), "\n", -1);

    g_assert_nonnull(strstr(hmp_line_output(help), "\nstop|s -- stop emulation\n"));
    g_assert_nonnull(strstr(hmp_line_output(info), "info status -- "));
    g_assert_null(strstr(hmp_line_output(help), "savevm"));
    for (char **row = lines; **row; row++) {
        g_autofree char *text = g_strdup_printf("help %.*s", (int)strcspn(*row, "| "), *row);
        g_autoptr(HmpLine) line = hmp_line_new(monitor, text);

        g_assert_false(hmp_line_failed(line));
        g_assert_true(g_str_has_prefix(hmp_line_output(line), *row) ||
                      g_str_has_prefix(*row, "info "));
    }
}

/* ---- The editor ---- */

/* Types keys; returns the first line that is complete. */
static char *type(HmpMonitor *monitor, const char *keys, GString *out)
{
    HmpEditor *editor = hmp_editor_new(monitor, "> ");
    char *text = NULL;

    hmp_editor_begin(editor, out);
    for (; *keys && !text; keys++) {
        if (hmp_editor_feed(editor, *keys, out) == HMP_EDITOR_LINE) {
            text = g_strdup(hmp_editor_text(editor));
        }
    }
    hmp_editor_free(editor);
    return text;
}

static void test_editor(void)
{
    static const struct { const char *keys, *text; } cases[] = {
        { "stop\r", "stop" }, { "stop\n", "stop" }, { "sto\177\177\177cont\r", "cont" },
        { "top\001s\r", "stop" }, { "op\001\006\010st\033[Fx\r", "stpx" },
        { "abc\033[D\033[D\033[3~\r", "ac" }, { "a b c\027\027d\r", "a d" },
        { "abc\025d\r", "d" }, { "abc\001\013d\r", "d" }, { "\033[A\r", "older" },
        { "\020\020\r", "old" }, { "\020\020\016\r", "older" }, { "x\020\016\r", "" },
        { "abc\003d\r", "d" }, { "\303\244\177b\r", "b" }, { "\033[999;1Zx\r", "x" },
        { "a\001\004\r", "" }, { "ab\001\033OCc\r", "acb" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(HmpMonitor) monitor = hmp_monitor_new();
        g_autoptr(GString) out = g_string_new(NULL);
        g_autofree char *text = NULL;

        hmp_monitor_remember(monitor, "old");
        hmp_monitor_remember(monitor, "older");
        hmp_monitor_remember(monitor, "older");
        hmp_monitor_remember(monitor, " ");
        text = type(monitor, cases[i].keys, out);
        g_assert_cmpstr(text, ==, cases[i].text);
    }
}

static void test_editor_output(void)
{
    g_autoptr(HmpMonitor) monitor = hmp_monitor_new();
    g_autoptr(GString) out = g_string_new(NULL);
    g_autofree char *text = type(monitor, "ac\002b\r", out);

    g_assert_cmpstr(text, ==, "abc");
    g_assert_cmpstr(out->str, ==, "> ac\033[1Dbc\033[K\033[1D\n");
}

/* Memory does not grow with the number of lines, nor a line with what is typed. */
static void test_editor_limits(void)
{
    g_autoptr(HmpMonitor) monitor = hmp_monitor_new();
    g_autoptr(GString) out = g_string_new(NULL);
    HmpEditor *editor = hmp_editor_new(monitor, "> ");

    for (guint i = 0; i < 2 * HMP_LINE_MAX; i++) {
        hmp_editor_feed(editor, 'x', out);
    }
    g_assert_cmpuint(strlen(hmp_editor_text(editor)), ==, HMP_LINE_MAX);
    hmp_editor_free(editor);
    for (guint i = 0; i < 1000; i++) {
        g_autofree char *line = g_strdup_printf("line %u", i);

        hmp_monitor_remember(monitor, line);
    }
    g_assert_cmpuint(monitor->history.length, <, 100);
    g_assert_cmpstr(monitor->history.tail->data, ==, "line 999");
}

/* ---- Completion ---- */

static void complete(const char *text, const char *reply, const char *wanted)
{
    g_autoptr(HmpMonitor) monitor = hmp_monitor_new();
    g_autoptr(GString) sent = g_string_new(NULL), joined = g_string_new(NULL);
    g_autoptr(HmpLine) line = carry_out(hmp_completion_new(monitor, text), reply, sent);
    const GPtrArray *candidates = hmp_line_candidates(line);

    for (guint i = 0; i < candidates->len; i++) {
        g_string_append_printf(joined, "%s%s", i ? " " : "", (char *)candidates->pdata[i]);
    }
    g_test_message("%s", text);
    g_assert_cmpstr(joined->str, ==, wanted);
}

static void test_completion(void)
{
    complete("sto", "{}", "stop");
    complete("system_", "{}", "system_powerdown system_reset system_wakeup");
    complete("info sta", "{}", "status");
    complete("help device_", "{}", "device_add device_del");
    complete("device_add e100", "{}", "e1000");
    complete("device_add e1000,ma", "{}", "mac=");
    complete("device_add e1000,mac=1,rombar", "{}", "rombar=");
    complete("device_add e1000,mitigation=o", "{}", "mitigation=off mitigation=on");
    complete("device_add nosuch,x", "{}", "");
    complete("netdev_add us", "{}", "user");
    complete("netdev_add user,restr", "{}", "restrict=");
    complete("set_link n o", "{}", "off on");
    complete("chardev-remove s", "[{\"label\":\"s0\"},{\"label\":\"p\"}]", "s0");
    complete("device_add e1000,netdev=",
             "[{\"name\":\"n0\",\"type\":\"child<netdev-user>\"},{\"name\":\"type\","
             "\"type\":\"string\"}]", "netdev=n0");
    complete("device_del ", "!no such path", "");
    complete("qom-get /machine/p", "[{\"name\":\"peripheral\",\"type\":\"child<container>\"}]",
             "/machine/peripheral");
    complete("q", "{}", "qom-get qom-list qom-set quit");
    complete("nosuch x", "{}", "");
}

static void test_offer(void)
{
    g_autoptr(HmpMonitor) monitor = hmp_monitor_new();
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(GPtrArray) candidates = g_ptr_array_new();
    HmpEditor *editor = hmp_editor_new(monitor, "> ");

    g_ptr_array_add(candidates, (char *)"status");
    g_ptr_array_add(candidates, (char *)"stats");
    hmp_editor_feed(editor, 's', out);
    hmp_editor_offer(editor, candidates, 1, out);
    g_assert_cmpstr(hmp_editor_text(editor), ==, "stat");
    g_string_truncate(out, 0);
    hmp_editor_offer(editor, candidates, 4, out);
    g_assert_cmpstr(out->str, ==, "\nstatus  stats\n> stat\033[K");
    g_ptr_array_remove_index(candidates, 1);
    hmp_editor_offer(editor, candidates, 4, out);
    g_assert_cmpstr(hmp_editor_text(editor), ==, "status ");
    hmp_editor_free(editor);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/hmp/requests", test_requests);
    g_test_add_func("/hmp/wrong-lines", test_wrong_lines);
    g_test_add_func("/hmp/expressions", test_expressions);
    g_test_add_func("/hmp/hostile-lines", test_hostile_lines);
    g_test_add_func("/hmp/help", test_help);
    g_test_add_func("/hmp/editor", test_editor);
    g_test_add_func("/hmp/editor-output", test_editor_output);
    g_test_add_func("/hmp/editor-limits", test_editor_limits);
    g_test_add_func("/hmp/completion", test_completion);
    g_test_add_func("/hmp/offer", test_offer);
    return g_test_run();
}
