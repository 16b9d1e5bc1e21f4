/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System calls, flags, model-specific registers, CPUID, and what refuses vector instructions:
 * cases from SDM vol. 2, by name, and vol. 4.
 */
#include "config.h"
#include "tcg/msr.h"
#include "tcg/system.h"
#include "tests/lib/tcg-standin-sys.h"

static const TcgInsn plain = { .length = 2, .rip = 0x1000 };

static void set_vendor(Standin *t, const char *text)
{
    CpuidLeaf *l = standin_leaf(t, 0, 0);

    memcpy(&l->ebx, text, 4);
    memcpy(&l->edx, text + 4, 4);
    memcpy(&l->ecx, text + 8, 4);
}

static void assert_segment(const TcgSegment *seg, guint16 selector, guint32 attributes)
{
    g_assert_cmphex(seg->selector, ==, selector);
    g_assert_cmphex(seg->attributes, ==, attributes);
    g_assert_cmphex(seg->limit, ==, 0xffffffff);
    g_assert_cmphex(seg->base, ==, 0);
    g_assert_cmphex(seg->unusable, ==, 0);
}

enum {
    /* Attributes: accessed, writable or readable, S, P, G; code: L or D. */
    CODE_64 = 0xa09b00, CODE_32 = 0xc09b00, DATA = 0xc09300, RING_3 = 0x6000,
};

/* ---- SYSCALL, SYSRET ---- */

static Standin *new_for_syscall(void)
{
    Standin *t = standin_new();

    t->s.star = 0x0023001000112233;
    t->s.lstar = 0xffffffff81000000;
    t->s.cstar = 0xffffffff82000000;
    t->s.sfmask = 0x47700;
    return t;
}

static void test_syscall(void)
{
    Standin *t = new_for_syscall();

    standin_set_cpl(t, 3);
    t->s.segment[TCG_SS].unusable = 1;
    tcg_set_eflags(&t->s, 0x246 | EFLAGS_AC | EFLAGS_DF, ~0u);
    g_assert_cmpuint(standin_run(t, tcg_op_syscall, &plain), ==, TCG_LEAVE);
    g_assert_cmphex(t->s.rip, ==, t->s.lstar);
    g_assert_cmphex(t->s.gpr[TCG_RCX], ==, 0x1002);
    g_assert_cmphex(t->s.gpr[11], ==, 0x40646);
    g_assert_cmphex(tcg_eflags(&t->s), ==, 0x46);
    g_assert_cmpuint(tcg_cpl(&t->s), ==, 0);
    assert_segment(&t->s.segment[TCG_CS], 0x10, CODE_64);
    assert_segment(&t->s.segment[TCG_SS], 0x18, DATA);
}

