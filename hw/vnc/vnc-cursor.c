/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cursor of a card, see vnc-cursor.h.
 */
#include "config.h"
#include "hw/vnc/vnc-cursor.h"

#include <string.h>

void vnc_cursor_copy(VncCursor *to, const VncCursor *from)
{
    guint32 *pixels = to->pixels;

    if (to->shape != from->shape) {
        g_free(pixels);
        pixels = g_memdup2(from->pixels, (gsize)from->width * from->height * sizeof(*pixels));
    }
    *to = *from;
    to->pixels = pixels;
}

void vnc_cursor_clear(VncCursor *cursor)
{
    g_free(cursor->pixels);
    *cursor = (VncCursor){ 0 };
}

bool vnc_cursor_shown(const VncCursor *cursor)
{
    return cursor->visible && cursor->width;
}

void vnc_cover_clear(VncCover *cover)
{
    g_free(cover->pixels);
    *cover = (VncCover){ 0 };
}

/* ---- Painting ---- */

/* The part of [start, start + size) within [0, end): where it begins, and its size in *ret. */
static guint within(gint start, guint size, guint end, guint *ret)
{
    gint64 first = MAX(start, 0), last = MIN((gint64)start + size, end);

    *ret = last > first ? last - first : 0;
    return *ret ? first : 0;
}

static guint32 blend(guint32 below, guint32 above)
{
    guint alpha = above >> 24;
    guint32 mixed = 0;

    for (guint shift = 0; shift < 24; shift += 8) {
        guint a = above >> shift & 0xff, b = below >> shift & 0xff;

        mixed |= (guint32)((a * alpha + b * (255 - alpha) + 127) / 255) << shift;
    }
    return mixed;
}

void vnc_cursor_paint(const VncCursor *cursor, VncCover *cover, guint32 *frame, guint width,
                      guint height)
{
    guint covered, rows;

    cover->x = within(cursor->x, cursor->width, width, &covered);
    cover->y = within(cursor->y, cursor->height, height, &rows);
    if (!vnc_cursor_shown(cursor) || !covered || !rows) {
        return;
    }
    cover->width = covered;
    cover->height = rows;
    cover->pixels = g_new(guint32, (gsize)covered * rows);
    for (guint y = 0; y < rows; y++) {
        guint32 *to = frame + (gsize)(cover->y + y) * width + cover->x;
        const guint32 *from = cursor->pixels + ((gint64)cover->y - cursor->y + y) * cursor->width +
                              (gint64)cover->x - cursor->x;

        memcpy(cover->pixels + (gsize)y * covered, to, covered * sizeof(*to));
        for (guint x = 0; x < covered; x++) {
            to[x] = blend(to[x], from[x]);
        }
    }
}

void vnc_cursor_erase(VncCover *cover, guint32 *frame, guint width)
{
    for (guint y = 0; y < cover->height; y++) {
        memcpy(frame + (gsize)(cover->y + y) * width + cover->x,
               cover->pixels + (gsize)y * cover->width, cover->width * sizeof(*frame));
    }
    vnc_cover_clear(cover);
}
