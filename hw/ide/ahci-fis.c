/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a drive on an AHCI port sends: frames ("FIS") that update the port's registers and the
 * guest's memory, and data.
 */
#include "config.h"
#include "hw/ide/ahci.h"

#include <string.h>

#include "qom/qapi-trace.h"

/* ---- Frames ---- */

/* Stores a FIS in the guest's memory, if there is room for it. */
static void store(AhciPort *port, guint offset, const guint8 *fis, gsize size)
{
    guint64 base = (guint64)port->fbu << 32 | port->fb;

    if (port->cmd & CMD_FRE) {
        pci_dma_write(&port->hba->parent, base + offset, fis, size);
    }
}

static void fill_registers(guint8 *fis, IdeDrive *drive)
{
    const IdeTaskFile *task = ide_task_file(drive);

    fis[2] = ide_status(drive);
    fis[3] = ide_error(drive);
    fis[4] = task->now.lba_low;
    fis[5] = task->now.lba_mid;
    fis[6] = task->now.lba_high;
    fis[7] = task->device;
    fis[8] = task->previous.lba_low;
    fis[9] = task->previous.lba_mid;
    fis[10] = task->previous.lba_high;
    fis[12] = task->now.count;
    fis[13] = task->previous.count;
}

static void take_status(AhciPort *port, IdeDrive *drive)
{
    port->tfd = ide_error(drive) << 8 | ide_status(drive);
}

static void send_registers(AhciPort *port, IdeDrive *drive, bool interrupt)
{
    guint8 fis[FIS_SIZE] = { FIS_D2H, interrupt ? FIS_INTERRUPT : 0 };

    fill_registers(fis, drive);
    store(port, RECEIVED_D2H, fis, sizeof(fis));
    take_status(port, drive);
}

void ahci_send_signature(AhciPort *port)
{
    IdeDrive *drive = ahci_drive(port);

    if (port->signature_waits && drive && port->cmd & CMD_FRE) {
        port->signature_waits = false;
        send_registers(port, drive, false);
    }
}

/* ---- Data by PIO ---- */

static void send_pio_setup(AhciPort *port, IdeDrive *drive, gsize size, bool interrupt)
{
    guint8 fis[FIS_SIZE] = {
        FIS_PIO, (interrupt ? FIS_INTERRUPT : 0) | (ide_to_host(drive) ? FIS_TO_HOST : 0),
    };

    fill_registers(fis, drive);
    fis[15] = ide_status(drive) & ~ATA_DRQ;
    fis[16] = size;
    fis[17] = size >> 8;
    store(port, RECEIVED_PIO, fis, sizeof(fis));
}

/* Copies a packet from the command's table, or other data from or to the memory that it names;
 * returns the number of bytes: less if there is no more memory, or with *ret_failed. */
static gsize copy_block(AhciPort *port, IdeDrive *drive, guint8 *data, gsize size, bool *ret_failed)
{
    guint8 packet[16];

    if (!ide_wants_packet(drive)) {
        return ide_table_copy(drive, &port->cursor, data, size, ide_to_host(drive), ret_failed);
    }
    if (!ahci_read_packet(port, packet)) {
        *ret_failed = true;
        return 0;
    }
    memcpy(data, packet, size);
    return size;
}

/* What the drive sends and does not fit is lost; what it does not get, it cannot write. */
static void move_block(AhciPort *port, IdeDrive *drive)
{
    bool failed = false;
    gsize size, done;
    guint8 *data = ide_data(drive, &size);

    done = copy_block(port, drive, data, size, &failed);
    ide_data_moved(drive, done);
    if (done == size) {
        return;
    }
    ahci_port_raise(port, failed ? IS_HBFS : IS_OFS);
    if (failed || !ide_to_host(drive)) {
        ide_abort(drive);
    } else {
        ide_data_lost(drive, size - done);
    }
}

/* A block that has been moved may be followed by another one immediately. */
static void ahci_data(void *opaque, IdeDrive *drive, bool interrupt)
{
    AhciPort *port = opaque;
    gsize size;

    ide_data(drive, &size);
    send_pio_setup(port, drive, size, interrupt);
    if (interrupt) {
        ahci_port_raise(port, IS_PSS);
    }
    if (port->in_data) {
        return;
    }
    port->in_data = true;
    while (ide_data(drive, &size)) {
        move_block(port, drive);
    }
    port->in_data = false;
}

