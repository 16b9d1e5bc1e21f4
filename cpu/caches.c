/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cache leaves: Intel SDM vol. 2A, CPUID, leaf 4; AMD APM vol. 3, appendix E, leaves
 * 0x80000005, 0x80000006, 0x8000001d.  Sizes of the EPYC generations: AMD PPR of families
 * 17h and 19h.
 */
#include "config.h"
#include "cpu/caches.h"

#include <string.h>

enum { EAX, EBX, ECX, EDX };
enum { L1D, L1I, L2, L3, N_CACHES };
enum { LINE = 64 };

typedef struct {
    guint8 type;                /* 1 data, 2 instructions, 3 both */
    guint8 level;
    guint8 ways;
    guint32 sets;
} Cache;

static const Cache descriptions[X86_CPU_CACHES__MAX][N_CACHES] = {
    [X86_CPU_CACHES_GENERIC] = { { 1, 1, 8, 64 }, { 2, 1, 8, 64 }, { 3, 2, 16, 4096 },
                                 { 3, 3, 16, 16384 } },
    [X86_CPU_CACHES_EPYC] = { { 1, 1, 8, 64 }, { 2, 1, 4, 256 }, { 3, 2, 8, 1024 },
                              { 3, 3, 16, 8192 } },
    [X86_CPU_CACHES_EPYC_ROME] = { { 1, 1, 8, 64 }, { 2, 1, 8, 64 }, { 3, 2, 8, 1024 },
                                   { 3, 3, 16, 16384 } },
    [X86_CPU_CACHES_EPYC_MILAN] = { { 1, 1, 8, 64 }, { 2, 1, 8, 64 }, { 3, 2, 8, 1024 },
                                    { 3, 3, 16, 32768 } },
};

static const Cache *cache_at(const X8664CpuProps *props, guint index)
{
    X86CpuCaches caches = props->legacy_cache ? X86_CPU_CACHES_GENERIC : props->caches;

    return index < (props->l3_cache ? N_CACHES : L3) ? &descriptions[caches][index] : NULL;
}

static guint32 kib(const Cache *cache)
{
    return cache->ways * cache->sets * LINE / 1024;
}

/* What both forms have.  shared: how many ids share it. */
static bool describe(const Cache *cache, guint shared, guint32 ret_regs[4])
{
    memset(ret_regs, 0, 4 * sizeof(ret_regs[0]));
    if (cache) {
        ret_regs[EAX] = cache->type | cache->level << 5 | 1 << 8 | (shared - 1) << 14;
        ret_regs[EBX] = (LINE - 1) | (cache->ways - 1u) << 22;
        ret_regs[ECX] = cache->sets - 1;
    }
    return cache != NULL;
}

bool caches_intel(const X8664CpuProps *props, const CpuTopology *topology, guint index,
                  guint32 ret_regs[4])
{
    const Cache *cache = cache_at(props, index);
    guint core = topology_core_shift(topology), socket = topology_socket_shift(topology);

    if (!describe(cache, 1u << (index == L3 ? socket : core), ret_regs)) {
        return false;
    }
    ret_regs[EAX] |= ((1u << (socket - core)) - 1) << 26;
    return true;
}

bool caches_amd(const X8664CpuProps *props, const CpuTopology *topology, guint index,
                guint32 ret_regs[4])
{
    return describe(cache_at(props, index),
                    index == L3 ? topology_threads_per_die(topology)
                                : topology_threads_per_core(topology), ret_regs);
}

void caches_level_1(const X8664CpuProps *props, guint32 ret_regs[4])
{
    memset(ret_regs, 0, 4 * sizeof(ret_regs[0]));
    for (guint i = L1D; i <= L1I; i++) {
        const Cache *cache = cache_at(props, i);

        ret_regs[i == L1D ? ECX : EDX] = kib(cache) << 24 | cache->ways << 16 | 1 << 8 | LINE;
    }
}

/* AMD's code of a number of ways: 6 is 8, 8 is 16. */
static guint32 ways_code(const Cache *cache)
{
    return cache->ways == 16 ? 8 : 6;
}

void caches_levels_2_3(const X8664CpuProps *props, guint32 ret_regs[4])
{
    const Cache *l2 = cache_at(props, L2), *l3 = cache_at(props, L3);

    memset(ret_regs, 0, 4 * sizeof(ret_regs[0]));
    ret_regs[ECX] = kib(l2) << 16 | ways_code(l2) << 12 | 1 << 8 | LINE;
    if (l3) {
        ret_regs[EDX] = kib(l3) / 512 << 18 | ways_code(l3) << 12 | 1 << 8 | LINE;
    }
}
