/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The class `memory-backend`: what memory-backend-ram, -memfd and -file have in
 * common: everything except the source of the memory.
 */
#include "config.h"
#include "hw/backends/memory-backend.h"

#include <sys/mman.h>
#include <unistd.h>

#include "hw/backends/host-memory.h"
#include "hw/backends/memory-backend-internal.h"
#include "qmp/error.h"
#include "qom/qapi-objects-memory.h"

/* Large memory is aligned so that the host can use large pages for it. */
#define LARGE_ALIGN (2 * 1024 * 1024)

void *memory_backend_hva(const MemoryBackend *backend)
{
    return backend->hva;
}

guint64 memory_backend_size(const MemoryBackend *backend)
{
    return memory_backend_props(backend)->size;
}

guint64 memory_backend_align(const MemoryBackend *backend)
{
    return backend->fd < 0 ? LARGE_ALIGN : host_page_size(backend->fd);
}

guint64 memory_backend_page_size(const MemoryBackend *backend)
{
    return host_page_size(backend->fd);
}

bool memory_backend_reads_free(const MemoryBackend *backend)
{
    return backend->fd < 0 && !memory_backend_props(backend)->share;
}

bool memory_backend_populate(MemoryBackend *backend, guint64 offset, guint64 size,
                             GError **error)
{
    const MemoryBackendProps *props = memory_backend_props(backend);
    const HostMapping part = { .fd = backend->fd, .size = size, .share = props->share };
    guint64 progress = 0;

    return host_memory_populate((char *)backend->hva + offset, &part, host_page_size(backend->fd),
                                props->prealloc_threads, &progress, error);
}

bool memory_backend_is_readonly(const MemoryBackend *backend)
{
    return object_is_a(&backend->object, &qmp_class_memory_backend_file) &&
           memory_backend_file_props(backend)->readonly;
}

bool memory_backend_claim(MemoryBackend *backend, const char *property, bool written,
                          GError **error)
{
    if (backend->claimed) {
        qmp_error_set_at(error, property, ERROR_REASON_IN_USE,
                         "memory backend '%s' is mapped already", backend->object.name);
        return false;
    }
    if (written && memory_backend_is_readonly(backend)) {
        qmp_error_set_at(error, property, ERROR_REASON_INVALID_VALUE,
                         "memory backend '%s' is read-only and cannot be RAM",
                         backend->object.name);
        return false;
    }
    backend->claimed = true;
    return true;
}

void memory_backend_unclaim(MemoryBackend *backend)
{
    backend->claimed = false;
}

void memory_backend_pin(MemoryBackend *backend)
{
    g_atomic_int_inc(&backend->pins);
}

void memory_backend_unpin(MemoryBackend *backend)
{
    (void)g_atomic_int_dec_and_test(&backend->pins);
}

/* ---- Mapping ---- */

static bool check_properties(const MemoryBackend *b, guint64 page_size, GError **error)
{
    const MemoryBackendProps *props = memory_backend_props(b);

    if (props->size % page_size) {
        qmp_error_set_at(error, "size", ERROR_REASON_INVALID_VALUE, "property 'size' is %"
                         G_GUINT64_FORMAT ", which is not a multiple of the page size %"
                         G_GUINT64_FORMAT, props->size, page_size);
        return false;
    }
    if (props->prealloc && !props->reserve) {
        qmp_error_set_at(error, "prealloc", ERROR_REASON_INVALID_VALUE,
                         "properties 'prealloc' on and 'reserve' off exclude each other");
        return false;
    }
    if ((props->policy == HOST_MEM_POLICY_DEFAULT) != (props->host_nodes.n == 0)) {
        qmp_error_set_at(error, props->host_nodes.n ? "host-nodes" : "policy",
                         ERROR_REASON_INVALID_VALUE,
                         "property 'host-nodes' is %s with policy '%s'",
                         props->host_nodes.n ? "of no use" : "needed",
                         qmp_enum_name(&qmp_type_HostMemPolicy, props->policy));
        return false;
    }
    return true;
}

/* Pages of other file systems and huge pages are not the host's free memory. */
static bool check_available(const MemoryBackend *b, guint64 page_size, GError **error)
{
    guint64 available;

    if (!memory_backend_props(b)->prealloc || page_size != host_page_size(-1) ||
        object_is_a(b, &qmp_class_memory_backend_file) ||
        host_memory_available(memory_backend_props(b)->size, &available)) {
        return true;
    }
    qmp_error_set_at(error, "size", ERROR_REASON_NO_MEMORY, "cannot allocate %" G_GUINT64_FORMAT
                     " bytes of memory in advance: the host has %" G_GUINT64_FORMAT,
                     memory_backend_props(b)->size, available);
    return false;
}

