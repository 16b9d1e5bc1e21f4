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
    guint64 before;             /* for requests with lower numbers */
    bool over;                  /* what a look has found */
    Waiting *all;
} WaitingFor;

struct Waiting {
    Machine *machine;
    gint left;                  /* atomic */
    void (*f)(void *opaque);
    void *opaque;
    WaitingFor lanes[];
};

static bool is_over(void *opaque)
{
    const WaitingFor *one = opaque;
    const BlockFrontRequest *oldest = one->lane->oldest;

    return !oldest || oldest->number >= one->before;
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

/* ---- The disks above a node ---- */

typedef struct {
    const BlockNode *node;
    GPtrArray *lanes;           /* of BlockLane */
} SearchAbove;

static void add_if_above(BlockFront *front, void *data)
{
    const SearchAbove *search = data;

    if (!front->config.node || !block_node_is_below(front->config.node, search->node)) {
        return;
    }
    for (guint i = 0; i < front->n_lanes; i++) {
        g_ptr_array_add(search->lanes, &front->lanes[i]);
    }
}

static GPtrArray *lanes_above(BlockNode *node)
{
    SearchAbove search = { .node = node, .lanes = g_ptr_array_new() };

    block_front_foreach(object_root(&node->object), add_if_above, &search);
    return search.lanes;
}

/* ---- Looking ---- */

static void look(void *opaque)
{
    WaitingFor *one = opaque;

    one->over = is_over(one) && aio_settled(one->lane->aio);
}

/* The same for what is in flight now. */
static void look_now(void *opaque)
{
    WaitingFor *one = opaque;

    one->before = one->lane->n_sent;
    look(one);
}

bool block_fronts_idle(Object *branch)
{
    g_autoptr(GPtrArray) lanes = lanes_within(branch);
    bool idle = true;

    for (guint i = 0; i < lanes->len && idle; i++) {
        WaitingFor one = { .lane = lanes->pdata[i], .before = G_MAXUINT64 };

        aio_run_wait(one.lane->aio, look, &one);
        idle = one.over;
    }
    return idle;
}

static void nothing(void *opaque)
{
}

bool block_fronts_wait(Object *branch, gint64 deadline)
{
    g_autoptr(GPtrArray) lanes = lanes_within(branch);

    for (guint i = 0; i < lanes->len; i++) {
        WaitingFor one = { .lane = lanes->pdata[i], .before = G_MAXUINT64 };

        if (!aio_wait_until(one.lane->aio, is_over, &one, deadline)) {
            return false;
        }
        /* Then the turn is over in which others who wait are told. */
        aio_run_wait(one.lane->aio, nothing, NULL);
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
static void one_over(void *opaque)
{
    WaitingFor *one = opaque;
    Waiting *all = one->all;

    g_atomic_rc_box_release(one->lane->first);
    if (g_atomic_int_dec_and_test(&all->left)) {
        machine_post(all->machine, tell, all, 0);
    }
}

/* Takes lanes.  Each is looked at once before anybody waits. */
static void when_over(GPtrArray *lanes, void (*look_at)(void *opaque), void (*f)(void *opaque),
                      void *opaque)
{
    Waiting *all = g_malloc0(sizeof(*all) + lanes->len * sizeof(all->lanes[0]));
    guint n = lanes->len;
    bool over = true;

    *all = (Waiting){ .left = n, .f = f, .opaque = opaque };
    for (guint i = 0; i < n; i++) {
        WaitingFor *one = &all->lanes[i];

        *one = (WaitingFor){ .lane = lanes->pdata[i], .before = G_MAXUINT64, .all = all };
        aio_run_wait(one->lane->aio, look_at, one);
        over &= one->over;
    }
    g_ptr_array_unref(lanes);
    if (over) {
        g_free(all);
        f(opaque);
        return;
    }
    all->machine = all->lanes[0].lane->front->machine;
    for (guint i = 0; i < n; i++) {
        WaitingFor *one = &all->lanes[i];

        g_atomic_rc_box_acquire(one->lane->first);
        aio_when(one->lane->aio, is_over, one_over, one);
    }
}

void block_fronts_when_idle(Object *branch, void (*f)(void *opaque), void *opaque)
{
    when_over(lanes_within(branch), look, f, opaque);
}

void block_fronts_when_past(BlockNode *node, void (*f)(void *opaque), void *opaque)
{
    when_over(lanes_above(node), look_now, f, opaque);
}
