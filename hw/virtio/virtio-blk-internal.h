/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of virtio-blk share:
 *
 *   virtio-blk.c          properties, features, configuration, life
 *   virtio-blk-mapping.c  which threads the queues run on
 *   virtio-blk-request.c  the queues' requests
 */
#ifndef HW_VIRTIO_VIRTIO_BLK_INTERNAL_H
#define HW_VIRTIO_VIRTIO_BLK_INTERNAL_H

#include "hw/block/front.h"
#include "hw/virtio/virtio.h"

/* Section 5.2.3: feature bits. */
enum {
    VIRTIO_BLK_F_SEG_MAX = 2,
    VIRTIO_BLK_F_RO = 5,
    VIRTIO_BLK_F_BLK_SIZE = 6,
    VIRTIO_BLK_F_FLUSH = 9,
    VIRTIO_BLK_F_TOPOLOGY = 10,
    VIRTIO_BLK_F_CONFIG_WCE = 11,
    VIRTIO_BLK_F_MQ = 12,
    VIRTIO_BLK_F_DISCARD = 13,
    VIRTIO_BLK_F_WRITE_ZEROES = 14,
};

/* Section 5.2.6: types and status of requests. */
enum {
    VIRTIO_BLK_T_IN = 0,
    VIRTIO_BLK_T_OUT = 1,
    VIRTIO_BLK_T_FLUSH = 4,
    VIRTIO_BLK_T_GET_ID = 8,
    VIRTIO_BLK_T_DISCARD = 11,
    VIRTIO_BLK_T_WRITE_ZEROES = 13,
};

enum { VIRTIO_BLK_S_OK = 0, VIRTIO_BLK_S_IOERR = 1, VIRTIO_BLK_S_UNSUPP = 2 };

/* Bytes of GET_ID. */
enum { VIRTIO_BLK_ID_BYTES = 20 };

typedef struct VirtioBlk VirtioBlk;

typedef struct {
    VirtioBlk *blk;
    VirtQueue *queue;
    BlockLane *lane;            /* of the context that it runs on */
    AioTask notify;             /* completions of a turn share an interrupt */
} VirtioBlkQueue;

struct VirtioBlk {
    VirtioDevice virtio;
    BlockFront front;
    VirtioBlkQueue *queues;     /* n_queues of the device */
    guint block_size;           /* logical, bytes */
    bool write_cache;           /* the front's, while state is saved or loaded */
};

/* ---- virtio-blk-mapping.c ---- */

/* Checks the mapping, if there is one.  num-queues is known. */
bool virtio_blk_check_mapping(VirtioBlk *s, GError **error);
/* The context of each lane, newly allocated. */
AioContext **virtio_blk_contexts(VirtioBlk *s, guint *ret_n, GError **error);
/* Which lane each queue belongs to, newly allocated. */
guint *virtio_blk_lanes(VirtioBlk *s);

/* ---- virtio-blk-request.c ---- */

/* Makes the queues with their handlers. */
void virtio_blk_add_queues(VirtioBlk *s);

#endif
