/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The screen on the terminal, see screen-view.h.
 *
 * The daemon tells of each change once (wait-screen-text), and curses sends the terminal only
 * what is different.
 */
#include "config.h"
#include "client/screen-view.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client/curses-library.h"
#include "client/screen-keys.h"
#include "client/signals.h"
#include "qmp/error.h"

enum {
    WAIT_MS = 10000,            /* a request's longest wait for a change */
    END_US = 1000000,           /* a daemon that ends closes its connections within this */
    HOLD_MS = 20,               /* between two changes of keys */
    ESCAPE_MS = 25,             /* a terminal sends the rest of a key's sequence within this */
    N_COLORS = 8,
};

struct ScreenView {
    Connection *watcher, *typist;
    char *device;
    json_t *shown;              /* the last answer, or NULL */
    SCREEN *screen;
    WINDOW *window;
    bool colors;
    Signals signals;
    sigset_t poll_mask;         /* with SIGWINCH, which is blocked at other times */
};

enum { POLL_INPUT, POLL_WATCHER, POLL_TYPIST, POLL_SIGNALS, N_POLL };

/* Nothing of interest happened, continue. */
#define GO_ON (-1)

/* ---- Drawing ---- */

/* An attribute of IBM's adapters: their colours have blue in bit 0, those of terminals red. */
static void set_attribute(ScreenView *view, guint8 attribute)
{
    static const guint8 swapped[N_COLORS] = { 0, 4, 2, 6, 1, 5, 3, 7 };
    guint foreground = swapped[attribute & 7], background = swapped[attribute >> 4 & 7];
    attr_t attributes = (attribute & 0x08 ? A_BOLD : 0) | (attribute & 0x80 ? A_BLINK : 0);

    if (view->colors) {
        wattr_set(view->window, attributes, background * N_COLORS + foreground + 1, NULL);
    } else {
        wattr_set(view->window, attributes | (background ? A_REVERSE : 0), 0, NULL);
    }
}

static guint8 attribute_at(const char *attributes, gsize x)
{
    return strlen(attributes) >= (x + 1) * 2
        ? g_ascii_xdigit_value(attributes[x * 2]) << 4 | g_ascii_xdigit_value(attributes[x * 2 + 1])
        : 0x07;
}

/* One line; beyond its end there are blanks. */
static void draw_line(ScreenView *view, int y, const char *text, const char *attributes, int width)
{
    glong n = 0;
    g_autofree gunichar *line = g_utf8_to_ucs4(text, -1, NULL, &n, NULL);

    wmove(view->window, y, 0);
    for (int x = 0; x < width; x++) {
        const wchar_t c = line && x < n ? (wchar_t)line[x] : L' ';

        set_attribute(view, attribute_at(attributes, x));
        waddnwstr(view->window, &c, 1);
    }
}

static void draw_note(ScreenView *view, const char *note)
{
    glong n;
    g_autofree gunichar *line = g_utf8_to_ucs4_fast(note, -1, &n);

    wattr_set(view->window, A_NORMAL, 0, NULL);
    wmove(view->window, getmaxy(view->window) / 2, MAX(0, (getmaxx(view->window) - (int)n) / 2));
    waddnwstr(view->window, (const wchar_t *)line, MIN((int)n, getmaxx(view->window)));
    curs_set(0);
}

static int number_of(const json_t *object, const char *name)
{
    return (int)json_integer_value(json_object_get(object, name));
}

static const char *item_of(const json_t *screen, const char *name, int i)
{
    const char *text = json_string_value(json_array_get(json_object_get(screen, name), i));

    return text ? text : "";
}

/* A terminal that is too small shows the part with the cursor. */
static void draw_text(ScreenView *view, const json_t *screen)
{
    const json_t *cursor = json_object_get(screen, "cursor");
    int height = MIN(number_of(screen, "rows"), getmaxy(view->window));
    int width = MIN(number_of(screen, "columns"), getmaxx(view->window));
    int row = number_of(cursor, "row"), column = number_of(cursor, "column");
    int top = MAX(0, row - height + 1);

    for (int y = 0; y < height; y++) {
        draw_line(view, y, item_of(screen, "lines", top + y),
                  item_of(screen, "attributes", top + y), width);
    }
    curs_set(cursor && column < width);
    wmove(view->window, row - top, MIN(column, MAX(0, width - 1)));
}

