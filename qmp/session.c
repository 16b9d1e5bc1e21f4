/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One client: the order of its requests and their replies.
 *
 * Requests start one after the other.  While an async one runs, the others
 * wait: their bytes stay in the input buffer, and then in the socket.  Only a
 * client that negotiated `oob` is still read, since it may send a request that
 * overtakes; then up to WAITING_MAX calls are queued, as in QEMU.
 *
 * While a client is not read, it is watched for disconnection: its place is then
 * free, whatever requests are pending.
 *
 * A turn ends after TURN_STEPS steps, so that one client with a full socket
 * cannot occupy the loop; replies are written once at its end.
 */
#include "config.h"
#include "qmp/session.h"

#include <unistd.h>

#include "qmp/dialect.h"
#include "qmp/encode.h"
#include "qmp/json.h"
#include "qmp/qapi-types-control.h"

enum {
    TURN_STEPS = 512,           /* two a request: take the text, run the call */
    WAITING_MAX = 8,
};

static void finish_turn(QmpSession *session, bool more);

/* The client has shown that it speaks the protocol: it may be silent from now on. */
static void has_spoken(QmpSession *session)
{
    g_clear_pointer(&session->silence_event, event_free);
}

static void session_unref(QmpSession *session)
{
    if (--session->refs) {
        return;
    }
    qmp_framer_free(session->framer);
    evbuffer_free(session->out);
    g_free(session->input);
    g_ref_string_release(session->peer);
    g_free(session);
}

/* what handlers may do */

bool qmp_request_negotiate(QmpRequest *req, guint32 enabled, GError **error)
{
    QmpSession *session = req->session;

    if (!session || session->negotiated) {
        qmp_error_set(error, ERROR_REASON_NEGOTIATION,
                      "Capabilities negotiation is already complete, command ignored");
        return false;
    }
    session->negotiated = true;
    has_spoken(session);
    session->oob = enabled & 1u << QMP_CAPABILITY_OOB;
    session->error_details = enabled & 1u << QMP_CAPABILITY_ERROR_DETAILS;
    return true;
}

/* calls */

QmpCall *qmp_session_call(QmpSession *session, json_t *message)
{
    QmpCall *call = g_new0(QmpCall, 1);

    call->session = session;
    call->message = json_incref(message);
    call->fds = qmp_fd_batch_ref(session->fds);
    call->link.data = call;
    return call;
}

/* Unlinks a call from its session, which may be freed before the call. */
static void call_detach(QmpCall *call)
{
    if (call->session && call->session->dialect->forget) {
        call->session->dialect->forget(call);
    }
    call->session = NULL;
    if (call->request) {
        call->request->session = NULL;
        g_atomic_int_set(&call->request->gone, true);
    }
}

static void call_free(void *data)
{
    QmpCall *call = data;

    call_detach(call);
    json_decref(call->message);
    g_clear_error(&call->refusal);
    qmp_fd_batch_unref(call->fds);
    g_free(call);
}

/* Whether the turn continues: then replies are written together. */
static bool has_more(const QmpSession *session)
{
    return session->waiting.length || session->input_start < session->input_end;
}

/* The request has ended: events first, then the reply, then the next one. */
static void call_done(QmpRequest *req, const void *ret, const GError *error, void *data)
{
    QmpCall *call = data;
    QmpSession *session = call->session;

    if (!session) {
        return;
    }
    session->refs++;            /* the reply may exceed output_max and close the session */
    g_queue_unlink(&session->running, &call->link);
    if (session->current == call) {
        session->current = NULL;
    }
    qmp_event_queue_deliver(session->server->queue);
    session->dialect->reply(call, ret, error);
    call_detach(call);
    if (session->in_turn && !has_more(session)) {
        /* The client gets its reply before this side cleans up, which takes a
         * tenth of the round trip. */
        qmp_session_write(session);
    } else if (!session->in_turn) {
        /* An async request: the others continue in the next round of the loop,
         * not in a call from the code that ended this one. */
        finish_turn(session, true);
    }
    session_unref(session);
}

