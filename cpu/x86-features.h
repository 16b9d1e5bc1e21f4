/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The features of an x86 CPU: those requested by the request and the model,
 * limited to those that the accelerator offers.
 */
#ifndef CPU_X86_FEATURES_H
#define CPU_X86_FEATURES_H

#include "cpu/cpu.h"

typedef struct X8664CpuProps X8664CpuProps;

/* Class host or max: everything that the accelerator offers. */
bool x86_is_host_class(const QmpClass *klass);

/*
 * Chooses every feature that was not given, and removes those that are
 * unavailable and lists them in unavailable-features; afterwards each feature's
 * property has the value that the guest sees.  With unavailable ones, it fails
 * with not-supported and their names if the property `enforce` is set or one is for
 * Hyper-V, and warns with `check`.
 */
bool x86_features_resolve(Cpu *cpu, GError **error);

/*
 * The same for properties without a CPU: those of class klass, as they would be with
 * this accelerator.  given: which of its rows a request names, or NULL for none.  Without
 * an accelerator, features that neither a request nor the model names stay off, and of the
 * others only those are unavailable whose parents are off.
 *
 * ret_requested, if not NULL, gets the scalars of props as they are before those that
 * the accelerator lacks are removed; its strings and lists are those of props.
 */
void x86_features_choose(Accel *accel, const QmpClass *klass, X8664CpuProps *props,
                         const QmpGiven *given, X8664CpuProps *ret_requested);

/* Bits of a CPUID register that resolved features set. */
guint32 x86_feature_word(const X8664CpuProps *props, guint32 leaf, guint32 subleaf, guint reg);

/* The same of an MSR; *ret_named gets the bits that features stand for. */
guint64 x86_feature_msr(const X8664CpuProps *props, guint32 msr, guint64 *ret_named);

#endif
