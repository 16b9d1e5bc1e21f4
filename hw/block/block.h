/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Block nodes: the objects below /block-nodes that disks read and write, and the
 * requests that pass through them.
 *
 *     BlockFront (front.h) -> throttle -> raw -> file -> AioContext -> kernel
 *                                      -> qcow2 -> file, backing, data-file
 *
 * A request is a struct that its owner embeds in its own.  It passes from node
 * to node downwards; each may change it for the nodes below (offset, kind) or
 * delay it, and it completes directly to its owner.  So a request needs no
 * allocation, and a filter costs a function call.
 *
 * A node has no thread.  A request names the AioContext that it runs on, and
 * requests of several contexts may be in one node at the same time; data of a node
 * that they share is atomic or has its own lock.
 *
 * Everything else needs the machine lock, except for BlockDriver.open, close and
 * resize, which may block and run on pool threads (object_prepare).
 */
#ifndef HW_BLOCK_BLOCK_H
#define HW_BLOCK_BLOCK_H

#include "hw/aio/aio.h"
#include "hw/block/throttle-point.h"
#include "qom/object.h"

#define BLOCK_SECTOR_SIZE 512

typedef struct BlockdevOptions BlockdevOptions;         /* qmp/qapi-types-block.h */
typedef struct BlockNode BlockNode;
typedef struct BlockRequest BlockRequest;

typedef enum {
    BLOCK_OP_READ,
    BLOCK_OP_WRITE,
    BLOCK_OP_WRITE_ZEROES,
    BLOCK_OP_DISCARD,
    BLOCK_OP_FLUSH,
} BlockOp;

enum {
    BLOCK_FUA = 1 << 0,         /* writes: on the medium before done */
    BLOCK_MAY_UNMAP = 1 << 1,   /* write zeroes: storage may become free */
};

struct BlockRequest {
    /* Set by the owner, and restored when the request is done. */
    BlockOp op;
    guint flags;
    guint64 offset, bytes;      /* bytes: of read and write the length of iov */
    struct iovec *iov;
    guint n_iov;
    /* Called on the context's thread; error is 0 or a positive errno.  May be
     * called before block_submit returns. */
    void (*done)(BlockRequest *request, int error);

    /* Used by the nodes, from block_submit to done. */
    AioContext *aio;
    BlockNode *node;            /* the current node */
    BlockOp now_op;             /* op, flags and offset at the current node */
    guint now_flags;
    guint64 now_offset;
    guint64 progress;           /* bytes of it that are done */
    AioRequest io;
    struct iovec saved;         /* iov[saved_index] before it was cut to its rest */
    guint saved_index;
    void *bounce;
    gsize bounce_size;
};

/* ---- Nodes ---- */

/* The TypeInfo.kind of a class of nodes. */
typedef struct {
    /* Takes what only a request can get: descriptors that its client passed. Main thread; NULL:
     * nothing. */
    bool (*begin)(BlockNode *node, GError **error);
    /* May block; node->options is set, and the node below is in use.  Sets
     * size, read_only and alignments.  close is its mirror, and makes written
     * data durable.  Both may be NULL. */
    bool (*open)(BlockNode *node, GError **error);
    void (*close)(BlockNode *node);
    /* Passes a request on (block_pass), or performs it and calls block_done. */
    void (*submit)(BlockNode *node, BlockRequest *request);
    /* Whether it can be resized (NULL: yes). resize is called on the lowest
     * node and may block: it sets size (NULL: the node cannot be resized). */
    bool (*can_resize)(BlockNode *node, GError **error);
    bool (*resize)(BlockNode *node, guint64 size, GError **error);
    /* Bytes of storage that it takes, -1: unknown; NULL: that of the node below. */
    gint64 (*actual_size)(BlockNode *node);
    bool (*needs_io)(BlockNode *node);  /* NULL: no, or as the node below */
    /* An image format: it has a size of its own, opens on the pool, and uses the nodes
     * below from block_node_new() until it is freed, so that close finds them there. */
    bool format;
} BlockDriver;

/* The nodes below one. */
typedef enum { BLOCK_FILE, BLOCK_BACKING, BLOCK_DATA_FILE, N_BLOCK_SLOTS } BlockSlot;

struct BlockNode {
    Object object;
    const BlockDriver *driver;
    const BlockdevOptions *options;     /* of props; main thread, lock held, and the threads that
                                         * open, close, resize or reopen the node */
    const BlockdevOptions *made_with;   /* the first ones, for members that no reopening changes;
                                         * any thread, as long as the node is there */
    gint detect_zeroes;         /* atomic, for requests: BlockdevDetectZeroesOptions */
    gint discards;              /* the same: discarded and zeroed ranges become free */
    BlockNode *file;            /* the node below, or NULL */
    BlockNode *backing;         /* read where a format has no data, or NULL */
    BlockNode *data_file;       /* that holds a format's data, if not file; or NULL */
    const char *magic;          /* format of images that begin as this file did when it was
                                 * opened, or NULL */
    BlockNode *definer;         /* node that this one was defined in, or NULL */
    bool read_only;
    guint alignment;            /* of offset and length of requests, in bytes */
    guint memory_alignment;     /* of buffers; unaligned ones cost a copy */
    guint64 size;               /* bytes; atomic, block_node_size() reads it */
    guint64 highest_write;      /* its end; atomic */
    guint64 write_threshold;    /* a write beyond it sends an event; 0: none; atomic */
    ThrottlePoint limits;       /* of requests from block_submit */
    bool resized;               /* atomic: the file has another size than before */
    GPtrArray *users;           /* of BlockUser */
    bool resizing;              /* from block_resize_begin to its end */
    const void *reopening;      /* the changes (block-reopen.h) that it is among, or NULL */
    bool of_drive;              /* made as a drive's medium, and to go when it is taken out */
    bool claimed;               /* it belongs to the command that made it: block_node_find() refuses
                                 * it, only a node that it was defined in can link to it, and it is
                                 * no part of a configuration */
};

