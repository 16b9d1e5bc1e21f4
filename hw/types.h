/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The types of this layer.  Each class of the schema that has code in hw/ has
 * one line in hw/types.c; nothing registers itself.
 */
#ifndef HW_TYPES_H
#define HW_TYPES_H

#include "qom/object.h"

/* For object_register_types(); ends with NULL. */
extern const TypeInfo *const hw_types[];

/* A machine without a board. */
extern const TypeInfo none_machine_type;

#endif
