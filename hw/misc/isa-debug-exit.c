/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The port with which test guests end: writing V shuts the machine down, and
 * the daemon's exit status is (V << 1) | 1, an odd number that no other exit of
 * the daemon uses.  There is no data sheet.  Made by device_add.
 *
 * Reading gives zero.  Accesses of 1, 2 and 4 bytes are one write each.
 */
#include "config.h"
#include "hw/misc/isa-debug-exit.h"

#include "hw/isa/isa-bus.h"
#include "hw/machine/machine.h"
#include "qom/qapi-objects-device.h"
#include "qom/qapi-trace.h"

#define STATUS_MASK 0xff        /* the bits of an exit status that the host keeps */

struct IsaDebugExit {
    Device parent;
    MemoryRegion *region;
};

static guint64 debug_exit_read(void *opaque, guint64 offset, guint size)
{
    return 0;
}

static void debug_exit_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    int status = ((value << 1) | 1) & STATUS_MASK;

    trace_debug_exit_write(opaque, value);
    machine_request_shutdown(machine_of(opaque), SHUTDOWN_CAUSE_GUEST_SHUTDOWN, status);
}

static const RegionOps debug_exit_ops = {
    .read = debug_exit_read,
    .write = debug_exit_write,
    .min_size = 1,
    .max_size = 4,
};

static bool debug_exit_realize(Device *dev, GError **error)
{
    IsaDebugExit *s = to_isa_debug_exit(dev);
    const IsaDebugExitProps *props = isa_debug_exit_props(dev);

    s->region = isa_map_ports(dev, "debug-exit", &debug_exit_ops, props->iobase, props->iosize,
                              error);
    return s->region != NULL;
}

static void debug_exit_unrealize(Device *dev)
{
    isa_unmap(dev, to_isa_debug_exit(dev)->region);
}

static const DeviceOps debug_exit_device_ops = {
    .realize = debug_exit_realize,
    .unrealize = debug_exit_unrealize,
    .no_state = "what is written to its port ends the machine, and nothing is kept",
};

const TypeInfo isa_debug_exit_type = {
    .schema = &qmp_class_isa_debug_exit,
    .size = sizeof(IsaDebugExit),
    .device = &debug_exit_device_ops,
};
