/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Far transfers of the CPU in software: JMP, CALL, RET and IRET between segments and privilege
 * levels, and call gates.  Tables of cases made from the SDM, vol. 2 (CALL, JMP, RET, IRET) and
 * vol. 3A, section 5.8.
 */
#include "config.h"
#include "tests/lib/tcg-standin-seg.h"

enum { NONE = -1, NEXT = STANDIN_RIP + 2 };

static void check_error(const Standin *standin, int vector, int expected, guint32 error)
{
    g_assert_cmpint(vector, ==, expected);
    if (vector >= TCG_DF && vector <= TCG_PF) {
        g_assert_true(standin->state.exception.has_error);
        g_assert_cmphex(standin->state.exception.error, ==, error);
    }
}

static TcgInsn far_insn(const Standin *standin, guint16 selector, guint64 ip)
{
    TcgInsn insn = standin_insn(standin);

    insn.operand_size = tcg_is_64bit(&standin->state) ? 4 : insn.operand_size;
    insn.imm = ip;
    insn.imm2 = selector;
    return insn;
}

/* ---- JMP and CALL ---- */

static const struct {
    StandinMode mode;
    guint cpl;
    guint16 selector;
    guint64 ip;
    int jmp, call;              /* vectors */
    guint16 error;
    guint16 cs;                 /* then */
} far_cases[] = {
    { STANDIN_PROTECTED, 0, SEL_CODE, 0x12345, NONE, NONE, 0, SEL_CODE },
    { STANDIN_PROTECTED, 0, SEL_CODE | 3, 0x12345, TCG_GP, TCG_GP, SEL_CODE, 0 },
    { STANDIN_PROTECTED, 3, SEL_CODE, 0x12345, TCG_GP, TCG_GP, SEL_CODE, 0 },
    { STANDIN_PROTECTED, 3, SEL_CODE3, 0x12345, NONE, NONE, 0, SEL_CODE3 | 3 },
    { STANDIN_PROTECTED, 0, SEL_CODE3, 0x12345, TCG_GP, TCG_GP, SEL_CODE3, 0 },
    { STANDIN_PROTECTED, 3, SEL_CONFORMING | 3, 0x12345, NONE, NONE, 0, SEL_CONFORMING | 3 },
    { STANDIN_PROTECTED, 0, SEL_CONFORMING | 3, 0x12345, NONE, NONE, 0, SEL_CONFORMING },
    { STANDIN_PROTECTED, 0, SEL_CONFORMING3, 0x12345, TCG_GP, TCG_GP, SEL_CONFORMING3, 0 },
    { STANDIN_PROTECTED, 0, SEL_NULL | 1, 0x12345, TCG_GP, TCG_GP, 0, 0 },
    { STANDIN_PROTECTED, 0, SEL_DATA, 0x12345, TCG_GP, TCG_GP, SEL_DATA, 0 },
    { STANDIN_PROTECTED, 0, SEL_BEYOND, 0x12345, TCG_GP, TCG_GP, SEL_BEYOND, 0 },
    { STANDIN_PROTECTED, 0, SEL_ABSENT_CODE, 0x12345, TCG_NP, TCG_NP, SEL_ABSENT_CODE, 0 },
    { STANDIN_PROTECTED, 0, SEL_SMALL_CODE, 0xfff, NONE, NONE, 0, SEL_SMALL_CODE },
    { STANDIN_PROTECTED, 0, SEL_SMALL_CODE, 0x1000, TCG_GP, TCG_GP, 0, 0 },
    { STANDIN_PROTECTED, 0, SEL_LDT, 0, TCG_GP, TCG_GP, SEL_LDT, 0 },
    { STANDIN_PROTECTED, 0, SEL_TSS, 0, TCG_GP, TCG_GP, SEL_TSS, 0 },    /* busy */
    { STANDIN_PROTECTED, 0, SEL_EMPTY, 0, TCG_GP, TCG_GP, SEL_EMPTY, 0 },
    /* L means nothing outside IA-32e mode. */
    { STANDIN_PROTECTED, 0, SEL_RESERVED, 0x12345, NONE, NONE, 0, SEL_RESERVED },
    { STANDIN_COMPATIBILITY, 0, SEL_RESERVED, 0x12345, TCG_GP, TCG_GP, SEL_RESERVED, 0 },
    { STANDIN_COMPATIBILITY, 0, SEL_CODE, 0x12345, NONE, NONE, 0, SEL_CODE },
    { STANDIN_64BIT, 0, SEL_COMPAT, 0x12345, NONE, NONE, 0, SEL_COMPAT },
    { STANDIN_64BIT, 0, SEL_TSS32, 0, TCG_GP, TCG_GP, SEL_TSS32, 0 },
    /* Gates whose target is as privileged. */
    { STANDIN_PROTECTED, 0, SEL_CALL_GATE, 0xdead, NONE, NONE, 0, SEL_CODE },
    { STANDIN_PROTECTED, 0, SEL_CALL_GATE16, 0xdead, NONE, NONE, 0, SEL_CODE16 },
    { STANDIN_PROTECTED, 0, SEL_ABSENT_GATE, 0xdead, TCG_NP, TCG_NP, SEL_ABSENT_GATE, 0 },
    { STANDIN_PROTECTED, 3, SEL_CALL_GATE | 3, 0xdead, TCG_GP, NONE, SEL_CODE, SEL_CODE },
    { STANDIN_COMPATIBILITY, 0, SEL_CALL_GATE, 0xdead, NONE, NONE, 0, SEL_CODE },
    { STANDIN_64BIT, 0, SEL_CALL_GATE, 0xdead, NONE, NONE, 0, SEL_CODE },
    { STANDIN_64BIT, 3, SEL_CALL_GATE | 3, 0xdead, TCG_GP, NONE, SEL_CODE, SEL_CODE },
};

