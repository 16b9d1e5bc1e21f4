/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory accesses that C makes for a CPU in software, and those of generated code
 * that missed the TLB.
 *
 * Linear addresses 0x400000 and up are mapped by 32-bit paging without large
 * pages: page n there is what `map()` says.
 */
#include "config.h"
#include "tests/lib/tcg-standin-mmu.h"

#include <string.h>

enum {
    P = 1, W = 2, U = 4, D = 1 << 6, FULL = P | W | U,
    RAM_SIZE = 1 << 20,
    DIRECTORY = 0x1000, TABLE = 0x2000,
    DEVICE = 0xd0000000, ROM = 0xe0000000,
    BASE = 0x400000,
};

static void map(MmuRig *rig, guint page, guint64 gpa, guint flags)
{
    guint32 entry = gpa | flags;

    memcpy(rig->ram + TABLE + page * 4, &entry, sizeof(entry));
    tcg_tlb_flush(rig->s);
}

static MmuRig *rig_new(void)
{
    MmuRig *rig = mmu_rig_new(RAM_SIZE);
    guint32 entry = TABLE | FULL;

    mmu_rig_add(rig, 0, 0, RAM_SIZE - 0x1000, 0);
    mmu_rig_add(rig, ROM, RAM_SIZE - 0x1000, 0x1000, ACCEL_SLOT_READONLY);
    memcpy(rig->ram + DIRECTORY + 4, &entry, sizeof(entry));
    rig->s->cr0 = CR0_PE | CR0_PG | CR0_WP;
    rig->s->cr3 = DIRECTORY;
    rig->s->mode = TCG_MODE_PROTECTED | TCG_MODE_CODE32;
    map(rig, 0, 0x10000, FULL);
    map(rig, 1, 0x20000, FULL);
    map(rig, 2, 0x30000, P | U);
    map(rig, 3, DEVICE, FULL);
    map(rig, 4, ROM, FULL);
    return rig;
}

static MmuRigAccess *record(GArray *records, guint i)
{
    g_assert_cmpuint(records->len, >, i);
    return &g_array_index(records, MmuRigAccess, i);
}

/* A byte that says where it is. */
static void number_bytes(guint8 *at, guint size)
{
    for (guint i = 0; i < size; i++) {
        at[i] = i + 1;
    }
}

static TcgPhysPage *physical(MmuRig *rig, guint64 gpa)
{
    TcgPhysPage *page = tcg_phys_page(rig->s, gpa);

    g_assert_nonnull(page);
    return page;
}

/* ---- Operands ---- */

static void test_sizes(void)
{
    MmuRig *rig = rig_new();

    number_bytes(rig->ram + 0x10000, 8);
    for (guint twice = 0; twice < 2; twice++) {         /* a miss, then a hit */
        g_assert_cmphex(tcg_load(rig->s, BASE, 1, TCG_READ), ==, 0x01);
        g_assert_cmphex(tcg_load(rig->s, BASE, 2, TCG_READ), ==, 0x0201);
        g_assert_cmphex(tcg_load(rig->s, BASE + 1, 4, TCG_READ), ==, 0x05040302);
        g_assert_cmphex(tcg_load(rig->s, BASE, 8, TCG_READ), ==, 0x0807060504030201);
    }
    for (guint size = 1; size <= 8; size *= 2) {
        guint64 at = BASE + 0x100 * size, value = 0;

        tcg_store(rig->s, at, 0x1122334455667788, size, TCG_WRITE);
        tcg_store(rig->s, at, 0x8877665544332211, size, TCG_WRITE);
        memcpy(&value, rig->ram + 0x10000 + 0x100 * size, 8);
        g_assert_cmphex(value, ==, size == 8 ? 0x8877665544332211
                                             : 0x8877665544332211 & ((1ull << 8 * size) - 1));
    }
    mmu_rig_free(rig);
}

/* Reading as code is no right to read as data, nor the other way round. */
static void test_fetch(void)
{
    MmuRig *rig = rig_new();

    rig->s->cr4 = CR4_SMAP;
    number_bytes(rig->ram + 0x10000, 8);
    g_assert_cmphex(tcg_load(rig->s, BASE, 2, TCG_FETCH), ==, 0x0201);
    g_assert_true(MMU_RIG_RAISES(rig, tcg_load(rig->s, BASE, 2, TCG_READ)));
    g_assert_cmphex(rig->error, ==, 1);
    rig->s->cr4 = CR4_SMEP;
    g_assert_cmphex(tcg_load(rig->s, BASE, 2, TCG_READ), ==, 0x0201);
    g_assert_true(MMU_RIG_RAISES(rig, tcg_load(rig->s, BASE, 2, TCG_FETCH)));
    g_assert_cmphex(rig->error, ==, 0x11);
    mmu_rig_free(rig);
}

