/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine's property smp: the places that its CPUs may take.
 */
#ifndef HW_I386_X86_SMP_H
#define HW_I386_X86_SMP_H

#include <glib.h>
#include <stdbool.h>

#include "cpu/topology.h"

typedef struct SMPConfiguration SMPConfiguration;

/*
 * Chooses what smp leaves open, writes the choice into it, and returns the places.  sockets_first:
 * CPUs go to sockets rather than cores.  Fails with invalid-value if the numbers do not fit each
 * other; smp is as it was then.
 */
bool x86_smp_resolve(SMPConfiguration *smp, bool sockets_first, CpuTopology *ret, GError **error);

#endif
