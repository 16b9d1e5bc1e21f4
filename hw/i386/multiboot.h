/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernels with a Multiboot header (version 1).
 */
#ifndef HW_I386_MULTIBOOT_H
#define HW_I386_MULTIBOOT_H

#include "hw/i386/boot.h"

/* Whether the file has a header with a valid checksum; false if it cannot be read. */
bool multiboot_matches(const LoaderFile *file);

/* Opens the modules of "FILE WORDS,FILE WORDS,...": an array of LoaderFile, whose
 * text is a module's FILE and WORDS.  ",," is a comma in a name.  Fails with
 * file-not-usable. */
GPtrArray *multiboot_open_modules(const char *list, GError **error);

/* Loads boot->kernel: adds it, its modules, command line and Multiboot information
 * to boot, and sets its entry.  Fails with file-not-usable or out-of-range. */
bool multiboot_load(Boot *boot, GError **error);

#endif
