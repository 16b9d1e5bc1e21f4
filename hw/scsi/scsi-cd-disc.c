/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a CD drive says of its disc: one track of data in one session, a CD-ROM or, if it has
 * more blocks than a CD, a DVD-ROM.  MMC-5 sections 6.6, 6.22, 6.23, 6.26.
 */
#include "config.h"
#include "hw/scsi/scsi-internal.h"

enum {
    CD_MAX_BLOCKS = 80 * 60 * 75,       /* 80 minutes */
    PROFILE_NONE = 0x00, PROFILE_CD_ROM = 0x08, PROFILE_DVD_ROM = 0x10,
    LEAD_OUT = 0xaa,
};

static bool is_dvd(const ScsiDisk *s)
{
    return scsi_blocks(s) > CD_MAX_BLOCKS;
}

/* ---- GET CONFIGURATION ---- */

static guint8 *add_profile(guint8 *p, guint16 profile, guint16 current)
{
    put_be(p, profile, 2);
    p[2] = profile == current;
    return p + 4;
}

/* A feature's header (section 5.2.2), which is current and persistent. */
static guint8 *add_feature(guint8 *p, guint16 code, guint8 version, guint8 length)
{
    put_be(p, code, 2);
    p[2] = version << 2 | 3;
    p[3] = length;
    return p + 4;
}

/* Profile list, core, removable medium (sections 5.3.1, 5.3.2, 5.3.4): whatever the command
 * asks for, and the first feature that it wants. */
void scsi_get_configuration(ScsiDisk *s, ScsiRequest *request)
{
    guint16 first = get_be16(request->cdb + 2), current = PROFILE_NONE;
    guint8 data[40] = { 0 }, *p = data + 8;

    if (!scsi_not_ready(s)) {
        current = is_dvd(s) ? PROFILE_DVD_ROM : PROFILE_CD_ROM;
    }
    if (first == 0) {
        p = add_feature(p, 0, 0, 8);
        p = add_profile(p, PROFILE_DVD_ROM, current);
        p = add_profile(p, PROFILE_CD_ROM, current);
    }
    if (first <= 1) {
        p = add_feature(p, 1, 2, 8);
        put_be(p, 1, 4);        /* SCSI */
        p[4] = 1;
        p += 8;
    }
    if (first <= 3) {
        p = add_feature(p, 3, 2, 4);
        p[0] = 0x39;            /* a tray that loads, ejects, locks */
        p += 4;
    }
    put_be(data, p - data - 4, 4);
    put_be(data + 6, current, 2);
    scsi_reply(request, data, p - data);
}

/* ---- READ TOC ---- */

/* An address, of 4 bytes: of a block, or in minutes, seconds and frames, which begin with two
 * seconds before the first block. */
static void put_address(guint8 *p, guint32 lba, bool msf)
{
    guint32 frames = lba + 150;

    put_be(p, lba, 4);
    if (msf) {
        p[0] = 0;
        p[1] = frames / 75 / 60;
        p[2] = frames / 75 % 60;
        p[3] = frames % 75;
    }
}

static guint8 *add_track(guint8 *p, guint8 control, guint8 track, guint32 lba, bool msf)
{
    p[0] = 0;
    p[1] = control;
    p[2] = track;
    p[3] = 0;
    put_address(p + 4, lba, msf);
    return p + 8;
}

/* Format 0: tracks from one on; NULL: there is no such track. */
static guint8 *add_tracks(const ScsiDisk *s, const ScsiRequest *request, guint8 *p)
{
    bool msf = request->cdb[1] & 2;
    guint8 first = request->cdb[6];

    if (first > 1 && first != LEAD_OUT) {
        return NULL;
    }
    if (first <= 1) {
        p = add_track(p, 0x14, 1, 0, msf);
    }
    return add_track(p, 0x16, LEAD_OUT, scsi_blocks(s), msf);
}

static guint8 *add_raw(guint8 *p, guint8 point, const guint8 address[4])
{
    p[0] = 1;                   /* session */
    p[1] = 0x14;
    p[3] = point;
    memcpy(p + 7, address, 4);
    return p + 11;
}

