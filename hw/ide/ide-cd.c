/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class ide-cd: an ATAPI drive for CD and DVD media, with a tray. Commands are in atapi*.c and
 * hw/scsi/mmc.h.
 */
#include "config.h"
#include "hw/ide/ide-internal.h"

#include "qom/qapi-objects-ide.h"

static QmpLink *cd_drive(Disk *disk)
{
    return &ide_cd_props(disk)->drive;
}

static void cd_medium_changed(Disk *disk)
{
    atapi_medium_changed(to_ide_drive(&disk->device));
}

static void cd_eject_requested(Disk *disk)
{
    mmc_eject_requested(&to_ide_drive(&disk->device)->mmc);
}

static bool ide_cd_realize(Device *dev, GError **error)
{
    IdeDrive *drive = to_ide_drive(dev);

    drive->mmc.disk = &drive->disk;
    drive->mmc.interface = MMC_ATAPI;
    ide_drive_ready(drive);
    return true;
}

static void ide_cd_unrealize(Device *dev)
{
    ide_drive_gone(to_ide_drive(dev));
}

const TypeInfo ide_cd_type = {
    .schema = &qmp_class_ide_cd,
    .device = &(const DeviceOps){
        .no_state = "class ide-device has the registers of all drives",
        .realize = ide_cd_realize,
        .unrealize = ide_cd_unrealize,
    },
    .kind = &(const IdeKind){
        .disk = {
            .drive = cd_drive,
            .registers = true,
            .removable = true,
            .has_tray = true,
            .medium_changed = cd_medium_changed,
            .eject_requested = cd_eject_requested,
        },
        .packet = true,
        .model = "QEMU DVD-ROM",
    },
};
