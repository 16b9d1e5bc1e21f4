/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The block layer's types, for the list in hw/types.c.
 */
#ifndef HW_BLOCK_BLOCK_TYPES_H
#define HW_BLOCK_BLOCK_TYPES_H

#include "qom/object.h"

extern const TypeInfo block_file_type;
extern const TypeInfo block_filter_type;
extern const TypeInfo block_node_type;
extern const TypeInfo block_null_type;
extern const TypeInfo block_qcow2_type;
extern const TypeInfo block_raw_type;
extern const TypeInfo block_throttle_type;
extern const TypeInfo disk_type;
extern const TypeInfo throttle_group_type;

#endif
