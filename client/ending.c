/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The end of the machine, see ending.h.
 */
#include "config.h"
#include "client/ending.h"

#include "client/verb.h"
#include "qmp/error.h"

/* The machine seems to continue. */
#define STILL_THERE (-1)

/* Judges a run state in which nothing more will happen on its own. */
static int judge_state(const char *state, GError **error)
{
    if (g_strcmp0(state, "shutdown") == 0) {
        return EXIT_OK;
    }
    if (g_strcmp0(state, "internal-error") == 0 || g_strcmp0(state, "guest-panicked") == 0) {
        qmp_error_set(error, ERROR_REASON_GENERIC, "the machine is in run state '%s'", state);
        return EXIT_BAD_END;
    }
    return STILL_THERE;
}

static int judge_shutdown(const json_t *data, GError **error)
{
    const char *reason = json_string_value(json_object_get(data, "reason"));

    if (g_strcmp0(reason, "guest-panic") == 0 || g_strcmp0(reason, "host-error") == 0) {
        qmp_error_set(error, ERROR_REASON_GENERIC, "the machine shut down with reason '%s'",
                      reason);
        return EXIT_BAD_END;
    }
    return EXIT_OK;
}

static int judge_event(const Message *event, GError **error)
{
    const char *name = message_event_name(event);
    const json_t *data = json_object_get(event->json, "data");
    const char *text;

    if (g_str_equal(name, "SHUTDOWN")) {
        return judge_shutdown(data, error);
    }
    if (g_str_equal(name, "INTERNAL_ERROR")) {
        text = json_string_value(json_object_get(data, "reason"));
        qmp_error_set(error, ERROR_REASON_GENERIC, "the machine cannot continue: %s",
                      text ? text : "no reason given");
        return EXIT_BAD_END;
    }
    if (g_str_equal(name, "GUEST_PANICKED") &&
        g_strcmp0(json_string_value(json_object_get(data, "action")), "pause") == 0) {
        return judge_state("guest-panicked", error);
    }
    return STILL_THERE;
}

/* The state now.  A daemon that is shutting down does not answer; then its last
 * events decide. */
static int judge_now(Connection *conn, GError **error)
{
    json_t *status = NULL;
    int result;

    if (!connection_call(conn, "query-status", NULL, &status, NULL)) {
        return STILL_THERE;
    }
    result = judge_state(json_string_value(json_object_get(status, "status")), error);
    json_decref(status);
    return result;
}

/* The wait ended without an event that gives the reason. */
static int judge_silence(ConnectionResult result, GError **error)
{
    if (result == CONNECTION_TIMEOUT) {
        qmp_error_set(error, ERROR_REASON_GENERIC, "timed out: the machine has not ended");
        return EXIT_TIMEOUT;
    }
    if (result == CONNECTION_CLOSED) {
        qmp_error_set(error, ERROR_REASON_HOST_ERROR,
                      "the connection ended without a SHUTDOWN event");
        return EXIT_BAD_END;
    }
    return EXIT_ERROR;
}

int ending_wait(Connection *conn, gint64 deadline, EndingReport report, gpointer data,
                GError **error)
{
    g_autoptr(GError) state_error = NULL;
    int state = judge_now(conn, &state_error);

    /* Events have more detail than the state: those already received are handled first. */
    for (;;) {
        g_autoptr(Message) event = NULL;
        ConnectionResult result =
            connection_next_event(conn, state == STILL_THERE ? deadline : 0, &event, error);
        int verdict;

        if (result == CONNECTION_EVENT) {
            if (report) {
                report(event, data);
            }
            verdict = judge_event(event, error);
            if (verdict != STILL_THERE) {
                return verdict;
            }
        } else if (result == CONNECTION_FAILED || state == STILL_THERE) {
            return judge_silence(result, error);
        } else {
            if (state_error) {
                g_propagate_error(error, g_steal_pointer(&state_error));
            }
            return state;
        }
    }
}

/* ---- The power button ---- */

static bool executes_nothing(Connection *conn)
{
    json_t *arguments = json_pack("{s:s, s:s}", "path", "/machine/accel", "property", "type");
    json_t *type = NULL;
    bool nothing = false;

    if (connection_call(conn, "qom-get", arguments, &type, NULL)) {
        nothing = g_strcmp0(json_string_value(type), "qtest-accel") == 0;
        json_decref(type);
    }
    return nothing;
}

bool ending_guest_hears(Connection *conn, bool *ret, GError **error)
{
    json_t *status = NULL;

    if (!connection_call(conn, "query-status", NULL, &status, error)) {
        return false;
    }
    *ret = json_is_true(json_object_get(status, "running")) && !executes_nothing(conn);
    json_decref(status);
    return true;
}