/* Format 2: as in the lead-in. */
static guint8 *add_full(const ScsiDisk *s, const ScsiRequest *request, guint8 *p)
{
    static const guint8 track[] = { 0, 1, 0, 0 };
    bool msf = request->cdb[1] & 2;
    guint8 address[4];

    p = add_raw(p, 0xa0, track);
    p = add_raw(p, 0xa1, track);
    put_address(address, scsi_blocks(s), msf);
    p = add_raw(p, 0xa2, address);
    put_address(address, 0, msf);
    return add_raw(p, 1, address);
}

void scsi_read_toc(ScsiDisk *s, ScsiRequest *request)
{
    guint8 data[4 + 4 * 11] = { 0, 0, 1, 1 };   /* first and last track, or session */
    guint8 *p = data + 4;

    switch (request->cdb[2] & 0xf) {
    case 0:
        p = add_tracks(s, request, p);
        break;
    case 1:
        p = add_track(p, 0x14, 1, 0, request->cdb[1] & 2);
        break;
    case 2:
        p = add_full(s, request, p);
        break;
    default:
        p = NULL;
        break;
    }
    if (!p) {
        scsi_fail(request, SENSE_INVALID_FIELD);
        return;
    }
    put_be(data, p - data - 2, 2);
    scsi_reply(request, data, p - data);
}

/* ---- READ DISC INFORMATION ---- */

void scsi_read_disc_information(ScsiDisk *s, ScsiRequest *request)
{
    guint8 data[34] = {
        0, sizeof(data) - 2,
        0x0e,                   /* disc and session are complete */
        1, 1, 1, 1,             /* first track, sessions, first and last track of the last one */
        0x20,                   /* for any use */
    };

    if (request->cdb[1] & 7) {
        scsi_fail(request, SENSE_INVALID_FIELD);
        return;
    }
    scsi_reply(request, data, sizeof(data));
}

/* ---- READ DVD STRUCTURE ---- */

enum { PHYSICAL = 0x00, COPYRIGHT = 0x01, MANUFACTURER = 0x04, LIST = 0xff, DVD_START = 0x30000 };

/* Their lengths with a header of 4 bytes; 0: there is no such structure. */
static gsize structure_length(guint8 format)
{
    switch (format) {
    case PHYSICAL:
    case MANUFACTURER:
        return 4 + 2048;
    case COPYRIGHT:
        return 4 + 4;
    default:
        return 0;
    }
}

/* Section 6.23.3.2.1: one layer of 120 mm. */
static void fill_physical(const ScsiDisk *s, guint8 *p)
{
    guint32 end = DVD_START + scsi_blocks(s) - 1;

    p[0] = 0x01;
    p[1] = 0x0f;
    p[2] = 0x01;
    put_be(p + 4, DVD_START, 4);
    put_be(p + 8, end, 4);
    put_be(p + 12, end, 4);
}

static void list_structures(ScsiRequest *request)
{
    static const guint8 formats[] = { PHYSICAL, COPYRIGHT, MANUFACTURER };
    guint8 data[4 + 4 * G_N_ELEMENTS(formats)] = { 0, sizeof(data) - 2 };

    for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
        guint8 *p = data + 4 + 4 * i;

        p[0] = formats[i];
        p[1] = 0x40;            /* it can be read */
        put_be(p + 2, structure_length(formats[i]), 2);
    }
    scsi_reply(request, data, sizeof(data));
}

/* What keeps it from reading a structure, or SENSE_NONE. */
static guint32 no_structure(const ScsiDisk *s, const ScsiRequest *request)
{
    guint32 sense = scsi_not_ready(s);

    if (sense) {
        return sense;
    }
    if (!is_dvd(s)) {
        return SENSE_INCOMPATIBLE_FORMAT;
    }
    /* Of the first layer, which is the only one. */
    return structure_length(request->cdb[7]) && !request->cdb[6] ? SENSE_NONE : SENSE_INVALID_FIELD;
}

void scsi_read_dvd_structure(ScsiDisk *s, ScsiRequest *request)
{
    guint8 data[4 + 2048] = { 0 };
    guint8 format = request->cdb[7];
    guint32 sense;

    if (request->cdb[1] & 0xf) {
        scsi_fail(request, SENSE_INVALID_FIELD);
        return;
    }
    if (format == LIST) {
        list_structures(request);
        return;
    }
    sense = no_structure(s, request);
    if (sense) {
        scsi_fail(request, sense);
        return;
    }
    if (format == PHYSICAL) {
        fill_physical(s, data + 4);
    }
    put_be(data, structure_length(format) - 2, 2);
    scsi_reply(request, data, structure_length(format));
}
