/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The functions of ncurses that vmctl calls.
 */
#include "config.h"
#include "client/curses-library.h"

#include "qmp/library.h"

#define CURSES_FUNCTIONS(F) \
    F(SCREEN *, newterm, (const char *type, FILE *out, FILE *in), (type, out, in)) \
    F(void, delscreen, (SCREEN *screen), (screen)) \
    F(int, endwin, (void), ()) \
    F(WINDOW *, newwin, (int rows, int columns, int y, int x), (rows, columns, y, x)) \
    F(int, delwin, (WINDOW *window), (window)) \
    F(int, getmaxx, (const WINDOW *window), (window)) \
    F(int, getmaxy, (const WINDOW *window), (window)) \
    F(int, raw, (void), ()) \
    F(int, noecho, (void), ()) \
    F(int, nonl, (void), ()) \
    F(int, set_escdelay, (int milliseconds), (milliseconds)) \
    F(int, curs_set, (int visible), (visible)) \
    F(bool, has_colors, (void), ()) \
    F(int, start_color, (void), ()) \
    F(int, init_pair, (short pair, short foreground, short background), \
      (pair, foreground, background)) \
    F(int, keypad, (WINDOW *window, bool on), (window, on)) \
    F(int, nodelay, (WINDOW *window, bool on), (window, on)) \
    F(int, wget_wch, (WINDOW *window, wint_t *c), (window, c)) \
    F(int, werase, (WINDOW *window), (window)) \
    F(int, wmove, (WINDOW *window, int y, int x), (window, y, x)) \
    F(int, wattr_set, (WINDOW *window, attr_t attributes, short pair, void *options), \
      (window, attributes, pair, options)) \
    F(int, waddnwstr, (WINDOW *window, const wchar_t *text, int n), (window, text, n)) \
    F(int, clearok, (WINDOW *window, bool on), (window, on)) \
    F(int, wrefresh, (WINDOW *window), (window))

LIBRARY_DEFINE(library, CURSES_SONAME, "libncursesw6", "screens on a terminal", CURSES_FUNCTIONS)

bool curses_load(GError **error)
{
    return library_load(&library, error);
}
