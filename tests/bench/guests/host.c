/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A timed program on this host: the native baseline.
 */
#include "tests/bench/guests/guest.h"

#include <inttypes.h>
#include <stdio.h>

int main(void)
{
    uint64_t sum = bench_run();

    return printf("%s %016" PRIx64 "\n", bench_name, sum) < 0;
}
