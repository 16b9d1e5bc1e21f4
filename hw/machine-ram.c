/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RAM of a machine, for boards.  A link holds each backend; the claim marks it
 * as mapped.
 */
#include "config.h"
#include "hw/machine-ram.h"

#include "hw/machine/service.h"
#include "qom/qapi-objects-machine.h"

/* A backend in the container. */
typedef struct {
    MemoryBackend *backend;
    MemoryRegion *region;
} RamPart;

MACHINE_SERVICE(parts, GArray, NULL)    /* of RamPart; from make to release */

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

/* ---- Several backends ---- */

void machine_ram_make(Machine *machine, guint64 size)
{
    machine->ram_size = size;
    machine->ram = region_new_container(&machine->object, "ram", size);
    set_parts(machine, g_array_new(false, false, sizeof(RamPart)));
}

static RamPart *find_part(const Machine *machine, const MemoryBackend *backend, guint *ret_index)
{
    GArray *all = parts(machine);

    for (guint i = 0; i < all->len; i++) {
        RamPart *part = &g_array_index(all, RamPart, i);

        if (part->backend == backend) {
            *ret_index = i;
            return part;
        }
    }
    return NULL;
}

bool machine_ram_place(Machine *machine, MemoryBackend *backend, guint64 offset, GError **error)
{
    guint index;
    const RamPart *old = find_part(machine, backend, &index);
    RamPart part = { .backend = backend };

    if (old) {
        region_set_offset(old->region, offset);
        return true;
    }
    if (!memory_backend_claim(backend, NULL, true, error)) {
        return false;
    }
    part.region = region_new_ram(&machine->object, "ram-part[*]", memory_backend_hva(backend),
                                 memory_backend_size(backend));
    region_add(machine->ram, offset, part.region, 0);
    g_array_append_val(parts(machine), part);
    return true;
}

static void free_part(Machine *machine, const RamPart *part)
{
    region_remove(machine->ram, part->region);
    region_free(part->region);
    memory_backend_unclaim(part->backend);
}

void machine_ram_displace(Machine *machine, const MemoryBackend *backend)
{
    guint index;
    const RamPart *part = find_part(machine, backend, &index);

    if (part) {
        free_part(machine, part);
        g_array_remove_index(parts(machine), index);
    }
}

static void release_parts(Machine *machine)
{
    GArray *all = parts(machine);

    for (guint i = 0; i < all->len; i++) {
        free_part(machine, &g_array_index(all, RamPart, i));
    }
    set_parts(machine, NULL);
    g_array_unref(all);
}

/* ---- End ---- */

void machine_ram_release(Machine *machine)
{
    if (machine->ram) {
        if (parts(machine)) {
            release_parts(machine);
        } else {
            memory_backend_unclaim(backend_of(machine));
        }
        region_free(machine->ram);
        machine->ram = NULL;
        machine->ram_size = 0;
    }
}
