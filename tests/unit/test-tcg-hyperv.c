/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers of a guest that knows Hyper-V: Hypervisor Top Level Functional Specification (TLFS).
 */
#include "config.h"
#include "tcg/msr.h"
#include "tcg/system.h"
#include "tests/lib/tcg-standin-sys.h"

static void add_hyperv(Standin *t, guint32 privileges, guint32 features)
{
    static const guint32 leaves[] = { 0x40000000, 0x40000001, 0x40000003 };
    const guint32 eax[] = { 0x40000005, 0x31237648, privileges };

    for (guint i = 0; i < G_N_ELEMENTS(leaves); i++) {
        t->leaves[t->cpuid.len++] = (CpuidLeaf){ .leaf = leaves[i], .eax = eax[i],
                                                 .edx = i == 2 ? features : 0 };
    }
}

/* TLFS: hypercall page, reference time, rates. */
static void test_hyperv(void)
{
    static const guint8 code[] = { 0xb8, 2, 0, 0, 0, 0x31, 0xd2, 0xc3 };
    Standin *t = standin_new();

    tcg_msr_reset(&t->s);
    g_assert_cmphex(standin_wrmsr(t, 0x40000000, 1), ==, GP0);
    add_hyperv(t, 0xa63, 0);
    memset(t->ram, 0xee, sizeof(t->ram));
    g_assert_cmphex(standin_wrmsr(t, 0x40000001, 0x1001), ==, 0);       /* before the guest's id */
    g_assert_cmphex(standin_rdmsr(t, 0x40000001), ==, 0x1000);
    g_assert_cmphex(t->ram[0x1000], ==, 0xee);
    g_assert_cmphex(standin_wrmsr(t, 0x40000000, 0x8100), ==, 0);
    g_assert_cmphex(standin_wrmsr(t, 0x40000001, 0x1001), ==, 0);
    g_assert_cmphex(standin_rdmsr(t, 0x40000001), ==, 0x1001);
    g_assert_cmpmem(t->ram + 0x1000, sizeof(code), code, sizeof(code));
    g_assert_cmphex(standin_wrmsr(t, 0x40000000, 0), ==, 0);
    g_assert_cmphex(standin_rdmsr(t, 0x40000001), ==, 0x1000);

    memset(t->ram, 0xee, sizeof(t->ram));                       /* a state that is loaded */
    g_assert_true(tcg_msr_load(&t->s, 0x40000000, 0x8100));
    g_assert_true(tcg_msr_load(&t->s, 0x40000001, 0x1001));
    g_assert_true(tcg_msr_load(&t->s, 0x40000021, 0x2001));
    g_assert_cmphex(standin_rdmsr(t, 0x40000001), ==, 0x1001);
    g_assert_cmphex(t->ram[0x1000] & t->ram[0x2000], ==, 0xee);
    g_assert_true(t->s.hv_pages_due);
    tcg_hyperv_put_pages(&t->s);
    g_assert_cmpmem(t->ram + 0x1000, sizeof(code), code, sizeof(code));
    g_assert_cmphex(t->ram[0x2000] | t->ram[0x2003], ==, 0);
    g_assert_cmphex(t->ram[0], ==, 0xee);                       /* no assist page */
    g_assert_false(t->s.hv_pages_due);

    g_assert_cmphex(standin_rdmsr(t, 0x40000002), ==, 0);
    g_assert_cmphex(standin_wrmsr(t, 0x40000002, 1), ==, GP0);
    g_assert_cmphex(standin_rdmsr(t, 0x40000010), ==, 123456);
    g_assert_cmphex(standin_wrmsr(t, 0x40000021, 0x2001), ==, 0);
    g_assert_cmphex(t->ram[0x2000] | t->ram[0x2003], ==, 0);
    g_assert_cmphex(t->ram[0x2004], ==, 0xee);
    g_assert_cmphex(standin_wrmsr(t, 0x40000073, 0x3001), ==, 0);
    g_assert_cmphex(standin_rdmsr(t, 0x40000073), ==, 0x3001);
    g_assert_cmphex(standin_rdmsr(t, 0x40000022), ==, STANDIN_TSC_HZ);
    g_assert_cmphex(standin_rdmsr(t, 0x40000023), ==, 1000000000);
}

/* The reference time does not jump when the guest writes its counter. */
static void test_hyperv_time(void)
{
    Standin *t = standin_new();
    guint64 before, after;

    tcg_msr_reset(&t->s);
    add_hyperv(t, 0x2, 0);
    before = standin_rdmsr(t, 0x40000020);
    g_assert_cmphex(standin_wrmsr(t, 0x10, 1ull << 62), ==, 0);
    after = standin_rdmsr(t, 0x40000020);
    g_assert_cmpuint(after, >=, before);
    g_assert_cmpuint(after - before, <, 100000000);
    /* What it may not use is not there. */
    g_assert_cmphex(standin_rdmsr(t, 0x40000002), ==, ~0ull);
    g_assert_cmphex(standin_rdmsr(t, 0x40000010), ==, ~0ull);
    g_assert_cmphex(standin_rdmsr(t, 0x40000021), ==, ~0ull);
    g_assert_cmphex(standin_rdmsr(t, 0x40000022), ==, ~0ull);
}

