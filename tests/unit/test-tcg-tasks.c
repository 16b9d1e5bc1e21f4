/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hardware tasks of the CPU in software: SDM vol. 3A, chapter 7.
 */
#include "config.h"
#include "tests/lib/tcg-standin-seg.h"

enum {
    NONE = -1, NEXT = STANDIN_RIP + 2, NEW_STACK = 0x7000,
    EIP = 0x20, EFLAGS = 0x24, GPR = 0x28, SEGMENTS = 0x48, LDT = 0x60, TRAP = 0x64,
    IP16 = 0x0e, FLAGS16 = 0x10, GPR16 = 0x12, SEGMENTS16 = 0x22,
};

/* A task at CPL 0, at STANDIN_TARGET. */
static void fill_task(Standin *standin)
{
    static const guint16 selectors[] = { SEL_DATA, SEL_CODE, SEL_DATA, SEL_DATA, 0, SEL_DATA };

    standin_poke(standin, STANDIN_TSS32 + EIP, STANDIN_TARGET, 4);
    standin_poke(standin, STANDIN_TSS32 + EFLAGS, EFLAGS_FIXED | EFLAGS_ZF, 4);
    standin_poke(standin, STANDIN_TSS32 + 0x1c, 0x5000, 4);
    for (guint i = 0; i < 8; i++) {
        standin_poke(standin, STANDIN_TSS32 + GPR + 4 * i,
                     i == TCG_RSP ? NEW_STACK : 0x1000 + i, 4);
    }
    for (guint i = 0; i < G_N_ELEMENTS(selectors); i++) {
        standin_poke(standin, STANDIN_TSS32 + SEGMENTS + 4 * i, selectors[i], 4);
    }
}

static int run(Standin *standin, TcgHelper helper, guint16 selector)
{
    TcgInsn insn = standin_insn(standin);

    insn.imm2 = selector;
    return standin_run(standin, helper, &insn);
}

static bool is_busy(const Standin *standin, guint16 selector)
{
    return standin->memory[STANDIN_GDT + selector + 5] & 2;
}

static void check_entered(const Standin *standin)
{
    const TcgState *s = &standin->state;

    g_assert_cmphex(s->rip, ==, STANDIN_TARGET);
    g_assert_cmphex(s->tr.selector, ==, SEL_TSS32);
    g_assert_cmphex(s->tr.base, ==, STANDIN_TSS32);
    g_assert_cmphex(s->gpr[TCG_RSP], ==, NEW_STACK);
    g_assert_cmphex(s->gpr[TCG_RDI], ==, 0x1007);
    g_assert_cmphex(s->segment[TCG_CS].selector, ==, SEL_CODE);
    g_assert_cmpuint(s->segment[TCG_FS].unusable, ==, 1);
    g_assert_cmphex(s->segment[TCG_GS].selector, ==, SEL_DATA);
    g_assert_cmphex(s->cr0 & CR0_TS, ==, CR0_TS);
    g_assert_true(is_busy(standin, SEL_TSS32));
    g_assert_cmpuint(tcg_cpl(s), ==, 0);
}

static const struct {
    TcgHelper helper;
    guint cpl;
    guint16 selector;
    bool nested;
} switch_cases[] = {
    { tcg_op_jmp_far, 0, SEL_TSS32, false },
    { tcg_op_call_far, 0, SEL_TSS32, true },
    { tcg_op_jmp_far, 0, SEL_TASK_GATE, false },
    { tcg_op_call_far, 3, SEL_TASK_GATE | 3, true },
};

static void test_switch(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(switch_cases); i++) {
        Standin *standin = standin_new(STANDIN_PROTECTED, switch_cases[i].cpl);
        TcgState *s = &standin->state;
        guint16 cs = s->segment[TCG_CS].selector;
        bool nested = switch_cases[i].nested;

        g_test_message("switch %u", i);
        fill_task(standin);
        s->gpr[TCG_RDX] = 0x12345678;
        s->dr[7] = 0x7ff;
        g_assert_cmpint(run(standin, switch_cases[i].helper, switch_cases[i].selector), ==, NONE);
        check_entered(standin);
        g_assert_cmphex(tcg_eflags(s), ==,
                        EFLAGS_FIXED | EFLAGS_ZF | (nested ? EFLAGS_NT : 0));
        g_assert_cmphex(s->dr[7], ==, 0x6aa);
        g_assert_cmpint(is_busy(standin, SEL_TSS), ==, nested);
        g_assert_cmphex(standin_peek(standin, STANDIN_TSS32, 2), ==, nested ? SEL_TSS : 0);
        /* What the old task will go on with. */
        g_assert_cmphex(standin_peek(standin, STANDIN_TSS + EIP, 4), ==, NEXT);
        g_assert_cmphex(standin_peek(standin, STANDIN_TSS + EFLAGS, 4), ==,
                        EFLAGS_FIXED | EFLAGS_IF);
        g_assert_cmphex(standin_peek(standin, STANDIN_TSS + GPR + 8, 4), ==, 0x12345678);
        g_assert_cmphex(standin_peek(standin, STANDIN_TSS + SEGMENTS + 4, 2), ==, cs);
        g_assert_cmpuint(standin->n_flushes, ==, 0);    /* there is no paging */
        standin_free(standin);
    }
}

