/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Delivery of events by the CPU in software, in each mode.  Tables of cases made from the SDM,
 * vol. 3A, chapter 6 and sections 17.3.1.1, 20.1.4, 20.3.1; vol. 2, INT n.
 */
#include "config.h"
#include "tests/lib/tcg-standin-seg.h"

enum { NEXT = STANDIN_RIP + 2, TOP0 = STANDIN_STACK0 };

static void check_frame(const Standin *standin, guint64 at, const guint64 *frame, guint count,
                        guint size)
{
    for (guint i = 0; i < count; i++) {
        g_assert_cmphex(standin_peek(standin, at + i * size, size), ==, frame[i]);
    }
}

/* A trap gate for each exception, which leads to 0x1000 + vector. */
static void open_all(Standin *standin, guint16 code)
{
    for (guint vector = 0; vector < 32; vector++) {
        standin_idt(standin, vector, SYS_INT32, 0, code, 0x1000 + vector, 0);
    }
}

static int software(Standin *standin, guint8 vector)
{
    TcgInsn insn = standin_insn(standin);

    insn.imm = vector;
    return standin_run(standin, tcg_op_int, &insn);
}

/* ---- Real mode ---- */

static void test_real(void)
{
    Standin *standin = standin_new(STANDIN_REAL, 0);
    TcgState *s = &standin->state;
    const guint64 frame[] = { 0x12, STANDIN_RIP >> 4, 0x0302 | EFLAGS_CF };

    s->eflags |= EFLAGS_TF | EFLAGS_AC;
    tcg_set_arithmetic(s, EFLAGS_CF);
    standin_poke(standin, 0x21 * 4, 0x12345678, 4);
    g_assert_cmpint(software(standin, 0x21), ==, -1);
    g_assert_cmphex(s->rip, ==, 0x5678);
    g_assert_cmphex(s->segment[TCG_CS].base, ==, 0x12340);
    g_assert_cmphex(s->gpr[TCG_RSP], ==, STANDIN_STACK - 6);
    g_assert_cmphex(s->eflags, ==, EFLAGS_FIXED);
    check_frame(standin, STANDIN_STACK - 6, frame, 3, 2);
    g_assert_cmpint(s->delivering, ==, -1);
    standin_free(standin);
}

/* No error code, and a fault's address. */
static void test_real_fault(void)
{
    Standin *standin = standin_new(STANDIN_REAL, 0);
    const guint64 frame[] = { 0x10, STANDIN_RIP >> 4 };

    standin_poke(standin, TCG_GP * 4, 0x12345678, 4);
    standin_except(standin, TCG_GP, true, 0);
    g_assert_cmphex(standin->state.gpr[TCG_RSP], ==, STANDIN_STACK - 6);
    check_frame(standin, STANDIN_STACK - 6, frame, 2, 2);
    standin_free(standin);
}

/* SP wraps within 64 KiB; a word across the end is beyond the limit. */
static void test_real_stack(void)
{
    Standin *standin = standin_new(STANDIN_REAL, 0);

    standin_poke(standin, 0x21 * 4, 0x12345678, 4);
    standin->state.gpr[TCG_RSP] = 0x10000;
    g_assert_cmpint(software(standin, 0x21), ==, -1);
    g_assert_cmphex(standin->state.gpr[TCG_RSP], ==, 0x1fffa);
    standin_free(standin);

    standin = standin_new(STANDIN_REAL, 0);
    standin->state.gpr[TCG_RSP] = 1;
    g_assert_cmpint(software(standin, 0x21), ==, TCG_SS_FAULT);
    g_assert_cmphex(standin->state.gpr[TCG_RSP], ==, 1);
    standin_free(standin);
}

/* A table that ends too early: #GP; too early for that as well: shutdown. */
static void test_real_limit(void)
{
    Standin *standin = standin_new(STANDIN_REAL, 0);

    standin->state.idt.limit = 0x80 * 4 + 2;
    g_assert_cmpint(software(standin, 0x80), ==, TCG_GP);
    g_assert_cmpint(software(standin, 0x7f), ==, -1);
    standin->state.idt.limit = 8 * 4 - 1;
    standin_except(standin, TCG_GP, true, 0);
    g_assert_true(standin->shutdown);
    standin_free(standin);
}

/* ---- Protected mode ---- */

