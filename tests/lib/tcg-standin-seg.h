/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What stands in for the rest of the CPU in software while segments, events and stacks are tested:
 * flat memory instead of the MMU, and a machine with descriptor tables to work on.
 */
#ifndef TESTS_LIB_TCG_STANDIN_SEG_H
#define TESTS_LIB_TCG_STANDIN_SEG_H

#include <setjmp.h>

#include "tcg/ops.h"
#include "tcg/segment.h"

enum {
    STANDIN_MEMORY = 0x20000,   /* linear addresses beyond: #PF */
    STANDIN_GDT = 0x1000,
    STANDIN_IDT = 0x2000,
    STANDIN_TSS = 0x3000,       /* of the present task, as long as a 32-bit or a 64-bit one */
    STANDIN_TSS32 = 0x3100,     /* of another one, 32-bit */
    STANDIN_TSS16 = 0x3200,
    STANDIN_LDT = 0x3800,
    STANDIN_STACK = 0x8000,     /* the present one's top */
    STANDIN_STACK0 = 0x9000,    /* tops of the stacks in the TSS; 1 and 2 follow */
    STANDIN_STACK1 = 0xa000,
    STANDIN_STACK2 = 0xb000,
    STANDIN_IST1 = 0xc008,      /* not aligned to 16 */
    STANDIN_RIP = 0x10000,
    STANDIN_TARGET = 0x12340,   /* where gates lead */
    STANDIN_DATA = 0x14000,
};

/* The GDT.  In IA-32e mode TSS and LDT take two entries, which are left free. */
enum {
    SEL_NULL = 0,
    SEL_CODE = 0x08,            /* 32 bits, or 64 in IA-32e mode; flat */
    SEL_DATA = 0x10,
    SEL_CODE3 = 0x18,
    SEL_DATA3 = 0x20,
    SEL_CODE16 = 0x28,          /* limit 0xffff */
    SEL_DATA16 = 0x30,
    SEL_CONFORMING = 0x38,
    SEL_EXECUTE_ONLY = 0x40,
    SEL_READ_ONLY3 = 0x48,
    SEL_ABSENT_DATA = 0x50,
    SEL_EXPAND_DOWN = 0x58,     /* 32 bits, above 0xfff */
    SEL_TSS = 0x60,             /* busy */
    SEL_LDT = 0x70,
    SEL_TSS32 = 0x80,
    SEL_TSS16 = 0x90,
    SEL_CALL_GATE = 0xa0,       /* DPL 3, to SEL_CODE:STANDIN_TARGET, 2 parameters; two entries */
    SEL_CALL_GATE16 = 0xb0,
    SEL_TASK_GATE = 0xb8,       /* DPL 3, to SEL_TSS32 */
    SEL_ABSENT_CODE = 0xc0,
    SEL_COMPAT = 0xc8,          /* 32-bit code, CPL 0, in any mode */
    SEL_RESERVED = 0xd0,        /* code with L and D */
    SEL_DATA1 = 0xd8,
    SEL_DATA2 = 0xe0,
    SEL_ABSENT_GATE = 0xe8,     /* two entries */
    SEL_CONFORMING3 = 0xf8,     /* DPL 3 */
    SEL_SMALL_CODE = 0x100,     /* 32 bits, limit 0xfff */
    SEL_COMPAT3 = 0x108,
    SEL_EXPAND_DOWN16 = 0x110,  /* 16 bits, above 0xfff */
    SEL_EMPTY = 0x118,          /* a system descriptor of type 0 */
    SEL_ABSENT_TSS = 0x120,
    SEL_LIMIT = 0x1ff,
    SEL_BEYOND = 0x200,
    SEL_IN_LDT = 0x0c,          /* data, DPL 0; in the LDT, if there is one */
};

typedef enum {
    STANDIN_REAL,
    STANDIN_PROTECTED,          /* 32-bit code, flat */
    STANDIN_V86,                /* IOPL 3 */
    STANDIN_COMPATIBILITY,
    STANDIN_64BIT,
} StandinMode;

typedef struct {
    TcgState state;             /* first */
    jmp_buf raised;
    bool shutdown;              /* a third fault */
    guint64 hole;               /* page that has none, or ~0 */
    guint n_flushes;            /* of the TLB */
    guint8 memory[STANDIN_MEMORY];
} Standin;

/* A machine in that mode at that CPL (real and V86 mode: ignored). */
Standin *standin_new(StandinMode mode, guint cpl);
void standin_free(Standin *standin);

/* An instruction at the present place, 2 bytes long, with the mode's sizes and no operands. */
TcgInsn standin_insn(const Standin *standin);
/* Runs it.  Returns -1, or the vector that it raised, which is in state.exception. */
int standin_run(Standin *standin, TcgHelper helper, const TcgInsn *insn);
/* Calls f the same way. */
int standin_try(Standin *standin, void (*f)(Standin *standin, gpointer data), gpointer data);
/* Raises and delivers; faults of the delivery are delivered too, until there is none or the CPU
 * has shut down. */
void standin_except(Standin *standin, guint8 vector, bool has_error, guint32 error);
/* Delivers an external interrupt in the same way. */
void standin_interrupt(Standin *standin, guint8 vector);

guint64 standin_peek(const Standin *standin, guint64 address, guint size);
void standin_poke(Standin *standin, guint64 address, guint64 value, guint size);

/* Attributes are those of TcgSegment. */
void standin_descriptor(Standin *standin, guint16 selector, guint32 base, guint32 limit,
                        guint32 attributes);
/* A gate of that type; IDT: by vector. */
void standin_gate(Standin *standin, guint16 selector, guint type, guint dpl, guint16 target,
                  guint64 offset, guint count);
void standin_idt(Standin *standin, guint8 vector, guint type, guint dpl, guint16 target,
                 guint64 offset, guint ist);

#endif
