/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * USB: devices, the ports that they are plugged into, and packets, after "Universal Serial Bus
 * Specification" 2.0 (USB 2.0) and 3.0 (USB 3.0), chapters 8 and 9.
 *
 *     a controller's schedule -> UsbPacket -> usb_packet() -> UsbDeviceOps.data
 *                                                         -> the control pipe (usb-control.c)
 *
 * A packet is answered at once.  A device that has nothing to say, or no room, answers NAK; when
 * that changes, usb_ready() tells the controller, which then tries again.  So no packet is ever in
 * flight: nothing has to be cancelled, or to be saved with a controller's state.
 *
 * One packet here may be many on a wire: a controller may pass a whole transfer, of which a
 * device takes or gives as much as it can.
 *
 * A bus has the ports of its controller, and those of hubs that are plugged in there: "2" is the
 * controller's second port, "2.1" the first one of the hub in it.
 *
 * Everything needs the machine lock.
 */
#ifndef HW_USB_USB_H
#define HW_USB_USB_H

#include "hw/machine/machine.h"
#include "qom/device.h"

typedef struct UsbBus UsbBus;
typedef struct UsbDevice UsbDevice;
typedef struct UsbPort UsbPort;

enum {
    USB_MAX_ENDPOINT = 15,
    USB_CONTROL_SIZE = 4096,    /* of a control transfer's data; longer ones are stalled */
    USB_SETUP_SIZE = 8,
    USB_PATH_SIZE = 24,         /* of a port: a controller's and those of five hubs */
};

typedef enum { USB_SPEED_LOW, USB_SPEED_FULL, USB_SPEED_HIGH, USB_SPEED_SUPER } UsbSpeed;

enum { USB_N_SPEEDS = USB_SPEED_SUPER + 1 };

/* ---- Packets ---- */

/* USB 2.0 section 8.3.1 */
typedef enum { USB_PID_OUT = 0xe1, USB_PID_IN = 0x69, USB_PID_SETUP = 0x2d } UsbPid;

typedef enum {
    USB_ACK,                    /* packet->actual bytes have been moved; of IN, fewer than size
                                   are a short packet: the transfer is over */
    USB_NAK,                    /* the same, but not all: the rest later */
    USB_STALL,
    USB_BABBLE,                 /* the device has more bytes than there is room for */
    USB_LOST,                   /* nobody answers */
    USB_BAD_MEMORY,             /* the packet's memory cannot be accessed */
} UsbResult;

typedef struct UsbPacket UsbPacket;

struct UsbPacket {
    UsbPid pid;
    guint8 endpoint;            /* its number */
    gsize size;                 /* bytes to be moved */
    gsize actual;               /* bytes that have been moved */
    /* Moves bytes between the controller's memory, from offset, and data; OUT and SETUP read
     * memory.  False: it cannot be accessed. */
    bool (*copy)(UsbPacket *packet, gsize offset, void *data, gsize size);
    bool bad_memory;            /* it could not */
};

/* For devices: gives bytes of IN, or takes those of OUT: as many as there are left in the packet,
 * at most size.  Returns how many. */
gsize usb_give(UsbPacket *packet, const void *data, gsize size);
gsize usb_take(UsbPacket *packet, void *data, gsize size);
static inline gsize usb_left(const UsbPacket *packet)
{
    return packet->size - packet->actual;
}

/* ---- Descriptors (USB 2.0 chapter 9) ---- */

enum {
    USB_DT_DEVICE = 1, USB_DT_CONFIG = 2, USB_DT_STRING = 3, USB_DT_INTERFACE = 4,
    USB_DT_ENDPOINT = 5, USB_DT_QUALIFIER = 6, USB_DT_OTHER_SPEED = 7, USB_DT_BOS = 15,
    USB_DT_HID = 0x21, USB_DT_REPORT = 0x22, USB_DT_HUB = 0x29, USB_DT_HUB_3 = 0x2a,
    USB_DT_COMPANION = 0x30,
};

/* The bytes of a device's descriptors at some speed.  That of the configuration is followed by
 * those that belong to it, and its wTotalLength is set when it is read. */
