/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A port of an AHCI controller: its registers (AHCI 1.3.1 section 3.3), the link, and drives that
 * come and go.
 */
#include "config.h"
#include "hw/ide/ahci.h"

#include "qom/qapi-trace.h"

enum { TFD_NONE = 0x7f, SIG_NONE = 0xffffffff };
enum { CMD_WRITABLE = CMD_ST | CMD_FRE | CMD_ATAPI | CMD_DLAE };
enum { CLB_MASK = ~0x3ff, FB_MASK = ~0xff };

/* ---- Interrupts ---- */

void ahci_port_raise(AhciPort *port, guint32 bits)
{
    port->is |= bits;
    ahci_update_irq(port->hba);
}

/* ---- The link ---- */

static guint32 link_up(void)
{
    return SSTS_ACTIVE | SPEED_3_GBPS << SSTS_SPEED_SHIFT | DET_PRESENT;
}

static void link_changed(AhciPort *port, guint32 diagnostics)
{
    port->serr |= diagnostics;
    ahci_port_raise(port, (diagnostics & SERR_N ? IS_PRCS : 0) |
                          (diagnostics & SERR_X ? IS_PCS : 0));
}

/* The list and what it has sent are void. */
static void stop_list(AhciPort *port)
{
    IdeDrive *drive = ahci_drive(port);

    port->ci = port->sact = 0;
    port->slot = -1;
    port->failed = false;
    if (drive) {
        ide_forget(drive);
    }
}

static void begin_link_reset(AhciPort *port)
{
    IdeDrive *drive = ahci_drive(port);

    port->slot = -1;
    port->ssts = drive ? DET_RESET : DET_NONE;
    port->tfd = TFD_NONE;
    port->sig = SIG_NONE;
    port->signature_waits = false;
    if (drive) {
        ide_reset_begin(drive);
    }
}

/* The link is up at once; the drive is ready when nothing is in flight. */
static void end_link_reset(AhciPort *port)
{
    IdeDrive *drive = ahci_drive(port);

    if (drive) {
        port->ssts = link_up();
        port->tfd = ATA_BSY | TFD_NONE;
        link_changed(port, SERR_X);
        ide_reset_end(drive, true);
    }
}

static void go_offline(AhciPort *port)
{
    begin_link_reset(port);
    port->ssts = DET_OFFLINE;
}

static void write_sctl(AhciPort *port, guint32 value)
{
    guint old = port->sctl & DET_MASK, det = value & DET_MASK;

    port->sctl = value & 0xfff;
    if (det == old) {
        return;
    }
    trace_ahci_link(port->hba, port->number, det);
    if (det == DET_RESET) {
        begin_link_reset(port);
    } else if (det == DET_OFFLINE) {
        go_offline(port);
    } else if (old == DET_RESET || old == DET_OFFLINE) {
        if (old == DET_OFFLINE) {
            begin_link_reset(port);
        }
        end_link_reset(port);
    }
}

void ahci_port_plugged(void *opaque, IdeDrive *drive)
{
    AhciPort *port = opaque;
    const IdeRegisters *now = &ide_task_file(drive)->now;

    if ((port->sctl & DET_MASK) != DET_NONE) {
        return;                 /* the guest holds the link down */
    }
    port->ssts = link_up();
    port->tfd = ide_error(drive) << 8 | ide_status(drive);
    port->sig = (guint32)now->lba_high << 24 | now->lba_mid << 16 | now->lba_low << 8 | now->count;
    port->signature_waits = true;
    link_changed(port, SERR_N | SERR_X);
    ahci_send_signature(port);
}

void ahci_port_unplugged(void *opaque, IdeDrive *drive)
{
    AhciPort *port = opaque;

    port->slot = -1;
    port->ssts = DET_NONE;
    port->tfd = TFD_NONE;
    port->sig = SIG_NONE;
    port->signature_waits = false;
    link_changed(port, SERR_N);
}

/* ---- PORT_CMD ---- */

/* Whether the list runs: the guest may have stopped it, while requests are in flight. */
static bool is_running(const AhciPort *port)
{
    const IdeDrive *drive = ahci_drive(port);

    return port->cmd & CMD_ST || (drive && ide_in_flight(drive));
}

static void write_cmd(AhciPort *port, guint32 value)
{
    guint32 old = port->cmd;

    port->cmd = (old & ~CMD_WRITABLE) | (value & CMD_WRITABLE);
    port->cmd = port->cmd & CMD_FRE ? port->cmd | CMD_FR : port->cmd & ~CMD_FR;
    if (value & CMD_CLO && !(old & CMD_ST)) {
        port->tfd &= ~(ATA_BSY | ATA_DRQ);
    }
    if (old & CMD_ST && !(value & CMD_ST)) {
        stop_list(port);
    } else if (value & CMD_ST && !(old & CMD_ST)) {
        port->last_slot = AHCI_SLOTS - 1;       /* the first one is 0 */
    }
    ahci_send_signature(port);
}

