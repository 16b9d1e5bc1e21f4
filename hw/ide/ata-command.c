/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ATA commands: the table, and those that move no data. ATA/ATAPI-7 volume 1, section 6.
 */
#include "config.h"
#include "hw/ide/ide-internal.h"

#include "qom/qapi-trace.h"

/* ---- Without data ---- */

static void command_done(IdeDrive *drive)
{
    ide_done(drive, true);
}

static void command_abort(IdeDrive *drive)
{
    ide_fail(drive, ATA_ABRT);
}

/* Commands of disks, by which hosts recognize a packet device. */
static void packet_abort(IdeDrive *drive)
{
    ide_set_signature(drive);
    ide_fail(drive, ATA_ABRT);
}

static void device_reset(IdeDrive *drive)
{
    ide_reset_begin(drive);
    ide_reset_end(drive, false);
}

static void diagnostic(IdeDrive *drive)
{
    ide_set_signature(drive);
    drive->error = ATA_DIAGNOSTIC_PASSED;
    ide_done_with(drive, drive->kind->packet ? 0 : ATA_DRDY | ATA_DSC, true);
}

/* The address is checked, nothing moves. */
static void seek(IdeDrive *drive)
{
    if (ata_take_range(drive, false)) {
        ide_done(drive, true);
    }
}

static void initialize_parameters(IdeDrive *drive)
{
    if (!drive->task.now.count) {
        ide_fail(drive, ATA_ABRT);
        return;
    }
    drive->heads = (drive->task.device & ATA_DEV_HEAD) + 1;
    drive->sectors = drive->task.now.count;
    ide_done(drive, true);
}

static void set_multiple(IdeDrive *drive)
{
    guint8 n = drive->task.now.count;

    if (n > IDE_MAX_MULTIPLE || n & (n - 1)) {
        ide_fail(drive, ATA_ABRT);
        return;
    }
    drive->multiple = n;
    ide_done(drive, true);
}

static void read_native_max(IdeDrive *drive)
{
    if (!drive->n_sectors) {
        ide_fail(drive, ATA_ABRT);
        return;
    }
    ata_set_address(drive, drive->n_sectors - 1);
    ide_done(drive, true);
}

/* ---- Power ---- */

enum { POWER_STANDBY = 0x00, POWER_ACTIVE = 0xff };

static void standby(IdeDrive *drive)
{
    drive->power = POWER_STANDBY;
    ide_done(drive, true);
}

static void idle(IdeDrive *drive)
{
    drive->power = POWER_ACTIVE;
    ide_done(drive, true);
}

static void check_power(IdeDrive *drive)
{
    drive->task.now.count = drive->power;
    ide_done(drive, true);
}

/* ---- The table ---- */

typedef void Handler(IdeDrive *drive);

typedef struct {
    guint8 first, last;         /* codes */
    Handler *disk, *packet;     /* NULL: no such command */
} Command;

