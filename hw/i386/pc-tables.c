/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tables of a PC; see pc-tables.h.
 */
#include "config.h"
#include "hw/i386/pc-tables.h"

#include <string.h>

#include "hw/acpi/acpi-nvdimm.h"
#include "hw/acpi/acpi-pci-hotplug.h"
#include "hw/acpi/piix4-pm.h"
#include "hw/i386/acpi-build.h"
#include "hw/i386/boot.h"
#include "hw/mem/device-memory.h"
#include "hw/pci-host/i440fx.h"
#include "qom/qapi-objects-pc.h"

/* ---- PCI buses for hotplug ---- */

static void free_buses(gpointer data)
{
    AcpiPciBus *buses = data;

    if (buses) {
        for (guint i = 0; buses[i].devfn; i++) {
            free_buses((void *)buses[i].buses);
        }
        g_free(buses);
    }
}

static void describe_bus(const PcTablesConfig *config, Bus *bus, AcpiPciBus *ret_bus);

/* Describes the buses behind the bridges on bus; no bridge is function 0 of
 * slot 0, so a devfn of 0 ends the list. */
static void describe_behind(const PcTablesConfig *config, Bus *bus, AcpiPciBus *at)
{
    AcpiPciBus *buses = g_new0(AcpiPciBus, PCI_N_DEVFN + 1);

    for (guint devfn = 1; devfn < PCI_N_DEVFN; devfn++) {
        const PciDevice *dev = pci_function_at(bus, devfn);
        Bus *behind = dev ? pci_bridge_bus(dev) : NULL;

        if (behind) {
            buses[at->n_buses].devfn = devfn;
            describe_bus(config, behind, &buses[at->n_buses++]);
        }
    }
    at->buses = buses;
}

static void describe_bus(const PcTablesConfig *config, Bus *bus, AcpiPciBus *ret_bus)
{
    const AcpiPciHotplug *hotplug = piix4_pm_hotplug(config->pm);

    ret_bus->number = acpi_pci_hotplug_number(hotplug, bus);
    ret_bus->fixed = ret_bus->number < 0 ? 0 : ~acpi_pci_hotplug_removable(bus);
    describe_behind(config, bus, ret_bus);
}

/* ---- ACPI ---- */

static AcpiWindow window(guint64 start, guint64 last)
{
    return (AcpiWindow){ start, last > start ? last - start + 1 : 0 };
}

static AcpiTables *build_acpi(const PcTablesConfig *config)
{
    const Piix4PmProps *pm = piix4_pm_props(config->pm);
    const DeviceMemory *range = device_memory_of(config->machine);
    g_autoptr(GByteArray) fit = range ? acpi_nvdimm_fit(range) : NULL;
    PciWindows windows;
    AcpiPciBus root = { 0 };
    AcpiPcConfig acpi = {
        .oem = { .id = "BOCHS", .table_id = "BXPC" },
        .fadt_revision = 1,
        .pm_base = config->pm_base,
        .gpe0 = PIIX4_GPE0_BASE,
        .pics = true,
        .s3 = !pm->disable_s3,
        .s4 = !pm->disable_s4,
        .s4_value = pm->s4_val,
        .hotplug_base = ACPI_PCI_HOTPLUG_BASE,
        .root = &root,
        .acpi_index = true,
        .memory_hotplug_base = ACPI_MEMORY_HOTPLUG_BASE,
        .n_memory_slots = range && range->ops ? range->n_slots : 0,
        .cpu_hotplug_base = topology_n_places(&config->machine->accel->topology)
                            ? ACPI_CPU_HOTPLUG_BASE : 0,
        .numa = config->numa,
        .n_nvdimm_slots = range && range->nvdimm_ops ? range->n_slots : 0,
        .fit = fit,
    };
    AcpiTables *tables;

    i440fx_windows(config->host, &windows);
    acpi.hole32 = window(config->ram_low, windows.mem_end);
    acpi.hole64 = window(windows.mem64_base, windows.mem64_end);
    describe_bus(config, i440fx_bus(config->host), &root);
    acpi_pc_collect(config->machine, &acpi);
    tables = acpi_pc_build(&acpi);
    acpi_pc_clear(&acpi);
    free_buses((void *)root.buses);
    return tables;
}

/* ---- SMBIOS ---- */

static SmbiosTables *build_smbios(const PcTablesConfig *config, GError **error)
{
    guint64 size = config->machine->ram_size;
    const SmbiosRange ranges[] = {
        { 0, config->ram_low }, { BOOT_4G, size - config->ram_low },
    };
    const char *type = object_class_name(config->machine);
    g_autofree char *version = g_strndup(type, strlen(type) - strlen("-machine"));
    SmbiosConfig smbios = {
        .manufacturer = "QEMU",
        .product = "Standard PC (i440FX + PIIX, 1996)",
        .version = version,
        .is_64 = config->smbios_64,
        .ram_size = size,
        .ranges = ranges,
        .n_ranges = size > config->ram_low ? 2 : 1,
    };
    SmbiosTables *tables;

    if (!smbios_collect(config->machine, &smbios, error)) {
        return NULL;
    }
    tables = smbios_build(&smbios, error);
    smbios_clear(&smbios);
    return tables;
}

/* ---- Both ---- */

bool pc_tables_build(PcTables *tables, const PcTablesConfig *config, GError **error)
{
    *tables = (PcTables){ .smbios = build_smbios(config, error) };
    if (tables->smbios && config->acpi) {
        tables->acpi = build_acpi(config);
    }
    return tables->smbios != NULL;
}

void pc_tables_clear(PcTables *tables)
{
    acpi_tables_free(tables->acpi);
    smbios_tables_free(tables->smbios);
    *tables = (PcTables){ 0 };
}

bool pc_tables_set_files(const PcTables *tables, FwCfg *fw_cfg, GError **error)
{
    return (!tables->acpi || acpi_pc_set_files(tables->acpi, fw_cfg, error)) &&
           smbios_set_files(tables->smbios, fw_cfg, error);
}
