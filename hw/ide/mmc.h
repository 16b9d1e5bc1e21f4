/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands of a CD or DVD drive: MMC-5, with SPC-3's for all devices. They know the disk with its
 * medium and tray, and the sense data; how packets and data reach the host is another
 * file's matter (atapi.c).
 *
 *   mmc.c         the table of commands, sense data, what is to be told before a command
 *   mmc-drive.c   what the drive is: INQUIRY, MODE SENSE, GET CONFIGURATION, tray
 *   mmc-medium.c  what the medium is: TOC, capacity, structures; and reading
 *
 * All functions: machine lock held.
 */
#ifndef HW_IDE_MMC_H
#define HW_IDE_MMC_H

#include "hw/block/disk.h"

enum {
    MMC_CDB = 12,               /* bytes of a command */
    MMC_SECTOR = 2048,
    MMC_RAW_SECTOR = 2352,
    MMC_REPLY_MAX = 4096,       /* bytes of a reply, at most */
};

/* What a drive that was given another medium still has to tell. */
typedef enum { MMC_UNCHANGED, MMC_TELL_REMOVED, MMC_TELL_CHANGED, MMC_N_CHANGES } MmcChange;

typedef struct {
    Disk *disk;
    const char *vendor, *model, *version, *serial;      /* borrowed */
    guint64 wwn;                /* 0: none */
    /* Guest-visible. */
    guint8 key, asc;            /* sense data */
    guint8 change;              /* MmcChange */
    bool new_medium, eject_requested, removed;  /* events to be notified */
} Mmc;

/* What a command comes to. */
typedef enum {
    MMC_DONE,
    MMC_FAILED,                 /* the sense data tell why */
    MMC_REPLY,                  /* `size` bytes are in the reply */
    MMC_READ,                   /* `n` sectors from `lba` are to be read */
    MMC_READ_RAW,               /* the same, to be composed with headers: mmc_frame() */
} MmcResult;

typedef struct {
    guint8 *reply;              /* room for MMC_REPLY_MAX bytes */
    guint32 size;
    guint32 lba, n;
} MmcAction;

/* Performs a command; action->reply is set by the caller. */
MmcResult mmc_command(Mmc *mmc, const guint8 cdb[MMC_CDB], MmcAction *action);
/* Sense data of a read that failed with an errno. */
void mmc_read_failed(Mmc *mmc, int error);
/* The header around a sector of a data track in mode 1; data has MMC_RAW_SECTOR bytes, the
 * sector's from 16 on. */
void mmc_frame(guint8 *data, guint32 lba);
/* The sense key of the last command that failed; 0 once REQUEST SENSE has told it. */
guint8 mmc_sense_key(const Mmc *mmc);
/* For DiskOps.medium_changed and eject_requested; and a reset. */
void mmc_medium_changed(Mmc *mmc);
void mmc_eject_requested(Mmc *mmc);
void mmc_reset(Mmc *mmc);
/* Whether loaded values are possible. */
bool mmc_state_valid(const Mmc *mmc);

#endif
