/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * BlockFront: see front.h.
 */
#include "config.h"
#include "hw/block/front.h"

#include <errno.h>
#include <time.h>

#include "hw/machine/service.h"
#include "qmp/error.h"
#include "qmp/qapi-events.h"
#include "qmp/qapi-types-block.h"
#include "qom/checks.h"
#include "qom/env.h"

MACHINE_SERVICE(machine_fronts, GQueue, NULL)        /* of BlockFront */

static gint64 now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * G_GINT64_CONSTANT(1000000000) + now.tv_nsec;
}

/* ---- Statistics ---- */

static BlockStat stat_of(BlockOp op)
{
    switch (op) {
    case BLOCK_OP_READ:
        return BLOCK_STAT_READ;
    case BLOCK_OP_FLUSH:
        return BLOCK_STAT_FLUSH;
    case BLOCK_OP_DISCARD:
        return BLOCK_STAT_UNMAP;
    default:
        return BLOCK_STAT_WRITE;
    }
}

/* One thread writes, others read, so a relaxed load and store suffice. */
static void add(guint64 *counter, guint64 n)
{
    __atomic_store_n(counter, *counter + n, __ATOMIC_RELAXED);
}

static void count(BlockStatistics *stats, const BlockFrontRequest *request, int error)
{
    BlockStat i = stat_of(request->block.op);
    gint64 now = now_ns();

    __atomic_store_n(&stats->last, now, __ATOMIC_RELAXED);
    if (error) {
        add(&stats->of[i].failed, 1);
        return;
    }
    add(&stats->of[i].operations, 1);
    add(&stats->of[i].bytes, request->block.bytes);
    add(&stats->of[i].time_ns, now - request->started);
}

void block_lane_note_invalid(BlockLane *lane, BlockOp op)
{
    add(&lane->stats.of[stat_of(op)].invalid, 1);
    __atomic_store_n(&lane->stats.last, now_ns(), __ATOMIC_RELAXED);
}

