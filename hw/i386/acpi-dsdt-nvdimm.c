/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NVDIMMs in the DSDT: the guest's side of the windows that hw/acpi/acpi-nvdimm.h describes.
 * ACPI 6.4, section 9.19; "NVDIMM DSM Interface" 1.3 (Intel).
 *
 * The root device has _FIT, which says what modules there are now, and general-purpose event
 * 4 notifies it; each slot has a device below it whose _ADR is the handle in the NFIT.
 */
#include "config.h"
#include "hw/acpi/acpi-nvdimm.h"
#include "hw/i386/acpi-dsdt.h"

#define UUID_ROOT   "2f10e7a4-9e91-11e4-89d3-123b93f75cba"
#define UUID_MODULE "4309ac30-0d11-11e4-9191-0800200c9a66"

enum {
    TYPE_PACKAGE = 4,           /* of ObjectType */
    NOTIFY_ROOT = 0x80,         /* the FIT has changed */
    HEADER = 12,                /* of a request, before its arguments */
};

static void append_store(Aml *aml, guint arg, const char *to)
{
    aml_op(aml, AML_STORE);
    aml_arg(aml, arg);
    aml_path(aml, to);
}

static void append_windows(Aml *aml, const AcpiPcConfig *config)
{
    guint32 fit = acpi_nvdimm_fit_size(config->n_nvdimm_slots);

    aml_region(aml, "NPIO", AML_SYSTEM_IO, ACPI_NVDIMM_PORT, ACPI_NVDIMM_PORT_SIZE);
    aml_field(aml, "NPIO", AML_ACCESS_DWORD, AML_PRESERVE);
    aml_field_unit(aml, "NTFI", 32);
    aml_end(aml);
    aml_region(aml, "NRAM", AML_SYSTEM_MEMORY, ACPI_NVDIMM_BASE, ACPI_NVDIMM_PAGE);
    aml_field(aml, "NRAM", AML_ACCESS_DWORD, AML_PRESERVE);
    aml_field_unit(aml, "HDLE", 32);
    aml_field_unit(aml, "REVS", 32);
    aml_field_unit(aml, "FUNC", 32);
    aml_field_unit(aml, "FARG", (ACPI_NVDIMM_PAGE - HEADER) * 8);
    aml_end(aml);
    aml_field(aml, "NRAM", AML_ACCESS_DWORD, AML_PRESERVE);
    aml_field_unit(aml, "RLEN", 32);
    aml_field_unit(aml, "ODAT", (ACPI_NVDIMM_PAGE - 4) * 8);
    aml_end(aml);
    aml_region(aml, "NFIT", AML_SYSTEM_MEMORY, ACPI_NVDIMM_BASE + ACPI_NVDIMM_PAGE, fit);
    aml_field(aml, "NFIT", AML_ACCESS_DWORD, AML_PRESERVE);
    aml_field_unit(aml, "FITL", 32);
    aml_field_unit(aml, "FITD", (fit - 4) * 8);
    aml_end(aml);
}

/* Return (Mid (Local0, 0, Local1)): a buffer, where a field of few bytes would be an integer. */
static void append_return_first(Aml *aml)
{
    aml_op(aml, AML_RETURN);
    aml_op(aml, AML_MID);
    aml_local(aml, 0);
    aml_int(aml, 0);
    aml_local(aml, 1);
    aml_no_target(aml);
}

static void append_to_local(Aml *aml, const char *from, guint local)
{
    aml_op(aml, AML_STORE);
    aml_path(aml, from);
    aml_local(aml, local);
}

/* NCAL (revision, function, arguments, handle): the answer.  Arguments are a package with a
 * buffer, or empty. */
