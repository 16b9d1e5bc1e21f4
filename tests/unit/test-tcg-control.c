/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Control and debug registers, XCR0: cases from SDM vol. 2, MOV to and from control registers,
 * debug registers, LMSW, SMSW, CLTS, XGETBV, XSETBV; vol. 3A, section 2.5.
 */
#include "config.h"
#include "tests/lib/tcg-standin-sys.h"

static TcgInsn mov(guint reg, guint rm)
{
    return (TcgInsn){ .reg = reg, .rm = rm, .operand_size = 8 };
}

static guint write_cr(Standin *t, guint cr, guint64 value)
{
    TcgInsn insn = mov(cr, TCG_RBX);

    t->s.gpr[TCG_RBX] = value;
    return standin_run(t, tcg_op_mov_to_cr, &insn) == STANDIN_RAISED
        ? FAULT((guint)t->s.exception.vector, t->s.exception.error) : 0;
}

static guint64 read_cr(Standin *t, guint cr)
{
    TcgInsn insn = mov(cr, TCG_RDX);

    g_assert_cmpuint(standin_run(t, tcg_op_mov_from_cr, &insn), <, STANDIN_RAISED);
    return t->s.gpr[TCG_RDX];
}

/* ---- CR0 ---- */

typedef struct {
    guint64 value;
    guint fault;
    guint64 result;             /* of no fault */
} WriteCase;

static void test_cr0(void)
{
    static const WriteCase cases[] = {
        { 0x80000033, 0, 0x80000033 },
        { 0x80000011, 0, 0x80000011 },
        { 0x80000001, 0, 0x80000011 },                  /* ET is always set */
        { 0xe005003f, 0, 0xe005003f },
        { 0xffffffff, 0, 0xe005003f },                  /* reserved bits are ignored */
        { 0x1e0000011, GP0, 0 },                        /* but not the upper half */
        { 0x80000010, GP0, 0 },                         /* PG without PE */
        { 0xa0000011, GP0, 0 },                         /* NW without CD */
        { 0x00000011, GP0, 0 },                         /* PG cannot go in 64-bit mode */
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Standin *t = standin_new();

        g_assert_cmphex(write_cr(t, 0, cases[i].value), ==, cases[i].fault);
        g_assert_cmphex(read_cr(t, 0), ==, cases[i].fault ? 0x80000033 : cases[i].result);
    }
}

/* Paging turns long mode on and off: SDM vol. 3A, section 10.8.5. */
static void test_long_mode(void)
{
    Standin *t = standin_new();

    standin_set_protected(t, 32);
    t->s.efer = EFER_LME;
    t->s.cr4 = 0;
    g_assert_cmphex(write_cr(t, 0, 0x80000011), ==, GP0);       /* without PAE */
    t->s.cr4 = CR4_PAE;
    g_assert_cmphex(write_cr(t, 0, 0x80000011), ==, 0);
    g_assert_cmphex(t->s.efer, ==, EFER_LME | EFER_LMA);
    g_assert_cmpuint(t->flushes, ==, 1);
    g_assert_cmphex(write_cr(t, 4, 0), ==, GP0);        /* PAE stays while it is on */
    g_assert_cmphex(write_cr(t, 0, 0x11), ==, 0);       /* from compatibility mode it may go */
    g_assert_cmphex(t->s.efer, ==, EFER_LME);
    g_assert_cmphex(write_cr(t, 4, 0), ==, 0);

    t->s.cr4 = CR4_PAE;
    t->s.segment[TCG_CS].attributes |= SEG_L;
    g_assert_cmphex(write_cr(t, 0, 0x80000011), ==, GP0);       /* CS.L must not be set */
}

