/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the memory backends share: the struct, and mapping by their common
 * properties.
 */
#ifndef HW_BACKENDS_MEMORY_BACKEND_INTERNAL_H
#define HW_BACKENDS_MEMORY_BACKEND_INTERNAL_H

#include "hw/backends/memory-backend.h"

struct MemoryBackend {
    Object object;
    void *hva;                  /* NULL while not prepared */
    int fd;                     /* or -1 */
    bool claimed;
    gint pins;                  /* atomic */
    guint64 allocated;          /* bytes, by prealloc; atomic */
};

/* Maps backend->fd, or anonymous memory, places and allocates it.  align 0: the
 * default; the size was not checked yet.  On failure only the descriptor is
 * left for the caller to close.  For prepare hooks. */
bool memory_backend_map(MemoryBackend *backend, guint64 align, bool readonly, GError **error);

/* Undoes it and closes the descriptor, unless the memory is pinned: then the end of the
 * object does.  For release hooks, and for prepare hooks that fail. */
void memory_backend_unmap(MemoryBackend *backend);

/* memory-lost.c: records where the memory is mapped, from map to unmap. */
void memory_lost_watch(MemoryBackend *backend);
void memory_lost_unwatch(const MemoryBackend *backend);

#endif
