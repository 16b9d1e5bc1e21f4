/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ports, decimal arithmetic and bit tests: cases from SDM vol. 1, chapter 19; vol. 2, IN, OUT,
 * INS, OUTS, AAA, AAD, AAM, AAS, DAA, DAS, XLAT, BT, BTS, BTR, BTC.
 */
#include "config.h"
#include "tests/lib/tcg-standin-sys.h"

enum { CF = EFLAGS_CF, PF = EFLAGS_PF, AF = EFLAGS_AF, ZF = EFLAGS_ZF, SF = EFLAGS_SF };

/* ---- IN, OUT ---- */

static void test_in(void)
{
    static const struct {
        guint8 opcode, size;
        guint64 result;
        guint16 port;
    } cases[] = {
        { 0xe4, 1, 0xffffffffffffff11, 0x80 }, { 0xe5, 2, 0xffffffffffff2211, 0x80 },
        { 0xe5, 4, 0x44332211, 0x80 }, { 0xec, 1, 0xffffffffffffff11, 0x3f8 },
        { 0xed, 8, 0x44332211, 0x3f8 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Standin *t = standin_new();
        TcgInsn insn = { .opcode = cases[i].opcode, .operand_size = cases[i].size,
                         .imm = (guint64)(gint8)0x80 };

        memcpy(t->pio, "\x11\x22\x33\x44", 4);
        t->s.gpr[TCG_RAX] = ~0ull;
        t->s.gpr[TCG_RDX] = 0xabc03f8;
        t->s.pending = i & 1;           /* somebody wants something: the block is left */
        g_assert_cmpuint(standin_run(t, tcg_op_in, &insn), ==, i & 1 ? TCG_NEXT : TCG_GO_ON);
        g_assert_cmphex(t->s.gpr[TCG_RAX], ==, cases[i].result);
        g_assert_cmphex(t->pio_port, ==, cases[i].port);
        g_assert_cmpuint(t->pio_calls, ==, 1);
    }
}

static void test_out(void)
{
    Standin *t = standin_new();
    TcgInsn byte = { .opcode = 0xee, .operand_size = 1 }, word = { .opcode = 0xe7, .imm = 0x70,
                                                                  .operand_size = 2 };

    t->s.gpr[TCG_RAX] = 0x44332211;
    t->s.gpr[TCG_RDX] = 0x3f8;
    g_assert_cmpuint(standin_run(t, tcg_op_out, &byte), ==, TCG_GO_ON);
    g_assert_cmphex(t->pio_port, ==, 0x3f8);
    g_assert_cmpuint(t->n_pio, ==, 1);
    t->s.pending = 1;
    g_assert_cmpuint(standin_run(t, tcg_op_out, &word), ==, TCG_NEXT);
    g_assert_cmphex(t->pio_port, ==, 0x70);
    g_assert_cmpuint(t->n_pio, ==, 3);
    g_assert_true(memcmp(t->pio, "\x11\x11\x22", 3) == 0);
}

/* ---- Permission ---- */

enum { TSS = 0x4000, MAP = 0x68 };

static Standin *new_user(guint32 tss_limit)
{
    Standin *t = standin_new();

    standin_set_cpl(t, 3);
    t->s.tr = (TcgSegment){ .base = TSS, .limit = tss_limit, .attributes = SEG_P | 11 << 8 };
    t->ram[TSS + 102] = MAP;
    return t;
}

static void test_permission(void)
{
    static const struct {
        guint16 port;
        guint8 size;
        bool allowed;
    } cases[] = {
        { 0x60, 1, true }, { 0x61, 1, false }, { 0x62, 1, true }, { 0x60, 2, false },
        { 0x62, 4, true }, { 0x5f, 2, true }, { 0x67, 2, false }, { 0x68, 1, false },
        { 0x7ff, 1, true }, { 0x800, 1, false },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Standin *t = new_user(MAP + 0x100);
        TcgInsn insn = { .opcode = cases[i].size == 1 ? 0xec : 0xed,
                         .operand_size = cases[i].size };

        t->ram[TSS + MAP + 0x60 / 8] = 1 << 1;
        t->ram[TSS + MAP + 0x68 / 8] = 1 << 0;
        t->s.gpr[TCG_RDX] = cases[i].port;
        if (cases[i].allowed) {
            g_assert_cmpuint(standin_run(t, tcg_op_in, &insn), ==, TCG_GO_ON);
        } else {
            g_assert_cmphex(standin_fault(t, tcg_op_in, &insn), ==, GP0);
            g_assert_cmpuint(t->pio_calls, ==, 0);
        }
    }
}

static void test_permission_modes(void)
{
    Standin *t = new_user(MAP + 0x100);
    TcgInsn insn = { .opcode = 0xec, .operand_size = 1 };

    t->s.tr.attributes = SEG_P | 3 << 8;        /* a 16-bit TSS has no map */
    g_assert_cmphex(standin_fault(t, tcg_op_in, &insn), ==, GP0);
    t->s.eflags |= EFLAGS_IOPL;
    g_assert_cmpuint(standin_run(t, tcg_op_in, &insn), ==, TCG_GO_ON);
    standin_set_protected(t, 16);
    t->s.eflags |= EFLAGS_VM;
    tcg_mode_update(&t->s);
    g_assert_cmphex(standin_fault(t, tcg_op_in, &insn), ==, GP0);       /* IOPL does not count */
    t = new_user(101);
    g_assert_cmphex(standin_fault(t, tcg_op_in, &insn), ==, GP0);
}

/* ---- INS, OUTS ---- */

static TcgInsn string(guint8 opcode, guint size, bool rep)
{
    return (TcgInsn){ .opcode = opcode, .operand_size = size, .address_size = 8,
                      .segment = TCG_DS, .rep = rep };
}

/* Batches end with pages; each leaves. */
static void test_outs(void)
{
    Standin *t = standin_new();
    TcgInsn insn = string(0x6f, 2, true);

    for (guint i = 0; i < 600; i++) {
        t->ram[0x1f00 + i] = i;
    }
    t->s.gpr[TCG_RDX] = 0x1f0;
    t->s.gpr[TCG_RSI] = 0x1f00;
    t->s.gpr[TCG_RCX] = 300;
    g_assert_cmpuint(standin_run(t, tcg_op_outs, &insn), ==, TCG_LEAVE);
    g_assert_cmpuint(t->s.gpr[TCG_RCX], ==, 300 - 128);
    g_assert_cmpuint(standin_run(t, tcg_op_outs, &insn), ==, TCG_NEXT);
    g_assert_cmphex(t->s.gpr[TCG_RSI], ==, 0x1f00 + 600);
    g_assert_cmpuint(t->pio_calls, ==, 2);
    g_assert_true(memcmp(t->pio, t->ram + 0x1f00, 600) == 0);
}

static void test_ins(void)
{
    Standin *t = standin_new();
    TcgInsn insn = string(0x6d, 4, true), one = string(0x6c, 1, false);

    for (guint i = 0; i < 512; i++) {
        t->pio[i] = i * 7;
    }
    t->s.gpr[TCG_RDI] = 0x3000;
    t->s.gpr[TCG_RCX] = 128;
    g_assert_cmpuint(standin_run(t, tcg_op_ins, &insn), ==, TCG_NEXT);
    g_assert_true(memcmp(t->pio, t->ram + 0x3000, 512) == 0);
    g_assert_cmpuint(t->pio_calls, ==, 1);
    g_assert_cmpuint(standin_run(t, tcg_op_ins, &insn), ==, TCG_NEXT);  /* nothing left */
    g_assert_cmpuint(t->pio_calls, ==, 1);

    t->s.eflags |= EFLAGS_DF;
    g_assert_cmpuint(standin_run(t, tcg_op_ins, &one), ==, TCG_NEXT);
    g_assert_cmphex(t->s.gpr[TCG_RDI], ==, 0x31ff);
}

/* A device is not read if what it says could not be stored. */
static void test_ins_fault(void)
{
    Standin *t = standin_new();
    TcgInsn insn = string(0x6d, 4, true);

    t->page[4] = STANDIN_READONLY;
    t->s.gpr[TCG_RDI] = 0x4000;
    t->s.gpr[TCG_RCX] = 2;
    g_assert_cmphex(standin_fault(t, tcg_op_ins, &insn), ==, FAULT(TCG_PF, 3));
    t->s.gpr[TCG_RDI] = 0x3ffe;
    g_assert_cmphex(standin_fault(t, tcg_op_ins, &insn), ==, FAULT(TCG_PF, 3));
    g_assert_cmpuint(t->pio_calls, ==, 0);
    g_assert_cmpuint(t->s.gpr[TCG_RCX], ==, 2);
}

/* ---- Decimal arithmetic ---- */

typedef struct {
    TcgHelper helper;
    guint32 ax, flags;
    guint8 imm;
    guint32 result, result_flags;
    guint32 mask;               /* of flags that are defined */
} DecimalCase;

static void test_decimal(void)
{
    enum { ALL = CF | PF | AF | ZF | SF, ADJUST = CF | AF, SIGN = PF | ZF | SF };
    static const DecimalCase cases[] = {
        { tcg_op_daa, 0x00ae, 0, 0, 0x0014, CF | AF | PF, ALL },        /* the manual's example */
        { tcg_op_daa, 0x002e, 0, 0, 0x0034, AF, ALL },
        { tcg_op_daa, 0x0009, 0, 0, 0x0009, PF, ALL },
        { tcg_op_daa, 0x0000, CF | AF, 0, 0x0066, CF | AF | PF, ALL },
        { tcg_op_daa, 0x009a, 0, 0, 0x0000, CF | AF | ZF | PF, ALL },
        { tcg_op_daa, 0x12ff, 0, 0, 0x1265, CF | AF | PF, ALL },
        { tcg_op_das, 0x00ee, AF | CF, 0, 0x0088, CF | AF | SF | PF, ALL },     /* 35h - 47h */
        { tcg_op_das, 0x0000, AF, 0, 0x00fa, CF | AF | SF | PF, ALL },
        { tcg_op_das, 0x0006, AF, 0, 0x0000, AF | ZF | PF, ALL },
        { tcg_op_das, 0x0099, 0, 0, 0x0099, SF | PF, ALL },
        { tcg_op_aaa, 0x000b, 0, 0, 0x0101, ADJUST, ADJUST },
        { tcg_op_aaa, 0x00ff, 0, 0, 0x0205, ADJUST, ADJUST },
        { tcg_op_aaa, 0x0135, 0, 0, 0x0105, 0, ADJUST },
        { tcg_op_aaa, 0x0100, AF, 0, 0x0206, ADJUST, ADJUST },
        { tcg_op_aas, 0x0200, AF, 0, 0x000a, ADJUST, ADJUST },
        { tcg_op_aas, 0x020b, 0, 0, 0x0105, ADJUST, ADJUST },
        { tcg_op_aas, 0x0219, 0, 0, 0x0209, 0, ADJUST },
        { tcg_op_aam, 0xff3f, 0, 10, 0x0603, PF, SIGN },
        { tcg_op_aam, 0x003c, 0, 10, 0x0600, ZF | PF, SIGN },
        { tcg_op_aam, 0x00ff, 0, 16, 0x0f0f, PF, SIGN },
        { tcg_op_aad, 0x0603, 0, 10, 0x003f, PF, SIGN },
        { tcg_op_aad, 0x0f0f, 0, 16, 0x00ff, SF | PF, SIGN },
        { tcg_op_aad, 0xff01, 0, 10, 0x00f7, SF, SIGN },
        { tcg_op_salc, 0x1200, CF, 0, 0x12ff, CF, ALL },
        { tcg_op_salc, 0x1234, 0, 0, 0x1200, 0, ALL },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Standin *t = standin_new();
        TcgInsn insn = { .imm = cases[i].imm };

        standin_set_protected(t, 32);
        t->s.gpr[TCG_RAX] = 0xabcd0000 | cases[i].ax;
        tcg_set_arithmetic(&t->s, cases[i].flags);
        g_assert_cmpuint(standin_run(t, cases[i].helper, &insn), ==, TCG_GO_ON);
        g_assert_cmphex(t->s.gpr[TCG_RAX], ==, 0xabcd0000 | cases[i].result);
        g_assert_cmphex(tcg_eflags(&t->s) & cases[i].mask, ==, cases[i].result_flags);
    }
}

/* DAA after an addition of two decimal numbers gives a decimal number; so does DAS. */
static void test_decimal_all(void)
{
    Standin *t = standin_new();
    TcgInsn insn = { .length = 1 };

    for (guint a = 0; a < 100; a++) {
        for (guint b = 0; b < 100; b++) {
            guint bcd_a = a / 10 << 4 | a % 10, bcd_b = b / 10 << 4 | b % 10;
            guint sum = bcd_a + bcd_b, right = (a + b) % 100, left = (100 + a - b) % 100;

            t->s.gpr[TCG_RAX] = sum & 0xff;
            tcg_set_arithmetic(&t->s, (sum > 0xff ? CF : 0) |
                                          ((bcd_a & 15) + (bcd_b & 15) > 15 ? AF : 0));
            standin_run(t, tcg_op_daa, &insn);
            g_assert_cmphex(t->s.gpr[TCG_RAX], ==, right / 10 << 4 | right % 10);
            g_assert_cmpuint(tcg_eflags(&t->s) & CF, ==, a + b > 99);

            t->s.gpr[TCG_RAX] = (bcd_a - bcd_b) & 0xff;
            tcg_set_arithmetic(&t->s, (bcd_a < bcd_b ? CF : 0) |
                                          ((bcd_a & 15) < (bcd_b & 15) ? AF : 0));
            standin_run(t, tcg_op_das, &insn);
            g_assert_cmphex(t->s.gpr[TCG_RAX], ==, left / 10 << 4 | left % 10);
            g_assert_cmpuint(tcg_eflags(&t->s) & CF, ==, a < b);
        }
    }
}

static void test_aam_0(void)
{
    Standin *t = standin_new();
    TcgInsn insn = { .imm = 0 };

    g_assert_cmphex(standin_fault(t, tcg_op_aam, &insn), ==, FAULT(TCG_DE, 0));
}

static void test_xlat(void)
{
    Standin *t = standin_new();
    TcgInsn insn = { .segment = TCG_DS, .address_size = 2 };

    standin_set_real(t);
    t->s.segment[TCG_DS].base = 0x10;
    t->ram[0x10 + 0x0f] = 0x77;
    t->s.gpr[TCG_RBX] = 0x1234ff10;
    t->s.gpr[TCG_RAX] = 0x11ff;
    g_assert_cmpuint(standin_run(t, tcg_op_xlat, &insn), ==, TCG_NEXT);
    g_assert_cmphex(t->s.gpr[TCG_RAX], ==, 0x1177);
}

/* ---- Bit tests ---- */

static void test_bits(void)
{
    static const struct {
        guint8 opcode, size;
        guint64 offset;         /* in the register */
        guint64 address;        /* of the byte that changes, from the operand */
        guint8 before, after;
    } cases[] = {
        { 0xa3, 4, 5, 0, 0x20, 0x20 }, { 0xa3, 4, 5, 0, 0xdf, 0xdf },
        { 0xab, 4, 5, 0, 0x00, 0x20 }, { 0xb3, 4, 5, 0, 0xff, 0xdf },
        { 0xbb, 4, 5, 0, 0xff, 0xdf }, { 0xbb, 4, 5, 0, 0x00, 0x20 },
        { 0xab, 2, 0x8000, -0x1000ull, 0x00, 0x01 }, { 0xab, 2, 0x7fff, 0xfff, 0x00, 0x80 },
        { 0xab, 4, (guint32)-1, -1ull, 0x00, 0x80 }, { 0xb3, 4, 0x4007, 0x800, 0xff, 0x7f },
        { 0xbb, 8, (guint64)-9, -2ull, 0x80, 0x00 }, { 0xab, 8, 0x101, 0x20, 0x02, 0x02 },
    };

    for (guint i = 0; i < 2 * G_N_ELEMENTS(cases); i++) {
        Standin *t = standin_new();
        guint c = i / 2;
        TcgInsn insn = { .opcode = cases[c].opcode, .operand_size = cases[c].size,
                         .reg = TCG_RCX, .rm = TCG_NO_REG, .base = TCG_RDI, .segment = TCG_DS,
                         .index = TCG_NO_REG, .has_memory = true, .address_size = 8,
                         .lock = i % 2 };
        guint64 linear = 0x8000 + cases[c].address;
        guint bit = cases[c].offset & 7;

        t->s.gpr[TCG_RCX] = cases[c].offset;
        t->s.gpr[TCG_RDI] = 0x8000;
        t->ram[linear] = cases[c].before;
        t->s.flags = 0xd401;    /* the others stay */
        g_assert_cmpuint(standin_run(t, tcg_op_bt_memory, &insn), <=, TCG_NEXT);
        g_assert_cmphex(t->ram[linear], ==, cases[c].after);
        g_assert_cmphex(t->s.flags, ==, 0xd401u | (cases[c].before >> bit & 1u) << 8);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tcg/io/in", test_in);
    g_test_add_func("/tcg/io/out", test_out);
    g_test_add_func("/tcg/io/permission", test_permission);
    g_test_add_func("/tcg/io/permission-modes", test_permission_modes);
    g_test_add_func("/tcg/io/outs", test_outs);
    g_test_add_func("/tcg/io/ins", test_ins);
    g_test_add_func("/tcg/io/ins-fault", test_ins_fault);
    g_test_add_func("/tcg/bcd/decimal", test_decimal);
    g_test_add_func("/tcg/bcd/decimal-all", test_decimal_all);
    g_test_add_func("/tcg/bcd/aam-0", test_aam_0);
    g_test_add_func("/tcg/bcd/xlat", test_xlat);
    g_test_add_func("/tcg/bcd/bits", test_bits);
    return g_test_run();
}
