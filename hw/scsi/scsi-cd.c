/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trays and media: START STOP UNIT, PREVENT ALLOW MEDIUM REMOVAL, MECHANISM STATUS and GET
 * EVENT STATUS NOTIFICATION.  MMC-5 sections 6.7, 6.12, 6.18, 6.42; SBC-3 section 5.25.
 */
#include "config.h"
#include "hw/scsi/scsi-internal.h"

#include "qom/qapi-objects-scsi.h"

guint32 scsi_not_ready(const ScsiDisk *s)
{
    if (disk_tray_open(&s->disk)) {
        return SENSE_NO_MEDIUM_TRAY_OPEN;
    }
    return scsi_blocks(s) ? SENSE_NONE : SENSE_NO_MEDIUM;
}

/* ---- Media that come and go ---- */

/* A medium that can be read now is another one, as far as the guest knows. */
static void medium_moved(ScsiDisk *s)
{
    bool ready = scsi_not_ready(s) == SENSE_NONE;

    g_atomic_int_set(&s->media_event, ready ? SCSI_MEDIA_NEW : SCSI_MEDIA_REMOVAL);
    if (ready) {
        scsi_add_news(s, SCSI_NEWS_MEDIUM);
    }
}

void scsi_cd_medium_changed(Disk *disk)
{
    medium_moved(to_scsi_disk(disk));
}

void scsi_cd_eject_requested(Disk *disk)
{
    g_atomic_int_set(&to_scsi_disk(disk)->media_event, SCSI_MEDIA_EJECT_REQUEST);
}

/* ---- START STOP UNIT ---- */

enum { START = 0x01, LOEJ = 0x02 };

static void move_tray(ScsiDisk *s, ScsiRequest *request, bool open)
{
    Disk *disk = &s->disk;

    if (open && !disk_tray_open(disk) && disk_locked(disk)) {
        scsi_fail(request, disk_medium(disk) ? SENSE_REMOVAL_PREVENTED
                                             : SENSE_REMOVAL_PREVENTED_NO_MEDIUM);
        return;
    }
    if (open != disk_tray_open(disk)) {
        disk_move_tray(disk, open);
        medium_moved(s);
    }
    scsi_good(request);
}

/* A disk that stops has written what was in its cache; it starts again by itself. */
void scsi_start_stop(ScsiDisk *s, ScsiRequest *request)
{
    guint8 what = request->cdb[4];

    if (what >> 4) {
        scsi_good(request);     /* power conditions, which there are not */
    } else if (what & LOEJ) {
        if (s->rom) {
            move_tray(s, request, !(what & START));
        } else {
            scsi_fail(request, SENSE_INVALID_FIELD);
        }
    } else if (!(what & START) && !s->rom) {
        scsi_flush(s, request);
    } else {
        scsi_good(request);
    }
}

void scsi_prevent_allow(ScsiDisk *s, ScsiRequest *request)
{
    if (s->rom) {
        disk_set_locked(&s->disk, request->cdb[4] & 1);
    }
    scsi_good(request);
}

/* ---- Status ---- */

/* MMC-5 table 333: one slot. */
void scsi_mechanism_status(ScsiDisk *s, ScsiRequest *request)
{
    const guint8 data[8] = { 0, disk_tray_open(&s->disk) ? 0x10 : 0, 0, 0, 0, 1 };

    scsi_reply(request, data, sizeof(data));
}

static guint32 take_event(ScsiDisk *s)
{
    return __atomic_exchange_n(&s->media_event, SCSI_MEDIA_NO_CHANGE, __ATOMIC_SEQ_CST);
}

/* MMC-5 section 6.7.3: the class of media events alone, and only polled. An event stays if the host
 * reads no more than the header (section 6.7.2). */
void scsi_get_event_status(ScsiDisk *s, ScsiRequest *request)
{
    enum { POLLED = 1, MEDIA = 4, NO_EVENT = 0x80, HEADER = 4 };
    guint8 data[8] = { 0, 0, NO_EVENT, 1 << MEDIA };
    gsize size = HEADER;

    if (!(request->cdb[1] & POLLED)) {
        scsi_fail(request, SENSE_INVALID_FIELD);
        return;
    }
    if (request->cdb[4] & 1 << MEDIA) {
        data[2] = MEDIA;
        data[4] = request->need > HEADER ? take_event(s) : SCSI_MEDIA_NO_CHANGE;
        data[5] = (disk_tray_open(&s->disk) ? 1 : 0) | (disk_medium(&s->disk) ? 2 : 0);
        size = sizeof(data);
    }
    put_be(data, size - 2, 2);
    scsi_reply(request, data, size);
}