guint64 block_node_size(const BlockNode *node);
/* Whether anything was written through it, or its size changed: only then has its close anything
 * to make durable.  Any thread. */
bool block_node_is_changed(const BlockNode *node);
/* The filename that clients see: the file's path, "null-co://", or a description. */
char *block_node_filename(const BlockNode *node);
gint64 block_node_actual_size(BlockNode *node);
bool block_node_needs_io(BlockNode *node);
bool block_node_direct(const BlockNode *node);
bool block_node_no_flush(const BlockNode *node);
const char *block_node_name(const BlockNode *node);

/* Fails with in-use if the node is claimed. */
bool block_node_check_claim(const BlockNode *node, GError **error);
/* The complete node of that name; fails with object-not-found, and as above. */
BlockNode *block_node_find(Object *root, const char *name, GError **error);

/* Whether the options of one node are consistent; fails with invalid-value.  Options
 * that a nested definition inherits are checked where they were given. */
bool block_check_options(const BlockdevOptions *options, GError **error);

/*
 * A new node below /block-nodes from its options, its links resolved, to be
 * prepared and completed by the caller.  options are copied; below has the nodes made
 * from nested definitions in them, by slot (NULL: the options have references only, or no
 * nodes below).  Fails with id-invalid, id-in-use, in-use, object-not-found,
 * invalid-value.  Borrowed.
 */
BlockNode *block_node_new(Object *root, const BlockdevOptions *options,
                          BlockNode *const below[N_BLOCK_SLOTS], GError **error);
/* A name for such a node that none has yet, and that a request may give: the id user, of which only
 * the beginning is taken if it is long, suffix, and a number if it takes one.  Owned. */
char *block_node_new_name(Object *root, const char *user, const char *suffix);
/* The nested definition for a slot in options, or NULL; and a copy of it with inherited
 * options filled in (free with qmp_clear). */
const BlockdevOptions *block_definition(const BlockdevOptions *options, BlockSlot slot);
BlockdevOptions *block_inherit(const BlockdevOptions *outer, const BlockdevOptions *inner,
                               BlockSlot slot);
/* The node that options refer to for a slot, or NULL. */
const char *block_reference(const BlockdevOptions *options, BlockSlot slot);
/* Replaces a slot of options by what other options of the same driver have there. */
void block_copy_ref(BlockdevOptions *options, const BlockdevOptions *from, BlockSlot slot);
/* Gives a node other options, which it owns then.  Main thread, lock held. */
void block_node_set_options(BlockNode *node, BlockdevOptions *options);
/* The name of the member of options for a slot. */
const char *block_slot_name(BlockSlot slot);
/* Below filters: the image, file or the like that requests to a node end in. */
BlockNode *block_node_lowest(BlockNode *node);
/* The node in a slot, or NULL. */
BlockNode *block_node_below(const BlockNode *node, BlockSlot slot);
/* Whether node is `above`, or below it. */
bool block_node_is_below(const BlockNode *above, const BlockNode *node);

/* Calls f for each node that a value names: a definition or, if that is NULL, a
 * reference, with the name of the member that holds it.  Not for those within
 * definitions. */
typedef void (*BlockRefFunc)(const char *name, const BlockdevOptions *definition,
                             const char *reference, void *data);
void block_foreach_ref(const QmpType *type, const void *storage, BlockRefFunc f, void *data);

/*
 * Resizing, in three steps.  begin checks whether it is possible, and rejects
 * further requests beyond the new end if the node shrinks; it returns the lowest
 * node, which is the one to change and which cannot be removed until the end, or
 * NULL.  The caller then waits for requests in flight.  resize may block, and
 * runs without the lock.  end must be called whether resize failed or not, and
 * notifies nodes above and users.
 */
BlockNode *block_resize_begin(BlockNode *node, guint64 size, GError **error);
bool block_resize(BlockNode *lowest, guint64 size, GError **error);
void block_resize_end(BlockNode *lowest);

/* ---- Users ---- */

/* A user of a node: a device, a node above, or a job. */
typedef struct {
    Object *object;             /* NULL: a job, and: */
    const char *job;            /* its id, which lives as long as the use */
    bool share;                 /* allows other users that share, too */
    const void *reopen;         /* the changes of nodes that begin the use, or NULL */
    /* The size changed; NULL for nodes, which check it themselves. */
    void (*resized)(void *opaque);
    void *opaque;
} BlockUser;

/* Fails with in-use if this user or an existing one does not share, or while the node, or one
 * below it, is being reopened by others than user->reopen. */
bool block_node_use(BlockNode *node, const BlockUser *user, GError **error);
void block_node_unuse(BlockNode *node, Object *object);
void block_node_unuse_job(BlockNode *node, const char *job);

/* ---- Requests ---- */

/* Sends a request, when the node's io-limits admit it; context's thread.  Any range may be
 * passed: one that is not within the node, or not aligned, fails with EIO, a write to a
 * read-only node with EROFS. */
void block_submit(BlockNode *node, AioContext *aio, BlockRequest *request);

/* For drivers: sends a request of their own, whose range is not checked: it may end
 * beyond the node, which then reads as zeros there or becomes longer. */
void block_begin(BlockNode *node, AioContext *aio, BlockRequest *request);
/* For drivers: passes a request to the node below; completes it. */
void block_pass(BlockNode *node, BlockRequest *request);
static inline void block_done(BlockRequest *request, int error)
{
    request->done(request, error);
}

void block_iov_fill_zero(const struct iovec *iov, guint n);

#endif
