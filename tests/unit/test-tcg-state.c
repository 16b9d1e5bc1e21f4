/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers of the CPU in software: out and in as X86CpuState, and after a reset.
 */
#include "config.h"
#include "tests/lib/tcg-standin-mmu.h"

#include <string.h>

static void reset(MmuRig *rig, Cpu *cpu, const X86CpuState *state)
{
    GError *error = NULL;

    cpu->vcpu = &rig->vcpu;
    rig->vcpu.cpu = cpu;
    tcg_vcpu_reset(&rig->tcg.accel, cpu, state, &error);
    g_assert_no_error(error);
}

static void add_leaf(Cpu *cpu, guint32 number, guint32 eax, guint32 edx)
{
    CpuidLeaf leaf = { .leaf = number, .eax = eax, .edx = edx };

    if (!cpu->cpuid) {
        cpu->cpuid = g_array_new(FALSE, FALSE, sizeof(CpuidLeaf));
    }
    g_array_append_val(cpu->cpuid, leaf);
}

/* SDM vol. 3A, table 10-1. */
static void test_reset(void)
{
    MmuRig *rig = mmu_rig_new(0x1000);
    TcgState *s = rig->s;
    Cpu cpu = { .index = 0 };
    X86CpuState state;
    guint16 fcw;
    guint32 mxcsr;

    memset(s->vector, 0xee, sizeof(s->vector));
    memset(s->dr, 0xee, sizeof(s->dr));
    s->lstar = s->kernel_gs_base = s->sysenter_eip = s->tsc_aux = 5;
    s->exception.pending = s->nmi_masked = true;
    s->shadow = 2;
    s->requests = TCG_REQUEST_STOP | TCG_REQUEST_NMI | TCG_REQUEST_SIPI;
    s->halted = true;
    x86_state_reset(&state, true);
    reset(rig, &cpu, &state);

    g_assert_cmphex(s->rip, ==, 0xfff0);
    g_assert_cmphex(tcg_eflags(s), ==, EFLAGS_FIXED);
    g_assert_cmphex(s->segment[TCG_CS].base, ==, 0xffff0000);
    g_assert_cmphex(s->segment[TCG_CS].selector, ==, 0xf000);
    g_assert_cmphex(s->segment[TCG_DS].attributes, ==, SEG_P | SEG_S | SEG_RW | SEG_ACCESSED);
    g_assert_cmphex(s->segment[TCG_SS].end_write, ==, 0x10000);
    g_assert_cmphex(s->gpr[TCG_RDX], ==, 0x600);
    g_assert_cmphex(s->cr0, ==, CR0_ET | CR0_NW | CR0_CD);
    g_assert_cmphex(s->dr[0] | s->dr[3], ==, 0);
    g_assert_cmphex(s->dr[6], ==, 0xffff0ff0);
    g_assert_cmphex(s->dr[7], ==, 0x400);
    g_assert_cmphex(s->xcr0, ==, 1);
    g_assert_cmphex(s->pat, ==, 0x0007040600070406);
    g_assert_cmphex(s->lstar | s->kernel_gs_base | s->sysenter_eip | s->tsc_aux, ==, 0);
    memcpy(&fcw, s->vector, sizeof(fcw));
    memcpy(&mxcsr, s->vector + 24, sizeof(mxcsr));
    g_assert_cmphex(fcw, ==, 0x37f);
    g_assert_cmphex(mxcsr, ==, 0x1f80);
    for (guint i = 512; i < sizeof(s->vector); i++) {
        g_assert_cmphex(s->vector[i], ==, 0);
    }
    g_assert_false(s->exception.pending || s->nmi_masked || s->halted || s->shadow);
    g_assert_cmpint(s->delivering, ==, -1);
    g_assert_cmphex(s->requests, ==, TCG_REQUEST_STOP);
    g_assert_cmpint(s->forget, ==, TCG_FORGET_ALL);
    g_assert_cmphex(s->mode & (TCG_MODE_CPL | TCG_MODE_PROTECTED | TCG_MODE_CODE32), ==, 0);
    g_assert_cmpuint(rig->apic_resets, ==, 1);
    g_assert_cmpuint(rig->msr_resets, ==, 1);
    mmu_rig_free(rig);
}

