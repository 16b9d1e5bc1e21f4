/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the two halves of CharFd share: char-fd.c with input, start and stop, and char-fd-output.c.
 */
#ifndef HW_CHARDEV_CHAR_FD_INTERNAL_H
#define HW_CHARDEV_CHAR_FD_INTERNAL_H

#include <event2/util.h>

#include "hw/chardev/char-fd.h"

/* Writes pending output until the host takes no more. */
void char_fd_flush(CharFd *s);
/* The same, and has the rest written when the host takes it. */
void char_fd_send(CharFd *s);
/* The out_event's callback. */
void char_fd_on_writable(evutil_socket_t fd, short what, void *opaque);

#endif
