/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Adding and removing block nodes: see block-addition.h.
 */
#include "config.h"

#include "daemon/machine/block-addition.h"

#include "daemon/vmd.h"
#include "qmp/error.h"
#include "qmp/qapi-types-block.h"
#include "qmp/visit.h"
#include "qom/checks.h"
#include "qom/qapi-objects-block.h"

/* ---- Removing ---- */

/* Nodes of one definition, outermost first. */
typedef struct {
    GPtrArray *nodes;           /* of BlockNode, held */
    void (*done)(void *data);
    void *data;
} Removal;

static void remove_release(void *data)
{
    const Removal *removal = data;

    for (guint i = 0; i < removal->nodes->len; i++) {
        object_release(removal->nodes->pdata[i]);
    }
}

static void remove_finish(void *data)
{
    Removal *removal = data;

    for (guint i = 0; i < removal->nodes->len; i++) {
        object_destroy(removal->nodes->pdata[i]);
    }
    g_ptr_array_unref(removal->nodes);
    removal->done(removal->data);
    g_free(removal);
}

/* Puts down node and what was defined within it, outermost first. */
static void list_nodes(GPtrArray *nodes, BlockNode *node)
{
    g_ptr_array_add(nodes, object_ref(node));
    for (guint slot = 0; slot < N_BLOCK_SLOTS; slot++) {
        BlockNode *below = block_node_below(node, slot);

        if (below && below->definer == node) {
            list_nodes(nodes, below);
        }
    }
}

/* Removes nodes, outermost first, and frees the array of references to them. */
static void remove_nodes(Vmd *vmd, GPtrArray *nodes, void (*done)(void *data), void *data)
{
    Removal *removal = g_new(Removal, 1);
    bool flushes = false;

    *removal = (Removal){ .nodes = nodes, .done = done, .data = data };
    for (guint i = 0; i < nodes->len; i++) {
        flushes |= block_node_is_changed(nodes->pdata[i]);
        object_dismantle(nodes->pdata[i]);
    }
    pool_run(vmd->pool, flushes ? POOL_FLUSH : POOL_RELEASE, remove_release, remove_finish,
             removal);
}

static GPtrArray *nodes_of(BlockNode *node)
{
    GPtrArray *nodes = g_ptr_array_new_with_free_func(object_unref);

    list_nodes(nodes, node);
    return nodes;
}

#ifdef DEBUG_CHECKS

static void check_removable(BlockNode *node)
{
    g_autoptr(GError) error = NULL;

    if (!object_may_delete(&node->object, &error)) {
        check_failed("it is being removed, but %s", error->message);
    }
}

#else

static void check_removable(BlockNode *node)
{
}

#endif

void block_removal_run(Vmd *vmd, BlockNode *node, void (*done)(void *data), void *data)
{
    check_removable(node);
    remove_nodes(vmd, nodes_of(node), done, data);
}

/* ---- Adding ---- */

/* One of the nodes that a request defines. */
typedef struct {
    BlockdevOptions *options;
    guint outer;                /* index of what it is defined within, and where */
    BlockSlot slot;
    BlockNode *made;            /* NULL: not yet */
} Definition;

/* Definitions, each before those within it; they are made from the last to the first. */
typedef struct {
    Vmd *vmd;
    BlockAdditionUser user;
    GArray *definitions;
    guint left;                 /* how many have not been made */
    BlockNode *node;            /* being made, held */
    GError *error;
} Addition;

static void clear_definition(gpointer data)
{
    qmp_clear(&qmp_type_BlockdevOptions, &((Definition *)data)->options);
}

static void addition_free(Addition *addition)
{
    g_array_unref(addition->definitions);
    g_free(addition);
}

static Definition *definition_at(const Addition *addition, guint i)
{
    return &g_array_index(addition->definitions, Definition, i);
}

/* The error's path is from the outermost definition. */
static void prefix_definition(Addition *addition)
{
    guint i = addition->left - 1;

    while (i && qmp_error_path(addition->error)) {
        qmp_error_prefix_path(addition->error, block_slot_name(definition_at(addition, i)->slot));
        i = definition_at(addition, i)->outer;
    }
}

static void add_undone(void *data)
{
    Addition *addition = data;

    addition->user.done(NULL, addition->error, addition->user.data);
    addition_free(addition);
}

/* Removes the nodes made so far. */
static void add_failed(Addition *addition)
{
    GPtrArray *nodes = g_ptr_array_new_with_free_func(object_unref);

    prefix_definition(addition);
    for (guint i = addition->left; i < addition->definitions->len; i++) {
        BlockNode *made = definition_at(addition, i)->made;

        made->definer = NULL;
        g_ptr_array_add(nodes, object_ref(made));
    }
    if (nodes->len) {
        remove_nodes(addition->vmd, nodes, add_undone, addition);
    } else {
        g_ptr_array_unref(nodes);
        add_undone(addition);
    }
}

