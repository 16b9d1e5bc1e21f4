/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SSE2 in floats and doubles: packed loops, scalar steps with division and square
 * root, conversions.  Where CPUID has AVX a dot product uses it, in the same order of
 * additions, so that the sum is the same.
 */
#include "tests/bench/guests/guest.h"

#include <immintrin.h>

enum { COUNT = 2048, ROUNDS = 20000, SIDE = 96, BODIES = 8, STEPS = 400000, PRODUCTS = 24 };

const char bench_name[] = "floats";

static float a[COUNT], b[COUNT];
static double left[SIDE][SIDE], right[SIDE][SIDE], product[SIDE][SIDE];

static bool has_avx(void)
{
    uint32_t eax = 1, ebx, ecx = 0, edx;

    __asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    return (ecx & 0x18000000) == 0x18000000;    /* AVX, and OSXSAVE: it is switched on */
}

static float add_lanes(const float lanes[8])
{
    float sum = 0;

    for (int i = 0; i < 8; i++)
        sum += lanes[i];
    return sum;
}

/* Eight sums side by side, in two registers or in one. */
static float dot_sse(void)
{
    __m128 low = _mm_setzero_ps(), high = _mm_setzero_ps();
    float lanes[8];

    for (int i = 0; i < COUNT; i += 8) {
        low = _mm_add_ps(low, _mm_mul_ps(_mm_loadu_ps(a + i), _mm_loadu_ps(b + i)));
        high = _mm_add_ps(high, _mm_mul_ps(_mm_loadu_ps(a + i + 4), _mm_loadu_ps(b + i + 4)));
    }
    _mm_storeu_ps(lanes, low);
    _mm_storeu_ps(lanes + 4, high);
    return add_lanes(lanes);
}

__attribute__((target("avx"))) static float dot_avx(void)
{
    __m256 sums = _mm256_setzero_ps();
    float lanes[8];

    for (int i = 0; i < COUNT; i += 8)
        sums = _mm256_add_ps(sums, _mm256_mul_ps(_mm256_loadu_ps(a + i), _mm256_loadu_ps(b + i)));
    _mm256_storeu_ps(lanes, sums);
    return add_lanes(lanes);
}

static uint64_t dots(void)
{
    bool avx = has_avx();
    float total = 0;

    for (int i = 0; i < COUNT; i++) {
        a[i] = (float)(i % 31) * 0.25f;
        b[i] = (float)(i % 17) - 8.0f;
    }
    for (int round = 0; round < ROUNDS; round++) {
        a[round % COUNT] += 0.5f;
        total += avx && round & 1 ? dot_avx() : dot_sse();
        if (total > 1e6f || total < -1e6f)
            total *= 0.001f;
    }
    return (uint64_t)(int64_t)(total * 16.0f);
}

static uint64_t matrices(void)
{
    double trace = 0;

    for (int i = 0; i < SIDE; i++) {
        for (int j = 0; j < SIDE; j++) {
            left[i][j] = (double)(i * j % 13) / 7.0;
            right[i][j] = (double)(i - j) / 11.0;
        }
    }
    for (int round = 0; round < PRODUCTS; round++) {
        for (int i = 0; i < SIDE; i++) {
            for (int j = 0; j < SIDE; j++)
                product[i][j] = 0;
            for (int k = 0; k < SIDE; k++) {
                double factor = left[i][k];

                for (int j = 0; j < SIDE; j++)
                    product[i][j] += factor * right[k][j];
            }
            trace += product[i][i];
        }
        left[round][round] += 1.0;
    }
    return (uint64_t)(int64_t)trace;
}

static uint64_t bodies(void)
{
    double x[BODIES], v[BODIES], energy = 0;

    for (int i = 0; i < BODIES; i++) {
        x[i] = i * 1.5;
        v[i] = 0;
    }
    for (int step = 0; step < STEPS; step++) {
        for (int i = 0; i < BODIES; i++) {
            double force = 0;

            for (int j = 0; j < BODIES; j++) {
                double d = x[j] - x[i], square = d * d + 0.01;

                force += d / (square * _mm_cvtsd_f64(_mm_sqrt_sd(_mm_set_sd(0),
                                                                 _mm_set_sd(square))));
            }
            v[i] += force * 0.0001;
        }
        for (int i = 0; i < BODIES; i++) {
            x[i] += v[i] * 0.0001;
            energy += v[i] * v[i];
        }
    }
    return (uint64_t)(int64_t)(energy * 1e6);
}

uint64_t bench_run(void)
{
    uint64_t sum = bench_mix(0, dots());

    sum = bench_mix(sum, matrices());
    return bench_mix(sum, bodies());
}
