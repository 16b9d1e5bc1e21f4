/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of class `disk` share.
 */
#ifndef HW_BLOCK_DISK_INTERNAL_H
#define HW_BLOCK_DISK_INTERNAL_H

#include "hw/block/disk.h"

/* Makes node the medium. Fails with in-use and invalid-value, see disk_insert(). */
bool disk_use_medium(Disk *disk, BlockNode *node, GError **error);

#endif
