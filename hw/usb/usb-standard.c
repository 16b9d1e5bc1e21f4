/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Standard requests (USB 2.0 section 9.4, USB 3.0 section 9.4), and descriptors.
 */
#include "config.h"
#include "hw/usb/usb.h"

#include <string.h>

#include "qmp/bytes.h"
#include "qom/qapi-objects-usb.h"

enum {
    GET_STATUS = 0, CLEAR_FEATURE = 1, SET_FEATURE = 3, SET_ADDRESS = 5, GET_DESCRIPTOR = 6,
    GET_CONFIGURATION = 8, SET_CONFIGURATION = 9, GET_INTERFACE = 10, SET_INTERFACE = 11,
    SET_SEL = 48, SET_ISOCH_DELAY = 49,
};

enum { FEATURE_HALT = 0, FEATURE_REMOTE_WAKEUP = 1, FEATURE_U1 = 48, FEATURE_LTM = 50 };

enum { IN_DEVICE = USB_IN | USB_TO_DEVICE, IN_INTERFACE = USB_IN | USB_TO_INTERFACE,
       IN_ENDPOINT = USB_IN | USB_TO_ENDPOINT };

/* Offsets in descriptors. */
enum {
    DEVICE_SIZE = 18, DEVICE_MAX_PACKET = 7, DEVICE_N_CONFIGS = 17, QUALIFIER_SIZE = 10,
    CONFIG_TOTAL = 2, CONFIG_N_INTERFACES = 4, CONFIG_ATTRIBUTES = 7, INTERFACE_NUMBER = 2,
    ENDPOINT_ADDRESS = 2,
};

enum { ATTRIBUTE_SELF_POWERED = 0x40, ATTRIBUTE_REMOTE_WAKEUP = 0x20, LANGUAGE_US = 0x0409 };

static const UsbDescriptors *descriptors(const UsbDevice *dev)
{
    return dev->ops->descriptors(dev, dev->speed);
}

/* ---- Descriptors ---- */

static guint16 put(guint8 *to, const guint8 *from, guint size)
{
    memcpy(to, from, size);
    return size;
}

static guint16 put_config(guint8 *to, const UsbDescriptors *of, guint8 type)
{
    put(to, of->config, of->config_size);
    to[1] = type;
    put_le(to + CONFIG_TOTAL, of->config_size, 2);
    return of->config_size;
}

/* A device with full and high speed describes itself at the other one of the two. */
static const UsbDescriptors *other_speed(const UsbDevice *dev)
{
    if (dev->speed != USB_SPEED_FULL && dev->speed != USB_SPEED_HIGH) {
        return NULL;
    }
    return dev->ops->descriptors(dev, dev->speed == USB_SPEED_FULL ? USB_SPEED_HIGH
                                                                   : USB_SPEED_FULL);
}

static guint16 put_qualifier(guint8 *to, const UsbDescriptors *other)
{
    to[0] = QUALIFIER_SIZE;
    to[1] = USB_DT_QUALIFIER;
    memcpy(to + 2, other->device + 2, 6);
    to[8] = other->device[DEVICE_N_CONFIGS];
    to[9] = 0;
    return QUALIFIER_SIZE;
}

static const char *string(const UsbDevice *dev, guint8 index)
{
    const char *serial = usb_device_props(dev)->serial;
    const char *text = dev->ops->strings;

    if (serial && index == dev->ops->serial) {
        return serial;
    }
    for (guint8 i = 1; i < index; i++) {
        text += strlen(text) + 1;
    }
    return text;
}

/* UTF-16 of a string; what is not ASCII becomes '?'. */
static guint16 put_string(const UsbDevice *dev, guint8 *to, guint8 index)
{
    const char *text;
    guint n;

    to[1] = USB_DT_STRING;
    if (index == 0) {
        to[0] = 4;
        put_le(to + 2, LANGUAGE_US, 2);
        return to[0];
    }
    if (index > dev->ops->n_strings) {
        return 0;
    }
    text = string(dev, index);
    n = MIN(strlen(text), 126);
    to[0] = 2 + 2 * n;
    for (guint i = 0; i < n; i++) {
        put_le(to + 2 + 2 * i, g_ascii_isprint(text[i]) ? text[i] : '?', 2);
    }
    return to[0];
}

