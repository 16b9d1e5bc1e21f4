/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a CPU's resolved properties to the CPUID leaves that its guest sees.
 */
#ifndef CPU_CPUID_H
#define CPU_CPUID_H

#include "cpu/cpu.h"

/*
 * The leaves of an x86 CPU whose properties are all resolved (features, vendor,
 * family ..., phys-bits) and whose apic_id is set.  Where `level`,
 * `level-func7`, `xlevel` or `xlevel2` is absent it is chosen and written back.
 *
 * Returns an array of CpuidLeaf, basic leaves first, for the caller to unref.
 */
GArray *cpuid_build(Cpu *cpu);

/* MSRs with which such a CPU describes itself, as an array of CpuMsr for the caller to unref. */
GArray *cpuid_build_msrs(Cpu *cpu);

/* Family, model and stepping of leaf 1's EAX. */
void cpuid_parse_signature(guint32 signature, guint *ret_family, guint *ret_model,
                           guint *ret_stepping);

/* Registers of an accelerator's leaf, all zero if it executes nothing. */
void cpuid_of_accel(Accel *accel, guint32 leaf, guint32 subleaf, guint32 ret_regs[4]);

#endif
