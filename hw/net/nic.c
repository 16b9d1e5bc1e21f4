/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class `nic`: the cards' side of hw/net/net.h, common to all cards.
 */
#include "config.h"
#include "hw/net/net.h"

#include <string.h>

#include "qmp/error.h"
#include "qmp/qapi-events.h"
#include "qom/device.h"
#include "qom/env.h"
#include "qom/qapi-objects-net.h"
#include "qom/qapi-objects-object.h"

/* ---- The gate ---- */

void nic_lock(Nic *nic)
{
    if (nic->net) {
        net_lock(nic->net);
    }
}

void nic_unlock(Nic *nic)
{
    if (nic->net) {
        net_unlock(nic->net);
    }
}

/* ---- What the backend does for the card ---- */

/* Makes the backend continue after it had stopped because of the receiver. */
static void resume_all(NetBackend *net)
{
    for (guint i = 0; i < net->n_queues; i++) {
        net->ops->resume(net, i);
    }
}

void nic_ready(Nic *nic, guint queue)
{
    if (nic->net) {
        nic->net->ops->resume(nic->net, queue);
    }
}

guint nic_max_queues(const Nic *nic)
{
    return nic->net ? nic->net->n_queues : 1;
}

bool nic_has_vnet(const Nic *nic)
{
    return nic->net && nic->net->has_vnet;
}

bool nic_has_ufo(const Nic *nic)
{
    return nic_has_vnet(nic) && nic->net->has_ufo;
}

void nic_set_offloads(Nic *nic, guint offloads)
{
    if (nic->net && nic->net->ops->set_offloads) {
        nic->net->ops->set_offloads(nic->net, offloads);
    }
}

void nic_set_queues(Nic *nic, guint n)
{
    if (nic->net && nic->net->ops->set_queues) {
        nic->net->ops->set_queues(nic->net, n);
    }
}

/* ---- Link ---- */

/* Both sides retry frames that they could not deliver: these are lost while the
 * cable is unplugged. */
static void link_changed(Nic *nic)
{
    NetBackend *net = nic->net;

    nic->ops->link_changed(nic->opaque);
    if (net) {
        resume_all(net);
        for (guint i = 0; i < net->n_queues; i++) {
            nic->ops->writable(nic->opaque, i);
        }
    }
}

void nic_set_link(Nic *nic, bool up)
{
    nic_lock(nic);
    if (nic->link_up != up) {
        nic->link_up = up;
        link_changed(nic);
    }
    nic_unlock(nic);
}

static bool find_nic(Object *obj, void *data)
{
    Nic **found = data;

    *found = object_dynamic_cast(obj, &qmp_class_nic);
    return !*found;
}

Nic *nic_of(Object *card)
{
    Nic *nic = NULL;

    object_foreach_descendant(card, find_nic, &nic);
    return nic;
}

/* ---- Filters of received frames ---- */

/* The id of the device that has the Nic, or of the device that it is a part of;
 * NULL without one. */
static const char *card_id(const Nic *nic)
{
    const char *id = NULL;

    for (Object *obj = nic->object.parent; obj && !id; obj = obj->parent) {
        id = object_is_a(obj, &qmp_class_device) ? device_id(to_device(obj)) : NULL;
    }
    return id;
}

void nic_filter_changed(Nic *nic)
{
    const Env *env = object_env(&nic->object);
    g_autofree char *path = NULL;

    if (nic->filter_told || !env || !env->events) {
        return;
    }
    nic->filter_told = true;
    path = object_path(nic->object.parent);
    qmp_event_nic_rx_filter_changed(env->events, &(EventNicRxFilterChanged){
        .name = (char *)card_id(nic), .path = path });
}

const char *nic_name(const Nic *nic)
{
    const char *id = card_id(nic);

    return id ? id : nic->object.parent->name;
}

RxFilterInfo *nic_query_filter(Nic *nic)
{
    RxFilterInfo *info;

    if (!nic->ops->rx_filter) {
        return NULL;
    }
    nic_lock(nic);
    info = nic->ops->rx_filter(nic->opaque);
    nic->filter_told = false;
    nic_unlock(nic);
    info->name = g_strdup(nic_name(nic));
    return info;
}

