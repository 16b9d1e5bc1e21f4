/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The functions of ncurses that vmctl calls.
 */
#include "config.h"
#include "client/curses-library.h"

#include "qmp/library.h"

#define CURSES_FUNCTIONS(F, L) \
    F(L, SCREEN *, newterm, (const char *type, FILE *out, FILE *in), (type, out, in)) \
    F(L, void, delscreen, (SCREEN *screen), (screen)) \
    F(L, int, endwin, (void), ()) \
    F(L, WINDOW *, newwin, (int rows, int columns, int y, int x), (rows, columns, y, x)) \
    F(L, int, delwin, (WINDOW *window), (window)) \
    F(L, int, getmaxx, (const WINDOW *window), (window)) \
    F(L, int, getmaxy, (const WINDOW *window), (window)) \
    F(L, int, raw, (void), ()) \
    F(L, int, noecho, (void), ()) \
    F(L, int, nonl, (void), ()) \
    F(L, int, set_escdelay, (int milliseconds), (milliseconds)) \
    F(L, int, curs_set, (int visible), (visible)) \
    F(L, bool, has_colors, (void), ()) \
    F(L, int, start_color, (void), ()) \
    F(L, int, init_pair, (short pair, short foreground, short background), \
      (pair, foreground, background)) \
    F(L, int, keypad, (WINDOW *window, bool on), (window, on)) \
    F(L, int, nodelay, (WINDOW *window, bool on), (window, on)) \
    F(L, int, wget_wch, (WINDOW *window, wint_t *c), (window, c)) \
    F(L, int, werase, (WINDOW *window), (window)) \
    F(L, int, wmove, (WINDOW *window, int y, int x), (window, y, x)) \
    F(L, int, wattr_set, (WINDOW *window, attr_t attributes, short pair, void *options), \
      (window, attributes, pair, options)) \
    F(L, int, waddnwstr, (WINDOW *window, const wchar_t *text, int n), (window, text, n)) \
    F(L, int, clearok, (WINDOW *window, bool on), (window, on)) \
    F(L, int, wrefresh, (WINDOW *window), (window))

LIBRARY_DEFINE(library, CURSES_SONAME, "libncursesw6", "screens on a terminal", CURSES_FUNCTIONS)

bool curses_load(GError **error)
{
    return library_load(&library, error);
}
