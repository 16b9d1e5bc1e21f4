/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Just enough of ELF for kernels: program headers of 32- and 64-bit x86 files,
 * in one form.
 */
#ifndef HW_I386_ELF_H
#define HW_I386_ELF_H

#include "hw/i386/loader.h"

/* Numbers of the gABI; names without prefix are <elf.h>'s. */
enum { ELF_LOAD = 1, ELF_NOTE = 4 };

typedef struct {
    guint32 type;
    guint64 offset, paddr, filesz, memsz, align;
} ElfSegment;

/* Reads all program headers, newly allocated.  Each segment lies in the file,
 * and its memsz is not below its filesz.  Fails with file-not-usable. */
GArray *elf_segments(const LoaderFile *file, GError **error);

#endif
