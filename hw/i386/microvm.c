/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Machine `microvm`: a PC reduced to what a kernel needs that is started
 * directly.  Its chips are in the recipe (qmp/schema/machine.json); this file
 * chooses which ones, and hands RAM, lines and boot to x86-machine.c.
 *
 *     0x00000000  RAM, up to 3 GiB; 0xf0000: MP table
 *     0xfec00000  I/O APIC
 *     0xfee00000  local APICs
 *     0x100000000 the rest of RAM
 */
#include "config.h"
#include "hw/i386/microvm.h"

#include "hw/i386/x86-machine.h"
#include "qmp/error.h"

static MicrovmMachineProps *microvm_props(Machine *machine)
{
    return object_props(machine);
}

/* Writes what `auto` means back into the property. */
static void resolve(OnOffAuto *value, bool automatic)
{
    if (*value == ON_OFF_AUTO_AUTO) {
        *value = automatic ? ON_OFF_AUTO_ON : ON_OFF_AUTO_OFF;
    }
}

static bool microvm_setup(Machine *machine, GError **error)
{
    MicrovmMachineProps *props = microvm_props(machine);
    const AccelOps *accel = accel_ops(machine->accel);

    if (accel->irqchip(machine->accel) != ACCEL_IRQCHIP_ON) {
        qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED,
                      "machine type 'microvm' needs interrupt controllers of the accelerator: "
                      "kernel-irqchip 'on'");
        return false;
    }
    resolve(&props->pic, true);
    resolve(&props->pit, true);
    resolve(&props->rtc, !g_str_equal(accel->name, "kvm"));
    return x86_setup(machine, error);
}

static bool microvm_start(Machine *machine, GError **error)
{
    return x86_start_kernel(machine, microvm_props(machine)->pic == ON_OFF_AUTO_ON, error);
}

static const MachineOps microvm_ops = {
    .setup = microvm_setup,
    .start = microvm_start,
    .reset = x86_reset,
    .teardown = x86_teardown,
};

const TypeInfo microvm_machine_type = {
    .schema = &qmp_class_microvm_machine,
    .kind = &microvm_ops,
};
