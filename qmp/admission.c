/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Admission of clients: see QmpServerLimits in qmp/server.h.
 *
 * Places are few because each may cost output_max bytes.  Without limits per process
 * and user, one program that forgets to close its connections would shut out all
 * others, including one that wants to stop the machine.
 */
#include "config.h"

#include <sys/socket.h>

#include "qmp/dialect.h"
#include "qmp/error.h"

typedef struct {
    guint all;
    guint process;              /* of the same process */
    guint user;                 /* of the same user */
} Places;

QmpPeer qmp_peer_of(int fd)
{
    struct ucred peer;
    socklen_t length = sizeof(peer);

    /* A socket that is not local has no credentials: pid 0, uid -1. */
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0) {
        return (QmpPeer){ .counted = true, .uid = (uid_t)-1 };
    }
    return (QmpPeer){ .counted = true, .pid = peer.pid, .uid = peer.uid };
}

static Places count_places(const QmpServer *server, const QmpPeer *who)
{
    Places places = { 0 };

    for (const GList *link = server->sessions.head; link; link = link->next) {
        const QmpPeer *other = &((const QmpSession *)link->data)->who;

        if (other->counted) {
            places.all++;
            places.process += who->pid && other->pid == who->pid;
            places.user += other->uid == who->uid;
        }
    }
    return places;
}

/* The last places are for processes without a connection whose user may end the machine. */
static bool may_take_kept(const Places *taken, const QmpPeer *who, bool own)
{
    return own && who->pid && !taken->process;
}

bool qmp_server_admits(const QmpServer *server, const QmpPeer *who, GError **error)
{
    const QmpServerLimits *limits = &server->limits;
    const Places taken = count_places(server, who);
    const bool own = who->uid == 0 || who->uid == server->uid;

    if (taken.process >= limits->max_of_process) {
        qmp_error_set(error, ERROR_REASON_LIMIT_EXCEEDED, "process %d has %u connections already, "
                      "which is the limit", (int)who->pid, taken.process);
    } else if (!own && taken.user >= limits->max_of_user) {
        qmp_error_set(error, ERROR_REASON_LIMIT_EXCEEDED, "user %d has %u connections already, "
                      "which is the limit", (int)who->uid, taken.user);
    } else if (taken.all >= limits->max_sessions) {
        qmp_error_set(error, ERROR_REASON_LIMIT_EXCEEDED,
                      "there are %u clients already, which is the limit", taken.all);
    } else if (taken.all + limits->kept >= limits->max_sessions &&
               !may_take_kept(&taken, who, own)) {
        qmp_error_set(error, ERROR_REASON_LIMIT_EXCEEDED,
                      "there are %u clients already; the remaining places are kept for "
                      "processes of root and of the daemon's user that have none", taken.all);
    } else {
        return true;
    }
    return false;
}
