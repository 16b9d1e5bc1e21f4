/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * blockdev-create: a job that finds or makes the nodes that it needs, lets a thread of the
 * pool write, and removes what it made.
 */
#include "config.h"

#include <errno.h>

#include "daemon/machine/block-addition.h"
#include "daemon/qapi-commands.h"
#include "daemon/vmd.h"
#include "hw/block/create.h"
#include "qmp/error.h"
#include "qmp/qapi-types-block-create.h"
#include "qmp/visit.h"

typedef enum { FILE_NODE, DATA_NODE, N_NODES } Place;

typedef struct {
    Vmd *vmd;
    Job *job;
    BlockdevCreateOptions *options;
    Place next;                 /* to be found or made */
    BlockTarget targets[N_NODES];
    bool made[N_NODES];         /* from a definition */
    char *data_name;            /* file name of the data file, or NULL */
    Qcow2Plan plan;
    GError *error;
} Create;

static const JobKind create_kind = { .type = JOB_TYPE_CREATE };

/* ---- The end ---- */

static void clean_up(void *data);

/* The node at a place is not needed any more. */
static void let_go(Create *create, Place place)
{
    const BlockTarget *target = &create->targets[place];

    if (target->lowest) {
        block_resize_end(target->lowest);
    }
    block_node_unuse_job(target->node, job_id(create->job));
}

static void create_free(Create *create)
{
    qmp_clear(&qmp_type_BlockdevCreateOptions, &create->options);
    g_free(create->data_name);
    g_free(create);
}

/* Removes one node after the other, and ends the job. */
static void clean_up(void *data)
{
    Create *create = data;
    Job *job = create->job;
    GError *error = create->error;

    for (guint place = 0; place < N_NODES; place++) {
        BlockNode *node = create->targets[place].node;

        if (!node) {
            continue;
        }
        let_go(create, place);
        create->targets[place].node = NULL;
        if (create->made[place]) {
            block_removal_run(create->vmd, node, clean_up, create);
            return;
        }
    }
    create_free(create);
    if (!error) {
        job_add_progress(job, 1);
    }
    job_end(job, error);
}

/* ---- The work ---- */

static void work(void *data)
{
    Create *create = data;
    const BlockdevCreateOptions *options = create->options;

    if (options->driver == BLOCKDEV_CREATE_DRIVER_FILE) {
        block_create_file(create->job, &options->u.file, &create->error);
    } else {
        block_create_qcow2(create->job, &create->plan, &create->targets[FILE_NODE],
                           &create->targets[DATA_NODE], &create->error);
    }
}

static void start_work(Create *create)
{
    pool_run(create->vmd->pool, POOL_JOB, work, clean_up, create);
}

/* Nodes that keep their size are no error here. */
static bool begin_resize(BlockTarget *target, guint64 size, GError **error)
{
    GError *refused = NULL;

    target->lowest = block_resize_begin(target->node, size, &refused);
    if (!target->lowest && !qmp_error_is(refused, ERROR_REASON_NOT_SUPPORTED)) {
        g_propagate_error(error, refused);
        return false;
    }
    g_clear_error(&refused);
    return true;
}

/* What is wrong with the options is found before the nodes change. */
static bool begin_qcow2(Create *create)
{
    BlockTarget *file = &create->targets[FILE_NODE], *data = &create->targets[DATA_NODE];
    guint64 size = create->options->u.qcow2.size;

    create->data_name = data->node ? block_node_filename(data->node) : NULL;
    return qcow2_plan(&create->plan, &create->options->u.qcow2, create->data_name,
                      &create->error) &&
           begin_resize(file, 0, &create->error) &&
           (!data->node || begin_resize(data, MAX(size, block_node_size(data->node)),
                                        &create->error));
}

/* ---- Nodes ---- */

static void find_nodes(Create *create);

static bool is_cancelled(void *data, GError **error)
{
    const Create *create = data;

    if (job_is_cancelled(create->job)) {
        qmp_error_set(error, ERROR_REASON_GENERIC, "%s", g_strerror(ECANCELED));
        return true;
    }
    return false;
}

/* Takes the node for the next place, or an error. */
static void take_node(Create *create, BlockNode *node, GError *error)
{
    const BlockUser user = { .job = job_id(create->job) };

    create->error = error;
    if (node && block_node_use(node, &user, &create->error)) {
        create->targets[create->next].node = node;
    }
    if (create->error) {
        clean_up(create);
        return;
    }
    create->next++;
    find_nodes(create);
}

static void node_made(BlockNode *node, GError *error, void *data)
{
    Create *create = data;

    if (node) {
        create->made[create->next] = true;
    }
    take_node(create, node, error);
}

static void make_node(Create *create, const BlockdevOptions *options)
{
    const BlockAdditionUser user = {
        .cancelled = is_cancelled, .done = node_made, .claims = true, .data = create,
    };

    if (block_check_options(options, &create->error)) {
        block_addition_run(create->vmd, options, &user);
    } else {
        clean_up(create);
    }
}

/* Continues until all nodes are there, one after another. */
static void find_nodes(Create *create)
{
    const BlockdevCreateOptionsQcow2 *options = &create->options->u.qcow2;
    const BlockdevRef *ref = create->next == FILE_NODE ? options->file : options->data_file;

    if (create->next < N_NODES && ref) {
        if (ref->type == BLOCKDEV_REF_DEFINITION) {
            make_node(create, ref->u.definition);
        } else {
            GError *error = NULL;
            BlockNode *node = block_node_find(create->vmd->root, ref->u.reference, &error);

            take_node(create, node, error);
        }
    } else if (begin_qcow2(create)) {
        start_work(create);
    } else {
        clean_up(create);
    }
}

bool qmp_blockdev_create(QmpRequest *req, BlockdevCreateArgs *args, GError **error)
{
    Vmd *vmd = qmp_request_context(req);
    Create *create;
    Job *job = job_new(vmd->jobs, args->job_id, &create_kind, JOB_MANUAL_DISMISS, NULL, error);

    if (!job) {
        return qmp_error_blame(error, "job-id");
    }
    create = g_new0(Create, 1);
    create->vmd = vmd;
    create->job = job;
    qmp_clone(&qmp_type_BlockdevCreateOptions, &create->options, &args->options);
    job_add_work(job, 1);
    job_begin(job);
    if (args->options->driver == BLOCKDEV_CREATE_DRIVER_FILE) {
        start_work(create);
    } else {
        find_nodes(create);
    }
    return true;
}
