/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stack instructions and near transfers of the CPU in software.  Tables of cases made from the
 * SDM, vol. 2 (PUSH, POP, PUSHA, POPA, PUSHF, POPF, ENTER, LEAVE, CALL, RET, JMP, Jcc, LOOP).
 */
#include "config.h"
#include "tests/lib/tcg-standin-seg.h"

enum { NONE = -1, NEXT = STANDIN_RIP + 2, TOP = STANDIN_STACK };

static void use_16_bit_stack(Standin *standin)
{
    standin_descriptor(standin, SEL_DATA16, 0, 0xffff, SEG_P | SEG_S | SEG_RW);
    tcg_segment_load(&standin->state, TCG_SS, SEL_DATA16);
}

/* ---- PUSH and POP ---- */

static const struct {
    StandinMode mode;
    bool stack16;
    guint8 opcode;
    guint size;
    guint64 rsp, then;
    guint64 value, stored;
} push_cases[] = {
    { STANDIN_PROTECTED, false, 0x50, 4, TOP, TOP - 4, 0x12345678, 0x12345678 },
    { STANDIN_PROTECTED, false, 0x50, 2, TOP, TOP - 2, 0x12345678, 0x5678 },
    { STANDIN_PROTECTED, true, 0x50, 4, 0x12348000, 0x12347ffc, 0x12345678, 0x12345678 },
    { STANDIN_PROTECTED, true, 0x50, 2, 0x12340000, 0x1234fffe, 0x12345678, 0x5678 },
    { STANDIN_PROTECTED, false, 0x6a, 4, TOP, TOP - 4, (guint64)-3, 0xfffffffd },
    { STANDIN_PROTECTED, false, 0x68, 2, TOP, TOP - 2, 0x1234, 0x1234 },
    { STANDIN_64BIT, false, 0x50, 8, TOP, TOP - 8, 0x123456789abcdef0, 0x123456789abcdef0 },
    { STANDIN_64BIT, false, 0x50, 2, TOP, TOP - 2, 0x123456789abcdef0, 0xdef0 },
    { STANDIN_64BIT, false, 0x6a, 8, TOP, TOP - 8, (guint64)-3, (guint64)-3 },
    { STANDIN_REAL, true, 0x50, 2, 0x10000, 0x1fffe, 0x1234, 0x1234 },
};

static void test_push(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(push_cases); i++) {
        Standin *standin = standin_new(push_cases[i].mode, 0);
        TcgState *s = &standin->state;
        TcgInsn insn;
        guint size = push_cases[i].size;

        g_test_message("push %u", i);
        if (push_cases[i].stack16 && push_cases[i].mode != STANDIN_REAL) {
            use_16_bit_stack(standin);
        }
        insn = standin_insn(standin);
        insn.opcode = push_cases[i].opcode;
        insn.operand_size = size;
        insn.rm = insn.opcode == 0x50 ? TCG_RAX : TCG_NO_REG;
        insn.imm = push_cases[i].value;
        s->gpr[TCG_RAX] = push_cases[i].value;
        s->gpr[TCG_RSP] = push_cases[i].rsp;
        g_assert_cmpint(standin_run(standin, tcg_op_push, &insn), ==, NONE);
        g_assert_cmphex(s->gpr[TCG_RSP], ==, push_cases[i].then);
        g_assert_cmphex(standin_peek(standin, push_cases[i].stack16 ? push_cases[i].then & 0xffff
                                     : push_cases[i].then, size), ==, push_cases[i].stored);

        insn.opcode = 0x58;
        insn.rm = TCG_RBX;
        s->gpr[TCG_RBX] = ~0ull;
        g_assert_cmpint(standin_run(standin, tcg_op_pop, &insn), ==, NONE);
        g_assert_cmphex(s->gpr[TCG_RSP], ==, push_cases[i].stack16
                        ? (push_cases[i].then & ~0xffffull) | ((push_cases[i].then + size) & 0xffff)
                        : push_cases[i].rsp);
        g_assert_cmphex(s->gpr[TCG_RBX], ==,
                        size == 2 ? ~0xffffull | push_cases[i].stored : push_cases[i].stored);
        standin_free(standin);
    }
}

