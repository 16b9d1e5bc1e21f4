/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory of a PC besides the RAM that it starts with: property `memory`, the range for
 * memory devices, and what tables say of memory.  Machine lock held.
 */
#ifndef HW_I386_PC_MEMORY_H
#define HW_I386_PC_MEMORY_H

#include "hw/acpi/acpi-tables.h"
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
/* The memory of NUMA nodes, for an SRAT; 0 ranges: no SRAT is needed. */
enum { PC_MEMORY_MAX_RANGES = 6 + DEVICE_MEMORY_MAX_SLOTS };
guint pc_memory_ranges(const X86Machine *x86, AcpiMemory ret_ranges[PC_MEMORY_MAX_RANGES]);
/* Tells firmware where the range for memory devices ends, and that there is one NUMA
 * node, if there is such a range.  Fails with fw_cfg_set_file()'s errors. */
bool pc_memory_set_items(const X86Machine *x86, FwCfg *fw_cfg, GError **error);

#endif
