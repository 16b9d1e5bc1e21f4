/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class floppy, a drive; and class floppy-bus, its cable.
 */
#include "config.h"
#include "hw/floppy/floppy.h"

#include "qmp/error.h"
#include "qom/env.h"
#include "qom/qapi-objects-disk.h"
#include "qom/qapi-objects-floppy.h"

struct FloppyBus {
    Bus bus;
    FloppyTypes types;
};

struct Floppy {
    Disk disk;
    FdcDriveType type;       /* never auto, once it is realized */
    const FloppyFormat *format; /* of the medium, or NULL */
    /* Guest-visible. */
    guint8 track;
    guint8 passed;              /* sectors that READ ID has seen pass */
    bool changed;               /* since the last step */
};

/* ---- For the controller ---- */

Disk *floppy_disk(Floppy *f)
{
    return &f->disk;
}

FdcDriveType floppy_type(const Floppy *f)
{
    return f->type;
}

const FloppyFormat *floppy_format(const Floppy *f)
{
    return f->format;
}

bool floppy_is_protected(const Floppy *f)
{
    const BlockNode *node = disk_medium(&f->disk);

    return node && node->read_only;
}

guint8 floppy_track(const Floppy *f)
{
    return f->track;
}

void floppy_step_to(Floppy *f, guint track)
{
    track = MIN(track, FLOPPY_LAST_TRACK);
    if (track != f->track && f->format) {
        f->changed = false;
    }
    f->track = track;
}

bool floppy_is_changed(const Floppy *f)
{
    return f->changed || !f->format;
}

guint8 floppy_next_sector(Floppy *f)
{
    f->passed = (f->passed + 1) % f->format->sectors;
    return f->passed + 1;
}

/* ---- Medium ---- */

/* Without a format for exactly this size, the drive's usual one. */
static void find_format(Floppy *f)
{
    const BlockNode *node = disk_medium(&f->disk);

    f->format = NULL;
    if (node && f->type != FDC_DRIVE_TYPE_NONE) {
        f->format = floppy_format_find(f->type, block_node_size(node));
        f->format = f->format ? f->format : floppy_format_default(f->type);
    }
}

static void floppy_resized(Disk *disk)
{
    find_format(to_floppy(disk));
}

static void floppy_medium_changed(Disk *disk)
{
    Floppy *f = to_floppy(disk);

    find_format(f);
    f->changed = true;
}

static QmpLink *floppy_drive(Disk *disk)
{
    return &floppy_props(disk)->drive;
}

static const DiskOps floppy_disk_ops = {
    .drive = floppy_drive,
    .registers = true,
    .removable = true,
    .resized = floppy_resized,
    .medium_changed = floppy_medium_changed,
};

/* ---- Life ---- */

/* By the request, by the controller, by the medium, or what is left. */
static FdcDriveType choose_type(const Floppy *f, const FloppyTypes *types,
                                   const FloppyProps *props)
{
    const BlockNode *node = disk_medium(&f->disk);
    const FloppyFormat *format;

    if (props->drive_type != FDC_DRIVE_TYPE_AUTO) {
        return props->drive_type;
    }
    if (types->types[props->unit] != FDC_DRIVE_TYPE_AUTO) {
        return types->types[props->unit];
    }
    format = node ? floppy_format_find(FDC_DRIVE_TYPE_AUTO, block_node_size(node)) : NULL;
    return format ? format->drive : types->fallback;
}

static bool floppy_realize(Device *device, GError **error)
{
    Floppy *f = to_floppy(device);
    FloppyProps *props = floppy_props(device);
    const DiskProps *disk = disk_props(device);

    if (disk->logical_block_size != FLOPPY_SECTOR || disk->physical_block_size != FLOPPY_SECTOR) {
        qmp_error_set_at(error,
                         disk->logical_block_size != FLOPPY_SECTOR ? "logical_block_size"
                                                                   : "physical_block_size",
                         ERROR_REASON_INVALID_VALUE,
                         "Physical and logical block size must be 512 for floppy");
        return false;
    }
    if (disk->write_cache == ON_OFF_AUTO_AUTO) {
        g_atomic_int_set(&f->disk.front.write_cache, false);
    }
    f->type = choose_type(f, &to_floppy_bus(device->bus)->types, props);
    props->drive_type = f->type;
    find_format(f);
    return true;
}

