/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Undoing a build.  Objects that it made are found by the order of completion:
 * all that were completed after the build began, the last first.  Changes are
 * reverted by a request of the same command.
 */
#include "config.h"
#include "daemon/machine/build.h"

#include "daemon/vmd.h"
#include "hw/net/net-query.h"
#include "qmp/error.h"
#include "qmp/qapi-types-net.h"
#include "qmp/qapi-types-trace.h"
#include "qmp/request.h"
#include "qmp/visit.h"
#include "qom/device.h"
#include "qom/place.h"
#include "qom/property.h"
#include "qom/qapi-objects-object.h"
#include "qom/trace.h"

/* ---- Changes ---- */

/* A request that reverts a change. */
typedef struct {
    const QmpCommand *command;
    void *args;
} Reversal;

static void reversal_free(gpointer data)
{
    Reversal *reversal = data;

    if (reversal->args) {
        qmp_clear(reversal->command->args, &reversal->args);
    }
    g_free(reversal);
}

static void note(Build *build, const char *command, void *args)
{
    Reversal *reversal = g_new(Reversal, 1);

    *reversal = (Reversal){ .command = qmp_command_find(&build->dispatch, command),
                            .args = args };
    if (!build->reversals) {
        build->reversals = g_ptr_array_new_with_free_func(reversal_free);
    }
    g_ptr_array_add(build->reversals, reversal);
}

static bool note_qom_set(Build *build, const QomSetArgs *args, GError **error)
{
    Object *obj = object_resolve(build->vmd->root, args->path, NULL);
    QmpValue *old;
    QomSetArgs *back;

    if (!obj || obj->serial > build->serial) {
        return true;            /* it fails, or the object is destroyed */
    }
    old = object_property_get(obj, args->property, NULL);
    if (old && old->kind == QMP_VALUE_NULL) {
        qmp_value_free(old);
        qmp_error_set_at(error, "property", ERROR_REASON_NOT_SUPPORTED,
                         "property '%s' of '%s' has no value that could be restored",
                         args->property, args->path);
        return false;
    }
    if (old) {
        back = qmp_new(&qmp_type_QomSetArgs);
        back->path = object_path(obj);
        back->property = g_strdup(args->property);
        back->value = old;
        note(build, "qom-set", back);
    }
    return true;
}

static void note_set_link(Build *build, const SetLinkArgs *args)
{
    bool up;
    SetLinkArgs *back;

    if (!net_link_state(build->vmd->root, args->name, &up)) {
        return;
    }
    back = qmp_new(&qmp_type_SetLinkArgs);
    back->name = g_strdup(args->name);
    back->up = up;
    note(build, "set_link", back);
}

static void note_set_action(Build *build)
{
    const RunControl *run = &build->vmd->run;
    SetActionArgs *back = qmp_new(&qmp_type_SetActionArgs);

    back->has_reboot = back->has_shutdown = back->has_panic = back->has_watchdog = true;
    back->has_internal_error = true;
    back->reboot = run->reboot;
    back->shutdown = run->shutdown;
    back->panic = run->panic;
    back->watchdog = run->watchdog;
    back->internal_error = run->internal_error;
    note(build, "set-action", back);
}

/* Records each point that changes, by its name. */
static void note_trace(Build *build, const TraceEventSetStateArgs *args)
{
    for (guint i = trace_next(0, args->name); i < trace_n_points;
         i = trace_next(i + 1, args->name)) {
        TraceEventSetStateArgs *back;

        if (trace_is_logged(i) != args->enable) {
            back = qmp_new(&qmp_type_TraceEventSetStateArgs);
            back->name = g_strdup(trace_name(i));
            back->enable = !args->enable;
            note(build, "trace-event-set-state", back);
        }
    }
}

bool build_note_change(Build *build, const BuildItem *item, GError **error)
{
    const BuildRequest *request = item->request;

    switch (request->execute) {
    case BUILD_COMMAND_QOM_SET:
        return note_qom_set(build, request->u.qom_set.arguments, error);
    case BUILD_COMMAND_SET_LINK:
        note_set_link(build, request->u.set_link.arguments);
        return true;
    case BUILD_COMMAND_SET_ACTION:
        note_set_action(build);
        return true;
    case BUILD_COMMAND_TRACE_EVENT_SET_STATE:
        note_trace(build, request->u.trace_event_set_state.arguments);
        return true;
    default:
        return true;
    }
}

void build_free_changes(Build *build)
{
    g_clear_pointer(&build->reversals, g_ptr_array_unref);
    g_clear_pointer(&build->keeps, g_ptr_array_unref);
}

