/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A PC's NUMA nodes: its property `numa`, RAM that consists of the nodes' backends, and what
 * tables say.  The nodes themselves are hw/mem/numa.h's.  Machine lock held.
 */
#ifndef HW_I386_PC_NUMA_H
#define HW_I386_PC_NUMA_H

#include "hw/acpi/acpi-numa.h"
#include "hw/i386/x86-machine.h"

/* Whether machines of a class take nodes with a size and no memory backend. */
bool pc_numa_takes_sizes(const QmpClass *klass);

/* Between x86_setup_cpus and x86_setup: makes the nodes, and RAM if the machine has no
 * `memory-backend`: as large as `memory.size` says, else as its nodes are.  That nothing is missing
 * is checked as well, unless RAM is.  Fails with numa_add()'s and numa_check()'s errors, naming
 * `numa` and the step. */
bool pc_numa_setup(X86Machine *x86, GError **error);
/* Mirror, before x86_teardown; a no-op without nodes. */
void pc_numa_teardown(X86Machine *x86);
/* The machine takes memory devices, so that it must have a node: makes one if there is none. */
void pc_numa_imply(X86Machine *x86);

/* The property has changed: follows it, or fails in the same ways and leaves all as it was. */
bool pc_numa_update(X86Machine *x86, GError **error);
/* At the start: that nothing is missing.  Fails as above. */
bool pc_numa_check(const X86Machine *x86, GError **error);

/* pc-numa-tables.c: what tables say of the nodes; NULL: there are none.  For the caller to free. */
AcpiNuma *pc_numa_describe(const X86Machine *x86);

#endif
