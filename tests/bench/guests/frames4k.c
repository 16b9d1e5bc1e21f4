/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A screen of 3840x2160 that changes as a whole all the time.
 */
#include "tests/bench/guests/frames.h"

const char bench_name[] = "frames4k";

uint64_t bench_run(void)
{
    frames_show(3840, 2160);
    return 0;
}
