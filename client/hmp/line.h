/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the commands of the human monitor are written with.  Private to client/hmp/.
 *
 * A command gets its line with the arguments parsed.  It prints, and asks for what it needs with
 * hmp_ask(); the result goes to a function of its own, which may print and ask again.  Requests
 * are executed in order.  When one fails, its message is printed, and the rest are dropped.
 */
#ifndef CLIENT_HMP_LINE_H
#define CLIENT_HMP_LINE_H

#include "client/hmp/hmp.h"
#include "client/hmp/table.h"

/* The result of a request, borrowed; NULL if it failed and hmp_ask_quietly() had asked. */
typedef void HmpReply(HmpLine *line, const json_t *reply);

/* An argument. */
typedef struct {
    char name[HMP_NAME_SIZE];
    HmpArgKind kind;
    char *text;                 /* words, the rest of the line, flags */
    gint64 number;              /* the other kinds */
} HmpArg;

/* `/fmt` of x, xp, print, i and o. */
typedef struct {
    gint64 count;
    char format;                /* one of "xduocsi" */
    char size;                  /* one of "bhwg" */
} HmpFormat;

/* A value that text can name: `$eip`. */
typedef struct {
    char name[16];
    guint64 value;
} HmpRegister;

typedef struct {
    char *command;
    json_t *arguments;
    HmpReply *reply;            /* or NULL: the result is of no interest */
    bool quiet;
} HmpAsk;

struct HmpLine {
    HmpMonitor *monitor;
    char *text;
    HmpCommandId id;
    GArray *args;               /* of HmpArg */
    HmpFormat format;
    GArray *registers;          /* of HmpRegister, if the text names any; else NULL */
    GQueue asks;                /* of HmpAsk; the first one may be on its way */
    GString *out;
    bool failed;
    HmpReply *on_cpu;           /* of hmp_ask_cpu() */
    json_t *keep;               /* what a command keeps between two replies */
    gint64 number;              /* the same */
    GPtrArray *candidates;      /* of a completion, else NULL */
    gsize completed;
};

/* A line that is not executed. */
HmpLine *hmp_line_bare(HmpMonitor *monitor, const char *text);

/* Asks the daemon.  arguments, which may be NULL, are taken over. */
void hmp_ask(HmpLine *line, const char *command, json_t *arguments, HmpReply *reply);
/* The same; its failure is not the line's. */
void hmp_ask_quietly(HmpLine *line, const char *command, json_t *arguments, HmpReply *reply);

void hmp_print(HmpLine *line, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Text of others: control characters in it are made visible. */
void hmp_print_text(HmpLine *line, const char *text);
/* Prints "Error: ..." and drops what was still to be asked. */
void hmp_fail(HmpLine *line, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* The same without "Error: ": the line itself is wrong. */
void hmp_wrong(HmpLine *line, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Arguments by name: NULL, 0 or false if they were not given. */
const char *hmp_word(const HmpLine *line, const char *name);
gint64 hmp_number(const HmpLine *line, const char *name);
bool hmp_given(const HmpLine *line, const char *name);

/* parse.c: cuts the text's arguments by the row of line->id.  False: the output says why. */
bool hmp_parse(HmpLine *line, const char *arguments);

/* expression.c: an expression at the beginning of *text, which is moved behind it.  NULL, or why
 * it is none. */
const char *hmp_expression(const HmpLine *line, const char **text, gint64 *ret);
/* Whether text names registers. */
bool hmp_names_registers(const char *text);

/* cpu-state.c: the fields of a CPU's state. */

/* Reads the state of a CPU, whose index line->number is then; reply gets query-device-state's. */
void hmp_ask_cpu(HmpLine *line, gint64 index, HmpReply *reply);
/* A field of a state by name, the first of that name in any section; group: in it.  NULL: none. */
const json_t *hmp_state_field(const json_t *state, const char *group, const char *name);
guint64 hmp_state_uint(const json_t *state, const char *group, const char *name);
/* The registers that expressions may name. */
GArray *hmp_state_registers(const json_t *state);

/* Members of a reply: "", 0, false if they are absent. */
const char *hmp_str(const json_t *object, const char *name);
gint64 hmp_int(const json_t *object, const char *name);
guint64 hmp_uint(const json_t *value);
/* A number of 64 bits for a request: those from 2^63 on are none of jansson's. */
json_t *hmp_json_uint(guint64 value);
bool hmp_bool(const json_t *object, const char *name);

/* dispatch.c: executes the command whose arguments were parsed. */
void hmp_execute(HmpLine *line);

#endif