static guint64 load(const guint64 *counter)
{
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

static void add_statistics(BlockStatistics *sum, const BlockStatistics *lane)
{
    for (guint i = 0; i < N_BLOCK_STATS; i++) {
        sum->of[i].bytes += load(&lane->of[i].bytes);
        sum->of[i].operations += load(&lane->of[i].operations);
        sum->of[i].time_ns += load(&lane->of[i].time_ns);
        sum->of[i].failed += load(&lane->of[i].failed);
        sum->of[i].invalid += load(&lane->of[i].invalid);
    }
    sum->last = MAX(sum->last, load(&lane->last));
}

void block_front_statistics(const BlockFront *front, BlockStatistics *ret)
{
    *ret = (BlockStatistics){ .last = 0 };
    for (guint i = 0; i < front->n_lanes; i++) {
        add_statistics(ret, &front->lanes[i].stats);
    }
}

/* ---- Errors ---- */

static BlockErrorAction action_for(const BlockFront *front, BlockOp op, int error)
{
    BlockdevOnError policy = op == BLOCK_OP_READ ? front->config.rerror : front->config.werror;

    if (policy == BLOCKDEV_ON_ERROR_AUTO) {
        policy = op == BLOCK_OP_READ ? BLOCKDEV_ON_ERROR_REPORT : BLOCKDEV_ON_ERROR_ENOSPC;
    }
    switch (policy) {
    case BLOCKDEV_ON_ERROR_IGNORE:
        return BLOCK_ERROR_ACTION_IGNORE;
    case BLOCKDEV_ON_ERROR_STOP:
        return BLOCK_ERROR_ACTION_STOP;
    case BLOCKDEV_ON_ERROR_ENOSPC:
        return error == ENOSPC ? BLOCK_ERROR_ACTION_STOP : BLOCK_ERROR_ACTION_REPORT;
    default:
        return BLOCK_ERROR_ACTION_REPORT;
    }
}

static void send_event(BlockFront *front, BlockOp op, BlockErrorAction action, int error)
{
    const Env *env = object_env(&front->dev->object);
    EventBlockIoError data = {
        .device = (char *)block_front_name(front),
        .node_name = (char *)block_node_name(front->config.node),
        .operation = op == BLOCK_OP_READ ? IO_OPERATION_TYPE_READ : IO_OPERATION_TYPE_WRITE,
        .action = action,
        .has_nospace = front->config.io_status,
        .nospace = error == ENOSPC,
        .reason = (char *)g_strerror(error),
    };

    if (env && env->events) {
        qmp_event_block_io_error(env->events, &data);
    }
}

static void keep(BlockLane *lane, BlockFrontRequest *request)
{
    request->next = NULL;
    *lane->kept_end = request;
    lane->kept_end = &request->next;
}

/* A later error does not replace the first. */
static void set_status(BlockFront *front, int error)
{
    g_atomic_int_compare_and_exchange(&front->status, BLOCK_DEVICE_IO_STATUS_OK,
                                      error == ENOSPC ? BLOCK_DEVICE_IO_STATUS_NOSPACE
                                                      : BLOCK_DEVICE_IO_STATUS_FAILED);
}

static void request_failed(BlockFrontRequest *request, int error)
{
    BlockFront *front = request->lane->front;
    BlockErrorAction action = action_for(front, request->block.op, error);

    send_event(front, request->block.op, action, error);
    switch (action) {
    case BLOCK_ERROR_ACTION_STOP:
        set_status(front, error);
        keep(request->lane, request);
        machine_request_stop(front->machine, RUN_STATE_IO_ERROR);
        break;
    case BLOCK_ERROR_ACTION_IGNORE:
        request->done(request, 0);
        break;
    default:
        request->done(request, error);
        break;
    }
}

/* ---- Requests ---- */

static void add_in_flight(BlockLane *lane, BlockFrontRequest *request)
{
    request->number = lane->n_sent++;
    request->next = NULL;
    request->prev = lane->newest;
    *(lane->newest ? &lane->newest->next : &lane->oldest) = request;
    lane->newest = request;
}

static void take_in_flight(BlockLane *lane, BlockFrontRequest *request)
{
    *(request->prev ? &request->prev->next : &lane->oldest) = request->next;
    *(request->next ? &request->next->prev : &lane->newest) = request->prev;
}

static void request_done(BlockRequest *block, int error)
{
    BlockFrontRequest *request = (BlockFrontRequest *)block;
    BlockLane *lane = request->lane;

    take_in_flight(lane, request);
    count(&lane->stats, request, error);
    if (error) {
        request_failed(request, error);
    } else {
        request->done(request, 0);
    }
}

void block_lane_submit(BlockLane *lane, BlockFrontRequest *request)
{
    BlockFront *front = lane->front;

    aio_assert(lane->aio);
    request->lane = lane;
    request->block.done = request_done;
    request->started = now_ns();
    if (!g_atomic_int_get(&front->write_cache)) {
        request->block.flags |= BLOCK_FUA;
    }
    add_in_flight(lane, request);
    block_submit(front->config.node, lane->aio, &request->block);
}

/* ---- Draining and going on ---- */

static bool nothing_in_flight(void *opaque)
{
    return !((const BlockLane *)opaque)->oldest;
}

void block_front_drain(BlockFront *front)
{
    main_thread_assert();
    env_lock_assert(&front->dev->object);
    block_front_push(front);
    for (guint i = 0; i < front->n_lanes; i++) {
        aio_wait(front->lanes[i].aio, nothing_in_flight, &front->lanes[i]);
    }
}

void block_front_push(BlockFront *front)
{
    if (front->config.push) {
        front->config.push(front->config.opaque);
    }
}

/* Calls f(lane) on the thread of each lane. */
static void on_each_lane(BlockFront *front, void (*f)(void *opaque))
{
    main_thread_assert();
    env_lock_assert(&front->dev->object);
    for (guint i = 0; i < front->n_lanes; i++) {
        aio_run_wait(front->lanes[i].aio, f, &front->lanes[i]);
    }
}

static BlockFrontRequest *take_kept(BlockLane *lane)
{
    BlockFrontRequest *list = lane->kept;

    lane->kept = NULL;
    lane->kept_end = &lane->kept;
    return list;
}

static void resume(void *opaque)
{
    BlockLane *lane = opaque;
    BlockFrontRequest *request = take_kept(lane);

    while (request) {
        BlockFrontRequest *next = request->next;

        block_lane_submit(lane, request);
        request = next;
    }
}

void block_front_resume(BlockFront *front)
{
    g_atomic_int_set(&front->status, BLOCK_DEVICE_IO_STATUS_OK);
    on_each_lane(front, resume);
}

static void forget(void *opaque)
{
    take_kept(opaque);
}

void block_front_forget(BlockFront *front)
{
    on_each_lane(front, forget);
}

/* The medium is gone. */
static void fail_kept(void *opaque)
{
    BlockFrontRequest *request = take_kept(opaque);

    while (request) {
        BlockFrontRequest *next = request->next;

        request->done(request, ENOMEDIUM);
        request = next;
    }
}

/* ---- Names ---- */

const char *block_front_name(const BlockFront *front)
{
    return front->is_drive ? front->name : "";
}

char *block_front_device(const BlockFront *front)
{
    const char *id = device_id(front->dev);

    return id ? g_strdup(id) : object_path(&front->dev->object);
}

/* ---- Attaching ---- */

static void node_resized(void *opaque)
{
    BlockFront *front = opaque;

    if (front->config.resized) {
        front->config.resized(front->config.opaque);
    }
}

/* The machine has a list of fronts while it has any. */
static void list_front(BlockFront *front)
{
    if (!machine_fronts(front->machine)) {
        set_machine_fronts(front->machine, g_queue_new());
    }
    front->link.data = front;
    g_queue_push_tail_link(machine_fronts(front->machine), &front->link);
}

static void unlist_front(BlockFront *front)
{
    GQueue *fronts = machine_fronts(front->machine);

    g_queue_unlink(fronts, &front->link);
    if (g_queue_is_empty(fronts)) {
        set_machine_fronts(front->machine, NULL);
        g_queue_free(fronts);
    }
}

static bool enable_io(BlockFront *front, GError **error)
{
    for (guint i = 0; i < front->n_lanes; i++) {
        if (!aio_enable_io(front->lanes[i].aio, error)) {
            return false;
        }
    }
    return true;
}

bool block_front_insert(BlockFront *front, BlockNode *node, GError **error)
{
    const BlockUser user = {
        .object = &front->dev->object, .share = front->config.share, .resized = node_resized,
        .opaque = front,
    };

    main_thread_assert();
    env_lock_assert(&front->dev->object);
    if ((block_node_needs_io(node) && !enable_io(front, error)) ||
        !block_node_use(node, &user, error)) {
        return false;
    }
    if (!front->name) {
        front->name = g_strdup(block_node_name(node));
        front->is_drive = node->file && node->file->definer == node;
    }
    front->config.node = node;
    return true;
}

void block_front_remove(BlockFront *front)
{
    BlockNode *node = front->config.node;

    if (node) {
        on_each_lane(front, fail_kept);
        front->config.node = NULL;
        block_node_unuse(node, &front->dev->object);
        g_atomic_int_set(&front->status, BLOCK_DEVICE_IO_STATUS_OK);
    }
}

static void make_lanes(BlockFront *front, const BlockFrontConfig *config)
{
    front->n_lanes = 1 + config->n_more;
    front->lanes = g_atomic_rc_box_alloc0(front->n_lanes * sizeof(BlockLane));
    for (guint i = 0; i < front->n_lanes; i++) {
        BlockLane *lane = &front->lanes[i];

        lane->front = front;
        lane->first = front->lanes;
        lane->aio = i ? config->more[i - 1] : config->aio;
        lane->kept_end = &lane->kept;
    }
    front->config.more = NULL;
}

static void free_lanes(BlockFront *front)
{
    g_clear_pointer(&front->lanes, g_atomic_rc_box_release);
    front->n_lanes = 0;
}

bool block_front_attach(BlockFront *front, Device *dev, const BlockFrontConfig *config,
                        GError **error)
{
    *front = (BlockFront){
        .dev = dev, .machine = machine_of(dev), .config = *config, .write_cache = true,
    };
    front->config.node = NULL;
    make_lanes(front, config);
    if (config->node && !block_front_insert(front, config->node, error)) {
        free_lanes(front);
        return false;
    }
    front->attached = true;
    list_front(front);
    return true;
}

void block_front_detach(BlockFront *front)
{
    if (!front->attached) {
        return;
    }
    block_front_forget(front);
    unlist_front(front);
    block_front_remove(front);
    g_clear_pointer(&front->name, g_free);
    free_lanes(front);
    front->attached = false;
}

void block_front_foreach(Object *root, void (*f)(BlockFront *front, void *data), void *data)
{
    const Machine *machine = machine_find(root);
    const GQueue *fronts = machine ? machine_fronts(machine) : NULL;

    for (GList *i = fronts ? fronts->head : NULL; i; i = i->next) {
        f(i->data, data);
    }
}