static void draw(ScreenView *view)
{
    werase(view->window);
    if (!view->shown) {
        draw_note(view, "...");
    } else if (number_of(view->shown, "rows")) {
        draw_text(view, view->shown);
    } else {
        draw_note(view, "The screen shows graphics: vmctl screenshot makes a picture.");
    }
    wrefresh(view->window);
}

/* ---- The machine's side ---- */

static bool ask(ScreenView *view, GError **error)
{
    const char *stamp = json_string_value(json_object_get(view->shown, "stamp"));
    json_t *arguments = json_pack("{s:s, s:i, s:s*}", "stamp", stamp ? stamp : "",
                                  "timeout", WAIT_MS, "device", view->device);

    return connection_send(view->watcher, "wait-screen-text", arguments, error);
}

/* Nobody is told of events here, but they must be read. */
static ConnectionResult drop_events(ScreenView *view, gint64 deadline)
{
    ConnectionResult result;

    do {
        g_autoptr(Message) event = NULL;

        result = connection_next_event(view->typist, deadline, &event, NULL);
    } while (result == CONNECTION_EVENT);
    return result;
}

/* The screen is gone first when a machine ends: that is no failure. */
static int fail_unless_ended(ScreenView *view, GError *why, GError **error)
{
    if (drop_events(view, g_get_monotonic_time() + END_US) == CONNECTION_CLOSED) {
        g_error_free(why);
        return SCREEN_VIEW_CLOSED;
    }
    g_propagate_error(error, why);
    return SCREEN_VIEW_FAILED;
}

static int take_answer(ScreenView *view, GError **error)
{
    json_t *answer = NULL;
    GError *why = NULL;

    switch (connection_reply(view->watcher, 0, &answer, &why)) {
    case CONNECTION_EVENT:
        break;
    case CONNECTION_TIMEOUT:
        return GO_ON;
    case CONNECTION_CLOSED:
        return SCREEN_VIEW_CLOSED;
    case CONNECTION_FAILED:
        return fail_unless_ended(view, why, error);
    }
    json_decref(view->shown);
    view->shown = answer;
    draw(view);
    return ask(view, &why) ? GO_ON : fail_unless_ended(view, why, error);
}

/* What a machine that does not run, or has no keyboard, or too many keys waiting, does not take is
 * lost, as on a keyboard of its own. */
static int type_keys(ScreenView *view, const ScreenKeys *keys)
{
    g_autoptr(GError) why = NULL;
    json_t *list = json_array();

    for (guint i = 0; keys->names[i]; i++) {
        json_array_append_new(list, json_pack("{s:s, s:s}", "type", "qcode",
                                              "data", keys->names[i]));
    }
    if (connection_call(view->typist, "send-key", json_pack("{s:o, s:i}", "keys", list, "hold-time",
                                                            HOLD_MS), NULL, &why) ||
        !qmp_error_is(why, ERROR_REASON_HOST_ERROR)) {
        return GO_ON;
    }
    return SCREEN_VIEW_CLOSED;
}

/* ---- The terminal's side ---- */

static int take_key(ScreenView *view, int kind, wint_t c)
{
    ScreenKeys keys;
    bool alt = false;

    if (kind == KEY_CODE_YES && c == KEY_RESIZE) {
        clearok(view->window, true);
        draw(view);
        return GO_ON;
    }
    if (kind == OK && c == 0x1d) {
        return SCREEN_VIEW_ESCAPED;
    }
    if (kind == OK && c == 0x1b) {      /* a key with Alt sends ESC before its own */
        wint_t next;
        int next_kind = wget_wch(view->window, &next);

        alt = next_kind != ERR;
        kind = alt ? next_kind : kind;
        c = alt ? next : c;
    }
    if (kind == KEY_CODE_YES ? screen_keys_of_number((int)c, alt, &keys)
                             : screen_keys_of_character(c, alt, &keys)) {
        return type_keys(view, &keys);
    }
    return GO_ON;
}

static int take_input(ScreenView *view)
{
    int result = GO_ON, kind;
    wint_t c;

    while (result == GO_ON && (kind = wget_wch(view->window, &c)) != ERR) {
        result = take_key(view, kind, c);
    }
    return result;
}

