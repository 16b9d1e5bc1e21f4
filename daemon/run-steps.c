/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See run-steps.h.
 */
#include "config.h"

#include "daemon/run-steps.h"

#include "daemon/vmd.h"
#include "hw/block/front.h"

static void finish_first(Vmd *vmd, bool ok)
{
    RunStep *step = g_queue_peek_head(&vmd->run.steps);

    step->make(vmd, step, ok);
    g_free(g_queue_pop_head(&vmd->run.steps));
}

/* One that is made may add others, which wait behind it. */
static void first_ready(void *opaque);

static void begin_first(Vmd *vmd)
{
    const RunStep *step = g_queue_peek_head(&vmd->run.steps);
    Machine *machine = vmd_machine(vmd);

    if (machine && step->pause) {
        machine_pause(machine);
    }
    if (machine && !machine->running) {
        block_fronts_when_idle(&machine->object, first_ready, vmd);
    } else {
        first_ready(vmd);
    }
}

/* The disks may have become idle after run_steps_end(). */
static void first_ready(void *opaque)
{
    Vmd *vmd = opaque;

    if (!run_steps_waiting(vmd)) {
        return;
    }
    finish_first(vmd, true);
    if (run_steps_waiting(vmd)) {
        begin_first(vmd);
    }
}

void run_steps_add(Vmd *vmd, const RunStep *step)
{
    g_queue_push_tail(&vmd->run.steps, g_memdup2(step, sizeof(*step)));
    if (vmd->run.steps.length == 1) {
        begin_first(vmd);
    }
}

bool run_steps_waiting(const Vmd *vmd)
{
    return vmd->run.steps.length > 0;
}

bool run_steps_lead_to(const Vmd *vmd, RunState state)
{
    for (const GList *i = vmd->run.steps.head; i; i = i->next) {
        if (((const RunStep *)i->data)->state == state) {
            return true;
        }
    }
    return false;
}

void run_steps_end(Vmd *vmd)
{
    while (run_steps_waiting(vmd)) {
        finish_first(vmd, false);
    }
}
