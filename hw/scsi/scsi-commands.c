/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The commands of disks and CD drives, with the data that they transfer; and those that need
 * no more than an answer.
 *
 * Not here, as QEMU's drives do not have them either: persistent reservations (there is one
 * initiator), logs, formatting, GET LBA STATUS, COMPARE AND WRITE, audio.
 */
#include "config.h"
#include "hw/scsi/scsi-internal.h"

#include "qom/qapi-objects-disk.h"

/* ---- Answers ---- */

static void test_unit_ready(ScsiDisk *s, ScsiRequest *request)
{
    scsi_good(request);
}

/* Nobody else could use the unit meanwhile; parts of it (extents) cannot be reserved. */
static void reserve_release(ScsiDisk *s, ScsiRequest *request)
{
    if (request->cdb[1] & 1) {
        scsi_fail(request, SENSE_INVALID_FIELD);
    } else {
        scsi_good(request);
    }
}

/* The default self-test, which has nothing to test (SPC-4 section 6.42). */
static void send_diagnostic(ScsiDisk *s, ScsiRequest *request)
{
    if (request->cdb[1] & 0xe0 || get_be16(request->cdb + 3)) {
        scsi_fail(request, SENSE_INVALID_FIELD);
    } else {
        scsi_good(request);
    }
}

/* SBC-3 section 5.15: the last block, or 0xffffffff if its number is larger. */
static void read_capacity_10(ScsiDisk *s, ScsiRequest *request)
{
    guint8 data[8];

    if (!(request->cdb[8] & 1) && get_be32(request->cdb + 2)) {
        scsi_fail(request, SENSE_INVALID_FIELD);
        return;
    }
    put_be(data, MIN(scsi_blocks(s) - 1, G_MAXUINT32), 4);
    put_be(data + 4, s->block_size, 4);
    scsi_reply(request, data, sizeof(data));
}

/* SBC-3 section 5.16. */
static void service_action_in(ScsiDisk *s, ScsiRequest *request)
{
    enum { LENGTH = 32, LBPME = 0x80 };
    guint8 data[LENGTH] = { 0 };

    if ((request->cdb[1] & 0x1f) != SCSI_READ_CAPACITY_16) {
        scsi_fail(request, SENSE_INVALID_FIELD);
        return;
    }
    put_be(data, scsi_blocks(s) - 1, 8);
    put_be(data + 8, s->block_size, 4);
    if (!s->rom) {
        data[13] = g_bit_nth_msf(disk_props(&s->disk)->physical_block_size / s->block_size, -1);
        data[14] = LBPME;
    }
    scsi_reply(request, data, sizeof(data));
}

/* ---- Data ---- */

guint64 scsi_data_need(const ScsiDisk *s, const ScsiRequest *request, ScsiData data)
{
    const guint8 *cdb = request->cdb;

    switch (data) {
    case SCSI_NO_DATA:
        break;
    case SCSI_IN_3:
        return get_be16(cdb + 3);
    case SCSI_IN_4:
    case SCSI_OUT_4:
        return cdb[4];
    case SCSI_IN_6:
        return get_be32(cdb + 6);
    case SCSI_IN_7:
    case SCSI_OUT_7:
        return get_be16(cdb + 7);
    case SCSI_IN_8:
        return get_be16(cdb + 8);
    case SCSI_IN_10:
        return get_be32(cdb + 10);
    case SCSI_IN_CAPACITY:
        return 8;
    case SCSI_IN_BLOCKS:
    case SCSI_OUT_BLOCKS:
        return scsi_count(request) * s->block_size;
    case SCSI_OUT_VERIFY:
        return cdb[1] & 2 ? scsi_count(request) * s->block_size : 0;
    case SCSI_OUT_SAME:
        return cdb[0] == SCSI_WRITE_SAME_16 && cdb[1] & 1 ? 0 : s->block_size;
    }
    return 0;
}

/* ---- Tables ---- */

enum { MEDIUM = SCSI_FOR_MEDIUM, NEWS = SCSI_WITH_NEWS, WRITES = SCSI_FOR_MEDIUM | SCSI_WRITES,
       HD = SCSI_HD_ONLY, CD = SCSI_CD_ONLY };

