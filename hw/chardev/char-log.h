/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `logfile` of character backends: the output of a backend is also written to a
 * file.  A file that takes nothing blocks nothing: output without room in the buffer
 * is missing from it, and the journal says so.
 *
 * All functions except char_log_open and char_log_close are called with the
 * machine lock held.
 */
#ifndef HW_CHARDEV_CHAR_LOG_H
#define HW_CHARDEV_CHAR_LOG_H

#include "hw/chardev/char.h"

/* How much a log buffers while its file takes nothing. */
#define CHAR_LOG_MAX (4 * 1024 * 1024)

/* For prepare, complete and release of a backend, which may have no log.
 * Before char_log_keep the file is not changed. */
bool char_log_open(Chardev *chr, GError **error);
bool char_log_keep(Chardev *chr, GError **error);
void char_log_close(Chardev *chr);

/* Any thread. */
void char_log_write(Chardev *chr, const guint8 *data, gsize size);

#endif
