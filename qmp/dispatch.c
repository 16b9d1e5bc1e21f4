/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Dispatch and the life of a request: find the command, check the state, decode
 * the arguments, call the handler, report the end.
 *
 * A request holds a reference to itself until it has ended, and its caller
 * holds another, so that an async handler may end it immediately.
 */
#include "config.h"
#include "qmp/dispatch.h"

#include <event2/buffer.h>
#include <string.h>

#include "qmp/blame.h"
#include "qmp/dialect.h"
#include "qmp/encode.h"
#include "qmp/json.h"
#include "qmp/nearest.h"
#include "qmp/qapi-types-run-state.h"
#include "qmp/storage.h"
#include "qmp/text.h"

const QmpCommand *qmp_command_find(const QmpDispatch *dispatch, const char *name)
{
    guint low = 0, high = dispatch->n_commands;

    while (low < high) {
        guint middle = low + (high - low) / 2;
        int order = strcmp(name, dispatch->commands[middle].name);

        if (!order) {
            return &dispatch->commands[middle];
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

/* what handlers ask */

void *qmp_request_context(const QmpRequest *req)
{
    return req->dispatch->context;
}

const QmpCommand *qmp_request_command(const QmpRequest *req)
{
    return req->command;
}

void qmp_request_cancel(QmpRequest *req)
{
    req->cancelled = true;
}

bool qmp_request_is_cancelled(const QmpRequest *req, GError **error)
{
    if (req->cancelled) {
        qmp_error_set(error, ERROR_REASON_GENERIC, "the client no longer waits for it");
    }
    return req->cancelled;
}

bool qmp_request_is_abandoned(const QmpRequest *req)
{
    return g_atomic_int_get(&req->gone);
}

const char *qmp_request_peer(const QmpRequest *req)
{
    return req->peer ? req->peer : "internal";
}

guint64 qmp_request_client(const QmpRequest *req)
{
    return req->client;
}

QmpFd *qmp_request_take_fd(QmpRequest *req, GError **error)
{
    QmpFd *fd = qmp_fd_batch_take(req->fds);

    if (!fd && qmp_fd_batch_refused(req->fds) && req->session) {
        qmp_fds_set_error(req->session->server->fds, req->client, error);
    } else if (!fd) {
        qmp_error_set(error, ERROR_REASON_FD_NOT_FOUND,
                      "no descriptor came with the request (SCM_RIGHTS)");
    }
    return fd;
}

bool qmp_request_is_malformed(const QmpRequest *req)
{
    return req->malformed;
}

void qmp_request_print_args(const QmpRequest *req, struct evbuffer *out)
{
    const QmpType *type = req->command ? req->command->args : NULL;
    QmpPrinter printer;

    qmp_print_init(&printer, out);
    if (type && req->node) {
        qmp_print_masked(&printer, req->ops, type, req->node);
    } else if (type && req->args) {
        qmp_print_typed(&printer, type, &req->args);
    } else {
        qmp_print_literal(&printer, "{}");
    }
    qmp_print_done(&printer);
}

/* life */

QmpRequest *qmp_request_new(const QmpDispatch *dispatch, QmpRequestDone done, void *data,
                            GDestroyNotify destroy)
{
    QmpRequest *req = g_new0(QmpRequest, 1);

    req->dispatch = dispatch;
    req->done = done;
    req->data = data;
    req->destroy = destroy;
    req->refs = 1;
    return req;
}

void qmp_request_act_for(QmpRequest *req, guint64 client)
{
    req->client = client;
}

void qmp_request_act_within(QmpRequest *req, const QmpRequest *outer)
{
    qmp_request_act_for(req, outer->client);
    req->fds = qmp_fd_batch_ref(outer->fds);
}

static void request_unref(QmpRequest *req)
{
    if (--req->refs) {
        return;
    }
    if (req->destroy) {
        req->destroy(req->data);
    }
    qmp_fd_batch_unref(req->fds);
    if (req->peer) {
        g_ref_string_release(req->peer);
    }
    g_free(req);
}

/* Ends the request; takes ownership of error. */
static void finish(QmpRequest *req, const void *ret, GError *error)
{
    if (req->ended) {
        g_critical("command %s has ended twice", req->name);
        g_clear_error(&error);
        return;
    }
    req->ended = true;
    if (error && req->sent) {
        qmp_blame_check(error, req->ops, req->node);
    }
    req->done(req, ret, error, req->data);
    if (req->dispatch->log && req->command) {
        req->dispatch->log(req->dispatch->context, req, error);
    }
    if (req->args) {
        qmp_clear(req->command->args, &req->args);
    }
    g_clear_error(&error);
    request_unref(req);
}

void qmp_request_return(QmpRequest *req, const void *ret)
{
    finish(req, ret, NULL);
}

void qmp_request_fail(QmpRequest *req, GError *error)
{
    finish(req, NULL, error);
}

void qmp_request_refuse(QmpRequest *req, GError *error)
{
    finish(req, NULL, error);
}

/* running */

static bool check_state(const QmpRequest *req, GError **error)
{
    const QmpDispatch *dispatch = req->dispatch;
    g_autoptr(GString) allowed = NULL;
    int state;

    if (req->command->states == G_MAXUINT32 || !dispatch->run_state) {
        return true;
    }
    state = dispatch->run_state(dispatch->context);
    if (req->command->states >> state & 1) {
        return true;
    }
    allowed = g_string_new(NULL);
    for (guint i = 0; i < qmp_type_RunState.n_values; i++) {
        if (req->command->states >> i & 1) {
            g_string_append_printf(allowed, "%s'%s'", allowed->len ? ", " : "",
                                   qmp_enum_name(&qmp_type_RunState, i));
        }
    }
    qmp_error_set(error, ERROR_REASON_WRONG_STATE,
                  "command '%s' is not allowed in state '%s', only in %s", req->command->name,
                  qmp_enum_name(&qmp_type_RunState, state), allowed->str);
    return false;
}

static bool check_policy(const QmpRequest *req, GError **error)
{
    g_autofree char *subject = NULL;

    if (!(req->command->flags & QMP_MARKS)) {
        return true;
    }
    subject = g_strdup_printf("command '%s'", req->command->name);
    return qmp_policy_judge(req->dispatch->policy, req->command->flags, subject, error);
}

static bool check_command(const QmpRequest *req, GError **error)
{
    return check_state(req, error) && check_policy(req, error);
}

static bool decode_args(QmpRequest *req, const QmpInput *input, const void *node,
                        GError **error)
{
    static const QmpType no_args = { .kind = QMP_KIND_STRUCT };
    const QmpType *type = req->command->args ? req->command->args : &no_args;
    QmpInput how = { .ops = &qmp_empty_input };
    void *args = NULL;

    if (node) {
        how = *input;
    }
    how.policy = req->dispatch->policy;
    if (req->command->flags & QMP_COMMAND_LENIENT) {
        how.mode = QMP_INPUT_LENIENT;
    }
    if (!qmp_decode(&how, type, node ? node : &no_args, &args, error)) {
        req->malformed = true;
        return false;
    }
    if (type == &no_args) {
        g_free(args);
    } else {
        req->args = args;
    }
    return true;
}

/* Calls the handler; async ones end the request themselves. */
static void call_handler(QmpRequest *req)
{
    const QmpDispatch *dispatch = req->dispatch;
    const QmpCommand *command = req->command;
    bool async = command->flags & QMP_COMMAND_ASYNC;
    QmpAnyStorage ret = { .link = { NULL, NULL } };
    GError *error = NULL;
    bool ok;

    if (command->flags & QMP_COMMAND_RAW_REPLY) {
        finish(req, NULL, NULL);
        return;
    }
    if (dispatch->lock) {
        dispatch->lock(dispatch->context);
    }
    if (dispatch->begin) {
        dispatch->begin(dispatch->context, req);
    }
    ok = command->call(req, req->args, async || !command->ret ? NULL : &ret,
                       async ? NULL : &error);
    if (dispatch->unlock) {
        dispatch->unlock(dispatch->context);
    }
    if (async) {
        return;
    }
    if (!ok && !error) {
        qmp_error_set(&error, ERROR_REASON_GENERIC, "command '%s' failed", command->name);
    }
    finish(req, ok && command->ret ? &ret : NULL, error);
    if (command->ret) {
        qmp_clear(command->ret, &ret);
    }
}

/* Calls the handler unless error is set. */
static void run(QmpRequest *req, GError *error)
{
    if (error) {
        finish(req, NULL, error);
        return;
    }
    req->refs++;
    call_handler(req);
    request_unref(req);
}

/* Finds the command that was probably meant, if the request would pass its checks. */
static void set_instead(QmpRequest *req, const char *name, const QmpInput *input,
                        const void *node, GError *error)
{
    const QmpDispatch *dispatch = req->dispatch;
    QmpNearest nearest;

    qmp_nearest_init(&nearest, name);
    for (guint i = 0; i < dispatch->n_commands; i++) {
        qmp_nearest_add(&nearest, dispatch->commands[i].name);
    }
    req->command = nearest.best ? qmp_command_find(dispatch, nearest.best) : NULL;
    if (req->command && check_command(req, NULL) && decode_args(req, input, node, NULL)) {
        struct evbuffer *text = evbuffer_new();

        if (node) {
            QmpPrinter printer;

            qmp_print_init(&printer, text);
            qmp_print_node(&printer, input->ops, node);
            qmp_print_done(&printer);
            evbuffer_add(text, "", 1);
        }
        qmp_error_set_instead(error, nearest.best,
                              node ? (const char *)evbuffer_pullup(text, -1) : NULL);
        evbuffer_free(text);
        if (req->args) {
            qmp_clear(req->command->args, &req->args);
        }
    }
    req->command = NULL;
    req->malformed = false;
}

void qmp_request_execute(QmpRequest *req, const char *name, const QmpInput *input,
                         const void *node)
{
    GError *error = NULL;

    req->name = name;
    req->sent = true;
    req->node = node;
    req->ops = node ? input->ops : NULL;
    req->command = qmp_command_find(req->dispatch, name);
    if (!req->command) {
        g_autofree char *clean = qmp_text_clean(name);

        /* The text is QEMU's: clients match it. */
        qmp_error_set(&error, ERROR_REASON_COMMAND_NOT_FOUND,
                      "The command %s has not been found", clean);
        set_instead(req, name, input, node, error);
        finish(req, NULL, error);
        return;
    }
    if (input) {
        req->input = *input;
    }
    if (!req->dispatch->hold || !req->dispatch->hold(req->dispatch->context, req)) {
        qmp_request_resume(req);
    }
}

static const QmpMember *argument_row(const QmpRequest *req, const char *name)
{
    const QmpType *type = req->command->args;

    for (guint i = 0; i < type->n_members; i++) {
        if (!strcmp(qmp_name(qmp_members(type)[i].name), name)) {
            return &qmp_members(type)[i];
        }
    }
    return NULL;
}

bool qmp_request_judge(const QmpRequest *req, const char *argument, gsize from,
                       const QmpPolicy *policy, GError **error)
{
    const QmpMember *row = argument_row(req, argument);
    const void *list = req->node ? req->ops->dict_get(req->node, argument) : NULL;
    QmpInput input = req->input;

    input.policy = policy;
    for (gsize i = from; list && i < req->ops->list_length(list); i++) {
        QmpAnyStorage value = { .link = { NULL, NULL } };

        if (!qmp_decode_element(&input, row, list, i, &value, error)) {
            return false;
        }
        qmp_clear(qmp_type(qmp_type(row->type)->element), &value);
    }
    return true;
}

void qmp_request_resume(QmpRequest *req)
{
    GError *error = NULL;

    /* The state is checked first: where a command is not allowed, its arguments
     * do not matter. */
    if (check_command(req, &error)) {
        decode_args(req, &req->input, req->node, &error);
    }
    run(req, error);
}

void qmp_request_execute_args(QmpRequest *req, const QmpCommand *command, void *args)
{
    GError *error = NULL;

    req->name = command->name;
    req->command = command;
    req->args = args;
    check_command(req, &error);
    run(req, error);
}
