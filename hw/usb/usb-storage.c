/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class usb-storage: descriptors, packets, life and state.
 */
#include "config.h"
#include "hw/usb/usb-storage-internal.h"

#include <string.h>

#include "qmp/bytes.h"
#include "qmp/error.h"
#include "qom/qapi-objects-usb.h"
#include "qom/qapi-trace.h"

enum {
    CBW_SIZE = 31, CBW_SIGNATURE = 0x43425355, CBW_IN = 0x80,
    CSW_SIZE = 13, CSW_SIGNATURE = 0x53425355,
    BULK_RESET = 0xff, GET_MAX_LUN = 0xfe,
    DATA_MAX = 32 << 20,        /* bytes of a command's data */
};

/* ---- Descriptors ---- */

#define DEVICE(version_high, packet) { \
    18, USB_DT_DEVICE, 0x00, version_high, 0, 0, 0, packet, 0xf4, 0x46, 0x01, 0x00, 0x00, 0x00, \
    1, 2, 3, 1, \
}
#define CONFIG_HEAD \
    9, USB_DT_CONFIG, 0, 0, 1, 1, 0, 0xc0, 0, \
    9, USB_DT_INTERFACE, 0, 0, 2, 8, 6, 0x50, 0
#define ENDPOINT(address, packet) 7, USB_DT_ENDPOINT, address, 2, (packet) & 0xff, (packet) >> 8, 0
#define COMPANION 6, USB_DT_COMPANION, 15, 0, 0, 0

static const guint8 device_full[] = DEVICE(0x02, 8);
static const guint8 device_high[] = DEVICE(0x02, 64);
static const guint8 device_super[] = DEVICE(0x03, 9);
static const guint8 config_full[] = { CONFIG_HEAD, ENDPOINT(USB_IN | IN, 64), ENDPOINT(OUT, 64) };
static const guint8 config_high[] = { CONFIG_HEAD, ENDPOINT(USB_IN | IN, 512), ENDPOINT(OUT, 512) };
static const guint8 config_super[] = {
    CONFIG_HEAD, ENDPOINT(USB_IN | IN, 1024), COMPANION, ENDPOINT(OUT, 1024), COMPANION,
};

/* USB 2.0 extension, SuperSpeed (USB 3.0 section 9.6.2): full, high and super, how long it takes
 * to leave U1 and U2. */
static const guint8 bos[] = {
    5, USB_DT_BOS, 22, 0, 2,
    7, 0x10, 2, 0, 0, 0, 0,
    10, 0x10, 3, 0, 0x0e, 0, 1, 10, 0x20, 0,
};

static const UsbDescriptors speeds[USB_N_SPEEDS] = {
    [USB_SPEED_FULL] = { device_full, config_full, sizeof(config_full), 0, NULL },
    [USB_SPEED_HIGH] = { device_high, config_high, sizeof(config_high), 0, NULL },
    [USB_SPEED_SUPER] = { device_super, config_super, sizeof(config_super), sizeof(bos), bos },
};

static const UsbDescriptors *descriptors(const UsbDevice *dev, UsbSpeed speed)
{
    return speeds[speed].device ? &speeds[speed] : NULL;
}

/* ---- Commands ---- */

static void stop_command(UsbStorage *s)
{
    s->is_void = s->in_flight || s->ended;
    s->phase = PHASE_COMMAND;
    s->broken = false;
    memset(s->sense, 0, sizeof(s->sense));
}

/* A buffer for the data; false: they are too many. */
static bool make_buffer(UsbStorage *s)
{
    guint8 *data = s->expected <= DATA_MAX ? g_try_malloc0(MAX(s->expected, 1)) : NULL;

    if (!data) {
        return false;
    }
    g_free(s->data);
    s->data = data;
    s->size = s->expected;
    s->moved = s->used = 0;
    return true;
}

/* BOT 6.2: what is wrong with a command block wrapper ends in a reset by the host. */
static bool is_valid(const guint8 *cbw)
{
    return get_le32(cbw) == CBW_SIGNATURE && !(cbw[13] & 0xf0) && cbw[14] >= 1 &&
           cbw[14] <= SCSI_CDB_SIZE;
}

static UsbResult break_down(UsbStorage *s)
{
    s->broken = true;
    usb_halt(&s->usb, USB_IN | IN);
    usb_halt(&s->usb, OUT);
    return USB_STALL;
}

