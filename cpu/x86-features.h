/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which features an x86 CPU gets: what the request and the model ask for,
 * against what the accelerator offers.
 */
#ifndef CPU_X86_FEATURES_H
#define CPU_X86_FEATURES_H

#include "cpu/cpu.h"

typedef struct X8664CpuProps X8664CpuProps;

/* Class host or max: everything that the accelerator offers. */
bool x86_is_host_model(const Object *obj);

/* Whether the request named the property of obj itself. */
bool x86_was_given(const Object *obj, const char *property);

/*
 * Chooses every feature that is left out, takes those away that cannot be had
 * and names them in unavailable-features; afterwards each feature's property
 * says what the guest sees.  Fails with not-supported and their names if there
 * are any and the property `enforce` is set; with `check` it warns.
 */
bool x86_features_resolve(Cpu *cpu, GError **error);

/*
 * The same for properties without a CPU: those of class klass, as they would be with
 * this accelerator.  Without one, what is left out stays off, and nothing is lacking.
 */
void x86_features_choose(Accel *accel, const QmpClass *klass, X8664CpuProps *props);

/* Bits of a CPUID register that resolved features set. */
guint32 x86_feature_word(const X8664CpuProps *props, guint32 leaf, guint32 subleaf, guint reg);

#endif
