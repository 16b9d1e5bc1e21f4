/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Options: see options.h.  docs/man/vmd.8 documents them for users.
 */
#include "config.h"

#include "daemon/service/options.h"

#include "qmp/arguments.h"
#include "qmp/text.h"
#include "systemd/journal.h"

/* The command's words, by a shell's rules of quoting; no shell runs it. */
static bool split_command(const char *command, char ***ret_words, GError **error)
{
    g_autofree char *shown = qmp_text_quote(command);
    g_autoptr(GError) why = NULL;

    if (g_shell_parse_argv(command, NULL, ret_words, &why)) {
        return true;
    }
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--before-ready: %s %s", shown,
                g_error_matches(why, G_SHELL_ERROR, G_SHELL_ERROR_EMPTY_STRING)
                ? "names no command" : "has a quote or a backslash without an end");
    return false;
}

/* FD,PID */
static bool split_builder(const char *text, Options *options, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);
    guint64 fd, pid;

    if (g_strv_length(parts) == 2 &&
        g_ascii_string_to_unsigned(parts[0], 10, 0, G_MAXINT, &fd, NULL) &&
        g_ascii_string_to_unsigned(parts[1], 10, 1, G_MAXINT, &pid, NULL)) {
        options->builder_fd = fd;
        options->builder_pid = pid;
        return true;
    }
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                "--builder takes the numbers of a descriptor and of a process: FD,PID");
    return false;
}

/* Folders are named after it, and the journal shows it. */
static bool check_name(const char *name, GError **error)
{
    g_autofree char *shown = NULL;

    if (qmp_machine_name_ok(name)) {
        return true;
    }
    shown = qmp_text_quote(name);
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                "--name: %s is not the name of a machine", shown);
    return false;
}

/* Values that are more than what they are on the command line. */
typedef struct {
    char *level;
    char *command;
    char *builder;
    char *sandbox;
} Texts;

static void texts_clear(Texts *texts)
{
    g_free(texts->level);
    g_free(texts->command);
    g_free(texts->builder);
    g_free(texts->sandbox);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Texts, texts_clear)

static bool take_texts(Options *options, const Texts *texts, GError **error)
{
    if (options->name && !check_name(options->name, error)) {
        return false;
    }
    if (texts->command && !split_command(texts->command, &options->before_ready, error)) {
        return false;
    }
    if (texts->builder && !split_builder(texts->builder, options, error)) {
        return false;
    }
    if (texts->sandbox && !sandbox_parse(texts->sandbox, &options->sandbox, error)) {
        g_prefix_error(error, "--sandbox: ");
        return false;
    }
    if (texts->command && texts->builder) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--before-ready and --builder exclude each other");
        return false;
    }
    if (texts->level && !journal_parse_level(texts->level, &options->log_level, error)) {
        return false;
    }
    return true;
}

Options *options_parse(int argc, char **argv, GError **error)
{
    g_autoptr(Options) options = g_new0(Options, 1);
    g_auto(Texts) texts = { NULL };
    g_auto(GStrv) args = g_new0(char *, argc + 1);
    const GOptionEntry entries[] = {
        { "socket", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->sockets,
          "Listen for QMP clients on a Unix socket", "PATH" },
        { "jsonrpc-socket", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->jsonrpc_sockets,
          "Listen for JSON-RPC 2.0 clients on a Unix socket", "PATH" },
        { "name", 0, 0, G_OPTION_ARG_FILENAME, &options->name,
          "The machine's name", "NAME" },
        { "run-directory", 0, 0, G_OPTION_ARG_FILENAME, &options->run_directory,
          "Listen on qmp.sock there unless a socket is named or passed", "DIR" },
        { "state-directory", 0, 0, G_OPTION_ARG_FILENAME, &options->state_directory,
          "Write there, in exit.json, how the machine ended", "DIR" },
        { "pidfile", 0, 0, G_OPTION_ARG_FILENAME, &options->pidfile,
          "Keep the process id in a file while the daemon can be reached", "FILE" },
        { "process-name", 0, 0, G_OPTION_ARG_FILENAME, &options->process_name,
          "What the process is called", "NAME" },
        { "lock-memory", 0, 0, G_OPTION_ARG_NONE, &options->lock_memory,
          "Keep all memory, the guest's included, from being swapped out", NULL },
        { "before-ready", 0, 0, G_OPTION_ARG_FILENAME, &texts.command,
          "Run a command and be ready when it has succeeded", "COMMAND" },
        { "builder", 0, 0, G_OPTION_ARG_FILENAME, &texts.builder,
          "Serve a connected client, a child process, and all others when it has succeeded",
          "FD,PID" },
        { "sandbox", 0, 0, G_OPTION_ARG_FILENAME, &texts.sandbox,
          "Forbid system calls: obsolete elevateprivileges spawn resourcecontrol", "GROUP,..." },
        { "log-level", 0, 0, G_OPTION_ARG_FILENAME, &texts.level,
          "Write messages up to: error warning notice info debug", "LEVEL" },
        { "version", 0, 0, G_OPTION_ARG_NONE, &options->version,
          "Print the version and exit", NULL },
        G_OPTION_ENTRY_NULL
    };
    const GOptionEntry *const lists[] = { entries, NULL };
    const QmpArguments arguments = { .lists = lists };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);

    for (int i = 0; i < argc; i++) {
        args[i] = g_strdup(argv[i]);
    }
    options->log_level = G_LOG_LEVEL_INFO;
    g_option_context_set_summary(context, "Runs one virtual machine that clients build over QMP.");
    g_option_context_add_main_entries(context, entries, NULL);
    if (!qmp_arguments_check(&arguments, argc, args, error) ||
        !g_option_context_parse_strv(context, &args, error)) {
        return NULL;
    }
    if (args[0] && args[1]) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "'%s' is not an option; everything about the machine arrives over the socket",
                    args[1]);
        return NULL;
    }
    if (!take_texts(options, &texts, error)) {
        return NULL;
    }
    return g_steal_pointer(&options);
}

void options_free(Options *options)
{
    if (!options) {
        return;
    }
    g_strfreev(options->sockets);
    g_strfreev(options->jsonrpc_sockets);
    g_free(options->name);
    g_free(options->run_directory);
    g_free(options->state_directory);
    g_free(options->pidfile);
    g_free(options->process_name);
    g_strfreev(options->before_ready);
    g_free(options);
}
