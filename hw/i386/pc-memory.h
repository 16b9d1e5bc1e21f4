/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory of a PC besides the RAM that it starts with: property `memory`, and the
 * range for memory devices.  Machine lock held.
 */
#ifndef HW_I386_PC_MEMORY_H
#define HW_I386_PC_MEMORY_H

#include "hw/i386/x86-machine.h"
#include "hw/mem/device-memory.h"
#include "hw/nvram/fw-cfg.h"

/* After x86_setup: checks property `memory`, completes it, and makes the range for memory
 * devices if it has room for any.  Fails with invalid-value, out-of-range or
 * limit-exceeded, naming `memory` and its member. */
bool pc_memory_setup(X86Machine *x86, GError **error);
/* Mirror, after the devices are gone. */
void pc_memory_teardown(X86Machine *x86);

/* Where memory ends, memory devices included: 4 GiB or above. */
guint64 pc_memory_end(const X86Machine *x86);
/* Tells firmware where the range for memory devices ends, if there is one.  Fails with
 * fw_cfg_set_file()'s errors. */
bool pc_memory_set_items(const X86Machine *x86, FwCfg *fw_cfg, GError **error);

#endif
