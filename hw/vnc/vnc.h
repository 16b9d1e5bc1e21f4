/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VNC servers (class `vnc-server`), as commands see them.
 *
 * Main thread, machine lock held.
 */
#ifndef HW_VNC_VNC_H
#define HW_VNC_VNC_H

#include "qmp/qapi-types-vnc.h"
#include "qom/object.h"

typedef struct VncServer VncServer;

/* The server with this id, or the first one.  Fails with object-not-found (path `display`), or
 * device-not-active if there is none at all. */
VncServer *vnc_find(Object *root, const char *id, GError **error);
/* All complete servers, in order: a list of VncServer. */
GPtrArray *vnc_list(Object *root);

/* For qmp_clear(). */
VncInfo2 *vnc_describe(VncServer *server);

/* Fails with not-supported if the server needs no password. */
bool vnc_set_password(VncServer *server, const char *password, GError **error);
/* In seconds since 1970; G_MAXINT64: never. */
void vnc_set_expiry(VncServer *server, gint64 time);

extern const TypeInfo vnc_server_type;

#endif
