/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scsi-hd and scsi-cd: a disk and a CD drive on a SCSI bus.  Their commands are in the other
 * files of this folder.
 *
 * What the guest sets (write cache, lock, tray) belongs to class `disk`.
 */
#include "config.h"
#include "hw/scsi/scsi-internal.h"

#include "hw/machine/machine-aio.h"
#include "qmp/error.h"
#include "qom/qapi-objects-disk.h"
#include "qom/qapi-objects-scsi.h"

/* ---- For class disk ---- */

static QmpLink *hd_drive(Disk *disk)
{
    return &scsi_hd_props(disk)->drive;
}

static QmpLink *cd_drive(Disk *disk)
{
    return &scsi_cd_props(disk)->drive;
}

static AioContext *bus_aio(Disk *disk, GError **error)
{
    ScsiBus *bus = to_scsi_bus(disk->device.bus);

    if (!bus->aio) {
        bus->aio = machine_aio(machine_of(disk), NULL, error);
    }
    return bus->aio;
}

static void hd_resized(Disk *disk)
{
    scsi_tell(to_scsi_disk(disk), SCSI_NEWS_CAPACITY, true);
}

static const DiskOps hd_ops = {
    .drive = hd_drive,
    .aio = bus_aio,
    .resized = hd_resized,
};

static const DiskOps cd_ops = {
    .drive = cd_drive,
    .aio = bus_aio,
    .removable = true,
    .has_tray = true,
    .medium_changed = scsi_cd_medium_changed,
    .eject_requested = scsi_cd_eject_requested,
};

/* ---- Life ---- */

static bool disk_realize(Device *device, GError **error)
{
    ScsiDisk *s = to_scsi_disk(device);
    const ScsiDiskBaseProps *props = scsi_disk_base_props(s);

    s->bus = to_scsi_bus(device->bus);
    s->target = props->scsi_id;
    s->lun = props->lun;
    s->rom = object_is_a(device, &qmp_class_scsi_cd);
    s->mmc.disk = &s->disk;
    s->mmc.interface = MMC_SCSI;
    s->block_size = s->rom ? MMC_SECTOR : disk_props(&s->disk)->logical_block_size;
    scsi_unit_reset(s, SCSI_NEWS_POWER_ON);
    scsi_bus_add(s);
    scsi_set_reachable(s, true);
    return true;
}

static void end_removed(void *opaque)
{
    ScsiDisk *s = opaque;

    while (s->requests) {
        s->requests->outcome = SCSI_REMOVED;
        scsi_complete(s->requests);
    }
    scsi_end_tasks(s->bus);
}

/* Commands that were kept after an error are the host adapter's again. */
static void disk_unrealize(Device *device)
{
    ScsiDisk *s = to_scsi_disk(device);

    scsi_set_reachable(s, false);
    block_front_drain(&s->disk.front);
    block_front_forget(&s->disk.front);
    aio_run_wait(s->bus->aio, end_removed, s);
    scsi_bus_remove(s);
    s->bus = NULL;
}

/* Commands do not reach it until it is reset, or gone. */
static void disk_quiesce(Device *device)
{
    scsi_set_reachable(to_scsi_disk(device), false);
}

/* The host adapter is reset before, and has dropped its commands. */
static void disk_reset_hold(Device *device)
{
    ScsiDisk *s = to_scsi_disk(device);

    scsi_unit_reset(s, SCSI_NEWS_POWER_ON);
    scsi_set_reachable(s, true);
}

static char *disk_boot_path(Device *device)
{
    const ScsiDiskBaseProps *props = scsi_disk_base_props(device);
    g_autofree char *host = device_boot_path(device->bus->owner);

    return g_strdup_printf("%s%schannel@%x/disk@%x,%x", host ?: "", host ? "/" : "",
                           props->channel, props->scsi_id, props->lun);
}

/* ---- State ---- */

static const StateRow disk_rows[] = {
    STATE_FIELD_KEEP(U32, ScsiDisk, news),
    STATE_FIELD_KEEP(U32, ScsiDisk, mmc.events),
    STATE_ROWS_END
};

static bool disk_state_loaded(Device *device, GError **error)
{
    ScsiDisk *s = to_scsi_disk(device);

    if (s->news & ~(guint32)SCSI_NEWS_ALL || !mmc_state_valid(&s->mmc)) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                      "state of '%s': news that the device does not have", device->object.name);
        return false;
    }
    return true;
}

const TypeInfo scsi_disk_base_type = {
    .schema = &qmp_class_scsi_disk_base,
    .size = sizeof(ScsiDisk),
    .device = &(const DeviceOps){
        .realize = disk_realize,
        .unrealize = disk_unrealize,
        .quiesce = disk_quiesce,
        .reset_hold = disk_reset_hold,
        .boot_path = disk_boot_path,
        .state = disk_rows,
        .state_loaded = disk_state_loaded,
    },
};

const TypeInfo scsi_hd_type = {
    .schema = &qmp_class_scsi_hd,
    .kind = &hd_ops,
};

const TypeInfo scsi_cd_type = {
    .schema = &qmp_class_scsi_cd,
    .kind = &cd_ops,
};
