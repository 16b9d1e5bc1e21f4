/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a packet device says of itself: INQUIRY and MODE SENSE.
 */
#include "config.h"
#include "hw/ide/ide-internal.h"

#include <string.h>

#include "hw/scsi/scsi-codes.h"
#include "qmp/bytes.h"
#include "qom/qapi-objects-ide.h"

/* ---- INQUIRY, SPC-3 section 6.4 ---- */

enum { PAGE_SUPPORTED = 0x00, PAGE_IDENTIFICATION = 0x83 };

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

static guint8 *identification(IdeDrive *drive, guint8 *at)
{
    const IdeDeviceProps *props = ide_device_props(drive);
    guint64 wwn = GUINT64_TO_BE(props->wwn);
    guint8 text[8 + 40];

    at = designator(at, 2, 0, props->serial, MIN(strlen(props->serial), 20));
    scsi_put_text(text, "ATA", 8);
    scsi_put_text(text + 8, props->model, 40);
    at = designator(at, 2, 1, text, sizeof(text));
    return props->wwn ? designator(at, 1, 3, &wwn, sizeof(wwn)) : at;
}

static MmcResult vital_page(IdeDrive *drive, const guint8 *cdb, MmcAction *action)
{
    guint8 *reply = action->reply, *end = reply + 4;

    switch (cdb[2]) {
    case PAGE_SUPPORTED:
        *end++ = PAGE_SUPPORTED;
        *end++ = PAGE_IDENTIFICATION;
        break;
    case PAGE_IDENTIFICATION:
        end = identification(drive, end);
        break;
    default:
        return mmc_invalid_field(action);
    }
    reply[0] = SCSI_TYPE_ROM;
    reply[1] = cdb[2];
    put_be(reply + 2, end - reply - 4, 2);
    return mmc_reply(action, end - reply, get_be16(cdb + 3));
}

MmcResult atapi_inquiry(IdeDrive *drive, const guint8 *cdb, MmcAction *action)
{
    const IdeDeviceProps *props = ide_device_props(drive);
    guint8 *reply = action->reply;

    if (cdb[1] & 1) {
        return vital_page(drive, cdb, action);
    }
    if (cdb[2]) {
        return mmc_invalid_field(action);
    }
    memset(reply, 0, 36);
    reply[0] = SCSI_TYPE_ROM;
    reply[1] = 0x80;            /* removable */
    reply[3] = 0x21;            /* ATAPI-2, format of SPC */
    reply[4] = 36 - 5;
    scsi_put_text(reply + 8, "QEMU", 8);
    scsi_put_text(reply + 16, props->model, 16);
    scsi_put_text(reply + 32, props->ver, 4);
    return mmc_reply(action, 36, get_be16(cdb + 3));
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

static guint8 *capabilities_page(const IdeDrive *drive, guint8 *at, guint control)
{
    guint8 *end = page(at, PAGE_CAPABILITIES, 2 + MMC_CAPABILITIES);

    if (control != CONTROL_CHANGEABLE) {
        mmc_capabilities(&drive->mmc, at + 2);
    }
    return end;
}

MmcResult atapi_mode_sense(IdeDrive *drive, const guint8 *cdb, MmcAction *action)
{
    guint control = cdb[2] >> 6;
    guint8 code = cdb[2] & 0x3f, *reply = action->reply, *end = reply + 8;

    if (control == CONTROL_SAVED) {
        return mmc_fail(action, SENSE_SAVING_NOT_SUPPORTED);
    }
    memset(reply, 0, 8);
    if (code == PAGE_ERRORS || code == PAGE_ALL) {
        end = error_page(end, control);
    }
    if (code == PAGE_AUDIO || code == PAGE_ALL) {
        end = page(end, PAGE_AUDIO, 16);
    }
    if (code == PAGE_CAPABILITIES || code == PAGE_ALL) {
        end = capabilities_page(drive, end, control);
    }
    if (end == reply + 8) {
        return mmc_invalid_field(action);
    }
    reply[2] = mmc_n_sectors(&drive->mmc) ? 0x01 : 0x70;        /* data disc, or none */
    put_be(reply, end - reply - 2, 2);
    return mmc_reply(action, end - reply, get_be16(cdb + 7));
}
