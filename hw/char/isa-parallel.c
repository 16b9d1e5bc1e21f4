/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A parallel port of a PC with a printer on it, after IBM's "Technical Reference,
 * Personal Computer AT", Serial/Parallel Adapter, and the compatibility mode of
 * IEEE 1284 (section 6): three registers, one byte per strobe.
 *
 * Modelled: the printer's busy, acknowledge, select and error signals, its
 * initialization, the interrupt by acknowledge, the direction bit of PS/2 ports.  The
 * printer takes a byte when the backend does, and is busy until then; the length of its
 * acknowledge pulse is not observable, so it ends when the status has been read.  Not
 * modelled: EPP and ECP; data from the printer, whose lines read as ones; and the line
 * that makes the printer feed after each return, whose bit is only stored: the backend
 * handles returns.
 *
 * Made by device_add and by recipes.
 */
#include "config.h"
#include "hw/char/isa-parallel.h"

#include "hw/acpi/acpi-device.h"
#include "hw/chardev/char.h"
#include "hw/isa/isa-bus.h"
#include "hw/machine/machine.h"
#include "qmp/error.h"
#include "qom/qapi-objects-device.h"
#include "qom/qapi-trace.h"

enum {
    REG_DATA = 0,
    REG_STATUS = 1,
    REG_CONTROL = 2,
    N_PORTS = 3,
    ACPI_PORTS = 8,
};

enum {                          /* status; those that end in _N are signals that are low */
    STATUS_UNUSED = 0x01,
    STATUS_ERROR_N = 1 << 3,
    STATUS_SELECT = 1 << 4,
    STATUS_ACK_N = 1 << 6,
    STATUS_BUSY_N = 1 << 7,
    STATUS_READY = STATUS_UNUSED | STATUS_ERROR_N | STATUS_SELECT,
};

enum {                          /* control */
    CONTROL_STROBE = 1 << 0,
    CONTROL_INIT_N = 1 << 2,    /* low initializes the printer */
    CONTROL_SELECT = 1 << 3,
    CONTROL_IRQ = 1 << 4,
    CONTROL_INPUT = 1 << 5,
    CONTROL_UNUSED = 0xc0,      /* read as ones */
    CONTROL_RESET = CONTROL_INIT_N | CONTROL_SELECT,
};

struct IsaParallel {
    Device parent;
    guint8 data;
    guint8 control;
    guint8 latched;             /* byte in the printer, while it is busy */
    bool busy;
    bool ack;                   /* its pulse was not read yet */
    bool irq_pending;
    Chardev *chr;
    MemoryRegion *region;
    Irq *irq;
};

/* The ports of LPT1 to LPT3, in QEMU's order. */
static const guint16 lpt_ports[] = { 0x378, 0x278, 0x3bc };

/* The only place that sets the line. */
static void update_irq(IsaParallel *s)
{
    irq_set(s->irq, s->irq_pending && (s->control & CONTROL_IRQ));
}

/* ---- Printer ---- */

static void acknowledge(IsaParallel *s)
{
    s->busy = false;
    s->ack = s->irq_pending = true;
}

/* Passes the byte to the backend, now or when it is writable. */
static void print(IsaParallel *s)
{
    if (s->busy && char_write(s->chr, &s->latched, 1) == 1) {
        acknowledge(s);
    }
}

static void host_writable(void *opaque)
{
    IsaParallel *s = opaque;

    print(s);
    update_irq(s);
}

static const CharFrontOps front_ops = {
    .writable = host_writable,
};

/* Initialization drops the current byte; the printer is busy meanwhile. */
static void initialize(IsaParallel *s)
{
    s->busy = s->ack = s->irq_pending = false;
}

static void strobe(IsaParallel *s)
{
    if (!(s->control & CONTROL_INIT_N) || !(s->control & CONTROL_SELECT) || s->busy) {
        return;
    }
    s->latched = s->data;
    s->busy = true;
    s->ack = s->irq_pending = false;
    update_irq(s);              /* the line falls before it may rise again */
    print(s);
}

/* ---- Registers ---- */

static guint8 read_data(const IsaParallel *s)
{
    return s->control & CONTROL_INPUT ? 0xff : s->data;
}

static guint8 read_status(IsaParallel *s)
{
    bool ready = !s->busy && !s->ack && (s->control & CONTROL_INIT_N);
    guint8 value = STATUS_READY | (ready ? STATUS_BUSY_N : 0) | (s->ack ? 0 : STATUS_ACK_N);

    s->ack = s->irq_pending = false;
    update_irq(s);
    return value;
}

static void write_control(IsaParallel *s, guint8 value)
{
    bool strobes = value & ~s->control & CONTROL_STROBE;

    s->control = value & ~CONTROL_UNUSED;
    if (!(value & CONTROL_INIT_N)) {
        initialize(s);
    } else if (strobes) {
        strobe(s);
    }
    update_irq(s);
}

static const char register_names[N_PORTS][8] = { "data", "status", "control" };

static guint8 read_register(IsaParallel *s, guint64 offset)
{
    switch (offset) {
    case REG_DATA:
        return read_data(s);
    case REG_STATUS:
        return read_status(s);
    default:
        return s->control | CONTROL_UNUSED;
    }
}