static void test_crossing(void)
{
    MmuRig *rig = rig_new();

    for (guint first = 1; first < 8; first++) {
        guint64 at = BASE + 0x1000 - first;

        tcg_store(rig->s, at, 0x0807060504030201, 8, TCG_WRITE);
        for (guint i = 0; i < 8; i++) {
            guint8 *byte = i < first ? rig->ram + 0x11000 - first + i
                                     : rig->ram + 0x20000 + i - first;

            g_assert_cmpuint(*byte, ==, i + 1);
        }
        g_assert_cmphex(tcg_load(rig->s, at, 8, TCG_READ), ==, 0x0807060504030201);
    }
    mmu_rig_free(rig);
}

/* A second page that may not be written leaves the first as it was; CR2 is the second. */
static void test_crossing_fault(void)
{
    MmuRig *rig = rig_new();
    guint8 zeros[8] = { 0 };

    g_assert_true(MMU_RIG_RAISES(rig, tcg_store(rig->s, BASE + 0x1ffc, ~0ull, 8, TCG_WRITE)));
    g_assert_cmpuint(rig->vector, ==, TCG_PF);
    g_assert_cmphex(rig->error, ==, 3);
    g_assert_cmphex(rig->address, ==, BASE + 0x2000);
    g_assert_cmpmem(rig->ram + 0x20ffc, 4, zeros, 4);
    g_assert_true(MMU_RIG_RAISES(rig, tcg_check_store(rig->s, BASE + 0x1ff0, 4096, TCG_WRITE)));
    g_assert_cmphex(rig->address, ==, BASE + 0x2000);
    g_assert_false(MMU_RIG_RAISES(rig, tcg_check_store(rig->s, BASE + 0xff0, 4096, TCG_WRITE)));
    g_assert_true(MMU_RIG_RAISES(rig, tcg_load(rig->s, BASE + 0x5ffe, 4, TCG_READ)));
    g_assert_cmphex(rig->address, ==, BASE + 0x5ffe);
    mmu_rig_free(rig);
}

/* Without paging and outside 64-bit mode what follows 4 GiB is 0. */
static void test_wrap(void)
{
    MmuRig *rig = rig_new();

    rig->s->cr0 = 0;
    mmu_rig_add(rig, 0xfffff000, 0x50000 - 0x1000, 0x1000, 0);
    tcg_store(rig->s, 0xfffffffe, 0x44332211, 4, TCG_WRITE);
    g_assert_cmphex(rig->ram[0x4ffff], ==, 0x22);
    g_assert_cmphex(rig->ram[0], ==, 0x33);
    g_assert_cmphex(tcg_load(rig->s, 0xfffffffe, 4, TCG_READ), ==, 0x44332211);
    mmu_rig_free(rig);
}

static void test_bytes(void)
{
    MmuRig *rig = rig_new();
    guint8 bytes[512], back[512];

    number_bytes(bytes, sizeof(bytes));
    tcg_store_bytes(rig->s, BASE + 0x1000 - 101, bytes, sizeof(bytes), TCG_WRITE);
    g_assert_cmpmem(rig->ram + 0x11000 - 101, 101, bytes, 101);
    g_assert_cmpmem(rig->ram + 0x20000, 411, bytes + 101, 411);
    tcg_load_bytes(rig->s, BASE + 0x1000 - 101, back, sizeof(back), TCG_READ);
    g_assert_cmpmem(back, sizeof(back), bytes, sizeof(bytes));
    mmu_rig_free(rig);
}

/* SDM vol. 3A, table 6-7; the page fault comes first. */
static void test_alignment(void)
{
    MmuRig *rig = rig_new();

    rig->s->mode |= TCG_MODE_ALIGN | TCG_MODE_CPL;
    g_assert_false(MMU_RIG_RAISES(rig, tcg_load(rig->s, BASE + 4, 4, TCG_READ)));
    g_assert_false(MMU_RIG_RAISES(rig, tcg_load(rig->s, BASE + 1, 1, TCG_READ)));
    g_assert_true(MMU_RIG_RAISES(rig, tcg_load(rig->s, BASE + 2, 4, TCG_READ)));
    g_assert_cmpuint(rig->vector, ==, TCG_AC);
    g_assert_cmpuint(rig->error, ==, 0);
    g_assert_true(MMU_RIG_RAISES(rig, tcg_store(rig->s, BASE + 4, 0, 8, TCG_WRITE)));
    g_assert_cmpuint(rig->vector, ==, TCG_AC);
    g_assert_true(MMU_RIG_RAISES(rig, tcg_access_begin(rig->s, BASE + 4, 10, TCG_ACCESS_READ)));
    g_assert_cmpuint(rig->vector, ==, TCG_AC);
    g_assert_true(MMU_RIG_RAISES(rig, tcg_load(rig->s, BASE + 0x6001, 4, TCG_READ)));
    g_assert_cmpuint(rig->vector, ==, TCG_PF);
    g_assert_false(MMU_RIG_RAISES(rig, tcg_load(rig->s, BASE + 2, 4, TCG_SYSTEM)));
    mmu_rig_free(rig);
}

