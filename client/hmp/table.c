/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of commands as bytes: pointers to each text would be relocated at every start of a
 * daemon, which seldom needs any of them.
 */
#include "config.h"
#include "client/hmp/table.h"

#include <stddef.h>
#include <string.h>

/* A row: names, arguments, help and request, each with its end. */
#define ROW(names, args, help, qmp) names "\0" args "\0" help "\0" qmp

#define HMP_COMMAND(id, names, args, help, qmp) char id[sizeof(ROW(names, args, help, qmp))];
typedef struct {
#include "client/hmp/commands.h"
} Rows;
#undef HMP_COMMAND

#define HMP_COMMAND(id, names, args, help, qmp) .id = ROW(names, args, help, qmp),
static const Rows rows = {
#include "client/hmp/commands.h"
};
#undef HMP_COMMAND

#define HMP_COMMAND(id, names, args, help, qmp) offsetof(Rows, id),
static const guint16 offsets[] = {
#include "client/hmp/commands.h"
};
#undef HMP_COMMAND

G_STATIC_ASSERT(sizeof(Rows) <= G_MAXUINT16);

static const char *text_of(HmpCommandId id, int column)
{
    const char *text = (const char *)&rows + offsets[id];

    while (column--) {
        text += strlen(text) + 1;
    }
    return text;
}

const char *hmp_row_names(HmpCommandId id)
{
    return text_of(id, 0);
}

const char *hmp_row_args(HmpCommandId id)
{
    return text_of(id, 1);
}

const char *hmp_row_help(HmpCommandId id)
{
    return text_of(id, 2);
}

const char *hmp_row_qmp(HmpCommandId id)
{
    return text_of(id, 3);
}

char *hmp_row_name(HmpCommandId id)
{
    const char *names = hmp_row_names(id);

    return g_strndup(names, strcspn(names, "|"));
}

HmpCommandId hmp_find(const char *name, gsize length)
{
    for (HmpCommandId id = 0; id < HMP_N_COMMANDS; id++) {
        const char *names = hmp_row_names(id);

        while (*names) {
            gsize n = strcspn(names, "|");

            if (n == length && strncmp(names, name, n) == 0) {
                return id;
            }
            names += n + (names[n] == '|');
        }
    }
    return HMP_N_COMMANDS;
}

/* ---- Arguments: `-f device:word -d:display format:word?` ---- */

static HmpArgKind kind_of(const char *name, gsize length)
{
    /* In the order of HmpArgKind, from WORD on. */
    static const char names[][6] = { "word", "rest", "int", "size", "mib", "onoff" };

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        if (strlen(names[i]) == length && strncmp(names[i], name, length) == 0) {
            return HMP_ARG_WORD + i;
        }
    }
    g_assert_not_reached();
}

static void take_flag(const char *word, gsize length, HmpArgRow *ret)
{
    ret->kind = HMP_ARG_FLAG;
    ret->letter = word[1];
    ret->name[0] = word[1];
    if (length > 3) {
        ret->kind = HMP_ARG_OPTION;
        memcpy(ret->name, word + 3, length - 3);
    }
}

bool hmp_arg_next(const char **args, HmpArgRow *ret)
{
    const char *word = *args + strspn(*args, " ");
    gsize length = strcspn(word, " "), colon = strcspn(word, ": ");

    *args = word + length;
    *ret = (HmpArgRow){ .kind = HMP_ARG_FORMAT, .optional = true };
    if (!length) {
        return false;
    }
    if (*word == '-') {
        take_flag(word, length, ret);
    } else if (*word != '/') {
        ret->optional = word[length - 1] == '?';
        ret->kind = kind_of(word + colon + 1, length - ret->optional - colon - 1);
        memcpy(ret->name, word, MIN(colon, sizeof(ret->name) - 1));
    }
    return true;
}

char *hmp_usage(HmpCommandId id)
{
    GString *usage = g_string_new(NULL);
    const char *args = hmp_row_args(id);
    HmpArgRow row;

    while (hmp_arg_next(&args, &row)) {
        if (row.kind == HMP_ARG_FLAG) {
            g_string_append_printf(usage, " [-%c]", row.letter);
        } else if (row.kind == HMP_ARG_OPTION) {
            g_string_append_printf(usage, " [-%c %s]", row.letter, row.name);
        } else if (row.kind == HMP_ARG_FORMAT) {
            g_string_append(usage, " /fmt");
        } else if (row.kind == HMP_ARG_ONOFF && !row.optional) {
            g_string_append(usage, " on|off");
        } else {
            g_string_append_printf(usage, row.optional ? " [%s]" : " %s", row.name);
        }
    }
    return g_string_free(usage, FALSE);
}
