/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A PC's ACPI tables from their description; see hw/i386/acpi-build.h.
 */
#include "config.h"
#include "hw/i386/acpi-build.h"

#include "hw/i386/acpi-dsdt.h"
#include "qmp/error.h"

enum {
    SCI = 9,
    SMI_PORT = 0xb2,
    ACPI_ENABLE = 0xf1,         /* commands at the SMI port */
    ACPI_DISABLE = 0xf0,
    PM1_CONTROL = 4,            /* offsets of PIIX4's blocks from PMBA */
    PM_TIMER = 8,
    GPE0_LENGTH = 4,
    RTC_CENTURY = 0x32,
    RESET_CPU = 0x06,           /* at the reset port: a hard reset */
    FLAT_CPUS = 8,              /* more need logical APIC ids of clusters */
    HPET_ID = 0x8086a201,       /* Intel, 64 bits, legacy routing, 3 timers */

    /* Sizes of the files, as QEMU's are. */
    BLOCK_SIZE = 128 * 1024,
    SCRIPT_SIZE = 4096,
};

#define LAPIC_ADDRESS  0xfee00000u
#define IOAPIC_ADDRESS 0xfec00000u

/* The timer's line is at pin 2; those that PCI may use are level-triggered. */
static const AcpiOverride overrides[] = {
    { 0, 2, ACPI_IRQ_AS_BUS },
    { 5, 5, ACPI_IRQ_LEVEL_HIGH },
    { SCI, SCI, ACPI_IRQ_LEVEL_HIGH },
    { 10, 10, ACPI_IRQ_LEVEL_HIGH },
    { 11, 11, ACPI_IRQ_LEVEL_HIGH },
};

static guint32 build_fadt(AcpiTables *tables, const AcpiPcConfig *config, guint32 facs,
                          guint32 dsdt)
{
    const AcpiFadt fadt = {
        .revision = config->fadt_revision,
        .sci = SCI,
        .smi_port = SMI_PORT,
        .acpi_enable = ACPI_ENABLE,
        .acpi_disable = ACPI_DISABLE,
        .pm1_event = config->pm_base,
        .pm1_control = config->pm_base + PM1_CONTROL,
        .pm_timer = config->pm_base + PM_TIMER,
        .gpe0 = config->gpe0,
        .gpe0_length = GPE0_LENGTH,
        .century = RTC_CENTURY,
        .cluster_model = config->cpus->len > FLAT_CPUS,
        .reset_port = config->reset_port,
        .reset_value = RESET_CPU,
        .has_8042 = config->devices.has_8042,
    };

    return acpi_fadt(tables, &fadt, facs, dsdt);
}

static guint32 build_madt(AcpiTables *tables, const AcpiPcConfig *config)
{
    const AcpiMadt madt = {
        .cpus = (const AcpiCpu *)config->cpus->data,
        .n_cpus = config->cpus->len,
        .pics = config->pics,
        .lapic_address = LAPIC_ADDRESS,
        .ioapic_address = IOAPIC_ADDRESS,
        .overrides = overrides,
        .n_overrides = G_N_ELEMENTS(overrides),
    };

    return acpi_madt(tables, &madt);
}

static guint32 build_dsdt(AcpiTables *tables, const AcpiPcConfig *config)
{
    guint32 start = acpi_table_begin(tables, "DSDT", 1);
    g_autoptr(Aml) aml = aml_new(tables->block);

    acpi_dsdt(aml, config);
    acpi_table_end(tables, start);
    return start;
}

AcpiTables *acpi_pc_build(const AcpiPcConfig *config)
{
    AcpiTables *tables = acpi_tables_new(&config->oem);
    guint32 facs = acpi_facs(tables), dsdt = build_dsdt(tables, config);
    guint32 entries[5 + ACPI_NUMA_MAX_TABLES];
    guint n = 0;

    entries[n++] = build_fadt(tables, config, facs, dsdt);
    entries[n++] = build_madt(tables, config);
    if (config->devices.hpet) {
        entries[n++] = acpi_hpet(tables, HPET_ID, config->devices.hpet);
    }
    if (config->numa) {
        n += acpi_numa_tables(tables, config->numa, (const AcpiCpu *)config->cpus->data,
                              config->cpus->len, entries + n);
    }
    if (config->fit && config->fit->len) {
        entries[n++] = acpi_nfit(tables, config->fit);
    }
    entries[n++] = acpi_waet(tables);
    acpi_rsdt(tables, entries, n);
    if (config->fadt_revision >= 3) {
        acpi_xsdt(tables, entries, n);
    }
    acpi_rsdp(tables, config->fadt_revision >= 3 ? 2 : 0);
    return tables;
}

/* ---- Files ---- */

/*
 * Sets the content, padded with zeros to the next multiple of unit, so that the
 * size is constant.
 */
static bool set_padded(FwCfg *fw_cfg, const char *name, const GByteArray *data, gsize unit,
                       GError **error)
{
    gsize size = (data->len + unit - 1) / unit * unit;
    guint8 *padded = g_malloc0(size);

    memcpy(padded, data->data, data->len);
    return fw_cfg_set_file(fw_cfg, name, g_bytes_new_take(padded, size), error);
}

bool acpi_pc_set_files(const AcpiTables *tables, FwCfg *fw_cfg, GError **error)
{
    g_autoptr(GByteArray) script = acpi_loader_script(tables);

    return set_padded(fw_cfg, ACPI_FILE_TABLES, tables->block, BLOCK_SIZE, error) &&
           set_padded(fw_cfg, ACPI_FILE_RSDP, tables->rsdp, 1, error) &&
           set_padded(fw_cfg, ACPI_FILE_LOADER, script, SCRIPT_SIZE, error);
}
