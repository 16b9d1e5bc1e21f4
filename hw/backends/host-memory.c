/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host memory; see the header.  Pages are allocated by MADV_POPULATE_WRITE
 * rather than by touching them: a missing page is then an error code and not
 * SIGBUS.
 */
#include "config.h"
#include "hw/backends/host-memory.h"

#include <errno.h>
#include <linux/magic.h>
#include <linux/mempolicy.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "qmp/error.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif

#define MAX_NODES 1024          /* of any kernel */
#define LONG_BITS (8 * sizeof(unsigned long))
#define PROGRESS_STEP (G_GUINT64_CONSTANT(64) << 20)    /* takes the kernel 10 to 100 ms */

guint64 host_page_size(int fd)
{
    struct statfs fs;

    if (fd >= 0 && fstatfs(fd, &fs) == 0 && fs.f_type == HUGETLBFS_MAGIC) {
        return fs.f_bsize;
    }
    return sysconf(_SC_PAGESIZE);
}

/* ---- Mapping ---- */

static void set_map_error(GError **error, guint64 size)
{
    ErrorReason reason = errno == ENOMEM || errno == ENOSPC || errno == EAGAIN
                             ? ERROR_REASON_NO_MEMORY : ERROR_REASON_HOST_ERROR;

    qmp_error_set_errno(error, reason, errno, "cannot map %" G_GUINT64_FORMAT " bytes of memory",
                        size);
    qmp_error_blame(error, "size");
}

/* A range of addresses with room for an aligned mapping, trimmed to it. */
static guint8 *reserve_range(guint64 size, guint64 align)
{
    guint64 total = size + align;
    guint8 *range, *start;

    if (total < size || total > G_MAXSIZE / 2) {
        errno = ENOMEM;
        return NULL;
    }
    range = mmap(NULL, total, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (range == MAP_FAILED) {
        return NULL;
    }
    start = (guint8 *)(((guintptr)range + align - 1) & ~(align - 1));
    if (start > range) {
        munmap(range, start - range);
    }
    if (range + total > start + size) {
        munmap(start + size, range + total - (start + size));
    }
    return start;
}

void *host_memory_map(const HostMapping *mapping, GError **error)
{
    int prot = PROT_READ | (mapping->readonly ? 0 : PROT_WRITE);
    int flags = MAP_FIXED | (mapping->share ? MAP_SHARED : MAP_PRIVATE) |
                (mapping->fd < 0 ? MAP_ANONYMOUS : 0) | (mapping->reserve ? 0 : MAP_NORESERVE);
    void *range = reserve_range(mapping->size, mapping->align);
    int saved_errno;

    if (!range) {
        set_map_error(error, mapping->size);
        return NULL;
    }
    if (mmap(range, mapping->size, prot, flags, mapping->fd, 0) == MAP_FAILED) {
        saved_errno = errno;
        munmap(range, mapping->size);
        errno = saved_errno;
        set_map_error(error, mapping->size);
        return NULL;
    }
    return range;
}

void host_memory_unmap(void *hva, guint64 size)
{
    munmap(hva, size);
}

/* ---- NUMA ---- */

bool host_memory_bind(void *hva, guint64 size, HostMemPolicy policy, const uint16List *nodes,
                      GError **error)
{
    static const int modes[] = {
        [HOST_MEM_POLICY_DEFAULT] = MPOL_DEFAULT,
        [HOST_MEM_POLICY_PREFERRED] = MPOL_PREFERRED,
        [HOST_MEM_POLICY_BIND] = MPOL_BIND,
        [HOST_MEM_POLICY_INTERLEAVE] = MPOL_INTERLEAVE,
    };
    unsigned long mask[MAX_NODES / LONG_BITS] = { 0 };

    if (policy == HOST_MEM_POLICY_DEFAULT) {
        return true;
    }
    for (gsize i = 0; i < nodes->n; i++) {
        if (nodes->items[i] >= MAX_NODES) {
            qmp_error_set_at(error, "host-nodes", ERROR_REASON_OUT_OF_RANGE,
                             "the host has no node %u", nodes->items[i]);
            return false;
        }
        mask[nodes->items[i] / LONG_BITS] |= 1ul << nodes->items[i] % LONG_BITS;
    }
    if (syscall(SYS_mbind, hva, size, modes[policy], mask, MAX_NODES + 1,
                MPOL_MF_STRICT | MPOL_MF_MOVE) < 0) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno,
                            "cannot bind memory to the host's nodes");
        qmp_error_blame(error, "host-nodes");
        return false;
    }
    return true;
}

