/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stands in for what the system, string, FPU and I/O instructions of tcg/ call: a flat memory
 * whose linear addresses are physical ones, exceptions that come back to the test, a local
 * APIC that only remembers.
 */
#ifndef TESTS_LIB_TCG_STANDIN_SYS_H
#define TESTS_LIB_TCG_STANDIN_SYS_H

#include "tcg/insn.h"
#include "tcg/ops.h"
#include "tcg/tcg-accel.h"

enum {
    STANDIN_PAGES = 32,
    STANDIN_ABSENT = 1 << 8,    /* beside TCG_PAGE_*: not mapped */
    STANDIN_READONLY = 1 << 9,
    STANDIN_MMIO = 1 << 10,     /* no host memory to look at directly */
    STANDIN_VECTORS = 832,      /* an XSAVE image of x87, SSE and AVX */
    STANDIN_PIO = 8192,
    STANDIN_TSC_HZ = 2099876543,
};

typedef struct {
    TcgState s;
    TcgVcpu vcpu;
    TcgAccel accel;
    Cpu cpu;
    GArray cpuid;
    CpuidLeaf leaves[32];
    guint8 ram[STANDIN_PAGES * 4096];
    guint32 page[STANDIN_PAGES];
    /* The guest's vector registers: loaded before an instruction, saved after it. */
    guint8 vectors[STANDIN_VECTORS] __attribute__((aligned(64)));

    guint flushes, page_flushes, logged, stores;
    guint64 flushed_page;
    guint pending_after;        /* that many stores from now an interrupt comes; 0: none */
    guint8 tpr;
    bool x2apic;
    guint32 apic_page[64];      /* registers in memory, and which two were written last */
    guint apic_written[2];
    guint resets, panics;       /* that the guest asked for */
    guint64 crash[5];
    guint64 apic_msr[3];        /* APIC_BASE, TSC_DEADLINE, the last x2APIC register written */
    guint8 pio[STANDIN_PIO];    /* bytes written to ports, or to be read from them */
    guint n_pio, pio_calls;
    guint16 pio_port;
} Standin;

/* In 64-bit mode at CPL 0 with flat segments, paging on, a CPUID of one that has all.  There is
 * one; each call starts over. */
Standin *standin_new(void);

/* The mode without paging: real, or protected with 16 or 32 bits. */
void standin_set_real(Standin *t);
void standin_set_protected(Standin *t, guint bits);
void standin_set_cpl(Standin *t, guint cpl);
CpuidLeaf *standin_leaf(Standin *t, guint32 leaf, guint32 subleaf);

enum { STANDIN_RAISED = 100, STANDIN_RESUMED };

/* Runs an instruction; returns TcgNext, or one of the above.  s.exception says which. */
guint standin_run(Standin *t, TcgHelper helper, const TcgInsn *insn);

/* The same, asserting that it raises; returns vector << 16 | error code. */
guint standin_fault(Standin *t, TcgHelper helper, const TcgInsn *insn);

/* WRMSR: what it raises, as above, or 0.  RDMSR: the value, or ~0 if it raises #GP. */
guint standin_wrmsr(Standin *t, guint32 number, guint64 value);
guint64 standin_rdmsr(Standin *t, guint32 number);

#define FAULT(vector, error) ((vector) << 16 | (error))
#define GP0 FAULT(TCG_GP, 0)
#define UD FAULT(TCG_UD, 0)
#define NM FAULT(TCG_NM, 0)

#endif
