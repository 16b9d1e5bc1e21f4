/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * build: a list of requests, of which all succeed or none (daemon/build.h).
 *
 * Each is executed as if a client had sent it, with arguments that were decoded
 * with the list.  One that ends later (it opens a file on the pool) is waited
 * for by an event of the loop; meanwhile requests that change something wait.
 */
#include "config.h"

#include <string.h>

#include "daemon/build.h"
#include "daemon/qapi-commands.h"
#include "daemon/vmd.h"
#include "qmp/error.h"
#include "qmp/qapi-types-char.h"
#include "qmp/qapi-types-object.h"
#include "qmp/qapi-types-policy.h"
#include "qmp/request.h"
#include "qmp/visit.h"
#include "qom/device.h"

static void advance(Build *build);

static BuildItem *item_at(const Build *build, guint i)
{
    return &g_array_index(build->items, BuildItem, i);
}

/* ---- The end ---- */

static void build_free(Build *build)
{
    for (guint i = 0; i < build->items->len; i++) {
        qmp_clear(&qmp_type_BuildResult, &item_at(build, i)->result);
    }
    g_array_unref(build->items);
    g_array_unref(build->order);
    build_free_changes(build);
    g_clear_error(&build->error);
    g_clear_pointer(&build->go, event_free);
    g_free(build);
}

/* Those that waited, in the order of their coming; one of them may be a build, for
 * which the rest waits on. */
static void resume_held(Vmd *vmd)
{
    while (vmd->held.length && !vmd->build) {
        qmp_request_resume(g_queue_pop_head(&vmd->held));
    }
}

static void on_resume(evutil_socket_t fd, short what, void *data)
{
    resume_held(data);
}

/* The loop goes on with the others, as their handlers take the lock. */
static void wake_held(Vmd *vmd)
{
    static const struct timeval now = { 0, 0 };

    if (vmd->held.length) {
        event_base_once(vmd->base, -1, EV_TIMEOUT, on_resume, vmd, &now);
    }
}

static void fail(Build *build)
{
    Vmd *vmd = build->vmd;

    vmd->build = NULL;
    qmp_event_queue_release(vmd->events, true);
    vmd_notify_status(vmd);
    qmp_request_fail(build->req, g_steal_pointer(&build->error));
    build_free(build);
    wake_held(vmd);
}

static void succeed(Build *build)
{
    Vmd *vmd = build->vmd;
    guint n = build->items->len;
    BuildResultList results = { .n = n, .items = g_new0(BuildResult *, n) };

    for (guint i = 0; i < n; i++) {
        results.items[i] = g_steal_pointer(&item_at(build, i)->result);
    }
    vmd->build = NULL;
    qmp_event_queue_release(vmd->events, false);
    qmp_request_return(build->req, &results);
    qmp_clear(&qmp_type_BuildResultList, &results);
    build_free(build);
    wake_held(vmd);
}

/* ---- One after the other ---- */

/* The error of a request as that of the list. */
static GError *error_at(const GError *error, guint i)
{
    g_autofree char *index = g_strdup_printf("[%u]", i);
    GError *copy = g_error_copy(error);

    if (qmp_error_path(copy)) {
        qmp_error_prefix_path(copy, "arguments");
    }
    qmp_error_prefix_path(copy, index);
    qmp_error_prefix_path(copy, "requests");
    g_prefix_error(&copy, "requests[%u]: ", i);
    return copy;
}

/* Index of the item that was started last. */
static guint current(const Build *build)
{
    return g_array_index(build->order, guint, build->next - 1);
}

static void item_done(QmpRequest *req, const void *ret, const GError *error, void *data)
{
    Build *build = data;
    BuildItem *item = item_at(build, current(build));

    build->waiting = false;
    if (error) {
        build->error = error_at(error, current(build));
    } else if (ret && item->request->execute == BUILD_COMMAND_CHARDEV_ADD) {
        item->result->pty = g_strdup((*(ChardevReturn *const *)ret)->pty);
    }
    if (!build->stepping) {
        event_active(build->go, 0, 0);
    }
}

static void start_item(Build *build)
{
    BuildItem *item = item_at(build, g_array_index(build->order, guint, build->next++));
    const char *name = qmp_enum_name(&qmp_type_BuildCommand, item->request->execute);
    g_autoptr(GError) error = NULL;
    QmpRequest *req;

    item->started = true;
    if (!build_note_change(build, item, &error)) {
        build->error = error_at(error, current(build));
        return;
    }
    build->waiting = true;
    req = qmp_request_new(&build->dispatch, item_done, build, NULL);
    qmp_request_act_for(req, build->client);
    qmp_request_execute_args(req, qmp_command_find(&build->dispatch, name),
                             g_steal_pointer(build_args(item->request)));
}

static void advance(Build *build)
{
    build->stepping = true;
    while (!build->waiting && !build->error && build->next < build->order->len) {
        start_item(build);
    }
    build->stepping = false;
    if (build->waiting) {
        return;
    }
    if (build->error || !build_keep_all(build, &build->error)) {
        build_undo(build, fail);
    } else {
        succeed(build);
    }
}

static void on_go(evutil_socket_t fd, short what, void *data)
{
    Build *build = data;
    FairLock *lock = &build->vmd->lock;

    fair_lock_acquire(lock);
    advance(build);
    fair_lock_release(lock);
}

/* ---- The command ---- */

