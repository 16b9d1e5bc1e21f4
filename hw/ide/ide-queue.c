/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Native command queueing: READ and WRITE FPDMA QUEUED, Serial ATA 2.6 section 13.6. Each tag has a
 * request of its own; they end in any order.
 *
 * An error ends all of them. The host then has the controller forget the others, and reads log
 * page 10h, or resets the drive; until then queued commands are aborted.
 */
#include "config.h"
#include "hw/ide/ide-internal.h"

#include <string.h>

#include "qom/qapi-trace.h"

enum { DEVICE_FUA = 0x80 };

static void step(IdeDrive *drive, guint tag);

/* ---- Ends ---- */

/* Log page 10h: of the command that failed. */
static void note_error(IdeDrive *drive, guint tag, guint8 error)
{
    const IdeQueued *q = &drive->queue[tag];
    guint8 *page = drive->queue_error;

    memset(page, 0, sizeof(drive->queue_error));
    page[0] = tag;
    page[2] = ATA_DRDY | ATA_DSC | ATA_ERR;
    page[3] = error;
    for (guint i = 0; i < 3; i++) {
        page[4 + i] = q->sector >> 8 * i;
        page[8 + i] = q->sector >> 8 * (i + 3);
    }
    page[7] = ATA_DEV_LBA;
    page[12] = q->left;
    page[13] = q->left >> 8;
}

/* Ends all. */
static void fail_queue(IdeDrive *drive, guint8 error)
{
    void *opaque;
    const IdeTransport *ops = ide_bus_ops(drive->bus, &opaque);

    ide_queue_forget(drive);
    drive->queue_failed = true;
    drive->status = ATA_DRDY | ATA_DSC | ATA_ERR;
    drive->error = error;
    ops->queued_failed(opaque, drive);
}

static void fail(IdeDrive *drive, guint tag, guint8 error)
{
    note_error(drive, tag, error);
    fail_queue(drive, error);
}

static void finish(IdeDrive *drive, guint tag)
{
    void *opaque;
    const IdeTransport *ops = ide_bus_ops(drive->bus, &opaque);

    drive->queue[tag].busy = false;
    drive->status = ATA_DRDY | ATA_DSC;
    ops->queued_done(opaque, drive, tag);
}

void ide_queued_ended(IdeDrive *drive, guint tag, int error)
{
    IdeQueued *q = &drive->queue[tag];
    const IdeRequest *r = &drive->queued[tag];

    if (error) {
        fail(drive, tag, ide_error_of(error));
    } else {
        q->cursor = r->to;
        q->sector += r->bytes / ATA_SECTOR;
        q->left -= r->bytes / ATA_SECTOR;
        step(drive, tag);
    }
}

/* ---- Requests ---- */

/* Starts the next request of a command, or ends it. */
static void step(IdeDrive *drive, guint tag)
{
    const IdeQueued *q = &drive->queue[tag];
    IdeRequest *r = &drive->queued[tag];
    bool failed = false;

    if (!q->left) {
        finish(drive, tag);
        return;
    }
    if (!ide_request_map(r, &q->cursor, (guint64)q->left * ATA_SECTOR, q->to_host, &failed)) {
        fail(drive, tag, ATA_ABRT);
        return;
    }
    ide_request_start(r, q->to_host ? BLOCK_OP_READ : BLOCK_OP_WRITE, q->fua ? BLOCK_FUA : 0,
                      q->sector, r->bytes);
}

bool ide_queue_busy(const IdeDrive *drive)
{
    for (guint i = 0; i < IDE_N_TAGS; i++) {
        if (drive->queue[i].busy) {
            return true;
        }
    }
    return false;
}

void ide_queue_forget(IdeDrive *drive)
{
    for (guint i = 0; i < IDE_N_TAGS; i++) {
        drive->queue[i].busy = false;
    }
}

void ide_queue_exec(IdeDrive *drive, guint8 command)
{
    const IdeTaskFile *task = &drive->task;
    guint tag = task->now.count >> 3;
    IdeQueued *q = &drive->queue[tag];
    guint32 n = task->previous.feature << 8 | task->now.feature;

    trace_ide_exec_cmd(drive, drive->unit, command);
    if (drive->resetting) {
        return;
    }
    if (drive->queue_failed) {
        fail_queue(drive, ATA_ABRT);    /* the log is of the first error */
        return;
    }
    *q = (IdeQueued){
        .busy = true, .to_host = command == ATA_READ_FPDMA_QUEUED,
        .fua = task->device & DEVICE_FUA, .sector = ata_address_48(task), .left = n ? n : 65536,
    };
    drive->command = command;
    drive->error = 0;
    if (drive->status & (ATA_BSY | ATA_DRQ) || drive->queued[tag].disk.busy) {
        fail(drive, tag, ATA_ABRT);     /* or a forgotten command of the tag is in flight */
    } else if (q->sector >= drive->n_sectors || q->left > drive->n_sectors - q->sector) {
        fail(drive, tag, ATA_IDNF);
    } else {
        step(drive, tag);
    }
}

/* ---- Life ---- */

void ide_queue_init(IdeDrive *drive)
{
    void *opaque;

    if (drive->kind->packet || !ide_bus_ops(drive->bus, &opaque)->serial) {
        return;
    }
    drive->queued = g_new0(IdeRequest, IDE_N_TAGS);
    for (guint i = 0; i < IDE_N_TAGS; i++) {
        ide_request_init(&drive->queued[i], drive, i);
    }
}

bool ide_has_queue(const IdeDrive *drive)
{
    return drive->queued != NULL;
}

bool ide_queue_valid(const IdeDrive *drive)
{
    return drive->queued || !ide_queue_busy(drive);
}

void ide_queue_restart(IdeDrive *drive)
{
    for (guint i = 0; i < IDE_N_TAGS && !drive->resetting; i++) {
        if (drive->queue[i].busy) {
            step(drive, i);
        }
    }
}
