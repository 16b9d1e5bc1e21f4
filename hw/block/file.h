/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Drivers `file` and `host_device`: what file-open.c (opening, sizes) and
 * file-io.c (requests) share.
 */
#ifndef HW_BLOCK_FILE_H
#define HW_BLOCK_FILE_H

#include "hw/block/block.h"

typedef struct BlockFile {
    BlockNode node;
    int fd;                     /* -1: not open */
    bool is_device;
    /* On FUSE.  io_uring asks such a file's poll before a request, on the thread that
     * submits: a file system that does not answer would hold it. */
    bool aside;
    bool direct, no_flush;
    /* Atomic; errno of a flush that failed when what was written may have been
     * dropped from the page cache: no later flush can vouch for it. */
    gint lost;
    gint no_zero_range;         /* atomic: the file system cannot */
    void *zeros;                /* FILE_ZEROS bytes of the kernel's zero page */
} BlockFile;

enum {
    FILE_ZEROS = 1 << 20,
    FILE_BOUNCE = 1 << 20,      /* most bytes that one request copies at a time */
};

void block_file_submit(BlockNode *node, BlockRequest *request);

#endif
