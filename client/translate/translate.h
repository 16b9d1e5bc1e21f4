/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Translation: a QEMU command line as the QMP requests that make the same machine.
 *
 * These are functions of text: they access nothing on the host except the files that
 * -readconfig and -trace name, and the headers of a -drive's images, and send nothing.  Every
 * option is accounted for: it becomes requests, or a note says why it needs none, or it is
 * refused by name.
 *
 * Options about the daemon's process rather than the machine (its name, its socket, its user)
 * become no requests; they are listed separately.
 *
 * One table (option-table.c) has all options of QEMU 7.2; their values are decoded by the
 * schema's rows (typed.h), so that no option has its own type checks.
 */
#ifndef CLIENT_TRANSLATE_TRANSLATE_H
#define CLIENT_TRANSLATE_TRANSLATE_H

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

#include "qmp/qapi-types-control.h"

typedef struct {
    json_t *json;               /* the request */
    char *origin;               /* the option as written, or "default" */
    char *why;                  /* an explanation if it is not obvious, or NULL */
} TranslatedRequest;

/* Which part of the daemon's start an option concerns. */
typedef enum {
    START_UNIT,                 /* the unit that starts it */
    START_NAME,                 /* value: its name */
    START_SOCKET,               /* value: path of a socket that it listens on */
    START_SOCKET_FD,            /* value: number of a descriptor that it listens on */
    START_PIDFILE,              /* value: file for its process's number */
    START_LOG,                  /* value: file for messages */
    START_PROCESS_NAME,         /* value: what the process is called */
    START_LOCK_MEMORY,          /* it locks all its memory */
    START_SANDBOX,              /* value: groups of system calls that it does without */
    START_DAEMONIZE,            /* it stays in the background */
    START_CURSES,               /* who starts it shows its screen on the terminal */
    START_FD,                   /* value: number of one that is passed to it: Translation.fds */
} TranslationStart;

typedef struct {
    char *origin;
    char *text;                 /* why there is no request for it */
    TranslationStart start;     /* for programs */
    char *value;                /* as described there, or NULL */
} TranslationNote;

/* A temporary image that takes what the guest writes, and that a node's `fd` names. */
typedef struct {
    char *fd;                   /* name of its descriptor, which vmctl passes */
    char *filename;             /* the image below it */
    bool qcow2;                 /* that image's format; else raw */
} TranslationOverlay;

/* A tap device on a bridge, which the host's helper makes, and that a netdev's `fd` names. */
typedef struct {
    char *origin;               /* the option, for messages */
    char *fd;                   /* name of its descriptor, which vmctl passes */
    char *bridge, *helper;      /* NULL: the usual one */
} TranslationBridge;

/* Names of descriptors that vmctl makes itself. */
#define TRANSLATION_OWN_FD "vmctl-"

/* A descriptor that vmctl was started with, and that goes with a request. */
typedef struct {
    char *number;
    json_t *request;
} TranslationFd;

typedef struct {
    GPtrArray *requests;        /* of TranslatedRequest, in the order to send them */
    GPtrArray *notes;           /* of TranslationNote */
    GPtrArray *starts;          /* of TranslationNote: for the start of the daemon */
    GPtrArray *overlays;        /* of TranslationOverlay */
    GPtrArray *bridges;         /* of TranslationBridge */
    GPtrArray *fds;             /* of TranslationFd: to be passed before all requests */
    GPtrArray *problems;        /* of GError: all of them, not only the first */
} Translation;

/*
 * args are the words after the program's name.  There is always a result; if it has problems,
 * its requests do not make the whole machine.  Free with translation_free().
 */
Translation *translate_command_line(int n_args, const char *const *args);

/* The same for a single -readconfig file of that name with that text. */
Translation *translate_config(const char *name, const char *text);

void translation_free(Translation *translation);    /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Translation, translation_free)

/* The table of options, until f returns false.  argument is NULL if it takes none; fate describes
 * its translation. */
void translate_foreach_option(bool (*f)(const char *name, const char *argument, const char *fate,
                                        void *data), void *data);

/* The keys of a group of options. */
typedef struct {
    const char *name;
    CommandLineParameterType type;
    const char *help;           /* by the schema, or NULL */
} TranslateKey;

/* Each group of options once, in order, until f returns false; n is 0 for those whose keys depend
 * on a class or a backend.  keys are valid only during the call. */
typedef bool TranslateGroupFunc(const char *group, const TranslateKey *keys, guint n, void *data);
void translate_foreach_group(TranslateGroupFunc *f, void *data);

/* The group of the option with this name, without "-"; NULL if there is none. */
const char *translate_option_group(const char *option);

#endif
