/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Images of the x87, SSE and AVX registers, gathers and masked moves: cases from SDM vol. 2,
 * FXSAVE, FXRSTOR, FNSTENV, FNSAVE, XSAVE, XSAVEC, XRSTOR, VPGATHERDD, VMASKMOV, MASKMOVDQU;
 * vol. 1, chapter 13.
 *
 * The instructions work on the host's registers, so a host without AVX2 cannot run them.
 */
#include "config.h"

#include <Zydis/Mnemonic.h>

#include "tests/lib/tcg-standin-sys.h"

enum {
    AREA = 0x1000,              /* where images are in the guest's memory */
    XMM = 160,                  /* offsets in an image */
    HEADER = 512,
    YMM = 576,
};

static Standin *new_or_skip(void)
{
    if (!__builtin_cpu_supports("avx2")) {
        g_test_skip("the host has no AVX2");
        return NULL;
    }
    return standin_new();
}

static TcgInsn memory(guint operand_size)
{
    return (TcgInsn){ .rm = TCG_NO_REG, .has_memory = true, .base = TCG_RDI, .index = TCG_NO_REG,
                      .segment = TCG_DS, .scale = 1, .operand_size = operand_size,
                      .address_size = 8 };
}

static guint64 get(const guint8 *bytes, guint size)
{
    guint64 value = 0;

    memcpy(&value, bytes, size);
    return value;
}

static void put(guint8 *bytes, guint64 value, guint size)
{
    memcpy(bytes, &value, size);
}

/* Every register has bytes of its own, MXCSR and the control word are not the initial ones. */
static void fill_vectors(Standin *t)
{
    for (guint i = 0; i < 8; i++) {
        memset(t->vectors + 32 + 16 * i, 0x10 + i, 10);
    }
    for (guint i = 0; i < 16; i++) {
        memset(t->vectors + XMM + 16 * i, 0x40 + i, 16);
        memset(t->vectors + YMM + 16 * i, 0x80 + i, 16);
    }
    put(t->vectors, 0x27f, 2);          /* double precision */
    put(t->vectors + 24, 0x3f80, 4);    /* rounds down */
    t->vectors[4] = 0xff;               /* no register is empty */
    put(t->vectors + HEADER, 7, 8);
}

static void at(Standin *t, guint64 linear, guint64 components)
{
    t->s.gpr[TCG_RDI] = linear;
    t->s.gpr[TCG_RAX] = components;
    t->s.gpr[TCG_RDX] = 0;
}

/* ---- FXSAVE, FXRSTOR ---- */

static void test_fxsave(void)
{
    Standin *t = new_or_skip();
    TcgInsn insn = memory(4), wide = memory(8);

    if (!t) {
        return;
    }
    fill_vectors(t);
    memset(t->ram + AREA, 0xee, 512);
    at(t, AREA, 0);
    g_assert_cmpuint(standin_run(t, tcg_op_fxsave, &wide), ==, TCG_NEXT);
    g_assert_true(memcmp(t->ram + AREA + 32, t->vectors + 32, 416 - 32) == 0);
    g_assert_cmphex(get(t->ram + AREA, 2), ==, 0x27f);
    g_assert_cmphex(get(t->ram + AREA + 24, 4), ==, 0x3f80);
    g_assert_cmphex(get(t->ram + AREA + 416, 8), ==, 0xeeeeeeeeeeeeeeee);

    standin_set_protected(t, 32);
    memset(t->ram + AREA, 0xee, 512);
    insn.address_size = 4;
    standin_run(t, tcg_op_fxsave, &insn);
    g_assert_true(memcmp(t->ram + AREA + XMM, t->vectors + XMM, 128) == 0);
    g_assert_cmphex(get(t->ram + AREA + XMM + 128, 8), ==, 0xeeeeeeeeeeeeeeee);
}

