/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Watchers of a console: a timer looks at it, as long as there is one.
 *
 * The card draws those rows that may have changed; what watchers hear of are the rows that did.
 */
#include "config.h"
#include "hw/display/console-internal.h"

#include <string.h>

#include "hw/machine/machine.h"
#include "qom/qapi-objects-display.h"

struct ConsoleWatch {
    Console *console;
    const ConsoleWatchOps *ops;
    void *opaque;
    bool fresh;                 /* it has not seen the picture yet */
    bool pointed;               /* it has heard of the cursor */
    bool ended;                 /* it hears no more, and goes after the calls in progress */
};

/* ---- Telling watchers ---- */

static void tell_picture(Console *console, bool all)
{
    for (guint i = 0; i < console->watches->len; i++) {
        ConsoleWatch *watch = console->watches->pdata[i];

        if ((all || watch->fresh) && !watch->ended) {
            watch->fresh = false;
            watch->ops->resized(watch->opaque, console->picture);
        }
    }
}

/* One who has not heard of the cursor yet is told its shape. */
static void tell_cursor(Console *console)
{
    if (console->moved || console->shaped) {
        console->still = 0;
    }
    for (guint i = 0; i < console->watches->len; i++) {
        ConsoleWatch *watch = console->watches->pdata[i];
        bool shape = console->shaped || !watch->pointed;

        if ((console->moved || shape) && !watch->fresh && !watch->ended && watch->ops->cursor) {
            watch->pointed = true;
            watch->ops->cursor(watch->opaque, console->cursor, shape);
        }
    }
    console->moved = console->shaped = false;
}

static void tell_rows(Console *console, guint first, guint n)
{
    for (guint i = 0; i < console->watches->len; i++) {
        ConsoleWatch *watch = console->watches->pdata[i];

        if (!watch->fresh && !watch->ended) {
            watch->ops->changed(watch->opaque, first, n);
        }
    }
}

static void tell_changes(Console *console, const guint8 *rows, guint height)
{
    for (guint y = 0, n; y < height; y += n) {
        for (n = 1; y + n < height && !rows[y + n] == !rows[y]; n++) {
        }
        if (rows[y]) {
            console->still = 0;
            tell_rows(console, y, n);
        }
    }
}

/* ---- Ending watches ---- */

static void end(Console *console)
{
    g_clear_pointer(&console->watches, g_ptr_array_unref);
    g_clear_pointer(&console->timer, timer_free);
    g_clear_pointer(&console->picture, surface_free);
    console->ops->watched(console->opaque, false);
}

/* Frees the watches that have ended. */
static void sweep(Console *console)
{
    for (guint i = console->watches->len; i-- > 0;) {
        ConsoleWatch *watch = console->watches->pdata[i];

        if (watch->ended) {
            g_ptr_array_remove_index(console->watches, i);
            g_free(watch);
        }
    }
    if (!console->watches->len) {
        end(console);
    }
}

void console_unwatch(ConsoleWatch *watch)
{
    if (watch) {
        watch->ended = true;
        if (!watch->console->telling) {
            sweep(watch->console);
        }
    }
}

void console_end_watches(Console *console)
{
    if (!console->watches) {
        return;
    }
    console->telling = true;
    for (guint i = 0; i < console->watches->len; i++) {
        ConsoleWatch *watch = console->watches->pdata[i];

        if (!watch->ended) {
            watch->ended = true;
            watch->ops->gone(watch->opaque);
        }
    }
    console->telling = false;
    sweep(console);
}

/* ---- Looking ---- */

/* A picture that the host has no memory for is tried again the next time. */
static void look_anew(Console *console)
{
    Surface *picture = console_draw(console, NULL);

    if (picture) {
        Surface *old = console->picture;

        console->still = 0;
        console->picture = picture;
        tell_picture(console, true);
        surface_free(old);
    }
}

static void look_again(Console *console)
{
    guint height = surface_height(console->picture);
    g_autofree guint8 *rows = g_malloc0(height);

    console->ops->draw(console->opaque, console->picture, rows);
    tell_changes(console, rows, height);
    tell_picture(console, false);
}

/* In periods. */
static guint next_look(const Console *console)
{
    return console->still <= CONSOLE_STILL ? 1
                                           : MIN(console->still - CONSOLE_STILL, CONSOLE_SLOWEST);
}

void console_look_often(Console *console)
{
    if (console->watches && next_look(console) > 1) {
        console->still = 0;
        timer_set_after(console->timer, CONSOLE_PERIOD);
    }
}

static void look(void *opaque, gint64 now)
{
    Console *console = opaque;
    guint width, height;

    console->telling = true;
    console->still++;
    console->ops->size(console->opaque, &width, &height);
    if (!console->picture || surface_width(console->picture) != width ||
        surface_height(console->picture) != height) {
        look_anew(console);
    } else {
        look_again(console);
    }
    if (console->cursor) {
        tell_cursor(console);
    }
    console->telling = false;
    sweep(console);
    if (console->watches) {
        timer_set_after(console->timer, next_look(console) * CONSOLE_PERIOD);
    }
}

/* ---- Beginning watches ---- */

static void begin(Console *console)
{
    console->watches = g_ptr_array_new();
    console->timer = timer_new(machine_of(console->dev)->clock, CLOCK_KIND_REAL, CONSOLE_PERIOD,
                               look, console);
    console->ops->watched(console->opaque, true);
}

ConsoleWatch *console_watch(Console *console, const ConsoleWatchOps *ops, void *opaque)
{
    ConsoleWatch *watch = g_new(ConsoleWatch, 1);

    *watch = (ConsoleWatch){ .console = console, .ops = ops, .opaque = opaque, .fresh = true };
    if (!console->watches) {
        begin(console);
    }
    g_ptr_array_add(console->watches, watch);
    console->still = 0;
    timer_set_after(console->timer, 0);
    return watch;
}
