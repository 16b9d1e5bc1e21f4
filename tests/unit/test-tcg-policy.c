/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * That it was decided for every instruction what becomes of it, in 16, 32 and 64-bit
 * code: all opcodes of all maps that the decoder knows, with each mandatory prefix,
 * REX.W, VEX, and each reg and mod of ModRM.  What nobody decided is #UD by default,
 * which a guest would notice and no test; so sets of instructions that are refused are
 * listed here.
 */
#include "config.h"

#include <string.h>

#include "tcg/ops.h"
#include "tcg/translate.h"
#include "tests/lib/tcg-rig.h"

/* Not offered by CPUID, whatever the host has: see docs/architecture.md. */
static const ZydisISASet refused[] = {
    /* AMD's own */
    ZYDIS_ISA_SET_AMD, ZYDIS_ISA_SET_AMD3DNOW, ZYDIS_ISA_SET_AMD_INVLPGB, ZYDIS_ISA_SET_CLZERO,
    ZYDIS_ISA_SET_FMA4, ZYDIS_ISA_SET_LWP, ZYDIS_ISA_SET_MCOMMIT, ZYDIS_ISA_SET_MONITORX,
    ZYDIS_ISA_SET_RDPRU, ZYDIS_ISA_SET_SNP, ZYDIS_ISA_SET_SSE4A, ZYDIS_ISA_SET_SVM,
    ZYDIS_ISA_SET_TBM, ZYDIS_ISA_SET_XOP,
    /* VIA's */
    ZYDIS_ISA_SET_PADLOCK_ACE, ZYDIS_ISA_SET_PADLOCK_PHE, ZYDIS_ISA_SET_PADLOCK_PMM,
    ZYDIS_ISA_SET_PADLOCK_RNG,
    /* Knights Corner's */
    ZYDIS_ISA_SET_KNCE, ZYDIS_ISA_SET_KNCJKBR, ZYDIS_ISA_SET_KNCSTREAM, ZYDIS_ISA_SET_KNCV,
    ZYDIS_ISA_SET_KNC_MISC, ZYDIS_ISA_SET_KNC_PF_HINT,
    /* Registers that are not there */
    ZYDIS_ISA_SET_AMX_BF16, ZYDIS_ISA_SET_AMX_INT8, ZYDIS_ISA_SET_AMX_TILE,
    ZYDIS_ISA_SET_AVX512F_KOP, ZYDIS_ISA_SET_AVX512BW_KOP, ZYDIS_ISA_SET_AVX512DQ_KOP,
    ZYDIS_ISA_SET_PKU, ZYDIS_ISA_SET_UINTR,
    /* Vectors later than AVX2 */
    ZYDIS_ISA_SET_AVX_GFNI, ZYDIS_ISA_SET_AVX_VNNI, ZYDIS_ISA_SET_GFNI, ZYDIS_ISA_SET_VAES,
    ZYDIS_ISA_SET_VPCLMULQDQ, ZYDIS_ISA_SET_KEYLOCKER, ZYDIS_ISA_SET_KEYLOCKER_WIDE,
    /* Virtualization, enclaves, transactions, shadow stacks */
    ZYDIS_ISA_SET_VTX, ZYDIS_ISA_SET_VMFUNC, ZYDIS_ISA_SET_SGX, ZYDIS_ISA_SET_SGX_ENCLV,
    ZYDIS_ISA_SET_SMX, ZYDIS_ISA_SET_TDX, ZYDIS_ISA_SET_RTM, ZYDIS_ISA_SET_TSX_LDTRK,
    ZYDIS_ISA_SET_CET,
    /* The rest */
    ZYDIS_ISA_SET_ENQCMD, ZYDIS_ISA_SET_HRESET, ZYDIS_ISA_SET_MONITOR, ZYDIS_ISA_SET_MOVDIR,
    ZYDIS_ISA_SET_PCONFIG, ZYDIS_ISA_SET_PT, ZYDIS_ISA_SET_SERIALIZE, ZYDIS_ISA_SET_WAITPKG,
    ZYDIS_ISA_SET_XSAVES, ZYDIS_ISA_SET_PREFETCHWT1,
};

static bool is_refused_set(ZydisISASet set)
{
    for (guint i = 0; i < G_N_ELEMENTS(refused); i++) {
        if (refused[i] == set) {
            return true;
        }
    }
    return false;
}

/* In sets that are offered: what is refused on its own. */
static bool is_refused_alone(ZydisMnemonic mnemonic)
{
    switch (mnemonic) {
    case ZYDIS_MNEMONIC_UD0:
    case ZYDIS_MNEMONIC_UD1:
    case ZYDIS_MNEMONIC_UD2:
    case ZYDIS_MNEMONIC_RSM:            /* there is no system management mode */
    case ZYDIS_MNEMONIC_GETSEC:
        return true;
    default:
        return false;
    }
}