/* There and back. */
static void test_return(void)
{
    Standin *standin = standin_new(STANDIN_PROTECTED, 3);
    TcgState *s = &standin->state;
    TcgInsn insn;

    fill_task(standin);
    s->gpr[TCG_RDX] = 0x12345678;
    g_assert_cmpint(run(standin, tcg_op_call_far, SEL_TASK_GATE | 3), ==, NONE);
    insn = standin_insn(standin);
    s->nmi_masked = true;
    g_assert_cmpint(standin_run(standin, tcg_op_iret, &insn), ==, NONE);
    g_assert_cmphex(s->rip, ==, NEXT);
    g_assert_cmphex(s->tr.selector, ==, SEL_TSS);
    g_assert_cmphex(s->gpr[TCG_RDX], ==, 0x12345678);
    g_assert_cmphex(s->gpr[TCG_RSP], ==, STANDIN_STACK);
    g_assert_cmpuint(tcg_cpl(s), ==, 3);
    g_assert_false(is_busy(standin, SEL_TSS32));
    g_assert_true(is_busy(standin, SEL_TSS));
    g_assert_false(s->nmi_masked);
    /* The nested task goes on behind its IRET, not nested. */
    g_assert_cmphex(standin_peek(standin, STANDIN_TSS32 + EIP, 4), ==, STANDIN_TARGET + 2);
    g_assert_cmphex(standin_peek(standin, STANDIN_TSS32 + EFLAGS, 4), ==,
                    EFLAGS_FIXED | EFLAGS_ZF);
    standin_free(standin);
}

/* An exception's error code lies on the new task's stack. */
static void test_event(void)
{
    Standin *standin = standin_new(STANDIN_PROTECTED, 3);
    TcgState *s = &standin->state;

    fill_task(standin);
    standin_idt(standin, TCG_GP, SYS_TASK_GATE, 0, SEL_TSS32, 0, 0);
    standin_except(standin, TCG_GP, true, 0x1234);
    g_assert_cmphex(s->rip, ==, STANDIN_TARGET);
    g_assert_cmphex(s->gpr[TCG_RSP], ==, NEW_STACK - 4);
    g_assert_cmphex(standin_peek(standin, NEW_STACK - 4, 4), ==, 0x1234);
    g_assert_cmphex(s->eflags & EFLAGS_NT, ==, EFLAGS_NT);
    g_assert_cmphex(standin_peek(standin, STANDIN_TSS + EIP, 4), ==, STANDIN_RIP);
    g_assert_cmphex(standin_peek(standin, STANDIN_TSS + EFLAGS, 4) & EFLAGS_RF, ==, EFLAGS_RF);
    g_assert_cmphex(standin_peek(standin, STANDIN_TSS32, 2), ==, SEL_TSS);
    standin_free(standin);
}

static void test_paging(void)
{
    Standin *standin = standin_new(STANDIN_PROTECTED, 0);

    fill_task(standin);
    standin->state.cr0 |= CR0_PG;
    g_assert_cmpint(run(standin, tcg_op_jmp_far, SEL_TSS32), ==, NONE);
    g_assert_cmphex(standin->state.cr3, ==, 0x5000);
    g_assert_cmpuint(standin->n_flushes, ==, 1);
    standin_free(standin);
}

