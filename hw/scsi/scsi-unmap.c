/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * UNMAP and WRITE SAME.  SBC-3 sections 5.32, 5.43 to 5.46.
 *
 * A pattern is written from an array of vectors that all point to a copy of the block: as many
 * bytes with one request as the array covers.
 */
#include "config.h"
#include "hw/scsi/scsi-internal.h"

#include "qom/qapi-objects-scsi.h"

/* ---- UNMAP ---- */

/* Section 5.32.2: the parameter list. */
enum { LIST_HEADER = 8, DESCRIPTOR = 16, ANCHOR = 0x01 };

guint64 scsi_max_unmap(const ScsiDisk *s)
{
    return s->rom ? 0 : MIN(scsi_hd_props(s)->max_unmap_size / s->block_size, G_MAXUINT32);
}

/* The range of a descriptor, which the guest may change at any time: it is checked whenever
 * it is read. */
static bool read_range(const ScsiRequest *request, guint i, guint64 *ret_lba, guint64 *ret_count)
{
    guint8 data[DESCRIPTOR];
    guint64 blocks = scsi_blocks(request->disk);

    if (scsi_read_out(request, LIST_HEADER + (gsize)i * DESCRIPTOR, data, sizeof(data)) <
        sizeof(data)) {
        return false;
    }
    *ret_lba = get_be64(data);
    *ret_count = get_be32(data + 8);
    return *ret_lba <= blocks && *ret_count <= blocks - *ret_lba;
}

/* Checks all ranges before any is unmapped. */
static guint32 check_ranges(const ScsiDisk *s, const ScsiRequest *request, guint n)
{
    guint64 lba, count, all = 0;

    for (guint i = 0; i < n; i++) {
        if (!read_range(request, i, &lba, &count)) {
            return SENSE_LBA_OUT_OF_RANGE;
        }
        all += count;
    }
    return n > SCSI_MAX_UNMAP_DESCRIPTORS || all > scsi_max_unmap(s) ? SENSE_INVALID_PARAMETER
                                                                     : SENSE_NONE;
}

static void unmap_next(ScsiRequest *request)
{
    ScsiDisk *s = request->disk;
    guint64 lba, count;

    if (!request->left) {
        request->transferred = request->need;
        scsi_good(request);
        return;
    }
    request->left--;
    if (!read_range(request, request->piece++, &lba, &count)) {
        scsi_fail(request, SENSE_LBA_OUT_OF_RANGE);
        return;
    }
    scsi_block_submit(s, request, BLOCK_OP_DISCARD, lba * s->block_size, count * s->block_size, 0,
                      unmap_next);
}

void scsi_unmap(ScsiDisk *s, ScsiRequest *request)
{
    guint8 header[LIST_HEADER];
    guint32 sense;
    guint n;

    if (request->cdb[1] & ANCHOR) {
        scsi_fail(request, SENSE_INVALID_FIELD);
        return;
    }
    if (!request->need) {
        scsi_good(request);
        return;
    }
    scsi_read_out(request, 0, header, sizeof(header));
    n = get_be16(header + 2) / DESCRIPTOR;
    if (request->need < LIST_HEADER || LIST_HEADER + n * DESCRIPTOR > request->need) {
        scsi_fail(request, SENSE_PARAMETER_LIST_LENGTH);
        return;
    }
    sense = check_ranges(s, request, n);
    if (sense) {
        scsi_fail(request, sense);
        return;
    }
    request->left = n;
    request->piece = 0;
    unmap_next(request);
}

/* ---- WRITE SAME ---- */

enum {
    NDOB = 0x01,                /* no data: zeros (of 16 bytes only) */
    LBDATA_PBDATA = 0x06,       /* obsolete: addresses in the data */
    SAME_UNMAP = 0x08,
    SAME_ANCHOR = 0x10,
    PROTECT = 0xe0,
    SAME_VECTORS = 1024,
    SAME_BYTES = 512 * 1024,    /* by one block request, or one block */
};

static bool is_zero(const guint8 *p, gsize size)
{
    return p[0] == 0 && memcmp(p, p + 1, size - 1) == 0;
}

static guint same_vectors(const ScsiDisk *s)
{
    return CLAMP(SAME_BYTES / s->block_size, 1, SAME_VECTORS);
}

static void write_piece(ScsiRequest *request)
{
    ScsiDisk *s = request->disk;
    guint n = same_vectors(s);
    guint64 bytes = MIN(request->left, (guint64)n * s->block_size), offset = request->offset;

    if (!bytes) {
        request->transferred = request->need;
        scsi_good(request);
        return;
    }
    request->offset += bytes;
    request->left -= bytes;
    request->front.block.iov = request->repeated;
    request->front.block.n_iov = n;
    scsi_block_submit(s, request, BLOCK_OP_WRITE, offset, bytes, 0, write_piece);
}

static void zeroed(ScsiRequest *request)
{
    request->transferred = request->need;
    scsi_good(request);
}

/* The block of data, in an array of vectors. */
static void make_vectors(const ScsiDisk *s, ScsiRequest *request)
{
    guint n = same_vectors(s);
    guint8 *block;

    request->repeated = g_malloc(n * sizeof(struct iovec) + s->block_size);
    block = (guint8 *)(request->repeated + n);
    for (guint i = 0; i < n; i++) {
        request->repeated[i] = (struct iovec){ block, s->block_size };
    }
    scsi_read_out(request, 0, block, s->block_size);
}

static bool check_same(ScsiDisk *s, ScsiRequest *request)
{
    guint8 flags = request->cdb[1];
    guint64 count = scsi_count(request);

    if (flags & (PROTECT | SAME_ANCHOR | LBDATA_PBDATA) ||
        (request->cdb[0] == SCSI_WRITE_SAME_10 && flags & NDOB) ||
        !count || count > scsi_max_unmap(s)) {
        scsi_fail(request, SENSE_INVALID_FIELD);
        return false;
    }
    return scsi_check_range(s, request, scsi_lba(request), count);
}

void scsi_write_same(ScsiDisk *s, ScsiRequest *request)
{
    guint flags = request->cdb[1] & SAME_UNMAP ? BLOCK_MAY_UNMAP : 0;

    if (!check_same(s, request)) {
        return;
    }
    request->offset = scsi_lba(request) * s->block_size;
    request->left = scsi_count(request) * s->block_size;
    if (request->need) {
        make_vectors(s, request);
    }
    if (!request->need || is_zero(request->repeated->iov_base, s->block_size)) {
        scsi_block_submit(s, request, BLOCK_OP_WRITE_ZEROES, request->offset, request->left, flags,
                          zeroed);
    } else {
        write_piece(request);
    }
}
