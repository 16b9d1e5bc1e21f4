/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CRC-32 by table, FNV-1a, and a hash table with open addressing: chains of
 * arithmetic that wait for each other, and small tables.
 */
#include "tests/bench/guests/guest.h"

enum { SIZE = 1 << 16, ROUNDS = 1500, SLOTS = 1 << 16, KEYS = 40000, TABLE_ROUNDS = 60 };

const char bench_name[] = "hash";

static uint8_t data[SIZE];
static uint32_t crc_table[256];
static struct {
    uint64_t key, value;
} slots[SLOTS];

static void make_crc_table(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;

        for (int bit = 0; bit < 8; bit++)
            c = c >> 1 ^ (c & 1 ? 0xedb88320u : 0);
        crc_table[i] = c;
    }
}

static uint32_t crc32(uint32_t crc)
{
    for (int i = 0; i < SIZE; i++)
        crc = crc >> 8 ^ crc_table[(crc ^ data[i]) & 0xff];
    return crc;
}

static uint64_t fnv1a(uint64_t hash)
{
    for (int i = 0; i < SIZE; i++)
        hash = (hash ^ data[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static void add(uint64_t key, uint64_t value)
{
    uint32_t at = (uint32_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 48);

    while (slots[at].key && slots[at].key != key)
        at = (at + 1) % SLOTS;
    slots[at].key = key;
    slots[at].value += value;
}

static uint64_t use_table(uint64_t *state, uint64_t sum)
{
    for (int i = 0; i < SLOTS; i++)
        slots[i].key = slots[i].value = 0;
    for (int i = 0; i < KEYS; i++)
        add(bench_random(state) | 1, (uint64_t)i);
    for (int i = 0; i < SLOTS; i++)
        sum = bench_mix(sum, slots[i].key ^ slots[i].value);
    return sum;
}

uint64_t bench_run(void)
{
    uint64_t state = 1234567, sum = 0, fnv = UINT64_C(0xcbf29ce484222325);
    uint32_t crc = 0;

    make_crc_table();
    for (int i = 0; i < SIZE; i++)
        data[i] = (uint8_t)bench_random(&state);
    for (int round = 0; round < ROUNDS; round++) {
        crc = crc32(~crc);
        fnv = fnv1a(fnv);
    }
    for (int round = 0; round < TABLE_ROUNDS; round++)
        sum = use_table(&state, sum);
    return bench_mix(bench_mix(sum, crc), fnv);
}
