/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A serial port of a PC: a 16550A (hw/char/uart16550.c) at eight I/O ports, with
 * an ISA interrupt line.  Made by device_add and by recipes.
 *
 * Not modelled: the gate between the chip and the bus that real cards open with
 * OUT2; the line always follows the chip.
 */
#include "config.h"
#include "hw/char/isa-serial.h"

#include "hw/acpi/acpi-device.h"
#include "hw/char/uart16550.h"
#include "hw/isa/isa-bus.h"
#include "hw/machine/machine.h"
#include "qmp/error.h"
#include "qom/qapi-objects-device.h"
#include "qom/qapi-trace.h"

struct IsaSerial {
    Device parent;
    Uart16550 uart;
    MemoryRegion *region;
};

/* The ports of COM1 to COM4. */
static const struct {
    guint16 iobase;
    guint8 irq;
} com_ports[] = { { 0x3f8, 4 }, { 0x2f8, 3 }, { 0x3e8, 4 }, { 0x2e8, 3 } };

static guint64 serial_read(void *opaque, guint64 offset, guint size)
{
    Uart16550 *uart = &to_isa_serial(opaque)->uart;
    guint8 value = uart16550_read(uart, offset);

    if (trace_wanted(TRACE_SERIAL_READ)) {
        const char *name = uart16550_register(uart, offset, false);

        trace_serial_read(opaque, name, g_str_equal(name, "RBR") ? 0 : value);
    }
    return value;
}

static void serial_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    Uart16550 *uart = &to_isa_serial(opaque)->uart;

    if (trace_wanted(TRACE_SERIAL_WRITE)) {
        trace_serial_write(opaque, uart16550_register(uart, offset, true), value);
    }
    uart16550_write(uart, offset, value);
}

static const RegionOps serial_ops = {
    .read = serial_read,
    .write = serial_write,
    .min_size = 1,
    .max_size = 1,
    .secret = true,             /* RBR: what a client types */
};

static const StateRow serial_state[] = {
    UART16550_STATE(IsaSerial, uart),
    STATE_ROWS_END
};

/* ---- Choosing a place ---- */

/* The port that the properties select: the one with this index or address, or
 * the first whose ports are free.  -1: none. */
static int find_com_port(Device *dev, const IsaSerialProps *props)
{
    if (props->has_index) {
        return props->index;
    }
    for (guint i = 0; i < G_N_ELEMENTS(com_ports); i++) {
        if (props->has_iobase ? props->iobase == com_ports[i].iobase
                              : isa_ports_free(dev, com_ports[i].iobase, UART16550_PORTS) &&
                                isa_index_free(dev, i)) {
            return i;
        }
    }
    return -1;
}

/* Chooses what the request left open, and writes it back into the properties. */
static bool choose_place(Device *dev, IsaSerialProps *props, GError **error)
{
    int port = find_com_port(dev, props);

    if (port < 0 && !props->has_iobase) {
        qmp_error_set(error, ERROR_REASON_BUS_FULL,
                      "bus '%s' has no free serial port: COM1 to COM4 are taken",
                      dev->bus->object.name);
        return false;
    }
    if (port < 0 && !props->has_irq) {
        qmp_error_set_at(error, "irq", ERROR_REASON_PROPERTY_MISSING,
                         "property 'irq' is missing: iobase 0x%x is not that of COM1 to COM4",
                         props->iobase);
        return false;
    }
    if (port >= 0) {
        props->iobase = props->has_iobase ? props->iobase : com_ports[port].iobase;
        props->irq = props->has_irq ? props->irq : com_ports[port].irq;
        props->index = port;
        props->has_index = props->has_iobase = props->has_irq = true;
    }
    return true;
}

/* ---- Life ---- */

static void serial_init(Object *obj)
{
    gpio_out_new(obj, "irq", 1);
}

static bool serial_realize(Device *dev, GError **error)
{
    IsaSerial *s = to_isa_serial(dev);
    IsaSerialProps *props = isa_serial_props(dev);
    Irq *irq = gpio(&dev->object, "irq", 0);

    if (!choose_place(dev, props, error)) {
        return false;
    }
    s->region = isa_map_ports(dev, "serial", &serial_ops, props->iobase, UART16550_PORTS, error);
    if (!s->region) {
        return false;
    }
    if (!isa_connect_irq(dev, irq, props->irq, error)) {
        isa_unmap(dev, s->region);
        return false;
    }
    uart16550_realize(&s->uart, props->chardev.target, machine_of(dev)->clock, irq,
                      props->baudbase);
    s->uart.sleeper = props->wakeup ? machine_of(dev) : NULL;
    return true;
}

static void serial_unrealize(Device *dev)
{
    IsaSerial *s = to_isa_serial(dev);
    const IsaSerialProps *props = isa_serial_props(dev);

    uart16550_unrealize(&s->uart);
    isa_disconnect_irq(dev, s->uart.irq, props->irq);
    isa_unmap(dev, s->region);
}

static void serial_reset_hold(Device *dev)
{
    uart16550_reset_hold(&to_isa_serial(dev)->uart);
}

static void serial_reset_exit(Device *dev)
{
    uart16550_reset_exit(&to_isa_serial(dev)->uart);
}

static bool serial_state_loaded(Device *dev, GError **error)
{
    if (!uart16550_state_loaded(&to_isa_serial(dev)->uart)) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                      "state of '%s' is not that of a 16550A", dev->object.name);
        return false;
    }
    return true;
}

static const ObjectOps serial_object_ops = {
    .init = serial_init,
};

static void serial_acpi(Device *dev, AcpiDevices *devices)
{
    const IsaSerialProps *props = isa_serial_props(dev);

    acpi_add_isa(devices, &(AcpiIsaDevice){
        .name = "COM1", .eisaid = "PNP0501", .ports = { { props->iobase, UART16550_PORTS } },
        .irq = props->irq,
    });
}

static const DeviceOps serial_device_ops = {
    .realize = serial_realize,
    .unrealize = serial_unrealize,
    .reset_hold = serial_reset_hold,
    .reset_exit = serial_reset_exit,
    .state = serial_state,
    .state_loaded = serial_state_loaded,
    .acpi = serial_acpi,
};

const TypeInfo isa_serial_type = {
    .schema = &qmp_class_isa_serial,
    .size = sizeof(IsaSerial),
    .object = &serial_object_ops,
    .device = &serial_device_ops,
};
