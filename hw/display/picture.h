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

/* Takes the next bytes of a file; false: it failed, and gets no more. */
typedef bool PictureSink(void *opaque, const guint8 *data, gsize size);

/* Makes the bytes of a file, piece by piece.  Any thread; picture_load() has been called.  False:
 * the sink failed, or (for PNG) there is no memory, in which case it was not called to the end. */
bool picture_write(const Surface *surface, ImageFormat format, PictureSink *sink, void *opaque);

#endif
