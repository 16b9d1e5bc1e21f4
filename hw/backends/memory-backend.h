/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory back ends: host memory that a machine maps as its RAM.
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
/* Descriptor behind it, or -1 (anonymous). */
int memory_backend_fd(const MemoryBackend *backend);
/* Marks it as mapped by a machine or device (query-memdev, exclusive use);
 * fails with in-use, or invalid-value if it is read-only. */
bool memory_backend_claim(MemoryBackend *backend, GError **error);
void memory_backend_unclaim(MemoryBackend *backend);

#endif
