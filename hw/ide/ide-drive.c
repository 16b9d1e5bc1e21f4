/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class ide-device: what ide-hd and ide-cd have in common: names, state, resets, life.
 */
#include "config.h"
#include "hw/ide/ide-internal.h"

#include <string.h>

#include "qmp/error.h"
#include "qom/qapi-objects-disk.h"
#include "qom/qapi-objects-ide.h"
#include "qom/qapi-trace.h"

enum { POWER_ACTIVE = 0xff };
enum { PACKET_SIGNATURE_MID = 0x14, PACKET_SIGNATURE_HIGH = 0xeb };

static const IdeTransport *transport(const IdeDrive *drive, void **ret_opaque)
{
    return ide_bus_ops(drive->bus, ret_opaque);
}

/* ---- Registers ---- */

IdeTaskFile *ide_task_file(IdeDrive *drive)
{
    return &drive->task;
}

guint8 ide_status(const IdeDrive *drive)
{
    return drive->status;
}

guint8 ide_error(const IdeDrive *drive)
{
    return drive->error;
}

guint ide_unit(const IdeDrive *drive)
{
    return drive->unit;
}

bool ide_is_packet(const IdeDrive *drive)
{
    return drive->kind->packet;
}

/* ATA/ATAPI-7 volume 1, section 5.15 (table 20). */
void ide_set_signature(IdeDrive *drive)
{
    bool packet = drive->kind->packet;

    drive->task.now = (IdeRegisters){
        .count = 1, .lba_low = 1,
        .lba_mid = packet ? PACKET_SIGNATURE_MID : 0,
        .lba_high = packet ? PACKET_SIGNATURE_HIGH : 0,
    };
    drive->task.device &= ATA_DEV_UNIT;
}

/* ---- Resets ---- */

/* Settings that a reset by hardware restores, and one by software unless the host keeps them. */
static void reset_settings(IdeDrive *drive)
{
    drive->multiple = IDE_MAX_MULTIPLE;
    drive->look_ahead = true;
    drive->heads = MAX(drive->geometry.heads, 1);
    drive->sectors = MAX(drive->geometry.sectors, 1);
}

static void reset_power_on(IdeDrive *drive)
{
    const DiskProps *props = disk_props(&drive->disk);

    reset_settings(drive);
    drive->keep = false;
    drive->transfer_mode = 0x45;        /* Ultra DMA 5 */
    g_atomic_int_set(&drive->disk.front.write_cache, props->write_cache != ON_OFF_AUTO_OFF);
    if (drive->kind->packet) {
        disk_set_locked(&drive->disk, false);
        atapi_reset(drive);
    }
}

void ide_forget(IdeDrive *drive)
{
    ide_queue_forget(drive);
    drive->op = IDE_OP_NONE;
    drive->phase = IDE_IDLE;
    drive->dma_active = drive->dma_stopping = false;
    drive->at = drive->block_end = drive->filled = 0;
    drive->left = 0;
}

/* The command ends without a result, and so do those of the queue, with an error that it had. */
static void forget_command(IdeDrive *drive)
{
    ide_forget(drive);
    drive->queue_failed = false;
    drive->power = POWER_ACTIVE;
    drive->resetting = drive->reset_held = false;
}

static void set_reset_registers(IdeDrive *drive)
{
    ide_set_signature(drive);
    drive->error = ATA_DIAGNOSTIC_PASSED;
    drive->status = drive->kind->packet ? 0 : ATA_DRDY | ATA_DSC;
}

/* What is in flight ends later, without effect on the drive. */
void ide_reset_begin(IdeDrive *drive)
{
    forget_command(drive);
    drive->resetting = drive->reset_held = true;
    drive->reset_hard = false;
    drive->status = ATA_BSY;
}

bool ide_in_reset(const IdeDrive *drive)
{
    return drive->resetting;
}

void ide_reset_end(IdeDrive *drive, bool hard)
{
    if (drive->reset_held) {
        drive->reset_held = false;
        drive->reset_hard = hard;
        ide_reset_idle(drive);
    }
}

