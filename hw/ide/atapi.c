/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PACKET: commands of a CD drive (atapi-command.c) over ATA, ATA/ATAPI-7 section 6.24. The data go
 * to the host by DMA, or in blocks that are not larger than the host's byte count limit.
 */
#include "config.h"
#include "hw/ide/ide-internal.h"

#include <errno.h>
#include <string.h>

#include "hw/scsi/scsi-codes.h"
#include "qom/qapi-trace.h"

enum { FEATURE_OVERLAPPED = 0x02, PER_SECTOR = MMC_SECTOR / ATA_SECTOR };

/* Of raw sectors, that fit into the buffer; and of bytes, that a block has at least. */
enum { RAW_AT_ONCE = IDE_BUFFER / MMC_RAW_SECTOR, MIN_LIMIT = 2 };

/* ---- Ends ---- */

static void packet_done(IdeDrive *drive)
{
    drive->task.now.count = ATAPI_IO | ATAPI_CD;
    ide_done(drive, true);
}

static void packet_failed(IdeDrive *drive)
{
    guint8 key = drive->sense >> 16, asc = drive->sense >> 8;

    trace_ide_atapi_cmd_error(drive, key, asc);
    drive->task.now.count = ATAPI_IO | ATAPI_CD;
    ide_fail(drive, key << 4);
}

static void packet_disk_failed(IdeDrive *drive, int error)
{
    drive->sense = error == ENOMEDIUM ? SENSE_NO_MEDIUM : SENSE_READ_ERROR;
    packet_failed(drive);
}

/* ---- Data to the host ---- */

/* The next block of what is in the buffer. */
static void next_block(IdeDrive *drive)
{
    guint32 left = drive->filled - drive->at;
    guint32 size = left > drive->limit ? drive->limit & ~1u : left;

    drive->task.now.count = ATAPI_IO;
    drive->task.now.lba_mid = size;
    drive->task.now.lba_high = size >> 8;
    ide_block(drive, size, true);
}

static void send_buffer(IdeDrive *drive, guint32 size)
{
    drive->at = 0;
    drive->filled = size;
    if (drive->dma) {
        ide_dma_next(drive);
    } else {
        next_block(drive);
    }
}

static void reply_moved(IdeDrive *drive)
{
    if (drive->at < drive->filled) {
        next_block(drive);
    } else {
        packet_done(drive);
    }
}

const IdeOpOps ide_packet_reply_ops = {
    .moved = reply_moved,
};

/* ---- Sectors ---- */

static void read_chunk(IdeDrive *drive, guint32 max)
{
    guint32 n = MIN(drive->left, max);

    ide_disk(drive, BLOCK_OP_READ, 0, drive->sector, n * ATA_SECTOR);
}

static void read_disk(IdeDrive *drive, int error)
{
    if (error) {
        packet_disk_failed(drive, error);
        return;
    }
    drive->sector += drive->io_bytes / ATA_SECTOR;
    drive->left -= drive->io_bytes / ATA_SECTOR;
    send_buffer(drive, drive->io_bytes);
}

static void read_moved(IdeDrive *drive)
{
    if (!drive->dma && drive->at < drive->filled) {
        next_block(drive);
    } else if (drive->left) {
        read_chunk(drive, IDE_BUFFER / ATA_SECTOR);
    } else {
        packet_done(drive);
    }
}

const IdeOpOps ide_packet_read_ops = {
    .moved = read_moved,
    .disk = read_disk,
    .medium = true,
};

/* Moves the sectors in the buffer apart, last one first, and frames them. */
static guint32 frame_sectors(IdeDrive *drive, guint32 lba, guint32 n)
{
    for (guint32 i = n; i-- > 0; ) {
        guint8 *raw = drive->buffer + i * MMC_RAW_SECTOR;

        memmove(raw + 16, drive->buffer + i * MMC_SECTOR, MMC_SECTOR);
    }
    for (guint32 i = 0; i < n; i++) {
        mmc_frame(drive->buffer + i * MMC_RAW_SECTOR, lba + i);
    }
    return n * MMC_RAW_SECTOR;
}

