/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Surfaces as picture files.
 */
#ifndef HW_DISPLAY_PICTURE_H
#define HW_DISPLAY_PICTURE_H

#include "hw/display/surface.h"
#include "qmp/qapi-types-display.h"

/* Loads what the format needs, pixman included.  Any thread; it reads files, so it belongs on
 * the pool.  Fails with not-supported. */
bool picture_load(ImageFormat format, GError **error);

/* The bytes of a file.  Any thread; picture_load() has been called.  Fails with no-memory. */
GByteArray *picture_encode(const Surface *surface, ImageFormat format, GError **error);

#endif
