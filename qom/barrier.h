/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fences of which one side is free.
 *
 * Two threads, of which each stores something and then looks at what the other stores, need a full
 * fence each in between, so that one sees the other's.  If one of them does that very often and the
 * other once in a while, the latter makes both: membarrier(2) returns when all threads of the
 * process have passed one.  Where the kernel has none, both make their own.
 */
#ifndef QOM_BARRIER_H
#define QOM_BARRIER_H

#include <glib.h>
#include <stdbool.h>

/* Whether the kernel can, which is what the others take as `shared`; all parties must be told the
 * same.  Any thread. */
bool barrier_is_shared(void);
/* Of the one that does it once in a while: costs a system call. */
void barrier_for_all(bool shared);

/* Of the one that does it often. */
static inline void barrier_for_one(bool shared)
{
    if (G_LIKELY(shared)) {
        __atomic_signal_fence(__ATOMIC_SEQ_CST);
    } else {
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
    }
}

#endif