static bool advise(const MemoryBackend *b, int advice, const char *property, GError **error)
{
    if (madvise(b->hva, memory_backend_props(b)->size, advice) < 0) {
        qmp_error_set_errno(error, ERROR_REASON_NOT_SUPPORTED, errno,
                            "this kernel refuses property '%s'", property);
        qmp_error_blame(error, property);
        return false;
    }
    return true;
}

/* Core dumps and merging.  A kernel that cannot merge is an error only if the
 * request asked for it. */
static bool apply_advice(const MemoryBackend *b, GError **error)
{
    const MemoryBackendProps *props = memory_backend_props(b);
    const QmpClass *klass = object_class(b);
    guint merge = qmp_class_member(klass, "merge") - qmp_members(klass->props);
    bool asked = qmp_given(b->object.given, merge);

    if (!props->dump && !advise(b, MADV_DONTDUMP, "dump", error)) {
        return false;
    }
    return !props->merge || props->share ||
           advise(b, MADV_MERGEABLE, "merge", asked ? error : NULL) || !asked;
}

static bool fill(MemoryBackend *b, const HostMapping *mapping, guint64 page_size, GError **error)
{
    const MemoryBackendProps *props = memory_backend_props(b);

    return apply_advice(b, error) &&
           host_memory_bind(b->hva, props->size, props->policy, &props->host_nodes, error) &&
           (!props->prealloc || host_memory_populate(b->hva, mapping, page_size,
                                                     props->prealloc_threads, &b->allocated,
                                                     error));
}

bool memory_backend_map(MemoryBackend *backend, guint64 align, bool readonly, GError **error)
{
    const MemoryBackendProps *props = memory_backend_props(backend);
    guint64 page_size = host_page_size(backend->fd);
    HostMapping mapping = {
        .fd = backend->fd, .size = props->size, .share = props->share, .readonly = readonly,
        .reserve = props->reserve,
        .align = MAX(align, props->size >= LARGE_ALIGN ? MAX(page_size, LARGE_ALIGN) : page_size),
    };

    if (!check_properties(backend, page_size, error) ||
        !check_available(backend, page_size, error)) {
        return false;
    }
    backend->hva = host_memory_map(&mapping, error);
    if (!backend->hva) {
        return false;
    }
    if (!fill(backend, &mapping, page_size, error)) {
        host_memory_unmap(backend->hva, props->size);
        backend->hva = NULL;
        return false;
    }
    memory_lost_watch(backend);
    return true;
}

void memory_backend_unmap(MemoryBackend *backend)
{
    if (g_atomic_int_get(&backend->pins)) {
        return;
    }
    if (backend->hva) {
        memory_lost_unwatch(backend);
        host_memory_unmap(backend->hva, memory_backend_props(backend)->size);
        backend->hva = NULL;
    }
    if (backend->fd >= 0) {
        close(backend->fd);
        backend->fd = -1;
    }
}

/* ---- Life ---- */

static void memory_backend_init(Object *obj)
{
    to_memory_backend(obj)->fd = -1;
}

/* Only what was pinned when it was released is still mapped. */
static void memory_backend_finalize(Object *obj)
{
    memory_backend_unmap(to_memory_backend(obj));
}

static bool memory_backend_changed(Object *obj, const QmpMember *member, GError **error)
{
    const MemoryBackend *b = to_memory_backend(obj);
    const MemoryBackendProps *props = memory_backend_props(b);

    if (g_str_equal(qmp_name(member->name), "dump")) {
        return advise(b, props->dump ? MADV_DODUMP : MADV_DONTDUMP, "dump", error);
    }
    return props->share ||
           advise(b, props->merge ? MADV_MERGEABLE : MADV_UNMERGEABLE, "merge", error);
}

static void memory_backend_refresh(Object *obj, const QmpMember *member)
{
    MemoryBackend *b = to_memory_backend(obj);

    memory_backend_props(b)->allocated = __atomic_load_n(&b->allocated, __ATOMIC_RELAXED);
}

static bool memory_backend_may_delete(Object *obj, GError **error)
{
    if (to_memory_backend(obj)->claimed) {
        qmp_error_set_at(error, "id", ERROR_REASON_IN_USE, "memory backend '%s' is mapped",
                         obj->name);
        return false;
    }
    return true;
}

static const ObjectOps memory_backend_object_ops = {
    .init = memory_backend_init,
    .finalize = memory_backend_finalize,
    .changed = memory_backend_changed,
    .refresh = memory_backend_refresh,
    .may_delete = memory_backend_may_delete,
};

const TypeInfo memory_backend_type = {
    .schema = &qmp_class_memory_backend,
    .size = sizeof(MemoryBackend),
    .object = &memory_backend_object_ops,
};
