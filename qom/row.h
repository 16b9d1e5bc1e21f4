/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the object model needs of rows beyond qmp/visit.h: where a value is
 * stored, and constants.  Private to this folder.
 */
#ifndef QOM_ROW_H
#define QOM_ROW_H

#include "qmp/type.h"

/* Bytes that a value takes as a member or list element (see qmp/type.h). */
gsize row_storage_size(const QmpType *type);

/* Exchanges a member's value, and whether it is there, between two structs. */
void row_swap(const QmpMember *member, void *a, void *b);

/* Copies a member's value, and whether it is there, to a row of the same type; a
 * link's target is not copied. */
void row_copy(const QmpMember *to, void *dst, const QmpMember *from, const void *src);

/* Whether a member of a scalar kind is present and has this value. */
bool row_equals(const QmpMember *member, const void *object, QmpConstant value);

/* Position of a property among its class's rows; -1 if there is none. */
int row_index(const QmpClass *klass, const char *name);

/* Records that a property was given; allocates the record if there is none. */
void row_mark_given(const QmpClass *klass, QmpGiven **given, guint index);

#endif