/* PUSH SP stores the old value; POP SP gets what was stored. */
static void test_stack_pointer(void)
{
    Standin *standin = standin_new(STANDIN_PROTECTED, 0);
    TcgInsn insn = standin_insn(standin);

    insn.opcode = 0x54;
    insn.rm = TCG_RSP;
    g_assert_cmpint(standin_run(standin, tcg_op_push, &insn), ==, NONE);
    g_assert_cmphex(standin_peek(standin, TOP - 4, 4), ==, TOP);
    standin_poke(standin, TOP - 4, 0x1234, 4);
    g_assert_cmpint(standin_run(standin, tcg_op_pop, &insn), ==, NONE);
    g_assert_cmphex(standin->state.gpr[TCG_RSP], ==, 0x1234);
    standin_free(standin);
}

/* PUSH [ESP] reads where ESP was, POP [ESP] writes where it will be. */
static void test_memory(void)
{
    Standin *standin = standin_new(STANDIN_PROTECTED, 0);
    TcgInsn insn = standin_insn(standin);

    insn.opcode = 0xff;
    insn.has_memory = true;
    insn.base = TCG_RSP;
    insn.segment = TCG_SS;
    standin_poke(standin, TOP, 0x1234, 4);
    g_assert_cmpint(standin_run(standin, tcg_op_push, &insn), ==, NONE);
    g_assert_cmphex(standin_peek(standin, TOP - 4, 4), ==, 0x1234);
    standin_poke(standin, TOP, 0x5678, 4);
    insn.opcode = 0x8f;
    insn.disp = 8;
    g_assert_cmpint(standin_run(standin, tcg_op_pop, &insn), ==, NONE);
    g_assert_cmphex(standin_peek(standin, TOP + 8, 4), ==, 0x1234);
    g_assert_cmphex(standin->state.gpr[TCG_RSP], ==, TOP);
    /* What cannot be written leaves ESP alone. */
    standin->hole = STANDIN_DATA;
    insn.base = TCG_NO_REG;
    insn.disp = STANDIN_DATA;
    g_assert_cmpint(standin_run(standin, tcg_op_pop, &insn), ==, TCG_PF);
    g_assert_cmphex(standin->state.gpr[TCG_RSP], ==, TOP);
    insn.opcode = 0xff;
    g_assert_cmpint(standin_run(standin, tcg_op_push, &insn), ==, TCG_PF);
    g_assert_cmphex(standin->state.gpr[TCG_RSP], ==, TOP);
    standin_free(standin);
}

static void test_segments(void)
{
    static const struct { guint8 push, pop, segment; } cases[] = {
        { 0x06, 0x07, TCG_ES }, { 0x16, 0x17, TCG_SS }, { 0x1e, 0x1f, TCG_DS },
        { 0xa0, 0xa1, TCG_FS }, { 0xa8, 0xa9, TCG_GS },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Standin *standin = standin_new(STANDIN_PROTECTED, 0);
        TcgState *s = &standin->state;
        TcgInsn insn = standin_insn(standin);

        insn.opcode = cases[i].push;
        standin_poke(standin, TOP - 4, 0xdeadbeef, 4);
        g_assert_cmpint(standin_run(standin, tcg_op_push_sreg, &insn), ==, NONE);
        g_assert_cmphex(standin_peek(standin, TOP - 4, 4), ==, 0xdead0000 | SEL_DATA);
        insn.opcode = cases[i].pop;
        standin_poke(standin, TOP - 4, 0xffff0000 | SEL_BEYOND, 4);
        g_assert_cmpint(standin_run(standin, tcg_op_pop_sreg, &insn), ==, TCG_GP);
        g_assert_cmphex(s->gpr[TCG_RSP], ==, TOP - 4);
        standin_poke(standin, TOP - 4, 0xffff0000 | SEL_DATA16, 4);
        g_assert_cmpint(standin_run(standin, tcg_op_pop_sreg, &insn), ==, NONE);
        g_assert_cmphex(s->segment[cases[i].segment].selector, ==, SEL_DATA16);
        g_assert_cmphex(s->gpr[TCG_RSP], ==, TOP);
        g_assert_cmpuint(s->shadow, ==, cases[i].segment == TCG_SS ? 2 : 0);
        standin_free(standin);
    }
}

