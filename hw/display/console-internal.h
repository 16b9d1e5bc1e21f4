/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files behind console.h share; no other file includes it:
 *
 *   console.c        class console, finding and drawing one
 *   console-cursor.c a cursor that the card shows over it
 *   console-text.c   text as Unicode
 *   console-watch.c  watchers
 */
#ifndef HW_DISPLAY_CONSOLE_INTERNAL_H
#define HW_DISPLAY_CONSOLE_INTERNAL_H

#include "hw/core/clock.h"
#include "hw/display/console-cursor.h"

struct Console {
    Object object;
    Device *dev;                /* the card; not counted, it owns the console */
    const ConsoleOps *ops;
    void *opaque;
    /* While it is watched, else NULL. */
    GPtrArray *watches;         /* of ConsoleWatch */
    bool telling;               /* calls of watchers are in progress */
    Timer *timer;
    guint still;                /* looks since something changed */
    Surface *picture;           /* once it was drawn */
    ConsoleCursor *cursor;      /* once the card has defined one */
    bool moved, shaped;         /* so it did since watchers heard of it */
};

/* ---- console-watch.c ---- */

/* It is looked at as often as at first. */
void console_look_often(Console *console);
/* Ends all watches. */
void console_end_watches(Console *console);

/* ---- console-cursor.c ---- */

void console_cursor_free(ConsoleCursor *cursor);        /* accepts NULL */

#endif
