/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The port with which a guest reports that it has panicked, after the
 * specification of the pvpanic device, which drivers of Linux and others follow.
 *
 * The owner of the run state decides what follows (set-action).  Made by
 * recipes and by device_add.
 */
#include "config.h"
#include "hw/misc/pvpanic.h"

#include "hw/acpi/acpi-device.h"
#include "hw/isa/isa-bus.h"
#include "hw/machine/machine.h"
#include "qom/qapi-objects-misc.h"
#include "qom/qapi-trace.h"

struct Pvpanic {
    Device parent;
    MemoryRegion *region;
};

/* Handles a write by the guest to a device that takes these events; others have no effect. */
static void take_events(Machine *machine, guint8 events, guint8 value)
{
    value &= events;
    if (value & PVPANIC_PANICKED) {
        machine_request_panic(machine, NULL);
    } else if (value & PVPANIC_CRASHLOADED) {
        machine_request_crash_loaded(machine);
    }
}

static guint64 pvpanic_read(void *opaque, guint64 offset, guint size)
{
    return pvpanic_props(opaque)->events;
}

static void pvpanic_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    trace_pvpanic_write(opaque, value);
    take_events(machine_of(opaque), pvpanic_props(opaque)->events, value);
}

static const RegionOps pvpanic_ops = {
    .read = pvpanic_read,
    .write = pvpanic_write,
    .min_size = 1,
    .max_size = 1,
};

static bool pvpanic_realize(Device *dev, GError **error)
{
    Pvpanic *s = to_pvpanic(dev);

    s->region = isa_map_ports(dev, "pvpanic", &pvpanic_ops, pvpanic_props(dev)->ioport, 1, error);
    return s->region != NULL;
}

static void pvpanic_unrealize(Device *dev)
{
    isa_unmap(dev, to_pvpanic(dev)->region);
}

static void pvpanic_acpi(Device *dev, AcpiDevices *devices)
{
    acpi_add_isa(devices, &(AcpiIsaDevice){
        .name = "PEV0", .hid = "QEMU0001", .ports = { { pvpanic_props(dev)->ioport, 1 } },
        .irq = ACPI_ISA_NO_IRQ,
    });
}

const TypeInfo pvpanic_type = {
    .schema = &qmp_class_pvpanic,
    .size = sizeof(Pvpanic),
    .device = &(const DeviceOps){
        .realize = pvpanic_realize,
        .unrealize = pvpanic_unrealize,
        .acpi = pvpanic_acpi,
        .no_state = "its port reads as a constant, and what is written there is done at once",
    },
};
