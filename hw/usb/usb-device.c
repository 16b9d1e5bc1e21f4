/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class usb-device: packets to its endpoints, and its state.
 */
#include "config.h"
#include "hw/usb/usb.h"

#include "qmp/error.h"
#include "qom/qapi-objects-usb.h"
#include "qom/qapi-trace.h"

enum { MAX_ADDRESS = 127 };

/* ---- Packets ---- */

static gsize move(UsbPacket *packet, void *data, gsize size)
{
    gsize n = MIN(size, usb_left(packet));

    if (!n) {
        return 0;
    }
    if (!packet->copy(packet, packet->actual, data, n)) {
        packet->bad_memory = true;
        return 0;
    }
    packet->actual += n;
    return n;
}

gsize usb_give(UsbPacket *packet, const void *data, gsize size)
{
    return move(packet, (void *)data, size);
}

gsize usb_take(UsbPacket *packet, void *data, gsize size)
{
    return move(packet, data, size);
}

static guint16 *halted(UsbDevice *dev, bool in)
{
    return in ? &dev->halted_in : &dev->halted_out;
}

static UsbResult answer(UsbDevice *dev, UsbPacket *packet)
{
    if (packet->endpoint == 0) {
        return usb_control_packet(dev, packet);
    }
    if (!dev->configuration || packet->pid == USB_PID_SETUP ||
        *halted(dev, packet->pid == USB_PID_IN) >> packet->endpoint & 1) {
        return USB_STALL;
    }
    return dev->ops->data(dev, packet);
}

UsbResult usb_packet(UsbDevice *dev, UsbPacket *packet)
{
    UsbResult result;

    packet->bad_memory = false;
    if (!dev || !usb_present(dev)) {
        return USB_LOST;
    }
    result = answer(dev, packet);
    if (result == USB_STALL) {
        trace_usb_stall(dev, packet->endpoint, packet->pid);
    }
    return packet->bad_memory ? USB_BAD_MEMORY : result;
}

void usb_halt(UsbDevice *dev, guint8 endpoint)
{
    *halted(dev, endpoint & USB_IN) |= 1u << (endpoint & USB_MAX_ENDPOINT);
}

bool usb_present(const UsbDevice *dev)
{
    return dev->device.realized && !dev->gone;
}

/* "hub@1/storage@2" in port 1.2. */
char *usb_boot_path(const UsbDevice *dev, const char *kind)
{
    g_auto(GStrv) numbers = g_strsplit(dev->port->path, ".", -1);
    GString *path = g_string_new(NULL);

    for (guint i = 0; numbers[i]; i++) {
        g_string_append_printf(path, "%s%s@%s", i ? "/" : "", numbers[i + 1] ? "hub" : kind,
                               numbers[i]);
    }
    return g_string_free(path, false);
}

/* ---- Reset and state ---- */

static const StateRow device_state[] = {
    STATE_FIELD(U8, UsbDevice, address, 0),
    STATE_FIELD(U8, UsbDevice, configuration, 0),
    STATE_FIELD(BOOL, UsbDevice, remote_wakeup, false),
    STATE_FIELD(U16, UsbDevice, halted_in, 0),
    STATE_FIELD(U16, UsbDevice, halted_out, 0),
    STATE_FIELD(U8, UsbDevice, stage, USB_CONTROL_IDLE),
    STATE_ARRAY(U8, UsbDevice, setup, 0),
    STATE_FIELD(U32, UsbDevice, offset, 0),
    STATE_SOME_BYTES(UsbDevice, data, length),
    STATE_ROWS_END
};

void usb_reset(UsbDevice *dev)
{
    state_reset(device_state, dev);
    if (dev->ops->reset) {
        dev->ops->reset(dev);
    }
}

static void device_reset_enter(Device *device)
{
    UsbDevice *dev = to_usb_device(device);

    if (dev->ops->reset) {
        dev->ops->reset(dev);
    }
}

static bool device_state_loaded(Device *device, GError **error)
{
    const UsbDevice *dev = to_usb_device(device);

    if (dev->address > MAX_ADDRESS || dev->configuration > 1 || !usb_control_valid(dev)) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                      "state of '%s' is not that of a USB device", device->object.name);
        return false;
    }
    return true;
}

const TypeInfo usb_device_type = {
    .schema = &qmp_class_usb_device,
    .size = sizeof(UsbDevice),
    .device = &(const DeviceOps){
        .reset_enter = device_reset_enter,
        .state = device_state,
        .state_loaded = device_state_loaded,
    },
};
