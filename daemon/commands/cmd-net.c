/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * netdev_add, netdev_del, set_link and query-rx-filter.  What they make lives below /netdevs.
 */
#include "config.h"

#include "daemon/machine/creation.h"
#include "daemon/qapi-commands.h"
#include "daemon/vmd.h"
#include "hw/net/net.h"
#include "qmp/error.h"
#include "qmp/qapi-types-net.h"

void qmp_netdev_add(QmpRequest *req, Netdev *args)
{
    Vmd *vmd = qmp_request_context(req);
    GError *error = NULL;
    NetBackend *net;

    if (!creation_check_room(vmd, &error)) {
        qmp_request_fail(req, error);
        return;
    }
    net = net_new(vmd->root, args, &error);
    if (!net) {
        qmp_error_blame(&error, "id");
        qmp_request_fail(req, error);
        return;
    }
    creation_run(vmd, req, &net->object, creation_reply, NULL);
}

void qmp_netdev_del(QmpRequest *req, NetdevDelArgs *args)
{
    Vmd *vmd = qmp_request_context(req);
    GError *error = NULL;
    NetBackend *net = net_find(vmd->root, args->id);

    if (!net) {
        qmp_error_set_at(&error, "id", ERROR_REASON_DEVICE_NOT_FOUND, "Device '%s' not found",
                         args->id);
    }
    if (!net || !object_may_delete(&net->object, &error)) {
        qmp_error_blame(&error, "id");
        qmp_request_fail(req, error);
        return;
    }
    creation_undo(vmd, req, &net->object);
}

/* The network card that device_add gave this id, or NULL. */
static Nic *find_card(Vmd *vmd, const char *id)
{
    Object *machine = (Object *)vmd_machine(vmd);
    Object *obj = machine ? object_child(object_container(machine, "peripheral"), id) : NULL;

    return obj ? nic_of(obj) : NULL;
}

bool vmd_link_state(Vmd *vmd, const char *id, bool *ret_up)
{
    const NetBackend *net = net_find(vmd->root, id);
    const Nic *nic = net ? NULL : find_card(vmd, id);

    if (net || nic) {
        *ret_up = net ? net->link_up : nic->link_up;
    }
    return net || nic;
}

bool qmp_set_link(QmpRequest *req, SetLinkArgs *args, GError **error)
{
    Vmd *vmd = qmp_request_context(req);
    NetBackend *net = net_find(vmd->root, args->name);
    Nic *nic = net ? NULL : find_card(vmd, args->name);

    if (net) {
        net_set_link(net, args->up);
    } else if (nic) {
        nic_set_link(nic, args->up);
    } else {
        qmp_error_set_at(error, "name", ERROR_REASON_DEVICE_NOT_FOUND, "Device '%s' not found",
                         args->name);
    }
    return net || nic;
}

/* ---- query-rx-filter ---- */

static bool add_filter(Object *obj, void *data)
{
    RxFilterInfo *info = object_is_a(obj, &qmp_class_nic) ? nic_query_filter((Nic *)obj) : NULL;

    if (info) {
        g_ptr_array_add(data, info);
    }
    return true;
}

/* The card of this name; fails if it is none, or cannot tell. */
static bool add_named(Vmd *vmd, const char *name, GPtrArray *list, GError **error)
{
    Nic *nic = find_card(vmd, name);

    if (nic) {
        add_filter(&nic->object, list);
    }
    if (!nic && net_find(vmd->root, name)) {
        qmp_error_set_at(error, "name", ERROR_REASON_INVALID_VALUE,
                         "'%s' is a back end, no network card", name);
    } else if (!nic) {
        qmp_error_set_at(error, "name", ERROR_REASON_DEVICE_NOT_FOUND, "Device '%s' not found",
                         name);
    } else if (!list->len) {
        qmp_error_set_at(error, "name", ERROR_REASON_NOT_SUPPORTED,
                         "network card '%s' cannot tell which frames it takes", name);
    }
    return list->len > 0;
}

bool qmp_query_rx_filter(QmpRequest *req, QueryRxFilterArgs *args, RxFilterInfoList *ret,
                         GError **error)
{
    Vmd *vmd = qmp_request_context(req);
    Object *machine = (Object *)vmd_machine(vmd);
    GPtrArray *list = g_ptr_array_new();

    if (args->name && !add_named(vmd, args->name, list, error)) {
        g_ptr_array_unref(list);
        return false;
    }
    if (!args->name && machine) {
        object_foreach_descendant(machine, add_filter, list);
    }
    ret->n = list->len;
    ret->items = (RxFilterInfo **)g_ptr_array_free(list, false);
    return true;
}
