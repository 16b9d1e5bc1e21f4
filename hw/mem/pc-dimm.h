/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pc-dimm: a memory module that a client adds to a machine with slots for memory.
 */
#ifndef HW_MEM_PC_DIMM_H
#define HW_MEM_PC_DIMM_H

#include "qom/device.h"

extern const TypeInfo pc_dimm_type;

#endif
