/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Socket chardevs whose peer hangs: the connection is broken, as if the peer had closed it.
 */
#ifndef HW_CHARDEV_CHAR_YANK_H
#define HW_CHARDEV_CHAR_YANK_H

#include "hw/chardev/char.h"

/* Whether chr may have such a connection: it is a socket chardev. */
bool char_can_yank(const Chardev *chr);
/* Breaks the connection if there is one; its end is noticed in a later turn of the main loop. */
void char_yank(Chardev *chr);

#endif
