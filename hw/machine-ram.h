/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RAM of a machine: its `memory-backend` as one region that boards map, whole
 * or in pieces.  Not in hw/machine, which does not depend on backends.
 */
#ifndef HW_MACHINE_RAM_H
#define HW_MACHINE_RAM_H

#include "hw/machine/machine.h"

/* Claims the backend of machine's property `memory-backend` and makes
 * machine->ram ("ram", not mapped yet) and ram_size; without one they stay NULL
 * and 0.  Machine lock.  Fails with in-use. */
bool machine_ram_claim(Machine *machine, GError **error);
/* Mirror, once the address spaces no longer show the region. */
void machine_ram_release(Machine *machine);

#endif
