/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tables with a fixed layout (ACPI 6.4, section 5.2; HPET and WAET by the
 * documents to which the specification refers).
 */
#include "config.h"
#include "hw/acpi/acpi-tables.h"
#include "qmp/bytes.h"

enum {
    FACS_SIZE = 64,

    /* FADT: lengths of blocks, worst-case latencies that mean "no C2, no C3". */
    PM1_EVENT_LENGTH = 4,
    PM1_CONTROL_LENGTH = 2,
    PM_TIMER_LENGTH = 4,
    NO_C2 = 0xfff,
    NO_C3 = 0xfff,
    INTERRUPT_MODEL_APIC = 1,   /* an ACPI 1.0 field */
    MINOR_VERSION = 0,

    FADT_WBINVD = 1 << 0,
    FADT_PROC_C1 = 1 << 2,
    FADT_SLP_BUTTON = 1 << 5,   /* there is no fixed-hardware sleep button */
    FADT_RTC_S4 = 1 << 7,
    FADT_RESET_REG = 1 << 10,
    FADT_PLATFORM_CLOCK = 1 << 15,
    FADT_CLUSTER_MODEL = 1 << 18,

    BOOT_ARCH_LEGACY = 1 << 0,  /* there are devices on an ISA bus */
    BOOT_ARCH_8042 = 1 << 1,

    GAS_IO = 1,

    MADT_PCAT_COMPAT = 1 << 0,
    MADT_LAPIC = 0,
    MADT_IOAPIC = 1,
    MADT_OVERRIDE = 2,
    MADT_LAPIC_NMI = 4,
    MADT_X2APIC = 9,
    MADT_X2APIC_NMI = 10,
    MADT_ENABLED = 1 << 0,
    LAPIC_ID_MAX = 254,         /* the last one that fits 8 bits and is not a broadcast */
    ALL_CPUS = 0xff,
    LINT1 = 1,

    SRAT_LAPIC = 0,
    SRAT_MEMORY = 1,
    SRAT_X2APIC = 2,
    SRAT_ENABLED = 1 << 0,
    SRAT_HOTPLUG = 1 << 1,
    SRAT_PERSISTENT = 1 << 2,

    WAET_PM_TIMER_GOOD = 1 << 1,
};

/* ---- FACS and FADT ---- */

guint32 acpi_facs(AcpiTables *tables)
{
    GByteArray *out = tables->block;
    guint32 start;

    while (out->len % ACPI_BLOCK_ALIGN) {
        append_le(out, 0, 1);
    }
    start = out->len;
    append_text(out, "FACS", 4);
    append_le(out, FACS_SIZE, 4);
    while (out->len - start < FACS_SIZE) {
        append_le(out, 0, 1);
    }
    return start;
}

static guint32 fadt_flags(const AcpiFadt *fadt)
{
    return FADT_WBINVD | FADT_PROC_C1 | FADT_SLP_BUTTON | FADT_RTC_S4 | FADT_PLATFORM_CLOCK |
           (fadt->cluster_model ? FADT_CLUSTER_MODEL : 0) |
           (fadt->revision >= 3 && fadt->reset_port ? FADT_RESET_REG : 0);
}

static void append_gas(GByteArray *out, guint32 port, guint bytes)
{
    append_le(out, GAS_IO, 1);
    append_le(out, port ? bytes * 8 : 0, 1);
    append_le(out, 0, 2);               /* bit offset, access size */
    append_le(out, port, 8);
}

static void append_pm_blocks(GByteArray *out, const AcpiFadt *fadt)
{
    append_le(out, fadt->pm1_event, 4);
    append_le(out, 0, 4);
    append_le(out, fadt->pm1_control, 4);
    append_le(out, 0, 4);
    append_le(out, 0, 4);               /* no PM2 */
    append_le(out, fadt->pm_timer, 4);
    append_le(out, fadt->gpe0, 4);
    append_le(out, 0, 4);
    append_le(out, PM1_EVENT_LENGTH, 1);
    append_le(out, PM1_CONTROL_LENGTH, 1);
    append_le(out, 0, 1);
    append_le(out, PM_TIMER_LENGTH, 1);
    append_le(out, fadt->gpe0_length, 1);
    append_le(out, 0, 3);               /* GPE1, no C-state notification */
}

