/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * String instructions: SDM vol. 2, MOVS, STOS, LODS, CMPS, SCAS, REP.  Random ones are compared
 * with an element-by-element model.
 */
#include "config.h"
#include "tests/lib/tcg-standin-sys.h"

static TcgInsn string(guint size, guint address_size, bool rep)
{
    return (TcgInsn){ .operand_size = size, .address_size = address_size, .segment = TCG_DS,
                      .rep = rep };
}

static void set(Standin *t, guint64 rsi, guint64 rdi, guint64 rcx)
{
    t->s.gpr[TCG_RSI] = rsi;
    t->s.gpr[TCG_RDI] = rdi;
    t->s.gpr[TCG_RCX] = rcx;
}

static void assert_at(const Standin *t, guint64 rsi, guint64 rdi, guint64 rcx)
{
    g_assert_cmphex(t->s.gpr[TCG_RSI], ==, rsi);
    g_assert_cmphex(t->s.gpr[TCG_RDI], ==, rdi);
    g_assert_cmphex(t->s.gpr[TCG_RCX], ==, rcx);
}

static void fill_ram(Standin *t)
{
    for (guint i = 0; i < sizeof(t->ram); i++) {
        t->ram[i] = g_random_int_range(0, 256);
    }
}

/* Runs until done, across interruptions. */
static void run(Standin *t, TcgHelper helper, const TcgInsn *insn)
{
    guint result;

    do {
        result = standin_run(t, helper, insn);
        t->s.pending = 0;
    } while (result == TCG_LEAVE);
    g_assert_cmpuint(result, <=, TCG_NEXT);
}

/* ---- Against a model ---- */

static void model_move(guint8 *ram, guint64 from, guint64 to, guint64 n, guint size, gint step)
{
    for (guint64 i = 0; i < n; i++) {
        guint8 element[8];

        memcpy(element, ram + from + (gint64)i * step, size);
        memcpy(ram + to + (gint64)i * step, element, size);
    }
}

/* One random move or fill, close or far, up or down, with pages that only C may touch. */
static void random_one(Standin *t, guint8 *expected)
{
    guint size = 1u << g_random_int_range(0, 4);
    bool down = g_random_boolean(), fill = g_random_boolean();
    guint64 n = g_random_int_range(0, 3000) / size;
    guint64 from = 16384 + g_random_int_range(0, 16384);
    guint64 to = g_random_boolean() ? from + g_random_int_range(-40, 40)
                                    : 16384u + g_random_int_range(0, 16384);
    gint step = down ? -(gint)size : (gint)size;
    TcgInsn insn = string(size, 8, true);

    for (guint i = 0; i < STANDIN_PAGES; i++) {
        static const guint32 flags[] = { 0, 0, TCG_PAGE_CODE, TCG_PAGE_LOG, STANDIN_MMIO };

        t->page[i] = flags[g_random_int_range(0, G_N_ELEMENTS(flags))];
    }
    t->s.eflags = EFLAGS_FIXED | (down ? EFLAGS_DF : 0);
    t->s.gpr[TCG_RAX] = 0x8877665544332211;
    set(t, from, to, n);
    memcpy(expected, t->ram, sizeof(t->ram));
    if (fill) {
        for (guint64 i = 0; i < n; i++) {
            memcpy(expected + to + (gint64)i * step, &t->s.gpr[TCG_RAX], size);
        }
    } else {
        model_move(expected, from, to, n, size, step);
    }
    run(t, fill ? tcg_op_stos : tcg_op_movs, &insn);
    g_assert_true(memcmp(expected, t->ram, sizeof(t->ram)) == 0);
    assert_at(t, fill ? from : from + n * step, to + n * step, 0);
}

static void test_random(void)
{
    Standin *t = standin_new();
    g_autofree guint8 *expected = g_malloc(sizeof(t->ram));

    fill_ram(t);
    for (guint i = 0; i < 3000; i++) {
        random_one(t, expected);
    }
}

/* ---- Registers ---- */

