/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Manual: what the schema says about commands, events and types beyond the rows
 * that the daemon works with, for programs that print it.  Generated into a file
 * of its own (qmp/qapi-manual.c), so only programs that refer to these tables
 * contain them.
 */
#ifndef QMP_MANUAL_H
#define QMP_MANUAL_H

#include "qmp/type.h"

/* A text, as an offset into qmp_manual_texts[]; 0: none. */
typedef guint32 QmpManualText;

extern const char qmp_manual_texts[];

static inline const char *qmp_manual_text(QmpManualText text)
{
    return qmp_manual_texts + text;
}

/* A command or an event. */
typedef struct {
    const char *name;
    const QmpType *data;        /* arguments, or the data of an event; NULL: none */
    const QmpType *ret;         /* NULL: no result */
    guint32 flags;              /* QMP_COMMAND_* */
    guint32 states;             /* of a command: 1 << RunState, where it is allowed */
    QmpManualText rate;         /* of an event that guests cause: how often it is sent at most */
    QmpManualText doc;          /* what it is, paragraphs with an empty line between them */
    QmpManualText returns;
    QmpManualText errors;
    QmpManualText notes;
    QmpManualText features;     /* "NAME: text", paragraphs likewise */
    QmpManualText example;      /* lines as they stand */
    QmpManualText since;
} QmpManualEntry;

/* A type that the schema names, or a built-in one. */
typedef struct {
    const QmpType *type;
    const char *info;           /* its name in query-qmp-schema, or NULL: not listed */
    QmpManualText notes;
    QmpManualText since;
} QmpManualType;

/* What classes have beyond their rows. */
typedef struct {
    QmpManualText notes;
    QmpManualText example;
} QmpManualClass;

/* In strcmp order. */
extern const QmpManualEntry qmp_manual_commands[];
extern const guint qmp_n_manual_commands;
extern const QmpManualEntry qmp_manual_events[];
extern const guint qmp_n_manual_events;
extern const QmpManualType qmp_manual_types[];
extern const guint qmp_n_manual_types;

/* In the order of qmp_classes[]. */
extern const QmpManualClass qmp_manual_classes[];

#endif