static void test_sysret(void)
{
    static const struct {
        guint size;
        guint64 rip;
        guint16 cs;
        guint32 attributes;
    } cases[] = {
        { 8, 0x7fff12345678, 0x33, CODE_64 | RING_3 }, { 4, 0x12345678, 0x23, CODE_32 | RING_3 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Standin *t = new_for_syscall();
        TcgInsn insn = { .operand_size = cases[i].size };

        t->s.gpr[TCG_RCX] = 0x7fff12345678;
        t->s.gpr[11] = ~0ull;
        g_assert_cmpuint(standin_run(t, tcg_op_sysret, &insn), ==, TCG_LEAVE);
        g_assert_cmphex(t->s.rip, ==, cases[i].rip);
        g_assert_cmphex(tcg_eflags(&t->s), ==, 0x3c7fd7);
        g_assert_cmpuint(tcg_cpl(&t->s), ==, 3);
        assert_segment(&t->s.segment[TCG_CS], cases[i].cs, cases[i].attributes);
        assert_segment(&t->s.segment[TCG_SS], 0x2b, DATA | RING_3);
    }
}

/* A single step's trap comes if TF is set at the end of SYSCALL or SYSRET, not at its start. */
static void test_syscall_step(void)
{
    Standin *t = new_for_syscall();
    TcgInsn insn = { .operand_size = 8 };

    t->s.sfmask = EFLAGS_TF;
    tcg_set_eflags(&t->s, EFLAGS_TF, ~0u);
    t->s.stepped = t->s.step_trap = 1;
    standin_run(t, tcg_op_syscall, &plain);
    g_assert_false(t->s.step_trap);
    t->s.gpr[11] = EFLAGS_TF;
    t->s.stepped = 0;
    standin_run(t, tcg_op_sysret, &insn);
    g_assert_true(t->s.stepped && t->s.step_trap);
}

static void test_sysret_faults(void)
{
    Standin *t = new_for_syscall();
    TcgInsn insn = { .operand_size = 8 };

    t->s.gpr[TCG_RCX] = 1ull << 47;
    g_assert_cmphex(standin_fault(t, tcg_op_sysret, &insn), ==, GP0);
    g_assert_cmpuint(tcg_cpl(&t->s), ==, 0);
    t->s.gpr[TCG_RCX] = 0;
    standin_set_cpl(t, 3);
    g_assert_cmphex(standin_fault(t, tcg_op_sysret, &insn), ==, GP0);
    t->s.efer &= ~(guint64)EFER_SCE;
    g_assert_cmphex(standin_fault(t, tcg_op_sysret, &insn), ==, UD);
    g_assert_cmphex(standin_fault(t, tcg_op_syscall, &plain), ==, UD);
}

/* Compatibility mode: AMD's goes to CSTAR, Intel's has no SYSCALL there. */
static void test_syscall_compatible(void)
{
    Standin *t = new_for_syscall();

    t->s.segment[TCG_CS].attributes = CODE_32 | RING_3;
    standin_set_cpl(t, 3);
    g_assert_cmphex(standin_fault(t, tcg_op_syscall, &plain), ==, UD);
    set_vendor(t, "AuthenticAMD");
    g_assert_cmpuint(standin_run(t, tcg_op_syscall, &plain), ==, TCG_LEAVE);
    g_assert_cmphex(t->s.rip, ==, t->s.cstar);
    assert_segment(&t->s.segment[TCG_CS], 0x10, CODE_64);
}

/* ---- SYSENTER, SYSEXIT ---- */

static void test_sysenter(void)
{
    for (guint is_long = 0; is_long < 2; is_long++) {
        Standin *t = standin_new();

        if (!is_long) {
            standin_set_protected(t, 32);
        }
        standin_set_cpl(t, 3);
        t->s.sysenter_cs = 0x13;
        t->s.sysenter_esp = 0xffff888012345678;
        t->s.sysenter_eip = 0xffffffff81000000;
        tcg_set_eflags(&t->s, 0x247, ~0u);
        g_assert_cmpuint(standin_run(t, tcg_op_sysenter, &plain), ==, TCG_LEAVE);
        g_assert_cmphex(t->s.rip, ==, is_long ? 0xffffffff81000000 : 0x81000000);
        g_assert_cmphex(t->s.gpr[TCG_RSP], ==, is_long ? 0xffff888012345678 : 0x12345678);
        g_assert_cmphex(tcg_eflags(&t->s), ==, 0x47);
        assert_segment(&t->s.segment[TCG_CS], 0x10, is_long ? CODE_64 : CODE_32);
        assert_segment(&t->s.segment[TCG_SS], 0x18, DATA);
    }
}

static void test_sysexit(void)
{
    static const struct {
        guint size;
        guint16 cs;
        guint32 attributes;
        guint64 rip, rsp;
    } cases[] = {
        { 4, 0x23, CODE_32 | RING_3, 0x55667788, 0x11223344 },
        { 8, 0x33, CODE_64 | RING_3, 0x7f0055667788, 0x7f0011223344 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Standin *t = standin_new();
        TcgInsn insn = { .operand_size = cases[i].size };

        t->s.sysenter_cs = 0x10;
        t->s.gpr[TCG_RDX] = 0x7f0055667788;
        t->s.gpr[TCG_RCX] = 0x7f0011223344;
        g_assert_cmpuint(standin_run(t, tcg_op_sysexit, &insn), ==, TCG_LEAVE);
        g_assert_cmphex(t->s.rip, ==, cases[i].rip);
        g_assert_cmphex(t->s.gpr[TCG_RSP], ==, cases[i].rsp);
        assert_segment(&t->s.segment[TCG_CS], cases[i].cs, cases[i].attributes);
        assert_segment(&t->s.segment[TCG_SS], cases[i].cs + 8, DATA | RING_3);
    }
}

static void test_sysenter_faults(void)
{
    Standin *t = standin_new();
    TcgInsn insn = { .operand_size = 8 };

    g_assert_cmphex(standin_fault(t, tcg_op_sysenter, &plain), ==, GP0);
    t->s.sysenter_cs = 3;
    g_assert_cmphex(standin_fault(t, tcg_op_sysexit, &insn), ==, GP0);
    t->s.sysenter_cs = 0x10;
    t->s.gpr[TCG_RCX] = 1ull << 63;
    g_assert_cmphex(standin_fault(t, tcg_op_sysexit, &insn), ==, GP0);
    t->s.gpr[TCG_RCX] = 0;
    standin_set_cpl(t, 3);
    g_assert_cmphex(standin_fault(t, tcg_op_sysexit, &insn), ==, GP0);
    set_vendor(t, "AuthenticAMD");
    g_assert_cmphex(standin_fault(t, tcg_op_sysenter, &plain), ==, UD);
    standin_set_real(t);
    g_assert_cmphex(standin_fault(t, tcg_op_sysenter, &plain), ==, GP0);
}

/* ---- CLI, STI ---- */

enum { IF = EFLAGS_IF, VIF = EFLAGS_VIF, VIP = EFLAGS_VIP, VM = EFLAGS_VM };

/* SDM vol. 2, CLI, table 3-7; STI, table 4-18. */
static void test_interrupt_flag(void)
{
    static const struct {
        guint cpl, iopl;
        guint32 cr4, eflags;    /* VM and VIP of it */
        guint32 flag;           /* that changes; 0: #GP */
        bool sti_faults;
    } cases[] = {
        { 0, 0, 0, 0, IF, false }, { 3, 3, 0, 0, IF, false }, { 3, 2, 0, 0, 0, true },
        { 1, 0, 0, 0, 0, true }, { 1, 0, CR4_PVI, 0, 0, true }, { 3, 0, CR4_PVI, 0, VIF, false },
        { 3, 0, CR4_PVI, VIP, VIF, true }, { 3, 3, CR4_PVI, VIP, IF, false },
        { 3, 3, 0, VM, IF, false }, { 3, 0, 0, VM, 0, true }, { 3, 0, CR4_VME, VM, VIF, false },
        { 3, 0, CR4_VME, VM | VIP, VIF, true }, { 3, 0, CR4_VME, 0, 0, true },
        { 3, 0, CR4_PVI, VM, 0, true },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Standin *t = standin_new();

        standin_set_protected(t, 32);
        t->s.cr4 = cases[i].cr4;
        t->s.eflags = EFLAGS_FIXED | cases[i].eflags | cases[i].iopl << 12;
        standin_set_cpl(t, cases[i].cpl);
        if (cases[i].sti_faults) {
            g_assert_cmphex(standin_fault(t, tcg_op_sti, &plain), ==, GP0);
        } else {
            g_assert_cmpuint(standin_run(t, tcg_op_sti, &plain), <=, TCG_NEXT);
            g_assert_cmphex(t->s.eflags & (IF | VIF), ==, cases[i].flag);
        }
        t->s.eflags |= IF | VIF;
        if (!cases[i].flag) {
            g_assert_cmphex(standin_fault(t, tcg_op_cli, &plain), ==, GP0);
        } else {
            g_assert_cmpuint(standin_run(t, tcg_op_cli, &plain), ==, TCG_GO_ON);
            g_assert_cmphex(t->s.eflags & (IF | VIF), ==, (IF | VIF) & ~cases[i].flag);
        }
    }
}

/* One more instruction runs after STI, but not if interrupts were enabled. */
static void test_sti_shadow(void)
{
    Standin *t = standin_new();

    g_assert_cmpuint(standin_run(t, tcg_op_sti, &plain), ==, TCG_NEXT);
    g_assert_cmpuint(t->s.shadow, ==, 2);
    g_assert_cmpuint(t->s.pending, ==, 1);
    t->s.shadow = 0;
    standin_run(t, tcg_op_sti, &plain);
    g_assert_cmpuint(t->s.shadow, ==, 0);
}

static void test_flags(void)
{
    Standin *t = standin_new();
    TcgInsn std = { .opcode = 0xfd }, cld = { .opcode = 0xfc };

    t->s.flags = 0xd501;
    standin_run(t, tcg_op_cld_std, &std);
    g_assert_cmphex(tcg_eflags(&t->s), ==, 0xcd7);
    standin_run(t, tcg_op_cld_std, &cld);
    g_assert_cmphex(tcg_eflags(&t->s), ==, 0x8d7);

    t->s.cr4 |= CR4_SMAP;
    g_assert_cmpuint(standin_run(t, tcg_op_stac, &plain), ==, TCG_NEXT);
    g_assert_true(t->s.mode & TCG_MODE_AC);
    g_assert_cmpuint(standin_run(t, tcg_op_clac, &plain), ==, TCG_NEXT);
    g_assert_false(t->s.mode & TCG_MODE_AC);
    standin_set_cpl(t, 3);
    g_assert_cmphex(standin_fault(t, tcg_op_stac, &plain), ==, UD);
}

/* ---- Bases ---- */

static void test_bases(void)
{
    Standin *t = standin_new();
    TcgInsn wide = { .reg = 2, .rm = 9, .operand_size = 8 }, narrow = { .reg = 1, .rm = TCG_RAX,
                                                                       .operand_size = 4 };

    t->s.segment[TCG_GS].base = 0x1111222233334444;
    t->s.kernel_gs_base = 5;
    g_assert_cmphex(standin_fault(t, tcg_op_wrfsgsbase, &wide), ==, UD);
    t->s.cr4 |= CR4_FSGSBASE;
    t->s.gpr[9] = 0x00007fffdeadbeef;
    standin_run(t, tcg_op_wrfsgsbase, &wide);
    g_assert_cmphex(t->s.segment[TCG_FS].base, ==, 0x00007fffdeadbeef);
    standin_run(t, tcg_op_rdfsgsbase, &narrow);
    g_assert_cmphex(t->s.gpr[TCG_RAX], ==, 0x33334444);
    t->s.gpr[9] = 1ull << 47;
    g_assert_cmphex(standin_fault(t, tcg_op_wrfsgsbase, &wide), ==, GP0);
    standin_run(t, tcg_op_swapgs, &plain);
    g_assert_cmphex(t->s.segment[TCG_GS].base, ==, 5);
    g_assert_cmphex(t->s.kernel_gs_base, ==, 0x1111222233334444);
    standin_set_cpl(t, 3);
    g_assert_cmphex(standin_fault(t, tcg_op_swapgs, &plain), ==, GP0);
    standin_set_protected(t, 32);
    g_assert_cmphex(standin_fault(t, tcg_op_swapgs, &plain), ==, UD);
    g_assert_cmphex(standin_fault(t, tcg_op_rdfsgsbase, &narrow), ==, UD);
}

/* ---- Translation caches ---- */

static void test_invlpg(void)
{
    Standin *t = standin_new();
    TcgInsn insn = { .has_memory = true, .base = TCG_RAX, .index = TCG_NO_REG, .segment = TCG_DS,
                     .address_size = 8 };

    t->s.gpr[TCG_RAX] = 0xffff888000001000;
    g_assert_cmpuint(standin_run(t, tcg_op_invlpg, &insn), ==, TCG_NEXT);
    g_assert_cmphex(t->flushed_page, ==, 0xffff888000001000);
    t->s.gpr[TCG_RAX] = 1ull << 60;
    g_assert_cmpuint(standin_run(t, tcg_op_invlpg, &insn), ==, TCG_NEXT);
    g_assert_cmpuint(t->page_flushes, ==, 1);
    standin_set_cpl(t, 1);
    g_assert_cmphex(standin_fault(t, tcg_op_invlpg, &insn), ==, GP0);
}

static void test_invpcid(void)
{
    static const struct {
        guint64 type, pcid, address;
        guint fault, flushes, page_flushes;
    } cases[] = {
        { 0, 0, 0x5000, 0, 0, 1 }, { 0, 1, 0x5000, GP0, 0, 0 }, { 0, 0, 1ull << 50, GP0, 0, 0 },
        { 1, 0, 1ull << 50, 0, 1, 0 }, { 1, 7, 0, GP0, 0, 0 }, { 2, 7, 0, 0, 1, 0 },
        { 3, 0, 0, 0, 1, 0 }, { 3, 0x1000, 0, GP0, 0, 0 }, { 4, 0, 0, GP0, 0, 0 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Standin *t = standin_new();
        TcgInsn insn = { .has_memory = true, .base = TCG_NO_REG, .index = TCG_NO_REG,
                         .disp = 0x100, .reg = TCG_RBX, .segment = TCG_DS, .address_size = 8 };

        memcpy(t->ram + 0x100, &cases[i].pcid, 8);
        memcpy(t->ram + 0x108, &cases[i].address, 8);
        t->s.gpr[TCG_RBX] = cases[i].type;
        if (cases[i].fault) {
            g_assert_cmphex(standin_fault(t, tcg_op_invpcid, &insn), ==, cases[i].fault);
        } else {
            g_assert_cmpuint(standin_run(t, tcg_op_invpcid, &insn), ==, TCG_NEXT);
        }
        g_assert_cmpuint(t->flushes, ==, cases[i].flushes);
        g_assert_cmpuint(t->page_flushes, ==, cases[i].page_flushes);
    }
}

/* ---- Model-specific registers ---- */

static void test_msrs(void)
{
    static const struct {
        guint32 number;
        guint64 value;
        guint fault;
    } cases[] = {
        { 0xc0000100, 0x7fff00001234, 0 }, { 0xc0000100, 1ull << 47, GP0 },
        { 0xc0000101, 0xffff888000000000, 0 }, { 0xc0000102, 1ull << 63, GP0 },
        { 0xc0000081, 0x0023001000000000, 0 }, { 0xc0000082, 0xffffffff81000000, 0 },
        { 0xc0000082, 1ull << 50, GP0 }, { 0xc0000083, 1ull << 50, GP0 },
        { 0xc0000084, 0x47700, 0 }, { 0xc0000103, 0x1003, 0 }, { 0xc0000103, 1ull << 32, GP0 },
        { 0x174, 0x10, 0 }, { 0x175, 0xffff888000000000, 0 }, { 0x175, 1ull << 48, GP0 },
        { 0x176, 1ull << 48, GP0 }, { 0x277, 0x0007040600070406, 0 },
        { 0x277, 0x0107050600070406, 0 }, { 0x277, 2, GP0 }, { 0x277, 3ull << 56, GP0 },
        { 0x277, 8, GP0 }, { 0x2ff, 0xc06, 0 }, { 0x2ff, 0x02, GP0 }, { 0x2ff, 0x1000, GP0 },
        { 0x200, 0x80000006, 0 }, { 0x200, 0x80000002, GP0 }, { 0x200, 0x100, GP0 },
        { 0x201, 0xff80000800, 0 }, { 0x201, 0x10000000800, GP0 }, { 0x201, 0x400, GP0 },
        { 0x20f, 0xffc0000800, 0 }, { 0x210, 0, GP0 }, { 0x250, 0x0606060606060606, 0 },
        { 0x250, 7, GP0 }, { 0x259, 0x0101010101010101, 0 }, { 0x26f, 0x0505050505050505, 0 },
        { 0x25a, 0, GP0 }, { 0xfe, 0, GP0 }, { 0x179, 0, GP0 }, { 0x17a, 4, 0 },
        { 0x17b, ~0ull, GP0 }, { 0x17b, 0, 0 }, { 0x17b, 5, GP0 }, { 0x401, 0, 0 },
        { 0x401, 1, GP0 }, { 0x400, ~0ull << 1, 0 }, { 0x400, 0xff, GP0 }, { 0x402, 0x1234, 0 },
        { 0x428, 0, GP0 }, { 0x48, 1, 0 }, { 0x48, 1 << 10, GP0 }, { 0x10a, 0, GP0 },
        { 0x3a, 5, GP0 }, { 0xce, 0, GP0 }, { 0x1d9, 0, 0 }, { 0x1d9, 4, GP0 },
        { 0x1a0, 0x1801, 0 }, { 0x12345678, 0, GP0 }, { 0x40000000, 0, GP0 },
        { 0x4b564d01, 0, GP0 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Standin *t = standin_new();
        bool all_ones = cases[i].number == 0x17b && cases[i].value == ~0ull;

        if (all_ones) {
            g_assert_cmphex(standin_wrmsr(t, 0x17b, ~0ull), ==, 0);
            g_assert_cmphex(t->s.msr.mcg_ctl, ==, ~0ull);
            continue;
        }
        g_assert_cmphex(standin_wrmsr(t, cases[i].number, cases[i].value), ==, cases[i].fault);
        if (!cases[i].fault) {
            g_assert_cmphex(standin_rdmsr(t, cases[i].number), ==, cases[i].value);
        }
    }
}

static void test_msr_constants(void)
{
    g_autoptr(GArray) msrs = g_array_new(FALSE, FALSE, sizeof(CpuMsr));
    CpuMsr described = { .index = 0x10a, .value = 0x23 };
    Standin *t = standin_new();

    g_array_append_val(msrs, described);
    t->cpu.msrs = msrs;
    tcg_msr_reset(&t->s);
    g_assert_cmphex(standin_rdmsr(t, 0x277), ==, 0x0007040600070406);
    g_assert_cmphex(standin_rdmsr(t, 0xfe), ==, 0x508);
    g_assert_cmphex(standin_rdmsr(t, 0x179), ==, 0x100010a);
    g_assert_cmphex(standin_rdmsr(t, 0x8b), ==, 1ull << 32);
    g_assert_cmphex(standin_rdmsr(t, 0x3a), ==, 1);
    g_assert_cmphex(standin_rdmsr(t, 0xc0010015), ==, 1 << 24);
    g_assert_cmphex(standin_rdmsr(t, 0x10a), ==, 0x23);
    g_assert_cmphex(standin_wrmsr(t, 0x79, 0x1234), ==, 0);
    g_assert_cmphex(standin_rdmsr(t, 0x79), ==, ~0ull);
    g_assert_cmphex(standin_wrmsr(t, 0x49, 1), ==, 0);
    g_assert_cmphex(standin_wrmsr(t, 0x49, 2), ==, GP0);
    g_assert_cmphex(standin_rdmsr(t, 0x49), ==, ~0ull);
    g_assert_cmphex(standin_wrmsr(t, 0x186, 0x530076), ==, 0);  /* ignored */
    g_assert_cmphex(standin_rdmsr(t, 0x186), ==, 0);
    g_assert_cmpuint(t->logged, ==, 0);
    g_assert_cmphex(standin_rdmsr(t, 0x12345678), ==, ~0ull);
    g_assert_cmpuint(t->logged, ==, 1);
    set_vendor(t, "AuthenticAMD");
    g_assert_cmphex(standin_rdmsr(t, 0x8b), ==, 0x01000065);
    standin_set_cpl(t, 3);
    g_assert_cmphex(standin_rdmsr(t, 0x10), ==, ~0ull);
}

/* What the guest's CPUID does not have is not there. */
static void test_msr_absent(void)
{
    static const guint32 numbers[] = { 0x48, 0x49, 0x10a, 0x10b, 0x3b, 0xc0000103, 0x277, 0xfe,
                                       0x200, 0x2ff, 0x179, 0x400 };
    Standin *t = standin_new();

    for (guint i = 1; i < t->cpuid.len; i++) {
        t->leaves[i].eax = t->leaves[i].ebx = t->leaves[i].ecx = t->leaves[i].edx = 0;
    }
    for (guint i = 0; i < G_N_ELEMENTS(numbers); i++) {
        g_assert_cmphex(standin_rdmsr(t, numbers[i]), ==, ~0ull);
        g_assert_cmphex(standin_wrmsr(t, numbers[i], 0), ==, GP0);
    }
    g_assert_cmphex(standin_wrmsr(t, 0xc0000080, EFER_LME), ==, GP0);
}

static void test_efer(void)
{
    Standin *t = standin_new();
    guint64 on = EFER_SCE | EFER_LME | EFER_NXE;

    g_assert_cmphex(standin_wrmsr(t, 0xc0000080, on), ==, 0);
    g_assert_cmphex(standin_rdmsr(t, 0xc0000080), ==, on | EFER_LMA);   /* LMA is not written */
    g_assert_cmphex(standin_wrmsr(t, 0xc0000080, EFER_SCE), ==, GP0);   /* LME under paging */
    g_assert_cmphex(standin_wrmsr(t, 0xc0000080, on | 2), ==, GP0);
    g_assert_cmphex(standin_wrmsr(t, 0xc0000080, on | 1 << 12), ==, GP0);
    g_assert_cmpuint(t->flushes, ==, 0);
    g_assert_cmphex(standin_wrmsr(t, 0xc0000080, EFER_LME), ==, 0);
    g_assert_cmpuint(t->flushes, ==, 1);
    standin_set_protected(t, 32);
    g_assert_cmphex(standin_wrmsr(t, 0xc0000080, 0), ==, 0);
    g_assert_cmphex(standin_rdmsr(t, 0xc0000080), ==, 0);
}

static void test_apic_msrs(void)
{
    Standin *t = standin_new();

    g_assert_cmphex(standin_wrmsr(t, 0x1b, 0xfee00800), ==, 0);
    g_assert_cmphex(standin_rdmsr(t, 0x1b), ==, 0xfee00800);
    g_assert_cmpuint(t->flushes, ==, 1);
    g_assert_cmphex(standin_wrmsr(t, 0x6e0, 123456), ==, 0);
    g_assert_cmphex(standin_rdmsr(t, 0x6e0), ==, 123456);
    g_assert_cmphex(standin_wrmsr(t, 0x80b, 0), ==, 0);
    g_assert_cmphex(standin_wrmsr(t, 0x8ff, 0), ==, GP0);
    g_assert_cmphex(standin_rdmsr(t, 0x8ff), ==, ~0ull);
}

/* The counter goes on from what is written; TSC_ADJUST counts what was added. */
static void test_tsc(void)
{
    Standin *t = standin_new();
    guint64 before, adjust;

    g_assert_cmphex(standin_wrmsr(t, 0x10, 1ull << 60), ==, 0);
    before = standin_rdmsr(t, 0x10);
    g_assert_cmphex(before >> 60, ==, 1);
    adjust = standin_rdmsr(t, 0x3b);
    g_assert_cmphex(adjust, ==, t->s.tsc_offset);
    g_assert_cmphex(standin_wrmsr(t, 0x3b, adjust - (1ull << 59)), ==, 0);
    g_assert_cmphex(standin_rdmsr(t, 0x10) >> 59, ==, 1);
    standin_run(t, tcg_op_rdtsc, &plain);
    g_assert_cmphex(t->s.gpr[TCG_RDX] >> 27, ==, 1);
    t->s.tsc_aux = 0x1003;
    standin_run(t, tcg_op_rdtscp, &plain);
    g_assert_cmphex(t->s.gpr[TCG_RCX], ==, 0x1003);
    t->s.cr4 |= CR4_TSD;
    g_assert_cmpuint(standin_run(t, tcg_op_rdtsc, &plain), ==, TCG_GO_ON);
    standin_set_cpl(t, 3);
    g_assert_cmphex(standin_fault(t, tcg_op_rdtsc, &plain), ==, GP0);
    g_assert_cmphex(standin_fault(t, tcg_op_rdpmc, &plain), ==, GP0);
}

/* ---- CPUID ---- */

static void cpuid(Standin *t, guint32 leaf, guint32 subleaf)
{
    t->s.gpr[TCG_RAX] = 0xaaaaaaaa00000000 | leaf;
    t->s.gpr[TCG_RCX] = 0xaaaaaaaa00000000 | subleaf;
    g_assert_cmpuint(standin_run(t, tcg_op_cpuid, &plain), ==, TCG_GO_ON);
}

static void test_cpuid(void)
{
    Standin *t = standin_new();

    standin_leaf(t, 0xd, 2)->edx = 0x77;
    cpuid(t, 0, 5);
    g_assert_cmphex(t->s.gpr[TCG_RAX], ==, 0xd);
    g_assert_cmphex(t->s.gpr[TCG_RBX], ==, 0x756e6547);
    cpuid(t, 3, 0);                     /* there, and empty */
    g_assert_cmphex(t->s.gpr[TCG_RAX] | t->s.gpr[TCG_RDX], ==, 0);
    cpuid(t, 7, 9);
    g_assert_cmphex(t->s.gpr[TCG_RAX] | t->s.gpr[TCG_RBX], ==, 0);
    cpuid(t, 0x14, 2);                  /* beyond the last: as leaf 0xd */
    g_assert_cmphex(t->s.gpr[TCG_RDX], ==, 0x77);
    cpuid(t, 0x80000009, 2);
    g_assert_cmphex(t->s.gpr[TCG_RDX], ==, 0x77);
    cpuid(t, 0x40000000, 2);
    g_assert_cmphex(t->s.gpr[TCG_RDX], ==, 0x77);
    set_vendor(t, "AuthenticAMD");
    cpuid(t, 0x14, 2);
    g_assert_cmphex(t->s.gpr[TCG_RDX], ==, 0);
    standin_leaf(t, 0xb, 0)->edx = 6;
    cpuid(t, 0xb, 0x103);               /* a level that is not there */
    g_assert_cmphex(t->s.gpr[TCG_RAX] | t->s.gpr[TCG_RBX], ==, 0);
    g_assert_cmphex(t->s.gpr[TCG_RCX], ==, 3);
    g_assert_cmphex(t->s.gpr[TCG_RDX], ==, 6);
}

/* The counter's rate as a multiple of the crystal's, to a millionth, in numbers whose product
 * has 32 bits; the crystal's rate is as configured. */
static void test_cpuid_rate(void)
{
    Standin *t = standin_new();
    guint64 numerator, denominator, hz;

    t->leaves[0].eax = 0x16;
    cpuid(t, 0x15, 0);
    numerator = t->s.gpr[TCG_RBX];
    denominator = t->s.gpr[TCG_RAX];
    g_assert_cmphex(t->s.gpr[TCG_RCX], ==, 0xffffffff);
    g_assert_cmpuint(numerator * 1000000, <=, G_MAXUINT32);
    hz = 1000000000 * numerator / denominator;
    g_assert_cmpuint(hz, >, STANDIN_TSC_HZ - STANDIN_TSC_HZ / 1000000);
    g_assert_cmpuint(hz, <, STANDIN_TSC_HZ + STANDIN_TSC_HZ / 1000000);
    cpuid(t, 0x16, 0);
    g_assert_cmpuint(t->s.gpr[TCG_RAX], ==, 2100);
    g_assert_cmpuint(t->s.gpr[TCG_RBX], ==, 2100);
    g_assert_cmphex(t->s.gpr[TCG_RCX], ==, 0xffffffff);
}

static void test_cpuid_dynamic(void)
{
    Standin *t = standin_new();

    cpuid(t, 1, 0);
    g_assert_cmphex(t->s.gpr[TCG_RCX] >> 27 & 1, ==, 1);
    g_assert_cmphex(t->s.gpr[TCG_RDX] >> 9 & 1, ==, 1);
    t->s.cr4 &= ~(guint64)CR4_OSXSAVE;
    t->vcpu.apic.base = 0xfee00000;
    cpuid(t, 1, 0);
    g_assert_cmphex(t->s.gpr[TCG_RCX] >> 27 & 1, ==, 0);
    g_assert_cmphex(t->s.gpr[TCG_RDX] >> 9 & 1, ==, 0);
    cpuid(t, 0xd, 0);
    g_assert_cmpuint(t->s.gpr[TCG_RBX], ==, 832);
    t->s.xcr0 = 3;
    cpuid(t, 0xd, 0);
    g_assert_cmpuint(t->s.gpr[TCG_RBX], ==, 576);
    cpuid(t, 0xd, 1);
    g_assert_cmpuint(t->s.gpr[TCG_RBX], ==, 576);
}

/* ---- Vector instructions that may not run ---- */

/* SDM vol. 3A, table 2-2 and section 13.1. */
static void test_refusals(void)
{
    static const struct {
        TcgUnit unit;
        guint32 cr0;            /* EM and TS of it */
        guint32 cr4;
        guint64 xcr0;
        guint fault;
    } cases[] = {
        { TCG_UNIT_X87, CR0_EM, 0, 1, NM }, { TCG_UNIT_X87, CR0_TS, 0, 1, NM },
        { TCG_UNIT_X87, CR0_EM | CR0_TS, 0, 1, NM }, { TCG_UNIT_MMX, CR0_EM, 0, 1, UD },
        { TCG_UNIT_MMX, CR0_TS, 0, 1, NM }, { TCG_UNIT_MMX, CR0_EM | CR0_TS, 0, 1, UD },
        { TCG_UNIT_SSE, 0, 0, 1, UD }, { TCG_UNIT_SSE, CR0_EM, CR4_OSFXSR, 1, UD },
        { TCG_UNIT_SSE, CR0_TS, CR4_OSFXSR, 1, NM }, { TCG_UNIT_SSE, CR0_TS, 0, 1, UD },
        { TCG_UNIT_AVX, 0, CR4_OSXSAVE, 3, UD }, { TCG_UNIT_AVX, 0, 0, 7, UD },
        { TCG_UNIT_AVX, CR0_TS, CR4_OSXSAVE, 7, NM }, { TCG_UNIT_AVX, CR0_TS, 0, 7, UD },
        { TCG_UNIT_AVX, CR0_TS, CR4_OSXSAVE, 3, UD }, { TCG_UNIT_XSAVE, 0, 0, 1, UD },
        { TCG_UNIT_XSAVE, CR0_TS, CR4_OSXSAVE, 1, NM }, { TCG_UNIT_XSAVE, CR0_TS, 0, 1, UD },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Standin *t = standin_new();
        TcgInsn insn = { .unit = cases[i].unit };

        t->s.cr0 |= cases[i].cr0;
        t->s.cr4 = CR4_PAE | cases[i].cr4;
        t->s.xcr0 = cases[i].xcr0;
        g_assert_cmphex(standin_fault(t, tcg_op_nm, &insn), ==, cases[i].fault);
    }
}

static void test_wait(void)
{
    static const struct {
        guint32 cr0;
        bool faults;
    } cases[] = {
        { 0, false }, { CR0_MP, false }, { CR0_TS, false }, { CR0_MP | CR0_TS, true },
        { CR0_EM | CR0_TS, false }, { CR0_EM | CR0_MP, false },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Standin *t = standin_new();

        t->s.cr0 = CR0_PE | cases[i].cr0;
        g_assert_cmpuint(standin_run(t, tcg_op_wait, &plain), ==,
                         cases[i].faults ? (guint)STANDIN_RAISED : (guint)TCG_GO_ON);
    }
}

static void test_rights(void)
{
    static const TcgHelper helpers[] = { tcg_op_hlt, tcg_op_invd, tcg_op_wbinvd };

    for (guint i = 0; i < G_N_ELEMENTS(helpers); i++) {
        Standin *t = standin_new();

        g_assert_cmpuint(standin_run(t, helpers[i], &plain), <=, TCG_NEXT);
        g_assert_cmpuint(t->s.halted, ==, helpers[i] == tcg_op_hlt);
        standin_set_cpl(t, 3);
        g_assert_cmphex(standin_fault(t, helpers[i], &plain), ==, GP0);
        g_assert_cmphex(standin_fault(t, tcg_op_ud, &plain), ==, UD);
        g_assert_cmphex(standin_fault(t, tcg_op_gp, &plain), ==, GP0);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tcg/system/syscall", test_syscall);
    g_test_add_func("/tcg/system/sysret", test_sysret);
    g_test_add_func("/tcg/system/syscall-step", test_syscall_step);
    g_test_add_func("/tcg/system/sysret-faults", test_sysret_faults);
    g_test_add_func("/tcg/system/syscall-compatible", test_syscall_compatible);
    g_test_add_func("/tcg/system/sysenter", test_sysenter);
    g_test_add_func("/tcg/system/sysexit", test_sysexit);
    g_test_add_func("/tcg/system/sysenter-faults", test_sysenter_faults);
    g_test_add_func("/tcg/system/interrupt-flag", test_interrupt_flag);
    g_test_add_func("/tcg/system/sti-shadow", test_sti_shadow);
    g_test_add_func("/tcg/system/flags", test_flags);
    g_test_add_func("/tcg/system/bases", test_bases);
    g_test_add_func("/tcg/system/invlpg", test_invlpg);
    g_test_add_func("/tcg/system/invpcid", test_invpcid);
    g_test_add_func("/tcg/system/rights", test_rights);
    g_test_add_func("/tcg/msr/values", test_msrs);
    g_test_add_func("/tcg/msr/constants", test_msr_constants);
    g_test_add_func("/tcg/msr/absent", test_msr_absent);
    g_test_add_func("/tcg/msr/efer", test_efer);
    g_test_add_func("/tcg/msr/apic", test_apic_msrs);
    g_test_add_func("/tcg/msr/tsc", test_tsc);
    g_test_add_func("/tcg/cpuid/leaves", test_cpuid);
    g_test_add_func("/tcg/cpuid/dynamic", test_cpuid_dynamic);
    g_test_add_func("/tcg/cpuid/rate", test_cpuid_rate);
    g_test_add_func("/tcg/refusals/units", test_refusals);
    g_test_add_func("/tcg/refusals/wait", test_wait);
    return g_test_run();
}
