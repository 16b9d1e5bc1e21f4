/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ATA commands that read, write, verify, flush or trim.
 *
 * By PIO, the data of many blocks pass through the buffer with one request to the block layer; by
 * DMA they do not pass through it.
 */
#include "config.h"
#include "hw/ide/ide-internal.h"

#include <string.h>

#include "qom/qapi-trace.h"

enum { AT_ONCE = IDE_BUFFER / ATA_SECTOR };
enum { POWER_ACTIVE = 0xff };

/* ---- Addresses ---- */

static bool is_ext(guint8 command)
{
    switch (command) {
    case ATA_READ_SECTORS_EXT:
    case ATA_READ_DMA_EXT:
    case ATA_READ_NATIVE_MAX_EXT:
    case ATA_READ_MULTIPLE_EXT:
    case ATA_WRITE_SECTORS_EXT:
    case ATA_WRITE_DMA_EXT:
    case ATA_WRITE_MULTIPLE_EXT:
    case ATA_WRITE_DMA_FUA_EXT:
    case ATA_WRITE_MULTIPLE_FUA_EXT:
    case ATA_READ_VERIFY_EXT:
    case ATA_FLUSH_EXT:
        return true;
    default:
        return false;
    }
}

static guint32 low_24(const IdeRegisters *r)
{
    return r->lba_low | r->lba_mid << 8 | r->lba_high << 16;
}

static void set_low_24(IdeRegisters *r, guint32 value)
{
    r->lba_low = value;
    r->lba_mid = value >> 8;
    r->lba_high = value >> 16;
}

/* By cylinder, head and sector, in the geometry that the host has set. */
static bool chs_address(const IdeDrive *drive, guint64 *ret)
{
    const IdeRegisters *now = &drive->task.now;
    guint32 cylinder = now->lba_high << 8 | now->lba_mid;
    guint8 head = drive->task.device & ATA_DEV_HEAD;

    if (!now->lba_low || now->lba_low > drive->sectors || head >= drive->heads) {
        return false;
    }
    *ret = ((guint64)cylinder * drive->heads + head) * drive->sectors + now->lba_low - 1;
    return true;
}

guint64 ata_address_48(const IdeTaskFile *task)
{
    return (guint64)low_24(&task->previous) << 24 | low_24(&task->now);
}

static bool take_address(IdeDrive *drive, guint64 *ret)
{
    const IdeTaskFile *task = &drive->task;

    if (is_ext(drive->command)) {
        *ret = ata_address_48(task);
        return true;
    }
    if (task->device & ATA_DEV_LBA) {
        *ret = (guint32)(task->device & ATA_DEV_HEAD) << 24 | low_24(&task->now);
        return true;
    }
    return chs_address(drive, ret);
}

static void set_chs(IdeDrive *drive, guint64 sector)
{
    IdeTaskFile *task = &drive->task;
    guint32 track = sector / drive->sectors, cylinder = MIN(track / drive->heads, 0xffff);

    task->now.lba_low = sector % drive->sectors + 1;
    task->now.lba_mid = cylinder;
    task->now.lba_high = cylinder >> 8;
    task->device = (task->device & ~ATA_DEV_HEAD) | (track % drive->heads & ATA_DEV_HEAD);
}

void ata_set_address(IdeDrive *drive, guint64 sector)
{
    IdeTaskFile *task = &drive->task;

    if (is_ext(drive->command)) {
        set_low_24(&task->now, sector);
        set_low_24(&task->previous, sector >> 24);
    } else if (task->device & ATA_DEV_LBA) {
        guint32 value = MIN(sector, 0x0fffffff);

        set_low_24(&task->now, value);
        task->device = (task->device & ~ATA_DEV_HEAD) | value >> 24;
    } else {
        set_chs(drive, sector);
    }
}

static guint32 sector_count(const IdeDrive *drive)
{
    const IdeTaskFile *task = &drive->task;

    if (is_ext(drive->command)) {
        guint32 n = task->previous.count << 8 | task->now.count;

        return n ? n : 65536;
    }
    return task->now.count ? task->now.count : 256;
}

bool ata_take_range(IdeDrive *drive, bool counted)
{
    guint32 n = counted ? sector_count(drive) : 1;
    guint64 sector;

    if (!take_address(drive, &sector) || sector >= drive->n_sectors ||
        n > drive->n_sectors - sector) {
        ide_fail(drive, ATA_IDNF);
        return false;
    }
    drive->sector = sector;
    drive->left = n;
    drive->power = POWER_ACTIVE;
    return true;
}

