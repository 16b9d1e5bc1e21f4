/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-serial-device: consoles and byte streams.  VIRTIO 1.2 section 5.3; the
 * bytes are handled in virtio-serial-port.c.
 *
 * Queues 0 and 1 are port 0's, 2 and 3 control, then come two for each port.
 * A message of the device to the driver is a bit of its port, which stays set
 * until the driver has a buffer for it.
 *
 * Not modelled: the size of a console (no backend knows it).
 */
#include "config.h"
#include "hw/virtio/virtio-serial.h"

#include <string.h>

#include "qmp/error.h"
#include "qmp/qapi-events.h"
#include "qmp/qapi-types-object.h"
#include "qom/env.h"
#include "qom/qapi-objects-virtio.h"
#include "qom/qapi-trace.h"

enum { DEVICE_ID = 3, PORT_QUEUE_SIZE = 128, CONTROL_QUEUE_SIZE = 32 };

/* Feature bits, section 5.3.3 */
enum { F_MULTIPORT = 1, F_EMERG_WRITE = 2 };

/* Configuration space, section 5.3.4 */
enum { CONFIG_MAX_PORTS = 4, CONFIG_EMERGENCY = 8, CONFIG_SIZE = 12 };

/* Control messages, section 5.3.6.2 */
enum {
    EVENT_DEVICE_READY = 0,
    EVENT_PORT_ADD = 1,
    EVENT_PORT_REMOVE = 2,
    EVENT_PORT_READY = 3,
    EVENT_CONSOLE_PORT = 4,
    EVENT_PORT_OPEN = 6,
    EVENT_PORT_NAME = 7,
};

typedef struct {
    guint32 id;
    guint16 event;
    guint16 value;
} ControlMessage;

static VirtioSerialPort *find_port(const VirtioSerial *s, guint32 nr)
{
    return nr < s->max_ports ? s->ports[nr] : NULL;
}

bool virtio_serial_is_multiport(const VirtioSerial *s)
{
    return virtio_has_feature(&s->parent, F_MULTIPORT);
}

/* ---- Messages to the driver ---- */

/* False if there is no buffer for it. */
static bool send(VirtioSerial *s, guint32 id, guint16 event, guint16 value, const char *text)
{
    const ControlMessage message = {
        .id = GUINT32_TO_LE(id), .event = GUINT16_TO_LE(event), .value = GUINT16_TO_LE(value),
    };
    VirtqElement *element = virtqueue_pop(s->control_in);
    gsize n;

    if (!element) {
        return false;
    }
    trace_virtio_serial_send_control_event(s, id, event, value);
    n = virtq_write(element, 0, &message, sizeof(message));
    if (text) {
        n += virtq_write(element, n, text, strlen(text));
    }
    virtqueue_push(s->control_in, element, n);
    virtqueue_notify(s->control_in);
    return true;
}

/* Sends message `bit` if it is pending; false if it still is. */
static bool send_bit(VirtioSerialPort *port, guint bit, guint16 event, guint16 value,
                     const char *text)
{
    if (port->to_send & bit) {
        if (!send(port->serial, port->nr, event, value, text)) {
            return false;
        }
        port->to_send &= ~bit;
    }
    return true;
}

static bool send_port(VirtioSerialPort *port)
{
    const VirtioSerialPortProps *props = virtio_serial_port_props(port);

    return send_bit(port, SERIAL_SEND_ADD, EVENT_PORT_ADD, 1, NULL) &&
           send_bit(port, SERIAL_SEND_CONSOLE, EVENT_CONSOLE_PORT, 1, NULL) &&
           send_bit(port, SERIAL_SEND_NAME, EVENT_PORT_NAME, 1, props->name) &&
           send_bit(port, SERIAL_SEND_OPEN, EVENT_PORT_OPEN, port->host_open, NULL);
}

void virtio_serial_flush_control(VirtioSerial *s)
{
    if (!s->parent.started || !s->driver_ready || !virtio_serial_is_multiport(s)) {
        return;
    }
    for (guint i = 0; i < s->max_ports; i++) {
        if (s->removed[i] && !send(s, i, EVENT_PORT_REMOVE, 1, NULL)) {
            return;
        }
        s->removed[i] = false;
        if (s->ports[i] && !send_port(s->ports[i])) {
            return;
        }
    }
}

