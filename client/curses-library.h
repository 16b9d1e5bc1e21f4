/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ncurses with wide characters, loaded when the first screen is shown (qmp/library.h).  Its macros,
 * which would reach into the library's variables, are off (NCURSES_NOMACROS).
 */
#ifndef CLIENT_CURSES_LIBRARY_H
#define CLIENT_CURSES_LIBRARY_H

#include <glib.h>
#include <ncurses.h>

/* Comes before all other functions of it.  Fails with not-supported. */
bool curses_load(GError **error);

#endif
