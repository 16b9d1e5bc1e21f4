/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Segment registers of the CPU in software: what may be loaded and accessed, and the instructions
 * that ask.  Tables of cases made from the SDM, vol. 2 (MOV, LDS, LAR, LSL, VERR, ARPL, LLDT, LTR,
 * LGDT, BOUND) and vol. 3A, chapter 5.
 */
#include "config.h"
#include "tests/lib/tcg-standin-seg.h"

enum { NONE = -1 };

static void check_error(const Standin *standin, int vector, int expected, guint32 error)
{
    g_assert_cmpint(vector, ==, expected);
    if (vector >= TCG_DF && vector <= TCG_PF) {
        g_assert_true(standin->state.exception.has_error);
        g_assert_cmphex(standin->state.exception.error, ==, error);
    }
}

/* ---- MOV to a segment register ---- */

static const struct {
    StandinMode mode;
    guint cpl;
    guint8 segment;
    guint16 selector;
    int vector;
    guint16 error;
} load_cases[] = {
    /* Data segments. */
    { STANDIN_PROTECTED, 0, TCG_DS, SEL_DATA, NONE, 0 },
    { STANDIN_PROTECTED, 0, TCG_DS, SEL_DATA | 3, TCG_GP, SEL_DATA },
    { STANDIN_PROTECTED, 0, TCG_ES, SEL_DATA3 | 3, NONE, 0 },
    { STANDIN_PROTECTED, 3, TCG_ES, SEL_DATA3, NONE, 0 },
    { STANDIN_PROTECTED, 3, TCG_ES, SEL_DATA | 3, TCG_GP, SEL_DATA },
    { STANDIN_PROTECTED, 3, TCG_FS, SEL_READ_ONLY3 | 3, NONE, 0 },
    { STANDIN_PROTECTED, 0, TCG_DS, SEL_CODE, NONE, 0 },
    { STANDIN_PROTECTED, 3, TCG_DS, SEL_CODE, TCG_GP, SEL_CODE },
    { STANDIN_PROTECTED, 3, TCG_DS, SEL_CONFORMING | 3, NONE, 0 },
    { STANDIN_PROTECTED, 0, TCG_GS, SEL_EXECUTE_ONLY, TCG_GP, SEL_EXECUTE_ONLY },
    { STANDIN_PROTECTED, 0, TCG_GS, SEL_NULL, NONE, 0 },
    { STANDIN_PROTECTED, 3, TCG_GS, SEL_NULL | 3, NONE, 0 },
    { STANDIN_PROTECTED, 0, TCG_GS, SEL_TSS, TCG_GP, SEL_TSS },
    { STANDIN_PROTECTED, 0, TCG_GS, SEL_BEYOND | 1, TCG_GP, SEL_BEYOND },
    { STANDIN_PROTECTED, 0, TCG_GS, SEL_ABSENT_DATA, TCG_NP, SEL_ABSENT_DATA },
    { STANDIN_PROTECTED, 0, TCG_GS, SEL_IN_LDT, TCG_GP, SEL_IN_LDT },   /* there is none */
    /* The stack. */
    { STANDIN_PROTECTED, 0, TCG_SS, SEL_DATA, NONE, 0 },
    { STANDIN_PROTECTED, 0, TCG_SS, SEL_NULL, TCG_GP, 0 },
    { STANDIN_PROTECTED, 0, TCG_SS, SEL_DATA | 1, TCG_GP, SEL_DATA },
    { STANDIN_PROTECTED, 0, TCG_SS, SEL_DATA3 | 3, TCG_GP, SEL_DATA3 },
    { STANDIN_PROTECTED, 3, TCG_SS, SEL_DATA3 | 3, NONE, 0 },
    { STANDIN_PROTECTED, 3, TCG_SS, SEL_READ_ONLY3 | 3, TCG_GP, SEL_READ_ONLY3 },
    { STANDIN_PROTECTED, 0, TCG_SS, SEL_CODE, TCG_GP, SEL_CODE },
    { STANDIN_PROTECTED, 0, TCG_SS, SEL_ABSENT_DATA, TCG_SS_FAULT, SEL_ABSENT_DATA },
    { STANDIN_PROTECTED, 0, TCG_SS, SEL_BEYOND, TCG_GP, SEL_BEYOND },
    { STANDIN_64BIT, 0, TCG_SS, SEL_NULL, NONE, 0 },
    { STANDIN_64BIT, 0, TCG_SS, SEL_NULL | 3, TCG_GP, 0 },
    { STANDIN_64BIT, 3, TCG_SS, SEL_NULL | 3, TCG_GP, 0 },
    { STANDIN_COMPATIBILITY, 0, TCG_SS, SEL_NULL, TCG_GP, 0 },
    /* Not loadable so. */
    { STANDIN_PROTECTED, 0, TCG_CS, SEL_CODE, TCG_UD, 0 },
    { STANDIN_REAL, 0, TCG_CS, 0, TCG_UD, 0 },
    { STANDIN_REAL, 0, TCG_DS, 0xffff, NONE, 0 },
    { STANDIN_V86, 3, TCG_SS, 0x1234, NONE, 0 },
};

