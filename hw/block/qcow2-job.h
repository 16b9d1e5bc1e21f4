/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Driver `qcow2`: requests that the worker performs, and their children.
 *
 *   qcow2-job.c    jobs, children, reading
 *   qcow2-write.c  writing, and what it changes in L2 tables
 *   qcow2-zero.c   zeros and discarding
 */
#ifndef HW_BLOCK_QCOW2_JOB_H
#define HW_BLOCK_QCOW2_JOB_H

#include "hw/block/qcow2.h"

/* A change of an L2 entry, made when the data are written. */
typedef struct {
    guint64 cluster, entry, bitmap;
    bool taken;                 /* its host cluster was allocated for this */
} Qcow2Link;

/* A request whose children are in flight. */
typedef struct {
    Qcow2 *s;
    BlockRequest *request;
    guint left;                 /* children, and the worker until qcow2_job_put() */
    int error;                  /* the first one */
    GArray *links;              /* of Qcow2Link; NULL: none */
} Qcow2Job;

Qcow2Job *qcow2_job_new(Qcow2 *s, BlockRequest *request);
/* The worker is done with it: it ends when its children have ended. */
void qcow2_job_put(Qcow2Job *job);
void qcow2_job_failed(Qcow2Job *job, int error);

/* Sends a request to a node below.  Takes ownership of iov and of buffer (freed with free());
 * both may be NULL. */
void qcow2_job_send(Qcow2Job *job, BlockNode *node, const BlockRequest *block,
                    struct iovec *iov, void *buffer);
/* The part of a request's buffers from `skip`, with room for `room` more at either end;
 * allocated.  They begin at [room], n of them. */
struct iovec *qcow2_cut_iov(const BlockRequest *request, guint64 skip, guint64 bytes, guint room,
                            guint *n);

void qcow2_job_read(Qcow2Job *job);
/* Reads from the disk, zeros beyond its end; waits. */
int qcow2_read_disk(Qcow2 *s, guint64 offset, void *data, gsize size, bool *all_zero);

/* ---- qcow2-write.c ---- */

/* Begins to write the bytes that `from` has at `skip` to the disk. */
int qcow2_job_write(Qcow2Job *job, const BlockRequest *from, guint64 skip, guint64 offset,
                    guint64 bytes);
/* Called when all children are done: changes the L2 entries, or frees the clusters that were
 * allocated. */
void qcow2_job_link(Qcow2Job *job);
/* The L2 entry of a cluster, and its bitmap. */
int qcow2_get_entry(Qcow2 *s, guint64 cluster, guint64 *entry, guint64 *bitmap);
/* Changes it now, and frees its old clusters.  The table must be one that may be changed. */
int qcow2_set_entry(Qcow2 *s, const Qcow2Link *link, bool discard);
/* Makes the L2 table of a cluster one that may be changed. */
int qcow2_need_table(Qcow2 *s, guint64 cluster);

/* ---- qcow2-zero.c ---- */

void qcow2_job_zero(Qcow2Job *job);
void qcow2_job_discard(Qcow2Job *job);
/* The same for a range, without a request; waits. */
int qcow2_zero_range(Qcow2 *s, guint64 offset, guint64 bytes);
int qcow2_discard_range(Qcow2 *s, guint64 offset, guint64 bytes);

#endif
