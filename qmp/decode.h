/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The decoder's own vocabulary, shared by decode.c (objects, lists, unions) and
 * decode-scalar.c.  Private to qmp/.
 *
 * A QmpPlace says where in the arguments the decoder is; places are linked
 * upwards on the stack, and a path is made of them only if an error needs one.
 */
#ifndef QMP_DECODE_H
#define QMP_DECODE_H

#include "qmp/error.h"
#include "qmp/nearest.h"
#include "qmp/visit.h"

typedef struct QmpPlace QmpPlace;

struct QmpPlace {
    const QmpPlace *up;         /* NULL: the outermost value */
    const char *name;           /* member, or NULL: list element */
    gsize index;
    const QmpMember *row;       /* its bounds and flags, or NULL */
};

/* Sets *error to "parameter 'PATH' " and the message, with PATH as its path.
 * Always false, so that it can be returned. */
bool qmp_decode_fail(const QmpPlace *place, GError **error, ErrorReason reason,
                     const char *format, ...) G_GNUC_PRINTF(4, 5);

/* Fails with "must be EXPECTED, not ACTUAL". */
bool qmp_decode_fail_type(const QmpInput *input, const QmpPlace *place, const void *node,
                          const char *expected, GError **error);

/* Asks the input's policy about something with marks: the argument at place, or, if
 * `what` is not NULL, the thing that it names ("value 'x'"). */
bool qmp_decode_judge(const QmpInput *input, const QmpPlace *place, guint32 marks,
                      const char *what, GError **error);

/* The same for a node that only lenient mode accepts as the expected type. */
bool qmp_decode_judge_lenient(const QmpInput *input, const QmpPlace *place, const void *node,
                              const char *expected, GError **error);

/* A string node's text, or NULL with an error: not a string, or with a NUL. */
const char *qmp_decode_text(const QmpInput *input, const QmpPlace *place, const void *node,
                            const char *expected, GError **error);

/* null, bool, integers, size, number, str, enum, link and any; place->row's
 * bounds are checked. */
bool qmp_decode_scalar(const QmpInput *input, const QmpType *type, const void *node,
                       void *storage, const QmpPlace *place, GError **error);

/* Checks a value (of a union: of its tag) against those that row says are supported; type is
 * bool, str or enum.  Fails at place, which need not be the row's. */
bool qmp_decode_check_only(const QmpPlace *place, const QmpMember *row, const QmpType *type,
                           QmpScalar value, GError **error);

/* Checks the length of a str or list against place->row. */
bool qmp_decode_check_length(const QmpPlace *place, gsize length, const char *unit,
                             GError **error);

/* A node as a neutral tree. */
QmpValue *qmp_input_to_value(const QmpInput *input, const void *node);

#endif