/* Beyond the limit, or not an address: #SS(0), and nothing has changed. */
static void test_faults(void)
{
    static const struct { StandinMode mode; guint64 rsp; } cases[] = {
        { STANDIN_64BIT, 0x800000000008 }, { STANDIN_64BIT, 0x800000000004 },
        { STANDIN_64BIT, 0xffff800000000000 }, { STANDIN_REAL, 1 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Standin *standin = standin_new(cases[i].mode, 0);
        TcgInsn insn = standin_insn(standin);

        insn.opcode = 0x50;
        insn.rm = TCG_RAX;
        standin->state.gpr[TCG_RSP] = cases[i].rsp;
        g_assert_cmpint(standin_run(standin, tcg_op_push, &insn), ==, TCG_SS_FAULT);
        g_assert_cmphex(standin->state.exception.error, ==, 0);
        g_assert_cmphex(standin->state.gpr[TCG_RSP], ==, cases[i].rsp);
        standin_free(standin);
    }
}

static void test_all(void)
{
    static const guint sizes[] = { 2, 4 };

    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        Standin *standin = standin_new(STANDIN_PROTECTED, 0);
        TcgState *s = &standin->state;
        TcgInsn insn = standin_insn(standin);
        guint size = sizes[i];

        insn.operand_size = size;
        for (guint reg = 0; reg < 8; reg++) {
            s->gpr[reg] = reg == TCG_RSP ? TOP : 0x11111111u * reg;
        }
        g_assert_cmpint(standin_run(standin, tcg_op_pusha, &insn), ==, NONE);
        g_assert_cmphex(s->gpr[TCG_RSP], ==, TOP - 8 * size);
        for (guint reg = 0; reg < 8; reg++) {
            g_assert_cmphex(standin_peek(standin, TOP - (reg + 1) * size, size), ==,
                            (reg == TCG_RSP ? TOP : 0x11111111u * reg) & tcg_size_mask(size));
        }
        for (guint reg = 0; reg < 8; reg++) {
            s->gpr[reg] = reg == TCG_RSP ? s->gpr[reg] : 0xabcdabcd;
        }
        g_assert_cmpint(standin_run(standin, tcg_op_popa, &insn), ==, NONE);
        g_assert_cmphex(s->gpr[TCG_RSP], ==, TOP);
        g_assert_cmphex(s->gpr[TCG_RDI], ==, size == 4 ? 0x77777777 : 0xabcd7777);
        g_assert_cmphex(s->gpr[TCG_RCX], ==, size == 4 ? 0x11111111 : 0xabcd1111);
        standin_free(standin);
    }
}

/* ---- PUSHF and POPF ---- */

enum {
    ALL = 0x3f7fd5,
    USER = EFLAGS_ARITHMETIC | EFLAGS_TF | EFLAGS_DF | EFLAGS_NT,
    WIDE = EFLAGS_AC | EFLAGS_ID,
};

