/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A list of 64 KiB entries, a cache line each, that leads through 4 MiB in random
 * order: each load waits for the one before, and most need another page.
 */
#include "tests/bench/guests/guest.h"

enum { ENTRIES = 1 << 16, STEPS = 10000000 };

const char bench_name[] = "chase";

static struct Entry {
    struct Entry *next;
    uint64_t value;
    uint8_t rest[48];
} entries[ENTRIES];

static uint32_t order[ENTRIES];

uint64_t bench_run(void)
{
    uint64_t state = 2463534242u, sum = 0;
    const struct Entry *at;

    for (uint32_t i = 0; i < ENTRIES; i++)
        order[i] = i;
    for (uint32_t i = ENTRIES - 1; i > 0; i--) {
        uint32_t j = (uint32_t)(bench_random(&state) % (i + 1)), swap = order[i];

        order[i] = order[j];
        order[j] = swap;
    }
    for (uint32_t i = 0; i < ENTRIES; i++) {
        entries[order[i]].next = &entries[order[(i + 1) % ENTRIES]];
        entries[order[i]].value = i;
    }
    at = entries;
    for (int i = 0; i < STEPS; i++) {
        sum += at->value;
        at = at->next;
    }
    return bench_mix(sum, at->value);
}
