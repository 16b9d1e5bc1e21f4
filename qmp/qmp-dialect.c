/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QMP on the wire: greeting, requests, replies, errors, events.
 *
 * Every message ends in CRLF, which libvirt waits for.  The first members of a
 * reply are the same for every client; `reason` and `path` are added for those
 * that enabled `error-details`.
 */
#include "config.h"

#include <string.h>

#include "qmp/dialect.h"
#include "qmp/encode.h"
#include "qmp/json.h"
#include "qmp/qapi-types-control.h"
#include "qmp/text.h"

/* shared by the dialects */

const char *qmp_error_class(const GError *error)
{
    if (qmp_error_is_not_there(error)) {
        return "DeviceNotFound";
    }
    switch (qmp_error_reason(error)) {
    case ERROR_REASON_DEPRECATED_INPUT:
    case ERROR_REASON_UNSTABLE_INPUT:
        /* As in QEMU: a command that the policy rejects is reported as not found. */
        return qmp_error_path(error) ? "GenericError" : "CommandNotFound";
    case ERROR_REASON_COMMAND_NOT_FOUND:
    case ERROR_REASON_NEGOTIATION:
        return "CommandNotFound";
    case ERROR_REASON_DEVICE_NOT_FOUND:
        return "DeviceNotFound";
    case ERROR_REASON_DEVICE_NOT_ACTIVE:
        return "DeviceNotActive";
    default:
        return "GenericError";
    }
}

void qmp_print_timestamp(QmpPrinter *printer, gint64 microseconds)
{
    qmp_print_literal(printer, "{\"seconds\": ");
    qmp_print_int(printer, microseconds / G_USEC_PER_SEC);
    qmp_print_literal(printer, ", \"microseconds\": ");
    qmp_print_int(printer, microseconds % G_USEC_PER_SEC);
    qmp_print_literal(printer, "}");
}

/* The text, except for the segments that are hidden. */
static void add_raw_reply(struct evbuffer *out, const QmpCommand *command, guint32 hidden)
{
    const char *text = command->raw_reply;

    if (!hidden) {
        evbuffer_add_reference(out, text, command->raw_reply_length, NULL, NULL);
        return;
    }
    for (guint i = 0; i < command->n_raw_segments; i++) {
        const QmpRawSegment *segment = &command->raw_segments[i];

        if (!(segment->marks & hidden)) {
            evbuffer_add_reference(out, text, segment->length, NULL, NULL);
        }
        text += segment->length;
    }
}

void qmp_print_return(QmpPrinter *printer, const QmpRequest *req, const void *ret)
{
    const QmpCommand *command = req->command;
    const QmpPolicy *policy = req->dispatch->policy;
    guint32 hidden = policy && !(command->flags & QMP_COMMAND_WHOLE) ? policy->hidden : 0;

    if (command->flags & QMP_COMMAND_RAW_REPLY) {
        qmp_print_done(printer);
        add_raw_reply(printer->out, command, hidden);
    } else if (command->ret && ret) {
        printer->hidden = hidden;
        qmp_print_typed(printer, command->ret, ret);
    } else {
        qmp_print_literal(printer, "{}");
    }
}

void qmp_request_print_result(const QmpRequest *req, const void *ret, struct evbuffer *out)
{
    QmpPrinter printer;

    qmp_print_init(&printer, out);
    qmp_print_return(&printer, req, ret);
    qmp_print_done(&printer);
}

/* greeting */