/* The address size says how wide registers are, and where offsets wrap. */
static void test_address_sizes(void)
{
    Standin *t = standin_new();
    TcgInsn narrow = string(1, 4, true), wide = string(8, 8, false);

    set(t, 0xaaaaaaaa00001000, 0xaaaaaaaa00002000, 0xaaaaaaaa00000010);
    run(t, tcg_op_movs, &narrow);
    assert_at(t, 0x1010, 0x2010, 0);
    set(t, 0x1000, 0x2000, 77);
    run(t, tcg_op_movs, &wide);
    assert_at(t, 0x1008, 0x2008, 77);
}

/* 16 bits: offsets wrap at 64 KiB, and upper halves stay. */
static void test_wrap_16(void)
{
    Standin *t = standin_new();
    TcgInsn insn = string(1, 2, true);

    standin_set_real(t);
    fill_ram(t);
    t->s.gpr[TCG_RAX] = 0x5a;
    set(t, 0, 0x1234fff0, 0x56780020);
    run(t, tcg_op_stos, &insn);
    assert_at(t, 0, 0x12340010, 0x56780000);
    for (guint i = 0; i < 16; i++) {
        g_assert_cmphex(t->ram[i], ==, 0x5a);
        g_assert_cmphex(t->ram[0xfff0 + i], ==, 0x5a);
    }
}

/* A word at offset FFFF does not fit: #GP, after those before it. */
static void test_limit_16(void)
{
    Standin *t = standin_new();
    TcgInsn insn = string(2, 2, true);

    standin_set_real(t);
    set(t, 0, 0xfffb, 10);
    g_assert_cmphex(standin_fault(t, tcg_op_stos, &insn), ==, GP0);
    assert_at(t, 0, 0xffff, 8);
}

static void test_no_count(void)
{
    Standin *t = standin_new();
    TcgInsn insn = string(4, 8, true);
    static const TcgHelper helpers[] = { tcg_op_movs, tcg_op_stos, tcg_op_lods, tcg_op_cmps,
                                         tcg_op_scas };

    t->s.flags = 0x4501;
    for (guint i = 0; i < G_N_ELEMENTS(helpers); i++) {
        set(t, ~0ull, ~0ull, 0);
        run(t, helpers[i], &insn);
        assert_at(t, ~0ull, ~0ull, 0);
        g_assert_cmphex(t->s.flags, ==, 0x4501);
    }
}

/* ---- Faults and interruptions ---- */

/* Elements before the one that faults are done, and counted. */
static void test_fault(void)
{
    static const guint sizes[] = { 1, 2, 4, 8 };

    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        Standin *t = standin_new();
        TcgInsn insn = string(sizes[i], 8, true);

        fill_ram(t);
        t->page[5] = STANDIN_READONLY;
        t->page[9] = STANDIN_ABSENT;
        set(t, 0x7000, 0x4ff0, 4096);
        g_assert_cmphex(standin_fault(t, tcg_op_movs, &insn), ==, FAULT(TCG_PF, 3));
        g_assert_cmphex(t->s.exception.address, ==, 0x5000);
        assert_at(t, 0x7010, 0x5000, 4096 - 16 / sizes[i]);
        g_assert_true(memcmp(t->ram + 0x7000, t->ram + 0x4ff0, 16) == 0);

        set(t, 0x8ff8, 0x3000, 100);
        g_assert_cmphex(standin_fault(t, tcg_op_movs, &insn), ==, FAULT(TCG_PF, 0));
        assert_at(t, 0x9000, 0x3008, 100 - 8 / sizes[i]);
    }
}

/* An element across the end of a page faults as a whole. */
static void test_fault_across(void)
{
    Standin *t = standin_new();
    TcgInsn insn = string(8, 8, true);

    t->page[5] = STANDIN_ABSENT;
    set(t, 0, 0x4fec, 10);
    g_assert_cmphex(standin_fault(t, tcg_op_stos, &insn), ==, FAULT(TCG_PF, 2));
    assert_at(t, 0, 0x4ffc, 8);
}

