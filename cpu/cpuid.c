/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPUID leaves: Intel SDM vol. 2A, instruction CPUID; AMD APM vol. 3, appendix
 * E (leaves 0x80000000 and up); Linux, Documentation/virt/kvm/x86/cpuid.rst
 * (leaves 0x40000000 and 0x40000001).
 *
 * Leaves up to a CPU's level that are not made here read as zero.
 */
#include "config.h"
#include "cpu/cpuid.h"

#include <string.h>

#include "cpu/caches.h"
#include "cpu/cpuid-hyperv.h"
#include "cpu/x86-features.h"
#include "qom/qapi-objects-cpu.h"

enum { EAX, EBX, ECX, EDX };

enum {
    LEAF_TSC = 0x15,
    LEAF_KVM = 0x40000000,
    LEAF_EXTENDED = 0x80000000,
    LEAF_VIA = 0xc0000000,
    CACHE_LINE = 64,            /* that CLFLUSH flushes */
};

/* Bits of leaf 1, EDX, that AMD repeats in leaf 0x80000001. */
#define AMD_ALIASES 0x0183f3ffu
/* x87, SSE; AVX; MPX; AVX-512; PKU; AMX: bits of XCR0. */
#define XCR0_BASE   0x3u
#define XCR0_AVX    0x4u
#define XCR0_MPX    0x18u
#define XCR0_AVX512 0xe0u
#define XCR0_PKU    0x200u
#define XCR0_AMX    0x60000u

typedef struct {
    Cpu *cpu;
    X8664CpuProps *props;
    const CpuTopology *topology;
    GArray *leaves;
} Builder;

/* Leaf 1's EAX for a family (up to 270), model and stepping (up to 15). */
static guint32 make_signature(guint family, guint model, guint stepping)
{
    guint base = MIN(family, 15);

    return (family - base) << 20 | (model >> 4 & 15) << 16 | base << 8 | (model & 15) << 4 |
           (stepping & 15);
}

void cpuid_parse_signature(guint32 signature, guint *ret_family, guint *ret_model,
                           guint *ret_stepping)
{
    guint base = signature >> 8 & 15;

    *ret_family = base == 15 ? base + (signature >> 20 & 255) : base;
    *ret_model = signature >> 4 & 15;
    if (base == 6 || base == 15) {
        *ret_model |= signature >> 12 & 0xf0;
    }
    *ret_stepping = signature & 15;
}

void cpuid_of_accel(Accel *accel, guint32 leaf, guint32 subleaf, guint32 ret_regs[4])
{
    const AccelOps *ops = accel_ops(accel);

    memset(ret_regs, 0, 4 * sizeof(ret_regs[0]));
    if (ops->cpuid_supported) {
        ops->cpuid_supported(accel, leaf, subleaf, ret_regs);
    }
}

static guint32 word(const Builder *b, guint32 leaf, guint32 subleaf, guint reg)
{
    return x86_feature_word(b->props, leaf, subleaf, reg);
}

static void add(Builder *b, CpuidLeaf leaf)
{
    g_array_append_val(b->leaves, leaf);
}

static void add_sub(Builder *b, guint32 leaf, guint32 subleaf, const guint32 regs[4])
{
    add(b, (CpuidLeaf){ .leaf = leaf, .subleaf = subleaf, .has_subleaf = true,
                        .eax = regs[EAX], .ebx = regs[EBX], .ecx = regs[ECX],
                        .edx = regs[EDX] });
}

/* Copies a leaf from the accelerator: for features whose values depend on it. */
static void copy_sub(Builder *b, guint32 leaf, guint32 subleaf)
{
    guint32 regs[4];

    cpuid_of_accel(b->cpu->accel, leaf, subleaf, regs);
    add_sub(b, leaf, subleaf, regs);
}

