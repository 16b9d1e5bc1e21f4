/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The order of a list of requests.
 *
 * Each request makes something with a name, or changes something.  An object
 * that a request names and another one makes is made first; otherwise requests
 * stay in the order of the list.  A change comes after all requests before it.
 */
#include "config.h"
#include "daemon/machine/build.h"

#include <string.h>

#include "daemon/vmd.h"
#include "hw/block/block.h"
#include "qmp/error.h"
#include "qmp/qapi-types-accel.h"
#include "qmp/qapi-types-block.h"
#include "qmp/qapi-types-machine.h"
#include "qmp/qapi-types-net.h"
#include "qmp/qapi-types-object.h"
#include "qmp/visit.h"

enum { NOT_VISITED, VISITING, VISITED };

typedef struct {
    Build *build;
    GHashTable *makers;         /* path -> index of item + 1 */
    GHashTable *ids;            /* id -> the same, whatever its kind */
    guint8 *state;              /* of each item */
    guint current;
    guint changes;              /* items before this one precede all later changes */
    GError *error;
} Plan;

void **build_args(const BuildRequest *request)
{
    return (void **)((char *)request + qmp_type_BuildRequest.u_offset);
}

static const QmpType *build_args_type(const BuildRequest *request)
{
    const QmpBranch *branch = &qmp_branches(&qmp_type_BuildRequest)[request->execute];

    return qmp_type(qmp_members(qmp_type(branch->type))[0].type);
}

static BuildRequest *request_at(const Plan *plan, guint i)
{
    return g_array_index(plan->build->items, BuildItem, i).request;
}

/* ---- Names ---- */

/* The place of the object that a request makes; NULL: it changes something. */
static const QmpClassPlace *place_of(const BuildRequest *request)
{
    const char *command = qmp_enum_name(&qmp_type_BuildCommand, request->execute);
    const QmpType *type = build_args_type(request);
    const QmpClassPlace *place = NULL;

    for (guint i = 0; i < qmp_n_class_places && !place; i++) {
        if (!g_strcmp0(qmp_class_places[i].add, command)) {
            place = &qmp_class_places[i];
        }
    }
    return place && type->kind == QMP_KIND_CLASS_UNION
           ? qmp_class_place(qmp_union_class(type, *build_args(request))) : place;
}

const char *build_made_id(const BuildRequest *request)
{
    const QmpClassPlace *place = place_of(request);
    const QmpType *type;

    return place ? *(char *const *)qmp_member_find(build_args_type(request), *build_args(request),
                                                   place->id, &type) : NULL;
}

/* The path of the object with this id, or of the only one. */
static char *path_at(const QmpClassPlace *place, const char *id)
{
    return place->single ? g_strdup(place->path) : g_strconcat(place->path, "/", id, NULL);
}

static bool fail_at(Plan *plan, guint i, const char *member, ErrorReason reason,
                    const char *text)
{
    g_autofree char *index = g_strdup_printf("[%u]", i);

    qmp_error_set(&plan->error, reason, "requests%s: %s", index, text);
    if (member) {
        qmp_error_prefix_path(plan->error, member);
        qmp_error_prefix_path(plan->error, "arguments");
    }
    qmp_error_prefix_path(plan->error, index);
    qmp_error_prefix_path(plan->error, "requests");
    return false;
}

static void insert(GHashTable *table, const char *name, guint i)
{
    if (!g_hash_table_contains(table, name)) {
        g_hash_table_insert(table, g_strdup(name), GUINT_TO_POINTER(i + 1));
    }
}

/* Records that item i makes a path; a duplicate is an error. */
static bool note_path(Plan *plan, guint i, const char *path, const char *member)
{
    g_autofree char *text = NULL;
    guint other = GPOINTER_TO_UINT(g_hash_table_lookup(plan->makers, path));

    if (other) {
        text = g_strdup_printf("'%s' is made by requests[%u] already", path, other - 1);
        return fail_at(plan, i, member, ERROR_REASON_ID_IN_USE, text);
    }
    if (object_resolve(plan->build->vmd->root, path, NULL)) {
        text = g_strdup_printf("'%s' is there already", path);
        return fail_at(plan, i, member, ERROR_REASON_ID_IN_USE, text);
    }
    insert(plan->makers, path, i);
    return true;
}

