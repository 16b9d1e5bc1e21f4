/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ports of a channel. Both drives see what is written; the one that is selected answers.
 * Device 0 answers for an absent device 1, except for its status, which reads 0 (ATA/ATAPI-7
 * volume 2, section 7.16.1).
 */
#include "config.h"
#include "hw/ide/ide-channel.h"

#include <string.h>

#include "qom/qapi-trace.h"

enum {                          /* ports of the command block */
    PORT_DATA,
    PORT_FEATURE,               /* read: Error */
    PORT_COUNT,
    PORT_LBA_LOW,
    PORT_LBA_MID,
    PORT_LBA_HIGH,
    PORT_DEVICE,
    PORT_COMMAND,               /* read: Status */
};

static IdeDrive *selected(const IdeChannel *c)
{
    return ide_bus_drive(c->bus, c->select);
}

/* ---- The line ---- */

/* The only place that drives it. */
void ide_channel_update(IdeChannel *c)
{
    bool level = c->pending[c->select] && !(c->device_control & ATA_NIEN);

    if (level && !irq_level(c->irq)) {
        ide_bm_interrupt(c);
    }
    irq_set(c->irq, level);
}

static void interrupt(IdeChannel *c, const IdeDrive *drive, bool pending)
{
    c->pending[ide_unit(drive)] = pending;
    ide_channel_update(c);
}

/* ---- From the drives ---- */

static void channel_data(void *opaque, IdeDrive *drive, bool pending)
{
    if (pending) {
        interrupt(opaque, drive, true);
    }
}

static void channel_ready(void *opaque, IdeDrive *drive)
{
    ide_bm_drive_ready(opaque);
    interrupt(opaque, drive, false);
}

static void channel_unplugged(void *opaque, IdeDrive *drive)
{
    interrupt(opaque, drive, false);
}

static const IdeTransport channel_transport = {
    .n_units = 2,
    .data = channel_data,
    .dma = ide_bm_dma,
    .piece = ide_bm_piece,
    .dma_ended = ide_bm_dma_ended,
    .done = channel_data,
    .ready = channel_ready,
    .unplugged = channel_unplugged,
};

/* ---- Data ---- */

static guint32 read_data(IdeChannel *c, guint size)
{
    IdeDrive *drive = selected(c);
    guint32 value = 0;
    gsize left;
    const guint8 *data = drive ? ide_data(drive, &left) : NULL;

    if (data && ide_to_host(drive)) {
        gsize n = MIN(size, left);

        memcpy(&value, data, n);
        ide_data_moved(drive, n);
    }
    return GUINT32_FROM_LE(value);
}

static void write_data(IdeChannel *c, guint32 value, guint size)
{
    IdeDrive *drive = selected(c);
    gsize left;
    guint8 *data = drive ? ide_data(drive, &left) : NULL;

    if (data && !ide_to_host(drive)) {
        gsize n = MIN(size, left);

        value = GUINT32_TO_LE(value);
        memcpy(data, &value, n);
        ide_data_moved(drive, n);
    }
}

/* ---- Registers ---- */

static guint8 *field(IdeRegisters *r, guint port)
{
    switch (port) {
    case PORT_FEATURE:
        return &r->feature;
    case PORT_COUNT:
        return &r->count;
    case PORT_LBA_LOW:
        return &r->lba_low;
    case PORT_LBA_MID:
        return &r->lba_mid;
    default:
        return &r->lba_high;
    }
}

static guint8 read_status(const IdeChannel *c)
{
    const IdeDrive *drive = selected(c);

    return drive ? ide_status(drive) : 0;
}

/* The device register is the channel's, as long as a drive keeps it. */
static guint8 read_register(IdeChannel *c, guint port)
{
    IdeDrive *drive = selected(c) ? selected(c) : ide_bus_drive(c->bus, 0);
    IdeTaskFile *task = drive ? ide_task_file(drive) : NULL;

    if (!task) {
        return 0;
    }
    switch (port) {
    case PORT_FEATURE:
        return c->device_control & ATA_HOB ? task->previous.feature : ide_error(drive);
    case PORT_DEVICE:
        return (task->device & ~ATA_DEV_UNIT) | ATA_DEV_OBSOLETE | (c->select ? ATA_DEV_UNIT : 0);
    default:
        return *field(c->device_control & ATA_HOB ? &task->previous : &task->now, port);
    }
}

static guint8 read_port(IdeChannel *c, guint port)
{
    guint8 value;

    if (port == PORT_COMMAND) {
        value = read_status(c);
        c->pending[c->select] = false;
        ide_channel_update(c);
    } else {
        value = read_register(c, port);
    }
    trace_ide_ioport_read(c->function, port, value);
    return value;
}

