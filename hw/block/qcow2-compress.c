/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Driver `qcow2`: compressed clusters.  The last one is kept in memory, as a guest that reads
 * a disk from front to back needs it many times.
 */
#include "config.h"
#include "hw/block/qcow2.h"

#include <zstd.h>

#include "hw/core/zlib-library.h"

enum {
    SECTOR = 512,
    WINDOW_BITS = -12,          /* of the format; negative: there is no zlib header */
};

static bool inflate_cluster(const guint8 *from, gsize size, guint8 *to, gsize to_size)
{
    z_stream stream = {
        .next_in = (Bytef *)from, .avail_in = size, .next_out = to, .avail_out = to_size,
    };
    int ret;

    if (inflateInit2(&stream, WINDOW_BITS) != Z_OK) {
        return false;
    }
    ret = inflate(&stream, Z_FINISH);
    inflateEnd(&stream);
    /* The last sector has more than the cluster's data. */
    return (ret == Z_STREAM_END || ret == Z_BUF_ERROR) && stream.avail_out == 0;
}

static bool zstd_cluster(const guint8 *from, gsize size, guint8 *to, gsize to_size)
{
    ZSTD_inBuffer in = { from, size, 0 };
    ZSTD_outBuffer out = { to, to_size, 0 };
    ZSTD_DCtx *context = ZSTD_createDCtx();
    gsize ret = 1;

    while (context && out.pos < out.size && !ZSTD_isError(ret)) {
        gsize in_before = in.pos, out_before = out.pos;

        ret = ZSTD_decompressStream(context, &out, &in);
        if (in.pos == in_before && out.pos == out_before) {
            break;
        }
    }
    ZSTD_freeDCtx(context);
    return context && !ZSTD_isError(ret) && out.pos == out.size;
}

guint64 qcow2_compressed_range(const Qcow2 *s, guint64 entry, gsize *size)
{
    guint sector_bits = s->cluster_bits - 8, shift = 62 - sector_bits;
    guint64 offset = entry & ((G_GUINT64_CONSTANT(1) << shift) - 1);
    guint64 sectors = (entry >> shift & ((1U << sector_bits) - 1)) + 1;

    *size = sectors * SECTOR - offset % SECTOR;
    return offset;
}

const guint8 *qcow2_decompressed(Qcow2 *s, guint64 entry)
{
    gsize size;
    guint64 offset = qcow2_compressed_range(s, entry, &size);
    g_autofree guint8 *data = NULL;
    bool ok;

    if (s->plain && s->plain_entry == entry) {
        return s->plain;
    }
    if (offset >> 56) {
        qcow2_malformed_at(s, "a compressed cluster", offset);
        return NULL;
    }
    data = g_malloc(size);
    if (!s->plain) {
        s->plain = g_malloc(s->cluster_size);
    }
    s->plain_entry = 0;
    if (qcow2_read(s, s->node.file, offset, data, size)) {
        return NULL;
    }
    ok = s->header.compression == QCOW2_ZSTD
         ? zstd_cluster(data, size, s->plain, s->cluster_size)
         : inflate_cluster(data, size, s->plain, s->cluster_size);
    if (!ok) {
        qcow2_malformed_at(s, "a compressed cluster", offset);
        return NULL;
    }
    s->plain_entry = entry;
    return s->plain;
}
