/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the commands of a CD drive share.
 */
#ifndef HW_IDE_MMC_INTERNAL_H
#define HW_IDE_MMC_INTERNAL_H

#include "hw/ide/mmc.h"

enum {                          /* sense keys, SPC-3 section 4.5.6 */
    SENSE_NONE = 0,
    SENSE_NOT_READY = 2,
    SENSE_MEDIUM_ERROR = 3,
    SENSE_ILLEGAL_REQUEST = 5,
    SENSE_UNIT_ATTENTION = 6,
};

enum {                          /* additional sense codes */
    ASC_UNRECOVERED_READ = 0x11,
    ASC_INVALID_COMMAND = 0x20,
    ASC_OUT_OF_RANGE = 0x21,
    ASC_INVALID_FIELD = 0x24,
    ASC_MEDIUM_CHANGED = 0x28,
    ASC_CANNOT_READ_MEDIUM = 0x30,
    ASC_SAVING_UNSUPPORTED = 0x39,
    ASC_NO_MEDIUM = 0x3a,
    ASC_REMOVAL_PREVENTED = 0x53,
};

/* A CD has 80 minutes at most; what is longer is a DVD. */
enum { MMC_FRAMES = 75, MMC_CD_MAX = 80 * 60 * MMC_FRAMES };

typedef MmcResult MmcHandler(Mmc *mmc, const guint8 *cdb, MmcAction *action);

MmcResult mmc_fail(Mmc *mmc, guint8 key, guint8 asc);
/* A field of the command has a value that it cannot have. */
MmcResult mmc_invalid_field(Mmc *mmc);
/* A reply of size bytes, of which the host has room for `room`. */
MmcResult mmc_reply(MmcAction *action, gsize size, gsize room);
/* Sectors of the medium that can be read; 0: no medium, or the tray is open. */
guint32 mmc_n_sectors(const Mmc *mmc);
bool mmc_is_dvd(const Mmc *mmc);
/* Text in a field, filled with blanks. */
void mmc_text(guint8 *field, gsize size, const char *text);

static inline guint16 mmc_get16(const guint8 *bytes)
{
    return bytes[0] << 8 | bytes[1];
}

static inline guint32 mmc_get32(const guint8 *bytes)
{
    return (guint32)mmc_get16(bytes) << 16 | mmc_get16(bytes + 2);
}

static inline void mmc_set16(guint8 *bytes, guint16 value)
{
    bytes[0] = value >> 8;
    bytes[1] = value;
}

static inline void mmc_set32(guint8 *bytes, guint32 value)
{
    mmc_set16(bytes, value >> 16);
    mmc_set16(bytes + 2, value);
}

/* mmc-drive.c */
MmcHandler mmc_inquiry, mmc_mode_sense, mmc_get_configuration, mmc_mechanism_status,
           mmc_start_stop, mmc_prevent, mmc_set_speed, mmc_event_status;
/* mmc-medium.c */
MmcHandler mmc_read_capacity, mmc_read_10, mmc_read_12, mmc_read_cd, mmc_seek, mmc_read_toc,
           mmc_disc_information, mmc_dvd_structure;

#endif
