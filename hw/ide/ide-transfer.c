/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the data of a command move: through the buffer, in blocks that the host reads or writes
 * (PIO); by DMA from or to the buffer; or by DMA between guest memory and the medium.
 */
#include "config.h"
#include "hw/ide/ide-internal.h"

#include <errno.h>

#include "qom/qapi-trace.h"

static const IdeOpOps *const op_ops[IDE_N_OPS] = {
    [IDE_OP_REPLY] = &ide_reply_ops,
    [IDE_OP_READ] = &ide_read_ops,
    [IDE_OP_WRITE] = &ide_write_ops,
    [IDE_OP_VERIFY] = &ide_verify_ops,
    [IDE_OP_FLUSH] = &ide_flush_ops,
    [IDE_OP_TRIM] = &ide_trim_ops,
    [IDE_OP_PACKET] = &ide_packet_ops,
    [IDE_OP_PACKET_REPLY] = &ide_packet_reply_ops,
    [IDE_OP_PACKET_READ] = &ide_packet_read_ops,
    [IDE_OP_PACKET_RAW] = &ide_packet_raw_ops,
};

static const IdeTransport *transport(const IdeDrive *drive, void **ret_opaque)
{
    return ide_bus_ops(drive->bus, ret_opaque);
}

bool ide_op_can(guint op, guint phase)
{
    const IdeOpOps *ops = op_ops[op];

    switch (phase) {
    case IDE_IDLE:
        return !ops;
    case IDE_DISK:
        return ops && ops->disk;
    default:
        return ops && ops->moved;
    }
}

void ide_set_op(IdeDrive *drive, IdeOp op, bool to_host, bool dma)
{
    drive->op = op;
    drive->to_host = to_host;
    drive->dma = dma;
    drive->at = 0;
}

/* ---- Ends ---- */

/* The controller learns how it ended. */
static void end_dma(IdeDrive *drive, IdeDmaEnd end)
{
    void *opaque;
    const IdeTransport *ops = transport(drive, &opaque);

    drive->dma_active = drive->dma_stopping = false;
    ops->dma_ended(opaque, drive, end);
}

void ide_done_with(IdeDrive *drive, guint8 status, bool interrupt)
{
    void *opaque;
    const IdeTransport *ops = transport(drive, &opaque);

    if (drive->dma_active) {
        end_dma(drive, IDE_DMA_MORE_TABLE);
    }
    drive->op = IDE_OP_NONE;
    drive->phase = IDE_IDLE;
    drive->status = status;
    ops->done(opaque, drive, interrupt);
}

void ide_done(IdeDrive *drive, bool interrupt)
{
    ide_done_with(drive, ATA_DRDY | ATA_DSC, interrupt);
}

void ide_fail(IdeDrive *drive, guint8 error)
{
    drive->error = error;
    ide_done_with(drive, ATA_DRDY | ATA_DSC | ATA_ERR, true);
}

void ide_fail_at(IdeDrive *drive, guint8 error, guint64 sector)
{
    ata_set_address(drive, sector);
    ide_fail(drive, error);
}

guint8 ide_error_of(int error)
{
    return error == ENOMEDIUM || error == EROFS ? ATA_ABRT : ATA_UNC;
}

/* ---- Blocks ---- */

void ide_block(IdeDrive *drive, gsize size, bool interrupt)
{
    void *opaque;
    const IdeTransport *ops = transport(drive, &opaque);

    drive->phase = IDE_BLOCK;
    drive->block_end = drive->at + size;
    drive->status = ATA_DRDY | ATA_DSC | ATA_DRQ;
    ops->data(opaque, drive, interrupt);
}

guint8 *ide_data(IdeDrive *drive, gsize *ret_size)
{
    if (drive->phase != IDE_BLOCK) {
        *ret_size = 0;
        return NULL;
    }
    *ret_size = drive->block_end - drive->at;
    return drive->buffer + drive->at;
}

guint32 ide_bytes_moved(const IdeDrive *drive)
{
    return drive->moved;
}

void ide_data_lost(IdeDrive *drive, gsize size)
{
    drive->at += size;
    if (drive->at == drive->block_end) {
        drive->phase = IDE_IDLE;
        drive->status = ATA_DRDY | ATA_BSY;
        op_ops[drive->op]->moved(drive);
    }
}

void ide_data_moved(IdeDrive *drive, gsize size)
{
    drive->moved += drive->op == IDE_OP_PACKET ? 0 : size;
    ide_data_lost(drive, size);
}

/* ---- Requests for the buffer ---- */

static void start_disk(IdeDrive *drive)
{
    IdeRequest *r = &drive->request;

    if (drive->io_op == BLOCK_OP_READ || drive->io_op == BLOCK_OP_WRITE) {
        ide_request_map_buffer(r, drive->buffer, drive->io_bytes);
    }
    ide_request_start(r, drive->io_op, drive->io_flags, drive->io_sector, drive->io_bytes);
}

void ide_disk(IdeDrive *drive, BlockOp op, guint flags, guint64 sector, guint64 bytes)
{
    drive->phase = IDE_DISK;
    drive->status = ATA_DRDY | ATA_BSY;
    if (!disk_medium(&drive->disk)) {
        drive->phase = IDE_IDLE;
        op_ops[drive->op]->disk(drive, ENOMEDIUM);
        return;
    }
    drive->io_op = op;
    drive->io_flags = flags;
    drive->io_sector = sector;
    drive->io_bytes = bytes;
    start_disk(drive);
}

