/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The io-limits of a block node: which throttle-group its requests of disks wait for.  A group that
 * nobody asked for (throttle_group_make) goes with the last node that has it.
 *
 * Main thread, machine lock held.
 */
#ifndef HW_BLOCK_BLOCK_LIMITS_H
#define HW_BLOCK_BLOCK_LIMITS_H

#include "hw/block/block.h"

/* Sets the group by its name; NULL or "": no limits.  The node is complete.  Fails with
 * object-not-found, class-mismatch. */
bool block_limits_set(BlockNode *node, const char *group, GError **error);
/* A complete node without limits gets those of another node, if it has any: a disk keeps its limits
 * when it gets another node. */
void block_limits_keep(BlockNode *node, const BlockNode *from);
/* The node is about to go: no request waits for a group any more. */
void block_limits_end(BlockNode *node);

#endif