/* ---- Reading by PIO ---- */

static void read_chunk(IdeDrive *drive)
{
    guint32 n = MIN(drive->left, AT_ONCE);

    trace_ide_sector_read(drive, drive->sector, n);
    ide_disk(drive, BLOCK_OP_READ, 0, drive->sector, n * ATA_SECTOR);
}

static void next_read_block(IdeDrive *drive)
{
    ide_block(drive, MIN(drive->block, drive->filled - drive->at), true);
}

static void read_disk(IdeDrive *drive, int error)
{
    if (error) {
        ide_fail_at(drive, ide_error_of(error), drive->sector);
        return;
    }
    drive->sector += drive->io_bytes / ATA_SECTOR;
    drive->left -= drive->io_bytes / ATA_SECTOR;
    drive->filled = drive->io_bytes;
    drive->at = 0;
    next_read_block(drive);
}

static void read_moved(IdeDrive *drive)
{
    if (drive->dma) {
        ide_done(drive, true);
    } else if (drive->at < drive->filled) {
        next_read_block(drive);
    } else if (drive->left) {
        read_chunk(drive);
    } else {
        ide_done(drive, false);
    }
}

const IdeOpOps ide_read_ops = {
    .moved = read_moved,
    .disk = read_disk,
    .medium = true,
};

/* ---- Writing by PIO ---- */

/* The next block from the host, until the buffer is full or has all. */
static void next_write_block(IdeDrive *drive, bool interrupt)
{
    ide_block(drive, MIN(drive->block, drive->filled - drive->at), interrupt);
}

static void write_chunk(IdeDrive *drive, bool interrupt)
{
    drive->filled = MIN(drive->left, AT_ONCE) * ATA_SECTOR;
    drive->at = 0;
    next_write_block(drive, interrupt);
}

static void write_moved(IdeDrive *drive)
{
    bool fua = drive->command == ATA_WRITE_MULTIPLE_FUA_EXT;

    if (drive->dma) {
        ide_done(drive, true);
    } else if (drive->at < drive->filled) {
        next_write_block(drive, true);
    } else {
        trace_ide_sector_write(drive, drive->sector, drive->filled / ATA_SECTOR);
        ide_disk(drive, BLOCK_OP_WRITE, fua ? BLOCK_FUA : 0, drive->sector, drive->filled);
    }
}

static void write_disk(IdeDrive *drive, int error)
{
    if (error) {
        ide_fail_at(drive, ide_error_of(error), drive->sector);
        return;
    }
    drive->sector += drive->io_bytes / ATA_SECTOR;
    drive->left -= drive->io_bytes / ATA_SECTOR;
    if (drive->left) {
        write_chunk(drive, true);
    } else {
        ide_done(drive, true);
    }
}

const IdeOpOps ide_write_ops = {
    .moved = write_moved,
    .disk = write_disk,
    .medium = true,
};

/* ---- Commands ---- */

typedef enum { WRITES = 1, DMA = 2, MULTIPLE = 4 } Manner;

static guint manner_of(guint8 command)
{
    switch (command) {
    case ATA_READ_DMA:
    case ATA_READ_DMA + 1:
    case ATA_READ_DMA_EXT:
        return DMA;
    case ATA_WRITE_DMA:
    case ATA_WRITE_DMA + 1:
    case ATA_WRITE_DMA_EXT:
    case ATA_WRITE_DMA_FUA_EXT:
        return WRITES | DMA;
    case ATA_READ_MULTIPLE:
    case ATA_READ_MULTIPLE_EXT:
        return MULTIPLE;
    case ATA_WRITE_MULTIPLE:
    case ATA_WRITE_MULTIPLE_EXT:
    case ATA_WRITE_MULTIPLE_FUA_EXT:
        return WRITES | MULTIPLE;
    case ATA_READ_SECTORS:
    case ATA_READ_SECTORS + 1:
    case ATA_READ_SECTORS_EXT:
        return 0;
    default:
        return WRITES;
    }
}

