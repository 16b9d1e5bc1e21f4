/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of hw/scsi share:
 *
 *   scsi-bus.c        addresses, units, devices that come and go
 *   scsi-request.c    a command's way: to its unit, checks, its result
 *   scsi-task.c       commands that are aborted, resets
 *   scsi-target.c     commands that a target answers: INQUIRY, REPORT LUNS, REQUEST SENSE
 *   scsi-vpd.c        INQUIRY's pages
 *   scsi-mode.c       MODE SENSE and MODE SELECT
 *   scsi-disk.c       classes, properties, life, state
 *   scsi-commands.c   the tables of commands, and those that need no more than an answer
 *   scsi-block.c      reading, writing, verifying, flushing
 *   scsi-unmap.c      UNMAP and WRITE SAME
 *   scsi-cd.c         a CD drive's media and tray
 *   mmc.h             commands of CD drives, which ide-cd has, too
 */
#ifndef HW_SCSI_SCSI_INTERNAL_H
#define HW_SCSI_SCSI_INTERNAL_H

#include "hw/block/disk.h"
#include "hw/scsi/mmc.h"
#include "hw/scsi/scsi-codes.h"
#include "hw/scsi/scsi.h"
#include "qmp/bytes.h"

struct ScsiBus {
    Bus bus;
    AioContext *aio;
    const ScsiHostOps *ops;
    void *opaque;
    ScsiDisk *units[SCSI_MAX_TARGET + 1];       /* by target, each in order of LUNs */
    guint64 serial;             /* of the next command */
    ScsiTask *tasks;            /* that wait for commands to be done */
};

/* News for the initiator, which a command returns before it does anything (unit attention
 * conditions); the lowest bit first (SAM-5 section 5.14.3). */
enum {
    SCSI_NEWS_POWER_ON = 1 << 0,
    SCSI_NEWS_RESET = 1 << 1,
    SCSI_NEWS_LUNS = 1 << 2,
    SCSI_NEWS_MEDIUM = 1 << 3,
    SCSI_NEWS_CAPACITY = 1 << 4,
    SCSI_NEWS_ALL = (1 << 5) - 1,
};

/* A logical unit.  Its thread is that of the bus's context, except where it says more. */
struct ScsiDisk {
    Disk disk;
    ScsiBus *bus;               /* from realize to unrealize */
    guint target, lun;
    ScsiDisk *next_unit;        /* of the target */
    bool reachable;             /* by commands */
    bool rom;                   /* it is a CD drive */
    guint block_size;
    ScsiRequest *requests;      /* that it executes */
    guint32 news;               /* atomic: SCSI_NEWS_* */
    Mmc mmc;                    /* of a CD drive */
};

/* Which data a command transfers. */
typedef enum {
    SCSI_NO_DATA,
    /* As the command says in bytes 3-4, 4, 6-9, 7-8, 8-9, 10-13. */
    SCSI_IN_3, SCSI_IN_4, SCSI_IN_6, SCSI_IN_7, SCSI_IN_8, SCSI_IN_10, SCSI_OUT_4, SCSI_OUT_7,
    SCSI_IN_CAPACITY,
    SCSI_IN_BLOCKS, SCSI_OUT_BLOCKS,
    SCSI_OUT_VERIFY, SCSI_OUT_SAME,
} ScsiData;

enum {
    SCSI_FOR_MEDIUM = 1 << 0,   /* there must be one */
    SCSI_WITH_NEWS = 1 << 1,    /* it is executed although there is news */
    SCSI_WRITES = 1 << 2,       /* the medium must be writable */
    SCSI_HD_ONLY = 1 << 3,
    SCSI_CD_ONLY = 1 << 4,
};

typedef struct {
    guint8 opcode, data, flags;
    void (*execute)(ScsiDisk *s, ScsiRequest *request);
} ScsiCommand;

/* ---- scsi-bus.c ---- */

/* The unit, or NULL; only units that commands reach are found. */
ScsiDisk *scsi_find(const ScsiBus *bus, guint target, guint lun);
/* The target's first one; s itself or the next one after it.  NULL: there is none. */
ScsiDisk *scsi_first(const ScsiBus *bus, guint target);
ScsiDisk *scsi_next(ScsiDisk *s);
/* Adds a unit to the bus's table, and removes it.  Main thread, machine lock held. */
void scsi_bus_add(ScsiDisk *s);
void scsi_bus_remove(ScsiDisk *s);
/* Whether commands reach it; those that it executes are not affected.  The same thread. */
void scsi_set_reachable(ScsiDisk *s, bool on);
/* Adds news, and tells the host adapter if told.  Main thread, machine lock held. */
void scsi_tell(ScsiDisk *s, guint32 news, bool told);

/* ---- scsi-request.c ---- */

