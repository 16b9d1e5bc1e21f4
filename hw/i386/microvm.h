/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Machine `microvm`.
 */
#ifndef HW_I386_MICROVM_H
#define HW_I386_MICROVM_H

#include "qom/object.h"

extern const TypeInfo microvm_machine_type;

#endif
