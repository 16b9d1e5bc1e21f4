/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Promises that builds for debugging check: that an object is of a class, a lock is held, a
 * function runs on the thread that it is for.  configure's --enable-debug and
 * --enable-sanitizers define DEBUG_CHECKS for that; in other builds checks cost nothing.
 *
 * A promise that is not kept is a mistake in vmd, whatever the guest or a client does.  So a
 * failed check says what is wrong and aborts.
 */
#ifndef QOM_CHECKS_H
#define QOM_CHECKS_H

#include <glib.h>

#ifdef DEBUG_CHECKS

/* Says what was wrong, and aborts.  Any thread. */
void check_failed(const char *format, ...) G_GNUC_PRINTF(1, 2) G_GNUC_NORETURN;

/* That this is the main thread, which is the one that the process began with. */
void main_thread_assert(void);

#else

static inline void main_thread_assert(void)
{
}

#endif

#endif