/* ---- Data by DMA ---- */

static void ahci_dma(void *opaque, IdeDrive *drive)
{
    ide_dma_go(drive, &(IdeCursor){ 0 });
}

static bool ahci_piece(void *opaque, IdeDrive *drive, gint tag, guint32 index, IdePiece *ret)
{
    const AhciPort *port = opaque;
    gint slot = tag < 0 ? port->slot : tag;
    const AhciSlot *s = slot < 0 ? NULL : &port->slots[slot];
    guint8 entry[PIECE_SIZE];

    if (s && index >= s->n) {
        ret->bytes = 0;
        return true;
    }
    if (!s ||
        !pci_dma_read(&port->hba->parent, s->table + TABLE_PIECES + (guint64)index * PIECE_SIZE,
                      entry, PIECE_SIZE)) {
        return false;
    }
    ret->addr = ((guint64)pci_get_long(entry + 4) << 32 | pci_get_long(entry)) & ~1ull;
    ret->bytes = ((pci_get_long(entry + 12) & 0x3fffff) | 1) + 1;
    ret->last = index + 1 == s->n;
    return true;
}

static void ahci_dma_ended(void *opaque, IdeDrive *drive, IdeDmaEnd end)
{
    AhciPort *port = opaque;

    if (end == IDE_DMA_FAILED) {
        ahci_port_raise(port, IS_HBFS);
    } else if (end == IDE_DMA_SHORT) {
        ahci_port_raise(port, IS_OFS);
        ide_abort(drive);
    }
}

/* ---- Ends ---- */

/* The end of a command that the guest still waits for: without an interrupt it is told by the PIO
 * setup FIS before. */
static void ahci_done(void *opaque, IdeDrive *drive, bool interrupt)
{
    AhciPort *port = opaque;
    bool failed = ide_status(drive) & ATA_ERR;

    if (interrupt || failed) {
        send_registers(port, drive, true);
    } else {
        take_status(port, drive);
    }
    if (failed) {
        port->slot = -1;
        port->failed = true;
        ahci_port_raise(port, IS_DHRS | IS_TFES);
    } else {
        ahci_slot_done(port, ide_bytes_moved(drive));
        ahci_port_raise(port, interrupt ? IS_DHRS : 0);
    }
    ahci_run(port);
}

static void send_device_bits(AhciPort *port, IdeDrive *drive, guint32 done)
{
    guint8 fis[8] = { FIS_SDB, FIS_INTERRUPT, ide_status(drive) & 0x77, ide_error(drive) };

    pci_set_long(fis + 4, done);
    store(port, RECEIVED_SDB, fis, sizeof(fis));
    take_status(port, drive);
}

static void ahci_queued_done(void *opaque, IdeDrive *drive, guint tag)
{
    AhciPort *port = opaque;

    port->sact &= ~(1u << tag);
    send_device_bits(port, drive, 1u << tag);
    ahci_port_raise(port, IS_SDBS);
}

static void ahci_queued_failed(void *opaque, IdeDrive *drive)
{
    AhciPort *port = opaque;

    port->failed = true;
    send_device_bits(port, drive, 0);
    ahci_port_raise(port, IS_SDBS | IS_TFES);
}

/* ---- Resets ---- */

/* A command that has not ended is the reset: DEVICE RESET. */
static void ahci_ready(void *opaque, IdeDrive *drive)
{
    AhciPort *port = opaque;
    const IdeRegisters *now = &ide_task_file(drive)->now;

    trace_ahci_signature(port->hba, port->number, now->lba_high << 8 | now->lba_mid);
    take_status(port, drive);
    port->sig = (guint32)now->lba_high << 24 | now->lba_mid << 16 | now->lba_low << 8 | now->count;
    port->signature_waits = true;
    ahci_send_signature(port);
    ahci_slot_done(port, 0);
    ahci_reset_done(port->hba);
}

const IdeTransport ahci_transport = {
    .n_units = 1,
    .serial = true,
    .hotplug = true,
    .data = ahci_data,
    .dma = ahci_dma,
    .piece = ahci_piece,
    .dma_ended = ahci_dma_ended,
    .done = ahci_done,
    .queued_done = ahci_queued_done,
    .queued_failed = ahci_queued_failed,
    .ready = ahci_ready,
    .plugged = ahci_port_plugged,
    .unplugged = ahci_port_unplugged,
};
