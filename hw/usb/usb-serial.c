/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class usb-serial: a serial port that drivers know as FTDI's FT232BM, by what those drivers do
 * (Linux's ftdi_sio.h describes the protocol).
 *
 * Each packet to the host begins with two bytes: the modem's lines, and what happened on the line.
 * Speed, format and flow control are taken and have no effect: the chardev has none.
 */
#include "config.h"
#include "hw/usb/usb-serial.h"

#include <string.h>

#include "hw/chardev/char.h"
#include "hw/usb/usb.h"
#include "qom/qapi-objects-usb.h"

enum { ROOM = 512, PACKET = 64, HEADER = 2, LATENCY_DEFAULT = 16, IN = 1, OUT = 2 };

/* Requests. */
enum {
    RESET = 0, SET_MODEM = 1, SET_FLOW = 2, SET_BAUD = 3, SET_FORMAT = 4, GET_MODEM = 5,
    SET_EVENT_CHAR = 6, SET_ERROR_CHAR = 7, SET_LATENCY = 9, GET_LATENCY = 10,
    RESET_ALL = 0, RESET_RECEIVED = 1,
};

enum {
    MODEM_ALWAYS = 1 << 0, MODEM_CTS = 1 << 4, MODEM_DSR = 1 << 5, MODEM_DCD = 1 << 7,
    LINE_BREAK = 1 << 4, LINE_EMPTY = 3 << 5,
};

struct UsbSerial {
    UsbDevice usb;
    Chardev *chr;
    /* Guest-visible. */
    guint8 received[ROOM];      /* not given to the host yet */
    guint32 first, n;
    guint8 sent[ROOM];          /* not taken by the chardev yet */
    guint32 n_sent;
    bool news;                  /* lines changed */
    bool got_break;
    guint8 latency;             /* ms, as the driver set it */
};

/* ---- Descriptors ---- */

static const guint8 device_descriptor[] = {
    18, USB_DT_DEVICE, 0x00, 0x02, 0, 0, 0, 8, 0x03, 0x04, 0x01, 0x60, 0x00, 0x04, 1, 2, 3, 1,
};

static const guint8 config_descriptor[] = {
    9, USB_DT_CONFIG, 0, 0, 1, 1, 0, 0x80, 50,
    9, USB_DT_INTERFACE, 0, 0, 2, 0xff, 0xff, 0xff, 0,
    7, USB_DT_ENDPOINT, USB_IN | IN, 2, PACKET, 0, 0,
    7, USB_DT_ENDPOINT, OUT, 2, PACKET, 0, 0,
};

static const UsbDescriptors full = {
    device_descriptor, config_descriptor, sizeof(config_descriptor), 0, NULL,
};

static const UsbDescriptors *descriptors(const UsbDevice *dev, UsbSpeed speed)
{
    return speed == USB_SPEED_FULL ? &full : NULL;
}

/* ---- To the host ---- */

static guint8 modem_lines(const UsbSerial *s)
{
    return MODEM_ALWAYS | (s->chr->connected ? MODEM_CTS | MODEM_DSR | MODEM_DCD : 0);
}

static guint8 line_status(UsbSerial *s)
{
    guint8 status = (s->n_sent ? 0 : LINE_EMPTY) | (s->got_break ? LINE_BREAK : 0);

    s->got_break = false;
    return status;
}

/* The bytes of a packet on the wire; how many are data. */
static guint give_packet(UsbSerial *s, UsbPacket *packet)
{
    guint8 bytes[PACKET] = { modem_lines(s), line_status(s) };
    guint n = MIN(MIN(PACKET - HEADER, usb_left(packet) - HEADER), s->n);

    for (guint i = 0; i < n; i++) {
        bytes[HEADER + i] = s->received[(s->first + i) % ROOM];
    }
    s->first = (s->first + n) % ROOM;
    s->n -= n;
    usb_give(packet, bytes, HEADER + n);
    return n;
}

static UsbResult packet_in(UsbSerial *s, UsbPacket *packet)
{
    if (!s->n && !s->news && !s->got_break) {
        return USB_NAK;
    }
    s->news = false;
    while (usb_left(packet) > HEADER && !packet->bad_memory &&
           give_packet(s, packet) == PACKET - HEADER) {
    }
    char_accept_input(s->chr);
    return USB_ACK;
}

static gsize can_receive(void *opaque)
{
    const UsbSerial *s = opaque;

    return s->usb.configuration ? ROOM - s->n : 0;
}

static void receive(void *opaque, const guint8 *data, gsize size)
{
    UsbSerial *s = opaque;

    for (gsize i = 0; i < size; i++) {
        s->received[(s->first + s->n++) % ROOM] = data[i];
    }
    usb_ready(&s->usb, USB_IN | IN);
}

static void event(void *opaque, CharEvent event)
{
    UsbSerial *s = opaque;

    s->got_break = s->got_break || event == CHAR_EVENT_BREAK;
    s->news = true;
    usb_ready(&s->usb, USB_IN | IN);
}

/* ---- From the host ---- */

static void flush(UsbSerial *s)
{
    gsize n = char_write(s->chr, s->sent, s->n_sent);

    s->n_sent -= n;
    memmove(s->sent, s->sent + n, s->n_sent);
}

/* As many bytes as the chardev takes, and one buffer more. */
static UsbResult packet_out(UsbSerial *s, UsbPacket *packet)
{
    while (usb_left(packet) && !s->n_sent && !packet->bad_memory) {
        s->n_sent = usb_take(packet, s->sent, MIN(usb_left(packet), ROOM));
        flush(s);
    }
    return usb_left(packet) ? USB_NAK : USB_ACK;
}

static void writable(void *opaque)
{
    UsbSerial *s = opaque;

    flush(s);
    if (!s->n_sent) {
        usb_ready(&s->usb, OUT);
    }
}

static const CharFrontOps front_ops = {
    .can_receive = can_receive,
    .receive = receive,
    .event = event,
    .writable = writable,
};

static UsbResult serial_data(UsbDevice *dev, UsbPacket *packet)
{
    UsbSerial *s = to_usb_serial(dev);

    if (packet->pid == USB_PID_IN) {
        return packet->endpoint == IN ? packet_in(s, packet) : USB_STALL;
    }
    return packet->endpoint == OUT ? packet_out(s, packet) : USB_STALL;
}

/* ---- Requests ---- */

static bool reset_port(UsbSerial *s, guint16 what)
{
    if (what == RESET_ALL || what == RESET_RECEIVED) {
        s->first = s->n = 0;
        char_accept_input(s->chr);
    }
    return true;
}

static bool control(UsbDevice *dev, const UsbSetup *setup, guint8 *data, guint16 *ret_length)
{
    UsbSerial *s = to_usb_serial(dev);

    switch (setup->request) {
    case USB_REQUEST(USB_VENDOR, RESET):
        return reset_port(s, setup->value);
    case USB_REQUEST(USB_VENDOR, SET_MODEM):
    case USB_REQUEST(USB_VENDOR, SET_FLOW):
    case USB_REQUEST(USB_VENDOR, SET_BAUD):
    case USB_REQUEST(USB_VENDOR, SET_FORMAT):
    case USB_REQUEST(USB_VENDOR, SET_EVENT_CHAR):
    case USB_REQUEST(USB_VENDOR, SET_ERROR_CHAR):
        return true;
    case USB_REQUEST(USB_VENDOR, SET_LATENCY):
        s->latency = setup->value;
        return true;
    case USB_REQUEST(USB_IN | USB_VENDOR, GET_MODEM):
        data[0] = modem_lines(s);
        data[1] = line_status(s);
        *ret_length = 2;
        return true;
    case USB_REQUEST(USB_IN | USB_VENDOR, GET_LATENCY):
        data[0] = s->latency;
        *ret_length = 1;
        return true;
    default:
        return false;
    }
}

static void configured(UsbDevice *dev)
{
    UsbSerial *s = to_usb_serial(dev);

    s->news = true;
    char_accept_input(s->chr);
}

/* ---- Life ---- */

static bool serial_realize(Device *dev, GError **error)
{
    UsbSerial *s = to_usb_serial(dev);

    s->chr = usb_serial_props(s)->chardev.target;
    char_attach(s->chr, &front_ops, s);
    return true;
}

static void serial_unrealize(Device *dev)
{
    UsbSerial *s = to_usb_serial(dev);

    char_detach(s->chr, s);
    s->chr = NULL;
}

static const StateRow serial_state[] = {
    STATE_RING(U8, UsbSerial, received, first, n),
    STATE_SOME_BYTES(UsbSerial, sent, n_sent),
    STATE_FIELD(BOOL, UsbSerial, news, false),
    STATE_FIELD(BOOL, UsbSerial, got_break, false),
    STATE_FIELD(U8, UsbSerial, latency, LATENCY_DEFAULT),
    STATE_ROWS_END
};

static void serial_reset(UsbDevice *dev)
{
    state_reset(serial_state, to_usb_serial(dev));
}

/* The chardev takes what is left, and may have something. */
static bool serial_state_loaded(Device *dev, GError **error)
{
    UsbSerial *s = to_usb_serial(dev);

    char_accept_input(s->chr);
    return true;
}

const TypeInfo usb_serial_type = {
    .schema = &qmp_class_usb_serial,
    .size = sizeof(UsbSerial),
    .device = &(const DeviceOps){
        .realize = serial_realize,
        .unrealize = serial_unrealize,
        .state = serial_state,
        .state_loaded = serial_state_loaded,
    },
    .kind = &(const UsbDeviceOps){
        .descriptors = descriptors,
        .strings = "QEMU\0" "QEMU USB SERIAL\0" "1",
        .n_strings = 3,
        .serial = 3,
        .control = control,
        .data = serial_data,
        .configured = configured,
        .reset = serial_reset,
    },
};
