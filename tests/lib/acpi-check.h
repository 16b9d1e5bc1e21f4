/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACPI tables as iasl, ACPICA's compiler, sees them.
 */
#ifndef TESTS_LIB_ACPI_CHECK_H
#define TESTS_LIB_ACPI_CHECK_H

#include "hw/acpi/acpi-tables.h"

/* Relocates the tables to an address and follows the pointers from the root:
 * checksums and lengths must be right, and each table must be disassembled and
 * compiled again without error or warning (skips the test if there is no iasl).
 * Returns all disassembled sources in one text. */
char *acpi_check(AcpiTables *tables, guint32 address);

/* Has acpiexec, ACPICA's interpreter, load the DSDT of relocated tables and do
 * commands ("execute METHOD; execute NAME"); registers keep what is written to
 * them.  Its output, or NULL if the test is skipped for want of it. */
char *acpi_execute(const AcpiTables *tables, guint32 address, const char *commands);

/* The table with this signature in relocated tables, or NULL. */
const guint8 *acpi_check_find(const AcpiTables *tables, guint32 address, const char *signature);

#endif
