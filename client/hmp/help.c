/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * help, and info without a subject.
 */
#include "config.h"

#include <string.h>

#include "client/hmp/functions.h"

static void print_row(HmpLine *line, HmpCommandId id)
{
    g_autofree char *usage = hmp_usage(id);

    hmp_print(line, "%s%s -- %s\n", hmp_row_names(id), usage, hmp_row_help(id));
}

static bool is_info(HmpCommandId id)
{
    return g_str_has_prefix(hmp_row_names(id), "info ");
}

static bool is_absent(HmpCommandId id)
{
    return hmp_row_qmp(id)[0] == '-';
}

static void print_rows(HmpLine *line, bool info)
{
    for (HmpCommandId id = 0; id < HMP_N_COMMANDS; id++) {
        if (is_info(id) == info && !is_absent(id)) {
            print_row(line, id);
        }
    }
}

void hmp_help(HmpLine *line)
{
    const char *name = hmp_word(line, "command");
    HmpCommandId id = name ? hmp_find(name, strlen(name)) : HMP_N_COMMANDS;

    if (!name || !*name) {
        print_rows(line, false);
    } else if (id == HMP_info) {
        print_rows(line, true);
    } else if (id < HMP_N_COMMANDS) {
        print_row(line, id);
    } else {
        hmp_wrong(line, "unknown command: '");
        g_string_truncate(line->out, line->out->len - 1);
        hmp_print_text(line, name);
        hmp_print(line, "'\n");
    }
}

void hmp_info(HmpLine *line)
{
    print_rows(line, true);
}

void hmp_info_history(HmpLine *line)
{
    guint n = 0;

    for (const GList *l = line->monitor->history.head; l; l = l->next) {
        hmp_print(line, "%u: '", n++);
        hmp_print_text(line, l->data);
        hmp_print(line, "'\n");
    }
}
