/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine's files: see machine-files.h.
 */
#include "config.h"

#include "daemon/machine/machine-files.h"

typedef struct {
    const MachineOps *ops;
    void *job;                  /* of ops */
    bool read;                  /* set on the pool's thread */
    MachineFilesDone *done;
    void *data;
} Fetch;

static void fetch_work(void *data)
{
    Fetch *fetch = data;

    fetch->ops->fetch_work(fetch->job);
    fetch->read = true;
}

static void fetch_finish(void *data)
{
    g_autofree Fetch *fetch = data;

    fetch->ops->fetch_end(fetch->job);
    fetch->done(fetch->read, fetch->data);
}

void machine_files_fetch(Machine *machine, Pool *pool, MachineFilesDone *done, void *data)
{
    const MachineOps *ops = machine_ops(machine);
    void *job = ops->fetch_begin ? ops->fetch_begin(machine) : NULL;
    Fetch *fetch;

    if (!job) {
        done(true, data);
        return;
    }
    fetch = g_new(Fetch, 1);
    *fetch = (Fetch){ .ops = ops, .job = job, .done = done, .data = data };
    pool_run(pool, POOL_REQUEST, fetch_work, fetch_finish, fetch);
}
