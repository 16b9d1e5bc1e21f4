/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * query-screen-text and wait-screen-text.
 *
 * Who waits watches the console, as the pictures' watchers do (hw/display/console.h), and
 * compares the text each time that the picture changes.  A wait always ends by its timeout, so
 * that a client that is gone leaves no watch behind.
 */
#include "config.h"

#include <string.h>

#include "daemon/qapi-commands.h"
#include "daemon/vmd.h"
#include "hw/display/console.h"
#include "hw/machine/machine.h"
#include "qmp/error.h"
#include "qmp/qapi-types-display.h"
#include "qmp/visit.h"

/* The stamp of a screen without text. */
#define GRAPHICS "graphics"

/* ---- A screen as a struct ---- */

static char *stamp_text(const ConsoleText *text)
{
    const guint32 shape[] = { text->columns, text->rows, text->cursor,
                              text->cursor ? text->cursor_column : 0,
                              text->cursor ? text->cursor_row : 0 };
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_MD5);

    g_checksum_update(sum, (const guchar *)shape, sizeof(shape));
    g_checksum_update(sum, (const guchar *)text->cells,
                      (gsize)text->columns * text->rows * sizeof(*text->cells));
    return g_strdup(g_checksum_get_string(sum));
}

static char *attributes_of_line(const ConsoleText *text, guint y)
{
    char *line = g_malloc(text->columns * 2 + 1);

    line[0] = '\0';
    for (guint x = 0; x < text->columns; x++) {
        g_snprintf(line + x * 2, 3, "%02x", text->cells[(gsize)y * text->columns + x].attribute);
    }
    return line;
}

static ScreenText *describe(const ConsoleText *text)
{
    ScreenText *ret = g_new0(ScreenText, 1);

    ret->columns = text->columns;
    ret->rows = text->rows;
    ret->lines.n = ret->attributes.n = text->rows;
    ret->lines.items = g_new(char *, text->rows);
    ret->attributes.items = g_new(char *, text->rows);
    for (guint y = 0; y < text->rows; y++) {
        ret->lines.items[y] = console_text_line(text, y);
        ret->attributes.items[y] = attributes_of_line(text, y);
    }
    if (text->cursor) {
        ret->cursor = g_new0(ScreenCursor, 1);
        ret->cursor->column = text->cursor_column;
        ret->cursor->row = text->cursor_row;
    }
    ret->stamp = stamp_text(text);
    return ret;
}

static ScreenText *describe_graphics(void)
{
    ScreenText *ret = g_new0(ScreenText, 1);

    ret->stamp = g_strdup(GRAPHICS);
    return ret;
}

/* ---- query-screen-text ---- */

bool qmp_query_screen_text(QmpRequest *req, QueryScreenTextArgs *args, ScreenText **ret,
                           GError **error)
{
    Vmd *vmd = qmp_request_context(req);
    Console *console = console_find(vmd->root, args->device, args->has_head ? args->head : -1,
                                    error);
    ConsoleText text;

    if (!console || !console_text(console, &text, error)) {
        return false;
    }
    *ret = describe(&text);
    console_text_clear(&text);
    return true;
}

/* ---- wait-screen-text ---- */

typedef struct {
    QmpRequest *req;
    const WaitScreenTextArgs *args;     /* the request's */
    Console *console;
    ConsoleWatch *watch;        /* once pixman is loaded */
    Timer *deadline;
    bool loaded;                /* the pool has tried to load pixman */
    GError *error;
} Wait;

static void wait_free(Wait *wait)
{
    console_unwatch(wait->watch);
    timer_free(wait->deadline);
    g_clear_error(&wait->error);
    g_free(wait);
}

static void wait_fail(Wait *wait)
{
    qmp_request_fail(wait->req, g_steal_pointer(&wait->error));
    wait_free(wait);
}

static void wait_return(Wait *wait, const ConsoleText *text)
{
    ScreenText *ret = text ? describe(text) : describe_graphics();

    qmp_request_return(wait->req, &ret);
    qmp_clear(&qmp_type_ScreenText, &ret);
    wait_free(wait);
}

/* Ends the wait with what the screen shows, if that is not known, or in any case. */
static bool wait_answer(Wait *wait, bool always)
{
    ConsoleText text;
    bool shown = console_text(wait->console, &text, NULL);
    g_autofree char *stamp = shown ? stamp_text(&text) : g_strdup(GRAPHICS);
    bool ends = always || !g_str_equal(stamp, wait->args->stamp);

    if (ends) {
        wait_return(wait, shown ? &text : NULL);
    }
    if (shown) {
        console_text_clear(&text);
    }
    return ends;
}

static void screen_resized(void *opaque, Surface *picture)
{
    wait_answer(opaque, false);
}

static void screen_changed(void *opaque, guint first, guint n)
{
    wait_answer(opaque, false);
}

static void screen_gone(void *opaque)
{
    Wait *wait = opaque;

    wait->watch = NULL;         /* it ends with this call */
    qmp_error_set_at(&wait->error, "device", ERROR_REASON_DEVICE_NOT_FOUND,
                     "the graphics card is unplugged");
    wait_fail(wait);
}

static const ConsoleWatchOps wait_ops = {
    .resized = screen_resized,
    .changed = screen_changed,
    .gone = screen_gone,
};

static void deadline_passed(void *opaque, gint64 now)
{
    wait_answer(opaque, true);
}

static Console *find_console(Vmd *vmd, const WaitScreenTextArgs *args, GError **error)
{
    return console_find(vmd->root, args->device, args->has_head ? args->head : -1, error);
}

static void load_work(void *data)
{
    Wait *wait = data;

    wait->loaded = true;
    surface_load(&wait->error);
}

/* The card may be gone by now, and the screen have changed. */
static void load_done(void *data)
{
    Wait *wait = data;
    Vmd *vmd = qmp_request_context(wait->req);

    if (!wait->loaded) {
        qmp_error_set(&wait->error, ERROR_REASON_HOST_ERROR, "the daemon ends");
    }
    if (!wait->error && !qmp_request_is_cancelled(wait->req, &wait->error)) {
        wait->console = find_console(vmd, wait->args, &wait->error);
    }
    if (wait->error) {
        wait_fail(wait);
    } else if (!wait_answer(wait, false)) {
        wait->watch = console_watch(wait->console, &wait_ops, wait);
        wait->deadline = timer_new(machine_made(vmd->root)->clock, CLOCK_KIND_REAL, 1,
                                   deadline_passed, wait);
        timer_set_after(wait->deadline, (gint64)wait->args->timeout * 1000000);
    }
}

void qmp_wait_screen_text(QmpRequest *req, WaitScreenTextArgs *args)
{
    Vmd *vmd = qmp_request_context(req);
    Wait *wait = g_new(Wait, 1);

    *wait = (Wait){ .req = req, .args = args };
    wait->console = find_console(vmd, args, &wait->error);
    if (!wait->console) {
        wait_fail(wait);
    } else if (!wait_answer(wait, args->timeout == 0)) {
        pool_run(vmd->pool, POOL_REQUEST, load_work, load_done, wait);
    }
}