/* ---- DMA ---- */

void ide_dma_announce(IdeDrive *drive)
{
    void *opaque;
    const IdeTransport *ops = transport(drive, &opaque);

    drive->phase = IDE_DMA;
    drive->dma_active = drive->dma_stopping = false;
    drive->status = ATA_DRDY | ATA_DSC | ATA_BSY;
    ops->dma(opaque, drive);
}

bool ide_dma_pending(const IdeDrive *drive)
{
    return drive->phase == IDE_DMA;
}

bool ide_dma_active(const IdeDrive *drive)
{
    return drive->dma_active;
}

bool ide_to_host(const IdeDrive *drive)
{
    return drive->to_host;
}

/* A buffer that is filled several times keeps the DMA active meanwhile. */
static void finish_dma(IdeDrive *drive)
{
    drive->phase = IDE_IDLE;
    if (op_ops[drive->op]->medium || !drive->left) {
        end_dma(drive, drive->cursor.ended ? IDE_DMA_DONE : IDE_DMA_MORE_TABLE);
    }
    op_ops[drive->op]->moved(drive);
}

static void fail_dma(IdeDrive *drive)
{
    drive->phase = IDE_IDLE;
    end_dma(drive, IDE_DMA_FAILED);
    ide_fail(drive, ATA_ABRT);
}

void ide_abort(IdeDrive *drive)
{
    if (drive->phase == IDE_BLOCK || (drive->phase == IDE_DMA && !drive->dma_active)) {
        ide_fail(drive, ATA_ABRT);
    }
}

/* The device waits for data that never come, until it is reset. */
static void short_dma(IdeDrive *drive)
{
    drive->status = ATA_DRDY | ATA_DSC | ATA_DRQ;
    end_dma(drive, IDE_DMA_SHORT);
}

static void copy_buffer(IdeDrive *drive)
{
    bool failed = false;
    gsize n = ide_table_copy(drive, &drive->cursor, drive->buffer + drive->at,
                             drive->filled - drive->at, drive->to_host, &failed);

    drive->at += n;
    drive->moved += n;
    if (failed) {
        fail_dma(drive);
    } else if (drive->at < drive->filled) {
        short_dma(drive);
    } else {
        finish_dma(drive);
    }
}

static void start_medium(IdeDrive *drive)
{
    IdeRequest *r = &drive->request;
    bool fua = drive->command == ATA_WRITE_DMA_FUA_EXT, failed = false;
    guint64 bytes;

    if (!disk_medium(&drive->disk)) {
        drive->phase = IDE_IDLE;
        op_ops[drive->op]->disk(drive, ENOMEDIUM);
        return;
    }
    bytes = ide_request_map(r, &drive->cursor, (guint64)drive->left * ATA_SECTOR, drive->to_host,
                            &failed);
    trace_ide_dma_cb(drive, drive->sector, bytes, drive->to_host);
    if (failed) {
        fail_dma(drive);
    } else if (!bytes) {
        short_dma(drive);
    } else {
        ide_request_start(r, drive->to_host ? BLOCK_OP_READ : BLOCK_OP_WRITE, fua ? BLOCK_FUA : 0,
                          drive->sector, bytes);
    }
}

static void start_dma(IdeDrive *drive)
{
    if (op_ops[drive->op]->medium) {
        start_medium(drive);
    } else {
        copy_buffer(drive);
    }
}

void ide_dma_go(IdeDrive *drive, const IdeCursor *at)
{
    if (drive->phase != IDE_DMA || drive->dma_active) {
        return;
    }
    drive->cursor = *at;
    drive->dma_active = true;
    drive->status = ATA_DRDY | ATA_DSC | ATA_BSY;
    start_dma(drive);
}

void ide_dma_next(IdeDrive *drive)
{
    if (!drive->dma_active) {
        ide_dma_announce(drive);
        return;
    }
    drive->phase = IDE_DMA;
    if (drive->dma_stopping) {
        end_dma(drive, IDE_DMA_STOPPED);
    } else {
        start_dma(drive);
    }
}

void ide_dma_stop(IdeDrive *drive)
{
    drive->dma_stopping = drive->dma_active;
}

static void dma_request_ended(IdeDrive *drive, int error)
{
    IdeRequest *r = &drive->request;
    guint32 n = r->bytes / ATA_SECTOR;

    if (error) {
        drive->phase = IDE_IDLE;
        op_ops[drive->op]->disk(drive, error);
        return;
    }
    drive->cursor = r->to;
    drive->sector += n;
    drive->left -= n;
    drive->moved += r->bytes;
    if (!drive->left) {
        finish_dma(drive);
    } else if (drive->dma_stopping) {
        end_dma(drive, IDE_DMA_STOPPED);
    } else {
        start_dma(drive);
    }
}

/* ---- Requests that end, or start again ---- */

void ide_request_ended(IdeDrive *drive, int error)
{
    if (drive->phase == IDE_DMA) {
        dma_request_ended(drive, error);
    } else {
        drive->phase = IDE_IDLE;
        op_ops[drive->op]->disk(drive, error);
    }
}

void ide_restart(IdeDrive *drive)
{
    if (drive->resetting) {
        ide_reset_idle(drive);
    } else if (drive->phase == IDE_DISK) {
        if (disk_medium(&drive->disk)) {
            start_disk(drive);
        } else {
            ide_request_ended(drive, ENOMEDIUM);
        }
    } else if (drive->phase == IDE_DMA && drive->dma_active) {
        start_dma(drive);
    }
}