static const Command commands[] = {
    { ATA_NOP, ATA_NOP, command_abort, command_abort },
    { ATA_DATA_SET_MANAGEMENT, ATA_DATA_SET_MANAGEMENT, ata_data_set_management, NULL },
    { ATA_DEVICE_RESET, ATA_DEVICE_RESET, NULL, device_reset },
    { ATA_RECALIBRATE, ATA_RECALIBRATE + 0xf, command_done, NULL },
    { ATA_READ_SECTORS, ATA_READ_SECTORS + 1, ata_read_write, packet_abort },
    { ATA_READ_SECTORS_EXT, ATA_READ_SECTORS_EXT, ata_read_write, packet_abort },
    { ATA_READ_DMA_EXT, ATA_READ_DMA_EXT, ata_read_write, NULL },
    { ATA_READ_NATIVE_MAX_EXT, ATA_READ_NATIVE_MAX_EXT, read_native_max, NULL },
    { ATA_READ_MULTIPLE_EXT, ATA_READ_MULTIPLE_EXT, ata_read_write, NULL },
    { ATA_READ_LOG_EXT, ATA_READ_LOG_EXT, ata_read_log, NULL },
    { ATA_WRITE_SECTORS, ATA_WRITE_SECTORS + 1, ata_read_write, NULL },
    { ATA_WRITE_SECTORS_EXT, ATA_WRITE_SECTORS_EXT, ata_read_write, NULL },
    { ATA_WRITE_DMA_EXT, ATA_WRITE_DMA_EXT, ata_read_write, NULL },
    { ATA_WRITE_MULTIPLE_EXT, ATA_WRITE_MULTIPLE_EXT, ata_read_write, NULL },
    { ATA_WRITE_VERIFY, ATA_WRITE_VERIFY, ata_read_write, NULL },
    { ATA_WRITE_DMA_FUA_EXT, ATA_WRITE_DMA_FUA_EXT, ata_read_write, NULL },
    { ATA_READ_VERIFY, ATA_READ_VERIFY + 1, ata_verify, NULL },
    { ATA_READ_VERIFY_EXT, ATA_READ_VERIFY_EXT, ata_verify, NULL },
    { ATA_SEEK, ATA_SEEK + 0xf, seek, NULL },
    { ATA_DIAGNOSTIC, ATA_DIAGNOSTIC, diagnostic, diagnostic },
    { ATA_INITIALIZE_PARAMETERS, ATA_INITIALIZE_PARAMETERS, initialize_parameters, NULL },
    { ATA_OLD_STANDBY_IMMEDIATE, ATA_OLD_STANDBY_IMMEDIATE, standby, standby },
    { ATA_OLD_IDLE_IMMEDIATE, ATA_OLD_IDLE_IMMEDIATE, idle, idle },
    { ATA_OLD_STANDBY, ATA_OLD_STANDBY, standby, standby },
    { ATA_OLD_IDLE, ATA_OLD_IDLE, idle, idle },
    { ATA_OLD_CHECK_POWER, ATA_OLD_CHECK_POWER, check_power, check_power },
    { ATA_OLD_SLEEP, ATA_OLD_SLEEP, standby, standby },
    { ATA_PACKET, ATA_PACKET, NULL, atapi_packet },
    { ATA_IDENTIFY_PACKET, ATA_IDENTIFY_PACKET, NULL, ata_identify_packet },
    { ATA_SMART, ATA_SMART, ata_smart, NULL },
    { ATA_READ_MULTIPLE, ATA_READ_MULTIPLE, ata_read_write, NULL },
    { ATA_WRITE_MULTIPLE, ATA_WRITE_MULTIPLE, ata_read_write, NULL },
    { ATA_SET_MULTIPLE, ATA_SET_MULTIPLE, set_multiple, NULL },
    { ATA_READ_DMA, ATA_READ_DMA + 1, ata_read_write, NULL },
    { ATA_WRITE_DMA, ATA_WRITE_DMA + 1, ata_read_write, NULL },
    { ATA_WRITE_MULTIPLE_FUA_EXT, ATA_WRITE_MULTIPLE_FUA_EXT, ata_read_write, NULL },
    { ATA_STANDBY_IMMEDIATE, ATA_STANDBY_IMMEDIATE, standby, standby },
    { ATA_IDLE_IMMEDIATE, ATA_IDLE_IMMEDIATE, idle, idle },
    { ATA_STANDBY, ATA_STANDBY, standby, standby },
    { ATA_IDLE, ATA_IDLE, idle, idle },
    { ATA_CHECK_POWER, ATA_CHECK_POWER, check_power, check_power },
    { ATA_SLEEP, ATA_SLEEP, standby, standby },
    { ATA_FLUSH, ATA_FLUSH, ata_flush, ata_flush },
    { ATA_FLUSH_EXT, ATA_FLUSH_EXT, ata_flush, NULL },
    { ATA_IDENTIFY, ATA_IDENTIFY, ata_identify, packet_abort },
    { ATA_SET_FEATURES, ATA_SET_FEATURES, ata_set_features, ata_set_features },
    { ATA_READ_NATIVE_MAX, ATA_READ_NATIVE_MAX, read_native_max, NULL },
};

static const Command *find(guint8 code)
{
    for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (code >= commands[i].first && code <= commands[i].last) {
            return &commands[i];
        }
    }
    return NULL;
}

static Handler *handler_of(const IdeDrive *drive, guint8 code)
{
    const Command *command = find(code);

    if (!command) {
        return NULL;
    }
    return drive->kind->packet ? command->packet : command->disk;
}

/* Whether the drive takes this command now. */
static bool accepts(const IdeDrive *drive, guint8 command)
{
    if (drive->resetting) {
        return false;
    }
    return !(drive->status & (ATA_BSY | ATA_DRQ)) ||
           (command == ATA_DEVICE_RESET && drive->kind->packet);
}

void ide_exec(IdeDrive *drive, guint8 command)
{
    Handler *handler = handler_of(drive, command);

    if (!accepts(drive, command)) {
        return;
    }
    trace_ide_exec_cmd(drive, drive->unit, command);
    drive->command = command;
    drive->error = 0;
    drive->moved = 0;
    drive->status = ATA_DRDY | ATA_BSY;
    drive->phase = IDE_IDLE;
    if (ide_queue_busy(drive)) {
        command_abort(drive);   /* it would be mixed with queued ones */
    } else if (handler) {
        handler(drive);
    } else {
        command_abort(drive);
    }
}
