/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Contents of the CMOS memory of a PC; see pc-cmos.h.
 */
#include "config.h"
#include "hw/i386/pc-cmos.h"

#include <string.h>

#include "hw/ide/piix3-ide.h"
#include "hw/rtc/mc146818.h"
#include "qmp/error.h"

enum {
    CMOS_SHUTDOWN_STATUS = 0x0f,
    CMOS_FLOPPY_TYPES = 0x10,
    CMOS_DISK_TYPES = 0x12,     /* first (high half) and second */
    CMOS_EQUIPMENT = 0x14,
    CMOS_BASE_MEMORY = 0x15,    /* 2 bytes, KiB */
    CMOS_EXTENDED = 0x17,       /* 2 bytes, KiB from 1 MiB, up to 64 MiB */
    CMOS_DISK0_TYPE = 0x19,
    CMOS_DISK1_TYPE = 0x1a,
    CMOS_DISK0 = 0x1b,          /* 9 bytes */
    CMOS_DISK1 = 0x24,
    CMOS_EXTENDED_FOUND = 0x30, /* the same, as found by the firmware */
    CMOS_ABOVE_16M = 0x34,      /* 2 bytes, 64 KiB from 16 MiB */
    CMOS_BOOT_LAST = 0x38,      /* third boot device, and the floppy check */
    CMOS_TRANSLATIONS = 0x39,   /* of four disks, 2 bits each */
    CMOS_BOOT_FIRST = 0x3d,     /* first (low half) and second */
    CMOS_ABOVE_4G = 0x5b,       /* 3 bytes, 64 KiB from 4 GiB */
    CMOS_CPUS = 0x5f,           /* minus one */
};

enum { STATUS_RESUME = 0xfe };  /* CMOS_SHUTDOWN_STATUS */

enum {                          /* CMOS_EQUIPMENT */
    EQUIPMENT_FLOPPY = 0x01,
    EQUIPMENT_FLOPPIES_SHIFT = 6,       /* their number, minus one */
    EQUIPMENT_FPU = 0x02,
    EQUIPMENT_MOUSE = 0x04,
};

enum { ORDER_MAX = 3, NO_FLOPPY_CHECK = 0x01, BASE_MEMORY_KIB = 640 };

#define KIB 1024
#define MIB (1024 * 1024)
#define UNIT (64 * KIB)

/* Stores value in n bytes, limited to their maximum. */
static void set_number(Device *rtc, guint8 index, guint64 value, guint n)
{
    value = MIN(value, (1u << n * 8) - 1);
    for (guint i = 0; i < n; i++) {
        mc146818_set_byte(rtc, index + i, value >> i * 8);
    }
}

static guint64 above(guint64 size, guint64 start)
{
    return size > start ? size - start : 0;
}

static guint8 floppies(const PcCmos *config)
{
    guint n = (config->floppies[0] != 0) + (config->floppies[1] != 0);

    return n ? EQUIPMENT_FLOPPY | (n - 1) << EQUIPMENT_FLOPPIES_SHIFT : 0;
}

void pc_cmos_fill(Device *rtc, const PcCmos *config)
{
    guint64 extended = above(config->ram_low, MIB) / KIB;

    mc146818_set_byte(rtc, CMOS_FLOPPY_TYPES, config->floppies[0] << 4 | config->floppies[1]);
    mc146818_set_byte(rtc, CMOS_EQUIPMENT, EQUIPMENT_FPU | EQUIPMENT_MOUSE | floppies(config));
    set_number(rtc, CMOS_BASE_MEMORY, MIN(config->ram_low / KIB, BASE_MEMORY_KIB), 2);
    set_number(rtc, CMOS_EXTENDED, extended, 2);
    set_number(rtc, CMOS_EXTENDED_FOUND, extended, 2);
    set_number(rtc, CMOS_ABOVE_16M, above(config->ram_low, 16 * MIB) / UNIT, 2);
    set_number(rtc, CMOS_ABOVE_4G, config->ram_high / UNIT, 3);
    pc_cmos_set_n_cpus(rtc, config->n_cpus);
}

void pc_cmos_set_n_cpus(Device *rtc, guint n_cpus)
{
    set_number(rtc, CMOS_CPUS, n_cpus - 1, 1);
}

/* ---- Hard disks ---- */

/* The AT's table for a disk of type 47, which is one that the table describes. */
static void set_disk(Device *rtc, guint8 type, guint8 table, const IdeBiosDisk *disk)
{
    const guint8 bytes[] = {
        disk->cylinders, disk->cylinders >> 8, disk->heads, 0xff, 0xff,
        0xc0 | (disk->heads > 8 ? 0x08 : 0), disk->cylinders, disk->cylinders >> 8, disk->sectors,
    };

    mc146818_set_byte(rtc, type, 47);
    for (guint i = 0; i < G_N_ELEMENTS(bytes); i++) {
        mc146818_set_byte(rtc, table + i, bytes[i]);
    }
}

void pc_cmos_set_disks(Device *rtc, Device *ide)
{
    guint8 types = 0, translations = 0;
    IdeBiosDisk disk;

    if (piix3_ide_disk(ide, 0, &disk)) {
        set_disk(rtc, CMOS_DISK0_TYPE, CMOS_DISK0, &disk);
        types |= 0xf0;
    }
    if (piix3_ide_disk(ide, 1, &disk)) {
        set_disk(rtc, CMOS_DISK1_TYPE, CMOS_DISK1, &disk);
        types |= 0x0f;
    }
    for (guint i = 0; i < 4; i++) {
        if (piix3_ide_disk(ide, i, &disk)) {
            translations |= (disk.translation - BIOS_ATA_TRANSLATION_NONE) << 2 * i;
        }
    }
    mc146818_set_byte(rtc, CMOS_DISK_TYPES, types);
    mc146818_set_byte(rtc, CMOS_TRANSLATIONS, translations);
}

void pc_cmos_set_resume(Device *rtc)
{
    mc146818_set_byte(rtc, CMOS_SHUTDOWN_STATUS, STATUS_RESUME);
}

/* ---- Boot order ---- */

/* 0: no such device. */
static guint8 boot_code(char letter)
{
    switch (letter) {
    case 'a':
    case 'b':
        return 1;
    case 'c':
        return 2;
    case 'd':
        return 3;
    case 'n':
        return 4;
    default:
        return 0;
    }
}

bool pc_cmos_check_order(const char *order, GError **error)
{
    for (guint i = 0; order[i]; i++) {
        if (i == ORDER_MAX || !boot_code(order[i])) {
            qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                          "boot order '%s' is not up to %d of 'a', 'b', 'c', 'd' and 'n'", order,
                          ORDER_MAX);
            return false;
        }
    }
    return true;
}

void pc_cmos_set_order(Device *rtc, const char *order, bool floppy_check)
{
    guint8 codes[ORDER_MAX] = { 0 };

    for (guint i = 0; i < ORDER_MAX && order[i]; i++) {
        codes[i] = boot_code(order[i]);
    }
    mc146818_set_byte(rtc, CMOS_BOOT_FIRST, codes[1] << 4 | codes[0]);
    mc146818_set_byte(rtc, CMOS_BOOT_LAST, codes[2] << 4 | (floppy_check ? 0 : NO_FLOPPY_CHECK));
}
