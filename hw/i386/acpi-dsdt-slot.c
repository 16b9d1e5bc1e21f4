/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the methods of slots for memory and of places for CPUs share.
 */
#include "config.h"
#include "hw/i386/acpi-dsdt.h"

void acpi_dsdt_store_int(Aml *aml, guint64 value, const char *to)
{
    aml_op(aml, AML_STORE);
    aml_int(aml, value);
    aml_path(aml, to);
}

void acpi_dsdt_set_local(Aml *aml, guint64 value)
{
    aml_op(aml, AML_STORE);
    aml_int(aml, value);
    aml_local(aml, 0);
}

void acpi_dsdt_slot_value(Aml *aml, const char *name, const char *method)
{
    aml_method(aml, name, 0, false);
    aml_op(aml, AML_RETURN);
    aml_path(aml, method);
    aml_path(aml, "_UID");
    aml_end(aml);
}

void acpi_dsdt_slot_report(Aml *aml, const char *method)
{
    aml_method(aml, "_OST", 3, false);
    aml_path(aml, method);
    aml_path(aml, "_UID");
    aml_arg(aml, 0);
    aml_arg(aml, 1);
    aml_end(aml);
}

void acpi_dsdt_slot_eject(Aml *aml, const char *method)
{
    aml_method(aml, "_EJ0", 1, false);
    aml_path(aml, method);
    aml_path(aml, "_UID");
    aml_end(aml);
}
