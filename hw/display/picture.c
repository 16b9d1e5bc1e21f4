/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Surfaces as picture files: PPM is written here, PNG by libpng.
 */
#include "config.h"
#include "hw/display/picture.h"

#include <png.h>
#include <setjmp.h>
#include <string.h>

/* Screens have large areas of one colour: more effort makes files hardly smaller. */
enum { PNG_LEVEL = 3 };

/* Bytes that are passed on at once: a picture of 4K in one piece would be 24 MiB. */
enum { PIECE = 1 << 17 };

typedef struct {
    const Surface *surface;
    guint8 *row;                /* of red, green and blue bytes */
    GByteArray *bytes;          /* that were not passed on yet */
    PictureSink *sink;
    void *opaque;
    bool failed;                /* the sink */
} Encoder;

static void flush(Encoder *e)
{
    if (!e->failed && e->bytes->len) {
        e->failed = !e->sink(e->opaque, e->bytes->data, e->bytes->len);
    }
    g_byte_array_set_size(e->bytes, 0);
}

static void put(Encoder *e, const void *data, gsize size)
{
    g_byte_array_append(e->bytes, data, size);
    if (e->bytes->len >= PIECE) {
        flush(e);
    }
}

static void encode_ppm(Encoder *e)
{
    g_autofree char *header = g_strdup_printf("P6\n%u %u\n255\n", surface_width(e->surface),
                                              surface_height(e->surface));

    put(e, header, strlen(header));
    for (guint y = 0; y < surface_height(e->surface) && !e->failed; y++) {
        surface_get_rgb(e->surface, y, e->row);
        put(e, e->row, surface_width(e->surface) * 3);
    }
}

static void put_bytes(png_structp png, png_bytep data, size_t size)
{
    put(png_get_io_ptr(png), data, size);
}

static void flush_nothing(png_structp png)
{
}

/* The library's own messages are about its functions. */
static void say_nothing(png_structp png, png_const_charp message)
{
}

/* The library leaves by longjmp() if it has no memory. */
static bool write_png(Encoder *e, png_structp png, png_infop info)
{
    if (setjmp(*png_set_longjmp_fn(png, longjmp, sizeof(jmp_buf)))) {
        return false;
    }
    png_set_write_fn(png, e, put_bytes, flush_nothing);
    png_set_compression_level(png, PNG_LEVEL);
    png_set_IHDR(png, info, surface_width(e->surface), surface_height(e->surface), 8,
                 PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    for (guint y = 0; y < surface_height(e->surface) && !e->failed; y++) {
        surface_get_rgb(e->surface, y, e->row);
        png_write_row(png, e->row);
    }
    if (!e->failed) {
        png_write_end(png, NULL);       /* which checks that all rows are there */
    }
    return true;
}

static bool encode_png(Encoder *e)
{
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, say_nothing);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    bool done = info && write_png(e, png, info);

    png_destroy_write_struct(&png, &info);
    return done;
}

bool picture_write(const Surface *surface, ImageFormat format, PictureSink *sink, void *opaque)
{
    g_autofree guint8 *row = g_malloc(surface_width(surface) * 3);
    g_autoptr(GByteArray) bytes = g_byte_array_sized_new(PIECE + surface_width(surface) * 3);
    Encoder encoder = {
        .surface = surface, .row = row, .bytes = bytes, .sink = sink, .opaque = opaque,
    };
    bool made = true;

    if (format == IMAGE_FORMAT_PPM) {
        encode_ppm(&encoder);
    } else {
        made = encode_png(&encoder);
    }
    flush(&encoder);
    return made && !encoder.failed;
}
