/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The types of this folder, for object_register_types().
 */
#ifndef CPU_TYPES_H
#define CPU_TYPES_H

#include "qom/object.h"

extern const TypeInfo accel_type;
extern const TypeInfo cpu_type;
extern const TypeInfo x86_cpu_type;

/* NULL-terminated. */
extern const TypeInfo *const cpu_types[];

#endif
