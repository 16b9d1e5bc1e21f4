/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a CD drive has besides the commands of all units: those of mmc.h, and news of its media;
 * and for both kinds of unit, what they need of tray and medium.
 */
#include "config.h"
#include "hw/scsi/scsi-internal.h"

#include "qom/qapi-objects-scsi.h"

guint32 scsi_not_ready(const ScsiDisk *s)
{
    if (s->rom) {
        return mmc_not_ready(&s->mmc);
    }
    return scsi_blocks(s) ? SENSE_NONE : SENSE_NO_MEDIUM;
}

/* ---- Media that come and go ---- */

/* A medium that can be read now is another one, as far as the guest knows. */
static void add_news(ScsiDisk *s)
{
    if (mmc_not_ready(&s->mmc) == SENSE_NONE) {
        scsi_add_news(s, SCSI_NEWS_MEDIUM);
    }
}

void scsi_cd_medium_changed(Disk *disk)
{
    ScsiDisk *s = to_scsi_disk(disk);

    mmc_medium_changed(&s->mmc);
    add_news(s);
}

void scsi_cd_eject_requested(Disk *disk)
{
    mmc_eject_requested(&to_scsi_disk(disk)->mmc);
}

/* ---- Commands ---- */

void scsi_mmc(ScsiDisk *s, ScsiRequest *request)
{
    guint8 reply[MMC_REPLY_MAX];
    MmcAction action = { .reply = reply };

    if (mmc_command(&s->mmc, request->cdb, &action) == MMC_FAILED) {
        scsi_fail(request, action.sense);
        return;
    }
    if (action.moved) {
        add_news(s);
    }
    scsi_reply(request, reply, action.size);
}

/* A disk that stops has written what was in its cache; it starts again by itself. It has no tray,
 * nor power conditions. */
void scsi_start_stop(ScsiDisk *s, ScsiRequest *request)
{
    enum { START = 0x01, LOEJ = 0x02 };
    guint8 what = request->cdb[4];

    if (s->rom) {
        scsi_mmc(s, request);
    } else if (what >> 4) {
        scsi_good(request);
    } else if (what & LOEJ) {
        scsi_fail(request, SENSE_INVALID_FIELD);
    } else if (!(what & START)) {
        scsi_flush(s, request);
    } else {
        scsi_good(request);
    }
}

void scsi_prevent_allow(ScsiDisk *s, ScsiRequest *request)
{
    if (s->rom) {
        scsi_mmc(s, request);
    } else {
        scsi_good(request);
    }
}