/* What changes how memory is seen empties the TLB. */
static void test_flushes(void)
{
    static const struct {
        guint cr;
        guint64 value;
        guint flushes;
    } cases[] = {
        { 0, 0x80000033, 0 }, { 0, 0x8000003b, 0 }, { 0, 0x80010033, 1 }, { 0, 0xc0000033, 1 },
        { 2, 0x123456, 0 }, { 3, 0, 1 }, { 3, 0x1000, 1 },
        { 4, 0x40220, 0 }, { 4, 0x40230, 1 }, { 4, 0x402a0, 1 }, { 4, 0x140220, 1 },
        { 4, 0x240220, 1 }, { 4, 0x40224, 0 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Standin *t = standin_new();

        g_assert_cmphex(write_cr(t, cases[i].cr, cases[i].value), ==, 0);
        g_assert_cmpuint(t->flushes, ==, cases[i].flushes);
        g_assert_cmphex(read_cr(t, cases[i].cr), ==, cases[i].value);
    }
}

/* Entries 0 to 3 of PAE paging are checked when CR3 is loaded, and when paging changes. */
static void test_pdptes(void)
{
    for (guint i = 0; i < 4; i++) {
        Standin *t = standin_new();

        standin_set_protected(t, 32);
        t->s.cr4 = CR4_PAE;
        t->ram[0x2020 + 8 * i + 1] = 1;
        t->s.cr3 = 0x2020;
        g_assert_cmphex(write_cr(t, 0, 0x80000011), ==, GP0);
        t->s.cr3 = 0x1000;
        g_assert_cmphex(write_cr(t, 0, 0x80000011), ==, 0);
        g_assert_cmphex(write_cr(t, 3, 0x2020), ==, GP0);
        g_assert_cmphex(t->s.cr3, ==, 0x1000);
        t->ram[0x1000 + 8 * i + 1] = 1;
        g_assert_cmphex(write_cr(t, 4, CR4_PAE | CR4_TSD), ==, 0);
        g_assert_cmphex(write_cr(t, 4, CR4_PAE | CR4_PGE), ==, GP0);
        g_assert_cmphex(write_cr(t, 0, 0x80000013), ==, 0);
        g_assert_cmphex(write_cr(t, 0, 0xc0000011), ==, GP0);
    }
}

/* ---- CR3, CR4, CR8 ---- */

static void test_cr3(void)
{
    Standin *t = standin_new();

    g_assert_cmphex(write_cr(t, 3, 0xff12345018), ==, 0);
    g_assert_cmphex(write_cr(t, 3, 1ull << 40), ==, GP0);
    g_assert_cmphex(write_cr(t, 3, 1ull << 63), ==, GP0);
    g_assert_cmphex(read_cr(t, 3), ==, 0xff12345018);
}

static void test_cr4(void)
{
    Standin *t = standin_new();

    standin_leaf(t, 7, 0)->ebx &= ~(1u << 20);          /* no SMAP */
    g_assert_cmphex(write_cr(t, 4, CR4_PAE | CR4_SMEP), ==, 0);
    g_assert_cmphex(write_cr(t, 4, CR4_PAE | CR4_SMAP), ==, GP0);
    g_assert_cmphex(write_cr(t, 4, CR4_PAE | CR4_LA57), ==, GP0);
    g_assert_cmphex(write_cr(t, 4, CR4_PAE | CR4_VMXE), ==, GP0);
    g_assert_cmphex(write_cr(t, 4, CR4_PAE | 1 << 15), ==, GP0);
    g_assert_cmphex(write_cr(t, 4, CR4_PAE | 1ull << 32), ==, GP0);
    standin_leaf(t, 1, 0)->ecx &= ~(1u << 17);          /* no PCID */
    g_assert_cmphex(write_cr(t, 4, CR4_PAE | CR4_PCIDE), ==, GP0);
    g_assert_cmphex(read_cr(t, 4), ==, CR4_PAE | CR4_SMEP);
}

static void test_cr8(void)
{
    Standin *t = standin_new();

    g_assert_cmphex(write_cr(t, 8, 9), ==, 0);
    g_assert_cmpuint(t->tpr, ==, 9);
    g_assert_cmpuint(t->s.pending, ==, 1);
    g_assert_cmphex(write_cr(t, 8, 16), ==, GP0);
    g_assert_cmphex(read_cr(t, 8), ==, 9);
    standin_set_protected(t, 32);
    g_assert_cmphex(write_cr(t, 8, 9), ==, UD);
}

static void test_cr_rights(void)
{
    static const guint absent[] = { 1, 5, 6, 7, 9, 15 };
    Standin *t = standin_new();

    for (guint i = 0; i < G_N_ELEMENTS(absent); i++) {
        g_assert_cmphex(write_cr(t, absent[i], 0), ==, UD);
    }
    standin_set_cpl(t, 3);
    for (guint i = 0; i < 5; i++) {
        TcgInsn insn = mov(i, TCG_RAX);

        if (i != 1) {
            g_assert_cmphex(write_cr(t, i, 0), ==, GP0);
            g_assert_cmphex(standin_fault(t, tcg_op_mov_from_cr, &insn), ==, GP0);
        }
    }
}

/* 32 bits: the upper half of the register is cleared. */
static void test_cr_32(void)
{
    Standin *t = standin_new();

    standin_set_protected(t, 32);
    t->s.gpr[TCG_RDX] = ~0ull;
    t->s.cr2 = 0x87654321;
    g_assert_cmphex(read_cr(t, 2), ==, 0x87654321);
}

/* ---- Parts of CR0 ---- */

static void test_lmsw(void)
{
    static const struct {
        guint32 cr0, value, result;
    } cases[] = {
        { 0x10, 0x1, 0x11 }, { 0x11, 0x0, 0x11 }, { 0x11, 0xe, 0x1f }, { 0x1f, 0x1, 0x11 },
        { 0x60000010, 0xfff0, 0x60000010 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Standin *t = standin_new();
        TcgInsn insn = { .rm = TCG_RSI, .operand_size = 2 };

        standin_set_real(t);
        t->s.cr0 = cases[i].cr0;
        t->s.gpr[TCG_RSI] = 0xabcd0000 | cases[i].value;
        g_assert_cmpuint(standin_run(t, tcg_op_lmsw, &insn), ==, TCG_NEXT);
        g_assert_cmphex(t->s.cr0, ==, cases[i].result);
    }
}

static void test_smsw(void)
{
    static const struct {
        guint size;
        guint64 result;
    } cases[] = { { 2, 0x1111111111110033 }, { 4, 0x80000033 }, { 8, 0x80000033 } };
    Standin *t = standin_new();
    TcgInsn memory = { .rm = TCG_NO_REG, .has_memory = true, .base = TCG_NO_REG, .segment = TCG_DS,
                       .index = TCG_NO_REG, .disp = 0x100, .operand_size = 8, .address_size = 8 };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        TcgInsn insn = { .rm = TCG_RDI, .operand_size = cases[i].size };

        t->s.gpr[TCG_RDI] = 0x1111111111111111;
        standin_run(t, tcg_op_smsw, &insn);
        g_assert_cmphex(t->s.gpr[TCG_RDI], ==, cases[i].result);
    }
    memset(t->ram + 0x100, 0xee, 8);
    standin_run(t, tcg_op_smsw, &memory);
    g_assert_cmphex(*(guint64 *)(void *)(t->ram + 0x100), ==, 0xeeeeeeeeeeee0033);
    standin_set_cpl(t, 3);
    g_assert_cmpuint(standin_run(t, tcg_op_smsw, &memory), ==, TCG_NEXT);
    t->s.cr4 |= CR4_UMIP;
    g_assert_cmphex(standin_fault(t, tcg_op_smsw, &memory), ==, GP0);
}

static void test_clts(void)
{
    Standin *t = standin_new();
    TcgInsn insn = { .helper = tcg_op_clts };

    t->s.cr0 |= CR0_TS;
    tcg_mode_update(&t->s);
    g_assert_false(t->s.mode & TCG_MODE_SSE);
    g_assert_cmpuint(standin_run(t, tcg_op_clts, &insn), ==, TCG_NEXT);
    g_assert_true(t->s.mode & TCG_MODE_SSE);
    standin_set_cpl(t, 3);
    g_assert_cmphex(standin_fault(t, tcg_op_clts, &insn), ==, GP0);
}

/* ---- XCR0 ---- */

static void test_xcr0(void)
{
    static const struct {
        guint32 number;
        guint64 value;
        guint fault;
    } cases[] = {
        { 0, 7, 0 }, { 0, 3, 0 }, { 0, 1, 0 }, { 0, 0, GP0 }, { 0, 6, GP0 }, { 0, 5, GP0 },
        { 0, 0xf, GP0 }, { 0, 0xe7, GP0 }, { 0, 1ull << 63 | 7, GP0 }, { 1, 7, GP0 },
    };
    TcgInsn insn = { .length = 3 };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Standin *t = standin_new();

        t->s.gpr[TCG_RCX] = cases[i].number;
        t->s.gpr[TCG_RAX] = (guint32)cases[i].value;
        t->s.gpr[TCG_RDX] = cases[i].value >> 32;
        if (cases[i].fault) {
            g_assert_cmphex(standin_fault(t, tcg_op_xsetbv, &insn), ==, cases[i].fault);
            continue;
        }
        g_assert_cmpuint(standin_run(t, tcg_op_xsetbv, &insn), ==, TCG_NEXT);
        g_assert_cmpuint(!!(t->s.mode & TCG_MODE_AVX), ==, cases[i].value == 7);
        standin_run(t, tcg_op_xgetbv, &insn);
        g_assert_cmphex(t->s.gpr[TCG_RAX], ==, cases[i].value);
        g_assert_cmphex(t->s.gpr[TCG_RDX], ==, 0);
    }
}