/* ---- Messages of the driver ---- */

static void announce_ports(VirtioSerial *s)
{
    s->driver_ready = true;
    for (guint i = 0; i < s->max_ports; i++) {
        s->removed[i] = false;
        if (s->ports[i]) {
            s->ports[i]->to_send = SERIAL_SEND_ADD;
        }
    }
}

static void port_is_ready(VirtioSerialPort *port)
{
    const VirtioSerialPortProps *props = virtio_serial_port_props(port);

    port->to_send |= (port->console ? SERIAL_SEND_CONSOLE : 0) |
                     (props->name ? SERIAL_SEND_NAME : 0) |
                     (port->host_open ? SERIAL_SEND_OPEN : 0);
}

static void take_message(VirtioSerial *s, const ControlMessage *message)
{
    VirtioSerialPort *port = find_port(s, GUINT32_FROM_LE(message->id));
    bool value = message->value != 0;

    trace_virtio_serial_handle_control_message(s, GUINT32_FROM_LE(message->id),
                                               GUINT16_FROM_LE(message->event),
                                               GUINT16_FROM_LE(message->value));
    switch (GUINT16_FROM_LE(message->event)) {
    case EVENT_DEVICE_READY:
        if (value) {
            announce_ports(s);
        }
        break;
    case EVENT_PORT_READY:
        if (port && value) {
            port_is_ready(port);
        }
        break;
    case EVENT_PORT_OPEN:
        if (port) {
            virtio_serial_port_guest_open(port, value);
        }
        break;
    }
}

static void handle_control_out(VirtioDevice *dev, VirtQueue *queue)
{
    VirtioSerial *s = to_virtio_serial(dev);
    VirtqElement *element;

    for (guint i = 0; i < CONTROL_QUEUE_SIZE || !virtio_yield(queue); i++) {
        ControlMessage message;

        element = virtqueue_pop(queue);
        if (!element) {
            break;
        }
        if (virtq_read(element, 0, &message, sizeof(message)) == sizeof(message)) {
            take_message(s, &message);
        }
        virtqueue_push(queue, element, 0);
        virtqueue_notify(queue);
    }
    virtio_serial_flush_control(s);
}

static void handle_control_in(VirtioDevice *dev, VirtQueue *queue)
{
    virtio_serial_flush_control(to_virtio_serial(dev));
}

/* ---- Queues of ports ---- */

static VirtioSerialPort *queue_port(VirtioDevice *dev, VirtQueue *queue)
{
    guint index = virtqueue_index(queue);

    return find_port(to_virtio_serial(dev), index < 2 ? 0 : index / 2 - 1);
}

static void handle_in(VirtioDevice *dev, VirtQueue *queue)
{
    VirtioSerialPort *port = queue_port(dev, queue);

    if (port) {
        virtio_serial_port_accept(port);
    }
}

static void handle_out(VirtioDevice *dev, VirtQueue *queue)
{
    VirtioSerialPort *port = queue_port(dev, queue);
    VirtqElement *element;

    if (port) {
        virtio_serial_port_write(port);
        return;
    }
    for (guint i = 0; i < PORT_QUEUE_SIZE || !virtio_yield(queue); i++) {
        element = virtqueue_pop(queue);
        if (!element) {
            return;
        }
        virtqueue_push(queue, element, 0);
        virtqueue_notify(queue);
    }
}

/* ---- Ports ---- */

typedef struct {
    guint nr;
    bool found;
} NumberSearch;

/* Whether a pending port has this number. */
static bool compare_number(const QmpClass *klass, const void *data, bool named, void *opaque)
{
    const VirtioSerialPortProps *props = data;
    NumberSearch *search = opaque;

    search->found |= props->has_nr && props->nr == search->nr;
    return !search->found;
}

static bool is_free(VirtioSerial *s, VirtioSerialPort *port, guint nr)
{
    NumberSearch search = { .nr = nr, .found = s->ports[nr] != NULL };

    if (!search.found) {
        env_foreach_pending(&port->parent.object, &s->bus->object, compare_number, &search);
    }
    return !search.found;
}

