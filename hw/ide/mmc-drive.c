/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands of a CD drive about the drive: what it is and can do, tray, events.
 */
#include "config.h"
#include "hw/ide/mmc-internal.h"

#include <string.h>

/* ---- INQUIRY, SPC-3 section 6.4 ---- */

enum { INQUIRY_CD = 0x05, PAGE_SUPPORTED = 0x00, PAGE_IDENTIFICATION = 0x83 };

/* A designator of vital product data page 83h; returns its end. */
static guint8 *designator(guint8 *at, guint8 code_set, guint8 type, const void *data, guint8 size)
{
    at[0] = code_set;
    at[1] = type;
    at[2] = 0;
    at[3] = size;
    memcpy(at + 4, data, size);
    return at + 4 + size;
}

static guint8 *identification(const Mmc *mmc, guint8 *at)
{
    guint64 wwn = GUINT64_TO_BE(mmc->wwn);
    guint8 text[8 + 40];

    at = designator(at, 2, 0, mmc->serial, MIN(strlen(mmc->serial), 20));
    mmc_text(text, 8, "ATA");
    mmc_text(text + 8, 40, mmc->model);
    at = designator(at, 2, 1, text, sizeof(text));
    return mmc->wwn ? designator(at, 1, 3, &wwn, sizeof(wwn)) : at;
}

static MmcResult vital_page(Mmc *mmc, const guint8 *cdb, MmcAction *action)
{
    guint8 *reply = action->reply, *end = reply + 4;

    switch (cdb[2]) {
    case PAGE_SUPPORTED:
        *end++ = PAGE_SUPPORTED;
        *end++ = PAGE_IDENTIFICATION;
        break;
    case PAGE_IDENTIFICATION:
        end = identification(mmc, end);
        break;
    default:
        return mmc_invalid_field(mmc);
    }
    reply[0] = INQUIRY_CD;
    reply[1] = cdb[2];
    mmc_set16(reply + 2, end - reply - 4);
    return mmc_reply(action, end - reply, mmc_get16(cdb + 3));
}

MmcResult mmc_inquiry(Mmc *mmc, const guint8 *cdb, MmcAction *action)
{
    guint8 *reply = action->reply;

    if (cdb[1] & 1) {
        return vital_page(mmc, cdb, action);
    }
    if (cdb[2]) {
        return mmc_invalid_field(mmc);
    }
    memset(reply, 0, 36);
    reply[0] = INQUIRY_CD;
    reply[1] = 0x80;            /* removable */
    reply[3] = 0x21;            /* ATAPI-2, format of SPC */
    reply[4] = 36 - 5;
    mmc_text(reply + 8, 8, mmc->vendor);
    mmc_text(reply + 16, 16, mmc->model);
    mmc_text(reply + 32, 4, mmc->version);
    return mmc_reply(action, 36, mmc_get16(cdb + 3));
}

/* ---- MODE SENSE (10) ---- */

enum { PAGE_ERRORS = 0x01, PAGE_AUDIO = 0x0e, PAGE_CAPABILITIES = 0x2a, PAGE_ALL = 0x3f };
enum { CONTROL_CURRENT, CONTROL_CHANGEABLE, CONTROL_DEFAULT, CONTROL_SAVED };

static guint8 *page(guint8 *at, guint8 code, guint8 size)
{
    memset(at, 0, size);
    at[0] = code;
    at[1] = size - 2;
    return at + size;
}

/* Nothing can be changed. */
static guint8 *error_page(guint8 *at, guint control)
{
    guint8 *end = page(at, PAGE_ERRORS, 8);

    if (control != CONTROL_CHANGEABLE) {
        at[3] = 5;              /* retries */
    }
    return end;
}