static void call_start(QmpSession *session, QmpCall *call)
{
    QmpInput input = { .ops = &qmp_json_input };
    QmpRequest *req = qmp_request_new(session->server->dispatch, call_done, call, call_free);
    GError *error = g_steal_pointer(&call->refusal);

    req->session = session;
    req->client = session->client;
    req->peer = g_ref_string_acquire(session->peer);
    req->fds = g_steal_pointer(&call->fds);
    call->request = req;
    g_queue_push_tail_link(&session->running, &call->link);
    if (!call->oob) {
        session->current = call;
    }
    if (error || (session->dialect->admit && !session->dialect->admit(call, &error))) {
        qmp_request_refuse(req, error);
        return;
    }
    qmp_request_execute(req, call->name, &input, call->args);
}

void qmp_session_push(QmpSession *session, QmpCall *call)
{
    if (call->oob) {
        call_start(session, call);
    } else {
        g_queue_push_tail_link(&session->waiting, &call->link);
    }
}

/* turns */

static bool output_is_high(const QmpSession *session)
{
    return evbuffer_get_length(session->out) >= session->server->limits.output_high;
}

/* Whether another text may be taken. */
static bool wants_text(const QmpSession *session)
{
    if (session->oob) {
        return session->waiting.length < WAITING_MAX;
    }
    return !session->current && !session->waiting.length;
}

static void take_text(QmpSession *session, const char *text, gsize length)
{
    GError *error = NULL;
    json_t *message = qmp_json_parse(text, length, &error);

    if (!message) {
        session->dialect->broken(session, error);
        return;
    }
    if (session->negotiated) {
        has_spoken(session);
    }
    session->dialect->text(session, message);
    json_decref(message);
}

/* Takes one text from the input; false: there is none yet. */
static bool next_text(QmpSession *session)
{
    const char *data = session->input + session->input_start, *text;
    gsize left = session->input_end - session->input_start, length;
    GError *error = NULL;
    QmpFrame frame = qmp_framer_next(session->framer, &data, &left, &text, &length, &error);

    session->input_start = session->input_end - left;
    if (frame == QMP_FRAME_TEXT) {
        take_text(session, text, length);
    } else if (frame == QMP_FRAME_ERROR) {
        session->dialect->broken(session, error);
    }
    /* Descriptors belong to the texts whose bytes came with them. */
    if (!left && session->fds && !qmp_framer_is_partial(session->framer)) {
        g_clear_pointer(&session->fds, qmp_fd_batch_unref);
    }
    return frame != QMP_FRAME_MORE;
}

/* One step of a turn; false: nothing to do for now. */
static bool step(QmpSession *session)
{
    if (!session->current && session->waiting.length) {
        call_start(session, g_queue_pop_head_link(&session->waiting)->data);
        return true;
    }
    return session->input_start < session->input_end && wants_text(session) &&
           next_text(session);
}

/* Takes requests until none is left, one has to wait, or the turn is over; then
 * writes the replies. */
static void take_turn(QmpSession *session)
{
    guint budget = TURN_STEPS;

    if (session->in_turn || session->closed) {
        return;
    }
    session->refs++;
    session->in_turn = true;
    while (budget && !session->closed && !output_is_high(session) && step(session)) {
        budget--;
    }
    session->in_turn = false;
    finish_turn(session, !budget || output_is_high(session));
    session_unref(session);
}

static void set_reading(QmpSession *session, bool reading)
{
    if (session->reading == reading) {
        return;
    }
    session->reading = reading;
    if (reading) {
        event_del(session->gone_event);
        event_add(session->read_event, NULL);
    } else {
        event_del(session->read_event);
    }
}

/* The disconnection of a client that is neither read nor written to would go
 * unnoticed.  All events of a descriptor must be edge-triggered or none, so this
 * one is pending only when the others are not. */
static void watch_for_end(QmpSession *session)
{
    if (!session->reading && !session->blocked) {
        event_add(session->gone_event, NULL);
    }
}

static bool is_idle(const QmpSession *session)
{
    return !session->running.length && !session->waiting.length &&
           session->input_start == session->input_end;
}

/* Writes, and decides what to wait for: the next bytes, the next round, room in
 * the socket, or the end of a request. */
static void finish_turn(QmpSession *session, bool more)
{
    static const struct timeval now = { 0, 0 };
    bool input_empty;

    if (session->closed || !qmp_session_write(session)) {
        return;
    }
    if (session->eof && is_idle(session) && !evbuffer_get_length(session->out)) {
        qmp_session_close(session);
        return;
    }
    input_empty = session->input_start == session->input_end;
    set_reading(session, !session->eof && input_empty && wants_text(session) &&
                         !output_is_high(session));
    watch_for_end(session);
    /* A write that made room lets the turn continue, too. */
    if (more && !output_is_high(session)) {
        evtimer_add(session->resume_event, &now);
    }
}