static void test_tss16(void)
{
    Standin *standin = standin_new(STANDIN_PROTECTED, 0);
    TcgState *s = &standin->state;
    static const guint16 selectors[] = { SEL_DATA, SEL_CODE16, SEL_DATA16, SEL_DATA };

    standin_poke(standin, STANDIN_TSS16 + IP16, 0x2340, 2);
    standin_poke(standin, STANDIN_TSS16 + FLAGS16, EFLAGS_FIXED | EFLAGS_CF, 2);
    for (guint i = 0; i < 8; i++) {
        standin_poke(standin, STANDIN_TSS16 + GPR16 + 2 * i, 0x1000 + i, 2);
    }
    for (guint i = 0; i < G_N_ELEMENTS(selectors); i++) {
        standin_poke(standin, STANDIN_TSS16 + SEGMENTS16 + 2 * i, selectors[i], 2);
    }
    g_assert_cmpint(run(standin, tcg_op_jmp_far, SEL_TSS16), ==, NONE);
    g_assert_cmphex(s->rip, ==, 0x2340);
    g_assert_cmphex(s->gpr[TCG_RSI] & 0xffff, ==, 0x1006);
    g_assert_cmphex(s->segment[TCG_SS].selector, ==, SEL_DATA16);
    g_assert_cmpuint(s->segment[TCG_GS].unusable, ==, 1);
    g_assert_cmphex(s->mode & (TCG_MODE_CODE32 | TCG_MODE_STACK32), ==, 0);
    /* And back by what the 16-bit TSS of this one is. */
    fill_task(standin);
    g_assert_cmpint(run(standin, tcg_op_jmp_far, SEL_TSS32), ==, NONE);
    g_assert_cmphex(standin_peek(standin, STANDIN_TSS16 + IP16, 2), ==, 0x2342);
    g_assert_cmphex(standin_peek(standin, STANDIN_TSS16 + GPR16, 2), ==, 0x1000);
    check_entered(standin);
    standin_free(standin);
}

static void test_v86(void)
{
    Standin *standin = standin_new(STANDIN_PROTECTED, 0);
    TcgState *s = &standin->state;

    fill_task(standin);
    standin_poke(standin, STANDIN_TSS32 + EFLAGS, EFLAGS_VM | EFLAGS_FIXED, 4);
    standin_poke(standin, STANDIN_TSS32 + EIP, 0x100, 4);
    standin_poke(standin, STANDIN_TSS32 + SEGMENTS + 4, 0x1234, 4);
    g_assert_cmpint(run(standin, tcg_op_jmp_far, SEL_TSS32), ==, NONE);
    g_assert_cmphex(s->mode & TCG_MODE_V86, ==, TCG_MODE_V86);
    g_assert_cmphex(s->segment[TCG_CS].base, ==, 0x12340);
    g_assert_cmpuint(tcg_cpl(s), ==, 3);
    standin_free(standin);
}

/* The T bit: #DB before the new task's first instruction. */
static void test_trap(void)
{
    Standin *standin = standin_new(STANDIN_PROTECTED, 0);
    TcgState *s = &standin->state;

    fill_task(standin);
    standin_poke(standin, STANDIN_TSS32 + TRAP, 1, 2);
    standin_idt(standin, TCG_DB, SYS_INT32, 0, SEL_CODE, 0x1111, 0);
    g_assert_cmpint(run(standin, tcg_op_jmp_far, SEL_TSS32), ==, NONE);
    g_assert_true(s->exception.pending);
    tcg_deliver_exception(s);
    g_assert_cmphex(s->rip, ==, 0x1111);
    g_assert_cmphex(s->dr[6] & 0x8000, ==, 0x8000);
    g_assert_cmphex(standin_peek(standin, NEW_STACK - 12, 4), ==, STANDIN_TARGET);
    standin_free(standin);
}

/* ---- Faults that belong to the old task ---- */

