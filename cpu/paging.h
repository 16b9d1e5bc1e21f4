/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page tables, for looking at a guest from outside (SDM vol. 3A, chapter 4): nothing is accessed
 * or changed on behalf of the guest.  Pure functions.
 */
#ifndef CPU_PAGING_H
#define CPU_PAGING_H

#include "cpu/x86-state.h"

/* Reads physical memory; false: there is none. */
typedef bool PagingRead(void *opaque, guint64 address, void *ret, gsize size);

enum {
    PAGE_PRESENT = 1 << 0,
    PAGE_WRITABLE = 1 << 1,
    PAGE_USER = 1 << 2,
    PAGE_NO_EXECUTE = 1 << 9,
};

/* A page, and where it leads to. */
typedef struct {
    guint64 virtual, physical;
    guint64 size;               /* bytes */
    guint32 flags;              /* bits 0 to 8 of its entry, the first three of all tables, and
                                   PAGE_NO_EXECUTE */
} Page;

/* The page of an address; false: there is none.  Without paging, one of 4 KiB at the address. */
bool paging_find(const X86CpuState *state, PagingRead *read, void *opaque, guint64 address,
                 Page *ret);

/*
 * Calls f for each page in order of addresses, until it returns false.  Without paging there are
 * none.  A guest may let tables lead to each other without an end: so many are read, and no
 * more, which is enough for 128 GiB by pages of 4 KiB.  False: there is more than that, or f ended
 * it.
 */
enum { PAGING_TABLES_MAX = 65536 };
typedef bool PagingFunc(const Page *page, void *data);
bool paging_foreach(const X86CpuState *state, PagingRead *read, void *opaque, PagingFunc *f,
                    void *data);

#endif
