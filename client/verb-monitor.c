/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmctl monitor: the human monitor, on a terminal with an editor, from a pipe, or for the lines
 * that are given.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "client/hmp/editor.h"
#include "client/translate/typed.h"
#include "client/verb.h"
#include "qmp/error.h"

typedef struct {
    Connection *conn;
    HmpMonitor *monitor;
    bool any_error;             /* a line was wrong, or failed */
    bool left;                  /* the daemon has ended the connection */
} Shell;

/* ---- Lines ---- */

/* Executes a request, whose ownership is taken; false: the connection is gone. */
static bool execute_request(Shell *shell, HmpLine *line, HmpRequest *request, GError **error)
{
    g_autoptr(HmpRequest) owned = request;
    json_t *json = json_pack("{s:s, s:O*}", "execute", owned->command, "arguments",
                             owned->arguments);
    g_autofree char *text = typed_print(json);
    g_autoptr(Message) reply = connection_request(shell->conn, text, NULL, 0, error);
    g_autoptr(GError) refusal = NULL;

    json_decref(json);
    if (!reply) {
        return false;
    }
    if (message_is_error(reply, &refusal)) {
        hmp_line_reply_error(line, refusal->message);
    } else {
        hmp_line_reply(line, json_object_get(reply->json, "return"));
    }
    return true;
}

/* Carries out what a line needs; false: the connection is gone. */
static bool carry_out(Shell *shell, HmpLine *line, GError **error)
{
    HmpRequest *request;

    while ((request = hmp_line_next(line))) {
        if (!execute_request(shell, line, request, error)) {
            return false;
        }
    }
    return true;
}

static bool is_quit(const char *text)
{
    g_autofree char *word = g_strstrip(g_strdup(text));

    return g_str_equal(word, "quit") || g_str_equal(word, "q");
}

static bool execute(Shell *shell, const char *text, GError **error)
{
    g_autoptr(HmpLine) line = hmp_line_new(shell->monitor, text);
    bool ok = carry_out(shell, line, error);

    fputs(hmp_line_output(line), stdout);
    fflush(stdout);
    shell->any_error |= hmp_line_failed(line);
    if (is_quit(text) && !hmp_line_failed(line)) {
        shell->left = true;
        g_clear_error(error);
        return true;
    }
    return ok;
}

/* ---- From a pipe ---- */

static bool read_lines(Shell *shell, GError **error)
{
    char *buffer = NULL;
    gsize size = 0;
    bool ok = true;
    ssize_t n;

    while (ok && !shell->left && (n = getline(&buffer, &size, stdin)) >= 0) {
        buffer[strcspn(buffer, "\r\n")] = '\0';
        hmp_monitor_remember(shell->monitor, buffer);
        ok = execute(shell, buffer, error);
    }
    free(buffer);
    return ok;
}

/* ---- On a terminal ---- */

static bool complete(Shell *shell, HmpEditor *editor, GString *out, GError **error)
{
    g_autofree char *before = hmp_editor_before_cursor(editor);
    g_autoptr(HmpLine) line = hmp_completion_new(shell->monitor, before);

    if (!carry_out(shell, line, error)) {
        return false;
    }
    hmp_editor_offer(editor, hmp_line_candidates(line), hmp_line_completed(line), out);
    return true;
}

/* Output of the editor; the terminal adds carriage returns itself. */
static void show(GString *out)
{
    fwrite(out->str, 1, out->len, stdout);
    fflush(stdout);
    g_string_truncate(out, 0);
}

static bool edit_lines(Shell *shell, HmpEditor *editor, GError **error)
{
    g_autoptr(GString) out = g_string_new(NULL);
    bool ok = true;
    char byte;

    hmp_editor_begin(editor, out);
    show(out);
    while (ok && !shell->left && read(STDIN_FILENO, &byte, 1) == 1) {
        HmpEditorEvent event = hmp_editor_feed(editor, byte, out);

        show(out);
        if (event == HMP_EDITOR_END) {
            puts("");
            break;
        }
        if (event == HMP_EDITOR_COMPLETE) {
            ok = complete(shell, editor, out, error);
        } else if (event == HMP_EDITOR_LINE) {
            ok = execute(shell, hmp_editor_text(editor), error);
            if (ok && !shell->left) {
                hmp_editor_begin(editor, out);
            }
        }
        show(out);
    }
    return ok;
}

/* Keys one by one, without echo; Ctrl-C and the end of output stay what they are. */
static bool set_keys(struct termios *ret_before, GError **error)
{
    struct termios mode;

    if (tcgetattr(STDIN_FILENO, ret_before) < 0) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno, "cannot use the terminal");
        return false;
    }
    mode = *ret_before;
    mode.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG | IEXTEN);
    mode.c_iflag &= ~(tcflag_t)(IXON | ICRNL);
    mode.c_cc[VMIN] = 1;
    mode.c_cc[VTIME] = 0;
    return tcsetattr(STDIN_FILENO, TCSADRAIN, &mode) == 0;
}

static bool edit(Shell *shell, GError **error)
{
    struct termios before;
    HmpEditor *editor;
    bool ok;

    if (!set_keys(&before, error)) {
        return false;
    }
    editor = hmp_editor_new(shell->monitor, "(vmd) ");
    ok = edit_lines(shell, editor, error);
    hmp_editor_free(editor);
    tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
    return ok;
}

/* ---- The verb ---- */

static bool run_shell(Shell *shell, char **commands, GError **error)
{
    if (!commands) {
        return isatty(STDIN_FILENO) ? edit(shell, error) : read_lines(shell, error);
    }
    for (; *commands && !shell->left; commands++) {
        if (!execute(shell, *commands, error)) {
            return false;
        }
    }
    return true;
}

static int run(const Verb *verb, Globals *globals, int argc, char **argv, GError **error)
{
    g_autoptr(Connection) conn = NULL;
    g_autoptr(HmpMonitor) monitor = hmp_monitor_new();
    g_auto(GStrv) commands = NULL;
    Shell shell = { .monitor = monitor };
    const GOptionEntry entries[] = {
        { "command", 'c', 0, G_OPTION_ARG_STRING_ARRAY, &commands,
          "execute this line and end; may be repeated", "LINE" },
        G_OPTION_ENTRY_NULL
    };

    if (!verb_parse(verb, globals, entries, &argc, &argv, error)) {
        return EXIT_USAGE;
    }
    conn = shell.conn = verb_connect(globals, error);
    if (!conn || !run_shell(&shell, commands, error)) {
        return EXIT_ERROR;
    }
    return shell.any_error ? EXIT_ERROR : EXIT_OK;
}

const Verb verb_monitor = {
    .name = "monitor",
    .arguments = "",
    .summary = "the human monitor: info status, device_add, ...",
    .description = "Lines are QEMU's monitor commands; `help` lists them.  Each becomes requests.\n"
                   "On a terminal there are a history and completion by the tabulator; Ctrl-D "
                   "ends it.",
    .min_args = 0,
    .max_args = 0,
    .run = run,
};
