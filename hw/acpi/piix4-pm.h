/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PIIX4_PM: the power management function of the PIIX4: ACPI's fixed hardware,
 * general purpose events, the SMBus host, and the hotplug controllers of
 * PCI, memory and CPUs.
 *
 * Its output line "sci[0]" is the system control interrupt.  Machine lock held.
 */
#ifndef HW_ACPI_PIIX4_PM_H
#define HW_ACPI_PIIX4_PM_H

#include "hw/acpi/acpi-cpu-hotplug.h"
#include "hw/acpi/acpi-memory-hotplug.h"
#include "hw/acpi/acpi-pci-hotplug.h"

enum {
    PIIX4_GPE0_BASE = 0xafe0,
    PIIX4_GPE0_SIZE = 4,        /* status, then enable */
};

/* Maps the power management registers at io_base (a multiple of 64), as
 * firmware does. */
void piix4_pm_map(Device *dev, guint16 io_base);

/* Its PCI hotplug controller, as long as it is realized. */
const AcpiPciHotplug *piix4_pm_hotplug(Device *dev);

extern const TypeInfo piix4_pm_type;

#endif
