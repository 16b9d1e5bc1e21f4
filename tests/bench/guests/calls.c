/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Recursion: calls, returns, pushes and pops.
 */
#include "tests/bench/guests/guest.h"

#define KEPT __attribute__((noinline, noclone, optimize("no-optimize-sibling-calls")))

const char bench_name[] = "calls";

KEPT static uint32_t fibonacci(uint32_t n)
{
    return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

KEPT static uint32_t ackermann(uint32_t m, uint32_t n)
{
    if (!m)
        return n + 1;
    return ackermann(m - 1, n ? ackermann(m, n - 1) : 1);
}

static uint64_t moves;

KEPT static void hanoi(int discs, int from, int to, int over)
{
    if (!discs)
        return;
    hanoi(discs - 1, from, over, to);
    moves = moves * 3 + (uint64_t)(from * 4 + to);
    hanoi(discs - 1, over, to, from);
}

uint64_t bench_run(void)
{
    uint64_t sum = 0;

    for (uint32_t n = 30; n < 38; n++)
        sum = bench_mix(sum, fibonacci(n));
    for (uint32_t n = 0; n < 8; n++)
        sum = bench_mix(sum, ackermann(2, 200 + n) + ackermann(3, n));
    for (int discs = 18; discs < 24; discs++)
        hanoi(discs, 0, 1, 2);
    return bench_mix(sum, moves);
}
