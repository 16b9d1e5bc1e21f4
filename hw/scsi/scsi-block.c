/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands that access the medium: READ, WRITE, VERIFY, SYNCHRONIZE CACHE, SEEK.  SBC-3
 * chapter 5.
 *
 * A command is one block request, or a sequence of them: step is what continues it.
 */
#include "config.h"
#include "hw/scsi/scsi-internal.h"

#include <errno.h>

#include "qom/qapi-objects-scsi.h"

enum {
    FUA = 0x08,                 /* the medium, not a cache */
    PROTECT = 0xe0,             /* protection information, which there is not */
    BYTCHK = 0x06,
    BYTCHK_COMPARE = 0x02,
    VERIFY_PIECE = 64 * 1024,
};

/* ---- Blocks ---- */

guint64 scsi_blocks(const ScsiDisk *s)
{
    const BlockNode *node = disk_medium(&s->disk);

    return node ? block_node_size(node) / s->block_size : 0;
}

guint64 scsi_lba(const ScsiRequest *request)
{
    const guint8 *cdb = request->cdb;

    switch (cdb[0] >> 5) {
    case 0:
        return get_be32(cdb) & 0x1fffff;
    case 4:
        return get_be64(cdb + 2);
    default:
        return get_be32(cdb + 2);
    }
}

guint64 scsi_count(const ScsiRequest *request)
{
    const guint8 *cdb = request->cdb;

    switch (cdb[0] >> 5) {
    case 0:
        return cdb[4] ? cdb[4] : 256;
    case 4:
        return get_be32(cdb + 10);
    case 5:
        return get_be32(cdb + 6);
    default:
        return get_be16(cdb + 7);
    }
}

bool scsi_check_range(ScsiDisk *s, ScsiRequest *request, guint64 lba, guint64 count)
{
    guint64 blocks = scsi_blocks(s);

    if (lba > blocks || count > blocks - lba) {
        scsi_fail(request, SENSE_LBA_OUT_OF_RANGE);
        return false;
    }
    return true;
}

guint64 scsi_max_transfer(const ScsiDisk *s)
{
    return MIN(scsi_disk_base_props(s)->max_io_size / s->block_size, G_MAXUINT32);
}

/* ---- Block requests ---- */

static guint32 sense_of_error(int error, BlockOp op)
{
    switch (error) {
    case ENOSPC:
        return SENSE_NO_SPACE;
    case EROFS:
        return SENSE_WRITE_PROTECTED;
    case ENOMEDIUM:
        return SENSE_NO_MEDIUM;
    case ENOMEM:
        return SENSE_TARGET_FAILURE;
    default:
        return op == BLOCK_OP_READ ? SENSE_READ_ERROR : SENSE_WRITE_ERROR;
    }
}

/* Cuts the vectors to what the block request transfers. */
static void cut(ScsiRequest *request)
{
    BlockRequest *block = &request->front.block;
    guint64 left = block->bytes;

    for (guint i = 0; i < block->n_iov; i++) {
        struct iovec *iov = &block->iov[i];

        if (left <= iov->iov_len) {
            request->cut = iov;
            request->cut_size = iov->iov_len;
            iov->iov_len = left;
            block->n_iov = i + (left > 0);
            return;
        }
        left -= iov->iov_len;
    }
}

static void front_done(BlockFrontRequest *front, int error)
{
    ScsiRequest *request = container_of(front, ScsiRequest, front);

    scsi_uncut(request);
    if (error) {
        scsi_fail(request, sense_of_error(error, front->block.op));
    } else if (request->canceled) {
        scsi_complete(request);
    } else {
        request->step(request);
    }
}

/* A node that answers at once (null-co) calls step within the call: what step submits is
 * submitted here, so that a long sequence does not need a deep stack. */
static void submit(ScsiRequest *request)
{
    bool more;

    do {
        more = false;
        request->more = &more;
        block_front_submit(&request->disk->disk.front, &request->front);
    } while (more);
    request->more = NULL;
}

void scsi_block_submit(ScsiDisk *s, ScsiRequest *request, BlockOp op, guint64 offset,
                       guint64 bytes, guint flags, void (*step)(ScsiRequest *request))
{
    BlockRequest *block = &request->front.block;

    block->op = op;
    block->flags = flags;
    block->offset = offset;
    block->bytes = bytes;
    if (op == BLOCK_OP_READ || op == BLOCK_OP_WRITE) {
        cut(request);
    }
    request->step = step;
    request->front.done = front_done;
    if (request->more) {
        *request->more = true;
    } else {
        submit(request);
    }
}

static void use_buffer(ScsiRequest *request, struct iovec *iov, guint n)
{
    request->front.block.iov = iov;
    request->front.block.n_iov = n;
}

/* ---- READ and WRITE ---- */

