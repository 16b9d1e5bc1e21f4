/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Status: what the service manager shows of the daemon in one line, put together from those
 * who know.  Main thread.
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

/* Tells that the daemon is ready, and its status with that. */
void status_ready(Status *status);
/* Tells what is so now, as there may be another number of vCPUs or another resource short. */
void status_tell(Status *status);

void status_set_run_state(Status *status, RunState run_state);
/* The accelerator cannot continue, or might again; told with the next change. */
void status_set_accel_lost(Status *status, bool lost);

#endif