static void test_same_level(void)
{
    static const struct { guint type, size; bool clears_if; } cases[] = {
        { SYS_INT32, 4, true }, { SYS_TRAP32, 4, false },
        { SYS_INT16, 2, true }, { SYS_TRAP16, 2, false },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Standin *standin = standin_new(STANDIN_PROTECTED, 0);
        TcgState *s = &standin->state;
        guint size = cases[i].size;
        const guint64 frame[] = {
            NEXT & tcg_size_mask(size), SEL_CODE,
            (EFLAGS_FIXED | EFLAGS_IF | EFLAGS_TF | EFLAGS_NT | EFLAGS_AC) & tcg_size_mask(size),
        };

        s->eflags |= EFLAGS_TF | EFLAGS_NT | EFLAGS_AC | EFLAGS_RF;
        standin_idt(standin, 0x30, cases[i].type, 0, SEL_CODE, 0x12345, 0);
        g_assert_cmpint(software(standin, 0x30), ==, -1);
        g_assert_cmphex(s->rip, ==, 0x12345 & tcg_size_mask(size));
        g_assert_cmphex(s->gpr[TCG_RSP], ==, STANDIN_STACK - 3 * size);
        check_frame(standin, STANDIN_STACK - 3 * size, frame, 3, size);
        g_assert_cmphex(s->eflags, ==,
                        EFLAGS_FIXED | EFLAGS_AC | (cases[i].clears_if ? 0 : EFLAGS_IF));
        standin_free(standin);
    }
}

static void test_inner(void)
{
    Standin *standin = standin_new(STANDIN_PROTECTED, 3);
    TcgState *s = &standin->state;
    const guint64 frame[] = {
        0x5678, STANDIN_RIP, SEL_CODE3 | 3, EFLAGS_FIXED | EFLAGS_IF | EFLAGS_RF, STANDIN_STACK,
        SEL_DATA3 | 3,
    };

    standin_idt(standin, TCG_GP, SYS_INT32, 0, SEL_CODE, STANDIN_TARGET, 0);
    standin_except(standin, TCG_GP, true, 0x5678);
    g_assert_cmpuint(tcg_cpl(s), ==, 0);
    g_assert_cmphex(s->rip, ==, STANDIN_TARGET);
    g_assert_cmphex(s->segment[TCG_SS].selector, ==, SEL_DATA);
    g_assert_cmphex(s->gpr[TCG_RSP], ==, TOP0 - 24);
    check_frame(standin, TOP0 - 24, frame, G_N_ELEMENTS(frame), 4);
    standin_free(standin);
}

/* A 16-bit TSS has its stacks elsewhere. */
static void test_inner_tss16(void)
{
    Standin *standin = standin_new(STANDIN_PROTECTED, 3);

    standin->state.tr.attributes &= ~(8 << SEG_TYPE_SHIFT);
    standin_poke(standin, STANDIN_TSS + 2, 0x7000 | SEL_DATA << 16, 4);
    standin_idt(standin, 0x30, SYS_INT32, 3, SEL_CODE, STANDIN_TARGET, 0);
    g_assert_cmpint(software(standin, 0x30), ==, -1);
    g_assert_cmphex(standin->state.gpr[TCG_RSP], ==, 0x7000 - 20);
    standin_free(standin);
}

static void test_v86(void)
{
    Standin *standin = standin_new(STANDIN_V86, 3);
    TcgState *s = &standin->state;
    static const guint8 data[] = { TCG_ES, TCG_DS, TCG_FS, TCG_GS };
    guint64 frame[] = {
        0x12, STANDIN_RIP >> 4, EFLAGS_FIXED | EFLAGS_IF | EFLAGS_IOPL | EFLAGS_VM,
        STANDIN_STACK, 0, 0x101, 0x103, 0x104, 0x105,
    };

    for (guint i = 0; i < G_N_ELEMENTS(data); i++) {
        tcg_segment_load_real(s, data[i], frame[5 + i]);
    }
    standin_idt(standin, 0x30, SYS_TRAP32, 3, SEL_CODE, STANDIN_TARGET, 0);
    g_assert_cmpint(software(standin, 0x30), ==, -1);
    g_assert_cmpuint(tcg_cpl(s), ==, 0);
    g_assert_cmphex(s->mode & TCG_MODE_V86, ==, 0);
    g_assert_cmphex(s->gpr[TCG_RSP], ==, TOP0 - 36);
    check_frame(standin, TOP0 - 36, frame, G_N_ELEMENTS(frame), 4);
    for (guint i = 0; i < G_N_ELEMENTS(data); i++) {
        g_assert_cmphex(s->segment[data[i]].selector, ==, 0);
        g_assert_cmpuint(s->segment[data[i]].unusable, ==, 1);
    }
    g_assert_cmphex(s->eflags, ==, EFLAGS_FIXED | EFLAGS_IF | EFLAGS_IOPL);
    standin_free(standin);
}