/* MMC-3 section 6.3.11, which MMC-5 keeps as a legacy page. */
static guint8 *capabilities_page(const Mmc *mmc, guint8 *at, guint control)
{
    guint8 *end = page(at, PAGE_CAPABILITIES, 22);

    if (control == CONTROL_CHANGEABLE) {
        return end;
    }
    at[2] = 0x3b;               /* reads CD-R, CD-RW, DVD-ROM, DVD-R, DVD-RAM */
    at[4] = 0x70;               /* mode 2 form 1 and 2, multisession */
    at[6] = 1 | disk_locked(mmc->disk) << 1 | 1 << 3 | 1 << 5;  /* locks, ejects, has a tray */
    mmc_set16(at + 8, 706);     /* KB/s: 4x */
    mmc_set16(at + 10, 2);      /* levels of volume: 0 and 255 */
    mmc_set16(at + 12, 512);    /* KiB of buffer */
    mmc_set16(at + 14, 706);
    return end;
}

MmcResult mmc_mode_sense(Mmc *mmc, const guint8 *cdb, MmcAction *action)
{
    guint control = cdb[2] >> 6;
    guint8 code = cdb[2] & 0x3f, *reply = action->reply, *end = reply + 8;

    if (control == CONTROL_SAVED) {
        return mmc_fail(mmc, SENSE_ILLEGAL_REQUEST, ASC_SAVING_UNSUPPORTED);
    }
    memset(reply, 0, 8);
    if (code == PAGE_ERRORS || code == PAGE_ALL) {
        end = error_page(end, control);
    }
    if (code == PAGE_AUDIO || code == PAGE_ALL) {
        end = page(end, PAGE_AUDIO, 16);
    }
    if (code == PAGE_CAPABILITIES || code == PAGE_ALL) {
        end = capabilities_page(mmc, end, control);
    }
    if (end == reply + 8) {
        return mmc_invalid_field(mmc);
    }
    reply[2] = mmc_n_sectors(mmc) ? 0x01 : 0x70;        /* data disc, or none */
    mmc_set16(reply, end - reply - 2);
    return mmc_reply(action, end - reply, mmc_get16(cdb + 7));
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
    mmc_set16(at, code);
    at[2] = version << 2 | flags;
    at[3] = size;
    memset(at + 4, 0, size);
    return at + 4 + size;
}

