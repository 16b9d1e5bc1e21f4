/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The types of this folder, for object_register_types().
 */
#ifndef KVM_TYPES_H
#define KVM_TYPES_H

#include "qom/object.h"

extern const TypeInfo kvm_accel_type;

/* NULL-terminated. */
extern const TypeInfo *const kvm_types[];

#endif
