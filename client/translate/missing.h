/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Missing: devices that options and QEMU's machines refer to, and that have no class here.
 *
 * The schema's classes decide: once one of these has a class, nothing is said of it any more,
 * and a test asks for the option that means it to be translated.
 */
#ifndef CLIENT_TRANSLATE_MISSING_H
#define CLIENT_TRANSLATE_MISSING_H

#include <glib.h>

typedef struct {
    const char *driver;         /* the class that QEMU has */
    const char *what;           /* for people, with "a" before it */
} MissingDevice;

const MissingDevice *missing_device_rows(gsize *ret_n);

/* What the class is for people; NULL if it is there, or none of these. */
const char *missing_device(const char *driver);

/* "a VGA card, a floppy drive and a CD-ROM drive": those of the list that are missing; empty if
 * none is.  Newly allocated. */
char *missing_devices(const char *const *drivers);

#endif
