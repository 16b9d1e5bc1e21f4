/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pixman, loaded with the first picture (qmp/library.h).
 */
#include "config.h"
#include "hw/display/surface.h"

#include <pixman.h>

#include "qmp/library.h"

#define PIXMAN_FUNCTIONS(F, L) \
    F(L, pixman_image_t *, pixman_image_create_bits, \
      (pixman_format_code_t format, int width, int height, uint32_t *bits, \
       int rowstride_bytes), (format, width, height, bits, rowstride_bytes)) \
    F(L, pixman_bool_t, pixman_image_unref, (pixman_image_t *image), (image)) \
    F(L, uint32_t *, pixman_image_get_data, (pixman_image_t *image), (image)) \
    F(L, int, pixman_image_get_stride, (pixman_image_t *image), (image)) \
    F(L, void, pixman_image_composite32, \
      (pixman_op_t op, pixman_image_t *src, pixman_image_t *mask, pixman_image_t *dest, \
       int32_t src_x, int32_t src_y, int32_t mask_x, int32_t mask_y, int32_t dest_x, \
       int32_t dest_y, int32_t width, int32_t height), \
      (op, src, mask, dest, src_x, src_y, mask_x, mask_y, dest_x, dest_y, width, height))

LIBRARY_DEFINE(library, PIXMAN_SONAME, "libpixman-1-0", "pictures of screens", PIXMAN_FUNCTIONS)

bool surface_load(GError **error)
{
    return library_load(&library, error);
}
