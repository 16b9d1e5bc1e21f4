/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trace points and errors of guests: schema/trace.json.
 */
#include "config.h"
#include "daemon/vmd.h"

#include <string.h>

#include "cpu/cpu.h"
#include "daemon/qapi-commands.h"
#include "qmp/error.h"
#include "qmp/qapi-types-trace.h"
#include "qmp/text.h"
#include "qom/guest-error.h"
#include "qom/trace.h"

/* The common checks of both commands.  No point is specific to a vCPU, so a vCPU number
 * selects nothing; but it must be valid, and only a pattern may match nothing. */
static bool check(Vmd *vmd, const char *name, bool has_vcpu, gint64 vcpu, GError **error)
{
    g_autofree char *shown = NULL;

    if (has_vcpu && (vcpu < 0 || vcpu >= cpu_count(vmd->root))) {
        qmp_error_set_at(error, "vcpu", ERROR_REASON_INVALID_VALUE,
                         "invalid vCPU index %" G_GINT64_FORMAT, vcpu);
        return false;
    }
    if (trace_is_pattern(name)) {
        return true;
    }
    shown = qmp_text_clean(name);
    if (trace_next(0, name) == trace_n_points) {
        qmp_error_set_at(error, "name", ERROR_REASON_INVALID_VALUE, "unknown event \"%s\"",
                         shown);
        return false;
    }
    if (has_vcpu) {
        qmp_error_set_at(error, "vcpu", ERROR_REASON_INVALID_VALUE,
                         "event \"%s\" is not vCPU-specific", shown);
        return false;
    }
    return true;
}

/* The first point from start on that the command is about. */
static guint next(guint start, const char *name, bool has_vcpu)
{
    return has_vcpu ? trace_n_points : trace_next(start, name);
}

bool qmp_trace_event_get_state(QmpRequest *req, TraceEventGetStateArgs *args,
                               TraceEventInfoList *ret, GError **error)
{
    if (!check(qmp_request_context(req), args->name, args->has_vcpu, args->vcpu, error)) {
        return false;
    }
    ret->items = g_new0(TraceEventInfo *, trace_n_points);
    for (guint i = next(0, args->name, args->has_vcpu); i < trace_n_points;
         i = next(i + 1, args->name, args->has_vcpu)) {
        TraceEventInfo *info = g_new0(TraceEventInfo, 1);

        info->name = g_strdup(trace_name(i));
        info->state = trace_is_logged(i) ? TRACE_EVENT_STATE_ENABLED
                                         : TRACE_EVENT_STATE_DISABLED;
        ret->items[ret->n++] = info;
    }
    return true;
}

bool qmp_trace_event_set_state(QmpRequest *req, TraceEventSetStateArgs *args, GError **error)
{
    /* No point is unavailable, so args->ignore_unavailable has no effect. */
    if (!check(qmp_request_context(req), args->name, args->has_vcpu, args->vcpu, error)) {
        return false;
    }
    for (guint i = next(0, args->name, args->has_vcpu); i < trace_n_points;
         i = next(i + 1, args->name, args->has_vcpu)) {
        trace_set_logged(i, args->enable);
    }
    return true;
}

/* ---- Errors of guests ---- */

static bool add_errors(Object *obj, void *data)
{
    Device *dev = device_in_use(obj);
    g_autofree char *last = NULL;
    guint64 count;
    GuestErrorInfo *info;

    if (!dev) {
        return true;
    }
    count = device_guest_errors(dev, &last);
    if (count) {
        info = g_new0(GuestErrorInfo, 1);
        info->path = object_path(obj);
        info->count = count;
        info->last = g_utf8_make_valid(last, -1);
        g_ptr_array_add(data, info);
    }
    return true;
}

static int by_path(gconstpointer a, gconstpointer b)
{
    return strcmp((*(GuestErrorInfo *const *)a)->path, (*(GuestErrorInfo *const *)b)->path);
}

bool qmp_query_guest_errors(QmpRequest *req, GuestErrorInfoList *ret, GError **error)
{
    Vmd *vmd = qmp_request_context(req);
    GPtrArray *found = g_ptr_array_new();

    object_foreach_descendant(vmd->root, add_errors, found);
    g_ptr_array_sort(found, by_path);
    ret->n = found->len;
    ret->items = (GuestErrorInfo **)g_ptr_array_free(found, FALSE);
    return true;
}
