/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class ide-hd: an ATA hard disk: its geometry and size. Commands are in ata-*.c.
 */
#include "config.h"
#include "hw/ide/ide-internal.h"

#include "qmp/error.h"
#include "qom/qapi-objects-ide.h"

enum { MAX_CYLINDERS = 16383, HEADS = 16, SECTORS = 63 };

static QmpLink *hd_drive(Disk *disk)
{
    return &ide_hd_props(disk)->drive;
}

static void take_size(IdeDrive *drive)
{
    const BlockNode *node = disk_medium(&drive->disk);

    drive->n_sectors = node ? block_node_size(node) / ATA_SECTOR : 0;
}

static void hd_resized(Disk *disk)
{
    take_size(to_ide_drive(&disk->device));
}

/* None of them is left out; fails with invalid-value. */
static bool check_geometry(const IdeHdProps *props, GError **error)
{
    const char *given = props->cyls ? "cyls" : props->heads ? "heads" : "secs";

    if (!props->cyls || !props->heads || !props->secs) {
        qmp_error_set_at(error, given, ERROR_REASON_INVALID_VALUE,
                         "property '%s' has no effect unless 'cyls', 'heads' and 'secs' are given",
                         given);
        return false;
    }
    return true;
}

/* What the client gives, or what a disk of this size has by convention: 16 heads of 63 sectors. */
static bool choose_geometry(IdeDrive *drive, GError **error)
{
    IdeHdProps *props = ide_hd_props(drive);

    if (!props->cyls && !props->heads && !props->secs) {
        props->heads = HEADS;
        props->secs = SECTORS;
        props->cyls = CLAMP(drive->n_sectors / (HEADS * SECTORS), 2, MAX_CYLINDERS);
    }
    if (!check_geometry(props, error)) {
        return false;
    }
    drive->geometry = (IdeGeometry){ props->cyls, props->heads, props->secs };
    return true;
}

/* One that cylinders fit into 10 bits needs none. */
static void choose_translation(IdeDrive *drive)
{
    IdeHdProps *props = ide_hd_props(drive);

    if (props->bios_chs_trans == BIOS_ATA_TRANSLATION_AUTO) {
        props->bios_chs_trans = drive->geometry.cylinders <= 1024 ? BIOS_ATA_TRANSLATION_NONE
                                                                  : BIOS_ATA_TRANSLATION_LBA;
    }
}

static bool ide_hd_realize(Device *dev, GError **error)
{
    IdeDrive *drive = to_ide_drive(dev);

    take_size(drive);
    if (!choose_geometry(drive, error)) {
        return false;
    }
    choose_translation(drive);
    ide_drive_ready(drive);
    return true;
}

static void ide_hd_unrealize(Device *dev)
{
    ide_drive_gone(to_ide_drive(dev));
}

const TypeInfo ide_hd_type = {
    .schema = &qmp_class_ide_hd,
    .device = &(const DeviceOps){
        .no_state = "class ide-device has the registers of all drives",
        .realize = ide_hd_realize,
        .unrealize = ide_hd_unrealize,
    },
    .kind = &(const IdeKind){
        .disk = {
            .drive = hd_drive,
            .registers = true,
            .writable = true,
            .resized = hd_resized,
        },
        .model = "QEMU HARDDISK",
    },
};
