/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmctl console: attaches the terminal to a chardev.
 */
#include "config.h"

#include <stdio.h>
#include <unistd.h>

#include "client/chardev-address.h"
#include "client/terminal.h"
#include "client/verb.h"
#include "qmp/error.h"

/* One chardev's address, cleared before. */
static void read_address(const json_t *info, ChardevAddress *ret_address)
{
    const char *filename = json_string_value(json_object_get(info, "filename"));

    chardev_address_parse(filename ? filename : "", ret_address);
}

/* The labels of all chardevs that can be attached to, "a, b", and their number. */
static char *list_labels(const json_t *chardevs, guint *ret_n)
{
    GString *text = g_string_new(NULL);
    const json_t *info;
    size_t i;

    *ret_n = 0;
    json_array_foreach(chardevs, i, info) {
        g_auto(ChardevAddress) address = { 0 };
        const char *label = json_string_value(json_object_get(info, "label"));

        read_address(info, &address);
        if (label && address.kind != CHARDEV_OTHER) {
            g_string_append_printf(text, "%s%s", (*ret_n)++ ? ", " : "", label);
        }
    }
    return g_string_free(text, FALSE);
}

/* The chardev of that name; without a name, the only one that can be attached to. */
static const json_t *find_chardev(const json_t *chardevs, const char *label, GError **error)
{
    guint n;
    g_autofree char *labels = list_labels(chardevs, &n);
    const json_t *info;
    size_t i;

    if (!label && n == 1) {
        label = labels;
    }
    json_array_foreach(chardevs, i, info) {
        if (g_strcmp0(json_string_value(json_object_get(info, "label")), label) == 0) {
            return info;
        }
    }
    if (n == 0) {
        qmp_error_set(error, ERROR_REASON_OBJECT_NOT_FOUND,
                      "the machine has no pty and no listening socket to attach to");
    } else if (label) {
        qmp_error_set(error, ERROR_REASON_OBJECT_NOT_FOUND,
                      "there is no chardev '%s'; one can attach to: %s", label, labels);
    } else {
        qmp_error_set(error, ERROR_REASON_PATH_AMBIGUOUS, "name the chardev: %s", labels);
    }
    return NULL;
}

static int open_chardev(const Globals *globals, const char *label, GError **error)
{
    g_autoptr(Connection) conn = verb_connect(globals, error);
    g_auto(ChardevAddress) address = { 0 };
    json_t *chardevs = NULL;
    const json_t *info;
    int fd = -1;

    if (!conn || !connection_call(conn, "query-chardev", NULL, &chardevs, error)) {
        return -1;
    }
    info = find_chardev(chardevs, label, error);
    if (info) {
        read_address(info, &address);
        fd = chardev_address_open(&address, error);
        if (fd < 0) {
            g_prefix_error(error, "chardev '%s': ",
                           json_string_value(json_object_get(info, "label")));
        }
    }
    json_decref(chardevs);
    return fd;
}

static int run(const Verb *verb, Globals *globals, int argc, char **argv, GError **error)
{
    bool talk = isatty(STDIN_FILENO);
    TerminalResult result;
    int fd;

    if (!verb_parse(verb, globals, NULL, &argc, &argv, error)) {
        return EXIT_USAGE;
    }
    fd = open_chardev(globals, argv[1], error);
    if (fd < 0) {
        return EXIT_ERROR;
    }
    if (talk) {
        fprintf(stderr, "Attached; Ctrl-] detaches.\n");
    }
    result = terminal_join(fd, error);
    close(fd);
    if (talk && result != TERMINAL_FAILED) {
        fprintf(stderr, "\n%s.\n", result == TERMINAL_CLOSED ? "The other side ended" : "Detached");
    }
    return result == TERMINAL_FAILED || result == TERMINAL_SIGNAL ? EXIT_ERROR : EXIT_OK;
}

const Verb verb_console = {
    .name = "console",
    .arguments = "[CHARDEV]",
    .summary = "attach the terminal to a chardev",
    .description = "CHARDEV is a pty or a listening socket; it may be left out if there is only "
                   "one.  Ctrl-] detaches.",
    .min_args = 0,
    .max_args = 1,
    .run = run,
};