/* The end of the terminal, which curses does not tell. */
static int end_of_terminal(const ScreenView *view, short revents)
{
    return revents & (POLLHUP | POLLERR) ? SCREEN_VIEW_ESCAPED : GO_ON;
}

static int step(ScreenView *view, GError **error)
{
    struct pollfd fds[N_POLL] = {
        [POLL_INPUT] = { .fd = STDIN_FILENO, .events = POLLIN },
        [POLL_WATCHER] = { .fd = connection_fd(view->watcher), .events = POLLIN },
        [POLL_TYPIST] = { .fd = connection_fd(view->typist), .events = POLLIN },
        [POLL_SIGNALS] = { .fd = view->signals.fd, .events = POLLIN },
    };
    int result = GO_ON;

    if (ppoll(fds, N_POLL, NULL, &view->poll_mask) < 0) {
        return take_input(view);     /* EINTR: curses has noted another size */
    }
    if (fds[POLL_SIGNALS].revents) {
        return SCREEN_VIEW_SIGNAL;
    }
    if (fds[POLL_INPUT].revents & POLLIN) {
        result = take_input(view);
    }
    if (result == GO_ON && fds[POLL_WATCHER].revents) {
        result = take_answer(view, error);
    }
    if (result == GO_ON && fds[POLL_TYPIST].revents) {
        result = drop_events(view, 0) == CONNECTION_TIMEOUT ? GO_ON : SCREEN_VIEW_CLOSED;
    }
    return result == GO_ON ? end_of_terminal(view, fds[POLL_INPUT].revents) : result;
}

ScreenViewResult screen_view_run(ScreenView *view, GError **error)
{
    int result;

    do {
        result = step(view, error);
    } while (result == GO_ON);
    return result;
}

int screen_view_take_signal(ScreenView *view)
{
    return signals_read(&view->signals);
}

/* ---- Opening and closing ---- */

static bool refuse_terminal(GError **error)
{
    const char *type = g_getenv("TERM");

    qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED,
                  "a terminal of type '%s' cannot show a screen", type ? type : "");
    return false;
}

static void prepare_colors(ScreenView *view)
{
    view->colors = has_colors() && start_color() == OK;
    for (int i = 0; view->colors && i < N_COLORS * N_COLORS; i++) {
        init_pair(i + 1, i % N_COLORS, i / N_COLORS);
    }
}

/* Else a signal that comes just before the poll would wait for the next key. */
static void block_resize(ScreenView *view)
{
    sigset_t mask;

    sigemptyset(&mask);
    sigaddset(&mask, SIGWINCH);
    sigprocmask(SIG_BLOCK, &mask, &view->poll_mask);
    sigdelset(&view->poll_mask, SIGWINCH);
}

static bool open_terminal(ScreenView *view, GError **error)
{
    block_resize(view);
    view->screen = newterm(NULL, stdout, stdin);
    view->window = view->screen ? newwin(0, 0, 0, 0) : NULL;
    if (!view->window) {
        return refuse_terminal(error);
    }
    raw();
    noecho();
    nonl();
    set_escdelay(ESCAPE_MS);
    keypad(view->window, true);
    nodelay(view->window, true);
    prepare_colors(view);
    return true;
}

ScreenView *screen_view_open(Connection *watcher, Connection *typist, const char *device,
                             GError **error)
{
    g_autoptr(ScreenView) view = g_new0(ScreenView, 1);

    view->watcher = watcher;
    view->typist = typist;
    view->device = g_strdup(device);
    view->signals.fd = -1;
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
        qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED,
                      "standard input and output are no terminal, which shows the screen");
        return NULL;
    }
    if (!curses_load(error) || !ask(view, error) || !signals_take(&view->signals, error) ||
        !open_terminal(view, error)) {
        return NULL;
    }
    draw(view);
    return g_steal_pointer(&view);
}

void screen_view_close(ScreenView *view)
{
    if (!view) {
        return;
    }
    if (view->window) {
        delwin(view->window);
    }
    if (view->screen) {
        endwin();
        delscreen(view->screen);
    }
    signals_restore(&view->signals);
    json_decref(view->shown);
    g_free(view->device);
    g_free(view);
}