/* ---- What is no plain memory ---- */

static void test_mmio(void)
{
    MmuRig *rig = rig_new();
    guint8 bytes[20];

    rig->mmio_value = 0x1122334455667788;
    g_assert_cmphex(tcg_load(rig->s, BASE + 0x3010, 2, TCG_READ), ==, 0x7788);
    g_assert_cmphex(record(rig->mmio, 0)->gpa, ==, DEVICE + 0x10);
    g_assert_cmpuint(record(rig->mmio, 0)->size, ==, 2);
    tcg_store(rig->s, BASE + 0x3014, 0xaabbccdd, 4, TCG_WRITE);
    g_assert_cmphex(record(rig->mmio, 1)->value, ==, 0xaabbccdd);
    g_assert_true(record(rig->mmio, 1)->is_write);
    tcg_load_bytes(rig->s, BASE + 0x3020, bytes, 20, TCG_READ);
    g_assert_cmpuint(rig->mmio->len, ==, 5);
    g_assert_cmpuint(record(rig->mmio, 3)->size, ==, 8);
    g_assert_cmphex(record(rig->mmio, 4)->gpa, ==, DEVICE + 0x30);
    g_assert_cmpuint(record(rig->mmio, 4)->size, ==, 4);
    rig->vcpu.apic.base = DEVICE;
    tcg_load(rig->s, BASE + 0x3020, 4, TCG_READ);
    g_assert_cmpuint(rig->apic_accesses, ==, 1);
    g_assert_cmpuint(rig->mmio->len, ==, 5);
    mmu_rig_free(rig);
}

static void test_rom(void)
{
    MmuRig *rig = rig_new();
    guint8 *rom = rig->ram + RAM_SIZE - 0x1000;

    number_bytes(rom, 8);
    g_assert_cmphex(tcg_load(rig->s, BASE + 0x4000, 4, TCG_READ), ==, 0x04030201);
    tcg_store(rig->s, BASE + 0x4000, 0x55, 1, TCG_WRITE);
    g_assert_cmpuint(rom[0], ==, 1);
    g_assert_cmphex(record(rig->mmio, 0)->gpa, ==, ROM);
    g_assert_cmphex(record(rig->mmio, 0)->value, ==, 0x55);
    mmu_rig_free(rig);
}

static void test_code(void)
{
    MmuRig *rig = rig_new();
    TcgPhysPage *page = physical(rig, 0x10000);

    tcg_store(rig->s, BASE, 1, 4, TCG_WRITE);
    g_assert_cmpuint(rig->code_written->len, ==, 0);
    page->flags |= TCG_PAGE_CODE;
    tcg_tlb_protect(rig->s, page->page);
    tcg_store(rig->s, BASE + 0x40, 0x1234, 2, TCG_WRITE);
    tcg_store(rig->s, BASE + 0x42, 0x5678, 2, TCG_WRITE);
    g_assert_cmpuint(rig->code_written->len, ==, 2);
    g_assert_cmphex(record(rig->code_written, 1)->gpa, ==, 0x10042);
    g_assert_cmpuint(record(rig->code_written, 1)->size, ==, 2);
    g_assert_cmphex(rig->ram[0x10042], ==, 0x78);
    mmu_rig_free(rig);
}

/* ---- Generated code ---- */

static void test_begin_fills(void)
{
    MmuRig *rig = rig_new();

    g_assert_null(tcg_access_begin(rig->s, BASE + 8, 8, TCG_ACCESS_READ | TCG_ACCESS_WRITE));
    g_assert_cmphex(rig->s->tlb[TCG_TLB_KERNEL][0].tag_write, ==, BASE);
    mmu_rig_free(rig);
}

