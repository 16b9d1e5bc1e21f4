/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files behind hw/virtio/virtqueue.h share with each other and with those
 * above them (virtio-internal.h), of which they call nothing but VirtQueueOps:
 *
 *   virtqueue.c       life of a queue, the rings, giving chains back
 *   virtqueue-chain.c from a chain of descriptors to host memory
 */
#ifndef HW_VIRTIO_VIRTQUEUE_INTERNAL_H
#define HW_VIRTIO_VIRTQUEUE_INTERNAL_H

#include "hw/memory/memory.h"
#include "hw/virtio/virtqueue.h"

/* VIRTIO 1.2 section 2.7.5 */
typedef struct {
    guint64 addr;
    guint32 len;
    guint16 flags;
    guint16 next;
} VringDesc;

enum {
    VRING_DESC_NEXT = 1,
    VRING_DESC_WRITE = 2,
    VRING_DESC_INDIRECT = 4,
};

/* Section 2.7.6; ring[] is followed by used_event. */
typedef struct {
    guint16 flags;
    guint16 idx;
    guint16 ring[];
} VringAvail;

enum { VRING_AVAIL_NO_INTERRUPT = 1 };

/* Section 2.7.8; ring[] is followed by avail_event. */
typedef struct {
    guint32 id;
    guint32 len;
} VringUsedElem;

typedef struct {
    guint16 flags;
    guint16 idx;
    VringUsedElem ring[];
} VringUsed;

enum { VRING_USED_NO_NOTIFY = 1 };

/* A piece of a chain: guest address of an iov. */
typedef guint64 VirtqAddress;

/* What stands behind a request, before its iovs. */
typedef struct {
    MemoryView *view;           /* that the iovs are of, while popped */
    VirtqAddress *addresses;
    struct iovec iov[];
} VirtqPieces;

/* A chain that is out, in saved state. */
typedef struct {
    guint16 head, position;
} VirtqOut;

/* More pieces than descriptors: buffers that lie in two regions of RAM. */
enum { VIRTQ_SPARE_PIECES = 16 };

/* What a queue tells its owner.  The queue's thread. */
typedef struct {
    /* The driver broke the rules: nothing is popped and pushed from now on, for the
     * owner sets what VirtQueue.broken points to. */
    void (*broken)(VirtQueue *queue, const char *why);
    /* The driver wants to know of what was pushed. */
    void (*interrupt)(VirtQueue *queue);
} VirtQueueOps;

struct VirtQueue {
    const VirtQueueOps *ops;
    void *owner;                /* for ops' functions alone */
    const gint *broken;         /* atomic; the device's */
    guint16 index;
    guint16 max;                /* descriptors */
    gsize request_size;

    /* The driver's settings. */
    guint16 num;                /* descriptors, at most max */
    guint64 area[3];            /* by VirtqArea */
    bool enabled;

    /* While enabled: rings in view, which is the current one or about to be
     * replaced. */
    MemoryView *view;
    AddressSpace *memory;
    const VringDesc *desc;
    const VringAvail *avail;
    VringUsed *used;
    guint16 last_avail;         /* next to pop */
    guint16 seen_avail;         /* avail->idx as it was read last */
    guint16 next_used;          /* used->idx as it was written last */
    guint16 signalled_used;     /* next_used at the last notify */
    bool signalled;             /* signalled_used means something */
    bool notification;          /* the driver should notify */
    bool event_idx;             /* negotiated, these three; set before the start */
    bool indirect;
    bool notify_on_empty;

    /* Chains that were out when the state was saved that was loaded: popped first. */
    VirtqOut *again;
    guint32 n_again, next_again;
    bool popped_again;          /* the chain popped last is one of them */
    VirtqOut *saved;            /* while state is saved or loaded */
    guint32 n_saved;

    /* Requests: all in one block, free ones on a stack. */
    guint8 *requests;
    guint n_requests;           /* num when they were made: loaded state may say another */
    gsize stride;               /* bytes from one to the next */
    void **free;
    guint n_free;

    bool started;               /* the owner lets chains be popped */
    bool polled;                /* who pops looks at it all the time just now */
};

/* ---- virtqueue.c ---- */

/* Of at most size descriptors.  broken must live as long. */
VirtQueue *virtqueue_new(guint index, guint16 size, const VirtQueueOps *ops, void *owner,
                         const gint *broken);
/* Not while it is started. */
void virtqueue_free(VirtQueue *queue);
/* The driver's settings as at power-on; all elements are gone. */
void virtqueue_reset(VirtQueue *queue);
/* Checks the settings and maps the rings, which lie in memory.  NULL, or why they
 * are wrong. */
const char *virtqueue_enable(VirtQueue *queue, AddressSpace *memory);
void virtqueue_disable(VirtQueue *queue);
/* Fills `saved`. */
void virtqueue_list_out(VirtQueue *queue);
/* Brings the queue in line with what was loaded into it.  NULL, or what is wrong. */
const char *virtqueue_loaded(VirtQueue *queue, AddressSpace *memory);

/* ---- virtqueue-chain.c ---- */

/* Fills element from the chain that begins at head.  NULL, or what is wrong. */
const char *virtqueue_read_chain(VirtQueue *queue, guint16 head, VirtqElement *element);
static inline VirtqPieces *virtq_pieces(const VirtqElement *element)
{
    return (VirtqPieces *)((guint8 *)element->iov - offsetof(VirtqPieces, iov));
}

#endif
