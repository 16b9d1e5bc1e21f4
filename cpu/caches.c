/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cache leaves: Intel SDM vol. 2A, CPUID, leaves 2 (table 3-12) and 4; AMD APM vol. 3, appendix
 * E, leaves 0x80000005, 0x80000006, 0x8000001d.  Sizes of the EPYC generations: AMD PPR of
 * families 17h and 19h.
 */
#include "config.h"
#include "cpu/caches.h"

#include <string.h>

enum { EAX, EBX, ECX, EDX };
enum { L1D, L1I, L2, L3, N_CACHES };
enum {
    LINE = 64,
    SELF_INIT = 1 << 8,         /* EAX */
    NO_INVD = 1 << 0,           /* EDX: WBINVD leaves lower levels alone */
    INCLUSIVE = 1 << 1,
    COMPLEX = 1 << 2,           /* a function chooses the set */
    LEVEL_3_FLAGS = INCLUSIVE | COMPLEX,
    DATA = 1, INSTRUCTIONS = 2, BOTH = 3,
    NOT_BY_ONE_BYTE = 0xff,     /* in leaf 2: see leaf 4 */
};

/* AMD's data: entries and ways of TLBs, in leaves 0x80000005 and 0x80000006. */
#define L1_TLBS 0x01ff01ffu     /* data and instructions: fully associative, one entry */
#define L2_TLBS 0x42004200u     /* of 4 KiB pages: 4 ways, 512 entries */

typedef struct {
    guint8 type;
    guint8 level;
    guint8 ways;
    guint32 sets;
    guint16 eax, edx;           /* flags */
    guint8 descriptor;          /* in leaf 2 */
} Cache;

#define LEVEL_1(type, ways, sets, descriptor) \
    { type, 1, ways, sets, SELF_INIT, NO_INVD, descriptor }
#define LEVEL_3(ways, sets, descriptor) \
    { BOTH, 3, ways, sets, SELF_INIT, LEVEL_3_FLAGS, descriptor }

static const Cache descriptions[X86_CPU_CACHES__MAX][N_CACHES] = {
    [X86_CPU_CACHES_GENERIC] = {
        LEVEL_1(DATA, 8, 64, 0x2c), LEVEL_1(INSTRUCTIONS, 8, 64, 0x30),
        { BOTH, 2, 16, 4096, SELF_INIT, NO_INVD, 0x7d }, LEVEL_3(16, 16384, 0x4d) },
    [X86_CPU_CACHES_EPYC] = {
        LEVEL_1(DATA, 8, 64, 0x2c), LEVEL_1(INSTRUCTIONS, 4, 256, NOT_BY_ONE_BYTE),
        { BOTH, 2, 8, 1024, 0, 0, 0x80 }, LEVEL_3(16, 8192, 0x4b) },
    [X86_CPU_CACHES_EPYC_ROME] = {
        LEVEL_1(DATA, 8, 64, 0x2c), LEVEL_1(INSTRUCTIONS, 8, 64, 0x30),
        { BOTH, 2, 8, 1024, 0, 0, 0x80 }, LEVEL_3(16, 16384, 0x4d) },
    [X86_CPU_CACHES_EPYC_MILAN] = {
        LEVEL_1(DATA, 8, 64, 0x2c), LEVEL_1(INSTRUCTIONS, 8, 64, 0x30),
        { BOTH, 2, 8, 1024, 0, 0, 0x80 }, LEVEL_3(16, 32768, NOT_BY_ONE_BYTE) },
};

/* What `generic` is in AMD's leaves: QEMU has had other figures there, and models of AMD's CPUs
 * rely on them. */
static const Cache generic_amd[N_CACHES] = {
    LEVEL_1(DATA, 2, 512, 0), LEVEL_1(INSTRUCTIONS, 2, 512, 0),
    { BOTH, 2, 16, 512, 0, 0, 0 }, LEVEL_3(16, 16384, 0),
};

static const Cache *cache_at(const X8664CpuProps *props, bool amd, guint index)
{
    X86CpuCaches caches = props->legacy_cache ? X86_CPU_CACHES_GENERIC : props->caches;
    const Cache *all = amd && caches == X86_CPU_CACHES_GENERIC ? generic_amd : descriptions[caches];

    return index < (props->l3_cache ? N_CACHES : L3) ? &all[index] : NULL;
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
        ret_regs[EAX] = cache->type | cache->level << 5 | cache->eax | (shared - 1) << 14;
        ret_regs[EBX] = (LINE - 1) | (cache->ways - 1u) << 22;
        ret_regs[ECX] = cache->sets - 1;
        ret_regs[EDX] = cache->edx;
    }
    return cache != NULL;
}

void caches_descriptors(const X8664CpuProps *props, guint32 ret_regs[4])
{
    const Cache *l3 = cache_at(props, false, L3);

    memset(ret_regs, 0, 4 * sizeof(ret_regs[0]));
    ret_regs[EAX] = 1;                  /* once is enough */
    ret_regs[ECX] = l3 ? l3->descriptor : 0;
    for (guint i = L1D; i <= L2; i++) {
        ret_regs[EDX] = ret_regs[EDX] << 8 | cache_at(props, false, i)->descriptor;
    }
}

/* Dies do not share caches. */
bool caches_intel(const X8664CpuProps *props, const CpuTopology *topology, guint index,
                  guint32 ret_regs[4])
{
    const Cache *cache = cache_at(props, false, index);
    guint core = topology_core_shift(topology), die = topology_die_shift(topology);
    guint socket = topology_socket_shift(topology);

    if (!describe(cache, 1u << (index == L3 ? die : core), ret_regs)) {
        return false;
    }
    ret_regs[EAX] |= ((1u << (socket - core)) - 1) << 26;
    return true;
}

bool caches_amd(const X8664CpuProps *props, const CpuTopology *topology, guint index,
                guint32 ret_regs[4])
{
    return describe(cache_at(props, true, index),
                    index == L3 ? topology_threads_per_die(topology)
                                : topology_threads_per_core(topology), ret_regs);
}

void caches_level_1(const X8664CpuProps *props, guint32 ret_regs[4])
{
    ret_regs[EAX] = ret_regs[EBX] = L1_TLBS;
    for (guint i = L1D; i <= L1I; i++) {
        const Cache *cache = cache_at(props, true, i);

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
    const Cache *l2 = cache_at(props, true, L2), *l3 = cache_at(props, true, L3);

    memset(ret_regs, 0, 4 * sizeof(ret_regs[0]));
    ret_regs[EBX] = L2_TLBS;
    ret_regs[ECX] = kib(l2) << 16 | ways_code(l2) << 12 | 1 << 8 | LINE;
    if (l3) {
        ret_regs[EDX] = kib(l3) / 512 << 18 | ways_code(l3) << 12 | 1 << 8 | LINE;
    }
}