static void take_fields(UsbStorage *s, const guint8 *cbw)
{
    s->tag = get_le32(cbw + 4);
    s->expected = get_le32(cbw + 8);
    s->in = cbw[12] & CBW_IN;
    s->lun = cbw[13];
    s->cdb_size = cbw[14];
    memset(s->cdb, 0, sizeof(s->cdb));
    memcpy(s->cdb, cbw + 15, s->cdb_size);
}

static UsbResult take_command(UsbStorage *s, UsbPacket *packet)
{
    guint8 cbw[CBW_SIZE];

    if (s->in_flight || s->ended) {
        return USB_NAK;         /* of before a reset */
    }
    if (packet->size != CBW_SIZE) {
        return break_down(s);
    }
    usb_take(packet, cbw, CBW_SIZE);
    if (packet->bad_memory || !is_valid(cbw)) {
        return break_down(s);
    }
    take_fields(s, cbw);
    if (!make_buffer(s)) {
        s->size = 0;
        usb_storage_finish(s, CSW_PHASE_ERROR, 0);
        if (!s->in) {
            usb_halt(&s->usb, OUT);
        }
    } else if (s->expected && !s->in) {
        s->phase = PHASE_DATA_OUT;
    } else {
        usb_storage_execute(s);
    }
    return USB_ACK;
}

static UsbResult take_data(UsbStorage *s, UsbPacket *packet)
{
    if (packet->size > s->size - s->moved) {
        return break_down(s);   /* more than the command said */
    }
    s->moved += usb_take(packet, s->data + s->moved, packet->size);
    if (s->moved == s->size) {
        usb_storage_execute(s);
    }
    return USB_ACK;
}

/* What the command has not filled is zeros, up to what the host expects (BOT 6.7.2): firmware is
 * not prepared for less.  A packet that is not full ends the data. */
static UsbResult give_data(UsbStorage *s, UsbPacket *packet)
{
    s->moved += usb_give(packet, s->data + s->moved, s->size - s->moved);
    if (usb_left(packet) || s->moved == s->expected) {
        s->phase = PHASE_STATUS;
    }
    return USB_ACK;
}

static UsbResult give_status(UsbStorage *s, UsbPacket *packet)
{
    guint8 csw[CSW_SIZE];
    guint32 residue = s->expected - MIN(s->used, s->expected);

    trace_usb_msd_send_status(s, s->tag, s->status, residue);
    put_le(csw, CSW_SIGNATURE, 4);
    put_le(csw + 4, s->tag, 4);
    put_le(csw + 8, residue, 4);
    csw[12] = s->status;
    usb_give(packet, csw, CSW_SIZE);
    s->phase = PHASE_COMMAND;
    return USB_ACK;
}

/* ---- Packets and requests ---- */

static UsbResult packet_out(UsbStorage *s, UsbPacket *packet)
{
    switch (s->phase) {
    case PHASE_COMMAND:
        return take_command(s, packet);
    case PHASE_DATA_OUT:
        return take_data(s, packet);
    default:
        return USB_NAK;
    }
}

static UsbResult packet_in(UsbStorage *s, UsbPacket *packet)
{
    switch (s->phase) {
    case PHASE_DATA_IN:
        return give_data(s, packet);
    case PHASE_STATUS:
        return give_status(s, packet);
    default:
        return USB_NAK;
    }
}

static UsbResult storage_data(UsbDevice *dev, UsbPacket *packet)
{
    UsbStorage *s = to_usb_storage(dev);

    if (packet->pid == USB_PID_OUT && packet->endpoint == OUT) {
        return packet_out(s, packet);
    }
    return packet->pid == USB_PID_IN && packet->endpoint == IN ? packet_in(s, packet) : USB_STALL;
}

static bool storage_control(UsbDevice *dev, const UsbSetup *setup, guint8 *data,
                            guint16 *ret_length)
{
    if (setup->index || setup->value) {
        return false;
    }
    switch (setup->request) {
    case USB_REQUEST(USB_IN | USB_CLASS | USB_TO_INTERFACE, GET_MAX_LUN):
        data[0] = 0;
        *ret_length = 1;
        return true;
    case USB_REQUEST(USB_CLASS | USB_TO_INTERFACE, BULK_RESET):
        stop_command(to_usb_storage(dev));
        return true;
    default:
        return false;
    }
}

