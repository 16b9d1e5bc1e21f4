/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Split virtqueues: the only code that follows pointers written by a guest.
 *
 * VIRTIO 1.2 section 2.7; indirect descriptors 2.7.5.3, event index 2.7.7 and
 * 2.7.10.  Each descriptor is copied once and checked once: address ranges in
 * RAM, no loops, no more than the queue's size in one chain, device-readable
 * ones before device-writable ones.  A violation breaks the device, as virtio.h
 * says, and never reaches a caller.
 *
 * A queue is used only by the thread of its AioContext (with the machine lock if its
 * device has none), between the device's start and stop; push and
 * notify also until it is idle (VirtioOps.when_idle).
 */
#ifndef HW_VIRTIO_VIRTQUEUE_H
#define HW_VIRTIO_VIRTQUEUE_H

#include <glib.h>
#include <stdbool.h>
#include <sys/uio.h>

typedef struct VirtQueue VirtQueue;

/* The three areas of a queue (section 2.7). */
typedef enum { VIRTQ_DESC, VIRTQ_DRIVER, VIRTQ_DEVICE } VirtqArea;

/* A chain of descriptors, as host memory.  Devices embed it first in their
 * requests; a queue's requests are allocated once (virtqueue_set_requests), so
 * requests in flight cost no allocation. */
typedef struct {
    VirtQueue *queue;
    guint16 head;
    guint16 n_out, n_in;        /* iov[0..n_out) is read, the n_in after it written */
    guint16 position;           /* used by virtqueue.c: where in the ring it was popped */
    struct iovec *iov;
    gsize out_size, in_size;    /* bytes */
} VirtqElement;

/* Sets the size of the device's request struct, which begins with a
 * VirtqElement.  To be called right after virtio_add_queue. */
void virtqueue_set_requests(VirtQueue *queue, gsize request_size);

/* The next chain, or NULL: none, or the device is broken, or not started.  The
 * result is the device's request struct; its own members have the values that
 * its last use left. */
void *virtqueue_pop(VirtQueue *queue);
/* Returns a chain to the driver, with `written` bytes of its in part filled.
 * The guest is not notified before virtqueue_notify. */
void virtqueue_push(VirtQueue *queue, VirtqElement *element, guint32 written);
/* The same for several chains, which the guest sees together: those of a frame
 * that needed more than one. */
void virtqueue_push_all(VirtQueue *queue, VirtqElement *const *elements, const guint32 *written,
                        guint n);
/* Undoes the last pop. */
void virtqueue_unpop(VirtQueue *queue, VirtqElement *element);
/* Interrupts the driver if it wants that (flags, event index). */
void virtqueue_notify(VirtQueue *queue);
/* Whether the driver should notify; returns true if buffers were added
 * meanwhile, in which case the caller keeps popping. */
bool virtqueue_set_notification(VirtQueue *queue, bool enable);
bool virtqueue_empty(VirtQueue *queue);
guint virtqueue_index(const VirtQueue *queue);

/* Copies between an element and a buffer, from byte `offset` of its out (or in)
 * part; returns how many bytes there were. */
gsize virtq_read(const VirtqElement *element, gsize offset, void *buf, gsize size);
gsize virtq_write(const VirtqElement *element, gsize offset, const void *buf, gsize size);

#endif
