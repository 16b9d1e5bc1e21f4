/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disks: where a -drive is connected: its interface, and its place there.
 */
#ifndef CLIENT_TRANSLATE_DRIVE_UNIT_H
#define CLIENT_TRANSLATE_DRIVE_UNIT_H

#include "client/translate/plan.h"

typedef struct DriveInterface DriveInterface;

typedef struct {
    const Item *item;           /* borrowed; NULL: a default drive */
    const DriveInterface *interface;
    guint bus, unit;
    bool cdrom;
    char *name;                 /* of the node, and of a drive that may be empty */
    QmpOptions *device;         /* properties that its device gets */
} DriveUnit;

void drive_unit_free(void *unit);

/* Takes if, bus, unit, index and media out of a -drive; fails if there is no such place, or if it
 * is occupied. The unit belongs to the plan. */
DriveUnit *drive_unit_take(Plan *plan, Item *item, GError **error);
/* Whether the drive has a device, or only a node (if=none). */
bool drive_unit_has_device(const DriveUnit *unit);
/* Whether the drive may be empty. */
bool drive_unit_is_removable(const DriveUnit *unit);

/* Drives of the board: those of IDE and floppy options, and QEMU's empty default ones. */
bool drive_units_add_board(Plan *plan, GError **error);

#endif
