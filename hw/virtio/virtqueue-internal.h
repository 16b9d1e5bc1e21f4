/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files behind hw/virtio/virtqueue.h share with each other and with those
 * above them (virtio-internal.h), which they call only through VirtQueueOps:
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

/* What follows a request, before its iovs. */
typedef struct {
    MemoryView *view;           /* the view that the iovs point into, while popped */
    VirtqAddress *addresses;
    struct iovec iov[];
} VirtqPieces;

/* A popped chain in saved state. */
typedef struct {
    guint16 head, position;
} VirtqOut;

/* Spare pieces beyond the number of descriptors: for buffers that span two regions of RAM. */
enum { VIRTQ_SPARE_PIECES = 16 };

/* Notifications of a queue to its owner.  On the queue's thread. */
typedef struct {
    /* The driver broke the rules: the owner sets the flag that VirtQueue.broken
     * points to, so nothing is popped or pushed from now on. */
    void (*broken)(VirtQueue *queue, const char *why);
    /* The driver wants an interrupt for the pushed chains. */
    void (*interrupt)(VirtQueue *queue);
} VirtQueueOps;

struct VirtQueue {
    const VirtQueueOps *ops;
    void *owner;                /* used by ops only */
    const gint *broken;         /* atomic; the device's flag */
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
    guint16 seen_avail;         /* avail->idx as last read */
    guint16 next_used;          /* used->idx as last written */
    guint16 signalled_used;     /* next_used at the last notify */
    bool signalled;             /* signalled_used is valid */
    bool notification;          /* the driver should notify */
    bool event_idx;             /* these three are negotiated; set before the start */
    bool indirect;
    bool notify_on_empty;

    /* Chains that were out when the loaded state was saved: popped first. */
    VirtqOut *again;
    guint32 n_again, next_again;
    bool popped_again;          /* the chain popped last is one of them */
    VirtqOut *saved;            /* while state is saved or loaded */
    guint32 n_saved;

    /* Requests: all in one block, free ones on a stack. */
    guint8 *requests;
    guint n_requests;           /* num when they were allocated: loaded state may have another */
    gsize stride;               /* bytes from one to the next */
    void **free;
    guint n_free;

    bool started;               /* the owner lets chains be popped */
    bool polled;                /* currently polled by the code that pops */
};

/* ---- virtqueue.c ---- */

/* A queue of at most size descriptors.  broken must outlive it. */
VirtQueue *virtqueue_new(guint index, guint16 size, const VirtQueueOps *ops, void *owner,
                         const gint *broken);
/* Must not be called while it is started. */
void virtqueue_free(VirtQueue *queue);
/* Resets the driver's settings to their power-on values; drops all elements. */
void virtqueue_reset(VirtQueue *queue);
/* Checks the settings and maps the rings, which lie in memory.  Returns NULL, or
 * why they are wrong. */
const char *virtqueue_enable(VirtQueue *queue, AddressSpace *memory);
void virtqueue_disable(VirtQueue *queue);
/* Fills `saved`. */
void virtqueue_list_out(VirtQueue *queue);
/* Updates the queue after its state was loaded.  Returns NULL, or what is wrong. */
const char *virtqueue_loaded(VirtQueue *queue, AddressSpace *memory);

/* ---- virtqueue-chain.c ---- */

/* Fills element from the chain that begins at head.  Returns NULL, or what is wrong. */
const char *virtqueue_read_chain(VirtQueue *queue, guint16 head, VirtqElement *element);
static inline VirtqPieces *virtq_pieces(const VirtqElement *element)
{
    return (VirtqPieces *)((guint8 *)element->iov - offsetof(VirtqPieces, iov));
}

#endif