/* In sets that are refused: what runs all the same. */
static bool is_let_run(ZydisMnemonic mnemonic)
{
    switch (mnemonic) {
    case ZYDIS_MNEMONIC_SYSCALL:
    case ZYDIS_MNEMONIC_SYSRET:
    case ZYDIS_MNEMONIC_ENDBR32:        /* NOPs where there are no shadow stacks */
    case ZYDIS_MNEMONIC_ENDBR64:
    case ZYDIS_MNEMONIC_RDSSPD:
    case ZYDIS_MNEMONIC_RDSSPQ:
        return true;
    default:
        return false;
    }
}

static bool is_to_be_refused(const TcgDecoded *d)
{
    return is_refused_alone(d->z.mnemonic) ||
           (is_refused_set(d->z.meta.isa_set) && !is_let_run(d->z.mnemonic));
}

static guint8 seen[ZYDIS_MNEMONIC_MAX_VALUE + 1];
static guint n_undecided, n_decided;

static const guint32 modes[] = {
    TCG_MODE_X87 | TCG_MODE_SSE | TCG_MODE_AVX | TCG_MODE_WAIT | TCG_MODE_PROTECTED,
    TCG_MODE_CODE32 | TCG_MODE_STACK32 | TCG_MODE_X87 | TCG_MODE_SSE | TCG_MODE_AVX |
        TCG_MODE_WAIT | TCG_MODE_PROTECTED,
    RIG_MODE_64,
};

static void look_at(guint32 mode, const guint8 *bytes)
{
    static TcgDecoded d;
    bool is_undefined;

    if (tcg_decode(mode, bytes, 15, &d) != TCG_DECODED ||
        (d.z.encoding != ZYDIS_INSTRUCTION_ENCODING_LEGACY &&
         d.z.encoding != ZYDIS_INSTRUCTION_ENCODING_VEX)) {
        return;
    }
    is_undefined = d.policy.kind == TCG_KIND_HELPER && d.policy.helper == tcg_op_ud;
    n_decided++;
    if (is_undefined != is_to_be_refused(&d) && !seen[d.z.mnemonic]) {
        seen[d.z.mnemonic] = 1;
        n_undecided++;
        g_test_message("%s of set %s, %02x %02x %02x %02x: is %s",
                       ZydisMnemonicGetString(d.z.mnemonic),
                       ZydisISASetGetString(d.z.meta.isa_set), bytes[0], bytes[1], bytes[2],
                       bytes[3], is_undefined ? "#UD" : "let run");
    }
}

/* Each mod and reg; rm is a register with a SIB byte once, and one without. */
static void each_modrm(guint32 mode, guint8 *bytes, guint at)
{
    for (guint i = 0; i < 256; i++) {
        bytes[at] = i;
        look_at(mode, bytes);
    }
}

static void each_legacy(guint32 mode, guint prefix, bool rex_w)
{
    static const guint8 prefixes[] = { 0, 0x66, 0xf2, 0xf3 };
    static const guint8 maps[][2] = { { 0, 0 }, { 0x0f, 0 }, { 0x0f, 0x38 }, { 0x0f, 0x3a } };

    for (guint map = 0; map < G_N_ELEMENTS(maps); map++) {
        guint8 bytes[16] = { 0 };
        guint n = 0;

        if (prefixes[prefix]) {
            bytes[n++] = prefixes[prefix];
        }
        if (rex_w) {
            bytes[n++] = 0x48;
        }
        for (guint i = 0; i < 2 && maps[map][i]; i++) {
            bytes[n++] = maps[map][i];
        }
        for (guint opcode = 0; opcode < 256; opcode++) {
            bytes[n] = opcode;
            each_modrm(mode, bytes, n + 1);
        }
    }
}

/* vvvv once as none and once as a register. */
static void each_vex(guint32 mode)
{
    for (guint i = 0; i < 3 * 16 * 2; i++) {
        guint8 bytes[16] = { 0xc4 };

        bytes[1] = 0xe0 | (1 + i % 3);
        bytes[2] = (i / 3 & 8) << 4 | (i / 48 ? 0x70 : 0x78) | (i / 3 & 7);
        for (guint opcode = 0; opcode < 256; opcode++) {
            bytes[3] = opcode;
            each_modrm(mode, bytes, 4);
        }
    }
}

static void test_complete(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(modes); i++) {
        for (guint prefix = 0; prefix < 4; prefix++) {
            each_legacy(modes[i], prefix, false);
            if (modes[i] & TCG_MODE_CODE64) {
                each_legacy(modes[i], prefix, true);
            }
        }
        each_vex(modes[i]);
    }
    g_test_message("%u forms, %u instructions without a decision", n_decided, n_undecided);
    g_assert_cmpuint(n_undecided, ==, 0);
}

/* ---- Cases ---- */

