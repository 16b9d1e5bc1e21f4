/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A class described from its rows: the result of query-class, which vmctl also
 * makes without a daemon.
 */
#ifndef QMP_CLASS_INFO_H
#define QMP_CLASS_INFO_H

#include "qmp/qapi-types-class.h"

/* Newly allocated; free with qmp_clear(&qmp_type_ClassInfo, &info). */
ClassInfo *qmp_class_info(const QmpClass *klass);

/* What kind of objects the class has. */
ClassKind qmp_class_kind(const QmpClass *klass);

/* One property of a class, as in ClassInfo. */
ClassProperty *qmp_class_property(const QmpClass *klass, const QmpMember *member);

/* The bits of CPUID, or of MSRs, that a property of a CPU stands for, as in ClassProperty, or
 * NULL.  Newly allocated. */
char *qmp_class_feature(const QmpClass *klass, const QmpMember *member, bool msr);

#endif
