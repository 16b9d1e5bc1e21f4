/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory hotplug in the DSDT: the guest's side of the registers that
 * hw/acpi/acpi-memory-hotplug.h describes.
 *
 * General-purpose event 3 calls MSCN, which asks each slot for what is new and notifies
 * its object.  All accesses are made under one mutex, since the slot is selected in a
 * register.  Integers have 32 bits in these tables, so addresses are handled in halves.
 */
#include "config.h"
#include "hw/i386/acpi-dsdt.h"

enum {
    PORTS = 0x18,
    FLAGS = 0x14,               /* offset of the register with flags */

    NOTIFY_DEVICE_CHECK = 1,
    NOTIFY_EJECT = 3,

    STA_PRESENT = 0x0f,         /* present, enabled, shown, working */

    /* Offsets in a 64-bit address space descriptor (ACPI 6.4, section 6.4.3.5.1). */
    MINIMUM = 14,
    MAXIMUM = 22,
    LENGTH = 38,
};

/* ---- Registers ---- */

static void append_fields(Aml *aml, const char *const *names, guint n)
{
    aml_field(aml, "MHPR", AML_ACCESS_DWORD, AML_PRESERVE);
    for (guint i = 0; i < n; i++) {
        aml_field_unit(aml, names[i], 32);
    }
    aml_end(aml);
}

static void append_registers(Aml *aml, guint32 base)
{
    static const char *const read[] = { "MADL", "MADH", "MSZL", "MSZH", "MNOD" };
    static const char *const written[] = { "MSEL", "MOEV", "MOST" };
    static const char *const flags[] = { "MENA", "MINS", "MREM", "MEJT" };

    aml_region(aml, "MHPR", AML_SYSTEM_IO, base, PORTS);
    append_fields(aml, read, G_N_ELEMENTS(read));
    append_fields(aml, written, G_N_ELEMENTS(written));
    aml_region(aml, "MHPF", AML_SYSTEM_IO, base + FLAGS, 1);
    aml_field(aml, "MHPF", AML_ACCESS_BYTE, AML_WRITE_AS_ZEROS);
    for (guint i = 0; i < G_N_ELEMENTS(flags); i++) {
        aml_field_unit(aml, flags[i], 1);
    }
    aml_end(aml);
    aml_mutex(aml, "MHLK");
}

static void append_copy(Aml *aml, const char *from, const char *to)
{
    aml_op(aml, AML_STORE);
    aml_path(aml, from);
    aml_path(aml, to);
}

/* Takes the mutex and selects slot Arg0. */
static void append_select(Aml *aml)
{
    aml_acquire(aml, "MHLK");
    aml_op(aml, AML_STORE);
    aml_arg(aml, 0);
    aml_path(aml, "MSEL");
}

static void append_return_local(Aml *aml)
{
    aml_release(aml, "MHLK");
    aml_op(aml, AML_RETURN);
    aml_local(aml, 0);
    aml_end(aml);
}

/* ---- Methods that all slots share; Arg0 is the slot ---- */

/* MSTA (slot): its status. */
static void append_status_method(Aml *aml)
{
    aml_method(aml, "MSTA", 1, true);
    append_select(aml);
    acpi_dsdt_set_local(aml, 0);
    aml_if(aml);
    aml_path(aml, "MENA");
    acpi_dsdt_set_local(aml, STA_PRESENT);
    aml_end(aml);
    append_return_local(aml);
}

/* MPXM (slot): its NUMA node. */
static void append_node_method(Aml *aml)
{
    aml_method(aml, "MPXM", 1, true);
    append_select(aml);
    aml_op(aml, AML_STORE);
    aml_path(aml, "MNOD");
    aml_local(aml, 0);
    append_return_local(aml);
}

/* MOSM (slot, event, status): what the guest says. */
static void append_report_method(Aml *aml)
{
    aml_method(aml, "MOSM", 3, true);
    append_select(aml);
    aml_op(aml, AML_STORE);
    aml_arg(aml, 1);
    aml_path(aml, "MOEV");
    aml_op(aml, AML_STORE);
    aml_arg(aml, 2);
    aml_path(aml, "MOST");
    aml_release(aml, "MHLK");
    aml_end(aml);
}

/* MEJM (slot): releases the memory. */
static void append_eject_method(Aml *aml)
{
    aml_method(aml, "MEJM", 1, true);
    append_select(aml);
    acpi_dsdt_store_int(aml, 1, "MEJT");
    aml_release(aml, "MHLK");
    aml_end(aml);
}

/* MEVT (slot): takes note of what is new; the notification that says it, or 0. */
static void append_event_method(Aml *aml)
{
    static const struct {
        const char *flag;
        guint notification;
    } events[] = { { "MREM", NOTIFY_EJECT }, { "MINS", NOTIFY_DEVICE_CHECK } };

    aml_method(aml, "MEVT", 1, true);
    append_select(aml);
    acpi_dsdt_set_local(aml, 0);
    for (guint i = 0; i < G_N_ELEMENTS(events); i++) {
        aml_if(aml);
        aml_path(aml, events[i].flag);
        acpi_dsdt_store_int(aml, 1, events[i].flag);
        acpi_dsdt_set_local(aml, events[i].notification);
        aml_end(aml);
    }
    append_return_local(aml);
}

