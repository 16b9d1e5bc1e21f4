/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts of a PC's DSDT, for acpi-build.c.
 */
#ifndef HW_I386_ACPI_DSDT_H
#define HW_I386_ACPI_DSDT_H

#include "hw/acpi/aml.h"
#include "hw/i386/acpi-build.h"

/* Host bridge with windows and interrupt routing, ISA bridge with its devices,
 * interrupt links, processors, HPET, sleep states. */
void acpi_dsdt(Aml *aml, const AcpiPcConfig *config);

/* Hotplug of PCI devices: registers, slots, methods, and the event that calls
 * them.  acpi_dsdt_hotplug belongs in the host bridge's scope. */
void acpi_dsdt_hotplug(Aml *aml, const AcpiPcConfig *config);
void acpi_dsdt_hotplug_event(Aml *aml);

/* Slots for memory, with registers and methods, and the event that calls them.
 * acpi_dsdt_memory belongs in the scope \\_SB. */
void acpi_dsdt_memory(Aml *aml, const AcpiPcConfig *config);
void acpi_dsdt_memory_event(Aml *aml);

/* Processors; with registers for those that come and go also methods, and the event that
 * calls them.  acpi_dsdt_cpus belongs in the scope \\_SB. */
void acpi_dsdt_cpus(Aml *aml, const AcpiPcConfig *config);
void acpi_dsdt_cpus_event(Aml *aml);

/* NVDIMMs, with windows and methods, and the event that says that one came. */
void acpi_dsdt_nvdimm(Aml *aml, const AcpiPcConfig *config);
void acpi_dsdt_nvdimm_event(Aml *aml);

/* ---- Slots, whose methods call one that all of them share with their _UID ---- */

/* A method that returns what `method` does. */
void acpi_dsdt_slot_value(Aml *aml, const char *name, const char *method);
/* _OST: `method` gets event and status. */
void acpi_dsdt_slot_report(Aml *aml, const char *method);
/* _EJ0 */
void acpi_dsdt_slot_eject(Aml *aml, const char *method);
/* Store (value, to), Store (value, Local0) */
void acpi_dsdt_store_int(Aml *aml, guint64 value, const char *to);
void acpi_dsdt_set_local(Aml *aml, guint64 value);

/* ---- Other parts ---- */

/* The drives of a floppy disk controller, in its scope. */
void acpi_dsdt_floppies(Aml *aml, const AcpiFloppy drives[ACPI_MAX_FLOPPIES]);

#endif
