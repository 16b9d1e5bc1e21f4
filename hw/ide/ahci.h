/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ich9-ahci: a Serial ATA controller with six ports, after AHCI 1.3.1 and Intel's data sheet of the
 * I/O Controller Hub 9 (for the PCI function).
 *
 *   ahci.c          the PCI function, and registers of the controller
 *   ahci-port.c     registers of a port, its link, resets, hot plug
 *   ahci-command.c  commands from the guest's list to the drive
 *   ahci-fis.c      what the drive sends: the IdeTransport
 *
 * Not modelled: port multipliers, command completion coalescing, enclosure management, power
 * management of links, MSI.
 *
 * Private to these files, except for the type. Machine lock held.
 */
#ifndef HW_IDE_AHCI_H
#define HW_IDE_AHCI_H

#include "hw/ide/ahci-regs.h"
#include "hw/ide/ide.h"
#include "hw/pci/pci.h"

enum { AHCI_PORTS = 6, AHCI_SLOTS = 32 };

typedef struct Ahci Ahci;

/* Where a command's memory is, as its header says when it starts. */
typedef struct {
    guint64 table;
    guint16 n;                  /* pieces */
} AhciSlot;

typedef struct {
    Ahci *hba;
    IdeBus *bus;
    guint number;
    bool in_run, in_data;       /* the functions that would recurse */
    /* Guest-visible. */
    guint32 clb, clbu, fb, fbu, is, ie, cmd, tfd, sig, ssts, sctl, serr, sact, ci;
    gint8 slot;                 /* whose command the drive has, or -1; not of queued ones */
    guint8 last_slot;           /* that was started */
    bool failed;                /* no command is started until the list is stopped */
    bool signature_waits;       /* the first FIS of a drive, until there is room for it */
    IdeCursor cursor;           /* of a command by PIO */
    AhciSlot slots[AHCI_SLOTS];
} AhciPort;

struct Ahci {
    PciDevice parent;
    AhciPort ports[AHCI_PORTS];
    MemoryRegion *mmio, *io;
    /* Guest-visible. */
    guint32 ghc, is, index;
};

extern const StateRow ahci_port_state[];
extern const IdeTransport ahci_transport;

/* The drive on a port, or NULL. */
static inline IdeDrive *ahci_drive(const AhciPort *port)
{
    return ide_bus_drive(port->bus, 0);
}

/* ---- ahci.c ---- */

/* Sets the line as the registers say. */
void ahci_update_irq(Ahci *s);
/* A drive's reset is complete: perhaps the last one of a reset of the controller. */
void ahci_reset_done(Ahci *s);

/* ---- ahci-port.c ---- */

guint32 ahci_port_read(const AhciPort *port, guint offset);
void ahci_port_write(AhciPort *port, guint offset, guint32 value);
/* The registers as they are after a reset of the controller; the drive is reset with it. */
void ahci_port_reset(AhciPort *port);
/* The same for a reset of the machine, which resets the drive itself. */
void ahci_port_reset_registers(AhciPort *port);
bool ahci_port_valid(const AhciPort *port);
/* Sets bits of PORT_IS, and the line. */
void ahci_port_raise(AhciPort *port, guint32 bits);
/* A drive came or went. */
void ahci_port_plugged(void *opaque, IdeDrive *drive);
void ahci_port_unplugged(void *opaque, IdeDrive *drive);

/* ---- ahci-command.c ---- */

/* Starts commands that the guest has issued, as long as the drive takes them. */
void ahci_run(AhciPort *port);
/* A drive's command has ended: the slot is free, with its count of bytes in the header. */
void ahci_slot_done(AhciPort *port, guint32 bytes);
/* The packet of the command that the drive has. */
bool ahci_read_packet(AhciPort *port, guint8 packet[16]);

/* ---- ahci-fis.c ---- */

/* Sends the signature that waits, if there is room for it. */
void ahci_send_signature(AhciPort *port);

extern const TypeInfo ich9_ahci_type;

#endif