void ide_reset_idle(IdeDrive *drive)
{
    void *opaque;
    const IdeTransport *ops = transport(drive, &opaque);

    if (!drive->resetting || drive->reset_held || drive->n_in_flight) {
        return;
    }
    trace_ide_reset(drive);
    if (drive->reset_hard) {
        reset_power_on(drive);
    } else if (!drive->keep) {
        reset_settings(drive);
    }
    forget_command(drive);
    set_reset_registers(drive);
    ops->ready(opaque, drive);
}

/* Results that were not delivered, and requests that were kept, are dropped. */
static void drop_requests(IdeDrive *drive)
{
    disk_drop(&drive->disk);
    drive->n_in_flight = 0;
    ide_request_drop(&drive->request);
    for (guint i = 0; drive->queued && i < IDE_N_TAGS; i++) {
        ide_request_drop(&drive->queued[i]);
    }
}

/* The buffer is as long as before, whatever part of it a reset or a loaded state left. */
static void restore_buffer(IdeDrive *drive)
{
    drive->buffer = g_realloc(drive->buffer, IDE_BUFFER);
    memset(drive->buffer + drive->filled, 0, IDE_BUFFER - drive->filled);
}

static void ide_device_reset_enter(Device *dev)
{
    IdeDrive *drive = to_ide_drive(dev);

    drop_requests(drive);
    restore_buffer(drive);
    reset_power_on(drive);
    forget_command(drive);
    set_reset_registers(drive);
}

/* ---- State ---- */

#define FIELD(kind_, field_) STATE_FIELD(kind_, IdeDrive, field_, 0)
#define KEEP(kind_, field_) STATE_FIELD_KEEP(kind_, IdeDrive, field_)

static const StateRow registers_state[] = {
    STATE_FIELD(U8, IdeRegisters, feature, 0),
    STATE_FIELD(U8, IdeRegisters, count, 0),
    STATE_FIELD(U8, IdeRegisters, lba_low, 0),
    STATE_FIELD(U8, IdeRegisters, lba_mid, 0),
    STATE_FIELD(U8, IdeRegisters, lba_high, 0),
    STATE_ROWS_END
};

static const StateRow queue_state[] = {
    STATE_FIELD(BOOL, IdeQueued, busy, 0),
    STATE_FIELD(BOOL, IdeQueued, to_host, 0),
    STATE_FIELD(BOOL, IdeQueued, fua, 0),
    STATE_FIELD(U64, IdeQueued, sector, 0),
    STATE_FIELD(U32, IdeQueued, left, 0),
    STATE_FIELD(U32, IdeQueued, cursor.index, 0),
    STATE_FIELD(U32, IdeQueued, cursor.offset, 0),
    STATE_FIELD(BOOL, IdeQueued, cursor.ended, 0),
    STATE_ROWS_END
};

static const StateRow ide_device_state[] = {
    STATE_STRUCT(IdeDrive, task.now, registers_state),
    STATE_STRUCT(IdeDrive, task.previous, registers_state),
    FIELD(U8, task.device), FIELD(U8, status), FIELD(U8, error), FIELD(U8, command),
    FIELD(U8, op), FIELD(U8, phase), FIELD(BOOL, resetting), FIELD(BOOL, reset_held),
    FIELD(BOOL, reset_hard), FIELD(BOOL, to_host), FIELD(BOOL, dma), FIELD(BOOL, dma_active),
    FIELD(BOOL, dma_stopping), FIELD(U32, cursor.index), FIELD(U32, cursor.offset),
    FIELD(BOOL, cursor.ended), FIELD(U64, sector), FIELD(U32, left), FIELD(U32, moved),
    STATE_NUMBERS(U8, IdeDrive, buffer, filled, IDE_BUFFER),
    FIELD(U32, at), FIELD(U32, block_end), FIELD(U32, block), FIELD(U8, io_op),
    FIELD(U32, io_flags), FIELD(U64, io_bytes), FIELD(U64, io_sector),
    FIELD(U16, heads), FIELD(U16, sectors), FIELD(U8, multiple), FIELD(U8, transfer_mode),
    FIELD(BOOL, look_ahead), FIELD(BOOL, keep), FIELD(U8, power),
    KEEP(BOOL, smart), KEEP(BOOL, smart_autosave), KEEP(U8, smart_tests),
    STATE_ARRAY_KEEP(U8, IdeDrive, smart_log),
    STATE_ARRAY(U8, IdeDrive, packet, 0), FIELD(U32, limit),
    FIELD(U32, mmc.events), FIELD(U32, sense), FIELD(U8, change),
    STATE_STRUCTS(IdeDrive, queue, queue_state),
    FIELD(BOOL, queue_failed), STATE_ARRAY(U8, IdeDrive, queue_error, 0),
    STATE_ROWS_END
};

