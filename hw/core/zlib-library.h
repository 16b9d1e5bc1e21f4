/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * zlib, which is loaded when data that it compressed may come (qmp/library.h): inflateInit(),
 * inflateInit2(), inflate(), inflateEnd(), compress(), compressBound().
 */
#ifndef HW_CORE_ZLIB_LIBRARY_H
#define HW_CORE_ZLIB_LIBRARY_H

#include <glib.h>
#include <stdbool.h>
#include <zlib.h>

/* Any thread; it reads files.  Fails with not-supported. */
bool zlib_load(GError **error);

#endif
