/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control pipe: endpoint 0, whose transfers have a setup packet, data in one direction or none,
 * and a status packet in the other (USB 2.0 section 8.5.3).
 *
 * The buffer is the device's, and as long as USB_CONTROL_SIZE.  A setup packet whose wLength is
 * longer is not accepted: neither its bytes nor its length are stored, so that no later packet
 * finds a length that the buffer does not have.
 */
#include "config.h"
#include "hw/usb/usb.h"

#include <string.h>

#include "qmp/bytes.h"
#include "qom/qapi-trace.h"

static UsbSetup decode(const guint8 bytes[USB_SETUP_SIZE])
{
    return (UsbSetup){
        .request = USB_REQUEST(bytes[0], bytes[1]),
        .value = get_le16(bytes + 2),
        .index = get_le16(bytes + 4),
        .length = get_le16(bytes + 6),
    };
}

/* Of the request in progress: data go to the host. */
static bool is_in(const UsbDevice *dev)
{
    return dev->setup[0] & USB_IN;
}

static void set_stage(UsbDevice *dev, UsbControlStage stage)
{
    dev->stage = stage;
    if (stage != USB_CONTROL_DATA) {
        dev->offset = dev->length = 0;
    }
}

/* Executes a request that returns data, or whose data have come. */
static bool execute(UsbDevice *dev)
{
    UsbSetup setup = decode(dev->setup);
    guint16 length = is_in(dev) ? 0 : setup.length;

    if (!usb_execute(dev, &setup, dev->data, &length)) {
        set_stage(dev, USB_CONTROL_STALLED);
        return false;
    }
    if (is_in(dev)) {
        dev->length = MIN(length, setup.length);
    }
    return true;
}

/* ---- Packets ---- */

/* A device has to accept any setup packet, and to stall what follows instead. */
static UsbResult take_setup(UsbDevice *dev, UsbPacket *packet)
{
    guint8 bytes[USB_SETUP_SIZE];
    UsbSetup setup;

    set_stage(dev, USB_CONTROL_IDLE);
    if (packet->size != sizeof(bytes) || usb_take(packet, bytes, sizeof(bytes)) != sizeof(bytes)) {
        return USB_STALL;
    }
    setup = decode(bytes);
    trace_usb_control(dev, setup.request, setup.value, setup.index, setup.length);
    if (setup.length > USB_CONTROL_SIZE) {
        set_stage(dev, USB_CONTROL_STALLED);
        return USB_ACK;
    }
    memcpy(dev->setup, bytes, USB_SETUP_SIZE);
    dev->offset = 0;
    dev->length = setup.length;
    dev->stage = USB_CONTROL_DATA;
    if (is_in(dev)) {
        execute(dev);
    }
    return USB_ACK;
}

/* The packet after the data, in the other direction, or without data from the device. */
static UsbResult take_status(UsbDevice *dev, UsbPacket *packet)
{
    bool ok = is_in(dev) || (dev->offset == dev->length && execute(dev));

    if (!ok || packet->size) {
        set_stage(dev, USB_CONTROL_STALLED);
        return USB_STALL;
    }
    set_stage(dev, USB_CONTROL_IDLE);
    return USB_ACK;
}

static UsbResult give_data(UsbDevice *dev, UsbPacket *packet)
{
    dev->offset += usb_give(packet, dev->data + dev->offset, dev->length - dev->offset);
    return USB_ACK;
}

static UsbResult take_data(UsbDevice *dev, UsbPacket *packet)
{
    if (packet->size > dev->length - dev->offset) {
        set_stage(dev, USB_CONTROL_STALLED);
        return USB_STALL;
    }
    dev->offset += usb_take(packet, dev->data + dev->offset, packet->size);
    return USB_ACK;
}

UsbResult usb_control_packet(UsbDevice *dev, UsbPacket *packet)
{
    bool in = packet->pid == USB_PID_IN;

    if (packet->pid == USB_PID_SETUP) {
        return take_setup(dev, packet);
    }
    if (dev->stage != USB_CONTROL_DATA) {
        return USB_STALL;
    }
    /* Without data, the status goes to the host whatever bmRequestType says (8.5.3). */
    if (get_le16(dev->setup + 6) == 0 ? in : in != is_in(dev)) {
        return take_status(dev, packet);
    }
    return in ? give_data(dev, packet) : take_data(dev, packet);
}

bool usb_control_valid(const UsbDevice *dev)
{
    return dev->stage <= USB_CONTROL_STALLED && dev->length <= USB_CONTROL_SIZE &&
           dev->offset <= dev->length && get_le16(dev->setup + 6) <= USB_CONTROL_SIZE &&
           (dev->stage != USB_CONTROL_DATA || dev->length <= get_le16(dev->setup + 6));
}
