/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Conditions that debug builds check: that an object is of a class, that a lock is held, that
 * a function runs on the right thread.  configure's --enable-debug and --enable-sanitizers
 * define DEBUG_CHECKS for that; in other builds checks cost nothing.
 *
 * A condition that does not hold is a bug in vmd, whatever the guest or a client does.  So a
 * failed check reports what is wrong and aborts.
 */
#ifndef QOM_CHECKS_H
#define QOM_CHECKS_H

#include <glib.h>

#ifdef DEBUG_CHECKS

/* Reports what is wrong, and aborts.  Any thread. */
void check_failed(const char *format, ...) G_GNUC_PRINTF(1, 2) G_GNUC_NORETURN;

/* Checks that this is the main thread, the one that the process began with. */
void main_thread_assert(void);

#else

static inline void main_thread_assert(void)
{
}

#endif

#endif
