/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What images in known formats begin with.
 */
#ifndef HW_BLOCK_BLOCK_MAGIC_H
#define HW_BLOCK_BLOCK_MAGIC_H

#include <glib.h>

/* The name that QEMU has for the format that an image beginning with these bytes is in, or NULL:
 * none that is known.  BLOCK_MAGIC_SIZE bytes are enough. */
const char *block_magic(const guint8 *data, gsize size);

enum { BLOCK_MAGIC_SIZE = 512 };

#endif
