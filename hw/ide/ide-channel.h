/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A channel of parallel ATA: two blocks of ports, a bus for two drives, an interrupt line, and its
 * half of a bus master.
 *
 *   ide-channel.c   ports of the drives (ATA/ATAPI-7 volume 2), and the line
 *   ide-busmaster.c DMA: "Programming Interface for Bus Master IDE Controller", revision 1.0
 *
 * All functions: machine lock held.
 */
#ifndef HW_IDE_IDE_CHANNEL_H
#define HW_IDE_IDE_CHANNEL_H

#include "hw/core/irq.h"
#include "hw/ide/ide.h"
#include "hw/pci/pci.h"

enum { IDE_CHANNEL_PORTS = 8, IDE_BM_PORTS = 8 };

typedef struct {
    PciDevice *function;
    IdeBus *bus;
    Irq *irq;
    MemoryRegion *command, *control;
    /* Guest-visible. */
    guint8 select;              /* 0 or 1 */
    guint8 device_control;
    bool pending[2];            /* interrupts of the drives */
    guint8 bm_command, bm_status;
    guint32 bm_table;
} IdeChannel;

extern const StateRow ide_channel_state[];

/* Makes the bus and the ports, which are not mapped. */
void ide_channel_init(IdeChannel *channel, PciDevice *function, Irq *irq, const char *name);
/* Shows the ports in the machine's I/O space, or hides them; done: for good. */
void ide_channel_map(IdeChannel *channel, guint16 command, guint16 control);
void ide_channel_show(IdeChannel *channel, bool show);
void ide_channel_done(IdeChannel *channel);
/* Sets the line as the state says. */
void ide_channel_update(IdeChannel *channel);
/* Whether loaded values are possible. */
bool ide_channel_valid(const IdeChannel *channel);

/* ---- ide-busmaster.c ---- */

guint8 ide_bm_read(const IdeChannel *channel, guint port);
void ide_bm_write(IdeChannel *channel, guint port, guint8 value);
/* The line rose. */
void ide_bm_interrupt(IdeChannel *channel);
/* Members of the transport. */
void ide_bm_dma(void *opaque, IdeDrive *drive);
void ide_bm_dma_ended(void *opaque, IdeDrive *drive, IdeDmaEnd end);
bool ide_bm_piece(void *opaque, IdeDrive *drive, gint tag, guint32 index, IdePiece *ret);
/* A drive was reset. */
void ide_bm_drive_ready(IdeChannel *channel);

#endif
