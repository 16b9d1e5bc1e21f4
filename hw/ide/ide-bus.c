/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class IDE: a bus with places for drives ("units").
 */
#include "config.h"
#include "hw/ide/ide-internal.h"

#include "qmp/error.h"
#include "qom/env.h"
#include "qom/qapi-objects-ide.h"

struct IdeBus {
    Bus bus;
    const IdeTransport *ops;
    void *opaque;
    guint number;
    IdeDrive *drives[IDE_MAX_UNITS];    /* attached ones */
    MemoryView *view;           /* of the last request, or NULL */
};

IdeBus *ide_bus_new(Device *owner, const IdeTransport *ops, void *opaque)
{
    guint number = owner->buses ? owner->buses->len : 0;
    IdeBus *bus = to_ide_bus(bus_new(owner, &qmp_class_IDE, NULL));

    bus->ops = ops;
    bus->opaque = opaque;
    bus->number = number;
    return bus;
}

IdeDrive *ide_bus_drive(const IdeBus *bus, guint unit)
{
    IdeDrive *drive = unit < IDE_MAX_UNITS ? bus->drives[unit] : NULL;

    return drive && drive->disk.device.realized ? drive : NULL;
}

guint ide_bus_number(const IdeBus *bus)
{
    return bus->number;
}

const IdeTransport *ide_bus_ops(const IdeBus *bus, void **ret_opaque)
{
    *ret_opaque = bus->opaque;
    return bus->ops;
}

MemoryView *ide_bus_view(IdeBus *bus, AddressSpace *memory)
{
    if (!bus->view || !memory_view_is_current(memory, bus->view)) {
        memory_view_unref(bus->view);
        bus->view = memory_view_new(memory);
    }
    return bus->view;
}

/* ---- Units ---- */

/* The units that are in use, and those that pending requests name, as bits. */
static bool note_unit(const QmpClass *klass, const void *data, bool named, void *opaque)
{
    const IdeDeviceProps *props = data;

    if (props->has_unit && props->unit < IDE_MAX_UNITS) {
        *(guint *)opaque |= 1u << props->unit;
    }
    return true;
}

static bool choose_unit(IdeBus *bus, IdeDrive *drive, GError **error)
{
    IdeDeviceProps *props = ide_device_props(drive);
    guint taken = 0;

    env_foreach_pending(&drive->disk.device.object, &bus->bus.object, note_unit, &taken);
    for (guint i = 0; i < bus->ops->n_units; i++) {
        if (!bus->drives[i] && !(taken >> i & 1)) {
            props->unit = i;
            props->has_unit = true;
            return true;
        }
    }
    qmp_error_set_at(error, "bus", ERROR_REASON_BUS_FULL,
                     "bus '%s' has no place for another drive", bus->bus.object.name);
    return false;
}

static bool check_unit(const IdeBus *bus, guint unit, GError **error)
{
    if (unit >= bus->ops->n_units) {
        qmp_error_set_at(error, "unit", ERROR_REASON_OUT_OF_RANGE,
                         "Can't create IDE unit %u, bus supports only %u units", unit,
                         bus->ops->n_units);
        return false;
    }
    if (bus->drives[unit]) {
        qmp_error_set_at(error, "unit", ERROR_REASON_ADDRESS_IN_USE, "IDE unit %u is in use",
                         unit);
        return false;
    }
    return true;
}

static bool ide_attach(Bus *bus, Device *dev, GError **error)
{
    IdeBus *s = to_ide_bus(bus);
    IdeDrive *drive = to_ide_drive(dev);
    const IdeDeviceProps *props = ide_device_props(drive);

    if (props->has_unit ? !check_unit(s, props->unit, error) : !choose_unit(s, drive, error)) {
        return false;
    }
    drive->bus = s;
    drive->unit = props->unit;
    s->drives[drive->unit] = drive;
    return true;
}

static void ide_detach(Bus *bus, Device *dev)
{
    IdeDrive *drive = to_ide_drive(dev);

    to_ide_bus(bus)->drives[drive->unit] = NULL;
    drive->bus = NULL;
}

/* Drives that pending requests put here by name count. */
static bool count_named(const QmpClass *klass, const void *props, bool named, void *opaque)
{
    *(guint *)opaque += named;
    return true;
}

static bool ide_full(Bus *bus, const QmpClass *klass)
{
    const IdeBus *s = to_ide_bus(bus);
    guint n = bus->devices.length;

    env_foreach_pending(&bus->object, &bus->object, count_named, &n);
    return n >= s->ops->n_units;
}

static bool ide_can_plug(const Bus *bus)
{
    return to_ide_bus(bus)->ops->hotplug;
}

/* The drive has told its controller when it was realized. */
static void ide_plugged(Bus *bus, Device *dev)
{
}

/* As pulling a cable: the guest has no say. */
static bool ide_unplug_request(Bus *bus, Device *dev, GError **error)
{
    machine_request_removal(machine_of(dev), dev);
    return true;
}

static char *ide_address(Bus *bus, Device *dev)
{
    return g_strdup_printf("%u", to_ide_drive(dev)->unit);
}

static void ide_bus_finalize(Object *obj)
{
    memory_view_unref(to_ide_bus(obj)->view);
}

const TypeInfo ide_bus_type = {
    .schema = &qmp_class_IDE,
    .size = sizeof(IdeBus),
    .object = &(const ObjectOps){
        .finalize = ide_bus_finalize,
    },
    .kind = &(const BusOps){
        .attach = ide_attach,
        .detach = ide_detach,
        .full = ide_full,
        .can_plug = ide_can_plug,
        .plugged = ide_plugged,
        .unplug_request = ide_unplug_request,
        .address = ide_address,
    },
};
