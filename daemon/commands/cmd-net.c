/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * netdev_add, netdev_del, set_link, announce-self and query-rx-filter.  Network backends are
 * below /netdevs.
 */
#include "config.h"

#include "daemon/machine/creation.h"
#include "daemon/qapi-commands.h"
#include "daemon/vmd.h"
#include "hw/net/net-announce.h"
#include "hw/net/net-query.h"
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

bool qmp_set_link(QmpRequest *req, SetLinkArgs *args, GError **error)
{
    const Vmd *vmd = qmp_request_context(req);
    NetBackend *net = net_find(vmd->root, args->name);
    Nic *nic = net ? NULL : net_find_card(vmd->root, args->name);

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

bool qmp_announce_self(QmpRequest *req, AnnounceParameters *args, GError **error)
{
    Vmd *vmd = qmp_request_context(req);

    if (!vmd->announcer) {
        vmd->announcer = net_announcer_new(vmd->root);
    }
    net_announce(vmd->announcer, args);
    return true;
}

bool qmp_query_rx_filter(QmpRequest *req, QueryRxFilterArgs *args, RxFilterInfoList *ret,
                         GError **error)
{
    const Vmd *vmd = qmp_request_context(req);

    return args->name ? net_query_rx_filter(vmd->root, args->name, ret, error)
                      : net_query_rx_filters(vmd->root, ret);
}
