/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Status: see status.h.
 */
#include "config.h"
#include "daemon/service/status.h"

#include "cpu/cpu.h"

static const char *name_of(const Status *status)
{
    return qmp_enum_name(&qmp_type_RunState, status->run_state);
}

static void put_note(const Status *status)
{
    g_autofree char *resources = resources_text(status->resources);

    notify_note(status->notify, status->accel_lost ? "the accelerator is lost" : resources);
}

void status_ready(Status *status)
{
    put_note(status);
    notify_ready(status->notify, name_of(status), cpu_count(status->root));
}

void status_tell(Status *status)
{
    put_note(status);
    notify_status(status->notify, name_of(status), cpu_count(status->root));
}

void status_set_run_state(Status *status, RunState run_state)
{
    status->run_state = run_state;
    status_tell(status);
}

void status_set_accel_lost(Status *status, bool lost)
{
    status->accel_lost = lost;
}