static void test_pending(void)
{
    Standin *t = standin_new();
    TcgInsn insn = string(1, 8, true);

    t->s.pending = 1;
    set(t, 0x1000, 0x10000, 3 * 4096);
    g_assert_cmpuint(standin_run(t, tcg_op_movs, &insn), ==, TCG_LEAVE);
    assert_at(t, 0x2000, 0x11000, 2 * 4096);

    t->page[16] = STANDIN_MMIO;
    t->s.pending = 0;
    t->pending_after = 3;
    set(t, 0x1000, 0x10000, 100);
    g_assert_cmpuint(standin_run(t, tcg_op_movs, &insn), ==, TCG_LEAVE);
    assert_at(t, 0x1003, 0x10003, 97);
}

/* A single step is one element. */
static void test_step(void)
{
    Standin *t = standin_new();
    TcgInsn insn = string(2, 8, true);

    t->s.eflags |= EFLAGS_TF;
    tcg_mode_update(&t->s);
    set(t, 0x1000, 0x2000, 2);
    g_assert_cmpuint(standin_run(t, tcg_op_movs, &insn), ==, TCG_LEAVE);
    assert_at(t, 0x1002, 0x2002, 1);
    g_assert_cmpuint(standin_run(t, tcg_op_movs, &insn), ==, TCG_NEXT);
    assert_at(t, 0x1004, 0x2004, 0);
}

/* ---- LODS ---- */

static void test_lods(void)
{
    static const struct {
        guint size;
        guint64 result;
    } cases[] = {
        { 1, 0xffffffffffffff80 }, { 2, 0xffffffffffff8180 }, { 4, 0x83828180 },
        { 8, 0x8786858483828180 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Standin *t = standin_new();
        TcgInsn insn = string(cases[i].size, 8, false);

        for (guint j = 0; j < 8; j++) {
            t->ram[0x1000 + j] = 0x80 + j;
        }
        t->s.gpr[TCG_RAX] = ~0ull;
        set(t, 0x1000, 0, 5);
        run(t, tcg_op_lods, &insn);
        g_assert_cmphex(t->s.gpr[TCG_RAX], ==, cases[i].result);
        assert_at(t, 0x1000 + cases[i].size, 0, 5);
    }
}

/* ---- CMPS, SCAS ---- */

enum { CF = EFLAGS_CF, PF = EFLAGS_PF, AF = EFLAGS_AF, ZF = EFLAGS_ZF, SF = EFLAGS_SF,
       OF = EFLAGS_OF };

/* Flags are those of CMP: the element at rSI minus that at rDI. */
static void test_compare_flags(void)
{
    static const struct {
        guint size;
        guint64 a, b;
        guint32 flags;
    } cases[] = {
        { 1, 5, 5, ZF | PF }, { 1, 5, 6, CF | PF | AF | SF }, { 1, 0x80, 1, OF | AF },
        { 1, 0x7f, 0xff, CF | OF | SF }, { 1, 0x20, 0x10, 0 }, { 1, 0x13, 0x10, PF },
        { 2, 0x8000, 1, OF | AF | PF }, { 2, 0, 1, CF | PF | AF | SF },
        { 4, 0x80000000, 1, OF | AF | PF }, { 4, 0x10, 0x0f, AF },
        { 8, 0x8000000000000000, 1, OF | AF | PF }, { 8, 1, 0x8000000000000001, CF | OF | SF | PF },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Standin *t = standin_new();
        TcgInsn insn = string(cases[i].size, 8, false);

        memcpy(t->ram + 0x1000, &cases[i].a, 8);
        memcpy(t->ram + 0x2000, &cases[i].b, 8);
        set(t, 0x1000, 0x2000, 0);
        run(t, tcg_op_cmps, &insn);
        g_assert_cmphex(tcg_eflags(&t->s) & EFLAGS_ARITHMETIC, ==, cases[i].flags);
        set(t, 0, 0x2000, 0);
        t->s.gpr[TCG_RAX] = cases[i].a | (cases[i].size < 8 ? 0xabull << 56 : 0);
        run(t, tcg_op_scas, &insn);
        g_assert_cmphex(tcg_eflags(&t->s) & EFLAGS_ARITHMETIC, ==, cases[i].flags);
    }
}

/* Where they end: after the element that decides, also across pages and downward. */
static void test_compare_ends(void)
{
    static const struct {
        gint64 differs;         /* element that is unlike the others; -1: none */
        bool down;
        guint32 flags;          /* of the page of the second operand */
    } cases[] = {
        { -1, false, 0 }, { 0, false, 0 }, { 5, false, 0 }, { 2000, false, 0 },
        { 5, false, STANDIN_MMIO }, { 2000, false, STANDIN_MMIO }, { 3000, true, 0 },
        { -1, true, 0 }, { 0, true, STANDIN_MMIO },
    };
    const guint64 n = 3500;

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Standin *t = standin_new();
        TcgInsn insn = string(2, 8, true);
        gint64 step = cases[i].down ? -2 : 2, start = cases[i].down ? 0xf000 : 0x4a00;
        guint64 done = cases[i].differs < 0 ? n : (guint64)cases[i].differs + 1;

        t->page[start >> 12] = cases[i].flags;
        t->s.eflags |= cases[i].down ? EFLAGS_DF : 0;
        if (cases[i].differs >= 0) {
            t->ram[start + step * cases[i].differs] = 1;
        }
        set(t, start + 0x8000, start, n);
        run(t, tcg_op_cmps, &insn);
        assert_at(t, start + 0x8000 + done * step, start + done * step, n - done);
        g_assert_cmpuint(!(tcg_eflags(&t->s) & ZF), ==, cases[i].differs >= 0);

        t->s.gpr[TCG_RAX] = 1;
        insn.rep = false;
        insn.repne = true;
        set(t, 0, start, n);
        run(t, tcg_op_scas, &insn);
        assert_at(t, 0, start + done * step, n - done);
        g_assert_cmpuint(!!(tcg_eflags(&t->s) & ZF), ==, cases[i].differs >= 0);
    }
}

