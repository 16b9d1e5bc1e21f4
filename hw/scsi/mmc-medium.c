/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands of a CD drive about the medium: one data track in mode 1, in one closed session, or a
 * DVD of one layer.
 */
#include "config.h"
#include "hw/scsi/mmc-internal.h"

enum { LEAD_OUT = 0xaa };

/* ADR 1, control 4: data; and, as QEMU has it after the last track, 2: they may be copied. */
enum { DATA_TRACK = 0x14, DATA_LEAD_OUT = 0x16 };

/* ---- Reading ---- */

static MmcResult read_range(Mmc *mmc, guint32 lba, guint32 n, MmcResult result, MmcAction *action)
{
    guint32 sectors = mmc_n_sectors(mmc);

    if (lba > sectors || n > sectors - lba) {
        return mmc_fail(action, SENSE_LBA_OUT_OF_RANGE);
    }
    action->lba = lba;
    action->n = n;
    return n ? result : MMC_DONE;
}

MmcResult mmc_read_10(Mmc *mmc, const guint8 *cdb, MmcAction *action)
{
    return read_range(mmc, get_be32(cdb + 2), get_be16(cdb + 7), MMC_READ, action);
}

MmcResult mmc_read_12(Mmc *mmc, const guint8 *cdb, MmcAction *action)
{
    return read_range(mmc, get_be32(cdb + 2), get_be32(cdb + 6), MMC_READ, action);
}

/* Section 6.20: only user data, or all of a sector. */
MmcResult mmc_read_cd(Mmc *mmc, const guint8 *cdb, MmcAction *action)
{
    guint32 lba = get_be32(cdb + 2), n = cdb[6] << 16 | get_be16(cdb + 7);

    switch (cdb[9] & 0xf8) {
    case 0x00:
        return read_range(mmc, lba, 0, MMC_DONE, action);
    case 0x10:
        return read_range(mmc, lba, n, MMC_READ, action);
    case 0xf8:
        return read_range(mmc, lba, n, MMC_READ_RAW, action);
    default:
        return mmc_invalid_field(action);
    }
}

MmcResult mmc_seek(Mmc *mmc, const guint8 *cdb, MmcAction *action)
{
    return get_be32(cdb + 2) < mmc_n_sectors(mmc)
               ? MMC_DONE : mmc_fail(action, SENSE_LBA_OUT_OF_RANGE);
}

MmcResult mmc_read_capacity(Mmc *mmc, const guint8 *cdb, MmcAction *action)
{
    put_be(action->reply, mmc_n_sectors(mmc) - 1, 4);
    put_be(action->reply + 4, MMC_SECTOR, 4);
    return mmc_reply(action, 8, 8);
}

/* Minute, second and frame of an address. */
static void set_msf(guint8 *at, guint32 lba)
{
    lba += 2 * MMC_FRAMES;
    at[0] = lba / (60 * MMC_FRAMES);
    at[1] = lba / MMC_FRAMES % 60;
    at[2] = lba % MMC_FRAMES;
}

static guint8 bcd(guint8 value)
{
    return value / 10 % 10 << 4 | value % 10;
}

/* ECMA-130: synchronization, header, data; codes for detection and correction are left zero, as
 * no host checks what a drive has corrected. */
void mmc_frame(guint8 *data, guint32 lba)
{
    guint8 msf[3];

    memset(data, 0xff, 12);
    data[0] = data[11] = 0;
    set_msf(msf, lba);
    for (guint i = 0; i < 3; i++) {
        data[12 + i] = bcd(msf[i]);
    }
    data[15] = 1;
    memset(data + 16 + MMC_SECTOR, 0, MMC_RAW_SECTOR - 16 - MMC_SECTOR);
}

/* ---- READ TOC, section 6.26 ---- */

static void set_address(guint8 *at, guint32 lba, bool msf)
{
    put_be(at, msf ? 0 : lba, 4);
    if (msf) {
        set_msf(at + 1, lba);
    }
}

static guint8 *track(guint8 *at, guint8 number, guint32 lba, bool msf)
{
    at[0] = 0;
    at[1] = number == LEAD_OUT ? DATA_LEAD_OUT : DATA_TRACK;
    at[2] = number;
    at[3] = 0;
    set_address(at + 4, lba, msf);
    return at + 8;
}

static guint8 *formatted_toc(Mmc *mmc, guint8 *at, guint8 first, bool msf)
{
    if (first <= 1) {
        at = track(at, 1, 0, msf);
    }
    return track(at, LEAD_OUT, mmc_n_sectors(mmc), msf);
}

static guint8 *full_entry(guint8 *at, guint8 point, guint8 minute, guint8 second, guint8 frame)
{
    memset(at, 0, 11);
    at[0] = 1;                  /* session */
    at[1] = DATA_TRACK;
    at[3] = point;
    at[8] = minute;
    at[9] = second;
    at[10] = frame;
    return at + 11;
}

