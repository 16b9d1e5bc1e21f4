/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON-RPC 2.0: the examples of its specification, on vmd's commands; batches,
 * notifications, every error code.
 */
#include "config.h"

#include <string.h>

#include "qmp/qapi-events.h"
#include "tests/unit/test-qmp-server-rig.h"

#define CALL(method, rest) "{\"jsonrpc\": \"2.0\", \"method\": \"" method "\"" rest "}"
#define RESULT(result, id) "{\"jsonrpc\": \"2.0\", \"result\": " result ", \"id\": " id "}"
#define FAILED(code, message, reason, more, id) \
    "{\"jsonrpc\": \"2.0\", \"error\": {\"code\": " code ", \"message\": \"" message \
    "\", \"data\": {\"class\": \"GenericError\", \"reason\": \"" reason "\"" more "}}, " \
    "\"id\": " id "}"
#define NO_COMMAND(name, id) \
    "{\"jsonrpc\": \"2.0\", \"error\": {\"code\": -32601, \"message\": \"The command " name \
    " has not been found\", \"data\": {\"class\": \"CommandNotFound\", " \
    "\"reason\": \"command-not-found\"}}, \"id\": " id "}"
#define STATUS "{\"status\": \"prelaunch\", \"running\": false}"

static void test_calls(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);
    g_autoptr(Client) client = client_new(rig, QMP_DIALECT_JSONRPC, NULL);

    client_expect_silence(client);              /* no greeting */
    client_call(client, CALL("query-status", ", \"id\": 1") "\n", RESULT(STATUS, "1"));
    client_call(client, CALL("query-status", ", \"id\": \"x\", \"params\": {}"),
                RESULT(STATUS, "\"x\""));
    client_call(client, CALL("query-status", ", \"id\": null, \"params\": []"),
                RESULT(STATUS, "null"));
    client_call(client, CALL("test-set-state", ", \"id\": 1.5, \"params\": {\"state\": \"paused\"}"),
                RESULT("{}", "1.5"));
    client_call(client, CALL("test-running", ", \"id\": 2"), RESULT("{}", "2"));
    client_call(client, CALL("query-statu", ", \"id\": 3"),
                "{\"jsonrpc\": \"2.0\", \"error\": {\"code\": -32601, \"message\": \"The command "
                "query-statu has not been found\", \"data\": {\"class\": \"CommandNotFound\", "
                "\"reason\": \"command-not-found\", \"instead\": {\"method\": \"query-status\"}}}, "
                "\"id\": 3}");
    client_call(client, CALL("test-set-stat", ", \"id\": 4, \"params\": {\"state\": \"running\"}"),
                "{\"jsonrpc\": \"2.0\", \"error\": {\"code\": -32601, \"message\": \"The command "
                "test-set-stat has not been found\", \"data\": {\"class\": \"CommandNotFound\", "
                "\"reason\": \"command-not-found\", \"instead\": {\"method\": \"test-set-state\", "
                "\"params\": {\"state\": \"running\"}}}}, \"id\": 4}");
}

static void test_notifications(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);
    g_autoptr(Client) client = client_new(rig, QMP_DIALECT_JSONRPC, NULL);

    client_send(client, CALL("test-set-state", ", \"params\": {\"state\": \"running\"}"));
    client_send(client, CALL("no-such", ""));
    client_send(client, CALL("test-set-state", ", \"params\": [1]"));
    client_send(client, CALL("test-set-state", ", \"params\": {\"state\": 1}"));
    client_expect_silence(client);
    g_assert_cmpint(rig->state, ==, RUN_STATE_RUNNING);
}

