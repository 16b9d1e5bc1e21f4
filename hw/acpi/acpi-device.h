/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a device tells of itself for ACPI tables: hook `acpi` of its class
 * (qom/device.h).  The board asks each device that is realized and writes all of it
 * into its DSDT (hw/i386/acpi-build.h); it knows no class.
 *
 *     static void doorbell_acpi(Device *dev, AcpiDevices *devices)
 *     {
 *         acpi_add_isa(devices, &(AcpiIsaDevice){
 *             .name = "DBL0", .eisaid = "PNP0C02", .ports = { { PORT, 2 } }, .irq = IRQ,
 *         });
 *     }
 *
 * The hook has the machine lock, and the choices that realize wrote back into the
 * properties.
 */
#ifndef HW_ACPI_ACPI_DEVICE_H
#define HW_ACPI_ACPI_DEVICE_H

#include "qom/device.h"

enum { ACPI_ISA_MAX_PORTS = 2, ACPI_ISA_NO_IRQ = -1 };

/* A device below the ISA bridge.  Strings are constants. */
typedef struct {
    const char *name;           /* four letters; a second one so named has the last counted up */
    const char *eisaid, *hid;   /* one of the two: "PNP0501", or a text */
    struct {
        guint32 base, size;
    } ports[ACPI_ISA_MAX_PORTS];        /* size 0: no more */
    gint irq;                   /* or ACPI_ISA_NO_IRQ */
    bool hidden;                /* not shown to the guest's users */
} AcpiIsaDevice;

typedef struct AcpiDevices {
    GArray *isa;                /* of AcpiIsaDevice */
    guint32 hpet;               /* its address; 0: there is none */
    bool has_8042;              /* a keyboard controller */
} AcpiDevices;

static inline void acpi_add_isa(AcpiDevices *devices, const AcpiIsaDevice *device)
{
    g_array_append_vals(devices->isa, device, 1);
}

#endif
