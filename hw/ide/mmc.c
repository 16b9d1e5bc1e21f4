/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands of a CD drive: the table, sense data, and what a drive tells before it obeys.
 */
#include "config.h"
#include "hw/ide/mmc-internal.h"

#include <errno.h>
#include <string.h>

/* ---- Sense data ---- */

MmcResult mmc_fail(Mmc *mmc, guint8 key, guint8 asc)
{
    mmc->key = key;
    mmc->asc = asc;
    return MMC_FAILED;
}

MmcResult mmc_invalid_field(Mmc *mmc)
{
    return mmc_fail(mmc, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD);
}

void mmc_read_failed(Mmc *mmc, int error)
{
    if (error == ENOMEDIUM) {
        mmc_fail(mmc, SENSE_NOT_READY, ASC_NO_MEDIUM);
    } else {
        mmc_fail(mmc, SENSE_MEDIUM_ERROR, ASC_UNRECOVERED_READ);
    }
}

guint8 mmc_sense_key(const Mmc *mmc)
{
    return mmc->key;
}

MmcResult mmc_reply(MmcAction *action, gsize size, gsize room)
{
    action->size = MIN(size, room);
    return action->size ? MMC_REPLY : MMC_DONE;
}

/* REQUEST SENSE, SPC-3 section 6.27: reading them clears them. */
static MmcResult request_sense(Mmc *mmc, const guint8 *cdb, MmcAction *action)
{
    guint8 *reply = action->reply;

    memset(reply, 0, 18);
    reply[0] = 0xf0;            /* current, with a valid information field */
    reply[2] = mmc->key;
    reply[7] = 10;
    reply[12] = mmc->asc;
    mmc_fail(mmc, SENSE_NONE, 0);
    return mmc_reply(action, 18, cdb[4]);
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

void mmc_medium_changed(Mmc *mmc)
{
    bool present = mmc_n_sectors(mmc) > 0;

    mmc->change = present ? MMC_TELL_REMOVED : MMC_UNCHANGED;
    mmc->new_medium = present;
    mmc->removed = !present;
    mmc->eject_requested = false;
}

void mmc_eject_requested(Mmc *mmc)
{
    mmc->eject_requested = true;
}

void mmc_reset(Mmc *mmc)
{
    mmc->change = MMC_UNCHANGED;
    mmc->new_medium = mmc->eject_requested = mmc->removed = false;
    mmc_fail(mmc, SENSE_NONE, 0);
}

bool mmc_state_valid(const Mmc *mmc)
{
    return mmc->change < MMC_N_CHANGES;
}

void mmc_text(guint8 *field, gsize size, const char *text)
{
    gsize length = MIN(strlen(text), size);

    memcpy(field, text, length);
    memset(field + length, ' ', size - length);
}

/* ---- The table ---- */

enum {
    NEEDS_MEDIUM = 1 << 0,
    /* Obeyed whatever there is to tell (SPC-3 section 6.3 and the like). */
    ALWAYS = 1 << 1,
};

static MmcResult test_unit_ready(Mmc *mmc, const guint8 *cdb, MmcAction *action)
{
    return MMC_DONE;
}

static const struct {
    guint8 code, flags;
    MmcHandler *handler;
} commands[] = {
    { 0x00, NEEDS_MEDIUM, test_unit_ready },
    { 0x03, ALWAYS, request_sense },
    { 0x12, ALWAYS, mmc_inquiry },
    { 0x1b, 0, mmc_start_stop },
    { 0x1e, 0, mmc_prevent },
    { 0x25, NEEDS_MEDIUM, mmc_read_capacity },
    { 0x28, NEEDS_MEDIUM, mmc_read_10 },
    { 0x2b, NEEDS_MEDIUM, mmc_seek },
    { 0x43, NEEDS_MEDIUM, mmc_read_toc },
    { 0x46, ALWAYS, mmc_get_configuration },
    { 0x4a, ALWAYS, mmc_event_status },
    { 0x51, NEEDS_MEDIUM, mmc_disc_information },
    { 0x5a, 0, mmc_mode_sense },
    { 0xa8, NEEDS_MEDIUM, mmc_read_12 },
    { 0xad, 0, mmc_dvd_structure },
    { 0xbb, 0, mmc_set_speed },
    { 0xbd, 0, mmc_mechanism_status },
    { 0xbe, NEEDS_MEDIUM, mmc_read_cd },
};

/* A drive with another medium says first that it has none, then that it has changed: hosts
 * that do not ask for events learn it that way. */
static bool tell_change(Mmc *mmc)
{
    switch (mmc->change) {
    case MMC_TELL_REMOVED:
        mmc->change = MMC_TELL_CHANGED;
        mmc_fail(mmc, SENSE_NOT_READY, ASC_NO_MEDIUM);
        return true;
    case MMC_TELL_CHANGED:
        mmc->change = MMC_UNCHANGED;
        mmc_fail(mmc, SENSE_UNIT_ATTENTION, ASC_MEDIUM_CHANGED);
        return true;
    }
    return false;
}

MmcResult mmc_command(Mmc *mmc, const guint8 cdb[MMC_CDB], MmcAction *action)
{
    for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
        guint8 flags = commands[i].flags;

        if (commands[i].code != cdb[0]) {
            continue;
        }
        if (!(flags & ALWAYS) && mmc_n_sectors(mmc) && tell_change(mmc)) {
            return MMC_FAILED;
        }
        if (flags & NEEDS_MEDIUM && !mmc_n_sectors(mmc)) {
            return mmc_fail(mmc, SENSE_NOT_READY, ASC_NO_MEDIUM);
        }
        return commands[i].handler(mmc, cdb, action);
    }
    return mmc_fail(mmc, SENSE_ILLEGAL_REQUEST, ASC_INVALID_COMMAND);
}
