/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RAM of a machine, for boards.  The link holds the backend; the claim marks it
 * as mapped.
 */
#include "config.h"
#include "hw/machine-ram.h"

#include "hw/backends/memory-backend.h"
#include "qom/qapi-objects-machine.h"

static MemoryBackend *backend_of(Machine *machine)
{
    return machine_props(machine)->memory_backend.target;
}

bool machine_ram_claim(Machine *machine, GError **error)
{
    MemoryBackend *backend = backend_of(machine);

    if (!backend) {
        return true;
    }
    if (!memory_backend_claim(backend, "memory-backend", true, error)) {
        return false;
    }
    machine->ram_size = memory_backend_size(backend);
    machine->ram = region_new_ram(&machine->object, "ram", memory_backend_hva(backend),
                                  machine->ram_size);
    return true;
}

void machine_ram_release(Machine *machine)
{
    if (machine->ram) {
        region_free(machine->ram);
        machine->ram = NULL;
        machine->ram_size = 0;
        memory_backend_unclaim(backend_of(machine));
    }
}
