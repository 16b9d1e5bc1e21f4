/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nothing: what a start and an end cost.
 */
#include "tests/bench/guests/guest.h"

const char bench_name[] = "empty";

uint64_t bench_run(void)
{
    return 0;
}