static void test_errors(void)
{
    static const struct {
        const char *request, *reply;
    } cases[] = {
        { "foo\n", FAILED("-32700", "JSON parse error at byte 1: the word 'foo' is not true, "
                          "false or null", "syntax", "", "null") },
        { "%p\n", FAILED("-32700", "JSON parse error: unexpected '%'; a request begins with '{'",
                        "syntax", "", "null") },
        { "'x'", FAILED("-32600", "a request must be an object", "syntax", "", "null") },
        { "{\"jsonrpc\": \"2.0\", \"method\"}",
          FAILED("-32700", "JSON parse error at byte 28: ':' is expected, not '}'", "syntax", "", "null") },
        { "[]", FAILED("-32600", "a request must be an object", "syntax", "", "null") },
        { "{\"method\": \"x\", \"id\": 1}",
          FAILED("-32600", "'jsonrpc' is missing", "syntax", "", "1") },
        { "{\"jsonrpc\": \"1.0\", \"method\": \"x\", \"id\": 1}",
          FAILED("-32600", "'jsonrpc' must be \\\"2.0\\\"", "syntax", "", "1") },
        { "{\"jsonrpc\": \"2.0\", \"method\": 1, \"params\": \"bar\"}",
          FAILED("-32600", "'method' must be a string", "syntax", "", "null") },
        { "{\"jsonrpc\": \"2.0\", \"id\": 5}",
          FAILED("-32600", "'method' must be a string", "syntax", "", "5") },
        { CALL("x", ", \"id\": {}"),
          FAILED("-32600", "'id' must be a string, a number or null", "syntax", "", "null") },
        { CALL("x", ", \"id\": 1, \"extra\": 1"),
          FAILED("-32600", "the member 'extra' is unknown", "syntax", "", "1") },
        { CALL("query-status", ", \"id\": 1, \"params\": 5"),
          FAILED("-32600", "'params' must be an object", "syntax", "", "1") },
        { CALL("foobar", ", \"id\": \"1\""), NO_COMMAND("foobar", "\"1\"") },
        { CALL("query-status", ", \"id\": 1, \"params\": [1]"),
          FAILED("-32602", "parameters are given by name, in an object", "syntax", "", "1") },
        { CALL("query-status", ", \"id\": 1, \"params\": {\"a\": 1}"),
          FAILED("-32602", "parameter 'a' is unknown", "property-not-found",
                 ", \"path\": \"a\"", "1") },
        { CALL("test-fail", ", \"id\": 1, \"params\": {\"reason\": \"in-use\"}"),
          FAILED("-32000", "failed as asked", "in-use", "", "1") },
        { CALL("test-running", ", \"id\": 1"),
          FAILED("-32000", "command 'test-running' is not allowed in state 'prelaunch', only in "
                 "'running', 'paused'", "wrong-state", "", "1") },
    };
    g_autoptr(Rig) rig = rig_new(NULL);
    g_autoptr(Client) client = client_new(rig, QMP_DIALECT_JSONRPC, NULL);

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        client_call(client, cases[i].request, cases[i].reply);
    }
    client_call(client, CALL("qmp_capabilities", ", \"id\": 1"),
                "{\"jsonrpc\": \"2.0\", \"error\": {\"code\": -32601, \"message\": \"Capabilities "
                "negotiation is already complete, command ignored\", \"data\": {\"class\": "
                "\"CommandNotFound\", \"reason\": \"negotiation\"}}, \"id\": 1}");
    client_call(client, CALL("query-status", ", \"id\": 1"), RESULT(STATUS, "1"));
}

static void test_batches(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);
    g_autoptr(Client) client = client_new(rig, QMP_DIALECT_JSONRPC, NULL);

    client_call(client, "[1, 2]\n",
                "[" FAILED("-32600", "a request must be an object", "syntax", "", "null") ", "
                FAILED("-32600", "a request must be an object", "syntax", "", "null") "]");
    client_call(client, "[" CALL("query-status", ", \"id\": 1") ", "
                CALL("test-set-state", ", \"params\": {\"state\": \"paused\"}") ", "
                CALL("nothing", ", \"id\": 2") ", {\"foo\": \"boo\"}, "
                CALL("test-running", ", \"id\": \"9\"") "]",
                "[" RESULT(STATUS, "1") ", " NO_COMMAND("nothing", "2") ", "
                FAILED("-32600", "the member 'foo' is unknown", "syntax", "", "null") ", "
                RESULT("{}", "\"9\"") "]");
    client_send(client, "[" CALL("query-status", "") ", " CALL("query-status", "") "]");
    client_expect_silence(client);
    client_call(client, "[1,]\n", FAILED("-32700", "JSON parse error at byte 4: a value is "
                                         "expected, not ']'", "syntax", "", "null"));
}

