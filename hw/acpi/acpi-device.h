/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A device's description for ACPI tables, given by hook `acpi` of its class
 * (qom/device.h).  The board calls the hook of each realized device and writes the
 * descriptions into its DSDT (hw/i386/acpi-build.h); it does not know the classes.
 *
 *     static void doorbell_acpi(Device *dev, AcpiDevices *devices)
 *     {
 *         acpi_add_isa(devices, &(AcpiIsaDevice){
 *             .name = "DBL0", .eisaid = "PNP0C02", .ports = { { PORT, 2 } }, .irq = IRQ,
 *         });
 *     }
 *
 * The hook runs with the machine lock held, and sees the choices that realize
 * wrote back into the properties.
 */
#ifndef HW_ACPI_ACPI_DEVICE_H
#define HW_ACPI_ACPI_DEVICE_H

#include "qom/device.h"

enum { ACPI_ISA_MAX_PORTS = 2, ACPI_ISA_NO_IRQ = -1, ACPI_MAX_FLOPPIES = 2 };

/* The limits of a floppy drive (_FDI). */
typedef struct {
    guint8 type;                /* as in the memory of a PC's clock; 0: there is none */
    guint8 tracks, sectors, heads;
} AcpiFloppy;

/* A device below the ISA bridge.  Strings are constants. */
typedef struct {
    const char *name;           /* four letters; the last one is incremented for a second device */
    const char *eisaid, *hid;   /* one of the two: "PNP0501", or a text */
    struct {
        guint32 base, size;
    } ports[ACPI_ISA_MAX_PORTS];        /* size 0: end */
    gint irq;                   /* or ACPI_ISA_NO_IRQ */
    guint8 dma;                 /* channels of bytes, bit N for channel N */
    bool has_floppies;          /* it is a floppy disk controller, with these drives */
    AcpiFloppy floppies[ACPI_MAX_FLOPPIES];
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
