/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Included before each file of a build with --enable-sanitizers=thread: tells ThreadSanitizer of
 * GLib's mutexes and conditions, which it cannot see, as GLib has its own on futexes and is not
 * built with it.
 */
#ifndef TESTS_LIB_THREAD_SANITIZER_H
#define TESTS_LIB_THREAD_SANITIZER_H

#include <glib.h>

void __tsan_acquire(void *address);
void __tsan_release(void *address);

static inline void seen_mutex_lock(GMutex *mutex)
{
    g_mutex_lock(mutex);
    __tsan_acquire(mutex);
}

static inline gboolean seen_mutex_trylock(GMutex *mutex)
{
    gboolean locked = g_mutex_trylock(mutex);

    if (locked) {
        __tsan_acquire(mutex);
    }
    return locked;
}

static inline void seen_mutex_unlock(GMutex *mutex)
{
    __tsan_release(mutex);
    g_mutex_unlock(mutex);
}

static inline void seen_cond_wait(GCond *cond, GMutex *mutex)
{
    __tsan_release(mutex);
    g_cond_wait(cond, mutex);
    __tsan_acquire(mutex);
}

static inline gboolean seen_cond_wait_until(GCond *cond, GMutex *mutex, gint64 end_time)
{
    gboolean signalled;

    __tsan_release(mutex);
    signalled = g_cond_wait_until(cond, mutex, end_time);
    __tsan_acquire(mutex);
    return signalled;
}

#define g_mutex_lock seen_mutex_lock
#define g_mutex_trylock seen_mutex_trylock
#define g_mutex_unlock seen_mutex_unlock
#define g_cond_wait seen_cond_wait
#define g_cond_wait_until seen_cond_wait_until

#endif
