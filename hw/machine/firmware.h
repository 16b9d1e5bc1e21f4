/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Firmware files: finding them by name in the distribution's folders, and
 * reading them into memory that a region can map.
 *
 * All functions except firmware_fill() may block and need no lock: they belong in
 * a prepare hook.
 */
#ifndef HW_MACHINE_FIRMWARE_H
#define HW_MACHINE_FIRMWARE_H

#include <glib.h>
#include <stdbool.h>

/* The path of a file: name itself if it has a '/', else the first match in the
 * folders of configure's --with-firmware-path, else name again, so that opening
 * it fails.  Newly allocated. */
char *firmware_path(const char *name);

/* A file in memory: size bytes of it, and zeros up to room bytes, a power of two;
 * page-aligned, and private to this process. */
typedef struct {
    guint8 *data;
    gsize size, room;
} FirmwareImage;

/* Reads the file of that name; role names it in messages ("option ROM").  room:
 * minimum size of the memory, a power of two or 0.  Fails with file-not-usable (it
 * cannot be read, is not a regular file, is empty or longer than max bytes) or
 * no-memory, and leaves *ret unchanged. */
bool firmware_load(FirmwareImage *ret, const char *role, const char *name, gsize room, gsize max,
                   GError **error);
/* The same with content that was read already, from that path. */
bool firmware_fill(FirmwareImage *ret, const char *role, const char *path, GBytes *bytes,
                   gsize room, gsize max, GError **error);
void firmware_free(FirmwareImage *image);       /* accepts an empty one */

#endif