/* WRITE AND VERIFY is on the medium when it is done, which is what can be verified. */
static bool has_fua(const ScsiRequest *request)
{
    switch (request->cdb[0]) {
    case SCSI_READ_6:
    case SCSI_WRITE_6:
        return false;
    case SCSI_WRITE_VERIFY_10:
    case SCSI_WRITE_VERIFY_12:
    case SCSI_WRITE_VERIFY_16:
        return true;
    default:
        return request->cdb[1] & FUA;
    }
}

/* The command's blocks are those of the medium, and it wants no protection information. */
static bool check_transfer(ScsiDisk *s, ScsiRequest *request, BlockOp op)
{
    if (request->cdb[0] >> 5 != 0 && request->cdb[1] & PROTECT) {
        scsi_fail(request, SENSE_INVALID_FIELD);
        return false;
    }
    if (!scsi_check_range(s, request, scsi_lba(request), scsi_count(request))) {
        block_front_note_invalid(&s->disk.front, op);
        return false;
    }
    return true;
}

static void transferred(ScsiRequest *request)
{
    request->transferred = request->need;
    scsi_good(request);
}

static void submit_read(ScsiRequest *request)
{
    ScsiDisk *s = request->disk;

    use_buffer(request, request->in, request->n_in);
    scsi_block_submit(s, request, BLOCK_OP_READ, scsi_lba(request) * s->block_size, request->need,
                      0, transferred);
}

/* With FUA what is in a cache, and newer, goes to the medium first (SBC-3 section 5.11). */
void scsi_read(ScsiDisk *s, ScsiRequest *request)
{
    if (!check_transfer(s, request, BLOCK_OP_READ)) {
        return;
    }
    if (has_fua(request) && !disk_medium(&s->disk)->read_only) {
        scsi_block_submit(s, request, BLOCK_OP_FLUSH, 0, 0, 0, submit_read);
    } else {
        submit_read(request);
    }
}

void scsi_write(ScsiDisk *s, ScsiRequest *request)
{
    if (check_transfer(s, request, BLOCK_OP_WRITE)) {
        use_buffer(request, request->out, request->n_out);
        scsi_block_submit(s, request, BLOCK_OP_WRITE, scsi_lba(request) * s->block_size,
                          request->need, has_fua(request) ? BLOCK_FUA : 0, transferred);
    }
}

/* ---- Other commands ---- */

void scsi_seek(ScsiDisk *s, ScsiRequest *request)
{
    if (scsi_check_range(s, request, scsi_lba(request), 1)) {
        scsi_good(request);
    }
}

/* All of the medium, whichever blocks the command names. */
void scsi_flush(ScsiDisk *s, ScsiRequest *request)
{
    scsi_block_submit(s, request, BLOCK_OP_FLUSH, 0, 0, 0, scsi_good);
}

/* ---- VERIFY ---- */

static bool compares(const ScsiRequest *request)
{
    return request->cdb[1] & BYTCHK;
}

/* Whether a piece of the medium, which ends at request->offset, is what the initiator sent. */
static bool is_equal(const ScsiRequest *request)
{
    gsize n = request->front.block.bytes;
    const guint8 *medium = request->front.block.iov->iov_base;
    guint8 sent[512];

    for (gsize i = 0; i < n; i += sizeof(sent)) {
        gsize size = MIN(sizeof(sent), n - i);

        if (scsi_read_out(request, request->need - request->left - n + i, sent, size) < size ||
            memcmp(sent, medium + i, size) != 0) {
            return false;
        }
    }
    return true;
}

static void verify_piece(ScsiRequest *request);

static void verified(ScsiRequest *request)
{
    if (compares(request) && !is_equal(request)) {
        scsi_fail(request, SENSE_MISCOMPARE);
    } else {
        verify_piece(request);
    }
}

static void verify_piece(ScsiRequest *request)
{
    guint64 n = MIN(request->left, VERIFY_PIECE), offset = request->offset;

    if (!n) {
        transferred(request);
        return;
    }
    request->offset += n;
    request->left -= n;
    request->repeated->iov_len = VERIFY_PIECE;
    use_buffer(request, request->repeated, 1);
    scsi_block_submit(request->disk, request, BLOCK_OP_READ, offset, n, 0, verified);
}

/* The medium is read; with BYTCHK it is compared with the initiator's data (SBC-3 section
 * 5.26). */
void scsi_verify(ScsiDisk *s, ScsiRequest *request)
{
    guint8 check = request->cdb[1] & BYTCHK;

    if ((check && check != BYTCHK_COMPARE) || scsi_count(request) > scsi_max_transfer(s)) {
        scsi_fail(request, SENSE_INVALID_FIELD);
        return;
    }
    if (!check_transfer(s, request, BLOCK_OP_READ)) {
        return;
    }
    request->repeated = g_malloc(sizeof(struct iovec) + VERIFY_PIECE);
    request->repeated->iov_base = request->repeated + 1;
    request->offset = scsi_lba(request) * s->block_size;
    request->left = scsi_count(request) * s->block_size;
    verify_piece(request);
}
