/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Making images, for jobs: on a thread that may block, without the machine lock.
 */
#ifndef HW_BLOCK_CREATE_H
#define HW_BLOCK_CREATE_H

#include "hw/block/block.h"
#include "hw/block/job.h"
#include "hw/block/qcow2-plan.h"

/* ---- create-file.c ---- */

/* Makes a file.  Fails with file-not-usable, in-use, invalid-value, or because the job is
 * cancelled; a file that did not exist is then removed, another one is empty. */
bool block_create_file(Job *job, const BlockdevCreateOptionsFile *options, GError **error);

/* ---- create-qcow2.c ---- */

/* A node that a new image is on.  Nothing but the job uses it. */
typedef struct {
    BlockNode *node;            /* NULL: none */
    BlockNode *lowest;          /* of block_resize_begin(); NULL: the node keeps its size */
} BlockTarget;

/* Writes an image.  Fails with file-not-usable, or because the job is cancelled; file then
 * holds no image. */
bool block_create_qcow2(Job *job, const Qcow2Plan *plan, const BlockTarget *file,
                        const BlockTarget *data_file, GError **error);

#endif
