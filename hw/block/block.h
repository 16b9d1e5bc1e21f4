/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Block nodes: the objects below /block-nodes that disks read and write, and the
 * requests that pass through them.
 *
 *     BlockFront (front.h) -> throttle -> raw -> file -> AioContext -> kernel
 *                                      -> qcow2 -> file, backing, data-file
 *
 * A request is a struct that its owner embeds in its own.  It passes from node
 * to node downwards, each changing what lies below (offset, kind) or holding it
 * up, and completes straight to its owner; so a request allocates nothing and a
 * filter costs a function call.
 *
 * A node has no thread.  A request names the AioContext that it runs on, and
 * requests of several contexts may be in one node at once; what nodes have in
 * common there is atomic or under a lock of its own.
 *
 * Everything else needs the machine lock, except for BlockDriver.open, close and
 * resize, which may block and run on pool threads (object_prepare).
 */
#ifndef HW_BLOCK_BLOCK_H
#define HW_BLOCK_BLOCK_H

#include "hw/aio/aio.h"
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
    /* Set by the owner, and as they were when the request is done. */
    BlockOp op;
    guint flags;
    guint64 offset, bytes;      /* bytes: of read and write the length of iov */
    struct iovec *iov;
    guint n_iov;
    /* On the context's thread; error is 0 or a positive errno.  May be called
     * before block_submit returns. */
    void (*done)(BlockRequest *request, int error);

    /* Of the nodes, from block_submit to done. */
    AioContext *aio;
    BlockNode *node;            /* where it is */
    BlockOp now_op;             /* what op, flags and offset have become */
    guint now_flags;
    guint64 now_offset;
    guint64 progress;           /* bytes of it that are done */
    AioRequest io;
    struct iovec saved;         /* iov[saved_index], which was cut for a rest */
    guint saved_index;
    void *bounce;
    gsize bounce_size;
};

/* ---- Nodes ---- */

/* The TypeInfo.kind of a class of nodes. */
typedef struct {
    /* May block; node->options is there, and the node below is in use.  Sets
     * size, read_only and alignments.  close is its mirror, and makes sure that
     * what was written stays written.  Both may be NULL. */
    bool (*open)(BlockNode *node, GError **error);
    void (*close)(BlockNode *node);
    /* Passes a request on (block_pass) or does it and calls block_done. */
    void (*submit)(BlockNode *node, BlockRequest *request);
    /* Whether it can be resized (NULL: yes); and to do it, on the lowest node,
     * which may block: sets size (NULL: cannot be done). */
    bool (*can_resize)(BlockNode *node, GError **error);
    bool (*resize)(BlockNode *node, guint64 size, GError **error);
    /* Storage that it takes in bytes, -1: not known; NULL: the node's below. */
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
    const BlockdevOptions *options;     /* of props */
    BlockNode *file;            /* it is on, or NULL */
    BlockNode *backing;         /* read where a format has no data, or NULL */
    BlockNode *data_file;       /* that holds a format's data, if not file; or NULL */
    BlockNode *definer;         /* node that this one was defined in, or NULL */
    bool read_only;
    guint alignment;            /* of offset and length of requests, bytes */
    guint memory_alignment;     /* of buffers; what is not aligned costs a copy */
    guint64 size;               /* bytes; atomic, block_node_size() reads it */
    guint64 highest_write;      /* end of it; atomic */
    GPtrArray *users;           /* of BlockUser */
    bool resizing;              /* from block_resize_begin to its end */
};

guint64 block_node_size(const BlockNode *node);
/* As clients know it: the file's path, "null-co://", or a description. */
char *block_node_filename(const BlockNode *node);
gint64 block_node_actual_size(BlockNode *node);
bool block_node_needs_io(BlockNode *node);
bool block_node_direct(const BlockNode *node);
bool block_node_no_flush(const BlockNode *node);
const char *block_node_name(const BlockNode *node);

/* The node of that name, in use; fails with object-not-found. */
BlockNode *block_node_find(Object *root, const char *name, GError **error);

/* Whether options of one node go together; fails with invalid-value.  What a definition
 * within others inherits is to be looked at where it was given. */
bool block_check_options(const BlockdevOptions *options, GError **error);

/*
 * A new node below /block-nodes from its options, its links resolved, to be
 * prepared and completed by the caller.  options are copied; below has the nodes that
 * definitions in them have been made into, by slot (NULL: there are only references, or
 * nothing).  Fails with id-invalid, id-in-use, in-use, object-not-found,
 * invalid-value.  Borrowed.
 */
BlockNode *block_node_new(Object *root, const BlockdevOptions *options,
                          BlockNode *const below[N_BLOCK_SLOTS], GError **error);
/* The definition for a slot within options, or NULL; and a copy of it that has inherited
 * what it leaves open (free with qmp_clear). */
const BlockdevOptions *block_definition(const BlockdevOptions *options, BlockSlot slot);
BlockdevOptions *block_inherit(const BlockdevOptions *outer, const BlockdevOptions *inner,
                               BlockSlot slot);
/* The member of options that a slot is. */
const char *block_slot_name(BlockSlot slot);
/* The node in a slot, or NULL. */
BlockNode *block_node_below(const BlockNode *node, BlockSlot slot);

/* Calls f for each node that a value names: a definition or, if that is NULL, a
 * reference, with the name of the member that it stands in.  Not for those within
 * definitions. */
typedef void (*BlockRefFunc)(const char *name, const BlockdevOptions *definition,
                             const char *reference, void *data);
void block_foreach_ref(const QmpType *type, const void *storage, BlockRefFunc f, void *data);

/*
 * Resizing, in three steps.  begin checks whether it can be done, and if the node
 * becomes smaller lets no more requests beyond the new end; it returns the
 * lowest node, which is what changes, or NULL; it cannot be removed until the
 * end.  Then requests in flight are
 * waited for.  resize may block, and runs without the lock.  end, however that
 * went, tells nodes above and users.
 */
BlockNode *block_resize_begin(BlockNode *node, guint64 size, GError **error);
bool block_resize(BlockNode *lowest, guint64 size, GError **error);
void block_resize_end(BlockNode *lowest);

/* ---- Users ---- */

/* A user of a node: a device, or a node above. */
typedef struct {
    Object *object;
    bool share;                 /* does not mind others that do not mind */
    /* The size changed; NULL for nodes, which look for themselves. */
    void (*resized)(void *opaque);
    void *opaque;
} BlockUser;

/* Fails with in-use if one of the users there are minds. */
bool block_node_use(BlockNode *node, const BlockUser *user, GError **error);
void block_node_unuse(BlockNode *node, Object *object);

/* ---- Requests ---- */

/* Sends a request; context's thread.  The range may be anything: what is not
 * within the node, or not aligned, fails with EIO, a write to a node that is
 * read-only with EROFS. */
void block_submit(BlockNode *node, AioContext *aio, BlockRequest *request);

/* For drivers: the same for a request of their own, whose range they answer for: it may
 * end beyond the node, which then reads as zeros there or becomes longer. */
void block_begin(BlockNode *node, AioContext *aio, BlockRequest *request);
/* To the node below; and the end. */
void block_pass(BlockNode *node, BlockRequest *request);
static inline void block_done(BlockRequest *request, int error)
{
    request->done(request, error);
}

void block_iov_fill_zero(const struct iovec *iov, guint n);

#endif
