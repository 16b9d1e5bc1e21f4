/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pictures as sixels, six rows of pixels in a line of characters (DEC, "VT330/VT340 Programmer
 * Reference Manual", volume 2, chapter 14).
 */
#ifndef CLIENT_SIXEL_H
#define CLIENT_SIXEL_H

#include <glib.h>

/* A picture of width by height pixels, each red, green and blue, for a terminal.  Up to 256 colours
 * are exact to a percent, as sixels have them; of more, each becomes one of 216. */
GString *sixel_encode(const guint8 *rgb, guint width, guint height);

#endif