static void append_call_method(Aml *aml)
{
    aml_method(aml, "NCAL", 4, true);
    append_store(aml, 3, "HDLE");
    append_store(aml, 0, "REVS");
    append_store(aml, 1, "FUNC");
    aml_if(aml);
    aml_op(aml, AML_LEQUAL);
    aml_op(aml, AML_OBJECT_TYPE);
    aml_arg(aml, 2);
    aml_int(aml, TYPE_PACKAGE);
    aml_if(aml);
    aml_op(aml, AML_SIZE_OF);
    aml_arg(aml, 2);
    aml_op(aml, AML_STORE);
    aml_op(aml, AML_DEREF_OF);
    aml_op(aml, AML_INDEX);
    aml_arg(aml, 2);
    aml_int(aml, 0);
    aml_no_target(aml);
    aml_local(aml, 0);
    aml_op(aml, AML_STORE);
    aml_local(aml, 0);
    aml_path(aml, "FARG");
    aml_end(aml);
    aml_end(aml);
    aml_op(aml, AML_STORE);
    aml_int(aml, 1);
    aml_path(aml, "NTFI");
    append_to_local(aml, "ODAT", 0);
    aml_op(aml, AML_SUBTRACT);
    aml_path(aml, "RLEN");
    aml_int(aml, 4);
    aml_local(aml, 1);
    append_return_first(aml);
    aml_end(aml);
}

/* NDSM (uuid, revision, function, arguments, handle): a _DSM, of the root for handle 0. */
static void append_dsm_method(Aml *aml, const char *name, const char *uuid)
{
    static const guint8 no_function;

    aml_method(aml, name, 5, false);
    aml_if(aml);
    aml_op(aml, AML_LEQUAL);
    aml_arg(aml, 0);
    aml_uuid(aml, uuid);
    aml_op(aml, AML_RETURN);
    aml_path(aml, "NCAL");
    for (guint i = 1; i < 5; i++) {
        aml_arg(aml, i);
    }
    aml_end(aml);
    aml_op(aml, AML_RETURN);
    aml_buffer(aml, &no_function, 1);
    aml_end(aml);
}

static void append_dsm(Aml *aml, const char *method, guint handle)
{
    aml_method(aml, "_DSM", 4, false);
    aml_op(aml, AML_RETURN);
    aml_path(aml, method);
    for (guint i = 0; i < 4; i++) {
        aml_arg(aml, i);
    }
    aml_int(aml, handle);
    aml_end(aml);
}

static void append_fit_method(Aml *aml)
{
    aml_method(aml, "_FIT", 0, true);
    append_to_local(aml, "FITD", 0);
    append_to_local(aml, "FITL", 1);
    append_return_first(aml);
    aml_end(aml);
}

static void append_slot(Aml *aml, guint slot)
{
    char name[5];

    g_snprintf(name, sizeof(name), "NV%02X", slot & 0xff);
    aml_device(aml, name);
    aml_name_int(aml, "_ADR", slot + 1);
    append_dsm(aml, "NDSM", slot + 1);
    aml_end(aml);
}

void acpi_dsdt_nvdimm(Aml *aml, const AcpiPcConfig *config)
{
    aml_device(aml, "NVDR");
    aml_name_string(aml, "_HID", "ACPI0012");
    append_windows(aml, config);
    append_call_method(aml);
    append_dsm_method(aml, "NDSM", UUID_MODULE);
    append_dsm_method(aml, "NRSM", UUID_ROOT);
    append_dsm(aml, "NRSM", 0);
    append_fit_method(aml);
    for (guint slot = 0; slot < config->n_nvdimm_slots; slot++) {
        append_slot(aml, slot);
    }
    aml_end(aml);
}

void acpi_dsdt_nvdimm_event(Aml *aml)
{
    aml_scope(aml, "\\_GPE");
    aml_method(aml, "_E04", 0, false);
    aml_op(aml, AML_NOTIFY);
    aml_path(aml, "\\_SB.NVDR");
    aml_int(aml, NOTIFY_ROOT);
    aml_end(aml);
    aml_end(aml);
}
