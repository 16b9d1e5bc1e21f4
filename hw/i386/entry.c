/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entry states: Intel SDM vol. 3A ch. 3 (segments), ch. 4 (paging), table 9-1
 * (what RESET leaves).
 */
#include "config.h"
#include "hw/i386/entry.h"

#include "hw/i386/boot.h"
#include "qmp/bytes.h"

/* Segment types, with their accessed bit. */
enum { TYPE_DATA = 0x3, TYPE_CODE = 0xb, TYPE_TSS_BUSY = 0xb };

#define CR0_PE   (1u << 0)
#define CR0_ET   (1u << 4)
#define CR0_PG   (1u << 31)
#define CR4_PAE  (1u << 5)
#define EFER_LME (1u << 8)
#define EFER_LMA (1u << 10)
#define RFLAGS_FIXED 0x2

/* Page table entries. */
enum { PTE_PRESENT = 1 << 0, PTE_WRITE = 1 << 1, PTE_LARGE = 1 << 7 };

enum { TABLE_SIZE = 4096, N_GIB = 4 };

static X86Segment flat_segment(guint16 selector, guint8 type)
{
    return (X86Segment){
        .limit = 0xffffffff, .selector = selector, .type = type, .s = 1, .p = 1, .db = 1, .g = 1,
    };
}

static void set_segments(X86CpuState *state, guint16 code, guint16 data)
{
    for (guint i = 0; i < X86_N_SEGMENTS; i++) {
        state->segment[i] = flat_segment(data, TYPE_DATA);
    }
    state->segment[X86_CS] = flat_segment(code, TYPE_CODE);
    state->tr = (X86Segment){ .limit = 0x67, .type = TYPE_TSS_BUSY, .p = 1 };
}

void entry_protected(X86CpuState *state, guint64 rip, guint16 code, guint16 data)
{
    set_segments(state, code, data);
    memset(state->gpr, 0, sizeof(state->gpr));
    state->rip = rip;
    state->rflags = RFLAGS_FIXED;
    state->cr0 = CR0_PE | CR0_ET;
}

void entry_long(X86CpuState *state, guint64 rip, guint16 code, guint16 data)
{
    entry_protected(state, rip, code, data);
    state->segment[X86_CS].l = 1;
    state->segment[X86_CS].db = 0;
    state->cr0 |= CR0_PG;
    state->cr4 = CR4_PAE;
    state->efer = EFER_LME | EFER_LMA;
}

/* ---- Tables ---- */

/* Code at a selector, data at the next one. */
static bool add_gdt(Boot *boot, bool long_mode, guint16 code, GError **error)
{
    g_autoptr(GByteArray) gdt = g_byte_array_new();

    while (gdt->len < code) {
        append_le(gdt, 0, 8);
    }
    append_le(gdt, long_mode ? G_GUINT64_CONSTANT(0x00af9b000000ffff)
                             : G_GUINT64_CONSTANT(0x00cf9b000000ffff), 8);
    append_le(gdt, G_GUINT64_CONSTANT(0x00cf93000000ffff), 8);
    boot->entry.gdt = (X86Table){ .base = BOOT_GDT, .limit = gdt->len - 1 };
    return boot_add_table(boot, BOOT_GDT, gdt, "GDT", error);
}

/* One PML4, one page directory pointer table, a page directory for each GiB. */
static bool add_pages(Boot *boot, GError **error)
{
    const guint64 pdpt = BOOT_PAGES + TABLE_SIZE;
    const guint64 pd = pdpt + TABLE_SIZE;
    g_autoptr(GByteArray) tables = g_byte_array_new();

    g_byte_array_set_size(tables, (2 + N_GIB) * TABLE_SIZE);
    memset(tables->data, 0, tables->len);
    put_le(tables->data, pdpt | PTE_PRESENT | PTE_WRITE, 8);
    for (guint i = 0; i < N_GIB; i++) {
        put_le(tables->data + TABLE_SIZE + i * 8,
               (pd + i * TABLE_SIZE) | PTE_PRESENT | PTE_WRITE, 8);
    }
    for (guint64 i = 0; i < N_GIB * 512; i++) {
        put_le(tables->data + 2 * TABLE_SIZE + i * 8,
               i << 21 | PTE_PRESENT | PTE_WRITE | PTE_LARGE, 8);
    }
    boot->entry.cr3 = BOOT_PAGES;
    return boot_add_table(boot, BOOT_PAGES, tables, "page tables", error);
}

bool entry_add_tables(Boot *boot, bool long_mode, GError **error)
{
    return add_gdt(boot, long_mode, ENTRY_CODE, error) && (!long_mode || add_pages(boot, error));
}

bool entry_add_gdt(Boot *boot, guint16 code, GError **error)
{
    return add_gdt(boot, false, code, error);
}
