/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Floppy drives, and the cable that connects two of them to a controller.
 *
 * A drive knows where its head is, and what format its medium has; it is the controller that
 * reads and writes.  All functions need the machine lock.
 */
#ifndef HW_FLOPPY_FLOPPY_H
#define HW_FLOPPY_FLOPPY_H

#include "hw/block/disk.h"
#include "hw/floppy/floppy-format.h"

enum { FLOPPY_MAX_DRIVES = 2, FLOPPY_SECTOR = 512 };

/* The stop of the head: drives reach a little farther than their formats. */
enum { FLOPPY_LAST_TRACK = 84 };

typedef struct Floppy Floppy;

/* What a drive of type auto on a cable is. */
typedef struct {
    FdcDriveType types[FLOPPY_MAX_DRIVES];   /* auto: by the medium */
    FdcDriveType fallback;   /* if that is unknown */
} FloppyTypes;

/* Makes the bus of a controller, borrowed. */
Bus *floppy_bus_new(Device *fdc, const FloppyTypes *types);
/* The drive that is realized, and is not of type none; or NULL. */
Floppy *floppy_bus_drive(Bus *bus, guint unit);

Disk *floppy_disk(Floppy *f);
/* Never auto. */
FdcDriveType floppy_type(const Floppy *f);
/* Of the medium; NULL: there is none. */
const FloppyFormat *floppy_format(const Floppy *f);
bool floppy_is_protected(const Floppy *f);
guint8 floppy_track(const Floppy *f);
/* Moves the head; up to FLOPPY_LAST_TRACK. */
void floppy_step_to(Floppy *f, guint track);
/* Line DSKCHG: there is no medium, or there is another one than at the last step. */
bool floppy_is_changed(const Floppy *f);
/* The number of the sector that passes the head next, from 1; there is a medium. */
guint8 floppy_next_sector(Floppy *f);

extern const TypeInfo floppy_bus_type, floppy_class_type;

#endif
