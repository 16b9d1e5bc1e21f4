/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Firmware files: finding them by name where the distribution has them, and
 * reading them into memory that a region can show.
 *
 * All functions but firmware_fill() may block and need no lock: a prepare hook is
 * the place.
 */
#ifndef HW_MACHINE_FIRMWARE_H
#define HW_MACHINE_FIRMWARE_H

#include <glib.h>
#include <stdbool.h>

/* Where a file is: name itself if it has a '/', else the first folder of
 * configure's --with-firmware-path that has it, else name again, which opening
 * it then complains about.  Newly allocated. */
char *firmware_path(const char *name);

/* A file in memory: size bytes of it, and zeros up to room bytes, a power of two;
 * page-aligned, and private to this process. */
typedef struct {
    guint8 *data;
    gsize size, room;
} FirmwareImage;

/* Reads the file of that name; role says what it is in messages ("option ROM").
 * room: at least so much memory, a power of two or 0.  Fails with file-not-usable
 * (it cannot be read, is not a regular file, is empty or longer than max bytes) or
 * no-memory, and leaves *ret as it is. */
bool firmware_load(FirmwareImage *ret, const char *role, const char *name, gsize room, gsize max,
                   GError **error);
/* The same with what was read of it already, from that path. */
bool firmware_fill(FirmwareImage *ret, const char *role, const char *path, GBytes *bytes,
                   gsize room, gsize max, GError **error);
void firmware_free(FirmwareImage *image);       /* accepts an empty one, which it leaves */

#endif
