/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a chain of descriptors to host memory.  VIRTIO 1.2 section 2.7.5.
 *
 * The guest may change any of this while it is read.  Each descriptor is
 * therefore copied before it is checked, and its buffer becomes an iovec that
 * was checked against one view of memory, to which the element holds a
 * reference.
 */
#include "config.h"
#include "hw/virtio/virtqueue.h"

#include <string.h>

#include "hw/aio/iov.h"
#include "hw/virtio/virtqueue-internal.h"

/* A walk along one chain. */
typedef struct {
    VirtQueue *queue;
    VirtqElement *element;
    bool indirect;              /* walking an indirect table: */
    guint64 table;              /* its guest address */
    guint32 n;                  /* descriptors in the current table */
    guint n_seen;               /* descriptors so far */
} Chain;

static VringDesc to_host(VringDesc desc)
{
    return (VringDesc){
        .addr = GUINT64_FROM_LE(desc.addr),
        .len = GUINT32_FROM_LE(desc.len),
        .flags = GUINT16_FROM_LE(desc.flags),
        .next = GUINT16_FROM_LE(desc.next),
    };
}

static VringDesc direct_desc(const VirtQueue *queue, guint16 i)
{
    const VringDesc *desc = &queue->desc[i];

    return to_host((VringDesc){
        .addr = __atomic_load_n(&desc->addr, __ATOMIC_RELAXED),
        .len = __atomic_load_n(&desc->len, __ATOMIC_RELAXED),
        .flags = __atomic_load_n(&desc->flags, __ATOMIC_RELAXED),
        .next = __atomic_load_n(&desc->next, __ATOMIC_RELAXED),
    });
}

/* Reads a descriptor of the indirect table, which may lie in several pieces of
 * RAM and at any address. */
static bool indirect_desc(const Chain *chain, guint32 i, VringDesc *ret_desc)
{
    guint64 addr = chain->table + (guint64)i * sizeof(VringDesc);
    guint8 *to = (guint8 *)ret_desc;
    guint64 left = sizeof(*ret_desc);

    while (left) {
        guint64 n;
        const void *from = memory_view_map(chain->queue->view, addr, left, false, &n);

        if (!from) {
            return false;
        }
        memcpy(to, from, n);
        to += n;
        addr += n;
        left -= n;
    }
    *ret_desc = to_host(*ret_desc);
    return true;
}

static bool get_desc(const Chain *chain, guint32 i, VringDesc *ret_desc)
{
    if (chain->indirect) {
        return indirect_desc(chain, i, ret_desc);
    }
    *ret_desc = direct_desc(chain->queue, i);
    return true;
}

/* ---- Buffers ---- */

static const char *add_piece(Chain *chain, void *hva, guint64 addr, gsize size, bool is_write)
{
    VirtqElement *element = chain->element;
    guint n = element->n_out + element->n_in;

    if (n >= (guint)chain->queue->num + VIRTQ_SPARE_PIECES) {
        return "a chain's buffers lie in too many pieces of RAM";
    }
    element->iov[n] = (struct iovec){ .iov_base = hva, .iov_len = size };
    virtq_pieces(element)->addresses[n] = addr;
    if (is_write) {
        element->n_in++;
        element->in_size += size;
    } else {
        element->n_out++;
        element->out_size += size;
    }
    return NULL;
}

static const char *add_buffer(Chain *chain, const VringDesc *desc)
{
    bool is_write = desc->flags & VRING_DESC_WRITE;
    guint64 addr = desc->addr, left = desc->len;

    if (!left) {
        return "a descriptor has no bytes";
    }
    if (!is_write && chain->element->n_in) {
        return "a buffer to read from follows one to write to";
    }
    while (left) {
        guint64 n;
        void *hva = memory_view_map(chain->queue->view, addr, left, is_write, &n);
        const char *wrong;

        if (!hva || addr + n < addr) {
            return "a descriptor's buffer is not RAM";
        }
        wrong = add_piece(chain, hva, addr, n, is_write);
        if (wrong) {
            return wrong;
        }
        addr += n;
        left -= n;
    }
    return NULL;
}

/* ---- Chains ---- */

static const char *enter_table(Chain *chain, const VringDesc *desc)
{
    if (chain->indirect) {
        return "an indirect table in an indirect table";
    }
    if (!chain->queue->indirect) {
        return "an indirect table without that feature";
    }
    if (desc->flags & VRING_DESC_NEXT) {
        return "an indirect table with a next descriptor";
    }
    if (!desc->len || desc->len % sizeof(VringDesc)) {
        return "an indirect table that is not a multiple of 16 bytes";
    }
    if (desc->addr + desc->len < desc->addr) {
        return "an indirect table that is not RAM";
    }
    chain->indirect = true;
    chain->table = desc->addr;
    chain->n = desc->len / sizeof(VringDesc);
    return NULL;
}

/* Walks from descriptor i of the current table to the end of the chain.  The
 * count prevents endless loops. */
static const char *walk(Chain *chain, guint32 i)
{
    const char *wrong;
    VringDesc desc;

    do {
        if (i >= chain->n) {
            return "a descriptor's number is beyond its table";
        }
        if (!get_desc(chain, i, &desc)) {
            return "an indirect table that is not RAM";
        }
        if (desc.flags & VRING_DESC_INDIRECT) {
            wrong = enter_table(chain, &desc);
            if (wrong) {
                return wrong;
            }
            desc.flags = VRING_DESC_NEXT;
            desc.next = 0;
        } else {
            if (chain->n_seen++ == chain->queue->num) {
                return "a chain is longer than the queue, or a loop";
            }
            wrong = add_buffer(chain, &desc);
            if (wrong) {
                return wrong;
            }
        }
        i = desc.next;
    } while (desc.flags & VRING_DESC_NEXT);
    return NULL;
}

const char *virtqueue_read_chain(VirtQueue *queue, guint16 head, VirtqElement *element)
{
    Chain chain = { .queue = queue, .element = element, .n = queue->num };
    const char *wrong;

    element->queue = queue;
    element->head = head;
    element->n_out = element->n_in = 0;
    element->out_size = element->in_size = 0;
    wrong = walk(&chain, head);
    if (!wrong && element->out_size + element->in_size > G_MAXUINT32) {
        return "a chain of 4 GiB or more";
    }
    return wrong;
}

/* ---- Copying ---- */

gsize virtq_read(const VirtqElement *element, gsize offset, void *buf, gsize size)
{
    return iov_read(element->iov, element->n_out, offset, buf, size);
}

gsize virtq_write(const VirtqElement *element, gsize offset, const void *buf, gsize size)
{
    return iov_write(element->iov + element->n_out, element->n_in, offset, buf, size);
}
