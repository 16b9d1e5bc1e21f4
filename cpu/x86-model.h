/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPU models without a CPU: a model with changes, expanded, and what two of them have in
 * common.  Main thread.
 */
#ifndef CPU_X86_MODEL_H
#define CPU_X86_MODEL_H

#include "cpu/accel.h"
#include "qmp/qapi-types-cpu-query.h"
#include "qmp/qapi-types-cpu.h"

#define X86_MODEL_SUFFIX "-x86_64-cpu"

/* Whether it is the class of a model. */
bool x86_is_model(const QmpClass *klass);

typedef struct {
    const QmpClass *klass;
    X8664CpuProps *props;       /* as requested: features that the accelerator lacks are in it
                                 * and in unavailable-features */
} X86Model;

/*
 * Expands a model as it would be made in the tree of root, by its accelerator and with its
 * machine's defaults, if there are any.  Fails with class-not-found, property-not-found or what
 * decoding the value says, at a path below argument.  The result is for x86_model_clear().
 */
bool x86_model_expand(Object *root, const CpuModelInfo *info, const char *argument,
                      X86Model *ret, GError **error);
void x86_model_clear(X86Model *model);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(X86Model, x86_model_clear)

/* All properties of the model that can be set, for the caller to free; name: the one that was
 * asked for. */
CpuModelInfo *x86_model_full(const X86Model *model, const char *name);

/* The model as changes to `base`, for the caller to free. */
CpuModelInfo *x86_model_static(const X86Model *model);

/* How a compares with b; newly allocated. */
CpuModelCompareInfo *x86_model_compare(const X86Model *a, const X86Model *b);

/* What a and b have in common, as changes to `base`, for the caller to free.  Fails with
 * invalid-value if they have different vendors. */
CpuModelInfo *x86_model_baseline(const X86Model *a, const X86Model *b, GError **error);

#endif
