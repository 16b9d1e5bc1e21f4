/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cursor of a console; see console-cursor.h.
 */
#include "config.h"
#include "hw/display/console-internal.h"

static ConsoleCursor *have_cursor(Console *console)
{
    if (!console->cursor) {
        console->cursor = g_new0(ConsoleCursor, 1);
    }
    return console->cursor;
}

void console_define_cursor(Console *console, guint width, guint height, guint hot_x, guint hot_y,
                           const guint32 *pixels)
{
    ConsoleCursor *cursor = have_cursor(console);

    g_return_if_fail(width && width <= CONSOLE_CURSOR_MAX);
    g_return_if_fail(height && height <= CONSOLE_CURSOR_MAX);
    g_free(cursor->pixels);
    cursor->pixels = g_memdup2(pixels, (gsize)width * height * sizeof(*pixels));
    cursor->width = width;
    cursor->height = height;
    cursor->hot_x = hot_x;
    cursor->hot_y = hot_y;
    console->shaped = true;
}

void console_set_cursor(Console *console, gint x, gint y, bool visible)
{
    ConsoleCursor *cursor = have_cursor(console);

    console->moved |= x != cursor->x || y != cursor->y || visible != cursor->visible;
    cursor->x = x;
    cursor->y = y;
    cursor->visible = visible;
}

const ConsoleCursor *console_cursor(const Console *console)
{
    return console->cursor;
}

void console_cursor_free(ConsoleCursor *cursor)
{
    if (cursor) {
        g_free(cursor->pixels);
        g_free(cursor);
    }
}
