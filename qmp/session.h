/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sessions: one client's connection, from accept to close.  The server
 * (qmp/server.h) makes them; these are the functions that command handlers may
 * call on the session of their request.
 *
 * All functions run on the main loop's thread.
 */
#ifndef QMP_SESSION_H
#define QMP_SESSION_H

#include "qmp/dispatch.h"

/* The level of QEMU's protocol that is implemented: greeting, query-version. */
enum {
    QMP_LEVEL_MAJOR = 7,
    QMP_LEVEL_MINOR = 2,
    QMP_LEVEL_MICRO = 0,
};

typedef struct QmpSession QmpSession;

/*
 * Ends the negotiation of the session that sent req: qmp_capabilities.
 * `enabled` has the bit 1 << QMP_CAPABILITY_X of each capability that the client
 * wants; all that the greeting lists are allowed.  Fails (reason negotiation) if
 * the negotiation is over, or the request came through another dialect or none.
 */
bool qmp_request_negotiate(QmpRequest *req, guint32 enabled, GError **error);

#endif
