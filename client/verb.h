/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Verbs: what vmctl can do.  Each is in its own file (verb-NAME.c), which
 * defines one Verb; main.c has the table of them.
 */
#ifndef CLIENT_VERB_H
#define CLIENT_VERB_H

#include <math.h>
#include <glib.h>

#include "client/connection.h"
#include "client/translate/translate.h"

/* Exit statuses. */
enum {
    EXIT_OK,
    EXIT_ERROR,                 /* something failed; a message said what */
    EXIT_USAGE,                 /* the command line is wrong */
    EXIT_BAD_END,               /* the machine crashed, panicked or was lost; or is absent */
    EXIT_TIMEOUT = 124,         /* as timeout(1) */
};

/* The options before the verb, or among its own. */
typedef struct {
    char *socket;               /* --socket, or NULL */
    char *name;                 /* --name, or NULL: "default" */
} Globals;

typedef struct Verb Verb;

struct Verb {
    const char *name;
    const char *arguments;      /* for the usage line, "" if there are none */
    const char *summary;        /* one line, lower case, for the list of verbs */
    const char *description;    /* paragraphs for --help, or NULL */
    int min_args, max_args;     /* of what remains after the options; -1: any number */
    /* argv[0] is the verb's name.  Returns the exit status; with *error set,
     * main prints the message. */
    int (*run)(const Verb *verb, Globals *globals, int argc, char **argv, GError **error);
};

/* All of them, NULL at the end (main.c). */
extern const Verb *const verbs[];

extern const Verb verb_apply;
extern const Verb verb_autostart;
extern const Verb verb_complete;
extern const Verb verb_config;
extern const Verb verb_console;
extern const Verb verb_create;
extern const Verb verb_delete;
extern const Verb verb_edit;
extern const Verb verb_events;
extern const Verb verb_kill;
extern const Verb verb_list;
extern const Verb verb_logs;
extern const Verb verb_monitor;
extern const Verb verb_qemu;
extern const Verb verb_qmp;
extern const Verb verb_rename;
extern const Verb verb_restart;
extern const Verb verb_run;
extern const Verb verb_schema;
extern const Verb verb_screen;
extern const Verb verb_screenshot;
extern const Verb verb_start;
extern const Verb verb_state;
extern const Verb verb_status;
extern const Verb verb_stop;
extern const Verb verb_top;
extern const Verb verb_translate;
extern const Verb verb_wait;

/* The entries of the global options, ending in a NULL entry; they write into
 * globals.  entries has room for VERB_N_GLOBALS. */
#define VERB_N_GLOBALS 3
void verb_global_entries(Globals *globals, GOptionEntry *entries);

/*
 * Parses a verb's options, which may be NULL, and the global ones.  argc and
 * argv are reduced to the remaining words, whose number is checked against the
 * verb's min_args and max_args.  False: wrong usage, *error says why
 * (EXIT_USAGE).
 */
bool verb_parse(const Verb *verb, Globals *globals, const GOptionEntry *entries, int *argc,
                char ***argv, GError **error);

/*
 * The socket that the global options select: --socket; else qmp.sock in the
 * folder NAME of the run directory (machine_run_directory).  NULL with *error if
 * there is no such directory or the name is not a file name.
 */
char *verb_socket_path(const Globals *globals, GError **error);

/* The machine's name by the global options; NULL if --socket selects it. */
const char *verb_machine_name(const Globals *globals);

/* If the verb's first argument names a machine, it is the one of --name. */
void verb_take_name(Globals *globals, int argc, char **argv);

/* connection_open() on that socket. */
Connection *verb_connect(const Globals *globals, GError **error);

/*
 * Prints the problems of the translation of args: all that the line cannot have, and that there
 * may be one that works.  EXIT_OK if there are none.
 */
int verb_print_problems(const Translation *translation, int n_args, const char *const *args);

/* The value of --timeout if it was not given. */
#define VERB_NO_TIMEOUT INFINITY

/* The value of --timeout; *seconds is unchanged if it was not given (NULL). */
bool verb_parse_timeout(const char *text, double *seconds, GError **error);

/* Deadline for a --timeout in seconds. */
gint64 verb_deadline(double seconds);

#endif
