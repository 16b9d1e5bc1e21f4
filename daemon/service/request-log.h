/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The journal's record of requests: those that change something at info level,
 * queries at debug level.  Written after the reply has been queued.
 */
#ifndef DAEMON_SERVICE_REQUEST_LOG_H
#define DAEMON_SERVICE_REQUEST_LOG_H

#include "qmp/dispatch.h"

/* verbosity: the most verbose level that is written; error is the client's error, or
 * NULL. */
void request_log(GLogLevelFlags verbosity, const QmpRequest *req, const GError *error);

#endif
