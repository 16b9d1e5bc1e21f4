/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Collects the data for ACPI tables from a machine's objects.
 */
#include "config.h"
#include "hw/i386/acpi-build.h"


static bool collect_device(Object *obj, void *data)
{
    Device *dev = device_in_use(obj);

    if (dev) {
        device_describe_acpi(dev, data);
    }
    return true;
}

static GArray *collect_cpus(Machine *machine)
{
    g_autoptr(GArray) places = cpu_places(object_root(&machine->object));
    GArray *cpus = g_array_new(false, false, sizeof(AcpiCpu));

    for (guint i = 0; i < places->len; i++) {
        const CpuPlace *place = &g_array_index(places, CpuPlace, i);
        const AcpiCpu entry = { .apic_id = place->apic_id, .node = place->node,
                                .empty = !place->cpu };

        g_array_append_val(cpus, entry);
    }
    return cpus;
}

void acpi_pc_collect(Machine *machine, AcpiPcConfig *config)
{
    config->cpus = collect_cpus(machine);
    config->devices = (AcpiDevices){ .isa = g_array_new(false, false, sizeof(AcpiIsaDevice)) };
    object_foreach_descendant(&machine->object, collect_device, &config->devices);
}

void acpi_pc_clear(AcpiPcConfig *config)
{
    g_clear_pointer(&config->cpus, g_array_unref);
    g_clear_pointer(&config->devices.isa, g_array_unref);
}