/* ---- Allocation ---- */

/* What one thread allocates. */
typedef struct {
    guint8 *hva;
    guint64 size;
    guint64 step;               /* bytes at once, so that progress can be seen */
    guint64 *progress;          /* atomic */
    int advice;
    int error;                  /* errno, or 0 */
    GThread *thread;
} Share;

static int populate_piece(guint8 *hva, guint64 size, int advice)
{
    int rc;

    do {
        rc = madvise(hva, size, advice);
    } while (rc < 0 && (errno == EINTR || errno == EAGAIN));
    return rc < 0 ? errno : 0;
}

static gpointer populate_share(gpointer data)
{
    Share *share = data;

    for (guint64 at = 0; at < share->size && !share->error; at += share->step) {
        guint64 size = MIN(share->step, share->size - at);

        share->error = populate_piece(share->hva + at, size, share->advice);
        if (!share->error) {
            __atomic_add_fetch(share->progress, size, __ATOMIC_RELAXED);
        }
    }
    return NULL;
}

/* Distributes the pages and waits for all threads; returns the first error. */
static int populate(Share *shares, guint n, const Share *all, guint64 page_size)
{
    guint64 pages = all->size / page_size;
    guint8 *next = all->hva;
    int error = 0;

    for (guint i = 0; i < n; i++) {
        shares[i] = *all;
        shares[i].hva = next;
        shares[i].size = (pages / n + (i < pages % n)) * page_size;
        next += shares[i].size;
        shares[i].thread = n > 1 ? g_thread_try_new("prealloc", populate_share, &shares[i], NULL)
                                 : NULL;
        if (!shares[i].thread) {
            populate_share(&shares[i]);
        }
    }
    for (guint i = 0; i < n; i++) {
        if (shares[i].thread) {
            g_thread_join(shares[i].thread);
        }
        error = error ? error : shares[i].error;
    }
    return error;
}

bool host_memory_populate(void *hva, const HostMapping *mapping, guint64 page_size,
                          guint n_threads, guint64 *progress, GError **error)
{
    const Share all = {
        .hva = hva, .size = mapping->size, .step = MAX(page_size, PROGRESS_STEP),
        .progress = progress, .advice = mapping->readonly ? MADV_POPULATE_READ
                                                          : MADV_POPULATE_WRITE,
    };
    guint n = CLAMP(n_threads, 1, all.size / page_size);
    g_autofree Share *shares = g_new0(Share, n);
    int rc = populate(shares, n, &all, page_size);

    if (rc == EINVAL) {
        qmp_error_set_at(error, "prealloc", ERROR_REASON_NOT_SUPPORTED,
                         "this kernel cannot allocate memory in advance");
    } else if (rc != 0) {
        qmp_error_set_at(error, "size", ERROR_REASON_NO_MEMORY, "cannot allocate %"
                         G_GUINT64_FORMAT " bytes of memory in advance: %s", all.size,
                         g_strerror(rc == EFAULT ? ENOMEM : rc));
    }
    return rc == 0;
}

bool host_memory_discard(void *hva, gsize size)
{
    return madvise(hva, size, MADV_REMOVE) == 0 || madvise(hva, size, MADV_DONTNEED) == 0;
}

bool host_memory_available(guint64 size, guint64 *ret_available)
{
    g_autofree char *text = NULL;
    guint64 available, swap = 0;
    const char *line;

    if (!g_file_get_contents("/proc/meminfo", &text, NULL, NULL) ||
        !(line = strstr(text, "MemAvailable:")) ||
        sscanf(line, "MemAvailable: %" G_GUINT64_FORMAT, &available) != 1) {
        return true;
    }
    line = strstr(text, "SwapFree:");
    if (line && sscanf(line, "SwapFree: %" G_GUINT64_FORMAT, &swap) != 1) {
        swap = 0;
    }
    *ret_available = (available + swap) * 1024;
    return size <= *ret_available;
}