static void on_resume(evutil_socket_t fd, short what, void *data)
{
    take_turn(data);
}

static void on_read(evutil_socket_t fd, short what, void *data)
{
    QmpSession *session = data;

    if (qmp_session_read(session)) {
        take_turn(session);
    }
}

static void on_write(evutil_socket_t fd, short what, void *data)
{
    QmpSession *session = data;

    session->blocked = false;
    if (what & EV_TIMEOUT) {
        g_message("closing the connection of %s: it has not read a reply for %u ms",
                  session->peer, session->server->limits.stall_ms);
        qmp_session_close(session);
        return;
    }
    if (qmp_session_write(session)) {
        take_turn(session);
    }
}

static void on_gone(evutil_socket_t fd, short what, void *data)
{
    QmpSession *session = data;

    if (qmp_session_is_gone(session)) {
        qmp_session_close(session);
    }
}

/* silence */

static void on_silence(evutil_socket_t fd, short what, void *data)
{
    QmpSession *session = data;
    g_autoptr(GError) error = NULL;

    qmp_error_set(&error, ERROR_REASON_LIMIT_EXCEEDED,
                  session->negotiated ? "no request came within %u ms"
                                      : "there was no capabilities negotiation within %u ms",
                  session->server->limits.silence_ms);
    g_message("closing the connection of %s: %s", session->peer, error->message);
    session->dialect->refuse(session->out, error);
    if (qmp_session_write(session)) {
        qmp_session_close(session);
    }
}

static void limit_silence(QmpSession *session)
{
    const guint ms = session->server->limits.silence_ms;
    const struct timeval limit = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

    session->silence_event = evtimer_new(session->server->base, on_silence, session);
    evtimer_add(session->silence_event, &limit);
}

/* life */

static void make_events(QmpSession *session)
{
    struct event_base *base = session->server->base;
    int fd = session->fd;

    session->read_event = event_new(base, fd, EV_READ | EV_PERSIST, on_read, session);
    session->write_event = event_new(base, fd, EV_WRITE, on_write, session);
    session->gone_event = event_new(base, fd, EV_READ | EV_PERSIST | EV_ET, on_gone, session);
    session->resume_event = evtimer_new(base, on_resume, session);
    if (session->who.counted) {
        limit_silence(session);
    }
}

static void free_events(QmpSession *session)
{
    event_free(session->read_event);
    event_free(session->write_event);
    event_free(session->gone_event);
    event_free(session->resume_event);
    has_spoken(session);
}

void qmp_session_new(QmpServer *server, int fd, const QmpPeer *who, const QmpDialect *dialect)
{
    QmpSession *session = g_new0(QmpSession, 1);

    session->server = server;
    session->dialect = dialect;
    session->link.data = session;
    session->refs = 1;
    session->peer = qmp_peer_name(fd);
    session->client = ++server->last_client;
    session->fd = fd;
    session->who = *who;
    make_events(session);
    session->framer = qmp_framer_new(&server->limits.input);
    session->input = g_malloc(QMP_SESSION_INPUT_SIZE);
    session->out = evbuffer_new();
    session->negotiated = !dialect->greet;
    g_queue_push_tail_link(&server->sessions, &session->link);
    if (dialect->greet) {
        dialect->greet(session);
    }
    finish_turn(session, false);
}

static void detach_calls(QmpSession *session)
{
    while (session->waiting.head) {
        call_free(g_queue_pop_head_link(&session->waiting)->data);
    }
    while (session->running.head) {
        call_detach(g_queue_pop_head_link(&session->running)->data);
    }
    session->current = NULL;
}

void qmp_session_close(QmpSession *session)
{
    const QmpDispatch *dispatch = session->server->dispatch;

    if (session->closed) {
        return;
    }
    session->closed = true;
    g_queue_unlink(&session->server->sessions, &session->link);
    detach_calls(session);
    free_events(session);
    close(session->fd);
    session->fd = -1;
    g_clear_pointer(&session->fds, qmp_fd_batch_unref);
    if (dispatch->gone) {
        dispatch->gone(dispatch->context, session->client);
    }
    session_unref(session);
}
