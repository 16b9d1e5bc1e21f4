/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory slots of the CPU in software: what lies where, what goes with a slot,
 * the dirty log, and what devices write.
 */
#include "config.h"
#include "tests/lib/tcg-standin-mmu.h"

#include <string.h>
#include <sys/mman.h>

#define MIB (1ull << 20)
#define GIB (1ull << 30)

static bool commit(MmuRig *rig, const AccelSlot *deleted, guint n_deleted, const AccelSlot *added,
                   guint n_added)
{
    g_autoptr(GError) error = NULL;
    bool ok;

    tcg_slots_begin(&rig->tcg.accel);
    for (guint i = 0; i < n_deleted; i++) {
        tcg_slot_del(&rig->tcg.accel, &deleted[i]);
    }
    for (guint i = 0; i < n_added; i++) {
        tcg_slot_add(&rig->tcg.accel, &added[i]);
    }
    ok = tcg_slots_commit(&rig->tcg.accel, &error);
    g_assert_true(ok == !error);
    return ok;
}

static AccelSlot slot(MmuRig *rig, guint64 gpa, guint64 size, gsize offset, guint32 flags)
{
    return (AccelSlot){ .gpa = gpa, .size = size, .hva = rig->ram + offset, .flags = flags };
}

static guint8 *host(MmuRig *rig, guint64 gpa)
{
    TcgPhysPage *page = tcg_phys_page(rig->s, gpa);

    return page ? page->page : NULL;
}

/* More slots than are looked at first, among them holes. */
static void test_find(void)
{
    MmuRig *rig = mmu_rig_new(64 * MIB);

    for (guint i = 0; i < 20; i++) {
        mmu_rig_add(rig, i * 2 * MIB, i * MIB, (i % 5 + 1) * 0x1000, 0);
    }
    mmu_rig_add(rig, 0xffffffff00000ull, 40 * MIB, 0x100000, 0);
    for (guint i = 0; i < 20; i++) {
        guint64 gpa = i * 2 * MIB, size = (i % 5 + 1) * 0x1000;

        g_assert_true(host(rig, gpa + 0x123) == rig->ram + i * MIB);
        g_assert_true(host(rig, gpa + size - 1) == rig->ram + i * MIB + size - 0x1000);
        g_assert_null(tcg_phys_page(rig->s, gpa + size));
    }
    g_assert_true(host(rig, 0xfffffffffffffull) == rig->ram + 41 * MIB - 0x1000);
    g_assert_null(tcg_phys_page(rig->s, 0x8000000000ull));
    g_assert_cmpuint(tcg_slots_max(&rig->tcg.accel), ==, G_MAXUINT);
    mmu_rig_free(rig);
}

/* A commit that cannot be leaves all as it was. */
static void test_failures(void)
{
    MmuRig *rig = mmu_rig_new(8 * MIB);
    const AccelSlot low = slot(rig, 0, MIB, 0, 0);
    const AccelSlot bad[] = {
        slot(rig, MIB - 0x1000, MIB, MIB, 0),           /* overlaps */
        slot(rig, 4 * MIB + 1, MIB, MIB, 0),
        slot(rig, 4 * MIB, 0x1001, MIB, 0),
        slot(rig, 4 * MIB, 0, MIB, 0),
        slot(rig, ~0xfffull, 0x2000, MIB, 0),
        { .gpa = 4 * MIB, .size = 0x1000, .hva = (void *)(1ull << 47) },
        { .gpa = 4 * MIB, .size = 1ull << 48, .hva = rig->ram },
    };

    g_assert_true(commit(rig, NULL, 0, &low, 1));
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        const AccelSlot both[] = { slot(rig, 2 * MIB, MIB, 2 * MIB, 0), bad[i] };

        g_assert_false(commit(rig, NULL, 0, both, 2));
        g_assert_null(tcg_phys_page(rig->s, 2 * MIB));
    }
    g_assert_false(commit(rig, &bad[0], 1, NULL, 0));
    g_assert_true(host(rig, MIB - 1) == rig->ram + MIB - 0x1000);
    g_assert_cmpuint(rig->holds, ==, 1);
    mmu_rig_free(rig);
}

/* Deletions come first, and what cancels out does not stop anybody. */
static void test_replace(void)
{
    MmuRig *rig = mmu_rig_new(8 * MIB);
    const AccelSlot whole = slot(rig, 0, 4 * MIB, 0, 0);
    const AccelSlot parts[] = {
        slot(rig, 0, MIB, 0, 0), slot(rig, MIB, MIB, 6 * MIB, ACCEL_SLOT_READONLY),
        slot(rig, 2 * MIB, 2 * MIB, 2 * MIB, 0),
    };

    g_assert_true(commit(rig, NULL, 0, &whole, 1));
    g_assert_true(commit(rig, &whole, 1, parts, 3));
    g_assert_true(host(rig, MIB) == rig->ram + 6 * MIB);
    g_assert_true(tcg_range_find(rig->tcg.memory, MIB)->flags == TCG_PAGE_ROM);
    g_assert_true(host(rig, 2 * MIB) == rig->ram + 2 * MIB);
    g_assert_cmpuint(rig->holds, ==, 2);
    g_assert_true(commit(rig, parts, 3, parts, 3));
    g_assert_cmpuint(rig->holds, ==, 2);
    g_assert_true(commit(rig, parts, 3, NULL, 0));
    g_assert_null(tcg_phys_page(rig->s, 0));
    mmu_rig_free(rig);
}

