/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Drivers `file` and `host_device`: what file-open.c (opening, sizes) and
 * file-io.c (requests) share.
 */
#ifndef HW_BLOCK_FILE_H
#define HW_BLOCK_FILE_H

#include "hw/block/block.h"
#include "qmp/fds.h"

typedef struct BlockFile {
    BlockNode node;
    int fd;                     /* -1: not open */
    QmpFd *given;               /* a client's descriptor, until it is open; or NULL */
    bool given_read_only;       /* what the client passed allows no writing */
    bool is_device;
    /* On FUSE.  io_uring calls such a file's poll before a request, on the submitting
     * thread: a file system that does not answer would block it. */
    bool aside;
    bool direct, no_flush;
    /* Atomic; errno of a failed flush, after which written data may have been
     * dropped from the page cache, so no later flush can guarantee it. */
    gint lost;
    gint no_zero_range;         /* atomic: the file system does not support it */
    void *zeros;                /* FILE_ZEROS bytes of the kernel's zero page */
} BlockFile;

enum {
    FILE_ZEROS = 1 << 20,
    FILE_BOUNCE = 1 << 20,      /* most bytes that one request copies at a time */
};

/* ---- file-open.c ---- */

/* Finds the alignment that requests need, with s->direct; node.alignment, and memory_alignment. */
bool block_file_find_alignment(BlockFile *s, GError **error);
bool block_file_is_locked(const BlockFile *s);
/* Closes a descriptor of it.  The client may have another one of the same opening of the file,
 * which would keep the locks. */
void block_file_close(const BlockFile *s, int fd);

/* ---- file-reopen.c: block_reopen_prepare() and block_reopen_commit() ---- */

/* Opens the same file another way, but not for writing if a client passed a descriptor that was
 * not; *old_fd keeps what was open before, or stays as it is if nothing has to change.
 * cache.direct changes only while no requests come.  Fails with file-not-usable, in-use. */
bool block_file_reopen(BlockNode *node, const BlockdevOptions *options, bool read_only,
                       int *old_fd, GError **error);
void block_file_reopen_undo(BlockNode *node, int *old_fd);
void block_file_reopen_done(BlockNode *node, int *old_fd);
void block_file_options_changed(BlockNode *node);

/* ---- file-io.c ---- */

void block_file_submit(BlockNode *node, BlockRequest *request);

#endif
