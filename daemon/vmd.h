/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Vmd: the daemon's state, handed to every command handler as the request's
 * context.  There is one, made by main.
 *
 * All members belong to the main loop's thread.
 */
#ifndef DAEMON_VMD_H
#define DAEMON_VMD_H

#include <event2/event.h>

#include "daemon/before-ready.h"
#include "daemon/build.h"
#include "daemon/fd-table.h"
#include "daemon/options.h"
#include "daemon/pid-file.h"
#include "daemon/policy.h"
#include "daemon/pool.h"
#include "daemon/record-slots.h"
#include "daemon/resources.h"
#include "daemon/run-state.h"
#include "daemon/shutdown.h"
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
    guint64 client;             /* whose request's handler runs, or ran last */
    QmpEventQueue *events;
    QmpDispatch dispatch;
    QmpServer *server;
    Resources *resources;
    Notify *notify;
    Policy policy;
    RunControl run;
    Shutdown shutdown;
    RecordSlots *record;        /* where the exit record goes, or NULL */
    GMutex record_lock;         /* around its end, which a fault makes on another thread */
    bool record_ended;          /* its last text is written */
    PidFile pid_file;
    char *default_socket;       /* path in the run directory, if it is listened on */
    BeforeReady *before_ready;  /* the command that must succeed first, or NULL */
    const VmdFile *file;        /* what was read for the device that is being made, or NULL */
    Build *build;               /* that is going on, or NULL */
    GQueue held;                /* of QmpRequest: what waits for its end */
    GQueue settling;            /* of what creation.c waits for without a thread */
    char *machine_id;           /* of the machine's object-add, or NULL */
    gint64 started;             /* microseconds since 1970 */
};

/* Everything up to the point where sockets may be listened on; NULL and *error
 * if the host has no loop or threads to give. */
Vmd *vmd_new(const Options *options, GError **error);

/*
 * When the loop has ended: ends what goes on beside it.  deadline is one of
 * g_get_monotonic_time(); what makes sure of a disk's data is waited for beyond it.
 * False: something does not end.  What could be made safe is, then, and the process
 * has to end at once, without vmd_free().
 */
bool vmd_end(Vmd *vmd, gint64 deadline);

/* Takes the machine apart, ends all connections and frees vmd. */
void vmd_free(Vmd *vmd);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Vmd, vmd_free)

/* The machine, or NULL (also while it is still being made, on the pool); the
 * same with error no-machine. */
Machine *vmd_machine(Vmd *vmd);
Machine *vmd_require_machine(Vmd *vmd, GError **error);

/* The accelerator, or NULL (also while it is still being made). */
const Accel *vmd_accel(Vmd *vmd);
Accelerator vmd_accel_name(const Accel *accel);

/* Unmakes a device of device_add, and sends DEVICE_DELETED for each device on its buses,
 * for each that it is made of, and for itself. */
void vmd_remove_device(Vmd *vmd, Device *dev);

/* Whether the cable of a network back end or card of this id is plugged in; false:
 * there is neither. */
bool vmd_link_state(Vmd *vmd, const char *id, bool *ret_up);

/* Tells systemd about a new run state or vCPU count. */
void vmd_notify_status(Vmd *vmd);

#endif
