/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page tables of each mode (SDM vol. 3A, figures 4-2 to 4-11), in a memory of a few pages.
 */
#include "config.h"

#include <string.h>

#include "cpu/paging.h"

enum {
    PAGES = 8,
    P = 1, W = 2, U = 4, PS = 1 << 7,
    PE = 1, CR4_PSE = 1 << 4, CR4_PAE = 1 << 5,
    LMA = 1 << 10, NXE = 1 << 11,
};
#define PG (1u << 31)
#define NX (1ull << 63)

static guint8 memory[PAGES * 4096];

static bool read_memory(void *opaque, guint64 address, void *ret, gsize size)
{
    if (address > sizeof(memory) || size > sizeof(memory) - address) {
        return false;
    }
    memcpy(ret, memory + address, size);
    return true;
}

static void set64(guint page, guint i, guint64 entry)
{
    entry = GUINT64_TO_LE(entry);
    memcpy(memory + page * 4096 + i * 8, &entry, 8);
}

static void set32(guint page, guint i, guint32 entry)
{
    entry = GUINT32_TO_LE(entry);
    memcpy(memory + page * 4096 + i * 4, &entry, 4);
}

static void clear(void)
{
    memset(memory, 0, sizeof(memory));
}

static void check(const X86CpuState *state, guint64 address, guint64 physical, guint64 size,
                  guint32 flags)
{
    Page page;

    g_assert_true(paging_find(state, read_memory, NULL, address, &page));
    g_assert_cmphex(page.physical + (address & (page.size - 1)), ==, physical);
    g_assert_cmphex(page.size, ==, size);
    g_assert_cmphex(page.flags, ==, flags);
    g_assert_cmphex(page.virtual, ==, address & ~(size - 1));
}

static void check_none(const X86CpuState *state, guint64 address)
{
    Page page;

    g_assert_false(paging_find(state, read_memory, NULL, address, &page));
}

static bool append(const Page *page, void *data)
{
    g_string_append_printf(data, "%" G_GINT64_MODIFIER "x>%" G_GINT64_MODIFIER "x+%"
                           G_GINT64_MODIFIER "x ", page->virtual, page->physical, page->size);
    return true;
}

static void check_all(const X86CpuState *state, const char *wanted)
{
    g_autoptr(GString) all = g_string_new(NULL);

    g_assert_true(paging_foreach(state, read_memory, NULL, append, all));
    g_assert_cmpstr(all->str, ==, wanted);
}

static void test_off(void)
{
    const X86CpuState state = { .cr0 = PE };

    clear();
    check(&state, 0x12345, 0x12345, 4096, P | W | U);
    check_all(&state, "");
}

static void test_two_levels(void)
{
    X86CpuState state = { .cr0 = PE | PG, .cr3 = 0x1000 };

    clear();
    set32(1, 0, 0x2000 | P | W | U);
    set32(1, 1, 0x00c06000 | P | W | PS);           /* bits 13 and 14 are 32 and 33 */
    set32(2, 3, 0x5000 | P | U);
    check(&state, 0x3008, 0x5008, 4096, P | U);
    check_none(&state, 0x2000);
    /* Without PSE the second entry leads to a table that is not there. */
    check_none(&state, 0x400000);
    state.cr4 = CR4_PSE;
    check(&state, 0x412345, 0x300c12345, 4 << 20, P | W | PS);
    check_all(&state, "3000>5000+1000 400000>300c00000+400000 ");
}

static void test_three_levels(void)
{
    X86CpuState state = { .cr0 = PE | PG, .cr4 = CR4_PAE, .cr3 = 0x1020, .efer = NXE };

    clear();
    set64(1, 4 + 2, 0x2000 | P);                    /* the four entries begin at 0x1020 */
    set64(2, 0, 0x3000 | P | W | U);
    set64(2, 1, 0x600000 | P | W | PS | NX);
    set64(3, 1, 0x5000 | P | W);
    check(&state, 0x80001004, 0x5004, 4096, P | W);
    check(&state, 0x80212345, 0x612345, 2 << 20, P | W | PS | PAGE_NO_EXECUTE);
    check_none(&state, 0x1000);
    check_all(&state, "80001000>5000+1000 80200000>600000+200000 ");
}

static void test_four_levels(void)
{
    const guint64 high = 0xffff800000000000;
    X86CpuState state = { .cr0 = PE | PG, .cr4 = CR4_PAE, .cr3 = 0x1000, .efer = LMA | NXE };

    clear();
    set64(1, 256, 0x2000 | P | W | U | NX);
    set64(2, 0, 0x3000 | P | W);
    set64(2, 1, 0x40000000 | P | PS);
    set64(3, 0, 0x4000 | P | W | U);
    set64(4, 511, 0x7000 | P | W | U);
    check(&state, high + 0x1ff123, 0x7123, 4096, P | W | PAGE_NO_EXECUTE);
    check(&state, high + 0x40000005, 0x40000005, 1 << 30, P | PS | PAGE_NO_EXECUTE);
    check_none(&state, 0x1ff000);
    check_none(&state, 0x0000800000000000);         /* not canonical */
    check_all(&state, "ffff8000001ff000>7000+1000 ffff800040000000>40000000+40000000 ");
}

/* A table that is its own: each level ends. */
static void test_recursive(void)
{
    X86CpuState state = { .cr0 = PE | PG, .cr4 = CR4_PAE, .cr3 = 0x1000, .efer = LMA };

    clear();
    set64(1, 511, 0x1000 | P | W);
    check(&state, ~0ull, 0x1fff, 4096, P | W);
    check_all(&state, "fffffffffffff000>1000+1000 ");
}

static bool count(const Page *page, void *data)
{
    (*(guint *)data)++;
    return true;
}

/* A guest's tables that lead to each other half a million times do not keep the daemon busy. */
static void test_endless(void)
{
    const X86CpuState state = { .cr0 = PE | PG, .cr4 = CR4_PAE, .cr3 = 0x1000, .efer = LMA };
    guint pages = 0;

    clear();
    for (guint i = 0; i < 512; i++) {
        set64(1, i, 0x2000 | P);
        set64(2, i, 0x3000 | P);
        set64(3, i, 0x4000 | P);
    }
    g_assert_false(paging_foreach(&state, read_memory, NULL, count, &pages));
    g_assert_cmpuint(pages, ==, 0);
    set64(4, 0, 0x5000 | P);
    g_assert_false(paging_foreach(&state, read_memory, NULL, count, &pages));
    g_assert_cmpuint(pages, >, 0);
    g_assert_cmpuint(pages, <, PAGING_TABLES_MAX);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/paging/off", test_off);
    g_test_add_func("/paging/two-levels", test_two_levels);
    g_test_add_func("/paging/three-levels", test_three_levels);
    g_test_add_func("/paging/four-levels", test_four_levels);
    g_test_add_func("/paging/recursive", test_recursive);
    g_test_add_func("/paging/endless", test_endless);
    return g_test_run();
}
