/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SMART (ATA/ATAPI-7 volume 1, section 6.54), and the logs that READ LOG EXT reads. A drive here
 * does not age: its attributes are constants, and its tests pass.
 */
#include "config.h"
#include "hw/ide/ide-internal.h"

#include <string.h>

enum {                          /* Features */
    SMART_READ_DATA = 0xd0,
    SMART_READ_THRESHOLDS = 0xd1,
    SMART_AUTOSAVE = 0xd2,
    SMART_OFFLINE = 0xd4,
    SMART_READ_LOG = 0xd5,
    SMART_ENABLE = 0xd8,
    SMART_DISABLE = 0xd9,
    SMART_STATUS = 0xda,
};

enum { KEY_MID = 0x4f, KEY_HIGH = 0xc2 };
enum { LOG_DIRECTORY = 0x00, LOG_ERRORS = 0x01, LOG_TESTS = 0x06, LOG_QUEUE_ERROR = 0x10 };
enum { TEST_SIZE = 24, AUTOSAVE_ON = 0xf1, AUTOSAVE_OFF = 0x00 };
enum { TEST_OFFLINE = 0, TEST_SHORT = 1, TEST_EXTENDED = 2 };

typedef struct {
    guint8 id, flags, value, worst, raw[6], threshold;
} Attribute;

static const Attribute attributes[] = {
    { 1, 0x03, 100, 100, { 0 }, 6 },                    /* rate of read errors */
    { 3, 0x03, 100, 100, { 16 }, 0 },                   /* spin-up time */
    { 4, 0x02, 100, 100, { 100 }, 20 },                 /* starts and stops */
    { 5, 0x03, 100, 100, { 0 }, 36 },                   /* sectors moved */
    { 9, 0x03, 100, 100, { 1 }, 0 },                    /* hours on */
    { 12, 0x03, 100, 100, { 0 }, 0 },                   /* power cycles */
    { 190, 0x03, 69, 69, { 31, 0, 31, 31 }, 50 },       /* temperature */
};

/* All bytes of a page sum up to 0. */
static void set_checksum(guint8 *page)
{
    guint8 sum = 0;

    for (guint i = 0; i < ATA_SECTOR - 1; i++) {
        sum += page[i];
    }
    page[ATA_SECTOR - 1] = -sum;
}

static guint8 *new_page(IdeDrive *drive)
{
    return memset(drive->buffer, 0, ATA_SECTOR);
}

static void reply_page(IdeDrive *drive)
{
    set_checksum(drive->buffer);
    ata_reply(drive, ATA_SECTOR);
}

/* ---- Pages ---- */

static void read_data(IdeDrive *drive)
{
    guint8 *page = new_page(drive);

    page[0] = 1;
    for (guint i = 0; i < G_N_ELEMENTS(attributes); i++) {
        const Attribute *a = &attributes[i];
        guint8 *at = page + 2 + 12 * i;

        at[0] = a->id;
        at[1] = a->flags;
        at[3] = a->value;
        at[4] = a->worst;
        memcpy(at + 5, a->raw, sizeof(a->raw));
    }
    page[362] = 0x02 | (drive->smart_autosave ? 0x80 : 0);
    page[364] = 0x20;           /* seconds of offline collection */
    page[367] = 0x19;           /* it can be run at once; self-tests */
    page[368] = 0x03;           /* data are saved */
    page[370] = 0x01;           /* there is an error log */
    page[372] = 2;              /* minutes of tests */
    page[373] = 54;
    reply_page(drive);
}

static void read_thresholds(IdeDrive *drive)
{
    guint8 *page = new_page(drive);

    page[0] = 1;
    for (guint i = 0; i < G_N_ELEMENTS(attributes); i++) {
        page[2 + 12 * i] = attributes[i].id;
        page[3 + 12 * i] = attributes[i].threshold;
    }
    reply_page(drive);
}

