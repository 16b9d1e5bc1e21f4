/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Steps of the run state, one after the other.
 *
 * A stop or reset of a machine needs its disks idle: a client copies an image after `stop`,
 * and a board fills memory at a reset.  The host may take any time for that.  So each step
 * waits on the loop until nothing is in flight, with the vCPUs parked and the old run state;
 * later steps wait for it.  With idle disks a step is executed immediately.
 *
 * Main thread, lock held.
 */
#ifndef DAEMON_MACHINE_RUN_STEPS_H
#define DAEMON_MACHINE_RUN_STEPS_H

#include "hw/machine/machine.h"
#include "qmp/dispatch.h"

typedef struct RunStep RunStep;

struct RunStep {
    /* Executes the step.  ok false: the daemon ends, and only the request has to be ended.
     * opaque: RunSteps.opaque. */
    void (*make)(void *opaque, const RunStep *step, bool ok);
    bool pause;                 /* the vCPUs are parked before it */
    QmpRequest *req;            /* or NULL; make ends it */
    /* What make needs: */
    RunState state;             /* resulting state */
    ShutdownCause cause;
    WakeReason reason;
};

/* Embedded in its owner's struct, which sets root and opaque. */
typedef struct {
    GQueue queue;               /* of RunStep; the first waits for disks */
    Object *root;               /* of the machine's tree; borrowed */
    void *opaque;
} RunSteps;

/* step is copied. */
void run_steps_add(RunSteps *steps, const RunStep *step);
/* Whether a waiting step leads to that state. */
bool run_steps_lead_to(const RunSteps *steps, RunState state);
/* Ends waiting steps when the daemon ends. */
void run_steps_end(RunSteps *steps);

#endif