static void check_far(guint i, TcgHelper helper, int expected)
{
    Standin *standin = standin_new(far_cases[i].mode, far_cases[i].cpl);
    TcgState *s = &standin->state;
    guint16 cs = s->segment[TCG_CS].selector;
    TcgInsn insn = far_insn(standin, far_cases[i].selector, far_cases[i].ip);
    int vector = standin_run(standin, helper, &insn);

    check_error(standin, vector, expected, far_cases[i].error);
    g_assert_cmphex(s->segment[TCG_CS].selector, ==, vector == NONE ? far_cases[i].cs : cs);
    if (vector != NONE) {
        g_assert_cmphex(s->rip, ==, STANDIN_RIP);
        g_assert_cmphex(s->gpr[TCG_RSP], ==, STANDIN_STACK);
    } else if (far_cases[i].ip != 0xdead) {
        g_assert_cmphex(s->rip, ==, far_cases[i].ip);
    } else {
        g_assert_cmphex(s->rip & 0xffff, ==, STANDIN_TARGET & 0xffff);
    }
    standin_free(standin);
}

static void test_far(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(far_cases); i++) {
        g_test_message("far %u", i);
        check_far(i, tcg_op_jmp_far, far_cases[i].jmp);
        check_far(i, tcg_op_call_far, far_cases[i].call);
    }
}

