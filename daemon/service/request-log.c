/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See request-log.h.
 */
#include "config.h"

#include "daemon/service/request-log.h"

#include <event2/buffer.h>

#include "qmp/request.h"

/* A request's arguments are truncated to this. */
#define ARGS_MAX 1024

/* The arguments as JSON, secrets masked. */
static char *args_text(const QmpRequest *req)
{
    struct evbuffer *text = evbuffer_new();
    gsize length;
    char *args;

    qmp_request_print_args(req, text);
    length = MIN(evbuffer_get_length(text), ARGS_MAX);
    args = g_strndup((const char *)evbuffer_pullup(text, length), length);
    evbuffer_free(text);
    return args;
}

void request_log(GLogLevelFlags verbosity, const QmpRequest *req, const GError *error)
{
    const QmpCommand *command = qmp_request_command(req);
    bool is_query = command->flags & QMP_COMMAND_QUERY;
    GLogLevelFlags level = is_query ? G_LOG_LEVEL_DEBUG : G_LOG_LEVEL_INFO;
    g_autofree char *args = NULL;
    const char *peer;

    /* Levels grow with verbosity; nothing is formatted that is not written. */
    if (level > verbosity) {
        return;
    }
    peer = qmp_request_peer(req);
    args = args_text(req);
    g_log_structured(G_LOG_DOMAIN, level, "CLIENT", peer, "COMMAND", command->name, "ARGUMENTS",
                     args, "MESSAGE", "%s %s by %s: %s", command->name, args, peer,
                     error ? error->message : "done");
}