/* ---- IA-32e mode ---- */

static const struct {
    StandinMode mode;
    guint cpl;
    guint16 code;
    guint ist;
    bool has_error;
    guint64 rsp;                /* before */
    guint64 top;                /* where the frame begins to grow down */
    guint16 ss;                 /* then */
} long_cases[] = {
    { STANDIN_64BIT, 0, SEL_CODE, 0, false, 0x7ff9, 0x7ff0, SEL_DATA },
    { STANDIN_64BIT, 0, SEL_CODE, 0, true, 0x8000, 0x8000, SEL_DATA },
    { STANDIN_64BIT, 0, SEL_CODE, 1, true, 0x8000, STANDIN_IST1 & ~15, SEL_DATA },
    { STANDIN_64BIT, 3, SEL_CODE, 0, true, 0x8000, STANDIN_STACK0, 0 },
    { STANDIN_64BIT, 3, SEL_CODE, 1, false, 0x8000, STANDIN_IST1 & ~15, 0 },
    { STANDIN_64BIT, 3, SEL_CONFORMING, 0, false, 0x8000, 0x8000, SEL_DATA3 | 3 },
    { STANDIN_COMPATIBILITY, 3, SEL_CODE, 0, true, 0x8000, STANDIN_STACK0, 0 },
    { STANDIN_COMPATIBILITY, 0, SEL_CODE, 0, false, 0x8000, 0x8000, SEL_DATA },
};

static void test_long(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(long_cases); i++) {
        Standin *standin = standin_new(long_cases[i].mode, long_cases[i].cpl);
        TcgState *s = &standin->state;
        guint64 at = long_cases[i].top - 40;
        guint64 frame[] = {
            STANDIN_RIP, s->segment[TCG_CS].selector, EFLAGS_FIXED | EFLAGS_IF | EFLAGS_RF,
            long_cases[i].rsp, s->segment[TCG_SS].selector,
        };

        g_test_message("long %u", i);
        s->gpr[TCG_RSP] = long_cases[i].rsp;
        standin_idt(standin, TCG_GP, SYS_INT32, 0, long_cases[i].code, STANDIN_TARGET,
                    long_cases[i].ist);
        standin_except(standin, TCG_GP, long_cases[i].has_error, 0x1234);
        g_assert_cmphex(s->rip, ==, STANDIN_TARGET);
        g_assert_true(tcg_is_64bit(s));
        g_assert_cmphex(s->gpr[TCG_RSP], ==, at - (long_cases[i].has_error ? 8 : 0));
        g_assert_cmphex(s->segment[TCG_SS].selector, ==, long_cases[i].ss);
        g_assert_cmpuint(tcg_cpl(s), ==, long_cases[i].code == SEL_CODE ? 0 : long_cases[i].cpl);
        check_frame(standin, at, frame, G_N_ELEMENTS(frame), 8);
        if (long_cases[i].has_error) {
            g_assert_cmphex(standin_peek(standin, at - 8, 8), ==, 0x1234);
        }
        standin_free(standin);
    }
}

/* ---- What can be wrong with a gate ---- */

