/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * chardev-pty: a pseudo terminal.
 */
#ifndef HW_CHARDEV_CHAR_PTY_H
#define HW_CHARDEV_CHAR_PTY_H

#include "hw/chardev/char.h"

/* Path of the terminal ("/dev/pts/3"), chr's own; NULL if chr is not a pty. */
const char *char_pty_path(Chardev *chr);

#endif
