/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nearest: finds the valid name that a mistyped or shortened name probably stands
 * for, for "did you mean" in error messages.
 */
#ifndef QMP_NEAREST_H
#define QMP_NEAREST_H

#include <glib.h>

typedef struct {
    const char *wanted;         /* what was typed */
    const char *best;           /* the nearest so far, or NULL: none is close */
    guint distance;             /* its edits; one more than allowed while NULL */
} QmpNearest;

/* Starts a search for the name nearest to wanted, which must outlive it. */
void qmp_nearest_init(QmpNearest *nearest, const char *wanted);

/* Offers one candidate; of equally near ones the first is kept. */
void qmp_nearest_add(QmpNearest *nearest, const char *name);

/* "; did you mean 'x'?" or "".  Free with g_free(). */
char *qmp_nearest_hint(const QmpNearest *nearest);

#endif