static const struct {
    StandinMode mode;
    guint cpl;
    guint type, dpl;
    guint16 code;
    guint64 ip;
    int vector;                 /* of INT 30h */
    guint16 error;
} gate_cases[] = {
    { STANDIN_PROTECTED, 0, SYS_INT32, 0, SEL_CODE, 0x1234, -1, 0 },
    { STANDIN_PROTECTED, 3, SYS_INT32, 0, SEL_CODE, 0x1234, TCG_GP, 0x182 },
    { STANDIN_PROTECTED, 3, SYS_INT32, 3, SEL_CODE, 0x1234, -1, 0 },
    { STANDIN_PROTECTED, 3, SYS_CALL32, 3, SEL_CODE, 0x1234, TCG_GP, 0x182 },
    { STANDIN_PROTECTED, 3, 0, 3, SEL_CODE, 0x1234, TCG_GP, 0x182 },
    { STANDIN_PROTECTED, 3, SYS_INT32, 3, SEL_NULL | 3, 0x1234, TCG_GP, 0 },
    { STANDIN_PROTECTED, 3, SYS_INT32, 3, SEL_BEYOND, 0x1234, TCG_GP, SEL_BEYOND },
    { STANDIN_PROTECTED, 3, SYS_INT32, 3, SEL_DATA, 0x1234, TCG_GP, SEL_DATA },
    { STANDIN_PROTECTED, 0, SYS_INT32, 3, SEL_CODE3, 0x1234, TCG_GP, SEL_CODE3 },
    { STANDIN_PROTECTED, 0, SYS_INT32, 3, SEL_ABSENT_CODE, 0x1234, TCG_NP, SEL_ABSENT_CODE },
    { STANDIN_PROTECTED, 0, SYS_INT32, 3, SEL_SMALL_CODE, 0x1234, TCG_GP, 0 },
    { STANDIN_PROTECTED, 3, SYS_INT32, 3, SEL_CONFORMING, 0x1234, -1, 0 },
    { STANDIN_V86, 3, SYS_INT32, 3, SEL_CONFORMING, 0x1234, TCG_GP, SEL_CONFORMING },
    { STANDIN_V86, 3, SYS_INT32, 3, SEL_CODE3, 0x1234, TCG_GP, SEL_CODE3 },
    { STANDIN_V86, 3, SYS_INT32, 0, SEL_CODE, 0x1234, TCG_GP, 0x182 },
    { STANDIN_64BIT, 0, SYS_INT32, 0, SEL_CODE, 0x1234, -1, 0 },
    { STANDIN_64BIT, 3, SYS_INT32, 0, SEL_CODE, 0x1234, TCG_GP, 0x182 },
    { STANDIN_64BIT, 0, SYS_INT16, 0, SEL_CODE, 0x1234, TCG_GP, 0x182 },
    { STANDIN_64BIT, 0, SYS_TASK_GATE, 0, SEL_CODE, 0x1234, TCG_GP, 0x182 },
    { STANDIN_64BIT, 0, SYS_INT32, 0, SEL_COMPAT, 0x1234, TCG_GP, SEL_COMPAT },
    { STANDIN_64BIT, 0, SYS_INT32, 0, SEL_CODE, 0x800000000000, TCG_GP, 0 },
    { STANDIN_64BIT, 0, SYS_INT32, 0, SEL_CODE, 0xffff800000001234, -1, 0 },
};

static void test_gates(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(gate_cases); i++) {
        Standin *standin = standin_new(gate_cases[i].mode, gate_cases[i].cpl);
        TcgState *s = &standin->state;
        guint64 rip = s->rip;
        int vector;

        g_test_message("gate %u", i);
        standin_idt(standin, 0x30, gate_cases[i].type, gate_cases[i].dpl, gate_cases[i].code,
                    gate_cases[i].ip, 0);
        vector = software(standin, 0x30);
        g_assert_cmpint(vector, ==, gate_cases[i].vector);
        if (vector == -1) {
            g_assert_cmphex(s->rip, ==, gate_cases[i].ip);
        } else {
            g_assert_cmphex(s->exception.error, ==, gate_cases[i].error);
            g_assert_cmphex(s->gpr[TCG_RSP], ==, STANDIN_STACK);
            g_assert_cmphex(s->rip, ==, rip);
        }
        standin_free(standin);
    }
}

static void test_gate_presence(void)
{
    Standin *standin = standin_new(STANDIN_PROTECTED, 0);

    standin_idt(standin, 0x30, SYS_INT32, 0, SEL_CODE, 0x1234, 0);
    standin->memory[STANDIN_IDT + 0x30 * 8 + 5] &= 0x7f;
    g_assert_cmpint(software(standin, 0x30), ==, TCG_NP);
    g_assert_cmphex(standin->state.exception.error, ==, 0x182);
    standin->state.idt.limit = 0x30 * 8 + 6;
    g_assert_cmpint(software(standin, 0x30), ==, TCG_GP);
    g_assert_cmphex(standin->state.exception.error, ==, 0x182);
    standin_free(standin);
}

