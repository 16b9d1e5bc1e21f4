/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interface between a timed program and its environment (a machine or this
 * host).
 */
#ifndef BENCH_GUESTS_GUEST_H
#define BENCH_GUESTS_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The program: its name, and what it computes. */
extern const char bench_name[];
uint64_t bench_run(void);

/* What a machine does with it: runs it (machine.c), or runs it on two CPUs (pair.c). */
uint64_t guest_run(void);

/* Mixes a value into a sum. */
static inline uint64_t bench_mix(uint64_t sum, uint64_t value)
{
    sum ^= value;
    sum *= UINT64_C(0x9e3779b97f4a7c15);
    return sum ^ sum >> 29;
}

/* The next of a row of numbers that look random (xorshift64). */
static inline uint64_t bench_random(uint64_t *state)
{
    uint64_t x = *state;

    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return *state = x;
}

#endif