/* A batch waits for its slowest call, and the next text for the batch. */
static void test_async_batch(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);
    g_autoptr(Client) client = client_new(rig, QMP_DIALECT_JSONRPC, NULL);
    Client *leaving = client_new(rig, QMP_DIALECT_JSONRPC, NULL);
    static const char batch[] = "[" CALL("query-status", ", \"id\": 1") ", "
        CALL("test-later", ", \"id\": 2, \"params\": {\"name\": \"a\"}") ", "
        CALL("query-status", ", \"id\": 3") "]" CALL("query-status", ", \"id\": 4");

    client_send(client, batch);
    client_expect_silence(client);
    rig_release(rig);
    client_expect(client, "[" RESULT(STATUS, "1") ", " RESULT("\"done\"", "2") ", "
                  RESULT(STATUS, "3") "]");
    client_expect(client, RESULT(STATUS, "4"));

    client_send(leaving, batch);
    rig_run(rig, 5);
    client_free(leaving);
    rig_run(rig, 5);
    rig_release(rig);
}

/* A batch whose replies would fill the memory ends the connection. */
static void test_huge_batch(void)
{
    QmpServerLimits limits = qmp_server_default_limits;
    g_autoptr(Rig) rig = NULL;
    g_autoptr(Client) client = NULL;
    g_autoptr(GString) batch = g_string_new("[");

    limits.output_max = 4 << 20;
    rig = rig_new(&limits);
    client = client_new(rig, QMP_DIALECT_JSONRPC, NULL);
    for (guint i = 0; i < 100; i++) {
        g_string_append(batch, i ? ", " : "");
        g_string_append(batch, CALL("test-text", ", \"id\": 1, \"params\": {\"length\": 100000}"));
    }
    g_string_append(batch, "]");
    g_test_expect_message("vmd-qmp", G_LOG_LEVEL_MESSAGE, "*a batch has more than 4194304 bytes*");
    client_send(client, batch->str);
    client_expect_close(client);
    g_test_assert_expected_messages();
    g_assert_cmpuint(rig->handled, <, 50);
}

static void test_events(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);
    g_autoptr(Client) client = client_new(rig, QMP_DIALECT_JSONRPC, NULL);
    g_autofree char *note = NULL, *bare = NULL;

    client_send(client, CALL("test-emit", ", \"id\": 1, \"params\": {\"name\": \"n\"}"));
    note = client_line(client);
    g_assert_true(g_str_has_prefix(note, "{\"jsonrpc\": \"2.0\", \"method\": \"TEST_NOTE\", "
                                   "\"params\": {\"data\": {\"name\": \"n\", \"number\": 0}, "
                                   "\"timestamp\": {\"seconds\": "));
    g_assert_true(g_str_has_suffix(note, "}}}"));
    client_expect(client, RESULT("{}", "1"));
    qmp_event_test_bare(rig->queue);
    bare = client_line(client);
    g_assert_true(g_str_has_prefix(bare, "{\"jsonrpc\": \"2.0\", \"method\": \"TEST_BARE\", "
                                   "\"params\": {\"timestamp\": {\"seconds\": "));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qmp/jsonrpc/calls", test_calls);
    g_test_add_func("/qmp/jsonrpc/notifications", test_notifications);
    g_test_add_func("/qmp/jsonrpc/errors", test_errors);
    g_test_add_func("/qmp/jsonrpc/batches", test_batches);
    g_test_add_func("/qmp/jsonrpc/async-batch", test_async_batch);
    g_test_add_func("/qmp/jsonrpc/huge-batch", test_huge_batch);
    g_test_add_func("/qmp/jsonrpc/events", test_events);
    return g_test_run();
}
