/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processors in the DSDT, and the guest's side of the registers that
 * hw/acpi/acpi-cpu-hotplug.h describes.
 *
 * General-purpose event 2 calls CSCN, which asks for one CPU with news after the other, and
 * notifies its object.  All accesses are made under one mutex, since the CPU is selected in a
 * register.  A CPU that comes has no valid entry in the guest's MADT: _MAT returns it.
 */
#include "config.h"
#include "hw/i386/acpi-dsdt.h"

enum {
    FLAGS = 0x04,               /* offset of the registers with flags and command */

    COMMAND_NEXT = 0,
    COMMAND_OST_EVENT = 1,
    COMMAND_OST_STATUS = 2,

    NOTIFY_DEVICE_CHECK = 1,
    NOTIFY_EJECT = 3,

    STA_PRESENT = 0x0f,         /* present, enabled, shown, working */
};

static void cpu_name(char name[5], guint index)
{
    g_snprintf(name, 5, "C%03X", index & 0xfff);
}

/* Opens a device. */
static void append_cpu(Aml *aml, const AcpiPcConfig *config, guint index)
{
    char name[5];

    cpu_name(name, index);
    aml_device(aml, name);
    aml_name_string(aml, "_HID", "ACPI0007");
    aml_name_int(aml, "_UID", index);
    if (config->numa) {
        aml_name_int(aml, "_PXM", g_array_index(config->cpus, AcpiCpu, index).node);
    }
}

/* ---- Registers ---- */

static void append_registers(Aml *aml, guint32 base)
{
    static const char *const flags[] = { "CPEN", "CINS", "CRMV", "CEJT" };

    aml_region(aml, "CHPR", AML_SYSTEM_IO, base, 12);
    aml_field(aml, "CHPR", AML_ACCESS_DWORD, AML_PRESERVE);
    aml_field_unit(aml, "CSEL", 32);
    aml_field_gap(aml, 32);
    aml_field_unit(aml, "CDAT", 32);
    aml_end(aml);
    aml_region(aml, "CHPF", AML_SYSTEM_IO, base + FLAGS, 2);
    aml_field(aml, "CHPF", AML_ACCESS_BYTE, AML_WRITE_AS_ZEROS);
    for (guint i = 0; i < G_N_ELEMENTS(flags); i++) {
        aml_field_unit(aml, flags[i], 1);
    }
    aml_field_gap(aml, 4);
    aml_field_unit(aml, "CCMD", 8);
    aml_end(aml);
    aml_mutex(aml, "CPLK");
}

/* Takes the mutex and selects CPU Arg0. */
static void append_select(Aml *aml)
{
    aml_acquire(aml, "CPLK");
    aml_op(aml, AML_STORE);
    aml_arg(aml, 0);
    aml_path(aml, "CSEL");
}

/* Ends a method. */
static void append_release(Aml *aml)
{
    aml_release(aml, "CPLK");
    aml_end(aml);
}

/* ---- Methods that all CPUs share; Arg0 is the CPU ---- */

/* The newer interface is switched on by a write of 0, which older machines ignore. */
static void append_init_method(Aml *aml)
{
    aml_method(aml, "_INI", 0, true);
    acpi_dsdt_store_int(aml, 0, "CSEL");
    aml_end(aml);
}

/* CSTA (cpu): its status. */
static void append_status_method(Aml *aml)
{
    aml_method(aml, "CSTA", 1, true);
    append_select(aml);
    acpi_dsdt_set_local(aml, 0);
    aml_if(aml);
    aml_path(aml, "CPEN");
    acpi_dsdt_set_local(aml, STA_PRESENT);
    aml_end(aml);
    aml_release(aml, "CPLK");
    aml_op(aml, AML_RETURN);
    aml_local(aml, 0);
    aml_end(aml);
}

static void append_report(Aml *aml, guint command, guint arg)
{
    acpi_dsdt_store_int(aml, command, "CCMD");
    aml_op(aml, AML_STORE);
    aml_arg(aml, arg);
    aml_path(aml, "CDAT");
}

/* COST (cpu, event, status): what the guest says. */
static void append_report_method(Aml *aml)
{
    aml_method(aml, "COST", 3, true);
    append_select(aml);
    append_report(aml, COMMAND_OST_EVENT, 1);
    append_report(aml, COMMAND_OST_STATUS, 2);
    append_release(aml);
}