static guint32 read_cmd(const AhciPort *port)
{
    return port->cmd | CMD_SUD | CMD_POD | (is_running(port) ? CMD_CR : 0) |
           (port->slot >= 0 ? (guint32)port->slot << CMD_CCS_SHIFT : 0);
}

/* ---- Registers ---- */

guint32 ahci_port_read(const AhciPort *port, guint offset)
{
    switch (offset) {
    case PORT_CLB:
        return port->clb;
    case PORT_CLBU:
        return port->clbu;
    case PORT_FB:
        return port->fb;
    case PORT_FBU:
        return port->fbu;
    case PORT_IS:
        return port->is;
    case PORT_IE:
        return port->ie;
    case PORT_CMD:
        return read_cmd(port);
    case PORT_TFD:
        return port->tfd;
    case PORT_SIG:
        return port->sig;
    case PORT_SSTS:
        return port->ssts;
    case PORT_SCTL:
        return port->sctl;
    case PORT_SERR:
        return port->serr;
    case PORT_SACT:
        return port->sact;
    case PORT_CI:
        return port->ci;
    default:
        return 0;
    }
}

/* Those that have no effect of their own, or that a guest uses to start something. */
static void write_issue(AhciPort *port, guint offset, guint32 value)
{
    if (!(port->cmd & CMD_ST)) {
        return;
    }
    if (offset == PORT_SACT) {
        port->sact |= value;
    } else {
        port->ci |= value;
        ahci_run(port);
    }
}

static void write_is(AhciPort *port, guint32 value)
{
    /* These two show PORT_SERR. */
    port->is &= ~(value & ~(IS_PCS | IS_PRCS));
    ahci_update_irq(port->hba);
}

static void write_serr(AhciPort *port, guint32 value)
{
    port->serr &= ~value;
    port->is &= ~((port->serr & SERR_N ? 0 : IS_PRCS) | (port->serr & SERR_X ? 0 : IS_PCS));
    ahci_update_irq(port->hba);
}

void ahci_port_write(AhciPort *port, guint offset, guint32 value)
{
    switch (offset) {
    case PORT_CLB:
        port->clb = value & CLB_MASK;
        break;
    case PORT_CLBU:
        port->clbu = value;
        break;
    case PORT_FB:
        port->fb = value & FB_MASK;
        break;
    case PORT_FBU:
        port->fbu = value;
        break;
    case PORT_IS:
        write_is(port, value);
        break;
    case PORT_IE:
        port->ie = value & IE_MASK;
        ahci_update_irq(port->hba);
        break;
    case PORT_CMD:
        write_cmd(port, value);
        break;
    case PORT_SCTL:
        write_sctl(port, value);
        break;
    case PORT_SERR:
        write_serr(port, value & SERR_MASK);
        break;
    case PORT_SACT:
    case PORT_CI:
        write_issue(port, offset, value);
        break;
    }
}

/* ---- Resets and state ---- */

#define U32(field_) STATE_FIELD(U32, AhciPort, field_, 0)

static const StateRow slot_state[] = {
    STATE_FIELD(U64, AhciSlot, table, 0),
    STATE_FIELD(U16, AhciSlot, n, 0),
    STATE_ROWS_END
};

const StateRow ahci_port_state[] = {
    U32(clb), U32(clbu), U32(fb), U32(fbu), U32(is), U32(ie), U32(cmd),
    STATE_FIELD(U32, AhciPort, tfd, TFD_NONE), STATE_FIELD(U32, AhciPort, sig, SIG_NONE),
    U32(ssts), U32(sctl), U32(serr), U32(sact), U32(ci),
    STATE_FIELD(I8, AhciPort, slot, -1),
    STATE_FIELD(U8, AhciPort, last_slot, AHCI_SLOTS - 1),
    STATE_FIELD(BOOL, AhciPort, failed, 0),
    STATE_FIELD(BOOL, AhciPort, signature_waits, 0),
    STATE_FIELD(U32, AhciPort, cursor.index, 0),
    STATE_FIELD(U32, AhciPort, cursor.offset, 0),
    STATE_FIELD(BOOL, AhciPort, cursor.ended, 0),
    STATE_STRUCTS(AhciPort, slots, slot_state),
    STATE_ROWS_END
};

bool ahci_port_valid(const AhciPort *port)
{
    return port->slot >= -1 && port->slot < AHCI_SLOTS && port->last_slot < AHCI_SLOTS;
}

/* A drive that was there all the time is found by its link, without an interrupt. */
void ahci_port_reset_registers(AhciPort *port)
{
    IdeDrive *drive = ahci_drive(port);

    state_reset(ahci_port_state, port);
    if (drive) {
        ahci_port_plugged(port, drive);
        port->is = 0;
    }
}

void ahci_port_reset(AhciPort *port)
{
    state_reset(ahci_port_state, port);
    begin_link_reset(port);
    end_link_reset(port);
}