static void test_pushes(void)
{
    static const struct { StandinMode mode; guint size; guint16 cs; guint64 ip; } cases[] = {
        { STANDIN_PROTECTED, 4, SEL_CODE, NEXT },
        { STANDIN_PROTECTED, 2, SEL_CODE, NEXT & 0xffff },
        { STANDIN_64BIT, 4, SEL_CODE, NEXT },
        { STANDIN_64BIT, 8, SEL_CODE, NEXT },
        { STANDIN_REAL, 2, STANDIN_RIP >> 4, 0x12 },
        { STANDIN_REAL, 4, STANDIN_RIP >> 4, 0x12 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Standin *standin = standin_new(cases[i].mode, 0);
        TcgInsn insn = standin_insn(standin);
        guint size = cases[i].size;
        guint64 top = STANDIN_STACK - 2 * size;

        insn.operand_size = size;
        insn.has_memory = true;
        insn.disp = 0x5000;
        standin_poke(standin, 0x5000, 0x1234, size);
        standin_poke(standin, 0x5000 + size, cases[i].cs, 2);
        g_assert_cmpint(standin_run(standin, tcg_op_call_far, &insn), ==, NONE);
        g_assert_cmphex(standin->state.rip, ==, 0x1234);
        g_assert_cmphex(standin->state.gpr[TCG_RSP], ==, top);
        g_assert_cmphex(standin_peek(standin, top, size), ==, cases[i].ip);
        g_assert_cmphex(standin_peek(standin, top + size, size), ==, cases[i].cs);
        /* And back. */
        insn = standin_insn(standin);
        insn.operand_size = size;
        insn.imm = 0x10;
        g_assert_cmpint(standin_run(standin, tcg_op_ret_far, &insn), ==, NONE);
        g_assert_cmphex(standin->state.rip, ==, cases[i].ip);
        g_assert_cmphex(standin->state.gpr[TCG_RSP], ==, STANDIN_STACK + 0x10);
        standin_free(standin);
    }
}

static void test_real(void)
{
    Standin *standin = standin_new(STANDIN_REAL, 0);
    TcgInsn insn = far_insn(standin, 0x1234, 0x5678);

    g_assert_cmpint(standin_run(standin, tcg_op_jmp_far, &insn), ==, NONE);
    g_assert_cmphex(standin->state.segment[TCG_CS].base, ==, 0x12340);
    g_assert_cmphex(standin->state.rip, ==, 0x5678);
    insn.operand_size = 4;
    insn.imm = 0x10000;
    g_assert_cmpint(standin_run(standin, tcg_op_jmp_far, &insn), ==, TCG_GP);
    g_assert_cmphex(standin->state.rip, ==, 0x5678);
    standin_free(standin);
}

/* In and out of 64-bit code. */
static void test_long(void)
{
    Standin *standin = standin_new(STANDIN_64BIT, 0);
    TcgInsn insn = far_insn(standin, SEL_COMPAT, 0x12345);

    standin->state.gpr[9] = 0x123456789abcdef0;
    g_assert_cmpint(standin_run(standin, tcg_op_jmp_far, &insn), ==, NONE);
    g_assert_cmphex(standin->state.mode & (TCG_MODE_CODE64 | TCG_MODE_CODE32), ==,
                    TCG_MODE_CODE32);
    insn = far_insn(standin, SEL_CODE, 0x54321);
    g_assert_cmpint(standin_run(standin, tcg_op_jmp_far, &insn), ==, NONE);
    g_assert_true(tcg_is_64bit(&standin->state));
    g_assert_cmphex(standin->state.rip, ==, 0x54321);
    g_assert_cmphex(standin->state.gpr[9], ==, 0x123456789abcdef0);
    /* A far pointer of 64 bits may lead to what is not an address. */
    insn = standin_insn(standin);
    insn.has_memory = true;
    insn.disp = STANDIN_DATA;
    standin_poke(standin, STANDIN_DATA, 0x800000000000, 8);
    standin_poke(standin, STANDIN_DATA + 8, SEL_CODE, 2);
    g_assert_cmpint(standin_run(standin, tcg_op_jmp_far, &insn), ==, TCG_GP);
    g_assert_cmphex(standin->state.exception.error, ==, 0);
    standin_free(standin);
}

/* A fault of the push leaves everything as it was. */
static void test_call_fault(void)
{
    Standin *standin = standin_new(STANDIN_PROTECTED, 0);
    TcgInsn insn = far_insn(standin, SEL_CODE16, 0x100);

    standin->hole = STANDIN_STACK - 0x1000;
    g_assert_cmpint(standin_run(standin, tcg_op_call_far, &insn), ==, TCG_PF);
    g_assert_cmphex(standin->state.segment[TCG_CS].selector, ==, SEL_CODE);
    g_assert_cmphex(standin->state.gpr[TCG_RSP], ==, STANDIN_STACK);
    g_assert_cmphex(standin->memory[STANDIN_GDT + SEL_CODE16 + 5] & 1, ==, 0);
    standin_free(standin);
}

/* ---- Call gates to an inner level ---- */

static void test_inner(void)
{
    Standin *standin = standin_new(STANDIN_PROTECTED, 3);
    TcgState *s = &standin->state;
    TcgInsn insn = far_insn(standin, SEL_CALL_GATE | 3, 0);
    static const guint32 frame[] = {
        NEXT, SEL_CODE3 | 3, 0x11111111, 0x22222222, STANDIN_STACK - 8, SEL_DATA3 | 3,
    };

    s->gpr[TCG_RSP] -= 8;
    standin_poke(standin, STANDIN_STACK - 8, 0x11111111, 4);
    standin_poke(standin, STANDIN_STACK - 4, 0x22222222, 4);
    g_assert_cmpint(standin_run(standin, tcg_op_call_far, &insn), ==, NONE);
    g_assert_cmpuint(tcg_cpl(s), ==, 0);
    g_assert_cmphex(s->segment[TCG_SS].selector, ==, SEL_DATA);
    g_assert_cmphex(s->gpr[TCG_RSP], ==, STANDIN_STACK0 - 24);
    for (guint i = 0; i < G_N_ELEMENTS(frame); i++) {
        g_assert_cmphex(standin_peek(standin, STANDIN_STACK0 - 24 + 4 * i, 4), ==, frame[i]);
    }

    /* RET takes the parameters off both stacks, and data segments of CPL 0 away. */
    tcg_segment_load(s, TCG_ES, SEL_DATA);
    insn = standin_insn(standin);
    insn.imm = 8;
    g_assert_cmpint(standin_run(standin, tcg_op_ret_far, &insn), ==, NONE);
    g_assert_cmpuint(tcg_cpl(s), ==, 3);
    g_assert_cmphex(s->rip, ==, NEXT);
    g_assert_cmphex(s->gpr[TCG_RSP], ==, STANDIN_STACK);
    g_assert_cmphex(s->segment[TCG_ES].selector, ==, 0);
    g_assert_cmpuint(s->segment[TCG_ES].unusable, ==, 1);
    g_assert_cmphex(s->segment[TCG_DS].selector, ==, SEL_DATA3 | 3);
    standin_free(standin);
}

static void test_inner_16(void)
{
    Standin *standin = standin_new(STANDIN_PROTECTED, 3);
    TcgInsn insn = far_insn(standin, SEL_CALL_GATE16 | 3, 0);
    static const guint16 frame[] = {
        NEXT & 0xffff, SEL_CODE3 | 3, 0x1111, 0x2222, STANDIN_STACK - 4, SEL_DATA3 | 3,
    };

    standin->state.gpr[TCG_RSP] -= 4;
    standin_poke(standin, STANDIN_STACK - 4, 0x22221111, 4);
    g_assert_cmpint(standin_run(standin, tcg_op_call_far, &insn), ==, NONE);
    g_assert_cmphex(standin->state.segment[TCG_CS].selector, ==, SEL_CODE16);
    g_assert_cmphex(standin->state.rip, ==, 0x2340);
    for (guint i = 0; i < G_N_ELEMENTS(frame); i++) {
        g_assert_cmphex(standin_peek(standin, STANDIN_STACK0 - 12 + 2 * i, 2), ==, frame[i]);
    }
    standin_free(standin);
}

static void test_inner_long(void)
{
    Standin *standin = standin_new(STANDIN_64BIT, 3);
    TcgState *s = &standin->state;
    TcgInsn insn = far_insn(standin, SEL_CALL_GATE | 3, 0);
    static const guint64 frame[] = { NEXT, SEL_CODE3 | 3, STANDIN_STACK, SEL_DATA3 | 3 };

    g_assert_cmpint(standin_run(standin, tcg_op_call_far, &insn), ==, NONE);
    g_assert_cmpuint(tcg_cpl(s), ==, 0);
    g_assert_cmphex(s->segment[TCG_SS].selector, ==, 0);
    g_assert_cmphex(s->gpr[TCG_RSP], ==, STANDIN_STACK0 - 32);
    for (guint i = 0; i < G_N_ELEMENTS(frame); i++) {
        g_assert_cmphex(standin_peek(standin, STANDIN_STACK0 - 32 + 8 * i, 8), ==, frame[i]);
    }
    insn = standin_insn(standin);
    g_assert_cmpint(standin_run(standin, tcg_op_ret_far, &insn), ==, NONE);
    g_assert_cmpuint(tcg_cpl(s), ==, 3);
    g_assert_cmphex(s->gpr[TCG_RSP], ==, STANDIN_STACK);
    standin_free(standin);
}

/* What can be wrong with the stack of the inner level. */
static void test_inner_stack(void)
{
    static const struct { guint16 ss; guint32 esp; int vector; guint16 error; } cases[] = {
        { SEL_NULL, STANDIN_STACK0, TCG_TS, 0 },
        { SEL_BEYOND, STANDIN_STACK0, TCG_TS, SEL_BEYOND },
        { SEL_DATA | 3, STANDIN_STACK0, TCG_TS, SEL_DATA },
        { SEL_DATA3, STANDIN_STACK0, TCG_TS, SEL_DATA3 },
        { SEL_CODE, STANDIN_STACK0, TCG_TS, SEL_CODE },
        { SEL_ABSENT_DATA, STANDIN_STACK0, TCG_SS_FAULT, SEL_ABSENT_DATA },
        { SEL_EXPAND_DOWN, 0x1008, TCG_SS_FAULT, SEL_EXPAND_DOWN },
        { SEL_EXPAND_DOWN, STANDIN_STACK0, NONE, 0 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Standin *standin = standin_new(STANDIN_PROTECTED, 3);
        TcgInsn insn = far_insn(standin, SEL_CALL_GATE | 3, 0);

        g_test_message("inner stack %u", i);
        standin_poke(standin, STANDIN_TSS + 4, cases[i].esp, 4);
        standin_poke(standin, STANDIN_TSS + 8, cases[i].ss, 2);
        check_error(standin, standin_run(standin, tcg_op_call_far, &insn), cases[i].vector,
                    cases[i].error);
        standin_free(standin);
    }
}

static void test_small_tss(void)
{
    Standin *standin = standin_new(STANDIN_PROTECTED, 3);
    TcgInsn insn = far_insn(standin, SEL_CALL_GATE | 3, 0);

    standin->state.tr.limit = 7;
    check_error(standin, standin_run(standin, tcg_op_call_far, &insn), TCG_TS, SEL_TSS);
    standin_free(standin);
}

/* ---- RET ---- */

static const struct {
    StandinMode mode;
    guint cpl;
    guint16 cs, ss;
    guint64 ip;
    int vector;
    guint16 error;
} ret_cases[] = {
    { STANDIN_PROTECTED, 0, SEL_CODE, 0, 0x1234, NONE, 0 },
    { STANDIN_PROTECTED, 0, SEL_NULL, 0, 0x1234, TCG_GP, 0 },
    { STANDIN_PROTECTED, 0, SEL_DATA, 0, 0x1234, TCG_GP, SEL_DATA },
    { STANDIN_PROTECTED, 0, SEL_BEYOND, 0, 0x1234, TCG_GP, SEL_BEYOND },
    { STANDIN_PROTECTED, 3, SEL_CODE, SEL_DATA, 0x1234, TCG_GP, SEL_CODE },
    { STANDIN_PROTECTED, 0, SEL_CODE3, SEL_DATA3, 0x1234, TCG_GP, SEL_CODE3 },
    { STANDIN_PROTECTED, 0, SEL_ABSENT_CODE, 0, 0x1234, TCG_NP, SEL_ABSENT_CODE },
    { STANDIN_PROTECTED, 0, SEL_SMALL_CODE, 0, 0x1234, TCG_GP, 0 },
    { STANDIN_PROTECTED, 0, SEL_CODE3 | 3, SEL_DATA3 | 3, 0x1234, NONE, 0 },
    { STANDIN_PROTECTED, 0, SEL_CONFORMING | 3, SEL_DATA3 | 3, 0x1234, NONE, 0 },
    { STANDIN_PROTECTED, 0, SEL_CODE3 | 3, SEL_NULL, 0x1234, TCG_GP, 0 },
    { STANDIN_PROTECTED, 0, SEL_CODE3 | 3, SEL_DATA | 3, 0x1234, TCG_GP, SEL_DATA },
    { STANDIN_PROTECTED, 0, SEL_CODE3 | 3, SEL_DATA3, 0x1234, TCG_GP, SEL_DATA3 },
    { STANDIN_PROTECTED, 0, SEL_CODE3 | 3, SEL_READ_ONLY3 | 3, 0x1234, TCG_GP, SEL_READ_ONLY3 },
    { STANDIN_64BIT, 0, SEL_CODE, 0, 0x800000000000, TCG_GP, 0 },
    { STANDIN_64BIT, 0, SEL_RESERVED, 0, 0x1234, TCG_GP, SEL_RESERVED },
    { STANDIN_64BIT, 0, SEL_CODE3 | 3, SEL_DATA3 | 3, 0x1234, NONE, 0 },
    { STANDIN_64BIT, 0, SEL_CODE3 | 3, SEL_NULL | 3, 0x1234, TCG_GP, 0 },
    { STANDIN_64BIT, 0, SEL_COMPAT3 | 3, SEL_DATA3 | 3, 0x1234, NONE, 0 },
    /* No level but the outermost one needs a stack segment for 64-bit code. */
    { STANDIN_64BIT, 0, SEL_CONFORMING | 1, SEL_NULL | 1, 0x1234, NONE, 0 },
};

static void test_ret(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(ret_cases); i++) {
        Standin *standin = standin_new(ret_cases[i].mode, ret_cases[i].cpl);
        TcgState *s = &standin->state;
        TcgInsn insn = standin_insn(standin);
        guint size = insn.operand_size;
        const guint64 frame[] = { ret_cases[i].ip, ret_cases[i].cs, 0x7000, ret_cases[i].ss };
        int vector;

        g_test_message("ret %u", i);
        for (guint j = 0; j < G_N_ELEMENTS(frame); j++) {
            standin_poke(standin, STANDIN_STACK + j * size, frame[j], size);
        }
        vector = standin_run(standin, tcg_op_ret_far, &insn);
        check_error(standin, vector, ret_cases[i].vector, ret_cases[i].error);
        if (vector == NONE) {
            bool outward = (ret_cases[i].cs & 3u) != ret_cases[i].cpl;

            g_assert_cmphex(s->rip, ==, ret_cases[i].ip);
            g_assert_cmphex(s->segment[TCG_CS].selector, ==, ret_cases[i].cs);
            g_assert_cmpuint(tcg_cpl(s), ==, ret_cases[i].cs & 3);
            g_assert_cmphex(s->gpr[TCG_RSP], ==, outward ? 0x7000 : STANDIN_STACK + 2 * size);
        } else {
            g_assert_cmphex(s->gpr[TCG_RSP], ==, STANDIN_STACK);
            g_assert_cmphex(s->rip, ==, STANDIN_RIP);
        }
        standin_free(standin);
    }
}

/* The upper half of ESP is not that of the outer stack if that has 16 bits. */
static void test_ret_16_bit_stack(void)
{
    Standin *standin = standin_new(STANDIN_PROTECTED, 0);
    TcgInsn insn = standin_insn(standin);
    static const guint32 frame[] = { 0x1234, SEL_CODE3 | 3, 0x55557000, SEL_DATA3 | 3 };

    standin->state.gpr[TCG_RSP] = 0x10000 + STANDIN_STACK;
    standin_descriptor(standin, SEL_DATA3, 0, 0xffff, SEG_P | SEG_S | SEG_RW | SEG_DPL);
    for (guint i = 0; i < G_N_ELEMENTS(frame); i++) {
        standin_poke(standin, 0x10000 + STANDIN_STACK + 4 * i, frame[i], 4);
    }
    g_assert_cmpint(standin_run(standin, tcg_op_ret_far, &insn), ==, NONE);
    g_assert_cmphex(standin->state.gpr[TCG_RSP], ==, 0x17000);
    standin_free(standin);
}

/* ---- IRET: what it does to EFLAGS, by mode and privilege ---- */

enum {
    ALL = 0x3f7fd5,
    USER = EFLAGS_ARITHMETIC | EFLAGS_TF | EFLAGS_DF | EFLAGS_NT,
    WIDE = EFLAGS_RF | EFLAGS_AC | EFLAGS_ID,
    VIRTUAL = EFLAGS_VIF | EFLAGS_VIP,
};

static const struct {
    StandinMode mode;
    guint cpl, iopl, size;
    guint32 changes;
} flag_cases[] = {
    { STANDIN_REAL, 0, 0, 2, USER | EFLAGS_IF | EFLAGS_IOPL },
    { STANDIN_REAL, 0, 0, 4, USER | EFLAGS_IF | EFLAGS_IOPL | WIDE },
    { STANDIN_V86, 3, 3, 2, USER | EFLAGS_IF },
    { STANDIN_V86, 3, 3, 4, USER | EFLAGS_IF | WIDE },
    { STANDIN_PROTECTED, 0, 0, 4, USER | EFLAGS_IF | EFLAGS_IOPL | WIDE | VIRTUAL },
    { STANDIN_PROTECTED, 0, 0, 2, USER | EFLAGS_IF | EFLAGS_IOPL },
    { STANDIN_PROTECTED, 3, 0, 4, USER | WIDE },
    { STANDIN_PROTECTED, 3, 3, 4, USER | WIDE | EFLAGS_IF },
    { STANDIN_64BIT, 0, 0, 8, USER | EFLAGS_IF | EFLAGS_IOPL | WIDE | VIRTUAL },
    { STANDIN_64BIT, 3, 0, 8, USER | WIDE },
    { STANDIN_COMPATIBILITY, 0, 0, 4, USER | EFLAGS_IF | EFLAGS_IOPL | WIDE | VIRTUAL },
};

static void run_flags(guint i, guint32 before, guint32 image)
{
    Standin *standin = standin_new(flag_cases[i].mode, flag_cases[i].cpl);
    TcgState *s = &standin->state;
    guint size = flag_cases[i].size;
    TcgInsn insn = standin_insn(standin);
    guint32 vm = s->eflags & EFLAGS_VM, expected;
    const guint64 frame[] = { 0x20, s->segment[TCG_CS].selector, image, STANDIN_STACK,
                              s->segment[TCG_SS].selector };

    insn.operand_size = size;
    for (guint j = 0; j < G_N_ELEMENTS(frame); j++) {
        standin_poke(standin, STANDIN_STACK + j * size, frame[j], size);
    }
    s->eflags = before | vm | flag_cases[i].iopl << 12 | EFLAGS_FIXED;
    tcg_set_arithmetic(s, before);
    tcg_mode_update(s);
    expected = ((tcg_eflags(s) & ~flag_cases[i].changes) | (image & flag_cases[i].changes));
    g_assert_cmpint(standin_run(standin, tcg_op_iret, &insn), ==, NONE);
    g_assert_cmphex(tcg_eflags(s), ==, expected | EFLAGS_FIXED);
    g_assert_cmphex(s->rip, ==, 0x20);
    standin_free(standin);
}

static void test_iret_flags(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(flag_cases); i++) {
        g_test_message("iret flags %u", i);
        run_flags(i, 0, ALL & ~EFLAGS_VM);
        run_flags(i, (ALL | EFLAGS_VM) & ~(EFLAGS_VM | EFLAGS_NT | EFLAGS_IOPL), 0);
    }
}