void ata_read_write(IdeDrive *drive)
{
    guint manner = manner_of(drive->command);
    bool writes = manner & WRITES;

    if (manner & MULTIPLE && !drive->multiple) {
        ide_fail(drive, ATA_ABRT);
        return;
    }
    if (!ata_take_range(drive, true)) {
        return;
    }
    ide_set_op(drive, writes ? IDE_OP_WRITE : IDE_OP_READ, !writes, manner & DMA);
    drive->block = (manner & MULTIPLE ? drive->multiple : 1) * ATA_SECTOR;
    if (drive->dma) {
        ide_dma_announce(drive);
    } else if (writes) {
        write_chunk(drive, false);
    } else {
        read_chunk(drive);
    }
}

/* ---- Verify and flush ---- */

static void verify_chunk(IdeDrive *drive)
{
    ide_disk(drive, BLOCK_OP_READ, 0, drive->sector, MIN(drive->left, AT_ONCE) * ATA_SECTOR);
}

static void verify_disk(IdeDrive *drive, int error)
{
    if (error) {
        ide_fail_at(drive, ide_error_of(error), drive->sector);
        return;
    }
    drive->sector += drive->io_bytes / ATA_SECTOR;
    drive->left -= drive->io_bytes / ATA_SECTOR;
    if (drive->left) {
        verify_chunk(drive);
    } else {
        ide_done(drive, true);
    }
}

const IdeOpOps ide_verify_ops = {
    .disk = verify_disk,
};

void ata_verify(IdeDrive *drive)
{
    if (ata_take_range(drive, true)) {
        ide_set_op(drive, IDE_OP_VERIFY, false, false);
        verify_chunk(drive);
    }
}

static void flush_disk(IdeDrive *drive, int error)
{
    if (error) {
        ide_fail(drive, ide_error_of(error));
    } else {
        ide_done(drive, true);
    }
}

const IdeOpOps ide_flush_ops = {
    .disk = flush_disk,
};

void ata_flush(IdeDrive *drive)
{
    if (drive->kind->packet) {
        ide_done(drive, true);
        return;
    }
    ide_set_op(drive, IDE_OP_FLUSH, false, false);
    ide_disk(drive, BLOCK_OP_FLUSH, 0, 0, 0);
}

/* ---- DATA SET MANAGEMENT: trim (ACS-2 section 7.10) ---- */

enum { DSM_TRIM = 0x01, RANGE = 8 };

static void take_trim_range(IdeDrive *drive, guint64 *ret_sector, guint64 *ret_n)
{
    guint64 range;

    memcpy(&range, drive->buffer + drive->at, RANGE);
    range = GUINT64_FROM_LE(range);
    *ret_sector = range & 0xffffffffffff;
    *ret_n = range >> 48;
}

/* Discards the next range, together with those that follow on the medium. */
static void next_trim(IdeDrive *drive)
{
    guint64 first = 0, n = 0, sector, more;

    for (; drive->at < drive->filled; drive->at += RANGE) {
        take_trim_range(drive, &sector, &more);
        if (!more) {
            continue;
        }
        if (sector >= drive->n_sectors || more > drive->n_sectors - sector) {
            ide_fail_at(drive, ATA_ABRT | ATA_IDNF, sector);
            return;
        }
        if (n && sector != first + n) {
            break;
        }
        first = n ? first : sector;
        n += more;
    }
    if (n) {
        ide_disk(drive, BLOCK_OP_DISCARD, 0, first, n * ATA_SECTOR);
    } else {
        ide_done(drive, true);
    }
}

static void trim_disk(IdeDrive *drive, int error)
{
    if (error) {
        ide_fail_at(drive, ide_error_of(error), drive->io_sector);
    } else {
        next_trim(drive);
    }
}

static void trim_moved(IdeDrive *drive)
{
    drive->at = 0;
    next_trim(drive);
}

const IdeOpOps ide_trim_ops = {
    .moved = trim_moved,
    .disk = trim_disk,
};

void ata_data_set_management(IdeDrive *drive)
{
    const IdeTaskFile *task = &drive->task;
    guint32 n = task->previous.count << 8 | task->now.count;

    if (task->now.feature != DSM_TRIM || !n || n > IDE_MAX_TRIM) {
        ide_fail(drive, ATA_ABRT);
        return;
    }
    ide_set_op(drive, IDE_OP_TRIM, false, true);
    drive->left = 0;
    drive->filled = n * ATA_SECTOR;
    ide_dma_announce(drive);
}
