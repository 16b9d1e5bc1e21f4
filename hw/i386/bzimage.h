/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Linux kernels as bzImage files.
 */
#ifndef HW_I386_BZIMAGE_H
#define HW_I386_BZIMAGE_H

#include "hw/i386/boot.h"

/* Whether the file has the magic of a Linux kernel's setup header. */
bool bzimage_matches(const LoaderFile *file);

/* Loads boot->kernel: adds the protected-mode kernel, zero page, command line
 * and initrd to boot, and sets its entry.  Fails with file-not-usable (also for
 * a file of any other format) or out-of-range. */
bool bzimage_load(Boot *boot, GError **error);

#endif
