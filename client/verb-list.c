/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmctl list, top: the machines of this host, once or again and again.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "client/layout.h"
#include "client/machine-facts.h"
#include "client/output.h"
#include "client/verb.h"
#include "qmp/error.h"

static guint table_width(void)
{
    return isatty(STDOUT_FILENO) ? layout_width() : 0;
}

static int run_list(const Verb *verb, Globals *globals, int argc, char **argv, GError **error)
{
    gboolean json = FALSE;
    json_t *list;
    const GOptionEntry entries[] = {
        { "json", 'j', 0, G_OPTION_ARG_NONE, &json, "print a JSON array", NULL },
        G_OPTION_ENTRY_NULL
    };

    if (!verb_parse(verb, globals, entries, &argc, &argv, error)) {
        return EXIT_USAGE;
    }
    list = machine_facts_all(error);
    if (!list) {
        return EXIT_ERROR;
    }
    if (json) {
        output_json(list);
    } else {
        machine_facts_print(list, NULL, 0, table_width());
    }
    json_decref(list);
    return EXIT_OK;
}

const Verb verb_list = {
    .name = "list",
    .arguments = "",
    .summary = "list the machines of this host",
    .description = "A machine has a configuration, or a folder in the run directory or the state "
                   "directory.  CPU use is that since it started, as a share of one of the host's "
                   "CPUs.",
    .min_args = 0,
    .max_args = 0,
    .run = run_list,
};

/* ---- top ---- */

typedef struct {
    double interval;            /* seconds */
    gint64 left;                /* tables to print, or -1: no end */
    gboolean json;
} Top;

/* Whether it is over: somebody pressed q, or standard output has no reader. */
static bool pause_for(double seconds)
{
    struct pollfd keys = { .fd = isatty(STDIN_FILENO) ? STDIN_FILENO : -1, .events = POLLIN };
    gint64 end = g_get_monotonic_time() + (gint64)(seconds * G_USEC_PER_SEC);
    char key = 0;

    for (;;) {
        gint64 left = end - g_get_monotonic_time();

        if (left <= 0) {
            return false;
        }
        if (poll(&keys, 1, (int)MIN(left / 1000 + 1, G_MAXINT)) > 0 &&
            (read(STDIN_FILENO, &key, 1) != 1 || key == 'q')) {
            return true;
        }
    }
}

static bool show(const Top *top, const json_t *list, const json_t *before)
{
    if (top->json) {
        output_json(list);
    } else {
        if (isatty(STDOUT_FILENO)) {
            fputs("\033[H\033[J", stdout);      /* ECMA-48: home, erase to the end */
        }
        machine_facts_print(list, before, top->interval, table_width());
    }
    return fflush(stdout) == 0;
}

static int watch(Top *top, GError **error)
{
    json_t *before = NULL, *list;
    bool ok = true;

    while (ok && top->left != 0) {
        list = machine_facts_all(error);
        if (!list) {
            json_decref(before);
            return EXIT_ERROR;
        }
        ok = show(top, list, before);
        json_decref(before);
        before = list;
        top->left -= top->left > 0;
        if (top->left != 0 && pause_for(top->interval)) {
            break;
        }
    }
    json_decref(before);
    return ok ? EXIT_OK : EXIT_ERROR;
}

static bool parse_count(const char *text, Top *top, GError **error)
{
    double number = -1;

    if (!verb_parse_timeout(text, &number, NULL) || (text && (number < 1 || number > G_MAXINT))) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "--count takes a number from 1, not '%s'",
                      text);
        return false;
    }
    top->left = (gint64)number;
    return true;
}

static bool parse_interval(const char *text, Top *top, GError **error)
{
    if (verb_parse_timeout(text, &top->interval, NULL) && top->interval >= 0.1) {
        return true;
    }
    qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                  "--interval takes a number of seconds from 0.1, not '%s'", text);
    return false;
}

static int run_top(const Verb *verb, Globals *globals, int argc, char **argv, GError **error)
{
    Top top = { .interval = 2, .left = -1 };
    g_autofree char *seconds = NULL, *count = NULL;
    const GOptionEntry entries[] = {
        { "interval", 'i', 0, G_OPTION_ARG_FILENAME, &seconds, "time between two tables (2)",
          "SECONDS" },
        { "count", 'c', 0, G_OPTION_ARG_FILENAME, &count, "end after so many tables", "NUMBER" },
        { "json", 'j', 0, G_OPTION_ARG_NONE, &top.json, "print a JSON array each time", NULL },
        G_OPTION_ENTRY_NULL
    };

    if (!verb_parse(verb, globals, entries, &argc, &argv, error) ||
        !parse_interval(seconds, &top, error) || !parse_count(count, &top, error)) {
        return EXIT_USAGE;
    }
    return watch(&top, error);
}

const Verb verb_top = {
    .name = "top",
    .arguments = "",
    .summary = "show the machines of this host and their CPU use again and again",
    .description = "CPU use is that since the table before, as a share of one of the host's CPUs.  "
                   "q and Enter end it, as does Ctrl-C.",
    .min_args = 0,
    .max_args = 0,
    .run = run_top,
};
