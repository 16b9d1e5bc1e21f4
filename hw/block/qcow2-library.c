/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * zstd, which is loaded with the first qcow2 image that may have clusters compressed by it
 * (qmp/library.h); zlib likewise (hw/core/zlib-library.h).
 */
#include "config.h"
#include "hw/block/qcow2.h"

#include <zstd.h>

#include "hw/core/zlib-library.h"
#include "qmp/library.h"

#define ZSTD_FUNCTIONS(F, L) \
    F(L, ZSTD_DCtx *, ZSTD_createDCtx, (void), ()) \
    F(L, size_t, ZSTD_freeDCtx, (ZSTD_DCtx *dctx), (dctx)) \
    F(L, size_t, ZSTD_decompressStream, \
      (ZSTD_DStream *zds, ZSTD_outBuffer *output, ZSTD_inBuffer *input), (zds, output, input)) \
    F(L, unsigned, ZSTD_isError, (size_t code), (code))

LIBRARY_DEFINE(zstd, ZSTD_SONAME, "libzstd1", "qcow2 images that zstd compressed", ZSTD_FUNCTIONS)

bool qcow2_library_load(const Qcow2 *s, GError **error)
{
    return s->header.compression == QCOW2_ZSTD ? library_load(&zstd, error) : zlib_load(error);
}
