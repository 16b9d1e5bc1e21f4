/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hotplug of PCI devices in the DSDT: the guest's side of the registers that
 * hw/acpi/acpi-pci-hotplug.h describes.
 *
 * General-purpose event 1 calls PCNT of the root bus.  It reads which slots of
 * its bus changed, notifies their objects, and calls PCNT of the buses behind
 * its bridges.  The guest then calls _EJ0 of the devices that it releases.  All
 * accesses are made under one mutex, since the bus is selected in a register.
 */
#include "config.h"
#include "hw/i386/acpi-dsdt.h"

enum {
    N_SLOTS = 32,
    EVENT_UP_DOWN = 0x00,       /* offsets of registers */
    EVENT_EJECT = 0x08,
    EVENT_BUS = 0x10,
    EVENT_INDEX = 0x14,

    NOTIFY_DEVICE_CHECK = 1,
    NOTIFY_EJECT = 3,

    DSM_REVISION = 2,
    DSM_FUNCTIONS = 0,          /* which functions there are */
    DSM_NAMING = 7,             /* PCI Firmware 3.1, section 4.6.7 */
};

#define DSM_UUID "e5c937d0-3553-4d7a-9117-ea4d19c3434d"

/* ---- Registers ---- */

static void append_register(Aml *aml, const char *region, guint32 port, guint n,
                            const char *const *names)
{
    aml_region(aml, region, AML_SYSTEM_IO, port, n * 4);
    aml_field(aml, region, AML_ACCESS_DWORD, AML_WRITE_AS_ZEROS);
    for (guint i = 0; i < n; i++) {
        aml_field_unit(aml, names[i], 32);
    }
    aml_end(aml);
}

static void append_registers(Aml *aml, guint32 base)
{
    append_register(aml, "HPUD", base + EVENT_UP_DOWN, 2, (const char *const[]){ "UP", "DOWN" });
    append_register(aml, "HPEJ", base + EVENT_EJECT, 1, (const char *const[]){ "EJCT" });
    append_register(aml, "HPBI", base + EVENT_BUS, 2, (const char *const[]){ "BUSN", "INDX" });
    aml_mutex(aml, "HPLK");
}

/* Store (value, REGISTER) with a value of Arg n, or 1 << Arg n. */
static void append_store_arg(Aml *aml, guint arg, bool shifted, const char *reg)
{
    if (shifted) {
        aml_op(aml, AML_SHIFT_LEFT);
        aml_int(aml, 1);
        aml_arg(aml, arg);
    } else {
        aml_op(aml, AML_STORE);
        aml_arg(aml, arg);
    }
    aml_path(aml, reg);
}

/* HEJ (bus, slot): ejects the devices of a slot. */
static void append_eject_method(Aml *aml)
{
    aml_method(aml, "HEJ", 2, true);
    aml_acquire(aml, "HPLK");
    append_store_arg(aml, 0, false, "BUSN");
    append_store_arg(aml, 1, true, "EJCT");
    aml_release(aml, "HPLK");
    aml_end(aml);
}

/* HIX (bus, slot): the index by which the guest should name the device, or 0. */
static void append_index_method(Aml *aml)
{
    aml_method(aml, "HIX", 2, true);
    aml_acquire(aml, "HPLK");
    append_store_arg(aml, 0, false, "BUSN");
    append_store_arg(aml, 1, true, "INDX");
    aml_op(aml, AML_STORE);
    aml_path(aml, "INDX");
    aml_local(aml, 0);
    aml_release(aml, "HPLK");
    aml_op(aml, AML_RETURN);
    aml_local(aml, 0);
    aml_end(aml);
}

/* ---- _DSM ---- */

static void append_return_bits(Aml *aml, guint8 bits)
{
    aml_op(aml, AML_RETURN);
    aml_buffer(aml, &bits, 1);
}

/* If (Arg n is not value) there are no functions. */
static void append_refuse_uuid(Aml *aml)
{
    aml_if(aml);
    aml_op(aml, AML_LNOT);
    aml_op(aml, AML_LEQUAL);
    aml_arg(aml, 0);
    aml_uuid(aml, DSM_UUID);
    append_return_bits(aml, 0);
    aml_end(aml);
    aml_if(aml);
    aml_op(aml, AML_LLESS);
    aml_arg(aml, 1);
    aml_int(aml, DSM_REVISION);
    append_return_bits(aml, 0);
    aml_end(aml);
}

/* HDSM (uuid, revision, function, bus, slot): _DSM of all slots. */
static void append_dsm_method(Aml *aml)
{
    aml_method(aml, "HDSM", 5, true);
    append_refuse_uuid(aml);
    aml_op(aml, AML_STORE);
    aml_path(aml, "HIX");
    aml_arg(aml, 3);
    aml_arg(aml, 4);
    aml_local(aml, 0);
    aml_if(aml);                        /* a device without an index has no functions */
    aml_op(aml, AML_LEQUAL);
    aml_local(aml, 0);
    aml_int(aml, 0);
    append_return_bits(aml, 0);
    aml_end(aml);
    aml_if(aml);
    aml_op(aml, AML_LEQUAL);
    aml_arg(aml, 2);
    aml_int(aml, DSM_FUNCTIONS);
    append_return_bits(aml, 1 << DSM_FUNCTIONS | 1 << DSM_NAMING);
    aml_end(aml);
    aml_if(aml);
    aml_op(aml, AML_LEQUAL);
    aml_arg(aml, 2);
    aml_int(aml, DSM_NAMING);
    aml_op(aml, AML_STORE);
    aml_package(aml, 2);
    aml_int(aml, 0);
    aml_string(aml, "");
    aml_end(aml);
    aml_local(aml, 1);
    aml_op(aml, AML_STORE);
    aml_local(aml, 0);
    aml_op(aml, AML_INDEX);
    aml_local(aml, 1);
    aml_int(aml, 0);
    aml_no_target(aml);
    aml_op(aml, AML_RETURN);
    aml_local(aml, 1);
    aml_end(aml);
    append_return_bits(aml, 0);
    aml_end(aml);
}

