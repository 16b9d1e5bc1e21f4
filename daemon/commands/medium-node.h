/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the commands for media share.
 */
#ifndef DAEMON_COMMANDS_MEDIUM_NODE_H
#define DAEMON_COMMANDS_MEDIUM_NODE_H

#include "hw/block/block.h"

typedef struct Vmd Vmd;

/* Removes a node that was taken out of a drive if blockdev-change-medium made it; then, or at once,
 * calls done(data).  node may be NULL. */
void medium_node_release(Vmd *vmd, BlockNode *node, void (*done)(void *data), void *data);

/* The guest has locked the medium of the drive that a client calls name. */
void medium_locked_error(const char *name, GError **error);

#endif