static void profile(guint8 *at, guint16 code, bool current)
{
    mmc_set16(at, code);
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

static guint8 *core(guint8 *at)
{
    guint8 *end = feature(at, 1, 2, FEATURE_CURRENT | FEATURE_PERSISTENT, 8);

    mmc_set32(at + 4, 2);       /* interface: ATAPI */
    at[8] = 1;                  /* device busy events */
    return end;
}

static guint8 *removable(guint8 *at)
{
    guint8 *end = feature(at, 3, 0, FEATURE_CURRENT | FEATURE_PERSISTENT, 4);

    at[4] = 1 << 5 | 1 << 3 | 1;        /* a tray, which can eject and lock */
    return end;
}

static guint8 *random_readable(guint8 *at, bool current)
{
    guint8 *end = feature(at, 0x10, 0, current ? FEATURE_CURRENT : 0, 8);

    mmc_set32(at + 4, MMC_SECTOR);
    mmc_set16(at + 8, 16);      /* sectors that are readable at once */
    return end;
}

MmcResult mmc_get_configuration(Mmc *mmc, const guint8 *cdb, MmcAction *action)
{
    guint16 first = mmc_get16(cdb + 2), current = 0;
    guint8 kind = cdb[1] & 3, *reply = action->reply, *end = reply + 8;
    bool one = kind == FEATURES_ONE;

    if (kind > FEATURES_ONE) {
        return mmc_invalid_field(mmc);
    }
    if (mmc_n_sectors(mmc)) {
        current = mmc_is_dvd(mmc) ? PROFILE_DVD : PROFILE_CD;
    }
    memset(reply, 0, 8);
    mmc_set16(reply + 6, current);
    end = first == 0 ? profiles(end, current) : end;
    end = one ? first == 1 ? core(end) : end : first <= 1 ? core(end) : end;
    end = one ? first == 3 ? removable(end) : end : first <= 3 ? removable(end) : end;
    if (one ? first == 0x10 : first <= 0x10 && (current || kind == FEATURES_ALL)) {
        end = random_readable(end, current);
    }
    mmc_set32(reply, end - reply - 4);
    return mmc_reply(action, end - reply, mmc_get16(cdb + 7));
}

/* ---- Others ---- */

MmcResult mmc_mechanism_status(Mmc *mmc, const guint8 *cdb, MmcAction *action)
{
    guint8 *reply = action->reply;

    memset(reply, 0, 8);
    reply[1] = disk_tray_open(mmc->disk) ? 1 << 4 : 0;
    reply[5] = 1;               /* slots, of which none has an entry */
    return mmc_reply(action, 8, mmc_get16(cdb + 8));
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

/* START STOP UNIT: LoEj moves the tray, with Start inwards. */
MmcResult mmc_start_stop(Mmc *mmc, const guint8 *cdb, MmcAction *action)
{
    bool start = cdb[4] & 1, load_eject = cdb[4] & 2, power = cdb[4] & 0xf0;
    bool open = disk_tray_open(mmc->disk);

    if (power || !load_eject || open != start) {
        return MMC_DONE;
    }
    if (!start && disk_locked(mmc->disk)) {
        return mmc_fail(mmc, disk_medium(mmc->disk) ? SENSE_NOT_READY : SENSE_ILLEGAL_REQUEST,
                        ASC_REMOVAL_PREVENTED);
    }
    disk_move_tray(mmc->disk, !start);
    mmc_medium_changed(mmc);
    /* The host knows what it has done: only that there is a medium is to be told. */
    mmc->change = mmc->change ? MMC_TELL_CHANGED : MMC_UNCHANGED;
    return MMC_DONE;
}

/* ---- GET EVENT STATUS NOTIFICATION, MMC-5 section 6.7 ---- */

enum { CLASS_MEDIA = 4, NO_EVENT_AVAILABLE = 0x80 };
enum { EVENT_NONE = 0, EVENT_EJECT_REQUEST = 1, EVENT_NEW_MEDIA = 2, EVENT_REMOVAL = 3 };
enum { MEDIA_TRAY_OPEN = 1, MEDIA_PRESENT = 2 };

static guint8 take_event(Mmc *mmc)
{
    guint8 event = EVENT_NONE;

    if (mmc->eject_requested) {
        event = EVENT_EJECT_REQUEST;
        mmc->eject_requested = false;
    } else if (mmc->removed) {
        event = EVENT_REMOVAL;
        mmc->removed = false;
    } else if (mmc->new_medium) {
        event = EVENT_NEW_MEDIA;
        mmc->new_medium = false;
        /* So the host knows that the old one went. */
        mmc->change = mmc->change ? MMC_TELL_CHANGED : MMC_UNCHANGED;
    }
    return event;
}

MmcResult mmc_event_status(Mmc *mmc, const guint8 *cdb, MmcAction *action)
{
    guint8 *reply = action->reply;
    bool media = cdb[4] & 1 << CLASS_MEDIA;
    guint16 room = mmc_get16(cdb + 7);

    if (!(cdb[1] & 1)) {
        return mmc_invalid_field(mmc);          /* asynchronous operation */
    }
    memset(reply, 0, 8);
    reply[2] = media ? CLASS_MEDIA : NO_EVENT_AVAILABLE;
    reply[3] = 1 << CLASS_MEDIA;
    if (!media) {
        mmc_set16(reply, 2);
        return mmc_reply(action, 4, room);
    }
    mmc_set16(reply, 6);
    /* An event is not lost to a host that reads only the header. */
    reply[4] = room > 4 ? take_event(mmc) : EVENT_NONE;
    reply[5] = disk_tray_open(mmc->disk) ? MEDIA_TRAY_OPEN
               : mmc_n_sectors(mmc) ? MEDIA_PRESENT : 0;
    return mmc_reply(action, 8, room);
}
