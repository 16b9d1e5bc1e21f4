/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptions made from rows: constants as values, names of types.  It works
 * with the rows of any schema; what knows vmd's own types is in class-info.h.
 */
#ifndef QMP_DESCRIBE_H
#define QMP_DESCRIBE_H

#include "qmp/type.h"
#include "qmp/value.h"

/* Name of a member's type: "uint8", "OnOffAuto", "strList", "link<chardev>".  Newly
 * allocated. */
char *qmp_member_type_name(const QmpMember *member);

/* A constant of a type as a value.  NULL: no constant is of this type. */
QmpValue *qmp_scalar_value(const QmpType *type, QmpConstant value);

/* A bound of a member: a number, or a length. */
QmpValue *qmp_bound_value(const QmpType *type, QmpConstant value);

/* The default of a property of a class, the class's own defaults included; NULL
 * if there is none. */
QmpValue *qmp_class_default(const QmpClass *klass, const QmpMember *member);

/* The class that declares a property of klass: itself, or an ancestor. */
const QmpClass *qmp_member_owner(const QmpClass *klass, const QmpMember *member);

/* Whether a request that makes an object of klass must have the property. */
bool qmp_member_required(const QmpClass *klass, const QmpMember *member);

#endif
