/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What commands ask about VNC servers.
 */
#include "config.h"
#include "hw/vnc/vnc-internal.h"

#include <string.h>

#include "qmp/error.h"
#include "qmp/visit.h"
#include "qom/place.h"

static bool add_server(Object *obj, void *data)
{
    VncServer *s = object_dynamic_cast(obj, &qmp_class_vnc_server);

    if (s && object_life(obj) == OBJECT_COMPLETE) {
        g_ptr_array_add(data, s);
    }
    return true;
}

GPtrArray *vnc_list(Object *root)
{
    GPtrArray *list = g_ptr_array_new();

    object_foreach_child(place_folder(root, &qmp_class_vnc_server), add_server, list);
    return list;
}

VncServer *vnc_find(Object *root, const char *id, GError **error)
{
    g_autoptr(GPtrArray) list = vnc_list(root);

    for (guint i = 0; i < list->len; i++) {
        VncServer *s = list->pdata[i];

        if (!id || !strcmp(s->object.name, id)) {
            return s;
        }
    }
    if (id) {
        qmp_error_set_at(error, "display", ERROR_REASON_OBJECT_NOT_FOUND,
                         "there is no VNC server '%s'", id);
    } else {
        qmp_error_set(error, ERROR_REASON_DEVICE_NOT_ACTIVE, "there is no VNC server");
    }
    return NULL;
}

static VncPrimaryAuth password_auth(const VncServer *s)
{
    return s->needs_password ? VNC_PRIMARY_AUTH_VNC : VNC_PRIMARY_AUTH_NONE;
}

static VncPrimaryAuth primary_auth(const VncServer *s)
{
    return s->creds ? VNC_PRIMARY_AUTH_VENCRYPT : password_auth(s);
}

/* Valid if connections are encrypted. */
static VncVencryptSubAuth vencrypt_auth(const VncServer *s)
{
    return s->needs_password ? VNC_VENCRYPT_SUB_AUTH_X509_VNC : VNC_VENCRYPT_SUB_AUTH_X509_NONE;
}

static VncServerInfo2 *describe_listener(const VncServer *s, const VncListener *listener)
{
    VncServerInfo2 *info = g_new0(VncServerInfo2, 1);

    info->host = g_strdup(listener->info->host);
    info->service = g_strdup(listener->info->service);
    info->family = listener->info->family;
    info->websocket = listener->websocket;
    info->auth = listener->websocket ? password_auth(s) : primary_auth(s);
    info->has_vencrypt = s->creds && !listener->websocket;
    info->vencrypt = vencrypt_auth(s);
    return info;
}

static void describe_clients(VncServer *s, VncClientInfoList *ret)
{
    g_mutex_lock(&s->mutex);
    ret->n = s->entered->len;
    ret->items = g_new0(VncClientInfo *, ret->n);
    for (gsize i = 0; i < ret->n; i++) {
        qmp_clone(&qmp_type_VncClientInfo, &ret->items[i], &s->entered->pdata[i]);
    }
    g_mutex_unlock(&s->mutex);
}

VncInfo2 *vnc_describe(VncServer *s)
{
    VncInfo2 *info = g_new0(VncInfo2, 1);

    info->id = g_strdup(s->object.name);
    info->auth = primary_auth(s);
    info->has_vencrypt = s->creds;
    info->vencrypt = vencrypt_auth(s);
    info->display = g_strdup(vnc_server_props(s)->display);
    info->server.items = g_new(VncServerInfo2 *, VNC_LISTENERS);
    for (guint i = 0; i < VNC_LISTENERS; i++) {
        if (s->listeners[i].info) {
            info->server.items[info->server.n++] = describe_listener(s, &s->listeners[i]);
        }
    }
    describe_clients(s, &info->clients);
    return info;
}
