/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inverse of options.c: from a value to key=value text.
 */
#include "config.h"
#include "qmp/options.h"

#include <string.h>

#include "qmp/text.h"

typedef struct {
    const QmpInputOps *ops;
    GString *out;
    const char *prefix;         /* of the keys below, or NULL: outermost */
} Print;

static void print_node(const Print *print, const char *key, const void *node);

/* A comma is doubled. */
static void print_text(GString *out, const char *text, gsize length)
{
    for (gsize i = 0; i < length; i++) {
        if (text[i] == ',') {
            g_string_append_c(out, ',');
        }
        g_string_append_c(out, text[i]);
    }
}

static void print_scalar(const QmpInputOps *ops, GString *out, const void *node)
{
    char number[G_ASCII_DTOSTR_BUF_SIZE];
    const char *text;
    gsize length;

    switch (ops->kind(node)) {
    case QMP_VALUE_BOOL:
        g_string_append(out, ops->get_bool(node) ? "on" : "off");
        break;
    case QMP_VALUE_INT:
        g_string_append_printf(out, "%" G_GINT64_FORMAT, ops->get_int(node));
        break;
    case QMP_VALUE_UINT:
        g_string_append_printf(out, "%" G_GUINT64_FORMAT, ops->get_uint(node));
        break;
    case QMP_VALUE_NUMBER:
        g_string_append(out, qmp_text_number(number, ops->get_number(node)));
        break;
    case QMP_VALUE_STR:
        text = ops->get_str(node, &length);
        print_text(out, text, length);
        break;
    default:
        break;
    }
}

static bool print_member(const char *key, const void *item, void *data)
{
    const Print *print = data;
    g_autofree char *path = print->prefix ? g_strdup_printf("%s.%s", print->prefix, key)
                                          : g_strdup(key);

    print_node(print, path, item);
    return true;
}

static void print_node(const Print *print, const char *key, const void *node)
{
    Print below = { .ops = print->ops, .out = print->out, .prefix = key };

    switch (print->ops->kind(node)) {
    case QMP_VALUE_NULL:
        break;
    case QMP_VALUE_DICT:
        print->ops->dict_foreach(node, print_member, &below);
        break;
    case QMP_VALUE_LIST:
        for (gsize i = 0; i < print->ops->list_length(node); i++) {
            g_autofree char *index = g_strdup_printf("%" G_GSIZE_FORMAT, i);

            print_member(index, print->ops->list_item(node, i), &below);
        }
        break;
    default:
        g_string_append_printf(print->out, "%s%s=", print->out->len ? "," : "", key);
        print_scalar(print->ops, print->out, node);
        break;
    }
}

char *qmp_options_print(const QmpInputOps *ops, const void *dict)
{
    Print print = { .ops = ops, .out = g_string_new(NULL) };

    ops->dict_foreach(dict, print_member, &print);
    return g_string_free(print.out, FALSE);
}