static void add_items(Build *build, const BuildRequestList *list)
{
    build->items = g_array_sized_new(FALSE, TRUE, sizeof(BuildItem), list->n);
    build->order = g_array_sized_new(FALSE, FALSE, sizeof(guint), list->n);
    for (gsize i = 0; i < list->n; i++) {
        BuildItem item = { .request = list->items[i], .result = qmp_new(&qmp_type_BuildResult) };

        item.result->id = item.request->id ? qmp_value_clone(item.request->id) : NULL;
        g_array_append_val(build->items, item);
    }
}

static Build *build_new(QmpRequest *req, const BuildArgs *args)
{
    Vmd *vmd = qmp_request_context(req);
    Build *build = g_new0(Build, 1);

    build->vmd = vmd;
    build->req = req;
    build->client = qmp_request_client(req);
    build->dispatch = vmd->dispatch;
    build->dispatch.lock = build->dispatch.unlock = NULL;
    build->dispatch.hold = NULL;
    build->dispatch.log = NULL;
    build->serial = object_last_serial(vmd->root);
    build->go = event_new(vmd->base, -1, 0, on_go, build);
    add_items(build, &args->requests);
    return build;
}

/* Whether an object of the list has a value for "ID.PROPERTY", which query-config left out. */
static bool has_secret(const BuildRequestList *list, const char *name)
{
    const char *dot = strrchr(name, '.');

    for (gsize i = 0; dot && i < list->n; i++) {
        const ObjectOptions *options = list->items[i]->u.object_add.arguments;
        const QmpMember *member;

        if (list->items[i]->execute != BUILD_COMMAND_OBJECT_ADD || !options->id ||
            strlen(options->id) != (gsize)(dot - name) ||
            strncmp(options->id, name, dot - name) != 0) {
            continue;
        }
        member = qmp_class_member(options->qom_type, dot + 1);
        return member && qmp_given(options->given, member - options->qom_type->props->members);
    }
    return false;
}

static bool check_requirement(const Vmd *vmd, const BuildArgs *args,
                              const ConfigRequirement *requirement, GError **error)
{
    const char *name = requirement->name;

    switch (requirement->kind) {
    case CONFIG_REQUIREMENT_KIND_FD:
        if (!fd_table_has(vmd->fds, vmd->client, name)) {
            qmp_error_set_at(error, "name", ERROR_REASON_FD_NOT_FOUND,
                             "no descriptor was passed by the name '%s'", name);
            return false;
        }
        break;
    case CONFIG_REQUIREMENT_KIND_SECRET:
        if (!has_secret(&args->requests, name)) {
            qmp_error_set_at(error, "name", ERROR_REASON_PROPERTY_MISSING,
                             "no object of the list has a value for '%s', which is never shown "
                             "and has to be added", name);
            return false;
        }
        break;
    case CONFIG_REQUIREMENT_KIND__MAX:
        break;
    }
    return true;
}

static bool check_requirements(const Vmd *vmd, const BuildArgs *args, GError **error)
{
    for (gsize i = 0; i < args->requires.n; i++) {
        if (!check_requirement(vmd, args, args->requires.items[i], error)) {
            g_autofree char *index = g_strdup_printf("[%" G_GSIZE_FORMAT "]", i);

            qmp_error_prefix_path(error ? *error : NULL, index);
            qmp_error_prefix_path(error ? *error : NULL, "requires");
            return false;
        }
    }
    return true;
}

/* A policy that the list makes counts for what stands behind it. */
static bool judge_list(const QmpRequest *req, const BuildRequestList *list, GError **error)
{
    for (gsize i = 0; i < list->n; i++) {
        const ObjectOptions *options;
        QmpPolicy policy;

        if (list->items[i]->execute != BUILD_COMMAND_OBJECT_ADD) {
            continue;
        }
        options = list->items[i]->u.object_add.arguments;
        if (options->qom_type != &qmp_class_policy) {
            continue;
        }
        policy = policy_of(options->props);
        if (!qmp_request_judge(req, "requests", i + 1, &policy, error)) {
            return false;
        }
    }
    return true;
}

void qmp_build(QmpRequest *req, BuildArgs *args)
{
    Build *build = build_new(req, args);
    Vmd *vmd = build->vmd;
    GError *error = NULL;

    if (!check_requirements(vmd, args, &error) || !judge_list(req, &args->requests, &error) ||
        !build_plan(build, &error)) {
        qmp_request_fail(req, error);
        build_free(build);
        return;
    }
    vmd->build = build;
    qmp_event_queue_hold(vmd->events);
    advance(build);
}

/* ---- Others, meanwhile ---- */

bool build_hold(Vmd *vmd, QmpRequest *req)
{
    const QmpCommand *command = qmp_request_command(req);

    if (!vmd->build || command->flags & (QMP_COMMAND_QUERY | QMP_COMMAND_OOB) ||
        !strcmp(command->name, "quit") || !strcmp(command->name, "qmp_capabilities")) {
        return false;
    }
    g_queue_push_tail(&vmd->held, req);
    return true;
}

void build_abandon(Vmd *vmd)
{
    if (vmd->build) {
        qmp_event_queue_release(vmd->events, true);
    }
}

void build_end(Vmd *vmd)
{
    Build *build = g_steal_pointer(&vmd->build);
    QmpRequest *req;

    if (build) {
        GError *error = NULL;

        qmp_error_set(&error, ERROR_REASON_WRONG_STATE, "the daemon ends");
        qmp_request_fail(build->req, error);
        build_free(build);
    }
    while ((req = g_queue_pop_head(&vmd->held))) {
        GError *error = NULL;

        qmp_error_set(&error, ERROR_REASON_WRONG_STATE, "the daemon ends");
        qmp_request_refuse(req, error);
    }
}