/* Addresses are as wide as CPUID says, and line 20 as the machine has it. */
static void test_addresses(void)
{
    MmuRig *rig = mmu_rig_new(0x1000);
    Cpu cpu = { .index = 0 };
    X86CpuState state;

    x86_state_reset(&state, true);
    reset(rig, &cpu, &state);
    g_assert_cmphex(rig->s->phys_mask, ==, (1ull << 40) - 1);
    g_assert_false(rig->s->pages_1g);
    g_assert_cmphex(rig->s->a20_mask, ==, ~(1ull << 20));
    add_leaf(&cpu, 0x80000001, 0, 1 << 26);
    add_leaf(&cpu, 0x80000008, 0x3027, 0);
    rig->tcg.a20 = 1;
    reset(rig, &cpu, &state);
    g_assert_cmphex(rig->s->phys_mask, ==, (1ull << 39) - 1);
    g_assert_true(rig->s->pages_1g);
    g_assert_cmphex(rig->s->a20_mask, ==, ~0ull);
    g_array_unref(cpu.cpuid);
    mmu_rig_free(rig);
}

/* FPU, MSRs, debug registers, events and local APIC. */
static void number_extras(X86CpuState *state)
{
    X86Msrs *msrs = &state->msrs;

    *msrs = (X86Msrs){ 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13 };
    state->more_msrs[0] = (X86Msr){ 0x2ff, 0xc06 };
    state->more_msrs[1] = (X86Msr){ 0xce, 0x80000000 };     /* which this CPU has otherwise */
    state->n_more_msrs = 2;
    state->has_tsc = true;
    state->tsc = 0x123456789abc;
    state->tsc_adjust = 5;
    state->xcr0 = 7;
    for (guint i = 0; i < 4; i++) {
        state->dr[i] = 0x1000 + i;
    }
    state->dr[7] = 0x455;
    memset(state->xsave + 32, 0x5a, 800);
    memset(state->xsave + 512, 0, 64);
    state->xsave[512] = 7;
    state->events = (X86Events){
        .exception = true, .exception_vector = TCG_PF, .has_error = true, .error = 6,
        .nmi_pending = true, .nmi_masked = true, .shadow = true, .shadow_mov_ss = true,
        .sipi_vector = 0x9a,
    };
    state->has_lapic = true;
    for (guint i = 0; i < X86_LAPIC_REGISTERS; i++) {
        state->lapic[i] = 0x100 + i;
    }
    state->lapic[8] = state->cr8 << 4;
}

static X86CpuState numbered_state(void)
{
    X86CpuState state;

    x86_state_reset(&state, true);
    for (guint i = 0; i < 16; i++) {
        state.gpr[i] = 0x0101010101010101 * (i + 1);
    }
    for (guint i = 0; i < X86_N_SEGMENTS; i++) {
        state.segment[i].selector = 8 * i;
        state.segment[i].base = 0x1000 * i;
        state.segment[i].dpl = i % 4;
    }
    state.segment[X86_CS].type = 11;
    state.segment[X86_CS].l = state.segment[X86_CS].g = state.segment[X86_CS].avl = 1;
    state.segment[X86_GS].p = 0;
    state.tr = (X86Segment){ .base = 0xfffffe0000003000, .limit = 0x4087, .selector = 0x40,
                             .type = 11, .p = 1 };
    state.gdt = (X86Table){ .base = 0xfffffe0000001000, .limit = 0x7f };
    state.idt = (X86Table){ .base = 0xfffffe0000000000, .limit = 0xfff };
    state.rip = 0xffffffff81000000;
    state.rflags = 0x40ad7;
    state.cr0 = 0x80050033;
    state.cr2 = 0x1234567890;
    state.cr3 = 0x5000;
    state.cr4 = 0x6b0;
    state.cr8 = 5;
    state.efer = EFER_LMA | EFER_LME | EFER_SCE;
    state.halted = true;
    number_extras(&state);
    return state;
}

static void check_segment(const X86Segment *a, const X86Segment *b)
{
    g_assert_cmphex(a->base, ==, b->base);
    g_assert_cmphex(a->limit, ==, b->limit);
    g_assert_cmphex(a->selector, ==, b->selector);
    g_assert_cmpmem(&a->type, 8, &b->type, 8);
}