/* Returns the length; 0: there is no such descriptor. */
static guint16 get_descriptor(const UsbDevice *dev, guint8 type, guint8 index, guint8 *to)
{
    const UsbDescriptors *now = descriptors(dev), *other = other_speed(dev);

    switch (type) {
    case USB_DT_DEVICE:
        return put(to, now->device, DEVICE_SIZE);
    case USB_DT_CONFIG:
        return index ? 0 : put_config(to, now, type);
    case USB_DT_STRING:
        return put_string(dev, to, index);
    case USB_DT_QUALIFIER:
        return other ? put_qualifier(to, other) : 0;
    case USB_DT_OTHER_SPEED:
        return other && !index ? put_config(to, other, type) : 0;
    case USB_DT_BOS:
        return now->bos ? put(to, now->bos, now->bos_size) : 0;
    default:
        return 0;
    }
}

/* Whether the configuration has a descriptor of that type with that byte at offset. */
static bool config_has(const UsbDevice *dev, guint8 type, guint offset, guint8 byte)
{
    const UsbDescriptors *now = descriptors(dev);

    for (guint i = 0; i < now->config_size; i += now->config[i]) {
        if (now->config[i + 1] == type && now->config[i + offset] == byte) {
            return true;
        }
    }
    return false;
}

static bool has_interface(const UsbDevice *dev, guint16 index)
{
    return dev->configuration && index <= G_MAXUINT8 &&
           config_has(dev, USB_DT_INTERFACE, INTERFACE_NUMBER, index);
}

static bool has_endpoint(const UsbDevice *dev, guint16 index)
{
    return (index & USB_MAX_ENDPOINT) == 0 ||
           (dev->configuration && index <= G_MAXUINT8 &&
            config_has(dev, USB_DT_ENDPOINT, ENDPOINT_ADDRESS, index));
}

/* ---- Requests ---- */

void usb_set_address(UsbDevice *dev, guint8 address)
{
    dev->address = address;
}

static bool set_configuration(UsbDevice *dev, guint16 value)
{
    if (value > 1) {
        return false;           /* each device has one, with number 1 */
    }
    if (dev->ops->reset && dev->configuration) {
        dev->ops->reset(dev);
    }
    dev->configuration = value;
    dev->halted_in = dev->halted_out = 0;
    if (value && dev->ops->configured) {
        dev->ops->configured(dev);
    }
    return true;
}

static guint16 device_status(const UsbDevice *dev)
{
    return (descriptors(dev)->config[CONFIG_ATTRIBUTES] & ATTRIBUTE_SELF_POWERED ? 1 : 0) |
           (dev->remote_wakeup ? 2 : 0);
}

static bool is_halted(const UsbDevice *dev, guint16 index)
{
    guint16 bits = index & USB_IN ? dev->halted_in : dev->halted_out;

    return bits >> (index & USB_MAX_ENDPOINT) & 1;
}

static bool put_word(guint8 *to, guint16 value, guint16 *ret_length)
{
    put_le(to, value, 2);
    *ret_length = 2;
    return true;
}

static bool set_device_feature(UsbDevice *dev, guint16 feature, bool on)
{
    if (feature == FEATURE_REMOTE_WAKEUP &&
        descriptors(dev)->config[CONFIG_ATTRIBUTES] & ATTRIBUTE_REMOTE_WAKEUP) {
        dev->remote_wakeup = on;
        return true;
    }
    return dev->speed == USB_SPEED_SUPER && feature >= FEATURE_U1 && feature <= FEATURE_LTM;
}

