/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's clocks, in a separate file so that tests can replace them.
 */
#ifndef TCG_HOST_CLOCK_H
#define TCG_HOST_CLOCK_H

#include <glib.h>

/* The monotonic clock, in nanoseconds. */
gint64 tcg_host_now(void);
/* The processor's time stamp counter. */
guint64 tcg_host_tsc(void);

#endif
