/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The debug console that emulators have at port 0xe9: a byte written there is
 * sent, and reading gives a fixed value by which guests find it.  There is no
 * data sheet; firmware and guests rely only on this behaviour.
 *
 * It cannot make the guest wait: output that the backend does not take
 * immediately is lost.  Made by device_add and by recipes.
 */
#include "config.h"
#include "hw/char/isa-debugcon.h"

#include "hw/chardev/char.h"
#include "hw/isa/isa-bus.h"
#include "qom/qapi-objects-device.h"
#include "qom/qapi-trace.h"

struct IsaDebugcon {
    Device parent;
    MemoryRegion *region;
    Chardev *chr;               /* or NULL */
};

static guint64 debugcon_read(void *opaque, guint64 offset, guint size)
{
    return isa_debugcon_props(opaque)->readback;
}

static void debugcon_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    IsaDebugcon *s = opaque;
    guint8 byte = value;

    trace_debugcon_write(s, byte);
    if (char_write(s->chr, &byte, 1) == 0) {
        char_drop(s->chr, 1);
    }
}

static const RegionOps debugcon_ops = {
    .read = debugcon_read,
    .write = debugcon_write,
    .min_size = 1,
    .max_size = 1,
};

/* It takes no input and does not wait for room. */
static const CharFrontOps front_ops = { 0 };

static bool debugcon_realize(Device *dev, GError **error)
{
    IsaDebugcon *s = to_isa_debugcon(dev);
    const IsaDebugconProps *props = isa_debugcon_props(dev);

    s->region = isa_map_ports(dev, "debugcon", &debugcon_ops, props->iobase, 1, error);
    if (!s->region) {
        return false;
    }
    s->chr = props->chardev.target;
    if (s->chr) {
        char_attach(s->chr, &front_ops, s);
    }
    return true;
}

static void debugcon_unrealize(Device *dev)
{
    IsaDebugcon *s = to_isa_debugcon(dev);

    if (s->chr) {
        char_detach(s->chr, s);
    }
    s->chr = NULL;
    isa_unmap(dev, s->region);
}

static const DeviceOps debugcon_device_ops = {
    .realize = debugcon_realize,
    .unrealize = debugcon_unrealize,
    .no_state = "its port passes bytes on, and nothing is kept",
};

const TypeInfo isa_debugcon_type = {
    .schema = &qmp_class_isa_debugcon,
    .size = sizeof(IsaDebugcon),
    .device = &debugcon_device_ops,
};