/* ---- IRET: where it goes ---- */

static void push_frame(Standin *standin, const guint64 *frame, guint count, guint size)
{
    for (guint i = 0; i < count; i++) {
        standin_poke(standin, STANDIN_STACK + i * size, frame[i], size);
    }
}

static void test_iret_v86(void)
{
    Standin *standin = standin_new(STANDIN_PROTECTED, 0);
    TcgState *s = &standin->state;
    TcgInsn insn = standin_insn(standin);
    static const guint64 frame[] = {
        0x1234, 0x1111, EFLAGS_VM | EFLAGS_IF, 0x55557000, 0x2222, 0x3333, 0x4444, 0x5555, 0x6666,
    };
    static const guint8 order[] = { TCG_SS, TCG_ES, TCG_DS, TCG_FS, TCG_GS };

    push_frame(standin, frame, G_N_ELEMENTS(frame), 4);
    s->nmi_masked = true;
    g_assert_cmpint(standin_run(standin, tcg_op_iret, &insn), ==, NONE);
    g_assert_cmphex(s->mode & TCG_MODE_V86, ==, TCG_MODE_V86);
    g_assert_cmpuint(tcg_cpl(s), ==, 3);
    g_assert_cmphex(s->segment[TCG_CS].base, ==, 0x11110);
    g_assert_cmphex(s->gpr[TCG_RSP], ==, 0x55557000);
    for (guint i = 0; i < G_N_ELEMENTS(order); i++) {
        g_assert_cmphex(s->segment[order[i]].selector, ==, frame[4 + i]);
        g_assert_cmphex(s->segment[order[i]].limit, ==, 0xffff);
    }
    g_assert_false(s->nmi_masked);
    standin_free(standin);
}