typedef struct {
    const guint8 *device;       /* 18 bytes */
    const guint8 *config;
    guint16 config_size;
    guint8 bos_size;
    const guint8 *bos;          /* or NULL */
} UsbDescriptors;

/* ---- Devices ---- */

/* bmRequestType and bRequest. */
#define USB_REQUEST(type, request) ((type) << 8 | (request))

enum {
    USB_IN = 0x80,
    USB_STANDARD = 0x00, USB_CLASS = 0x20, USB_VENDOR = 0x40,
    USB_TO_DEVICE = 0, USB_TO_INTERFACE = 1, USB_TO_ENDPOINT = 2, USB_TO_OTHER = 3,
};

typedef struct {
    guint16 request;            /* USB_REQUEST() */
    guint16 value, index, length;
} UsbSetup;

/* The TypeInfo.kind of a class of devices. */
typedef struct {
    /* NULL: it does not have that speed. */
    const UsbDescriptors *(*descriptors)(const UsbDevice *dev, UsbSpeed speed);
    /* String descriptors from 1 on, each ended by NUL. */
    const char *strings;
    guint8 n_strings;
    guint8 serial;              /* which of them property `serial` replaces */
    /* A request that is not a standard one of the device, with setup->length bytes of data at most:
     * OUT requests have them, IN requests put them there and their number into *ret_length.  False:
     * STALL. */
    bool (*control)(UsbDevice *dev, const UsbSetup *setup, guint8 *data, guint16 *ret_length);
    /* A packet to an endpoint other than 0, which is not halted, of a configured device. */
    UsbResult (*data)(UsbDevice *dev, UsbPacket *packet);
    /* It has been configured (by the guest, not by a loaded state); or NULL. */
    void (*configured)(UsbDevice *dev);
    /* The port has reset it, or it has lost its configuration; or NULL. */
    void (*reset)(UsbDevice *dev);
    /* The guest has cleared the halt of an endpoint (with USB_IN); or NULL. */
    void (*unhalted)(UsbDevice *dev, guint8 endpoint);
    /* A hub: the device with that address behind it, or NULL. */
    UsbDevice *(*find)(UsbDevice *dev, guint8 address);
} UsbDeviceOps;

typedef enum {
    USB_CONTROL_IDLE,
    USB_CONTROL_DATA,           /* a setup packet was accepted */
    USB_CONTROL_STALLED,        /* the request has failed: data and status are stalled */
} UsbControlStage;

struct UsbDevice {
    Device device;
    const UsbDeviceOps *ops;    /* from attach to detach, as the next two */
    UsbPort *port;
    UsbSpeed speed;
    bool gone;                  /* it has been pulled out, and is about to be removed */
    /* Guest-visible. */
    guint8 address, configuration;
    bool remote_wakeup;
    guint16 halted_in, halted_out;      /* bits of endpoints */
    guint8 stage;               /* UsbControlStage */
    guint8 setup[USB_SETUP_SIZE];
    guint32 offset, length;     /* of data: moved, and all */
    guint8 data[USB_CONTROL_SIZE];
};

/* Sends a packet to a device.  dev NULL: nobody answers. */
UsbResult usb_packet(UsbDevice *dev, UsbPacket *packet);
/* A controller that assigns addresses does it by this request. */
void usb_set_address(UsbDevice *dev, guint8 address);
/* What the port's reset does. */
void usb_reset(UsbDevice *dev);
/* Whether the port's owner sees dev: it is complete, and not about to be removed. */
bool usb_present(const UsbDevice *dev);

/* For devices: packets to this endpoint (with USB_IN) that got NAK may get another answer. */
void usb_ready(UsbDevice *dev, guint8 endpoint);
/* Something happened for which a suspended guest may want to be woken. */
void usb_wake(UsbDevice *dev);
/* Halts an endpoint (with USB_IN), which then stalls until the guest has cleared that. */
void usb_halt(UsbDevice *dev, guint8 endpoint);

/* The Open Firmware path of a device below its controller, with this name for its kind: newly
 * allocated. */
char *usb_boot_path(const UsbDevice *dev, const char *kind);