/* ---- Slots ---- */

static void slot_name(char name[4], guint devfn)
{
    g_snprintf(name, 4, "S%02X", devfn & 0xff);
}

static void append_slot_dsm(Aml *aml)
{
    aml_method(aml, "_DSM", 4, true);
    aml_op(aml, AML_RETURN);
    aml_path(aml, "\\_SB.PCI0.HDSM");
    aml_arg(aml, 0);
    aml_arg(aml, 1);
    aml_arg(aml, 2);
    aml_path(aml, "BSEL");
    aml_path(aml, "_SUN");
    aml_end(aml);
}

/* A slot into which a device may be plugged. */
static void append_slot(Aml *aml, const AcpiPcConfig *config, guint slot)
{
    char name[4];

    slot_name(name, slot << 3);
    aml_device(aml, name);
    aml_name_int(aml, "_SUN", slot);
    aml_name_int(aml, "_ADR", slot << 16);
    aml_method(aml, "_EJ0", 1, false);
    aml_path(aml, "\\_SB.PCI0.HEJ");
    aml_path(aml, "BSEL");
    aml_path(aml, "_SUN");
    aml_end(aml);
    if (config->acpi_index) {
        append_slot_dsm(aml);
    }
    aml_end(aml);
}

/* Slots that cannot change, which include those of bridges. */
static guint32 fixed_slots(const AcpiPciBus *bus)
{
    guint32 fixed = bus->fixed;

    for (guint i = 0; i < bus->n_buses; i++) {
        fixed |= G_GUINT64_CONSTANT(1) << (bus->buses[i].devfn >> 3);
    }
    return fixed;
}

/* HNT (slots, value): notifies the slots whose bits are set. */
static void append_notify_method(Aml *aml, guint32 fixed)
{
    aml_method(aml, "HNT", 2, false);
    for (guint slot = 0; slot < N_SLOTS; slot++) {
        char name[4];

        if (fixed >> slot & 1) {
            continue;
        }
        slot_name(name, slot << 3);
        aml_if(aml);
        aml_op(aml, AML_AND);
        aml_arg(aml, 0);
        aml_int(aml, G_GUINT64_CONSTANT(1) << slot);
        aml_no_target(aml);
        aml_op(aml, AML_NOTIFY);
        aml_path(aml, name);
        aml_arg(aml, 1);
        aml_end(aml);
    }
    aml_end(aml);
}

static void append_call_notify(Aml *aml, const char *reg, guint value)
{
    aml_path(aml, "HNT");
    aml_path(aml, reg);
    aml_int(aml, value);
}

/* PCNT: handles changes on this bus and on those behind it. */
static void append_count_method(Aml *aml, const AcpiPciBus *bus)
{
    aml_method(aml, "PCNT", 0, false);
    if (bus->number >= 0) {
        aml_op(aml, AML_STORE);
        aml_path(aml, "BSEL");
        aml_path(aml, "\\_SB.PCI0.BUSN");
        append_call_notify(aml, "\\_SB.PCI0.UP", NOTIFY_DEVICE_CHECK);
        append_call_notify(aml, "\\_SB.PCI0.DOWN", NOTIFY_EJECT);
    }
    for (guint i = 0; i < bus->n_buses; i++) {
        char path[] = "^S00.PCNT";

        g_snprintf(path, sizeof(path), "^S%02X.PCNT", bus->buses[i].devfn);
        aml_path(aml, path);
    }
    aml_end(aml);
}

/* The contents of a bus's scope; its bridges, which are fixed, come first. */
static void append_bus(Aml *aml, const AcpiPcConfig *config, const AcpiPciBus *bus)
{
    guint32 fixed = fixed_slots(bus);

    for (guint i = 0; i < bus->n_buses; i++) {
        guint8 devfn = bus->buses[i].devfn;
        char name[4];

        slot_name(name, devfn);
        aml_device(aml, name);
        aml_name_int(aml, "_ADR", (devfn >> 3) << 16 | (devfn & 7));
        append_bus(aml, config, &bus->buses[i]);
        aml_end(aml);
    }
    if (bus->number >= 0) {
        aml_name_int(aml, "BSEL", bus->number);
        for (guint slot = 0; slot < N_SLOTS; slot++) {
            if (!(fixed >> slot & 1)) {
                append_slot(aml, config, slot);
            }
        }
        append_notify_method(aml, fixed);
    }
    append_count_method(aml, bus);
}

/* ---- Entry points ---- */

void acpi_dsdt_hotplug(Aml *aml, const AcpiPcConfig *config)
{
    append_registers(aml, config->hotplug_base);
    append_eject_method(aml);
    if (config->acpi_index) {
        append_index_method(aml);
        append_dsm_method(aml);
    }
    append_bus(aml, config, config->root);
}

void acpi_dsdt_hotplug_event(Aml *aml)
{
    aml_scope(aml, "\\_GPE");
    aml_method(aml, "_E01", 0, false);
    aml_acquire(aml, "\\_SB.PCI0.HPLK");
    aml_path(aml, "\\_SB.PCI0.PCNT");
    aml_release(aml, "\\_SB.PCI0.HPLK");
    aml_end(aml);
    aml_end(aml);
}
