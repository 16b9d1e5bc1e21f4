/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RAM of a machine, as one region that boards map, whole or in pieces: its
 * `memory-backend`, or several backends one behind the other.  Not in hw/machine,
 * which does not depend on backends.  Machine lock.
 */
#ifndef HW_MACHINE_RAM_H
#define HW_MACHINE_RAM_H

#include "hw/backends/memory-backend.h"
#include "hw/machine/machine.h"

/* Claims the backend of machine's property `memory-backend` and makes
 * machine->ram ("ram", not mapped yet) and ram_size; without one they stay NULL
 * and 0.  Fails with in-use. */
bool machine_ram_claim(Machine *machine, GError **error);
/* For a machine without that property: makes machine->ram with ram_size bytes, but no
 * memory in it. */
void machine_ram_make(Machine *machine, guint64 size);
/* Puts a backend into it at offset, or moves it there.  Fails with in-use or invalid-value
 * without a path; not if it is there already. */
bool machine_ram_place(Machine *machine, MemoryBackend *backend, guint64 offset, GError **error);
/* Takes a backend out again; a no-op if it is not there. */
void machine_ram_displace(Machine *machine, const MemoryBackend *backend);

/* Mirror, once the address spaces no longer show the region. */
void machine_ram_release(Machine *machine);

#endif