static const struct {
    StandinMode mode;
    guint cpl, iopl, size;
    guint32 changes;
} popf_cases[] = {
    { STANDIN_REAL, 0, 0, 2, USER | EFLAGS_IF | EFLAGS_IOPL },
    { STANDIN_REAL, 0, 0, 4, USER | EFLAGS_IF | EFLAGS_IOPL | WIDE },
    { STANDIN_V86, 3, 3, 2, USER | EFLAGS_IF },
    { STANDIN_V86, 3, 3, 4, USER | EFLAGS_IF | WIDE },
    { STANDIN_PROTECTED, 0, 0, 4, USER | EFLAGS_IF | EFLAGS_IOPL | WIDE },
    { STANDIN_PROTECTED, 0, 0, 2, USER | EFLAGS_IF | EFLAGS_IOPL },
    { STANDIN_PROTECTED, 1, 1, 4, USER | EFLAGS_IF | WIDE },
    { STANDIN_PROTECTED, 3, 1, 4, USER | WIDE },
    { STANDIN_PROTECTED, 3, 3, 4, USER | EFLAGS_IF | WIDE },
    { STANDIN_64BIT, 0, 0, 8, USER | EFLAGS_IF | EFLAGS_IOPL | WIDE },
    { STANDIN_64BIT, 3, 0, 8, USER | WIDE },
};

static void run_popf(guint i, guint32 before, guint32 image)
{
    Standin *standin = standin_new(popf_cases[i].mode, popf_cases[i].cpl);
    TcgState *s = &standin->state;
    TcgInsn insn = standin_insn(standin);
    guint32 expected;

    insn.operand_size = popf_cases[i].size;
    s->eflags = before | (s->eflags & EFLAGS_VM) | popf_cases[i].iopl << 12 | EFLAGS_FIXED;
    tcg_set_arithmetic(s, before);
    tcg_mode_update(s);
    standin_poke(standin, TOP, image, insn.operand_size);
    expected = (tcg_eflags(s) & ~popf_cases[i].changes) | (image & popf_cases[i].changes);
    g_assert_cmpint(standin_run(standin, tcg_op_popf, &insn), ==, NONE);
    g_assert_cmphex(tcg_eflags(s), ==, expected);
    g_assert_cmphex(s->gpr[TCG_RSP], ==, TOP + insn.operand_size);
    /* PUSHF shows it all but for RF and VM. */
    g_assert_cmpint(standin_run(standin, tcg_op_pushf, &insn), ==, NONE);
    g_assert_cmphex(standin_peek(standin, TOP, insn.operand_size), ==,
                    expected & ~(EFLAGS_VM | EFLAGS_RF) & tcg_size_mask(insn.operand_size));
    standin_free(standin);
}

static void test_flags(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(popf_cases); i++) {
        g_test_message("popf %u", i);
        run_popf(i, 0, ALL & ~EFLAGS_VM);
        run_popf(i, ALL & ~(EFLAGS_VM | EFLAGS_IOPL), 0);
    }
}

static void test_flags_refused(void)
{
    Standin *standin = standin_new(STANDIN_V86, 3);
    TcgInsn insn = standin_insn(standin);

    standin->state.eflags &= ~EFLAGS_IOPL;
    g_assert_cmpint(standin_run(standin, tcg_op_pushf, &insn), ==, TCG_GP);
    g_assert_cmpint(standin_run(standin, tcg_op_popf, &insn), ==, TCG_GP);
    g_assert_cmphex(standin->state.exception.error, ==, 0);
    g_assert_cmphex(standin->state.gpr[TCG_RSP], ==, TOP);
    standin_free(standin);
}

/* POPF that lets interrupts in has the dispatcher look at once. */
static void test_interrupts_enabled(void)
{
    Standin *standin = standin_new(STANDIN_PROTECTED, 0);
    TcgInsn insn = standin_insn(standin);

    standin->state.eflags &= ~EFLAGS_IF;
    standin_poke(standin, TOP, EFLAGS_IF, 4);
    standin->state.pending = 0;
    g_assert_cmpint(standin_run(standin, tcg_op_popf, &insn), ==, NONE);
    g_assert_cmpuint(standin->state.pending, ==, 1);
    standin_free(standin);
}

/* ---- ENTER and LEAVE ---- */