static void copy(Builder *b, guint32 leaf)
{
    guint32 regs[4];

    cpuid_of_accel(b->cpu->accel, leaf, 0, regs);
    add(b, (CpuidLeaf){ .leaf = leaf, .eax = regs[EAX], .ebx = regs[EBX], .ecx = regs[ECX],
                        .edx = regs[EDX] });
}

/* Four characters of a string that is at least that long, as a register. */
static guint32 characters(const char *text)
{
    guint32 value;

    memcpy(&value, text, sizeof(value));
    return GUINT32_FROM_LE(value);
}

static bool is_amd(const Builder *b)
{
    return g_str_equal(b->props->vendor, "AuthenticAMD") ||
           g_str_equal(b->props->vendor, "HygonGenuine");
}

/* ---- Levels ---- */

static guint32 choose_level(const Builder *b)
{
    const X8664CpuProps *props = b->props;
    guint32 level = props->min_level;

    if (word(b, 1, 0, ECX) || word(b, 1, 0, EDX)) {
        level = MAX(level, 1);
    }
    if (word(b, 7, 0, EBX) || word(b, 7, 0, ECX) || word(b, 7, 0, EDX) || word(b, 7, 1, EAX)) {
        level = MAX(level, 7);
    }
    level = MAX(level, props->arat ? 6 : 0);
    level = MAX(level, props->pmu ? 0xa : 0);
    level = MAX(level, props->xsave ? 0xd : 0);
    level = MAX(level, props->intel_pt ? 0x14 : 0);
    level = MAX(level, props->amx_tile ? 0x1e : 0);
    level = MAX(level, b->topology->dies > 1 && !is_amd(b) ? 0x1f : 0);
    return level;
}

static guint32 choose_xlevel(const Builder *b)
{
    const X8664CpuProps *props = b->props;
    guint32 xlevel = props->min_xlevel;

    if (word(b, 0x80000001, 0, ECX) || word(b, 0x80000001, 0, EDX)) {
        xlevel = MAX(xlevel, 0x80000008);
    }
    xlevel = MAX(xlevel, props->topoext ? 0x8000001e : 0);
    return MAX(xlevel, props->svm ? 0x8000000a : 0);
}

static guint32 choose_xlevel2(const Builder *b)
{
    return word(b, LEAF_VIA + 1, 0, EDX) ? MAX(b->props->min_xlevel2, LEAF_VIA + 1)
                                         : b->props->min_xlevel2;
}

static void choose_levels(Builder *b)
{
    X8664CpuProps *props = b->props;

    if (!props->has_level) {
        props->level = choose_level(b);
        props->has_level = true;
    }
    if (!props->has_xlevel) {
        props->xlevel = choose_xlevel(b);
        props->has_xlevel = true;
    }
    if (!props->has_xlevel2) {
        props->xlevel2 = choose_xlevel2(b);
        props->has_xlevel2 = true;
    }
    if (!props->has_level_func7) {
        props->level_func7 = word(b, 7, 1, EAX) ? 1 : 0;
        props->has_level_func7 = true;
    }
}

/* ---- Basic leaves ---- */

static void add_identity(Builder *b)
{
    const char *vendor = b->props->vendor;

    add(b, (CpuidLeaf){ .leaf = 0, .eax = b->props->level, .ebx = characters(vendor),
                        .edx = characters(vendor + 4), .ecx = characters(vendor + 8) });
}

static guint32 signature(const Builder *b)
{
    return make_signature(b->props->family, b->props->model, b->props->stepping);
}

/* EBX[23:16] of leaf 1, if there is more than one: Intel counts the ids of a package, AMD its
 * threads. */
static guint32 logical_processors(const Builder *b)
{
    guint32 threads = topology_threads_per_socket(b->topology);
    guint32 ids = 1u << topology_socket_shift(b->topology);

    return threads > 1 ? MIN(is_amd(b) ? threads : ids, 255) : 0;
}

