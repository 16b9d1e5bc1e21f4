/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rows of an x86 CPU's state: names as in the SDM, lower case.
 *
 * The XSAVE image is split into registers for its legacy region and AVX (SDM vol.  1,
 * section 13.4 and table 10-2); the rest is one field.
 */
#include "config.h"
#include "cpu/x86-state.h"

enum {
    XSAVE_ST = 32,
    XSAVE_XMM = 160,
    XSAVE_BV = 512,
    XSAVE_YMM = 576,            /* upper halves */
    XSAVE_EXTENDED = 832,
};

typedef struct {
    guint64 mantissa;
    guint16 sign_exponent;
    guint8 reserved[6];
} X87Register;

typedef struct {
    guint64 low, high;
} VectorHalf;

#define PART(field_, kind_, name_) \
    { .name = (name_), .kind = STATE_##kind_, .offset = offsetof(X86CpuState, field_), .count = 1 }
#define IMAGE(at_, kind_, name_) \
    { .name = (name_), .kind = STATE_##kind_, .offset = offsetof(X86CpuState, xsave) + (at_), \
      .count = 1 }
#define IMAGE_STRUCTS(at_, type_, number_, name_, rows_) \
    { .name = (name_), .kind = STATE_GROUP, .flags = STATE_ARRAYED, \
      .offset = offsetof(X86CpuState, xsave) + (at_), .count = (number_), \
      .stride = sizeof(type_), .rows = (rows_) }
#define SEGMENT(field_, name_) \
    { .name = (name_), .kind = STATE_GROUP, .offset = offsetof(X86CpuState, field_), .count = 1, \
      .rows = segment_rows }
#define TABLE(field_) \
    { .name = #field_, .kind = STATE_GROUP, .offset = offsetof(X86CpuState, field_), .count = 1, \
      .rows = table_rows }

static const StateRow segment_rows[] = {
    STATE_FIELD(U16, X86Segment, selector, 0),
    STATE_FIELD(U64, X86Segment, base, 0),
    STATE_FIELD(U32, X86Segment, limit, 0),
    STATE_FIELD(U8, X86Segment, type, 0),
    STATE_FIELD(U8, X86Segment, s, 0),
    STATE_FIELD(U8, X86Segment, dpl, 0),
    STATE_FIELD(U8, X86Segment, p, 0),
    STATE_FIELD(U8, X86Segment, avl, 0),
    STATE_FIELD(U8, X86Segment, l, 0),
    STATE_FIELD(U8, X86Segment, db, 0),
    STATE_FIELD(U8, X86Segment, g, 0),
    STATE_ROWS_END
};

static const StateRow table_rows[] = {
    STATE_FIELD(U64, X86Table, base, 0),
    STATE_FIELD(U16, X86Table, limit, 0),
    STATE_ROWS_END
};

static const StateRow msr_rows[] = {
    STATE_FIELD(U64, X86Msrs, star, 0),
    STATE_FIELD(U64, X86Msrs, lstar, 0),
    STATE_FIELD(U64, X86Msrs, cstar, 0),
    STATE_FIELD(U64, X86Msrs, sfmask, 0),
    STATE_FIELD(U64, X86Msrs, kernel_gs_base, 0),
    STATE_FIELD(U64, X86Msrs, sysenter_cs, 0),
    STATE_FIELD(U64, X86Msrs, sysenter_esp, 0),
    STATE_FIELD(U64, X86Msrs, sysenter_eip, 0),
    STATE_FIELD(U64, X86Msrs, tsc_aux, 0),
    STATE_FIELD(U64, X86Msrs, pat, 0),
    STATE_FIELD(U64, X86Msrs, misc_enable, 0),
    STATE_FIELD(U64, X86Msrs, mcg_status, 0),
    STATE_FIELD(U64, X86Msrs, tsc_deadline, 0),
    STATE_ROWS_END
};

static const StateRow more_msr_rows[] = {
    STATE_FIELD(U32, X86Msr, index, 0),
    STATE_FIELD(U64, X86Msr, value, 0),
    STATE_ROWS_END
};

static const StateRow event_rows[] = {
    STATE_FIELD(BOOL, X86Events, exception, 0),
    STATE_FIELD(U8, X86Events, exception_vector, 0),
    STATE_FIELD(BOOL, X86Events, has_error, 0),
    STATE_FIELD(U32, X86Events, error, 0),
    STATE_FIELD(BOOL, X86Events, interrupt, 0),
    STATE_FIELD(BOOL, X86Events, interrupt_soft, 0),
    STATE_FIELD(U8, X86Events, interrupt_vector, 0),
    STATE_FIELD(BOOL, X86Events, nmi_pending, 0),
    STATE_FIELD(BOOL, X86Events, nmi_masked, 0),
    STATE_FIELD(BOOL, X86Events, shadow, 0),
    STATE_FIELD(BOOL, X86Events, shadow_mov_ss, 0),
    STATE_FIELD(U8, X86Events, sipi_vector, 0),
    STATE_ROWS_END
};

static const StateRow x87_rows[] = {
    STATE_FIELD(U64, X87Register, mantissa, 0),
    STATE_FIELD(U16, X87Register, sign_exponent, 0),
    STATE_ROWS_END
};

static const StateRow vector_rows[] = {
    STATE_FIELD(U64, VectorHalf, low, 0),
    STATE_FIELD(U64, VectorHalf, high, 0),
    STATE_ROWS_END
};

const StateRow x86_state_rows[] = {
    PART(gpr[X86_RAX], U64, "rax"), PART(gpr[X86_RBX], U64, "rbx"),
    PART(gpr[X86_RCX], U64, "rcx"), PART(gpr[X86_RDX], U64, "rdx"),
    PART(gpr[X86_RSI], U64, "rsi"), PART(gpr[X86_RDI], U64, "rdi"),
    PART(gpr[X86_RSP], U64, "rsp"), PART(gpr[X86_RBP], U64, "rbp"),
    PART(gpr[X86_R8], U64, "r8"), PART(gpr[X86_R9], U64, "r9"),
    PART(gpr[X86_R10], U64, "r10"), PART(gpr[X86_R11], U64, "r11"),
    PART(gpr[X86_R12], U64, "r12"), PART(gpr[X86_R13], U64, "r13"),
    PART(gpr[X86_R14], U64, "r14"), PART(gpr[X86_R15], U64, "r15"),
    STATE_FIELD(U64, X86CpuState, rip, 0),
    STATE_FIELD(U64, X86CpuState, rflags, 0),
    SEGMENT(segment[X86_CS], "cs"), SEGMENT(segment[X86_DS], "ds"),
    SEGMENT(segment[X86_ES], "es"), SEGMENT(segment[X86_FS], "fs"),
    SEGMENT(segment[X86_GS], "gs"), SEGMENT(segment[X86_SS], "ss"),
    SEGMENT(tr, "tr"), SEGMENT(ldt, "ldt"),
    TABLE(gdt), TABLE(idt),
    STATE_FIELD(U64, X86CpuState, cr0, 0),
    STATE_FIELD(U64, X86CpuState, cr2, 0),
    STATE_FIELD(U64, X86CpuState, cr3, 0),
    STATE_FIELD(U64, X86CpuState, cr4, 0),
    STATE_FIELD(U64, X86CpuState, cr8, 0),
    STATE_FIELD(U64, X86CpuState, efer, 0),
    STATE_FIELD(U64, X86CpuState, xcr0, 0),
    STATE_FIELD(U64, X86CpuState, apic_base, 0),
    PART(dr[0], U64, "dr0"), PART(dr[1], U64, "dr1"),
    PART(dr[2], U64, "dr2"), PART(dr[3], U64, "dr3"),
    PART(dr[6], U64, "dr6"), PART(dr[7], U64, "dr7"),
    STATE_FIELD(BOOL, X86CpuState, halted, 0),
    STATE_FIELD(BOOL, X86CpuState, wait_for_sipi, 0),
    STATE_STRUCT(X86CpuState, msrs, msr_rows),
    STATE_STRUCT_SOME(X86CpuState, more_msrs, n_more_msrs, more_msr_rows),
    STATE_FIELD(BOOL, X86CpuState, has_tsc, false),
    STATE_FIELD(U64, X86CpuState, tsc, 0),
    STATE_FIELD(U64, X86CpuState, tsc_adjust, 0),
    STATE_FIELD(BOOL, X86CpuState, has_pv_clock, false),
    STATE_FIELD(U64, X86CpuState, pv_clock, 0),
    STATE_STRUCT(X86CpuState, events, event_rows),
    IMAGE(0, U16, "fcw"), IMAGE(2, U16, "fsw"), IMAGE(4, U8, "ftw"), IMAGE(6, U16, "fop"),
    IMAGE(8, U64, "fip"), IMAGE(16, U64, "fdp"), IMAGE(24, U32, "mxcsr"),
    IMAGE(28, U32, "mxcsr_mask"),
    IMAGE_STRUCTS(XSAVE_ST, X87Register, 8, "st", x87_rows),
    IMAGE_STRUCTS(XSAVE_XMM, VectorHalf, 16, "xmm", vector_rows),
    IMAGE_STRUCTS(XSAVE_YMM, VectorHalf, 16, "ymm_high", vector_rows),
    IMAGE(XSAVE_BV, U64, "xstate_bv"),
    { .name = "xsave_extended", .kind = STATE_BYTES,
      .offset = offsetof(X86CpuState, xsave) + XSAVE_EXTENDED,
      .count = X86_XSAVE_SIZE - XSAVE_EXTENDED },
    STATE_FIELD(BOOL, X86CpuState, has_lapic, 0),
    STATE_ARRAY(U32, X86CpuState, lapic, 0),
    STATE_ROWS_END
};