/* INT3 and INTO mind the gate's DPL, INT1 and exceptions do not. */
static void test_software_kinds(void)
{
    static const struct { TcgHelper helper; guint vector; bool minds; } cases[] = {
        { tcg_op_int3, TCG_BP, true }, { tcg_op_into, TCG_OF, true },
        { tcg_op_int1, TCG_DB, false },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Standin *standin = standin_new(STANDIN_PROTECTED, 3);
        TcgInsn insn = standin_insn(standin);

        tcg_set_arithmetic(&standin->state, EFLAGS_OF);
        standin_idt(standin, cases[i].vector, SYS_INT32, 0, SEL_CODE, 0x1234, 0);
        if (cases[i].minds) {
            g_assert_cmpint(standin_run(standin, cases[i].helper, &insn), ==, TCG_GP);
            g_assert_cmphex(standin->state.exception.error, ==, cases[i].vector * 8 + 2);
            standin_idt(standin, cases[i].vector, SYS_INT32, 3, SEL_CODE, 0x1234, 0);
        }
        g_assert_cmpint(standin_run(standin, cases[i].helper, &insn), ==, -1);
        g_assert_cmphex(standin->state.rip, ==, 0x1234);
        g_assert_cmphex(standin_peek(standin, TOP0 - 20, 4), ==, NEXT);
        standin_free(standin);
    }
}

static void test_into_without_overflow(void)
{
    Standin *standin = standin_new(STANDIN_PROTECTED, 3);
    TcgInsn insn = standin_insn(standin);

    g_assert_cmpint(standin_run(standin, tcg_op_into, &insn), ==, -1);
    g_assert_cmphex(standin->state.rip, ==, NEXT);
    standin_free(standin);
}

static void test_v86_iopl(void)
{
    Standin *standin = standin_new(STANDIN_V86, 3);

    standin_idt(standin, 0x30, SYS_INT32, 3, SEL_CODE, 0x1234, 0);
    standin->state.eflags &= ~EFLAGS_IOPL;
    g_assert_cmpint(software(standin, 0x30), ==, TCG_GP);
    g_assert_cmphex(standin->state.exception.error, ==, 0);
    standin_free(standin);
}

/* ---- A second fault: table 6-5 ---- */

static const struct {
    int first;                  /* -1: INT n, -2: an interrupt */
    guint8 second;
    int result;                 /* -1: shutdown */
    guint16 error;
} pair_cases[] = {
    { -1, TCG_GP, TCG_GP, 0x10 }, { -2, TCG_GP, TCG_GP, 0x11 }, { -1, TCG_PF, TCG_PF, 0x10 },
    { -2, TCG_PF, TCG_PF, 0x10 },
    { TCG_UD, TCG_GP, TCG_GP, 0x11 }, { TCG_UD, TCG_PF, TCG_PF, 0x10 },
    { TCG_DE, TCG_GP, TCG_DF, 0 }, { TCG_DE, TCG_PF, TCG_PF, 0x10 },
    { TCG_TS, TCG_NP, TCG_DF, 0 }, { TCG_NP, TCG_SS_FAULT, TCG_DF, 0 },
    { TCG_SS_FAULT, TCG_TS, TCG_DF, 0 }, { TCG_GP, TCG_GP, TCG_DF, 0 },
    { TCG_GP, TCG_PF, TCG_PF, 0x10 }, { TCG_PF, TCG_GP, TCG_DF, 0 },
    { TCG_PF, TCG_PF, TCG_DF, 0 }, { TCG_PF, TCG_DB, TCG_DB, 0x10 },
    { TCG_DF, TCG_GP, -1, 0 }, { TCG_DF, TCG_PF, -1, 0 }, { TCG_DF, TCG_DB, TCG_DB, 0x10 },
    { TCG_AC, TCG_SS_FAULT, TCG_SS_FAULT, 0x11 },
};

static void test_pairs(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(pair_cases); i++) {
        Standin *standin = standin_new(STANDIN_PROTECTED, 0);
        TcgState *s = &standin->state;
        guint8 second = pair_cases[i].second;
        int first = pair_cases[i].first;
        TcgException exception = { .vector = second, .error = 0x10, .has_error = true,
                                   .address = 0x4321 };
        static const guint8 classes[32] = {
            [TCG_DE] = 1, [TCG_TS] = 1, [TCG_NP] = 1, [TCG_SS_FAULT] = 1, [TCG_GP] = 1,
            [TCG_PF] = 2, [TCG_DF] = 3,
        };

        g_test_message("pair %u", i);
        s->delivering = first < 0 ? 0x30 : first;
        s->delivering_class = first < 0 ? 0 : classes[first];
        s->delivering_external = first != -1;
        g_assert_cmpint(tcg_exception_combine(s, &exception), ==, pair_cases[i].result >= 0);
        if (pair_cases[i].result >= 0) {
            g_assert_cmpint(exception.vector, ==, pair_cases[i].result);
            g_assert_cmphex(exception.error, ==, pair_cases[i].error);
        }
        g_assert_cmpint(s->delivering, ==, -1);
        standin_free(standin);
    }
}

