/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Missing: devices that options and QEMU's machines use, and that have no class here.
 *
 * The schema's classes decide: once one of these has a class, it is not reported any more,
 * and a test requires that its option is translated.
 */
#ifndef CLIENT_TRANSLATE_MISSING_H
#define CLIENT_TRANSLATE_MISSING_H

#include <glib.h>

typedef struct {
    const char *driver;         /* the class that QEMU has */
    const char *what;           /* for people, with "a" before it */
} MissingDevice;

const MissingDevice *missing_device_rows(gsize *ret_n);

/* A description of the class; NULL if it exists, or is not in this list. */
const char *missing_device(const char *driver);

#endif
