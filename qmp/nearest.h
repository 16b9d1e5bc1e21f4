/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nearest: of many valid names the one that a mistyped or shortened name probably
 * meant, for "did you mean" in error messages.
 */
#ifndef QMP_NEAREST_H
#define QMP_NEAREST_H

#include <glib.h>

typedef struct {
    const char *wanted;         /* what was typed */
    const char *best;           /* nearest so far, or NULL: none is close */
    guint distance;             /* its edits; one more than allowed while NULL */
} QmpNearest;

/* Starts a search for the name nearest to wanted, which must outlive it. */
void qmp_nearest_init(QmpNearest *nearest, const char *wanted);

/* Offers one candidate; the first of equally near ones stays. */
void qmp_nearest_add(QmpNearest *nearest, const char *name);

/* "; did you mean 'x'?" or "".  Free with g_free(). */
char *qmp_nearest_hint(const QmpNearest *nearest);

#endif
