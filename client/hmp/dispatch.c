/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Executes a line whose arguments were parsed: by its function, or as the request that its row
 * names.
 */
#include "config.h"

#include <string.h>

#include "client/hmp/functions.h"

/* The row's request, with the line's arguments as they are called. */
static void direct(HmpLine *line)
{
    json_t *arguments = line->args->len ? json_object() : NULL;

    for (guint i = 0; i < line->args->len; i++) {
        const HmpArg *arg = &g_array_index(line->args, HmpArg, i);

        json_object_set_new(arguments, arg->name, json_string(arg->text));
    }
    hmp_ask(line, hmp_row_qmp(line->id), arguments, NULL);
}

static void absent(HmpLine *line)
{
    /* As it was typed: the row has several names. */
    g_auto(GStrv) words = g_strsplit_set(g_strstrip(line->text), " \t/", 2);
    const bool info = g_str_equal(words[0], "info");
    const char *what = info ? words[1] + strspn(words[1], " \t") : words[0];

    hmp_fail(line, "there is no '%s%.*s': %s", info ? "info " : "", (int)strcspn(what, " \t/"),
             what, hmp_row_help(line->id));
}

void hmp_execute(HmpLine *line)
{
    switch (line->id) {
#define HMP_COMMAND(id, names, args, help, qmp) case HMP_##id: hmp_##id(line); break;
#define HMP_DIRECT(id, names, args, help, qmp) case HMP_##id: direct(line); break;
#define HMP_ABSENT(id, names, why) case HMP_##id: absent(line); break;
#include "client/hmp/commands.h"
#undef HMP_COMMAND
    case HMP_N_COMMANDS:
        break;
    }
}
