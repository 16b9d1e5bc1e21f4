/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See allocations.h.  The C library's own names for its functions are what is
 * left to call when malloc is ours.
 */
#include "config.h"
#include "tests/lib/allocations.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static gint counting, counted;

void allocations_init(char **argv)
{
    if (!g_getenv("G_SLICE") && g_setenv("G_SLICE", "always-malloc", true)) {
        execv("/proc/self/exe", argv);
    }
}

void allocations_start(void)
{
    g_atomic_int_set(&counted, 0);
    g_atomic_int_set(&counting, 1);
}

guint allocations_stop(void)
{
    g_atomic_int_set(&counting, 0);
    return g_atomic_int_get(&counted);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)

bool allocations_counted(void)
{
    return false;
}

#else

bool allocations_counted(void)
{
    return true;
}

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static void count(void)
{
    if (g_atomic_int_get(&counting)) {
        g_atomic_int_inc(&counted);
    }
}

void *malloc(size_t size)
{
    count();
    return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    count();
    return __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
    count();
    return __libc_realloc(p, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    count();
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **ret, size_t alignment, size_t size)
{
    void *p;

    count();
    p = __libc_memalign(alignment, size);
    if (!p) {
        return ENOMEM;
    }
    *ret = p;
    return 0;
}

#endif
