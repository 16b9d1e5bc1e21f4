/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a CPU says that it is: vendor, family, model, stepping, brand, width of physical
 * addresses, lowest levels.
 */
#ifndef CPU_X86_IDENTITY_H
#define CPU_X86_IDENTITY_H

#include "cpu/accel.h"
#include "qmp/qapi-types-cpu.h"

/*
 * Fills in what class klass leaves to the accelerator, with which the CPU is or would be
 * made.  given: which rows of props a request named, or NULL for none.
 */
void x86_identity_choose(Accel *accel, const QmpClass *klass, X8664CpuProps *props,
                         const QmpGiven *given);

#endif
