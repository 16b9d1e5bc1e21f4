/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands of an AHCI port: AHCI 1.3.1 sections 4.2 and 5.3. The guest's list has 32 headers; each
 * names a table with a FIS, a packet, and pieces of memory.
 */
#include "config.h"
#include "hw/ide/ahci.h"

#include <string.h>

#include "qom/guest-error.h"
#include "qom/qapi-trace.h"

static guint64 header_address(const AhciPort *port, guint slot)
{
    return ((guint64)port->clbu << 32 | port->clb) + slot * HEADER_SIZE;
}

/* ---- Ends ---- */

void ahci_slot_done(AhciPort *port, guint32 bytes)
{
    guint8 count[4];

    if (port->slot >= 0) {
        pci_set_long(count, bytes);
        pci_dma_write(&port->hba->parent, header_address(port, port->slot) + HEADER_BYTES, count,
                      sizeof(count));
        port->ci &= ~(1u << port->slot);
        port->slot = -1;
    }
}

bool ahci_read_packet(AhciPort *port, guint8 packet[16])
{
    return port->slot >= 0 &&
           pci_dma_read(&port->hba->parent, port->slots[port->slot].table + TABLE_PACKET, packet,
                        16);
}

/* ---- One command ---- */

static void take_registers(IdeDrive *drive, const guint8 *fis)
{
    *ide_task_file(drive) = (IdeTaskFile){
        .now = { .feature = fis[3], .lba_low = fis[4], .lba_mid = fis[5], .lba_high = fis[6],
                 .count = fis[12] },
        .previous = { .feature = fis[11], .lba_low = fis[8], .lba_mid = fis[9],
                      .lba_high = fis[10], .count = fis[13] },
        .device = fis[7],
    };
}

/* A FIS that writes the device control register, for a reset by software. */
static void start_control(AhciPort *port, IdeDrive *drive, guint slot, guint8 control)
{
    port->ci &= ~(1u << slot);
    if (control & ATA_SRST) {
        ide_reset_begin(drive);
    } else {
        port->tfd |= ATA_BSY;
        ide_reset_end(drive, false);
        /* It was not being reset. */
        if (!(ide_status(drive) & ATA_BSY)) {
            port->tfd &= ~ATA_BSY;
        }
    }
}

/* The drive takes it immediately, and says so, without an interrupt. */
static void start_queued(AhciPort *port, IdeDrive *drive, guint slot, const guint8 *fis)
{
    port->ci &= ~(1u << slot);
    if (fis[12] >> 3 != slot) {
        device_guest_error(&port->hba->parent.device,
                           "the command of slot %u has tag %u", slot, fis[12] >> 3);
        port->failed = true;
        return;
    }
    take_registers(drive, fis);
    ide_queue_exec(drive, fis[2]);
}

static void start_command(AhciPort *port, IdeDrive *drive, guint slot, const guint8 *fis)
{
    guint8 command = fis[2];

    if ((command == ATA_READ_FPDMA_QUEUED || command == ATA_WRITE_FPDMA_QUEUED) &&
        ide_has_queue(drive)) {
        start_queued(port, drive, slot, fis);
        return;
    }
    port->slot = slot;
    port->cursor = (IdeCursor){ 0 };
    port->tfd |= ATA_BSY;
    take_registers(drive, fis);
    ide_exec(drive, command);
}

/* Reads header and FIS of a slot; false: they cannot be read, which stops the list. */
static bool fetch(AhciPort *port, guint slot, guint8 fis[FIS_SIZE])
{
    PciDevice *function = &port->hba->parent;
    guint8 header[HEADER_SIZE];
    AhciSlot *s = &port->slots[slot];

    if (!pci_dma_read(function, header_address(port, slot), header, sizeof(header))) {
        return false;
    }
    s->n = pci_get_long(header) >> HEADER_COUNT_SHIFT;
    s->table = ((guint64)pci_get_long(header + HEADER_TABLE + 4) << 32 |
                pci_get_long(header + HEADER_TABLE)) & ~0x7full;
    return pci_dma_read(function, s->table, fis, FIS_SIZE);
}

static void start_slot(AhciPort *port, IdeDrive *drive, guint slot)
{
    guint8 fis[FIS_SIZE];

    port->last_slot = slot;
    if (!fetch(port, slot, fis)) {
        port->failed = true;
        ahci_port_raise(port, IS_HBFS);
        return;
    }
    trace_handle_reg_h2d_fis(port->hba, port->number, slot, fis[2]);
    if (fis[0] != FIS_H2D) {
        device_guest_error(&port->hba->parent.device, "port %u: a command with FIS type %02x",
                           port->number, fis[0]);
        port->ci &= ~(1u << slot);
    } else if (fis[1] & H2D_COMMAND) {
        start_command(port, drive, slot, fis);
    } else {
        start_control(port, drive, slot, fis[15]);
    }
}

/* ---- The list ---- */

static bool can_start(const AhciPort *port)
{
    return port->cmd & CMD_ST && !port->failed && port->slot < 0 && port->ci &&
           !(port->tfd & (ATA_BSY | ATA_DRQ));
}

/* The next one after the last. */
static guint next_slot(const AhciPort *port)
{
    guint slot = port->last_slot;

    do {
        slot = (slot + 1) % AHCI_SLOTS;
    } while (!(port->ci >> slot & 1));
    return slot;
}

void ahci_run(AhciPort *port)
{
    IdeDrive *drive = ahci_drive(port);

    if (port->in_run || !drive) {
        return;
    }
    port->in_run = true;
    while (can_start(port)) {
        start_slot(port, drive, next_slot(port));
    }
    port->in_run = false;
}