static guint64 parallel_read(void *opaque, guint64 offset, guint size)
{
    guint8 value = read_register(opaque, offset);

    trace_parallel_ioport_read(opaque, register_names[offset], value);
    return value;
}

static void parallel_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    IsaParallel *s = opaque;

    trace_parallel_ioport_write(s, register_names[offset], value);
    switch (offset) {
    case REG_DATA:
        s->data = value;
        break;
    case REG_CONTROL:
        write_control(s, value);
        break;
    default:
        break;                  /* the status is read-only */
    }
}

static const RegionOps parallel_ops = {
    .read = parallel_read,
    .write = parallel_write,
    .min_size = 1,
    .max_size = 1,
};

static const StateRow parallel_state[] = {
    STATE_FIELD(U8, IsaParallel, data, 0xff),
    STATE_FIELD(U8, IsaParallel, control, CONTROL_RESET),
    STATE_FIELD(U8, IsaParallel, latched, 0),
    STATE_FIELD(BOOL, IsaParallel, busy, false),
    STATE_FIELD(BOOL, IsaParallel, ack, false),
    STATE_FIELD(BOOL, IsaParallel, irq_pending, false),
    STATE_ROWS_END
};

/* ---- Life ---- */

/* The port with the requested index or address, or the first free one; -1: none. */
static int find_port(Device *dev, const IsaParallelProps *props)
{
    if (props->has_index) {
        return props->index;
    }
    for (guint i = 0; i < G_N_ELEMENTS(lpt_ports); i++) {
        if (props->has_iobase ? props->iobase == lpt_ports[i]
                              : isa_ports_free(dev, lpt_ports[i], N_PORTS) &&
                                isa_index_free(dev, i)) {
            return i;
        }
    }
    return -1;
}

/* Chooses what the request left open, and writes it back into the properties. */
static bool choose_place(Device *dev, IsaParallelProps *props, GError **error)
{
    int port = find_port(dev, props);

    if (port < 0 && !props->has_iobase) {
        qmp_error_set(error, ERROR_REASON_BUS_FULL,
                      "bus '%s' has no free parallel port: LPT1 to LPT3 are taken",
                      dev->bus->object.name);
        return false;
    }
    if (port >= 0) {
        props->iobase = props->has_iobase ? props->iobase : lpt_ports[port];
        props->index = port;
        props->has_index = props->has_iobase = true;
    }
    return true;
}

static void parallel_init(Object *obj)
{
    gpio_out_new(obj, "irq", 1);
}

static bool parallel_realize(Device *dev, GError **error)
{
    IsaParallel *s = to_isa_parallel(dev);
    IsaParallelProps *props = isa_parallel_props(dev);

    s->irq = gpio(&dev->object, "irq", 0);
    if (!choose_place(dev, props, error)) {
        return false;
    }
    s->region = isa_map_ports(dev, "parallel", &parallel_ops, props->iobase, N_PORTS, error);
    if (!s->region) {
        return false;
    }
    if (!isa_connect_irq(dev, s->irq, props->irq, error)) {
        isa_unmap(dev, s->region);
        return false;
    }
    s->chr = props->chardev.target;
    char_attach(s->chr, &front_ops, s);
    return true;
}

static void parallel_unrealize(Device *dev)
{
    IsaParallel *s = to_isa_parallel(dev);
    const IsaParallelProps *props = isa_parallel_props(dev);

    char_detach(s->chr, s);
    s->chr = NULL;
    irq_set(s->irq, false);
    isa_disconnect_irq(dev, s->irq, props->irq);
    isa_unmap(dev, s->region);
}

static void parallel_reset_hold(Device *dev)
{
    update_irq(to_isa_parallel(dev));
}

static bool parallel_state_loaded(Device *dev, GError **error)
{
    IsaParallel *s = to_isa_parallel(dev);

    if (s->control & CONTROL_UNUSED || (s->busy && s->ack)) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                      "state of '%s' is not that of a parallel port", dev->object.name);
        return false;
    }
    print(s);
    update_irq(s);
    return true;
}

static const ObjectOps parallel_object_ops = {
    .init = parallel_init,
};

/* Describes as many ports to the guest as QEMU does. */
static void parallel_acpi(Device *dev, AcpiDevices *devices)
{
    const IsaParallelProps *props = isa_parallel_props(dev);

    acpi_add_isa(devices, &(AcpiIsaDevice){
        .name = "LPT1", .eisaid = "PNP0400", .ports = { { props->iobase, ACPI_PORTS } },
        .irq = props->irq,
    });
}

static const DeviceOps parallel_device_ops = {
    .realize = parallel_realize,
    .unrealize = parallel_unrealize,
    .reset_hold = parallel_reset_hold,
    .state = parallel_state,
    .state_loaded = parallel_state_loaded,
    .acpi = parallel_acpi,
};

const TypeInfo isa_parallel_type = {
    .schema = &qmp_class_isa_parallel,
    .size = sizeof(IsaParallel),
    .object = &parallel_object_ops,
    .device = &parallel_device_ops,
};
