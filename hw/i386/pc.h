/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Machines `pc-i440fx-*`.
 */
#ifndef HW_I386_PC_H
#define HW_I386_PC_H

#include "qom/object.h"

extern const TypeInfo pc_machine_type;

#endif
