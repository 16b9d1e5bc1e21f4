/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPUID as Hyper-V has it, for guests that know Hyper-V.
 */
#ifndef CPU_CPUID_HYPERV_H
#define CPU_CPUID_HYPERV_H

#include "cpu/cpu.h"
#include "qmp/qapi-types-cpu.h"

enum {
    HYPERV_LEAF = 0x40000000,
    HYPERV_LEAF_LAST = 0x4000000a,
};

/* Whether bits of a leaf are features for Hyper-V. */
bool hyperv_is_leaf(guint32 leaf);

/* Whether a CPU with these resolved properties has such a feature. */
bool hyperv_is_on(const X8664CpuProps *props);

/* Appends the leaves of such a CPU to an array of CpuidLeaf. */
void hyperv_add_leaves(const Cpu *cpu, const X8664CpuProps *props, GArray *leaves);

#endif
