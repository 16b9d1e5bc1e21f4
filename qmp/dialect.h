/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What sessions, dialects and the dispatcher share: the internals of requests
 * and sessions.  Private to qmp/.
 *
 * A session reads bytes and cuts them into texts; its dialect turns a text into
 * calls; the session starts them in order, one at a time; the dialect prints
 * each call's end as a reply.
 */
#ifndef QMP_DIALECT_H
#define QMP_DIALECT_H

#include <event2/event.h>
#include <event2/buffer.h>
#include <jansson.h>
#include <sys/types.h>

#include "qmp/event.h"
#include "qmp/fd-batch.h"
#include "qmp/framer.h"
#include "qmp/printer.h"
#include "qmp/request.h"
#include "qmp/server.h"
#include "qmp/session.h"

enum { QMP_SESSION_INPUT_SIZE = 64 << 10 };

typedef struct QmpCall QmpCall;
typedef struct QmpCallBatch QmpCallBatch;       /* jsonrpc.c */

struct QmpRequest {
    const QmpDispatch *dispatch;
    const QmpCommand *command;  /* NULL: unknown, or not looked up yet */
    const char *name;           /* as asked for; the caller's */
    const QmpInputOps *ops;     /* of node */
    QmpInput input;             /* how node is read */
    const void *node;           /* arguments as they came, or NULL */
    void *args;                 /* decoded */
    QmpRequestDone done;
    GDestroyNotify destroy;
    void *data;
    guint refs;
    bool ended;
    bool cancelled;             /* its result is no longer wanted */
    gint gone;                  /* its client is; atomic */
    bool sent;                  /* has arguments as text, or none */
    bool malformed;             /* node does not fit the command */

    QmpSession *session;        /* NULL: internal, or the client is gone */
    guint64 client;             /* number of the connection, 0: internal */
    char *peer;                 /* GRefString, or NULL: internal */
    QmpFdBatch *fds;            /* that came with the text, or NULL */
};

/* One request of a client. */
struct QmpCall {
    QmpSession *session;        /* NULL: the client is gone */
    QmpRequest *request;        /* while it runs */
    json_t *message;            /* the whole text; the others lie in it */
    json_t *id;                 /* or NULL */
    const char *name;
    json_t *args;               /* or NULL */
    GError *refusal;            /* what is wrong with the message itself */
    QmpFdBatch *fds;
    bool oob;
    GList link;                 /* in session->waiting, then in ->running */

    /* JSON-RPC */
    bool silent;                /* a notification: no reply, whatever happens */
    int code;                   /* of the refusal */
    QmpCallBatch *batch;        /* or NULL */
};

typedef struct {
    /* A client has connected; may be NULL. */
    void (*greet)(QmpSession *session);
    /* One JSON text: pushes calls with qmp_session_push(). */
    void (*text)(QmpSession *session, json_t *message);
    /* Bytes that are not JSON text; takes ownership of error. */
    void (*broken)(QmpSession *session, GError *error);
    /* Whether a call may start now; may be NULL: always. */
    bool (*admit)(const QmpCall *call, GError **error);
    /* Prints the outcome of a call to qmp_session_output(). */
    void (*reply)(QmpCall *call, const void *ret, const GError *error);
    /* Frees what the dialect has put into the call; may be NULL. */
    void (*forget)(QmpCall *call);
    /* Prints why a client is turned away; it answers no request. */
    void (*refuse)(struct evbuffer *out, const GError *error);
    /* Prints an event; the caller has checked that this client gets events. */
    void (*event)(struct evbuffer *out, const QmpEvent *event);
} QmpDialect;

extern const QmpDialect qmp_dialect_qmp;
extern const QmpDialect qmp_dialect_jsonrpc;

/* The peer of a socket, for limits. */
typedef struct {
    bool counted;               /* counts towards the limits */
    pid_t pid;                  /* 0: unknown */
    uid_t uid;                  /* (uid_t)-1: unknown */
} QmpPeer;

