/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands of a CD or DVD drive, MMC-5, for scsi-cd and ide-cd. They know the disk with its medium
 * and tray; how commands, data and sense data travel is the drive's matter, and so are the
 * commands of all devices (INQUIRY, REQUEST SENSE, MODE SENSE).
 *
 *     cdb -> mmc_command() -> a reply, sectors to be read, or why it failed
 *
 *   mmc.c         the table of commands, media that come and go
 *   mmc-drive.c   what the drive is: configuration, capabilities, tray, events
 *   mmc-medium.c  what the medium is: TOC, capacity, structures; and reading
 *
 * All functions: the thread of disk_medium(), unless they say otherwise.
 */
#ifndef HW_SCSI_MMC_H
#define HW_SCSI_MMC_H

#include "hw/block/disk.h"

enum {
    MMC_CDB = 12,               /* bytes of a command */
    MMC_SECTOR = 2048,
    MMC_RAW_SECTOR = 2352,
    MMC_REPLY_MAX = 4096,       /* bytes of a reply, at most */
    MMC_CAPABILITIES = 20,      /* bytes of the body of mode page 2Ah */
};

/* How the drive is attached (physical interface standard, section 5.3.2). */
typedef enum { MMC_SCSI = 1, MMC_ATAPI = 2 } MmcInterface;

/* Media events, of which the bits in Mmc.events are to be notified (section 6.7.3.6). */
enum { MMC_EVENT_NONE = 0, MMC_EVENT_EJECT = 1, MMC_EVENT_NEW = 2, MMC_EVENT_REMOVAL = 3 };

typedef struct {
    Disk *disk;
    MmcInterface interface;
    guint32 events;             /* atomic, guest-visible: 1 << MMC_EVENT_* */
} Mmc;

/* What a command comes to. */
typedef enum {
    MMC_DONE,
    MMC_FAILED,                 /* `sense` tells why */
    MMC_REPLY,                  /* `size` bytes are in the reply, and the host has room for them */
    MMC_READ,                   /* `n` sectors from `lba` are to be read */
    MMC_READ_RAW,               /* the same, to be composed with headers: mmc_frame() */
} MmcResult;

typedef struct {
    guint8 *reply;              /* set by the caller: room for MMC_REPLY_MAX bytes */
    guint32 size;
    guint32 sense;              /* SENSE_* */
    guint32 lba, n;
    bool moved;                 /* the command has moved the tray */
    bool told_new;              /* it has told the host of a new medium */
} MmcAction;

/* Performs a command; action is zero but for the reply. */
MmcResult mmc_command(Mmc *mmc, const guint8 cdb[MMC_CDB], MmcAction *action);
/* The same for handlers of other commands: it fails; it has a field with a value that it cannot
 * have; a reply of size bytes, of which the host has room for `room`. */
MmcResult mmc_fail(MmcAction *action, guint32 sense);
MmcResult mmc_invalid_field(MmcAction *action);
MmcResult mmc_reply(MmcAction *action, gsize size, gsize room);

/* Sectors of the medium that can be read; 0: no medium, or the tray is open. Also on the main
 * thread with the machine lock, which changes media. */
guint32 mmc_n_sectors(const Mmc *mmc);
/* The sense if there are none; else SENSE_NONE. The same threads. */
guint32 mmc_not_ready(const Mmc *mmc);
/* The body of mode page 2Ah. */
void mmc_capabilities(const Mmc *mmc, guint8 ret_body[MMC_CAPABILITIES]);
/* The header around a sector of a data track in mode 1; data has MMC_RAW_SECTOR bytes, the
 * sector's from 16 on. */
void mmc_frame(guint8 *data, guint32 lba);

/* For DiskOps.medium_changed and eject_requested; and a reset. The same threads. */
void mmc_medium_changed(Mmc *mmc);
void mmc_eject_requested(Mmc *mmc);
void mmc_reset(Mmc *mmc);
/* Whether loaded values are possible. */
bool mmc_state_valid(const Mmc *mmc);

#endif
