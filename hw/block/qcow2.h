/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Driver `qcow2`: what its files share, lowest first:
 *
 *   qcow2-header.c    the header of an image
 *   qcow2-cache.c     slices of tables in memory
 *   qcow2-io.c        reading and writing by the worker, which waits
 *   qcow2-map.c       maps places on the disk to places in the file
 *   qcow2-library.c   zlib and zstd, which are loaded when they may be needed
 *   qcow2-compress.c  compressed clusters
 *   qcow2-refcount.c  reference counts, and free clusters
 *   qcow2-blocks.c    more room for counts
 *   qcow2-flush.c     the order in which metadata reach the file
 *   qcow2-begin.c     marks in the image before the first change
 *   qcow2-reopen.c    other options, while it is in use
 *   qcow2-repair.c    counts of an image that is marked dirty
 *   qcow2-job.h       requests of the worker, in files of their own
 *   qcow2-request.c   requests: passed on if the map is in memory, else left to the worker
 *   qcow2-resize.c    resizing
 *   qcow2-worker.c    the thread
 *   qcow2-open.c      opening and closing
 *
 * An image has a worker: a thread with an AioContext of its own, which performs, one after
 * another, the requests that need more than a look-up in memory.  Only the worker changes
 * metadata and the caches, with the mutex held; other threads read them with the mutex held,
 * the worker without it.
 */
#ifndef HW_BLOCK_QCOW2_H
#define HW_BLOCK_QCOW2_H

#include "hw/block/block.h"
#include "hw/block/qcow2-cache.h"
#include "hw/block/qcow2-header.h"

#define QCOW2_OFFSET_MASK G_GUINT64_CONSTANT(0x00fffffffffffe00)
#define QCOW2_COPIED (G_GUINT64_CONSTANT(1) << 63)
#define QCOW2_COMPRESSED (G_GUINT64_CONSTANT(1) << 62)
#define QCOW2_ZERO G_GUINT64_CONSTANT(1)

typedef struct Qcow2 Qcow2;

/* A request to a node below on behalf of one to the image. */
typedef struct Qcow2Child Qcow2Child;
struct Qcow2Child {
    BlockRequest block;
    Qcow2 *s;
    BlockRequest *parent;       /* for requests that were passed on immediately */
    void *job;                  /* for requests of the worker */
    struct iovec *iov;          /* for requests of the worker */
    void *buffer;
    guint epoch;                /* the epoch in which it looked up the map */
    Qcow2Child *next;           /* while in `spare` */
};

struct Qcow2 {
    BlockNode node;
    Qcow2Header header;
    BlockNode *data;            /* where the data are */
    BlockNode *backing;         /* where requests read what the image does not have: node.backing,
                                 * unless that is being changed; under the mutex */
    guint64 cluster_size;
    guint cluster_bits;
    guint entry_size;           /* of an L2 entry, bytes */
    guint table_bits;           /* 2^this L2 entries are a table */
    guint slice_bits;           /* and 2^this a slice of it */
    guint subcluster_bits;      /* bytes of a subcluster; the cluster's without them */

    /* Changed by the worker; other threads need the mutex to read them. */
    GMutex mutex;
    guint64 *l1;                /* entries of the active L1 table */
    guint32 l1_size;
    Qcow2Cache l2;

    GThread *thread;
    AioContext *aio;            /* of the worker */
    GCond cond;                 /* started has changed */
    GError *error;              /* why it did not start */
    bool started;
    AioRequest bell;            /* outside request of aio: ends when there is work */
    /* Under the mutex. */
    bool bell_armed, stop;
    AioRequest *queue, **queue_end;     /* BlockRequest.io of requests */
    Qcow2Child *spare;          /* children that are not in use */
    guint in_flight[2];         /* children, by epoch */
    guint epoch;                /* 0 or 1; changed by the worker (qcow2-flush.c) */
    bool writing;               /* the image has the marks of qcow2_begin_writing() */
    bool unflushed;             /* a change of the map may not be on the medium */
    struct Qcow2Task *task;     /* to be done, or NULL */