static void add_leaf_1(Builder *b)
{
    guint32 threads = topology_threads_per_socket(b->topology);
    guint32 edx = word(b, 1, 0, EDX);

    add(b, (CpuidLeaf){
        .leaf = 1,
        .eax = signature(b),
        .ebx = (b->cpu->apic_id & 0xff) << 24 | logical_processors(b) << 16 |
               (b->props->clflush ? CACHE_LINE / 8 << 8 : 0),
        .ecx = word(b, 1, 0, ECX),
        .edx = edx | (threads > 1 ? 1u << 28 : 0),
    });
}

/* Leaves 2 and 4 are reserved on AMD's CPUs. */
static void add_caches(Builder *b)
{
    guint32 regs[4];
    guint i = 0;

    if (is_amd(b)) {
        return;
    }
    caches_descriptors(b->props, regs);
    add(b, (CpuidLeaf){ .leaf = 2, .eax = regs[EAX], .ecx = regs[ECX], .edx = regs[EDX] });
    while (caches_intel(b->props, b->topology, i, regs)) {
        add_sub(b, 4, i++, regs);
    }
    add_sub(b, 4, i, regs);
}

static void add_extended_features(Builder *b)
{
    add_sub(b, 7, 0, (guint32[]){ b->props->level_func7, word(b, 7, 0, EBX), word(b, 7, 0, ECX),
                                  word(b, 7, 0, EDX) });
    if (b->props->level_func7 > 0) {
        add_sub(b, 7, 1, (guint32[]){ word(b, 7, 1, EAX), 0, 0, 0 });
    }
}

/* Leaves 0xb and 0x1f; types are 1 thread, 2 core, 5 die, 0 end. */
static void add_topology(Builder *b, guint32 leaf, bool with_dies)
{
    const CpuTopology *t = b->topology;
    guint32 id = b->cpu->apic_id;
    guint n = 0;

    add_sub(b, leaf, n, (guint32[]){ topology_core_shift(t), topology_threads_per_core(t),
                                     n | 1 << 8, id });
    n++;
    if (with_dies) {
        add_sub(b, leaf, n, (guint32[]){ topology_die_shift(t), topology_threads_per_die(t),
                                         n | 2 << 8, id });
        n++;
    }
    add_sub(b, leaf, n, (guint32[]){ topology_socket_shift(t), topology_threads_per_socket(t),
                                     n | (with_dies ? 5 : 2) << 8, id });
    n++;
    add_sub(b, leaf, n, (guint32[]){ 0, 0, n, id });
}

static guint32 xcr0_mask(const X8664CpuProps *props)
{
    return XCR0_BASE | (props->avx ? XCR0_AVX : 0) | (props->mpx ? XCR0_MPX : 0) |
           (props->avx512f ? XCR0_AVX512 : 0) | (props->pku ? XCR0_PKU : 0) |
           (props->amx_tile ? XCR0_AMX : 0);
}

/* Sizes and offsets of the components come from the accelerator, which has them
 * from the processor; components that it lacks are left out. */
static void add_xsave(Builder *b)
{
    guint32 offered[4], regs[4];
    guint32 mask, size = 512 + 64;      /* legacy area and header */

    cpuid_of_accel(b->cpu->accel, 0xd, 0, offered);
    mask = xcr0_mask(b->props) & (offered[EAX] | XCR0_BASE);
    for (guint i = 2; i < 32; i++) {
        if (mask >> i & 1) {
            cpuid_of_accel(b->cpu->accel, 0xd, i, regs);
            size = MAX(size, regs[EAX] + regs[EBX]);
        }
    }
    add_sub(b, 0xd, 0, (guint32[]){ mask, size, size, 0 });
    add_sub(b, 0xd, 1, (guint32[]){ word(b, 0xd, 1, EAX), 0, 0, 0 });
    for (guint i = 2; i < 32; i++) {
        if (mask >> i & 1) {
            copy_sub(b, 0xd, i);
        }
    }
}

