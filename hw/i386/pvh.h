/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernels as ELF files with a PVH entry note.
 */
#ifndef HW_I386_PVH_H
#define HW_I386_PVH_H

#include "hw/i386/boot.h"

/* Loads boot->kernel: adds segments, start info, command line and initrd to
 * boot, and sets its entry.  Fails with file-not-usable or out-of-range. */
bool pvh_load(Boot *boot, GError **error);

#endif
