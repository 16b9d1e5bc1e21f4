/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Architectural state of an x86 CPU, independent of the accelerator.  Names and
 * meaning: Intel SDM vol. 1 ch. 3, vol. 3A ch. 2.
 */
#ifndef CPU_X86_STATE_H
#define CPU_X86_STATE_H

#include <glib.h>
#include <stdbool.h>

#include "qom/state.h"

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

/* Model-specific registers (SDM vol. 4) that every CPU has or could have; one that it
 * lacks is 0, and is not changed when the state is set. */
typedef struct {
    guint64 star, lstar, cstar, sfmask, kernel_gs_base;
    guint64 sysenter_cs, sysenter_esp, sysenter_eip;
    guint64 tsc_aux, pat, misc_enable, mcg_status, tsc_deadline;
} X86Msrs;

/* Any other that is not 0: memory types, machine checks, registers specific to a CPU or
 * the accelerator. */
typedef struct {
    guint32 index;
    guint64 value;
} X86Msr;

/* Events to deliver before the next instruction, and what blocks them. */
typedef struct {
    bool exception;
    guint8 exception_vector;
    bool has_error;
    guint32 error;
    bool interrupt;             /* taken from the controller, or by INT n (soft) */
    bool interrupt_soft;
    guint8 interrupt_vector;
    bool nmi_pending;
    bool nmi_masked;            /* until IRET */
    bool shadow;                /* of STI, MOV SS */
    bool shadow_mov_ss;
    guint8 sipi_vector;
} X86Events;

enum {
    X86_XSAVE_SIZE = 4096,
    X86_LAPIC_REGISTERS = 64,
    X86_MORE_MSRS = 128,
};

struct X86CpuState {
    guint64 gpr[16];            /* by X86_RAX... */
    guint64 rip, rflags;
    X86Segment segment[X86_N_SEGMENTS], tr, ldt;
    X86Table gdt, idt;
    guint64 cr0, cr2, cr3, cr4, cr8, efer;
    guint64 apic_base;
    bool halted;                /* waits for an interrupt */
    bool wait_for_sipi;         /* application processor before its SIPI */
    guint64 xcr0;
    guint64 dr[8];              /* 4 and 5 unused */
    X86Msrs msrs;
    X86Msr more_msrs[X86_MORE_MSRS];
    guint32 n_more_msrs;
    /* The time stamp counter when the state was read, from which it continues; not
     * has_tsc: not changed when the state is set. */
    bool has_tsc;
    guint64 tsc, tsc_adjust;
    /* The paravirtual clock of all CPUs (KVM's), in ns: like the TSC, but of the first
     * CPU only. */
    bool has_pv_clock;
    guint64 pv_clock;
    X86Events events;
    /* FPU and vector registers: what XSAVE writes for all components, in the standard format
     * (SDM vol. 1, section 13.4). */
    guint8 xsave[X86_XSAVE_SIZE];
    /* Registers of the local APIC, by their offset / 16 in its page; not has_lapic: unknown,
     * and not changed when the state is set. */
    bool has_lapic;
    guint32 lapic[X86_LAPIC_REGISTERS];
};

/* State after RESET or INIT, SDM vol. 3A table 9-1: real mode at F000:FFF0.
 * bsp: bootstrap processor; others wait for a SIPI. */
void x86_state_reset(X86CpuState *state, bool bsp);

/* The part of a state that no CPU can have, or NULL: for checking untrusted state
 * before it is passed to an accelerator. */
const char *x86_state_wrong(const X86CpuState *state);

/* Rows of an X86CpuState. */
extern const StateRow x86_state_rows[];

#endif
