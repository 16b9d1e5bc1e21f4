/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Dispatch: finds a command by name, checks the run state, decodes the
 * arguments, calls the handler and ends the request with its result.  Both
 * dialects (QMP, JSON-RPC 2.0) and internal callers come through here.
 *
 * All functions run on the main loop's thread.
 */
#ifndef QMP_DISPATCH_H
#define QMP_DISPATCH_H

#include "qmp/fds.h"
#include "qmp/policy.h"
#include "qmp/type.h"

typedef struct QmpRequest QmpRequest;
typedef struct QmpCommand QmpCommand;

enum {
    QMP_COMMAND_OOB       = 1 << 0,
    QMP_COMMAND_ASYNC     = 1 << 1,  /* the handler replies later */
    QMP_COMMAND_QUERY     = 1 << 2,  /* changes nothing: logged at debug level */
    QMP_COMMAND_LENIENT   = 1 << 3,  /* strings for scalars (device_add) */
    QMP_COMMAND_UNSTABLE  = 1 << 4,
    QMP_COMMAND_DEPRECATED = 1 << 5,
    QMP_COMMAND_RAW_REPLY = 1 << 6,  /* the reply is raw_reply; no handler runs */
    QMP_COMMAND_WHOLE     = 1 << 7,  /* no policy hides parts of the reply */
    QMP_COMMAND_DURING_BUILD = 1 << 8,   /* runs even while a build waits */
};

/* A piece of a raw reply: text without marks, or text that may be left out together with its
 * comma. */
typedef struct {
    guint32 length;
    guint32 marks;              /* QMP_MARK_*, any of which may hide it */
} QmpRawSegment;

/* Row of a command, generated into daemon/qapi-commands.c. */
struct QmpCommand {
    const char *name;
    const QmpType *args;        /* NULL: takes none */
    const QmpType *ret;         /* NULL: returns {} */
    guint32 flags;
    guint32 states;             /* 1 << RunState, where it is allowed */
    /* Typed thunk.  args is the struct itself; ret is zeroed storage of type
     * ret.  Async handlers get ret and error NULL and return true. */
    bool (*call)(QmpRequest *req, void *args, void *ret, GError **error);
    const char *raw_reply;      /* JSON text made at build time */
    gsize raw_reply_length;
    const QmpRawSegment *raw_segments;
    guint n_raw_segments;
};

/* What a command takes, for clients that check requests without a daemon: in
 * strcmp order, generated into qmp/qapi-types.c. */
typedef struct {
    const char *name;
    const QmpType *args;        /* NULL: takes none */
    guint32 flags;
} QmpCommandArgs;

extern const QmpCommandArgs qmp_command_args[];
extern const guint qmp_n_command_args;

/* All commands in strcmp order, and what the dispatcher needs from its host. */
typedef struct {
    const QmpCommand *commands;
    guint n_commands;
    /* Current state as an index into RunState, and its name for messages. */
    int (*run_state)(void *context);
    /* Called before and after every handler; may be NULL. */
    void (*lock)(void *context);
    void (*unlock)(void *context);
    /* Called before each handler, with the lock held; may be NULL. */
    void (*begin)(void *context, const QmpRequest *req);
    /* A connection has ended (qmp_request_client); may be NULL. */
    void (*gone)(void *context, guint64 client);
    /* Whether req has to wait for something in progress; the code that holds it
     * ends the wait with qmp_request_resume().  NULL: never. */
    bool (*hold)(void *context, QmpRequest *req);
    /* How deprecated, unstable and lenient input is treated; NULL: all is accepted.  It may
     * change between two requests. */
    const QmpPolicy *policy;
    /* Called after the reply has been queued, for the journal.  error may be NULL. */
    void (*log)(void *context, const QmpRequest *req, const GError *error);
    /* A client, or what it sent, could not be received: a system call failed with
     * this errno.  NULL: not reported. */
    void (*refused)(void *context, int error);
    void *context;              /* what qmp_request_context() returns */
} QmpDispatch;

const QmpCommand *qmp_command_find(const QmpDispatch *dispatch, const char *name);

/* What handlers may ask of their request. */
void *qmp_request_context(const QmpRequest *req);
const QmpCommand *qmp_request_command(const QmpRequest *req);

/* The client's address for logs ("pid 12, uid 0"), "internal" without one. */
const char *qmp_request_peer(const QmpRequest *req);

/* The number of the connection that it came by, which is never reused; 0: none. */
guint64 qmp_request_client(const QmpRequest *req);

/* Takes the oldest descriptor that came with this request.  NULL with fd-not-found, or with
 * limit-exceeded if it was not received. */
QmpFd *qmp_request_take_fd(QmpRequest *req, GError **error);

/*
 * Ends an async request, at any later time, on the main thread and outside
 * the handler as well as inside.  It frees the args.  ret is storage of the
 * command's return type (NULL for none) and stays the caller's; error is taken
 * over.
 */
void qmp_request_return(QmpRequest *req, const void *ret);
void qmp_request_fail(QmpRequest *req, GError *error);

/* Whether the result of an async request is no longer wanted: then *error says so,
 * and the handler undoes what it has done.  To be called before something takes
 * effect. */
bool qmp_request_is_cancelled(const QmpRequest *req, GError **error);

/* Whether its client has disconnected: what only the client has a use for need not be done.  Any
 * thread, while the request exists. */
bool qmp_request_is_abandoned(const QmpRequest *req);

#endif
