/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Machine `none`: an accelerator, a clock and address spaces, and RAM at
 * address 0 if there is a backend.  For introspection, and as the base of
 * device tests.
 */
#include "config.h"
#include "hw/types.h"

#include "hw/machine-ram.h"
#include "hw/machine/machine.h"
#include "qmp/qapi-types-machine.h"

static bool none_setup(Machine *machine, GError **error)
{
    if (!machine_ram_claim(machine, error)) {
        return false;
    }
    if (machine->ram) {
        region_add(address_space_root(machine->memory), 0, machine->ram, 0);
    }
    return true;
}

static void none_teardown(Machine *machine)
{
    if (machine->ram) {
        region_remove(address_space_root(machine->memory), machine->ram);
    }
    machine_ram_release(machine);
}

static const MachineOps none_ops = {
    .setup = none_setup,
    .teardown = none_teardown,
};

const TypeInfo none_machine_type = {
    .schema = &qmp_class_none_machine,
    .kind = &none_ops,
};
