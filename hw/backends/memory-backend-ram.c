/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory-backend-ram: anonymous memory.  Shared memory has a descriptor,
 * without which no other process could map it.
 */
#include "config.h"
#include "hw/backends/memory-backend.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hw/backends/memory-backend-internal.h"
#include "qmp/error.h"
#include "qom/qapi-objects-memory.h"

static bool make_shared(MemoryBackend *b, guint64 size, GError **error)
{
    b->fd = memfd_create("memory-backend-ram", MFD_CLOEXEC);
    if (b->fd < 0 || ftruncate(b->fd, size) < 0) {
        qmp_error_set_errno(error, ERROR_REASON_NO_MEMORY, errno,
                            "cannot create %" G_GUINT64_FORMAT " bytes of shared memory", size);
        qmp_error_blame(error, "size");
        return false;
    }
    return true;
}

static bool ram_prepare(Object *obj, GError **error)
{
    MemoryBackend *b = to_memory_backend(obj);
    const MemoryBackendProps *props = memory_backend_props(obj);

    if ((props->share && !make_shared(b, props->size, error)) ||
        !memory_backend_map(b, 0, false, error)) {
        memory_backend_unmap(b);
        return false;
    }
    return true;
}

static void ram_release(Object *obj)
{
    memory_backend_unmap(to_memory_backend(obj));
}

static const ObjectOps ram_object_ops = {
    .prepare = ram_prepare,
    .release = ram_release,
};

const TypeInfo memory_backend_ram_type = {
    .schema = &qmp_class_memory_backend_ram,
    .object = &ram_object_ops,
};
