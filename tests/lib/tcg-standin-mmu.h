/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A vCPU in software of which only memory is real: what its other parts would do
 * is recorded.
 */
#ifndef TESTS_LIB_TCG_STANDIN_MMU_H
#define TESTS_LIB_TCG_STANDIN_MMU_H

#include <setjmp.h>

#include "tcg/memory.h"
#include "tcg/tcg-accel.h"

typedef struct {
    guint64 gpa, value;
    guint size;
    bool is_write;
} MmuRigAccess;

typedef struct {
    TcgAccel tcg;
    TcgVcpu vcpu;
    TcgState *s;
    guint8 *ram;                /* anonymous memory, not a slot until one is added */
    gsize ram_size;
    jmp_buf raised;             /* where tcg_raise*() goes */
    guint8 vector;
    guint32 error;
    guint64 address;            /* of #PF */
    GArray *mmio;               /* of MmuRigAccess */
    guint64 mmio_value;         /* what devices say */
    guint apic_accesses, apic_resets, msr_resets;
    guint64 mtrr_default;       /* MSR 0x2ff */
    GArray *code_written;       /* of MmuRigAccess: tcg_code_written() */
    GArray *dropped_ranges;     /* of MmuRigAccess: tcg_cache_drop_range() */
    GPtrArray *dropped_pages;   /* host addresses: tcg_cache_drop_page() */
    guint holds, exclusives;
    bool held;
} MmuRig;

/* Whether expression raised an exception, which rig then describes. */
#define MMU_RIG_RAISES(rig, expression) \
    (setjmp((rig)->raised) == 0 ? ((void)(expression), false) : true)

MmuRig *mmu_rig_new(gsize ram_size);
void mmu_rig_free(MmuRig *rig);

/* Adds or removes one slot that shows RAM from offset on, in a commit of its own. */
void mmu_rig_add(MmuRig *rig, guint64 gpa, gsize offset, guint64 size, guint32 flags);
void mmu_rig_del(MmuRig *rig, guint64 gpa, guint64 size);

#endif