static void test_fxrstor(void)
{
    Standin *t = new_or_skip();
    TcgInsn insn = memory(8);
    guint8 before[STANDIN_VECTORS];

    if (!t) {
        return;
    }
    fill_vectors(t);
    memcpy(before, t->vectors, sizeof(before));
    at(t, AREA, 0);
    standin_run(t, tcg_op_fxsave, &insn);
    memset(t->vectors + 32, 0, 384);
    put(t->vectors, 0x37f, 2);
    put(t->vectors + 24, 0x1f80, 4);
    g_assert_cmpuint(standin_run(t, tcg_op_fxrstor, &insn), ==, TCG_NEXT);
    g_assert_true(memcmp(before + 32, t->vectors + 32, 416 - 32) == 0);
    g_assert_true(memcmp(before + YMM, t->vectors + YMM, 256) == 0);
    g_assert_cmphex(get(t->vectors, 2), ==, 0x27f);
    g_assert_cmphex(get(t->vectors + 24, 4), ==, 0x3f80);

    /* 32-bit code leaves XMM8 to XMM15 alone. */
    standin_set_protected(t, 32);
    memset(t->ram + AREA + XMM, 0, 256);
    standin_run(t, tcg_op_fxrstor, &insn);
    g_assert_cmphex(get(t->vectors + XMM + 7 * 16, 8), ==, 0);
    g_assert_cmphex(get(t->vectors + XMM + 8 * 16, 8), ==, 0x4848484848484848);
}

static void test_fxsave_faults(void)
{
    Standin *t = new_or_skip();
    TcgInsn insn = memory(8);

    if (!t) {
        return;
    }
    at(t, AREA + 8, 0);
    g_assert_cmphex(standin_fault(t, tcg_op_fxsave, &insn), ==, GP0);
    g_assert_cmphex(standin_fault(t, tcg_op_fxrstor, &insn), ==, GP0);
    at(t, AREA, 0);
    put(t->ram + AREA + 24, 1 << 16, 4);        /* reserved in MXCSR */
    g_assert_cmphex(standin_fault(t, tcg_op_fxrstor, &insn), ==, GP0);
    t->page[2] = STANDIN_ABSENT;
    memset(t->ram + 0x1f00, 0xee, 256);
    at(t, 0x1f00, 0);
    g_assert_cmphex(standin_fault(t, tcg_op_fxsave, &insn), ==, FAULT(TCG_PF, 2));
    g_assert_cmphex(t->s.exception.address, ==, 0x2000);
    g_assert_cmphex(t->ram[0x1f00], ==, 0xee);  /* nothing was written */
    t->s.cr0 |= CR0_TS;
    g_assert_cmphex(standin_fault(t, tcg_op_fxsave, &insn), ==, NM);
}

/* Pointers that the guest loads come back; the host's never appear. */
static void test_pointers(void)
{
    Standin *t = new_or_skip();
    TcgInsn narrow = memory(4), wide = memory(8);

    if (!t) {
        return;
    }
    put(t->vectors + 8, 0x123456789abc, 8);     /* as if the host's code had left them */
    put(t->vectors + 16, 0x123456789ab0, 8);
    put(t->vectors + HEADER, 1, 8);
    at(t, AREA, 0);
    standin_run(t, tcg_op_fxsave, &wide);
    g_assert_cmphex(get(t->ram + AREA + 8, 8), ==, 0);
    g_assert_cmphex(get(t->ram + AREA + 16, 8), ==, 0);

    put(t->ram + AREA + 8, 0x00007f1234567890, 8);
    put(t->ram + AREA + 16, 0x00007f1234560000, 8);
    standin_run(t, tcg_op_fxrstor, &wide);
    memset(t->ram + AREA, 0, 512);
    standin_run(t, tcg_op_fxsave, &wide);
    g_assert_cmphex(get(t->ram + AREA + 8, 8), ==, 0x00007f1234567890);
    standin_run(t, tcg_op_fxsave, &narrow);
    g_assert_cmphex(get(t->ram + AREA + 8, 8), ==, 0x34567890);
    g_assert_cmphex(get(t->ram + AREA + 16, 8), ==, 0x34560000);
}

/* ---- The environment ---- */