static const struct {
    StandinMode mode;
    guint cpl;
    guint16 cs, ss;
    int vector;
    guint16 error;
} iret_cases[] = {
    { STANDIN_PROTECTED, 0, SEL_CODE, 0, NONE, 0 },
    { STANDIN_PROTECTED, 0, SEL_CODE3 | 3, SEL_DATA3 | 3, NONE, 0 },
    { STANDIN_PROTECTED, 0, SEL_CODE3 | 3, SEL_DATA, TCG_GP, SEL_DATA },
    { STANDIN_PROTECTED, 3, SEL_CODE, SEL_DATA, TCG_GP, SEL_CODE },
    { STANDIN_PROTECTED, 0, SEL_NULL, 0, TCG_GP, 0 },
    { STANDIN_COMPATIBILITY, 0, SEL_CODE, 0, NONE, 0 },
    { STANDIN_64BIT, 0, SEL_CODE, SEL_DATA, NONE, 0 },
    { STANDIN_64BIT, 0, SEL_CODE, SEL_NULL, NONE, 0 },
    { STANDIN_64BIT, 0, SEL_CODE, SEL_DATA3 | 3, TCG_GP, SEL_DATA3 },
    { STANDIN_64BIT, 0, SEL_COMPAT, SEL_NULL, TCG_GP, 0 },
    { STANDIN_64BIT, 0, SEL_CODE3 | 3, SEL_NULL | 3, TCG_GP, 0 },
    { STANDIN_64BIT, 0, SEL_COMPAT3 | 3, SEL_DATA3 | 3, NONE, 0 },
    { STANDIN_64BIT, 3, SEL_CODE3 | 3, SEL_DATA3 | 3, NONE, 0 },
};

