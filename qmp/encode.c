/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Encoding: JSON text straight from a typed value or a neutral tree, without
 * building json_t in between.
 */
#include "config.h"
#include "qmp/encode.h"

#include <string.h>

#include "qmp/storage.h"

static void print_object_members(QmpPrinter *printer, const QmpType *type, const void *object,
                                 bool *first);

/* Prints the properties of a class that a request named; if that is not known, all
 * except internal and read-only ones, which a client could not send back. */
enum { PROPERTY_HIDDEN = QMP_MEMBER_INTERNAL | QMP_MEMBER_READONLY };

static void print_members(QmpPrinter *printer, const QmpType *type, const void *object,
                          guint32 hidden, const QmpGiven *given, bool *first)
{
    for (guint i = 0; i < type->n_members; i++) {
        const QmpMember *member = &qmp_members(type)[i];

        if (member->flags & (hidden | printer->hidden) ||
            (given && !qmp_given(given, i)) ||
            (member->flags & QMP_MEMBER_OPTIONAL && !qmp_member_present(member, object))) {
            continue;
        }
        qmp_print_key(printer, qmp_name(member->name), first);
        if (member->flags & QMP_MEMBER_SECRET) {
            qmp_print_literal(printer, "null");
        } else {
            qmp_print_typed(printer, qmp_type(member->type), qmp_member_storage(member, object));
        }
    }
}

static void print_class(QmpPrinter *printer, const QmpType *type, const void *object,
                        bool *first)
{
    const QmpClass *klass = *qmp_class_union_class(type, object);

    if (klass) {
        qmp_print_key(printer, qmp_name(type->tag_name), first);
        qmp_print_str(printer, klass->name, strlen(klass->name));
    }
    print_members(printer, type, object, 0, NULL, first);
    if (klass && *qmp_class_union_props(type, object)) {
        print_members(printer, klass->props, *qmp_class_union_props(type, object),
                      PROPERTY_HIDDEN, *qmp_class_union_given(type, object), first);
    }
}

static void print_object_members(QmpPrinter *printer, const QmpType *type, const void *object,
                                 bool *first)
{
    const QmpBranch *branch;

    if (type->kind == QMP_KIND_CLASS_UNION) {
        print_class(printer, type, object, first);
        return;
    }
    print_members(printer, type, object, 0, NULL, first);
    if (type->kind == QMP_KIND_UNION) {
        branch = qmp_union_branch(type, object);
        if (branch) {
            print_object_members(printer, qmp_type(branch->type),
                                 (const char *)object + type->u_offset, first);
        }
    }
}

static void print_object(QmpPrinter *printer, const QmpType *type, const void *object)
{
    bool first = true;

    qmp_print_literal(printer, "{");
    if (object) {
        print_object_members(printer, type, object, &first);
    }
    qmp_print_literal(printer, "}");
}

static void print_alternate(QmpPrinter *printer, const QmpType *type, const void *object)
{
    const QmpBranch *branch = object ? qmp_union_branch(type, object) : NULL;

    if (branch) {
        qmp_print_typed(printer, qmp_type(branch->type), (const char *)object + type->u_offset);
    } else {
        qmp_print_literal(printer, "null");
    }
}

static void print_list(QmpPrinter *printer, const QmpType *type, const QmpList *list)
{
    qmp_print_literal(printer, "[");
    for (gsize i = 0; i < list->n; i++) {
        if (i) {
            qmp_print_literal(printer, ", ");
        }
        qmp_print_typed(printer, qmp_type(type->element), qmp_list_element(type, list, i));
    }
    qmp_print_literal(printer, "]");
}

static void print_text(QmpPrinter *printer, const char *text)
{
    qmp_print_str(printer, text ? text : "", text ? strlen(text) : 0);
}

static void print_value(QmpPrinter *printer, const QmpValue *value)
{
    if (value) {
        qmp_print_node(printer, &qmp_value_input, value);
    } else {
        qmp_print_literal(printer, "null");
    }
}

void qmp_print_typed(QmpPrinter *printer, const QmpType *type, const void *storage)
{
    if (qmp_is_signed(type->kind)) {
        qmp_print_int(printer, qmp_storage_get_int(type, storage));
        return;
    }
    if (qmp_is_unsigned(type->kind)) {
        qmp_print_uint(printer, qmp_storage_get_uint(type, storage));
        return;
    }
    switch (type->kind) {
    case QMP_KIND_BOOL:
        qmp_print_bool(printer, *(const bool *)storage);
        break;
    case QMP_KIND_NUMBER:
        qmp_print_number(printer, *(const double *)storage);
        break;
    case QMP_KIND_STR:
        print_text(printer, *(char *const *)storage);
        break;
    case QMP_KIND_ENUM:
        print_text(printer, qmp_enum_name(type, *(const int *)storage));
        break;
    case QMP_KIND_LINK:
        print_text(printer, ((const QmpLink *)storage)->path);
        break;
    case QMP_KIND_LIST:
        print_list(printer, type, storage);
        break;
    case QMP_KIND_STRUCT:
    case QMP_KIND_UNION:
    case QMP_KIND_CLASS_UNION:
        print_object(printer, type, *(void *const *)storage);
        break;
    case QMP_KIND_ALTERNATE:
        print_alternate(printer, type, *(void *const *)storage);
        break;
    case QMP_KIND_ANY:
        print_value(printer, *(QmpValue *const *)storage);
        break;
    default:
        qmp_print_literal(printer, "null");
        break;
    }
}

void qmp_encode_json(const QmpType *type, const void *storage, struct evbuffer *out)
{
    QmpPrinter printer;

    qmp_print_init(&printer, out);
    qmp_print_typed(&printer, type, storage);
    qmp_print_done(&printer);
}

void qmp_encode_value(const QmpValue *value, struct evbuffer *out)
{
    QmpPrinter printer;

    qmp_print_init(&printer, out);
    print_value(&printer, value);
    qmp_print_done(&printer);
}
