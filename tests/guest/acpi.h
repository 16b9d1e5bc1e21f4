/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACPI as far as a guest needs it to find its tables and to switch itself off:
 * ACPI 6.4, sections 5.2.5 (RSDP), 5.2.6 (headers), 5.2.9 (FADT), 4.8.3.2 (PM1),
 * 7.4.2 (\_S5).
 */
#ifndef TESTS_GUEST_ACPI_H
#define TESTS_GUEST_ACPI_H

#include "tests/guest/boot-info.h"

/* A line for each table with its length, and whether its checksum is right. */
void acpi_print(const BootInfo *info);

/* The bytes of each table with this signature of four letters: "acpi: APIC, bytes 41 50 ...". */
void acpi_dump(const BootInfo *info, const char *signature);

/* Waits until the power button was pressed; "end: power button".  Returns at once if
 * there is none, having said so. */
void acpi_wait_button(const BootInfo *info);

/* Enters the state S5.  Returns if there is no way to, having said why. */
void acpi_power_off(const BootInfo *info);

#endif
