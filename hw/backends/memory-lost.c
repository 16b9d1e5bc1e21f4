/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that the host has lost: finds its backend.
 *
 * Truncating a file removes its pages; a full file system or an empty pool of
 * huge pages has none to give.  A thread that touches such a page gets SIGBUS,
 * and KVM fails with EFAULT.
 *
 * Ranges are found without a lock, since a signal handler searches them.  They
 * are never freed, but reused.
 */
#include "config.h"
#include "hw/backends/memory-backend.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "hw/backends/memory-backend-internal.h"
#include "qom/qapi-objects-memory.h"

typedef struct Range Range;
struct Range {
    guintptr start, end;        /* start 0: free */
    MemoryBackend *backend;     /* mutex */
    Range *next;
};

static Range *ranges;
static GMutex mutex;

static Range *free_range(void)
{
    Range *r;

    for (r = ranges; r; r = r->next) {
        if (!r->start) {
            return r;
        }
    }
    r = g_new0(Range, 1);
    r->next = ranges;
    __atomic_store_n(&ranges, r, __ATOMIC_RELEASE);
    return r;
}

void memory_lost_watch(MemoryBackend *backend)
{
    Range *r;

    g_mutex_lock(&mutex);
    r = free_range();
    r->backend = backend;
    __atomic_store_n(&r->end, (guintptr)backend->hva + memory_backend_size(backend),
                     __ATOMIC_RELEASE);
    __atomic_store_n(&r->start, (guintptr)backend->hva, __ATOMIC_RELEASE);
    g_mutex_unlock(&mutex);
}

void memory_lost_unwatch(const MemoryBackend *backend)
{
    g_mutex_lock(&mutex);
    for (Range *r = ranges; r; r = r->next) {
        if (r->start && r->backend == backend) {
            __atomic_store_n(&r->start, 0, __ATOMIC_RELEASE);
            r->backend = NULL;
        }
    }
    g_mutex_unlock(&mutex);
}

static Range *range_at(const void *address)
{
    for (Range *r = __atomic_load_n(&ranges, __ATOMIC_ACQUIRE); r; r = r->next) {
        guintptr start = __atomic_load_n(&r->start, __ATOMIC_ACQUIRE);

        if (start && (guintptr)address >= start &&
            (guintptr)address < __atomic_load_n(&r->end, __ATOMIC_ACQUIRE)) {
            return r;
        }
    }
    return NULL;
}

bool memory_lost_is_guests(const void *address)
{
    return range_at(address) != NULL;
}

/* By the size that the kernel has cached, without asking the file system's server. */
static bool is_shorter(const MemoryBackend *backend)
{
    struct statx stx;

    return backend->fd >= 0 &&
           statx(backend->fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE | STATX_SIZE,
                 &stx) == 0 && S_ISREG(stx.stx_mode) &&
           stx.stx_size < memory_backend_size(backend);
}

static char *describe(const MemoryBackend *backend)
{
    const Object *obj = &backend->object;
    g_autofree char *file = NULL;

    if (object_is_a(obj, &qmp_class_memory_backend_file)) {
        file = g_strdup_printf(", file '%s'",
                               memory_backend_file_props(obj)->mem_path);
    }
    return g_strdup_printf("memory backend '%s'%s: %s", obj->name, file ? file : "",
                           is_shorter(backend) ? "the file has become shorter"
                                               : "the host has no page for it");
}

char *memory_lost_describe(const void *address)
{
    Range *r;
    char *text = NULL;

    g_mutex_lock(&mutex);
    r = range_at(address);
    if (r) {
        text = describe(r->backend);
    }
    g_mutex_unlock(&mutex);
    return text;
}

char *memory_lost_find(void)
{
    char *text = NULL;

    g_mutex_lock(&mutex);
    for (Range *r = ranges; r && !text; r = r->next) {
        if (r->start && is_shorter(r->backend)) {
            text = describe(r->backend);
        }
    }
    g_mutex_unlock(&mutex);
    return text;
}