static void test_begin_device(void)
{
    MmuRig *rig = rig_new();
    guint8 *at;
    guint64 value = 0x99;

    rig->mmio_value = 0x77;
    at = tcg_access_begin(rig->s, BASE + 0x3028, 4, TCG_ACCESS_READ | TCG_ACCESS_WRITE);
    g_assert_true(at >= rig->s->bounce && ((guintptr)at & 63) == 0x28);
    g_assert_cmpuint(*at, ==, 0x77);
    memcpy(at, &value, 4);
    g_assert_false(tcg_access_end(rig->s));
    g_assert_cmpuint(rig->mmio->len, ==, 2);
    g_assert_cmphex(record(rig->mmio, 1)->value, ==, 0x99);
    g_assert_cmphex(record(rig->mmio, 1)->gpa, ==, DEVICE + 0x28);
    tcg_access_begin(rig->s, BASE + 0x3028, 4, TCG_ACCESS_READ);
    rig->s->pending = 1;
    g_assert_true(tcg_access_end(rig->s));
    g_assert_cmpuint(rig->mmio->len, ==, 3);
    at = tcg_access_begin(rig->s, BASE + 0x3040, 16, TCG_ACCESS_WRITE);
    g_assert_cmpuint(rig->mmio->len, ==, 3);            /* is not read */
    g_assert_true(tcg_access_end(rig->s));
    g_assert_cmpuint(rig->mmio->len, ==, 5);
    mmu_rig_free(rig);
}

/* A page that is known for a device's, until memory is put there: by a flush, or by the device
 * itself, whose register is read and written by one instruction. */
static void test_begin_known_device(void)
{
    MmuRig *rig = rig_new();
    guint8 *at;

    tcg_access_begin(rig->s, BASE + 0x3028, 1, TCG_ACCESS_READ);
    tcg_access_end(rig->s);
    map(rig, 3, 0x20000, FULL);                         /* flushes */
    rig->ram[0x20028] = 0x55;
    g_assert_null(tcg_access_begin(rig->s, BASE + 0x3028, 1, TCG_ACCESS_READ));
    g_assert_cmpuint(rig->mmio->len, ==, 1);
    map(rig, 3, DEVICE, FULL);
    tcg_access_begin(rig->s, BASE + 0x3028, 1, TCG_ACCESS_READ);
    tcg_access_end(rig->s);
    g_assert_cmpuint(rig->mmio->len, ==, 2);
    tcg_access_begin(rig->s, BASE + 0x3028, 1, TCG_ACCESS_WRITE);       /* a write sets D first */
    tcg_access_end(rig->s);
    g_assert_cmpuint(rig->mmio->len, ==, 3);
    g_assert_true(rig->ram[TABLE + 3 * 4] & D);
    for (guint twice = 0; twice < 2; twice++) {
        at = tcg_access_begin(rig->s, BASE + 0x3028, 1, TCG_ACCESS_READ | TCG_ACCESS_WRITE);
        g_assert_cmpuint(rig->mmio->len, ==, 4 + 2 * twice);
        if (twice) {
            mmu_rig_add(rig, DEVICE, 0x20000, 0x1000, 0);
        }
        *at = 0x66;
        tcg_access_end(rig->s);
        g_assert_cmpuint(rig->mmio->len, ==, twice ? 6 : 5);
    }
    g_assert_cmphex(rig->ram[0x20028], ==, 0x66);
    mmu_rig_free(rig);
}

/* The second time the TLB has both pages. */
static void test_begin_crossing(void)
{
    MmuRig *rig = rig_new();
    guint8 *at;

    for (guint twice = 0; twice < 2; twice++) {
        number_bytes(rig->ram + 0x11000 - 16, 16);
        number_bytes(rig->ram + 0x20000, 16);
        at = tcg_access_begin(rig->s, BASE + 0x1000 - 16, 32, TCG_ACCESS_READ | TCG_ACCESS_WRITE);
        g_assert_true(((guintptr)at & 63) == 48);
        g_assert_cmpmem(at, 16, rig->ram + 0x20000, 16);
        g_assert_cmpmem(at + 16, 16, rig->ram + 0x20000, 16);
        memset(at, 0xee, 32);
        g_assert_false(tcg_access_end(rig->s));
        g_assert_cmphex(rig->ram[0x11000 - 16], ==, 0xee);
        g_assert_cmphex(rig->ram[0x2000f], ==, 0xee);
        g_assert_cmphex(rig->ram[0x20010], ==, 0);
    }
    g_assert_true(MMU_RIG_RAISES(rig, tcg_access_begin(rig->s, BASE + 0x1ffe, 4,
                                                       TCG_ACCESS_WRITE)));
    g_assert_cmphex(rig->address, ==, BASE + 0x2000);
    mmu_rig_free(rig);
}

