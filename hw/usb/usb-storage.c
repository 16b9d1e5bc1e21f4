/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class usb-storage: a disk on USB, after "Universal Serial Bus Mass Storage Class Bulk-Only
 * Transport" 1.0 (BOT).  Its part `disk` is a unit of hw/scsi, on a bus of its own.
 *
 * A command goes through phases, each with packets of one kind: command (OUT), data, status (IN).
 * Between them the disk works, and packets get NAK.  Data pass through a buffer that is as long
 * as the host says, up to a limit, above which the command fails.
 *
 * The guest's thread, with the machine lock, cannot call hw/scsi, which lives on the main loop's.
 * So an eventfd tells the main loop that there is a command; the result is delivered there, with
 * the lock, and only while the machine runs.  A command in flight that a reset has made void is
 * waited for: the next one gets NAK until then.  Saved state has the command; the disk that
 * loads it begins it again.
 */
#include "config.h"
#include "hw/usb/usb-storage.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "hw/machine/machine-aio.h"
#include "hw/scsi/scsi-codes.h"
#include "hw/scsi/scsi.h"
#include "hw/usb/usb.h"
#include "qmp/bytes.h"
#include "qmp/error.h"
#include "qom/qapi-objects-usb.h"
#include "qom/qapi-trace.h"

enum {
    CBW_SIZE = 31, CBW_SIGNATURE = 0x43425355, CBW_IN = 0x80,
    CSW_SIZE = 13, CSW_SIGNATURE = 0x53425355,
    CSW_GOOD = 0, CSW_FAILED = 1, CSW_PHASE_ERROR = 2,
    BULK_RESET = 0xff, GET_MAX_LUN = 0xfe,
    DATA_MAX = 32 << 20,        /* bytes of a command's data */
    IN = 1, OUT = 2,            /* endpoints */
};

typedef enum { PHASE_COMMAND, PHASE_DATA_OUT, PHASE_EXECUTE, PHASE_DATA_IN, PHASE_STATUS } Phase;

