/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The values for a PC's firmware in the memory of the real-time clock: the
 * bytes of the AT, and the additional ones that firmware for virtual machines
 * reads.
 */
#ifndef HW_I386_PC_CMOS_H
#define HW_I386_PC_CMOS_H

#include "qom/device.h"

typedef struct {
    guint64 ram_low;            /* bytes of RAM below 4 GiB */
    guint64 ram_high;           /* and from 4 GiB on */
    guint n_cpus;
    guint8 floppies[2];         /* types of the drives A and B (floppy_type_number) */
} PcCmos;

/* Machine lock; rtc is an mc146818rtc. */
void pc_cmos_fill(Device *rtc, const PcCmos *config);

/* Only the number of CPUs: some have come or gone. */
void pc_cmos_set_n_cpus(Device *rtc, guint n_cpus);

/* Tells it about the hard disks of a piix3-ide. */
void pc_cmos_set_disks(Device *rtc, Device *ide);

/* Tells the firmware that the next reset is the end of a sleep. */
void pc_cmos_set_resume(Device *rtc);

/* Checks that order names boot devices, at most three.  Fails with invalid-value. */
bool pc_cmos_check_order(const char *order, GError **error);
/* Stores such an order for the firmware; floppy_check: it only starts boot sectors of floppy disks
 * that have a signature. */
void pc_cmos_set_order(Device *rtc, const char *order, bool floppy_check);

#endif