static void greet(QmpSession *session)
{
    QmpPrinter printer;

    qmp_print_init(&printer, session->out);
    qmp_print_literal(&printer, "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": ");
    qmp_print_int(&printer, QMP_LEVEL_MICRO);
    qmp_print_literal(&printer, ", \"minor\": ");
    qmp_print_int(&printer, QMP_LEVEL_MINOR);
    qmp_print_literal(&printer, ", \"major\": ");
    qmp_print_int(&printer, QMP_LEVEL_MAJOR);
    qmp_print_literal(&printer, "}, \"package\": \"vmd " PACKAGE_VERSION "\"}, "
                                "\"capabilities\": [");
    for (guint i = 0; i < qmp_type_QMPCapability.n_values; i++) {
        const char *name = qmp_enum_name(&qmp_type_QMPCapability, i);

        if (i) {
            qmp_print_literal(&printer, ", ");
        }
        qmp_print_str(&printer, name, strlen(name));
    }
    qmp_print_literal(&printer, "]}}\r\n");
    qmp_print_done(&printer);
}

/* requests */

static void set_refusal(QmpCall *call, const char *format, const char *what)
{
    g_autofree char *clean = qmp_text_clean(what);

    if (!call->refusal) {
        qmp_error_set(&call->refusal, ERROR_REASON_SYNTAX, format, clean);
    }
}

static void take_command(QmpCall *call, const char *key, json_t *value)
{
    if (!json_is_string(value)) {
        set_refusal(call, "request: '%s' must be a string", key);
    } else if (call->name) {
        set_refusal(call, "request: only one of 'execute' and '%s' may be given", "exec-oob");
    } else {
        call->name = json_string_value(value);
        call->oob = !strcmp(key, "exec-oob");
    }
}

static void take_member(QmpCall *call, const char *key, json_t *value)
{
    bool oob = !strcmp(key, "exec-oob") && call->session->oob;

    if (!strcmp(key, "execute") || oob) {
        take_command(call, key, value);
    } else if (!strcmp(key, "arguments")) {
        call->args = value;
        if (!json_is_object(value)) {
            set_refusal(call, "request: '%s' must be an object", key);
        }
    } else if (!strcmp(key, "id")) {
        call->id = value;
    } else {
        set_refusal(call, "request: the member '%s' is unknown", key);
    }
}

/* What must hold before a call may overtake others. */
static void check_oob(QmpCall *call)
{
    const QmpCommand *command;

    if (!call->oob) {
        return;
    }
    command = call->name ? qmp_command_find(call->session->server->dispatch, call->name) : NULL;
    if (command && !(command->flags & QMP_COMMAND_OOB)) {
        set_refusal(call, "The command %s does not support OOB", command->name);
    }
    call->oob = command && !call->refusal;
}

static void text(QmpSession *session, json_t *message)
{
    QmpCall *call = qmp_session_call(session, message);
    const char *key;
    json_t *value;

    if (!json_is_object(message)) {
        set_refusal(call, "a request must be %s", "an object");
    } else {
        json_object_foreach(message, key, value) {
            take_member(call, key, value);
        }
        if (!call->name) {
            set_refusal(call, "request: '%s' is missing", "execute");
        }
    }
    check_oob(call);
    qmp_session_push(session, call);
}

static void broken(QmpSession *session, GError *error)
{
    QmpCall *call = qmp_session_call(session, NULL);

    call->refusal = error;
    qmp_session_push(session, call);
}

/* The text is QEMU's: clients match it. */
static bool admit(const QmpCall *call, GError **error)
{
    if (call->session->negotiated || !strcmp(call->name, "qmp_capabilities")) {
        return true;
    }
    qmp_error_set(error, ERROR_REASON_NEGOTIATION,
                  "Expecting capabilities negotiation with 'qmp_capabilities'");
    return false;
}

/* replies */

static void print_id(QmpPrinter *printer, const QmpCall *call)
{
    if (call->id) {
        qmp_print_literal(printer, ", \"id\": ");
        qmp_print_node(printer, &qmp_json_input, call->id);
    }
    qmp_print_literal(printer, "}\r\n");
}

static void print_member(QmpPrinter *printer, const char *key, const char *value, bool *first)
{
    qmp_print_key(printer, key, first);
    qmp_print_str(printer, value, strlen(value));
}

static void print_instead(QmpPrinter *printer, const GError *error, bool *first)
{
    const char *arguments, *command = qmp_error_instead(error, &arguments);
    bool inner = true;

    if (!command) {
        return;
    }
    qmp_print_key(printer, "instead", first);
    qmp_print_literal(printer, "{");
    print_member(printer, "execute", command, &inner);
    if (arguments) {
        qmp_print_key(printer, "arguments", &inner);
        qmp_print_raw(printer, arguments, strlen(arguments));
    }
    qmp_print_literal(printer, "}");
}

static void print_error(QmpPrinter *printer, bool details, const GError *error)
{
    const char *path = qmp_error_path(error);
    bool first = true;

    qmp_print_literal(printer, "{\"error\": {");
    print_member(printer, "class", qmp_error_class(error), &first);
    print_member(printer, "desc", error->message, &first);
    if (details) {
        print_member(printer, "reason",
                     qmp_enum_name(&qmp_type_ErrorReason, qmp_error_reason(error)), &first);
        if (path) {
            print_member(printer, "path", path, &first);
        }
        print_instead(printer, error, &first);
    }
    qmp_print_literal(printer, "}");
}

static void reply(QmpCall *call, const void *ret, const GError *error)
{
    QmpPrinter printer;

    qmp_print_init(&printer, call->session->out);
    if (error) {
        print_error(&printer, call->session->error_details, error);
    } else {
        qmp_print_literal(&printer, "{\"return\": ");
        qmp_print_return(&printer, call->request, ret);
    }
    print_id(&printer, call);
    qmp_print_done(&printer);
}

/* In place of a greeting, or after it. */
static void send_away(struct evbuffer *out, const GError *error)
{
    QmpPrinter printer;

    qmp_print_init(&printer, out);
    print_error(&printer, false, error);
    qmp_print_literal(&printer, "}\r\n");
    qmp_print_done(&printer);
}

/* events */

static void event(struct evbuffer *out, const QmpEvent *event)
{
    QmpPrinter printer;

    qmp_print_init(&printer, out);
    qmp_print_literal(&printer, "{\"timestamp\": ");
    qmp_print_timestamp(&printer, event->time);
    qmp_print_literal(&printer, ", \"event\": ");
    qmp_print_str(&printer, event->name, strlen(event->name));
    if (event->data) {
        qmp_print_literal(&printer, ", \"data\": ");
        qmp_print_raw(&printer, event->data, event->data_length);
    }
    qmp_print_literal(&printer, "}\r\n");
    qmp_print_done(&printer);
}

const QmpDialect qmp_dialect_qmp = {
    .greet = greet,
    .text = text,
    .broken = broken,
    .admit = admit,
    .reply = reply,
    .refuse = send_away,
    .event = event,
};
