/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of virtio-mem share.  Machine lock held, main thread.
 */
#ifndef HW_VIRTIO_VIRTIO_MEM_INTERNAL_H
#define HW_VIRTIO_VIRTIO_MEM_INTERNAL_H

#include "hw/backends/memory-backend.h"
#include "hw/mem/device-memory.h"
#include "hw/virtio/virtio.h"
#include "qom/qapi-objects-virtio-mem.h"

/* VIRTIO 1.2 section 5.15.6: requests, */
enum {
    VIRTIO_MEM_PLUG = 0,
    VIRTIO_MEM_UNPLUG = 1,
    VIRTIO_MEM_UNPLUG_ALL = 2,
    VIRTIO_MEM_STATE = 3,
};

/* answers */
enum {
    VIRTIO_MEM_ACK = 0,
    VIRTIO_MEM_NACK = 1,
    VIRTIO_MEM_BUSY = 2,
    VIRTIO_MEM_ERROR = 3,
};

/* and what a state request is told. */
enum {
    VIRTIO_MEM_PLUGGED = 0,
    VIRTIO_MEM_UNPLUGGED = 1,
    VIRTIO_MEM_MIXED = 2,
};

/* The request that is out.  Blocks are numbered from the start of the range. */
typedef struct {
    guint16 type, blocks;       /* as the driver says it */
    guint64 addr;
    guint64 first, n;           /* blocks */
    guint64 done;               /* bytes of them, from first on, that are dealt with */
    bool undo;                  /* it failed: what it allocated is returned */
} VirtioMemJob;

struct VirtioMem {
    VirtioDevice parent;
    MemoryPlace place;
    MemoryBackend *backend;     /* kept until the object ends; NULL: never realized */
    guint64 requested;          /* the valid value of `requested-size` */
    guint64 usable;             /* bytes from the start of the range that a driver may ask for */
    guint8 *bitmap;             /* a bit for each block that the guest has */
    guint32 bitmap_size;        /* bytes */
    guint64 addr, block_size, region_size;      /* of the range; part of the state to be compared */
    VirtqElement *element;      /* the chain of the request, or NULL */
    VirtioMemJob job;
};

/* ---- virtio-mem-blocks.c: which blocks the guest has ---- */

guint64 virtio_mem_n_blocks(const VirtioMem *s);
/* Whether all n blocks from first on are plugged, or none is. */
bool virtio_mem_all(const VirtioMem *s, guint64 first, guint64 n, bool plugged);
/* Changes the bits only. */
void virtio_mem_mark(VirtioMem *s, guint64 first, guint64 n, bool plugged);
/* The first run of plugged blocks in n blocks from first on; false: there is none. */
bool virtio_mem_next_run(const VirtioMem *s, guint64 first, guint64 n, guint64 *ret_first,
                         guint64 *ret_n);
/* Returns the memory of all blocks that are plugged, or of all that are not, to the host. */
void virtio_mem_discard(VirtioMem *s, bool plugged);
/* Bytes that are plugged, by the bits. */
guint64 virtio_mem_count(const VirtioMem *s);
/* How far requests may go, after `requested` has changed.  It shrinks only if there is no block
 * that the guest might lose sight of. */
void virtio_mem_set_usable(VirtioMem *s, bool can_shrink);
/* All blocks are gone, at once. */
void virtio_mem_unplug_all(VirtioMem *s);
/* The guest has this much now: tells clients and drivers. */
void virtio_mem_set_plugged(VirtioMem *s, guint64 size);

/* ---- virtio-mem-request.c ---- */

/* The queue's handler. */
void virtio_mem_handle_queue(VirtioDevice *dev, VirtQueue *queue);

#endif
