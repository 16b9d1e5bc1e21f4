/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands of qmp/schema/vnc.json.
 */
#include "config.h"

#include "daemon/qapi-commands.h"
#include "daemon/vmd.h"
#include "hw/vnc/vnc.h"
#include "qmp/error.h"
#include "qmp/visit.h"

/* ---- Queries ---- */

bool qmp_query_vnc_servers(QmpRequest *req, VncInfo2List *ret, GError **error)
{
    Vmd *vmd = qmp_request_context(req);
    g_autoptr(GPtrArray) list = vnc_list(vmd->root);

    ret->n = list->len;
    ret->items = g_new(VncInfo2 *, list->len);
    for (guint i = 0; i < list->len; i++) {
        ret->items[i] = vnc_describe(list->pdata[i]);
    }
    return true;
}

/* As query-vnc writes it; newly allocated. */
static char *auth_name(const VncInfo2 *info)
{
    if (info->has_vencrypt) {
        return g_strdup(info->vencrypt == VNC_VENCRYPT_SUB_AUTH_X509_VNC ? "vencrypt+x509+vnc"
                                                                         : "vencrypt+x509+none");
    }
    return g_strdup(qmp_enum_name(&qmp_type_VncPrimaryAuth, info->auth));
}

/* Takes what query-vnc has from what query-vnc-servers has. */
static void describe_first(VncInfo2 *from, VncInfo *ret)
{
    VncServerInfo2 *server = from->server.items[0];

    ret->enabled = true;
    ret->host = g_steal_pointer(&server->host);
    ret->service = g_steal_pointer(&server->service);
    ret->has_family = true;
    ret->family = server->family;
    ret->auth = auth_name(from);
    ret->has_clients = true;
    ret->clients = from->clients;
    from->clients = (VncClientInfoList){ 0 };
}

bool qmp_query_vnc(QmpRequest *req, VncInfo **ret, GError **error)
{
    Vmd *vmd = qmp_request_context(req);
    VncServer *server = vnc_find(vmd->root, NULL, NULL);
    VncInfo2 *info = server ? vnc_describe(server) : NULL;

    *ret = g_new0(VncInfo, 1);
    if (info && info->server.n) {
        describe_first(info, *ret);
    }
    qmp_clear(&qmp_type_VncInfo2, &info);
    return true;
}

/* ---- Passwords ---- */

bool qmp_set_password(QmpRequest *req, SetPasswordOptions *args, GError **error)
{
    Vmd *vmd = qmp_request_context(req);
    VncServer *server = vnc_find(vmd->root, args->u.vnc.display, error);

    return server && vnc_set_password(server, args->password, error);
}

bool qmp_change_vnc_password(QmpRequest *req, ChangeVncPasswordArgs *args, GError **error)
{
    Vmd *vmd = qmp_request_context(req);
    VncServer *server = vnc_find(vmd->root, NULL, error);

    return server && vnc_set_password(server, args->password, error);
}

/* "now", "never", "+60", "1262976601". */
static bool parse_time(const char *text, gint64 *ret_time, GError **error)
{
    gint64 now = g_get_real_time() / G_USEC_PER_SEC;
    guint64 number;

    if (!g_strcmp0(text, "now")) {
        *ret_time = 0;
    } else if (!g_strcmp0(text, "never")) {
        *ret_time = G_MAXINT64;
    } else if (g_ascii_string_to_unsigned(text + (*text == '+'), 10, 0, G_MAXINT64 - now,
                                          &number, NULL)) {
        *ret_time = number + (*text == '+' ? now : 0);
    } else {
        qmp_error_set_at(error, "time", ERROR_REASON_INVALID_VALUE,
                         "'%s' is not a time: 'now', 'never', '+' and seconds, or seconds since "
                         "1970", text);
        return false;
    }
    return true;
}

bool qmp_expire_password(QmpRequest *req, ExpirePasswordOptions *args, GError **error)
{
    Vmd *vmd = qmp_request_context(req);
    VncServer *server = vnc_find(vmd->root, args->u.vnc.display, error);
    gint64 time;

    if (!server || !parse_time(args->time, &time, error)) {
        return false;
    }
    vnc_set_expiry(server, time);
    return true;
}