/* Through the delivery itself. */
static void test_double_fault(void)
{
    Standin *standin = standin_new(STANDIN_PROTECTED, 0);
    TcgState *s = &standin->state;

    open_all(standin, SEL_CODE);
    standin_idt(standin, TCG_PF, SYS_INT32, 0, SEL_BEYOND, 0, 0);
    standin_except(standin, TCG_PF, true, 2);
    g_assert_cmphex(s->rip, ==, 0x1000 + TCG_DF);
    g_assert_cmphex(standin_peek(standin, STANDIN_STACK - 16, 4), ==, 0);
    g_assert_cmphex(standin_peek(standin, STANDIN_STACK - 12, 4), ==, STANDIN_RIP);
    standin_free(standin);

    /* #NP of a gate while #UD is delivered: #NP with EXT, IDT. */
    standin = standin_new(STANDIN_PROTECTED, 0);
    open_all(standin, SEL_CODE);
    standin->memory[STANDIN_IDT + TCG_UD * 8 + 5] &= 0x7f;
    standin_except(standin, TCG_UD, false, 0);
    g_assert_cmphex(standin->state.rip, ==, 0x1000 + TCG_NP);
    g_assert_cmphex(standin_peek(standin, STANDIN_STACK - 16, 4), ==, TCG_UD * 8 + 3);
    standin_free(standin);
}

static void test_shutdown(void)
{
    Standin *standin = standin_new(STANDIN_PROTECTED, 0);

    open_all(standin, SEL_CODE);
    standin->hole = STANDIN_STACK - 0x1000;
    standin_except(standin, TCG_UD, false, 0);
    g_assert_true(standin->shutdown);
    g_assert_cmphex(standin->state.rip, ==, STANDIN_RIP);
    g_assert_cmphex(standin->state.gpr[TCG_RSP], ==, STANDIN_STACK);
    standin_free(standin);
}

/* An interrupt whose gate is not there: the handler of #PF sees the address. */
static void test_interrupt_faults(void)
{
    Standin *standin = standin_new(STANDIN_PROTECTED, 0);

    open_all(standin, SEL_CODE);
    standin_idt(standin, 0x40, SYS_INT32, 0, SEL_ABSENT_CODE, 0, 0);
    standin_interrupt(standin, 0x40);
    g_assert_cmphex(standin->state.rip, ==, 0x1000 + TCG_NP);
    g_assert_cmphex(standin_peek(standin, STANDIN_STACK - 16, 4), ==, SEL_ABSENT_CODE | 1);
    standin_free(standin);

    standin = standin_new(STANDIN_PROTECTED, 0);
    open_all(standin, SEL_CODE);
    standin_idt(standin, 0x40, SYS_INT32, 0, SEL_CODE, 0x1234, 0);
    standin->state.gdt.base = STANDIN_MEMORY;
    standin_interrupt(standin, 0x40);
    g_assert_true(standin->shutdown);
    g_assert_cmphex(standin->state.cr2, ==, STANDIN_MEMORY + SEL_CODE);
    standin_free(standin);
}

/* ---- RF, CR2, DR6, NMI ---- */

static void test_resume_flag(void)
{
    static const struct { guint8 vector; bool rf; } cases[] = {
        { TCG_DE, true }, { TCG_DB, false }, { TCG_BP, false }, { TCG_OF, false },
        { TCG_BR, true }, { TCG_UD, true }, { TCG_NM, true }, { TCG_DF, false },
        { TCG_GP, true }, { TCG_PF, true }, { TCG_MF, true }, { TCG_MC, false },
        { TCG_XM, true },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Standin *standin = standin_new(STANDIN_PROTECTED, 0);

        open_all(standin, SEL_CODE);
        standin_except(standin, cases[i].vector, false, 0);
        g_assert_cmpint(!!(standin_peek(standin, STANDIN_STACK - 4, 4) & EFLAGS_RF), ==,
                        cases[i].rf);
        g_assert_cmphex(standin->state.eflags & EFLAGS_RF, ==, 0);
        standin_free(standin);
    }
    /* What RF is stays in an interrupt's frame. */
    Standin *standin = standin_new(STANDIN_PROTECTED, 0);

    open_all(standin, SEL_CODE);
    standin->state.eflags |= EFLAGS_RF;
    standin_interrupt(standin, 20);
    g_assert_cmphex(standin_peek(standin, STANDIN_STACK - 4, 4) & EFLAGS_RF, ==, EFLAGS_RF);
    standin_free(standin);
}

