/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's vectors, x87 and MXCSR live in the host's registers, and C uses those: what
 * tcg_heavy() keeps of them, and what C finds.  Each case fills registers, leaves by a
 * breakpoint for C that ruins them all, and stores them.
 */
#include "config.h"
#include "tests/unit/tcg-rig.h"

#include <string.h>

enum {
    VECTORS = 0x40000,          /* 16 of 32 bytes, then as many as they were after */
    CONTROL = 0x41000,          /* MXCSR before, MXCSR after, x87 environment after */
    GUEST_MXCSR = 0x7f80,       /* round to zero */
    ENVIRONMENT_USED = 26,      /* of FNSTENV; two bytes are all ones behind */
};

#define GUEST(name, load, store) \
    extern const guint8 guest_##name[], guest_##name##_end[]; \
    __asm__(".pushsection .rodata\n" \
            "guest_" #name ":\n" \
            ".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n" \
            load \
            ".endr\n" \
            "ldmxcsr (%rsi)\n" \
            "int3\n" \
            "stmxcsr 4(%rsi)\n" \
            ".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n" \
            store \
            ".endr\n" \
            "fnstenv 8(%rsi)\n" \
            "out %al, $0xf4\n" \
            "guest_" #name "_end:\n" \
            ".popsection\n")

GUEST(sse, "movups 32 * \\n(%rdi), %xmm\\n\n", "movups %xmm\\n, 0x200 + 32 * \\n(%rdi)\n");
GUEST(avx, "vmovups 32 * \\n(%rdi), %ymm\\n\n", "vmovups %ymm\\n, 0x200 + 32 * \\n(%rdi)\n");
/* The x87 has one register in use, and stores it beside. */
GUEST(x87, "movups 32 * \\n(%rdi), %xmm\\n\n"
           ".ifc \\n, 15\nfldpi\n.endif\n",
           "movups %xmm\\n, 0x200 + 32 * \\n(%rdi)\n"
           ".ifc \\n, 15\nfstpl 0x100(%rsi)\n.endif\n");

typedef struct {
    const char *name;
    const guint8 *code, *end;
    guint width;                /* of what is compared */
} Case;

#define ENTRY(name, width) { #name, guest_##name, guest_##name##_end, width }
static const Case cases[] = { ENTRY(sse, 16), ENTRY(avx, 32), ENTRY(x87, 16) };

typedef struct {
    guint32 mxcsr;
    guint16 control, status;
} Found;

/* Looks at what C may rely on, and leaves nothing as it was. */
static void ruin(TcgRig *rig, TcgRigEvent *event)
{
    Found *found = rig->data;

    g_assert_cmpuint(event->vector, ==, TCG_BP);
    __asm__ volatile("stmxcsr %0\nfnstcw %1\nfnstsw %2"
                     : "=m"(found->mxcsr), "=m"(found->control), "=m"(found->status));
    if (__builtin_cpu_supports("avx")) {
        __asm__ volatile(".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n"
                         "vxorps %%ymm\\n, %%ymm\\n, %%ymm\\n\n"
                         ".endr\n" : : : "memory");
    } else {
        __asm__ volatile(".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n"
                         "xorps %%xmm\\n, %%xmm\\n\n"
                         ".endr\n" : : : "memory");
    }
    /* 1 / 3 is inexact; and three registers of the x87 are left in use. */
    __asm__ volatile("pcmpeqd %%xmm0, %%xmm0\npsrld $31, %%xmm0\ncvtdq2ps %%xmm0, %%xmm0\n"
                     "movaps %%xmm0, %%xmm1\naddps %%xmm1, %%xmm1\naddps %%xmm0, %%xmm1\n"
                     "divps %%xmm1, %%xmm0\nfldz\nfldl2e\nfld1\n" : : : "memory");
}

static void test_case(gconstpointer data)
{
    const Case *now = data;
    g_autoptr(TcgRig) rig = tcg_rig_new();
    const guint8 *environment = rig->ram + CONTROL + 8;
    guint32 mxcsr = GUEST_MXCSR;
    Found found = { 0 };
    X86CpuState state;
    double pi;

    if (now->width == 32 && !__builtin_cpu_supports("avx")) {
        g_test_skip("the host has no AVX");
        return;
    }
    rig->on_event = ruin;
    rig->data = &found;
    tcg_rig_mode(rig, TCG_RIG_LONG, &state);
    tcg_rig_load(rig, TCG_RIG_CODE, now->code, now->end - now->code);
    for (guint i = 0; i < 512; i++) {
        rig->ram[VECTORS + i] = 7 * i + 1;
    }
    memcpy(rig->ram + CONTROL, &mxcsr, sizeof(mxcsr));
    state.gpr[X86_RDI] = VECTORS;
    state.gpr[X86_RSI] = CONTROL;
    state.cr4 |= CR4_OSXSAVE;
    state.xcr0 = 7;
    tcg_rig_reset(rig, &state);
    tcg_rig_run(rig, 0);

    g_assert_cmphex(found.mxcsr, ==, 0x1f80);
    g_assert_cmphex(found.control, ==, 0x37f);
    g_assert_cmphex(found.status, ==, 0);
    memcpy(&mxcsr, rig->ram + CONTROL + 4, sizeof(mxcsr));
    g_assert_cmphex(mxcsr, ==, GUEST_MXCSR);
    for (guint i = 0; i < 16; i++) {
        g_assert_cmpmem(rig->ram + VECTORS + 0x200 + 32 * i, now->width,
                        rig->ram + VECTORS + 32 * i, now->width);
    }
    g_assert_cmphex(environment[0] | environment[1] << 8, ==, 0x37f);
    g_assert_cmphex(environment[8] | environment[9] << 8, ==, 0xffff);  /* all empty */
    if (!strcmp(now->name, "x87")) {
        memcpy(&pi, rig->ram + CONTROL + 0x100, sizeof(pi));
        g_assert_cmpfloat(pi, ==, 3.141592653589793);
    } else {
        for (guint i = 12; i < ENVIRONMENT_USED; i++) {
            g_assert_cmphex(environment[i], ==, 0);     /* no address of the host */
        }
    }
}

/* After a fast exit the image has what the FPU has after a reset. */
static void test_image(void)
{
    g_autoptr(TcgRig) rig = tcg_rig_new();
    Found found;
    X86CpuState state;

    rig->on_event = ruin;
    rig->data = &found;
    tcg_rig_mode(rig, TCG_RIG_LONG, &state);
    tcg_rig_load(rig, TCG_RIG_CODE, guest_x87, guest_x87_end - guest_x87);
    state.gpr[X86_RDI] = VECTORS;
    state.gpr[X86_RSI] = CONTROL;
    tcg_rig_reset(rig, &state);
    tcg_rig_run(rig, 0);
    tcg_rig_load(rig, TCG_RIG_CODE, guest_sse, guest_sse_end - guest_sse);
    tcg_rig_reset(rig, &state);
    tcg_rig_run(rig, 0);
    g_assert_true(rig->ops->vcpu_get(rig->accel, rig->cpu, &state, NULL));
    g_assert_cmphex(state.xsave[0] | state.xsave[1] << 8, ==, 0x37f);
    for (guint i = 2; i < 24; i++) {
        g_assert_cmphex(state.xsave[i], ==, 0);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/tcg/heavy/%s", cases[i].name);

        g_test_add_data_func(path, &cases[i], test_case);
    }
    g_test_add_func("/tcg/heavy/image", test_image);
    return g_test_run();
}
