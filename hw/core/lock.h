/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A fair lock: a ticket lock that sleeps.  Threads get it in the order in which
 * they ask, so a vCPU that exits 100,000 times a second cannot starve the main
 * loop.  Not recursive.
 *
 * All functions may be called from any thread; a FairLock must be initialized
 * before a second thread sees it, and needs no destruction.
 */
#ifndef HW_CORE_LOCK_H
#define HW_CORE_LOCK_H

#include <glib.h>
#include <stdbool.h>

typedef struct {
    guint32 next;               /* ticket for the next thread */
    guint32 serving;            /* ticket of the holder, or of the thread that may take it */
    const void *owner;          /* mark of the holder's thread, NULL: free */
    bool barrier_shared;        /* qom/barrier.h */
} FairLock;

void fair_lock_init(FairLock *lock);
/* Waits until all threads that came before have had the lock.  The caller must
 * not hold it already. */
void fair_lock_acquire(FairLock *lock);
/* Hands the lock to the thread that has waited longest.  The caller must hold
 * it. */
void fair_lock_release(FairLock *lock);
/* Whether this thread holds it. */
bool fair_lock_mine(const FairLock *lock);

/* That this thread holds it, or does not, in builds that check (qom/checks.h).  NULL passes: there
 * is no lock where there is one thread (tests). */
#ifdef DEBUG_CHECKS
void fair_lock_assert(const FairLock *lock);
void fair_lock_assert_not(const FairLock *lock);
#else
static inline void fair_lock_assert(const FairLock *lock)
{
}

static inline void fair_lock_assert_not(const FairLock *lock)
{
}
#endif

#endif
