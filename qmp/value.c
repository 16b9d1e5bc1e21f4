/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QmpValue: making, copying and comparing the neutral tree, and the table that
 * lets the walker (qmp/decode.c) read one.
 */
#include "config.h"
#include "qmp/value.h"

#include <string.h>

#include "qmp/visit.h"

static QmpValue *value_new(QmpValueKind kind)
{
    QmpValue *value = g_new0(QmpValue, 1);

    value->kind = kind;
    return value;
}

QmpValue *qmp_value_null(void)
{
    return value_new(QMP_VALUE_NULL);
}

QmpValue *qmp_value_bool(bool b)
{
    QmpValue *value = value_new(QMP_VALUE_BOOL);

    value->b = b;
    return value;
}

QmpValue *qmp_value_int(gint64 i)
{
    QmpValue *value = value_new(QMP_VALUE_INT);

    value->i = i;
    return value;
}

QmpValue *qmp_value_uint(guint64 u)
{
    QmpValue *value;

    if (u <= G_MAXINT64) {
        return qmp_value_int(u);
    }
    value = value_new(QMP_VALUE_UINT);
    value->u = u;
    return value;
}

QmpValue *qmp_value_number(double d)
{
    QmpValue *value = value_new(QMP_VALUE_NUMBER);

    value->d = d;
    return value;
}

QmpValue *qmp_value_str(const char *s)
{
    QmpValue *value = value_new(QMP_VALUE_STR);

    value->s = g_strdup(s);
    return value;
}

QmpValue *qmp_value_list(void)
{
    QmpValue *value = value_new(QMP_VALUE_LIST);

    value->list = g_ptr_array_new_with_free_func((GDestroyNotify)qmp_value_free);
    return value;
}

QmpValue *qmp_value_dict(void)
{
    QmpValue *value = value_new(QMP_VALUE_DICT);

    value->dict.keys = g_ptr_array_new_with_free_func(g_free);
    value->dict.values = g_ptr_array_new_with_free_func((GDestroyNotify)qmp_value_free);
    return value;
}

void qmp_value_append(QmpValue *list, QmpValue *item)
{
    g_ptr_array_add(list->list, item);
}

static int dict_find(const QmpValue *dict, const char *key)
{
    for (guint i = 0; i < dict->dict.keys->len; i++) {
        if (!strcmp(dict->dict.keys->pdata[i], key)) {
            return i;
        }
    }
    return -1;
}

void qmp_value_set(QmpValue *dict, const char *key, QmpValue *item)
{
    int i = dict_find(dict, key);

    if (i >= 0) {
        qmp_value_free(dict->dict.values->pdata[i]);
        dict->dict.values->pdata[i] = item;
        return;
    }
    qmp_value_add(dict, key, item);
}

void qmp_value_add(QmpValue *dict, const char *key, QmpValue *item)
{
    g_ptr_array_add(dict->dict.keys, g_strdup(key));
    g_ptr_array_add(dict->dict.values, item);
}

QmpValue *qmp_value_get(const QmpValue *dict, const char *key)
{
    int i = dict_find(dict, key);

    return i < 0 ? NULL : dict->dict.values->pdata[i];
}

QmpValue *qmp_value_clone(const QmpValue *value)
{
    QmpValue *copy;

    switch (value->kind) {
    case QMP_VALUE_STR:
        return qmp_value_str(value->s);
    case QMP_VALUE_LIST:
        copy = qmp_value_list();
        for (guint i = 0; i < value->list->len; i++) {
            qmp_value_append(copy, qmp_value_clone(value->list->pdata[i]));
        }
        return copy;
    case QMP_VALUE_DICT:
        copy = qmp_value_dict();
        for (guint i = 0; i < value->dict.keys->len; i++) {
            g_ptr_array_add(copy->dict.keys, g_strdup(value->dict.keys->pdata[i]));
            g_ptr_array_add(copy->dict.values, qmp_value_clone(value->dict.values->pdata[i]));
        }
        return copy;
    default:
        return g_memdup2(value, sizeof(*value));
    }
}