static void check_extras(const X86CpuState *got, const X86CpuState *set)
{
    static const guint8 kept[] = { 0x0d, 0x0e, 0x0f, 0x10, 0x17, 0x18, 0x20, 0x27, 0x28,
                                   0x30, 0x31, 0x32, 0x37, 0x38, 0x3e };

    g_assert_cmphex(got->xcr0, ==, set->xcr0);
    g_assert_cmpmem(got->xsave, 832, set->xsave, 832);
    g_assert_cmpmem(&got->msrs, sizeof(got->msrs), &set->msrs, sizeof(set->msrs));
    g_assert_cmpmem(got->dr, sizeof(got->dr), set->dr, sizeof(set->dr));
    g_assert_cmpmem(&got->events, sizeof(got->events), &set->events, sizeof(set->events));
    for (guint i = 0; i < G_N_ELEMENTS(kept); i++) {
        g_assert_cmphex(got->lapic[kept[i]], ==, set->lapic[kept[i]]);
    }
    g_assert_cmphex(got->lapic[2], ==, 3 << 24);
}

static void test_round_trip(void)
{
    MmuRig *rig = mmu_rig_new(0x1000);
    Cpu cpu = { .index = 0 };
    X86CpuState set = numbered_state(), got;
    g_autoptr(GError) error = NULL;

    x86_state_reset(&got, true);
    reset(rig, &cpu, &got);
    rig->vcpu.apic.id = 3;
    g_assert_true(tcg_vcpu_set(&rig->tcg.accel, &cpu, &set, NULL));
    g_assert_true(tcg_vcpu_get(&rig->tcg.accel, &cpu, &got, NULL));
    g_assert_cmpmem(got.gpr, sizeof(got.gpr), set.gpr, sizeof(set.gpr));
    for (guint i = 0; i < X86_N_SEGMENTS; i++) {
        check_segment(&got.segment[i], &set.segment[i]);
    }
    check_segment(&got.tr, &set.tr);
    check_segment(&got.ldt, &set.ldt);
    g_assert_cmphex(got.gdt.base, ==, set.gdt.base);
    g_assert_cmphex(got.idt.limit, ==, set.idt.limit);
    g_assert_cmphex(got.rip, ==, set.rip);
    g_assert_cmphex(got.rflags, ==, set.rflags);
    g_assert_cmphex(got.cr0, ==, set.cr0);
    g_assert_cmphex(got.cr2, ==, set.cr2);
    g_assert_cmphex(got.cr3, ==, set.cr3);
    g_assert_cmphex(got.cr4, ==, set.cr4);
    g_assert_cmphex(got.cr8, ==, set.cr8);
    g_assert_cmphex(got.efer, ==, set.efer);
    g_assert_cmphex(got.apic_base, ==, set.apic_base);
    g_assert_true(got.halted && !got.wait_for_sipi);
    check_extras(&got, &set);
    g_assert_cmpuint(got.n_more_msrs, ==, 1);
    g_assert_cmphex(got.more_msrs[0].value, ==, 0xc06);
    g_assert_true(got.has_tsc && got.tsc >= set.tsc && got.tsc - set.tsc < 1ull << 40);
    g_assert_cmphex(got.tsc_adjust, ==, 5);
    set.more_msrs[0].index = 0x4b564d01;
    g_assert_false(tcg_vcpu_set(&rig->tcg.accel, &cpu, &set, &error));
    g_assert_cmpstr(error->message, ==, "the CPU in software has no MSR 0x4b564d01 that takes "
                    "0xc06");
    g_assert_cmphex(rig->s->gpr[TCG_RBX], ==, set.gpr[X86_RBX]);
    g_assert_cmphex(rig->s->gpr[TCG_RSP], ==, set.gpr[X86_RSP]);
    g_assert_cmphex(rig->s->segment[TCG_FS].selector, ==, 8 * X86_FS);
    g_assert_true(rig->s->mode & TCG_MODE_CODE64);
    mmu_rig_free(rig);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tcg/state/reset", test_reset);
    g_test_add_func("/tcg/state/addresses", test_addresses);
    g_test_add_func("/tcg/state/round-trip", test_round_trip);
    return g_test_run();
}
