/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A port of a virtio-serial-device: bytes between two queues and a chardev.
 * VIRTIO 1.2 section 5.3.6.
 *
 * There is flow control in both directions.  A chain of the driver is kept until
 * the chardev has taken all of it; and the chardev reads from its host as much as
 * the driver's next buffer holds, which is nothing while the port is closed.  A
 * virtconsole is always open to the host; a virtserialport is open while its
 * chardev is connected, and output of the driver is lost otherwise.
 */
#include "config.h"
#include "hw/virtio/virtio-serial.h"

#include "qmp/error.h"
#include "qmp/qapi-events.h"
#include "qom/env.h"
#include "qom/qapi-objects-virtio.h"
#include "qom/qapi-trace.h"

enum {
    BYTES_PER_TURN = 65536,     /* then others get the lock */
    EMPTY_AT_ONCE = 128,        /* empty buffers that are returned */
};

/* ---- From the driver ---- */

/* Writes as much of the chain as the chardev takes; true if that was all. */
static bool write_chain(VirtioSerialPort *port)
{
    const VirtqElement *element = port->out_element;
    gsize start = 0;

    for (guint i = 0; i < element->n_out; i++) {
        const struct iovec *iov = &element->iov[i];
        gsize done = port->out_offset - start;

        start += iov->iov_len;
        if (done >= iov->iov_len) {
            continue;
        }
        port->out_offset += char_write(port->chr, (guint8 *)iov->iov_base + done,
                                       iov->iov_len - done);
        if (port->out_offset < start) {
            return false;
        }
    }
    return true;
}

static void finish_chain(VirtioSerialPort *port)
{
    VirtqElement *element = g_steal_pointer(&port->out_element);

    port->out_offset = 0;
    virtqueue_push(port->out, element, 0);
    virtqueue_notify(port->out);
}

void virtio_serial_port_write(VirtioSerialPort *port)
{
    gsize n = 0;

    while (port->serial->parent.started) {
        if (!port->out_element) {
            port->out_element = virtqueue_pop(port->out);
        }
        if (!port->out_element || (port->host_open && !write_chain(port))) {
            return;
        }
        trace_virtio_console_flush_buf(port, port->out_element->out_size);
        n += port->out_element->out_size + 1;
        finish_chain(port);
        if (n > BYTES_PER_TURN && virtio_yield(port->out)) {
            return;
        }
    }
}

void virtio_serial_port_emergency(VirtioSerialPort *port, guint8 byte)
{
    if (!char_write(port->chr, &byte, 1) && port->chr) {
        char_drop(port->chr, 1);
    }
}

/* ---- To the driver ---- */

static bool can_take(const VirtioSerialPort *port)
{
    return port->serial->parent.started &&
           (port->guest_open || !virtio_serial_is_multiport(port->serial));
}

static gsize port_can_receive(void *opaque)
{
    VirtioSerialPort *port = opaque;
    guint n = 0;

    if (!can_take(port)) {
        return 0;
    }
    while (!port->in_element && n < EMPTY_AT_ONCE && (port->in_element = virtqueue_pop(port->in))) {
        if (!port->in_element->in_size) {
            virtqueue_push(port->in, g_steal_pointer(&port->in_element), 0);
            n++;
        }
    }
    return port->in_element ? port->in_element->in_size : 0;
}

static void port_receive(void *opaque, const guint8 *data, gsize size)
{
    VirtioSerialPort *port = opaque;

    while (size && port_can_receive(port)) {
        VirtqElement *element = g_steal_pointer(&port->in_element);
        gsize n = virtq_write(element, 0, data, size);

        trace_virtio_console_chr_read(port, n);
        virtqueue_push(port->in, element, n);
        virtqueue_notify(port->in);
        data += n;
        size -= n;
    }
}

void virtio_serial_port_accept(VirtioSerialPort *port)
{
    if (port->chr && can_take(port)) {
        char_accept_input(port->chr);
    }
}

static void port_writable(void *opaque)
{
    virtio_serial_port_write(opaque);
}

/* ---- Opening and closing ---- */

static void set_host_open(VirtioSerialPort *port, bool open)
{
    if (port->host_open != open && !port->console) {
        port->host_open = open;
        port->to_send |= SERIAL_SEND_OPEN;
        virtio_serial_flush_control(port->serial);
        virtio_serial_port_write(port);
    }
}