static bool fill_log(IdeDrive *drive, guint8 *page)
{
    guint8 last = drive->smart_tests % IDE_SELF_TESTS;

    page[0] = 1;
    switch (drive->task.now.lba_low) {
    case LOG_DIRECTORY:
        page[2 * LOG_ERRORS] = 1;
        page[2 * LOG_TESTS] = 1;
        return true;
    case LOG_ERRORS:
        return true;            /* it is empty */
    case LOG_TESTS:
        memcpy(page + 2, drive->smart_log, sizeof(drive->smart_log));
        page[508] = drive->smart_tests && !last ? IDE_SELF_TESTS : last;
        return true;
    default:
        return false;
    }
}

static void read_log(IdeDrive *drive)
{
    guint8 *page = new_page(drive);

    if (drive->task.now.count == 1 && fill_log(drive, page)) {
        reply_page(drive);
    } else {
        ide_fail(drive, ATA_ABRT);
    }
}

/* ---- Others ---- */

/* A test ends at once; the log has the last ones. */
static void run_test(IdeDrive *drive)
{
    guint8 test = drive->task.now.lba_low;
    guint8 *entry = drive->smart_log + drive->smart_tests % IDE_SELF_TESTS * TEST_SIZE;

    if (test > TEST_EXTENDED) {
        ide_fail(drive, ATA_ABRT);
        return;
    }
    if (test != TEST_OFFLINE) {
        memset(entry, 0, TEST_SIZE);
        entry[0] = test;
        entry[2] = 1;           /* hours on */
        drive->smart_tests++;
        drive->smart_tests = drive->smart_tests < 2 * IDE_SELF_TESTS ? drive->smart_tests
                                                                     : IDE_SELF_TESTS;
    }
    ide_done(drive, true);
}

static void set_autosave(IdeDrive *drive)
{
    guint8 count = drive->task.now.count;

    if (count != AUTOSAVE_ON && count != AUTOSAVE_OFF) {
        ide_fail(drive, ATA_ABRT);
        return;
    }
    drive->smart_autosave = count == AUTOSAVE_ON;
    ide_done(drive, true);
}

/* No threshold was exceeded: the key stays as it is. */
static void smart_enabled_command(IdeDrive *drive)
{
    switch (drive->task.now.feature) {
    case SMART_READ_DATA:
        read_data(drive);
        return;
    case SMART_READ_THRESHOLDS:
        read_thresholds(drive);
        return;
    case SMART_AUTOSAVE:
        set_autosave(drive);
        return;
    case SMART_OFFLINE:
        run_test(drive);
        return;
    case SMART_READ_LOG:
        read_log(drive);
        return;
    case SMART_DISABLE:
        drive->smart = false;
        ide_done(drive, true);
        return;
    case SMART_STATUS:
        ide_done(drive, true);
        return;
    default:
        ide_fail(drive, ATA_ABRT);
    }
}

void ata_smart(IdeDrive *drive)
{
    const IdeRegisters *now = &drive->task.now;

    if (now->lba_mid != KEY_MID || now->lba_high != KEY_HIGH) {
        ide_fail(drive, ATA_ABRT);
    } else if (now->feature == SMART_ENABLE) {
        drive->smart = true;
        ide_done(drive, true);
    } else if (drive->smart) {
        smart_enabled_command(drive);
    } else {
        ide_fail(drive, ATA_ABRT);
    }
}

/* ---- READ LOG EXT, for drives with a queue: Serial ATA 2.6 section 13.6.3.2 ---- */

static bool fill_general_log(IdeDrive *drive, guint8 *page)
{
    switch (drive->task.now.lba_low) {
    case LOG_DIRECTORY:
        page[0] = 1;            /* version of the directory */
        page[2 * LOG_QUEUE_ERROR] = 1;
        return true;
    case LOG_QUEUE_ERROR:
        memcpy(page, drive->queue_error, sizeof(drive->queue_error));
        set_checksum(page);
        drive->queue_failed = false;
        return true;
    default:
        return false;
    }
}

void ata_read_log(IdeDrive *drive)
{
    const IdeTaskFile *task = &drive->task;
    guint32 n = task->previous.count << 8 | task->now.count;
    guint32 first = task->previous.lba_mid << 8 | task->now.lba_mid;

    if (drive->queued && n == 1 && !first && fill_general_log(drive, new_page(drive))) {
        ata_reply(drive, ATA_SECTOR);
    } else {
        ide_fail(drive, ATA_ABRT);
    }
}
