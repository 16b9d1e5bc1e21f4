/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SET FEATURES: ATA/ATAPI-7 volume 1, section 6.46.
 */
#include "config.h"
#include "hw/ide/ide-internal.h"

enum {
    CACHE_ON = 0x02,
    TRANSFER_MODE = 0x03,
    POWER_MANAGEMENT_ON = 0x05,
    ACOUSTIC_ON = 0x42,
    LOOK_AHEAD_OFF = 0x55,
    KEEP_SETTINGS = 0x66,
    CACHE_OFF = 0x82,
    POWER_MANAGEMENT_OFF = 0x85,
    LOOK_AHEAD_ON = 0xaa,
    ACOUSTIC_OFF = 0xc2,
    REVERT_SETTINGS = 0xcc,
};

enum {                          /* Sector Count >> 3 of TRANSFER_MODE */
    PIO_DEFAULT = 0,
    PIO_FLOW = 1,
    MULTIWORD_DMA = 4,
    ULTRA_DMA = 8,
};

/* Only one mode is selected at a time; those of PIO select no DMA. */
static bool set_transfer_mode(IdeDrive *drive)
{
    guint8 count = drive->task.now.count, mode = count & 7;

    switch (count >> 3) {
    case PIO_DEFAULT:
        return mode <= 1;
    case PIO_FLOW:
        return mode <= 4;
    case MULTIWORD_DMA:
        if (mode > 2) {
            return false;
        }
        break;
    case ULTRA_DMA:
        if (mode > 5) {
            return false;
        }
        break;
    default:
        return false;
    }
    drive->transfer_mode = count;
    return true;
}

/* What was written stays in the cache no longer. */
static void cache_off(IdeDrive *drive)
{
    g_atomic_int_set(&drive->disk.front.write_cache, false);
    ata_flush(drive);
}

static bool set_feature(IdeDrive *drive)
{
    switch (drive->task.now.feature) {
    case TRANSFER_MODE:
        return set_transfer_mode(drive);
    case CACHE_ON:
        g_atomic_int_set(&drive->disk.front.write_cache, true);
        return true;
    case LOOK_AHEAD_OFF:
    case LOOK_AHEAD_ON:
        drive->look_ahead = drive->task.now.feature == LOOK_AHEAD_ON;
        return true;
    case KEEP_SETTINGS:
    case REVERT_SETTINGS:
        drive->keep = drive->task.now.feature == KEEP_SETTINGS;
        return true;
    case POWER_MANAGEMENT_ON:
    case POWER_MANAGEMENT_OFF:
    case ACOUSTIC_ON:
    case ACOUSTIC_OFF:
        return true;            /* there is nothing to save, or to hear */
    default:
        return false;
    }
}

void ata_set_features(IdeDrive *drive)
{
    if (drive->task.now.feature == CACHE_OFF) {
        cache_off(drive);
    } else if (set_feature(drive)) {
        ide_done(drive, true);
    } else {
        ide_fail(drive, ATA_ABRT);
    }
}