static bool list_equal(const QmpValue *a, const QmpValue *b)
{
    if (a->list->len != b->list->len) {
        return false;
    }
    for (guint i = 0; i < a->list->len; i++) {
        if (!qmp_value_equal(a->list->pdata[i], b->list->pdata[i])) {
            return false;
        }
    }
    return true;
}

/* The order of members has no meaning, as in JSON. */
static bool dict_equal(const QmpValue *a, const QmpValue *b)
{
    if (a->dict.keys->len != b->dict.keys->len) {
        return false;
    }
    for (guint i = 0; i < a->dict.keys->len; i++) {
        QmpValue *other = qmp_value_get(b, a->dict.keys->pdata[i]);

        if (!other || !qmp_value_equal(a->dict.values->pdata[i], other)) {
            return false;
        }
    }
    return true;
}

bool qmp_value_equal(const QmpValue *a, const QmpValue *b)
{
    if (a->kind != b->kind) {
        return false;
    }
    switch (a->kind) {
    case QMP_VALUE_NULL:
        return true;
    case QMP_VALUE_BOOL:
        return a->b == b->b;
    case QMP_VALUE_INT:
        return a->i == b->i;
    case QMP_VALUE_UINT:
        return a->u == b->u;
    case QMP_VALUE_NUMBER:
        return a->d == b->d;
    case QMP_VALUE_STR:
        return !g_strcmp0(a->s, b->s);
    case QMP_VALUE_LIST:
        return list_equal(a, b);
    case QMP_VALUE_DICT:
        return dict_equal(a, b);
    }
    return false;
}

void qmp_value_free(QmpValue *value)
{
    if (!value) {
        return;
    }
    switch (value->kind) {
    case QMP_VALUE_STR:
        g_free(value->s);
        break;
    case QMP_VALUE_LIST:
        g_ptr_array_unref(value->list);
        break;
    case QMP_VALUE_DICT:
        g_ptr_array_unref(value->dict.keys);
        g_ptr_array_unref(value->dict.values);
        break;
    default:
        break;
    }
    g_free(value);
}

/* The walker's view of a tree. */

static QmpValueKind input_kind(const void *node)
{
    return ((const QmpValue *)node)->kind;
}

static bool input_get_bool(const void *node)
{
    return ((const QmpValue *)node)->b;
}

static gint64 input_get_int(const void *node)
{
    return ((const QmpValue *)node)->i;
}

static guint64 input_get_uint(const void *node)
{
    return ((const QmpValue *)node)->u;
}

static double input_get_number(const void *node)
{
    return ((const QmpValue *)node)->d;
}

static const char *input_get_str(const void *node, gsize *ret_length)
{
    const QmpValue *value = node;

    *ret_length = value->s ? strlen(value->s) : 0;
    return value->s ? value->s : "";
}

static gsize input_list_length(const void *node)
{
    return ((const QmpValue *)node)->list->len;
}

static const void *input_list_item(const void *node, gsize i)
{
    return ((const QmpValue *)node)->list->pdata[i];
}

static gsize input_dict_size(const void *node)
{
    return ((const QmpValue *)node)->dict.keys->len;
}

static const void *input_dict_get(const void *node, const char *key)
{
    return qmp_value_get(node, key);
}

static bool input_dict_foreach(const void *node,
                               bool (*f)(const char *key, const void *item, void *data),
                               void *data)
{
    const QmpValue *value = node;

    for (guint i = 0; i < value->dict.keys->len; i++) {
        if (!f(value->dict.keys->pdata[i], value->dict.values->pdata[i], data)) {
            return false;
        }
    }
    return true;
}

const QmpInputOps qmp_value_input = {
    .kind = input_kind,
    .get_bool = input_get_bool,
    .get_int = input_get_int,
    .get_uint = input_get_uint,
    .get_number = input_get_number,
    .get_str = input_get_str,
    .list_length = input_list_length,
    .list_item = input_list_item,
    .dict_size = input_dict_size,
    .dict_get = input_dict_get,
    .dict_foreach = input_dict_foreach,
};
