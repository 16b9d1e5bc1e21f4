/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * query-iothreads.
 */
#include "config.h"

#include "daemon/qapi-commands.h"
#include "daemon/vmd.h"
#include "hw/aio/iothread.h"
#include "qmp/qapi-types-object.h"
#include "qom/place.h"
#include "qom/qapi-objects-iothread.h"

static bool add_iothread(Object *obj, void *data)
{
    Iothread *iothread = object_dynamic_cast(obj, &qmp_class_iothread);
    const IothreadProps *props;
    IOThreadInfo *info;

    if (iothread && object_life(obj) == OBJECT_COMPLETE) {
        props = iothread_props(iothread);
        info = g_new0(IOThreadInfo, 1);
        info->id = g_strdup(obj->name);
        info->poll_max_ns = props->poll_max_ns;
        info->poll_grow = props->poll_grow;
        info->poll_shrink = props->poll_shrink;
        info->thread_id = iothread_thread_id(iothread);
        g_ptr_array_add(data, info);
    }
    return true;
}

bool qmp_query_iothreads(QmpRequest *req, IOThreadInfoList *ret, GError **error)
{
    Vmd *vmd = qmp_request_context(req);
    GPtrArray *list = g_ptr_array_new();

    object_foreach_child(place_folder(vmd->root, &qmp_class_object), add_iothread, list);
    ret->n = list->len;
    ret->items = (IOThreadInfo **)g_ptr_array_free(list, false);
    return true;
}
