/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands of a CD drive: the table, results, and media that come and go.
 */
#include "config.h"
#include "hw/scsi/mmc-internal.h"

enum { EVENTS_ALL = 1 << MMC_EVENT_EJECT | 1 << MMC_EVENT_NEW | 1 << MMC_EVENT_REMOVAL };

/* ---- Results ---- */

MmcResult mmc_fail(MmcAction *action, guint32 sense)
{
    action->sense = sense;
    return MMC_FAILED;
}

MmcResult mmc_invalid_field(MmcAction *action)
{
    return mmc_fail(action, SENSE_INVALID_FIELD);
}

MmcResult mmc_reply(MmcAction *action, gsize size, gsize room)
{
    action->size = MIN(size, room);
    return action->size ? MMC_REPLY : MMC_DONE;
}

/* ---- The medium ---- */

guint32 mmc_n_sectors(const Mmc *mmc)
{
    BlockNode *node = disk_tray_open(mmc->disk) ? NULL : disk_medium(mmc->disk);

    return node ? MIN(block_node_size(node) / MMC_SECTOR, G_MAXUINT32) : 0;
}

bool mmc_is_dvd(const Mmc *mmc)
{
    return mmc_n_sectors(mmc) > MMC_CD_MAX;
}

guint32 mmc_not_ready(const Mmc *mmc)
{
    if (disk_tray_open(mmc->disk)) {
        return SENSE_NO_MEDIUM_TRAY_OPEN;
    }
    return mmc_n_sectors(mmc) ? SENSE_NONE : SENSE_NO_MEDIUM;
}

/* A request to eject the old medium, or news of it, is void. */
void mmc_medium_changed(Mmc *mmc)
{
    guint event = mmc_n_sectors(mmc) ? MMC_EVENT_NEW : MMC_EVENT_REMOVAL;

    g_atomic_int_set(&mmc->events, 1u << event);
}

void mmc_eject_requested(Mmc *mmc)
{
    g_atomic_int_or(&mmc->events, 1u << MMC_EVENT_EJECT);
}

void mmc_reset(Mmc *mmc)
{
    g_atomic_int_set(&mmc->events, 0);
}

bool mmc_state_valid(const Mmc *mmc)
{
    return !(mmc->events & ~(guint32)EVENTS_ALL);
}

/* ---- The table ---- */

static MmcResult test_unit_ready(Mmc *mmc, const guint8 *cdb, MmcAction *action)
{
    return MMC_DONE;
}

static const struct {
    guint8 code;
    bool needs_medium;
    MmcHandler *handler;
} commands[] = {
    { SCSI_TEST_UNIT_READY, true, test_unit_ready },
    { SCSI_START_STOP, false, mmc_start_stop },
    { SCSI_PREVENT_ALLOW, false, mmc_prevent },
    { SCSI_READ_CAPACITY_10, true, mmc_read_capacity },
    { SCSI_READ_10, true, mmc_read_10 },
    { SCSI_SEEK_10, true, mmc_seek },
    { SCSI_READ_TOC, true, mmc_read_toc },
    { SCSI_GET_CONFIGURATION, false, mmc_get_configuration },
    { SCSI_GET_EVENT_STATUS, false, mmc_event_status },
    { SCSI_READ_DISC_INFORMATION, true, mmc_disc_information },
    { SCSI_READ_12, true, mmc_read_12 },
    { SCSI_READ_DVD_STRUCTURE, false, mmc_dvd_structure },
    { SCSI_SET_CD_SPEED, false, mmc_set_speed },
    { SCSI_MECHANISM_STATUS, false, mmc_mechanism_status },
    { SCSI_READ_CD, true, mmc_read_cd },
};

MmcResult mmc_command(Mmc *mmc, const guint8 cdb[MMC_CDB], MmcAction *action)
{
    for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
        guint32 sense;

        if (commands[i].code != cdb[0]) {
            continue;
        }
        sense = commands[i].needs_medium ? mmc_not_ready(mmc) : SENSE_NONE;
        return sense ? mmc_fail(action, sense) : commands[i].handler(mmc, cdb, action);
    }
    return mmc_fail(action, SENSE_INVALID_OPCODE);
}
