/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The types of this folder, for object_register_types().
 */
#ifndef QTEST_TYPES_H
#define QTEST_TYPES_H

#include "qom/object.h"

extern const TypeInfo qtest_accel_type;

/* NULL-terminated. */
extern const TypeInfo *const qtest_types[];

#endif
