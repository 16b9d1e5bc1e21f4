/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The exit record: see exit-record.h.
 */
#include "config.h"
#include "daemon/exit-record.h"

#include <unistd.h>

#include <event2/buffer.h>

#include "daemon/vmd.h"
#include "qmp/error.h"
#include "qmp/visit.h"

static bool write_record(const Vmd *vmd, const ExitRecord *record, GError **error)
{
    g_autofree char *path = g_build_filename(vmd->options->state_directory, "exit.json", NULL);
    struct evbuffer *text = evbuffer_new();
    bool ok;

    qmp_encode_json(&qmp_type_ExitRecord, &record, text);
    evbuffer_add(text, "\n", 1);
    ok = g_file_set_contents_full(path, (const char *)evbuffer_pullup(text, -1),
                                  evbuffer_get_length(text),
                                  G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
                                  0644, error);
    evbuffer_free(text);
    return ok;
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
    g_autoptr(GError) why = NULL;

    record.running = true;
    if (vmd->options->state_directory && !write_record(vmd, &record, &why)) {
        qmp_error_set(error, ERROR_REASON_FILE_NOT_USABLE, "the exit record cannot be written: %s",
                      why->message);
        return false;
    }
    return true;
}

void exit_record_end(Vmd *vmd)
{
    const Shutdown *shutdown = &vmd->shutdown;
    const Accel *accel = vmd_accel(vmd);
    ExitRecord record = record_of(vmd);
    g_autoptr(GError) error = NULL;

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
    if (vmd->options->state_directory && !write_record(vmd, &record, &error)) {
        g_warning("the exit record cannot be written: %s", error->message);
    }
}