static void write_register(IdeChannel *c, guint port, guint8 value)
{
    for (guint i = 0; i < 2; i++) {
        IdeDrive *drive = ide_bus_drive(c->bus, i);
        IdeTaskFile *task = drive ? ide_task_file(drive) : NULL;

        if (!task || ide_status(drive) & (ATA_BSY | ATA_DRQ)) {
            continue;
        }
        if (port == PORT_DEVICE) {
            task->device = value;
        } else {
            *field(&task->previous, port) = *field(&task->now, port);
            *field(&task->now, port) = value;
        }
    }
    if (port == PORT_DEVICE) {
        c->select = !!(value & ATA_DEV_UNIT);
        ide_channel_update(c);
    }
}

/* For both drives, whichever is selected; device 0 reports. */
static void diagnose(IdeChannel *c)
{
    c->select = 0;
    for (guint i = 2; i-- > 0; ) {
        IdeDrive *drive = ide_bus_drive(c->bus, i);

        if (drive) {
            ide_exec(drive, ATA_DIAGNOSTIC);
        }
    }
}

static void write_command(IdeChannel *c, guint8 command)
{
    IdeDrive *drive = selected(c);

    c->pending[c->select] = false;
    ide_channel_update(c);
    if (command == ATA_DIAGNOSTIC) {
        diagnose(c);
    } else if (drive) {
        ide_exec(drive, command);
    }
}

/* While the drive is busy, registers are its own. */
static void write_port(IdeChannel *c, guint port, guint8 value)
{
    trace_ide_ioport_write(c->function, port, value);
    c->device_control &= ~ATA_HOB;
    if (port == PORT_COMMAND) {
        write_command(c, value);
    } else if (!(read_status(c) & (ATA_BSY | ATA_DRQ))) {
        write_register(c, port, value);
    }
}

static void write_control(IdeChannel *c, guint8 value)
{
    guint8 changed = value ^ c->device_control;

    trace_ide_ctrl_write(c->function, value);
    c->device_control = value & (ATA_HOB | ATA_SRST | ATA_NIEN);
    if (changed & ATA_SRST && value & ATA_SRST) {
        c->select = 0;
        c->pending[0] = c->pending[1] = false;
    }
    for (guint i = 0; i < 2 && changed & ATA_SRST; i++) {
        IdeDrive *drive = ide_bus_drive(c->bus, i);

        if (drive && value & ATA_SRST) {
            ide_reset_begin(drive);
        } else if (drive) {
            ide_reset_end(drive, false);
        }
    }
    ide_channel_update(c);
}

/* ---- Ports ---- */

static guint64 command_read(void *opaque, guint64 offset, guint size)
{
    guint64 value = 0;

    if (offset == PORT_DATA) {
        return read_data(opaque, size);
    }
    for (guint i = 0; i < size; i++) {
        value |= (guint64)read_port(opaque, offset + i) << 8 * i;
    }
    return value;
}

static void command_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    if (offset == PORT_DATA) {
        write_data(opaque, value, size);
        return;
    }
    for (guint i = 0; i < size; i++) {
        write_port(opaque, offset + i, value >> 8 * i);
    }
}

static guint64 control_read(void *opaque, guint64 offset, guint size)
{
    return read_status(opaque);
}

static void control_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    write_control(opaque, value);
}

static const RegionOps command_ops = {
    .read = command_read,
    .write = command_write,
    .min_size = 1,
    .max_size = 4,
};

static const RegionOps control_ops = {
    .read = control_read,
    .write = control_write,
    .min_size = 1,
    .max_size = 1,
};

/* ---- Life ---- */

const StateRow ide_channel_state[] = {
    STATE_FIELD(U8, IdeChannel, select, 0),
    STATE_FIELD(U8, IdeChannel, device_control, 0),
    STATE_ARRAY(BOOL, IdeChannel, pending, 0),
    STATE_FIELD(U8, IdeChannel, bm_command, 0),
    STATE_FIELD(U8, IdeChannel, bm_status, 0),
    STATE_FIELD(U32, IdeChannel, bm_table, 0),
    STATE_ROWS_END
};

bool ide_channel_valid(const IdeChannel *c)
{
    return c->select <= 1;
}

void ide_channel_init(IdeChannel *c, PciDevice *function, Irq *irq, const char *name)
{
    Object *owner = &function->device.object;
    g_autofree char *control = g_strdup_printf("%s-control", name);

    c->function = function;
    c->irq = irq;
    c->bus = ide_bus_new(&function->device, &channel_transport, c);
    c->command = region_new_io(owner, name, &command_ops, c, IDE_CHANNEL_PORTS);
    c->control = region_new_io(owner, control, &control_ops, c, 1);
}

void ide_channel_map(IdeChannel *c, guint16 command, guint16 control)
{
    MemoryRegion *io = address_space_root(c->function->machine->io);

    region_add(io, command, c->command, 0);
    region_add(io, control, c->control, 0);
}

void ide_channel_show(IdeChannel *c, bool show)
{
    region_set_enabled(c->command, show);
    region_set_enabled(c->control, show);
}

void ide_channel_done(IdeChannel *c)
{
    MemoryRegion *io = address_space_root(c->function->machine->io);

    region_remove(io, c->command);
    region_remove(io, c->control);
    region_free(g_steal_pointer(&c->command));
    region_free(g_steal_pointer(&c->control));
}
