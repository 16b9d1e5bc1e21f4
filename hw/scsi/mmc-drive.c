/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands of a CD drive about the drive: what it can do, tray, events.
 */
#include "config.h"
#include "hw/scsi/mmc-internal.h"

/* ---- Mode page 2Ah: MMC-3 section 6.3.11, which drivers still read ---- */

void mmc_capabilities(const Mmc *mmc, guint8 ret_body[MMC_CAPABILITIES])
{
    enum { SPEED = 50 * 176, BUFFER_KIB = 2048 };       /* speed in KB/s */

    memset(ret_body, 0, MMC_CAPABILITIES);
    ret_body[0] = 0x3b;         /* reads CD-R, CD-RW, DVD-ROM, DVD-R, method 2 */
    ret_body[2] = 0x70;         /* multiple sessions, mode 2 form 1 and 2 */
    ret_body[4] = 0x29 | (disk_locked(mmc->disk) ? 2 : 0);      /* a tray that ejects and locks */
    put_be(ret_body + 6, SPEED, 2);
    put_be(ret_body + 10, BUFFER_KIB, 2);
    put_be(ret_body + 12, SPEED, 2);
}

/* ---- GET CONFIGURATION, MMC-5 section 6.6 ---- */

enum { PROFILE_CD = 0x0008, PROFILE_DVD = 0x0010 };

enum {                          /* RT */
    FEATURES_ALL = 0,
    FEATURES_CURRENT = 1,
    FEATURES_ONE = 2,
};

enum { FEATURE_CURRENT = 0x01, FEATURE_PERSISTENT = 0x02 };

static guint8 *feature(guint8 *at, guint16 code, guint8 version, guint8 flags, guint8 size)
{
    put_be(at, code, 2);
    at[2] = version << 2 | flags;
    at[3] = size;
    memset(at + 4, 0, size);
    return at + 4 + size;
}

static void profile(guint8 *at, guint16 code, bool current)
{
    put_be(at, code, 2);
    at[2] = current;
    at[3] = 0;
}

static guint8 *profiles(guint8 *at, guint16 current)
{
    guint8 *end = feature(at, 0, 0, FEATURE_CURRENT | FEATURE_PERSISTENT, 8);

    profile(at + 4, PROFILE_DVD, current == PROFILE_DVD);
    profile(at + 8, PROFILE_CD, current == PROFILE_CD);
    return end;
}

static guint8 *core(const Mmc *mmc, guint8 *at)
{
    guint8 *end = feature(at, 1, 2, FEATURE_CURRENT | FEATURE_PERSISTENT, 8);

    put_be(at + 4, mmc->interface, 4);
    at[8] = 1;                  /* device busy events */
    return end;
}

static guint8 *removable(guint8 *at)
{
    guint8 *end = feature(at, 3, 2, FEATURE_CURRENT | FEATURE_PERSISTENT, 4);

    at[4] = 0x39;               /* a tray that loads, ejects, locks */
    return end;
}

static guint8 *random_readable(guint8 *at, bool current)
{
    guint8 *end = feature(at, 0x10, 0, current ? FEATURE_CURRENT : 0, 8);

    put_be(at + 4, MMC_SECTOR, 4);
    put_be(at + 8, 16, 2);      /* sectors that are readable at once */
    return end;
}

MmcResult mmc_get_configuration(Mmc *mmc, const guint8 *cdb, MmcAction *action)
{
    guint16 first = get_be16(cdb + 2), current = 0;
    guint8 kind = cdb[1] & 3, *reply = action->reply, *end = reply + 8;
    bool one = kind == FEATURES_ONE;

    if (kind > FEATURES_ONE) {
        return mmc_invalid_field(action);
    }
    if (mmc_n_sectors(mmc)) {
        current = mmc_is_dvd(mmc) ? PROFILE_DVD : PROFILE_CD;
    }
    memset(reply, 0, 8);
    put_be(reply + 6, current, 2);
    end = first == 0 ? profiles(end, current) : end;
    end = one ? first == 1 ? core(mmc, end) : end : first <= 1 ? core(mmc, end) : end;
    end = one ? first == 3 ? removable(end) : end : first <= 3 ? removable(end) : end;
    if (one ? first == 0x10 : first <= 0x10 && (current || kind == FEATURES_ALL)) {
        end = random_readable(end, current);
    }
    put_be(reply, end - reply - 4, 4);
    return mmc_reply(action, end - reply, get_be16(cdb + 7));
}