/* The fields of revision 1 after the header. */
static void append_fadt_1(AcpiTables *tables, const AcpiFadt *fadt, guint32 facs, guint32 dsdt)
{
    GByteArray *out = tables->block;
    bool modern = fadt->revision >= 3;

    acpi_append_pointer(tables, facs, 4);
    acpi_append_pointer(tables, dsdt, 4);
    append_le(out, modern ? 0 : INTERRUPT_MODEL_APIC, 1);
    append_le(out, 0, 1);               /* no preferred profile */
    append_le(out, fadt->sci, 2);
    append_le(out, fadt->smi_port, 4);
    append_le(out, fadt->acpi_enable, 1);
    append_le(out, fadt->acpi_disable, 1);
    append_le(out, 0, 2);               /* no S4BIOS, no P-state control */
    append_pm_blocks(out, fadt);
    append_le(out, NO_C2, 2);
    append_le(out, NO_C3, 2);
    append_le(out, 0, 8);               /* cache flushing, throttling: none */
    append_le(out, fadt->century, 1);
    append_le(out, modern ? BOOT_ARCH_LEGACY | (fadt->has_8042 ? BOOT_ARCH_8042 : 0) : 0, 2);
    append_le(out, 0, 1);
    append_le(out, fadt_flags(fadt), 4);
}

static void append_fadt_3(AcpiTables *tables, const AcpiFadt *fadt, guint32 dsdt)
{
    GByteArray *out = tables->block;

    append_gas(out, fadt->reset_port, 1);
    append_le(out, fadt->reset_value, 1);
    append_le(out, 0, 2);
    append_le(out, MINOR_VERSION, 1);
    append_le(out, 0, 8);               /* the FACS is below 4 GiB */
    acpi_append_pointer(tables, dsdt, 8);
    append_gas(out, fadt->pm1_event, PM1_EVENT_LENGTH);
    append_gas(out, 0, 0);
    append_gas(out, fadt->pm1_control, PM1_CONTROL_LENGTH);
    append_gas(out, 0, 0);
    append_gas(out, 0, 0);
    append_gas(out, fadt->pm_timer, PM_TIMER_LENGTH);
    append_gas(out, fadt->gpe0, fadt->gpe0_length);
    append_gas(out, 0, 0);
}

guint32 acpi_fadt(AcpiTables *tables, const AcpiFadt *fadt, guint32 facs, guint32 dsdt)
{
    guint32 start = acpi_table_begin(tables, "FACP", fadt->revision);

    append_fadt_1(tables, fadt, facs, dsdt);
    if (fadt->revision >= 3) {
        append_fadt_3(tables, fadt, dsdt);
    }
    acpi_table_end(tables, start);
    return start;
}

/* ---- MADT ---- */

void acpi_madt_cpu(GByteArray *out, guint32 uid, const AcpiCpu *cpu)
{
    bool x2apic = cpu->apic_id > LAPIC_ID_MAX || uid >= ALL_CPUS;
    guint32 flags = cpu->empty ? 0 : MADT_ENABLED;

    append_le(out, x2apic ? MADT_X2APIC : MADT_LAPIC, 1);
    append_le(out, x2apic ? 16 : 8, 1);
    if (x2apic) {
        append_le(out, 0, 2);
        append_le(out, cpu->apic_id, 4);
        append_le(out, flags, 4);
        append_le(out, uid, 4);
    } else {
        append_le(out, uid, 1);
        append_le(out, cpu->apic_id, 1);
        append_le(out, flags, 4);
    }
}

static void append_override(GByteArray *out, const AcpiOverride *o)
{
    append_le(out, MADT_OVERRIDE, 1);
    append_le(out, 10, 1);
    append_le(out, 0, 1);               /* ISA */
    append_le(out, o->line, 1);
    append_le(out, o->gsi, 4);
    append_le(out, o->flags, 2);
}

/* LINT1 of all CPUs, of both kinds, is the NMI's pin. */
static void append_nmi(GByteArray *out, bool x2apic)
{
    append_le(out, MADT_LAPIC_NMI, 1);
    append_le(out, 6, 1);
    append_le(out, ALL_CPUS, 1);
    append_le(out, ACPI_IRQ_AS_BUS, 2);
    append_le(out, LINT1, 1);
    if (x2apic) {
        append_le(out, MADT_X2APIC_NMI, 1);
        append_le(out, 12, 1);
        append_le(out, ACPI_IRQ_AS_BUS, 2);
        append_le(out, G_MAXUINT32, 4);
        append_le(out, LINT1, 1);
        append_le(out, 0, 3);
    }
}

