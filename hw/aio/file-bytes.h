/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small files that a client names, read once into memory.
 */
#ifndef HW_AIO_FILE_BYTES_H
#define HW_AIO_FILE_BYTES_H

#include <glib.h>

/* The contents of a regular file of at most max bytes.  May block for as long as
 * the host's file system does.  Fails with file-not-usable or no-memory. */
GBytes *file_bytes_read(const char *path, gsize max, GError **error);

#endif
