/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests: one command on its way through the dispatcher, for the code that
 * submits it: the sessions, and internal callers that run commands themselves
 * (a list of requests, a signal that asks for a shutdown).
 *
 * What handlers may do with a request is in qmp/dispatch.h.  All functions run
 * on the main loop's thread.
 */
#ifndef QMP_REQUEST_H
#define QMP_REQUEST_H

#include "qmp/dispatch.h"
#include "qmp/error.h"
#include "qmp/visit.h"

struct evbuffer;

/*
 * Called once when the request has ended, before it is freed.  ret is storage of
 * the command's return type, or NULL if there is none; with error it is NULL,
 * too.  A command with QMP_COMMAND_RAW_REPLY has its ret in command->raw_reply.
 */
typedef void (*QmpRequestDone)(QmpRequest *req, const void *ret, const GError *error,
                               void *data);

/*
 * A request that will end in done(req, ..., data), then an entry in the journal,
 * then destroy(data) unless destroy is NULL.  It frees itself after that.
 */
QmpRequest *qmp_request_new(const QmpDispatch *dispatch, QmpRequestDone done, void *data,
                            GDestroyNotify destroy);

/* To be called before it is executed: the request acts for this client (qmp_request_client). */
void qmp_request_act_for(QmpRequest *req, guint64 client);

/* The same for the client of another request, whose descriptors it may take too
 * (qmp_request_take_fd); outer is not kept. */
void qmp_request_act_within(QmpRequest *req, const QmpRequest *outer);

/*
 * Runs a command by name with arguments from an input node (NULL: none).  For
 * commands marked lenient the mode is changed to QMP_INPUT_LENIENT.  done() is
 * called before this returns, or later if the command is async.  name and node
 * must stay valid until destroy(): the journal is written from them.
 */
void qmp_request_execute(QmpRequest *req, const char *name, const QmpInput *input,
                         const void *node);

/* Continues a request that QmpDispatch.hold kept, or ends it. */
void qmp_request_resume(QmpRequest *req);

/*
 * Whether the elements of a list argument, from index `from` on, pass a policy other than the
 * one they were decoded with.  The error's path begins with the argument.  True if the
 * arguments did not come as a node.
 */
bool qmp_request_judge(const QmpRequest *req, const char *argument, gsize from,
                       const QmpPolicy *policy, GError **error);

/* The same with decoded arguments: a struct of command->args, whose ownership is taken. */
void qmp_request_execute_args(QmpRequest *req, const QmpCommand *command, void *args);

/* Ends a request that never reached a command; takes ownership of error. */
void qmp_request_refuse(QmpRequest *req, GError *error);

/* Marks its result as no longer wanted; the request still ends by itself, like any other. */
void qmp_request_cancel(QmpRequest *req);

/* True if the request failed because its arguments did not fit its command. */
bool qmp_request_is_malformed(const QmpRequest *req);

/*
 * Prints the arguments for the journal, secrets masked; `{}` if there are none.
 * For use in QmpDispatch.log and in handlers.
 */
void qmp_request_print_args(const QmpRequest *req, struct evbuffer *out);

/* Prints the result that a QmpRequestDone was called with as JSON, as clients get it. */
void qmp_request_print_result(const QmpRequest *req, const void *ret, struct evbuffer *out);

#endif
