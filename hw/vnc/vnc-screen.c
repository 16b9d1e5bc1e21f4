/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The main loop's side of the picture: while there are clients, the console is watched, and what
 * changes on it is copied.  A machine without a screen shows a black one.
 */
#include "config.h"
#include "hw/vnc/vnc-internal.h"

#include "hw/display/console-cursor.h"
#include "qmp/error.h"

/* Of a screen that is not there. */
enum { NO_WIDTH = 640, NO_HEIGHT = 480 };

Console *vnc_screen_find(VncServer *s, GError **error)
{
    const VncServerProps *props = vnc_server_props(s);
    Console *console = console_find(object_root(&s->object), props->display,
                                    props->has_head ? (gint64)props->head : -1, error);

    if (!console && error) {
        qmp_error_rename_path(*error, "device", "display");
    }
    return console;
}

/* ---- The console's calls ---- */

static void show(VncServer *s, Surface *surface)
{
    guint width = surface_width(surface), height = surface_height(surface);

    if (s->picture.width != width || s->picture.height != height) {
        vnc_picture_resize(&s->picture, width, height, surface);
    } else {
        vnc_picture_update(&s->picture, surface, 0, height);
    }
    vnc_wake(s->wake_fd);
}

static void on_resized(void *opaque, Surface *surface)
{
    VncServer *s = opaque;

    s->surface = surface;
    show(s, surface);
}

static void on_changed(void *opaque, guint first, guint n)
{
    VncServer *s = opaque;

    vnc_picture_update(&s->picture, s->surface, first, n);
}

static void on_cursor(void *opaque, const ConsoleCursor *cursor, bool shape)
{
    VncServer *s = opaque;

    vnc_picture_set_cursor(&s->picture, &(VncCursor){
        .visible = cursor->visible, .x = cursor->x, .y = cursor->y, .width = cursor->width,
        .height = cursor->height, .hot_x = cursor->hot_x, .hot_y = cursor->hot_y,
        .pixels = cursor->pixels,
    }, shape);
}

static void show_nothing(VncServer *s)
{
    vnc_picture_set_cursor(&s->picture, NULL, false);
    vnc_picture_resize(&s->picture, NO_WIDTH, NO_HEIGHT, NULL);
    vnc_wake(s->wake_fd);
}

static void on_gone(void *opaque)
{
    VncServer *s = opaque;

    s->watch = NULL;
    s->surface = NULL;
    g_atomic_int_set(&s->resizable, false);
    show_nothing(s);
}

static const ConsoleWatchOps watch_ops = {
    .resized = on_resized,
    .changed = on_changed,
    .cursor = on_cursor,
    .gone = on_gone,
};

/* ---- Clients ---- */

/* The first picture is shown at once, also while the clock that watches use stands still. */
static void begin(VncServer *s)
{
    Console *console = vnc_screen_find(s, NULL);
    g_autoptr(Surface) first = console ? console_draw(console, NULL) : NULL;

    if (console) {
        s->watch = console_watch(console, &watch_ops, s);
        g_atomic_int_set(&s->resizable, console_can_wish(console));
    }
    if (first) {
        show(s, first);
        if (console_cursor(console)) {
            on_cursor(s, console_cursor(console), true);
        }
    } else if (!vnc_picture_ready(&s->picture)) {
        show_nothing(s);
    }
}

void vnc_screen_end(VncServer *s)
{
    g_clear_pointer(&s->watch, console_unwatch);
    s->surface = NULL;
    g_atomic_int_set(&s->resizable, false);
    vnc_picture_drop(&s->picture);
    vnc_picture_set_cursor(&s->picture, NULL, false);
}

/* What the guest does is its own decision; the clients see it. */
void vnc_screen_wish(VncServer *s, guint width, guint height)
{
    Console *console = s->watch ? vnc_screen_find(s, NULL) : NULL;

    if (console) {
        console_wish(console, width, height);
    }
}

void vnc_screen_enter(VncServer *s)
{
    if (!s->n_entered++) {
        begin(s);
    }
}

void vnc_screen_leave(VncServer *s)
{
    if (!--s->n_entered) {
        vnc_screen_end(s);
        vnc_clipboard_drop(s);
    }
}

void vnc_screen_appeared(void *opaque)
{
    VncServer *s = opaque;

    if (s->n_entered && !s->watch) {
        begin(s);
    }
}
