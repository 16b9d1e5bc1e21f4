/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Vmd: the daemon's state, handed to every command handler as the request's
 * context.  There is one; assembly.c makes it.
 *
 * Its parts do not depend on it, except for those that Vmd holds by a pointer to their
 * struct.  All members belong to the main loop's thread.
 */
#ifndef DAEMON_VMD_H
#define DAEMON_VMD_H

#include <event2/event.h>

#include "daemon/machine/ending.h"
#include "daemon/machine/run-state.h"
#include "daemon/service/before-ready.h"
#include "daemon/service/exit-record.h"
#include "daemon/service/fd-table.h"
#include "daemon/service/options.h"
#include "daemon/service/pid-file.h"
#include "daemon/service/policy.h"
#include "daemon/service/pool.h"
#include "daemon/service/resources.h"
#include "daemon/service/signals.h"
#include "daemon/service/sockets.h"
#include "daemon/service/status.h"
#include "hw/core/lock.h"
#include "hw/machine/machine.h"
#include "qmp/dispatch.h"
#include "qmp/event.h"
#include "qmp/qapi-types-common.h"
#include "qmp/server.h"
#include "qom/env.h"
#include "qom/object.h"
#include "systemd/notify.h"

typedef struct Vmd Vmd;
typedef struct Build Build;
typedef struct JobList JobList;         /* hw/block/job.h */
typedef struct NetAnnouncer NetAnnouncer;       /* hw/net/net-announce.h */

/* What a guest may repeat without end, and is logged once between two resets. */
typedef struct {
    bool panic, crash, watchdog;
} MachineLogged;

/* A file that was read on the pool. */
typedef struct {
    char *path;
    GBytes *bytes;              /* or NULL, and: */
    GError *error;
} VmdFile;

struct Vmd {
    const Options *options;
    struct event_base *base;
    FairLock lock;              /* the machine lock */
    Object *root;
    Env env;
    Pool *pool;
    FdTable *fds;               /* descriptors that getfd keeps */
    guint64 client;             /* the client whose handler runs, or ran last */
    QmpEventQueue *events;
    QmpDispatch dispatch;
    QmpServer *server;
    Resources *resources;
    Notify *notify;
    Status status;              /* reported through notify */
    Signals *signals;           /* those that end the daemon */
    Policy policy;
    RunControl run;
    Ending ending;
    MachineLogged logged;
    ExitRecorder *recorder;
    PidFile pid_file;
    Sockets sockets;
    BeforeReady *before_ready;  /* the command that must succeed first, or NULL */
    const VmdFile *file;        /* the file read for the device being made, or NULL */
    Build *build;               /* in progress, or NULL */
    GQueue held;                /* of QmpRequest: waiting for its end */
    GQueue settling;            /* creations that wait without a thread */
    JobList *jobs;
    bool migration_events;      /* migrate-set-capabilities */
    NetAnnouncer *announcer;    /* from the first announce-self on, or NULL */
    char *machine_id;           /* of the machine's object-add, or NULL */
    gint64 started;             /* microseconds since 1970 */
};

/* The machine, or NULL (also while it is still being made, on the pool); the
 * same with error no-machine. */
Machine *vmd_machine(Vmd *vmd);
Machine *vmd_require_machine(Vmd *vmd, GError **error);

/* The accelerator, or NULL (also while it is still being made). */
const Accel *vmd_accel(Vmd *vmd);
Accelerator vmd_accel_name(const Accel *accel);

#endif
