/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A screen of 1024x768 that changes as a whole all the time.
 */
#include "tests/bench/guests/frames.h"

const char bench_name[] = "frames";

uint64_t bench_run(void)
{
    frames_show(1024, 768);
    return 0;
}
