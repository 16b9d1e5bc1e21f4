/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-serial-device and its ports, virtconsole and virtserialport.
 *
 *   virtio-serial.c       the device: control queues, bus, features
 *   virtio-serial-port.c  a port: bytes between its queues and its chardev
 *
 * Everything needs the machine lock.
 */
#ifndef HW_VIRTIO_VIRTIO_SERIAL_H
#define HW_VIRTIO_VIRTIO_SERIAL_H

#include "hw/chardev/char.h"
#include "hw/virtio/virtio.h"

typedef struct VirtioSerialPort VirtioSerialPort;

/* Messages of the device to the driver that wait for room in the control queue;
 * one bit each, so that no driver can make them accumulate. */
enum {
    SERIAL_SEND_ADD = 1 << 0,
    SERIAL_SEND_CONSOLE = 1 << 1,
    SERIAL_SEND_NAME = 1 << 2,
    SERIAL_SEND_OPEN = 1 << 3,
    SERIAL_SEND_ALL = (1 << 4) - 1,
};

typedef struct VirtioSerial {
    VirtioDevice parent;
    Bus *bus;
    VirtioSerialPort **ports;   /* by number, max_ports of them, NULL: none */
    bool *removed;              /* by number: the driver was not told yet */
    guint max_ports;
    VirtQueue *control_in;      /* to the driver */
    bool driver_ready;          /* it has asked for the ports */
} VirtioSerial;

struct VirtioSerialPort {
    Device parent;
    VirtioSerial *serial;       /* from realize to unrealize */
    guint nr;
    bool console;
    VirtQueue *in, *out;        /* to and from the driver */
    Chardev *chr;               /* or NULL */
    bool host_open, guest_open;
    bool saved_host_open;       /* host_open where the state was saved */
    guint to_send;              /* SERIAL_SEND_* */
    VirtqElement *in_element;   /* popped, empty; or NULL */
    VirtqElement *out_element;  /* popped, written up to out_offset; or NULL */
    guint64 out_offset;
};

/* ---- virtio-serial.c ---- */

/* Gives a port its number (written to port->nr) and its queues; fails with
 * limit-exceeded, in-use, invalid-value. */
bool virtio_serial_add_port(VirtioSerial *serial, VirtioSerialPort *port, GError **error);
void virtio_serial_remove_port(VirtioSerial *serial, VirtioSerialPort *port);
/* Sends pending messages, as far as there is room. */
void virtio_serial_flush_control(VirtioSerial *serial);
/* Whether the driver has negotiated multiple ports. */
bool virtio_serial_is_multiport(const VirtioSerial *serial);

/* ---- virtio-serial-port.c ---- */

void virtio_serial_port_guest_open(VirtioSerialPort *port, bool open);
/* The driver has made buffers available. */
void virtio_serial_port_write(VirtioSerialPort *port);
void virtio_serial_port_accept(VirtioSerialPort *port);
/* One byte of an emergency write. */
void virtio_serial_port_emergency(VirtioSerialPort *port, guint8 byte);
/* The device was reset: drops elements. */
void virtio_serial_port_reset(VirtioSerialPort *port);
/* The device's state was loaded: elements are popped again. */
void virtio_serial_port_loaded(VirtioSerialPort *port);

extern const TypeInfo virtio_serial_type;
extern const TypeInfo virtio_serial_bus_type;
extern const TypeInfo virtio_serial_port_type;

#endif
