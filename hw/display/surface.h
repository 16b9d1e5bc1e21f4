/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Surface: a picture in memory, 32 bits a pixel (x8r8g8b8), on a pixman image.
 *
 * A surface belongs to one thread at a time; no function needs a lock.  pixman is loaded when
 * the first viewer needs a picture: surface_load() comes before everything else.
 */
#ifndef HW_DISPLAY_SURFACE_H
#define HW_DISPLAY_SURFACE_H

#include <glib.h>
#include <stdbool.h>

typedef struct Surface Surface;

/* Pixel formats of frame buffers, in the guest's memory. */
typedef enum {
    SURFACE_RGB555,
    SURFACE_RGB565,
    SURFACE_RGB888,             /* 24 bits: blue, green, red */
    SURFACE_XRGB8888,           /* 32 bits: blue, green, red, nothing */
    SURFACE_BGR888,             /* 24 bits: red, green, blue */
    SURFACE_BGRX8888,           /* 32 bits: nothing, red, green, blue */
    SURFACE_XBGR8888,           /* 32 bits: red, green, blue, nothing */
    SURFACE_RGBX8888,           /* 32 bits: nothing, blue, green, red */
} SurfaceFormat;

/* Loads pixman, unless it is loaded.  Any thread; the first call reads files, so it belongs
 * on the pool.  Fails with not-supported if the library is missing. */
bool surface_load(GError **error);

/* A black picture, for surface_free().  width and height: 1 to 32767.  Fails with no-memory. */
Surface *surface_new(guint width, guint height, GError **error);
void surface_free(Surface *surface);            /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Surface, surface_free)

guint surface_width(const Surface *surface);
guint surface_height(const Surface *surface);
/* The pixels of row y, 0xRRGGBB each. */
guint32 *surface_row(Surface *surface, guint y);

/* Fills rows [first, first + n) from bits, which begins with row `first`: rows of pitch bytes;
 * both are multiples of 4.  bits has n - 1 times pitch bytes, and a row. */
void surface_fill(Surface *surface, guint first, guint n, SurfaceFormat format, const void *bits,
                  guint pitch);

/* Bytes of a pixel. */
guint surface_bytes(SurfaceFormat format);
/* A row of width pixels from bits, which need not be aligned, as 0xRRGGBB each. */
void surface_convert(SurfaceFormat format, const guint8 *bits, guint width, guint32 *ret);

/* Row y as bytes red, green, blue of each pixel. */
void surface_get_rgb(const Surface *surface, guint y, guint8 *ret);

#endif