static void test_load(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(load_cases); i++) {
        Standin *standin = standin_new(load_cases[i].mode, load_cases[i].cpl);
        TcgState *s = &standin->state;
        guint segment = load_cases[i].segment;
        guint16 before = s->segment[segment].selector;
        TcgInsn insn = standin_insn(standin);
        int vector;

        g_test_message("load %u", i);
        insn.reg = segment;
        insn.rm = TCG_RAX;
        s->gpr[TCG_RAX] = load_cases[i].selector;
        vector = standin_run(standin, tcg_op_mov_to_sreg, &insn);
        check_error(standin, vector, load_cases[i].vector, load_cases[i].error);
        g_assert_cmphex(s->segment[segment].selector, ==,
                        vector == NONE ? load_cases[i].selector : before);
        g_assert_cmpuint(s->shadow, ==, vector == NONE && segment == TCG_SS ? 2 : 0);
        standin_free(standin);
    }
}

static void test_accessed(void)
{
    Standin *standin = standin_new(STANDIN_PROTECTED, 0);
    TcgState *s = &standin->state;

    s->exception.pending = false;
    g_assert_cmphex(standin->memory[STANDIN_GDT + SEL_DATA3 + 5] & 1, ==, 0);
    tcg_segment_load(s, TCG_DS, SEL_DATA3);
    g_assert_cmphex(standin->memory[STANDIN_GDT + SEL_DATA3 + 5] & 1, ==, 1);
    g_assert_cmphex(s->segment[TCG_DS].attributes & SEG_ACCESSED, ==, SEG_ACCESSED);
    standin_free(standin);
}

static void test_real(void)
{
    Standin *standin = standin_new(STANDIN_REAL, 0);
    TcgState *s = &standin->state;

    /* Limit and size of the last load in protected mode stay. */
    s->segment[TCG_DS].limit = ~0u;
    tcg_segment_load(s, TCG_DS, 0xf000);
    g_assert_cmphex(s->segment[TCG_DS].base, ==, 0xf0000);
    g_assert_cmphex(s->segment[TCG_DS].limit, ==, ~0u);
    g_assert_cmphex(s->segment[TCG_DS].end_write, ==, 1ull << 32);
    standin_free(standin);

    standin = standin_new(STANDIN_V86, 3);
    s = &standin->state;
    s->segment[TCG_DS].limit = ~0u;
    tcg_segment_load(s, TCG_DS, 0xf000);
    g_assert_cmphex(s->segment[TCG_DS].limit, ==, 0xffff);
    g_assert_cmpuint(tcg_cpl(s), ==, 3);
    standin_free(standin);
}

static void test_null_stack_keeps_cpl(void)
{
    for (guint cpl = 0; cpl < 3; cpl++) {
        Standin *standin = standin_new(STANDIN_64BIT, cpl);

        tcg_segment_load(&standin->state, TCG_SS, cpl);
        g_assert_cmpuint(tcg_cpl(&standin->state), ==, cpl);
        standin_free(standin);
    }
}

/* ---- Limits and rights ---- */

