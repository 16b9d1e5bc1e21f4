/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host memory: mapping, placing and allocating it, with errors where the kernel
 * would send a signal.  Independent of objects.
 *
 * All functions may block and may be called from any thread.
 */
#ifndef HW_BACKENDS_HOST_MEMORY_H
#define HW_BACKENDS_HOST_MEMORY_H

#include "qmp/qapi-types-builtin.h"
#include "qmp/qapi-types-memory.h"

/* How memory is to be mapped. */
typedef struct {
    int fd;                     /* -1: anonymous */
    guint64 size;               /* bytes, a multiple of the page size */
    guint64 align;              /* power of two, at least the page size */
    bool share, readonly, reserve;
} HostMapping;

/* Page size of the memory behind fd (that of huge pages on hugetlbfs), or the
 * host's for -1. */
guint64 host_page_size(int fd);

/* Maps it, or NULL with no-memory or host-error. */
void *host_memory_map(const HostMapping *mapping, GError **error);
void host_memory_unmap(void *hva, guint64 size);

/* Sets the NUMA policy for pages that are not yet allocated.  Fails with
 * out-of-range for a node number beyond any host's, host-error if the kernel
 * refuses. */
bool host_memory_bind(void *hva, guint64 size, HostMemPolicy policy, const uint16List *nodes,
                      GError **error);

/* Allocates all pages of a mapping by n_threads threads; no-memory if there are not enough.
 * *progress, an atomic number, grows by the bytes that were allocated. */
bool host_memory_populate(void *hva, const HostMapping *mapping, guint64 page_size,
                          guint n_threads, guint64 *progress, GError **error);

/* Returns whole pages to the host: those of a shared mapping are removed from its file,
 * others forget what was written.  False: the kernel refuses. */
bool host_memory_discard(void *hva, gsize size);

/* Whether the host has this much available now (free, reclaimable and swap);
 * true if that is unknown. */
bool host_memory_available(guint64 size, guint64 *ret_available);

#endif