static void test_iret(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(iret_cases); i++) {
        Standin *standin = standin_new(iret_cases[i].mode, iret_cases[i].cpl);
        TcgState *s = &standin->state;
        TcgInsn insn = standin_insn(standin);
        guint64 frame[] = { 0x1234, iret_cases[i].cs, 0x202, 0x7000, iret_cases[i].ss };
        bool pops_stack = tcg_is_64bit(s) || (iret_cases[i].cs & 3u) != iret_cases[i].cpl;
        int vector;

        g_test_message("iret %u", i);
        push_frame(standin, frame, G_N_ELEMENTS(frame), insn.operand_size);
        vector = standin_run(standin, tcg_op_iret, &insn);
        check_error(standin, vector, iret_cases[i].vector, iret_cases[i].error);
        if (vector == NONE) {
            g_assert_cmphex(s->segment[TCG_CS].selector, ==, iret_cases[i].cs);
            g_assert_cmpuint(tcg_cpl(s), ==, iret_cases[i].cs & 3);
            g_assert_cmphex(s->gpr[TCG_RSP], ==,
                            pops_stack ? 0x7000u : STANDIN_STACK + 3u * insn.operand_size);
        }
        standin_free(standin);
    }
}

static void test_iret_refused(void)
{
    Standin *standin = standin_new(STANDIN_V86, 3);
    TcgInsn insn = standin_insn(standin);

    standin->state.eflags &= ~EFLAGS_IOPL;
    check_error(standin, standin_run(standin, tcg_op_iret, &insn), TCG_GP, 0);
    standin_free(standin);

    standin = standin_new(STANDIN_64BIT, 0);
    insn = standin_insn(standin);
    standin->state.eflags |= EFLAGS_NT;
    check_error(standin, standin_run(standin, tcg_op_iret, &insn), TCG_GP, 0);
    standin_free(standin);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tcg/flow/far", test_far);
    g_test_add_func("/tcg/flow/pushes", test_pushes);
    g_test_add_func("/tcg/flow/real", test_real);
    g_test_add_func("/tcg/flow/long", test_long);
    g_test_add_func("/tcg/flow/call-fault", test_call_fault);
    g_test_add_func("/tcg/flow/inner", test_inner);
    g_test_add_func("/tcg/flow/inner-16", test_inner_16);
    g_test_add_func("/tcg/flow/inner-long", test_inner_long);
    g_test_add_func("/tcg/flow/inner-stack", test_inner_stack);
    g_test_add_func("/tcg/flow/small-tss", test_small_tss);
    g_test_add_func("/tcg/flow/ret", test_ret);
    g_test_add_func("/tcg/flow/ret-16-bit-stack", test_ret_16_bit_stack);
    g_test_add_func("/tcg/flow/iret-flags", test_iret_flags);
    g_test_add_func("/tcg/flow/iret-v86", test_iret_v86);
    g_test_add_func("/tcg/flow/iret", test_iret);
    g_test_add_func("/tcg/flow/iret-refused", test_iret_refused);
    return g_test_run();
}