typedef struct {
    Plan *plan;
    guint i;                    /* of the item that contains the definition */
    const char *outer;          /* member of the outermost node that contains the node */
} Inner;

static void note_inner_nodes(const Inner *inner, const BlockdevOptions *const *options);

/* Nodes that are defined within another one have names, too. */
static void note_inner_node(const char *name, const BlockdevOptions *definition,
                            const char *reference, void *data)
{
    const Inner *outer = data;
    g_autofree char *member = g_strconcat(outer->outer, name, ".", NULL);
    const Inner inner = { .plan = outer->plan, .i = outer->i, .outer = member };

    if (!definition || inner.plan->error) {
        return;
    }
    if (definition->node_name) {
        g_autofree char *path = path_at(qmp_class_place(&qmp_class_block_node),
                                        definition->node_name);
        g_autofree char *blamed = g_strconcat(member, "node-name", NULL);

        if (!note_path(inner.plan, inner.i, path, blamed)) {
            return;
        }
        insert(inner.plan->ids, definition->node_name, inner.i);
    }
    note_inner_nodes(&inner, &definition);
}

static void note_inner_nodes(const Inner *inner, const BlockdevOptions *const *options)
{
    block_foreach_ref(&qmp_type_BlockdevOptions, options, note_inner_node, (void *)inner);
}

/* Records the ids that the request itself makes. */
static bool note_id(Plan *plan, guint i)
{
    const BuildRequest *request = request_at(plan, i);
    const QmpClassPlace *place = place_of(request);
    const char *id = build_made_id(request);
    g_autofree char *path = NULL;

    if (!place || (!id && !place->single)) {
        return true;
    }
    if (id && !object_check_id(id, &plan->error)) {
        g_autoptr(GError) error = g_steal_pointer(&plan->error);

        return fail_at(plan, i, place->id, ERROR_REASON_ID_INVALID, error->message);
    }
    path = path_at(place, id);
    if (!note_path(plan, i, path, id ? place->id : NULL)) {
        return false;
    }
    if (id) {
        insert(plan->ids, id, i);
    }
    return true;
}

static bool note_name(Plan *plan, guint i)
{
    const BuildRequest *request = request_at(plan, i);
    const Inner inner = { .plan = plan, .i = i, .outer = "" };

    if (!note_id(plan, i)) {
        return false;
    }
    block_foreach_ref(build_args_type(request), build_args(request), note_inner_node,
                      (void *)&inner);
    return !plan->error;
}

static bool note_names(Plan *plan)
{
    for (guint i = 0; i < plan->build->items->len; i++) {
        if (!note_name(plan, i)) {
            return false;
        }
    }
    return true;
}

/* ---- Needs ---- */

static bool visit(Plan *plan, guint i);

static bool visit_current(Plan *plan, guint needed)
{
    guint current = plan->current;
    bool ok = needed == current || visit(plan, needed);

    plan->current = current;
    return ok;
}

static void need(Plan *plan, GHashTable *table, const char *name)
{
    guint maker = GPOINTER_TO_UINT(g_hash_table_lookup(table, name));

    if (maker && !plan->error) {
        visit_current(plan, maker - 1);
    }
}

/* Needs the object that requests call id, if it is of this class. */
static void need_id(Plan *plan, const QmpClass *klass, const char *id)
{
    g_autofree char *path = path_at(qmp_class_place(klass), id);

    need(plan, plan->makers, path);
}

/* Needs the single object of a class. */
static void need_single(Plan *plan, const QmpClass *klass)
{
    need_id(plan, klass, NULL);
}

