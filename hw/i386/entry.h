/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Initial CPU states of boot protocols.
 */
#ifndef HW_I386_ENTRY_H
#define HW_I386_ENTRY_H

#include "cpu/x86-state.h"

struct Boot;

/* Both start from a state after RESET. */

/* 32-bit protected mode without paging, flat segments with the given selectors
 * (code, data), limits of 4 GiB, interrupts off. */
void entry_protected(X86CpuState *state, guint64 rip, guint16 code, guint16 data);
/* 64-bit mode with the page tables and the GDT that entry_add_tables makes. */
void entry_long(X86CpuState *state, guint64 rip, guint16 code, guint16 data);

/* Adds the GDT (flat 32-bit code and data, or 64-bit code, at the selectors
 * that Linux wants) and, for 64 bits, page tables that map the first 4 GiB to
 * themselves; sets gdt and cr3 of boot->entry. */
bool entry_add_tables(struct Boot *boot, bool long_mode, GError **error);

/* Only a GDT, with flat 32-bit code at the selector code and data at the next. */
bool entry_add_gdt(struct Boot *boot, guint16 code, GError **error);

/* Selectors of entry_add_tables' GDT (Linux boot protocol: __BOOT_CS, __BOOT_DS). */
enum { ENTRY_CODE = 0x10, ENTRY_DATA = 0x18 };

#endif
