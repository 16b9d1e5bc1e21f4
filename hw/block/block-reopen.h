/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changing the options of nodes in use: all of a list, or none.
 *
 *     block_reopen_new()      main thread, lock held: finds the changes, and checks them
 *     block_reopen_prepare()  any thread that may block, without the lock: files and images
 *     block_reopen_commit()   main thread, lock held: the rest, which cannot fail, when no request
 *                             is on its way to a former backing node
 *     block_reopen_free()     the same; in any case
 */
#ifndef HW_BLOCK_BLOCK_REOPEN_H
#define HW_BLOCK_BLOCK_REOPEN_H

#include "hw/block/block.h"

typedef struct BlockdevOptionsList BlockdevOptionsList;         /* qmp/qapi-types-block.h */
typedef struct BlockReopen BlockReopen;

/* options are copied.  The nodes cannot be removed, used by others or reopened until
 * block_reopen_free().  Fails with object-not-found, property-missing, invalid-value,
 * not-supported (what cannot be changed), in-use. */
BlockReopen *block_reopen_new(Object *root, const BlockdevOptionsList *options, GError **error);
/* Fails with file-not-usable or in-use, of argument `options`; all is as before then. */
bool block_reopen_prepare(BlockReopen *reopen, GError **error);
/* Calls done(data), at once or later, when all is as requested. */
void block_reopen_commit(BlockReopen *reopen, void (*done)(void *data), void *data);
void block_reopen_free(BlockReopen *reopen);

/* ---- Between the files block-reopen*.c ---- */

/* A node that changes. */
typedef struct {
    BlockNode *node;
    BlockdevOptions *options;   /* new ones; NULL after the commit */
    bool read_only, was_read_only;
    bool sets_backing;
    BlockNode *backing;         /* then: the new one, in use from the check on; or NULL */
    bool uses_backing;
    bool done;                  /* prepared */
    int old_fd;                 /* of a file: the descriptor before, or -1 */
} BlockChange;

/* Whether and how one node may become what options say; adds to changes what belongs to it, inner
 * nodes first. */
bool block_reopen_plan(GArray *changes, BlockNode *node, BlockdevOptions *options, GError **error);
/* The change of a node, or NULL. */
BlockChange *block_reopen_find(GArray *changes, const BlockNode *node);

#endif