/* Needs the item at a path, or one that makes a prefix of it. */
static void need_path(Plan *plan, const char *path)
{
    g_auto(GStrv) names = g_strsplit(path, "/", -1);

    for (guint i = 0; names[i]; i++) {
        if (*names[i]) {
            need(plan, plan->ids, names[i]);
        }
    }
    if (g_str_has_prefix(path, qmp_class_place(&qmp_class_machine)->path)) {
        need_single(plan, &qmp_class_machine);
    }
}

static void need_link(const QmpType *type, const char *path, void *data)
{
    if (strchr(path, '/')) {
        need_path(data, path);
    } else {
        need_id(data, qmp_class(type->target), path);
    }
}

/* `bus`: a device's id, a bus of a device that has one ("ID.0"), or a path. */
static void need_bus(Plan *plan, const char *bus)
{
    const char *dot = strrchr(bus, '.');

    if (strchr(bus, '/')) {
        need_path(plan, bus);
        return;
    }
    need_id(plan, &qmp_class_device, bus);
    if (dot) {
        g_autofree char *id = g_strndup(bus, dot - bus);

        need_id(plan, &qmp_class_device, id);
    }
}

static void need_of_device(Plan *plan, const DeviceOptions *options)
{
    need_single(plan, &qmp_class_accel);
    need_single(plan, &qmp_class_machine);
    if (options->bus) {
        need_bus(plan, options->bus);
    }
}

/* Needs a node that another one names; its own needs follow from its links. */
static void need_node(const char *name, const BlockdevOptions *definition, const char *reference,
                      void *data)
{
    if (definition) {
        block_foreach_ref(&qmp_type_BlockdevOptions, &definition, need_node, data);
    } else {
        need_id(data, &qmp_class_block_node, reference);
    }
}

static void need_of_object(Plan *plan, const ObjectOptions *options)
{
    if (options->qom_type->flags & QMP_CLASS_MACHINE) {
        need_single(plan, &qmp_class_accel);
    }
}

/* A change comes after all requests before it in the list. */
static void need_of_change(Plan *plan, guint i, const BuildRequest *request)
{
    for (; plan->changes < i && !plan->error; plan->changes++) {
        visit_current(plan, plan->changes);
    }
    if (request->execute == BUILD_COMMAND_QOM_SET) {
        need_path(plan, request->u.qom_set.arguments->path);
    } else if (request->execute == BUILD_COMMAND_SET_LINK) {
        need_path(plan, request->u.set_link.arguments->name);
    }
}

static void visit_needs(Plan *plan, guint i)
{
    const BuildRequest *request = request_at(plan, i);
    const QmpType *type = build_args_type(request);

    if (!place_of(request)) {
        need_of_change(plan, i, request);
        return;
    }
    if (request->execute == BUILD_COMMAND_DEVICE_ADD) {
        need_of_device(plan, request->u.device_add.arguments);
    } else if (request->execute == BUILD_COMMAND_OBJECT_ADD) {
        need_of_object(plan, request->u.object_add.arguments);
    }
    block_foreach_ref(type, build_args(request), need_node, plan);
    qmp_foreach_link(type, build_args(request), need_link, plan);
}

static bool visit(Plan *plan, guint i)
{
    if (plan->state[i] == VISITED || plan->error) {
        return !plan->error;
    }
    if (plan->state[i] == VISITING) {
        g_autofree char *text = g_strdup_printf("it and requests[%u] depend on each other",
                                                plan->current);

        return fail_at(plan, i, NULL, ERROR_REASON_INVALID_VALUE, text);
    }
    plan->state[i] = VISITING;
    plan->current = i;
    visit_needs(plan, i);
    plan->state[i] = VISITED;
    g_array_append_val(plan->build->order, i);
    return !plan->error;
}

bool build_plan(Build *build, GError **error)
{
    guint n = build->items->len;
    g_autofree guint8 *state = g_new0(guint8, n + 1);
    g_autoptr(GHashTable) makers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Plan plan = { .build = build, .makers = makers, .ids = ids, .state = state };
    bool ok = note_names(&plan);

    for (guint i = 0; i < n && ok; i++) {
        ok = visit(&plan, i);
    }
    if (!ok) {
        g_propagate_error(error, plan.error);
    }
    return ok;
}