/* ---- Others ---- */

MmcResult mmc_mechanism_status(Mmc *mmc, const guint8 *cdb, MmcAction *action)
{
    guint8 *reply = action->reply;

    memset(reply, 0, 8);
    reply[1] = disk_tray_open(mmc->disk) ? 1 << 4 : 0;
    reply[5] = 1;               /* slots, of which none has an entry */
    return mmc_reply(action, 8, get_be16(cdb + 8));
}

MmcResult mmc_set_speed(Mmc *mmc, const guint8 *cdb, MmcAction *action)
{
    return MMC_DONE;
}

MmcResult mmc_prevent(Mmc *mmc, const guint8 *cdb, MmcAction *action)
{
    disk_set_locked(mmc->disk, cdb[4] & 1);
    return MMC_DONE;
}

/* START STOP UNIT: LoEj moves the tray, with Start inwards. There are no power conditions. */
MmcResult mmc_start_stop(Mmc *mmc, const guint8 *cdb, MmcAction *action)
{
    bool start = cdb[4] & 1, load_eject = cdb[4] & 2, power = cdb[4] & 0xf0;
    bool open = disk_tray_open(mmc->disk);

    if (power || !load_eject || open != start) {
        return MMC_DONE;
    }
    if (!start && disk_locked(mmc->disk)) {
        return mmc_fail(action, disk_medium(mmc->disk) ? SENSE_REMOVAL_PREVENTED
                                                       : SENSE_REMOVAL_PREVENTED_NO_MEDIUM);
    }
    disk_move_tray(mmc->disk, !start);
    mmc_medium_changed(mmc);
    action->moved = true;
    return MMC_DONE;
}

/* ---- GET EVENT STATUS NOTIFICATION, MMC-5 section 6.7 ---- */

enum { CLASS_MEDIA = 4, NO_EVENT_AVAILABLE = 0x80, EVENT_HEADER = 4 };
enum { MEDIA_TRAY_OPEN = 1, MEDIA_PRESENT = 2 };

static guint8 take_event(Mmc *mmc)
{
    guint32 events = g_atomic_int_get(&mmc->events);
    gint event = g_bit_nth_lsf(events, -1);

    if (!events) {
        return MMC_EVENT_NONE;
    }
    g_atomic_int_and(&mmc->events, ~(1u << event));
    return event;
}

/* The class of media events alone, and only polled. */
MmcResult mmc_event_status(Mmc *mmc, const guint8 *cdb, MmcAction *action)
{
    guint8 *reply = action->reply;
    bool media = cdb[4] & 1 << CLASS_MEDIA;
    guint16 room = get_be16(cdb + 7);

    if (!(cdb[1] & 1)) {
        return mmc_invalid_field(action);       /* asynchronous operation */
    }
    memset(reply, 0, 8);
    reply[2] = media ? CLASS_MEDIA : NO_EVENT_AVAILABLE;
    reply[3] = 1 << CLASS_MEDIA;
    put_be(reply, media ? 6 : 2, 2);
    if (!media) {
        return mmc_reply(action, EVENT_HEADER, room);
    }
    /* An event is not lost to a host that reads only the header. */
    reply[4] = room > EVENT_HEADER ? take_event(mmc) : MMC_EVENT_NONE;
    reply[5] = disk_tray_open(mmc->disk) ? MEDIA_TRAY_OPEN
               : mmc_n_sectors(mmc) ? MEDIA_PRESENT : 0;
    action->told_new = reply[4] == MMC_EVENT_NEW;
    return mmc_reply(action, 8, room);
}
