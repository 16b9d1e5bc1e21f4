/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Machine `microvm`: a PC reduced to what a directly booted kernel needs.  Its
 * chips are in the recipe (qmp/schema/machine.json); this file chooses which
 * ones, and hands RAM, lines and boot to x86-machine.c.
 *
 *     0x00000000  RAM, up to 3 GiB; 0xf0000: MP table
 *     0xfeb00000  virtio-mmio 0 to 7, 512 bytes each, on GSIs 5 to 12
 *     0xfec00000  I/O APIC
 *     0xfee00000  local APICs
 *     0x100000000 the rest of RAM
 */
#include "config.h"
#include "hw/i386/microvm.h"

#include "hw/i386/fw-cfg-items.h"
#include "hw/i386/x86-machine.h"
#include "hw/virtio/virtio-mmio.h"
#include "qmp/error.h"
#include "qmp/qapi-types-common.h"
#include "qom/qapi-objects-firmware.h"
#include "qom/qapi-objects-machine.h"
#include "qom/qapi-objects-virtio.h"

/* Resolves `auto` and writes the result back into the property. */
static void resolve(OnOffAuto *value, bool automatic)
{
    if (*value == ON_OFF_AUTO_AUTO) {
        *value = automatic ? ON_OFF_AUTO_ON : ON_OFF_AUTO_OFF;
    }
}

static bool microvm_setup(Machine *machine, GError **error)
{
    MicrovmMachineProps *props = microvm_machine_props(machine);
    const AccelOps *accel = accel_ops(machine->accel);

    if (!x86_check_irqchip(machine, error)) {
        return false;
    }
    resolve(&props->acpi, false);
    resolve(&props->pic, true);
    resolve(&props->pit, true);
    resolve(&props->rtc, !g_str_equal(accel->name, "kvm"));
    if (!x86_setup_cpus(machine, error) || !x86_setup(machine, error)) {
        x86_teardown(machine);
        return false;
    }
    return true;
}

static bool microvm_wire(Machine *machine, GError **error)
{
    const X86Chips chips = {
        .ioapic = x86_chip(machine, MICROVM_MACHINE_PART_IOAPIC),
        .i8259 = x86_chip(machine, MICROVM_MACHINE_PART_I8259),
        .i8259_slave = x86_chip(machine, MICROVM_MACHINE_PART_I8259_SLAVE),
    };

    x86_wire(machine, &chips);
    return true;
}

/* Only this tells the kernel where virtio devices are.  It uses the order of
 * the recipe, in which devices get their places, so that the guest numbers them
 * as they were added. */
static bool announce_virtio(Object *child, void *data)
{
    const VirtioMmio *mmio = object_dynamic_cast(child, &qmp_class_virtio_mmio);
    const VirtioMmioProps *props;

    if (mmio && virtio_mmio_has_device(mmio)) {
        props = virtio_mmio_props(mmio);
        g_string_append_printf(data, "%svirtio_mmio.device=%u@0x%" G_GINT64_MODIFIER "x:%u",
                               ((GString *)data)->len ? " " : "", VIRTIO_MMIO_SIZE, props->base,
                               props->gsi);
    }
    return true;
}

/* The device is an entry of the recipe. */
static bool fill_fw_cfg(Machine *machine, GError **error)
{
    FwCfg *fw_cfg = to_fw_cfg(x86_chip(machine, MICROVM_MACHINE_PART_FW_CFG));
    BootRange ranges[BOOT_MAX_RANGES];
    const BootConfig config = x86_boot_config(machine);
    guint n = boot_memory_map(&config, ranges);

    return fw_cfg_items_set(fw_cfg, machine, ranges, n, error) &&
           fw_cfg_add_client_files(fw_cfg, error);
}

static bool microvm_start(Machine *machine, GError **error)
{
    const MicrovmMachineProps *props = microvm_machine_props(machine);
    g_autoptr(GString) append = g_string_new(props->append);

    if (props->auto_kernel_cmdline) {
        object_foreach_child(&machine->object, announce_virtio, append);
    }
    return smbios_refuse(machine, error) && fill_fw_cfg(machine, error) &&
           x86_start_kernel(machine, append->len ? append->str : NULL,
                            props->pic == ON_OFF_AUTO_ON, error);
}

static const MachineOps microvm_ops = {
    .fetch_begin = x86_fetch_begin,
    .fetch_work = x86_fetch_work,
    .fetch_end = x86_fetch_end,
    .setup = microvm_setup,
    .wire = microvm_wire,
    .start = microvm_start,
    .reset = x86_reset,
    .teardown = x86_teardown,
};

const TypeInfo microvm_machine_type = {
    .schema = &qmp_class_microvm_machine,
    .kind = &microvm_ops,
};