/* Processor trace: what the accelerator has, but for the one bit that is a feature. */
static void add_trace(Builder *b)
{
    guint32 regs[4];

    cpuid_of_accel(b->cpu->accel, 0x14, 0, regs);
    regs[ECX] = (regs[ECX] & ~(1u << 31)) | word(b, 0x14, 0, ECX);
    add_sub(b, 0x14, 0, regs);
    for (guint i = 1; i <= MIN(regs[EAX], 8); i++) {
        copy_sub(b, 0x14, i);
    }
}

/* Leaf 0x1d: EAX of subleaf 0 has the number of subleaves. */
static void copy_with_subleaves(Builder *b, guint32 leaf)
{
    guint32 regs[4];

    cpuid_of_accel(b->cpu->accel, leaf, 0, regs);
    for (guint i = 0; i <= MIN(regs[EAX], 8); i++) {
        copy_sub(b, leaf, i);
    }
}

static void add_power(Builder *b)
{
    if (b->props->monitor) {
        copy(b, 5);
    }
    add(b, (CpuidLeaf){ .leaf = 6, .eax = word(b, 6, 0, EAX) });
}

/* Frequencies of the time stamp counter and of local APICs, if the accelerator knows them;
 * CPUs of other vendors have no such leaves. */
static void add_frequencies(Builder *b)
{
    guint32 regs[4];

    cpuid_of_accel(b->cpu->accel, LEAF_TSC, 0, regs);
    if (regs[ECX] && g_str_equal(b->props->vendor, "GenuineIntel")) {
        copy(b, LEAF_TSC);
        copy(b, LEAF_TSC + 1);
    }
}

static void add_basic(Builder *b)
{
    const X8664CpuProps *props = b->props;

    add_identity(b);
    add_leaf_1(b);
    add_caches(b);
    add_power(b);
    add_extended_features(b);
    if (props->pmu) {
        copy(b, 0xa);
    }
    if (props->cpuid_0xb) {
        add_topology(b, 0xb, false);
    }
    if (props->xsave) {
        add_xsave(b);
    }
    if (props->intel_pt) {
        add_trace(b);
    }
    add_frequencies(b);
    if (props->amx_tile) {
        copy_with_subleaves(b, 0x1d);
        copy_sub(b, 0x1e, 0);
    }
    if (b->topology->dies > 1) {
        add_topology(b, 0x1f, true);
    }
}

/* ---- The accelerator's leaves ---- */

/* Guests search for the accelerator's leaves behind those of Hyper-V. */
static void add_accel(Builder *b)
{
    guint32 regs[4], base = LEAF_KVM;

    if (hyperv_is_on(b->props)) {
        hyperv_add_leaves(b->cpu, b->props, b->leaves);
        base += 0x100;
    }
    cpuid_of_accel(b->cpu->accel, LEAF_KVM, 0, regs);
    if (!b->props->kvm || !b->props->hypervisor || !regs[EBX]) {
        return;
    }
    add(b, (CpuidLeaf){ .leaf = base, .eax = base + 1, .ebx = regs[EBX],
                        .ecx = regs[ECX], .edx = regs[EDX] });
    add(b, (CpuidLeaf){ .leaf = base + 1, .eax = word(b, LEAF_KVM + 1, 0, EAX),
                        .edx = word(b, LEAF_KVM + 1, 0, EDX) });
}

/* ---- Extended leaves ---- */

static void add_leaf_80000001(Builder *b)
{
    bool amd = is_amd(b);
    bool many = topology_threads_per_socket(b->topology) > 1;

    add(b, (CpuidLeaf){
        .leaf = LEAF_EXTENDED + 1,
        .eax = signature(b),
        .ecx = word(b, LEAF_EXTENDED + 1, 0, ECX) | (amd && many ? 1 << 1 : 0),
        .edx = word(b, LEAF_EXTENDED + 1, 0, EDX) |
               (amd ? word(b, 1, 0, EDX) & AMD_ALIASES : 0),
    });
}

