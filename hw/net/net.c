/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class `netdev`: what all network backends have in common, and their creation
 * from a request.  The cards' side is in nic.c.
 */
#include "config.h"
#include "hw/net/net.h"

#include <string.h>

#include "qmp/error.h"
#include "qmp/visit.h"
#include "qom/place.h"
#include "qom/qapi-objects-net.h"

static const QmpClass *const classes[] = {
    [NET_CLIENT_DRIVER_USER] = &qmp_class_netdev_user,
    [NET_CLIENT_DRIVER_TAP] = &qmp_class_netdev_tap,
    [NET_CLIENT_DRIVER_SOCKET] = &qmp_class_netdev_socket,
    [NET_CLIENT_DRIVER_STREAM] = &qmp_class_netdev_stream,
    [NET_CLIENT_DRIVER_DGRAM] = &qmp_class_netdev_dgram,
};

G_STATIC_ASSERT(G_N_ELEMENTS(classes) == NET_CLIENT_DRIVER__MAX);

Netdev *net_options(const NetBackend *net)
{
    return netdev_props(net)->options;
}

QmpFd *net_take_fd(const Env *env, const char *name, GError **error)
{
    if (!env || !env->take_fd) {
        qmp_error_set(error, ERROR_REASON_FD_NOT_FOUND, "no descriptor '%s' was passed", name);
        return NULL;
    }
    return env->take_fd(env, name, error);
}

void net_lock(NetBackend *net)
{
    g_mutex_lock(&net->gate);
}

void net_unlock(NetBackend *net)
{
    g_mutex_unlock(&net->gate);
}

/* ---- Frames ---- */

static void show_filters(NetBackend *net, bool from_guest, const NetFrame *frames, guint n)
{
    for (guint i = 0; i < net->filters->len; i++) {
        NetFilter *filter = net->filters->pdata[i];

        for (guint j = 0; j < n; j++) {
            filter->frame(filter, from_guest, &frames[j]);
        }
    }
}

guint net_deliver(NetBackend *net, guint queue, const NetFrame *frames, guint n)
{
    Nic *nic = net->nic;

    if (!nic || !nic->link_up || !net->link_up) {
        return n;
    }
    n = nic->ops->receive(nic->opaque, queue, frames, n);
    if (net->filters) {
        show_filters(net, false, frames, n);
    }
    return n;
}

void net_writable(NetBackend *net, guint queue)
{
    if (net->nic) {
        net->nic->ops->writable(net->nic->opaque, queue);
    }
}

guint nic_send(Nic *nic, guint queue, const NetFrame *frames, guint n)
{
    NetBackend *net = nic->net;

    if (!net || !nic->link_up || !net->link_up) {
        return n;
    }
    n = net->ops->send(net, queue, frames, n);
    if (net->filters) {
        show_filters(net, true, frames, n);
    }
    return n;
}

gsize net_frame_copy(const NetFrame *frame, void *buf, gsize size)
{
    gsize done = 0;

    for (guint i = 0; i < frame->n_iov && done < size; i++) {
        gsize n = MIN(frame->iov[i].iov_len, size - done);

        memcpy((char *)buf + done, frame->iov[i].iov_base, n);
        done += n;
    }
    return done;
}

/* ---- Filters ---- */

void net_add_filter(NetBackend *net, NetFilter *filter)
{
    net_lock(net);
    if (!net->filters) {
        net->filters = g_ptr_array_new();
    }
    g_ptr_array_add(net->filters, filter);
    net_unlock(net);
}

void net_remove_filter(NetBackend *net, NetFilter *filter)
{
    net_lock(net);
    g_ptr_array_remove(net->filters, filter);
    if (!net->filters->len) {
        g_clear_pointer(&net->filters, g_ptr_array_unref);
    }
    net_unlock(net);
}

/* ---- Link ---- */

void net_set_link(NetBackend *net, bool up)
{
    net_lock(net);
    net->link_up = up;
    net_unlock(net);
    if (net->nic) {
        nic_set_link(net->nic, up);
    }
}

/* ---- From a request ---- */

static bool begin(Object *parent, NetBackend *net, const char *id, GError **error)
{
    if (!object_add_child(parent, id, &net->object, error)) {
        return qmp_error_blame(error, "id");
    }
    if (!object_link(&net->object, error) ||
        (net->ops->setup && !net->ops->setup(net, object_env(parent), error))) {
        object_destroy(&net->object);
        return false;
    }
    return true;
}

NetBackend *net_new(Object *root, const Netdev *options, GError **error)
{
    Object *parent = place_folder(root, &qmp_class_netdev);
    const QmpClass *klass = classes[options->type];
    NetdevProps *props;
    NetBackend *net;
    bool ok;

    if (!object_check_id(options->id, error)) {
        return NULL;
    }
    props = qmp_new_props(klass);
    qmp_clone(&qmp_type_Netdev, &props->options, &options);
    net = to_net_backend(object_new_with_props(klass, props, NULL));
    ok = begin(parent, net, options->id, error);
    object_unref(net);
    return ok ? net : NULL;
}

NetBackend *net_find(Object *root, const char *id)
{
    Object *obj = object_child(place_folder(root, &qmp_class_netdev), id);

    return obj && object_life(obj) == OBJECT_COMPLETE ? to_net_backend(obj) : NULL;
}

/* ---- Life ---- */

static void netdev_init(Object *obj)
{
    NetBackend *net = to_net_backend(obj);

    net->ops = object_kind(obj);
    net->link_up = true;
    net->n_queues = 1;
    g_mutex_init(&net->gate);
}

static void netdev_finalize(Object *obj)
{
    g_mutex_clear(&to_net_backend(obj)->gate);
}

static void netdev_refresh(Object *obj, const QmpMember *member)
{
    netdev_props(obj)->link = to_net_backend(obj)->link_up;
}

static const ObjectOps netdev_object_ops = {
    .init = netdev_init,
    .finalize = netdev_finalize,
    .refresh = netdev_refresh,
};

const TypeInfo netdev_type = {
    .schema = &qmp_class_netdev,
    .size = sizeof(NetBackend),
    .object = &netdev_object_ops,
};