static const struct {
    StandinMode mode;
    guint8 segment;
    guint16 selector;           /* loaded before */
    guint64 offset;
    guint size;
    TcgAccess access;
    int vector;
} linear_cases[] = {
    { STANDIN_PROTECTED, TCG_DS, SEL_DATA16, 0xffff, 1, TCG_READ, NONE },
    { STANDIN_PROTECTED, TCG_DS, SEL_DATA16, 0xffff, 2, TCG_READ, TCG_GP },
    { STANDIN_PROTECTED, TCG_DS, SEL_DATA16, 0xfffe, 2, TCG_WRITE, NONE },
    { STANDIN_PROTECTED, TCG_SS, SEL_DATA16, 0xffff, 2, TCG_WRITE, TCG_SS_FAULT },
    { STANDIN_PROTECTED, TCG_DS, SEL_DATA, 0xfffffffc, 4, TCG_READ, NONE },
    { STANDIN_PROTECTED, TCG_DS, SEL_DATA, 0xfffffffd, 4, TCG_READ, TCG_GP },
    { STANDIN_PROTECTED, TCG_DS, SEL_EXPAND_DOWN, 0xfff, 1, TCG_READ, TCG_GP },
    { STANDIN_PROTECTED, TCG_DS, SEL_EXPAND_DOWN, 0x1000, 4, TCG_WRITE, NONE },
    { STANDIN_PROTECTED, TCG_DS, SEL_EXPAND_DOWN, 0xfffffffc, 4, TCG_READ, NONE },
    { STANDIN_PROTECTED, TCG_DS, SEL_EXPAND_DOWN, 0xfffffffd, 4, TCG_READ, TCG_GP },
    { STANDIN_PROTECTED, TCG_DS, SEL_EXPAND_DOWN16, 0xfffe, 2, TCG_READ, NONE },
    { STANDIN_PROTECTED, TCG_DS, SEL_EXPAND_DOWN16, 0xffff, 2, TCG_READ, TCG_GP },
    { STANDIN_PROTECTED, TCG_DS, SEL_READ_ONLY3, 0, 4, TCG_READ, NONE },
    { STANDIN_PROTECTED, TCG_DS, SEL_READ_ONLY3, 0, 4, TCG_WRITE, TCG_GP },
    { STANDIN_PROTECTED, TCG_DS, SEL_CODE, 0, 4, TCG_READ, NONE },
    { STANDIN_PROTECTED, TCG_DS, SEL_CODE, 0, 4, TCG_WRITE, TCG_GP },
    { STANDIN_PROTECTED, TCG_DS, SEL_NULL, 0, 1, TCG_READ, TCG_GP },
    { STANDIN_COMPATIBILITY, TCG_DS, SEL_NULL, 0, 1, TCG_READ, TCG_GP },
    { STANDIN_64BIT, TCG_DS, SEL_NULL, 0x7ffffffffff8, 8, TCG_READ, NONE },
    { STANDIN_64BIT, TCG_DS, SEL_NULL, 0x7ffffffffff9, 8, TCG_READ, TCG_GP },
    { STANDIN_64BIT, TCG_DS, SEL_NULL, 0xffff800000000000, 8, TCG_WRITE, NONE },
    { STANDIN_64BIT, TCG_DS, SEL_NULL, 0xffff7fffffffffff, 8, TCG_WRITE, TCG_GP },
    { STANDIN_64BIT, TCG_SS, SEL_NULL, 0x800000000000, 8, TCG_WRITE, TCG_SS_FAULT },
    { STANDIN_64BIT, TCG_FS, SEL_READ_ONLY3, 0, 8, TCG_WRITE, NONE },
};

typedef struct {
    guint i;
    guint64 linear;
} LinearCall;

static void call_linear(Standin *standin, gpointer data)
{
    LinearCall *call = data;

    tcg_segment_load(&standin->state, linear_cases[call->i].segment,
                     linear_cases[call->i].selector);
    call->linear = tcg_linear(&standin->state, linear_cases[call->i].segment,
                              linear_cases[call->i].offset, linear_cases[call->i].size,
                              linear_cases[call->i].access);
}

static void test_linear(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(linear_cases); i++) {
        Standin *standin = standin_new(linear_cases[i].mode, 0);
        guint16 selector = linear_cases[i].selector;
        LinearCall call = { .i = i };
        int vector;

        g_test_message("linear %u", i);
        vector = standin_try(standin, call_linear, &call);
        check_error(standin, vector, linear_cases[i].vector, 0);
        if (vector == NONE) {
            g_assert_cmphex(call.linear, ==,
                            linear_cases[i].offset + (selector == SEL_DATA16 ? 0x8000 : 0));
        }
        standin_free(standin);
    }
}