static void mark_code(MmuRig *rig, guint64 gpa, guint64 bits)
{
    TcgPhysPage *page = tcg_phys_page(rig->s, gpa);

    tcg_page_set_flags(rig->tcg.memory, page->page, TCG_PAGE_CODE);
    page->code = bits;
}

/* Only pages that are not where they were lose their code; TLBs lose all. */
static void test_drops(void)
{
    MmuRig *rig = mmu_rig_new(8 * MIB);
    const AccelSlot whole = slot(rig, 0, 4 * MIB, 0, 0);
    const AccelSlot parts[] = { slot(rig, 0, MIB, 0, 0), slot(rig, 2 * MIB, MIB, 2 * MIB, 0) };
    TcgPage page;

    g_assert_true(commit(rig, NULL, 0, &whole, 1));
    for (guint i = 0; i < 4; i++) {
        mark_code(rig, i * MIB + 0x5000, 1);
    }
    tcg_translate(rig->s, 0x6000, TCG_WRITE, &page);
    g_assert_cmphex(rig->s->tlb[TCG_TLB_KERNEL][6].tag_write, ==, 0x6000);
    g_assert_true(commit(rig, &whole, 1, parts, 2));
    g_assert_cmphex(rig->s->tlb[TCG_TLB_KERNEL][6].tag_write, ==, 0);
    g_assert_cmpuint(rig->dropped_pages->len, ==, 2);
    g_assert_true(rig->dropped_pages->pdata[0] == rig->ram + MIB + 0x5000);
    g_assert_true(rig->dropped_pages->pdata[1] == rig->ram + 3 * MIB + 0x5000);
    g_assert_true(commit(rig, parts, 1, NULL, 0));
    g_assert_cmpuint(rig->dropped_pages->len, ==, 3);
    mmu_rig_free(rig);
}

/* One host page at two addresses is one page. */
static void test_alias(void)
{
    MmuRig *rig = mmu_rig_new(8 * MIB);
    const AccelSlot both[] = {
        slot(rig, 0, MIB, 0, 0), slot(rig, 0xfff00000, MIB, 0, ACCEL_SLOT_READONLY),
    };

    g_assert_true(commit(rig, NULL, 0, both, 2));
    g_assert_true(tcg_phys_page(rig->s, 0x7000) == tcg_phys_page(rig->s, 0xfff07000));
    mmu_rig_free(rig);
}

/* Much memory costs nothing until it is touched. */
static void test_large(void)
{
    MmuRig *rig = mmu_rig_new(0x1000);
    void *memory = mmap(NULL, 64 * GIB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                        -1, 0);
    const AccelSlot slots[] = {
        { .gpa = 0, .size = 3 * GIB, .hva = memory },
        { .gpa = 4 * GIB, .size = 61 * GIB, .hva = (guint8 *)memory + 3 * GIB },
    };

    g_assert_true(memory != MAP_FAILED);
    g_assert_true(commit(rig, NULL, 0, slots, 2));
    g_assert_true(host(rig, 60 * GIB + 5) == (guint8 *)memory + 59 * GIB);
    g_assert_true(host(rig, 3 * GIB - 1) == (guint8 *)memory + 3 * GIB - 0x1000);
    mmu_rig_free(rig);
    munmap(memory, 64 * GIB);
}

/* ---- The dirty log ---- */

static void check_log(MmuRig *rig, const AccelSlot *logged, guint8 expected)
{
    g_autoptr(GError) error = NULL;
    guint8 bitmap[2] = { 0xff, 0xff };

    g_assert_true(tcg_dirty_log(&rig->tcg.accel, logged, bitmap, &error));
    g_assert_cmphex(bitmap[0], ==, expected);
    g_assert_cmphex(bitmap[1], ==, 0xff);
}

