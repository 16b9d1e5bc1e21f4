/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Options: key=value text, such as users write on command lines, as an input of the
 * walker (qmp/visit.h), so that each schema type can be decoded from it.
 *
 *   driver=file,filename=/a,,b    a comma in a value is doubled
 *   user,id=n0                    a first word without `=` is the value of the implied key
 *   readonly,nowait               other bare words are switches: on, and off behind `no`
 *   file.driver=null-co           dotted keys are members of structs,
 *   server.0.host=a,server.1...   or elements of lists, from 0 on
 *   host=0-3,host=7               a repeated key is a list, and integers in it may be ranges;
 *                                 where one value is expected, the last one
 *                                 counts
 *
 * The rest is the decoder's in lenient mode: on/off, sizes with suffixes, hexadecimal (qmp/text.h).
 */
#ifndef QMP_OPTIONS_H
#define QMP_OPTIONS_H

#include "qmp/visit.h"

typedef struct QmpOptions QmpOptions;

typedef enum {
    /* Dots are part of names: CPU features ("sse4.1"). */
    QMP_OPTIONS_FLAT = 1 << 0,
} QmpOptionsFlags;

/*
 * Parses text.  implied_key: what a first word without `=` is the value of, or NULL.
 * Fails (reason syntax) with the position, counted from 1, and the offending text: an empty key,
 * a key that is a value and has members, too, a list with a gap.  Free with qmp_options_free().
 */
QmpOptions *qmp_options_parse(const char *text, const char *implied_key, guint flags,
                              GError **error);
void qmp_options_free(QmpOptions *options);         /* accepts NULL */

/*
 * Adds to the same group: another text as qmp_options_parse() takes it, or one value of a key,
 * which may have dots, as if it had been given at that position (0: at none).  On failure some of
 * the text may have been added.
 */
bool qmp_options_add_text(QmpOptions *options, const char *text, const char *implied_key,
                          GError **error);
bool qmp_options_add(QmpOptions *options, const char *path, const char *value, guint position,
                     GError **error);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QmpOptions, qmp_options_free)

/* Decodes all of it; errors are qmp_decode()'s. */
bool qmp_options_decode(const QmpOptions *options, const QmpType *type, void *storage,
                        GError **error);

/* For callers that handle keys the schema does not know.  get: the last value of a key on
 * the outermost level, borrowed, or NULL; set: replaces it; remove: true if it was there. */
const char *qmp_options_get(const QmpOptions *options, const char *key);
void qmp_options_set(QmpOptions *options, const char *key, const char *value);
bool qmp_options_remove(QmpOptions *options, const char *key);
/* The i-th value of a key on the outermost level, borrowed, or NULL after the last one. */
const char *qmp_options_get_nth(const QmpOptions *options, const char *key, guint i);
/* Each key of the outermost level in order, until f returns false. */
void qmp_options_foreach(const QmpOptions *options, bool (*f)(const char *key, void *data),
                         void *data);
/* The position in the text of the value at path ("file.driver", as in qmp_error_path), counted
 * from 1; 0 if it was not given. */
guint qmp_options_position(const QmpOptions *options, const char *path);

/*
 * The text of an object, given as any input's node, for people: qmp_options_parse() turns
 * it into the same value.  Elements of lists are members with indices; an empty list or
 * object has no text, nor has null.  A name with dots is read back only with
 * QMP_OPTIONS_FLAT.  Free with g_free().
 */
char *qmp_options_print(const QmpInputOps *ops, const void *dict);

/*
 * As an input: the nodes are that of qmp_options_root() and those below it. The
 * mode is lenient.
 */
extern const QmpInputOps qmp_options_input;
const void *qmp_options_root(const QmpOptions *options);

#endif
