/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System control port A of a PC, after IBM's "PS/2 Hardware Interface Technical
 * Reference", System Board: port 0x92.
 *
 * Modelled: bit 1, the alternate gate of address line 20, and bit 0, whose change
 * from 0 to 1 resets the processors, and here the whole machine: software that uses
 * it to leave protected mode does not run under the existing accelerators.  The
 * other bits (disk light, key lock, watchdog) are stored and have no effect.
 *
 * Output "a20[0]" is one source of the machine's line of that name, on boards that
 * have it.  Made by recipes and by device_add.
 */
#include "config.h"
#include "hw/misc/port92.h"

#include "hw/isa/isa-bus.h"
#include "hw/machine/machine.h"
#include "qom/qapi-objects-misc.h"
#include "qom/qapi-trace.h"

#define PORT 0x92

enum {
    RESET = 1 << 0,
    A20 = 1 << 1,
};

struct Port92 {
    Device parent;
    guint8 control;
    MemoryRegion *region;
    Irq *a20;
};

static guint64 port92_read(void *opaque, guint64 offset, guint size)
{
    const Port92 *s = opaque;

    trace_port92_read(s, s->control);
    return s->control;
}

static void port92_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    Port92 *s = opaque;
    bool rises = value & ~s->control & RESET;

    trace_port92_write(s, value);
    s->control = value;
    irq_set(s->a20, value & A20);
    if (rises) {
        machine_request_reset(machine_of(s), SHUTDOWN_CAUSE_GUEST_RESET);
    }
}

static const RegionOps port92_ops = {
    .read = port92_read,
    .write = port92_write,
    .min_size = 1,
    .max_size = 1,
};

static const StateRow port92_state[] = {
    STATE_FIELD(U8, Port92, control, 0),
    STATE_ROWS_END
};

/* ---- Life ---- */

static void port92_init(Object *obj)
{
    gpio_out_new(obj, "a20", 1);
}

static bool port92_realize(Device *dev, GError **error)
{
    Port92 *s = to_port92(dev);

    s->a20 = gpio(&dev->object, "a20", 0);
    s->region = isa_map_ports(dev, "port92", &port92_ops, PORT, 1, error);
    return s->region != NULL;
}

static void port92_unrealize(Device *dev)
{
    Port92 *s = to_port92(dev);

    irq_set(s->a20, false);
    isa_unmap(dev, s->region);
}

static void port92_reset_hold(Device *dev)
{
    Port92 *s = to_port92(dev);

    irq_set(s->a20, s->control & A20);
}

static bool port92_state_loaded(Device *dev, GError **error)
{
    port92_reset_hold(dev);
    return true;
}

const TypeInfo port92_type = {
    .schema = &qmp_class_port92,
    .size = sizeof(Port92),
    .object = &(const ObjectOps){
        .init = port92_init,
    },
    .device = &(const DeviceOps){
        .realize = port92_realize,
        .unrealize = port92_unrealize,
        .reset_hold = port92_reset_hold,
        .state = port92_state,
        .state_loaded = port92_state_loaded,
    },
};
