/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rep movsb and rep stosq over pieces from a few bytes to many pages.
 */
#include "tests/bench/guests/guest.h"

enum { SIZE = 1 << 18, ROUNDS = 8000, SMALL_ROUNDS = 8000000 };

const char bench_name[] = "repmov";

static uint64_t from[SIZE / 8 + 8], to[SIZE / 8 + 8];

static void copy(void *dst, const void *src, size_t n)
{
    __asm__ volatile("rep movsb" : "+D"(dst), "+S"(src), "+c"(n) : : "memory");
}

static void fill(void *dst, uint64_t value, size_t n)
{
    __asm__ volatile("rep stosq" : "+D"(dst), "+c"(n) : "a"(value) : "memory");
}

uint64_t bench_run(void)
{
    uint64_t sum = 0, state = 5;

    for (uint64_t round = 0; round < ROUNDS; round++) {
        fill(from, round * 3, SIZE / 8);
        from[round] = sum;
        copy((uint8_t *)to + round % 8, from, SIZE);
        sum = bench_mix(sum, to[round + 1]);
    }
    for (uint64_t round = 0; round < SMALL_ROUNDS; round++) {
        uint64_t n = bench_random(&state) % 256;

        copy((uint8_t *)to + n, (uint8_t *)from + round % 1000, n);
        sum += to[n / 8];
    }
    return bench_mix(sum, to[SIZE / 16]);
}
