/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Translations of command lines, by the transcripts in the folder tests/translate:
 *
 *   # a comment
 *   $ -M microvm -m 64 \
 *       -nodefaults               a command line, in the shell's spelling
 *   {"execute": ...               its requests, or
 *   error: ...                    each of its problems
 *   start: -name a: ...           and what is said when the daemon is started
 *
 * Each request must fit the schema, too.  With TRANSLATE_REGENERATE in the environment the
 * transcripts are rewritten.
 */
#include "config.h"

#include <glib/gstdio.h>
#include <string.h>

#include "client/checker.h"
#include "client/translate/translate.h"
#include "client/translate/typed.h"

static const char *const transcripts[] = {
    "block", "chardev", "clients", "cpu", "defaults", "device", "drives", "effect", "errors",
    "libvirt", "machine", "manual", "net", "numa", "readconfig", "refused", "talk", "trace", "usb",
    "vga", "vnc",
};

static char *folder(void)
{
    return g_test_build_filename(G_TEST_DIST, "tests", "translate", NULL);
}

/* What stands below a command line. */
static char *print(const Translation *translation)
{
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < translation->problems->len; i++) {
        const GError *problem = translation->problems->pdata[i];

        g_string_append_printf(out, "error: %s\n", problem->message);
    }
    for (guint i = 0; !translation->problems->len && i < translation->starts->len; i++) {
        const TranslationNote *note = translation->starts->pdata[i];

        g_string_append_printf(out, "start: %s: %s\n", note->origin, note->text);
    }
    for (guint i = 0; !translation->problems->len && i < translation->requests->len; i++) {
        const TranslatedRequest *request = translation->requests->pdata[i];
        g_autofree char *text = typed_print(request->json);

        g_string_append_printf(out, "%s\n", text);
    }
    return g_string_free(out, FALSE);
}

/* What is accepted must be what a daemon would accept. */
static void check_schema(const Translation *translation)
{
    g_autoptr(Checker) checker = checker_new();

    for (guint i = 0; !translation->problems->len && i < translation->requests->len; i++) {
        const TranslatedRequest *request = translation->requests->pdata[i];
        g_autoptr(GError) error = NULL;

        checker_check(checker, request->json, i + 1, &error);
        if (error) {
            g_test_message("%s", request->origin);
        }
        g_assert_no_error(error);
    }
}

static char *run_command_line(const char *text)
{
    g_auto(GStrv) args = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(Translation) translation = NULL;
    int n_args;

    g_shell_parse_argv(text, &n_args, &args, &error);
    g_assert_no_error(error);
    translation = translate_command_line(n_args, (const char *const *)args);
    g_assert_cmpint(translation->problems->len + translation->requests->len, >, 0);
    check_schema(translation);
    return print(translation);
}

/* The command line that begins at lines[*i], without the prompt; *i is then behind it. */
static char *take_command_line(char **lines, guint *i, GString *out)
{
    GString *text = g_string_new(NULL);
    bool more = true;

    while (more && lines[*i]) {
        const char *line = lines[*i] + (text->len ? 0 : 1);

        more = g_str_has_suffix(line, "\\");
        g_string_append_printf(out, "%s\n", lines[*i]);
        g_string_append_len(text, line, strlen(line) - more);
        (*i)++;
    }
    return g_string_free(text, FALSE);
}

static bool is_output(const char *line)
{
    return line && (line[0] == '{' || g_str_has_prefix(line, "error: ") ||
                    g_str_has_prefix(line, "start: "));
}

/* The transcript as it is when each command line is translated now. */
static char *play(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    GString *out = g_string_new(NULL);
    guint i = 0;

    while (lines[i] && (lines[i][0] || lines[i + 1])) {
        if (lines[i][0] == '$') {
            g_autofree char *command = take_command_line(lines, &i, out);
            g_autofree char *printed = run_command_line(command);

            g_string_append(out, printed);
        } else {
            g_string_append_printf(out, "%s\n", lines[i++]);
        }
        while (is_output(lines[i])) {
            i++;
        }
    }
    return g_string_free(out, FALSE);
}

/* The first line in which they differ. */
static void compare(const char *actual, const char *expected)
{
    g_auto(GStrv) a = g_strsplit(actual, "\n", -1), b = g_strsplit(expected, "\n", -1);

    for (guint i = 0; a[i] || b[i]; i++) {
        if (g_strcmp0(a[i], b[i]) != 0) {
            g_test_message("line %u", i + 1);
        }
        g_assert_cmpstr(a[i], ==, b[i]);
    }
}

