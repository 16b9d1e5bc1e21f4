/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pictures in memory; see surface.h.  pixman converts between pixel formats.
 */
#include "config.h"
#include "hw/display/surface.h"

#include <pixman.h>

#include "qmp/error.h"

enum { MAX_SIDE = 32767 };      /* pixman's coordinates have 16 bits */

struct Surface {
    pixman_image_t *image;
    guint width, height;
};

Surface *surface_new(guint width, guint height, GError **error)
{
    bool fits = width && height && width <= MAX_SIDE && height <= MAX_SIDE;
    pixman_image_t *image = fits ? pixman_image_create_bits(PIXMAN_x8r8g8b8, width, height, NULL,
                                                            0) : NULL;
    Surface *surface;

    if (!image) {
        qmp_error_set(error, ERROR_REASON_NO_MEMORY, "a picture of %u by %u pixels", width,
                      height);
        return NULL;
    }
    surface = g_new(Surface, 1);
    *surface = (Surface){ .image = image, .width = width, .height = height };
    return surface;
}

void surface_free(Surface *surface)
{
    if (surface) {
        pixman_image_unref(surface->image);
        g_free(surface);
    }
}

guint surface_width(const Surface *surface)
{
    return surface->width;
}

guint surface_height(const Surface *surface)
{
    return surface->height;
}

guint32 *surface_row(Surface *surface, guint y)
{
    guint8 *data = (guint8 *)pixman_image_get_data(surface->image);

    return (guint32 *)(data + (gsize)y * pixman_image_get_stride(surface->image));
}

void surface_fill(Surface *surface, guint first, guint n, SurfaceFormat format, const void *bits,
                  guint pitch)
{
    static const pixman_format_code_t formats[] = {
        [SURFACE_RGB555] = PIXMAN_x1r5g5b5,
        [SURFACE_RGB565] = PIXMAN_r5g6b5,
        [SURFACE_RGB888] = PIXMAN_r8g8b8,
        [SURFACE_XRGB8888] = PIXMAN_x8r8g8b8,
        [SURFACE_BGR888] = PIXMAN_b8g8r8,
        [SURFACE_BGRX8888] = PIXMAN_b8g8r8x8,
        [SURFACE_XBGR8888] = PIXMAN_x8b8g8r8,
        [SURFACE_RGBX8888] = PIXMAN_r8g8b8x8,
    };
    pixman_image_t *source = pixman_image_create_bits(formats[format], surface->width, n,
                                                      (guint32 *)bits, pitch);

    if (source) {
        pixman_image_composite32(PIXMAN_OP_SRC, source, NULL, surface->image, 0, 0, 0, 0, 0, first,
                                 surface->width, n);
        pixman_image_unref(source);
    }
}

/* ---- Single rows ---- */

guint surface_bytes(SurfaceFormat format)
{
    switch (format) {
    case SURFACE_RGB555:
    case SURFACE_RGB565:
        return 2;
    case SURFACE_RGB888:
    case SURFACE_BGR888:
        return 3;
    default:
        return 4;
    }
}

/* n bits as 8: the highest are repeated, as pixman does it. */
static guint32 widened(guint32 value, guint n)
{
    value &= (1u << n) - 1;
    return value << (8 - n) | value >> (2 * n - 8);
}

static guint32 color(SurfaceFormat format, const guint8 *p)
{
    guint16 word = p[0] | p[1] << 8;

    switch (format) {
    case SURFACE_RGB555:
        return widened(word >> 10, 5) << 16 | widened(word >> 5, 5) << 8 | widened(word, 5);
    case SURFACE_RGB565:
        return widened(word >> 11, 5) << 16 | widened(word >> 5, 6) << 8 | widened(word, 5);
    case SURFACE_BGR888:
        return p[0] << 16 | p[1] << 8 | p[2];
    case SURFACE_BGRX8888:
        return p[1] << 16 | p[2] << 8 | p[3];
    default:
        return p[2] << 16 | word;
    }
}

void surface_convert(SurfaceFormat format, const guint8 *bits, guint width, guint32 *ret)
{
    guint bytes = surface_bytes(format);

    for (guint x = 0; x < width; x++) {
        ret[x] = color(format, bits + x * bytes);
    }
}

void surface_get_rgb(const Surface *surface, guint y, guint8 *ret)
{
    const guint32 *row = surface_row((Surface *)surface, y);

    for (guint x = 0; x < surface->width; x++) {
        *ret++ = row[x] >> 16;
        *ret++ = row[x] >> 8;
        *ret++ = row[x];
    }
}
