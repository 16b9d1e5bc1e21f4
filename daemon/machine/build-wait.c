/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * While a build waits for the host: how requests of other clients are treated, and the
 * build when its client disconnects.
 *
 * Changes by other clients wait for the end of the list, which decides what exists.
 * But an item may hang forever.  When one has taken longer than PATIENCE_S, changes are
 * refused, with its name, until the list continues: the message says what to check,
 * while a client that waits forever would learn nothing.
 */
#include "config.h"

#include "daemon/machine/build.h"
#include "daemon/vmd.h"
#include "qmp/error.h"
#include "qmp/request.h"

enum { PATIENCE_S = 5 };

/* ---- Others ---- */

/* Resumes the held requests in order of arrival; one of them may be a build, for
 * which the rest keeps waiting. */
static void resume_held(Vmd *vmd)
{
    while (vmd->held.length && !vmd->build) {
        qmp_request_resume(g_queue_pop_head(&vmd->held));
    }
}

static void on_resume(evutil_socket_t fd, short what, void *data)
{
    resume_held(data);
}

/* Resumes the requests that build_hold kept, in the next turn of the loop. */
static void wake_held(Vmd *vmd)
{
    static const struct timeval now = { 0, 0 };

    if (vmd->held.length) {
        event_base_once(vmd->base, -1, EV_TIMEOUT, on_resume, vmd, &now);
    }
}

void build_let_go(Build *build, bool drop_events)
{
    Vmd *vmd = build->vmd;

    build_wait_end(build);
    vmd->build = NULL;
    qmp_event_queue_release(vmd->events, drop_events);
    status_tell(&vmd->status);
    wake_held(vmd);
}

static void refuse_held(const Build *build)
{
    QmpRequest *req;

    while ((req = g_queue_pop_head(&build->vmd->held))) {
        GError *error = NULL;

        qmp_error_set(&error, ERROR_REASON_BUSY, "a build has to end first, and it has been "
                      "waiting for %s for more than %d seconds", build->what, PATIENCE_S);
        qmp_request_refuse(req, error);
    }
}

/* Only names remain visible to others, which are in use until files are closed. */
static void undo_late(Build *build)
{
    FairLock *lock = &build->vmd->lock;

    fair_lock_acquire(lock);
    build_let_go(build, true);
    fair_lock_release(lock);
}

static void on_patience(evutil_socket_t fd, short what, void *data)
{
    Build *build = data;

    if (build->undoing) {
        undo_late(build);
        return;
    }
    if (!build->late) {
        g_warning("a build waits for %s: changes are refused until it continues",
                  build->what);
    }
    build->late = true;
    refuse_held(build);
}

bool build_hold(Vmd *vmd, QmpRequest *req)
{
    if (!vmd->build || qmp_request_command(req)->flags & QMP_COMMAND_DURING_BUILD) {
        return false;
    }
    g_queue_push_tail(&vmd->held, req);
    if (vmd->build->late) {
        event_active(vmd->build->patience, 0, 0);
    }
    return true;
}

struct event *build_wait_timer(Build *build, struct event_base *base)
{
    return evtimer_new(base, on_patience, build);
}

void build_wait_begin(Build *build)
{
    static const struct timeval limit = { PATIENCE_S, 0 };

    build->late = false;
    event_add(build->patience, &limit);
}

void build_wait_end(Build *build)
{
    build->late = false;
    event_del(build->patience);
}

/* ---- The client ---- */

void build_gone(Vmd *vmd, guint64 client)
{
    Build *build = vmd->build;

    if (build && build->client == client) {
        build->gone = true;
        event_active(build->go, 0, 0);
    }
}