static void add_brand(Builder *b)
{
    char brand[48] = "";

    if (b->props->model_id) {
        memcpy(brand, b->props->model_id, MIN(strlen(b->props->model_id), sizeof(brand)));
    }
    for (guint i = 0; i < 3; i++) {
        const char *part = brand + 16 * i;

        add(b, (CpuidLeaf){ .leaf = LEAF_EXTENDED + 2 + i, .eax = characters(part),
                            .ebx = characters(part + 4), .ecx = characters(part + 8),
                            .edx = characters(part + 12) });
    }
}

static void add_amd_caches(Builder *b)
{
    guint32 regs[4];

    caches_level_1(b->props, regs);
    add(b, (CpuidLeaf){ .leaf = LEAF_EXTENDED + 5, .eax = regs[EAX], .ebx = regs[EBX],
                        .ecx = regs[ECX], .edx = regs[EDX] });
    caches_levels_2_3(b->props, regs);
    add(b, (CpuidLeaf){ .leaf = LEAF_EXTENDED + 6, .ebx = regs[EBX], .ecx = regs[ECX],
                        .edx = regs[EDX] });
}

/* Leaves 0x8000001d, caches, and 0x8000001e, ids: a die is a node.  A model whose xlevel goes that
 * far has them, even without the feature `topoext`. */
static void add_topology_extensions(Builder *b)
{
    const CpuTopology *t = b->topology;
    const CpuIds *ids = &b->cpu->ids;
    guint32 regs[4];
    guint i = 0;

    while (caches_amd(b->props, t, i, regs)) {
        add_sub(b, LEAF_EXTENDED + 0x1d, i++, regs);
    }
    add_sub(b, LEAF_EXTENDED + 0x1d, i, regs);
    add(b, (CpuidLeaf){
        .leaf = LEAF_EXTENDED + 0x1e,
        .eax = b->cpu->apic_id,
        .ebx = (ids->core & 0xff) | (topology_threads_per_core(t) - 1) << 8,
        .ecx = (b->cpu->apic_id >> topology_die_shift(t) & 0xff) | (MAX(t->dies, 1) - 1) << 8,
    });
}

static void add_sizes(Builder *b)
{
    const X8664CpuProps *props = b->props;
    guint32 threads = topology_threads_per_socket(b->topology);
    /* KVM accepts only the widths of 64-bit CPUs, and 0. */
    guint linear = !props->lm ? 0 : props->la57 ? 57 : 48;
    const guint32 guest = MIN(props->guest_phys_bits, props->phys_bits);
    guint32 ecx = 0;

    if (threads > 1) {
        ecx = (MIN(threads, 256) - 1) | topology_socket_shift(b->topology) << 12;
    }
    add(b, (CpuidLeaf){ .leaf = LEAF_EXTENDED + 8,
                        .eax = guest << 16 | linear << 8 | props->phys_bits,
                        .ebx = word(b, LEAF_EXTENDED + 8, 0, EBX), .ecx = ecx });
}

static void add_extended(Builder *b)
{
    const char *vendor = b->props->vendor;

    add(b, (CpuidLeaf){ .leaf = LEAF_EXTENDED, .eax = b->props->xlevel,
                        .ebx = characters(vendor), .edx = characters(vendor + 4),
                        .ecx = characters(vendor + 8) });
    add_leaf_80000001(b);
    add_brand(b);
    add_amd_caches(b);
    add(b, (CpuidLeaf){ .leaf = LEAF_EXTENDED + 7, .edx = word(b, LEAF_EXTENDED + 7, 0, EDX) });
    add_sizes(b);
    if (b->props->svm) {
        add(b, (CpuidLeaf){ .leaf = LEAF_EXTENDED + 0xa, .eax = 1, .ebx = 16,
                            .edx = word(b, LEAF_EXTENDED + 0xa, 0, EDX) });
    }
    add_topology_extensions(b);
}

