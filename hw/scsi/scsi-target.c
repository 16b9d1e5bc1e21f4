/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands that each target answers, whether or not it has the unit that they name: INQUIRY,
 * REPORT LUNS and REQUEST SENSE (SPC-4 sections 4.5.2, 6.6, 6.33, 6.39; SAM-5 section 4.7.4).
 */
#include "config.h"
#include "hw/scsi/scsi-internal.h"

#include "qom/qapi-objects-scsi.h"

enum { INQUIRY_BYTES = 36, REPORT_LUNS_MIN = 16 };

/* ---- INQUIRY ---- */

static bool is_removable(const ScsiDisk *s)
{
    return s->rom || scsi_hd_props(s)->removable;
}

/* Standard data, SPC-4 section 6.6.2. */
static void describe_unit(ScsiDisk *s, guint8 data[INQUIRY_BYTES])
{
    const ScsiDiskBaseProps *props = scsi_disk_base_props(s);
    const char *product = s->rom ? "QEMU CD-ROM" : "QEMU HARDDISK";

    data[0] = s->rom ? SCSI_TYPE_ROM : SCSI_TYPE_DISK;
    data[1] = is_removable(s) ? 0x80 : 0;
    data[2] = props->scsi_version;
    data[3] = 0x10 | 2;         /* hierarchical LUNs; the format of this data */
    data[7] = 0x02;             /* command queuing */
    scsi_put_text(data + 8, props->vendor, 8);
    scsi_put_text(data + 16, props->product ? props->product : product, 16);
    scsi_put_text(data + 32, props->ver, 4);
}

static bool wants_page(const ScsiRequest *request)
{
    return request->cdb[1] & 1;
}

/* The obsolete bit CMDDT, or a page without EVPD. */
static bool inquires_invalid(const ScsiRequest *request)
{
    return request->cdb[1] & 2 || (!wants_page(request) && request->cdb[2]);
}

void scsi_inquiry(ScsiDisk *s, ScsiRequest *request)
{
    guint8 data[INQUIRY_BYTES] = { 0 };

    if (inquires_invalid(request)) {
        scsi_fail(request, SENSE_INVALID_FIELD);
        return;
    }
    if (wants_page(request)) {
        scsi_vpd(s, request);
        return;
    }
    data[4] = sizeof(data) - 5;
    describe_unit(s, data);
    scsi_reply(request, data, sizeof(data));
}

/* Of a unit that is not there. */
static void inquire_nothing(ScsiRequest *request)
{
    guint8 data[INQUIRY_BYTES] = {
        request->lun ? SCSI_TYPE_NONE : SCSI_TYPE_NOT_CONNECTED, 0, 5, 0x10 | 2, sizeof(data) - 5,
    };

    if (inquires_invalid(request) || wants_page(request)) {
        scsi_fail(request, SENSE_INVALID_FIELD);
        return;
    }
    scsi_reply(request, data, sizeof(data));
}

/* ---- REPORT LUNS ---- */

/* SAM-5 sections 4.7.7.2 and 4.7.7.3. */
static void put_lun(guint8 data[8], guint lun)
{
    memset(data, 0, 8);
    if (lun < 256) {
        data[1] = lun;
    } else {
        put_be(data, lun | 0x4000, 2);
    }
}

/* Adds an entry to the list, as far as there is room. */
static void add_lun(ScsiRequest *request, guint n, guint lun)
{
    guint64 offset = 8 + (guint64)n * 8;
    guint8 data[8];

    put_lun(data, lun);
    if (offset < request->need) {
        request->transferred += scsi_write_in(request, offset, data,
                                              MIN(sizeof(data), request->need - offset));
    }
}

/* LUN 0 is in the list even if there is no such unit. */
static guint list_luns(ScsiRequest *request, ScsiDisk *first)
{
    guint n = 0;

    if (!first || first->lun) {
        add_lun(request, n++, 0);
    }
    for (ScsiDisk *s = first; s; s = scsi_next(s->next_unit)) {
        add_lun(request, n++, s->lun);
        g_atomic_int_and(&s->news, ~SCSI_NEWS_LUNS);
    }
    return n;
}

static void report_luns(ScsiBus *bus, ScsiRequest *request)
{
    guint8 header[8] = { 0 };
    guint select = request->cdb[2];
    guint n;

    if (select > 2 || request->need < REPORT_LUNS_MIN) {
        scsi_fail(request, SENSE_INVALID_FIELD);
        return;
    }
    /* 1: well known units alone, which there are not. */
    n = select == 1 ? 0 : list_luns(request, scsi_first(bus, request->target));
    put_be(header, n * 8, 4);
    request->transferred += scsi_write_in(request, 0, header, sizeof(header));
    scsi_good(request);
}

void scsi_report_luns(ScsiDisk *s, ScsiRequest *request)
{
    report_luns(s->bus, request);
}

/* ---- REQUEST SENSE ---- */

/* In the format that the command asks for (SPC-4 sections 4.5.2 and 4.5.3). */
static void reply_sense(ScsiRequest *request, guint32 sense)
{
    const guint8 descriptor[8] = { 0x72, sense >> 16, sense >> 8, sense };
    guint8 fixed[SCSI_SENSE_SIZE];

    if (request->cdb[1] & 1) {
        scsi_reply(request, descriptor, sizeof(descriptor));
        return;
    }
    request->sense = sense;
    scsi_sense_data(request, fixed);
    scsi_reply(request, fixed, sizeof(fixed));
}

/* The sense of a command goes with its status: only news is left. */
void scsi_request_sense(ScsiDisk *s, ScsiRequest *request)
{
    reply_sense(request, scsi_take_news(s));
}

/* ---- Without a unit ---- */

static void end_outcome(ScsiRequest *request, ScsiOutcome outcome)
{
    request->outcome = outcome;
    scsi_complete(request);
}

void scsi_target_execute(ScsiBus *bus, ScsiRequest *request)
{
    const guint8 *cdb = request->cdb;

    if (scsi_lookup(bus, request->target, request->lun) == SCSI_NO_SUCH_TARGET) {
        end_outcome(request, SCSI_NO_TARGET);
        return;
    }
    request->need = cdb[0] == SCSI_INQUIRY ? get_be16(cdb + 3)
        : cdb[0] == SCSI_REPORT_LUNS ? get_be32(cdb + 6)
        : cdb[0] == SCSI_REQUEST_SENSE ? cdb[4] : 0;
    if (request->need > request->in_size) {
        end_outcome(request, SCSI_OVERRUN);
        return;
    }
    switch (cdb[0]) {
    case SCSI_INQUIRY:
        inquire_nothing(request);
        break;
    case SCSI_REPORT_LUNS:
        report_luns(bus, request);
        break;
    case SCSI_REQUEST_SENSE:
        reply_sense(request, SENSE_LUN_NOT_SUPPORTED);
        break;
    default:
        scsi_fail(request, SENSE_LUN_NOT_SUPPORTED);
        break;
    }
}
