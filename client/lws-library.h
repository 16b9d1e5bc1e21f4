/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libwebsockets, which is loaded when a browser is to be served (qmp/library.h).
 */
#ifndef CLIENT_LWS_LIBRARY_H
#define CLIENT_LWS_LIBRARY_H

#include <glib.h>
#include <libwebsockets.h>
#include <stdbool.h>

/* Fails with not-supported. */
bool lws_library_load(GError **error);

#endif
