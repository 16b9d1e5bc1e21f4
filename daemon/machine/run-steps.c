/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See run-steps.h.
 */
#include "config.h"

#include "daemon/machine/run-steps.h"

#include "hw/block/front.h"

static void finish_first(RunSteps *steps, bool ok)
{
    RunStep *step = g_queue_peek_head(&steps->queue);

    step->make(steps->opaque, step, ok);
    g_free(g_queue_pop_head(&steps->queue));
}

/* A step may add others, which are queued after it. */
static void first_ready(void *opaque);

static void begin_first(RunSteps *steps)
{
    const RunStep *step = g_queue_peek_head(&steps->queue);
    Machine *machine = machine_made(steps->root);

    if (machine && step->pause) {
        machine_pause(machine);
    }
    if (machine && !machine->running) {
        block_fronts_when_idle(&machine->object, first_ready, steps);
    } else {
        first_ready(steps);
    }
}

/* The disks may have become idle after run_steps_end(). */
/* Whether a step is waiting. */
static bool one_waits(const RunSteps *steps)
{
    return steps->queue.length > 0;
}

static void first_ready(void *opaque)
{
    RunSteps *steps = opaque;

    if (!one_waits(steps)) {
        return;
    }
    finish_first(steps, true);
    if (one_waits(steps)) {
        begin_first(steps);
    }
}

void run_steps_add(RunSteps *steps, const RunStep *step)
{
    g_queue_push_tail(&steps->queue, g_memdup2(step, sizeof(*step)));
    if (steps->queue.length == 1) {
        begin_first(steps);
    }
}

bool run_steps_lead_to(const RunSteps *steps, RunState state)
{
    for (const GList *i = steps->queue.head; i; i = i->next) {
        if (((const RunStep *)i->data)->state == state) {
            return true;
        }
    }
    return false;
}

void run_steps_end(RunSteps *steps)
{
    while (one_waits(steps)) {
        finish_first(steps, false);
    }
}
