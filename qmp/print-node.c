/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Printing input nodes: a client's own JSON (the id), neutral trees, and
 * requests for the journal with secrets masked.
 *
 * Masking follows the rows as far as the node fits them, since failed requests
 * are logged, too.  If an object does not say which branch it means, none of
 * its members is known to be harmless, and none is printed.
 */
#include "config.h"
#include "qmp/encode.h"

#include <string.h>

#include "qmp/storage.h"

typedef struct {
    QmpPrinter *printer;
    const QmpInputOps *ops;
    const QmpType *type;        /* masked printing: of the object; else NULL */
    const void *node;
    bool masked;
    bool first;
} DictPrint;

static void print_any(QmpPrinter *printer, const QmpInputOps *ops, const QmpType *type,
                      const void *node, bool masked);

/* The branch that an object's tag names, without decoding the object. */
static const QmpType *branch_of(const QmpInputOps *ops, const QmpType *type, const void *node)
{
    const char *name = type->kind == QMP_KIND_UNION ? qmp_name(qmp_members(type)[type->tag].name)
                                                    : qmp_name(type->tag_name);
    const void *tag = ops->dict_get(node, name);
    const QmpClass *klass;
    const char *text;
    gsize length;
    int value;

    if (!tag || ops->kind(tag) != QMP_VALUE_STR) {
        return NULL;
    }
    text = ops->get_str(tag, &length);
    if (type->kind == QMP_KIND_CLASS_UNION) {
        klass = qmp_class_find(text);
        return klass ? klass->props : NULL;
    }
    value = qmp_enum_parse(qmp_type(qmp_members(type)[type->tag].type), text);
    return value < 0 || (guint)value >= type->n_branches
           ? NULL : qmp_type(qmp_branches(type)[value].type);
}

static const QmpMember *find_row(const QmpInputOps *ops, const QmpType *type,
                                 const void *node, const char *key)
{
    const QmpType *branch;

    for (guint i = 0; i < type->n_members; i++) {
        if (!strcmp(qmp_name(qmp_members(type)[i].name), key)) {
            return &qmp_members(type)[i];
        }
    }
    if (type->kind != QMP_KIND_UNION && type->kind != QMP_KIND_CLASS_UNION) {
        return NULL;
    }
    branch = branch_of(ops, type, node);
    return branch ? find_row(ops, branch, node, key) : NULL;
}

static bool is_tag(const QmpType *type, const char *key)
{
    return type->kind == QMP_KIND_CLASS_UNION && !strcmp(qmp_name(type->tag_name), key);
}

/* A value of type any beside the name of a property is treated as secret if a property of
 * that name is secret in any class: the object itself is not known here. */
static bool is_secret_value(const DictPrint *dict, const QmpMember *row)
{
    const void *name = qmp_type(row->type)->kind == QMP_KIND_ANY
                       ? dict->ops->dict_get(dict->node, "property") : NULL;
    const QmpMember *member;
    const char *text;
    gsize length;

    if (!name || dict->ops->kind(name) != QMP_VALUE_STR) {
        return false;
    }
    text = dict->ops->get_str(name, &length);
    for (guint i = 0; i < qmp_n_classes; i++) {
        member = qmp_class_member(qmp_classes[i], text);
        if (member && member->flags & QMP_MEMBER_SECRET) {
            return true;
        }
    }
    return false;
}

/* Prints one member; a member without a row might be a misspelt secret. */
static bool print_member(const char *key, const void *item, void *data)
{
    DictPrint *dict = data;
    const QmpMember *row = NULL;

    qmp_print_key(dict->printer, key, &dict->first);
    if (!dict->masked || is_tag(dict->type, key)) {
        print_any(dict->printer, dict->ops, NULL, item, false);
        return true;
    }
    row = find_row(dict->ops, dict->type, dict->node, key);
    if (!row || row->flags & QMP_MEMBER_SECRET || is_secret_value(dict, row)) {
        qmp_print_literal(dict->printer, "null");
    } else {
        print_any(dict->printer, dict->ops, qmp_type(row->type), item, true);
    }
    return true;
}

/* The object branch of an alternate, or type itself. */
static const QmpType *object_type(const QmpType *type)
{
    if (type && type->kind == QMP_KIND_ALTERNATE) {
        for (guint i = 0; i < type->n_branches; i++) {
            if (qmp_is_boxed(qmp_type(qmp_branches(type)[i].type))) {
                return qmp_type(qmp_branches(type)[i].type);
            }
        }
    }
    return type && qmp_is_boxed(type) && type->kind != QMP_KIND_ALTERNATE ? type : NULL;
}

static void print_dict(QmpPrinter *printer, const QmpInputOps *ops, const QmpType *type,
                       const void *node, bool masked)
{
    DictPrint dict = {
        .printer = printer, .ops = ops, .type = object_type(type), .node = node,
        .masked = masked, .first = true,
    };

    qmp_print_literal(printer, "{");
    if (!masked || dict.type) {
        ops->dict_foreach(node, print_member, &dict);
    }
    qmp_print_literal(printer, "}");
}

static void print_list(QmpPrinter *printer, const QmpInputOps *ops, const QmpType *type,
                       const void *node, bool masked)
{
    const QmpType *element = type && type->kind == QMP_KIND_LIST ? qmp_type(type->element) : NULL;
    gsize n = ops->list_length(node);

    qmp_print_literal(printer, "[");
    for (gsize i = 0; i < n; i++) {
        if (i) {
            qmp_print_literal(printer, ", ");
        }
        print_any(printer, ops, element, ops->list_item(node, i), masked);
    }
    qmp_print_literal(printer, "]");
}

static void print_any(QmpPrinter *printer, const QmpInputOps *ops, const QmpType *type,
                      const void *node, bool masked)
{
    const char *text;
    gsize length;

    /* `any` has no rows; whether its value is a secret is decided where the member is printed. */
    masked = masked && !(type && type->kind == QMP_KIND_ANY);
    switch (ops->kind(node)) {
    case QMP_VALUE_NULL:
        qmp_print_literal(printer, "null");
        break;
    case QMP_VALUE_BOOL:
        qmp_print_bool(printer, ops->get_bool(node));
        break;
    case QMP_VALUE_INT:
        qmp_print_int(printer, ops->get_int(node));
        break;
    case QMP_VALUE_UINT:
        qmp_print_uint(printer, ops->get_uint(node));
        break;
    case QMP_VALUE_NUMBER:
        qmp_print_number(printer, ops->get_number(node));
        break;
    case QMP_VALUE_STR:
        text = ops->get_str(node, &length);
        qmp_print_str(printer, text, length);
        break;
    case QMP_VALUE_LIST:
        print_list(printer, ops, type, node, masked);
        break;
    case QMP_VALUE_DICT:
        print_dict(printer, ops, type, node, masked);
        break;
    }
}

void qmp_print_node(QmpPrinter *printer, const QmpInputOps *ops, const void *node)
{
    print_any(printer, ops, NULL, node, false);
}

void qmp_print_masked(QmpPrinter *printer, const QmpInputOps *ops, const QmpType *type,
                      const void *node)
{
    print_any(printer, ops, type, node, true);
}
