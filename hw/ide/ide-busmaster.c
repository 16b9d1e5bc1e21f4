/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A channel's half of a bus master: "Programming Interface for Bus Master IDE Controller", revision
 * 1.0. A table of physical regions describes memory:
 *
 *     address, bits 31 to 1 | count of bytes, bits 15 to 1 (0: 64 KiB) | end of table, bit 31
 */
#include "config.h"
#include "hw/ide/ide-channel.h"

#include "qom/qapi-trace.h"

enum { BM_COMMAND = 0, BM_STATUS = 2, BM_TABLE = 4 };

enum {                          /* command */
    BM_START = 0x01,
    BM_TO_MEMORY = 0x08,
};

enum {                          /* status */
    BM_ACTIVE = 0x01,
    BM_ERROR = 0x02,
    BM_INTERRUPT = 0x04,
    BM_DRIVES_CAPABLE = 0x60,   /* the host's notes */
};

/* A table lies within 64 KiB. */
enum { ENTRY = 8, MAX_ENTRIES = 65536 / ENTRY };

/* ---- From the drives ---- */

static void begin(IdeDrive *drive)
{
    ide_dma_go(drive, &(IdeCursor){ 0 });
}

void ide_bm_dma(void *opaque, IdeDrive *drive)
{
    const IdeChannel *c = opaque;

    if (c->bm_command & BM_START && c->bm_status & BM_ACTIVE) {
        begin(drive);
    }
}

bool ide_bm_piece(void *opaque, IdeDrive *drive, gint tag, guint32 index, IdePiece *ret)
{
    IdeChannel *c = opaque;
    guint8 entry[ENTRY];
    guint32 size;

    if (index >= MAX_ENTRIES ||
        !pci_dma_read(c->function, (guint64)c->bm_table + index * ENTRY, entry, ENTRY)) {
        return false;
    }
    size = pci_get_word(entry + 4) & ~1u;
    ret->addr = pci_get_long(entry) & ~1u;
    ret->bytes = size ? size : 65536;
    ret->last = entry[7] & 0x80;
    return true;
}

/* Section 1.2 (table of interrupt and active): a table with more than was needed stays active. */
void ide_bm_dma_ended(void *opaque, IdeDrive *drive, IdeDmaEnd end)
{
    IdeChannel *c = opaque;

    if (end != IDE_DMA_MORE_TABLE) {
        c->bm_status &= ~BM_ACTIVE;
    }
    if (end == IDE_DMA_FAILED) {
        c->bm_status |= BM_ERROR;
    }
    /* It was stopped and started again meanwhile. */
    if (end == IDE_DMA_STOPPED && c->bm_command & BM_START) {
        c->bm_status |= BM_ACTIVE;
        begin(drive);
    }
}

void ide_bm_interrupt(IdeChannel *c)
{
    c->bm_status |= BM_INTERRUPT;
}

/* The drive whose DMA was announced; NULL: none. */
static IdeDrive *dma_drive(const IdeChannel *c)
{
    IdeDrive *drive = ide_bus_drive(c->bus, c->select);

    return drive && ide_dma_pending(drive) ? drive : NULL;
}

void ide_bm_drive_ready(IdeChannel *c)
{
    if (!dma_drive(c)) {
        c->bm_status &= ~BM_ACTIVE;
    }
}

/* ---- Registers ---- */

static void start(IdeChannel *c)
{
    IdeDrive *drive = dma_drive(c);

    if (drive && ide_dma_active(drive)) {
        return;                 /* it is being stopped: see ide_bm_dma_ended() */
    }
    c->bm_status |= BM_ACTIVE;
    if (drive) {
        begin(drive);
    }
}

/* Whether a command that a reset has ended may still access memory. */
static bool reset_waits(const IdeChannel *c)
{
    for (guint i = 0; i < 2; i++) {
        const IdeDrive *drive = ide_bus_drive(c->bus, i);

        if (drive && ide_in_reset(drive) && ide_in_flight(drive)) {
            return true;
        }
    }
    return false;
}

/* What is in flight ends first; after a reset, see ide_bm_drive_ready(). */
static void stop(IdeChannel *c)
{
    IdeDrive *drive = dma_drive(c);

    if (drive && ide_dma_active(drive)) {
        ide_dma_stop(drive);
    } else if (!reset_waits(c)) {
        c->bm_status &= ~BM_ACTIVE;
    }
}

static void write_bm_command(IdeChannel *c, guint8 value)
{
    guint8 changed = c->bm_command ^ value;

    /* The direction is that of the drive's command. */
    c->bm_command = value & (BM_START | BM_TO_MEMORY);
    if (changed & BM_START) {
        if (value & BM_START) {
            start(c);
        } else {
            stop(c);
        }
    }
}

static void write_bm_status(IdeChannel *c, guint8 value)
{
    c->bm_status &= ~(value & (BM_ERROR | BM_INTERRUPT));
    c->bm_status = (c->bm_status & ~BM_DRIVES_CAPABLE) | (value & BM_DRIVES_CAPABLE);
}

static void write_bm_table(IdeChannel *c, guint byte, guint8 value)
{
    guint shift = 8 * byte;

    c->bm_table = ((c->bm_table & ~(0xffu << shift)) | (guint32)value << shift) & ~3u;
}

guint8 ide_bm_read(const IdeChannel *c, guint port)
{
    guint8 value = 0;

    if (port == BM_COMMAND) {
        value = c->bm_command;
    } else if (port == BM_STATUS) {
        value = c->bm_status;
    } else if (port >= BM_TABLE) {
        value = c->bm_table >> 8 * (port - BM_TABLE);
    }
    trace_bmdma_read(c->function, port, value);
    return value;
}

void ide_bm_write(IdeChannel *c, guint port, guint8 value)
{
    trace_bmdma_write(c->function, port, value);
    if (port == BM_COMMAND) {
        write_bm_command(c, value);
    } else if (port == BM_STATUS) {
        write_bm_status(c, value);
    } else if (port >= BM_TABLE) {
        write_bm_table(c, port - BM_TABLE, value);
    }
}
