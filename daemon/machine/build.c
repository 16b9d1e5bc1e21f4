/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A list of requests, all or none of which succeed: see build.h.
 *
 * Each is executed as if a client had sent it, with arguments that were decoded
 * with the list.  For one that ends later (it opens a file on the pool) the
 * build waits for an event of the loop; meanwhile requests that change
 * something wait.
 */
#include "config.h"

#include "daemon/machine/build.h"

#include "daemon/machine/creation.h"
#include "daemon/vmd.h"
#include "qmp/error.h"
#include "qmp/qapi-types-char.h"
#include "qmp/request.h"
#include "qmp/visit.h"

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
    g_clear_pointer(&build->kept, g_ptr_array_unref);
    g_clear_error(&build->error);
    g_clear_pointer(&build->go, event_free);
    g_clear_pointer(&build->patience, event_free);
    g_free(build->what);
    g_free(build);
}

/* To be called when everything is undone and no item is in progress. */
static void end_undone(Build *build)
{
    if (build->undone && !build->waiting && !build->ended) {
        build->ended = true;
        build_undo_kept(build, build_free);
    }
}

/* Called after build_undo. */
static void fail(Build *build)
{
    if (build->vmd->build == build) {
        build_let_go(build, true);
    }
    qmp_request_fail(build->req, g_error_copy(build->error));
    build->undone = true;
    end_undone(build);
}

static void succeed(Build *build)
{
    guint n = build->items->len;
    BuildResultList results = { .n = n, .items = g_new0(BuildResult *, n) };

    for (guint i = 0; i < n; i++) {
        results.items[i] = g_steal_pointer(&item_at(build, i)->result);
    }
    build_let_go(build, false);
    qmp_request_return(build->req, &results);
    qmp_clear(&qmp_type_BuildResultList, &results);
    build_free(build);
}

/* ---- One after the other ---- */

/* Converts the error of a request to one of the list. */
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
    build->item = NULL;
    if (build->undoing) {
        event_active(build->go, 0, 0);
        return;
    }
    if (error && !build->error) {
        build->error = error_at(error, current(build));
    } else if (ret && item->request->execute == BUILD_COMMAND_CHARDEV_ADD) {
        item->result->pty = g_strdup((*(ChardevReturn *const *)ret)->pty);
    }
    if (!build->stepping) {
        event_active(build->go, 0, 0);
    }
}

static void note_what(Build *build, const BuildRequest *request, const char *name)
{
    const char *id = build_made_id(request);

    g_free(build->what);
    build->what = g_strdup_printf("requests[%u] (%s%s%s%s)", current(build), name, id ? " '" : "",
                                  id ? id : "", id ? "'" : "");
}

static void start_item(Build *build)
{
    BuildItem *item = item_at(build, g_array_index(build->order, guint, build->next++));
    const char *name = qmp_enum_name(&qmp_type_BuildCommand, item->request->execute);
    g_autoptr(GError) error = NULL;
    QmpRequest *req;

    item->started = true;
    note_what(build, item->request, name);
    if (!build_note_change(build, item, &error)) {
        build->error = error_at(error, current(build));
        return;
    }
    build->waiting = true;
    req = qmp_request_new(&build->dispatch, item_done, build, NULL);
    build->item = req;
    qmp_request_act_for(req, build->client);
    qmp_request_execute_args(req, qmp_command_find(&build->dispatch, name),
                             g_steal_pointer(build_args(item->request)));
}

/* The client is gone: undoes the list. */
static void give_up(Build *build)
{
    qmp_error_set(&build->error, ERROR_REASON_GENERIC, "the client is gone");
    if (build->waiting) {
        qmp_request_cancel(build->item);
        creation_cancel(build->vmd, build->item);
    }
    build_undo(build, fail);
}

static void advance(Build *build)
{
    if (build->undoing) {
        end_undone(build);
        return;
    }
    if (build->gone && !build->error) {
        give_up(build);
        return;
    }
    build_wait_end(build);
    build->stepping = true;
    while (!build->waiting && !build->error && build->next < build->order->len) {
        start_item(build);
    }
    build->stepping = false;
    if (build->waiting) {
        build_wait_begin(build);
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

/* ---- The beginning ---- */

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
    build->patience = build_wait_timer(build, vmd->base);
    add_items(build, &args->requests);
    return build;
}

static bool check_events(const Build *build, GError **error)
{
    if (!build->go || !build->patience) {
        qmp_error_set(error, ERROR_REASON_HOST_ERROR, "cannot create the events of a build");
        return false;
    }
    return true;
}

void build_start(QmpRequest *req, const BuildArgs *args)
{
    Build *build = build_new(req, args);
    Vmd *vmd = build->vmd;
    GError *error = NULL;

    if (!check_events(build, &error) || !build_plan(build, &error)) {
        qmp_request_fail(req, error);
        build_free(build);
        return;
    }
    vmd->build = build;
    qmp_event_queue_hold(vmd->events);
    advance(build);
}

/* ---- The end of the daemon ---- */

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
