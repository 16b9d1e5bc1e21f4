/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory backends: host memory that a machine maps as its RAM.
 */
#ifndef HW_BACKENDS_MEMORY_BACKEND_H
#define HW_BACKENDS_MEMORY_BACKEND_H

#include "qom/object.h"

typedef struct MemoryBackend MemoryBackend;

extern const TypeInfo memory_backend_type;
extern const TypeInfo memory_backend_file_type;
extern const TypeInfo memory_backend_memfd_type;
extern const TypeInfo memory_backend_ram_type;

/* The memory, valid while the object is complete. */
void *memory_backend_hva(const MemoryBackend *backend);
guint64 memory_backend_size(const MemoryBackend *backend);
/* What its size and its guest address are to be multiples of if it is a device's: 2 MiB,
 * so that large pages can be used, or its file's pages. */
guint64 memory_backend_align(const MemoryBackend *backend);
/* Size of the host's pages that it is made of. */
guint64 memory_backend_page_size(const MemoryBackend *backend);
/* Whether reading what nobody has written takes no page of the host: private memory without a
 * file. */
bool memory_backend_reads_free(const MemoryBackend *backend);
/* Allocates the pages of a part, as property `prealloc` does for all; fails with no-memory or
 * not-supported. */
bool memory_backend_populate(MemoryBackend *backend, guint64 offset, guint64 size,
                             GError **error);

/* ---- memory-lost.c: memory that the host has lost ---- */

/* Whether a host address is in a backend's memory: any thread, also in a signal handler. */
bool memory_lost_is_guests(const void *address);
/*
 * Names the backend of an address and what happened to its memory, newly
 * allocated; NULL: no backend. Any thread.
 */
char *memory_lost_describe(const void *address);
/* The same for the first backend whose file has become shorter.  Any thread. */
char *memory_lost_find(void);
/* Whether nothing may be written there. */
bool memory_backend_is_readonly(const MemoryBackend *backend);
/* Marks it as mapped by a machine or device (query-memdev, exclusive use), whose property
 * `property` names it; fails with in-use, or invalid-value if it is to be written and is
 * read-only. */
bool memory_backend_claim(MemoryBackend *backend, const char *property, bool written,
                          GError **error);
void memory_backend_unclaim(MemoryBackend *backend);
/* From pin to unpin the memory stays mapped, even if the object is removed; who pins holds
 * a reference to the object, too.  Pin: main thread, while it is complete; unpin: any
 * thread. */
void memory_backend_pin(MemoryBackend *backend);
void memory_backend_unpin(MemoryBackend *backend);

#endif