static void add_next(Addition *addition);

static void add_work(void *data)
{
    Addition *addition = data;

    object_prepare(&addition->node->object, &addition->error);
}

static void release_work(void *data)
{
    object_release(&((Addition *)data)->node->object);
}

static void add_released(void *data)
{
    Addition *addition = data;

    object_destroy(&addition->node->object);
    object_unref(addition->node);
    add_failed(addition);
}

/* Closes the opened files where that may block. */
static void add_release(Addition *addition)
{
    Object *obj = &addition->node->object;

    object_dismantle(obj);
    if (object_life(obj) == OBJECT_PREPARED) {
        pool_run(addition->vmd->pool, POOL_RELEASE, release_work, add_released, addition);
    } else {
        add_released(addition);
    }
}

static bool is_cancelled(Addition *addition)
{
    const BlockAdditionUser *user = &addition->user;

    return user->cancelled && user->cancelled(user->data, &addition->error);
}

static void add_finish(void *data)
{
    Addition *addition = data;

    if (addition->error || is_cancelled(addition) ||
        !object_complete(&addition->node->object, &addition->error)) {
        add_release(addition);
        return;
    }
    object_unref(addition->node);
    definition_at(addition, --addition->left)->made = addition->node;
    add_next(addition);
}

/* The nodes made so far that stand within the next one. */
static void find_below(const Addition *addition, BlockNode *below[N_BLOCK_SLOTS])
{
    for (guint i = addition->left; i < addition->definitions->len; i++) {
        const Definition *definition = definition_at(addition, i);

        if (definition->outer == addition->left - 1) {
            below[definition->slot] = definition->made;
        }
    }
}

/* The outermost node is made last: others may have been made meanwhile. */
static void choose_name(const Addition *addition)
{
    const BlockAdditionUser *user = &addition->user;
    BlockdevOptions *options = definition_at(addition, 0)->options;

    if (addition->left == 1 && !options->node_name && user->new_name) {
        options->node_name = user->new_name(user->data);
    }
}

void block_addition_unclaim(BlockNode *node)
{
    g_autoptr(GPtrArray) nodes = nodes_of(node);

    for (guint i = 0; i < nodes->len; i++) {
        to_block_node(nodes->pdata[i])->claimed = false;
    }
}

static void add_succeeded(Addition *addition)
{
    BlockNode *node = definition_at(addition, 0)->made;

    if (!addition->user.claims) {
        block_addition_unclaim(node);
    }
    addition->user.done(node, NULL, addition->user.data);
    addition_free(addition);
}

static void add_next(Addition *addition)
{
    BlockNode *below[N_BLOCK_SLOTS] = { NULL };

    if (!addition->left) {
        add_succeeded(addition);
        return;
    }
    find_below(addition, below);
    choose_name(addition);
    addition->node = block_node_new(addition->vmd->root,
                                    definition_at(addition, addition->left - 1)->options, below,
                                    &addition->error);
    if (!addition->node) {
        add_failed(addition);
        return;
    }
    addition->node->claimed = true;
    object_ref(addition->node);
    pool_run(addition->vmd->pool, POOL_REQUEST, add_work, add_finish, addition);
}

/* Takes options over, and copies what is defined within them. */
static void list_definitions(GArray *list, BlockdevOptions *options, guint outer, BlockSlot slot)
{
    const Definition definition = { .options = options, .outer = outer, .slot = slot };
    guint i = list->len;

    g_array_append_val(list, definition);
    for (guint at = 0; at < N_BLOCK_SLOTS; at++) {
        const BlockdevOptions *inner = block_definition(options, at);

        if (inner) {
            list_definitions(list, block_inherit(options, inner, at), i, at);
        }
    }
}

void block_addition_run(Vmd *vmd, const BlockdevOptions *options, const BlockAdditionUser *user)
{
    Addition *addition = g_new0(Addition, 1);
    BlockdevOptions *copy = NULL;

    addition->vmd = vmd;
    addition->user = *user;
    addition->definitions = g_array_new(false, true, sizeof(Definition));
    g_array_set_clear_func(addition->definitions, clear_definition);
    qmp_clone(&qmp_type_BlockdevOptions, &copy, &options);
    list_definitions(addition->definitions, copy, G_MAXUINT, BLOCK_FILE);
    addition->left = addition->definitions->len;
    add_next(addition);
}