static void test_environment(void)
{
    static const struct {
        guint size, words;
        bool real;
        guint32 cs;             /* the word with the opcode */
        guint32 ip;
    } cases[] = {
        { 2, 14, false, 0, 0x5678 }, { 4, 28, false, 0x01230000, 0x12345678 },
        { 2, 14, true, 0x4123, 0x5678 }, { 4, 28, true, 0x01234123, 0x5678 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Standin *t = new_or_skip();
        TcgInsn insn = memory(cases[i].size);
        guint word = cases[i].size;

        if (!t) {
            return;
        }
        if (cases[i].real) {
            standin_set_real(t);
        } else {
            standin_set_protected(t, 32);
        }
        insn.address_size = 4;
        fill_vectors(t);
        put(t->vectors + 8, 0x12345678, 8);
        put(t->vectors + 6, 0x123, 2);
        t->s.fpu_ip = 0x12345678;
        memset(t->ram + AREA, 0xee, 64);
        at(t, AREA, 0);
        g_assert_cmpuint(standin_run(t, tcg_op_fnstenv, &insn), ==, TCG_NEXT);
        g_assert_cmphex(get(t->ram + AREA, 2), ==, 0x27f);
        g_assert_cmphex(get(t->ram + AREA + 3 * word, word), ==, cases[i].ip);
        g_assert_cmphex(get(t->ram + AREA + 4 * word, word), ==, cases[i].cs);
        g_assert_cmphex(t->ram[AREA + cases[i].words], ==, 0xee);
        g_assert_cmphex(get(t->vectors, 2), ==, 0x27f | 0x3f);  /* all are masked then */

        put(t->ram + AREA, 0x77f, 2);
        g_assert_cmpuint(standin_run(t, tcg_op_fldenv, &insn), ==, TCG_NEXT);
        g_assert_cmphex(get(t->vectors, 2), ==, 0x77f);
        g_assert_cmphex(t->s.fpu_ip, ==, cases[i].size == 4 ? 0x12345678
                                         : cases[i].real    ? 0x45678 : 0x5678);
    }
}

static void test_fnsave(void)
{
    Standin *t = new_or_skip();
    TcgInsn insn = memory(4);
    guint8 before[128];

    if (!t) {
        return;
    }
    fill_vectors(t);
    memcpy(before, t->vectors + 32, sizeof(before));
    at(t, AREA, 0);
    memset(t->ram + AREA, 0xee, 128);
    g_assert_cmpuint(standin_run(t, tcg_op_fnsave, &insn), ==, TCG_NEXT);
    g_assert_cmphex(get(t->vectors, 2), ==, 0x37f);     /* it initializes */
    g_assert_cmphex(t->vectors[4], ==, 0);
    for (guint i = 0; i < 8; i++) {
        g_assert_true(memcmp(t->ram + AREA + 28 + 10 * i, before + 16 * i, 10) == 0);
    }
    g_assert_cmphex(t->ram[AREA + 108], ==, 0xee);
    g_assert_cmpuint(standin_run(t, tcg_op_frstor, &insn), ==, TCG_NEXT);
    g_assert_true(memcmp(t->vectors + 32, before, sizeof(before)) == 0);
    g_assert_cmphex(get(t->vectors, 2), ==, 0x27f);
}

/* FLDENV and FRSTOR wait for an exception that is not masked. */
static void test_pending_exception(void)
{
    Standin *t = new_or_skip();
    TcgInsn insn = memory(4);

    if (!t) {
        return;
    }
    fill_vectors(t);
    put(t->vectors, 0x37b, 2);          /* division by zero is not masked, */
    put(t->vectors + 2, 0x8084, 2);     /* and happened */
    at(t, AREA, 0);
    g_assert_cmphex(standin_fault(t, tcg_op_fldenv, &insn), ==, FAULT(TCG_MF, 0));
    g_assert_cmphex(standin_fault(t, tcg_op_frstor, &insn), ==, FAULT(TCG_MF, 0));
    g_assert_cmpuint(standin_run(t, tcg_op_fnstenv, &insn), ==, TCG_NEXT);
    g_assert_cmphex(get(t->ram + AREA + 4, 2), ==, 0x8084);
}

/* ---- XSAVE ---- */

static void test_xsave(void)
{
    static const struct {
        TcgHelper helper;
        guint64 components, in_use;
        guint64 old, bv, compacted;     /* XSTATE_BV before and after, XCOMP_BV */
    } cases[] = {
        { tcg_op_xsave, 7, 7, 0, 7, 0 }, { tcg_op_xsave, 7, 3, 0, 3, 0 },
        { tcg_op_xsave, 3, 7, 4, 7, 0 }, { tcg_op_xsave, 4, 7, 3, 7, 0 },
        { tcg_op_xsave, 4, 3, 7, 3, 0 }, { tcg_op_xsave, 0xff, 7, 0, 7, 0 },
        { tcg_op_xsave, 0, 7, 5, 5, 0 }, { tcg_op_xsaveopt, 7, 5, 0, 5, 0 },
        { tcg_op_xsavec, 7, 7, 0, 7, 1ull << 63 | 7 }, { tcg_op_xsavec, 5, 7, 7, 5, 1ull << 63 | 5 },
        { tcg_op_xsavec, 7, 4, 3, 4, 1ull << 63 | 7 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Standin *t = new_or_skip();
        TcgInsn insn = memory(8);
        guint64 rfbm = cases[i].components & 7, bv = cases[i].bv, seen;
        bool all = cases[i].helper == tcg_op_xsave;

        if (!t) {
            return;
        }
        fill_vectors(t);
        put(t->vectors + 24, 0x1f80, 4);
        put(t->vectors + HEADER, cases[i].in_use, 8);
        memset(t->ram + AREA, 0xee, 1024);
        put(t->ram + AREA + HEADER, cases[i].old, 8);
        at(t, AREA, cases[i].components);
        g_assert_cmpuint(standin_run(t, cases[i].helper, &insn), ==, TCG_NEXT);
        /* A processor may count an initial component as in use. */
        seen = get(t->ram + AREA + HEADER, 8);
        g_assert_cmphex(seen & (bv | ~rfbm), ==, bv);
        g_assert_cmphex(get(t->ram + AREA + HEADER + 8, 8), ==,
                        all || cases[i].helper == tcg_op_xsaveopt ? 0xeeeeeeeeeeeeeeee
                                                                 : cases[i].compacted);
        if (rfbm & 4 && cases[i].in_use & 4) {
            g_assert_true(memcmp(t->ram + AREA + YMM, t->vectors + YMM, 256) == 0);
        } else {
            g_assert_cmphex(t->ram[AREA + YMM], ==, rfbm & 4 && (all || seen & 4) ? 0 : 0xee);
        }
        if (!(rfbm & 2) || !(all || seen & 2)) {
            g_assert_cmphex(t->ram[AREA + XMM], ==, 0xee);
        }
        g_assert_cmphex(t->ram[AREA + YMM + 256], ==, 0xee);
    }
}

/* XSAVEC counts SSE as in use if MXCSR is not the initial one. */
static void test_xsavec_mxcsr(void)
{
    Standin *t = new_or_skip();
    TcgInsn insn = memory(8);

    if (!t) {
        return;
    }
    put(t->vectors + 24, 0x1f00, 4);
    put(t->vectors + HEADER, 0, 8);
    at(t, AREA, 7);
    standin_run(t, tcg_op_xsavec, &insn);
    g_assert_cmphex(get(t->ram + AREA + HEADER, 8) & 2, ==, 2);
    g_assert_cmphex(get(t->ram + AREA + 24, 4), ==, 0x1f00);
}

/* ---- XRSTOR ---- */

static void test_xrstor_headers(void)
{
    static const struct {
        guint64 bv, compacted, next;    /* XSTATE_BV, XCOMP_BV, the eight bytes after them */
        guint8 last;                    /* the header's last byte */
        guint fault;
    } cases[] = {
        { 7, 0, 0, 0, 0 }, { 0, 0, 0, 0, 0 }, { 7, 0, 0, 1, 0 },
        { 8, 0, 0, 0, GP0 }, { 7, 1, 0, 0, GP0 }, { 7, 0, 1, 0, GP0 },
        { 7, 1ull << 63 | 7, 0, 0, 0 }, { 3, 1ull << 63 | 7, 0, 0, 0 },
        { 7, 1ull << 63 | 3, 0, 0, GP0 }, { 7, 1ull << 63 | 0xf, 0, 0, GP0 },
        { 7, 1ull << 63 | 7, 1, 0, GP0 }, { 7, 1ull << 63 | 7, 0, 1, GP0 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Standin *t = new_or_skip();
        TcgInsn insn = memory(8);

        if (!t) {
            return;
        }
        put(t->ram + AREA, 0x37f, 2);
        put(t->ram + AREA + 24, 0x1f80, 4);
        put(t->ram + AREA + HEADER, cases[i].bv, 8);
        put(t->ram + AREA + HEADER + 8, cases[i].compacted, 8);
        put(t->ram + AREA + HEADER + 16, cases[i].next, 8);
        t->ram[AREA + HEADER + 63] = cases[i].last;
        at(t, AREA, 7);
        if (cases[i].fault) {
            g_assert_cmphex(standin_fault(t, tcg_op_xrstor, &insn), ==, cases[i].fault);
        } else {
            g_assert_cmpuint(standin_run(t, tcg_op_xrstor, &insn), ==, TCG_NEXT);
        }
    }
}

/* What is loaded, what goes to its initial state, what stays. */
static void test_xrstor(void)
{
    static const struct {
        guint64 components, bv, compacted;
        guint16 control;
        guint32 mxcsr;
        guint8 xmm, ymm;
    } cases[] = {
        { 7, 7, 0, 0x77f, 0x5f80, 0x22, 0x33 },
        { 7, 0, 0, 0x37f, 0x5f80, 0, 0 },       /* the standard form loads MXCSR even so */
        { 7, 0, 1ull << 63 | 7, 0x37f, 0x1f80, 0, 0 },
        { 4, 7, 0, 0x27f, 0x5f80, 0x40, 0x33 },
        { 4, 7, 1ull << 63 | 7, 0x27f, 0x3f80, 0x40, 0x33 },
        { 1, 7, 0, 0x77f, 0x3f80, 0x40, 0x80 },
        { 2, 0, 0, 0x27f, 0x5f80, 0, 0x80 },
        { 0, 7, 0, 0x27f, 0x3f80, 0x40, 0x80 },
    };

    for (guint i = 0; i < 2 * G_N_ELEMENTS(cases); i++) {
        Standin *t = new_or_skip();
        TcgInsn insn = memory(8);
        guint c = i / 2;
        bool is_32bit = i % 2;

        if (!t) {
            return;
        }
        if (is_32bit) {
            standin_set_protected(t, 32);
        }
        fill_vectors(t);
        put(t->ram + AREA, 0x77f, 2);
        put(t->ram + AREA + 24, 0x5f80, 4);
        memset(t->ram + AREA + XMM, 0x22, 256);
        memset(t->ram + AREA + YMM, 0x33, 256);
        put(t->ram + AREA + HEADER, cases[c].bv, 8);
        put(t->ram + AREA + HEADER + 8, cases[c].compacted, 8);
        at(t, AREA, cases[c].components);
        g_assert_cmpuint(standin_run(t, tcg_op_xrstor, &insn), ==, TCG_NEXT);
        g_assert_cmphex(get(t->vectors, 2), ==, cases[c].control);
        g_assert_cmphex(get(t->vectors + 24, 4), ==, cases[c].mxcsr);
        g_assert_cmphex(t->vectors[XMM], ==, cases[c].xmm);
        g_assert_cmphex(t->vectors[YMM], ==, cases[c].ymm);
        if (is_32bit) {
            g_assert_cmphex(t->vectors[XMM + 8 * 16], ==, 0x48);
            g_assert_cmphex(t->vectors[YMM + 15 * 16], ==, 0x8f);
        }
    }
}

static void test_xsave_faults(void)
{
    static const TcgHelper helpers[] = { tcg_op_xsave, tcg_op_xsaveopt, tcg_op_xsavec,
                                         tcg_op_xrstor };
    Standin *t = new_or_skip();
    TcgInsn insn = memory(8);

    if (!t) {
        return;
    }
    put(t->ram + AREA + 24, 1 << 16, 4);
    at(t, AREA, 2);
    g_assert_cmphex(standin_fault(t, tcg_op_xrstor, &insn), ==, GP0);
    for (guint i = 0; i < G_N_ELEMENTS(helpers); i++) {
        t->s.cr0 &= ~(guint64)CR0_TS;
        t->s.cr4 |= CR4_OSXSAVE;
        at(t, AREA + 32, 7);
        g_assert_cmphex(standin_fault(t, helpers[i], &insn), ==, GP0);
        t->s.cr0 |= CR0_TS;
        g_assert_cmphex(standin_fault(t, helpers[i], &insn), ==, NM);
        t->s.cr4 &= ~(guint64)CR4_OSXSAVE;
        g_assert_cmphex(standin_fault(t, helpers[i], &insn), ==, UD);
    }
}

/* ---- Gathers ---- */

static void set_vector(Standin *t, guint number, const void *bytes)
{
    memcpy(t->vectors + XMM + 16 * number, bytes, 16);
    memcpy(t->vectors + YMM + 16 * number, (const guint8 *)bytes + 16, 16);
    put(t->vectors + HEADER, 7, 8);
}

static void get_vector(const Standin *t, guint number, void *ret_bytes)
{
    memcpy(ret_bytes, t->vectors + XMM + 16 * number, 16);
    memcpy((guint8 *)ret_bytes + 16, t->vectors + YMM + 16 * number, 16);
}

/* VPGATHER xmm1/ymm1, [rdi + xmm2/ymm2 * 4], xmm3/ymm3: memory holds its own address. */
static TcgInsn gather(guint mnemonic, bool l)
{
    TcgInsn insn = memory(4);

    insn.mnemonic = mnemonic;
    insn.reg = 1;
    insn.index = 2;
    insn.vvvv = 3;
    insn.scale = 4;
    insn.vex_l = l;
    return insn;
}

static Standin *new_for_gather(void)
{
    Standin *t = new_or_skip();

    for (guint64 i = 0; t && i < sizeof(t->ram); i += 4) {
        put(t->ram + i, i, 4);
    }
    return t;
}

static void test_gather_d(void)
{
    static const guint32 mask[8] = { 1u << 31, 0, ~0u, 0x7fffffff, 1u << 31, ~0u, 0, ~0u };
    static const gint32 index[8] = { 0, 1, -1, 3, 100, -100, 6, 7 };
    static const guint32 old[8] = { 11, 12, 13, 14, 15, 16, 17, 18 };
    static const guint32 expected[8] = { 0x3000, 12, 0x2ffc, 14, 0x3190, 0x2e70, 17, 0x301c };

    for (guint l = 0; l < 2; l++) {
        Standin *t = new_for_gather();
        TcgInsn insn = gather(ZYDIS_MNEMONIC_VPGATHERDD, l);
        guint32 result[8];

        if (!t) {
            return;
        }
        set_vector(t, 1, old);
        set_vector(t, 2, index);
        set_vector(t, 3, mask);
        t->s.gpr[TCG_RDI] = 0x3000;
        g_assert_cmpuint(standin_run(t, tcg_op_gather, &insn), ==, TCG_NEXT);
        get_vector(t, 1, result);
        for (guint i = 0; i < 8; i++) {
            g_assert_cmphex(result[i], ==, i < (l ? 8u : 4u) ? expected[i] : 0);
        }
        get_vector(t, 3, result);
        for (guint i = 0; i < 8; i++) {
            g_assert_cmphex(result[i], ==, 0);
        }
    }
}

/* Indices and elements of different sizes: the smaller number counts. */
static void test_gather_mixed(void)
{
    static const guint64 ones[4] = { ~0ull, ~0ull, ~0ull, ~0ull };
    static const gint64 index_q[4] = { 0, 2, -2, 0x400 };
    static const gint32 index_d[8] = { 0, 2, -2, 0x400, 1, 1, 1, 1 };
    static const guint64 expected[4] = { 0x3000, 0x3008, 0x2ff8, 0x4000 };
    Standin *t = new_for_gather();
    TcgInsn qd = gather(ZYDIS_MNEMONIC_VPGATHERQD, true);
    TcgInsn dq = gather(ZYDIS_MNEMONIC_VPGATHERDQ, true);
    guint64 wide[4];
    guint32 narrow[8];

    if (!t) {
        return;
    }
    t->s.gpr[TCG_RDI] = 0x3000;
    set_vector(t, 1, ones);
    set_vector(t, 2, index_q);
    set_vector(t, 3, ones);
    standin_run(t, tcg_op_gather, &qd);
    get_vector(t, 1, narrow);
    for (guint i = 0; i < 8; i++) {
        g_assert_cmphex(narrow[i], ==, i < 4 ? expected[i] : 0);
    }
    set_vector(t, 2, index_d);
    set_vector(t, 3, ones);
    standin_run(t, tcg_op_gather, &dq);
    get_vector(t, 1, wide);
    for (guint i = 0; i < 4; i++) {
        g_assert_cmphex(wide[i], ==, expected[i] | (expected[i] + 4) << 32);
    }
}

/* Elements before the fault are done and out of the mask; one that is masked out is not read. */
static void test_gather_fault(void)
{
    static const guint32 mask[8] = { ~0u, 0, ~0u, ~0u, 0, 0, 0, ~0u };
    static const guint32 index[8] = { 0, 0x400, 1, 0x400, 0, 0, 0, 2 };
    static const guint32 old[8] = { 11, 12, 13, 14, 15, 16, 17, 18 };
    Standin *t = new_for_gather();
    TcgInsn insn = gather(ZYDIS_MNEMONIC_VGATHERDPS, true);
    guint32 result[8];

    if (!t) {
        return;
    }
    t->page[4] = STANDIN_ABSENT;
    t->s.gpr[TCG_RDI] = 0x3000;
    set_vector(t, 1, old);
    set_vector(t, 2, index);
    set_vector(t, 3, mask);
    g_assert_cmphex(standin_fault(t, tcg_op_gather, &insn), ==, FAULT(TCG_PF, 0));
    get_vector(t, 1, result);
    g_assert_cmphex(result[0], ==, 0x3000);
    g_assert_cmphex(result[1], ==, 12);
    g_assert_cmphex(result[2], ==, 0x3004);
    g_assert_cmphex(result[3], ==, 14);
    get_vector(t, 3, result);
    g_assert_cmphex(result[0] | result[1] | result[2], ==, 0);
    g_assert_cmphex(result[3] & result[7], ==, ~0u);
    insn.vvvv = insn.index;
    g_assert_cmphex(standin_fault(t, tcg_op_gather, &insn), ==, UD);
}

/* ---- Masked moves ---- */

static void test_maskmov(void)
{
    static const guint64 mask[4] = { 1ull << 63, 0, ~0ull >> 1, ~0ull };
    static const guint64 value[4] = { 1, 2, 3, 4 };
    Standin *t = new_or_skip();
    TcgInsn load = memory(8), store = memory(8);
    guint64 result[4];

    if (!t) {
        return;
    }
    load.mnemonic = store.mnemonic = ZYDIS_MNEMONIC_VMASKMOVPD;
    load.opcode = 0x2d;
    store.opcode = 0x2f;
    load.vex_l = store.vex_l = true;
    load.reg = store.reg = 5;
    load.vvvv = store.vvvv = 6;
    set_vector(t, 5, value);
    set_vector(t, 6, mask);
    memset(t->ram + AREA, 0xee, 32);
    at(t, AREA, 0);
    g_assert_cmpuint(standin_run(t, tcg_op_maskmov, &store), ==, TCG_NEXT);
    g_assert_cmphex(get(t->ram + AREA, 8), ==, 1);
    g_assert_cmphex(get(t->ram + AREA + 8, 8), ==, 0xeeeeeeeeeeeeeeee);
    g_assert_cmphex(get(t->ram + AREA + 16, 8), ==, 0xeeeeeeeeeeeeeeee);
    g_assert_cmphex(get(t->ram + AREA + 24, 8), ==, 4);
    standin_run(t, tcg_op_maskmov, &load);
    get_vector(t, 5, result);
    g_assert_cmphex(result[0], ==, 1);
    g_assert_cmphex(result[1] | result[2], ==, 0);
    g_assert_cmphex(result[3], ==, 4);

    /* The first two elements lie in a page that is not there; the first is selected. */
    t->page[1] = STANDIN_ABSENT;
    at(t, 0x2000 - 16, 0);
    g_assert_cmphex(standin_fault(t, tcg_op_maskmov, &load), ==, FAULT(TCG_PF, 0));
    at(t, 0x2000 - 16, 0);
    set_vector(t, 6, (guint64[]){ 0, 0, 0, ~0ull });
    g_assert_cmpuint(standin_run(t, tcg_op_maskmov, &load), ==, TCG_NEXT);
    g_assert_cmpuint(standin_run(t, tcg_op_maskmov, &store), ==, TCG_NEXT);
}

static void test_maskmovdqu(void)
{
    Standin *t = new_or_skip();
    TcgInsn insn = memory(8);
    guint8 value[32], mask[32];

    if (!t) {
        return;
    }
    for (guint i = 0; i < 32; i++) {
        value[i] = i + 1;
        mask[i] = i % 3 == 0 ? 0x80 : 0x7f;
    }
    insn.reg = 9;
    insn.rm = 12;
    set_vector(t, 9, value);
    set_vector(t, 12, mask);
    at(t, 0x1ff8, 0);
    g_assert_cmpuint(standin_run(t, tcg_op_maskmovdqu, &insn), ==, TCG_NEXT);
    for (guint i = 0; i < 16; i++) {
        g_assert_cmphex(t->ram[0x1ff8 + i], ==, i % 3 == 0 ? i + 1 : 0);
    }
    t->page[2] = STANDIN_READONLY;
    memset(t->ram + 0x1ff8, 0, 16);
    g_assert_cmphex(standin_fault(t, tcg_op_maskmovdqu, &insn), ==, FAULT(TCG_PF, 3));
    g_assert_cmphex(t->ram[0x1ff8], ==, 0);     /* all or nothing */
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tcg/fpu/fxsave", test_fxsave);
    g_test_add_func("/tcg/fpu/fxrstor", test_fxrstor);
    g_test_add_func("/tcg/fpu/fxsave-faults", test_fxsave_faults);
    g_test_add_func("/tcg/fpu/pointers", test_pointers);
    g_test_add_func("/tcg/fpu/environment", test_environment);
    g_test_add_func("/tcg/fpu/fnsave", test_fnsave);
    g_test_add_func("/tcg/fpu/pending-exception", test_pending_exception);
    g_test_add_func("/tcg/fpu/xsave", test_xsave);
    g_test_add_func("/tcg/fpu/xsavec-mxcsr", test_xsavec_mxcsr);
    g_test_add_func("/tcg/fpu/xrstor-headers", test_xrstor_headers);
    g_test_add_func("/tcg/fpu/xrstor", test_xrstor);
    g_test_add_func("/tcg/fpu/xsave-faults", test_xsave_faults);
    g_test_add_func("/tcg/vector/gather-d", test_gather_d);
    g_test_add_func("/tcg/vector/gather-mixed", test_gather_mixed);
    g_test_add_func("/tcg/vector/gather-fault", test_gather_fault);
    g_test_add_func("/tcg/vector/maskmov", test_maskmov);
    g_test_add_func("/tcg/vector/maskmovdqu", test_maskmovdqu);
    return g_test_run();
}