/* Both prefixes repeat what does not compare. */
static void test_repne_moves(void)
{
    Standin *t = standin_new();
    TcgInsn insn = string(1, 8, false);

    insn.repne = true;
    set(t, 0x1000, 0x2000, 9);
    run(t, tcg_op_movs, &insn);
    assert_at(t, 0x1009, 0x2009, 0);
}

/* FS has a base; ES of the destination cannot be overridden. */
static void test_segment(void)
{
    Standin *t = standin_new();
    TcgInsn insn = string(1, 8, true);

    insn.segment = TCG_FS;
    t->s.segment[TCG_FS].base = 0x3000;
    memcpy(t->ram + 0x3100, "hello", 5);
    set(t, 0x100, 0x100, 5);
    run(t, tcg_op_movs, &insn);
    g_assert_true(memcmp(t->ram + 0x100, "hello", 5) == 0);
}

/* The source is not canonical: #GP, or #SS through SS. */
static void test_canonical(void)
{
    Standin *t = standin_new();
    TcgInsn insn = string(1, 8, true);

    set(t, 1ull << 47, 0x1000, 5);
    g_assert_cmphex(standin_fault(t, tcg_op_movs, &insn), ==, GP0);
    insn.segment = TCG_SS;
    g_assert_cmphex(standin_fault(t, tcg_op_movs, &insn), ==, FAULT(TCG_SS_FAULT, 0));
    assert_at(t, 1ull << 47, 0x1000, 5);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tcg/string/random", test_random);
    g_test_add_func("/tcg/string/address-sizes", test_address_sizes);
    g_test_add_func("/tcg/string/wrap-16", test_wrap_16);
    g_test_add_func("/tcg/string/limit-16", test_limit_16);
    g_test_add_func("/tcg/string/no-count", test_no_count);
    g_test_add_func("/tcg/string/fault", test_fault);
    g_test_add_func("/tcg/string/fault-across", test_fault_across);
    g_test_add_func("/tcg/string/pending", test_pending);
    g_test_add_func("/tcg/string/step", test_step);
    g_test_add_func("/tcg/string/lods", test_lods);
    g_test_add_func("/tcg/string/compare-flags", test_compare_flags);
    g_test_add_func("/tcg/string/compare-ends", test_compare_ends);
    g_test_add_func("/tcg/string/repne-moves", test_repne_moves);
    g_test_add_func("/tcg/string/segment", test_segment);
    g_test_add_func("/tcg/string/canonical", test_canonical);
    return g_test_run();
}
