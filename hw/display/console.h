/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Console: what one output of a graphics card shows.
 *
 * A card makes one for each of its outputs; commands look at it (console_draw), and servers
 * watch it (console_watch).  A card that nobody watches does nothing for its console: there is no
 * timer, and no log of writes to its memory.
 *
 * Threads: main thread or a vCPU's, machine lock held; watchers are called on the main thread.
 */
#ifndef HW_DISPLAY_CONSOLE_H
#define HW_DISPLAY_CONSOLE_H

#include "hw/display/surface.h"
#include "hw/machine/machine.h"
#include "qom/device.h"

typedef struct Console Console;
typedef struct ConsoleCursor ConsoleCursor;     /* console-cursor.h */
typedef struct ConsoleWatch ConsoleWatch;

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
    /* Draws on a surface of that size, which is black or has the last picture drawn.  rows: NULL
     * for all of them; or those to be drawn are chosen by the card and set here, a byte each. */
    void (*draw)(void *opaque, Surface *surface, guint8 *rows);
    /* The first watcher has come, or the last one is gone: in between, draw() may have rows. */
    void (*watched)(void *opaque, bool watched);
    /* The text on it, for console_text_clear(); false if it shows graphics, or nothing.  NULL: the
     * card has no text modes. */
    bool (*text)(void *opaque, ConsoleText *ret);
    /* A viewer would like this size, or has no room for a picture (0, 0).  NULL: the card cannot
     * tell the guest. */
    bool (*wish)(void *opaque, guint width, guint height);
} ConsoleOps;

/* For realize, and its counterpart, which ends all watches: the console of output `head`, as child
 * "console[HEAD]" of dev. */
Console *console_new(Device *dev, guint head, const ConsoleOps *ops, void *opaque);
void console_free(Console *console);

/* The console of output `head` (-1: of the first one) of the device with this id or path, or of a
 * part of it; without a device, of the machine's first card, and head must be -1.  Fails, mostly
 * with the argument that is wrong as path ("device", "head"): no-machine, device-not-found,
 * invalid-value, not-supported (the device has no console or, without a path, the machine has no
 * card). */
Console *console_find(Object *root, const char *device, gint64 head, GError **error);

/* What it shows now, for surface_free().  surface_load() has been called.  Fails with no-memory. */
Surface *console_draw(Console *console, GError **error);

/* The text that it shows now, for console_text_clear().  Fails with not-supported if that is no
 * text. */
bool console_text(Console *console, ConsoleText *ret, GError **error);
void console_text_clear(ConsoleText *text);
/* A row in UTF-8, without blanks at its end; newly allocated. */
char *console_text_line(const ConsoleText *text, guint row);

/* Asks the guest to show a picture of this size, which is the viewer's; with 0 and 0, none.  False:
 * the card has no way to say so.  What the guest does is its own decision. */
bool console_wish(Console *console, guint width, guint height);

/* Whether the card has a way to say so. */
bool console_can_wish(const Console *console);

/* ---- Watching ---- */

/* How often a watched console is looked at, in ns of real time.  One that has not changed for
 * CONSOLE_STILL looks is looked at less and less often, down to once in CONSOLE_SLOWEST periods. */
#define CONSOLE_PERIOD G_GINT64_CONSTANT(30000000)
enum { CONSOLE_STILL = 15, CONSOLE_SLOWEST = 15 };

/* Calls for a watcher, which may end watches in them, its own too, and begin some; but not destroy
 * the card. */
typedef struct {
    /* The picture is new, or has another size.  It is the console's, and stays until the next
     * call of this function, or the end of the watch. */
    void (*resized)(void *opaque, Surface *picture);
    /* n rows of it, from `first` on, have changed. */
    void (*changed)(void *opaque, guint first, guint n);
    /* The card's cursor has moved, come or gone; with shape, it looks different, too.  The first
     * call comes after the first picture, if the card has a cursor.  May be NULL. */
    void (*cursor)(void *opaque, const ConsoleCursor *cursor, bool shape);
    /* The card is going, and the watch with it: it need not be ended. */
    void (*gone)(void *opaque);
} ConsoleWatchOps;

/* resized() is called with the first picture, soon.  surface_load() has been called. */
ConsoleWatch *console_watch(Console *console, const ConsoleWatchOps *ops, void *opaque);
/* Somebody types or points, so watched consoles of the machine are likely to change soon: they are
 * looked at as often as at first. */
void console_hurry(Machine *machine);
/* There are no more calls.  Accepts NULL. */
void console_unwatch(ConsoleWatch *watch);

/* Code that waits for a screen: appeared() is called for each new console, after its card was
 * realized at the latest.  Embedded in its owner. */
typedef struct {
    void (*appeared)(void *opaque);
    void *opaque;
} ConsoleObserver;

void console_observe(Machine *machine, ConsoleObserver *observer);
/* A no-op if the machine does not know it. */
void console_unobserve(Machine *machine, ConsoleObserver *observer);

extern const TypeInfo console_type;

#endif
