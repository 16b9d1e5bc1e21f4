/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Block nodes that requests and jobs make and remove, each with those that are defined within
 * it.  Files are opened and closed on the pool.  Main thread, machine lock held; so are the
 * functions that are called at the end.
 */
#ifndef DAEMON_MACHINE_BLOCK_ADDITION_H
#define DAEMON_MACHINE_BLOCK_ADDITION_H

#include "hw/block/block.h"

typedef struct Vmd Vmd;

/* A request or a job that wants a node. */
typedef struct {
    /* Whether it is not wanted any more, and why; asked before each node is complete.  NULL: it
     * is wanted in any case. */
    bool (*cancelled)(void *data, GError **error);
    /* Gets the node, or NULL and an error, which it owns.  Then no node is left. */
    void (*done)(BlockNode *node, GError *error, void *data);
    /* The nodes stay claimed (BlockNode.claimed) until block_addition_unclaim(). */
    bool claims;
    /* The name of a node whose options have none, asked for when it is made; owned.  NULL: the
     * node gets one that requests cannot give. */
    char *(*new_name)(void *data);
    void *data;
} BlockAdditionUser;

/* Makes the node of options, which are copied and were checked (block_check_options).  done may
 * be called before this returns. */
void block_addition_run(Vmd *vmd, const BlockdevOptions *options, const BlockAdditionUser *user);

/* Others may use the node, and those defined within it. */
void block_addition_unclaim(BlockNode *node);

/* Removes a node for which object_may_delete() is true; then calls done(data). */
void block_removal_run(Vmd *vmd, BlockNode *node, void (*done)(void *data), void *data);

#endif