/* What the disk has not delivered is of the time before. */
static void floppy_reset_enter(Device *device)
{
    disk_drop(&to_floppy(device)->disk);
}

/* ---- Boot ---- */

static char *floppy_boot_path(Device *device)
{
    return g_strdup_printf("fdc@%04x/floppy@%u", isa_fdc_props(device->bus->owner)->iobase,
                           floppy_props(device)->unit);
}

static gint32 floppy_boot_index(Device *device)
{
    const IsaFdcProps *props = isa_fdc_props(device->bus->owner);

    return floppy_props(device)->unit ? props->bootindexB : props->bootindexA;
}

/* ---- State ---- */

static const StateRow floppy_state[] = {
    STATE_FIELD(U8, Floppy, track, 0),
    STATE_FIELD(U8, Floppy, passed, 0),
    STATE_FIELD(BOOL, Floppy, changed, true),
    STATE_ROWS_END
};

static bool floppy_state_loaded(Device *device, GError **error)
{
    const Floppy *f = to_floppy(device);

    if (f->track > FLOPPY_LAST_TRACK) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                      "state of '%s' is not that of a floppy drive: track %u", device->object.name,
                      f->track);
        return false;
    }
    return true;
}

const TypeInfo floppy_class_type = {
    .schema = &qmp_class_floppy,
    .size = sizeof(Floppy),
    .device = &(const DeviceOps){
        .realize = floppy_realize,
        .reset_enter = floppy_reset_enter,
        .state = floppy_state,
        .state_loaded = floppy_state_loaded,
        .boot_path = floppy_boot_path,
        .boot_index = floppy_boot_index,
    },
    .kind = &floppy_disk_ops,
};

/* ---- Bus ---- */

Bus *floppy_bus_new(Device *fdc, const FloppyTypes *types)
{
    Bus *bus = bus_new(fdc, &qmp_class_floppy_bus, NULL);

    to_floppy_bus(bus)->types = *types;
    return bus;
}

static Device *device_at(Bus *bus, guint unit)
{
    for (const GList *link = bus->devices.head; link; link = link->next) {
        if (floppy_props(link->data)->unit == unit) {
            return link->data;
        }
    }
    return NULL;
}

Floppy *floppy_bus_drive(Bus *bus, guint unit)
{
    Device *dev = device_at(bus, unit);
    Floppy *f = dev && dev->realized ? to_floppy(dev) : NULL;

    return f && f->type != FDC_DRIVE_TYPE_NONE ? f : NULL;
}

typedef struct {
    guint unit;
    bool named;
} UnitSearch;

static bool compare_unit(const QmpClass *klass, const void *props, bool named, void *opaque)
{
    UnitSearch *search = opaque;

    if (klass == &qmp_class_floppy) {
        const FloppyProps *floppy = props;

        search->named |= floppy->has_unit && floppy->unit == search->unit;
    }
    return !search->named;
}

/* A unit that no device has, and that none of a list of requests asks for. */
static gint free_unit(Bus *bus)
{
    for (guint i = 0; i < FLOPPY_MAX_DRIVES; i++) {
        UnitSearch search = { .unit = i };

        env_foreach_pending(&bus->object, &bus->object, compare_unit, &search);
        if (!device_at(bus, i) && !search.named) {
            return i;
        }
    }
    return -1;
}

static bool floppy_bus_full(Bus *bus, const QmpClass *klass)
{
    return free_unit(bus) < 0;
}

static bool floppy_bus_attach(Bus *bus, Device *dev, GError **error)
{
    FloppyProps *props = floppy_props(dev);
    gint unit = props->has_unit ? (gint)props->unit : free_unit(bus);

    if (unit < 0) {
        qmp_error_set(error, ERROR_REASON_BUS_FULL,
                      "Can't create floppy unit %d, bus supports only %d units", FLOPPY_MAX_DRIVES,
                      FLOPPY_MAX_DRIVES);
        return false;
    }
    if (device_at(bus, unit)) {
        qmp_error_set_at(error, "unit", ERROR_REASON_ADDRESS_IN_USE, "Floppy unit %d is in use",
                         unit);
        return false;
    }
    props->unit = unit;
    props->has_unit = true;
    return true;
}

const TypeInfo floppy_bus_type = {
    .schema = &qmp_class_floppy_bus,
    .size = sizeof(FloppyBus),
    .kind = &(const BusOps){
        .attach = floppy_bus_attach,
        .full = floppy_bus_full,
    },
};
