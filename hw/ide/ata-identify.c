/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IDENTIFY DEVICE and IDENTIFY PACKET DEVICE: ATA/ATAPI-7 volume 1, sections 6.17 and 6.18;
 * words of Serial ATA, and trim by ACS-2.
 */
#include "config.h"
#include "hw/ide/ide-internal.h"

#include <string.h>

#include "qom/qapi-objects-disk.h"
#include "qom/qapi-objects-ide.h"

/* ---- Replies by PIO ---- */

static void reply_moved(IdeDrive *drive)
{
    ide_done(drive, false);
}

const IdeOpOps ide_reply_ops = {
    .moved = reply_moved,
};

void ata_reply(IdeDrive *drive, gsize size)
{
    ide_set_op(drive, IDE_OP_REPLY, true, false);
    drive->filled = size;
    ide_block(drive, size, true);
}

/* ---- Words ---- */

typedef struct {
    guint8 *bytes;
} Words;

static void set(Words w, guint n, guint16 value)
{
    w.bytes[2 * n] = value;
    w.bytes[2 * n + 1] = value >> 8;
}

static void set_32(Words w, guint n, guint32 value)
{
    set(w, n, value);
    set(w, n + 1, value >> 16);
}

/* Text, whose characters are swapped in each word. */
static void set_text(Words w, guint n, guint size, const char *text)
{
    gsize length = strlen(text);

    for (guint i = 0; i < size; i++) {
        w.bytes[2 * n + (i ^ 1)] = i < length ? text[i] : ' ';
    }
}

/* The integrity word of ATA/ATAPI-7: the sum of all bytes is 0. */
static void set_integrity(Words w)
{
    guint8 sum = 0;

    w.bytes[510] = 0xa5;
    for (guint i = 0; i < 511; i++) {
        sum += w.bytes[i];
    }
    w.bytes[511] = -sum;
}

/* ---- Of both kinds ---- */

enum { MODE_MULTIWORD = 4, MODE_ULTRA = 8 };    /* transfer_mode >> 3 */

static guint16 selected(const IdeDrive *drive, guint group)
{
    return drive->transfer_mode >> 3 == group ? 0x100 << (drive->transfer_mode & 7) : 0;
}

static void set_modes(const IdeDrive *drive, Words w)
{
    set(w, 53, 7);              /* words 54 to 58, 64 to 70 and 88 are valid */
    set(w, 63, 0x07 | selected(drive, MODE_MULTIWORD));
    set(w, 64, 0x03);           /* PIO 3 and 4 */
    for (guint i = 65; i <= 68; i++) {
        set(w, i, 120);         /* ns */
    }
    set(w, 88, 0x3f | selected(drive, MODE_ULTRA));
}

static void set_names(const IdeDrive *drive, Words w)
{
    const IdeDeviceProps *props = ide_device_props(drive);

    set_text(w, 10, 20, drive->serial);
    set_text(w, 23, 8, props->ver);
    set_text(w, 27, 40, props->model);
}

static void set_wwn(const IdeDrive *drive, Words w)
{
    guint64 wwn = ide_device_props(drive)->wwn;

    for (guint i = 0; wwn && i < 4; i++) {
        set(w, 108 + i, wwn >> (48 - 16 * i));
    }
}

static void set_serial_ata(const IdeDrive *drive, Words w, bool queue)
{
    void *opaque;

    if (!ide_bus_ops(drive->bus, &opaque)->serial) {
        set(w, 93, 0x6001 | (drive->unit ? 0x0b00 : 0));        /* cable, master or slave */
        return;
    }
    set(w, 76, 0x0006 | (queue ? 0x0100 : 0));  /* 1.5 and 3 Gb/s */
    if (queue) {
        set(w, 75, IDE_N_TAGS - 1);
    }
}

/* ---- Disk ---- */

static void set_geometry(const IdeDrive *drive, Words w)
{
    guint32 track = drive->heads * drive->sectors;
    guint32 cylinders = MIN(drive->n_sectors / track, 16383);

    set(w, 1, drive->geometry.cylinders);
    set(w, 3, drive->geometry.heads);
    set(w, 6, drive->geometry.sectors);
    set(w, 54, cylinders);
    set(w, 55, drive->heads);
    set(w, 56, drive->sectors);
    set_32(w, 57, cylinders * track);
}