/* CEJM (cpu): releases it. */
static void append_eject_method(Aml *aml)
{
    aml_method(aml, "CEJM", 1, true);
    append_select(aml);
    acpi_dsdt_store_int(aml, 1, "CEJT");
    append_release(aml);
}

/* CTFY (cpu, notification) */
static void append_notify_method(Aml *aml, guint n)
{
    aml_method(aml, "CTFY", 2, true);
    for (guint i = 0; i < n; i++) {
        char name[5];

        cpu_name(name, i);
        aml_if(aml);
        aml_op(aml, AML_LEQUAL);
        aml_arg(aml, 0);
        aml_int(aml, i);
        aml_op(aml, AML_NOTIFY);
        aml_path(aml, name);
        aml_arg(aml, 1);
        aml_end(aml);
    }
    aml_end(aml);
}

/* Takes note of what is new of the selected CPU, and notifies it. */
static void append_news(Aml *aml, const char *flag, guint notification)
{
    aml_if(aml);
    aml_path(aml, flag);
    aml_path(aml, "CTFY");
    aml_path(aml, "CDAT");
    aml_int(aml, notification);
    acpi_dsdt_store_int(aml, 1, flag);
    acpi_dsdt_set_local(aml, 1);
    aml_end(aml);
}

/* CSCN: tells the CPUs what is new. */
static void append_scan_method(Aml *aml)
{
    aml_method(aml, "CSCN", 0, true);
    aml_acquire(aml, "CPLK");
    acpi_dsdt_store_int(aml, 0, "CSEL");
    acpi_dsdt_set_local(aml, 1);
    aml_while(aml);
    aml_local(aml, 0);
    acpi_dsdt_set_local(aml, 0);
    acpi_dsdt_store_int(aml, COMMAND_NEXT, "CCMD");
    append_news(aml, "CINS", NOTIFY_DEVICE_CHECK);
    append_news(aml, "CRMV", NOTIFY_EJECT);
    aml_end(aml);
    append_release(aml);
}

/* ---- CPUs that come and go ---- */

/* Its entry in the MADT, if it is there. */
static void append_entry(Aml *aml, const AcpiPcConfig *config, guint index)
{
    AcpiCpu cpu = g_array_index(config->cpus, AcpiCpu, index);
    g_autoptr(GByteArray) entry = g_byte_array_new();

    cpu.empty = false;
    acpi_madt_cpu(entry, index, &cpu);
    aml_name(aml, "_MAT");
    aml_buffer(aml, entry->data, entry->len);
}

/* The first one is the boot CPU, which stays. */
static void append_changing_cpu(Aml *aml, const AcpiPcConfig *config, guint index)
{
    append_cpu(aml, config, index);
    acpi_dsdt_slot_value(aml, "_STA", "CSTA");
    append_entry(aml, config, index);
    acpi_dsdt_slot_report(aml, "COST");
    if (index) {
        acpi_dsdt_slot_eject(aml, "CEJM");
    }
    aml_end(aml);
}

static void append_container(Aml *aml, const AcpiPcConfig *config)
{
    aml_device(aml, "CPUS");
    aml_name_string(aml, "_HID", "ACPI0010");
    aml_name_eisaid(aml, "_CID", "PNP0A05");
    append_registers(aml, config->cpu_hotplug_base);
    append_init_method(aml);
    append_status_method(aml);
    append_report_method(aml);
    append_eject_method(aml);
    for (guint i = 0; i < config->cpus->len; i++) {
        append_changing_cpu(aml, config, i);
    }
    append_notify_method(aml, config->cpus->len);
    append_scan_method(aml);
    aml_end(aml);
}

/* ---- Entry points ---- */

void acpi_dsdt_cpus(Aml *aml, const AcpiPcConfig *config)
{
    if (config->cpu_hotplug_base) {
        append_container(aml, config);
        return;
    }
    for (guint i = 0; i < config->cpus->len; i++) {
        if (!g_array_index(config->cpus, AcpiCpu, i).empty) {
            append_cpu(aml, config, i);
            aml_end(aml);
        }
    }
}

void acpi_dsdt_cpus_event(Aml *aml)
{
    aml_scope(aml, "\\_GPE");
    aml_method(aml, "_E02", 0, false);
    aml_path(aml, "\\_SB.CPUS.CSCN");
    aml_end(aml);
    aml_end(aml);
}