/* Restores a vector that was cut for a block request. */
void scsi_uncut(ScsiRequest *request);
/* Ends a command; request is the host adapter's again. */
void scsi_complete(ScsiRequest *request);
void scsi_good(ScsiRequest *request);
void scsi_fail(ScsiRequest *request, guint32 sense);
/* Ends it with up to request->need of these bytes for the initiator. */
void scsi_reply(ScsiRequest *request, const void *data, gsize size);
/* Copies between the data buffers and memory, from a byte on; returns how many bytes there
 * were. */
gsize scsi_read_out(const ScsiRequest *request, gsize offset, void *buf, gsize size);
gsize scsi_write_in(const ScsiRequest *request, gsize offset, const void *buf, gsize size);
/* The sense of the most important news, of which there must be some. */
guint32 scsi_news_sense(guint32 news);
/* Adds news to a unit; any thread. */
void scsi_add_news(ScsiDisk *s, guint32 news);
/* Takes the most important news; its sense, or SENSE_NONE if there is none. */
guint32 scsi_take_news(ScsiDisk *s);

/* ---- scsi-task.c ---- */

/* Ends those that wait for nothing any more: a command that was canceled is done. */
void scsi_end_tasks(ScsiBus *bus);
/* The unit's part of a reset: its properties and mode pages as after power on, and news. */
void scsi_unit_reset(ScsiDisk *s, guint32 news);

/* ---- scsi-target.c ---- */

/* Commands that need no unit: s may be NULL. */
void scsi_target_execute(ScsiBus *bus, ScsiRequest *request);
void scsi_inquiry(ScsiDisk *s, ScsiRequest *request);
void scsi_report_luns(ScsiDisk *s, ScsiRequest *request);
void scsi_request_sense(ScsiDisk *s, ScsiRequest *request);

/* ---- scsi-vpd.c ---- */

void scsi_vpd(ScsiDisk *s, ScsiRequest *request);

/* ---- scsi-mode.c ---- */

void scsi_mode_sense(ScsiDisk *s, ScsiRequest *request);
void scsi_mode_select(ScsiDisk *s, ScsiRequest *request);

/* ---- scsi-commands.c ---- */

/* NULL: the device does not have it. */
const ScsiCommand *scsi_find_command(const ScsiDisk *s, guint8 opcode);
/* Bytes of data that the request's command asks for. */
guint64 scsi_data_need(const ScsiDisk *s, const ScsiRequest *request, ScsiData data);

/* ---- scsi-block.c ---- */

/* Blocks of the medium; 0 without one. */
guint64 scsi_blocks(const ScsiDisk *s);
/* First block and number of blocks that the command names. */
guint64 scsi_lba(const ScsiRequest *request);
guint64 scsi_count(const ScsiRequest *request);
/* Whether it names blocks of the medium; ends the request if it does not. */
bool scsi_check_range(ScsiDisk *s, ScsiRequest *request, guint64 lba, guint64 count);
/* Starts a block request (front.block's vectors are set, if it has any), after which step
 * continues the command.  A failure ends it, and so does its being canceled. */
void scsi_block_submit(ScsiDisk *s, ScsiRequest *request, BlockOp op, guint64 offset,
                       guint64 bytes, guint flags, void (*step)(ScsiRequest *request));
/* Most blocks of a command, as the guest is told. */
guint64 scsi_max_transfer(const ScsiDisk *s);
void scsi_flush(ScsiDisk *s, ScsiRequest *request);
void scsi_seek(ScsiDisk *s, ScsiRequest *request);
void scsi_read(ScsiDisk *s, ScsiRequest *request);
void scsi_write(ScsiDisk *s, ScsiRequest *request);
void scsi_verify(ScsiDisk *s, ScsiRequest *request);

/* ---- scsi-unmap.c ---- */

/* Most blocks of such a request. */
guint64 scsi_max_unmap(const ScsiDisk *s);
enum { SCSI_MAX_UNMAP_DESCRIPTORS = 255 };
void scsi_unmap(ScsiDisk *s, ScsiRequest *request);
void scsi_write_same(ScsiDisk *s, ScsiRequest *request);

/* ---- scsi-cd.c ---- */

/* The sense if there is no medium that can be read, of one block at least; else SENSE_NONE. */
guint32 scsi_not_ready(const ScsiDisk *s);
void scsi_start_stop(ScsiDisk *s, ScsiRequest *request);
void scsi_prevent_allow(ScsiDisk *s, ScsiRequest *request);
/* A command of mmc.h, which replies or fails. */
void scsi_mmc(ScsiDisk *s, ScsiRequest *request);
/* For DiskOps. */
void scsi_cd_medium_changed(Disk *disk);
void scsi_cd_eject_requested(Disk *disk);

#endif