/* Only a reset of the transport makes endpoints usable after an invalid command. */
static void storage_unhalted(UsbDevice *dev, guint8 endpoint)
{
    if (to_usb_storage(dev)->broken) {
        usb_halt(dev, endpoint);
    }
}

static void storage_reset(UsbDevice *dev)
{
    stop_command(to_usb_storage(dev));
}

/* ---- Life ---- */

static void unit_changed(void *opaque, guint target, guint lun)
{
}

static void unit_news(void *opaque, guint target, guint lun, guint32 sense)
{
}

static const ScsiHostOps host_ops = {
    .bus_name = "scsi",
    .one_unit = true,
    .plugged = unit_changed,
    .unplugged = unit_changed,
    .changed = unit_news,
};

static void storage_init(Object *obj)
{
    UsbStorage *s = to_usb_storage(obj);

    s->eventfd = -1;
    s->scsi = scsi_bus_new(&s->usb.device, NULL, &host_ops, s);
}

static void storage_finalize(Object *obj)
{
    g_free(to_usb_storage(obj)->data);
}

static bool storage_realize(Device *dev, GError **error)
{
    return usb_storage_open(to_usb_storage(dev), error);
}

/* The disk is unmade after this, and ends what it has. */
static void storage_unrealize(Device *dev)
{
    usb_storage_close(to_usb_storage(dev));
}

static char *storage_boot_path(Device *dev)
{
    return usb_boot_path(to_usb_device(dev), "storage");
}

/* It is the disk that firmware boots from. */
static gint32 storage_boot_index(Device *dev)
{
    return -1;
}

/* ---- Reset and state ---- */

/* Nothing is in flight, but the disk may keep a command after an error. */
static void drop(UsbStorage *s)
{
    s->in_flight = s->ended = s->is_void = false;
}

static void storage_reset_enter(Device *dev)
{
    UsbStorage *s = to_usb_storage(dev);

    scsi_bus_reset(s->scsi);
    drop(s);
}

static const StateRow storage_state[] = {
    STATE_FIELD(U8, UsbStorage, phase, PHASE_COMMAND),
    STATE_FIELD(BOOL, UsbStorage, broken, false),
    STATE_FIELD(U32, UsbStorage, tag, 0),
    STATE_FIELD(U32, UsbStorage, expected, 0),
    STATE_FIELD(BOOL, UsbStorage, in, false),
    STATE_FIELD(U8, UsbStorage, lun, 0),
    STATE_FIELD(U8, UsbStorage, cdb_size, 0),
    STATE_ARRAY(U8, UsbStorage, cdb, 0),
    STATE_NUMBERS(U8, UsbStorage, data, size, DATA_MAX),
    STATE_FIELD(U32, UsbStorage, moved, 0),
    STATE_FIELD(U32, UsbStorage, used, 0),
    STATE_FIELD(U8, UsbStorage, status, 0),
    STATE_ARRAY(U8, UsbStorage, sense, 0),
    STATE_ROWS_END
};

static bool storage_state_loaded(Device *dev, GError **error)
{
    UsbStorage *s = to_usb_storage(dev);

    if (s->phase > PHASE_STATUS || s->lun > 15 || s->cdb_size > SCSI_CDB_SIZE ||
        s->size > s->expected || s->moved > s->size || s->used > s->size ||
        s->status > CSW_PHASE_ERROR) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "state of '%s' is not that of a USB disk",
                      dev->object.name);
        return false;
    }
    scsi_bus_forget(s->scsi);
    drop(s);
    return true;
}

const TypeInfo usb_storage_type = {
    .schema = &qmp_class_usb_storage,
    .size = sizeof(UsbStorage),
    .object = &(const ObjectOps){
        .init = storage_init,
        .finalize = storage_finalize,
    },
    .device = &(const DeviceOps){
        .realize = storage_realize,
        .unrealize = storage_unrealize,
        .reset_enter = storage_reset_enter,
        .boot_path = storage_boot_path,
        .boot_index = storage_boot_index,
        .state = storage_state,
        .state_loaded = storage_state_loaded,
    },
    .kind = &(const UsbDeviceOps){
        .descriptors = descriptors,
        .strings = "QEMU\0" "QEMU USB HARDDRIVE\0" "1",
        .n_strings = 3,
        .serial = 3,
        .control = storage_control,
        .data = storage_data,
        .reset = storage_reset,
        .unhalted = storage_unhalted,
    },
};