static bool choose_number(VirtioSerial *s, VirtioSerialPort *port, GError **error)
{
    VirtioSerialPortProps *props = virtio_serial_port_props(port);
    guint nr = port->console ? 0 : 1;

    if (props->has_nr) {
        nr = props->nr;
    } else {
        while (nr < s->max_ports && !is_free(s, port, nr)) {
            nr++;
        }
    }
    if (nr >= s->max_ports) {
        qmp_error_set_at(error, "nr", ERROR_REASON_LIMIT_EXCEEDED,
                         "bus '%s' has no port %u: it has %u, of which the first is for a console",
                         s->bus->object.name, nr, s->max_ports);
        return false;
    }
    if (nr == 0 && !port->console) {
        qmp_error_set_at(error, "nr", ERROR_REASON_INVALID_VALUE, "port 0 is for a virtconsole");
        return false;
    }
    if (s->ports[nr]) {
        qmp_error_set_at(error, "nr", ERROR_REASON_ADDRESS_IN_USE, "port %u of bus '%s' is taken",
                         nr, s->bus->object.name);
        return false;
    }
    port->nr = props->nr = nr;
    props->has_nr = true;
    return true;
}

static bool check_name(VirtioSerial *s, VirtioSerialPort *port, GError **error)
{
    const char *name = virtio_serial_port_props(port)->name;

    for (guint i = 0; name && i < s->max_ports; i++) {
        const VirtioSerialPortProps *other = s->ports[i] ? virtio_serial_port_props(s->ports[i])
                                                             : NULL;

        if (other && g_strcmp0(other->name, name) == 0) {
            qmp_error_set_at(error, "name", ERROR_REASON_ID_IN_USE,
                             "there is already a port named '%s'", name);
            return false;
        }
    }
    return true;
}

bool virtio_serial_add_port(VirtioSerial *s, VirtioSerialPort *port, GError **error)
{
    guint first;

    if (!check_name(s, port, error) || !choose_number(s, port, error)) {
        return false;
    }
    first = port->nr ? 2 * port->nr + 2 : 0;
    port->in = s->parent.queues[first];
    port->out = s->parent.queues[first + 1];
    port->to_send = s->driver_ready ? SERIAL_SEND_ADD : 0;
    s->ports[port->nr] = port;
    return true;
}

void virtio_serial_remove_port(VirtioSerial *s, VirtioSerialPort *port)
{
    s->ports[port->nr] = NULL;
    s->removed[port->nr] = s->driver_ready && !(port->to_send & SERIAL_SEND_ADD);
    virtio_serial_flush_control(s);
}

/* ---- Features and configuration ---- */

static guint64 serial_features(VirtioDevice *dev)
{
    const VirtioSerialDeviceProps *props = virtio_serial_device_props(dev);

    return (props->max_ports > 1) << F_MULTIPORT | props->emergency_write << F_EMERG_WRITE;
}

static void serial_get_config(VirtioDevice *dev, guint8 *config)
{
    guint32 max_ports = GUINT32_TO_LE(to_virtio_serial(dev)->max_ports);

    memcpy(config + CONFIG_MAX_PORTS, &max_ports, sizeof(max_ports));
}

static void serial_set_config(VirtioDevice *dev, guint offset, const guint8 *data, guint size)
{
    const VirtioSerialDeviceProps *props = virtio_serial_device_props(dev);
    VirtioSerial *s = to_virtio_serial(dev);

    if (offset != CONFIG_EMERGENCY || !props->emergency_write) {
        return;
    }
    for (guint i = 0; i < s->max_ports; i++) {
        if (s->ports[i] && s->ports[i]->console) {
            virtio_serial_port_emergency(s->ports[i], data[0]);
            return;
        }
    }
}

/* ---- Life ---- */

static void serial_reset(VirtioDevice *dev)
{
    VirtioSerial *s = to_virtio_serial(dev);

    s->driver_ready = false;
    for (guint i = 0; i < s->max_ports; i++) {
        s->removed[i] = false;
        if (s->ports[i]) {
            virtio_serial_port_reset(s->ports[i]);
        }
    }
}