/* Outside of 64-bit mode linear addresses have 32 bits; in it, FS and GS have all of their base. */
static void test_bases(void)
{
    Standin *standin = standin_new(STANDIN_PROTECTED, 0);

    standin->state.segment[TCG_DS].base = 0xfffff000;
    g_assert_cmphex(tcg_linear(&standin->state, TCG_DS, 0x2000, 4, TCG_READ), ==, 0x1000);
    standin_free(standin);

    standin = standin_new(STANDIN_64BIT, 0);
    standin->state.segment[TCG_DS].base = 0x1000;
    standin->state.segment[TCG_GS].base = 0xffff888000000000;
    g_assert_cmphex(tcg_linear(&standin->state, TCG_DS, 8, 8, TCG_READ), ==, 8);
    g_assert_cmphex(tcg_linear(&standin->state, TCG_GS, 8, 8, TCG_READ), ==,
                    0xffff888000000008);
    standin_free(standin);
}

/* Real mode's rights are not looked at, its limits are. */
static void test_real_limits(void)
{
    Standin *standin = standin_new(STANDIN_REAL, 0);
    TcgInsn insn = standin_insn(standin);

    insn.has_memory = true;
    insn.disp = 0xffff;
    insn.segment = TCG_CS;
    g_assert_cmpint(standin_run(standin, tcg_op_mov_from_sreg, &insn), ==, TCG_GP);
    insn.disp = 0xfff0;
    g_assert_cmpint(standin_run(standin, tcg_op_mov_from_sreg, &insn), ==, NONE);
    standin_free(standin);
}

/* ---- LAR, LSL, VERR, VERW ---- */

static const struct {
    StandinMode mode;
    guint cpl;
    guint16 selector;
    bool lar, lsl, verr, verw;
} rights_cases[] = {
    { STANDIN_PROTECTED, 0, SEL_NULL, false, false, false, false },
    { STANDIN_PROTECTED, 0, SEL_BEYOND, false, false, false, false },
    { STANDIN_PROTECTED, 0, SEL_DATA, true, true, true, true },
    { STANDIN_PROTECTED, 0, SEL_DATA | 3, false, false, false, false },
    { STANDIN_PROTECTED, 3, SEL_DATA, false, false, false, false },
    { STANDIN_PROTECTED, 3, SEL_DATA3 | 3, true, true, true, true },
    { STANDIN_PROTECTED, 3, SEL_READ_ONLY3, true, true, true, false },
    { STANDIN_PROTECTED, 0, SEL_CODE, true, true, true, false },
    { STANDIN_PROTECTED, 3, SEL_CONFORMING | 3, true, true, true, false },
    { STANDIN_PROTECTED, 3, SEL_EXECUTE_ONLY, true, true, false, false },
    { STANDIN_PROTECTED, 0, SEL_ABSENT_DATA, true, true, true, true },
    { STANDIN_PROTECTED, 0, SEL_TSS, true, true, false, false },
    { STANDIN_PROTECTED, 0, SEL_TSS16, true, true, false, false },
    { STANDIN_PROTECTED, 0, SEL_LDT, true, true, false, false },
    { STANDIN_PROTECTED, 3, SEL_LDT, false, false, false, false },
    { STANDIN_PROTECTED, 3, SEL_CALL_GATE, true, false, false, false },
    { STANDIN_PROTECTED, 3, SEL_CALL_GATE16, true, false, false, false },
    { STANDIN_PROTECTED, 3, SEL_TASK_GATE, true, false, false, false },
    { STANDIN_PROTECTED, 0, SEL_EMPTY, false, false, false, false },
    { STANDIN_64BIT, 0, SEL_TSS, true, true, false, false },
    { STANDIN_64BIT, 0, SEL_TSS16, false, false, false, false },
    { STANDIN_64BIT, 0, SEL_LDT, true, true, false, false },
    { STANDIN_64BIT, 0, SEL_CALL_GATE, true, false, false, false },
};