static void test_old_task_faults(void)
{
    static const struct { guint16 selector; int vector; guint16 error; } cases[] = {
        { SEL_TSS, TCG_GP, SEL_TSS }, { SEL_ABSENT_TSS, TCG_NP, SEL_ABSENT_TSS },
        { SEL_TSS32 | 3, TCG_GP, SEL_TSS32 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Standin *standin = standin_new(STANDIN_PROTECTED, 0);

        fill_task(standin);
        g_assert_cmpint(run(standin, tcg_op_jmp_far, cases[i].selector), ==, cases[i].vector);
        g_assert_cmphex(standin->state.exception.error, ==, cases[i].error);
        g_assert_cmphex(standin->state.tr.selector, ==, SEL_TSS);
        g_assert_cmphex(standin->state.rip, ==, STANDIN_RIP);
        standin_free(standin);
    }
    Standin *standin = standin_new(STANDIN_PROTECTED, 0);

    standin_descriptor(standin, SEL_TSS32, STANDIN_TSS32, 0x66, SYS_TSS32 << 8 | SEG_P);
    g_assert_cmpint(run(standin, tcg_op_jmp_far, SEL_TSS32), ==, TCG_TS);
    g_assert_cmphex(standin->state.exception.error, ==, SEL_TSS32);
    g_assert_false(is_busy(standin, SEL_TSS32));
    standin_free(standin);
}

static void test_return_faults(void)
{
    static const struct { guint16 link; int vector; guint16 error; } cases[] = {
        { SEL_TSS32, TCG_TS, SEL_TSS32 },       /* not busy */
        { SEL_DATA, TCG_TS, SEL_DATA }, { SEL_BEYOND, TCG_TS, SEL_BEYOND },
        { SEL_IN_LDT, TCG_TS, SEL_IN_LDT },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Standin *standin = standin_new(STANDIN_PROTECTED, 0);
        TcgInsn insn = standin_insn(standin);

        standin->state.eflags |= EFLAGS_NT;
        standin_poke(standin, STANDIN_TSS, cases[i].link, 2);
        g_assert_cmpint(standin_run(standin, tcg_op_iret, &insn), ==, cases[i].vector);
        g_assert_cmphex(standin->state.exception.error, ==, cases[i].error);
        standin_free(standin);
    }
}

/* ---- Faults of the new task: table 7-1 ---- */

static const struct {
    guint offset;
    guint16 selector;
    int vector;
    guint16 error;
} new_cases[] = {
    { SEGMENTS + 4, SEL_NULL, TCG_TS, 0 },
    { SEGMENTS + 4, SEL_DATA, TCG_TS, SEL_DATA },
    { SEGMENTS + 4, SEL_CODE3, TCG_TS, SEL_CODE3 },
    { SEGMENTS + 4, SEL_ABSENT_CODE, TCG_NP, SEL_ABSENT_CODE },
    { SEGMENTS + 4, SEL_SMALL_CODE, TCG_GP, 0 },
    { SEGMENTS + 8, SEL_NULL, TCG_TS, 0 },
    { SEGMENTS + 8, SEL_DATA3, TCG_TS, SEL_DATA3 },
    { SEGMENTS + 8, SEL_ABSENT_DATA, TCG_SS_FAULT, SEL_ABSENT_DATA },
    { SEGMENTS, SEL_TSS16, TCG_TS, SEL_TSS16 },
    { SEGMENTS + 12, SEL_DATA | 3, TCG_TS, SEL_DATA },
    { SEGMENTS + 12, SEL_ABSENT_DATA, TCG_NP, SEL_ABSENT_DATA },
    { LDT, SEL_DATA, TCG_TS, SEL_DATA },
    { LDT, SEL_IN_LDT, TCG_TS, SEL_IN_LDT },
};

static void test_new_task_faults(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(new_cases); i++) {
        Standin *standin = standin_new(STANDIN_PROTECTED, 0);
        TcgState *s = &standin->state;

        g_test_message("new task %u", i);
        fill_task(standin);
        standin_poke(standin, STANDIN_TSS32 + new_cases[i].offset, new_cases[i].selector, 2);
        g_assert_cmpint(run(standin, tcg_op_jmp_far, SEL_TSS32), ==, new_cases[i].vector);
        g_assert_cmphex(s->exception.error, ==, new_cases[i].error);
        /* It is the new task that the handler interrupts. */
        g_assert_cmphex(s->tr.selector, ==, SEL_TSS32);
        g_assert_cmphex(s->rip, ==, STANDIN_TARGET);
        g_assert_cmphex(standin_peek(standin, STANDIN_TSS + EIP, 4), ==, NEXT);
        standin_free(standin);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tcg/tasks/switch", test_switch);
    g_test_add_func("/tcg/tasks/return", test_return);
    g_test_add_func("/tcg/tasks/event", test_event);
    g_test_add_func("/tcg/tasks/paging", test_paging);
    g_test_add_func("/tcg/tasks/tss16", test_tss16);
    g_test_add_func("/tcg/tasks/v86", test_v86);
    g_test_add_func("/tcg/tasks/trap", test_trap);
    g_test_add_func("/tcg/tasks/old-task-faults", test_old_task_faults);
    g_test_add_func("/tcg/tasks/return-faults", test_return_faults);
    g_test_add_func("/tcg/tasks/new-task-faults", test_new_task_faults);
    return g_test_run();
}