static void test_enter(void)
{
    Standin *standin = standin_new(STANDIN_PROTECTED, 0);
    TcgState *s = &standin->state;
    TcgInsn insn = standin_insn(standin);
    static const guint32 frame[] = { TOP - 4, 0x22222222, 0x11111111, 0x6000 };

    insn.imm = 0x20;
    s->gpr[TCG_RBP] = 0x6000;
    g_assert_cmpint(standin_run(standin, tcg_op_enter, &insn), ==, NONE);
    g_assert_cmphex(s->gpr[TCG_RBP], ==, TOP - 4);
    g_assert_cmphex(s->gpr[TCG_RSP], ==, TOP - 0x24);
    g_assert_cmphex(standin_peek(standin, TOP - 4, 4), ==, 0x6000);
    g_assert_cmpint(standin_run(standin, tcg_op_leave, &insn), ==, NONE);
    g_assert_cmphex(s->gpr[TCG_RBP], ==, 0x6000);
    g_assert_cmphex(s->gpr[TCG_RSP], ==, TOP);

    /* Level 3: two outer frames' pointers, and this one's. */
    standin_poke(standin, 0x6000 - 4, 0x11111111, 4);
    standin_poke(standin, 0x6000 - 8, 0x22222222, 4);
    insn.imm2 = 3 + 32;
    g_assert_cmpint(standin_run(standin, tcg_op_enter, &insn), ==, NONE);
    g_assert_cmphex(s->gpr[TCG_RBP], ==, TOP - 4);
    g_assert_cmphex(s->gpr[TCG_RSP], ==, TOP - 0x30);
    for (guint i = 0; i < G_N_ELEMENTS(frame); i++) {
        g_assert_cmphex(standin_peek(standin, TOP - 16 + 4 * i, 4), ==, frame[i]);
    }
    standin_free(standin);
}

/* The page that the new stack pointer leads to must be writable. */
static void test_enter_faults(void)
{
    Standin *standin = standin_new(STANDIN_PROTECTED, 0);
    TcgInsn insn = standin_insn(standin);

    insn.imm = 0x1800;
    standin->hole = TOP - 0x2000;
    g_assert_cmpint(standin_run(standin, tcg_op_enter, &insn), ==, TCG_PF);
    g_assert_cmphex(standin->state.gpr[TCG_RSP], ==, TOP);
    g_assert_cmphex(standin->state.gpr[TCG_RBP], ==, 0);
    standin_free(standin);
}

static void test_leave_16(void)
{
    Standin *standin = standin_new(STANDIN_PROTECTED, 0);
    TcgState *s = &standin->state;
    TcgInsn insn;

    use_16_bit_stack(standin);
    insn = standin_insn(standin);
    insn.operand_size = 2;
    s->gpr[TCG_RSP] = 0x12340000;
    s->gpr[TCG_RBP] = 0x55556000;
    standin_poke(standin, 0x6000, 0x7777, 2);
    g_assert_cmpint(standin_run(standin, tcg_op_leave, &insn), ==, NONE);
    g_assert_cmphex(s->gpr[TCG_RSP], ==, 0x12346002);
    g_assert_cmphex(s->gpr[TCG_RBP], ==, 0x55557777);
    standin_free(standin);
}

/* ---- Near transfers ---- */

static const struct {
    StandinMode mode;
    guint size;
    gint64 offset;              /* from the next instruction */
    guint64 target;
    int vector;
} near_cases[] = {
    { STANDIN_PROTECTED, 4, 0x10, NEXT + 0x10, NONE },
    { STANDIN_PROTECTED, 4, -NEXT - 1, 0xffffffff, NONE },
    { STANDIN_PROTECTED, 2, 0x10, (NEXT + 0x10) & 0xffff, NONE },
    { STANDIN_REAL, 2, -0x20, 0xfff2, NONE },
    { STANDIN_REAL, 4, 0x10, 0x22, NONE },
    { STANDIN_REAL, 4, -0x20, 0, TCG_GP },
    { STANDIN_64BIT, 8, 0x10, NEXT + 0x10, NONE },
    { STANDIN_64BIT, 8, -NEXT - 1, ~0ull, NONE },
    { STANDIN_64BIT, 8, 0x7ffffffeffff, 0, TCG_GP },
};