static bool run_rights(Standin *standin, TcgHelper helper, guint16 selector)
{
    TcgInsn insn = standin_insn(standin);

    insn.operand_size = 4;
    insn.rm = TCG_RAX;
    insn.reg = TCG_RBX;
    standin->state.gpr[TCG_RAX] = 0xffff0000 | selector;
    standin->state.gpr[TCG_RBX] = ~0ull;
    tcg_set_arithmetic(&standin->state, EFLAGS_CF | EFLAGS_OF);
    g_assert_cmpint(standin_run(standin, helper, &insn), ==, NONE);
    g_assert_cmphex(tcg_eflags(&standin->state) & (EFLAGS_ARITHMETIC & ~EFLAGS_ZF), ==,
                    EFLAGS_CF | EFLAGS_OF);
    return tcg_eflags(&standin->state) & EFLAGS_ZF;
}

static void test_rights(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(rights_cases); i++) {
        Standin *standin = standin_new(rights_cases[i].mode, rights_cases[i].cpl);
        guint16 selector = rights_cases[i].selector;

        g_test_message("rights %u", i);
        g_assert_cmpint(run_rights(standin, tcg_op_lar, selector), ==, rights_cases[i].lar);
        g_assert_cmphex(standin->state.gpr[TCG_RBX], ==, rights_cases[i].lar
            ? standin_peek(standin, STANDIN_GDT + (selector & ~7) + 4, 4) & 0xf0ff00 : ~0ull);
        g_assert_cmpint(run_rights(standin, tcg_op_lsl, selector), ==, rights_cases[i].lsl);
        g_assert_cmpint(run_rights(standin, tcg_op_verr, selector), ==, rights_cases[i].verr);
        g_assert_cmpint(run_rights(standin, tcg_op_verw, selector), ==, rights_cases[i].verw);
        standin_free(standin);
    }
}

static void test_limit(void)
{
    Standin *standin = standin_new(STANDIN_PROTECTED, 0);
    TcgInsn insn = standin_insn(standin);

    run_rights(standin, tcg_op_lsl, SEL_DATA);
    g_assert_cmphex(standin->state.gpr[TCG_RBX], ==, 0xffffffff);
    run_rights(standin, tcg_op_lsl, SEL_TSS);
    g_assert_cmphex(standin->state.gpr[TCG_RBX], ==, 0x67);
    insn.operand_size = 2;
    insn.rm = TCG_RAX;
    insn.reg = TCG_RBX;
    standin->state.gpr[TCG_RAX] = SEL_DATA;
    standin->state.gpr[TCG_RBX] = 0x12345678;
    standin_run(standin, tcg_op_lar, &insn);
    g_assert_cmphex(standin->state.gpr[TCG_RBX], ==, 0x12349200);
    standin_free(standin);
}

/* What only protected mode has. */
static void test_undefined(void)
{
    static const TcgHelper helpers[] = {
        tcg_op_lar, tcg_op_lsl, tcg_op_verr, tcg_op_verw, tcg_op_arpl,
        tcg_op_lldt, tcg_op_ltr, tcg_op_sldt, tcg_op_str,
    };
    static const StandinMode modes[] = { STANDIN_REAL, STANDIN_V86 };

    for (guint i = 0; i < G_N_ELEMENTS(helpers) * G_N_ELEMENTS(modes); i++) {
        Standin *standin = standin_new(modes[i % 2], 0);
        TcgInsn insn = standin_insn(standin);

        insn.rm = TCG_RAX;
        g_assert_cmpint(standin_run(standin, helpers[i / 2], &insn), ==, TCG_UD);
        standin_free(standin);
    }
}

static void test_arpl(void)
{
    static const struct { guint16 dest, src, result; bool zf; } cases[] = {
        { 0x08, 0x03, 0x0b, true }, { 0x0b, 0x00, 0x0b, false }, { 0x0a, 0x02, 0x0a, false },
        { 0xfffd, 0x03, 0xffff, true },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Standin *standin = standin_new(STANDIN_PROTECTED, 3);
        TcgInsn insn = standin_insn(standin);

        insn.rm = TCG_RAX;
        insn.reg = TCG_RCX;
        standin->state.gpr[TCG_RAX] = 0x50000 | cases[i].dest;
        standin->state.gpr[TCG_RCX] = cases[i].src;
        g_assert_cmpint(standin_run(standin, tcg_op_arpl, &insn), ==, NONE);
        g_assert_cmphex(standin->state.gpr[TCG_RAX], ==, 0x50000 | cases[i].result);
        g_assert_cmpint(!!(tcg_eflags(&standin->state) & EFLAGS_ZF), ==, cases[i].zf);
        standin_free(standin);
    }
}

