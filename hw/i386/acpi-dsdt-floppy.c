/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Floppy drives in a PC's DSDT (ACPI 6.4, section 9.9): which ones there are (_FDE), and what they
 * can do (_FDI).
 */
#include "config.h"
#include "hw/i386/acpi-dsdt.h"

#include "qmp/bytes.h"

enum { FDE_DRIVES = 4, FDE_TAPE_NEVER = 2 };

/* What SeaBIOS reports as the parameters of any drive (INT 13h, function 8). */
static const guint8 parameters[] = {
    0xaf, 0x02, 0x25, 0x02, 0x12, 0x1b, 0xff, 0x6c, 0xf6, 0x0f, 0x08,
};

static void append_presence(Aml *aml, const AcpiFloppy drives[ACPI_MAX_FLOPPIES])
{
    guint8 bytes[4 * (FDE_DRIVES + 1)] = { 0 };

    for (guint i = 0; i < ACPI_MAX_FLOPPIES; i++) {
        put_le(bytes + 4 * i, drives[i].type != 0, 4);
    }
    put_le(bytes + 4 * FDE_DRIVES, FDE_TAPE_NEVER, 4);
    aml_name(aml, "_FDE");
    aml_buffer(aml, bytes, sizeof(bytes));
}

/* Tracks, sectors and heads are the highest numbers of each. */
static void append_drive(Aml *aml, guint n, const AcpiFloppy *drive)
{
    char name[] = "FLPA";

    name[3] += n;
    aml_device(aml, name);
    aml_name_int(aml, "_ADR", n);
    aml_name(aml, "_FDI");
    aml_package(aml, 5 + G_N_ELEMENTS(parameters));
    aml_int(aml, n);
    aml_int(aml, drive->type);
    aml_int(aml, drive->tracks - 1);
    aml_int(aml, drive->sectors);
    aml_int(aml, drive->heads - 1);
    for (guint i = 0; i < G_N_ELEMENTS(parameters); i++) {
        aml_int(aml, parameters[i]);
    }
    aml_end(aml);
    aml_end(aml);
}

void acpi_dsdt_floppies(Aml *aml, const AcpiFloppy drives[ACPI_MAX_FLOPPIES])
{
    append_presence(aml, drives);
    for (guint i = 0; i < ACPI_MAX_FLOPPIES; i++) {
        if (drives[i].type) {
            append_drive(aml, i, &drives[i]);
        }
    }
}
