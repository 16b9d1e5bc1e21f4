/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine's property smp: the topology of its possible CPUs.
 */
#ifndef HW_I386_X86_SMP_H
#define HW_I386_X86_SMP_H

#include <glib.h>
#include <stdbool.h>

#include "cpu/topology.h"

typedef struct SMPConfiguration SMPConfiguration;

/*
 * Chooses what smp leaves open, writes the choice into it, and returns the topology.
 * sockets_first: prefers sockets over cores.  Fails with invalid-value if the numbers are
 * inconsistent; smp is then unchanged.
 */
bool x86_smp_resolve(SMPConfiguration *smp, bool sockets_first, CpuTopology *ret, GError **error);

#endif
