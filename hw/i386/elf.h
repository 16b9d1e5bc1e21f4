/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Just enough of ELF for kernels: program headers of 32- and 64-bit x86 files,
 * in one form.
 */
#ifndef HW_I386_ELF_H
#define HW_I386_ELF_H

#include "hw/i386/loader.h"

/* Numbers of the gABI; names without prefix are <elf.h>'s. */
enum { ELF_LOAD = 1, ELF_NOTE = 4, ELF_386 = 3, ELF_X86_64 = 62 };

typedef struct {
    guint32 type;
    guint64 offset, vaddr, paddr, filesz, memsz, align;
} ElfSegment;

typedef struct {
    guint16 machine;            /* ELF_386 or ELF_X86_64 */
    guint64 entry;              /* a virtual address */
} ElfHeader;

/* Whether a file that begins with magic is an ELF file. */
bool elf_matches(const guint8 magic[4]);
/* Reads all program headers, newly allocated.  Each segment is checked to lie
 * in the file, with a memsz not below its filesz.  ret_header may be NULL.
 * Fails with file-not-usable. */
GArray *elf_segments(const LoaderFile *file, ElfHeader *ret_header, GError **error);
/* Whether a physical address is in the part that is loaded from the file. */
bool elf_is_loaded(const GArray *segments, guint64 addr);

#endif
