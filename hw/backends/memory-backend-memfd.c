/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory-backend-memfd: anonymous memory with a descriptor, of huge pages if
 * wanted, whose size can be sealed.
 */
#include "config.h"
#include "hw/backends/memory-backend.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hw/backends/host-memory.h"
#include "hw/backends/memory-backend-internal.h"
#include "qmp/error.h"
#include "qom/qapi-objects-memory.h"

static bool check_hugetlb(const MemoryBackendMemfdProps *props, GError **error)
{
    if (props->has_hugetlbsize && !props->hugetlb) {
        qmp_error_set_at(error, "hugetlbsize", ERROR_REASON_INVALID_VALUE,
                         "property 'hugetlbsize' is of no use with 'hugetlb' off");
        return false;
    }
    if (props->has_hugetlbsize && (props->hugetlbsize & (props->hugetlbsize - 1))) {
        qmp_error_set_at(error, "hugetlbsize", ERROR_REASON_INVALID_VALUE,
                         "property 'hugetlbsize' is %" G_GUINT64_FORMAT
                         ", which is not a power of two", props->hugetlbsize);
        return false;
    }
    return true;
}

static guint memfd_flags(const MemoryBackendMemfdProps *props)
{
    guint flags = MFD_CLOEXEC | (props->seal ? MFD_ALLOW_SEALING : 0) |
                  (props->hugetlb ? MFD_HUGETLB : 0);

    if (props->has_hugetlbsize) {
        flags |= (guint)(63 - __builtin_clzll(props->hugetlbsize)) << MFD_HUGE_SHIFT;
    }
    return flags;
}

static ErrorReason open_failure(int error, bool hugetlb)
{
    if (error == EMFILE || error == ENFILE) {
        return ERROR_REASON_HOST_ERROR;
    }
    return error == ENOMEM && !hugetlb ? ERROR_REASON_NO_MEMORY : ERROR_REASON_NOT_SUPPORTED;
}

static bool open_memfd(MemoryBackend *b, const MemoryBackendMemfdProps *props, GError **error)
{
    b->fd = memfd_create("memory-backend-memfd", memfd_flags(props));
    if (b->fd < 0) {
        qmp_error_set_errno(error, open_failure(errno, props->hugetlb), errno,
                            "cannot create %smemory", props->hugetlb ? "huge-page " : "");
        return false;
    }
    if (props->size % host_page_size(b->fd) == 0 && ftruncate(b->fd, props->size) < 0) {
        qmp_error_set_errno(error, ERROR_REASON_NO_MEMORY, errno,
                            "cannot create %" G_GUINT64_FORMAT " bytes of memory", props->size);
        qmp_error_blame(error, "size");
        return false;
    }
    return true;
}

static bool seal(MemoryBackend *b, const MemoryBackendMemfdProps *props, GError **error)
{
    if (props->seal &&
        fcntl(b->fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno, "cannot seal memory");
        return false;
    }
    return true;
}

static bool memfd_prepare(Object *obj, GError **error)
{
    MemoryBackend *b = to_memory_backend(obj);
    const MemoryBackendMemfdProps *props = memory_backend_memfd_props(obj);

    if (!check_hugetlb(props, error) || !open_memfd(b, props, error) ||
        !seal(b, props, error) || !memory_backend_map(b, 0, false, error)) {
        memory_backend_unmap(b);
        return false;
    }
    return true;
}

static void memfd_release(Object *obj)
{
    memory_backend_unmap(to_memory_backend(obj));
}

static const ObjectOps memfd_object_ops = {
    .prepare = memfd_prepare,
    .release = memfd_release,
};

const TypeInfo memory_backend_memfd_type = {
    .schema = &qmp_class_memory_backend_memfd,
    .object = &memfd_object_ops,
};