/* Always in minutes, seconds and frames. */
static guint8 *full_toc(Mmc *mmc, guint8 *at)
{
    guint8 end[3];

    set_msf(end, mmc_n_sectors(mmc));
    at = full_entry(at, 0xa0, 1, 0, 0);         /* the first track, of a CD-ROM */
    at = full_entry(at, 0xa1, 1, 0, 0);         /* the last one */
    at = full_entry(at, 0xa2, end[0], end[1], end[2]);
    return full_entry(at, 1, 0, 2, 0);
}

MmcResult mmc_read_toc(Mmc *mmc, const guint8 *cdb, MmcAction *action)
{
    bool msf = cdb[1] & 2;
    guint8 format = cdb[2] & 0x0f, first = cdb[6], *reply = action->reply, *end = reply + 4;

    /* SFF-8020 has the format in the last byte. */
    format = format ? format : cdb[9] >> 6;
    reply[2] = reply[3] = 1;    /* first and last track or session */
    switch (format) {
    case 0:
        if (first > 1 && first != LEAD_OUT) {
            return mmc_invalid_field(action);
        }
        end = formatted_toc(mmc, end, first, msf);
        break;
    case 1:
        end = track(end, 1, 0, msf);
        break;
    case 2:
        end = full_toc(mmc, end);
        break;
    default:
        return mmc_invalid_field(action);
    }
    put_be(reply, end - reply - 2, 2);
    return mmc_reply(action, end - reply, get_be16(cdb + 7));
}

/* ---- READ DISC INFORMATION, section 6.22 ---- */

MmcResult mmc_disc_information(Mmc *mmc, const guint8 *cdb, MmcAction *action)
{
    guint8 *reply = action->reply;

    if (cdb[1] & 7) {
        return mmc_invalid_field(action);
    }
    memset(reply, 0, 34);
    put_be(reply, 32, 2);
    reply[2] = 0x0e;            /* complete, and so is its last session */
    reply[3] = reply[4] = reply[5] = reply[6] = 1;
    reply[7] = 0x20;            /* unrestricted use */
    return mmc_reply(action, 34, get_be16(cdb + 7));
}

/* ---- READ DISC STRUCTURE, section 6.23 ---- */

enum { FORMAT_PHYSICAL = 0x00, FORMAT_COPYRIGHT = 0x01, FORMAT_MAKER = 0x04,
       FORMAT_LIST = 0xff, STRUCTURE_READABLE = 0x40 };

enum { DVD_FIRST_SECTOR = 0x30000 };

static guint8 *physical_format(const Mmc *mmc, guint8 *at)
{
    memset(at, 0, 2048);
    at[0] = 0x01;               /* DVD-ROM, version 1 */
    at[1] = 0x0f;               /* 120 mm, no maximum rate */
    at[2] = 0x01;               /* one layer, embossed */
    put_be(at + 4, DVD_FIRST_SECTOR, 4);
    put_be(at + 8, DVD_FIRST_SECTOR + mmc_n_sectors(mmc) - 1, 4);
    return at + 2048;
}

static guint8 *zeros(guint8 *at, gsize size)
{
    memset(at, 0, size);
    return at + size;
}

static guint8 *list_entry(guint8 *at, guint8 format, guint16 size)
{
    at[0] = format;
    at[1] = STRUCTURE_READABLE;
    put_be(at + 2, size, 2);
    return at + 4;
}

static guint8 *format_list(guint8 *at)
{
    at = list_entry(at, FORMAT_PHYSICAL, 2048 + 4);
    at = list_entry(at, FORMAT_COPYRIGHT, 4 + 4);
    return list_entry(at, FORMAT_MAKER, 2048 + 4);
}

static guint8 *structure(const Mmc *mmc, guint8 *at, guint8 format)
{
    switch (format) {
    case FORMAT_PHYSICAL:
        return physical_format(mmc, at);
    case FORMAT_COPYRIGHT:
        return zeros(at, 4);
    case FORMAT_MAKER:
        return zeros(at, 2048);
    case FORMAT_LIST:
        return format_list(at);
    }
    return at;
}

MmcResult mmc_dvd_structure(Mmc *mmc, const guint8 *cdb, MmcAction *action)
{
    guint8 layer = cdb[6], format = cdb[7], *reply = action->reply, *end;
    guint32 sense = format < FORMAT_LIST ? mmc_not_ready(mmc) : SENSE_NONE;

    if (cdb[1] & 0x0f) {
        return mmc_invalid_field(action);          /* not a DVD */
    }
    if (sense) {
        return mmc_fail(action, sense);
    }
    if (format < FORMAT_LIST && !mmc_is_dvd(mmc)) {
        return mmc_fail(action, SENSE_INCOMPATIBLE_FORMAT);
    }
    end = structure(mmc, reply + 4, format);
    if (layer || end == reply + 4) {
        return mmc_invalid_field(action);
    }
    put_be(reply, end - reply - 2, 2);
    reply[2] = reply[3] = 0;
    return mmc_reply(action, end - reply, get_be16(cdb + 8));
}
