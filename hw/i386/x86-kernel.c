/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Starting a kernel directly: its files, and the tables that firmware would have left in RAM.
 */
#include "config.h"
#include "hw/i386/x86-machine.h"

#include "hw/i386/mptable.h"
#include "qmp/error.h"
#include "qom/qapi-objects-machine.h"

static Boot *load_files(Machine *machine, const char *append, const X86Tables *tables,
                        GError **error)
{
    BootConfig config = x86_boot_config(machine);
    const X86Machine *x86 = to_x86_machine(machine);
    GPtrArray *modules;

    config.append = append;
    config.acpi_size = tables->acpi ? tables->acpi->block->len : 0;
    if (!x86->kernel) {
        qmp_error_set(error, ERROR_REASON_PROPERTY_MISSING,
                      "the machine has nothing to run: property 'kernel' is missing");
        return NULL;
    }
    modules = x86->modules ? g_ptr_array_ref(x86->modules) : g_ptr_array_new();
    return boot_load(&config, loader_ref(x86->kernel), modules, error);
}

/* Ids that do not fit are left out, which the caller detects. */
static void collect_apic_id(Cpu *cpu, void *data)
{
    const guint8 id = cpu->apic_id;

    if (cpu->apic_id < MPTABLE_ALL_APICS) {
        g_byte_array_append(data, &id, 1);
    }
}

/* ACPI tables can name CPUs that an MP table cannot: then there is no MP table. */
static bool add_mptable(Machine *machine, Boot *boot, bool pic, bool acpi, GError **error)
{
    Object *root = object_root(&machine->object);
    g_autoptr(GByteArray) ids = g_byte_array_new();
    g_autoptr(GByteArray) table = NULL;
    MptableConfig config;

    cpu_foreach(root, collect_apic_id, ids);
    if (ids->len < cpu_count(root) || ids->len > MPTABLE_MAX_CPUS) {
        if (!acpi) {
            qmp_error_set(error, ERROR_REASON_OUT_OF_RANGE,
                          "an MP table has room for %u CPUs with APIC ids below %u, and the "
                          "machine has others", MPTABLE_MAX_CPUS, MPTABLE_ALL_APICS);
        }
        return acpi;
    }
    config = (MptableConfig){ .apic_ids = ids->data, .n_cpus = ids->len, .pic = pic };
    table = mptable_new(&config, BOOT_BIOS_AREA);
    return boot_add_table(boot, BOOT_BIOS_AREA, table, "MP table", error);
}

static bool add_acpi(Boot *boot, AcpiTables *acpi, GError **error)
{
    guint64 address = boot_acpi_address(&boot->config);

    acpi_relocate(acpi, address);
    return boot_add_table(boot, address, acpi->block, "ACPI tables", error) &&
           boot_add_table(boot, BOOT_RSDP, acpi->rsdp, "ACPI root pointer", error);
}

static bool add_smbios(Boot *boot, const SmbiosTables *smbios, GError **error)
{
    g_autoptr(GByteArray) table = smbios_relocate(smbios, BOOT_SMBIOS);

    if (table->len > BOOT_HIGH_START - BOOT_SMBIOS) {
        qmp_error_set(error, ERROR_REASON_LIMIT_EXCEEDED,
                      "SMBIOS tables have %u bytes, there is room for %u below 1 MiB", table->len,
                      BOOT_HIGH_START - BOOT_SMBIOS);
        return false;
    }
    return boot_add_table(boot, BOOT_SMBIOS, table, "SMBIOS tables", error);
}

static bool add_tables(Machine *machine, Boot *boot, bool pic, const X86Tables *tables,
                       GError **error)
{
    return add_mptable(machine, boot, pic, tables->acpi, error) &&
           (!tables->acpi || add_acpi(boot, tables->acpi, error)) &&
           (!tables->smbios || add_smbios(boot, tables->smbios, error));
}

bool x86_renew_tables(Machine *machine, bool pic, const X86Tables *tables, GError **error)
{
    Boot *boot = to_x86_machine(machine)->boot;
    guint64 acpi = boot ? boot_acpi_address(&boot->config) : 0;

    if (!boot) {
        return true;
    }
    if (tables->acpi && tables->acpi->block->len > boot->config.acpi_size) {
        qmp_error_set(error, ERROR_REASON_LIMIT_EXCEEDED, "ACPI tables have %u bytes, and there is "
                      "room for %" G_GUINT64_FORMAT, tables->acpi->block->len,
                      boot->config.acpi_size);
        return false;
    }
    boot_drop_table(boot, BOOT_BIOS_AREA);
    boot_drop_table(boot, acpi);
    boot_drop_table(boot, BOOT_RSDP);
    boot_drop_table(boot, BOOT_SMBIOS);
    return add_tables(machine, boot, pic, tables, error);
}

bool x86_start_kernel_tables(Machine *machine, const char *append, bool pic,
                             const X86Tables *tables, GError **error)
{
    g_autoptr(Boot) boot = NULL;

    if (accel_ops(machine->accel)->idle && !to_x86_machine(machine)->kernel) {
        return true;
    }
    if (!x86_check_cpus(machine, error)) {
        return false;
    }
    boot = load_files(machine, append, tables, error);
    if (!boot || !add_tables(machine, boot, pic, tables, error)) {
        /* The files may have been repaired before a retry. */
        x86_let_files_go(to_x86_machine(machine));
        return false;
    }
    to_x86_machine(machine)->boot = g_steal_pointer(&boot);
    return true;
}

bool x86_start_kernel(Machine *machine, const char *append, bool pic, GError **error)
{
    const X86Tables none = { 0 };

    return x86_start_kernel_tables(machine, append, pic, &none, error);
}
