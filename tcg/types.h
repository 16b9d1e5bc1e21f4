/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The types of this folder, for object_register_types().
 */
#ifndef TCG_TYPES_H
#define TCG_TYPES_H

#include "qom/object.h"

extern const TypeInfo tcg_accel_type;

/* NULL-terminated. */
extern const TypeInfo *const tcg_types[];

#endif
