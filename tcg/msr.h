/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tables of model-specific registers.  Light.
 */
#ifndef TCG_MSR_H
#define TCG_MSR_H

#include "tcg/state.h"

enum {
    MSR_TSC = 0x10,
    MSR_APIC_BASE = 0x1b,
    MSR_ARCH_CAPABILITIES = 0x10a,
    MSR_TSC_DEADLINE = 0x6e0,
    TCG_MSR_HV_OS_ID = 0x40000000,
    TCG_MSR_HV_HYPERCALL = 0x40000001,
    TCG_MSR_HV_REFERENCE_TSC = 0x40000021,
    TCG_MSR_HV_ASSIST = 0x40000073,
    TCG_MSR_HV_CRASH_P0 = 0x40000100,
    TCG_MSR_HV_CRASH_P4 = 0x40000104,
    MSR_MISC_ENABLE_RESET = 0x1801,     /* fast strings; neither BTS nor PEBS */
    EFER_AUTO_IBRS = 1 << 21,
    HWCR_TSC_AT_P0 = 1 << 24,
};

/* SDM vol. 4, IA32_ARCH_CAPABILITIES, bits that are no features by name: SBDR_SSDP_NO, FBSDP_NO,
 * PSDP_NO, BHI_NO, PBRSB_NO, GDS_NO, RFDS_NO, ITS_NO. */
#define ARCH_CAPABILITIES_UNNAMED \
    (1ull << 13 | 1ull << 14 | 1ull << 15 | 1ull << 20 | 1ull << 24 | 1ull << 26 | 1ull << 27 | \
     1ull << 62)

typedef struct TcgMsr TcgMsr;

/* Registers first to last.  get, set and load return false for #GP, as NULL does, but NULL for
 * load is set. */
struct TcgMsr {
    guint32 first, last;
    bool (*get)(TcgState *s, const TcgMsr *msr, guint32 number, guint64 *ret_value);
    bool (*set)(TcgState *s, const TcgMsr *msr, guint32 number, guint64 value);
    /* For a register that does something when it is written: while a state is loaded, the
     * guest's memory and the vCPU may not be used. */
    bool (*load)(TcgState *s, const TcgMsr *msr, guint32 number, guint64 value);
    bool (*may)(const TcgState *s);     /* whether the guest's CPU has it; NULL: always */
    gsize offset;               /* of members of TcgState */
    guint64 reserved;           /* bits that must be 0 */
    guint64 value;              /* of constants */
};

bool tcg_msr_get_member(TcgState *s, const TcgMsr *msr, guint32 number, guint64 *ret_value);
bool tcg_msr_set_member(TcgState *s, const TcgMsr *msr, guint32 number, guint64 value);
bool tcg_msr_get_constant(TcgState *s, const TcgMsr *msr, guint32 number, guint64 *ret_value);
bool tcg_msr_ignore(TcgState *s, const TcgMsr *msr, guint32 number, guint64 value);

/* Registers as seen by instructions, for saving and loading state; false: the CPU has no
 * such register, or it does not accept the value. */
bool tcg_msr_peek(TcgState *s, guint32 number, guint64 *ret_value);
bool tcg_msr_load(TcgState *s, guint32 number, guint64 value);
/* Whether the CPU has it and guests cannot write it. */
bool tcg_msr_is_constant(const TcgState *s, guint32 number);

/* Memory types and machine checks, or NULL; msr-memory.c. */
const TcgMsr *tcg_msr_find_memory(guint32 number);
/* Hyper-V's, or NULL; op-hyperv.c. */
const TcgMsr *tcg_msr_find_hyperv(guint32 number);
/* Writes the pages that registers with hv_pages_due name, on the vCPU's thread. */
void tcg_hyperv_put_pages(TcgState *s);

#endif