/* ---- Resources ---- */

/* The offset is in a local, since iasl takes a constant for a mistake: the descriptor has 64
 * bits there. */
static void append_resource_field(Aml *aml, guint offset, const char *name)
{
    acpi_dsdt_set_local(aml, offset);
    aml_op(aml, AML_DWORD_FIELD);
    aml_path(aml, "MR64");
    aml_local(aml, 0);
    aml_path(aml, name);
}

static void append_sum(Aml *aml, const char *a, const char *b, const char *to)
{
    aml_op(aml, AML_ADD);
    aml_path(aml, a);
    aml_path(aml, b);
    aml_path(aml, to);
}

static void append_step(Aml *aml, AmlOp op, const char *name)
{
    aml_op(aml, op);
    aml_path(aml, name);
    aml_int(aml, 1);
    aml_path(aml, name);
}

/* MAX = MIN + LEN - 1, in halves. */
static void append_maximum(Aml *aml)
{
    append_sum(aml, "MINL", "LENL", "MAXL");
    append_sum(aml, "MINH", "LENH", "MAXH");
    aml_if(aml);                        /* a carry out of the low half */
    aml_op(aml, AML_LLESS);
    aml_path(aml, "MAXL");
    aml_path(aml, "MINL");
    append_step(aml, AML_ADD, "MAXH");
    aml_end(aml);
    aml_if(aml);                        /* a borrow */
    aml_op(aml, AML_LEQUAL);
    aml_path(aml, "MAXL");
    aml_int(aml, 0);
    append_step(aml, AML_SUBTRACT, "MAXH");
    aml_end(aml);
    append_step(aml, AML_SUBTRACT, "MAXL");
}

/* MCRM (slot): its resources. */
static void append_resource_method(Aml *aml)
{
    aml_method(aml, "MCRM", 1, true);
    aml_name(aml, "MR64");
    aml_resources(aml);
    aml_qword_memory(aml, 0, G_MAXUINT64 - 1, true);
    aml_end(aml);
    append_resource_field(aml, MINIMUM, "MINL");
    append_resource_field(aml, MINIMUM + 4, "MINH");
    append_resource_field(aml, MAXIMUM, "MAXL");
    append_resource_field(aml, MAXIMUM + 4, "MAXH");
    append_resource_field(aml, LENGTH, "LENL");
    append_resource_field(aml, LENGTH + 4, "LENH");
    append_select(aml);
    append_copy(aml, "MADL", "MINL");
    append_copy(aml, "MADH", "MINH");
    append_copy(aml, "MSZL", "LENL");
    append_copy(aml, "MSZH", "LENH");
    aml_release(aml, "MHLK");
    append_maximum(aml);
    aml_op(aml, AML_RETURN);
    aml_path(aml, "MR64");
    aml_end(aml);
}

/* ---- Slots ---- */

static void slot_name(char name[5], guint slot)
{
    g_snprintf(name, 5, "MP%02X", slot & 0xff);
}

static void append_slot(Aml *aml, guint slot)
{
    char name[5];

    slot_name(name, slot);
    aml_device(aml, name);
    aml_name_int(aml, "_UID", slot);
    aml_name_eisaid(aml, "_HID", "PNP0C80");
    acpi_dsdt_slot_value(aml, "_CRS", "MCRM");
    acpi_dsdt_slot_value(aml, "_STA", "MSTA");
    acpi_dsdt_slot_value(aml, "_PXM", "MPXM");
    acpi_dsdt_slot_report(aml, "MOSM");
    acpi_dsdt_slot_eject(aml, "MEJM");
    aml_end(aml);
}

/* MSCN: tells the slots what is new. */
static void append_scan_method(Aml *aml, guint n_slots)
{
    aml_method(aml, "MSCN", 0, true);
    for (guint slot = 0; slot < n_slots; slot++) {
        char name[5];

        slot_name(name, slot);
        aml_op(aml, AML_STORE);
        aml_path(aml, "MEVT");
        aml_int(aml, slot);
        aml_local(aml, 0);
        aml_if(aml);
        aml_local(aml, 0);
        aml_op(aml, AML_NOTIFY);
        aml_path(aml, name);
        aml_local(aml, 0);
        aml_end(aml);
    }
    aml_end(aml);
}

/* ---- Entry points ---- */

void acpi_dsdt_memory(Aml *aml, const AcpiPcConfig *config)
{
    aml_device(aml, "MHPC");
    aml_name_eisaid(aml, "_HID", "PNP0A06");
    aml_name_string(aml, "_UID", "Memory slots");
    append_registers(aml, config->memory_hotplug_base);
    append_status_method(aml);
    append_node_method(aml);
    append_report_method(aml);
    append_eject_method(aml);
    append_event_method(aml);
    append_resource_method(aml);
    for (guint slot = 0; slot < config->n_memory_slots; slot++) {
        append_slot(aml, slot);
    }
    append_scan_method(aml, config->n_memory_slots);
    aml_end(aml);
}

void acpi_dsdt_memory_event(Aml *aml)
{
    aml_scope(aml, "\\_GPE");
    aml_method(aml, "_E03", 0, false);
    aml_path(aml, "\\_SB.MHPC.MSCN");
    aml_end(aml);
    aml_end(aml);
}
