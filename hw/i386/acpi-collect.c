/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Collects the data for ACPI tables from a machine's objects.
 */
#include "config.h"
#include "hw/i386/acpi-build.h"

#include "qmp/qapi-types-object.h"

static bool collect_device(Object *obj, void *data)
{
    Device *dev = device_in_use(obj);

    if (dev) {
        device_describe_acpi(dev, data);
    }
    return true;
}

static void collect_cpu(Cpu *cpu, void *data)
{
    const AcpiCpu entry = { .apic_id = cpu->apic_id };

    g_array_append_val(data, entry);
}

void acpi_pc_collect(Machine *machine, AcpiPcConfig *config)
{
    config->cpus = g_array_new(false, false, sizeof(AcpiCpu));
    config->devices = (AcpiDevices){ .isa = g_array_new(false, false, sizeof(AcpiIsaDevice)) };
    cpu_foreach(object_root(&machine->object), collect_cpu, config->cpus);
    object_foreach_descendant(&machine->object, collect_device, &config->devices);
}

void acpi_pc_clear(AcpiPcConfig *config)
{
    g_clear_pointer(&config->cpus, g_array_unref);
    g_clear_pointer(&config->devices.isa, g_array_unref);
}