guint32 acpi_madt(AcpiTables *tables, const AcpiMadt *madt)
{
    GByteArray *out = tables->block;
    guint32 start = acpi_table_begin(tables, "APIC", 1);
    bool x2apic = false;

    append_le(out, madt->lapic_address, 4);
    append_le(out, madt->pics ? MADT_PCAT_COMPAT : 0, 4);
    for (guint i = 0; i < madt->n_cpus; i++) {
        acpi_madt_cpu(out, i, &madt->cpus[i]);
        x2apic = x2apic || madt->cpus[i].apic_id > LAPIC_ID_MAX;
    }
    append_le(out, MADT_IOAPIC, 1);
    append_le(out, 12, 1);
    append_le(out, madt->ioapic_id, 1);
    append_le(out, 0, 1);
    append_le(out, madt->ioapic_address, 4);
    append_le(out, 0, 4);               /* its first GSI */
    for (guint i = 0; i < madt->n_overrides; i++) {
        append_override(out, &madt->overrides[i]);
    }
    append_nmi(out, x2apic);
    acpi_table_end(tables, start);
    return start;
}

/* ---- Others ---- */

guint32 acpi_hpet(AcpiTables *tables, guint32 event_timer_block_id, guint64 address)
{
    GByteArray *out = tables->block;
    guint32 start = acpi_table_begin(tables, "HPET", 1);

    append_le(out, event_timer_block_id, 4);
    append_le(out, 0, 4);               /* system memory */
    append_le(out, address, 8);
    append_le(out, 0, 4);               /* number 0, minimum tick and protection: none */
    acpi_table_end(tables, start);
    return start;
}

static void append_cpu_affinity(GByteArray *out, guint32 uid, const AcpiCpu *cpu)
{
    bool x2apic = cpu->apic_id > LAPIC_ID_MAX || uid >= ALL_CPUS;

    append_le(out, x2apic ? SRAT_X2APIC : SRAT_LAPIC, 1);
    append_le(out, x2apic ? 24 : 16, 1);
    if (x2apic) {
        append_le(out, 0, 2);
        append_le(out, cpu->node, 4);
        append_le(out, cpu->apic_id, 4);
        append_le(out, SRAT_ENABLED, 4);
        append_le(out, 0, 8);           /* clock domain, reserved */
    } else {
        append_le(out, cpu->node, 1);
        append_le(out, cpu->apic_id, 1);
        append_le(out, SRAT_ENABLED, 4);
        append_le(out, 0, 1);
        append_le(out, cpu->node >> 8, 3);
        append_le(out, 0, 4);           /* clock domain */
    }
}

guint32 acpi_srat(AcpiTables *tables, const AcpiCpu *cpus, guint n_cpus, const AcpiMemory *memory,
                  guint n_memory)
{
    GByteArray *out = tables->block;
    guint32 start = acpi_table_begin(tables, "SRAT", 3);

    append_le(out, 1, 4);               /* says the specification */
    append_le(out, 0, 8);
    for (guint i = 0; i < n_cpus; i++) {
        append_cpu_affinity(out, i, &cpus[i]);
    }
    for (guint i = 0; i < n_memory; i++) {
        append_le(out, SRAT_MEMORY, 1);
        append_le(out, 40, 1);
        append_le(out, memory[i].node, 4);
        append_le(out, 0, 2);
        append_le(out, memory[i].base, 8);
        append_le(out, memory[i].size, 8);
        append_le(out, 0, 4);
        append_le(out, (memory[i].size ? SRAT_ENABLED : 0) |
                       (memory[i].hotplug ? SRAT_HOTPLUG : 0) |
                       (memory[i].persistent ? SRAT_PERSISTENT : 0), 4);
        append_le(out, 0, 8);
    }
    acpi_table_end(tables, start);
    return start;
}

guint32 acpi_nfit(AcpiTables *tables, const GByteArray *structures)
{
    guint32 start = acpi_table_begin(tables, "NFIT", 1);

    append_le(tables->block, 0, 4);
    g_byte_array_append(tables->block, structures->data, structures->len);
    acpi_table_end(tables, start);
    return start;
}

guint32 acpi_waet(AcpiTables *tables)
{
    guint32 start = acpi_table_begin(tables, "WAET", 1);

    append_le(tables->block, WAET_PM_TIMER_GOOD, 4);
    acpi_table_end(tables, start);
    return start;
}