static bool set_halt(UsbDevice *dev, guint16 index, guint16 feature, bool on)
{
    guint8 endpoint = index;

    if (feature != FEATURE_HALT || !has_endpoint(dev, index) || !(index & USB_MAX_ENDPOINT)) {
        return false;
    }
    if (on) {
        usb_halt(dev, endpoint);
        return true;
    }
    if (endpoint & USB_IN) {
        dev->halted_in &= ~(1u << (endpoint & USB_MAX_ENDPOINT));
    } else {
        dev->halted_out &= ~(1u << (endpoint & USB_MAX_ENDPOINT));
    }
    if (dev->ops->unhalted) {
        dev->ops->unhalted(dev, endpoint);
    }
    return true;
}

static bool execute_in(UsbDevice *dev, const UsbSetup *setup, guint8 *data, guint16 *ret_length)
{
    switch (setup->request) {
    case USB_REQUEST(IN_DEVICE, GET_DESCRIPTOR):
        *ret_length = get_descriptor(dev, setup->value >> 8, setup->value & 0xff, data);
        return *ret_length > 0;
    case USB_REQUEST(IN_DEVICE, GET_CONFIGURATION):
        data[0] = dev->configuration;
        *ret_length = 1;
        return true;
    case USB_REQUEST(IN_DEVICE, GET_STATUS):
        return put_word(data, device_status(dev), ret_length);
    case USB_REQUEST(IN_INTERFACE, GET_STATUS):
        return has_interface(dev, setup->index) && put_word(data, 0, ret_length);
    case USB_REQUEST(IN_ENDPOINT, GET_STATUS):
        return has_endpoint(dev, setup->index) &&
               put_word(data, is_halted(dev, setup->index), ret_length);
    case USB_REQUEST(IN_INTERFACE, GET_INTERFACE):
        data[0] = 0;
        *ret_length = 1;
        return has_interface(dev, setup->index);
    default:
        return dev->ops->control(dev, setup, data, ret_length);
    }
}

static bool execute_out(UsbDevice *dev, const UsbSetup *setup, guint8 *data, guint16 *ret_length)
{
    switch (setup->request) {
    case USB_REQUEST(USB_TO_DEVICE, SET_ADDRESS):
        usb_set_address(dev, setup->value & 0x7f);
        return setup->value <= 0x7f;
    case USB_REQUEST(USB_TO_DEVICE, SET_CONFIGURATION):
        return set_configuration(dev, setup->value);
    case USB_REQUEST(USB_TO_DEVICE, CLEAR_FEATURE):
    case USB_REQUEST(USB_TO_DEVICE, SET_FEATURE):
        return set_device_feature(dev, setup->value, (setup->request & 0xff) == SET_FEATURE);
    case USB_REQUEST(USB_TO_INTERFACE, CLEAR_FEATURE):
    case USB_REQUEST(USB_TO_INTERFACE, SET_FEATURE):
        return dev->speed == USB_SPEED_SUPER && has_interface(dev, setup->index & 0xff);
    case USB_REQUEST(USB_TO_ENDPOINT, CLEAR_FEATURE):
    case USB_REQUEST(USB_TO_ENDPOINT, SET_FEATURE):
        return set_halt(dev, setup->index, setup->value, (setup->request & 0xff) == SET_FEATURE);
    case USB_REQUEST(USB_TO_INTERFACE, SET_INTERFACE):
        return has_interface(dev, setup->index) && setup->value == 0;
    case USB_REQUEST(USB_TO_DEVICE, SET_SEL):
    case USB_REQUEST(USB_TO_DEVICE, SET_ISOCH_DELAY):
        return dev->speed == USB_SPEED_SUPER;
    default:
        return dev->ops->control(dev, setup, data, ret_length);
    }
}

bool usb_execute(UsbDevice *dev, const UsbSetup *setup, guint8 *data, guint16 *ret_length)
{
    return setup->request >> 8 & USB_IN ? execute_in(dev, setup, data, ret_length)
                                        : execute_out(dev, setup, data, ret_length);
}
