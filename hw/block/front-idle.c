/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Waiting until disks have nothing in flight.  A host that does not answer keeps its
 * disk busy indefinitely: the main loop continues meanwhile.
 */
#include "config.h"
#include "hw/block/front.h"

#include "qmp/qapi-types-object.h"

typedef struct Waiting Waiting;

/* A disk to wait for. */
typedef struct {
    BlockFront *front;
    Waiting *all;
} WaitingFor;

struct Waiting {
    Machine *machine;
    gint left;                  /* atomic */
    void (*f)(void *opaque);
    void *opaque;
    WaitingFor disks[];
};

static bool is_idle(void *opaque)
{
    const WaitingFor *disk = opaque;

    return disk->front->in_flight == 0;
}

/* ---- The disks of a branch ---- */

typedef struct {
    const Object *branch;
    GPtrArray *fronts;
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

static void add_if_within(BlockFront *front, void *data)
{
    const Search *search = data;

    if (is_within(&front->dev->object, search->branch)) {
        g_ptr_array_add(search->fronts, front);
    }
}

/* With all their requests submitted. */
static GPtrArray *fronts_within(Object *branch)
{
    Search search = { .branch = branch, .fronts = g_ptr_array_new() };

    block_front_foreach(object_root(branch), add_if_within, &search);
    for (guint i = 0; i < search.fronts->len; i++) {
        block_front_push(search.fronts->pdata[i]);
    }
    return search.fronts;
}

/* ---- Looking ---- */

typedef struct {
    WaitingFor disk;
    bool idle;
} Look;

static void look(void *opaque)
{
    Look *look = opaque;

    look->idle = is_idle(&look->disk) && aio_settled(look->disk.front->config.aio);
}

static bool all_idle(const GPtrArray *fronts)
{
    for (guint i = 0; i < fronts->len; i++) {
        Look one = { .disk.front = fronts->pdata[i] };

        aio_run_wait(one.disk.front->config.aio, look, &one);
        if (!one.idle) {
            return false;
        }
    }
    return true;
}

bool block_fronts_idle(Object *branch)
{
    g_autoptr(GPtrArray) fronts = fronts_within(branch);

    return all_idle(fronts);
}

bool block_fronts_wait(Object *branch, gint64 deadline)
{
    g_autoptr(GPtrArray) fronts = fronts_within(branch);

    for (guint i = 0; i < fronts->len; i++) {
        WaitingFor disk = { .front = fronts->pdata[i] };

        if (!aio_wait_until(disk.front->config.aio, is_idle, &disk, deadline)) {
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

/* On the thread of the disk's context. */
static void one_idle(void *opaque)
{
    Waiting *all = ((WaitingFor *)opaque)->all;

    if (g_atomic_int_dec_and_test(&all->left)) {
        machine_post(all->machine, tell, all, 0);
    }
}

void block_fronts_when_idle(Object *branch, void (*f)(void *opaque), void *opaque)
{
    g_autoptr(GPtrArray) fronts = fronts_within(branch);
    Waiting *all;

    if (all_idle(fronts)) {
        f(opaque);
        return;
    }
    all = g_malloc0(sizeof(*all) + fronts->len * sizeof(all->disks[0]));
    *all = (Waiting){ .machine = machine_of(branch), .left = fronts->len, .f = f,
                      .opaque = opaque };
    for (guint i = 0; i < fronts->len; i++) {
        WaitingFor *disk = &all->disks[i];

        *disk = (WaitingFor){ .front = fronts->pdata[i], .all = all };
        aio_when(disk->front->config.aio, is_idle, one_idle, disk);
    }
}
