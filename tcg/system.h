/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interfaces between the system instructions: CPUID as the guest sees it, the
 * time-stamp counter, model-specific registers at reset.  Light.
 */
#ifndef TCG_SYSTEM_H
#define TCG_SYSTEM_H

#include "tcg/insn.h"

enum { TCG_EAX, TCG_EBX, TCG_ECX, TCG_EDX };

/* Bits of CPUID by the names that SDM vol. 2A gives them: leaf, subleaf, register, bit. */
#define TCG_CPUID_MTRR 1, 0, TCG_EDX, 12
#define TCG_CPUID_MCA 1, 0, TCG_EDX, 14
#define TCG_CPUID_PAT 1, 0, TCG_EDX, 16
#define TCG_CPUID_SMAP 7, 0, TCG_EBX, 20
#define TCG_CPUID_TSC_ADJUST 7, 0, TCG_EBX, 1
#define TCG_CPUID_INVPCID 7, 0, TCG_EBX, 10
#define TCG_CPUID_RDPID 7, 0, TCG_ECX, 22
#define TCG_CPUID_SPEC_CTRL 7, 0, TCG_EDX, 26
#define TCG_CPUID_FLUSH_L1D 7, 0, TCG_EDX, 28
#define TCG_CPUID_ARCH_CAPABILITIES 7, 0, TCG_EDX, 29
#define TCG_CPUID_XSAVEC 0xd, 1, TCG_EAX, 1
#define TCG_CPUID_XGETBV1 0xd, 1, TCG_EAX, 2
#define TCG_CPUID_SYSCALL 0x80000001, 0, TCG_EDX, 11
#define TCG_CPUID_NX 0x80000001, 0, TCG_EDX, 20
#define TCG_CPUID_RDTSCP 0x80000001, 0, TCG_EDX, 27
#define TCG_CPUID_LM 0x80000001, 0, TCG_EDX, 29
#define TCG_CPUID_AMD_IBPB 0x80000008, 0, TCG_EBX, 12
#define TCG_CPUID_AMD_IBRS 0x80000008, 0, TCG_EBX, 14
#define TCG_CPUID_AUTO_IBRS 0x80000021, 0, TCG_EAX, 8

/* A register of a leaf as it was configured; 0 if it does not exist. */
guint32 tcg_cpuid_register(const TcgState *s, guint32 leaf, guint32 subleaf, guint reg);
/* Whether the guest's CPUID has a bit. */
bool tcg_cpuid_has(const TcgState *s, guint32 leaf, guint32 subleaf, guint reg, guint bit);
/* Whether the guest's CPU reports AMD (or Hygon) as vendor. */
bool tcg_cpuid_is_amd(const TcgState *s);

/* Sets the model-specific registers to their RESET values; INIT does not change them. */
void tcg_msr_reset(TcgState *s);

/* 48-bit linear addresses. */
static inline bool tcg_is_canonical(guint64 address)
{
    return (guint64)((gint64)(address << 16) >> 16) == address;
}

static inline void tcg_require_canonical(TcgState *s, guint64 address)
{
    if (!tcg_is_canonical(address)) {
        tcg_raise_error(s, TCG_GP, 0);
    }
}

/* Unless the guest's CPUID has a bit: #UD. */
static inline void tcg_require_cpuid(TcgState *s, guint32 leaf, guint32 subleaf, guint reg,
                                     guint bit)
{
    if (!tcg_cpuid_has(s, leaf, subleaf, reg, bit)) {
        tcg_raise(s, TCG_UD);
    }
}

static inline guint64 tcg_host_tsc(void)
{
    guint32 low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return low | (guint64)high << 32;
}

static inline guint64 tcg_tsc(const TcgState *s)
{
    return tcg_host_tsc() + s->tsc_offset;
}

static inline guint64 tcg_edx_eax(const TcgState *s)
{
    return (guint32)s->gpr[TCG_RAX] | s->gpr[TCG_RDX] << 32;
}

static inline void tcg_set_edx_eax(TcgState *s, guint64 value)
{
    s->gpr[TCG_RAX] = (guint32)value;
    s->gpr[TCG_RDX] = value >> 32;
}

#endif
