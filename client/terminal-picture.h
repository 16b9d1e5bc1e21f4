/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pictures on the terminal, by what it says that it can show: kitty's graphics protocol (also of
 * Ghostty, Konsole, WezTerm), which takes PNG files, or sixels (of iTerm2, foot, mlterm, xterm -ti
 * vt340, Windows Terminal).
 */
#ifndef CLIENT_TERMINAL_PICTURE_H
#define CLIENT_TERMINAL_PICTURE_H

#include <glib.h>
#include <stdbool.h>

typedef enum {
    TERMINAL_PICTURE_PNG,
    TERMINAL_PICTURE_SIXELS,
} TerminalPicture;

/* Asks the controlling terminal what it takes, and waits up to a second for the answer.  Fails if
 * it shows no pictures, does not answer, or if there is none. */
bool terminal_picture_ask(TerminalPicture *ret, GError **error);

/* What shows a picture: of a PNG file, or of pixels in a PPM file, as vmd makes it.  NULL: data is
 * no such file.  Freed by g_string_free(). */
GString *terminal_picture_make(TerminalPicture kind, const guint8 *data, gsize size);

#endif
