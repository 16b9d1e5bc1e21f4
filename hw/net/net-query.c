/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Networks by name: see net-query.h.
 */
#include "config.h"
#include "hw/net/net-query.h"

#include "hw/machine/machine.h"
#include "qmp/error.h"
#include "qmp/qapi-types-object.h"
#include "qom/place.h"
#include "qom/qapi-objects-net.h"

Nic *net_find_card(Object *root, const char *id)
{
    Object *obj = machine_made(root) ? place_child(root, &qmp_class_device, id) : NULL;

    return obj ? nic_of(obj) : NULL;
}

bool net_link_state(Object *root, const char *id, bool *ret_up)
{
    const NetBackend *net = net_find(root, id);
    const Nic *nic = net ? NULL : net_find_card(root, id);

    if (net || nic) {
        *ret_up = net ? net->link_up : nic->link_up;
    }
    return net || nic;
}

bool net_query_rx_filter(Object *root, const char *name, RxFilterInfoList *ret, GError **error)
{
    Nic *nic = net_find_card(root, name);
    RxFilterInfo *info = nic ? nic_query_filter(nic) : NULL;

    if (info) {
        ret->n = 1;
        ret->items = g_new(RxFilterInfo *, 1);
        ret->items[0] = info;
    } else if (nic) {
        qmp_error_set_at(error, "name", ERROR_REASON_NOT_SUPPORTED,
                         "network card '%s' does not report its filter", name);
    } else if (net_find(root, name)) {
        qmp_error_set_at(error, "name", ERROR_REASON_INVALID_VALUE,
                         "'%s' is a backend, not a network card", name);
    } else {
        qmp_error_set_at(error, "name", ERROR_REASON_DEVICE_NOT_FOUND, "Device '%s' not found",
                         name);
    }
    return info != NULL;
}

static bool add_filter(Object *obj, void *data)
{
    RxFilterInfo *info = object_is_a(obj, &qmp_class_nic) ? nic_query_filter(to_nic(obj)) : NULL;

    if (info) {
        g_ptr_array_add(data, info);
    }
    return true;
}

bool net_query_rx_filters(Object *root, RxFilterInfoList *ret)
{
    Machine *machine = machine_made(root);
    GPtrArray *list = g_ptr_array_new();

    if (machine) {
        object_foreach_descendant(&machine->object, add_filter, list);
    }
    ret->n = list->len;
    ret->items = (RxFilterInfo **)g_ptr_array_free(list, false);
    return true;
}
