/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Waiting until disks have nothing in flight.  A host that does not answer keeps its
 * disk busy for as long as it likes: the main loop goes on meanwhile.
 */
#include "config.h"
#include "hw/block/front.h"

typedef struct Waiting Waiting;

/* One disk that is waited for. */
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

static bool is_within(const Object *obj, const Object *branch)
{
    while (obj && obj != branch) {
        obj = obj->parent;
    }
    return obj != NULL;
}

/* The next one from link on, or NULL. */
static GList *next_within(GList *link, const Object *branch)
{
    while (link && !is_within(&((BlockFront *)link->data)->dev->object, branch)) {
        link = link->next;
    }
    return link;
}

static GList *first_within(Object *branch)
{
    Machine *machine = machine_of(branch);

    return machine ? next_within(machine->disks.head, branch) : NULL;
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

bool block_fronts_idle(Object *branch)
{
    for (GList *i = first_within(branch); i; i = next_within(i->next, branch)) {
        Look one = { .disk.front = i->data };

        aio_run_wait(one.disk.front->config.aio, look, &one);
        if (!one.idle) {
            return false;
        }
    }
    return true;
}

bool block_fronts_wait(Object *branch, gint64 deadline)
{
    for (GList *i = first_within(branch); i; i = next_within(i->next, branch)) {
        WaitingFor disk = { .front = i->data };

        if (!aio_wait_until(disk.front->config.aio, is_idle, &disk, deadline)) {
            return false;
        }
    }
    return true;
}

/* ---- Being told ---- */

/* Main thread, machine lock held. */
static void all_idle(void *opaque, guint64 argument)
{
    g_autofree Waiting *waiting = opaque;

    waiting->f(waiting->opaque);
}

/* On the thread of the disk's context. */
static void one_idle(void *opaque)
{
    Waiting *all = ((WaitingFor *)opaque)->all;

    if (g_atomic_int_dec_and_test(&all->left)) {
        machine_post(all->machine, all_idle, all, 0);
    }
}

static guint count_within(Object *branch)
{
    guint n = 0;

    for (GList *i = first_within(branch); i; i = next_within(i->next, branch)) {
        n++;
    }
    return n;
}

void block_fronts_when_idle(Object *branch, void (*f)(void *opaque), void *opaque)
{
    guint n = count_within(branch);
    Waiting *all;

    if (block_fronts_idle(branch)) {
        f(opaque);
        return;
    }
    all = g_malloc0(sizeof(*all) + n * sizeof(all->disks[0]));
    *all = (Waiting){ .machine = machine_of(branch), .left = n, .f = f,
                      .opaque = opaque };
    n = 0;
    for (GList *i = first_within(branch); i; i = next_within(i->next, branch)) {
        WaitingFor *disk = &all->disks[n++];

        *disk = (WaitingFor){ .front = i->data, .all = all };
        aio_when(disk->front->config.aio, is_idle, one_idle, disk);
    }
}
