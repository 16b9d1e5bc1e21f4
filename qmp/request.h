/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests: one command on its way through the dispatcher, for those who bring
 * it in: the sessions, and internal callers that run commands themselves (a
 * list of requests, a signal that asks for a shutdown).
 *
 * What handlers may do with a request stands in qmp/dispatch.h.  All functions
 * run on the main loop's thread.
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

/* Before it is executed: what it does, it does for a client (qmp_request_client). */
void qmp_request_act_for(QmpRequest *req, guint64 client);

/*
 * Runs a command by name with arguments from an input node (NULL: none).  For
 * commands marked lenient the mode is changed to QMP_INPUT_LENIENT.  done() is
 * called before this returns, or later if the command is async.  name and node
 * must stay valid until destroy(): the journal is written from them.
 */
void qmp_request_execute(QmpRequest *req, const char *name, const QmpInput *input,
                         const void *node);

/* Goes on with a request that QmpDispatch.hold kept, or ends it. */
void qmp_request_resume(QmpRequest *req);

/*
 * Whether the elements of a list argument, from index `from` on, pass another policy than the
 * one that they were decoded by.  The error's path begins with the argument.  Nothing came
 * as a node: true.
 */
bool qmp_request_judge(const QmpRequest *req, const char *argument, gsize from,
                       const QmpPolicy *policy, GError **error);

/* The same with decoded arguments: a struct of command->args, taken over. */
void qmp_request_execute_args(QmpRequest *req, const QmpCommand *command, void *args);

/* Ends a request that never reached a command; takes error over. */
void qmp_request_refuse(QmpRequest *req, GError *error);

/* What it makes is not wanted any more; its end comes, as that of any, when it has one. */
void qmp_request_cancel(QmpRequest *req);

/* True if the request failed because its arguments did not fit its command. */
bool qmp_request_is_malformed(const QmpRequest *req);

/*
 * Prints the arguments for the journal, secrets masked; `{}` if there are none.
 * For use in QmpDispatch.log and in handlers.
 */
void qmp_request_print_args(const QmpRequest *req, struct evbuffer *out);

#endif