static void test_registers(void)
{
    Standin *standin = standin_new(STANDIN_PROTECTED, 0);
    TcgState *s = &standin->state;

    open_all(standin, SEL_CODE);
    s->exception.pending = false;
    s->exception = (TcgException){ .vector = TCG_PF, .has_error = true, .address = 0x12345000 };
    tcg_deliver_exception(s);
    g_assert_cmphex(s->cr2, ==, 0x12345000);
    g_assert_false(s->exception.pending);

    s->dr[6] = 0xffff4ff7;
    s->dr[7] = 0x2401;
    s->exception = (TcgException){ .vector = TCG_DB, .address = 0x4008 };
    tcg_deliver_exception(s);
    g_assert_cmphex(s->dr[6], ==, 0xffff4ff8);
    g_assert_cmphex(s->dr[7], ==, 0x0401);
    standin_free(standin);
}

static void test_nmi(void)
{
    Standin *standin = standin_new(STANDIN_PROTECTED, 0);
    TcgState *s = &standin->state;
    TcgInsn insn;

    open_all(standin, SEL_CODE);
    s->halted = true;
    s->shadow = 1;
    standin_interrupt(standin, TCG_NMI);
    g_assert_true(s->nmi_masked);
    g_assert_false(s->halted);
    g_assert_cmpuint(s->shadow, ==, 0);
    insn = standin_insn(standin);
    g_assert_cmpint(standin_run(standin, tcg_op_iret, &insn), ==, -1);
    g_assert_false(s->nmi_masked);
    g_assert_cmphex(s->rip, ==, STANDIN_RIP);
    g_assert_cmphex(s->gpr[TCG_RSP], ==, STANDIN_STACK);
    g_assert_cmphex(s->eflags, ==, EFLAGS_FIXED | EFLAGS_IF);
    /* INT 2 is none. */
    standin_idt(standin, 2, SYS_INT32, 0, SEL_CODE, 0x1234, 0);
    g_assert_cmpint(software(standin, 2), ==, -1);
    g_assert_false(s->nmi_masked);
    standin_free(standin);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tcg/exceptions/real", test_real);
    g_test_add_func("/tcg/exceptions/real-fault", test_real_fault);
    g_test_add_func("/tcg/exceptions/real-stack", test_real_stack);
    g_test_add_func("/tcg/exceptions/real-limit", test_real_limit);
    g_test_add_func("/tcg/exceptions/same-level", test_same_level);
    g_test_add_func("/tcg/exceptions/inner", test_inner);
    g_test_add_func("/tcg/exceptions/inner-tss16", test_inner_tss16);
    g_test_add_func("/tcg/exceptions/v86", test_v86);
    g_test_add_func("/tcg/exceptions/long", test_long);
    g_test_add_func("/tcg/exceptions/gates", test_gates);
    g_test_add_func("/tcg/exceptions/gate-presence", test_gate_presence);
    g_test_add_func("/tcg/exceptions/software-kinds", test_software_kinds);
    g_test_add_func("/tcg/exceptions/into", test_into_without_overflow);
    g_test_add_func("/tcg/exceptions/v86-iopl", test_v86_iopl);
    g_test_add_func("/tcg/exceptions/pairs", test_pairs);
    g_test_add_func("/tcg/exceptions/double-fault", test_double_fault);
    g_test_add_func("/tcg/exceptions/shutdown", test_shutdown);
    g_test_add_func("/tcg/exceptions/interrupt-faults", test_interrupt_faults);
    g_test_add_func("/tcg/exceptions/resume-flag", test_resume_flag);
    g_test_add_func("/tcg/exceptions/registers", test_registers);
    g_test_add_func("/tcg/exceptions/nmi", test_nmi);
    return g_test_run();
}