static bool serial_realize(Device *device, GError **error)
{
    VirtioDevice *dev = to_virtio_device(device);
    VirtioSerial *s = to_virtio_serial(dev);

    s->max_ports = virtio_serial_device_props(device)->max_ports;
    s->ports = g_new0(VirtioSerialPort *, s->max_ports);
    s->removed = g_new0(bool, s->max_ports);
    virtio_add_queue(dev, PORT_QUEUE_SIZE, handle_in);
    virtio_add_queue(dev, PORT_QUEUE_SIZE, handle_out);
    s->control_in = virtio_add_queue(dev, CONTROL_QUEUE_SIZE, handle_control_in);
    virtio_add_queue(dev, CONTROL_QUEUE_SIZE, handle_control_out);
    for (guint i = 1; i < s->max_ports; i++) {
        virtio_add_queue(dev, PORT_QUEUE_SIZE, handle_in);
        virtio_add_queue(dev, PORT_QUEUE_SIZE, handle_out);
    }
    s->bus = bus_new(device, &qmp_class_virtio_serial_bus, NULL);
    return true;
}

static void serial_unrealize(Device *device)
{
    VirtioSerial *s = to_virtio_serial(device);

    virtio_del_queues(&s->parent);
    g_clear_pointer(&s->ports, g_free);
    g_clear_pointer(&s->removed, g_free);
    s->max_ports = 0;
}

static const StateRow serial_state[] = {
    STATE_FIELD_KEEP(BOOL, VirtioSerial, driver_ready),
    { .name = "removed", .kind = STATE_BOOL, .shape = STATE_BLOB,
      .flags = STATE_KEEP | STATE_ARRAYED, .offset = offsetof(VirtioSerial, removed),
      .number = offsetof(VirtioSerial, max_ports) },
    STATE_ROWS_END
};

static bool serial_state_loaded(Device *device, GError **error)
{
    VirtioSerial *s = to_virtio_serial(device);

    for (guint i = 0; i < s->max_ports; i++) {
        if (s->ports[i]) {
            virtio_serial_port_loaded(s->ports[i]);
        }
    }
    return true;
}

static const VirtioOps serial_virtio_ops = {
    .device_id = DEVICE_ID,
    .config_size = CONFIG_SIZE,
    .features = serial_features,
    .get_config = serial_get_config,
    .set_config = serial_set_config,
    .reset = serial_reset,
};

const TypeInfo virtio_serial_type = {
    .schema = &qmp_class_virtio_serial_device,
    .size = sizeof(VirtioSerial),
    .device = &(const DeviceOps){
        .realize = serial_realize,
        .unrealize = serial_unrealize,
        .state = serial_state,
        .state_loaded = serial_state_loaded,
    },
    .kind = &serial_virtio_ops,
};

/* ---- Bus ---- */

static void serial_plugged(Bus *bus, Device *dev)
{
    virtio_serial_flush_control(to_virtio_serial(bus->owner));
}

/* Tells the driver, whose consent is not needed. */
static bool serial_unplug(Bus *bus, Device *dev, GError **error)
{
    const Env *env = object_env(&dev->object);
    g_autofree char *id = g_strdup(device_id(dev));
    g_autofree char *path = object_path(&dev->object);

    device_unmake(dev);
    if (env && env->events) {
        qmp_event_device_deleted(env->events, &(EventDeviceDeleted){ .device = id, .path = path });
    }
    return true;
}

typedef struct {
    guint first;                /* port that may be taken */
    guint n;                    /* pending devices that name the bus */
} RoomSearch;

static bool count_named(const QmpClass *klass, const void *data, bool named, void *opaque)
{
    const VirtioSerialPortProps *props = data;
    RoomSearch *search = opaque;
    guint nr = props->has_nr ? props->nr : klass != &qmp_class_virtconsole;

    search->n += named && nr >= search->first;
    return true;
}

/* Port 0 is for consoles only.  A port of a pending device is not available to devices
 * that name no bus. */
static bool serial_bus_full(Bus *bus, const QmpClass *klass)
{
    const VirtioSerial *s = to_virtio_serial(bus->owner);
    RoomSearch search = { .first = klass && klass != &qmp_class_virtconsole };
    guint n_free = 0;

    for (guint i = search.first; i < s->max_ports; i++) {
        n_free += !s->ports[i];
    }
    env_foreach_pending(&bus->object, &bus->object, count_named, &search);
    return n_free <= search.n;
}

const TypeInfo virtio_serial_bus_type = {
    .schema = &qmp_class_virtio_serial_bus,
    .kind = &(const BusOps){
        .full = serial_bus_full,
        .plugged = serial_plugged,
        .unplug_request = serial_unplug,
    },
};
