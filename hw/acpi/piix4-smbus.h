/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The SMBus host controller within PIIX4 ("82371AB PCI ISA IDE Xcelerator
 * (PIIX4)", section 7.2: SMBus I/O registers).  Its bus is empty: each transfer
 * ends with a device error, as on a board with empty sockets.
 */
#ifndef HW_ACPI_PIIX4_SMBUS_H
#define HW_ACPI_PIIX4_SMBUS_H

#include <glib.h>
#include <stdbool.h>

enum {
    PIIX4_SMBUS_SIZE = 16,      /* ports */
    PIIX4_SMBUS_BLOCK = 32,
};

typedef struct {
    /* Guest-visible. */
    guint8 hststs, hstcnt, hstcmd, hstadd, hstdat0, hstdat1;
    guint8 blkdat[PIIX4_SMBUS_BLOCK], blkindex;
    guint8 slvcnt;
    guint8 slvevt[2];
} Piix4Smbus;

guint8 piix4_smbus_read(Piix4Smbus *s, guint offset);
void piix4_smbus_write(Piix4Smbus *s, guint offset, guint8 value);
/* Whether it requests an interrupt. */
bool piix4_smbus_pending(const Piix4Smbus *s);

#endif