static void test_near(void)
{
    static const TcgHelper helpers[] = { tcg_op_jmp_near, tcg_op_call_near, tcg_op_jcc };

    for (guint i = 0; i < G_N_ELEMENTS(near_cases) * G_N_ELEMENTS(helpers); i++) {
        guint row = i / G_N_ELEMENTS(helpers);
        TcgHelper helper = helpers[i % G_N_ELEMENTS(helpers)];
        Standin *standin = standin_new(near_cases[row].mode, 0);
        TcgState *s = &standin->state;
        TcgInsn insn = standin_insn(standin);
        guint64 rip = s->rip;
        guint pushed = helper == tcg_op_call_near ? near_cases[row].size : 0;

        g_test_message("near %u", i);
        insn.opcode = 0x71;     /* JNO */
        insn.operand_size = near_cases[row].size;
        insn.imm = near_cases[row].offset;
        g_assert_cmpint(standin_run(standin, helper, &insn), ==, near_cases[row].vector);
        if (near_cases[row].vector == NONE) {
            g_assert_cmphex(s->rip, ==, near_cases[row].target);
            g_assert_cmphex(s->gpr[TCG_RSP], ==, TOP - pushed);
        } else {
            g_assert_cmphex(s->rip, ==, rip);
            g_assert_cmphex(s->gpr[TCG_RSP], ==, TOP);
        }
        if (pushed && near_cases[row].vector == NONE) {
            insn = standin_insn(standin);
            insn.operand_size = pushed;
            insn.imm = 6;
            g_assert_cmpint(standin_run(standin, tcg_op_ret_near, &insn), ==, NONE);
            g_assert_cmphex(s->rip, ==, (rip + 2) & tcg_size_mask(pushed));
            g_assert_cmphex(s->gpr[TCG_RSP], ==, TOP + 6);
        }
        standin_free(standin);
    }
}

static void test_near_indirect(void)
{
    Standin *standin = standin_new(STANDIN_64BIT, 0);
    TcgState *s = &standin->state;
    TcgInsn insn = standin_insn(standin);

    insn.has_memory = true;
    insn.disp = STANDIN_DATA;
    standin_poke(standin, STANDIN_DATA, 0x800000000000, 8);
    g_assert_cmpint(standin_run(standin, tcg_op_call_near_indirect, &insn), ==, TCG_GP);
    g_assert_cmpint(standin_run(standin, tcg_op_jmp_near_indirect, &insn), ==, TCG_GP);
    g_assert_cmphex(s->gpr[TCG_RSP], ==, TOP);
    standin_poke(standin, STANDIN_DATA, 0xffff800000000000, 8);
    g_assert_cmpint(standin_run(standin, tcg_op_call_near_indirect, &insn), ==, NONE);
    g_assert_cmphex(s->rip, ==, 0xffff800000000000);
    g_assert_cmphex(standin_peek(standin, TOP - 8, 8), ==, NEXT);
    standin_free(standin);
}

/* By condition code, which flags alone make it true. */
static void test_conditions(void)
{
    static const struct { guint32 flags; guint16 taken; } cases[] = {
        /* Bit n: condition n is taken. */
        { 0, 0xaaaa },
        { EFLAGS_OF, 0x5aa9 },
        { EFLAGS_CF, 0xaa66 },
        { EFLAGS_ZF, 0x6a5a },
        { EFLAGS_SF, 0x59aa },
        { EFLAGS_PF, 0xa6aa },
        { EFLAGS_SF | EFLAGS_OF, 0xa9a9 },
        { EFLAGS_CF | EFLAGS_ZF, 0x6a56 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases) * 16; i++) {
        Standin *standin = standin_new(STANDIN_PROTECTED, 0);
        TcgInsn insn = standin_insn(standin);
        bool taken = cases[i / 16].taken >> i % 16 & 1;

        g_test_message("flags %x condition %u", cases[i / 16].flags, i % 16);
        tcg_set_arithmetic(&standin->state, cases[i / 16].flags);
        insn.opcode = 0x80 | i % 16;
        insn.imm = 0x10;
        g_assert_cmpint(standin_run(standin, tcg_op_jcc, &insn), ==, NONE);
        g_assert_cmphex(standin->state.rip, ==, taken ? NEXT + 0x10 : NEXT);
        standin_free(standin);
    }
}