static void raw_disk(IdeDrive *drive, int error)
{
    guint32 n = drive->io_bytes / MMC_SECTOR, lba = drive->sector / PER_SECTOR;

    if (error) {
        packet_disk_failed(drive, error);
        return;
    }
    drive->sector += n * PER_SECTOR;
    drive->left -= n * PER_SECTOR;
    send_buffer(drive, frame_sectors(drive, lba, n));
}

static void raw_moved(IdeDrive *drive)
{
    if (drive->at < drive->filled) {
        next_block(drive);
    } else if (drive->left) {
        read_chunk(drive, RAW_AT_ONCE * PER_SECTOR);
    } else {
        packet_done(drive);
    }
}

const IdeOpOps ide_packet_raw_ops = {
    .moved = raw_moved,
    .disk = raw_disk,
};

/* ---- The packet ---- */

static void start_read(IdeDrive *drive, const MmcAction *action, bool raw)
{
    ide_set_op(drive, raw ? IDE_OP_PACKET_RAW : IDE_OP_PACKET_READ, true, drive->dma);
    drive->sector = (guint64)action->lba * PER_SECTOR;
    drive->left = action->n * PER_SECTOR;
    if (raw) {
        read_chunk(drive, RAW_AT_ONCE * PER_SECTOR);
    } else if (drive->dma) {
        ide_dma_announce(drive);
    } else {
        read_chunk(drive, IDE_BUFFER / ATA_SECTOR);
    }
}

/* What a command sends is limited by the host; a limit of 0 is for commands without data, and
 * blocks of one byte do not exist. */
static bool check_limit(IdeDrive *drive)
{
    if (drive->dma || drive->limit >= MIN_LIMIT) {
        return true;
    }
    drive->task.now.count = ATAPI_IO | ATAPI_CD;
    ide_fail(drive, ATA_ABRT);
    return false;
}

static void run_packet(IdeDrive *drive)
{
    MmcAction action = { .reply = drive->buffer };
    MmcResult result = atapi_command(drive, drive->packet, &action);

    if (result == MMC_FAILED) {
        packet_failed(drive);
    } else if (result == MMC_DONE) {
        packet_done(drive);
    } else if (!check_limit(drive)) {
        return;
    } else if (result == MMC_REPLY) {
        ide_set_op(drive, IDE_OP_PACKET_REPLY, true, drive->dma);
        drive->left = 0;
        send_buffer(drive, action.size);
    } else {
        start_read(drive, &action, result == MMC_READ_RAW);
    }
}

static void packet_moved(IdeDrive *drive)
{
    memcpy(drive->packet, drive->buffer, IDE_PACKET);
    trace_ide_atapi_cmd(drive, drive->packet[0]);
    run_packet(drive);
}

const IdeOpOps ide_packet_ops = {
    .moved = packet_moved,
};

bool atapi_state_valid(const IdeDrive *drive)
{
    bool replies = drive->op > IDE_OP_PACKET;
    bool raw = drive->op == IDE_OP_PACKET_RAW && drive->phase == IDE_DISK;

    return (!replies || drive->dma || drive->limit >= MIN_LIMIT) &&
           (!raw || drive->io_bytes <= RAW_AT_ONCE * MMC_SECTOR);
}

void atapi_packet(IdeDrive *drive)
{
    const IdeRegisters *now = &drive->task.now;

    if (now->feature & FEATURE_OVERLAPPED) {
        ide_fail(drive, ATA_ABRT);
        return;
    }
    drive->limit = now->lba_high << 8 | now->lba_mid;
    if (drive->limit == 0xffff) {
        drive->limit--;
    }
    ide_set_op(drive, IDE_OP_PACKET, false, now->feature & ATAPI_DMA);
    drive->task.now.count = ATAPI_CD;
    drive->filled = IDE_PACKET;
    ide_block(drive, IDE_PACKET, false);
}

bool ide_wants_packet(const IdeDrive *drive)
{
    return drive->phase == IDE_BLOCK && drive->op == IDE_OP_PACKET;
}