static void set_size(const IdeDrive *drive, Words w)
{
    set_32(w, 60, MIN(drive->n_sectors, 0x0fffffff));
    set_32(w, 100, drive->n_sectors);
    set_32(w, 102, drive->n_sectors >> 32);
}

/* Words 82 to 87: what is supported, and what of it is enabled. */
static void set_features(const IdeDrive *drive, Words w)
{
    bool cache = g_atomic_int_get(&drive->disk.front.write_cache);
    guint16 names = 0x4000 | (ide_device_props(drive)->wwn ? 0x0100 : 0) | 0x0040 | 0x0003;

    set(w, 82, 0x4061);         /* NOP, look-ahead, write cache, SMART */
    set(w, 83, 0x7400);         /* FLUSH (EXT), 48 bits */
    set(w, 84, names | (drive->queued ? 0x0020 : 0));   /* FUA, SMART logs; logs */
    set(w, 85, 0x4000 | (drive->look_ahead ? 0x40 : 0) | (cache ? 0x20 : 0) | drive->smart);
    set(w, 86, 0x3400);
    set(w, 87, names | (drive->queued ? 0x0020 : 0));
}

/* Log2 of logical blocks in a physical one. */
static guint physical_exponent(const IdeDrive *drive)
{
    const DiskProps *props = disk_props(&drive->disk);

    return g_bit_nth_msf(props->physical_block_size / props->logical_block_size, -1);
}

static void set_disk(const IdeDrive *drive, Words w)
{
    guint exponent = physical_exponent(drive);

    set(w, 0, 0x0040);          /* an ATA device that is not removable */
    set(w, 21, 512);            /* sectors of cache */
    set(w, 47, 0x8000 | IDE_MAX_MULTIPLE);
    set(w, 48, 1);              /* accesses of 32 bits */
    set(w, 49, 0x0b00);         /* DMA, LBA, IORDY */
    set(w, 51, 0x0200);
    set(w, 59, drive->multiple ? 0x0100 | drive->multiple : 0);
    set(w, 80, 0x00f0);         /* ATA-4 to ATA-7 */
    set(w, 105, IDE_MAX_TRIM);
    if (exponent) {
        set(w, 106, 0x6000 | exponent);
    }
    set(w, 169, 1);             /* trim */
    set(w, 217, ide_hd_props(drive)->rotation_rate);
}

void ata_identify(IdeDrive *drive)
{
    Words w = { drive->buffer };

    memset(w.bytes, 0, ATA_SECTOR);
    set_disk(drive, w);
    set_geometry(drive, w);
    set_size(drive, w);
    set_names(drive, w);
    set_modes(drive, w);
    set_features(drive, w);
    set_wwn(drive, w);
    set_serial_ata(drive, w, drive->queued != NULL);
    set_integrity(w);
    ata_reply(drive, ATA_SECTOR);
}

/* ---- CD ---- */

void ata_identify_packet(IdeDrive *drive)
{
    Words w = { drive->buffer };

    memset(w.bytes, 0, ATA_SECTOR);
    set(w, 0, 0x85c0);          /* a removable CD drive, DRQ within 50 us, packets of 12 bytes */
    set_names(drive, w);
    set_modes(drive, w);
    set(w, 49, 0x0b00);
    set(w, 71, 30);             /* ns */
    set(w, 72, 30);
    set(w, 80, 0x00f0);
    set(w, 82, 0x4210);         /* NOP, DEVICE RESET, PACKET */
    set(w, 83, 0x4000);
    set(w, 84, 0x4000 | (ide_device_props(drive)->wwn ? 0x0100 : 0));
    set(w, 85, 0x4210);
    set(w, 87, 0x4000 | (ide_device_props(drive)->wwn ? 0x0100 : 0));
    set_wwn(drive, w);
    set_serial_ata(drive, w, false);
    set_integrity(w);
    ata_reply(drive, ATA_SECTOR);
}