static void test_bound(void)
{
    static const struct { guint size; guint32 index, lower, upper; int vector; } cases[] = {
        { 4, 5, 0, 5, NONE }, { 4, 6, 0, 5, TCG_BR }, { 4, 0xffffffff, 0, 5, TCG_BR },
        { 4, 0xffffffff, 0xffffffff, 5, NONE }, { 2, 0x18000, 0x8000, 0, NONE },
        { 2, 0x10007, 0, 6, TCG_BR },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Standin *standin = standin_new(STANDIN_PROTECTED, 3);
        TcgInsn insn = standin_insn(standin);

        insn.operand_size = cases[i].size;
        insn.has_memory = true;
        insn.disp = STANDIN_DATA;
        insn.reg = TCG_RDX;
        standin->state.gpr[TCG_RDX] = cases[i].index;
        standin_poke(standin, STANDIN_DATA, cases[i].lower, cases[i].size);
        standin_poke(standin, STANDIN_DATA + cases[i].size, cases[i].upper, cases[i].size);
        g_assert_cmpint(standin_run(standin, tcg_op_bound, &insn), ==, cases[i].vector);
        standin_free(standin);
    }
}

/* ---- LLDT, LTR ---- */

static const struct {
    TcgHelper helper;
    StandinMode mode;
    guint cpl;
    guint16 selector;
    int vector;
    guint16 error;
} system_cases[] = {
    { tcg_op_lldt, STANDIN_PROTECTED, 0, SEL_LDT, NONE, 0 },
    { tcg_op_lldt, STANDIN_PROTECTED, 3, SEL_LDT, TCG_GP, 0 },
    { tcg_op_lldt, STANDIN_PROTECTED, 0, SEL_NULL, NONE, 0 },
    { tcg_op_lldt, STANDIN_PROTECTED, 0, SEL_DATA, TCG_GP, SEL_DATA },
    { tcg_op_lldt, STANDIN_PROTECTED, 0, SEL_IN_LDT, TCG_GP, SEL_IN_LDT },
    { tcg_op_lldt, STANDIN_PROTECTED, 0, SEL_BEYOND, TCG_GP, SEL_BEYOND },
    { tcg_op_lldt, STANDIN_64BIT, 0, SEL_LDT, NONE, 0 },
    { tcg_op_ltr, STANDIN_PROTECTED, 0, SEL_TSS32, NONE, 0 },
    { tcg_op_ltr, STANDIN_PROTECTED, 0, SEL_TSS16, NONE, 0 },
    { tcg_op_ltr, STANDIN_PROTECTED, 1, SEL_TSS32, TCG_GP, 0 },
    { tcg_op_ltr, STANDIN_PROTECTED, 0, SEL_TSS, TCG_GP, SEL_TSS },      /* busy */
    { tcg_op_ltr, STANDIN_PROTECTED, 0, SEL_NULL, TCG_GP, 0 },
    { tcg_op_ltr, STANDIN_PROTECTED, 0, SEL_ABSENT_TSS, TCG_NP, SEL_ABSENT_TSS },
    { tcg_op_ltr, STANDIN_64BIT, 0, SEL_TSS32, NONE, 0 },
    { tcg_op_ltr, STANDIN_64BIT, 0, SEL_TSS16, TCG_GP, SEL_TSS16 },
};

static void test_system(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(system_cases); i++) {
        Standin *standin = standin_new(system_cases[i].mode, system_cases[i].cpl);
        TcgState *s = &standin->state;
        guint16 selector = system_cases[i].selector;
        TcgInsn insn = standin_insn(standin);
        int vector;

        g_test_message("system %u", i);
        insn.rm = TCG_RAX;
        s->gpr[TCG_RAX] = selector;
        vector = standin_run(standin, system_cases[i].helper, &insn);
        check_error(standin, vector, system_cases[i].vector, system_cases[i].error);
        if (vector == NONE && system_cases[i].helper == tcg_op_ltr) {
            g_assert_cmphex(s->tr.selector, ==, selector);
            g_assert_cmphex(standin->memory[STANDIN_GDT + selector + 5] & 2, ==, 2);
        } else if (vector == NONE) {
            g_assert_cmphex(s->ldt.selector, ==, selector);
            g_assert_cmphex(s->ldt.unusable, ==, selector == SEL_NULL);
        }
        standin_free(standin);
    }
}

