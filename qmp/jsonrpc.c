/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON-RPC 2.0 on the wire, over the same commands.
 *
 *   -> {"jsonrpc": "2.0", "method": COMMAND, "params": {...}, "id": ID}
 *   <- {"jsonrpc": "2.0", "result": RESULT, "id": ID}
 *   <- {"jsonrpc": "2.0", "error": {"code": N, "message": TEXT, "data":
 *      {"class": ..., "reason": ..., "path": ...}}, "id": ID}
 *   <- {"jsonrpc": "2.0", "method": EVENT, "params": {"data": {...},
 *      "timestamp": {"seconds": N, "microseconds": N}}}
 *
 * There is no greeting and no negotiation; events come from the beginning.  Each
 * message is one line, ended by CRLF; what comes in is cut as in QMP.  A list is
 * a batch: its replies come as one list when all have ended.  Without `id` it is
 * a notification and has no reply.  Parameters go by name: a list of them must
 * be empty.
 *
 * Codes: -32700 not JSON, -32600 not a request, -32601 no such command, -32602
 * the arguments do not fit the command, -32603 an error that no command should
 * cause, -32000 the command failed: `data` says why.
 */
#include "config.h"

#include <string.h>

#include "qmp/dialect.h"
#include "qmp/encode.h"
#include "qmp/json.h"
#include "qmp/text.h"

enum {
    CODE_PARSE = -32700,
    CODE_REQUEST = -32600,
    CODE_METHOD = -32601,
    CODE_PARAMS = -32602,
    CODE_INTERNAL = -32603,
    CODE_FAILED = -32000,
};

struct QmpCallBatch {
    guint left;                 /* calls that have not ended */
    struct evbuffer *replies;   /* "[" and the replies so far */
};

/* requests */

static void refuse(QmpCall *call, int code, const char *message)
{
    if (!call->refusal) {
        call->code = code;
        qmp_error_set(&call->refusal, ERROR_REASON_SYNTAX, "%s", message);
    }
}

static bool is_id(const json_t *id)
{
    return json_is_string(id) || json_is_number(id) || json_is_null(id);
}

static void take_member(QmpCall *call, const char *key, json_t *value)
{
    g_autofree char *quoted = NULL, *message = NULL;

    if (!strcmp(key, "jsonrpc")) {
        if (g_strcmp0(json_string_value(value), "2.0")) {
            refuse(call, CODE_REQUEST, "'jsonrpc' must be \"2.0\"");
        }
    } else if (!strcmp(key, "method")) {
        call->name = json_string_value(value);
    } else if (!strcmp(key, "params")) {
        call->args = value;
    } else if (!strcmp(key, "id") && is_id(value)) {
        call->id = value;
    } else if (!strcmp(key, "id")) {
        refuse(call, CODE_REQUEST, "'id' must be a string, a number or null");
    } else {
        quoted = qmp_text_quote(key);
        message = g_strdup_printf("the member %s is unknown", quoted);
        refuse(call, CODE_REQUEST, message);
    }
}

static void check_params(QmpCall *call)
{
    if (!call->args || json_is_object(call->args)) {
        return;
    }
    if (!json_is_array(call->args)) {
        refuse(call, CODE_REQUEST, "'params' must be an object");
    } else if (json_array_size(call->args)) {
        refuse(call, CODE_PARAMS, "parameters are given by name, in an object");
    } else {
        call->args = NULL;
    }
}

static void take_request(QmpSession *session, json_t *request, QmpCallBatch *batch)
{
    QmpCall *call = qmp_session_call(session, request);
    const char *key;
    json_t *value;

    call->batch = batch;
    if (!json_is_object(request)) {
        refuse(call, CODE_REQUEST, "a request must be an object");
    } else {
        json_object_foreach(request, key, value) {
            take_member(call, key, value);
        }
        if (!json_object_get(request, "jsonrpc")) {
            refuse(call, CODE_REQUEST, "'jsonrpc' is missing");
        }
        if (!call->name) {
            refuse(call, CODE_REQUEST, "'method' must be a string");
        }
        /* What is not a request is not a notification, either. */
        call->silent = !json_object_get(request, "id") && !call->refusal;
        check_params(call);
    }
    qmp_session_push(session, call);
}

static void text(QmpSession *session, json_t *message)
{
    gsize n = json_is_array(message) ? json_array_size(message) : 0;
    QmpCallBatch *batch;

    if (!n) {
        take_request(session, message, NULL);
        return;
    }
    batch = g_new0(QmpCallBatch, 1);
    batch->left = n;
    batch->replies = evbuffer_new();
    for (gsize i = 0; i < n; i++) {
        take_request(session, json_array_get(message, i), batch);
    }
}

static void broken(QmpSession *session, GError *error)
{
    QmpCall *call = qmp_session_call(session, NULL);

    call->refusal = error;
    call->code = CODE_PARSE;
    qmp_session_push(session, call);
}

/* replies */

static void print_text(QmpPrinter *printer, const char *s)
{
    qmp_print_str(printer, s, strlen(s));
}

