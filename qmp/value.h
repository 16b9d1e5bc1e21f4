/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QmpValue: a neutral typed tree for the few places that carry any value
 * (qom-get, qom-set, default-value).  It does not depend on JSON text.
 */
#ifndef QMP_VALUE_H
#define QMP_VALUE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum {
    QMP_VALUE_NULL,
    QMP_VALUE_BOOL,
    QMP_VALUE_INT,              /* -2^63 .. 2^63-1 */
    QMP_VALUE_UINT,             /* 2^63 .. 2^64-1 only */
    QMP_VALUE_NUMBER,
    QMP_VALUE_STR,
    QMP_VALUE_LIST,
    QMP_VALUE_DICT,
} QmpValueKind;

typedef struct QmpValue {
    QmpValueKind kind;
    union {
        bool b;
        gint64 i;
        guint64 u;
        double d;
        char *s;
        GPtrArray *list;        /* of QmpValue */
        struct {
            GPtrArray *keys;    /* of char, in order */
            GPtrArray *values;  /* of QmpValue, parallel to keys */
        } dict;
    };
} QmpValue;

QmpValue *qmp_value_null(void);
QmpValue *qmp_value_bool(bool b);
QmpValue *qmp_value_int(gint64 i);
QmpValue *qmp_value_uint(guint64 u);      /* INT if it fits there */
QmpValue *qmp_value_number(double d);
QmpValue *qmp_value_str(const char *s);   /* copies */
QmpValue *qmp_value_list(void);
QmpValue *qmp_value_dict(void);

/* All take ownership of item. */
void qmp_value_append(QmpValue *list, QmpValue *item);
void qmp_value_set(QmpValue *dict, const char *key, QmpValue *item);
/* The same for a key that is not yet there, without looking for it. */
void qmp_value_add(QmpValue *dict, const char *key, QmpValue *item);

/* Borrowed, or NULL. */
QmpValue *qmp_value_get(const QmpValue *dict, const char *key);

QmpValue *qmp_value_clone(const QmpValue *value);
bool qmp_value_equal(const QmpValue *a, const QmpValue *b);
void qmp_value_free(QmpValue *value);     /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QmpValue, qmp_value_free)

#endif
