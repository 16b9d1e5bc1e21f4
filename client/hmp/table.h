/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of commands, for those who look into it.  Private to client/hmp/.
 */
#ifndef CLIENT_HMP_TABLE_H
#define CLIENT_HMP_TABLE_H

#include <glib.h>
#include <stdbool.h>

enum { HMP_NAME_SIZE = 32 };

#define HMP_COMMAND(id, names, args, help, qmp) HMP_##id,
typedef enum {
#include "client/hmp/commands.h"
    HMP_N_COMMANDS
} HmpCommandId;
#undef HMP_COMMAND

/* Texts of a row. */
const char *hmp_row_names(HmpCommandId id);
const char *hmp_row_args(HmpCommandId id);
const char *hmp_row_help(HmpCommandId id);
const char *hmp_row_qmp(HmpCommandId id);

/* Its first name; newly allocated. */
char *hmp_row_name(HmpCommandId id);

/* The command of this name, "info NAME" among them; HMP_N_COMMANDS: there is none. */
HmpCommandId hmp_find(const char *name, gsize length);

typedef enum {
    HMP_ARG_FLAG,               /* -f */
    HMP_ARG_OPTION,             /* -f VALUE */
    HMP_ARG_FORMAT,             /* /fmt */
    HMP_ARG_WORD,               /* quoted or not */
    HMP_ARG_REST,               /* of the line */
    HMP_ARG_INT,                /* an expression */
    HMP_ARG_SIZE,               /* bytes, with suffix */
    HMP_ARG_MIB,                /* the same; without suffix, MiB */
    HMP_ARG_ONOFF,
} HmpArgKind;

/* An argument as a row describes it. */
typedef struct {
    char name[HMP_NAME_SIZE];   /* of a flag: the letter */
    char letter;                /* of a flag or an option */
    HmpArgKind kind;
    bool optional;
} HmpArgRow;

/* Takes the next argument from *args, which is moved on; false: there is none. */
bool hmp_arg_next(const char **args, HmpArgRow *ret);

/* How the arguments are written, for help; newly allocated. */
char *hmp_usage(HmpCommandId id);

#endif