static void assert_undefined(const char *bytes, guint length)
{
    static TcgDecoded d;
    guint8 code[16] = { 0 };

    memcpy(code, bytes, length);
    if (tcg_decode(RIG_MODE_64, code, 15, &d) == TCG_DECODED) {
        g_assert_cmpint(d.policy.kind, ==, TCG_KIND_HELPER);
        g_assert_true(d.policy.helper == tcg_op_ud);
    }
}

static void test_knights_corner(void)
{
    assert_undefined("\xc5\xec\x84\xbb\x74\xb5\x01", 7);        /* jkzd */
    assert_undefined("\xc5\xf8\x18\x00", 4);                    /* vprefetchnta */
}

/* What has to do with the x87, also by way of MMX, or with AVX, whatever its set is called. */
static void test_uses(void)
{
    static const struct {
        const char *bytes;
        bool x87, avx;
    } cases[] = {
        { "\xd9\xe8", true, false },                    /* fld1 */
        { "\xda\xc1", true, false },                    /* fcmovb */
        { "\xdd\x08", true, false },                    /* fisttp */
        { "\xdb\xe3", true, false },                    /* fninit */
        { "\x9b", true, false },                        /* fwait */
        { "\x0f\x77", true, false },                    /* emms */
        { "\x0f\x6f\xc0", true, false },                /* movq mm, mm */
        { "\x0f\x6e\xc0", true, false },                /* movd mm, r */
        { "\x0f\xd4\xc0", true, false },                /* paddq mm: SSE2's */
        { "\x0f\x38\x00\x00", true, false },            /* pshufb mm */
        { "\x0f\xc5\xc0\x00", true, false },            /* pextrw r, mm: SSE's */
        { "\x0f\xc4\x00\x00", true, false },            /* pinsrw mm, m */
        { "\x0f\xd7\xc0", true, false },                /* pmovmskb r, mm */
        { "\x0f\xe7\x00", true, false },                /* movntq */
        { "\x0f\xf7\xc1", true, false },                /* maskmovq */
        { "\x0f\x2a\xc0", true, false },                /* cvtpi2ps xmm, mm */
        { "\x0f\x2a\x00", true, false },                /* cvtpi2ps xmm, m */
        { "\x66\x0f\x2a\x00", true, false },            /* cvtpi2pd xmm, m */
        { "\x0f\x2c\x00", true, false },                /* cvttps2pi mm, m */
        { "\xf2\x0f\xd6\xc0", true, false },            /* movdq2q */
        { "\xf3\x0f\xd6\xc0", true, false },            /* movq2dq */
        { "\x0f\xae\x00", true, false },                /* fxsave */
        { "\x48\x0f\xae\x08", true, false },            /* fxrstor64 */
        { "\x0f\xae\x20", true, true },                 /* xsave */
        { "\x0f\xae\x28", true, true },                 /* xrstor */
        { "\x0f\xae\x30", true, true },                 /* xsaveopt */
        { "\x0f\xc7\x20", true, true },                 /* xsavec */
        { "\x90", false, false },
        { "\x0f\x58\xc0", false, false },               /* addps */
        { "\x66\x0f\x6f\xc0", false, false },           /* movdqa */
        { "\xf2\x0f\x2a\xc0", false, false },           /* cvtsi2sd */
        { "\x66\x0f\xd7\xc0", false, false },           /* pmovmskb r, xmm */
        { "\x0f\xae\x10", false, false },               /* ldmxcsr */
        { "\xc5\xf8\x77", false, true },                /* vzeroupper */
        { "\xc5\xfc\x58\xc0", false, true },            /* vaddps ymm */
        { "\xc5\xf9\x6e\xc0", false, true },            /* vmovd xmm, r */
        { "\xc4\xe2\xfd\x98\xc1", false, true },        /* vfmadd132pd */
        { "\xc4\xe2\x7d\x13\xc1", false, true },        /* vcvtph2ps */
        { "\xc4\xe2\x6d\x92\x04\x48", false, true },    /* vgatherdps */
        { "\xc4\xe2\x78\xf2\xc1", false, false },       /* andn: general registers */
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        guint8 bytes[16] = { 0 };
        TcgDecoded d;

        memcpy(bytes, cases[i].bytes, strlen(cases[i].bytes));
        g_assert_cmpint(tcg_decode(TCG_MODE_CODE64 | TCG_MODE_PROTECTED, bytes, sizeof(bytes), &d), ==,
                        TCG_DECODED);
        g_assert_true(tcg_uses_x87(&d) == cases[i].x87);
        g_assert_true(tcg_uses_avx(&d) == cases[i].avx);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_true(tcg_decoder_load(NULL));
    g_test_add_func("/tcg/policy/complete", test_complete);
    g_test_add_func("/tcg/policy/knights-corner", test_knights_corner);
    g_test_add_func("/tcg/policy/uses", test_uses);
    return g_test_run();
}