static int error_code(const QmpCall *call, const GError *error)
{
    if (call->code) {
        return call->code;
    }
    if (error->domain != QMP_ERROR) {
        return CODE_INTERNAL;
    }
    if (!strcmp(qmp_error_class(error), "CommandNotFound")) {
        return CODE_METHOD;
    }
    return qmp_request_is_malformed(call->request) ? CODE_PARAMS : CODE_FAILED;
}

static void print_instead(QmpPrinter *printer, const GError *error)
{
    const char *arguments, *command = qmp_error_instead(error, &arguments);

    if (!command) {
        return;
    }
    qmp_print_literal(printer, ", \"instead\": {\"method\": ");
    print_text(printer, command);
    if (arguments) {
        qmp_print_literal(printer, ", \"params\": ");
        qmp_print_raw(printer, arguments, strlen(arguments));
    }
    qmp_print_literal(printer, "}");
}

static void print_error(QmpPrinter *printer, int code, const GError *error)
{
    const char *path = qmp_error_path(error);

    qmp_print_literal(printer, ", \"error\": {\"code\": ");
    qmp_print_int(printer, code);
    qmp_print_literal(printer, ", \"message\": ");
    print_text(printer, error->message);
    qmp_print_literal(printer, ", \"data\": {\"class\": ");
    print_text(printer, qmp_error_class(error));
    qmp_print_literal(printer, ", \"reason\": ");
    print_text(printer, qmp_enum_name(&qmp_type_ErrorReason, qmp_error_reason(error)));
    if (path) {
        qmp_print_literal(printer, ", \"path\": ");
        print_text(printer, path);
    }
    print_instead(printer, error);
    qmp_print_literal(printer, "}}");
}

static void print_result(QmpPrinter *printer, const QmpRequest *req, const void *ret)
{
    qmp_print_literal(printer, ", \"result\": ");
    qmp_print_return(printer, req, ret);
}

static void print_reply(struct evbuffer *out, const QmpCall *call, const void *ret,
                        const GError *error)
{
    QmpPrinter printer;

    qmp_print_init(&printer, out);
    qmp_print_literal(&printer, "{\"jsonrpc\": \"2.0\"");
    if (error) {
        print_error(&printer, error_code(call, error), error);
    } else {
        print_result(&printer, call->request, ret);
    }
    qmp_print_literal(&printer, ", \"id\": ");
    if (call->id) {
        qmp_print_node(&printer, &qmp_json_input, call->id);
    } else {
        qmp_print_literal(&printer, "null");
    }
    qmp_print_literal(&printer, "}");
    qmp_print_done(&printer);
}

/* The last call of a batch sends all replies; a batch of notifications sends nothing. */
static void end_of_batch(QmpCall *call)
{
    QmpCallBatch *batch = call->batch;
    QmpSession *session = call->session;
    gsize length = evbuffer_get_length(batch->replies);

    if (length > session->server->limits.output_max) {
        g_message("closing the connection of %s: a batch has more than %" G_GSIZE_FORMAT
                  " bytes of replies", session->peer, session->server->limits.output_max);
        qmp_session_close(session);
        return;
    }
    if (batch->left == 1 && length) {
        evbuffer_add_buffer(session->out, batch->replies);
        evbuffer_add(session->out, "]\r\n", 3);
    }
}

static void reply(QmpCall *call, const void *ret, const GError *error)
{
    struct evbuffer *out = call->batch ? call->batch->replies : call->session->out;
    bool first = !evbuffer_get_length(out);

    if (!call->silent && call->batch) {
        evbuffer_add(out, first ? "[" : ", ", first ? 1 : 2);
    }
    if (!call->silent) {
        print_reply(out, call, ret, error);
    }
    if (call->batch) {
        end_of_batch(call);
    } else if (!call->silent) {
        evbuffer_add(out, "\r\n", 2);
    }
}

static void forget(QmpCall *call)
{
    QmpCallBatch *batch = g_steal_pointer(&call->batch);

    if (batch && !--batch->left) {
        evbuffer_free(batch->replies);
        g_free(batch);
    }
}

/* An error without a request has the id null. */
static void send_away(struct evbuffer *out, const GError *error)
{
    QmpPrinter printer;

    qmp_print_init(&printer, out);
    qmp_print_literal(&printer, "{\"jsonrpc\": \"2.0\"");
    print_error(&printer, CODE_FAILED, error);
    qmp_print_literal(&printer, ", \"id\": null}\r\n");
    qmp_print_done(&printer);
}

/* events */

static void event(struct evbuffer *out, const QmpEvent *event)
{
    QmpPrinter printer;

    qmp_print_init(&printer, out);
    qmp_print_literal(&printer, "{\"jsonrpc\": \"2.0\", \"method\": ");
    print_text(&printer, event->name);
    qmp_print_literal(&printer, ", \"params\": {");
    if (event->data) {
        qmp_print_literal(&printer, "\"data\": ");
        qmp_print_raw(&printer, event->data, event->data_length);
        qmp_print_literal(&printer, ", ");
    }
    qmp_print_literal(&printer, "\"timestamp\": ");
    qmp_print_timestamp(&printer, event->time);
    qmp_print_literal(&printer, "}}\r\n");
    qmp_print_done(&printer);
}

const QmpDialect qmp_dialect_jsonrpc = {
    .text = text,
    .broken = broken,
    .reply = reply,
    .refuse = send_away,
    .forget = forget,
    .event = event,
};