static void port_event(void *opaque, CharEvent event)
{
    if (event != CHAR_EVENT_BREAK) {
        set_host_open(opaque, event == CHAR_EVENT_OPENED);
    }
}

static void send_event(VirtioSerialPort *port)
{
    const Env *env = object_env(&port->parent.object);
    const char *id = device_id(&port->parent);

    if (id && env && env->events) {
        qmp_event_vserport_change(env->events,
                                  &(EventVserportChange){ .id = (char *)id,
                                                          .open = port->guest_open });
    }
}

void virtio_serial_port_guest_open(VirtioSerialPort *port, bool open)
{
    if (port->guest_open != open) {
        port->guest_open = open;
        send_event(port);
        virtio_serial_port_accept(port);
    }
}

/* ---- Life ---- */

void virtio_serial_port_reset(VirtioSerialPort *port)
{
    port->in_element = port->out_element = NULL;
    port->out_offset = 0;
    port->to_send = 0;
    virtio_serial_port_guest_open(port, false);
}

/* A console is always in use, any other port while the guest has it open. */
static bool port_in_use(void *opaque)
{
    const VirtioSerialPort *port = opaque;

    return port->console || port->guest_open;
}

static const CharFrontOps front_ops = {
    .can_receive = port_can_receive,
    .receive = port_receive,
    .event = port_event,
    .writable = port_writable,
    .in_use = port_in_use,
};

static bool port_realize(Device *dev, GError **error)
{
    VirtioSerialPort *port = to_virtio_serial_port(dev);
    const VirtioSerialPortProps *props = virtio_serial_port_props(dev);
    VirtioSerial *serial = to_virtio_serial(dev->bus->owner);

    port->console = object_is_a(dev, &qmp_class_virtconsole);
    port->host_open = port->console;
    if (!virtio_serial_add_port(serial, port, error)) {
        return false;
    }
    port->serial = serial;
    port->chr = props->chardev.target;
    if (port->chr) {
        char_attach(port->chr, &front_ops, port);
    } else {
        port->host_open = true;
    }
    return true;
}

/* Returns the buffers to the driver. */
static void return_elements(VirtioSerialPort *port)
{
    if (port->in_element) {
        virtqueue_unpop(port->in, g_steal_pointer(&port->in_element));
    }
    if (port->out_element) {
        finish_chain(port);
    }
}

static void port_unrealize(Device *dev)
{
    VirtioSerialPort *port = to_virtio_serial_port(dev);

    if (port->chr) {
        char_detach(port->chr, port);
    }
    port->chr = NULL;
    return_elements(port);
    virtio_serial_remove_port(port->serial, port);
    port->serial = NULL;
}

/* ---- State ---- */

/* They are reset by the device that the port belongs to. */
static const StateRow port_state[] = {
    STATE_FIELD_KEEP(BOOL, VirtioSerialPort, guest_open),
    { .name = "host_open", .kind = STATE_BOOL, .flags = STATE_KEEP, .count = 1,
      .offset = offsetof(VirtioSerialPort, saved_host_open) },
    STATE_FIELD_KEEP(U32, VirtioSerialPort, to_send),
    STATE_FIELD_KEEP(U64, VirtioSerialPort, out_offset),
    STATE_ROWS_END
};

static void port_state_saving(Device *dev)
{
    VirtioSerialPort *port = to_virtio_serial_port(dev);

    port->saved_host_open = port->host_open;
}

/* Tells the driver if the host's side has changed. */
static bool port_state_loaded(Device *dev, GError **error)
{
    VirtioSerialPort *port = to_virtio_serial_port(dev);

    if (port->to_send & ~(guint)SERIAL_SEND_ALL) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                      "state of '%s': messages that the port does not have", dev->object.name);
        return false;
    }
    port->to_send |= port->saved_host_open != port->host_open ? SERIAL_SEND_OPEN : 0;
    return true;
}

void virtio_serial_port_loaded(VirtioSerialPort *port)
{
    port->in_element = port->out_element = NULL;
}

const TypeInfo virtio_serial_port_type = {
    .schema = &qmp_class_virtio_serial_port,
    .size = sizeof(VirtioSerialPort),
    .device = &(const DeviceOps){
        .realize = port_realize,
        .unrealize = port_unrealize,
        .state = port_state,
        .state_saving = port_state_saving,
        .state_loaded = port_state_loaded,
    },
};
