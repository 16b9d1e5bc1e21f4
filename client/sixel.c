/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See sixel.h.
 */
#include "config.h"
#include "client/sixel.h"

#include <stdbool.h>

enum { MAX_COLORS = 256, LEVELS = 6, BAND = 6, FIRST_SIXEL = '?', SHORT_RUN = 3 };

typedef struct {
    const guint8 *rgb;
    guint width, height;
    GHashTable *numbers;        /* colour, plus 1, to its number, plus 1 */
    guint n_colors;
    guint8 *pixels;             /* numbers of colours */
    GString *out;
} Sixels;

static guint32 color_at(const Sixels *s, gsize pixel)
{
    const guint8 *p = s->rgb + 3 * pixel;

    return p[0] << 16 | p[1] << 8 | p[2];
}

/* ---- Colours ---- */

static void define_color(Sixels *s, guint number, guint32 color)
{
    g_string_append_printf(s->out, "#%u;2;%u;%u;%u", number, ((color >> 16) * 100 + 127) / 255,
                           ((color >> 8 & 0xff) * 100 + 127) / 255,
                           ((color & 0xff) * 100 + 127) / 255);
}

/* Numbers the picture's colours; false: there are too many. */
static bool number_colors(Sixels *s)
{
    for (gsize i = 0; i < (gsize)s->width * s->height; i++) {
        gpointer key = GUINT_TO_POINTER(color_at(s, i) + 1);
        guint number = GPOINTER_TO_UINT(g_hash_table_lookup(s->numbers, key));

        if (!number) {
            number = ++s->n_colors;
            if (number > MAX_COLORS) {
                return false;
            }
            g_hash_table_insert(s->numbers, key, GUINT_TO_POINTER(number));
            define_color(s, number - 1, color_at(s, i));
        }
        s->pixels[i] = number - 1;
    }
    return true;
}

static guint level(guint8 value)
{
    return (value * (LEVELS - 1) + 127) / 255;
}

static void use_cube(Sixels *s)
{
    guint step = 255 / (LEVELS - 1);

    s->n_colors = LEVELS * LEVELS * LEVELS;
    for (guint i = 0; i < s->n_colors; i++) {
        guint red = i / (LEVELS * LEVELS), green = i / LEVELS % LEVELS, blue = i % LEVELS;

        define_color(s, i, red * step << 16 | green * step << 8 | blue * step);
    }
    for (gsize i = 0; i < (gsize)s->width * s->height; i++) {
        const guint8 *p = s->rgb + 3 * i;

        s->pixels[i] = (level(p[0]) * LEVELS + level(p[1])) * LEVELS + level(p[2]);
    }
}

static void set_colors(Sixels *s)
{
    gsize before = s->out->len;

    if (!number_colors(s)) {
        g_string_truncate(s->out, before);
        use_cube(s);
    }
}

/* ---- Rows ---- */

static void put_run(Sixels *s, char sixel, guint n)
{
    if (n > SHORT_RUN) {
        g_string_append_printf(s->out, "!%u%c", n, sixel);
    } else {
        while (n--) {
            g_string_append_c(s->out, sixel);
        }
    }
}

/* The pixels of one colour in rows [y, y + rows). */
static void put_color(Sixels *s, guint y, guint rows, guint8 number)
{
    char last = 0;
    guint run = 0;

    g_string_append_printf(s->out, "#%u", number);
    for (guint x = 0; x < s->width; x++) {
        guint bits = 0;

        for (guint i = 0; i < rows; i++) {
            bits |= (s->pixels[(gsize)(y + i) * s->width + x] == number) << i;
        }
        if (run && FIRST_SIXEL + (char)bits != last) {
            put_run(s, last, run);
            run = 0;
        }
        last = FIRST_SIXEL + bits;
        run++;
    }
    if (last != FIRST_SIXEL) {
        put_run(s, last, run);
    }
    g_string_append_c(s->out, '$');
}

static void put_band(Sixels *s, guint y)
{
    guint rows = MIN(BAND, s->height - y);
    const guint8 *first = s->pixels + (gsize)y * s->width;
    bool used[MAX_COLORS] = { false };

    for (gsize i = 0; i < (gsize)rows * s->width; i++) {
        used[first[i]] = true;
    }
    for (guint i = 0; i < s->n_colors; i++) {
        if (used[i]) {
            put_color(s, y, rows, i);
        }
    }
    g_string_append_c(s->out, '-');
}

GString *sixel_encode(const guint8 *rgb, guint width, guint height)
{
    g_autoptr(GHashTable) numbers = g_hash_table_new(NULL, NULL);
    g_autofree guint8 *pixels = g_malloc((gsize)width * height);
    Sixels s = {
        .rgb = rgb, .width = width, .height = height, .numbers = numbers, .pixels = pixels,
        .out = g_string_new(NULL),
    };

    g_string_printf(s.out, "\033P0;1q\"1;1;%u;%u", width, height);
    set_colors(&s);
    for (guint y = 0; y < height; y += BAND) {
        put_band(&s, y);
    }
    g_string_append(s.out, "\033\\");
    return s.out;
}
