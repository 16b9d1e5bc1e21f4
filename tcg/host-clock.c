/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See tcg/host-clock.h.
 */
#include "config.h"
#include "tcg/host-clock.h"

#include <time.h>
#include <x86intrin.h>

gint64 tcg_host_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * G_GINT64_CONSTANT(1000000000) + now.tv_nsec;
}

guint64 tcg_host_tsc(void)
{
    return __rdtsc();
}
