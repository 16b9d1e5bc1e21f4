/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asymmetric fences: one side costs nothing.
 *
 * Two threads that each store a value and then load the other's need a full fence in between, so
 * that at least one sees the other's store.  If one of them does so very often and the other
 * rarely, the latter issues both fences: membarrier(2) returns when all threads of the process have
 * passed one.  Where the kernel lacks it, each side issues its own.
 */
#ifndef QOM_BARRIER_H
#define QOM_BARRIER_H

#include <glib.h>
#include <stdbool.h>

/* Whether the kernel supports this: the value of `shared` for the other functions, which all
 * parties must agree on.  Any thread. */
bool barrier_is_shared(void);
/* The fence of the rare side: costs a system call. */
void barrier_for_all(bool shared);

/* The fence of the frequent side. */
static inline void barrier_for_one(bool shared)
{
    if (G_LIKELY(shared)) {
        __atomic_signal_fence(__ATOMIC_SEQ_CST);
    } else {
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
    }
}

#endif
