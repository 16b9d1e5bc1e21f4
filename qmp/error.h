/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Errors: GError in one domain, whose codes are the schema's ErrorReason.
 *
 * The rules:
 *
 *  - A function that can fail returns bool (false: failed) or a pointer (NULL:
 *    failed) and takes `GError **error` last.  On failure it has set *error
 *    exactly once and has undone what it did; outputs (`ret_x`) are untouched.
 *  - Library code never logs an error that it also returns.
 *  - The message is lower case, one line, without a full stop; it names the
 *    kind and name of the object and the reason: "bus 'isa.0' has no free port".
 *    Client text in it is made safe: control characters become `?`, and a very
 *    long message is cut.
 *  - Where an argument is to blame, the error has its path: the name of the
 *    property or member as the code that refuses it knows it.  Callers prepend
 *    the element that contains it (qmp_error_prefix_path), or replace it by the
 *    request's name for it (qmp_error_rename_path).  The dispatcher    strips a
 *    name that the request does not have, so a device may blame a    property
 *    that a machine type set.
 *  - An error of a failed call is passed on unchanged; g_prefix_error() adds
 *    context.
 *  - Wrong: setting an error twice; testing `*error` instead of the result;
 *    a reason that does not fit ("generic" is for host failures that no program
 *    can act on); printing a secret.
 *  - An error of another domain (GIO, GLib) is wrapped where it enters.
 */
#ifndef QMP_ERROR_H
#define QMP_ERROR_H

#include <glib.h>

#include "qmp/qapi-types-error.h"

#define QMP_ERROR (qmp_error_quark())
GQuark qmp_error_quark(void);

/* Sets *error (unless error is NULL) with a printf-like message. */
void qmp_error_set(GError **error, ErrorReason reason, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* The same for a failed system call: ": " and strerror(saved_errno) are added. */
void qmp_error_set_errno(GError **error, ErrorReason reason, int saved_errno,
                         const char *format, ...) G_GNUC_PRINTF(4, 5);

/* The same, and the argument to blame. */
void qmp_error_set_at(GError **error, const char *path, ErrorReason reason,
                      const char *format, ...) G_GNUC_PRINTF(4, 5);

/* Says which argument is to blame for an error that does not say it yet.  Always
 * false, so that it can be returned. */
bool qmp_error_blame(GError **error, const char *path);

/* Sets QEMU's class of the error to DeviceNotFound where the reason alone does not
 * imply it: a path or class name in the request itself leads to nothing. Always
 * false. */
bool qmp_error_not_there(GError **error);

/* Whether qmp_error_not_there() was called for it. */
bool qmp_error_is_not_there(const GError *error);

/* Puts `element` (a member name, or "[N]" for a list index) in front of the
 * path of the argument that the error is about.  No-op if error is NULL. */
void qmp_error_prefix_path(GError *error, const char *element);

/* Renames the argument in the error's path from `from` to `to`, which is the
 * request's name for it; the names of its members stay.  to NULL: its members
 * are arguments themselves.  Other paths stay. */
void qmp_error_rename_path(GError *error, const char *from, const char *to);

/* Replaces the path; NULL: the error is about no argument. */
void qmp_error_replace_path(GError *error, const char *path);

/* The request that would succeed instead: a command, and its arguments as JSON text, or NULL. */
void qmp_error_set_instead(GError *error, const char *command, const char *arguments);
/* The command, or NULL: none is known; *ret_arguments: NULL if it needs none.  Both are
 * borrowed. */
const char *qmp_error_instead(const GError *error, const char **ret_arguments);

/* Path of the offending argument ("backend.data.addr"), or NULL. */
const char *qmp_error_path(const GError *error);

/* The errno that qmp_error_set_errno() was given; 0 for all other errors. */
int qmp_error_errno(const GError *error);

/* The errno of a file error of GLib, whose text is not for users. */
int qmp_error_file_errno(const GError *error);

/* The reason; ERROR_REASON_GENERIC for errors of another domain. */
ErrorReason qmp_error_reason(const GError *error);

/* True if error is of our domain and has this reason. */
bool qmp_error_is(const GError *error, ErrorReason reason);

#endif
