/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Quicksort of a million numbers: unpredictable branches, loads and stores.
 */
#include "tests/bench/guests/guest.h"

enum { COUNT = 1 << 20, ROUNDS = 8, SMALL = 12 };

const char bench_name[] = "quicksort";

static uint32_t numbers[COUNT];

static void insertion_sort(uint32_t *first, uint32_t *last)
{
    for (uint32_t *p = first + 1; p <= last; p++) {
        uint32_t value = *p, *at = p;

        for (; at > first && at[-1] > value; at--)
            *at = at[-1];
        *at = value;
    }
}

static void sort(uint32_t *first, uint32_t *last)
{
    while (last - first > SMALL) {
        uint32_t pivot = first[(last - first) / 2], *low = first, *high = last;

        while (low <= high) {
            while (*low < pivot)
                low++;
            while (*high > pivot)
                high--;
            if (low <= high) {
                uint32_t value = *low;

                *low++ = *high;
                *high-- = value;
            }
        }
        sort(first, high);
        first = low;
    }
    insertion_sort(first, last);
}

uint64_t bench_run(void)
{
    uint64_t state = 88172645463325252u, sum = 0;

    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < COUNT; i++)
            numbers[i] = (uint32_t)bench_random(&state);
        sort(numbers, numbers + COUNT - 1);
        for (int i = 0; i < COUNT; i += 1000)
            sum = bench_mix(sum, numbers[i]);
    }
    return sum;
}
