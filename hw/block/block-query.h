/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What clients are told about block nodes and disks.  Results are newly allocated, in the
 * list that the caller gives.  Main thread, machine lock held.
 */
#ifndef HW_BLOCK_BLOCK_QUERY_H
#define HW_BLOCK_BLOCK_QUERY_H

#include "qmp/qapi-types-block.h"
#include "qom/object.h"

/* The nodes that are complete (query-named-block-nodes). */
void block_query_nodes(Object *root, BlockDeviceInfoList *ret);
/* The disks of devices (query-block). */
void block_query_disks(Object *root, BlockInfoList *ret);
/* Statistics of disks, or of nodes (query-blockstats). */
void block_query_statistics(Object *root, bool of_nodes, BlockStatsList *ret);

#endif