/* What an operation that was saved may have: where its data go, and what it asks of the medium in
 * phase IDE_DISK. */
static const struct {
    bool to_host;
    guint8 io_op;
} op_shapes[IDE_N_OPS] = {
    [IDE_OP_REPLY] = { true, BLOCK_OP_READ },
    [IDE_OP_READ] = { true, BLOCK_OP_READ },
    [IDE_OP_WRITE] = { false, BLOCK_OP_WRITE },
    [IDE_OP_VERIFY] = { false, BLOCK_OP_READ },
    [IDE_OP_FLUSH] = { false, BLOCK_OP_FLUSH },
    [IDE_OP_TRIM] = { false, BLOCK_OP_DISCARD },
    [IDE_OP_PACKET] = { false, BLOCK_OP_READ },
    [IDE_OP_PACKET_REPLY] = { true, BLOCK_OP_READ },
    [IDE_OP_PACKET_READ] = { true, BLOCK_OP_READ },
    [IDE_OP_PACKET_RAW] = { true, BLOCK_OP_READ },
};

static bool io_valid(const IdeDrive *drive)
{
    guint8 op = op_shapes[drive->op].io_op;
    guint32 flags = op == BLOCK_OP_WRITE ? BLOCK_FUA : 0;

    if (drive->phase != IDE_DISK) {
        return true;
    }
    if (drive->io_op != op || drive->io_flags & ~flags) {
        return false;
    }
    if (op == BLOCK_OP_READ || op == BLOCK_OP_WRITE) {
        return drive->io_bytes && drive->io_bytes <= IDE_BUFFER &&
               drive->io_bytes % ATA_SECTOR == 0 && drive->io_bytes / ATA_SECTOR <= drive->left;
    }
    return true;
}

static bool buffer_valid(const IdeDrive *drive)
{
    return drive->at <= drive->filled && drive->filled <= IDE_BUFFER &&
           drive->block_end <= drive->filled &&
           (drive->phase != IDE_BLOCK || drive->at < drive->block_end) &&
           (drive->op != IDE_OP_TRIM || (drive->at % 8 == 0 && drive->filled % 8 == 0));
}

/* Blocks of PIO have sectors, which the buffer has room for. */
static bool blocks_valid(const IdeDrive *drive)
{
    bool medium = drive->op == IDE_OP_READ || drive->op == IDE_OP_WRITE;
    guint32 n = drive->block / ATA_SECTOR;
    bool sectors = n && n <= IDE_MAX_MULTIPLE && drive->block % ATA_SECTOR == 0;

    return (!medium || drive->dma == (drive->phase == IDE_DMA)) &&
           (!medium || drive->dma || sectors) && atapi_state_valid(drive);
}

/* The operation, in a phase that it has; none during a reset. */
static bool op_valid(const IdeDrive *drive)
{
    bool has_op = drive->op != IDE_OP_NONE, has_phase = drive->phase != IDE_IDLE;

    return drive->op < IDE_N_OPS && drive->phase < IDE_N_PHASES && has_op == has_phase &&
           !(has_op && drive->resetting) && (drive->op < IDE_OP_PACKET || drive->kind->packet) &&
           ide_op_can(drive->op, drive->phase) &&
           (!has_op || drive->to_host == op_shapes[drive->op].to_host);
}

static bool state_valid(const IdeDrive *drive)
{
    return op_valid(drive) && io_valid(drive) && buffer_valid(drive) && blocks_valid(drive) &&
           drive->heads && drive->sectors && drive->multiple <= IDE_MAX_MULTIPLE &&
           drive->change < ATAPI_N_CHANGES && mmc_state_valid(&drive->mmc);
}

