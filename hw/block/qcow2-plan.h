/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a new qcow2 image consists of: its parts, one after another, in clusters.
 *
 *     header, refcount table, refcount blocks, L1 table, [L2 tables, [data]]
 */
#ifndef HW_BLOCK_QCOW2_PLAN_H
#define HW_BLOCK_QCOW2_PLAN_H

#include "hw/block/qcow2-header.h"
#include "qmp/qapi-types-block-create.h"

/* Clusters: the first, and how many. */
typedef struct {
    guint64 at, n;
} Qcow2Part;

typedef struct {
    Qcow2Header header;         /* its names are the options' */
    const char *backing_format; /* or NULL */
    PreallocMode preallocation;
    guint64 cluster_size;
    guint entry_size;           /* of an L2 entry, bytes */
    guint64 n_clusters;         /* of the disk */
    Qcow2Part refcount_table, refcounts, l1, l2, data;
    guint64 end;                /* clusters */
    bool raw_data;              /* the external data file is like a raw image */
} Qcow2Plan;

/* Fails with invalid-value.  data_file is the name of the external data file, or NULL; it and
 * options must live as long as the plan. */
bool qcow2_plan(Qcow2Plan *plan, const BlockdevCreateOptionsQcow2 *options, const char *data_file,
                GError **error);

/* Parts of tables: bytes from offset within the part, into a buffer of zeros. */
void qcow2_plan_refcount_table(const Qcow2Plan *plan, guint64 offset, guint8 *data, gsize size);
void qcow2_plan_refcounts(const Qcow2Plan *plan, guint64 offset, guint8 *data, gsize size);
void qcow2_plan_l1(const Qcow2Plan *plan, guint64 offset, guint8 *data, gsize size);
void qcow2_plan_l2(const Qcow2Plan *plan, guint64 offset, guint8 *data, gsize size);

#endif
