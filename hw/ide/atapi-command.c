/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The commands of a packet device: those of mmc.h, those of all devices, and what the drive tells
 * before it obeys. Sense data stay until REQUEST SENSE reads them.
 */
#include "config.h"
#include "hw/ide/ide-internal.h"

#include <string.h>

#include "hw/scsi/scsi-codes.h"
#include "qmp/bytes.h"

/* ---- Media that come and go ---- */

/* Of a medium that is there now. */
static void set_change(IdeDrive *drive, AtapiChange change)
{
    drive->change = mmc_n_sectors(&drive->mmc) ? change : ATAPI_UNCHANGED;
}

void atapi_medium_changed(IdeDrive *drive)
{
    mmc_medium_changed(&drive->mmc);
    set_change(drive, ATAPI_TELL_REMOVED);
}

/* A drive with another medium says first that it has none, then that it has changed: hosts
 * that do not ask for events learn it that way. SENSE_NONE: there is nothing to tell. */
static guint32 tell_change(IdeDrive *drive)
{
    switch (drive->change) {
    case ATAPI_TELL_REMOVED:
        drive->change = ATAPI_TELL_CHANGED;
        return SENSE_NO_MEDIUM;
    case ATAPI_TELL_CHANGED:
        drive->change = ATAPI_UNCHANGED;
        return SENSE_MEDIUM_CHANGED;
    default:
        return SENSE_NONE;
    }
}

/* ---- Commands ---- */

/* Fixed format, SPC-3 section 4.5.3: reading them clears them. */
static MmcResult request_sense(IdeDrive *drive, const guint8 *cdb, MmcAction *action)
{
    enum { SIZE = 18 };
    guint8 *reply = action->reply;

    memset(reply, 0, SIZE);
    reply[0] = 0xf0;            /* current, with a valid information field */
    reply[2] = drive->sense >> 16;
    reply[7] = SIZE - 8;
    reply[12] = drive->sense >> 8;
    reply[13] = drive->sense;
    drive->sense = SENSE_NONE;
    return mmc_reply(action, SIZE, cdb[4]);
}

/* Obeyed whatever there is to tell (SPC-3 section 6.3 and the like). */
static bool obeys_always(guint8 code)
{
    return code == SCSI_REQUEST_SENSE || code == SCSI_INQUIRY || code == SCSI_GET_CONFIGURATION ||
           code == SCSI_GET_EVENT_STATUS;
}

static MmcResult execute(IdeDrive *drive, const guint8 *cdb, MmcAction *action)
{
    bool tells = !obeys_always(cdb[0]) && mmc_n_sectors(&drive->mmc);
    guint32 sense = tells ? tell_change(drive) : SENSE_NONE;

    if (sense) {
        return mmc_fail(action, sense);
    }
    switch (cdb[0]) {
    case SCSI_REQUEST_SENSE:
        return request_sense(drive, cdb, action);
    case SCSI_INQUIRY:
        return atapi_inquiry(drive, cdb, action);
    case SCSI_MODE_SENSE_10:
        return atapi_mode_sense(drive, cdb, action);
    default:
        return mmc_command(&drive->mmc, cdb, action);
    }
}

MmcResult atapi_command(IdeDrive *drive, const guint8 cdb[MMC_CDB], MmcAction *action)
{
    MmcResult result = execute(drive, cdb, action);

    if (result == MMC_FAILED) {
        drive->sense = action->sense;
    }
    /* The host knows that the old medium went: only that there is another one is to be told. */
    if (action->moved) {
        set_change(drive, ATAPI_TELL_CHANGED);
    } else if (action->told_new && drive->change) {
        drive->change = ATAPI_TELL_CHANGED;
    }
    return result;
}

/* ---- Resets and state ---- */

void atapi_reset(IdeDrive *drive)
{
    mmc_reset(&drive->mmc);
    drive->change = ATAPI_UNCHANGED;
    drive->sense = SENSE_NONE;
}