/* ---- Addresses ---- */

bool nic_parse_mac(const char *text, guint8 ret_mac[6], GError **error)
{
    guint8 mac[6];
    const char *p = text;

    for (guint i = 0; i < 6; i++) {
        if (!g_ascii_isxdigit(p[0]) || !g_ascii_isxdigit(p[1]) ||
            p[2] != (i < 5 ? text[2] : '\0') || (i == 0 && p[2] != ':' && p[2] != '-')) {
            qmp_error_set_at(error, "mac", ERROR_REASON_INVALID_VALUE,
                             "'%s' is not an Ethernet address such as 52:54:00:12:34:56", text);
            return false;
        }
        mac[i] = g_ascii_xdigit_value(p[0]) << 4 | g_ascii_xdigit_value(p[1]);
        p += 3;
    }
    memcpy(ret_mac, mac, 6);
    return true;
}

char *nic_format_mac(const guint8 mac[6])
{
    return g_strdup_printf("%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
                           mac[4], mac[5]);
}

typedef struct {
    const char *mac;
    bool found;
} MacSearch;

static bool find_mac(Object *obj, void *data)
{
    MacSearch *search = data;

    if (object_is_a(obj, &qmp_class_nic)) {
        search->found |= g_strcmp0(nic_props(obj)->mac, search->mac) == 0;
    }
    return !search->found;
}

/* Whether a pending card has this address. */
static bool compare_mac(const QmpClass *klass, const void *props, bool named, void *opaque)
{
    MacSearch *search = opaque;
    const QmpMember *row = qmp_class_member(klass, "mac");
    const char *mac = row && qmp_type(row->type)->kind == QMP_KIND_STR
                    ? *(char *const *)((const char *)props + row->offset) : NULL;

    search->found |= mac && !g_ascii_strcasecmp(mac, search->mac);
    return !search->found;
}

void nic_choose_mac(Object *root, guint8 ret_mac[6])
{
    static const guint8 first[6] = { 0x52, 0x54, 0x00, 0x12, 0x34, 0x56 };
    MacSearch search = { .found = true };

    memcpy(ret_mac, first, 6);
    for (guint i = 0; i < 0x10000 && search.found; i++) {
        g_autofree char *text = NULL;
        guint last = 0x3456 + i;

        ret_mac[4] = last >> 8;
        ret_mac[5] = last;
        text = nic_format_mac(ret_mac);
        search = (MacSearch){ .mac = text };
        object_foreach_descendant(root, find_mac, &search);
        env_foreach_pending(root, NULL, compare_mac, &search);
    }
}

/* ---- Life ---- */

Nic *nic_new(Object *card, NetBackend *net, const guint8 mac[6], const NicOps *ops, void *opaque)
{
    Object *obj = object_new(&qmp_class_nic);
    Nic *nic = to_nic(obj);

    nic_props(obj)->mac = nic_format_mac(mac);
    nic->ops = ops;
    nic->opaque = opaque;
    nic->net = net;
    nic->link_up = !net || net->link_up;
    object_add_child(card, "nic", obj, NULL);   /* the card has no other child of that name */
    object_unref(obj);
    if (net) {
        net_lock(net);
        net->nic = nic;
        resume_all(net);
        net_unlock(net);
    }
    return nic;
}

void nic_destroy(Nic *nic)
{
    NetBackend *net = nic->net;

    if (net) {
        net_lock(net);
        net->nic = NULL;
        resume_all(net);
        net_unlock(net);
    }
    object_unparent(&nic->object);
}

static void nic_refresh(Object *obj, const QmpMember *member)
{
    nic_props(obj)->link = to_nic(obj)->link_up;
}

static const ObjectOps nic_object_ops = {
    .refresh = nic_refresh,
};

const TypeInfo nic_type = {
    .schema = &qmp_class_nic,
    .size = sizeof(Nic),
    .object = &nic_object_ops,
};
