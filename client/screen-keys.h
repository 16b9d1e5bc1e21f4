/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is typed on a terminal, as keys of a PC's keyboard with the American layout.
 */
#ifndef CLIENT_SCREEN_KEYS_H
#define CLIENT_SCREEN_KEYS_H

#include <glib.h>
#include <stdbool.h>

enum { SCREEN_MAX_KEYS = 4 };

/* A combination: names of QKeyCode, in the order in which they are pressed, NULL at the end. */
typedef struct {
    const char *names[SCREEN_MAX_KEYS + 1];
} ScreenKeys;

/* Of a character as terminals send it; alt: Alt is held.  False: no such key. */
bool screen_keys_of_character(gunichar c, bool alt, ScreenKeys *ret);
/* Of a key that curses has a number for (KEY_UP).  False: no such key. */
bool screen_keys_of_number(int number, bool alt, ScreenKeys *ret);

#endif
