/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `logfile` of character backends: what is sent to any of them is written to a file,
 * too.  A file that takes nothing holds nobody: output that has no room any more is
 * missing from it, and the journal says so.
 *
 * All but char_log_open and char_log_close are called with the machine lock held.
 */
#ifndef HW_CHARDEV_CHAR_LOG_H
#define HW_CHARDEV_CHAR_LOG_H

#include "hw/chardev/char.h"

/* What a log keeps of what its file does not take. */
#define CHAR_LOG_MAX (4 * 1024 * 1024)

/* The prepare, complete and release of a backend, which may have no log.  Until
 * char_log_keep nothing has happened to the file. */
bool char_log_open(Chardev *chr, GError **error);
bool char_log_keep(Chardev *chr, GError **error);
void char_log_close(Chardev *chr);

/* Any thread. */
void char_log_write(Chardev *chr, const guint8 *data, gsize size);

#endif