static void add_via(Builder *b)
{
    add(b, (CpuidLeaf){ .leaf = LEAF_VIA, .eax = b->props->xlevel2 });
    add(b, (CpuidLeaf){ .leaf = LEAF_VIA + 1, .edx = word(b, LEAF_VIA + 1, 0, EDX) });
}

/* Drops leaves above level, xlevel and xlevel2. */
static void cut_to_levels(Builder *b)
{
    for (guint i = b->leaves->len; i-- > 0;) {
        guint32 leaf = g_array_index(b->leaves, CpuidLeaf, i).leaf;
        guint32 limit = leaf >= LEAF_VIA ? b->props->xlevel2 :
                        leaf >= LEAF_EXTENDED ? b->props->xlevel :
                        leaf >= LEAF_KVM ? leaf : b->props->level;

        if (leaf > limit) {
            g_array_remove_index(b->leaves, i);
        }
    }
}

/* ---- Registers that describe the CPU ---- */

enum {
    MSR_CORE_CAPABILITY = 0xcf,
    MSR_ARCH_CAPABILITIES = 0x10a,
    MSR_PERF_CAPABILITIES = 0x345,
    MSR_VMX_BASIC = 0x480,
};

static void add_msr(GArray *msrs, guint32 index, guint64 value)
{
    CpuMsr msr = { .index = index, .value = value };

    g_array_append_val(msrs, msr);
}

/* Bits that have no name are the accelerator's: of VMX all, as they say what a hypervisor must
 * set; of IA32_ARCH_CAPABILITIES with `host` and `max`. */
GArray *cpuid_build_msrs(Cpu *cpu)
{
    static const guint32 vmx[] = { MSR_VMX_BASIC, 0x485, 0x48b, 0x48c, 0x48d, 0x48e, 0x48f, 0x490,
                                   0x491 };
    const AccelOps *ops = accel_ops(cpu->accel);
    const X8664CpuProps *props = x86_64_cpu_props(cpu);
    GArray *msrs = g_array_new(FALSE, FALSE, sizeof(CpuMsr));
    guint64 named;

    if (props->core_capability) {
        add_msr(msrs, MSR_CORE_CAPABILITY, x86_feature_msr(props, MSR_CORE_CAPABILITY, &named));
    }
    if (props->arch_capabilities) {
        guint64 value = x86_feature_msr(props, MSR_ARCH_CAPABILITIES, &named);

        if (ops->msr_supported && x86_is_host_class(object_class(cpu))) {
            value |= ops->msr_supported(cpu->accel, MSR_ARCH_CAPABILITIES) & ~named;
        }
        add_msr(msrs, MSR_ARCH_CAPABILITIES, value);
    }
    if (props->pdcm && props->pmu) {
        add_msr(msrs, MSR_PERF_CAPABILITIES,
                x86_feature_msr(props, MSR_PERF_CAPABILITIES, &named));
    }
    for (guint i = 0; props->vmx && ops->msr_supported && i < G_N_ELEMENTS(vmx); i++) {
        guint64 value = x86_feature_msr(props, vmx[i], &named);

        add_msr(msrs, vmx[i], value | (ops->msr_supported(cpu->accel, vmx[i]) & ~named));
    }
    return msrs;
}

GArray *cpuid_build(Cpu *cpu)
{
    Builder b = {
        .cpu = cpu,
        .props = x86_64_cpu_props(cpu),
        .topology = &cpu->accel->topology,
        .leaves = g_array_new(FALSE, FALSE, sizeof(CpuidLeaf)),
    };

    choose_levels(&b);
    add_basic(&b);
    add_accel(&b);
    add_extended(&b);
    add_via(&b);
    cut_to_levels(&b);
    return b.leaves;
}