static bool ide_device_state_loaded(Device *dev, GError **error)
{
    IdeDrive *drive = to_ide_drive(dev);

    restore_buffer(drive);
    drop_requests(drive);
    if (!state_valid(drive) || !ide_queue_valid(drive)) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "state of '%s' is not that of an ATA "
                      "drive", dev->object.name);
        return false;
    }
    drive->loaded = true;
    return true;
}

/* What was in flight when the state was saved is requested again. */
static void on_run(void *opaque, bool running)
{
    IdeDrive *drive = opaque;

    if (running && drive->loaded) {
        drive->loaded = false;
        ide_restart(drive);
        ide_queue_restart(drive);
    }
}

/* ---- Names ---- */

static bool note_serial(Object *obj, void *data)
{
    IdeDrive *drive = object_dynamic_cast(obj, &qmp_class_ide_device);

    if (drive && drive->serial) {
        g_hash_table_add(data, drive->serial);
    }
    return true;
}

/* The lowest number that no other drive has: QM00001 and so on. */
static char *choose_serial(IdeDrive *drive)
{
    g_autoptr(GHashTable) used = g_hash_table_new(g_str_hash, g_str_equal);
    g_autofree char *serial = NULL;
    guint n = 0;

    object_foreach_descendant(&machine_of(drive)->object, note_serial, used);
    do {
        g_free(serial);
        serial = g_strdup_printf("QM%05u", ++n);
    } while (g_hash_table_contains(used, serial));
    return g_steal_pointer(&serial);
}

static void choose_names(IdeDrive *drive)
{
    IdeDeviceProps *props = ide_device_props(drive);

    if (!props->serial) {
        props->serial = choose_serial(drive);
    }
    if (!props->model) {
        props->model = g_strdup(drive->kind->model);
    }
    drive->serial = props->serial;
}

/* ---- Life ---- */

static void ide_device_init(Object *obj)
{
    IdeDrive *drive = to_ide_drive(obj);

    restore_buffer(drive);
}

static void ide_device_finalize(Object *obj)
{
    g_free(to_ide_drive(obj)->buffer);
}

void ide_drive_ready(IdeDrive *drive)
{
    void *opaque;
    const IdeTransport *ops = transport(drive, &opaque);

    reset_power_on(drive);
    forget_command(drive);
    set_reset_registers(drive);
    if (ops->plugged) {
        ops->plugged(opaque, drive);
    }
}

void ide_drive_gone(IdeDrive *drive)
{
    void *opaque;
    const IdeTransport *ops = transport(drive, &opaque);

    block_front_drain(&drive->disk.front);
    drop_requests(drive);
    if (ops->unplugged) {
        ops->unplugged(opaque, drive);
    }
}

static bool ide_device_realize(Device *dev, GError **error)
{
    IdeDrive *drive = to_ide_drive(dev);

    drive->kind = object_kind(dev);
    if (drive->disk.block_size != ATA_SECTOR) {
        qmp_error_set_at(error, "logical_block_size", ERROR_REASON_INVALID_VALUE,
                         "logical_block_size must be 512 for IDE");
        return false;
    }
    choose_names(drive);
    ide_request_init(&drive->request, drive, -1);
    ide_queue_init(drive);
    restore_buffer(drive);
    drive->listener = machine_add_listener(machine_of(dev), on_run, drive);
    return true;
}

static void ide_device_unrealize(Device *dev)
{
    IdeDrive *drive = to_ide_drive(dev);

    machine_remove_listener(machine_of(dev), g_steal_pointer(&drive->listener));
    g_clear_pointer(&drive->queued, g_free);
    drive->serial = NULL;
}

static char *ide_device_boot_path(Device *dev)
{
    IdeDrive *drive = to_ide_drive(dev);

    return g_strdup_printf("drive@%x/disk@%x", ide_bus_number(drive->bus), drive->unit);
}

const TypeInfo ide_device_type = {
    .schema = &qmp_class_ide_device,
    .size = sizeof(IdeDrive),
    .object = &(const ObjectOps){
        .init = ide_device_init,
        .finalize = ide_device_finalize,
    },
    .device = &(const DeviceOps){
        .boot_path = ide_device_boot_path,
        .realize = ide_device_realize,
        .unrealize = ide_device_unrealize,
        .reset_enter = ide_device_reset_enter,
        .state = ide_device_state,
        .state_loaded = ide_device_state_loaded,
    },
};