static void test_dirty_log(void)
{
    MmuRig *rig = mmu_rig_new(MIB);
    const AccelSlot logged = slot(rig, MIB, 0x8000, 0, ACCEL_SLOT_LOG_DIRTY);
    const AccelSlot plain = slot(rig, MIB, 0x8000, 0, 0);
    g_autoptr(GError) error = NULL;
    guint8 bitmap[2];

    g_assert_true(commit(rig, NULL, 0, &logged, 1));
    check_log(rig, &logged, 0);
    g_assert_cmpuint(rig->holds, ==, 1);
    tcg_store(rig->s, MIB + 0x2ffe, 0, 4, TCG_WRITE);
    tcg_store(rig->s, MIB + 0x2000, 0, 4, TCG_WRITE);
    check_log(rig, &logged, 0xc);
    g_assert_cmpuint(rig->holds, ==, 2);
    tcg_store(rig->s, MIB + 0x2000, 0, 4, TCG_WRITE);
    tcg_memory_written(&rig->tcg.accel, MIB + 0x4fff, 0x2001);
    check_log(rig, &logged, 0x74);
    g_assert_true(commit(rig, &logged, 1, &plain, 1));
    g_assert_false(tcg_dirty_log(&rig->tcg.accel, &plain, bitmap, &error));
    g_assert_cmpuint(tcg_phys_page(rig->s, MIB)->flags, ==, 0);
    mmu_rig_free(rig);
}

/* ---- Devices ---- */

static void test_memory_written(void)
{
    MmuRig *rig = mmu_rig_new(MIB);
    const AccelSlot low = slot(rig, 0, 0x10000, 0, 0);
    MmuRigAccess *dropped;

    g_assert_true(commit(rig, NULL, 0, &low, 1));
    tcg_memory_written(&rig->tcg.accel, 0, 0x20000);
    mark_code(rig, 0x3000, 2);                          /* bytes 64 to 127 */
    mark_code(rig, 0x5000, 1);
    tcg_memory_written(&rig->tcg.accel, 0x3000, 64);
    tcg_memory_written(&rig->tcg.accel, 0x3080, 0x1000);
    g_assert_cmpuint(rig->dropped_ranges->len, ==, 0);
    tcg_memory_written(&rig->tcg.accel, 0x307f, 1);
    tcg_memory_written(&rig->tcg.accel, 0x2800, 0x4000);
    tcg_memory_written(&rig->tcg.accel, 0x4001, 0x100000);
    g_assert_cmpuint(rig->dropped_ranges->len, ==, 3);
    dropped = (MmuRigAccess *)rig->dropped_ranges->data;
    g_assert_cmphex(dropped[0].gpa, ==, 0x307f);
    g_assert_cmpuint(dropped[0].size, ==, 1);
    g_assert_cmphex(dropped[1].gpa, ==, 0x3000);
    g_assert_cmphex(dropped[1].size, ==, 0x3800);
    g_assert_cmphex(dropped[2].gpa, ==, 0x5000);
    mmu_rig_free(rig);
}

/* Of many pages few are of interest: all ranges of pages find the first of them. */
static void test_memory_written_far(void)
{
    static const guint with_code[] = { 1, 62, 63, 64, 130, 191, 255 };
    MmuRig *rig = mmu_rig_new(2 * MIB);
    const AccelSlot whole = slot(rig, MIB, MIB, 0, 0);

    g_assert_true(commit(rig, NULL, 0, &whole, 1));
    for (guint i = 0; i < G_N_ELEMENTS(with_code); i++) {
        mark_code(rig, MIB + with_code[i] * 0x1000, 1);         /* its first 64 bytes */
    }
    for (guint first = 0; first < 256; first++) {
        for (guint last = first; last < 260; last += 3) {
            guint64 gpa = MIB + first * 0x1000 + 8, end = MIB + last * 0x1000 + 8;
            guint i = 0;

            while (i < G_N_ELEMENTS(with_code) && with_code[i] < first) {
                i++;
            }
            g_array_set_size(rig->dropped_ranges, 0);
            tcg_memory_written(&rig->tcg.accel, gpa, end - gpa);
            if (end > gpa && i < G_N_ELEMENTS(with_code) && with_code[i] <= last) {
                const MmuRigAccess *dropped = (MmuRigAccess *)rig->dropped_ranges->data;

                g_assert_cmpuint(rig->dropped_ranges->len, ==, 1);
                g_assert_cmphex(dropped->gpa, ==, MAX(gpa, MIB + with_code[i] * 0x1000));
                g_assert_cmphex(dropped->gpa + dropped->size, ==, end);
            } else {
                g_assert_cmpuint(rig->dropped_ranges->len, ==, 0);
            }
        }
    }
    mmu_rig_free(rig);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tcg/slots/find", test_find);
    g_test_add_func("/tcg/slots/failures", test_failures);
    g_test_add_func("/tcg/slots/replace", test_replace);
    g_test_add_func("/tcg/slots/drops", test_drops);
    g_test_add_func("/tcg/slots/alias", test_alias);
    g_test_add_func("/tcg/slots/large", test_large);
    g_test_add_func("/tcg/dirty-log", test_dirty_log);
    g_test_add_func("/tcg/memory-written", test_memory_written);
    g_test_add_func("/tcg/memory-written-far", test_memory_written_far);
    return g_test_run();
}
