/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Status: the line that the service manager shows for the daemon, collected from its parts.
 * Main thread.
 */
#ifndef DAEMON_SERVICE_STATUS_H
#define DAEMON_SERVICE_STATUS_H

#include "daemon/service/resources.h"
#include "qmp/qapi-types-run-state.h"
#include "qom/object.h"
#include "systemd/notify.h"

typedef struct {
    Notify *notify;             /* borrowed, as the next two */
    const Resources *resources;
    Object *root;               /* whose vCPUs are counted */
    RunState run_state;
    bool accel_lost;
} Status;

/* Reports that the daemon is ready, together with its status. */
void status_ready(Status *status);
/*
 * Reports the current status, after the number of vCPUs or a shortage of
 * resources may have changed.
 */
void status_tell(Status *status);

void status_set_run_state(Status *status, RunState run_state);
/* The accelerator cannot continue, or may be able to again; reported with the next change. */
void status_set_accel_lost(Status *status, bool lost);

#endif
