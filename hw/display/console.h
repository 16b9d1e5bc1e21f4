/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Console: what one output of a graphics card shows.
 *
 * A card makes one for each of its outputs; commands and servers look at it.  A card that
 * nobody looks at does nothing for its console: the picture is drawn from its registers and
 * its memory when somebody asks.
 *
 * Threads: main thread or a vCPU's, machine lock held.
 */
#ifndef HW_DISPLAY_CONSOLE_H
#define HW_DISPLAY_CONSOLE_H

#include "hw/display/surface.h"
#include "qom/device.h"

typedef struct Console Console;

/* A screen in a text mode.  Each cell has a code of the card's character set (code page 437)
 * and an attribute as in IBM's adapters. */
typedef struct {
    guint columns, rows;
    struct ConsoleCell {
        guint8 code, attribute;
    } *cells;                   /* columns times rows */
    bool cursor;                /* it is shown */
    guint cursor_column, cursor_row;    /* valid only if it is */
} ConsoleText;

/* The card's side. */
typedef struct {
    /* The size in pixels of what is shown now, at least 1 each. */
    void (*size)(void *opaque, guint *ret_width, guint *ret_height);
    /* Draws all of it on a black surface of that size. */
    void (*draw)(void *opaque, Surface *surface);
    /* The text on it, for console_text_clear(); false if it shows graphics, or nothing.  NULL: the
     * card has no text modes. */
    bool (*text)(void *opaque, ConsoleText *ret);
} ConsoleOps;

/* For realize, and its counterpart: the console of output `head`, as child "console[HEAD]" of
 * dev. */
Console *console_new(Device *dev, guint head, const ConsoleOps *ops, void *opaque);
void console_free(Console *console);

/* The console of output `head` (-1: of the first one) of the device with this id or path; without
 * a device, of the machine's first card, and head must be -1.  Fails, with the argument that is
 * wrong as path ("device", "head"): no-machine, device-not-found, not-supported (the device has
 * no console), invalid-value, object-not-found (no card at all). */
Console *console_find(Object *root, const char *device, gint64 head, GError **error);

/* What it shows now, for surface_free().  surface_load() has been called.  Fails with
 * no-memory. */
Surface *console_draw(Console *console, GError **error);

/* The text that it shows now, for console_text_clear().  Fails with not-supported if that is no
 * text. */
bool console_text(Console *console, ConsoleText *ret, GError **error);
void console_text_clear(ConsoleText *text);
/* A row in UTF-8, without blanks at its end; newly allocated. */
char *console_text_line(const ConsoleText *text, guint row);

extern const TypeInfo console_type;

#endif