static const ScsiCommand commands[] = {
    { SCSI_TEST_UNIT_READY, SCSI_NO_DATA, MEDIUM, test_unit_ready },
    { SCSI_REZERO_UNIT, SCSI_NO_DATA, MEDIUM, test_unit_ready },
    { SCSI_REQUEST_SENSE, SCSI_IN_4, NEWS, scsi_request_sense },
    { SCSI_READ_6, SCSI_IN_BLOCKS, MEDIUM, scsi_read },
    { SCSI_WRITE_6, SCSI_OUT_BLOCKS, WRITES | HD, scsi_write },
    { SCSI_SEEK_6, SCSI_NO_DATA, MEDIUM, scsi_seek },
    { SCSI_INQUIRY, SCSI_IN_3, NEWS, scsi_inquiry },
    { SCSI_MODE_SELECT_6, SCSI_OUT_4, 0, scsi_mode_select },
    { SCSI_RESERVE_6, SCSI_NO_DATA, 0, reserve_release },
    { SCSI_RELEASE_6, SCSI_NO_DATA, 0, reserve_release },
    { SCSI_MODE_SENSE_6, SCSI_IN_4, 0, scsi_mode_sense },
    { SCSI_START_STOP, SCSI_NO_DATA, 0, scsi_start_stop },
    { SCSI_SEND_DIAGNOSTIC, SCSI_NO_DATA, 0, send_diagnostic },
    { SCSI_PREVENT_ALLOW, SCSI_NO_DATA, 0, scsi_prevent_allow },
    { SCSI_READ_CAPACITY_10, SCSI_IN_CAPACITY, MEDIUM, read_capacity_10 },
    { SCSI_READ_10, SCSI_IN_BLOCKS, MEDIUM, scsi_read },
    { SCSI_WRITE_10, SCSI_OUT_BLOCKS, WRITES | HD, scsi_write },
    { SCSI_SEEK_10, SCSI_NO_DATA, MEDIUM, scsi_seek },
    { SCSI_WRITE_VERIFY_10, SCSI_OUT_BLOCKS, WRITES | HD, scsi_write },
    { SCSI_VERIFY_10, SCSI_OUT_VERIFY, MEDIUM, scsi_verify },
    { SCSI_SYNCHRONIZE_CACHE_10, SCSI_NO_DATA, MEDIUM, scsi_flush },
    { SCSI_WRITE_SAME_10, SCSI_OUT_SAME, WRITES | HD, scsi_write_same },
    { SCSI_UNMAP, SCSI_OUT_7, WRITES | HD, scsi_unmap },
    { SCSI_READ_TOC, SCSI_IN_7, MEDIUM | CD, scsi_mmc },
    { SCSI_GET_CONFIGURATION, SCSI_IN_7, NEWS | CD, scsi_mmc },
    { SCSI_GET_EVENT_STATUS, SCSI_IN_7, NEWS | CD, scsi_mmc },
    { SCSI_READ_DISC_INFORMATION, SCSI_IN_7, MEDIUM | CD, scsi_mmc },
    { SCSI_MODE_SELECT_10, SCSI_OUT_7, 0, scsi_mode_select },
    { SCSI_RESERVE_10, SCSI_NO_DATA, 0, reserve_release },
    { SCSI_RELEASE_10, SCSI_NO_DATA, 0, reserve_release },
    { SCSI_MODE_SENSE_10, SCSI_IN_7, 0, scsi_mode_sense },
    { SCSI_READ_16, SCSI_IN_BLOCKS, MEDIUM, scsi_read },
    { SCSI_WRITE_16, SCSI_OUT_BLOCKS, WRITES | HD, scsi_write },
    { SCSI_WRITE_VERIFY_16, SCSI_OUT_BLOCKS, WRITES | HD, scsi_write },
    { SCSI_VERIFY_16, SCSI_OUT_VERIFY, MEDIUM, scsi_verify },
    { SCSI_SYNCHRONIZE_CACHE_16, SCSI_NO_DATA, MEDIUM, scsi_flush },
    { SCSI_WRITE_SAME_16, SCSI_OUT_SAME, WRITES | HD, scsi_write_same },
    { SCSI_SERVICE_ACTION_IN_16, SCSI_IN_10, MEDIUM, service_action_in },
    { SCSI_REPORT_LUNS, SCSI_IN_6, NEWS, scsi_report_luns },
    { SCSI_READ_12, SCSI_IN_BLOCKS, MEDIUM, scsi_read },
    { SCSI_WRITE_12, SCSI_OUT_BLOCKS, WRITES | HD, scsi_write },
    { SCSI_READ_DVD_STRUCTURE, SCSI_IN_8, CD, scsi_mmc },
    { SCSI_WRITE_VERIFY_12, SCSI_OUT_BLOCKS, WRITES | HD, scsi_write },
    { SCSI_VERIFY_12, SCSI_OUT_VERIFY, MEDIUM, scsi_verify },
    { SCSI_MECHANISM_STATUS, SCSI_IN_8, CD, scsi_mmc },
};

/* They are in the order of their codes, of which there are few. */
static const ScsiCommand *find(guint8 opcode)
{
    guint low = 0, high = G_N_ELEMENTS(commands);

    while (low < high) {
        guint middle = (low + high) / 2;

        if (commands[middle].opcode == opcode) {
            return &commands[middle];
        }
        if (commands[middle].opcode < opcode) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

const ScsiCommand *scsi_find_command(const ScsiDisk *s, guint8 opcode)
{
    const ScsiCommand *command = find(opcode);

    if (command && command->flags & (s->rom ? SCSI_HD_ONLY : SCSI_CD_ONLY)) {
        return NULL;
    }
    return command;
}