static void test_transcript(gconstpointer name)
{
    g_autofree char *directory = folder();
    g_autofree char *file = g_strconcat((const char *)name, ".txt", NULL);
    g_autofree char *path = g_build_filename(directory, file, NULL);
    g_autofree char *text = NULL, *played = NULL;
    g_autoptr(GError) error = NULL;

    g_file_get_contents(path, &text, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpint(g_chdir(directory), ==, 0);
    played = play(text);
    if (g_getenv("TRANSLATE_REGENERATE")) {
        g_file_set_contents(path, played, -1, &error);
        g_assert_no_error(error);
        return;
    }
    compare(played, text);
}

/* What is wrong with a config file, and where. */
static void test_config_errors(void)
{
    static const struct {
        const char *text;
        const char *message;
    } cases[] = {
        { "[machine]\ntype = \"pc\nkernel = \"x\"",
          "f:2: 'type = \"pc' has an unterminated quote" },
        { "[machine\ntype = \"pc\"", "f:1: '[machine' must be [GROUP] or [GROUP \"ID\"]" },
        { "[device \"a]\n", "f:1: '[device \"a]' has an unterminated quote" },
        { "[machine] x\n", "f:1: '[machine] x' must be [GROUP] or [GROUP \"ID\"]" },
        { "# c\n\n[machin]", "f:3: 'machin' is not a group of options; did you mean 'machine'?" },
        { "[]", "f:1: '' is not a group of options" },
        { "type = \"pc\"", "f:1: 'type = \"pc\"' stands in no group" },
        { "[machine]\ntype", "f:2: 'type' must be KEY = \"VALUE\"" },
        { "[machine]\ntype = pc", "f:2: 'type = pc' must be KEY = \"VALUE\"" },
        { "[machine]\ntype = \"pc\" x", "f:2: 'type = \"pc\" x' has text after its value" },
        { "[machine]\n= \"pc\"", "f:2: '' is not the name of an option" },
        { "[machine]\na.b = \"1\"\na = \"1\"",
          "f:3: 'a' has members and cannot also have a value" },
        { "[machine]\ntype = \"microvm\"\n[device \"x\"]\ndriver = \"e100\"\n",
          "f:3: [device \"x\"]: parameter 'driver' names the unknown class 'e100'; did you mean "
          "'e1000'?" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Translation) translation = translate_config("f", cases[i].text);

        g_assert_cmpuint(translation->problems->len, ==, 1);
        g_assert_cmpstr(((GError *)translation->problems->pdata[0])->message, ==,
                        cases[i].message);
    }
}

/* How long a usual command line takes, with `-m perf`. */
static void test_speed(void)
{
    const char *const args[] = {
        "-nodefaults", "-M", "pc,usb=off", "-m", "1G", "-smp", "2", "-cpu", "Nehalem,+vmx,-nx",
        "-drive", "file=a,format=raw,if=virtio,cache=none", "-netdev", "user,id=n,hostfwd=tcp::1-:1",
        "-device", "virtio-net-pci,netdev=n,mac=52:54:00:12:34:56", "-serial", "stdio",
        "-boot", "order=c,menu=on", "-rtc", "base=utc",
    };
    enum { ROUNDS = 5000 };
    double rate;

    g_test_timer_start();
    for (guint i = 0; i < ROUNDS; i++) {
        g_autoptr(Translation) translation = translate_command_line(G_N_ELEMENTS(args), args);

        g_assert_cmpuint(translation->problems->len, ==, 0);
    }
    rate = ROUNDS / g_test_timer_elapsed();
    g_test_maximized_result(rate, "%.0f command lines a second", rate);
}

static bool check_order(const char *name, const char *argument, const char *fate, void *data)
{
    const char **before = data;

    if (*before) {
        g_assert_cmpstr(*before, <, name);
    }
    g_assert_nonnull(fate);
    *before = name;
    return true;
}

static void test_table_is_sorted(void)
{
    const char *before = NULL;

    translate_foreach_option(check_order, &before);
    g_assert_nonnull(before);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/translate/table-is-sorted", test_table_is_sorted);
    g_test_add_func("/translate/config-errors", test_config_errors);
    if (g_test_perf()) {
        g_test_add_func("/translate/speed", test_speed);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(transcripts); i++) {
        g_autofree char *path = g_strconcat("/translate/", transcripts[i], NULL);

        g_test_add_data_func(path, transcripts[i], test_transcript);
    }
    return g_test_run();
}
