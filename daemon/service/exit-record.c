/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The exit record: see exit-record.h.
 */
#include "config.h"
#include "daemon/service/exit-record.h"

#include <string.h>
#include <unistd.h>

#include <event2/buffer.h>

#include "daemon/service/record-slots.h"
#include "daemon/vmd.h"
#include "qmp/qapi-types-exit-record.h"
#include "qmp/visit.h"

/* What a message that does not fit the slot is cut to; escaped, it is six times as long. */
enum { MESSAGE_MAX = 256 };

static char *text_of(const ExitRecord *record)
{
    struct evbuffer *text = evbuffer_new();
    char *json;

    qmp_encode_json(&qmp_type_ExitRecord, &record, text);
    json = g_strndup((const char *)evbuffer_pullup(text, -1), evbuffer_get_length(text));
    evbuffer_free(text);
    return json;
}

/* Of what stands in a record, only the message and the name have no fixed length, and the
 * name is short. */
static bool write_record(const Vmd *vmd, ExitRecord *record, GError **error)
{
    g_autofree char *text = text_of(record);
    g_autofree char *message = NULL;

    if (strlen(text) >= RECORD_SLOT_SIZE && record->message) {
        g_autofree char *start = g_strndup(record->message, MESSAGE_MAX);

        record->message = message = g_utf8_make_valid(start, -1);
        g_free(text);
        text = text_of(record);
    }
    return record_slots_write(vmd->record, text, strlen(text), error);
}

/* What beginning and end have in common. */
static ExitRecord record_of(const Vmd *vmd)
{
    return (ExitRecord){
        .name = vmd->options->name,
        .version = (char *)PACKAGE_VERSION,
        .pid = getpid(),
        .started = vmd->started,
        .state = vmd->run.state,
        .cause = vmd->shutdown.cause,
        .has_detail = vmd->shutdown.has_detail,
        .detail = vmd->shutdown.detail,
        .guest = shutdown_cause_is_guest(vmd->shutdown.cause),
        .message = vmd->shutdown.message,
    };
}

bool exit_record_begin(Vmd *vmd, GError **error)
{
    ExitRecord record = record_of(vmd);
    const char *directory = vmd->options->state_directory;

    if (!directory) {
        return true;
    }
    record.running = true;
    vmd->record = record_slots_open(directory, error);
    if (!vmd->record) {
        return false;
    }
    if (!write_record(vmd, &record, error) || !record_slots_take(vmd->record, error)) {
        record_slots_remove(vmd->record);
        g_clear_pointer(&vmd->record, record_slots_free);
        return false;
    }
    return true;
}

/* Of two ends at once, the first one counts; record_lock held. */
static void write_end(Vmd *vmd, ExitRecord *record)
{
    g_autoptr(GError) error = NULL;

    if (vmd->record && !vmd->record_ended && !write_record(vmd, record, &error)) {
        g_warning("%s", error->message);
    }
    vmd->record_ended = true;
}

void exit_record_end(Vmd *vmd)
{
    const Shutdown *shutdown = &vmd->shutdown;
    const Accel *accel = vmd_accel(vmd);
    ExitRecord record = record_of(vmd);

    record.has_ended = record.has_status = true;
    record.ended = g_get_real_time();
    record.status = shutdown->status;
    record.has_signal = record.has_sender_pid = record.has_sender_uid = shutdown->signal != 0;
    record.signal = shutdown->signal;
    record.sender_pid = shutdown->sender_pid;
    record.sender_uid = shutdown->sender_uid;
    if (accel) {
        record.has_accelerator = true;
        record.accelerator = vmd_accel_name(accel);
        record.accelerator_why = accel->why;
    }
    g_mutex_lock(&vmd->record_lock);
    write_end(vmd, &record);
    g_mutex_unlock(&vmd->record_lock);
}

/* What the main thread may be changing is left alone: the tree above all. */
int exit_record_fault(Vmd *vmd, const char *message)
{
    ExitRecord record = record_of(vmd);
    int status;

    record.cause = SHUTDOWN_CAUSE_HOST_ERROR;
    record.has_detail = record.has_ended = record.has_status = true;
    record.detail = SHUTDOWN_DETAIL_MEMORY_LOST;
    record.guest = false;
    record.ended = g_get_real_time();
    record.status = EXIT_STATUS_MEMORY;
    record.message = (char *)message;
    g_mutex_lock(&vmd->record_lock);
    status = vmd->record_ended ? vmd->shutdown.status : EXIT_STATUS_MEMORY;
    write_end(vmd, &record);
    g_mutex_unlock(&vmd->record_lock);
    return status;
}