/* The page itself; the running block may be gone if the bytes were code. */
static void test_begin_code(void)
{
    MmuRig *rig = rig_new();
    TcgPhysPage *page = physical(rig, 0x10000);
    guint8 *at;

    page->flags |= TCG_PAGE_CODE;
    page->code = 1 << 2;                                /* bytes 128 to 191 */
    at = tcg_access_begin(rig->s, BASE + 192, 8, TCG_ACCESS_WRITE);
    g_assert_true(at == rig->ram + 0x10000 + 192);
    g_assert_false(tcg_access_end(rig->s));
    tcg_access_begin(rig->s, BASE + 190, 8, TCG_ACCESS_WRITE | TCG_ACCESS_READ);
    g_assert_true(tcg_access_end(rig->s));
    g_assert_cmpuint(rig->code_written->len, ==, 2);
    g_assert_null(tcg_access_begin(rig->s, BASE + 128, 8, TCG_ACCESS_READ));
    mmu_rig_free(rig);
}

static void test_begin_log(void)
{
    MmuRig *rig = rig_new();
    TcgPhysPage *page = physical(rig, 0x10000);

    page->flags |= TCG_PAGE_LOG;
    g_assert_nonnull(tcg_access_begin(rig->s, BASE, 8, TCG_ACCESS_WRITE));
    g_assert_false(tcg_access_end(rig->s));
    g_assert_cmpuint(page->flags, ==, 0);
    g_assert_null(tcg_access_begin(rig->s, BASE, 8, TCG_ACCESS_WRITE));
    mmu_rig_free(rig);
}

/* SDM vol. 3B, table 17-2: breakpoints cover their bytes, by length and alignment. */
static void test_watches(void)
{
    static const struct {
        guint length_type;      /* DR7's four bits: LEN, R/W */
        guint64 at;
        guint offset, size;
        bool is_write, hit;
    } rows[] = {
        { 0x1, 0x100, 0x100, 1, true, true }, { 0x1, 0x100, 0x100, 1, false, false },
        { 0x3, 0x100, 0x100, 1, false, true }, { 0x3, 0x100, 0x101, 4, false, false },
        { 0x3, 0x100, 0xff, 2, false, true }, { 0x3, 0x100, 0xfe, 2, false, false },
        { 0x7, 0x101, 0x100, 1, false, true }, { 0x7, 0x100, 0x102, 1, false, false },
        { 0xf, 0x100, 0x103, 1, false, true }, { 0xf, 0x102, 0x104, 4, false, false },
        { 0xb, 0x100, 0x107, 1, false, true }, { 0xb, 0x100, 0x108, 1, false, false },
        { 0x0, 0x100, 0x100, 1, true, false },
    };
    MmuRig *rig = rig_new();

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        guint how = rows[i].is_write ? TCG_ACCESS_WRITE : TCG_ACCESS_READ;

        rig->s->dr[2] = BASE + rows[i].at;
        rig->s->dr[7] = 1 << 4 | rows[i].length_type << 24;
        rig->s->watch_hits = 0;
        tcg_tlb_flush(rig->s);
        if (tcg_access_begin(rig->s, BASE + rows[i].offset, rows[i].size, how)) {
            g_assert_true(tcg_access_end(rig->s) == rows[i].hit);
        }
        g_assert_cmphex(rig->s->watch_hits, ==, rows[i].hit ? 4 : 0);
    }
    mmu_rig_free(rig);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tcg/access/sizes", test_sizes);
    g_test_add_func("/tcg/access/fetch", test_fetch);
    g_test_add_func("/tcg/access/crossing", test_crossing);
    g_test_add_func("/tcg/access/crossing-fault", test_crossing_fault);
    g_test_add_func("/tcg/access/wrap", test_wrap);
    g_test_add_func("/tcg/access/bytes", test_bytes);
    g_test_add_func("/tcg/access/alignment", test_alignment);
    g_test_add_func("/tcg/access/mmio", test_mmio);
    g_test_add_func("/tcg/access/rom", test_rom);
    g_test_add_func("/tcg/access/code", test_code);
    g_test_add_func("/tcg/access/begin/fills", test_begin_fills);
    g_test_add_func("/tcg/access/begin/device", test_begin_device);
    g_test_add_func("/tcg/access/begin/known-device", test_begin_known_device);
    g_test_add_func("/tcg/access/begin/crossing", test_begin_crossing);
    g_test_add_func("/tcg/access/begin/code", test_begin_code);
    g_test_add_func("/tcg/access/begin/log", test_begin_log);
    g_test_add_func("/tcg/access/watches", test_watches);
    return g_test_run();
}
