/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Steps of the run state, one after the other.
 *
 * A stop or reset of a machine needs its disks idle: a client copies an image after `stop`,
 * and a board fills memory at a reset.  That may take as long as the host likes.  So each step
 * waits on the loop until nothing is in flight, with the vCPUs parked and the old run state;
 * what comes meanwhile waits behind it.  With idle disks a step is made at once.
 *
 * Main thread, lock held.
 */
#ifndef DAEMON_MACHINE_RUN_STEPS_H
#define DAEMON_MACHINE_RUN_STEPS_H

#include "hw/machine/machine.h"
#include "qmp/dispatch.h"

typedef struct RunStep RunStep;

struct RunStep {
    /* Makes the step.  ok false: the daemon ends, and all that is left to do is to end the
     * request.  opaque: RunSteps.opaque. */
    void (*make)(void *opaque, const RunStep *step, bool ok);
    bool pause;                 /* the vCPUs are parked before it */
    QmpRequest *req;            /* or NULL; make ends it */
    /* What make needs: */
    RunState state;             /* that it leads to */
    ShutdownCause cause;
    WakeReason reason;
};

/* Embedded in its owner's struct, which sets root and opaque. */
typedef struct {
    GQueue queue;               /* of RunStep; the first waits for disks */
    Object *root;               /* of the tree that has the machine; borrowed */
    void *opaque;
} RunSteps;

/* step is copied. */
void run_steps_add(RunSteps *steps, const RunStep *step);
/* One that waits leads to that state. */
bool run_steps_lead_to(const RunSteps *steps, RunState state);
/* Ends those that wait, as the daemon ends. */
void run_steps_end(RunSteps *steps);

#endif
