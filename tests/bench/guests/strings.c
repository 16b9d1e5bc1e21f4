/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memcpy, memset, strlen, strcmp and strchr as C has them without a library: tight
 * loops of bytes and words.
 */
#include "tests/bench/guests/guest.h"

enum { SIZE = 1 << 15, ROUNDS = 24000, TEXTS = 64, TEXT = 200 };

const char bench_name[] = "strings";

static uint64_t from[SIZE / 8], to[SIZE / 8];
static char texts[TEXTS][TEXT + 1];

#define KEPT __attribute__((noinline))

KEPT static void copy_words(uint64_t *dst, const uint64_t *src, size_t n)
{
    while (n--)
        *dst++ = *src++;
}

KEPT static void copy_bytes(char *dst, const char *src, size_t n)
{
    while (n--)
        *dst++ = *src++;
}

KEPT static void set_words(uint64_t *dst, uint64_t value, size_t n)
{
    while (n--)
        *dst++ = value;
}

KEPT static size_t length(const char *text)
{
    const char *p = text;

    while (*p)
        p++;
    return (size_t)(p - text);
}

KEPT static int compare(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return (unsigned char)*a - (unsigned char)*b;
}

KEPT static const char *find(const char *text, char c)
{
    while (*text && *text != c)
        text++;
    return text;
}

static uint64_t use_texts(uint64_t sum)
{
    for (int i = 0; i + 1 < TEXTS; i++) {
        char copy[TEXT + 1];
        size_t n = length(texts[i]);

        copy_bytes(copy, texts[i], n + 1);
        sum = bench_mix(sum, n + (uint64_t)compare(copy, texts[i + 1]));
        sum = bench_mix(sum, (uint64_t)(find(copy, '!') - copy));
        sum += (uint64_t)compare(copy, texts[i]);
    }
    return sum;
}

uint64_t bench_run(void)
{
    uint64_t state = 42, sum = 0;

    for (int i = 0; i < TEXTS; i++) {
        size_t n = TEXT - bench_random(&state) % 100;

        for (size_t j = 0; j < n; j++)
            texts[i][j] = (char)('a' + (j * 7 + (j > 150 ? (size_t)i : 0)) % 26);
        texts[i][n] = '\0';
    }
    for (int round = 0; round < ROUNDS; round++) {
        set_words(from, (uint64_t)round, SIZE / 8);
        from[round % (SIZE / 8)] = sum;
        copy_words(to, from, SIZE / 8);
        sum = use_texts(bench_mix(sum, to[round % (SIZE / 8)] + (uint64_t)round + 1));
    }
    return sum;
}