struct UsbStorage {
    UsbDevice usb;
    ScsiBus *scsi;
    AioContext *aio;
    int eventfd;
    AioWatch *watch;
    MachineListener *listener;
    ScsiRequest request;
    struct iovec iov;
    bool in_flight;             /* the disk has the request; */
    bool ended;                 /* or it has not been delivered yet */
    bool is_void;               /* nobody waits for its result */
    /* Guest-visible. */
    guint8 phase;
    bool broken;                /* a command was invalid: endpoints stall until a reset (6.6.1) */
    guint32 tag, expected;      /* bytes of data as the host says */
    bool in;                    /* to the host */
    guint8 lun, cdb_size;
    guint8 cdb[SCSI_CDB_SIZE];
    guint8 *data;
    guint32 size;               /* bytes of it */
    guint32 moved;              /* of data, by packets */
    guint32 used;               /* of data, by the disk */
    guint8 status;
    guint8 sense[SCSI_SENSE_SIZE];      /* of the last command, until REQUEST SENSE */
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

/* ---- The disk ---- */

static void signal_loop(UsbStorage *s)
{
    /* It fails only when the counter is full: the signal is there already. */
    if (eventfd_write(s->eventfd, 1) < 0 && errno != EAGAIN) {
        g_warning("usb-storage: eventfd: %s", g_strerror(errno));
    }
}

/* Main thread, with or without the lock. */
static void request_done(ScsiRequest *request)
{
    UsbStorage *s = container_of(request, UsbStorage, request);

    s->in_flight = false;
    s->ended = true;
    if (s->watch) {
        signal_loop(s);
    }
}

/* The command has a result; data to the host come first. */
static void finish(UsbStorage *s, guint8 status, guint32 used)
{
    s->status = status;
    s->used = used;
    s->moved = s->in ? 0 : s->size;
    s->phase = s->in && s->expected ? PHASE_DATA_IN : PHASE_STATUS;
    usb_ready(&s->usb, USB_IN | IN);
}

static void deliver(UsbStorage *s)
{
    const ScsiRequest *request = &s->request;
    bool good = request->outcome == SCSI_DONE && request->status == SCSI_GOOD;

    s->ended = false;
    if (s->is_void) {
        s->is_void = false;
        usb_ready(&s->usb, OUT);
        return;
    }
    memset(s->sense, 0, sizeof(s->sense));
    if (request->outcome == SCSI_DONE && request->status == SCSI_CHECK_CONDITION) {
        scsi_sense_data(request, s->sense);
    }
    finish(s, good ? CSW_GOOD : request->outcome == SCSI_OVERRUN ? CSW_PHASE_ERROR : CSW_FAILED,
           MIN(request->transferred, s->size));
}

/* REQUEST SENSE for the command before: units return sense data with their result. */
static bool answer_sense(UsbStorage *s)
{
    guint32 n = MIN(MIN(s->cdb[4], s->size), sizeof(s->sense));

    if (s->cdb[0] != SCSI_REQUEST_SENSE || !s->sense[0] || !s->in) {
        return false;
    }
    memcpy(s->data, s->sense, n);
    memset(s->sense, 0, sizeof(s->sense));
    finish(s, CSW_GOOD, n);
    return true;
}

static void submit(UsbStorage *s)
{
    ScsiRequest *request = &s->request;

    s->in_flight = true;
    s->iov = (struct iovec){ s->data, s->size };
    *request = (ScsiRequest){
        .cdb_size = s->cdb_size, .lun = s->lun, .tag = s->tag, .done = request_done,
        .in = s->in ? &s->iov : NULL, .n_in = s->in, .in_size = s->in ? s->size : 0,
        .out = s->in ? NULL : &s->iov, .n_out = !s->in, .out_size = s->in ? 0 : s->size,
    };
    memcpy(request->cdb, s->cdb, sizeof(s->cdb));
    scsi_submit(s->scsi, request);
}

static bool must_submit(const UsbStorage *s)
{
    return s->phase == PHASE_EXECUTE && !s->in_flight && !s->ended;
}

/* On the main thread, after a signal. */
static void loop_ready(void *opaque)
{
    UsbStorage *s = opaque;
    Machine *machine = machine_of(s);

    machine_lock(machine);
    if (machine->running && s->ended) {
        deliver(s);
    }
    if (machine->running && must_submit(s)) {
        submit(s);
    }
    machine_unlock(machine);
}

static void machine_state_changed(void *opaque, bool running)
{
    UsbStorage *s = opaque;

    if (running && (s->ended || must_submit(s))) {
        signal_loop(s);
    }
}

/* ---- Commands ---- */

static void stop_command(UsbStorage *s)
{
    s->is_void = s->in_flight || s->ended;
    s->phase = PHASE_COMMAND;
    s->broken = false;
    memset(s->sense, 0, sizeof(s->sense));
}

static void execute(UsbStorage *s)
{
    trace_usb_msd_cmd_submit(s, s->tag, s->cdb[0], s->expected);
    s->phase = PHASE_EXECUTE;
    if (!answer_sense(s)) {
        signal_loop(s);
    }
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
        finish(s, CSW_PHASE_ERROR, 0);
        if (!s->in) {
            usb_halt(&s->usb, OUT);
        }
    } else if (s->expected && !s->in) {
        s->phase = PHASE_DATA_OUT;
    } else {
        execute(s);
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
        execute(s);
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

static void close_signal(UsbStorage *s)
{
    aio_unwatch(g_steal_pointer(&s->watch));
    if (s->eventfd >= 0) {
        close(s->eventfd);
        s->eventfd = -1;
    }
}

static bool storage_realize(Device *dev, GError **error)
{
    UsbStorage *s = to_usb_storage(dev);

    s->aio = machine_aio(machine_of(dev), NULL, error);
    if (!s->aio) {
        return false;
    }
    s->eventfd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (s->eventfd >= 0) {
        s->watch = aio_watch(s->aio, s->eventfd, loop_ready, s);
    }
    if (!s->watch) {
        qmp_error_set(error, ERROR_REASON_HOST_ERROR, "cannot make an event descriptor for a USB "
                      "disk: %s", g_strerror(errno));
        close_signal(s);
        return false;
    }
    s->listener = machine_add_listener(machine_of(dev), machine_state_changed, s);
    return true;
}

/* The disk is unmade after this, and ends what it has. */
static void storage_unrealize(Device *dev)
{
    UsbStorage *s = to_usb_storage(dev);

    machine_remove_listener(machine_of(dev), g_steal_pointer(&s->listener));
    close_signal(s);
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
