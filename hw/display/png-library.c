/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libpng, loaded with the first picture in that format (qmp/library.h).
 */
#include "config.h"
#include "hw/display/picture.h"

#include <png.h>

#include "qmp/library.h"

#define PNG_FUNCTIONS(F, L) \
    F(L, png_structp, png_create_write_struct, \
      (png_const_charp version, png_voidp opaque, png_error_ptr error, png_error_ptr warn), \
      (version, opaque, error, warn)) \
    F(L, png_infop, png_create_info_struct, (png_const_structrp png), (png)) \
    F(L, void, png_destroy_write_struct, (png_structpp png, png_infopp info), (png, info)) \
    F(L, jmp_buf *, png_set_longjmp_fn, \
      (png_structrp png, png_longjmp_ptr jump, size_t size), (png, jump, size)) \
    F(L, void, png_set_write_fn, \
      (png_structrp png, png_voidp opaque, png_rw_ptr write, png_flush_ptr flush), \
      (png, opaque, write, flush)) \
    F(L, png_voidp, png_get_io_ptr, (png_const_structrp png), (png)) \
    F(L, void, png_set_compression_level, (png_structrp png, int level), (png, level)) \
    F(L, void, png_set_IHDR, \
      (png_const_structrp png, png_inforp info, png_uint_32 width, png_uint_32 height, \
       int depth, int color, int interlace, int compression, int filter), \
      (png, info, width, height, depth, color, interlace, compression, filter)) \
    F(L, void, png_write_info, (png_structrp png, png_const_inforp info), (png, info)) \
    F(L, void, png_write_row, (png_structrp png, png_const_bytep row), (png, row)) \
    F(L, void, png_write_end, (png_structrp png, png_inforp info), (png, info))

LIBRARY_DEFINE(library, PNG_SONAME, "libpng16-16", "pictures in PNG format", PNG_FUNCTIONS)

bool picture_load(ImageFormat format, GError **error)
{
    return surface_load(error) && (format != IMAGE_FORMAT_PNG || library_load(&library, error));
}
