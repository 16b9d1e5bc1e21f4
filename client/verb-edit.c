/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmctl edit: a machine's configuration in an editor, checked before it takes effect.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "client/machine-config.h"
#include "client/machine-place.h"
#include "client/output.h"
#include "client/verb.h"
#include "qmp/error.h"

/* Its words, as a shell splits them. */
static char **editor_words(const char *file, GError **error)
{
    const char *editor = g_getenv("VISUAL");
    g_auto(GStrv) words = NULL;
    g_autoptr(GError) why = NULL;
    GPtrArray *all;

    editor = editor && *editor ? editor : g_getenv("EDITOR");
    editor = editor && *editor ? editor : "vi";
    if (!g_shell_parse_argv(editor, NULL, &words, &why)) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "editor '%s': %s", editor, why->message);
        return NULL;
    }
    all = g_ptr_array_new();
    for (guint i = 0; words[i]; i++) {
        g_ptr_array_add(all, g_strdup(words[i]));
    }
    g_ptr_array_add(all, g_strdup(file));
    g_ptr_array_add(all, NULL);
    return (char **)g_ptr_array_free(all, FALSE);
}

static bool call_editor(const char *file, GError **error)
{
    g_auto(GStrv) words = editor_words(file, error);
    g_autoptr(GError) why = NULL;
    int status = 0;

    if (!words) {
        return false;
    }
    if (!g_spawn_sync(NULL, words, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_CHILD_INHERITS_STDIN, NULL,
                      NULL, NULL, NULL, &status, &why) ||
        !g_spawn_check_wait_status(status, &why)) {
        qmp_error_set(error, ERROR_REASON_HOST_ERROR, "%s: %s", words[0], why->message);
        return false;
    }
    return true;
}

/* Whether somebody at a terminal wants to go on. */
static bool ask_again(void)
{
    char answer[16];

    if (!isatty(STDIN_FILENO)) {
        return false;
    }
    fprintf(stderr, "Edit it again [Y/n]? ");
    return fgets(answer, sizeof(answer), stdin) && answer[0] != 'n' && answer[0] != 'N';
}

/* The text once it is good; NULL with *error. */
static char *edit_until_good(const char *file, GError **error)
{
    for (;;) {
        g_autofree char *text = NULL;
        g_autoptr(GError) why = NULL;

        if (!call_editor(file, error)) {
            return NULL;
        }
        if (!g_file_get_contents(file, &text, NULL, &why)) {
            qmp_error_set(error, ERROR_REASON_FILE_NOT_USABLE, "%s", why->message);
            return NULL;
        }
        if (machine_config_check(file, text)) {
            return g_steal_pointer(&text);
        }
        if (!ask_again()) {
            qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                          "the configuration is as it was; what you wrote is in %s", file);
            return NULL;
        }
    }
}

/* A copy for the editor. */
static char *copy_aside(const char *name, const char *text, GError **error)
{
    g_autofree char *pattern = g_strdup_printf("vmctl-%s-XXXXXX.conf", name);
    g_autofree char *file = NULL;
    g_autoptr(GError) why = NULL;
    int fd = g_file_open_tmp(pattern, &file, &why);

    if (fd >= 0) {
        close(fd);
    }
    if (fd < 0 || !g_file_set_contents(file, text, -1, &why)) {
        qmp_error_set(error, ERROR_REASON_FILE_NOT_USABLE, "%s", why->message);
        return NULL;
    }
    return g_steal_pointer(&file);
}

/* Nobody else may have changed it meanwhile; the lock is not kept while a person thinks. */
static bool put_back(const char *name, const char *before, const char *text, GError **error)
{
    g_autofree char *path = machine_config_path(name);
    g_autofree char *now = NULL;
    int lock = machine_config_lock(name, error);
    bool ok = lock >= 0;

    if (ok && (!g_file_get_contents(path, &now, NULL, NULL) || !g_str_equal(now, before))) {
        qmp_error_set(error, ERROR_REASON_IN_USE, "it was changed by somebody else meanwhile");
        ok = false;
    }
    ok = ok && machine_config_replace(name, text, error);
    if (lock >= 0) {
        close(lock);
    }
    return ok;
}

static bool edit(const char *name, bool *ret_changed, GError **error)
{
    g_autofree char *path = machine_config_path(name);
    g_autofree char *before = NULL, *file = NULL, *text = NULL;

    if (!g_file_get_contents(path, &before, NULL, NULL)) {
        machine_set_unknown(name, error);
        return false;
    }
    file = copy_aside(name, before, error);
    text = file ? edit_until_good(file, error) : NULL;
    if (!text) {
        return false;
    }
    *ret_changed = !g_str_equal(text, before);
    if (*ret_changed && !put_back(name, before, text, error)) {
        g_prefix_error(error, "%s has your text: ", file);
        return false;
    }
    unlink(file);
    return true;
}

static int run(const Verb *verb, Globals *globals, int argc, char **argv, GError **error)
{
    gboolean json = FALSE;
    bool changed = false;
    const GOptionEntry entries[] = {
        { "json", 'j', 0, G_OPTION_ARG_NONE, &json, "print a JSON object", NULL },
        G_OPTION_ENTRY_NULL
    };

    if (!verb_parse(verb, globals, entries, &argc, &argv, error)) {
        return EXIT_USAGE;
    }
    if (!machine_check_name(argv[1], error) || !edit(argv[1], &changed, error)) {
        return EXIT_ERROR;
    }
    if (json) {
        json_t *out = json_pack("{s:s, s:b}", "name", argv[1], "changed", changed);

        output_json(out);
        json_decref(out);
    }
    return EXIT_OK;
}

const Verb verb_edit = {
    .name = "edit",
    .arguments = "NAME",
    .summary = "change a machine's configuration in an editor",
    .description = "The editor is that of VISUAL or EDITOR, or vi.  What it wrote is checked; the "
                   "machine gets it when it starts next.",
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
