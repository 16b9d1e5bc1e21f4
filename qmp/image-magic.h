/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What images in known formats begin with: vmctl guesses by it, and vmd warns.
 */
#ifndef QMP_IMAGE_MAGIC_H
#define QMP_IMAGE_MAGIC_H

#include <glib.h>

/* The name that QEMU has for the format that an image beginning with these bytes is in, or NULL:
 * none that is known.  IMAGE_MAGIC_SIZE bytes are enough. */
const char *image_magic(const guint8 *data, gsize size);

enum { IMAGE_MAGIC_SIZE = 512 };

#endif
