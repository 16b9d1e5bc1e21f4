/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fair lock of hw/core/lock.h on a futex.
 *
 * All threads sleep on the word `serving`, each with the bit of its own
 * ticket, so a release wakes only the next in line.  Tickets that are 32 apart
 * share a bit; a thread that wakes without being served sleeps again.
 *
 * A release stores `serving` and then reads `next`; a newcomer takes a ticket from `next` and
 * then reads `serving`.  Releases are frequent, while sleepers are few and make a system call
 * anyway, so the sleepers pay for the fence that both need (qom/barrier.h).
 */
#include "config.h"
#include "hw/core/lock.h"

#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "qom/barrier.h"
#include "qom/checks.h"

/* The first in line checks the lock this often before sleeping: most holders
 * finish a register access faster than a futex call takes. */
enum { SPINS = 64 };

/* Its address identifies the thread without a system call; it is never written. */
static _Thread_local const char thread_mark;

static guint32 ticket_bit(guint32 ticket)
{
    return 1u << (ticket % 32);
}

static void sleep_for(FairLock *lock, guint32 ticket, guint32 seen)
{
    syscall(SYS_futex, &lock->serving, FUTEX_WAIT_BITSET_PRIVATE, seen, NULL, NULL,
            ticket_bit(ticket));
}

static void wait_for_turn(FairLock *lock, guint32 ticket)
{
    bool passed_barrier = false;
    guint spins = 0;

    for (;;) {
        guint32 serving = __atomic_load_n(&lock->serving, __ATOMIC_ACQUIRE);

        if (serving == ticket) {
            return;
        }
        if (ticket - serving == 1 && spins++ < SPINS) {
            __builtin_ia32_pause();
        } else if (!passed_barrier) {
            barrier_for_all(lock->barrier_shared);
            passed_barrier = true;
        } else {
            sleep_for(lock, ticket, serving);
        }
    }
}

void fair_lock_init(FairLock *lock)
{
    *lock = (FairLock){ .barrier_shared = barrier_is_shared() };
}

void fair_lock_acquire(FairLock *lock)
{
    guint32 ticket;

    fair_lock_assert_not(lock);
    ticket = __atomic_fetch_add(&lock->next, 1, __ATOMIC_SEQ_CST);
    wait_for_turn(lock, ticket);
    __atomic_store_n(&lock->owner, &thread_mark, __ATOMIC_RELAXED);
}

void fair_lock_release(FairLock *lock)
{
    guint32 next = __atomic_load_n(&lock->serving, __ATOMIC_RELAXED) + 1;

    fair_lock_assert(lock);
    __atomic_store_n(&lock->owner, NULL, __ATOMIC_RELAXED);
    __atomic_store_n(&lock->serving, next, __ATOMIC_RELEASE);
    barrier_for_one(lock->barrier_shared);
    if (__atomic_load_n(&lock->next, __ATOMIC_RELAXED) != next) {
        syscall(SYS_futex, &lock->serving, FUTEX_WAKE_BITSET_PRIVATE, INT_MAX, NULL, NULL,
                ticket_bit(next));
    }
}

bool fair_lock_mine(const FairLock *lock)
{
    return __atomic_load_n(&lock->owner, __ATOMIC_RELAXED) == &thread_mark;
}

#ifdef DEBUG_CHECKS

void fair_lock_assert(const FairLock *lock)
{
    if (lock && !fair_lock_mine(lock)) {
        check_failed("this thread does not hold the lock");
    }
}

void fair_lock_assert_not(const FairLock *lock)
{
    if (lock && fair_lock_mine(lock)) {
        check_failed("this thread holds the lock already");
    }
}

#endif