static void test_xcr0_rights(void)
{
    Standin *t = standin_new();
    TcgInsn insn = { .length = 3 };

    t->s.gpr[TCG_RAX] = 7;
    standin_set_cpl(t, 3);
    g_assert_cmphex(standin_fault(t, tcg_op_xsetbv, &insn), ==, GP0);
    g_assert_cmpuint(standin_run(t, tcg_op_xgetbv, &insn), ==, TCG_GO_ON);
    t->s.gpr[TCG_RCX] = 2;
    g_assert_cmphex(standin_fault(t, tcg_op_xgetbv, &insn), ==, GP0);
    t->s.cr4 &= ~(guint64)CR4_OSXSAVE;
    g_assert_cmphex(standin_fault(t, tcg_op_xgetbv, &insn), ==, UD);
    g_assert_cmphex(standin_fault(t, tcg_op_xsetbv, &insn), ==, UD);
}

/* ---- Debug registers ---- */

static guint write_dr(Standin *t, guint dr, guint64 value)
{
    TcgInsn insn = mov(dr, TCG_RBX);

    t->s.gpr[TCG_RBX] = value;
    return standin_run(t, tcg_op_mov_to_dr, &insn) == STANDIN_RAISED
        ? FAULT((guint)t->s.exception.vector, t->s.exception.error) : 0;
}

