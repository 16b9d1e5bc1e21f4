/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See request-log.h.
 */
#include "config.h"

#include "daemon/request-log.h"

#include "daemon/vmd.h"

void request_log(void *context, const QmpRequest *req, const GError *error)
{
    const Vmd *vmd = context;
    const QmpCommand *command = qmp_request_command(req);
    bool is_query = command->flags & QMP_COMMAND_QUERY;
    GLogLevelFlags level = is_query ? G_LOG_LEVEL_DEBUG : G_LOG_LEVEL_INFO;
    const char *peer;

    /* Levels grow with verbosity; nothing is formatted for nobody. */
    if (level > vmd->options->log_level) {
        return;
    }
    peer = qmp_request_peer(req);
    g_log_structured(G_LOG_DOMAIN, level, "CLIENT", peer, "COMMAND", command->name,
                     "MESSAGE", "%s by %s: %s", command->name, peer,
                     error ? error->message : "done");
}