    /* Used by the worker only. */
    guint jobs;                 /* requests that wait for children */
    guint l1_dirty_from, l1_dirty_to;   /* entries; from >= to: none */
    guint64 *refcount_table;    /* offsets of blocks */
    guint64 refcount_table_size;        /* entries */
    Qcow2Cache refcounts;
    guint block_bits, count_bits;       /* 2^this counts are a block; and a slice */
    guint64 free_hint;          /* no cluster before this one is free */
    guint64 file_end;           /* nothing was ever written beyond it */
    guint64 file_limit;         /* how long the file may become */
    GArray *freed[2];           /* by epoch; counts that are to be lowered */
    bool lazy;                  /* counts are written late */
    bool pass_discard;
    guint8 *zeros;              /* a cluster of them, once they were needed */
    guint8 *plain;              /* the cluster that was decompressed last */
    guint64 plain_entry;        /* its L2 entry; 0: none */
    gint told;                  /* atomic: it was reported to be corrupt */
};

/* ---- qcow2-io.c: the worker's thread ---- */

/* Waits until it is done; 0 or a positive errno.  The range is extended to the node's
 * alignment.  Reading beyond the end gives zeros. */
int qcow2_read(Qcow2 *s, BlockNode *node, guint64 offset, void *data, gsize size);
int qcow2_write(Qcow2 *s, BlockNode *node, guint64 offset, const void *data, gsize size);
int qcow2_sync(Qcow2 *s, BlockNode *node);
/* Discards a range of the file; errors are ignored. */
void qcow2_discard(Qcow2 *s, guint64 offset, guint64 bytes);

/* ---- qcow2-map.c ---- */

typedef enum {
    QCOW2_KIND_NONE,            /* of the backing node, or zeros without one */
    QCOW2_KIND_ZERO,
    QCOW2_KIND_DATA,
    QCOW2_KIND_COMPRESSED,
} Qcow2Kind;

typedef struct {
    Qcow2Kind kind;
    guint64 bytes;
    guint64 host;               /* data: offset in s->data; compressed: the L2 entry */
    bool copied;                /* data: may be written in place */
} Qcow2Extent;

/* Looks up what the disk has at offset, and for how many of `bytes`, which are within the
 * disk: the longest range of one kind and in one piece, as far as the tables are in memory.
 * Mutex held, or on the worker.  0; EAGAIN: the slice of offset is not in memory; EIO: the
 * image is malformed there. */
int qcow2_map(Qcow2 *s, guint64 offset, guint64 bytes, Qcow2Extent *extent);
/* The same for the worker: reads slices that are not in memory. */
int qcow2_map_wait(Qcow2 *s, guint64 offset, guint64 bytes, Qcow2Extent *extent);
/* Reports, once, that something in the image makes no sense, of that cluster or at that offset of
 * the file: in the log and with BLOCK_IMAGE_CORRUPTED.  Returns EIO.  Any thread. */
int qcow2_malformed(Qcow2 *s, const char *what, guint64 cluster);
int qcow2_malformed_at(Qcow2 *s, const char *what, guint64 offset);

/* ---- qcow2-library.c ---- */

/* Loads the library that decompresses this image's clusters; reads files.  Fails with
 * not-supported. */
bool qcow2_library_load(const Qcow2 *s, GError **error);

/* ---- qcow2-compress.c: the worker ---- */

/* The cluster of a compressed entry, until the next call; NULL: EIO. */
const guint8 *qcow2_decompressed(Qcow2 *s, guint64 entry);
/* The offset and size of its data in the file. */
guint64 qcow2_compressed_range(const Qcow2 *s, guint64 entry, gsize *size);

/* ---- qcow2-refcount.c: the worker; 0 or a positive errno ---- */

/* The cluster must have a block for its count, unless count is 0. */
int qcow2_set_refcount(Qcow2 *s, guint64 cluster, guint64 count);
int qcow2_lower_refcount(Qcow2 *s, guint64 cluster, bool *is_free);
int qcow2_write_refcounts(Qcow2 *s);
/* Allocates up to `want` clusters in one piece, at least one. */
int qcow2_alloc(Qcow2 *s, guint64 want, guint64 *offset, guint64 *got);
/* Allocates exactly that many; EFBIG: they do not fit between blocks. */
int qcow2_alloc_exactly(Qcow2 *s, guint64 want, guint64 *offset);
/* Whether the file may be that long: ENOSPC, EFBIG. */
int qcow2_check_room(Qcow2 *s, guint64 end);
/* Records that the file will be written up to there. */
void qcow2_note_end(Qcow2 *s, guint64 end);

