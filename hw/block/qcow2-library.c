/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * zlib and zstd, each loaded with the first qcow2 image that may have clusters compressed by it
 * (qmp/library.h).
 */
#include "config.h"
#include "hw/block/qcow2.h"

#include <zlib.h>
#include <zstd.h>

#include "qmp/library.h"

#define ZLIB_FUNCTIONS(F, L) \
    F(L, int, inflateInit2_, \
      (z_streamp strm, int windowBits, const char *version, int stream_size), \
      (strm, windowBits, version, stream_size)) \
    F(L, int, inflate, (z_streamp strm, int flush), (strm, flush)) \
    F(L, int, inflateEnd, (z_streamp strm), (strm))

#define ZSTD_FUNCTIONS(F, L) \
    F(L, ZSTD_DCtx *, ZSTD_createDCtx, (void), ()) \
    F(L, size_t, ZSTD_freeDCtx, (ZSTD_DCtx *dctx), (dctx)) \
    F(L, size_t, ZSTD_decompressStream, \
      (ZSTD_DStream *zds, ZSTD_outBuffer *output, ZSTD_inBuffer *input), (zds, output, input)) \
    F(L, unsigned, ZSTD_isError, (size_t code), (code))

LIBRARY_DEFINE(zlib, ZLIB_SONAME, "zlib1g", "qcow2 images", ZLIB_FUNCTIONS)
LIBRARY_DEFINE(zstd, ZSTD_SONAME, "libzstd1", "qcow2 images that zstd compressed", ZSTD_FUNCTIONS)

bool qcow2_library_load(const Qcow2 *s, GError **error)
{
    return library_load(s->header.compression == QCOW2_ZSTD ? &zstd : &zlib, error);
}
