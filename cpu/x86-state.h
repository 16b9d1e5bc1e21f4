/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Architectural state of an x86 CPU, neutral of what runs it.  Names and
 * meaning: Intel SDM vol. 1 ch. 3, vol. 3A ch. 2.
 */
#ifndef CPU_X86_STATE_H
#define CPU_X86_STATE_H

#include <glib.h>
#include <stdbool.h>

typedef struct X86CpuState X86CpuState;

typedef struct {
    guint64 base;
    guint32 limit;
    guint16 selector;
    /* access byte and flags, as in bits 8..15 and 20..23 of the descriptor's
     * high word: type, s, dpl, p, avl, l, db, g */
    guint8 type, s, dpl, p, avl, l, db, g;
} X86Segment;

typedef struct {
    guint64 base;
    guint16 limit;
} X86Table;

enum { X86_RAX, X86_RBX, X86_RCX, X86_RDX, X86_RSI, X86_RDI, X86_RSP, X86_RBP,
       X86_R8, X86_R9, X86_R10, X86_R11, X86_R12, X86_R13, X86_R14, X86_R15 };

enum { X86_CS, X86_DS, X86_ES, X86_FS, X86_GS, X86_SS, X86_N_SEGMENTS };

struct X86CpuState {
    guint64 gpr[16];            /* by X86_RAX... */
    guint64 rip, rflags;
    X86Segment segment[X86_N_SEGMENTS], tr, ldt;
    X86Table gdt, idt;
    guint64 cr0, cr2, cr3, cr4, cr8, efer;
    guint64 apic_base;
    bool halted;                /* waits for an interrupt */
    bool wait_for_sipi;         /* application processor before its SIPI */
};

/* State after RESET or INIT, SDM vol. 3A table 9-1: real mode at F000:FFF0.
 * bsp: bootstrap processor; others wait for a SIPI. */
void x86_state_reset(X86CpuState *state, bool bsp);

#endif
