/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Account: see account.h.
 */
#include "config.h"
#include "daemon/account.h"

#include <unistd.h>

#include "cpu/accel.h"

/* The common part of first and last record. */
static ExitRecord record_of(const Vmd *vmd)
{
    return (ExitRecord){
        .name = vmd->options->name,
        .version = (char *)PACKAGE_VERSION,
        .pid = getpid(),
        .started = vmd->started,
        .state = vmd->run.state,
        .cause = vmd->ending.cause,
        .has_detail = vmd->ending.has_detail,
        .detail = vmd->ending.detail,
        .guest = ending_is_guests(vmd->ending.cause),
        .message = vmd->ending.message,
    };
}

bool account_begin(Vmd *vmd, GError **error)
{
    ExitRecord record = record_of(vmd);

    record.running = true;
    return !vmd->options->state_directory ||
           exit_recorder_begin(vmd->recorder, vmd->options->state_directory, &record, error);
}

void account_end(Vmd *vmd)
{
    const Ending *ending = &vmd->ending;
    const Accel *accel = vmd_accel(vmd);
    ExitRecord record = record_of(vmd);

    record.has_ended = record.has_status = true;
    record.ended = g_get_real_time();
    record.status = ending->status;
    record.has_signal = record.has_sender_pid = record.has_sender_uid = ending->sender.number != 0;
    record.signal = ending->sender.number;
    record.sender_pid = ending->sender.pid;
    record.sender_uid = ending->sender.uid;
    if (accel) {
        record.has_accelerator = true;
        record.accelerator = vmd_accel_name(accel);
        record.accelerator_why = accel->why;
    }
    exit_recorder_end(vmd->recorder, &record);
}

/* It must not access data that the main thread may be changing, above all the tree. */
int account_fault(Vmd *vmd, const char *message)
{
    ExitRecord record = record_of(vmd);

    record.cause = SHUTDOWN_CAUSE_HOST_ERROR;
    record.has_detail = record.has_ended = record.has_status = true;
    record.detail = SHUTDOWN_DETAIL_MEMORY_LOST;
    record.guest = false;
    record.ended = g_get_real_time();
    record.status = EXIT_STATUS_MEMORY;
    record.message = (char *)message;
    return exit_recorder_end(vmd->recorder, &record) ? EXIT_STATUS_MEMORY : vmd->ending.status;
}