/* ---- Ports ---- */

typedef struct {
    /* A device is plugged in, or is being pulled out; not during a reset of the machine. */
    void (*attached)(UsbPort *port);
    void (*detached)(UsbPort *port);
    /* The device asks for the end of a suspend. */
    void (*wake)(UsbPort *port);
    /* Of a companion's port: a device there may have something to say. */
    void (*ready)(UsbPort *port);
} UsbPortOps;

/* Embedded in its owner's struct. */
struct UsbPort {
    const UsbPortOps *ops;
    void *opaque;
    UsbBus *bus;
    UsbDevice *dev;             /* or NULL; usb_port_device() is what its owner sees */
    guint index;                /* among its owner's, from 0 */
    guint speeds;               /* bits of UsbSpeed */
    UsbPort *companion, *host;  /* the two sides of usb_companion_join(), or NULL */
    char path[USB_PATH_SIZE];
    GList link;                 /* in the bus's list */
};

/* Adds a port to a bus.  Set by the caller: ops, opaque, index, speeds.  hub: whose port it is, or
 * NULL for a controller's.  Removing it wants no device in it. */
void usb_port_add(UsbBus *bus, UsbPort *port, const UsbDevice *hub);
void usb_port_remove(UsbPort *port);
/* What is plugged in, or NULL. */
UsbDevice *usb_port_device(const UsbPort *port);

/* ---- Buses ---- */

/* What the controller is told of devices on its bus, wherever they are plugged in. */
typedef struct {
    /* usb_ready() */
    void (*ready)(void *opaque, UsbDevice *dev, guint8 endpoint);
    /* A device has been pulled out; or NULL. */
    void (*gone)(void *opaque, UsbDevice *dev);
    bool has_companions;        /* controllers of USB 1 can join its ports */
} UsbBusOps;

/* Makes the bus of a controller, in its realize; borrowed. */
UsbBus *usb_bus_new(Device *owner, const UsbBusOps *ops, void *opaque);
/* The device in the port with this path, or NULL. */
UsbDevice *usb_bus_device(const UsbBus *bus, const char *path);
/* A port of the controller, by its number from 0, or NULL. */
UsbPort *usb_bus_port(const UsbBus *bus, guint index);
bool usb_bus_has_companions(const UsbBus *bus);
/* Has dev use the fastest of these speeds (bits); false: it has none of them. */
bool usb_device_slow(UsbDevice *dev, guint speeds);

/* ---- Companions: usb-companion.c ---- */

/* In realize of owner, a controller for USB 1: its port, which is on no bus, shares port `index`
 * (from 0) of the bus with that name.  Set by the caller: ops, opaque, index, speeds.  Fails with
 * bus_find()'s errors, not-supported, out-of-range, address-in-use. */
bool usb_companion_join(Device *owner, const char *master, guint index, UsbPort *port,
                        GError **error);
/* The opposite; no-op if it is on its own. */
void usb_companion_leave(UsbPort *port);
/* For the controller of USB 2: the companion owns the port from now on, or not any more, and sees
 * its device come or go, with a speed of its own.  No-op without a companion. */
void usb_companion_plug(UsbPort *host);
void usb_companion_unplug(UsbPort *host);
/* The same, but the companion is not told: its state was loaded. */
void usb_companion_set(UsbPort *host, bool owns);
/* Pass on UsbPortOps.wake, and UsbBusOps.ready. */
void usb_companion_wake(UsbPort *host);
void usb_companion_ready(UsbPort *host);

/* ---- usb-control.c, for usb-device.c ---- */

UsbResult usb_control_packet(UsbDevice *dev, UsbPacket *packet);
/* Stages and lengths fit together. */
bool usb_control_valid(const UsbDevice *dev);

/* ---- usb-standard.c, for usb-control.c ---- */

/* Executes a request; arguments as of UsbDeviceOps.control. */
bool usb_execute(UsbDevice *dev, const UsbSetup *setup, guint8 *data, guint16 *ret_length);

extern const TypeInfo usb_bus_type;
extern const TypeInfo usb_device_type;

#endif