/* A base above 4 GiB comes from the descriptor's second half. */
static void test_wide_base(void)
{
    Standin *standin = standin_new(STANDIN_64BIT, 0);
    TcgInsn insn = standin_insn(standin);

    insn.rm = TCG_RAX;
    standin->state.gpr[TCG_RAX] = SEL_TSS32;
    standin_poke(standin, STANDIN_GDT + SEL_TSS32 + 8, 0xffff8000, 4);
    g_assert_cmpint(standin_run(standin, tcg_op_ltr, &insn), ==, NONE);
    g_assert_cmphex(standin->state.tr.base, ==, 0xffff800000003100);
    standin_free(standin);
}

static void test_ldt(void)
{
    Standin *standin = standin_new(STANDIN_PROTECTED, 0);
    TcgInsn insn = standin_insn(standin);

    insn.rm = TCG_RAX;
    standin->state.gpr[TCG_RAX] = SEL_LDT;
    standin_run(standin, tcg_op_lldt, &insn);
    insn.reg = TCG_DS;
    standin->state.gpr[TCG_RAX] = SEL_IN_LDT;
    g_assert_cmpint(standin_run(standin, tcg_op_mov_to_sreg, &insn), ==, NONE);
    standin->state.gpr[TCG_RAX] = 0x104;
    g_assert_cmpint(standin_run(standin, tcg_op_mov_to_sreg, &insn), ==, TCG_GP);
    g_assert_cmphex(standin->state.exception.error, ==, 0x104);
    standin_free(standin);
}

/* ---- LGDT and its like ---- */

