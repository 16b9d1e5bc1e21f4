/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers of SCSI: operation codes, status, sense; and text.  SPC-4, SBC-3, MMC-5, SAM-5.
 */
#ifndef HW_SCSI_SCSI_CODES_H
#define HW_SCSI_SCSI_CODES_H

#include <glib.h>
#include <string.h>

/* Operation codes (SPC-4 annex E). */
enum {
    SCSI_TEST_UNIT_READY = 0x00,
    SCSI_REZERO_UNIT = 0x01,
    SCSI_REQUEST_SENSE = 0x03,
    SCSI_READ_6 = 0x08,
    SCSI_WRITE_6 = 0x0a,
    SCSI_SEEK_6 = 0x0b,
    SCSI_INQUIRY = 0x12,
    SCSI_MODE_SELECT_6 = 0x15,
    SCSI_RESERVE_6 = 0x16,
    SCSI_RELEASE_6 = 0x17,
    SCSI_MODE_SENSE_6 = 0x1a,
    SCSI_START_STOP = 0x1b,
    SCSI_SEND_DIAGNOSTIC = 0x1d,
    SCSI_PREVENT_ALLOW = 0x1e,
    SCSI_READ_CAPACITY_10 = 0x25,
    SCSI_READ_10 = 0x28,
    SCSI_WRITE_10 = 0x2a,
    SCSI_SEEK_10 = 0x2b,
    SCSI_WRITE_VERIFY_10 = 0x2e,
    SCSI_VERIFY_10 = 0x2f,
    SCSI_SYNCHRONIZE_CACHE_10 = 0x35,
    SCSI_WRITE_SAME_10 = 0x41,
    SCSI_UNMAP = 0x42,
    SCSI_READ_TOC = 0x43,
    SCSI_GET_CONFIGURATION = 0x46,
    SCSI_GET_EVENT_STATUS = 0x4a,
    SCSI_READ_DISC_INFORMATION = 0x51,
    SCSI_MODE_SELECT_10 = 0x55,
    SCSI_RESERVE_10 = 0x56,
    SCSI_RELEASE_10 = 0x57,
    SCSI_MODE_SENSE_10 = 0x5a,
    SCSI_READ_16 = 0x88,
    SCSI_WRITE_16 = 0x8a,
    SCSI_WRITE_VERIFY_16 = 0x8e,
    SCSI_VERIFY_16 = 0x8f,
    SCSI_SYNCHRONIZE_CACHE_16 = 0x91,
    SCSI_WRITE_SAME_16 = 0x93,
    SCSI_SERVICE_ACTION_IN_16 = 0x9e,
    SCSI_REPORT_LUNS = 0xa0,
    SCSI_READ_12 = 0xa8,
    SCSI_WRITE_12 = 0xaa,
    SCSI_READ_DVD_STRUCTURE = 0xad,
    SCSI_WRITE_VERIFY_12 = 0xae,
    SCSI_VERIFY_12 = 0xaf,
    SCSI_SET_CD_SPEED = 0xbb,
    SCSI_MECHANISM_STATUS = 0xbd,
    SCSI_READ_CD = 0xbe,
};

/* Service action of SERVICE ACTION IN (16). */
enum { SCSI_READ_CAPACITY_16 = 0x10 };

/* SAM-5 section 5.3. */
enum { SCSI_GOOD = 0x00, SCSI_CHECK_CONDITION = 0x02 };

/* Sense key, additional code and its qualifier in one number (SPC-4 section 4.5.6 and
 * annex D). */
#define SENSE(key, asc, ascq) ((key) << 16 | (asc) << 8 | (ascq))

enum {
    SENSE_NONE = 0,
    SENSE_NO_MEDIUM = SENSE(2, 0x3a, 0x00),
    SENSE_NO_MEDIUM_TRAY_OPEN = SENSE(2, 0x3a, 0x02),
    SENSE_REMOVAL_PREVENTED_NO_MEDIUM = SENSE(2, 0x53, 0x02),
    SENSE_WRITE_ERROR = SENSE(3, 0x0c, 0x00),
    SENSE_READ_ERROR = SENSE(3, 0x11, 0x00),
    SENSE_TARGET_FAILURE = SENSE(4, 0x44, 0x00),
    SENSE_PARAMETER_LIST_LENGTH = SENSE(5, 0x1a, 0x00),
    SENSE_INVALID_OPCODE = SENSE(5, 0x20, 0x00),
    SENSE_LBA_OUT_OF_RANGE = SENSE(5, 0x21, 0x00),
    SENSE_INVALID_FIELD = SENSE(5, 0x24, 0x00),
    SENSE_LUN_NOT_SUPPORTED = SENSE(5, 0x25, 0x00),
    SENSE_INVALID_PARAMETER = SENSE(5, 0x26, 0x00),
    SENSE_INCOMPATIBLE_FORMAT = SENSE(5, 0x30, 0x00),
    SENSE_SAVING_NOT_SUPPORTED = SENSE(5, 0x39, 0x00),
    SENSE_REMOVAL_PREVENTED = SENSE(5, 0x53, 0x02),
    SENSE_POWER_ON = SENSE(6, 0x29, 0x00),
    SENSE_DEVICE_RESET = SENSE(6, 0x29, 0x03),
    SENSE_MEDIUM_CHANGED = SENSE(6, 0x28, 0x00),
    SENSE_CAPACITY_CHANGED = SENSE(6, 0x2a, 0x09),
    SENSE_LUNS_CHANGED = SENSE(6, 0x3f, 0x0e),
    SENSE_WRITE_PROTECTED = SENSE(7, 0x27, 0x00),
    SENSE_NO_SPACE = SENSE(7, 0x27, 0x07),
    SENSE_MISCOMPARE = SENSE(0xe, 0x1d, 0x00),
};

/* Peripheral device types and qualifiers (SPC-4 section 6.6.2). */
enum {
    SCSI_TYPE_DISK = 0x00,
    SCSI_TYPE_ROM = 0x05,
    SCSI_TYPE_NONE = 0x7f,              /* there can be no unit of this number */
    SCSI_TYPE_NOT_CONNECTED = 0x3f,     /* there is no unit, but could be */
};

/* Text without its NUL in a field, filled up with spaces (SPC-4 section 4.3.1). */
static inline void scsi_put_text(guint8 *field, const char *text, gsize size)
{
    gsize n = MIN(strlen(text), size);

    memcpy(field, text, n);
    memset(field + n, ' ', size - n);
}

#endif
