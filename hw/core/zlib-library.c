/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * zlib, see zlib-library.h.
 */
#include "config.h"
#include "hw/core/zlib-library.h"

#include "qmp/library.h"

#define ZLIB_FUNCTIONS(F, L) \
    F(L, int, inflateInit_, (z_streamp strm, const char *version, int stream_size), \
      (strm, version, stream_size)) \
    F(L, int, inflateInit2_, \
      (z_streamp strm, int windowBits, const char *version, int stream_size), \
      (strm, windowBits, version, stream_size)) \
    F(L, int, inflate, (z_streamp strm, int flush), (strm, flush)) \
    F(L, int, inflateEnd, (z_streamp strm), (strm)) \
    F(L, int, compress, \
      (Bytef *dest, uLongf *destLen, const Bytef *source, uLong sourceLen), \
      (dest, destLen, source, sourceLen)) \
    F(L, uLong, compressBound, (uLong sourceLen), (sourceLen))

LIBRARY_DEFINE(zlib, ZLIB_SONAME, "zlib1g", "qcow2 images and clipboards", ZLIB_FUNCTIONS)

bool zlib_load(GError **error)
{
    return library_load(&zlib, error);
}
