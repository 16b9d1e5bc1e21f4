/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Waiting until disks have nothing in flight.  A host that does not answer keeps its
 * disk busy indefinitely: the main loop continues meanwhile.
 */
#include "config.h"
#include "hw/block/front.h"

#include "qmp/qapi-types-object.h"

typedef struct Waiting Waiting;

/* A lane of a disk to wait for. */
typedef struct {
    BlockLane *lane;
    Waiting *all;
} WaitingFor;

struct Waiting {
    Machine *machine;
    gint left;                  /* atomic */
    void (*f)(void *opaque);
    void *opaque;
    WaitingFor lanes[];
};

static bool is_idle(void *opaque)
{
    const WaitingFor *one = opaque;

    return one->lane->in_flight == 0;
}

/* ---- The disks of a branch ---- */

typedef struct {
    const Object *branch;
    GPtrArray *lanes;           /* of BlockLane */
} Search;

/*
 * Whether obj is below branch in the tree or by its bus; a bus belongs to the
 * device that carries it.
 */
static bool is_within(Object *obj, const Object *branch)
{
    for (; obj && obj != branch; obj = obj->parent) {
        const Device *dev = object_dynamic_cast(obj, &qmp_class_device);

        if (dev && dev->bus && is_within(&dev->bus->object, branch)) {
            return true;
        }
    }
    return obj != NULL;
}

/* With all its requests submitted. */
static void add_if_within(BlockFront *front, void *data)
{
    const Search *search = data;

    if (!is_within(&front->dev->object, search->branch)) {
        return;
    }
    block_front_push(front);
    for (guint i = 0; i < front->n_lanes; i++) {
        g_ptr_array_add(search->lanes, &front->lanes[i]);
    }
}

static GPtrArray *lanes_within(Object *branch)
{
    Search search = { .branch = branch, .lanes = g_ptr_array_new() };

    block_front_foreach(object_root(branch), add_if_within, &search);
    return search.lanes;
}

/* ---- Looking ---- */

typedef struct {
    WaitingFor lane;
    bool idle;
} Look;

static void look(void *opaque)
{
    Look *look = opaque;

    look->idle = is_idle(&look->lane) && aio_settled(look->lane.lane->aio);
}

static bool all_idle(const GPtrArray *lanes)
{
    for (guint i = 0; i < lanes->len; i++) {
        Look one = { .lane.lane = lanes->pdata[i] };

        aio_run_wait(one.lane.lane->aio, look, &one);
        if (!one.idle) {
            return false;
        }
    }
    return true;
}

bool block_fronts_idle(Object *branch)
{
    g_autoptr(GPtrArray) lanes = lanes_within(branch);

    return all_idle(lanes);
}

bool block_fronts_wait(Object *branch, gint64 deadline)
{
    g_autoptr(GPtrArray) lanes = lanes_within(branch);

    for (guint i = 0; i < lanes->len; i++) {
        WaitingFor one = { .lane = lanes->pdata[i] };

        if (!aio_wait_until(one.lane->aio, is_idle, &one, deadline)) {
            return false;
        }
    }
    return true;
}

/* ---- Being told ---- */

/* Main thread, machine lock held. */
static void tell(void *opaque, guint64 argument)
{
    g_autofree Waiting *waiting = opaque;

    waiting->f(waiting->opaque);
}

/* On the thread of the lane's context. */
static void one_idle(void *opaque)
{
    WaitingFor *one = opaque;
    Waiting *all = one->all;

    g_atomic_rc_box_release(one->lane->first);
    if (g_atomic_int_dec_and_test(&all->left)) {
        machine_post(all->machine, tell, all, 0);
    }
}

void block_fronts_when_idle(Object *branch, void (*f)(void *opaque), void *opaque)
{
    g_autoptr(GPtrArray) lanes = lanes_within(branch);
    Waiting *all;

    if (all_idle(lanes)) {
        f(opaque);
        return;
    }
    all = g_malloc0(sizeof(*all) + lanes->len * sizeof(all->lanes[0]));
    *all = (Waiting){ .machine = machine_of(branch), .left = lanes->len, .f = f,
                      .opaque = opaque };
    for (guint i = 0; i < lanes->len; i++) {
        WaitingFor *one = &all->lanes[i];

        *one = (WaitingFor){ .lane = lanes->pdata[i], .all = all };
        g_atomic_rc_box_acquire(one->lane->first);
        aio_when(one->lane->aio, is_idle, one_idle, one);
    }
}