static void test_tables(void)
{
    static const struct { StandinMode mode; guint operand_size; guint64 base; } cases[] = {
        { STANDIN_PROTECTED, 4, 0x98765432 },
        { STANDIN_PROTECTED, 2, 0x00765432 },
        { STANDIN_64BIT, 8, 0xffff800098765432 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Standin *standin = standin_new(cases[i].mode, 0);
        TcgInsn insn = standin_insn(standin);

        insn.has_memory = true;
        insn.operand_size = cases[i].operand_size;
        insn.disp = STANDIN_DATA;
        standin_poke(standin, STANDIN_DATA, 0x1234, 2);
        standin_poke(standin, STANDIN_DATA + 2, 0xffff800098765432, 8);
        g_assert_cmpint(standin_run(standin, tcg_op_lgdt, &insn), ==, NONE);
        g_assert_cmphex(standin->state.gdt.limit, ==, 0x1234);
        g_assert_cmphex(standin->state.gdt.base, ==, cases[i].base);
        insn.disp = STANDIN_DATA + 0x100;
        g_assert_cmpint(standin_run(standin, tcg_op_sgdt, &insn), ==, NONE);
        g_assert_cmphex(standin_peek(standin, STANDIN_DATA + 0x100, 2), ==, 0x1234);
        g_assert_cmphex(standin_peek(standin, STANDIN_DATA + 0x102, 8), ==, cases[i].base);
        standin_poke(standin, STANDIN_DATA + 2, 1ull << 63, 8);
        insn.disp = STANDIN_DATA;
        g_assert_cmpint(standin_run(standin, tcg_op_lidt, &insn), ==,
                        cases[i].mode == STANDIN_64BIT ? TCG_GP : NONE);
        standin_free(standin);
    }
}

static void test_table_privilege(void)
{
    static const TcgHelper stores[] = { tcg_op_sgdt, tcg_op_sidt, tcg_op_sldt, tcg_op_str };
    Standin *standin = standin_new(STANDIN_PROTECTED, 3);
    TcgInsn insn = standin_insn(standin);

    insn.has_memory = true;
    insn.disp = STANDIN_DATA;
    g_assert_cmpint(standin_run(standin, tcg_op_lgdt, &insn), ==, TCG_GP);
    g_assert_cmpint(standin_run(standin, tcg_op_lidt, &insn), ==, TCG_GP);
    for (guint i = 0; i < G_N_ELEMENTS(stores); i++) {
        standin->state.cr4 = 0;
        g_assert_cmpint(standin_run(standin, stores[i], &insn), ==, NONE);
        standin->state.cr4 = CR4_UMIP;
        g_assert_cmpint(standin_run(standin, stores[i], &insn), ==, TCG_GP);
        g_assert_cmphex(standin->state.exception.error, ==, 0);
    }
    standin_free(standin);
}

/* Registers get the selector zero-extended to the operand's size, memory 16 bits. */
static void test_store_selector(void)
{
    static const struct { guint size; guint64 result; } cases[] = {
        { 2, 0xffffffffffff0060 }, { 4, 0x60 }, { 8, 0x60 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Standin *standin = standin_new(STANDIN_64BIT, 0);
        TcgInsn insn = standin_insn(standin);

        insn.rm = TCG_RDX;
        insn.operand_size = cases[i].size;
        standin->state.gpr[TCG_RDX] = ~0ull;
        g_assert_cmpint(standin_run(standin, tcg_op_str, &insn), ==, NONE);
        g_assert_cmphex(standin->state.gpr[TCG_RDX], ==, cases[i].result);
        insn.has_memory = true;
        insn.disp = STANDIN_DATA;
        standin_poke(standin, STANDIN_DATA, ~0ull, 8);
        g_assert_cmpint(standin_run(standin, tcg_op_str, &insn), ==, NONE);
        g_assert_cmphex(standin_peek(standin, STANDIN_DATA, 8), ==, 0xffffffffffff0060);
        standin_free(standin);
    }
}

/* ---- LDS and its like ---- */

static void test_load_far(void)
{
    static const struct { guint8 opcode, segment; } cases[] = {
        { 0xc4, TCG_ES }, { 0xc5, TCG_DS }, { 0xb2, TCG_SS }, { 0xb4, TCG_FS }, { 0xb5, TCG_GS },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Standin *standin = standin_new(STANDIN_PROTECTED, 0);
        TcgState *s = &standin->state;
        TcgInsn insn = standin_insn(standin);

        insn.opcode = cases[i].opcode;
        insn.has_memory = true;
        insn.disp = STANDIN_DATA;
        insn.reg = TCG_RSI;
        s->gpr[TCG_RSI] = 1;
        standin_poke(standin, STANDIN_DATA, 0x87654321, 4);
        standin_poke(standin, STANDIN_DATA + 4, SEL_DATA16, 2);
        g_assert_cmpint(standin_run(standin, tcg_op_load_far, &insn), ==, NONE);
        g_assert_cmphex(s->gpr[TCG_RSI], ==, 0x87654321);
        g_assert_cmphex(s->segment[cases[i].segment].selector, ==, SEL_DATA16);
        /* The register changes only if the segment can be loaded. */
        insn.segment = TCG_CS;
        standin_poke(standin, STANDIN_DATA, 7, 4);
        standin_poke(standin, STANDIN_DATA + 4, SEL_BEYOND, 2);
        g_assert_cmpint(standin_run(standin, tcg_op_load_far, &insn), ==, TCG_GP);
        g_assert_cmphex(s->exception.error, ==, SEL_BEYOND);
        g_assert_cmphex(s->gpr[TCG_RSI], ==, 0x87654321);
        standin_free(standin);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tcg/segments/load", test_load);
    g_test_add_func("/tcg/segments/accessed", test_accessed);
    g_test_add_func("/tcg/segments/real", test_real);
    g_test_add_func("/tcg/segments/null-stack", test_null_stack_keeps_cpl);
    g_test_add_func("/tcg/segments/linear", test_linear);
    g_test_add_func("/tcg/segments/bases", test_bases);
    g_test_add_func("/tcg/segments/real-limits", test_real_limits);
    g_test_add_func("/tcg/segments/rights", test_rights);
    g_test_add_func("/tcg/segments/limit", test_limit);
    g_test_add_func("/tcg/segments/undefined", test_undefined);
    g_test_add_func("/tcg/segments/arpl", test_arpl);
    g_test_add_func("/tcg/segments/bound", test_bound);
    g_test_add_func("/tcg/segments/system", test_system);
    g_test_add_func("/tcg/segments/wide-base", test_wide_base);
    g_test_add_func("/tcg/segments/ldt", test_ldt);
    g_test_add_func("/tcg/segments/tables", test_tables);
    g_test_add_func("/tcg/segments/table-privilege", test_table_privilege);
    g_test_add_func("/tcg/segments/store-selector", test_store_selector);
    g_test_add_func("/tcg/segments/load-far", test_load_far);
    return g_test_run();
}
