/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * INIT and SIPI on the CPU in software: what stays, what goes, and where it goes on
 * (SDM vol. 3A, table 10-1 and section 9.4.3).
 */
#include "config.h"
#include "tests/unit/tcg-rig.h"

#include <string.h>

enum {
    AFTER = 0x1800,             /* where the CPU begins after INIT, instead of at the top of memory */
    PAGE = 0x30,                /* of the SIPI: code at 30000h */
};

#define TRACE(letter) 0xb0, letter, 0xe6, TCG_RIG_TRACE         /* mov al, letter; out 42h, al */
#define DONE 0xe6, TCG_RIG_DONE

/* In unpaged 32-bit code: xmm1 is all ones, LSTAR 1234h, TPR 20h, CR2 5; then INIT to APIC 0. */
static const guint8 send_init[] = {
    0x66, 0x0f, 0x76, 0xc9,                             /* pcmpeqd xmm1, xmm1 */
    0xb9, 0x82, 0, 0, 0xc0, 0xb8, 0x34, 0x12, 0, 0, 0x31, 0xd2, 0x0f, 0x30, /* wrmsr */
    0xb8, 5, 0, 0, 0, 0x0f, 0x22, 0xd0,                 /* mov cr2, eax */
    0xc7, 0x05, 0x80, 0, 0xe0, 0xfe, 0x20, 0, 0, 0,     /* TPR */
    0xc7, 0x05, 0x10, 3, 0xe0, 0xfe, 0, 0, 0, 0,        /* ICR, high: APIC 0 */
    0xc7, 0x05, 0x00, 3, 0xe0, 0xfe, 0, 0x45, 0, 0,     /* ICR: INIT, asserted */
    TRACE('n'), DONE,
};
static const guint8 after_init[] = { TRACE('i'), DONE };
static const guint8 after_sipi[] = { TRACE('s'), DONE };

static TcgRig *new_rig(void)
{
    TcgRig *rig = tcg_rig_new();
    X86CpuState state;

    tcg_rig_mode(rig, TCG_RIG_PROTECTED32, &state);
    tcg_rig_load(rig, TCG_RIG_CODE, send_init, sizeof(send_init));
    tcg_rig_load(rig, AFTER, after_init, sizeof(after_init));
    tcg_rig_load(rig, PAGE << 12, after_sipi, sizeof(after_sipi));
    tcg_rig_reset(rig, &state);
    rig->cpu->reset_state.segment[X86_CS].selector = 0;
    rig->cpu->reset_state.segment[X86_CS].base = 0;
    rig->cpu->reset_state.rip = AFTER;
    return rig;
}

static void check_after_init(TcgRig *rig)
{
    TcgVcpu *vcpu = rig->cpu->vcpu;
    X86CpuState state;

    g_assert_true(rig->ops->vcpu_get(rig->accel, rig->cpu, &state, NULL));
    g_assert_cmphex(state.cr0, ==, 0x10);               /* CD and NW as they were: off */
    g_assert_cmphex(state.cr2, ==, 0);
    g_assert_cmphex(state.gpr[X86_RDX], ==, rig->cpu->reset_state.gpr[X86_RDX]);
    g_assert_cmphex(state.msrs.lstar, ==, 0x1234);
    g_assert_cmphex(state.cr8, ==, 0);
    g_assert_cmphex(state.gdt.limit, ==, 0xffff);
    g_assert_cmphex(state.apic_base & 0xfffff000, ==, 0xfee00000);
    for (guint i = 0; i < 16; i++) {
        g_assert_cmphex(vcpu->state->vector[160 + 16 + i], ==, 0xff);   /* XMM1 */
    }
}

static void test_first(void)
{
    g_autoptr(TcgRig) rig = new_rig();

    tcg_rig_run(rig, 0);
    g_assert_cmpstr(rig->trace->str, ==, "i");
    check_after_init(rig);
}

static void start_up(TcgRig *rig)
{
    TcgVcpu *vcpu = rig->cpu->vcpu;

    vcpu->sipi_vector = PAGE;
    tcg_vcpu_request(vcpu, TCG_REQUEST_SIPI);
}

/* Any CPU but the first waits for a SIPI. */
static void test_other(void)
{
    g_autoptr(TcgRig) rig = new_rig();
    TcgVcpu *vcpu = rig->cpu->vcpu;
    X86CpuState state;

    vcpu->apic.is_bsp = false;
    tcg_rig_run(rig, 20000);
    g_assert_cmpstr(rig->trace->str, ==, "");
    check_after_init(rig);
    start_up(rig);
    tcg_rig_run(rig, 0);
    g_assert_cmpstr(rig->trace->str, ==, "s");
    g_assert_true(rig->ops->vcpu_get(rig->accel, rig->cpu, &state, NULL));
    g_assert_false(state.wait_for_sipi);
    g_assert_cmphex(state.segment[X86_CS].selector, ==, PAGE << 8);
    g_assert_cmphex(state.segment[X86_CS].base, ==, PAGE << 12);
}

/* One that does not wait ignores it; INIT and SIPI at once are taken in that order. */
static void test_order(void)
{
    g_autoptr(TcgRig) rig = new_rig();
    TcgVcpu *vcpu = rig->cpu->vcpu;

    start_up(rig);
    tcg_rig_run(rig, 0);
    g_assert_cmpstr(rig->trace->str, ==, "i");
    vcpu->apic.is_bsp = false;
    tcg_vcpu_request(vcpu, TCG_REQUEST_INIT);
    start_up(rig);
    rig->n_done = 0;
    tcg_rig_run(rig, 0);
    g_assert_cmpstr(rig->trace->str, ==, "is");
}

/* A Hyper-V guest's page is put there by the CPU when it runs, even if it only waits, and not by
 * the thread that loads the state. */
static void test_hyperv_page(void)
{
    static const CpuidLeaf leaf = { .leaf = 0x40000001, .eax = 0x31237648 };
    static const guint8 before[4] = { 0x0f, 0x01, 0xc1, 0xc3 };     /* vmcall; ret, as KVM has it */
    g_autoptr(TcgRig) rig = new_rig();
    X86CpuState state;

    rig->cpu->cpuid = g_array_append_vals(g_array_new(FALSE, FALSE, sizeof(leaf)), &leaf, 1);
    tcg_rig_load(rig, 0x40000, before, sizeof(before));
    g_assert_true(rig->ops->vcpu_get(rig->accel, rig->cpu, &state, NULL));
    state.halted = true;
    state.more_msrs[0] = (X86Msr){ 0x40000000, 0x8100 };
    state.more_msrs[1] = (X86Msr){ 0x40000001, 0x40001 };
    state.n_more_msrs = 2;
    g_assert_true(rig->ops->vcpu_set(rig->accel, rig->cpu, &state, NULL));
    g_assert_cmpmem(rig->ram + 0x40000, sizeof(before), before, sizeof(before));
    tcg_rig_run(rig, 20000);
    g_assert_cmphex(rig->ram[0x40000], ==, 0xb8);
    g_assert_cmphex(rig->ram[0x40007], ==, 0xc3);
    g_assert_true(rig->ops->vcpu_get(rig->accel, rig->cpu, &state, NULL));
    g_assert_true(state.halted);
    g_assert_cmphex(state.more_msrs[1].value, ==, 0x40001);
    g_clear_pointer(&rig->cpu->cpuid, g_array_unref);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tcg-start/first", test_first);
    g_test_add_func("/tcg-start/other", test_other);
    g_test_add_func("/tcg-start/order", test_order);
    g_test_add_func("/tcg-start/hyperv-page", test_hyperv_page);
    return g_test_run();
}
