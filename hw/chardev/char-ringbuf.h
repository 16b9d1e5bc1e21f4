/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * chardev-ringbuf: keeps the newest output in memory, for ringbuf-read.
 */
#ifndef HW_CHARDEV_CHAR_RINGBUF_H
#define HW_CHARDEV_CHAR_RINGBUF_H

#include "hw/chardev/char.h"

/* Takes the oldest bytes out, at most size; returns how many.  chr is of class
 * chardev-ringbuf; machine lock held. */
gsize char_ringbuf_read(Chardev *chr, guint8 *data, gsize size);

/* How many bytes there are. */
gsize char_ringbuf_length(const Chardev *chr);

#endif
