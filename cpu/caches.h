/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The caches that a CPU describes.  They are figures for guests that place work by them;
 * nothing else depends on them.
 */
#ifndef CPU_CACHES_H
#define CPU_CACHES_H

#include "cpu/topology.h"
#include "qmp/qapi-types-cpu.h"

/* Leaf 2: a byte for each cache. */
void caches_descriptors(const X8664CpuProps *props, guint32 ret_regs[4]);

/* One cache in Intel's form (leaf 4) and in AMD's (leaf 0x8000001d); index counts from 0.
 * Behind the last cache, all registers are zero and the result is false. */
bool caches_intel(const X8664CpuProps *props, const CpuTopology *topology, guint index,
                  guint32 ret_regs[4]);
bool caches_amd(const X8664CpuProps *props, const CpuTopology *topology, guint index,
                guint32 ret_regs[4]);

/* Leaves 0x80000005 and 0x80000006: sizes alone, and those of TLBs. */
void caches_level_1(const X8664CpuProps *props, guint32 ret_regs[4]);
void caches_levels_2_3(const X8664CpuProps *props, guint32 ret_regs[4]);

#endif