/* TLFS 10.2: EOI, ICR and TPR by registers of their own, in both modes of the APIC. */
static void test_apic(void)
{
    Standin *t = standin_new();

    tcg_msr_reset(&t->s);
    g_assert_cmphex(standin_wrmsr(t, 0x40000070, 0), ==, GP0);
    add_hyperv(t, 1 << 4, 0);
    t->apic_page[0xb] = 0xee;
    g_assert_cmphex(standin_wrmsr(t, 0x40000070, 0), ==, 0);
    g_assert_cmphex(t->apic_page[0xb], ==, 0);
    g_assert_cmphex(standin_rdmsr(t, 0x40000070), ==, ~0ull);   /* is only written */
    g_assert_cmphex(standin_wrmsr(t, 0x40000072, 0x50), ==, 0);
    g_assert_cmphex(t->apic_page[8], ==, 0x50);
    g_assert_cmphex(standin_rdmsr(t, 0x40000072), ==, 0x50);
    g_assert_cmphex(standin_wrmsr(t, 0x40000071, 0x03000000000040f1), ==, 0);
    g_assert_cmphex(t->apic_page[0x31], ==, 0x03000000);
    g_assert_cmphex(t->apic_page[0x30], ==, 0x40f1);
    g_assert_cmphex(t->apic_written[0], ==, 0x310);     /* before the half that sends */
    g_assert_cmphex(t->apic_written[1], ==, 0x300);
    g_assert_cmphex(standin_rdmsr(t, 0x40000071), ==, 0x03000000000040f1);

    t->x2apic = true;
    g_assert_cmphex(standin_wrmsr(t, 0x40000071, 0x1234500000041), ==, 0);
    g_assert_cmphex(t->apic_msr[2], ==, 0x1234500000041);
    g_assert_cmphex(t->apic_page[0x30], ==, 0x40f1);
}

/* TLFS 2.4 and 2.5: reset, and crash registers. */
static void test_reset_and_crash(void)
{
    static const guint64 crash[5] = { 0x1e, ~0ull, 3, 0, 1ull << 63 };
    Standin *t = standin_new();

    tcg_msr_reset(&t->s);
    add_hyperv(t, 1, 0);
    g_assert_cmphex(standin_wrmsr(t, 0x40000003, 1), ==, GP0);
    g_assert_cmphex(standin_wrmsr(t, 0x40000105, 1ull << 63), ==, GP0);
    g_assert_cmphex(standin_rdmsr(t, 0x40000100), ==, ~0ull);

    t = standin_new();
    tcg_msr_reset(&t->s);
    add_hyperv(t, 1 << 7, 1 << 10);
    g_assert_cmphex(standin_wrmsr(t, 0x40000003, 2), ==, 0);
    g_assert_cmpuint(t->resets, ==, 0);
    g_assert_cmphex(standin_wrmsr(t, 0x40000003, 1), ==, 0);
    g_assert_cmpuint(t->resets, ==, 1);
    g_assert_cmphex(standin_rdmsr(t, 0x40000003), ==, 0);

    for (guint i = 0; i < G_N_ELEMENTS(crash); i++) {
        g_assert_cmphex(standin_wrmsr(t, 0x40000100 + i, crash[i]), ==, 0);
        g_assert_cmphex(standin_rdmsr(t, 0x40000100 + i), ==, crash[i]);
    }
    g_assert_cmphex(standin_rdmsr(t, 0x40000106), ==, ~0ull);
    g_assert_cmphex(standin_rdmsr(t, 0x40000105), ==, 1ull << 63);
    g_assert_cmphex(standin_wrmsr(t, 0x40000105, 1), ==, 0);
    g_assert_cmpuint(t->panics, ==, 0);
    g_assert_cmphex(standin_wrmsr(t, 0x40000105, 1ull << 63), ==, 0);
    g_assert_cmpuint(t->panics, ==, 1);
    g_assert_cmpmem(t->crash, sizeof(t->crash), crash, sizeof(crash));
    g_assert_true(tcg_msr_load(&t->s, 0x40000104, 7));      /* a state that is loaded */
    g_assert_cmphex(standin_rdmsr(t, 0x40000104), ==, 7);
    g_assert_cmpuint(t->panics, ==, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tcg/hyperv/pages", test_hyperv);
    g_test_add_func("/tcg/hyperv/time", test_hyperv_time);
    g_test_add_func("/tcg/hyperv/apic", test_apic);
    g_test_add_func("/tcg/hyperv/reset-and-crash", test_reset_and_crash);
    return g_test_run();
}