static void test_loop(void)
{
    static const struct {
        guint8 opcode;
        guint address_size;
        guint64 rcx, then;
        bool zf, taken;
    } cases[] = {
        { 0xe2, 4, 2, 1, false, true }, { 0xe2, 4, 1, 0, false, false },
        { 0xe2, 4, 0, 0xffffffff, false, true }, { 0xe2, 2, 0x50001, 0x50000, false, false },
        { 0xe2, 2, 0x50000, 0x5ffff, false, true }, { 0xe1, 4, 2, 1, true, true },
        { 0xe1, 4, 2, 1, false, false }, { 0xe0, 4, 2, 1, false, true },
        { 0xe0, 4, 2, 1, true, false }, { 0xe0, 4, 1, 0, false, false },
        { 0xe3, 4, 0, 0, false, true }, { 0xe3, 4, 0x10000, 0x10000, false, false },
        { 0xe3, 2, 0x10000, 0x10000, false, true },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Standin *standin = standin_new(STANDIN_PROTECTED, 0);
        TcgInsn insn = standin_insn(standin);

        g_test_message("loop %u", i);
        insn.opcode = cases[i].opcode;
        insn.address_size = cases[i].address_size;
        insn.imm = 0x10;
        standin->state.gpr[TCG_RCX] = cases[i].rcx;
        tcg_set_arithmetic(&standin->state, cases[i].zf ? EFLAGS_ZF : 0);
        g_assert_cmpint(standin_run(standin, tcg_op_loop, &insn), ==, NONE);
        g_assert_cmphex(standin->state.gpr[TCG_RCX], ==, cases[i].then);
        g_assert_cmphex(standin->state.rip, ==, cases[i].taken ? NEXT + 0x10 : NEXT);
        standin_free(standin);
    }
}

/* A target beyond the limit: the count stays. */
static void test_loop_faults(void)
{
    Standin *standin = standin_new(STANDIN_REAL, 0);
    TcgInsn insn = standin_insn(standin);

    insn.opcode = 0xe2;
    insn.operand_size = 4;
    insn.imm = -0x20;
    standin->state.gpr[TCG_RCX] = 5;
    g_assert_cmpint(standin_run(standin, tcg_op_loop, &insn), ==, TCG_GP);
    g_assert_cmphex(standin->state.gpr[TCG_RCX], ==, 5);
    standin_free(standin);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tcg/stack/push", test_push);
    g_test_add_func("/tcg/stack/stack-pointer", test_stack_pointer);
    g_test_add_func("/tcg/stack/memory", test_memory);
    g_test_add_func("/tcg/stack/segments", test_segments);
    g_test_add_func("/tcg/stack/faults", test_faults);
    g_test_add_func("/tcg/stack/all", test_all);
    g_test_add_func("/tcg/stack/flags", test_flags);
    g_test_add_func("/tcg/stack/flags-refused", test_flags_refused);
    g_test_add_func("/tcg/stack/interrupts-enabled", test_interrupts_enabled);
    g_test_add_func("/tcg/stack/enter", test_enter);
    g_test_add_func("/tcg/stack/enter-faults", test_enter_faults);
    g_test_add_func("/tcg/stack/leave-16", test_leave_16);
    g_test_add_func("/tcg/stack/near", test_near);
    g_test_add_func("/tcg/stack/near-indirect", test_near_indirect);
    g_test_add_func("/tcg/stack/conditions", test_conditions);
    g_test_add_func("/tcg/stack/loop", test_loop);
    g_test_add_func("/tcg/stack/loop-faults", test_loop_faults);
    return g_test_run();
}