static void reversed(QmpRequest *req, const void *ret, const GError *error, void *data)
{
    if (error) {
        g_warning("a change could not be reverted: %s", error->message);
    }
}

static void take_changes_back(Build *build)
{
    for (guint i = build->reversals ? build->reversals->len : 0; i-- > 0;) {
        Reversal *reversal = build->reversals->pdata[i];
        QmpRequest *req = qmp_request_new(&build->dispatch, reversed, NULL, NULL);

        qmp_request_execute_args(req, reversal->command, g_steal_pointer(&reversal->args));
    }
}

/* ---- Objects ---- */

typedef struct {
    Build *build;
    void (*done)(Build *build);
    GPtrArray *objects;         /* held, the last made first */
} Undo;

static void collect(const QmpClassPlace *place, Object *obj, void *data)
{
    Undo *undo = data;

    if (obj->serial > undo->build->serial) {
        g_ptr_array_add(undo->objects, object_ref(obj));
    }
}

static int last_first(gconstpointer a, gconstpointer b)
{
    const Object *x = *(Object *const *)a, *y = *(Object *const *)b;

    return (x->serial < y->serial) - (x->serial > y->serial);
}

static void undo_work(void *data)
{
    const Undo *undo = data;

    for (guint i = 0; i < undo->objects->len; i++) {
        object_release(undo->objects->pdata[i]);
    }
}

static void undo_finish(void *data)
{
    Undo *undo = data;

    for (guint i = 0; i < undo->objects->len; i++) {
        object_destroy(undo->objects->pdata[i]);
    }
    g_ptr_array_unref(undo->objects);
    undo->done(undo->build);
    g_free(undo);
}

/* An item in progress may read the objects that it has links to.  Holders come first,
 * so if an object is still held, the holder is that item. */
static bool keeps(Build *build, Object *obj)
{
    if (!build->waiting || object_may_delete(obj, NULL)) {
        return false;
    }
    if (!build->kept) {
        build->kept = g_ptr_array_new_with_free_func(object_unref);
    }
    g_ptr_array_add(build->kept, object_ref(obj));
    return true;
}

/* Devices are destroyed immediately, as in device_del; for others, blocking
 * work is left to the pool. */
static bool dismantle_all(const Undo *undo)
{
    bool blocks = false;

    for (guint i = 0; i < undo->objects->len;) {
        Object *obj = undo->objects->pdata[i];

        if (keeps(undo->build, obj)) {
            g_ptr_array_remove_index(undo->objects, i);
            continue;
        }
        i++;
        if (!object_is_a(obj, &qmp_class_device)) {
            object_dismantle(obj);
            blocks |= object_needs_prepare(obj);
        } else if (obj->parent) {
            device_unmake(to_device(obj));
        }
    }
    return blocks;
}

static Undo *undo_new(Build *build, void (*done)(Build *build))
{
    Undo *undo = g_new(Undo, 1);

    *undo = (Undo){ .build = build, .done = done,
                    .objects = g_ptr_array_new_with_free_func(object_unref) };
    return undo;
}

/* No disk was written, so nothing has to be flushed. */
static void release_all(Undo *undo, bool blocks)
{
    if (blocks) {
        pool_run(undo->build->vmd->pool, POOL_RELEASE, undo_work, undo_finish, undo);
    } else {
        undo_finish(undo);
    }
}

void build_undo(Build *build, void (*done)(Build *build))
{
    Undo *undo = undo_new(build, done);
    bool blocks;

    build->undoing = true;
    take_changes_back(build);
    g_clear_pointer(&build->keeps, g_ptr_array_unref);
    place_foreach_object(build->vmd->root, collect, undo);
    g_ptr_array_sort(undo->objects, last_first);
    blocks = dismantle_all(undo);
    if (build->waiting) {
        build_let_go(build, true);
    } else {
        build_wait_begin(build);        /* closing may hang, too */
    }
    release_all(undo, blocks);
}

/* Other objects may have started to use a kept object: then it stays. */
void build_undo_kept(Build *build, void (*done)(Build *build))
{
    g_autoptr(GPtrArray) kept = g_steal_pointer(&build->kept);
    Undo *undo = undo_new(build, done);

    for (guint i = 0; kept && i < kept->len; i++) {
        Object *obj = kept->pdata[i];

        if (object_life(obj) == OBJECT_COMPLETE && object_may_delete(obj, NULL)) {
            g_ptr_array_add(undo->objects, object_ref(obj));
        }
    }
    release_all(undo, dismantle_all(undo));
}