struct QmpSession {
    QmpServer *server;
    const QmpDialect *dialect;
    GList link;                 /* in the server's list */
    guint refs;
    bool closed;
    char *peer;                 /* GRefString */
    guint64 client;             /* number of the connection, from 1 */
    QmpPeer who;

    int fd;
    struct event *read_event;
    struct event *write_event;
    struct event *gone_event;   /* edge-triggered: while neither of them is pending */
    struct event *silence_event;        /* NULL: it may be silent */
    struct event *resume_event; /* goes on with the rest in the next round */
    bool reading;               /* read_event is pending */
    bool blocked;               /* write_event is pending: the socket is full */
    bool eof;                   /* the client sends no more */

    QmpFramer *framer;
    char *input;                /* bytes input_start to input_end are not yet taken */
    gsize input_start;
    gsize input_end;
    QmpFdBatch *fds;            /* of the bytes in input, or NULL */
    struct evbuffer *out;

    GQueue waiting;             /* calls that have not started */
    GQueue running;             /* calls that have not ended, by their link */
    QmpCall *current;           /* the one of them that makes the others wait */
    bool in_turn;               /* a turn is being taken */

    bool negotiated;            /* JSON-RPC: from the beginning */
    bool oob;
    bool error_details;
};

/* session.c */

/* Tells the daemon that a client, or what it sent, could not be received. */
void qmp_server_refused(QmpServer *server, int error);

/* Takes ownership of fd and greets the client; the session belongs to the server's list. */
void qmp_session_new(QmpServer *server, int fd, const QmpPeer *who, const QmpDialect *dialect);

/* Ends the connection; the session is freed with its last reference. */
void qmp_session_close(QmpSession *session);

/* A new call of this session, with the message and the descriptors that came. */
QmpCall *qmp_session_call(QmpSession *session, json_t *message);

/* Puts a call at the end of the queue, or runs it immediately if it is oob. */
void qmp_session_push(QmpSession *session, QmpCall *call);

/* Where dialects print. */
static inline struct evbuffer *qmp_session_output(QmpSession *session)
{
    return session->out;
}

/* session-io.c */

/* "pid 12, uid 0" of a Unix socket's peer, else "fd N": a GRefString. */
char *qmp_peer_name(int fd);

/* Whether the client has closed both directions: it does not read replies either. */
bool qmp_session_is_gone(const QmpSession *session);

/* Reads once into the empty input; false: the session was closed. */
bool qmp_session_read(QmpSession *session);

/* Writes as much as the socket takes; false: the session was closed. */
bool qmp_session_write(QmpSession *session);

/* admission.c */

/* The peer that is connected to fd. */
QmpPeer qmp_peer_of(int fd);

/* Whether there is a place for this peer; fails with limit-exceeded. */
bool qmp_server_admits(const QmpServer *server, const QmpPeer *who, GError **error);

/* qmp-dialect.c: what both dialects print */

/* QEMU's class of an error. */
const char *qmp_error_class(const GError *error);

/* The result of a command; without a return type it is {}. */
void qmp_print_return(QmpPrinter *printer, const QmpRequest *req, const void *ret);

/* Wall clock microseconds as QMP's object of seconds and microseconds. */
void qmp_print_timestamp(QmpPrinter *printer, gint64 microseconds);

/* server.c: what sessions need of their server. */
struct QmpServer {
    struct event_base *base;
    const QmpDispatch *dispatch;
    QmpEventQueue *queue;
    QmpFds *fds;                /* that clients passed */
    QmpServerLimits limits;
    GQueue sessions;            /* by their link */
    guint64 last_client;
    GSList *listeners;
    bool held;                  /* nobody is accepted for now */
    uid_t uid;                  /* the daemon's own */
    bool turned_away;           /* the log has said so since a client was last admitted */
    struct event *pause_event;  /* accepts again after descriptors ran out */
};

#endif
