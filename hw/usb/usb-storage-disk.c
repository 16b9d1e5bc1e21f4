/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A USB disk's commands on their way to the unit of hw/scsi, and their results.
 *
 * The guest's thread, with the machine lock, cannot call hw/scsi, which lives on the main loop's.
 * So an eventfd tells the main loop that there is a command; the result is delivered there, with
 * the lock, and only while the machine runs.  A command in flight that a reset has made void is
 * waited for: the next one gets NAK until then.  Saved state has the command; the disk that
 * loads it begins it again.
 */
#include "config.h"
#include "hw/usb/usb-storage-internal.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "qmp/error.h"
#include "qom/qapi-objects-usb.h"
#include "qom/qapi-trace.h"

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

void usb_storage_finish(UsbStorage *s, guint8 status, guint32 used)
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
    usb_storage_finish(s, good ? CSW_GOOD : request->outcome == SCSI_OVERRUN ? CSW_PHASE_ERROR
                                                                              : CSW_FAILED,
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
    usb_storage_finish(s, CSW_GOOD, n);
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

void usb_storage_execute(UsbStorage *s)
{
    trace_usb_msd_cmd_submit(s, s->tag, s->cdb[0], s->expected);
    s->phase = PHASE_EXECUTE;
    if (!answer_sense(s)) {
        signal_loop(s);
    }
}

/* ---- Life ---- */

static void close_signal(UsbStorage *s)
{
    aio_unwatch(g_steal_pointer(&s->watch));
    if (s->eventfd >= 0) {
        close(s->eventfd);
        s->eventfd = -1;
    }
}

bool usb_storage_open(UsbStorage *s, GError **error)
{
    Machine *machine = machine_of(s);

    s->aio = machine_aio(machine, NULL, error);
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
    s->listener = machine_add_listener(machine, machine_state_changed, s);
    return true;
}

void usb_storage_close(UsbStorage *s)
{
    machine_remove_listener(machine_of(s), g_steal_pointer(&s->listener));
    close_signal(s);
}