/* ---- qcow2-blocks.c: the worker ---- */

/* Makes a block for the count of a cluster, in that cluster, unless it has one. */
int qcow2_need_block(Qcow2 *s, guint64 cluster, bool *made);

/* ---- qcow2-flush.c: the worker ---- */

/* Writes changed tables to the nodes below, in the right order. */
int qcow2_write_back(Qcow2 *s);
/* The same, and waits until all is on the medium. */
int qcow2_flush(Qcow2 *s);
void qcow2_set_l1(Qcow2 *s, guint index, guint64 entry);
/* Frees a range of the file to which tables no longer refer, once they are flushed. */
void qcow2_free_later(Qcow2 *s, guint64 offset, guint64 bytes, bool discard);
GArray *qcow2_freed_new(void);
guint qcow2_n_freed(const Qcow2 *s);

/* ---- qcow2-begin.c: the worker ---- */

/* To be called before each change; EIO for a malformed image. */
int qcow2_begin_writing(Qcow2 *s);
int qcow2_end_writing(Qcow2 *s);
/* Marks all bitmaps as inconsistent. */
int qcow2_mark_bitmaps(Qcow2 *s);
/* Marks an image that was found malformed. */
void qcow2_note_corrupt(Qcow2 *s);
int qcow2_set_dirty(Qcow2 *s, bool dirty);

/* ---- qcow2-repair.c: the worker ---- */

/* Sets all counts to what the tables imply. */
int qcow2_repair(Qcow2 *s);

/* ---- qcow2-job.c ---- */

/* Mutex held. */
Qcow2Child *qcow2_child_get(Qcow2 *s);
/* Takes the mutex. */
void qcow2_child_put(Qcow2Child *child);
void qcow2_free_children(Qcow2 *s);

/* ---- qcow2-request.c ---- */

void qcow2_submit(BlockNode *node, BlockRequest *request);
/* Performs all requests of a queue; on the worker. */
void qcow2_do(Qcow2 *s, AioRequest *list);

/* ---- qcow2-resize.c ---- */

bool qcow2_can_resize(BlockNode *node, GError **error);
/* Waits for the worker. */
bool qcow2_resize(BlockNode *node, guint64 size, GError **error);

/* ---- qcow2-reopen.c: block_reopen_prepare() and block_reopen_commit() ---- */

/* Begins or stops writing, and takes options about it; waits for the worker.  Fails with
 * file-not-usable, invalid-value. */
bool qcow2_reopen(BlockNode *node, const BlockdevOptions *options, bool read_only,
                  GError **error);
/* Other requests than those in flight go to another backing node, or to none; node.backing stays.
 * Waits for the worker. */
void qcow2_set_backing(BlockNode *node, BlockNode *backing);

/* ---- qcow2-worker.c ---- */

/* Starts the worker, which opens the image first; on any thread that may wait. */
bool qcow2_worker_start(Qcow2 *s, GError **error);
/* Ends the worker after it has closed the image. */
void qcow2_worker_stop(Qcow2 *s);
/* Gives it a request; on the thread of request->aio. */
void qcow2_worker_queue(Qcow2 *s, BlockRequest *request);
/* Lets the worker call f(s, data, error) between requests, and waits for its result; on any
 * thread that may wait. */
bool qcow2_worker_call(Qcow2 *s, bool (*f)(Qcow2 *s, void *data, GError **error), void *data,
                       GError **error);
BlockRequest *qcow2_request_of(AioRequest *io);
/* A request from the queue is done. */
void qcow2_worker_done(BlockRequest *request, int error);

/* ---- qcow2-open.c: the worker ---- */

bool qcow2_open_image(Qcow2 *s, GError **error);
/* Prepares writing, by these options of the node. */
bool qcow2_open_for_writing(Qcow2 *s, const BlockdevOptions *options, GError **error);
void qcow2_close_image(Qcow2 *s);

#endif
