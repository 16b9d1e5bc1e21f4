/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Formats of floppy disks: an image has no description of its own, so its size and the kind of
 * drive decide.
 */
#ifndef HW_FLOPPY_FLOPPY_FORMAT_H
#define HW_FLOPPY_FLOPPY_FORMAT_H

#include <glib.h>

#include "qmp/qapi-types-floppy.h"

/* Data rates, by their code in the controller's registers. */
typedef enum { FLOPPY_500K = 0, FLOPPY_300K = 1, FLOPPY_250K = 2, FLOPPY_1M = 3 } FloppyRate;

typedef struct {
    FdcDriveType drive;
    guint8 sectors, tracks, heads;      /* sectors of a track, tracks of a side */
    FloppyRate rate;
} FloppyFormat;

/* The format of a medium of this size in a drive of this type (or auto): one of the type, or else
 * one of another type whose media fit into the drive, as QEMU chooses; NULL: there is none. */
const FloppyFormat *floppy_format_find(FdcDriveType drive, guint64 bytes);
/* The first format of a type of drive, for media of any other size; drive is not none or auto. */
const FloppyFormat *floppy_format_default(FdcDriveType drive);
/* The most of each that formats of a type of drive have; false: none. */
bool floppy_format_limits(FdcDriveType drive, FloppyFormat *ret_limits);
/* The number that a PC's firmware has for a type; 0 for none. */
guint8 floppy_type_number(FdcDriveType drive);

#endif
