/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A cursor that a card shows over the picture of a console, and that is no part of it: a picture
 * that a command asks for is without it, as QEMU's is; a server draws it, or lets its client do so.
 *
 * Watchers hear of it when they are next told of changes.  Threads: as console.h.
 */
#ifndef HW_DISPLAY_CONSOLE_CURSOR_H
#define HW_DISPLAY_CONSOLE_CURSOR_H

#include "hw/display/console.h"

enum { CONSOLE_CURSOR_MAX = 512 };      /* pixels of a side */

struct ConsoleCursor {
    bool visible;
    gint x, y;                  /* of its left upper corner, in the picture or beside it */
    guint width, height;        /* 0: no image was defined yet */
    guint hot_x, hot_y;         /* the point that it points with, from its corner */
    guint32 *pixels;            /* 0xAARRGGBB, not multiplied by alpha, row by row */
};

/* ---- The card's side ---- */

/* The image; pixels are copied.  width and height: 1 to CONSOLE_CURSOR_MAX.  It is where
 * console_set_cursor() put it. */
void console_define_cursor(Console *console, guint width, guint height, guint hot_x, guint hot_y,
                           const guint32 *pixels);
void console_set_cursor(Console *console, gint x, gint y, bool visible);

/* ---- For those that show it ---- */

/* NULL: the card has never had one.  It stays the console's. */
const ConsoleCursor *console_cursor(const Console *console);

#endif