static guint64 read_dr(Standin *t, guint dr)
{
    TcgInsn insn = mov(dr, TCG_RDX);

    g_assert_cmpuint(standin_run(t, tcg_op_mov_from_dr, &insn), <, STANDIN_RAISED);
    return t->s.gpr[TCG_RDX];
}

static void test_dr(void)
{
    static const struct {
        guint dr;
        guint64 value;
        guint fault;
        guint64 result;
    } cases[] = {
        { 0, 0x123456789abcdef0, 0, 0x123456789abcdef0 },
        { 3, 7, 0, 7 },
        { 6, 0, 0, 0xffff0ff0 }, { 6, 0xffffffff, 0, 0xffffefff }, { 6, 1ull << 32, GP0, 0 },
        { 7, 0, 0, 0x400 }, { 7, 0xffff03ff, 0, 0xffff07ff }, { 7, 1ull << 32, GP0, 0 },
        { 4, 0xf, 0, 0xffff0fff }, { 5, 0x3, 0, 0x403 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Standin *t = standin_new();

        g_assert_cmphex(write_dr(t, cases[i].dr, cases[i].value), ==, cases[i].fault);
        if (!cases[i].fault) {
            g_assert_cmphex(read_dr(t, cases[i].dr), ==, cases[i].result);
        }
    }
}

static void test_dr_rights(void)
{
    Standin *t = standin_new();

    t->s.cr4 |= CR4_DE;
    g_assert_cmphex(write_dr(t, 4, 0), ==, UD);
    g_assert_cmphex(write_dr(t, 5, 0), ==, UD);
    g_assert_cmphex(write_dr(t, 8, 0), ==, UD);
    g_assert_cmphex(write_dr(t, 7, 3), ==, 0);
    g_assert_true(t->s.mode & TCG_MODE_STEP);
    standin_set_cpl(t, 1);
    g_assert_cmphex(write_dr(t, 0, 0), ==, GP0);
}

/* DR7.GD catches the next access, and is cleared. */
static void test_dr_guard(void)
{
    Standin *t = standin_new();

    g_assert_cmphex(write_dr(t, 7, 1 << 13), ==, 0);
    g_assert_cmphex(write_dr(t, 0, 0x55), ==, FAULT(TCG_DB, 0));
    g_assert_cmphex(t->s.dr[0], ==, 0);
    g_assert_cmphex(read_dr(t, 6), ==, 0xffff2ff0);
    g_assert_cmphex(read_dr(t, 7), ==, 0x400);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tcg/control/cr0", test_cr0);
    g_test_add_func("/tcg/control/long-mode", test_long_mode);
    g_test_add_func("/tcg/control/flushes", test_flushes);
    g_test_add_func("/tcg/control/pdptes", test_pdptes);
    g_test_add_func("/tcg/control/cr3", test_cr3);
    g_test_add_func("/tcg/control/cr4", test_cr4);
    g_test_add_func("/tcg/control/cr8", test_cr8);
    g_test_add_func("/tcg/control/cr-rights", test_cr_rights);
    g_test_add_func("/tcg/control/cr-32", test_cr_32);
    g_test_add_func("/tcg/control/lmsw", test_lmsw);
    g_test_add_func("/tcg/control/smsw", test_smsw);
    g_test_add_func("/tcg/control/clts", test_clts);
    g_test_add_func("/tcg/control/xcr0", test_xcr0);
    g_test_add_func("/tcg/control/xcr0-rights", test_xcr0_rights);
    g_test_add_func("/tcg/control/dr", test_dr);
    g_test_add_func("/tcg/control/dr-rights", test_dr_rights);
    g_test_add_func("/tcg/control/dr-guard", test_dr_guard);
    return g_test_run();
}
